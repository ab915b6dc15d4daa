//! Documents as the vendor's documentation shows them: every field, and what is said where something is refused.

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Approval, ExpenseClaim};

use super::stage::{Stage, claim, company, id, made, named, pick, trip};

async fn shown(stage: &Stage, flow: &str) -> Value {
    stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"].clone()
}

#[tokio::test]
async fn a_document_has_all_its_fields() {
    let stage = company();
    let flow = made(&stage, claim("报销", "538.50", None), true).await;
    let value = shown(&stage, &flow).await;
    assert_eq!(
        pick(&value, &["grayver", "sourceCorporationId", "dataCorporationId", "invoiceRemind"]),
        [json!(""), Value::Null, Value::Null, json!(false)]
    );
    assert_eq!(value["ownerDefaultDepartment"], named("d1"), "the owner's, whoever pays");
    let form = &value["form"];
    assert_eq!(
        pick(form, &["description", "printCount", "printState", "voucherNo", "voucherStatus"]),
        [json!(""), json!("0"), json!("noPrint"), json!(""), json!("未生成")]
    );
    assert_eq!(
        pick(form, &["voucherCreateTime", "writtenOffRecords", "expenseDepartment"]),
        [json!(0), json!([]), json!(named("d1"))],
        "who names no department means the submitter's"
    );
    assert_eq!(form["companyRealPay"]["standard"], "0.00");
    assert_eq!(
        pick(form, &["payDate", "paymentChannel"]),
        [json!("absent"), json!("absent")],
        "nothing is paid"
    );
    let line = &form["details"][0];
    assert_eq!((&line["feeType"]["id"], &line["feeTypeForm"]["attachments"]), (&json!("train"), &json!([])));
    let log = &value["logs"][0];
    assert_eq!(
        pick(log, &["operatorDefaultDepartment", "modifyFlowLog", "attachments"]),
        [json!(named("d1")), Value::Null, json!([])]
    );
    assert_eq!(
        pick(&log["attributes"], &["nodeId", "nextName", "isUrgent", "resubmitMethod", "nextId"]),
        [json!("SUBMIT"), json!("审批1"), json!(false), json!("FROM_START"), json!("FLOW:1:1")]
    );
}

#[tokio::test]
async fn a_log_says_how_it_was_decided_and_paid() {
    let stage = company();
    let flow = made(&stage, claim("报销", "10", None), true).await;
    let reject = json!({"name": "freeflow.reject", "comment": "缺发票", "resubmitMethod": "TO_REJECTOR"});
    stage.decide("su", &flow, reject).await;
    let log = shown(&stage, &flow).await["logs"][1].clone();
    assert_eq!(log["nextOperatorId"], named("lin"), "back to whoever handed it in");
    assert_eq!(
        pick(&log["attributes"], &["comment", "nodeName", "resubmitMethod", "nextId", "isAuto"]),
        [json!("缺发票"), json!("提交人"), json!("TO_REJECTOR"), Value::Null, json!(false)]
    );
    let plan = stage.get(&format!("/v2/flow/plan/computed/${flow}")).await["value"].clone();
    assert_eq!(
        pick(&plan, &["flowId", "taskId", "submitterId", "fromStartNode"]),
        [json!(flow), json!("SUBMIT"), json!(named("lin")), json!(false)]
    );
    assert_eq!(
        pick(&plan["node"][0], &["id", "skippedType", "agreeType", "policy", "addNode"]),
        [json!(""), json!("NO_SKIPPED"), json!("NO_AUTO_AGREE"), Value::Null, json!(false)]
    );
    let urgent = json!({"isUrgent": true, "urgentReason": "月底", "nodes": []});
    stage.post(&format!("/v2/flow/data/submitFlow?flowId={flow}"), urgent).await;
    let log = shown(&stage, &flow).await["logs"][2]["attributes"].clone();
    assert_eq!(pick(&log, &["isUrgent", "urgentReason", "comment"]), [json!(true), json!("月底"), json!("")]);
    let tasks = stage.get(&format!("/v1.1/flowDetails/allLogs?flowId={flow}")).await["items"].clone();
    assert_eq!(
        pick(&tasks[1], &["isUrgent", "autoApproveType", "crossCorp", "remindEndTime", "grayver"]),
        [json!(true), json!("NONE"), json!(false), json!(0), json!("")]
    );
    let late = stage.refused(Method::GET, &format!("/v2/flow/plan/computed/${flow}"), json!({})).await;
    assert_eq!(late, (412, "您没有权限获取该单据的流程实例".to_owned()));
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    stage.post("/v1/paymentResults", json!({"items": [{"id": flow, "code": "P00001"}]})).await;
    let value = shown(&stage, &flow).await;
    let paid = value["logs"].as_array().and_then(|logs| logs.last()).expect("a log")["attributes"].clone();
    let (_, stored) = stage.workforce.all::<ExpenseClaim>().expect("read").remove(0);
    let reference = stored.payment.and_then(|payment| payment.reference);
    assert_eq!(
        pick(&paid, &["channelTradeNo", "paymentChannel", "failureReason"]),
        [json!(reference), json!("OFFLINE"), json!("")]
    );
    assert_eq!(value["form"]["paymentChannel"], "OFFLINE");
}

