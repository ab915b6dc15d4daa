//! What an app can get, surface by surface.

use std::{future::Future, pin::Pin};

use axum::http::Method;
use serde_json::{Map, Value, json};
use tongshi_hub::{LoadItem, Scopes};
use tongshi_model::{Draft, Kind, Secret};

use crate::stage::{Reader, Stage, employees};

/// Every byte that an app got.
pub(crate) type Taken<'a> = Pin<Box<dyn Future<Output = Vec<u8>> + 'a>>;

/// The body of an answer as JSON.
fn body(bytes: &[u8]) -> Value {
    let at = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    serde_json::from_slice(&bytes[at..]).unwrap_or_default()
}

/// The stream of changes has no end to wait for; it is made of the pages of the journal, which are asked for.
const ENDLESS: &str = "/v1/changes/stream";

/// The paths that are read with a key, and the query that each needs.
fn reads() -> Vec<(String, String)> {
    let document = tongshi_api::openapi();
    let mut reads = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        if operation["security"].as_array().is_none_or(Vec::is_empty) || path == ENDLESS {
            continue;
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let query: Vec<&str> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| match parameter["name"].as_str().unwrap() {
                "limit" => Some("limit=1000"),
                "include_deleted" => Some("include_deleted=true"),
                "date_from" if parameter["required"] == true => Some("date_from=2026-03-10"),
                "date_to" if parameter["required"] == true => Some("date_to=2026-03-16"),
                _ => None,
            })
            .collect();
        reads.push((path.clone(), query.join("&")));
    }
    assert!(reads.len() > 2 * Kind::ALL.len());
    reads
}

/// Lists to their end, and a few things of each with their lineage.
pub(crate) fn gets<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let mut all = Vec::new();
        for (path, query) in reads().into_iter().filter(|(path, _)| !path.contains('{')) {
            let mut target = format!("{path}?{query}");
            loop {
                let bytes = stage.ask(reader, Method::GET, &target, "").await;
                let page = body(&bytes);
                all.extend(bytes);
                let rows = page["data"].as_array().into_iter().flatten().take(3);
                for id in rows.filter_map(|row| row["id"].as_str()) {
                    for query in ["", "?lineage=true"] {
                        let target = format!("{path}/{id}{query}");
                        all.extend(stage.ask(reader, Method::GET, &target, "").await);
                    }
                }
                let Some(next) = page["next"].as_str() else { break };
                target = format!("{path}?{query}&after={next}");
            }
        }
        all
    })
}

/// Values that cannot be taken, where values go.
pub(crate) fn bad_input<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let mut all = Vec::new();
        for sort in ["mobile", "id_number", "bank_card", "salary", "secret"] {
            let value = stage.value(sort);
            let paths = tongshi_api::openapi()["paths"].as_object().unwrap();
            for (path, item) in paths.iter().filter(|(path, _)| *path != ENDLESS) {
                let target = path.replace("{id}", value).replace("{connection}", value);
                all.extend(stage.ask(reader, Method::GET, &target, "").await);
                for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap();
                    if parameter["in"] == "query" {
                        let target = format!("{path}?{name}=x{value}");
                        all.extend(stage.ask(reader, Method::GET, &target, "").await);
                    }
                }
            }
            for target in
                ["/v1/privacy/erase", "/v1/privacy/export", "/hooks/x", "/v1/employees", "/d/zhiren/x"]
            {
                for body in [
                    format!("{{\"person\":{value:?}"),
                    format!("{{\"person\":[{value:?}],\"reason\":1}}"),
                    format!("{{\"person\":{{\"a\":{value:?}}},\"reason\":{value:?}}}"),
                    format!("{{\"dry_run\":{value:?},\"person\":\"x\",\"reason\":\"y\"}}"),
                    value.to_owned(),
                ] {
                    all.extend(stage.ask(reader, Method::POST, target, &body).await);
                }
            }
            for target in [
                format!("/d/{value}/api/v2/employees"),
                format!("/d/zhiren/api/v2/{value}?access_key={value}"),
            ] {
                all.extend(stage.ask(reader, Method::GET, &target, "").await);
            }
            let key = Secret::new(format!("x{value}"));
            all.extend(stage.ask_as(&key, Method::GET, "/v1/me", "").await);
        }
        all
    })
}

