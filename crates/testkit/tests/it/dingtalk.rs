//! DingTalk both ways over a real record: the walk that misses nobody, changes through the face, sealed events.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message, Reply};
use tongshi_hub::{Hub, LoadItem, Mode, NewConnection, Outcome, Silent, SyncOptions};
use tongshi_model::{
    Draft, Employee, EmploymentStatus, Id, Kind, OrgUnit, Randomness as _, Secret, SeededRandomness,
};
use tongshi_testkit::{Effect, Setup, TestHub, on_each_database};

const TOKEN: &str = "123456";
const AES_KEY: &str = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij";

fn setup(employees: u32) -> Setup {
    let mut setup = Setup { employees, ..Setup::default() };
    setup.settings.attempts_max = 12;
    setup
}

async fn sync(hub: &TestHub) -> Outcome {
    let options = SyncOptions { mode: Mode::Full, ..SyncOptions::default() };
    hub.hub.sync(&hub.main, "dingtalk", &options, &Silent).await.unwrap()
}

/// Who works at a company, by number.
async fn present(hub: &TestHub, workspace: &tongshi_hub::Workspace) -> BTreeSet<String> {
    let records = hub.records(workspace, Kind::Employee).await;
    let people = records.iter().map(|record| serde_json::from_str::<Employee>(record.data.get()).unwrap());
    people
        .filter(|person| person.status != Some(EmploymentStatus::Ended))
        .map(|person| format!("{} {:?}", person.name.expose(), person.employee_no))
        .collect()
}

fn face(hub: &TestHub) -> Arc<dyn Face> {
    let faces = hub.hub.faces();
    let (_, face) = faces.iter().find(|(name, _)| *name == "dingtalk").unwrap();
    Arc::clone(face)
}

