//! Accounts that money is paid to and from.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Employee, ExpenseClaim, PaymentAccount, PaymentAccountType};

use super::stage::{CORP, Stage, claim, company, id, made, named, with};

/// A bank account of Lin's, at a branch that is named.
fn card(number: &str) -> Value {
    json!({
        "sort": "BANK", "type": "PERSONAL", "owner": "INDIVIDUAL", "staffId": named("lin"), "name": "林知夏",
        "cardNo": number, "bank": "样例银行", "branch": "样例银行杭州分行", "bankLinkNo": "000331000001",
        "province": "浙江省", "city": "杭州市", "certificateType": "01", "certificateNo": "000000199001010000",
        "remark": "工资卡", "customFields": {"u_原因": "报销"},
        "visibility": {"fullVisible": false, "roles": ["leader"], "staffs": [named("su")],
            "departments": [named("d1")], "departmentsIncludeChildren": false},
    })
}

async fn listed(stage: &Stage, query: &str) -> Value {
    stage.get(&format!("/v2.1/payeeInfos?start=0&count=100&{query}")).await
}

async fn add(stage: &Stage, draft: Value) -> String {
    let made = stage.post("/v2.1/payeeInfos", draft).await;
    assert_eq!(made.as_object().map(serde_json::Map::len), Some(1), "an id and no envelope: {made}");
    made["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn an_account_is_kept_as_it_came_and_listed() {
    let stage = company();
    let account = add(&stage, card("0000101")).await;
    let all = listed(&stage, "ids=&names=&cardNos=").await;
    assert_eq!(all["count"], 1);
    let shown = &all["items"][0];
    for (field, value) in [
        ("id", json!(account)),
        ("sort", json!("BANK")),
        ("type", json!("个人账户")),
        ("owner", json!("INDIVIDUAL")),
        ("staffId", json!(named("lin"))),
        ("cardNo", json!("0000101")),
        ("bankLinkNo", json!("000331000001")),
        ("branch", json!("样例银行杭州分行")),
        ("certificateNo", json!("000000199001010000")),
        ("swiftCode", json!("")),
        ("active", json!(true)),
        ("operatorId", json!("API")),
        ("customFields", json!({"u_原因": "报销"})),
        (
            "visibility",
            json!({"fullVisible": false, "roles": ["leader"], "staffs": [named("su")],
                "departments": [named("d1")], "departmentsIncludeChildren": false}),
        ),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    for (query, count) in [
        (format!("ids={account}&names=&cardNos="), 1),
        ("ids=&names=%E6%9E%97%E7%9F%A5%E5%A4%8F&cardNos=".to_owned(), 1),
        ("ids=&names=&cardNos=0000101,9".to_owned(), 1),
        ("ids=&names=&cardNos=9".to_owned(), 0),
        ("ids=nothing&names=&cardNos=0000101".to_owned(), 0),
        ("ids=&names=&cardNos=&active=true".to_owned(), 1),
        ("ids=&names=&cardNos=&active=".to_owned(), 0),
        ("ids=&names=&cardNos=&endDate=2018-01-01%2000:00:00".to_owned(), 0),
    ] {
        assert_eq!(listed(&stage, &query).await["count"], count, "{query}");
    }
    let (_, kept) = stage.workforce.all::<PaymentAccount>().expect("read").pop().expect("one");
    assert!(kept.receives && !kept.pays && !kept.corporate && kept.owner == Some(id("lin")));
}

#[tokio::test]
async fn what_an_account_lacks_is_refused_by_name() {
    let stage = company();
    add(&stage, card("0000101")).await;
    let refused = async |draft: Value| stage.refused(Method::POST, "/v2.1/payeeInfos", draft).await;
    let without = |field: &str| {
        let mut draft = card("0000102");
        draft.as_object_mut().expect("fields").remove(field);
        draft
    };
    for (draft, text) in [
        (card("0000101"), "该账户已存在，无法创建"),
        (without("staffId"), "缺少staffId参数"),
        (without("branch"), "缺少开户行网点参数"),
        (
            with(card("0000102"), json!({"branch": "1", "bankLinkNo": "9"})),
            "开行网点不存在, 请联系管理员补充!",
        ),
        (with(card("0000102"), json!({"certificateType": "77"})), "证件类型输入有误"),
        (with(card("0000102"), json!({"type": "PUBLIC", "certificateType": "01"})), "证件类型输入有误"),
        (without("cardNo"), "缺少cardNo参数"),
        (without("name"), "缺少name参数"),
        (with(card("0000102"), json!({"sort": "OVERSEABANK"})), "缺少swiftCode参数"),
    ] {
        assert_eq!(refused(draft.clone()).await, (400, text.to_owned()), "{draft}");
    }
    for draft in [
        without("type"),
        without("owner"),
        with(card("0000102"), json!({"sort": "CASH"})),
        with(card("0000102"), json!({"sort": "CHECK"})),
        with(card("0000102"), json!({"staffId": "nobody"})),
        with(card("0000102"), json!({"customFields": {"u_x": 7}})),
    ] {
        assert_eq!(refused(draft.clone()).await.0, 400, "{draft}");
    }
    assert_eq!(listed(&stage, "ids=&names=&cardNos=").await["count"], 1, "nothing refused is kept");
}

#[tokio::test]
async fn a_branch_is_known_by_its_number_once_somebody_has_named_it() {
    let stage = company();
    add(&stage, card("0000101")).await;
    let mut by_number = with(card("0000102"), json!({"branch": "1"}));
    for field in ["bank", "province", "city"] {
        by_number.as_object_mut().expect("fields").remove(field);
    }
    add(&stage, by_number).await;
    let found = listed(&stage, "ids=&names=&cardNos=0000102").await["items"][0].clone();
    assert_eq!(
        [&found["branch"], &found["bank"], &found["province"], &found["city"]],
        ["样例银行杭州分行", "样例银行", "浙江省", "杭州市"]
    );
}

#[tokio::test]
async fn of_many_the_good_are_kept_and_the_others_named() {
    let stage = company();
    let alipay = json!({"sort": "ALIPAY", "type": "PERSONAL", "owner": "CORPORATION", "name": "样例店", "cardNo": "a1"});
    let many = json!({"payeeInfoList": [card("0000101"), alipay]});
    let made = stage.post("/v2.1/payeeInfos/batch/create", many.clone()).await["items"].clone();
    assert_eq!((&made[0]["cardNo"], &made[1]["sort"]), (&json!("0000101"), &json!("ALIPAY")));
    assert!(
        made[0].get("bank").is_none() && made[0]["id"].is_string(),
        "as the vendor shows new ones: {made}"
    );
    let mixed = json!({"payeeInfoList": [card("0000101"), card("0000102"), with(card("0000103"), json!({"type": ""}))]});
    let (status, text) = stage.refused(Method::POST, "/v2.1/payeeInfos/batch/create", mixed).await;
    assert_eq!(status, 400);
    assert!(
        text.contains("第1条:该账户已存在，无法创建") && text.contains("第3条") && !text.contains("第2条"),
        "{text}"
    );
    assert_eq!(listed(&stage, "ids=&names=&cardNos=").await["count"], 3);
    let bound = "批量新增收款账号列表大小必须为1-100之间";
    for many in [json!({"payeeInfoList": []}), json!({"payeeInfoList": vec![card("1"); 101]})] {
        let refused = stage.refused(Method::POST, "/v2.1/payeeInfos/batch/create", many).await;
        assert_eq!(refused, (400, bound.to_owned()));
    }
    let shop = listed(&stage, "ids=&names=&cardNos=a1").await["items"][0].clone();
    assert_eq!(
        (&shop["bank"], &shop["owner"], &shop["staffId"]),
        (&json!("支付宝"), &json!("CORPORATION"), &json!(""))
    );
    assert_eq!(shop["visibility"]["fullVisible"], false, "nobody was told of it");
}

#[tokio::test]
async fn an_account_is_said_anew_and_switched() {
    let stage = company();
    let account = add(&stage, card("0000101")).await;
    let other = add(&stage, card("0000102")).await;
    let target = format!("/v2.1/payeeInfos/${account}");
    let abroad = json!({
        "sort": "OVERSEABANK", "type": "PUBLIC", "owner": "CORPORATION", "name": "Sample Ltd", "cardNo": "77",
        "bankName": "Sample Bank", "swiftCode": "SAMPXX22", "nationCode": "840", "bankCode": "8", "branchCode": "7",
    });
    let changed = stage.put(&target, abroad).await["value"].clone();
    for (field, value) in [
        ("id", json!(account)),
        ("type", json!("PUBLIC")),
        ("owner", json!("CORPORATION")),
        ("bank", json!("海外")),
        ("bankName", json!("Sample Bank")),
        ("nationCode", json!("840")),
        ("routingNumber", Value::Null),
        ("bankLinkNo", Value::Null),
        ("branch", json!("")),
        ("corporationId", json!(CORP)),
        ("version", json!(2)),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    let deeds: Vec<&Value> =
        changed["logs"].as_array().expect("a log").iter().map(|log| &log["action"]).collect();
    assert_eq!(deeds, ["CREATE", "EDIT"]);
    let refused = async |target: &str, draft: Value| stage.refused(Method::PUT, target, draft).await;
    assert_eq!(
        refused(
            &format!("/v2.1/payeeInfos/${other}"),
            with(card("0000103"), json!({"staffId": named("su")}))
        )
        .await
        .0,
        400
    );
    assert_eq!(refused("/v2.1/payeeInfos/$nothing", card("1")).await, (412, "账户信息未找到".to_owned()));
    // A name and a number that are free again are no obstacle, and lead to another account.
    let again = add(&stage, card("0000101")).await;
    assert_ne!(again, account);
    assert_eq!(
        refused(&format!("/v2.1/payeeInfos/${other}"), card("0000101")).await,
        (400, "该账户已存在，无法创建".to_owned())
    );
    let switch = format!("/v2/payeeInfos/${account}/disableOrEnableAccount");
    let off = stage.put(&format!("{switch}?active=false"), Value::Null).await["value"].clone();
    assert_eq!((&off["active"], &off["bankName"]), (&json!(false), &json!("Sample Bank")));
    assert_eq!(listed(&stage, &format!("ids={account}&names=&cardNos=&active=false")).await["count"], 1);
    let (status, text) = stage.refused(Method::PUT, &switch, Value::Null).await;
    assert!(status == 400 && text.contains("开启或是停用参数不能为空"), "{text}");
    let on = stage.put(&format!("{switch}?active=true"), Value::Null).await;
    assert_eq!(on["value"]["active"], true);
}

#[tokio::test]
async fn a_hundred_who_add_the_same_account_add_one() {
    let stage = Arc::new(company());
    let mut adds = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let stage = Arc::clone(&stage);
        adds.spawn(async move { stage.ask(Method::POST, "/v2.1/payeeInfos", Some(card("0000101"))).await });
    }
    for (status, answer) in adds.join_all().await {
        assert!(status == 200 || answer["errorMessage"] == "该账户已存在，无法创建", "{answer}");
    }
    assert_eq!(stage.workforce.all::<PaymentAccount>().expect("read").len(), 1);
}

#[tokio::test]
async fn the_account_in_a_persons_file_is_changed_there() {
    let stage = company();
    let mut people = stage.workforce.all::<Employee>().expect("read").into_iter();
    let (_, mut lin) = people.find(|(found, _)| *found == id("lin")).expect("there");
    lin.bank_name = Some("样例银行".into());
    lin.bank_card = Some("0000101".into());
    stage.workforce.put(id("lin"), &lin).expect("kept");
    let account =
        listed(&stage, "ids=&names=&cardNos=").await["items"][0]["id"].as_str().expect("an id").to_owned();
    let target = format!("/v2.1/payeeInfos/${account}");
    let changed =
        stage.put(&target, with(card("0000199"), json!({"bank": "另一银行"}))).await["value"].clone();
    assert_eq!((&changed["id"], &changed["cardNo"]), (&json!(account), &json!("0000199")));
    assert_eq!(
        (&changed["bank"], &changed["branch"]),
        (&json!("另一银行"), &json!("")),
        "what the file keeps"
    );
    let mut people = stage.workforce.all::<Employee>().expect("read").into_iter();
    let (_, lin) = people.find(|(found, _)| *found == id("lin")).expect("there");
    let text = |value: Option<tongshi_model::Personal<String>>| value.map(|value| value.expose().clone());
    assert_eq!(
        (text(lin.bank_card), text(lin.bank_name)),
        (Some("0000199".to_owned()), Some("另一银行".to_owned()))
    );
    assert_eq!(stage.refused(Method::PUT, &target, with(card("1"), json!({"name": "别人"}))).await.0, 412);
    let switch = format!("/v2/payeeInfos/${account}/disableOrEnableAccount?active=false");
    assert_eq!(stage.refused(Method::PUT, &switch, Value::Null).await.0, 412);
    // The same account kept by a program is not shown twice.
    add(&stage, card("0000199")).await;
    assert_eq!(listed(&stage, "ids=&names=&cardNos=").await["count"], 1);
}

#[tokio::test]
async fn the_company_pays_from_accounts_of_its_own() {
    let stage = company();
    let draft = json!({
        "sort": "BANK", "type": "PUBLIC", "name": "样例公司", "cardNo": "9001", "bank": "样例银行",
        "branch": "样例银行北京分行", "bankLinkNo": "000331000009", "remark": "基本户", "channels": ["WXPAY", "OFFLINE"],
    });
    let made = stage.post("/v4/payerInfos", draft.clone()).await["value"].clone();
    let payer = made["id"].as_str().expect("an id").to_owned();
    for (field, value) in [
        ("accountName", json!("样例公司")),
        ("accountNo", json!("9001")),
        ("owner", json!("CORPORATION")),
        ("type", json!("PUBLIC")),
        ("asPayer", json!(true)),
        ("asPayee", json!(false)),
        ("defaultChannel", json!("OFFLINE")),
        ("staffId", Value::Null),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(made["visibility"]["fullVisible"], true, "whom nobody is named for, all may see");
    let exists = stage.refused(Method::POST, "/v4/payerInfos", draft.clone()).await;
    assert_eq!(exists, (412, "该账户已存在，无法创建".to_owned()));
    for changes in [
        json!({"channels": []}),
        json!({"channels": null}),
        json!({"sort": "ALIPAY"}),
        json!({"type": "PERSONAL"}),
    ] {
        let refused = stage
            .refused(
                Method::POST,
                "/v4/payerInfos",
                with(draft.clone(), with(json!({"cardNo": "2"}), changes)),
            )
            .await;
        assert_eq!(refused.0, 400, "{refused:?}");
    }
    let target = format!("/v4/payerInfos/${payer}");
    let changed =
        stage.put(&target, with(draft.clone(), json!({"cardNo": "9002", "channels": ["CMBCBC"]}))).await;
    assert_eq!(
        (&changed["value"]["accountNo"], &changed["value"]["defaultChannel"]),
        (&json!("9002"), &json!("CMBCBC"))
    );
    let unknown = stage.refused(Method::PUT, "/v4/payerInfos/$nothing", draft.clone()).await;
    assert_eq!(unknown, (412, "账户信息未找到".to_owned()));
    let found =
        async |query: &str| stage.get(&format!("/v4/payerInfos/search?{query}")).await["count"].clone();
    assert_eq!(found("ids=&names=&cardNos=9002").await, 1);
    assert_eq!(found("ids=&names=x&cardNos=9002").await, 0, "all conditions must hold");
    assert_eq!(stage.ask(Method::GET, "/v4/payerInfos/search?ids=&names=", None).await.0, 404);
    let off =
        stage.put(&format!("/v4/payerInfos/${payer}/disableOrEnableAccount?active=false"), Value::Null).await;
    assert_eq!(off["value"]["active"], false);
    assert_eq!(found("ids=&names=&cardNos=").await, 0, "those in use, unless others are asked for");
    assert_eq!(found(&format!("ids={payer}&names=&cardNos=&active=false")).await, 1);
    let wrong =
        stage.refused(Method::PUT, "/v4/payerInfos/$x/disableOrEnableAccount?active=true", Value::Null).await;
    assert_eq!(wrong, (412, "数据错误:".to_owned()));
    // The older list has all of them, and none that money is paid to.
    add(&stage, card("0000101")).await;
    let old = stage.get("/v1/paymentAccounts").await["items"].clone();
    assert_eq!(
        (old.as_array().map(Vec::len), &old[0]["detail"]["number"], &old[0]["active"]),
        (Some(1), &json!("9002"), &json!(false))
    );
    assert_eq!(listed(&stage, "ids=&names=&cardNos=").await["count"], 1);
    let kept = stage.workforce.all::<PaymentAccount>().expect("read");
    assert!(kept.iter().any(|(_, account)| account.pays && account.kind.value == PaymentAccountType::Bank));
}

#[tokio::test]
async fn a_claim_goes_to_the_account_that_it_names() {
    let stage = company();
    let account = add(&stage, card("0000101")).await;
    let mut people = stage.workforce.all::<Employee>().expect("read").into_iter();
    let (_, mut lin) = people.find(|(found, _)| *found == id("lin")).expect("there");
    lin.bank_card = Some("0000777".into());
    stage.workforce.put(id("lin"), &lin).expect("kept");
    let own = listed(&stage, "ids=&names=&cardNos=0000777").await["items"][0]["id"].clone();
    for (payee, number) in [(json!(account), Some("0000101")), (own, Some("0000777")), (json!("ID_x"), None)]
    {
        let mut form = claim("报销", "12.00", None);
        form["payeeId"] = payee.clone();
        let flow = made(&stage, form, false).await;
        let shown =
            stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["form"]["payeeId"].clone();
        assert_eq!(shown, payee, "as it came");
        let mut claims = stage.workforce.all::<ExpenseClaim>().expect("read").into_iter();
        let (_, claim) = claims.find(|(found, _)| found.to_string() == flow).expect("there");
        let payee = claim.payee.as_ref().map(|payee| payee.expose().clone());
        assert_eq!(payee.and_then(|payee| payee.account).as_deref(), number);
    }
}

#[tokio::test]
async fn branches_lie_in_a_file_for_an_hour() {
    let stage = company();
    // The vendor's own example sends no body.
    let (_, none) = stage.ask(Method::POST, "/v1/banks/getAllBranch", None).await;
    assert_eq!(none, json!({"code": "A201", "msg": "未导出过数据为空", "url": null}));
    add(&stage, card("0000101")).await;
    add(&stage, card("0000102")).await;
    let file = stage.post("/v1/banks/getAllBranch", json!({})).await;
    assert_eq!((&file["code"], &file["msg"]), (&json!("A200"), &Value::Null));
    let url = file["url"].as_str().expect("an address").to_owned();
    let target = &url[url.find("/files/").expect("a path")..];
    let reply = stage.send(Method::GET, target, None).await;
    assert_eq!(reply.status, 200);
    assert!(reply.headers["content-type"].to_str().is_ok_and(|kind| kind.ends_with("spreadsheetml.sheet")));
    // An OOXML file is a ZIP archive (ECMA-376 part 2).
    assert!(reply.body.starts_with(b"PK\x03\x04"));
    assert_eq!(stage.send(Method::POST, target, None).await.status, 405);
    assert_eq!(stage.send(Method::GET, "/files/branches.xlsx?code=x", None).await.status, 403);
    assert_eq!(stage.send(Method::GET, "/files/branches.xlsx", None).await.status, 403);
    stage.clock.advance(std::time::Duration::from_secs(3_601));
    assert_eq!(stage.send(Method::GET, target, None).await.status, 403);
}
