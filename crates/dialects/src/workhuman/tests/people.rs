//! People and the feed that keeps them in step.

use serde_json::{Value, json};
use tongshi_model::{Employee, EmploymentStatus};

use super::stage::{company, id};

#[tokio::test]
async fn people_come_in_pages_and_by_number() {
    let stage = company();
    let service = stage.service().await;
    let (status, page) = service.get("/api/v1/users?limit=2&offset=1").await;
    assert_eq!((status, &page["total"], &page["offset"]), (200, &json!(5), &json!(1)));
    let names: Vec<&Value> =
        page["data"].as_array().expect("rows").iter().map(|row| &row["displayName"]).collect();
    assert_eq!(names, ["林知夏", "魏样本"]);
    assert_eq!(page["data"][0]["manager_id"], id("boss").to_string());
    let (_, page) = service.get("/api/v1/users?employee_number=TS-103").await;
    assert_eq!((&page["total"], &page["data"][0]["department"]), (&json!(1), &json!("销售组")));
    let (_, page) = service.get("/api/v1/users?status=inactive").await;
    assert_eq!((&page["total"], &page["data"][0]["status"]), (&json!(1), &json!("inactive")));
    assert_eq!(service.get("/api/v1/users/TS-101").await.1["id"], id("lin").to_string());
    assert_eq!(service.get("/api/v1/users/TS-999").await.0, 404);
    for wrong in ["limit=0", "limit=101", "limit=x", "offset=-1", "offset=99999999999", "status=gone"] {
        let (status, answer) = service.get(&format!("/api/v1/users?{wrong}")).await;
        let field = wrong.split('=').next().expect("a name");
        assert_eq!((status, &answer["details"][0]["field"]), (422, &json!(field)));
    }
    assert_eq!(service.get("/api/v1/users?limit=1&limit=2").await.0, 400);
    let (status, answer) = service.get("/api/v1/goals").await;
    assert_eq!((status, &answer["tongshi"]), (501, &json!("not_implemented")));
}

#[tokio::test]
async fn the_feed_makes_changes_and_leaves_alone() {
    let stage = company();
    let service = stage.service().await;
    let users = json!({"users": [
        {"employee_number": "TS-101", "displayName": "林知夏", "job_title": "Architect"},
        {"employee_number": "TS-102", "displayName": "魏样本"},
        {"employee_number": "TS-200", "displayName": "New Sample", "hire_date": "2026-03-01"},
        {"employee_number": "TS-103", "status": "inactive"},
        {"displayName": "Nobody"},
        {"employee_number": "TS-201"},
        {"employee_number": "TS-101", "displayName": "twice"},
        {"employee_number": "TS-104", "hire_date": "yesterday"},
    ]});
    let (status, answer) = service.post("/api/v1/users/feed", users.clone()).await;
    assert_eq!(status, 200);
    let results: Vec<&str> =
        answer["results"].as_array().expect("rows").iter().filter_map(|row| row["result"].as_str()).collect();
    assert_eq!(
        results,
        ["updated", "unchanged", "created", "updated", "refused", "refused", "refused", "refused"]
    );
    let all = stage.workforce.all::<Employee>().expect("people");
    let of = |number: &str| {
        all.iter().find(|(_, found)| found.employee_no.as_deref() == Some(number)).expect("somebody")
    };
    assert_eq!(of("TS-101").1.job_title.as_deref(), Some("Architect"));
    assert!(of("TS-101").1.mobile.is_some(), "what a row does not name stays");
    assert_eq!(of("TS-103").1.status, Some(EmploymentStatus::Ended));
    assert_eq!(answer["results"][2]["id"], of("TS-200").0.to_string());
    let (_, again) = service.post("/api/v1/users/feed", users).await;
    assert_eq!(
        (&again["results"][0]["result"], &again["results"][2]["result"]),
        (&json!("unchanged"), &json!("unchanged"))
    );
    assert_eq!(stage.workforce.all::<Employee>().expect("people").len(), 6);
    assert_eq!(service.post("/api/v1/users/feed", json!({"users": []})).await.0, 422);
    assert_eq!(stage.person("lin").post("/api/v1/users/feed", json!({"users": []})).await.0, 403);
}
