//! Changing records and sending punches in: what is taken, what is refused, and that a request happens once.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use tongshi_hub::{ANSWERS_KEPT_SECONDS, NewRoute, Scopes};
use tongshi_model::{Kind, Sensitivity};
use tongshi_testkit::TestHub;

use crate::{
    schema::findings,
    served::{Answer, Served, ask, key, over_company},
};

/// Sends JSON with further headers.
async fn send(
    served: &Served,
    method: Method,
    target: &str,
    body: Option<Value>,
    headers: &[(&'static str, &str)],
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::HOST, "127.0.0.1:7070")
        .header(header::AUTHORIZATION, format!("Bearer {}", served.key.expose()));
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    ask(&served.app, request.body(body).unwrap()).await
}

async fn post(served: &Served, target: &str, body: Value) -> Answer {
    send(served, Method::POST, target, Some(body), &[]).await
}

fn assert_fits(path: &str, method: &str, answer: &Answer) {
    let document = tongshi_api::openapi();
    let status = answer.status.as_str();
    let schema =
        &document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{path} {method} {status}: {}", answer.text);
    assert_eq!(findings(document, schema, &answer.json), Vec::<String>::new(), "{path} {method}");
}

async fn count(hub: &TestHub, kind: Kind) -> usize {
    hub.records(&hub.company, kind).await.len()
}

#[tokio::test]
async fn a_record_is_made_changed_and_taken_away() {
    over_company(40, async |hub, served| {
        let before = count(hub, Kind::Employee).await;
        let made = post(&served, "/v1/employees", json!({"name": "林一", "job_title": "clerk"})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_fits("/v1/employees", "post", &made);
        assert_eq!((&made.json["version"], &made.json["writes"]), (&json!(1), &json!([])));
        assert_eq!(count(hub, Kind::Employee).await, before + 1);
        let one = format!("/v1/employees/{}", made.json["id"].as_str().unwrap());
        let path = "/v1/employees/{id}";

        let stale =
            send(&served, Method::PATCH, &one, Some(json!({"job_title": "x"})), &[("if-match", "\"7\"")])
                .await;
        assert_eq!((stale.status, stale.problem()), (StatusCode::PRECONDITION_FAILED, "stale"));
        let patch = json!({"job_title": null, "nickname": "小林"});
        let changed = send(&served, Method::PATCH, &one, Some(patch), &[("if-match", "\"1\"")]).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        assert_fits(path, "patch", &changed);
        assert_eq!(changed.json["data"], json!({"name": "林一", "nickname": "小林"}));
        assert_eq!(served.get(&one).await.json["version"], 2);

        let gone = send(&served, Method::DELETE, &one, None, &[]).await;
        assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
        assert_fits(path, "delete", &gone);
        assert!(gone.json["deleted_at"].is_string());
        let again = send(&served, Method::DELETE, &one, None, &[]).await;
        assert_eq!((again.status, again.problem()), (StatusCode::GONE, "gone"));
        assert_eq!(count(hub, Kind::Employee).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_mistake_is_named_and_changes_nothing() {
    over_company(40, async |hub, served| {
        let before = count(hub, Kind::Employee).await;
        let nobody = "ab".repeat(16);
        for (body, field) in [
            (json!({"name": "林一", "id": nobody}), "id"),
            (json!({"name": "林一", "role": "admin"}), "role"),
            (json!({"job_title": "clerk"}), "name"),
            (json!({"name": "林一", "hire_date": "soon"}), "hire_date"),
            (json!({"name": "林一", "manager": nobody}), "manager"),
        ] {
            let answer = post(&served, "/v1/employees", body.clone()).await;
            assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, "invalid"), "{body}");
            assert_eq!(answer.json["field"], field, "{body}");
        }
        let punch = json!({"employee": nobody, "at": "2026-03-02T08:00:00+08:00"});
        assert_eq!(post(&served, "/v1/punches", punch).await.json["field"], "employee");
        let answer = post(&served, "/v1/punches", json!({"employee": nobody, "at": "08:00"})).await;
        assert_eq!(answer.json["field"], "at");
        assert_eq!(post(&served, "/v1/bookings", json!({})).await.problem(), "invalid");
        assert_eq!(count(hub, Kind::Employee).await, before);
    })
    .await;
}

#[tokio::test]
async fn scopes_decide_by_kind_action_and_field() {
    over_company(40, async |hub, served| {
        let with = async |name: &str, scopes: Scopes| served.with(key(hub, &hub.company, name, scopes).await);
        let reader = with("reader", Scopes::default()).await;
        let answer = post(&reader, "/v1/employees", json!({"name": "林一"})).await;
        assert_eq!((answer.status, answer.problem()), (StatusCode::FORBIDDEN, "forbidden"));
        assert!(answer.json["detail"].as_str().unwrap().contains("employee:create"), "{}", answer.text);
        let rules = Some(vec!["punch:*".to_owned(), "employee:create".to_owned()]);
        let scopes =
            Scopes { write: true, actions: rules, sensitivity: Sensitivity::Contact, ..Scopes::default() };
        let narrow = with("narrow", scopes).await;
        let made = post(&narrow, "/v1/employees", json!({"name": "林一"})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let one = format!("/v1/employees/{}", made.json["id"].as_str().unwrap());
        let answer = send(&narrow, Method::PATCH, &one, Some(json!({"nickname": "x"})), &[]).await;
        assert!(answer.json["detail"].as_str().unwrap().contains("employee:update"), "{}", answer.text);
        let answer = post(&narrow, "/v1/employees", json!({"name": "林一", "bank_card": "629900001"})).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.json["detail"].as_str().unwrap().contains("bank_card"), "{}", answer.text);
        let punch = json!({"employee": made.json["id"], "at": "2026-03-02T08:00:00+08:00"});
        assert_eq!(post(&narrow, "/v1/punches", punch).await.status, StatusCode::CREATED);
    })
    .await;
}

#[tokio::test]
async fn approvals_are_decided_once() {
    over_company(40, async |_, served| {
        let approval = json!({
            "number": "A-1", "category": {"value": "leave"}, "status": {"value": "running"}, "result": "none",
        });
        let made = post(&served, "/v1/approvals", approval).await;
        let one = format!("/v1/approvals/{}", made.json["id"].as_str().unwrap());
        let approved = post(&served, &format!("{one}/approve"), json!({"comment": "gut"})).await;
        assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
        assert_fits("/v1/approvals/{id}/approve", "post", &approved);
        assert_eq!(approved.json["data"]["result"], "approved");
        let rejected = post(&served, &format!("{one}/reject"), json!({})).await;
        assert_eq!((rejected.status, rejected.problem()), (StatusCode::CONFLICT, "conflict"));
        let nowhere = post(&served, &format!("{one}/comment"), json!({"comment": "a"})).await;
        assert!(nowhere.json["detail"].as_str().unwrap().contains("tongshi routes add"), "{}", nowhere.text);
        assert_eq!(post(&served, &format!("{one}/explode"), json!({})).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn many_at_once_are_answered_row_by_row() {
    over_company(40, async |hub, served| {
        let before = count(hub, Kind::OrgUnit).await;
        let items = json!({"items": [{"name": "a"}, {"nom": "b"}, {"name": "c"}, {"name": 7}]});
        let answer = post(&served, "/v1/org_units/bulk", items).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_fits("/v1/org_units/bulk", "post", &answer);
        let statuses: Vec<_> = answer.data().iter().map(|row| row["status"].as_i64().unwrap()).collect();
        assert_eq!(statuses, [201, 400, 201, 400]);
        assert_eq!((&answer.json["accepted"], &answer.data()[1]["problem"]["field"]), (&json!(2), &json!("nom")));
        assert_eq!(answer.data()[2]["result"]["data"]["name"], "c");
        assert_eq!(count(hub, Kind::OrgUnit).await, before + 2);
        let people = hub.records(&hub.company, Kind::Employee).await;
        let punch = |minute: u32| json!({"employee": people[0].id, "at": format!("2026-03-02T08:{minute:02}:00+08:00")});
        let items = json!({"items": [punch(1), punch(2), {"employee": "x"}, punch(1)]});
        let answer = post(&served, "/v1/punches/bulk", items).await;
        assert_fits("/v1/punches/bulk", "post", &answer);
        let statuses: Vec<_> = answer.data().iter().map(|row| row["status"].as_i64().unwrap()).collect();
        assert_eq!(statuses, [201, 201, 400, 200]);
        for wrong in [json!({"items": []}), json!({"items": vec![json!({"name": "a"}); 1001]})] {
            assert_eq!(post(&served, "/v1/org_units/bulk", wrong).await.json["field"], "items");
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_with_a_key_happens_once() {
    over_company(40, async |hub, served| {
        let before = count(hub, Kind::OrgUnit).await;
        let with = async |served: &Served, key: &str, name: &str| {
            let headers = [("idempotency-key", key)];
            send(served, Method::POST, "/v1/org_units", Some(json!({"name": name})), &headers).await
        };
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let served = served.clone();
            tasks.spawn(async move {
                let headers = [("idempotency-key", "k-1")];
                send(&served, Method::POST, "/v1/org_units", Some(json!({"name": "a"})), &headers).await
            });
        }
        let answers = tasks.join_all().await;
        let made: Vec<&Answer> =
            answers.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
        assert!(!made.is_empty());
        assert!(made.iter().all(|answer| answer.text == made[0].text), "one effect, one answer");
        assert_eq!(
            made.iter().filter(|answer| !answer.headers.contains_key("idempotent-replayed")).count(),
            1
        );
        let others = answers.iter().filter(|answer| answer.status != StatusCode::CREATED);
        others.for_each(|answer| {
            assert_eq!((answer.status, answer.problem()), (StatusCode::CONFLICT, "in-flight"));
        });
        assert_eq!(count(hub, Kind::OrgUnit).await, before + 1);

        // The process that answered is gone; the next one gives the same answer.
        let app = tongshi_api::router(hub.another(9), tongshi_api::ApiConfig::default());
        let next = Served { app, key: served.key.clone() };
        let again = with(&next, "k-1", "a").await;
        assert_eq!((again.status, &again.text), (StatusCode::CREATED, &made[0].text));
        let other = with(&next, "k-1", "b").await;
        assert_eq!((other.status, other.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "key-reused"));
        // Another app's key is its own; a refused request keeps nothing.
        let neighbour = served.with(key(hub, &hub.company, "neighbour", Scopes::all()).await);
        assert!(!with(&neighbour, "k-1", "b").await.headers.contains_key("idempotent-replayed"));
        let headers = [("idempotency-key", "k-2")];
        let wrong = send(&served, Method::POST, "/v1/org_units", Some(json!({"nom": "a"})), &headers).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert_eq!(with(&served, "k-2", "a").await.status, StatusCode::CREATED);
        assert_eq!(with(&served, &"k".repeat(256), "a").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(with(&served, &"k".repeat(255), "a").await.status, StatusCode::CREATED);
        // After three days the same key is a new request.
        hub.clock.advance_seconds(ANSWERS_KEPT_SECONDS + 1);
        let new = with(&served, "k-1", "b").await;
        assert!(new.status == StatusCode::CREATED && !new.headers.contains_key("idempotent-replayed"));
        hub.clock.advance_seconds(ANSWERS_KEPT_SECONDS + 1);
        assert!(hub.hub.sweep_answers().await.unwrap() >= 4);
    })
    .await;
}

#[tokio::test]
async fn writes_are_listed_and_decided() {
    over_company(40, async |hub, _| {
        hub.sync(&["org_unit", "employee"]).await;
        let new = NewRoute {
            target: tongshi_dialect::Target::Punch,
            action: None,
            connection: "zhiren".to_owned(),
            second_person: true,
        };
        hub.hub.add_route(&hub.main, new, "cli:anna").await.unwrap();
        let served = Served::new(hub, &hub.main, Scopes::all()).await;
        let person = &hub.records(&hub.main, Kind::Employee).await[0];
        let punch = json!({"employee": person.id, "at": "2026-03-02T08:00:00+08:00", "direction": "in"});
        let made = post(&served, "/v1/punches", punch).await;
        assert_fits("/v1/punches", "post", &made);
        assert_eq!(made.json["writes"][0]["state"], "awaiting", "{}", made.text);
        let one = format!("/v1/writes/{}", made.json["writes"][0]["id"].as_str().unwrap());
        assert_fits("/v1/writes/{id}", "get", &served.get(&one).await);
        let list = served.get("/v1/writes?state=awaiting&connection=zhiren").await;
        assert_fits("/v1/writes", "get", &list);
        assert_eq!(list.data().len(), 1);
        let own = send(&served, Method::POST, &format!("{one}/approve"), None, &[]).await;
        assert_eq!((own.status, own.problem()), (StatusCode::FORBIDDEN, "forbidden"));
        let second = served.with(key(hub, &hub.main, "second", Scopes::all()).await);
        let agreed = send(&second, Method::POST, &format!("{one}/approve"), None, &[]).await;
        assert_eq!((agreed.status, &agreed.json["state"]), (StatusCode::OK, &json!("queued")));
        assert_fits("/v1/writes/{id}/approve", "post", &agreed);
        let twice = send(&second, Method::POST, &format!("{one}/approve"), None, &[]).await;
        assert_eq!(twice.status, StatusCode::CONFLICT);
        let withdrawn = send(&second, Method::POST, &format!("{one}/withdraw"), None, &[]).await;
        assert_eq!(withdrawn.json["state"], "withdrawn");
        // A vendor's record is changed there only; without a route that is said.
        let patch = Some(json!({"nickname": "小林"}));
        let answer = send(&served, Method::PATCH, &format!("/v1/employees/{}", person.id), patch, &[]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(
            answer.json["detail"].as_str().unwrap().contains("routes add employee zhiren"),
            "{}",
            answer.text
        );
    })
    .await;
}

#[tokio::test]
async fn twenty_writers_lose_no_update() {
    over_company(40, async |_, served| {
        let made = post(&served, "/v1/org_units", json!({"name": "a", "order": 0})).await;
        let one = format!("/v1/org_units/{}", made.json["id"].as_str().unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (served, one) = (served.clone(), one.clone());
            tasks.spawn(async move {
                loop {
                    let now = served.get(&one).await.json;
                    let version = now["version"].to_string();
                    let patch = json!({"order": now["data"]["order"].as_i64().unwrap() + 1});
                    let headers = [("if-match", version.as_str())];
                    let answer = send(&served, Method::PATCH, &one, Some(patch), &headers).await;
                    match answer.status {
                        StatusCode::OK => return,
                        StatusCode::PRECONDITION_FAILED | StatusCode::SERVICE_UNAVAILABLE => {}
                        status => panic!("{status}: {}", answer.text),
                    }
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(served.get(&one).await.json["data"]["order"], 20);
    })
    .await;
}
