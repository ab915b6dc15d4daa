//! Recognitions and the programme.

use serde_json::{Value, json};
use tongshi_model::{Coded, Instant, Recognition, RecognitionStatus, Visibility, shanghai};

use super::stage::{Stage, company, id};

const LIST: &str = "/api/v1/recognitions";

fn nomination(change: &Value) -> Value {
    let mut body = json!({
        "recipient_id": "TS-101", "award_level": "silver", "company_value": "innovation",
        "message": "Found the fault that nobody else saw.", "points": 500, "visibility": "public",
    });
    for (name, value) in change.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn status_of(stage: &Stage, recognition: &Value) -> Value {
    let path = format!("{LIST}/{}", recognition["id"].as_str().expect("an id"));
    stage.service().await.get(&path).await.1
}

#[tokio::test]
async fn what_needs_nobody_is_approved_and_then_delivered_with_its_points() {
    let stage = company();
    let service = stage.service().await;
    let (status, made) = service.post(LIST, nomination(&json!({"nominator_id": "TS-102"}))).await;
    assert_eq!((status, &made["status"]), (201, &json!("approved")));
    let shown = status_of(&stage, &made).await;
    assert_eq!((&shown["status"], &shown["points"]), (&json!("delivered"), &json!(500)));
    assert_eq!(
        (&shown["nominator"]["name"], &shown["recipient"]["name"]),
        (&json!("魏样本"), &json!("林知夏"))
    );
    assert_eq!(stage.points_of("lin"), 1700);
}

#[tokio::test]
async fn what_needs_approval_waits_and_goes_either_way() {
    let stage = company();
    let service = stage.service().await;
    let gold = nomination(&json!({"award_level": "Gold", "points": null}));
    let decide = async |made: &Value, decision: &str| {
        let path = format!("{LIST}/{}/{decision}", made["id"].as_str().expect("an id"));
        service.post(&path, json!({"reason": "it is so"})).await
    };
    let (_, first) = service.post(LIST, gold.clone()).await;
    assert_eq!(first["status"], "pending_approval");
    assert_eq!(stage.points_of("lin"), 1200);
    assert_eq!(decide(&first, "approve").await.1["status"], "delivered");
    assert_eq!(stage.points_of("lin"), 2200);
    let (status, answer) = decide(&first, "approve").await;
    assert_eq!((status, &answer["error"]), (422, &json!("invalid_state")));
    let (_, second) = service.post(LIST, gold).await;
    let (_, declined) = decide(&second, "decline").await;
    assert_eq!((&declined["status"], &declined["reason"]), (&json!("declined"), &json!("it is so")));
    assert_eq!(decide(&first, "revoke").await.1["status"], "revoked");
    assert_eq!(stage.points_of("lin"), 1200);
    assert_eq!(decide(&first, "explode").await.0, 404);
    assert_eq!(decide(&json!({"id": "made-up"}), "approve").await.0, 404);
}

#[tokio::test]
async fn a_recognition_whose_points_are_spent_is_not_taken_back() {
    let stage = company();
    let service = stage.service().await;
    let (_, made) = service.post(LIST, nomination(&json!({"recipient_id": "TS-103"}))).await;
    let spend = json!({"employee_id": "TS-103", "item_id": id("card-cn")});
    assert_eq!(service.post("/api/v1/rewards/redeem", spend).await.0, 201);
    let path = format!("{LIST}/{}/revoke", made["id"].as_str().expect("an id"));
    assert_eq!(service.post(&path, json!({})).await.1["error"], "insufficient_points");
    assert_eq!(status_of(&stage, &made).await["status"], "delivered");
    assert_eq!(stage.points_of("shen"), 200);
}

#[tokio::test]
async fn each_refusal_of_a_nomination_has_its_status_and_field() {
    let stage = company();
    let service = stage.service().await;
    let (status, answer) = service.post(LIST, json!({"award_level": "silver"})).await;
    assert_eq!(status, 422);
    assert_eq!(
        (&answer["details"][0]["field"], &answer["details"][1]["field"]),
        (&json!("recipient_id"), &json!("message"))
    );
    for (change, status, field) in [
        (json!({"award_level": "diamond"}), 422, "award_level"),
        (json!({"company_value": "speed"}), 422, "company_value"),
        (json!({"visibility": "secret"}), 422, "visibility"),
        (json!({"points": 499}), 422, "points"),
        (json!({"points": -500}), 422, "points"),
        (json!({"message": "x".repeat(2001)}), 422, "message"),
        (json!({"recipient_id": "emp-12345"}), 404, "recipient_id"),
        (json!({"recipient_id": "TS-104"}), 404, "recipient_id"),
        (json!({"nominator_id": "TS-104"}), 404, "nominator_id"),
        (json!({"nominator_id": "TS-101"}), 422, "recipient_id"),
    ] {
        let (found, answer) = service.post(LIST, nomination(&change)).await;
        assert_eq!((found, &answer["details"][0]["field"]), (status, &json!(field)), "{change}");
    }
    assert_eq!(service.post(LIST, json!([])).await.0, 400);
    assert_eq!(stage.workforce.all::<Recognition>().expect("none").len(), 0);
}

#[tokio::test]
async fn nobody_gives_away_more_than_the_budget() {
    let stage = company();
    let service = stage.service().await;
    let mut programme = service.get("/api/v1/programme").await.1;
    programme["budget"] = json!({"points": 1000, "period": "month"});
    assert_eq!(service.put("/api/v1/programme", programme.clone()).await.0, 200);
    let give =
        async |nominator: &str| service.post(LIST, nomination(&json!({"nominator_id": nominator}))).await;
    assert_eq!((give("TS-102").await.0, give("TS-102").await.0), (201, 201));
    let (status, answer) = give("TS-102").await;
    assert_eq!((status, &answer["error"]), (403, &json!("budget_exceeded")));
    assert_eq!(give("TS-103").await.0, 201, "another has their own");
    stage.clock.advance_seconds(31 * 86_400);
    assert_eq!(stage.service().await.post(LIST, nomination(&json!({"nominator_id": "TS-102"}))).await.0, 201);
    // What is declined goes back.
    programme["levels"][1]["approval"] = json!(true);
    let service = stage.service().await;
    assert_eq!(service.put("/api/v1/programme", programme).await.0, 200);
    let body = nomination(&json!({"nominator_id": "TS-100"}));
    for _ in 0..3 {
        let (status, made) = service.post(LIST, body.clone()).await;
        assert_eq!((status, &made["status"]), (201, &json!("pending_approval")));
        let path = format!("{LIST}/{}/decline", made["id"].as_str().expect("an id"));
        assert_eq!(service.post(&path, json!({})).await.0, 200);
    }
}

#[tokio::test]
async fn a_programme_is_checked_and_for_administrators() {
    let stage = company();
    let service = stage.service().await;
    let (_, good) = service.get("/api/v1/programme").await;
    assert_eq!(good["levels"][1], json!({"name": "silver", "points": 500, "approval": false}));
    for (field, value) in [
        ("levels", json!([])),
        ("levels", json!([{"name": "a", "points": 1}, {"name": "A", "points": 2}])),
        ("levels", json!([{"name": "a", "points": 2_000_000}])),
        ("visibilities", json!([])),
        ("budget", json!({"points": 1, "period": "week"})),
        ("bonus", json!(1)),
    ] {
        let mut wrong = good.clone();
        wrong[field] = value;
        assert_eq!(service.put("/api/v1/programme", wrong).await.0, 422, "{field}");
    }
    assert_eq!(stage.person("lin").put("/api/v1/programme", good).await.0, 403);
}

#[tokio::test]
async fn lists_are_sorted_cut_and_filtered() {
    let stage = company();
    for (name, day, status) in
        [("a", "2026-01-03", "delivered"), ("b", "2026-01-01", "delivered"), ("c", "2026-01-02", "declined")]
    {
        stage.workforce.put(id(name), &recognition("lin", "wei", "public", day, status)).expect("kept");
    }
    let service = stage.service().await;
    let list = async |query: &str| {
        let (status, page) = service.get(&format!("{LIST}?{query}")).await;
        assert_eq!(status, 200, "{query}: {page}");
        let ids = page["data"].as_array().expect("rows").iter().map(|row| row["id"].clone());
        (ids.collect::<Vec<_>>(), page["total"].clone())
    };
    let ids = |names: &[&str]| names.iter().map(|name| json!(id(name))).collect::<Vec<_>>();
    assert_eq!(list("limit=10&sort=-created_at").await, (ids(&["a", "c", "b"]), json!(3)));
    assert_eq!(list("").await.0, ids(&["a", "c", "b"]));
    assert_eq!(list("sort=created_at&limit=1&offset=1").await, (ids(&["c"]), json!(3)));
    assert_eq!(list("status=declined").await, (ids(&["c"]), json!(1)));
    assert_eq!(list("recipient_id=TS-101").await.1, json!(3));
    assert_eq!(list("recipient_id=TS-102").await.1, json!(0));
    assert_eq!(list("recipient_id=nobody").await.1, json!(0));
    assert_eq!(service.get(&format!("{LIST}?sort=points")).await.0, 422);
}

fn recognition(receiver: &str, giver: &str, visible: &str, day: &str, status: &str) -> Recognition {
    let status = RecognitionStatus::ALL.iter().copied().find(|known| known.name() == status).expect("a word");
    let visibility = Visibility::ALL.iter().copied().find(|known| known.name() == visible).expect("a word");
    Recognition {
        giver: Some(id(giver)),
        giver_name: None,
        receiver: id(receiver),
        level: "silver".to_owned(),
        value: None,
        title: None,
        message: "thanks".into(),
        points: 500,
        visibility: Coded::ours(visibility),
        status: Coded::ours(status),
        nominated_at: Some(Instant::parse(&format!("{day} 10:00"), shanghai()).expect("a time")),
        decided_at: None,
        decided_by: None,
        delivered_at: None,
        reason: None,
        approval: None,
    }
}

#[tokio::test]
async fn people_see_what_is_public_their_teams_and_their_own() {
    let stage = company();
    for (name, receiver, giver, visible) in [
        ("public", "wei", "boss", "public"),
        ("team", "wei", "boss", "team"),
        ("theirs", "shen", "left", "team"),
        ("private", "wei", "boss", "private"),
        ("mine", "lin", "boss", "private"),
        ("given", "wei", "lin", "private"),
    ] {
        let entry = recognition(receiver, giver, visible, "2026-01-01", "delivered");
        stage.workforce.put(id(name), &entry).expect("kept");
    }
    let lin = stage.person("lin");
    let (_, page) = lin.get(&format!("{LIST}?sort=created_at")).await;
    let seen: Vec<Value> =
        page["data"].as_array().expect("rows").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(seen, ["public", "team", "mine", "given"].map(|name| json!(id(name))));
    let (_, page) = lin.get(&format!("{LIST}?sort=created_at&limit=1&offset=2")).await;
    assert_eq!(page["data"][0]["id"], json!(id("mine")));
    assert_eq!(lin.get(&format!("{LIST}/{}", id("private"))).await.0, 404);
    assert_eq!(lin.get(&format!("{LIST}/{}", id("given"))).await.0, 200);
    assert_eq!(stage.service().await.get(&format!("{LIST}/{}", id("private"))).await.0, 200);
}

#[tokio::test]
async fn people_nominate_in_their_own_name_and_managers_decide() {
    let stage = company();
    let gold = nomination(&json!({"award_level": "gold", "points": 1000}));
    let wei = stage.person("wei");
    assert_eq!(wei.post(LIST, nomination(&json!({"nominator_id": "TS-103"}))).await.0, 403);
    let (_, made) = wei.post(LIST, gold.clone()).await;
    assert_eq!(status_of(&stage, &made).await["nominator"]["id"], json!(id("wei")));
    let approve = format!("{LIST}/{}/approve", made["id"].as_str().expect("an id"));
    for nobody in ["wei", "lin", "shen"] {
        assert_eq!(stage.person(nobody).post(&approve, json!({})).await.0, 403, "{nobody}");
    }
    let (status, shown) = stage.person("boss").post(&approve, json!({})).await;
    assert_eq!((status, &shown["decided_by"]), (200, &json!(id("boss"))));
    // The manager's own nomination is another's affair.
    let (_, made) = stage.person("boss").post(LIST, gold).await;
    let approve = format!("{LIST}/{}/approve", made["id"].as_str().expect("an id"));
    assert_eq!(stage.person("boss").post(&approve, json!({})).await.0, 403);
}

#[tokio::test]
async fn a_key_makes_twice_into_once() {
    let stage = company();
    let service = stage.service().await;
    let (status, first) = service.once("k-1", LIST, nomination(&json!({}))).await;
    let (again, second) = service.once("k-1", LIST, nomination(&json!({}))).await;
    assert_eq!((status, again, &first), (201, 201, &second));
    let (status, answer) = service.once("k-1", LIST, nomination(&json!({"recipient_id": "TS-102"}))).await;
    assert_eq!((status, &answer["error"]), (422, &json!("idempotency_key_reused")));
    assert_eq!(stage.workforce.all::<Recognition>().expect("one").len(), 1);
    assert_eq!(stage.points_of("lin"), 1700);
}
