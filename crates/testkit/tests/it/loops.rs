//! Connector → own face → hub and back: what comes out is what went in.

use std::collections::BTreeMap;

use serde_json::Value;
use tongshi_hub::{AttendanceQuery, Mode, PunchQuery, Scopes, SyncOptions};
use tongshi_model::{Kind, Sensitivity};
use tongshi_testkit::{Setup, TestHub, on_each_database};

/// Documents of a kind without what differs by design between the company and its copy: references (they name the
/// copy's records) and the vendor's words.
fn plain(records: &[tongshi_hub::RecordView], drop: &[&str]) -> Vec<Value> {
    let mut docs: Vec<Value> = records
        .iter()
        .map(|record| {
            let mut doc: BTreeMap<String, Value> = serde_json::from_str(record.data.get()).unwrap();
            doc.retain(|name, _| !drop.contains(&name.as_str()));
            doc.values_mut().for_each(forget_vendor_words);
            serde_json::to_value(doc).unwrap()
        })
        .collect();
    docs.sort_by_key(Value::to_string);
    docs
}

fn forget_vendor_words(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("vendor_value");
            fields.values_mut().for_each(forget_vendor_words);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_vendor_words),
        _ => {}
    }
}

async fn same(hub: &TestHub, kind: Kind, drop: &[&str]) {
    let company = plain(&hub.records(&hub.company, kind).await, drop);
    let copy = plain(&hub.records(&hub.main, kind).await, drop);
    let missing: Vec<_> = company.iter().filter(|doc| !copy.contains(doc)).take(2).collect();
    assert_eq!(company.len(), copy.len(), "{kind}: {missing:#?}");
    for (company, copy) in company.iter().zip(&copy) {
        assert_eq!(company, copy, "{kind}");
    }
}

#[tokio::test]
async fn everything_arrives_as_it_is() {
    let setup = Setup { employees: 60, attendance_days: 10, ..Setup::default() };
    on_each_database(setup, async |hub| {
        let all = SyncOptions { mode: Mode::Full, window_days: Some(400), ..SyncOptions::default() };
        let outcome = hub.sync_with(all.clone()).await;
        assert!(outcome.complete, "{outcome:#?}");
        assert_eq!(outcome.counts.quarantined, 0, "{outcome:#?}");
        let references =
            ["org_unit", "manager", "dotted_manager", "legal_entity", "legal_entity_name", "rehire_of"];
        same(hub, Kind::Employee, &references).await;
        same(hub, Kind::OrgUnit, &["parent", "head", "code", "order"]).await;
        same(hub, Kind::LegalEntity, &["parent"]).await;
        // Shifts are asked for by number, and the proof says for how many that is not possible.
        let shifts = outcome.listings.iter().find(|proof| proof.listing == "shift_assignment").unwrap();
        assert!(shifts.why.iter().any(|why| why.contains("have no number")), "{shifts:#?}");
        let (company, copy) = (
            hub.records(&hub.company, Kind::ShiftAssignment).await,
            hub.records(&hub.main, Kind::ShiftAssignment).await,
        );
        assert!(copy.len() > 200 && copy.len() < company.len());
        // Two approvals are older than the days that were asked for.
        let drop = ["applicant", "title", "status_label", "form"];
        let mut company = plain(&hub.records(&hub.company, Kind::Approval).await, &drop);
        company.retain(|approval| approval["submitted_at"].as_str().is_some_and(|at| at > "2025-02-09"));
        assert_eq!(company, plain(&hub.records(&hub.main, Kind::Approval).await, &drop));
        let again = hub.sync_with(all).await;
        assert!(again.complete);
        let changed =
            again.counts.created + again.counts.updated + again.counts.deleted + again.counts.punches_new;
        assert_eq!(changed, 0, "{again:#?}");
        let run = outcome.run.unwrap();
        let verified = hub.hub.verify(&hub.main, run).await.unwrap();
        assert!(verified.ok, "{verified:#?}");
        assert!(verified.checked > 60);
    })
    .await;
}

