//! Trips as things of their own, templates, cost centres.

use http::Method;
use serde_json::{Value, json};

use super::stage::{company, made, named, order, pick, state, trip};

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

#[tokio::test]
async fn trips_and_orders_have_all_their_fields() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let mut row = order("TSO-1", None);
    row["travelInfoId"] = json!(format!("{flow}-1"));
    stage.post("/v1/travel/costCenter/synTravelOrder", json!({"data": [row]})).await;
    assert_eq!(state(&stage, &flow).await, "paid");
    let search = "/v2.1/datalink/TRAVEL_MANAGEMENT/searchOrders";
    let orders = stage.post(search, json!({"entityId": "tongshi0order", "start": 0, "count": 9})).await;
    let link = &orders["items"]["data"][0]["dataLink"];
    assert_eq!(link["visibility"], json!({"fullVisible": false, "staff": [], "department": [], "role": []}));
    assert_eq!(
        pick(link, &["E_tongshi0order_出发车站", "E_tongshi0order_到达车站", "E_tongshi0order_证件信息"]),
        [json!("北京南"), json!("杭州东"), json!("")]
    );
    let trips = stage.post(search, json!({"entityId": "tongshi0trip", "start": 0, "count": 9})).await;
    let trips = &trips["items"]["data"];
    assert_eq!(
        pick(
            &trips[0]["dataLink"],
            &["E_tongshi0trip_订购状态", "E_tongshi0trip_申请单标题", "E_tongshi0trip_原始单据"]
        ),
        [json!("待订购"), json!("去杭州"), json!(flow)]
    );
    assert_eq!(trips[1]["dataLink"].get("E_tongshi0trip_订购状态"), None, "there is an order for it");
    let code = trips[0]["dataLink"]["E_tongshi0trip_code"].as_str().expect("a code").to_owned();
    let by_codes = "/v2.1/datalink/TRAVEL_MANAGEMENT/byDataLinkCodes";
    let one = stage.get(&format!("{by_codes}?entityId=tongshi0trip&codes={code},x")).await["items"].clone();
    assert_eq!(
        pick(&one[0], &["source", "sourceId", "ownerId", "visible", "pipeline", "masterId", "flowCounts"]),
        [json!("FLOW"), json!(flow), json!(named("lin")), json!(true), json!(1), json!(""), json!({})]
    );
    assert_eq!(one[0]["visibility"]["staffs"], json!([named("lin")]));
    let missing = (400, "查询的数据不存在".to_owned());
    for ask in [
        json!({"entityId": "tongshi0order", "codes": [code]}),
        json!({"entityId": "tongshi0trip", "codes": ["x"]}),
        json!({"entityId": "other", "codes": ["TSO-1"]}),
    ] {
        assert_eq!(stage.refused(Method::GET, by_codes, ask).await, missing);
    }
}
