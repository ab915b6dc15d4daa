//! A program can be registered, limited and locked out: at the faces, by the hub's own clock.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{Addresses, Credential, Message, Reply};
use tongshi_hub::{Access, Actor, AppChange, NewApp, NewAppKeys, Scopes};
use tongshi_model::{Currency, Draft, Employee, ErrorKind, Kind, Money, SalaryItem, Secret, Sensitivity};
use tongshi_store::{AuditRow, audit};
use tongshi_testkit::{Setup, TestHub, on_each_database};

const LIST: &str = "/api/v2/departments";

type Keys = BTreeMap<String, Secret>;

fn peer(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// A signed call at the face, from an address.
async fn call(hub: &TestHub, keys: &Keys, mut message: Message, from: Option<IpAddr>) -> (u16, Value, Reply) {
    let dialect = hub.hub.dialect("zhiren").unwrap();
    message.peer = from;
    (dialect.sign)(&mut message, &Credential::new(keys.clone()), hub.now()).unwrap();
    answer(hub, message).await
}

async fn answer(hub: &TestHub, message: Message) -> (u16, Value, Reply) {
    let (_, face) = hub.hub.faces().iter().find(|(id, _)| *id == "zhiren").unwrap();
    let reply = face.answer(message).await;
    (reply.status.as_u16(), serde_json::from_slice(&reply.body).unwrap_or_default(), reply)
}

async fn list(hub: &TestHub, keys: &Keys, from: Option<IpAddr>) -> (u16, Value) {
    let (status, body, _) = call(hub, keys, Message::new(Method::GET, LIST), from).await;
    (status, body["code"].clone())
}

async fn register(hub: &TestHub, name: &str, scopes: Scopes, access: Access) -> NewAppKeys {
    let new = NewApp {
        name: name.to_owned(),
        faces: vec!["zhiren".to_owned()],
        scopes,
        settings: json!({"sandbox": true, "callback_url": "http://127.0.0.1/callback"}),
        access,
    };
    hub.hub.create_app(&hub.company, new, &Actor::cli()).await.unwrap()
}

async fn trail(hub: &TestHub) -> Vec<AuditRow> {
    let mut session = hub.hub.store().read().await.unwrap();
    audit::after(&mut session, &hub.company, 0, 1000).await.unwrap()
}

fn small() -> Setup {
    Setup { employees: 40, ..Setup::default() }
}

#[tokio::test]
async fn old_and_new_keys_are_good_for_the_grace_and_then_only_the_new() {
    on_each_database(small(), async |hub| {
        let first = register(hub, "kiosk", Scopes::all(), Access::default()).await;
        let hour = Duration::from_secs(3600);
        let rotate = async |grace| hub.hub.rotate_app(&hub.company, "kiosk", grace, &Actor::cli()).await;
        let good = async |keys: &NewAppKeys| {
            let bearer = hub.hub.authenticate(keys.api_key.expose(), None).await;
            let signed = list(hub, &keys.faces["zhiren"], None).await;
            match bearer {
                Ok(_) => assert_eq!(signed.0, 200),
                Err(error) => {
                    assert_eq!((error.kind(), signed), (&ErrorKind::Unauthenticated, (401, json!(1105))));
                    return false;
                }
            }
            true
        };
        assert!(good(&first).await);
        let second = rotate(hour).await.unwrap();
        assert_eq!(second.app.keys.len(), 6, "two generations of three keys");
        hub.clock.advance_seconds(3599);
        // Asked twice, so that the second answer comes out of memory.
        for _ in 0..2 {
            assert!(good(&first).await && good(&second).await);
        }
        hub.clock.advance_seconds(1);
        assert!(!good(&first).await && good(&second).await, "what is remembered ends, too");
        let third = rotate(hour).await.unwrap();
        let fourth = rotate(hour).await.unwrap();
        assert!(!good(&second).await, "there are two generations at most");
        assert!(good(&third).await && good(&fourth).await);
        let fifth = rotate(Duration::ZERO).await.unwrap();
        assert!(!good(&third).await && !good(&fourth).await && good(&fifth).await);
        assert_eq!(
            rotate(Duration::from_secs(31 * 86_400)).await.unwrap_err().kind(),
            &ErrorKind::Invalid("grace".into())
        );
        hub.hub.delete_app(&hub.company, "kiosk", &Actor::cli()).await.unwrap();
        assert!(!good(&fifth).await);
        let noted: Vec<String> = trail(hub).await.into_iter().map(|row| row.entry.action).collect();
        let of = |action: &str| noted.iter().filter(|noted| *noted == action).count();
        assert_eq!((of("app.rotate"), of("app.delete")), (4, 1));
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_and_the_keys_of_its_app_go_on() {
    on_each_database(small(), async |hub| {
        let first = register(hub, "kiosk", Scopes::default(), Access::default()).await;
        let again = NewApp { name: "kiosk".to_owned(), ..NewApp::default() };
        let error = hub.hub.create_app(&hub.company, again, &Actor::cli()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Conflict);
        assert!(error.public().contains("rotate"), "{error}");
        assert_eq!(list(hub, &first.faces["zhiren"], None).await.0, 200);
        // A face that is added later brings keys, and one that is taken away takes them along.
        let faces = |faces: &[&str]| AppChange {
            faces: Some(faces.iter().map(|face| (*face).to_owned()).collect()),
            ..AppChange::default()
        };
        hub.hub.update_app(&hub.company, "kiosk", faces(&[]), &Actor::cli()).await.unwrap();
        assert_eq!(list(hub, &first.faces["zhiren"], None).await, (401, json!(1105)));
        let change = faces(&["zhiren"]);
        let (_, keys) = hub.hub.update_app(&hub.company, "kiosk", change, &Actor::cli()).await.unwrap();
        assert_eq!(list(hub, &keys["zhiren"], None).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_good_for_what_it_is_for() {
    on_each_database(small(), async |hub| {
        let mut keys =
            register(hub, "kiosk", Scopes::all(), Access::default()).await.faces.remove("zhiren").unwrap();
        assert_eq!(list(hub, &keys, None).await.0, 200);
        keys.insert("access_key".to_owned(), keys["app_id"].clone());
        keys.insert("secret_key".to_owned(), keys["app_secret"].clone());
        assert_eq!(list(hub, &keys, None).await, (401, json!(1105)), "an app_id signs nothing");
    })
    .await;
}

#[tokio::test]
async fn a_face_is_answered_from_where_the_app_may_call() {
    on_each_database(small(), async |hub| {
        let addresses = Addresses::of(["192.0.2.0/24", "2001:db8::/32"]).unwrap();
        let access = Access { addresses, ..Access::default() };
        let keys = register(hub, "kiosk", Scopes::all(), access).await.faces.remove("zhiren").unwrap();
        for good in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::9"] {
            assert_eq!(list(hub, &keys, peer(good)).await.0, 200, "{good}");
        }
        for bad in [peer("198.51.100.1"), peer("2001:db9::1"), None] {
            assert_eq!(list(hub, &keys, bad).await, (403, json!(3001)), "{bad:?}");
        }
        let mut wrong = keys.clone();
        wrong.insert("secret_key".to_owned(), Secret::new("wrong"));
        assert_eq!(
            list(hub, &wrong, peer("198.51.100.1")).await,
            (401, json!(1101)),
            "nobody without the key learns of the list"
        );
    })
    .await;
}

#[tokio::test]
async fn guessing_is_not_listened_to_and_locks_nobody_else_out() {
    on_each_database(small(), async |hub| {
        let keys =
            register(hub, "kiosk", Scopes::all(), Access::default()).await.faces.remove("zhiren").unwrap();
        let mut wrong = keys.clone();
        wrong.insert("secret_key".to_owned(), Secret::new("wrong"));
        let thief = peer("192.0.2.1");
        for _ in 0..10 {
            assert_eq!(list(hub, &wrong, thief).await, (401, json!(1101)));
        }
        for _ in 0..30 {
            let (status, body, reply) = call(hub, &keys, Message::new(Method::GET, LIST), thief).await;
            assert_eq!((status, &body["code"]), (429, &json!(9002)), "even the right key is not looked at");
            assert_eq!(reply.headers[header::RETRY_AFTER], "30");
        }
        assert_eq!(list(hub, &keys, peer("192.0.2.2")).await.0, 200);
        hub.clock.advance_seconds(30);
        assert_eq!(list(hub, &wrong, thief).await, (401, json!(1101)));
        assert_eq!(list(hub, &wrong, thief).await, (429, json!(9002)));
        hub.clock.advance_seconds(60);
        assert_eq!(list(hub, &keys, thief).await.0, 200);
        let trail = trail(hub).await;
        let blocks: Vec<&AuditRow> =
            trail.iter().filter(|row| row.entry.action == "credential.block").collect();
        assert_eq!(blocks.len(), 2, "one entry a block, not one a try");
        assert!(blocks.iter().all(|row| row.entry.target == "kiosk" && row.entry.outcome == "refused"));
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_away_more_than_they_hold() {
    on_each_database(small(), async |hub| {
        let own = Scopes { admin: true, sensitivity: Sensitivity::Personal, ..Scopes::default() };
        let keys = register(hub, "ops", own, Access::default()).await;
        let principal = hub.hub.authenticate(keys.api_key.expose(), None).await.unwrap();
        let actor = Actor::app(&principal);
        let new = |name: &str, scopes| NewApp { name: name.to_owned(), scopes, ..NewApp::default() };
        let make =
            async |name: &str, scopes| hub.hub.create_app(&hub.company, new(name, scopes), &actor).await;
        make("less", Scopes::default()).await.unwrap();
        let more = make("more", Scopes { write: true, ..Scopes::default() }).await.unwrap_err();
        assert_eq!(more.kind(), &ErrorKind::Forbidden);
        // Nor do they get hold of the keys of an app that holds more, or give it new scopes, or let it in again.
        let rotated = hub.hub.rotate_app(&hub.company, "tester", Duration::ZERO, &actor).await.unwrap_err();
        assert_eq!(rotated.kind(), &ErrorKind::Forbidden);
        let change = AppChange { scopes: Some(Scopes::default()), ..AppChange::default() };
        assert!(hub.hub.update_app(&hub.company, "tester", change, &actor).await.is_err());
        hub.hub.disable_app(&hub.company, "tester", true, &actor).await.unwrap();
        assert!(hub.hub.disable_app(&hub.company, "tester", false, &actor).await.is_err());
        let last = trail(hub).await.pop().unwrap().entry;
        assert_eq!((&*last.actor, &*last.action), ("app:ops", "app.disable"));
    })
    .await;
}

/// What nobody below `restricted` may ever read.
const CANARIES: [&str; 4] = ["CANARY-ID-7", "CANARY-CARD-7", "CANARY-BANK-7", "7314159265"];

async fn plant(hub: &TestHub) -> Employee {
    let person = Employee {
        name: "林样本".into(),
        employee_no: Some("CN-7".to_owned()),
        mobile: Some("19900000007".into()),
        id_number: Some(CANARIES[0].into()),
        bank_card: Some(CANARIES[1].into()),
        bank_name: Some(CANARIES[2].into()),
        ..Employee::default()
    };
    hub.put("canary", Draft::of(&person).unwrap()).await;
    let all = hub.records(&hub.company, Kind::Employee).await;
    let id = all.into_iter().find(|record| record.data.get().contains("CN-7")).unwrap().id;
    let amount = Money { minor: CANARIES[3].parse().unwrap(), currency: Currency::CNY };
    let pay =
        SalaryItem { employee: id, month: "2026-03".into(), subject: "base".into(), amount: amount.into() };
    hub.put("canary-pay", Draft::of(&pay).unwrap()).await;
    person
}

/// The token that a user's sign-in brings, where the app may see enough for one.
async fn signed_in(hub: &TestHub, keys: &Keys, person: &Employee) -> Option<String> {
    let back = "http://127.0.0.1/callback";
    let mobile = person.mobile.as_ref().unwrap().expose();
    let form = |pairs: &[(&str, &str)]| {
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    };
    let app_id = keys["app_id"].expose();
    let mut message = Message::new(Method::POST, "/oauth/authorize");
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    message.headers.insert(header::CONTENT_TYPE, kind.clone());
    let empno = ("empno", "CN-7");
    message.body =
        form(&[("app_id", app_id), ("callback_url", back), ("state", ""), empno, ("mobile", mobile)]).into();
    let (_, _, reply) = answer(hub, message).await;
    let location = reply.headers.get(header::LOCATION)?.to_str().unwrap().to_owned();
    let code = location.split_once("response_code=").unwrap().1.to_owned();
    let mut message = Message::new(Method::POST, "/oauth/access_token");
    message.headers.insert(header::CONTENT_TYPE, kind);
    let secret = ("app_secret", keys["app_secret"].expose());
    message.body =
        form(&[("app_id", app_id), secret, ("callback_url", back), ("response_code", &code)]).into();
    let (status, body, _) = answer(hub, message).await;
    assert_eq!(status, 200, "{body}");
    Some(body["access_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn no_operation_of_a_face_tells_an_app_what_it_may_not_see() {
    on_each_database(small(), async |hub| {
        let person = plant(hub).await;
        let all = hub.records(&hub.company, Kind::Employee).await;
        let id = all.iter().find(|record| record.data.get().contains("CN-7")).unwrap().id.to_string();
        let levels = [Sensitivity::Public, Sensitivity::Contact, Sensitivity::Personal, Sensitivity::Restricted];
        for level in levels {
            let scopes = Scopes { sensitivity: level, write: true, ..Scopes::default() };
            let name = format!("{level:?}");
            let keys = register(hub, &name, scopes, Access::default()).await.faces.remove("zhiren").unwrap();
            let token = signed_in(hub, &keys, &person).await;
            assert_eq!(token.is_some(), level >= Sensitivity::Contact, "a mobile that is not seen proves nothing");
            let (mut answered, mut told) = (0, 0);
            for operation in hub.hub.dialect("zhiren").unwrap().operations {
                let method: Method = operation.method.parse().unwrap();
                for key in [id.as_str(), "CN-7", "19900000007", "CANARY-ID-7"] {
                    let mut pieces = operation.path.split('/').map(|piece| if piece.starts_with('{') { key } else { piece });
                    let path = pieces.by_ref().collect::<Vec<_>>().join("/");
                    let payload = json!({
                        "start_date": "2026-03-01", "end_date": "2026-03-20", "category": "leave", "guid": key,
                        "uuid": key, "empnoes": ["CN-7"], "number_series": key, "status": "", "name": person.name,
                    });
                    let mut message = Message::new(method.clone(), path);
                    message.add_query("payload", &payload.to_string());
                    if let Some(token) = token.as_ref().filter(|_| operation.path.contains("recruitment")) {
                        message.add_query("access_token", token);
                    }
                    let (status, _, reply) = call(hub, &keys, message, None).await;
                    assert!(status < 500, "{}: {status}", operation.name);
                    answered += usize::from(status == 200);
                    let text = String::from_utf8_lossy(&reply.body).into_owned();
                    let found = CANARIES.iter().find(|canary| text.contains(**canary));
                    told += usize::from(found.is_some());
                    let may = level == Sensitivity::Restricted;
                    assert!(may || found.is_none(), "{} tells {level:?} {found:?}", operation.name);
                    let mobile = level >= Sensitivity::Contact || !text.contains("19900000007");
                    assert!(mobile || key == "19900000007", "{} tells {level:?} a mobile", operation.name);
                }
            }
            assert!(answered > 10, "{level:?} was answered {answered} times only");
            assert_eq!(told > 0, level == Sensitivity::Restricted, "else the canaries prove nothing");
        }
    })
    .await;
}

#[tokio::test]
async fn punches_can_be_refused() {
    let setup = Setup { employees: 40, attendance_days: 2, ..Setup::default() };
    on_each_database(setup, async |hub| {
        let person = hub.records(&hub.company, Kind::Employee).await.remove(0).id.to_string();
        let found = hub
            .hub
            .dialect("zhiren")
            .unwrap()
            .operations
            .iter()
            .find(|known| known.path.ends_with("checkings"));
        let known = found.unwrap().path;
        let pieces = known.split('/').map(|piece| if piece.starts_with('{') { &person } else { piece });
        let path = pieces.collect::<Vec<_>>().join("/");
        for (name, punches, status) in [("with", Some(true), 200), ("without", Some(false), 403)] {
            let scopes = Scopes { punches, ..Scopes::default() };
            let keys = register(hub, name, scopes, Access::default()).await.faces.remove("zhiren").unwrap();
            let mut message = Message::new(Method::GET, path.clone());
            let payload = json!({"start_date": "2026-03-01", "end_date": "2026-03-20", "guid": person});
            message.add_query("payload", &payload.to_string());
            assert_eq!(call(hub, &keys, message, None).await.0, status, "{name}");
        }
    })
    .await;
}
