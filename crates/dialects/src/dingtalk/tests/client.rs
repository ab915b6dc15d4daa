//! The calling half: the walk against our own face and against vendors that answer otherwise.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use serde_json::json;
use tongshi_dialect::{
    Connector, Existence, Message, Page, Reply, Slice,
    fake::{Loopback, Scripted},
};
use tongshi_model::{Employee, Kind, OrgUnit};

use super::stage::{Stage, company, company_with, dept, id, space};

async fn pages(connector: &dyn Connector, name: &str) -> Vec<Page> {
    let listing = connector.listings().iter().find(|listing| listing.name == name).expect("a listing");
    let slice = Slice { label: "all".to_owned(), params: serde_json::Value::Null };
    let mut pages = Vec::new();
    loop {
        let number = u32::try_from(pages.len()).expect("few") + 1;
        let page = connector.pull(listing, &slice, number, None).await.expect("a page");
        let last = page.pages.is_none_or(|pages| number >= pages);
        pages.push(page);
        if last {
            return pages;
        }
    }
}

fn crowd(stage: &Stage, count: usize) {
    for number in 0..count {
        let person = super::stage::person(
            &format!("众{number:04}"),
            &format!("N-{number}"),
            &format!("198{number:08}"),
            Some("d2"),
        );
        stage.workforce.put(id(&format!("many{number}")), &person).expect("kept");
    }
}

#[tokio::test]
async fn departments_and_people_come_back_from_our_own_face() {
    let stage = company_with(json!({"calls_per_second": 0}), |_| {});
    crowd(&stage, 230);
    let connector = stage.connector();
    assert!(connector.check().await.expect("healthy").text.contains("234"));
    let units = pages(&*connector, "department").await;
    let units: Vec<(String, OrgUnit)> = units
        .iter()
        .flat_map(|page| &page.rows)
        .map(|row| {
            let draft = connector.read(Kind::OrgUnit, row).expect("a unit");
            (row.remote_id.clone(), serde_json::from_str(&draft.doc).expect("a unit"))
        })
        .collect();
    assert_eq!(
        units.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(),
        [1, dept("d1"), dept("d2")].map(|id| id.to_string())
    );
    assert_eq!(units[0].1.parent, None);
    assert_eq!(units[1].1.parent, Some(space().id(Kind::OrgUnit, "1")));
    assert_eq!(units[1].1.head, Some(space().id(Kind::Employee, &id("lin").to_string())));
    let people = pages(&*connector, "user").await;
    assert!(people.iter().all(|page| page.total == Some(234) && page.pages == Some(5)), "{people:?}");
    let ids: HashSet<&str> =
        people.iter().flat_map(|page| &page.rows).map(|row| row.remote_id.as_str()).collect();
    assert_eq!(ids.len(), 234);
    let wang = people.iter().flat_map(|page| &page.rows).find(|row| row.remote_id == id("wang").to_string());
    let draft = connector.read(Kind::Employee, wang.expect("listed")).expect("a person");
    let wang: Employee = serde_json::from_str(&draft.doc).expect("a person");
    assert_eq!(wang.mobile.as_ref().map(|mobile| mobile.expose().as_str()), Some("19900000103"));
    assert_eq!(wang.org_unit, Some(space().id(Kind::OrgUnit, &dept("d2").to_string())));
    assert_eq!(wang.manager, Some(space().id(Kind::Employee, &id("lin").to_string())));
    assert_eq!(wang.hire_date, "2020-08-16".parse().ok());
    // A page that is known is not given again.
    let listing = connector.listings().iter().find(|listing| listing.name == "user").expect("a listing");
    let slice = Slice { label: "all".to_owned(), params: serde_json::Value::Null };
    let known = connector.pull(listing, &slice, 1, people[0].fingerprint).await.expect("a page");
    assert!(known.unchanged && known.total == Some(234));
}

