//! Who may call from where and how often; keys that change over; apps administrated over HTTP; what no app gets to see.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use tongshi_api::{ApiConfig, router};
use tongshi_dialect::Addresses;
use tongshi_hub::{Access, Actor, NewApp, Scopes};
use tongshi_model::{Candidate, Currency, Draft, Employee, Kind, Money, SalaryItem, Secret, Sensitivity};
use tongshi_testkit::{Setup, TestHub, on_each_database};

use crate::served::{Answer, Served, ask, key, over_company};

/// A request from an address, with headers.
async fn from(
    served: &Served,
    peer: &str,
    key: &str,
    target: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
    let mut request = Request::get(target)
        .header(header::HOST, "127.0.0.1:7070")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .extension(ConnectInfo(peer));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ask(&served.app, request.body(Body::empty()).unwrap()).await
}

async fn send(served: &Served, method: Method, target: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::HOST, "127.0.0.1:7070")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", served.key.expose()));
    ask(&served.app, request.body(Body::from(body.to_string())).unwrap()).await
}

async fn limited(hub: &TestHub, name: &str, access: Value) -> String {
    let access: Access = serde_json::from_value(access).unwrap();
    let new = NewApp { name: name.to_owned(), access, ..NewApp::default() };
    hub.hub.create_app(&hub.company, new, &Actor::cli()).await.unwrap().api_key.expose().to_owned()
}

fn behind_proxies() -> Setup {
    let mut setup = Setup { employees: 20, ..Setup::default() };
    setup.settings.trusted_proxies = Addresses::of(["10.0.0.0/8"]).unwrap();
    setup
}

#[tokio::test]
async fn an_app_calls_from_where_it_may_whatever_is_said_of_the_way() {
    on_each_database(behind_proxies(), async |hub| {
        let served = Served::new(hub, &hub.company, Scopes::all()).await;
        let access = json!({"addresses": ["192.0.2.0/24", "2001:db8::/32"]});
        let key = limited(hub, "kiosk", access).await;
        let me =
            async |peer, headers: &[(&'static str, &str)]| from(&served, peer, &key, "/v1/me", headers).await;
        for good in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::9"] {
            assert_eq!(me(good, &[]).await.status, StatusCode::OK, "{good}");
        }
        let spoofed =
            [("x-forwarded-for", "192.0.2.9"), ("forwarded", "for=192.0.2.9"), ("x-real-ip", "192.0.2.9")];
        for bad in ["198.51.100.1", "::ffff:198.51.100.1", "2001:db9::1"] {
            let answer = me(bad, &spoofed).await;
            assert_eq!((answer.status, answer.problem()), (StatusCode::FORBIDDEN, "forbidden"), "{bad}");
        }
        assert_eq!(me("10.0.0.1", &[("x-forwarded-for", "192.0.2.9")]).await.status, StatusCode::OK);
        let prepended = [("x-forwarded-for", "192.0.2.9, 198.51.100.1")];
        assert_eq!(me("10.0.0.1", &prepended).await.status, StatusCode::FORBIDDEN);
        let unknown = from(&served, "198.51.100.1", "tsk_nobody", "/v1/me", &[]).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "without the key there is no list");
    })
    .await;
}

#[tokio::test]
async fn an_app_learns_its_limit_and_is_held_to_it() {
    over_company(20, async |hub, served| {
        let unlimited = served.get("/v1/me").await;
        assert!(
            !unlimited.headers.contains_key("ratelimit")
                && !unlimited.headers.contains_key("ratelimit-policy")
        );
        let limits = json!({"limits": {"requests_per_minute": 3}});
        let slow = served.with(Secret::new(limited(hub, "slow", limits).await));
        for (remaining, back) in [(2, 20), (1, 40), (0, 60)] {
            let answer = slow.get("/v1/org_units?limit=1").await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.headers["ratelimit-policy"], "\"app\";q=3;w=60");
            assert_eq!(answer.headers["ratelimit"], format!("\"app\";r={remaining};t={back}"));
        }
        let refused = slow.get("/v1/me").await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "limited"));
        assert_eq!(refused.headers[header::RETRY_AFTER], "20");
        assert_eq!(refused.headers["ratelimit"], "\"app\";r=0;t=20");
        assert_eq!(served.get("/v1/me").await.status, StatusCode::OK, "others have their own");
        hub.clock.advance_seconds(20);
        assert_eq!(slow.get("/v1/me").await.status, StatusCode::OK);
        assert_eq!(slow.get("/v1/me").await.status, StatusCode::TOO_MANY_REQUESTS);
    })
    .await;
}

