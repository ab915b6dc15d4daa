//! Family B as other programs call it.

use serde_json::{Value, json};

use super::stage::{OPENID, company, id, punch};
use tongshi_dialect::Workforce as _;

const AT: &str = "20180301100000";

/// The data of an answer: a text that holds JSON.
fn data(answer: &Value) -> Value {
    assert_eq!(answer["return_code"], "0", "{answer}");
    assert_eq!(answer["msg_id"], "m-1");
    serde_json::from_str(answer["response_data"].as_str().expect("a text")).expect("JSON in it")
}

#[tokio::test]
async fn people_are_found_by_any_condition() {
    let stage = company();
    let rows =
        async |body: Value| data(&stage.open("employee/v2/queryEmployee", &body.to_string(), AT).await);
    assert_eq!(rows(json!({})).await.as_array().map(Vec::len), Some(3));
    let working = rows(json!({"emp_status": "1"})).await;
    assert_eq!(working.as_array().map(Vec::len), Some(2));
    assert_eq!((&working[0]["emp_id"], &working[0]["emp_is_org_learder"]), (&json!("TS-101"), &json!("1")));
    assert_eq!(rows(json!({"emp_code": "TS-102"})).await[0]["emp_status"], "0");
    assert_eq!(rows(json!({"id": id("lin").to_string()})).await[0]["emp_name"], "林知夏");
    assert_eq!(rows(json!({"id": "nobody"})).await, json!([]));
    assert_eq!(rows(json!({"modify_date": "2099-01-01"})).await, json!([]));
    let bad = stage.open("employee/v2/queryEmployee", r#"{"emp_status":"7"}"#, AT).await;
    assert_eq!((&bad["return_code"], &bad["msg_id"]), (&json!("40001"), &json!("m-1")));
}

#[tokio::test]
async fn units_days_and_tracks() {
    let stage = company();
    stage
        .workforce
        .record_punches(vec![punch("2018-02-28 09:01"), punch("2018-02-28 18:02")])
        .await
        .expect("kept");
    let units = data(&stage.open("organization/v1/queryOrganization", r#"{"org_status":"1"}"#, AT).await);
    assert_eq!((&units[0]["org_parent_id"], &units[1]["org_name"]), (&json!(""), &json!("研发组")));
    let ask = r#"{"empSourceCode":"TS-101","startDate":"2018-02-01","endDate":"2018-03-01"}"#;
    let days = data(&stage.open("attDetail/v1/getAttUserDetail", ask, AT).await);
    assert_eq!(days["maxFrequnce"], 1);
    assert_eq!(days["data"][0]["firstOnRqTime"], "2018-02-28 09:01:00");
    assert_eq!(days["data"][0]["firstOffRqTime"], "2018-02-28 18:02:00");
    let ask = r#"{"date_start":"2018-02-01","date_end":"2018-03-01","page_size":1000}"#;
    let tracks = data(&stage.open("waiqinTrack/v1/queryEmpTrackTime", ask, AT).await);
    assert_eq!(
        (&tracks[0]["submitTime"], &tracks[0]["location"]),
        (&json!("2018-02-28 10:30"), &json!("客户处"))
    );
    let wide = stage.open(
        "attDetail/v1/getAttUserDetail",
        r#"{"startDate":"2001-01-01","endDate":"2018-03-01"}"#,
        AT,
    );
    assert_eq!(wide.await["return_code"], "40001");
    let none = stage.open("waiqinTrack/v1/queryEmpTrackTime", "{}", AT).await;
    assert_eq!(none["return_code"], "40001");
}

#[tokio::test]
async fn whoever_cannot_prove_it_gets_a_number_and_no_data() {
    let stage = company();
    let operation = "employee/v2/queryEmployee";
    assert_eq!(stage.open(operation, "{}", "20180301094959").await["return_code"], "40102", "too old");
    assert_eq!(stage.open(operation, "{}", "2018030110000").await["return_code"], "40102", "malformed");
    let zeros = "0".repeat(32);
    assert_eq!(stage.open_with(operation, "{}", OPENID, AT, &zeros).await["return_code"], "40101");
    assert_eq!(stage.open_with(operation, "{}", "1", AT, &zeros).await["return_code"], "40103");
    assert_eq!(stage.open(operation, "[]", AT).await["return_code"], "40001", "no object");
    assert_eq!(stage.open("store/v1/queryStore", "{}", AT).await["tongshi"], "not_implemented");
}
