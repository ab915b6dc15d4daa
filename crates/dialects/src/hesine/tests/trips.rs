//! Trips as things of their own, templates, cost centres.

use http::Method;
use serde_json::{Value, json};

use super::stage::{company, made, named, trip};

const SEARCH: &str = "/v2/extension/TRAVEL/object";

#[tokio::test]
async fn trips_are_found_by_sort_and_show_people_whole() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let all = stage.post(&format!("{SEARCH}/travel/search"), json!({"index": 1, "count": 10})).await;
    assert_eq!(all["count"], 0, "nobody has approved");
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let all = stage.post(&format!("{SEARCH}/travel/search"), json!({"index": 1, "count": 10})).await;
    assert_eq!((&all["count"], all["items"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    let hotel = stage.post(&format!("{SEARCH}/hotel/search"), json!({})).await;
    let one = &hotel["items"][0];
    assert_eq!((&hotel["count"], &one["id"]), (&json!(1), &json!(format!("{flow}-2"))));
    assert_eq!(
        (&one["ownerId"]["id"], &one["E_tongshi0trip_申请人"]["code"]),
        (&json!(named("lin")), &json!("TS-101"))
    );
    let second = stage.post(&format!("{SEARCH}/travel/search"), json!({"index": 2, "count": 1})).await;
    assert_eq!((&second["count"], &second["items"][0]["id"]), (&json!(2), &json!(format!("{flow}-2"))));
    let named = stage.post(&format!("{SEARCH}/travel/search"), json!({"ids": [format!("{flow}-1")]})).await;
    assert_eq!(named["count"], 1);
    for (sort, body) in
        [("ship", json!({})), ("travel", json!({"index": 0})), ("travel", json!({"count": 101}))]
    {
        assert_eq!(stage.refused(Method::POST, &format!("{SEARCH}/{sort}/search"), body).await.0, 400);
    }
}

#[tokio::test]
async fn a_form_made_by_a_template_is_taken() {
    let stage = company();
    let templates = stage.get("/v2/specifications/byTravelTemplate").await["items"].clone();
    let templates = templates.as_array().expect("templates");
    assert_eq!(templates.len(), 6);
    let trips: Vec<Value> = templates
        .iter()
        .map(|template| {
            let mut trip = json!({});
            for component in template["components"].as_array().expect("components") {
                let field = component["field"].as_str().expect("a field");
                trip[field] = component["defaultValue"]["value"].clone();
                for part in component["components"].as_array().into_iter().flatten() {
                    let value = match part["type"].as_str() {
                        Some("city") => json!(json!([{"key": "876", "label": "杭州市"}]).to_string()),
                        Some("long") => json!(1_520_179_200_000_i64),
                        _ => json!("杭州"),
                    };
                    trip[field][part["field"].as_str().expect("a field")] = value;
                }
            }
            trip
        })
        .collect();
    let mut form = trip("六种行程");
    form["u_行程规划"] = trips.into();
    let flow = made(&stage, form, true).await;
    let shown =
        stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["form"]["u_行程规划"].clone();
    let sorts: Vec<&str> = shown
        .as_array()
        .expect("trips")
        .iter()
        .filter_map(|trip| trip["dataLinkTemplateId"].as_str())
        .collect();
    let wanted: Vec<&str> = templates.iter().filter_map(|template| template["entityId"].as_str()).collect();
    assert_eq!(sorts, wanted, "each sort comes back as itself");
}

#[tokio::test]
async fn costs_are_borne_by_what_documents_name_and_by_trips() {
    let stage = company();
    let config = async || stage.get("/v1/travel/costCenter/getCostCenterConfig").await["value"].clone();
    assert_eq!(config().await, json!({"hasDimension": false, "hasBusinessObject": false}));
    let mut form = trip("去杭州");
    form["u_成本中心"] = json!(["CC-7", "CC-1"]);
    let flow = made(&stage, form, true).await;
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    assert_eq!(config().await, json!({"hasDimension": true, "hasBusinessObject": true}));
    let list = async |query: &str| stage.get(&format!("/v1/travel/costCenter/getInstanceData?{query}")).await;
    let centres = list("type=dimension&start=0&count=10").await;
    assert_eq!((&centres["count"], &centres["items"][0]["code"]), (&json!(2), &json!("CC-1")));
    assert_eq!(list("type=dimension&start=0&count=10&keywords=7").await["count"], 1);
    let trips = list("type=businessObject&start=1&count=1").await;
    assert_eq!((&trips["count"], &trips["items"][0]["id"]), (&json!(2), &json!(format!("{flow}-2"))));
    for bad in ["type=made-up&start=0&count=1", "type=dimension&start=0"] {
        let (status, _) =
            stage.ask(Method::GET, &format!("/v1/travel/costCenter/getInstanceData?{bad}"), None).await;
        assert_eq!(status, 400, "{bad}");
    }
}