#[tokio::test]
async fn what_a_line_says_beside_comes_back() {
    let stage = company();
    let mut form = claim("报销", "10", None);
    form["specificationId"] = json!("tongshi0expense:7");
    form["details"][0]["specificationId"] = json!("train:expense:7");
    let further = json!({
        "feeDatePeriod": {"start": 1, "end": 2}, "attachments": [{"key": "k", "fileId": "f", "fileName": "n"}],
        "invoiceForm": {"type": "wait", "attachments": []},
        "apportions": [{"specificationId": "s", "apportionForm": {
            "apportionId": "a", "expenseDepartment": named("d0"), "apportionPercent": "100.00",
            "apportionMoney": {"standard": "10", "standardStrCode": "CNY"},
        }}],
    });
    let line = form["details"][0]["feeTypeForm"].as_object_mut().expect("a form");
    line.extend(further.as_object().expect("fields").clone());
    let flow = made(&stage, form, false).await;
    let value = shown(&stage, &flow).await["form"].clone();
    assert_eq!(value["specificationId"], "tongshi0expense:7");
    assert_eq!(value["details"][0]["specificationId"], "train:expense:7");
    for (name, wanted) in further.as_object().expect("fields") {
        assert_eq!(&value["details"][0]["feeTypeForm"][name], wanted, "{name}");
    }
    let change = json!({"form": {"description": "补充说明"}});
    stage.put(&format!("/v2.2/flow/data/${flow}?editFlag=increment"), change).await;
    let value = shown(&stage, &flow).await["form"].clone();
    assert_eq!(
        (&value["description"], &value["details"][0]["feeTypeForm"]["invoiceForm"]["type"]),
        (&json!("补充说明"), &json!("wait"))
    );
    let mut bare = claim("无发票", "10", None);
    bare["details"][0]["feeTypeForm"].as_object_mut().expect("a form").remove("invoiceForm");
    let bare = made(&stage, bare, false).await;
    let value = shown(&stage, &bare).await["form"].clone();
    assert_eq!(value["details"][0]["feeTypeForm"]["invoiceForm"]["type"], "noWrite");
    let list = "/v1.1/docs/getApplyList?type=expense&start=0&count=9&specificationId=";
    assert_eq!(stage.get(&format!("{list}tongshi0expense")).await["count"], 2);
    assert_eq!(stage.get(&format!("{list}other,another")).await["count"], 0);
}