/// The journal from its beginning, and who gave what.
pub(crate) fn changes<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let target = format!("/v1/changes?limit=1000&after={after}");
            let bytes = stage.ask(reader, Method::GET, &target, "").await;
            let next = body(&bytes)["next"].as_i64().unwrap();
            all.extend(bytes);
            if next == after {
                break;
            }
            after = next;
        }
        let people = stage.hub.hub.records(&stage.hub.company, &employees(), &Scopes::all()).await.unwrap();
        for person in people.data.iter().take(50) {
            let target = format!("/v1/employees/{}?lineage=true", person.id);
            all.extend(stage.ask(reader, Method::GET, &target, "").await);
        }
        all
    })
}

/// A copy of a person, and an erasure that is not done.
pub(crate) fn privacy<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let mut all = Vec::new();
        for person in ["C7", "C8"] {
            let wanted = json!({ "person": person }).to_string();
            all.extend(stage.ask(reader, Method::POST, "/v1/privacy/export", &wanted).await);
            let wanted = json!({ "person": person, "reason": "canary", "dry_run": true }).to_string();
            all.extend(stage.ask(reader, Method::POST, "/v1/privacy/erase", &wanted).await);
        }
        all
    })
}

/// Each operation with fields of every sort, over the connection with the app's own account at that face.
pub(crate) fn faces<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let mut all = Vec::new();
        let people = stage.hub.hub.records(&stage.hub.company, &employees(), &Scopes::all()).await.unwrap();
        let id = people.data[0].id.to_string();
        let fields = [
            json!({}),
            json!({"start_date": "2026-03-10", "end_date": "2026-03-16", "date": "2026-03-16"}),
            json!({"uuid": id, "employee_uuid": id, "key": id, "employee": id, "id": id}),
            json!({"empno": "C7", "empnos": ["C7"], "key": "C7", "month": "2026-02", "page": 1}),
            json!({"pagination": {"page": 2}}),
            json!({"userid": id, "dept_id": 1, "cursor": 0, "size": 100, "userids": id, "mobile": stage.value("mobile")}),
            json!({"type": "CODE", "conditionIds": ["C7"], "start": 0, "count": 100, "flowId": id}),
            json!({"emp_status": "1", "emp_code": "C7", "page_number": 1, "limit": 100, "date": "2026-03-16"}),
        ];
        for dialect in stage.hub.hub.dialects() {
            let over = &format!("{}-{}", reader.name, dialect.id);
            for operation in dialect.operations {
                for fields in &fields {
                    let fields: Map<String, Value> = fields.as_object().cloned().unwrap();
                    match stage.hub.hub.call(&stage.callers, over, operation.name, fields).await {
                        Ok(reply) => {
                            all.extend(format!("{} {:?}\n", reply.status, reply.headers).into_bytes());
                            all.extend_from_slice(&reply.body);
                        }
                        Err(error) => {
                            all.extend(format!("{} {}\n", error.public(), error.private()).into_bytes());
                        }
                    }
                }
            }
        }
        all
    })
}

/// What an app is sent when somebody changes.
pub(crate) fn events<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let hub = &stage.hub.hub;
        let people = hub.records(&stage.hub.company, &employees(), &Scopes::all()).await.unwrap();
        let planted = people.data.iter().filter(|person| person.data.get().contains("\"employee_no\":\"C"));
        let items = planted.take(200).map(|person| {
            let doc = person.data.get().replace("\"name\":\"", &format!("\"name\":\"{}", reader.name));
            let number =
                doc.split("\"employee_no\":\"C").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let draft = Draft::parse(Kind::Employee, doc).unwrap();
            LoadItem::Record { remote_id: format!("canary-{number}"), draft }
        });
        hub.load(&stage.hub.company, "sandbox", items.collect()).await.unwrap();
        for _ in 0..4 {
            hub.pass_events_on().await.unwrap();
        }
        let mut told = reader.told.lock().unwrap().clone();
        told.extend(format!("{:>120}", "end of events").into_bytes());
        told
    })
}

