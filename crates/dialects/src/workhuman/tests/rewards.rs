//! The catalogue, and what is taken from it.

use serde_json::{Value, json};
use tongshi_model::Redemption;

use super::stage::{company, id};

const REDEEM: &str = "/api/v1/rewards/redeem";
const TAKEN: &str = "/api/v1/rewards/redemptions";

#[tokio::test]
async fn the_catalogue_is_filtered_and_wrapped_in_items() {
    let stage = company();
    let service = stage.service().await;
    let names = async |query: &str| {
        let (status, page) = service.get(&format!("/api/v1/rewards/catalog{query}")).await;
        assert_eq!(status, 200);
        let rows = page["items"].as_array().expect("rows").iter();
        rows.map(|row| row["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await.len(), 4);
    assert_eq!(names("?category=gift_cards&country=US").await, ["Gift card 25"]);
    assert_eq!(names("?category=gift_cards&country=cn").await, ["礼品卡 50"]);
    assert_eq!(names("?country=FR").await, [""; 0]);
    assert_eq!(names("?limit=1&offset=1").await, ["Mug"]);
}

#[tokio::test]
async fn points_and_pieces_go_and_come_back() {
    let stage = company();
    let service = stage.service().await;
    let take = async |item: &str, quantity: u32| {
        service
            .post(REDEEM, json!({"employee_id": "TS-101", "item_id": id(item), "quantity": quantity}))
            .await
    };
    let balance = async || service.get("/api/v1/users/TS-101/points").await.1["points"].clone();
    let left = async || {
        service.get("/api/v1/rewards/catalog?category=merchandise").await.1["items"][0]["stock"].clone()
    };
    assert_eq!(balance().await, 1200);
    let (status, first) = take("mug", 2).await;
    assert_eq!((status, &first["points"], &first["status"]), (201, &json!(200), &json!("requested")));
    assert_eq!((balance().await, left().await), (json!(1000), json!(0)));
    assert_eq!(take("mug", 1).await.1["error"], "out_of_stock");
    assert_eq!(take("card", 3).await.1["error"], "insufficient_points");
    assert_eq!(take("card", 2).await.0, 201);
    assert_eq!(take("card-cn", 1).await.1["error"], "insufficient_points");
    let of =
        |made: &Value, decision: &str| format!("{TAKEN}/{}/{decision}", made["id"].as_str().expect("an id"));
    let (_, cancelled) = service.post(&of(&first, "cancel"), json!({})).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!((balance().await, left().await), (json!(200), json!(2)));
    assert_eq!(service.post(&of(&first, "cancel"), json!({})).await.1["error"], "invalid_state");
    let (_, again) = take("mug", 1).await;
    assert_eq!(service.post(&of(&again, "deliver"), json!({})).await.1["status"], "delivered");
    assert_eq!(service.post(&of(&again, "cancel"), json!({})).await.0, 422, "what was handed over stays");
    let (_, entries) = service.get("/api/v1/points/entries?employee_id=TS-101").await;
    let sums: Vec<&Value> =
        entries["data"].as_array().expect("rows").iter().map(|row| &row["amount"]).collect();
    assert_eq!(sums, [1200, -200, -1000, 200, -100]);
    assert_eq!(entries["data"][1]["source_type"], "redemption");
    assert_eq!(entries["data"][4]["balance_after"], 100);
}

#[tokio::test]
async fn each_refusal_of_a_redemption_has_its_status() {
    let stage = company();
    let service = stage.service().await;
    let ask = |change: Value| {
        let mut body = json!({"employee_id": "TS-101", "item_id": id("card"), "quantity": 1});
        for (name, value) in change.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    for (change, status) in [
        (json!({"item_id": null}), 422),
        (json!({"employee_id": null}), 422),
        (json!({"item_id": "made-up"}), 404),
        (json!({"item_id": id("lin")}), 404),
        (json!({"employee_id": "TS-999"}), 404),
        (json!({"employee_id": "TS-104"}), 404),
        (json!({"quantity": 0}), 422),
        (json!({"quantity": 1.5}), 422),
        (json!({"quantity": -1}), 422),
        (json!({"quantity": 101}), 422),
        (json!({"item_id": id("old")}), 422),
        (json!({"employee_id": "TS-102"}), 422),
    ] {
        assert_eq!(service.post(REDEEM, ask(change.clone())).await.0, status, "{change}");
    }
    assert_eq!(service.get(&format!("{TAKEN}/{}", id("card"))).await.0, 404);
    assert_eq!(stage.workforce.all::<Redemption>().expect("none").len(), 0);
}

#[tokio::test]
async fn people_spend_and_see_their_own() {
    let stage = company();
    let lin = stage.person("lin");
    let (status, made) = lin.post(REDEEM, json!({"item_id": id("mug")})).await;
    assert_eq!((status, &made["employee_id"]), (201, &json!(id("lin"))));
    assert_eq!(lin.post(REDEEM, json!({"item_id": id("mug"), "employee_id": "TS-102"})).await.0, 403);
    assert_eq!(lin.get("/api/v1/users/me/points").await.1["points"], 1100);
    assert_eq!(lin.get("/api/v1/users/TS-102/points").await.0, 403);
    assert_eq!(lin.get("/api/v1/points/entries").await.1["total"], 2);
    assert_eq!(lin.get(TAKEN).await.1["total"], 1);
    let path = format!("{TAKEN}/{}", made["id"].as_str().expect("an id"));
    assert_eq!(stage.person("wei").get(&path).await.0, 404);
    assert_eq!(stage.person("wei").get(&format!("{TAKEN}?employee_id=TS-101")).await.0, 403);
    assert_eq!(lin.post(&format!("{path}/cancel"), json!({})).await.0, 403);
}

#[tokio::test]
async fn a_key_spends_once() {
    let stage = company();
    let service = stage.service().await;
    let body = json!({"employee_id": "TS-101", "item_id": id("card")});
    let (first, second) =
        (service.once("k-1", REDEEM, body.clone()).await, service.once("k-1", REDEEM, body).await);
    assert_eq!(first, second);
    assert_eq!(stage.points_of("lin"), 700);
}