#[tokio::test]
async fn somebody_is_asked_for_by_id() {
    let stage = company();
    let connector = stage.connector();
    for (kind, name, there) in [
        (Kind::Employee, id("lin").to_string(), true),
        (Kind::Employee, id("left").to_string(), false),
        (Kind::Employee, "nobody".to_owned(), false),
        (Kind::OrgUnit, dept("d1").to_string(), true),
        (Kind::OrgUnit, "99".to_owned(), false),
        (Kind::OrgUnit, "no number".to_owned(), false),
    ] {
        let found = connector.exists(kind, &name).await.expect("an answer");
        assert_eq!(matches!(found, Existence::Present(_)), there, "{name}");
        assert_eq!(matches!(found, Existence::Absent), !there, "{name}");
    }
}

#[tokio::test]
async fn somebody_in_two_departments_is_read_once() {
    let user = |userid: &str, depts: &[i64]| json!({"userid": userid, "name": userid, "dept_id_list": depts});
    let answer = move |message: Message| {
        let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap_or_default();
        let number = body["dept_id"].as_i64().unwrap_or_default();
        let result = match (message.path.as_str(), number) {
            ("/gettoken", _) => {
                return Ok(Reply::json(
                    StatusCode::OK,
                    r#"{"errcode":0,"access_token":"t","expires_in":7200}"#,
                ));
            }
            ("/topapi/v2/department/listsubid", 1) => json!({"dept_id_list": [2, 3, 2]}),
            ("/topapi/v2/department/listsubid", _) => json!({"dept_id_list": [1]}),
            ("/topapi/user/listid", 2) => json!({"userid_list": ["a", "b"]}),
            ("/topapi/user/listid", 3) => json!({"userid_list": ["b", "c"]}),
            ("/topapi/user/listid", _) => json!({"userid_list": []}),
            ("/topapi/v2/user/list", 2) => {
                json!({"has_more": false, "list": [user("a", &[2]), user("b", &[2, 3])]})
            }
            ("/topapi/v2/user/list", _) => {
                json!({"has_more": false, "list": [user("b", &[2, 3]), user("c", &[3]), user("d", &[3])]})
            }
            other => panic!("{other:?}"),
        };
        Ok(Reply::json(StatusCode::OK, json!({"errcode": 0, "result": result}).to_string()))
    };
    let connector = company().connector_over(Arc::new(Scripted(answer)));
    let people = pages(&*connector, "user").await;
    let ids: Vec<&str> =
        people.iter().flat_map(|page| &page.rows).map(|row| row.remote_id.as_str()).collect();
    // Whoever came while it was read is there too, and the total tells that something moved.
    assert_eq!(ids, ["a", "b", "c", "d"]);
    assert!(people.iter().all(|page| page.total == Some(3)));
}

#[tokio::test]
async fn a_token_that_the_vendor_forgot_is_fetched_anew() {
    let stage = company();
    let inner = Loopback(Arc::clone(&stage.face));
    let first = Arc::new(Mutex::new(None::<String>));
    let seen = Arc::clone(&first);
    struct Forgetful {
        inner: Loopback,
        seen: Arc<Mutex<Option<String>>>,
    }
    #[async_trait::async_trait]
    impl tongshi_dialect::Transport for Forgetful {
        async fn send(&self, message: Message) -> Result<Reply, tongshi_dialect::TransportError> {
            let refused =
                self.seen.lock().expect("no panic").is_none() && message.query.contains("access_token");
            if refused {
                *self.seen.lock().expect("no panic") = Some(message.query.clone());
                let body = r#"{"errcode":88,"sub_code":"40014","sub_msg":"x","errmsg":"x"}"#;
                return Ok(Reply::json(StatusCode::OK, body));
            }
            self.inner.send(message).await
        }
    }
    let connector = stage.connector_over(Arc::new(Forgetful { inner, seen }));
    assert!(connector.check().await.is_ok());
    assert!(first.lock().expect("no panic").is_some());
}
