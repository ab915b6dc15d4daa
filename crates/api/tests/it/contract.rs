//! The document at `/v1/openapi.json` and what is served say the same.

use axum::http::StatusCode;
use serde_json::Value;
use tongshi_hub::Scopes;
use tongshi_model::Kind;
use tongshi_testkit::{Setup, TestHub, on_each_database};

use crate::{
    schema::findings,
    served::{Served, over_company},
};

/// The GET operations that want a key, with their paths.
fn operations(document: &Value) -> Vec<(&String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let gets = paths.filter_map(|(path, item)| Some((path, item.get("get")?)));
    let keyed = |get: &Value| get["security"].as_array().is_some_and(|security| !security.is_empty());
    // A stream has no end to wait for; `feed` asks it.
    let stream = |get: &Value| get["responses"]["200"]["content"].get("text/event-stream").is_some();
    gets.filter(|(_, get)| keyed(get) && !stream(get)).collect()
}

/// The query that an operation cannot do without.
fn needed(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let needed = parameters.filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let pairs: Vec<String> =
        needed.map(|parameter| format!("{}=2026-03-13", parameter["name"].as_str().unwrap())).collect();
    pairs.join("&")
}

#[tokio::test]
async fn every_operation_is_served_and_takes_only_its_own_parameters() {
    over_company(40, async |_, served| {
        let served_document = served.get("/v1/openapi.json").await.json;
        assert_eq!(&served_document, tongshi_api::openapi());
        let operations = operations(&served_document);
        assert!(operations.len() > 2 * Kind::ALL.len() + 5);
        for (path, operation) in operations {
            let target = path.replace("{id}", &"0".repeat(32));
            let needed = needed(operation);
            let plain = served.get(&format!("{target}?{needed}")).await;
            let expected = if path.contains('{') { StatusCode::NOT_FOUND } else { StatusCode::OK };
            assert_eq!(plain.status, expected, "{path}: {}", plain.text);
            if expected == StatusCode::NOT_FOUND {
                assert!(plain.json["detail"].as_str().unwrap().contains("no such"), "{path}: no route");
            }
            let stray = served.get(&format!("{target}?{needed}&stray_parameter=1")).await;
            assert_eq!(
                (stray.status, &stray.json["field"]),
                (StatusCode::BAD_REQUEST, &"stray_parameter".into()),
                "{path}"
            );
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                if parameter["in"] != "query" || needed.contains(name) {
                    continue;
                }
                let answer = served.get(&format!("{target}?{needed}&{name}=no%20such%20value")).await;
                let unknown = answer.status == StatusCode::BAD_REQUEST
                    && answer.json["detail"].as_str().is_some_and(|detail| {
                        detail.contains("no parameter") || detail.contains("cannot be filtered")
                    });
                assert!(!unknown, "{path} documents {name} and refuses it: {}", answer.text);
                assert!(!answer.status.is_server_error(), "{path} {name}: {}", answer.text);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_answer_is_what_the_document_says() {
    let setup = Setup { employees: 80, attendance_days: 3, ..Setup::default() };
    on_each_database(setup, async |hub: &TestHub| {
        let company = Served::new(hub, &hub.company, Scopes::all()).await;
        let outcome = hub.sync(&[]).await;
        assert!(outcome.run.is_some(), "{outcome:?}");
        let main = Served::new(hub, &hub.main, Scopes::all()).await;
        let document = tongshi_api::openapi();
        let mut filled = Vec::new();
        for (path, operation) in operations(document) {
            if path.contains('{') {
                continue;
            }
            let one = document["paths"].get(format!("{path}/{{id}}"));
            for served in [&company, &main] {
                let target = format!("{path}?{}", needed(operation));
                let list = served.get(&target).await;
                assert_fits(document, operation, &target, &list.json);
                let first = list.json["data"][0]["id"].as_str();
                filled.extend(list.json["data"][0].is_object().then_some(path.as_str()));
                let (Some(one), Some(id)) = (one, first) else { continue };
                let mut known = one["get"]["parameters"].as_array().into_iter().flatten();
                let record = known.any(|parameter| parameter["name"] == "lineage");
                let target = format!("{path}/{id}{}", if record { "?lineage=true" } else { "" });
                assert_fits(document, &one["get"], &target, &served.get(&target).await.json);
            }
        }
        for list in
            ["/v1/employees", "/v1/org_units", "/v1/punches", "/v1/changes", "/v1/runs", "/v1/connections"]
        {
            assert!(filled.contains(&list), "{list} was empty, so it proved nothing");
        }
    })
    .await;
}

fn assert_fits(document: &Value, operation: &Value, target: &str, answer: &Value) {
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{target}");
    let found = findings(document, schema, answer);
    assert!(found.is_empty(), "{target}: {}", found.join("\n"));
}

#[tokio::test]
async fn problems_are_what_the_document_says() {
    over_company(40, async |_, served| {
        let document = tongshi_api::openapi();
        let schema = &document["components"]["schemas"]["Problem"];
        for target in ["/v1/employees?limit=0", "/v1/runs/7", "/nowhere"] {
            let answer = served.get(target).await;
            answer.problem();
            assert_eq!(findings(document, schema, &answer.json), Vec::<String>::new(), "{target}");
        }
    })
    .await;
}
