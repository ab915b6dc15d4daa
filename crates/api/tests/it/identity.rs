//! Links over HTTP: who may make them, what they answer, what the record shows.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::{Value, json};
use tongshi_hub::{LoadItem, Scopes};
use tongshi_model::{Draft, Id, Kind};
use tongshi_testkit::{Setup, TestHub, on_each_database};

use crate::{
    schema::findings,
    served::{Answer, Served, ask, key},
};

async fn say(hub: &TestHub, source: &str, doc: Value) -> Id {
    let draft = Draft::parse(Kind::Employee, doc.to_string()).unwrap();
    let item = LoadItem::Record { remote_id: "1".to_owned(), draft };
    hub.hub.load(&hub.main, source, vec![item]).await.unwrap();
    hub.hub.local_space(&hub.main, source).await.unwrap().id(Kind::Employee, "1")
}

async fn post(served: &Served, path: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", served.key.expose()));
    ask(&served.app, request.body(Body::from(body.to_string())).unwrap()).await
}

fn fits(path: &str, method: &str, answer: &Value) {
    let document = tongshi_api::openapi();
    let schema =
        &document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{path}");
    assert_eq!(findings(document, schema, answer), Vec::<String>::new(), "{path}");
}

#[tokio::test]
async fn a_key_that_may_change_people_links_and_unlinks_them() {
    let setup = Setup { employees: 1, ..Setup::default() };
    on_each_database(setup, async |hub: &TestHub| {
        let a = say(hub, "hr", json!({"name": "林一", "employee_no": "E1", "mobile": "19900000001"})).await;
        let b = say(hub, "im", json!({"name": "何二", "employee_no": "E1", "nickname": "二"})).await;
        hub.hub.rematch(&hub.main, "test").await.unwrap();
        let served = Served::new(hub, &hub.main, Scopes::all()).await;
        let conflicts = served.get("/v1/identity/conflicts").await.json;
        fits("/v1/identity/conflicts", "get", &conflicts);
        assert_eq!(conflicts["data"][0]["reason"], "number_other_name");

        let body = json!({"record": b, "other": a});
        let reader = served.with(key(hub, &hub.main, "reader", Scopes::default()).await);
        assert_eq!(post(&reader, "/v1/identity/link", &body).await.status, StatusCode::FORBIDDEN);
        let blind = Scopes { kinds: Some(vec![Kind::OrgUnit]), ..Scopes::all() };
        let blind = served.with(key(hub, &hub.main, "blind", blind).await);
        assert_eq!(post(&blind, "/v1/identity/link", &body).await.status, StatusCode::NOT_FOUND);
        assert_eq!(blind.get("/v1/identity/conflicts").await.json["data"], json!([]));
        let elsewhere = Served::new(hub, &hub.company, Scopes::all()).await;
        assert_eq!(post(&elsewhere, "/v1/identity/link", &body).await.status, StatusCode::NOT_FOUND);

        let linked = post(&served, "/v1/identity/link", &body).await;
        assert_eq!((linked.status, &linked.json), (StatusCode::OK, &json!({"record": a, "linked": b})));
        fits("/v1/identity/link", "post", &linked.json);
        assert_eq!(post(&served, "/v1/identity/link", &body).await.status, StatusCode::CONFLICT);
        let shown = served.get(&format!("/v1/employees/{b}?lineage=true")).await.json;
        fits("/v1/employees/{id}", "get", &shown);
        assert_eq!((&shown["id"], &shown["data"]["nickname"]), (&json!(a), &json!("二")));
        assert_eq!(shown["lineage"][1]["proposals"]["name"], "何二");
        assert_eq!(shown["lineage"][1]["linked"]["method"], "manual");
        let changes = served.get("/v1/changes").await.json;
        fits("/v1/changes", "get", &changes);
        let told =
            changes["data"].as_array().unwrap().iter().find(|change| change["op"] == "linked").unwrap();
        assert_eq!((&told["record"], &told["linked_to"]), (&json!(b), &json!(a)));

        let wrong = json!({"record": a, "connection": "nobody"});
        assert_eq!(post(&served, "/v1/identity/unlink", &wrong).await.status, StatusCode::NOT_FOUND);
        let body = json!({"record": a, "connection": "im"});
        let unlinked = post(&served, "/v1/identity/unlink", &body).await;
        assert_eq!((unlinked.status, &unlinked.json), (StatusCode::OK, &json!({"record": a, "restored": b})));
        fits("/v1/identity/unlink", "post", &unlinked.json);
        assert_eq!(post(&served, "/v1/identity/unlink", &body).await.status, StatusCode::CONFLICT);
    })
    .await;
}