async fn token(hub: &TestHub) -> String {
    let keys = &hub.keys["dingtalk"];
    let mut message = Message::new(Method::GET, "/gettoken");
    message.add_query("appkey", keys["app_key"].expose());
    message.add_query("appsecret", keys["app_secret"].expose());
    let answer: Value = serde_json::from_slice(&face(hub).answer(message).await.body).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn call(hub: &TestHub, path: &str, body: Value) -> Value {
    let mut message = Message::new(Method::POST, path);
    message.add_query("access_token", &token(hub).await);
    message.body = body.to_string().into();
    let answer: Value = serde_json::from_slice(&face(hub).answer(message).await.body).unwrap();
    assert_eq!(answer["errcode"], 0, "{path}: {answer}");
    answer["result"].clone()
}

#[tokio::test]
async fn a_company_is_read_with_a_proof_and_once() {
    on_each_database(setup(120), async |hub| {
        let outcome = sync(hub).await;
        assert!(outcome.complete, "{:?} {:?}", outcome.reason, outcome.listings);
        assert_eq!(present(hub, &hub.main).await, present(hub, &hub.company).await);
        let again = sync(hub).await;
        assert!(again.complete, "{:?}", again.reason);
        assert_eq!((again.counts.created, again.counts.updated, again.counts.deleted), (0, 0, 0));
    })
    .await;
}

/// 2,000 people in departments below one another; the largest has 150 members.
async fn crowd(hub: &TestHub) {
    let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
    let unit = |number: usize| format!("crowd/unit/{number}");
    let mut items = Vec::new();
    let mut keep = |remote_id: String, draft: Result<Draft, tongshi_model::Error>| {
        items.push(LoadItem::Record { remote_id, draft: draft.unwrap() });
    };
    for number in 0..20 {
        // Each odd one lies below the even one before it, and that below the even one before: ten deep.
        let above = if number == 0 { None } else { Some(number + number % 2 - 2) };
        let parent = above.map(|above| space.id(Kind::OrgUnit, &unit(above)));
        let name = format!("部门{number}");
        keep(unit(number), Draft::of(&OrgUnit { name, parent, ..OrgUnit::default() }));
    }
    for number in 0..2000 {
        // 150 in each even department, 50 in each odd one.
        let (pair, place) = (number / 200, number % 200);
        let home = 2 * pair + usize::from(place >= 150);
        let person = Employee {
            name: format!("众{number:04}").into(),
            employee_no: Some(format!("C-{number:04}")),
            mobile: Some(format!("1980000{number:04}").into()),
            status: Some(EmploymentStatus::Active),
            org_unit: Some(space.id(Kind::OrgUnit, &unit(home))),
            ..Employee::default()
        };
        keep(format!("crowd/person/{number}"), Draft::of(&person));
    }
    hub.hub.load(&hub.company, "sandbox", items).await.unwrap();
}

/// What an app that calls too fast is told.
fn too_fast() -> Reply {
    let text = "服务端流量控制: 1 秒内最多 20 次";
    let body = json!({
        "errcode": 88, "sub_code": "90018", "sub_msg": text, "errmsg": format!("ding talk error[subcode=90018,submsg={text}]"),
        "request_id": "1a2b3c4d5e6f",
    });
    Reply::json(StatusCode::OK, body.to_string())
}

#[tokio::test]
async fn two_thousand_people_are_all_there_although_the_vendor_says_too_fast() {
    on_each_database(setup(20), async |hub| {
        crowd(hub).await;
        let behind = present(hub, &hub.company).await;
        assert!(behind.len() >= 2000);
        let units = hub.records(&hub.company, Kind::OrgUnit).await.len() as u64;
        let randomness = SeededRandomness::new(41);
        let refused = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let count = Arc::clone(&refused);
        hub.wire.break_by(move |_, message| {
            let mut byte = [0];
            randomness.fill(&mut byte);
            if message.query.contains("access_token") && byte[0] < 40 {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                return Effect::Answer(too_fast());
            }
            Effect::Pass
        });
        let only = vec!["department".to_owned(), "user".to_owned()];
        let options = SyncOptions { mode: Mode::Full, only, ..SyncOptions::default() };
        let outcome = hub.hub.sync(&hub.main, "dingtalk", &options, &Silent).await.unwrap();
        let calls = hub.wire.calls();
        hub.wire.mend();
        assert!(outcome.complete, "{:?} {:?}", outcome.reason, outcome.listings);
        assert_eq!(present(hub, &hub.main).await, behind);
        let people = outcome.listings.iter().find(|proof| proof.listing == "user").unwrap();
        assert_eq!((people.vendor_total, people.unique), (Some(behind.len() as u64), behind.len() as u64));
        let refused = refused.load(std::sync::atomic::Ordering::Relaxed);
        assert!(refused > 20, "{refused}");
        // A department costs three calls in a walk and one for itself, a page of people one; lists of several pages are
        // read twice.
        let pages = people.pages;
        let forecast = 1 + u64::from(people.passes) * (2 * units + pages) + 2 * units * 2;
        assert!(calls - refused <= forecast, "{calls} calls, {refused} of them refused, {forecast} foreseen");
    })
    .await;
}

#[tokio::test]
async fn people_and_departments_are_changed_through_the_face() {
    on_each_database(setup(30), async |hub| {
        let made = call(hub, "/topapi/v2/department/create", json!({"name": "新部门", "parent_id": 1})).await;
        let number = made["dept_id"].clone();
        let join = json!({
            "userid": "zhao", "name": "赵样本", "mobile": "19900000999", "dept_id_list": number.to_string(), "title": "工程师",
        });
        call(hub, "/topapi/v2/user/create", join).await;
        let zhao = call(hub, "/topapi/v2/user/get", json!({"userid": "zhao"})).await;
        assert_eq!((&zhao["dept_id_list"], &zhao["title"]), (&json!([number]), &json!("工程师")));
        // Somebody whom the app did not make is changed as well, and keeps what the vendor has no field for.
        let records = hub.records(&hub.company, Kind::Employee).await;
        let read = |doc: &str| serde_json::from_str::<Employee>(doc).unwrap();
        let working = |doc: &str| {
            let person = read(doc);
            person.status == Some(EmploymentStatus::Active) && person.bank_card.is_some()
        };
        let before = records.iter().find(|record| working(record.data.get())).unwrap();
        let userid = before.id.to_string();
        call(hub, "/topapi/v2/user/update", json!({"userid": userid, "title": "顾问", "dept_id_list": number.to_string()})).await;
        let after = hub.records(&hub.company, Kind::Employee).await;
        let after = read(after.iter().find(|record| record.id == before.id).unwrap().data.get());
        let was = read(before.data.get());
        assert_eq!(after.job_title.as_deref(), Some("顾问"));
        assert_eq!((after.bank_card, after.name), (was.bank_card, was.name));
        call(hub, "/topapi/v2/user/delete", json!({"userid": "zhao"})).await;
        let members = call(hub, "/topapi/user/listid", json!({"dept_id": number})).await;
        assert_eq!(members["userid_list"], json!([userid]));
        // A token is the same while it is valid, over real storage too.
        assert_eq!(token(hub).await, token(hub).await);
        let outcome = sync(hub).await;
        assert!(outcome.complete, "{:?}", outcome.reason);
        assert_eq!(present(hub, &hub.main).await, present(hub, &hub.company).await);
    })
    .await;
}

/// Takes events in as the hub's own address does.
struct Hooks {
    hub: Hub,
    connection: Id,
}

#[async_trait]
impl Face for Hooks {
    async fn answer(&self, message: Message) -> Reply {
        match self.hub.receive(self.connection, message).await {
            Ok(Some(reply)) => reply,
            Ok(None) => Reply::empty(StatusCode::OK),
            Err(error) => Reply::json(StatusCode::BAD_REQUEST, error.public().to_owned()),
        }
    }
}

#[tokio::test]
async fn a_change_is_told_sealed_and_the_other_side_asks_and_follows() {
    on_each_database(setup(30), async |hub| {
        let mut credential = hub.keys["dingtalk"].clone();
        credential.retain(|name, _| matches!(name.as_str(), "app_key" | "app_secret" | "corp_id"));
        credential.insert("callback_token".to_owned(), Secret::new(TOKEN));
        credential.insert("callback_aes_key".to_owned(), Secret::new(AES_KEY));
        let new = NewConnection {
            base_url: "face:dingtalk".to_owned(),
            name: "dingtalk".to_owned(),
            dialect: "dingtalk".to_owned(),
            credential,
            settings: Value::Null,
        };
        let connection = hub.hub.connect(&hub.main, new).await.unwrap().id;
        assert!(sync(hub).await.complete);
        let hooks = Hooks { hub: hub.hub.clone(), connection };
        hub.wire.lead("http://hook.test", Arc::new(hooks));
        let tags = ["user_add_org", "user_modify_org", "user_leave_org", "org_dept_create", "org_dept_modify"];
        let registration = json!({
            "call_back_tag": tags, "token": TOKEN, "aes_key": AES_KEY, "url": format!("http://hook.test/hooks/{connection}"),
        });
        call(hub, "/call_back/register_call_back", registration).await;
        let join = json!({"userid": "qian", "name": "钱样本", "mobile": "19900000998", "dept_id_list": "1"});
        call(hub, "/topapi/v2/user/create", join).await;
        call(hub, "/topapi/v2/department/create", json!({"name": "新部门", "parent_id": 1})).await;
        for _ in 0..3 {
            hub.hub.pass_events_on().await.unwrap();
        }
        assert_eq!(present(hub, &hub.main).await, present(hub, &hub.company).await);
        let units = hub.records(&hub.main, Kind::OrgUnit).await;
        assert!(units.iter().any(|unit| unit.data.get().contains("新部门")));
        // Whoever leaves is asked about, found to be gone, and goes.
        call(hub, "/topapi/v2/user/delete", json!({"userid": "qian"})).await;
        for _ in 0..3 {
            hub.hub.pass_events_on().await.unwrap();
        }
        assert_eq!(present(hub, &hub.main).await, present(hub, &hub.company).await);
    })
    .await;
}
