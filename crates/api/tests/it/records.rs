//! Reading records: whole, in order, by filters, and nobody else's.

use std::collections::HashSet;

use axum::http::StatusCode;
use serde_json::Value;
use tongshi_hub::Scopes;
use tongshi_model::{Draft, Employee, Kind, OrgUnit};

use crate::served::{Served, key, over_company};

/// Follows `next` to the end.
async fn all(served: &Served, list: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut target = list.to_owned();
    loop {
        let page = served.get(&target).await;
        rows.extend_from_slice(page.data());
        let Some(next) = page.json["next"].as_str() else { return rows };
        let mark = if list.contains('?') { '&' } else { '?' };
        target = format!("{list}{mark}after={next}");
    }
}

#[tokio::test]
async fn pages_of_any_size_give_everybody_once() {
    over_company(270, async |hub, served| {
        let expected = hub.records(&hub.company, Kind::Employee).await.len();
        assert!(expected > 250);
        let whole = all(&served, "/v1/employees?limit=1000").await;
        for limit in [1, 7, 100, 269, 270, 271] {
            let rows = all(&served, &format!("/v1/employees?limit={limit}")).await;
            let ids: HashSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
            assert_eq!((rows.len(), ids.len()), (expected, expected), "limit={limit}");
            assert_eq!(rows, whole, "limit={limit}");
        }
        assert_eq!(served.get("/v1/employees").await.data().len(), 100);
    })
    .await;
}

