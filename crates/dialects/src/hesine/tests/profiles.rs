//! What is known of people beside their entry, and departments by other ways.

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Coded, Employee, Gender};

use super::stage::{company, id, named};

#[tokio::test]
async fn a_number_is_changed_once_and_never_to_somebody_elses() {
    let stage = company();
    let target = format!("/v1/staffs/${}/code", named("lin"));
    assert_eq!(stage.put(&target, json!({"code": "研-2.1@x_y"})).await["value"]["code"], "研-2.1@x_y");
    let letters = "员工编号只能包含汉字、数字、字母、@、-、_、.";
    for (body, status, text) in [
        (json!({"code": "TS-100"}), 412, "此工号已被姓名为苏样本的员工占用，工号不允许重复，请检查"),
        (json!({"code": ""}), 400, "员工编号code不允许为空"),
        (json!({}), 400, "员工编号code不允许为空"),
        (json!({"code": "a b"}), 400, letters),
        (json!({"code": "a/b"}), 400, letters),
    ] {
        assert_eq!(stage.refused(Method::PUT, &target, body).await, (status, text.to_owned()));
    }
    let bare = stage.ask(Method::PUT, &target, None).await;
    assert_eq!((bare.0, &bare.1["errorMessage"]), (400, &json!("输入存在错误:\n- 缺少Entity")));
    let left = format!("/v1/staffs/${}/code", named("left"));
    let refused = stage.refused(Method::PUT, &left, json!({"code": "TS-9"})).await;
    assert_eq!(refused, (400, "不可操作已离职的员工".to_owned()));
    let unknown = stage.refused(Method::PUT, "/v1/staffs/$nobody/code", json!({"code": "x"})).await;
    assert_eq!(unknown, (400, "没有查到此员工信息".to_owned()));
}

#[tokio::test]
async fn fields_of_the_companys_own_are_those_that_the_record_has() {
    let stage = company();
    let known = stage.get("/v1/staffs/getAllCustomeProperty").await["items"].clone();
    let names: Vec<&str> =
        known.as_array().expect("fields").iter().filter_map(|field| field["name"].as_str()).collect();
    assert_eq!(names, ["rankType", "postType"]);
    let target = "/v1.1/staffs/$TS-101/customFields?type=code";
    let changed = stage.put(target, json!({"rankType": "P6", "postType": "工程师"})).await;
    assert_eq!(changed["value"]["staffCustomForm"], json!({"rankType": "P6", "postType": "工程师"}));
    let partly = stage.put(target, json!({"rankType": null})).await;
    assert_eq!(partly["value"]["staffCustomForm"], json!({"postType": "工程师"}), "what is not said stays");
    for (body, name) in [
        (json!({"postType": "x", "u_爱好": "棋"}), "u_爱好"),
        (json!({"base": []}), "base"),
        (json!({"rankType": 7}), "rankType"),
    ] {
        let refused = stage.refused(Method::PUT, target, body).await;
        assert_eq!(refused, (400, format!("字段{name}不合法，没有找到对应的数据")));
    }
    let base = "[{\"key\":\"8\",\"label\":\"北京市/海淀区\"}]";
    let placed = stage.put(target, json!({"base": base})).await;
    assert_eq!(placed["value"]["staffCustomForm"], json!({"postType": "工程师", "base": base}));
    let unknown = stage.refused(Method::PUT, "/v1.1/staffs/$nobody/customFields", json!({})).await;
    assert_eq!(unknown, (400, "没有查到此员工信息".to_owned()));
    let (_, lin) = stage
        .workforce
        .all::<Employee>()
        .expect("read")
        .into_iter()
        .find(|(found, _)| *found == id("lin"))
        .expect("there");
    assert_eq!(lin.job_title.as_deref(), Some("工程师"), "a refused call changes nothing");
}

#[tokio::test]
async fn whoever_works_here_may_use_it() {
    let stage = company();
    let all = stage.get("/v1/staffs/authorized?start=0&count=100").await;
    assert_eq!((&all["count"], all["items"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    assert_eq!(stage.get("/v1/staffs/authorized?start=5&count=1").await["items"], json!([]));
    assert_eq!(stage.ask(Method::GET, "/v1/staffs/authorized?start=0&count=101", None).await.0, 400);
}

#[tokio::test]
async fn papers_and_accounts_come_out_of_the_record() {
    let stage = company();
    let (_, mut lin) = stage
        .workforce
        .all::<Employee>()
        .expect("read")
        .into_iter()
        .find(|(found, _)| *found == id("lin"))
        .expect("there");
    assert_eq!(stage.get(&format!("/v1.1/staffs/certificate/${}", named("lin"))).await["items"], json!([]));
    lin.id_number = Some("000000199001010000".into());
    lin.gender = Some(Coded::ours(Gender::Female).into());
    lin.bank_name = Some("样例银行".into());
    lin.bank_card = Some("0000000000000000101".into());
    stage.workforce.put(id("lin"), &lin).expect("kept");
    let card = stage.get("/v1.1/staffs/certificate/$TS-101?type=code").await["items"][0].clone();
    assert_eq!(
        (&card["type"], &card["number"], &card["gender"]),
        (&json!("ID_CARD"), &json!("000000199001010000"), &json!("FEMALE"))
    );
    assert_eq!(card["staffId"], named("lin"));
    let unknown = stage.refused(Method::GET, "/v1.1/staffs/certificate/$nobody", json!({})).await;
    assert_eq!(unknown, (412, "未查找到此员工信息".to_owned()));
    let payees = async |query: &str| stage.get(&format!("/v2.1/payeeInfos?start=0&count=10&{query}")).await;
    let found = payees("ids=&names=&cardNos=").await;
    let account = found["items"][0].clone();
    assert_eq!(
        (&found["count"], &account["cardNo"], &account["bank"]),
        (&json!(1), &json!("0000000000000000101"), &json!("样例银行"))
    );
    assert_eq!((&account["owner"], &account["staffId"]), (&json!("INDIVIDUAL"), &json!(named("lin"))));
    let payee = account["id"].as_str().expect("an id");
    for (query, count) in [
        (format!("ids={payee}&names=&cardNos="), 1),
        ("ids=&names=%E6%9E%97%E7%9F%A5%E5%A4%8F,x&cardNos=".to_owned(), 1),
        ("ids=&names=&cardNos=1".to_owned(), 0),
        ("ids=nothing&names=&cardNos=0000000000000000101".to_owned(), 0),
        ("ids=&names=&cardNos=&active=false".to_owned(), 0),
    ] {
        assert_eq!(payees(&query).await["count"], count, "{query}");
    }
    let (status, _) = stage.ask(Method::GET, "/v2.1/payeeInfos?start=0&count=10&ids=", None).await;
    assert_eq!(status, 404, "the three must be there");
}

#[tokio::test]
async fn departments_are_found_by_path_and_none_is_outside() {
    let stage = company();
    let at = async |path: &str| {
        stage.ask(Method::GET, &format!("/v1/departments/getDepartmentByPath?path={path}"), None).await
    };
    assert_eq!(at("%E6%80%BB%E9%83%A8/%E7%A0%94%E5%8F%91%E7%BB%84").await.1["value"]["id"], named("d1"));
    for path in ["%E7%A0%94%E5%8F%91%E7%BB%84", "", "%E6%80%BB%E9%83%A8/x"] {
        assert_eq!(at(path).await.0, 400, "{path}");
    }
    let outside = stage.get("/v1/departments/external/department?start=0&count=10").await;
    assert_eq!(outside, json!({"count": 0, "items": Value::Array(Vec::new())}));
}