/// The stream of changes, as it tells them; it has no end, so it is left after so many bytes or the last change.
pub(crate) fn stream<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let last = stage.ask(reader, Method::GET, "/v1/changes?limit=1", "").await;
        let last = body(&last)["last"].as_i64().unwrap();
        stage.ask_until(reader, ENDLESS, &format!("id: {last}\n")).await
    })
}

/// What an app is sent as a webhook with whole documents.
pub(crate) fn webhooks<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let address = format!("http://{}.example.com/webhook", reader.name);
        let new = json!({"url": address, "events": ["*"], "payload": "full"}).to_string();
        let made = stage.ask_as(&reader.manager, Method::POST, "/v1/webhooks", &new).await;
        let id = body(&made)["id"].as_str().unwrap().to_owned();
        let range = json!({"from_seq": 1, "to_seq": 2000}).to_string();
        let replay = format!("/v1/webhooks/{id}/replay");
        let mut all = stage.ask_as(&reader.manager, Method::POST, &replay, &range).await;
        for _ in 0..100 {
            stage.hub.hub.deliver().await.unwrap();
        }
        for path in ["", "/deliveries?limit=1000"] {
            let target = format!("/v1/webhooks/{id}{path}");
            all.extend(stage.ask_as(&reader.manager, Method::GET, &target, "").await);
        }
        all.extend(reader.told.lock().unwrap().iter());
        all.extend(stage.ask_as(&reader.manager, Method::DELETE, &format!("/v1/webhooks/{id}"), "").await);
        all
    })
}

/// What an app is answered that changes people, and what the writes say of it afterwards.
pub(crate) fn writes<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let people = stage.hub.hub.records(&stage.hub.company, &employees(), &Scopes::all()).await.unwrap();
        let planted = people.data.iter().filter(|person| person.data.get().contains("\"employee_no\":\"C"));
        let mut all = Vec::new();
        for person in planted.take(120) {
            let one = format!("/v1/employees/{}", person.id);
            for body in [json!({"nickname": reader.name}), json!({"mobile": 7}), json!({"hire_date": "x"})] {
                all.extend(stage.ask_as(&reader.manager, Method::PATCH, &one, &body.to_string()).await);
            }
        }
        all.extend(stage.ask_as(&reader.manager, Method::GET, "/v1/writes?limit=1000", "").await);
        all
    })
}

/// The vendor's own operations through the hub: the vendor's answer is raw, so only who may see everything gets one.
pub(crate) fn pass_through<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let mut all = Vec::new();
        for connection in stage.hub.hub.connections(&stage.hub.main).await.unwrap() {
            let target = format!("/v1/connections/{}", connection.id);
            all.extend(stage.ask_as(&reader.outside, Method::GET, &format!("{target}/operations"), "").await);
            for operation in stage.hub.vendor().operations {
                let body = json!({"token": "company-token", "pagination": {"page": 1}}).to_string();
                let target = format!("{target}/call/{}", operation.name);
                all.extend(stage.ask_as(&reader.outside, Method::POST, &target, &body).await);
            }
        }
        all
    })
}

/// What is there without a key.
pub(crate) fn around<'a>(stage: &'a Stage, reader: &'a Reader) -> Taken<'a> {
    Box::pin(async move {
        let mut all = Vec::new();
        for target in ["/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/docs", "/", "/nowhere"] {
            all.extend(stage.ask(reader, Method::GET, target, "").await);
        }
        all
    })
}