#[tokio::test]
async fn a_cursor_belongs_to_one_list_of_one_app() {
    over_company(60, async |hub, served| {
        let next = served.get("/v1/employees?limit=2").await.json["next"].as_str().unwrap().to_owned();
        assert_eq!(served.get(&format!("/v1/employees?after={next}")).await.status, StatusCode::OK);
        let other = served.with(key(hub, &hub.main, "other", Scopes::all()).await);
        let mut refused = vec![
            other.get(&format!("/v1/employees?after={next}")).await,
            served.get(&format!("/v1/org_units?after={next}")).await,
            served.get(&format!("/v1/punches?after={next}")).await,
        ];
        let changed = format!("9{next}");
        for cursor in
            ["", "1", "-1", "2.deadbeef", "1%3Bdrop", "%00", &next[1..], &next[..next.len() - 1], &changed]
        {
            refused.push(served.get(&format!("/v1/employees?after={cursor}")).await);
        }
        for answer in refused {
            assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, "invalid"));
        }
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_and_slips_are_refused() {
    over_company(120, async |_, served| {
        let people = all(&served, "/v1/employees?limit=1000").await;
        for field in ["employee_no", "mobile", "email", "org_unit", "status"] {
            let with = |row: &&Value| row["data"][field].is_string();
            let value = people.iter().find(with).unwrap()["data"][field].as_str().unwrap();
            let expected = people.iter().filter(|row| row["data"][field] == value).count();
            let found = all(&served, &format!("/v1/employees?{field}={value}")).await;
            assert_eq!(found.len(), expected, "{field}");
            assert!(found.iter().all(|row| row["data"][field] == value), "{field}");
        }
        let both = all(&served, "/v1/employees?status=active,ended&limit=1000").await;
        let expected = |row: &&Value| row["data"]["status"] == "active" || row["data"]["status"] == "ended";
        assert_eq!(both.len(), people.iter().filter(expected).count());
        let day = "2024-01-01";
        let since = all(&served, &format!("/v1/employees?date_from={day}&limit=1000")).await;
        let until = all(&served, &format!("/v1/employees?date_to={day}&limit=1000")).await;
        let hired = |row: &Value| row["data"]["hire_date"].as_str().map(str::to_owned);
        assert!(since.iter().all(|row| hired(row).is_some_and(|date| date.as_str() >= day)));
        assert!(until.iter().all(|row| hired(row).is_some_and(|date| date.as_str() <= day)));
        for (query, field) in [
            ("colour=red", "colour"),
            ("employee_number=7", "employee_number"),
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=1000000000", "limit"),
            ("limit=1;drop", "limit"),
            ("date_from=yesterday", "date_from"),
            ("include_deleted=maybe", "include_deleted"),
            ("limit=1&limit=2", "limit"),
            ("lineage=true", "lineage"),
        ] {
            let answer = served.get(&format!("/v1/employees?{query}")).await;
            assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, "invalid"), "{query}");
            assert_eq!(answer.json["field"], field, "{query}");
        }
        for query in ["name=%ff", "name=%00", "name=a%00b"] {
            assert_eq!(
                served.get(&format!("/v1/employees?{query}")).await.status,
                StatusCode::BAD_REQUEST,
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_document_is_handed_on_as_it_was_stored() {
    over_company(40, async |hub, served| {
        let evil = "<script>alert('林')</script> \u{202e}😀 Robert'); --";
        let unit = OrgUnit { name: evil.to_owned(), order: Some(i64::MAX), ..OrgUnit::default() };
        let draft = Draft::of(&unit).unwrap();
        hub.put("unit-evil", draft.clone()).await;
        let found = all(&served, "/v1/org_units?limit=1000").await;
        let row = found.iter().find(|row| row["data"]["name"] == evil).unwrap();
        let one = served.get(&format!("/v1/org_units/{}", row["id"].as_str().unwrap())).await;
        assert!(one.text.contains(&draft.doc), "{}", one.text);
        assert_eq!(one.headers["x-content-type-options"], "nosniff");
        assert_eq!(one.headers["content-type"], "application/json");
        assert_eq!(&one.json, row);
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_record_does_not_exist() {
    over_company(40, async |hub, served| {
        let other = served.with(key(hub, &hub.main, "other", Scopes::all()).await);
        let id = served.get("/v1/employees?limit=1").await.data()[0]["id"].as_str().unwrap().to_owned();
        let unknown = "ab".repeat(16);
        let told = async |served: &Served, target: String| {
            let answer = served.get(&target).await;
            assert_eq!(answer.problem(), "not-found");
            let mut document = answer.json.clone();
            document["instance"] = Value::Null;
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            (document, headers.len())
        };
        let expected = told(&other, format!("/v1/employees/{unknown}")).await;
        for target in [
            format!("/v1/employees/{id}"),
            format!("/v1/employees/{id}?lineage=true"),
            "/v1/employees/7".to_owned(),
            "/v1/employees/%E6%9E%97".to_owned(),
        ] {
            assert_eq!(told(&other, target.clone()).await, expected, "{target}");
        }
        // One's own record under another kind's path is not there either.
        assert_eq!(served.get(&format!("/v1/org_units/{id}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(served.get(&format!("/v1/employees/{id}")).await.status, StatusCode::OK);
        assert!(other.get("/v1/employees").await.data().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_journal_tells_what_happened() {
    over_company(40, async |hub, served| {
        let start = {
            let mut after = 0;
            loop {
                let page = served.get(&format!("/v1/changes?limit=1000&after={after}")).await;
                let next = page.json["next"].as_i64().unwrap();
                if page.data().is_empty() {
                    assert_eq!(next, after);
                    break after;
                }
                after = next;
            }
        };
        let person = |title: &str| {
            let employee =
                Employee { name: "林一".into(), job_title: Some(title.to_owned()), ..Employee::default() };
            Draft::of(&employee).unwrap()
        };
        hub.put("person-new", person("clerk")).await;
        hub.put("person-new", person("manager")).await;
        let page = served.get(&format!("/v1/changes?after={start}")).await;
        let ops: Vec<_> = page.data().iter().map(|row| row["op"].as_str().unwrap()).collect();
        assert_eq!(ops, ["created", "updated"]);
        assert_eq!(page.data()[1]["fields"], serde_json::json!(["job_title"]));
        assert_eq!(page.data()[1]["before"]["job_title"], "clerk");
        assert_eq!(page.json["next"], start + 2);
        assert!(served.get(&format!("/v1/changes?after={start}&kind=org_unit")).await.data().is_empty());
        for wrong in ["after=-1", "after=x", "kind=people", "after=99999999999999999999"] {
            let answer = served.get(&format!("/v1/changes?{wrong}")).await;
            assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, "invalid"), "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_synced_record_knows_where_it_comes_from_and_an_undone_one_is_shown_on_request() {
    over_company(60, async |hub, _| {
        let served = Served::new(hub, &hub.main, Scopes::all()).await;
        let outcome = hub.sync(&[]).await;
        let run = outcome.run.unwrap();
        let people = all(&served, "/v1/employees?limit=1000").await;
        assert!(!people.is_empty(), "{outcome:?}");
        let id = people[0]["id"].as_str().unwrap();
        assert!(served.get(&format!("/v1/employees/{id}")).await.json.get("lineage").is_none());
        let one = served.get(&format!("/v1/employees/{id}?lineage=true")).await;
        let source = &one.json["lineage"][0];
        assert!(source["fields"].as_array().unwrap().contains(&"name".into()), "{}", one.text);
        assert!(source["raw"].is_object() && source["gone"] == false);
        let plain = served.with(key(hub, &hub.main, "plain", Scopes::default()).await);
        assert!(
            plain.get(&format!("/v1/employees/{id}?lineage=true")).await.json["lineage"][0]
                .get("raw")
                .is_none()
        );

        hub.hub.undo(&hub.main, run).await.unwrap();
        assert!(served.get("/v1/employees").await.data().is_empty());
        let gone = all(&served, "/v1/employees?include_deleted=true&limit=1000").await;
        assert_eq!(gone.len(), people.len());
        assert!(gone.iter().all(|row| row["deleted_at"].is_string() && row["deletion_evidence"].is_string()));
        assert_eq!(served.get(&format!("/v1/employees/{id}")).await.status, StatusCode::OK);
    })
    .await;
}