#[tokio::test]
async fn only_whoever_is_asked_changes_what_is_decided_about() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let target = |query: &str| format!("/v2.2/flow/data/${flow}?editFlag=increment{query}");
    let change = || json!({"form": {"description": "改期"}});
    let forbidden = (403, "您没有权限执行此操作".to_owned());
    let by_lin = target(&format!("&editorId={}", named("lin")));
    assert_eq!(stage.refused(Method::PUT, &by_lin, change()).await, forbidden);
    stage.put(&target(&format!("&editorId={}", named("su"))), change()).await;
    stage.put(&target(""), change()).await;
    let logs = shown(&stage, &flow).await["logs"].clone();
    assert_eq!((&logs[1]["operatorId"], &logs[2]["operatorId"]), (&json!(named("su")), &json!(named("su"))));
    let other = json!({"form": {"submitterId": named("su")}});
    assert_eq!(stage.refused(Method::PUT, &target(""), other).await, forbidden);
    let lacking = json!({"form": {"submitterId": named("lin"), "specificationId": "tongshi0requisition:1"}});
    assert_eq!(
        stage.refused(Method::PUT, &format!("/v2.2/flow/data/${flow}"), lacking).await,
        (412, "请填写 \"标题\" 字段".to_owned())
    );
}

#[tokio::test]
async fn refusals_use_the_vendors_words() {
    let stage = company();
    let with = |name: &str, value: Value| {
        let mut form = trip("去杭州");
        form[name] = value;
        json!({"form": form})
    };
    let create = "/v2.2/flow/data";
    stage.post(create, with("outerCode", "ERP-7".into())).await;
    for (body, text) in [
        (json!({}), "输入存在错误: - 缺少Action参数"),
        (with("outerCode", "ERP-7".into()), "外部系统单据编号outerCode已存在单据，不允许重复，请检查"),
        (with("submitterId", named("left").into()), "提交人参数不合法，请检查该员工是否已离职"),
        (with("submitterId", "nobody".into()), "提交人参数不合法，请检查该员工是否已离职"),
        (with("title", "".into()), "'title'字段[标题]字段为必填，值不能为空"),
    ] {
        assert_eq!(stage.refused(Method::POST, create, body).await, (400, text.to_owned()));
    }
    let flow = made(&stage, trip("去杭州"), true).await;
    let comment = async |staff: &str, body: Value| {
        stage.refused(Method::POST, &format!("/v2.2/flow/data/comment/${flow}{staff}"), body).await
    };
    let good = json!({"name": "freeflow.comment", "params": {"comment": "请补充"}});
    let empty = json!({"name": "freeflow.comment", "params": {"comment": ""}});
    let su = format!("?staffId={}", named("su"));
    assert_eq!(comment("", good.clone()).await, (400, "staffId不能为空!!!".to_owned()));
    assert_eq!(comment("?staffId=nobody", good).await, (400, "staffId不存在".to_owned()));
    assert_eq!(comment(&su, empty).await, (412, "评论内容不能为空".to_owned()));
    assert_eq!(
        comment(&su, json!({"params": {"comment": "x"}})).await,
        (412, "JSON请求参数不正确".to_owned())
    );
    let nobody = "/v1/requisition/getData?staffId=nobody&start=0&count=1&state=ALL";
    assert_eq!(
        stage.refused(Method::POST, nobody, json!({})).await,
        (400, "ID为'nobody'的员工不存在".to_owned())
    );
    let none = stage.refused(Method::GET, "/v1/requisition/$nothing", json!({})).await;
    assert_eq!(none, (400, "申请事项ID不存在".to_owned()));
    let share = |whom: &str, by: &str| format!("/v1/requisition/${flow}/share/[{whom}]?staffId={by}");
    assert_eq!(
        stage.refused(Method::PUT, &share("nobody", &named("lin")), json!({})).await,
        (400, "共享对象不存在".to_owned())
    );
    assert_eq!(
        stage.refused(Method::PUT, &share(&named("su"), &named("su")), json!({})).await,
        (400, "申请事项不存在".to_owned())
    );
    let typed = stage.refused(Method::GET, "/v1.1/docs/getApplyList?type=x&start=0&count=1", json!({})).await;
    assert_eq!(typed, (400, "参数type无法识别".to_owned()));
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let retract = stage.refused(Method::POST, &format!("/v2.1/flow/data/${flow}/retract"), json!({})).await;
    assert!(retract.0 == 403 && retract.1.starts_with("您没有权限执行此操作。可能是由于"), "{retract:?}");
}