#[tokio::test]
async fn the_tree_keeps_its_shape() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["org_unit", "employee"]).await;
        let names = |records: &[tongshi_hub::RecordView]| -> BTreeMap<String, Value> {
            records
                .iter()
                .map(|record| (record.id.to_string(), serde_json::from_str(record.data.get()).unwrap()))
                .collect()
        };
        let edges = |units: &BTreeMap<String, Value>, people: &BTreeMap<String, Value>| {
            let mut edges: Vec<String> = units
                .values()
                .map(|unit| {
                    let parent = unit["parent"].as_str().map(|parent| units[parent]["name"].clone());
                    let head = unit["head"].as_str().map(|head| people[head]["name"].clone());
                    format!("{} under {parent:?} by {head:?}", unit["name"])
                })
                .chain(people.values().map(|person| {
                    let unit = person["org_unit"].as_str().map(|unit| units[unit]["name"].clone());
                    let manager = person["manager"].as_str().map(|manager| people[manager]["name"].clone());
                    format!("{} {:?} in {unit:?} for {manager:?}", person["name"], person["employee_no"])
                }))
                .collect();
            edges.sort();
            edges
        };
        let company = names(&hub.records(&hub.company, Kind::OrgUnit).await);
        let people = names(&hub.records(&hub.company, Kind::Employee).await);
        let copy = names(&hub.records(&hub.main, Kind::OrgUnit).await);
        let copied = names(&hub.records(&hub.main, Kind::Employee).await);
        assert_eq!(edges(&company, &people), edges(&copy, &copied));
    })
    .await;
}

#[tokio::test]
async fn punch_days_follow_the_vendors() {
    let setup = Setup { employees: 60, attendance_days: 10, ..Setup::default() };
    on_each_database(setup, async |hub| {
        let outcome = hub.sync(&["employee", "punch"]).await;
        assert!(outcome.complete, "{outcome:#?}");
        assert!(outcome.counts.punches_new > 100);
        let from = "2026-01-01".parse().unwrap();
        let to = "2026-12-31".parse().unwrap();
        let days = async |workspace| {
            let query = AttendanceQuery { employee: None, from, to, after: None, limit: 1000 };
            let days = hub.hub.attendance_days(workspace, &query).await.unwrap().data;
            let mut days: Vec<_> = days
                .into_iter()
                .map(|day| {
                    (
                        day.date,
                        day.first_in.map(tongshi_model::Instant::timestamp),
                        day.last_out.map(tongshi_model::Instant::timestamp),
                    )
                })
                .collect();
            days.sort();
            days
        };
        assert_eq!(days(&hub.company).await, days(&hub.main).await);
        let query = PunchQuery { limit: 10, ..PunchQuery::default() };
        assert_eq!(hub.hub.punches(&hub.main, &query).await.unwrap().len(), 10);
    })
    .await;
}

#[tokio::test]
async fn fields_beyond_the_scope_are_absent() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["employee"]).await;
        let query = tongshi_hub::RecordQuery {
            kind: Kind::Employee,
            filters: Vec::new(),
            date_from: None,
            date_to: None,
            deleted: false,
            after: None,
            limit: 1000,
        };
        let scopes = Scopes { sensitivity: Sensitivity::Contact, ..Scopes::default() };
        let page = hub.hub.records(&hub.main, &query, &scopes).await.unwrap();
        let all: String = page.data.iter().map(|record| record.data.get()).collect();
        assert!(!all.contains("id_number") && !all.contains("bank_card") && all.contains("mobile"));
        let changes = hub.hub.changes(&hub.main, 0, None, 1000, &scopes).await.unwrap();
        assert!(!serde_json::to_string(&changes).unwrap().contains("bank_card"));
        let lineage = hub.hub.lineage(&hub.main, page.data[0].id, &scopes).await.unwrap();
        assert!(lineage[0].raw.is_none() && !lineage[0].fields.iter().any(|field| field == "id_number"));
        let lineage = hub.hub.lineage(&hub.main, page.data[0].id, &Scopes::all()).await.unwrap();
        assert!(lineage[0].raw.is_some());
    })
    .await;
}