#[tokio::test]
async fn configuration_limits_apps_that_have_no_limit_of_their_own() {
    let mut setup = Setup { employees: 20, ..Setup::default() };
    setup.settings.app_requests_per_minute = 1;
    on_each_database(setup, async |hub| {
        let served = Served::new(hub, &hub.company, Scopes::all()).await;
        assert_eq!(served.get("/v1/me").await.status, StatusCode::OK);
        assert_eq!(served.get("/v1/me").await.status, StatusCode::TOO_MANY_REQUESTS);
        let free = served
            .with(Secret::new(limited(hub, "free", json!({"limits": {"requests_per_minute": 0}})).await));
        for _ in 0..3 {
            assert_eq!(free.get("/v1/me").await.status, StatusCode::OK);
        }
    })
    .await;
}

#[tokio::test]
async fn keys_that_are_guessed_are_not_looked_at() {
    over_company(20, async |hub, served| {
        let right = served.key.expose();
        for _ in 0..10 {
            assert_eq!(from(&served, "192.0.2.1", "tsk_wrong", "/v1/me", &[]).await.status, 401);
        }
        let blocked = from(&served, "192.0.2.1", "tsk_wrong", "/v1/me", &[]).await;
        assert_eq!((blocked.status, blocked.problem()), (StatusCode::TOO_MANY_REQUESTS, "limited"));
        assert_eq!(blocked.headers[header::RETRY_AFTER], "30");
        assert_eq!(
            from(&served, "192.0.2.1", right, "/v1/me", &[]).await.status,
            200,
            "another key from there"
        );
        for number in 0..90 {
            let guess = format!("tsk_{number}");
            assert_eq!(from(&served, "203.0.113.1", &guess, "/v1/me", &[]).await.status, 401);
        }
        for number in 90..100 {
            from(&served, "203.0.113.1", &format!("tsk_{number}"), "/v1/me", &[]).await;
        }
        let stranger = key(hub, &hub.company, "stranger", Scopes::default()).await;
        assert_eq!(from(&served, "203.0.113.1", stranger.expose(), "/v1/me", &[]).await.status, 429);
        assert_eq!(from(&served, "203.0.113.2", stranger.expose(), "/v1/me", &[]).await.status, 200);
        hub.clock.advance_seconds(30);
        assert_eq!(from(&served, "203.0.113.1", stranger.expose(), "/v1/me", &[]).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn apps_are_administrated_over_http_by_those_who_may() {
    over_company(20, async |hub, served| {
        let plain = served.with(key(hub, &hub.company, "plain", Scopes { admin: false, ..Scopes::all() }).await);
        assert_eq!(plain.get("/v1/apps").await.status, StatusCode::FORBIDDEN);
        assert_eq!(send(&plain, Method::POST, "/v1/apps", &json!({"name": "x"})).await.status, StatusCode::FORBIDDEN);
        let sent = json!({
            "name": "kiosk", "faces": ["zhiren"], "scopes": {"sensitivity": "personal", "kinds": ["employee"]},
            "redirect_uris": ["https://kiosk.example.com/back"], "addresses": ["192.0.2.0/24"],
            "limits": {"requests_per_minute": 60}, "settings": {"company_token": "t-secret"},
        });
        let made = send(&served, Method::POST, "/v1/apps", &sent).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let (id, first) = (made.json["app"]["id"].as_str().unwrap(), made.json["api_key"].as_str().unwrap());
        assert!(made.json["faces"]["zhiren"]["secret_key"].is_string());
        assert_eq!(send(&served, Method::POST, "/v1/apps", &sent).await.problem(), "conflict");
        let bad = [
            (json!({"name": "a", "role": "admin"}), "role"),
            (json!({"name": "a", "redirect_uris": ["http://evil.example/"]}), "redirect_uris"),
            (json!({"name": "a", "scopes": {"actions": ["approvals"]}}), "actions"),
            (json!({"name": "a", "faces": ["nobody"]}), "faces"),
            (json!({"name": " "}), "name"),
        ];
        for (body, field) in bad {
            let refused = send(&served, Method::POST, "/v1/apps", &body).await;
            assert_eq!((refused.status, &refused.json["field"]), (StatusCode::BAD_REQUEST, &field.into()));
        }
        let path = format!("/v1/apps/{id}");
        let shown = served.get(&path).await;
        assert_eq!(shown.json["settings"], json!(["company_token"]));
        assert!(!shown.text.contains("t-secret") && !shown.text.contains(first));
        assert_eq!(from(&served, "192.0.2.7", first, "/v1/me", &[]).await.status, StatusCode::OK);
        let rotated = send(&served, Method::POST, &format!("{path}/rotate"), &json!({"grace_seconds": 60})).await;
        let second = rotated.json["api_key"].as_str().unwrap();
        for key in [first, second] {
            assert_eq!(from(&served, "192.0.2.7", key, "/v1/me", &[]).await.status, StatusCode::OK);
        }
        hub.clock.advance_seconds(60);
        assert_eq!(from(&served, "192.0.2.7", first, "/v1/me", &[]).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(from(&served, "192.0.2.7", second, "/v1/me", &[]).await.status, StatusCode::OK);
        let changed = send(&served, Method::PATCH, &path, &json!({"addresses": [], "settings": {"company_token": null}})).await;
        assert_eq!((changed.status, &changed.json["app"]["settings"]), (StatusCode::OK, &json!([])));
        assert_eq!(changed.json["app"]["limits"]["requests_per_minute"], 60, "what is not named stays");
        assert_eq!(from(&served, "198.51.100.1", second, "/v1/me", &[]).await.status, StatusCode::OK);
        let post = async |verb: &str| served.ask(Method::POST, &format!("{path}/{verb}"), Body::empty()).await;
        assert_eq!(post("disable").await.json["disabled"], true);
        assert_eq!(from(&served, "198.51.100.1", second, "/v1/me", &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(post("enable").await.json["disabled"], false);
        assert_eq!(served.ask(Method::DELETE, &path, Body::empty()).await.status, StatusCode::NO_CONTENT);
        assert_eq!(served.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(from(&served, "198.51.100.1", second, "/v1/me", &[]).await.status, StatusCode::UNAUTHORIZED);
        let elsewhere = served.with(key(hub, &hub.main, "other", Scopes::all()).await);
        let tester = served.get("/v1/apps").await.data()[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(elsewhere.get(&format!("/v1/apps/{tester}")).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

/// What nobody below `restricted` may ever read.
const CANARIES: [&str; 5] = ["CANARY-ID-7", "CANARY-CARD-7", "CANARY-BANK-7", "7314159265", "CANARY-OFFER-7"];

async fn plant(hub: &TestHub) {
    let person = |bank: &str| Employee {
        name: "林样本".into(),
        employee_no: Some("CN-7".to_owned()),
        id_number: Some(CANARIES[0].into()),
        bank_card: Some(CANARIES[1].into()),
        bank_name: Some(bank.into()),
        ..Employee::default()
    };
    hub.put("canary", Draft::of(&person("another bank")).unwrap()).await;
    hub.put("canary", Draft::of(&person(CANARIES[2])).unwrap()).await;
    let all = hub.records(&hub.company, Kind::Employee).await;
    let id = all.into_iter().find(|record| record.data.get().contains("CN-7")).unwrap().id;
    let amount = Money { minor: CANARIES[3].parse().unwrap(), currency: Currency::CNY };
    let pay =
        SalaryItem { employee: id, month: "2026-03".into(), subject: "base".into(), amount: amount.into() };
    hub.put("canary-pay", Draft::of(&pay).unwrap()).await;
    let offer = json!({"salary": CANARIES[4]});
    let candidate = Candidate { name: "顾样本".into(), offer: Some(offer.into()), ..Candidate::default() };
    hub.put("canary-candidate", Draft::of(&candidate).unwrap()).await;
}

#[tokio::test]
async fn no_route_tells_an_app_what_it_may_not_see() {
    on_each_database(Setup { employees: 20, attendance_days: 1, ..Setup::default() }, async |hub| {
        plant(hub).await;
        let all = Served::new(hub, &hub.company, Scopes::all()).await;
        let document = tongshi_api::openapi();
        for level in
            [Sensitivity::Public, Sensitivity::Contact, Sensitivity::Personal, Sensitivity::Restricted]
        {
            let scopes = Scopes { sensitivity: level, admin: true, ..Scopes::default() };
            let served = all.with(key(hub, &hub.company, &format!("{level:?}"), scopes).await);
            let (mut asked, mut told) = (0, 0);
            for (path, item) in document["paths"].as_object().unwrap() {
                // A stream has no end to wait for.
                let ends = path.starts_with("/v1/") && path != "/v1/changes/stream";
                let Some(get) = item.get("get").filter(|_| ends) else { continue };
                for target in targets(&all, path, get).await {
                    let answer = served.get(&target).await;
                    assert!(!answer.status.is_server_error(), "{target}: {}", answer.text);
                    asked += usize::from(answer.status == StatusCode::OK);
                    let found = CANARIES.iter().find(|canary| answer.text.contains(**canary));
                    told += usize::from(found.is_some());
                    assert!(
                        level == Sensitivity::Restricted || found.is_none(),
                        "{target} tells {level:?} {found:?}"
                    );
                }
            }
            assert!(asked > Kind::ALL.len(), "{level:?} was answered {asked} times only");
            assert_eq!(told > 0, level == Sensitivity::Restricted, "else the canaries prove nothing");
        }
    })
    .await;
}

/// So many of a list are asked for one by one.
const IDS_OF_A_LIST: usize = 6;

/// A route's addresses: with each id that its list knows, with lineage, with filters by what may not be seen.
async fn targets(all: &Served, path: &str, get: &Value) -> Vec<String> {
    let parameters = get["parameters"].as_array().into_iter().flatten();
    let names: Vec<&str> = parameters
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    let days = if names.contains(&"date_from") && names.contains(&"date_to") {
        "date_from=2026-03-01&date_to=2026-03-16&"
    } else {
        ""
    };
    if let Some(list) = path.strip_suffix("/{id}") {
        let listed = all
            .get(&format!(
                "{list}?{}",
                if list == "/v1/runs" || list == "/v1/apps" { "" } else { "limit=1000" }
            ))
            .await;
        let ids = listed.json["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["id"].as_str().map(str::to_owned));
        let suffix = if names.contains(&"lineage") { "?lineage=true" } else { "" };
        // The planted ones are the newest of their lists, which are oldest first.
        let ids: Vec<String> = ids.collect();
        return ids.iter().rev().take(IDS_OF_A_LIST).map(|id| format!("{list}/{id}{suffix}")).collect();
    }
    let limit = if names.contains(&"limit") { "limit=1000" } else { "" };
    let mut targets = vec![format!("{path}?{limit}"), format!("{path}?{days}{limit}")];
    for canary in CANARIES {
        for field in ["id_number", "bank_card", "bank_name", "amount", "offer", "sort", "order_by"] {
            targets.push(format!("{path}?{field}={canary}"));
        }
    }
    targets
}

#[tokio::test]
async fn what_is_hidden_cannot_be_asked_for_and_punches_can_be_refused() {
    let setup = Setup { employees: 20, attendance_days: 2, ..Setup::default() };
    on_each_database(setup, async |hub| {
        plant(hub).await;
        let all = Served::new(hub, &hub.company, Scopes::all()).await;
        let contact = all.with(key(hub, &hub.company, "contact", Scopes::default()).await);
        assert_eq!(contact.get("/v1/salary_items").await.status, StatusCode::FORBIDDEN);
        let kinds = |answer: Answer| -> Vec<String> {
            answer.data().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
        };
        assert!(kinds(all.get("/v1/counts").await).contains(&"salary_item".to_owned()));
        assert!(!kinds(contact.get("/v1/counts").await).contains(&"salary_item".to_owned()));
        assert!(!kinds(contact.get("/v1/changes?limit=1000").await).contains(&"salary_item".to_owned()));
        assert_eq!(contact.get("/v1/punches").await.data().len(), all.get("/v1/punches").await.data().len());
        let narrow = Scopes { kinds: Some(vec![Kind::Employee]), ..Scopes::default() };
        let narrow = all.with(key(hub, &hub.company, "narrow", narrow).await);
        for path in ["/v1/punches", "/v1/attendance_days?date_from=2026-03-01&date_to=2026-03-16"] {
            assert_eq!(narrow.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(kinds(narrow.get("/v1/counts").await), ["employee"]);
    })
    .await;
}

#[tokio::test]
async fn every_read_of_apps_is_as_described() {
    over_company(20, async |hub, served| {
        let document = tongshi_api::openapi();
        let plain = router(hub.hub.clone(), ApiConfig::default());
        assert_eq!(
            Served { app: plain, key: served.key.clone() }.get("/v1/apps").await.status,
            StatusCode::OK
        );
        let made =
            send(&served, Method::POST, "/v1/apps", &json!({"name": "kiosk", "faces": ["zhiren"]})).await;
        let schema = &document["components"]["schemas"]["AppKeys"];
        assert_eq!(crate::schema::findings(document, schema, &made.json), Vec::<String>::new());
    })
    .await;
}