#[tokio::test]
async fn a_request_whose_approval_is_done_takes_a_voucher() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let write = |number: &str| json!({"voucher": [{"flowId": flow, "voucherNo": number, "voucherCreateTime": "1520265600000"}]});
    let early = stage.refused(Method::PUT, "/v2.1/flow/data/erpVoucher", write("V-1")).await;
    assert_eq!(early, (400, format!("单据Id:[[{flow}]]的单据不是已支付状态，不能回写单据凭证，请检查")));
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let voucher = ["voucherNo", "voucherStatus", "voucherCreateTime"];
    for (number, wanted) in [
        ("V-1", [json!("V-1"), json!("已生成"), json!(1_520_265_600_000_i64)]),
        ("", [json!(""), json!("未生成"), json!(0)]),
    ] {
        assert_eq!(stage.put("/v2.1/flow/data/erpVoucher", write(number)).await, json!({"value": true}));
        assert_eq!(pick(&shown(&stage, &flow).await["form"], &voucher), wanted);
    }
}

#[tokio::test]
async fn queues_are_newest_first_and_cut_by_time() {
    let stage = company();
    let mut flows = Vec::new();
    for place in 0..3 {
        flows.push(made(&stage, claim(&format!("报销{place}"), "10", None), true).await);
        stage.clock.advance_seconds(60);
    }
    flows.push(made(&stage, trip("去杭州"), true).await);
    let ids = |answer: &Value| -> Vec<String> {
        let items = answer["items"].as_array().expect("items");
        items.iter().map(|flow| flow["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let waiting = stage.get(&format!("/v1.1/docs/byFlowId/${}?index=1&count=2", named("su"))).await;
    assert_eq!((&waiting["count"], ids(&waiting)), (&json!(4), vec![flows[2].clone(), flows[1].clone()]));
    let silent = stage.get("/v1/docs/backlog").await;
    assert_eq!(silent, json!({"count": 4, "items": []}), "who says no number gets none");
    for flow in [&flows[1], &flows[0]] {
        stage.clock.advance_seconds(60);
        stage.decide("su", flow, json!({"name": "freeflow.agree"})).await;
    }
    let decided =
        async |query: &str| ids(&stage.get(&format!("/v1.1/docs/approved/${}?{query}", named("su"))).await);
    assert_eq!(decided("").await, [flows[0].clone(), flows[1].clone()]);
    assert_eq!(decided("index=1&count=1").await, [flows[1].clone()]);
    // The first was decided at 10:04, the second at 10:05.
    assert_eq!(decided("startDate=2018-03-01%2010:05:00").await, [flows[0].clone()]);
    assert_eq!(decided("endDate=2018-03-01%2010:05:00").await, [flows[1].clone()]);
    let paid = "/v1.1/docs/getApplyList?type=expense&start=0&count=9&orderBy=payDate";
    assert_eq!(stage.get(paid).await["count"], 3, "without a time the time of payment says nothing");
}

#[tokio::test]
async fn copies_are_the_approvals() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let target = format!("/v1/carbonCopy/getCarbonCopy?flowId={flow}&receiverId={}", named("lin"));
    let none = (400, "单据抄送消息不存在".to_owned());
    assert_eq!(stage.refused(Method::GET, &target, json!({})).await, none);
    let (approval_id, mut approval) = stage.workforce.all::<Approval>().expect("read").remove(0);
    approval.copies.push(id("lin"));
    stage.workforce.put(approval_id, &approval).expect("kept");
    let copy = stage.get(&target).await["value"].clone();
    assert_eq!(
        pick(&copy, &["flowId", "receiverId", "senderId", "state", "type", "active", "version"]),
        [
            json!(flow),
            json!(named("lin")),
            Value::Null,
            json!("UNREAD"),
            json!("requisition"),
            json!(true),
            json!(1)
        ]
    );
    let nothing = "/v1/carbonCopy/getCarbonCopy?flowId=nothing&receiverId=nobody";
    assert_eq!(stage.refused(Method::GET, nothing, json!({})).await, none);
    let count = stage.get(&format!("/v1.1/staffs/getBacklogCount/$id?staffParam={}", named("lin"))).await;
    assert_eq!((&count["items"]["type"]["carbonCopy"], &count["items"]["count"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn what_lies_inside_status_200_uses_the_vendors_words_too() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let call = async |key: &str, node: &str| {
        let ask =
            json!({"signKey": key, "flowId": flow, "nodeId": node, "action": "accept", "comment": "同意"});
        stage.post("/api/outbound/v1/approval", ask).await["value"].clone()
    };
    assert_eq!(call("", "FLOW:1:1").await, json!({"code": "400", "message": "请求参数错误"}));
    assert_eq!(call("wrong", "FLOW:1:1").await, json!({"code": "401", "message": "签名秘钥错误企业"}));
    assert_eq!(
        call("sign-demo", "FLOW:9:9").await,
        json!({"code": "412", "message": "当前的审批节点不为:FLOW:9:9，请检查"})
    );
    assert_eq!(call("sign-demo", "FLOW:1:1").await, json!({"code": "204", "message": "EBot执行完成"}));
    let value = shown(&stage, &flow).await;
    assert_eq!(value["form"]["specificationId"], "tongshi0requisition:1");
    let close = format!("/v1/requisition/closeRequisition/[{flow}]");
    stage.put(&close, json!({})).await;
    let code = value["form"]["code"].as_str().expect("a number");
    let why = format!("1、code为[{code}],id为[{flow}]的申请单已关闭或删除，无法使用。");
    assert_eq!(
        stage.put(&close, json!({})).await["value"],
        format!("关闭申请事项，成功关闭了[0]条,未删除成功的原因为:{why}")
    );
    let none = stage.put("/v1/requisition/closeRequisition/[nothing]", json!({})).await;
    assert_eq!(none["value"], "关闭申请事项,传入的ids查询不到数据");
}

#[tokio::test]
async fn a_request_keeps_what_it_plans_to_spend() {
    let stage = company();
    let mut form = trip("去杭州");
    form["details"] = json!([{"feeTypeId": "train", "specificationId": "train:requisition:1", "feeTypeForm": {
        "amount": {"standard": "600", "standardStrCode": "CNY"}, "consumptionReasons": "高铁",
    }}]);
    form["requisitionDate"] = json!(1_519_833_600_000_i64);
    let flow = made(&stage, form, true).await;
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let one = stage.get(&format!("/v1/requisition/${flow}")).await;
    let line = &one["details"][0];
    assert_eq!((&line["feeTypeId"], &line["feeTypeForm"]["detailId"]), (&json!("train"), &json!("1")));
    assert_eq!(
        pick(
            &one,
            &["requisitionDate", "specificationId", "specificationName", "applyCloseRule", "closeLog"]
        ),
        [
            json!(1_519_833_600_000_i64),
            json!("tongshi0requisition:1"),
            json!("申请单"),
            json!("manual"),
            Value::Null
        ]
    );
    assert_eq!(one["changeLogs"][0]["operatorId"], named("su"), "who agreed made it");
    let list = format!("/v1/requisition/getData?staffId={}&start=0&count=10&state=ALL", named("lin"));
    let (_, listed) = stage.ask(Method::POST, &list, None).await;
    assert_eq!(listed["items"][0].get("details"), None, "lists have no lines");
    assert_eq!(listed["items"][0]["related"][0]["money"], 1200.0);
}
