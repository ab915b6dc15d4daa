//! The face as other programs call it: people, documents, decisions, orders, money.

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Booking, Employee, ExpenseClaim, OrgUnit, SpendStatus, TravelRequest};

use super::stage::{CORP, claim, company, id, made, named, order, state, trip};

#[tokio::test]
async fn people_are_listed_looked_up_and_kept() {
    let stage = company();
    let all = stage.get("/v1.1/staffs?start=0&count=100").await;
    assert_eq!((&all["count"], all["items"].as_array().map(Vec::len)), (&json!(3), Some(3)));
    let gone = stage.get("/v1.1/staffs?start=0&count=100&active=no").await;
    assert_eq!(gone["items"][0]["code"], "TS-102");
    let beyond = stage.get("/v1.1/staffs?start=9&count=10").await;
    assert_eq!((&beyond["count"], &beyond["items"]), (&json!(3), &json!([])));
    assert_eq!(stage.ask(Method::GET, "/v1.1/staffs?start=0&count=101", None).await.0, 400);
    let found = stage
        .post("/v1/staffs/getStaffIds", json!({"type": "CODE", "conditionIds": ["TS-101", "TS-102"]}))
        .await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "only who works here");
    assert_eq!(found["items"][0]["id"], named("lin"));
    assert_eq!(found["items"][0]["email"], "ts-101@example.com");
    let new = json!({"name": "新样本", "code": "TS-200", "cellphone": "19900000200", "defaultDepartment": named("d1"), "departments": [named("d1")]});
    let made = stage.post("/v1.1/staffs", new.clone()).await;
    assert_eq!(
        (&made["value"]["active"], &made["value"]["departments"][0]),
        (&json!(true), &json!(named("d1")))
    );
    let twice = stage.refused(Method::POST, "/v1.1/staffs", new).await;
    let text = "新增员工数据库异常：该手机号/邮箱账号已被其他员工使用，请勿重复绑定";
    assert_eq!(twice, (400, text.to_owned()));
    for (body, status) in [
        (
            json!({"name": "x", "cellphone": "1990-0000", "defaultDepartment": named("d1"), "departments": [named("d1")]}),
            400,
        ),
        (json!({"name": "x", "cellphone": "19900000201"}), 403),
        (
            json!({"name": "x", "cellphone": "19900000201", "defaultDepartment": "nowhere", "departments": ["nowhere"]}),
            400,
        ),
        (
            json!({"name": "x", "email": "", "defaultDepartment": named("d1"), "departments": [named("d1")]}),
            400,
        ),
    ] {
        assert_eq!(stage.refused(Method::POST, "/v1.1/staffs", body).await.0, status);
    }
}

#[tokio::test]
async fn people_are_changed_switched_off_and_come_back() {
    let stage = company();
    let path = format!("/v1.1/staffs/update/${}?type=id", named("lin"));
    let changed = stage.put(&path, json!({"name": "林改名", "departments": [named("d0")]})).await;
    assert_eq!((&changed["value"]["name"], &changed["value"]["code"]), (&json!("林改名"), &json!("TS-101")));
    assert_eq!(changed["value"]["defaultDepartment"], named("d0"));
    let path = "/v1.1/staffs/update/%24TS-101?type=code";
    assert_eq!(stage.put(path, json!({"name": "林改名", "nickName": "夏"})).await["value"]["nickName"], "夏");
    let off = format!("/v1.1/staffs/disableOrEnableStaff/[{}]?active=false", named("lin"));
    assert_eq!(stage.put(&off, json!({})).await["items"][0]["active"], false);
    let encoded = "/v1.1/staffs/disableOrEnableStaff/%5BTS-101%2CTS-102%5D?active=true&type=code";
    assert_eq!(stage.put(encoded, json!({})).await["items"].as_array().map(Vec::len), Some(2));
    let again = json!({"name": "离样本", "cellphone": "19900000102", "defaultDepartment": named("d1"), "departments": [named("d1")]});
    assert_eq!(stage.refused(Method::POST, "/v1.1/staffs", again.clone()).await.0, 400, "works here now");
    let off = format!("/v1.1/staffs/disableOrEnableStaff/[{}]?active=false", named("left"));
    stage.put(&off, json!({})).await;
    assert_eq!(
        stage.post("/v1.1/staffs", again).await["value"]["id"],
        named("left"),
        "the same person again"
    );
    assert_eq!(stage.workforce.all::<Employee>().expect("read").len(), 3);
    assert_eq!(stage.ask(Method::PUT, "/v1.1/staffs/disableOrEnableStaff/[x]", None).await.0, 400);
}

#[tokio::test]
async fn departments_are_kept_and_go_with_all_below_them() {
    let stage = company();
    let listed = stage.get("/v1/departments?start=0&count=100").await;
    assert_eq!((&listed["count"], &listed["items"][0]["parentId"]), (&json!(2), &json!("")));
    let made =
        stage.post("/v1/departments", json!({"name": "测试组", "code": "QA", "parentId": named("d1")})).await;
    let new = made["value"]["id"].as_str().expect("an id").to_owned();
    let same =
        stage.refused(Method::POST, "/v1/departments", json!({"name": "测试组", "parentId": named("d1")}));
    assert_eq!(same.await, (412, "该部门在同级有相同的部门名称".to_owned()));
    let update = format!("/v1/departments/update/${new}");
    assert_eq!(stage.put(&update, json!({"name": "质量组"})).await["value"]["parentId"], named("d1"));
    let circle = format!("/v1/departments/update/${}", named("d1"));
    assert_eq!(stage.refused(Method::PUT, &circle, json!({"parentId": new})).await.0, 400);
    let off = format!("/v1/departments/disableOrEnableDepartment/${}?active=false", named("d1"));
    assert_eq!(stage.refused(Method::PUT, &off, json!({})).await.0, 412, "people are in it");
    stage.put(&format!("/v1.1/staffs/disableOrEnableStaff/[{}]?active=false", named("lin")), json!({})).await;
    assert_eq!(stage.put(&off, json!({})).await["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(stage.workforce.all::<OrgUnit>().expect("read").len(), 1);
    let on = format!("/v1/departments/disableOrEnableDepartment/${}?active=true", named("d1"));
    assert_eq!(stage.put(&on, json!({})).await["items"].as_array().map(Vec::len), Some(1), "alone");
    assert_eq!(stage.get("/v1/departments/$D0?departmentBy=code").await["value"]["id"], named("d0"));
    assert_eq!(stage.get("/v1/corporations").await["value"]["id"], CORP);
}

#[tokio::test]
async fn a_request_goes_from_draft_to_approved() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), false).await;
    assert_eq!(state(&stage, &flow).await, "draft");
    let plan = stage.get(&format!("/v2/flow/plan/computed/${flow}")).await;
    assert_eq!(plan["value"]["node"][0]["staffIds"][0], named("su"));
    let submit = format!("/v2/flow/data/submitFlow?flowId={flow}");
    assert_eq!(
        stage.post(&submit, json!({"isUrgent": false, "nodes": []})).await["flow"]["state"],
        "pending"
    );
    assert_eq!(state(&stage, &flow).await, "approving");
    let states = stage.get(&format!("/v2/approveStates/[{flow},unknown]")).await;
    assert_eq!(
        (&states["items"][0]["stageName"], &states["items"][0]["operators"][0]["code"]),
        (&json!("审批1"), &json!("TS-100"))
    );
    assert_eq!(states["items"].as_array().map(Vec::len), Some(1));
    let queue = stage.get(&format!("/v1.1/docs/byFlowId/${}?index=0&count=500", named("su"))).await;
    assert_eq!((&queue["count"], &queue["items"][0]["id"]), (&json!(1), &json!(flow)));
    let count = stage.get(&format!("/v1.1/staffs/getBacklogCount/$id?staffParam={}", named("su"))).await;
    assert_eq!(count["items"]["type"]["approving"], 1);
    let wrong = stage.decide("lin", &flow, json!({"name": "freeflow.agree"})).await;
    assert_eq!(
        (&wrong["error"], &wrong["errorMsg"][0]["msg"]),
        (&json!(1), &json!("您没有权限处理该待办事项"))
    );
    let done = stage.decide("su", &flow, json!({"name": "freeflow.agree", "comment": "同意"})).await;
    assert_eq!((&done["success"], &done["residue"]), (&json!(1), &json!(0)));
    let shown = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"].clone();
    assert_eq!((&shown["state"], &shown["formType"]), (&json!("paid"), &json!("requisition")));
    assert_eq!(shown["form"]["u_项目"], "ID_demo", "what has no place here is kept");
    assert_eq!(
        shown["form"]["u_行程规划"][1]["dataLinkForm"]["E_tongshi0trip_离店日期"],
        1_520_352_000_000_i64
    );
    let words: Vec<&str> =
        shown["logs"].as_array().expect("logs").iter().filter_map(|log| log["action"].as_str()).collect();
    assert_eq!(words, ["freeflow.submit", "freeflow.agree"]);
    stage.clock.advance_seconds(61);
    let late = stage.get(&format!("/v1/backlog/data/result?approveId={}", named("su"))).await;
    assert_eq!(late["value"]["total"], 0, "kept for a minute");
    let code = shown["form"]["code"].as_str().expect("a number");
    assert_eq!(stage.get(&format!("/v1.1/flowDetails/byCode?code={code}")).await["value"]["id"], flow);
    let (_, request) = stage.workforce.all::<TravelRequest>().expect("read").remove(0);
    assert_eq!((request.legs.len(), request.status.value), (2, SpendStatus::Approved));
    let decided = stage.get(&format!("/v1.1/docs/approved/${}?index=0&count=10", named("su"))).await;
    assert_eq!(decided["count"], 1);
}

#[tokio::test]
async fn a_refusal_goes_back_as_it_says() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let bare = json!({"approveId": named("su"), "action": {"name": "freeflow.reject"}});
    let target = format!("/v1/backlog/data/[{flow}]");
    let refused = stage.refused(Method::POST, &target, bare).await;
    assert!(refused.1.contains("resubmitMethod"), "{refused:?}");
    let reject = json!({"name": "freeflow.reject", "comment": "太贵", "resubmitMethod": "TO_REJECTOR"});
    assert_eq!(stage.decide("su", &flow, reject).await["success"], 1);
    assert_eq!(state(&stage, &flow).await, "rejected");
    let none = json!({"approveId": named("su"), "action": {"name": "freeflow.agree"}});
    assert_eq!(stage.refused(Method::POST, &target, none).await, (400, "无待办审批事项".to_owned()));
    let change = json!({"form": {"requisitionMoney": {"standard": "800"}}});
    let changed = stage.put(&format!("/v2.2/flow/data/${flow}?editFlag=increment"), change).await;
    assert_eq!(changed["flow"]["form"]["requisitionMoney"]["standard"], "800.00");
    assert_eq!(changed["flow"]["form"]["title"], "去杭州");
    stage.post(&format!("/v2/flow/data/submitFlow?flowId={flow}"), json!({"nodes": []})).await;
    let shown = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"].clone();
    assert_eq!(
        shown["logs"].as_array().and_then(|logs| logs.last()).map(|log| &log["nextOperatorId"]),
        Some(&json!(named("su")))
    );
    assert_eq!(stage.decide("su", &flow, json!({"name": "freeflow.nullify"})).await["success"], 1);
    assert_eq!(state(&stage, &flow).await, "nullify");
}

#[tokio::test]
async fn several_decide_one_after_another_and_send_back() {
    let stage = company();
    let flow = made(&stage, claim("报销", "10.00", None), false).await;
    let nodes = json!({"nodes": [{"configNodeId": "a", "approverId": named("su")},
        {"configNodeId": "b", "counterSigners": [{"signerId": named("lin")}]}]});
    stage.post(&format!("/v2/flow/data/submitFlow?flowId={flow}"), nodes).await;
    assert_eq!(stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await["success"], 1);
    assert_eq!(state(&stage, &flow).await, "approving");
    let retract = stage.refused(Method::POST, &format!("/v2.1/flow/data/${flow}/retract"), json!({})).await;
    assert_eq!(retract.0, 400, "somebody has decided");
    let logs = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["logs"].clone();
    let node = logs[1]["attributes"]["nodeId"].clone();
    let back = json!({"name": "freeflow.reject", "rejectTo": node, "resubmitMethod": "FROM_START"});
    assert_eq!(stage.decide("lin", &flow, back).await["success"], 1);
    for who in ["su", "lin"] {
        assert_eq!(state(&stage, &flow).await, "approving");
        assert_eq!(stage.decide(who, &flow, json!({"name": "freeflow.agree"})).await["success"], 1, "{who}");
    }
    assert_eq!(state(&stage, &flow).await, "PROCESSING");
}

#[tokio::test]
async fn documents_are_taken_back_deleted_opened_again_and_remarked_on() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let act = |action: &str| format!("/v2.1/flow/data/${flow}/{action}");
    assert_eq!(stage.refused(Method::POST, &act("delete"), json!({})).await.0, 403);
    assert_eq!(stage.post(&act("retract"), json!({})).await["flow"]["state"], "draft");
    let remark = json!({"name": "freeflow.comment", "params": {"comment": "请补充"}});
    let target = format!("/v2.2/flow/data/comment/${flow}?staffId={}", named("su"));
    assert_eq!(stage.post(&target, remark).await, json!({"id": "评论成功"}));
    let shown = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await;
    assert_eq!(shown["value"]["logs"][2]["action"], "freeflow.comment");
    assert_eq!(stage.workforce.announcements().len(), 1);
    assert_eq!(stage.post(&act("delete"), json!({})).await["flow"]["active"], false);
    let gone = stage.refused(Method::GET, &format!("/v1.1/flowDetails?flowId={flow}"), json!({})).await;
    assert_eq!(gone, (412, "单据已删除".to_owned()));
    let never = stage.refused(Method::GET, "/v1.1/flowDetails?flowId=nothing", json!({})).await;
    assert_eq!(never, (412, "单据不存在".to_owned()));
    let states = stage.get(&format!("/v2/approveStates/[{flow}]")).await;
    assert_eq!(states["items"][0]["stageName"], "已删除");
    let other = made(&stage, trip("再去杭州"), true).await;
    stage.decide("su", &other, json!({"name": "freeflow.agree"})).await;
    let alter = format!("/v2.1/flow/data/${other}/alter");
    assert_eq!(stage.post(&alter, json!({})).await["flow"]["state"], "draft");
    assert_eq!(stage.refused(Method::POST, &alter, json!({})).await.0, 400);
}

#[tokio::test]
async fn what_a_form_lacks_or_makes_up_is_refused() {
    let stage = company();
    let with = |name: &str, value: Value| {
        let mut form = trip("去杭州");
        form[name] = value;
        json!({"form": form})
    };
    for body in [
        with("title", "".into()),
        with("submitterId", "nobody".into()),
        with("submitterId", named("left").into()),
        with("specificationId", Value::Null),
        with("expenseDepartment", format!("{CORP}:{}", id("nowhere")).into()),
        with("requisitionMoney", json!({"standard": "1.234"})),
        with("requisitionMoney", json!({"standard": "700", "foreign": "100", "rate": "6.88"})),
        with("u_行程规划", json!([{"dataLinkForm": {}}])),
    ] {
        assert_eq!(stage.refused(Method::POST, "/v2.2/flow/data", body).await.0, 400);
    }
    let made = with("outerCode", "ERP-7".into());
    stage.post("/v2.2/flow/data", made.clone()).await;
    assert_eq!(stage.refused(Method::POST, "/v2.2/flow/data", made).await.0, 400, "once");
    let found = stage.get("/v1.1/flowDetails/outerCode?outerCode=ERP-7").await;
    assert_eq!(found["value"]["state"], "draft");
}

#[tokio::test]
async fn lists_are_cut_ordered_and_filtered() {
    let stage = company();
    let mut flows = Vec::new();
    for place in 0..3 {
        flows.push(made(&stage, claim(&format!("报销{place}"), "10", None), place > 0).await);
        stage.clock.advance_seconds(60);
    }
    let titles = async |query: &str| -> Vec<String> {
        let answer = stage.get(&format!("/v1.1/docs/getApplyList?type=expense&{query}")).await;
        let items = answer["items"].as_array().expect("items").clone();
        items.iter().map(|flow| flow["form"]["title"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(titles("start=0&count=2").await, ["报销2", "报销1"], "newest first");
    assert_eq!(titles("start=2&count=2").await, ["报销0"]);
    assert_eq!(titles("start=0&count=2&orderByType=asc").await, ["报销0", "报销1"]);
    assert_eq!(titles("start=0&count=9&state=approving").await, ["报销2", "报销1"]);
    assert_eq!(
        titles("start=0&count=9&orderBy=submitDate&orderByType=asc&state=approving").await,
        ["报销1", "报销2"]
    );
    assert_eq!(titles("start=0&count=9&startDate=2018-03-01%2010:02:00").await, ["报销2"]);
    assert_eq!(titles(&format!("start=0&count=9&uid={}", named("su"))).await, [""; 0]);
    assert_eq!(titles("start=0&count=9&active=").await, [""; 0], "deleted ones");
    stage.decide("su", &flows[1], json!({"name": "freeflow.agree"})).await;
    assert_eq!(titles("start=0&count=9&state=paying").await, ["报销1"], "with those being paid");
    assert_eq!(titles("start=0&count=9&state=PROCESSING").await, [""; 0]);
    for bad in ["type=expense&start=0", "type=expense&start=0&count=0", "type=made&start=0&count=1"] {
        assert_eq!(
            stage.ask(Method::GET, &format!("/v1.1/docs/getApplyList?{bad}"), None).await.0,
            400,
            "{bad}"
        );
    }
    assert_eq!(stage.get("/v1.1/docs/getApplyList?type=loan&start=0&count=1").await["count"], 0);
}

#[tokio::test]
async fn a_request_is_used_shared_and_closed() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let expense = made(&stage, claim("报销", "538.50", Some(&flow)), true).await;
    let list = format!("/v1/requisition/getData?staffId={}&start=0&count=10&state=PROCESS", named("lin"));
    let (_, listed) = stage.ask(Method::POST, &list, None).await;
    assert_eq!((&listed["count"], &listed["items"][0]["related"][1]["id"]), (&json!(1), &json!(expense)));
    assert_eq!(listed["items"][0]["expenseMoneyProcess"], 538.5);
    let share = format!("/v1/requisition/${flow}/share/[{}]?staffId={}", named("su"), named("lin"));
    stage.put(&share, json!({})).await;
    let one = stage.get(&format!("/v1/requisition/${flow}")).await;
    assert_eq!(one["sharedOwnerIds"][0], named("su"), "the answer stands bare");
    assert_eq!(
        (&one["changeLogs"][1]["action"], &one["requisitionMoney"]),
        (&json!("SHARE"), &json!(1200.0))
    );
    let close = format!("/v1/requisition/closeRequisition/[{flow}]");
    assert_eq!(stage.put(&close, json!({})).await["value"], "关闭申请事项，成功关闭了[1]条");
    let twice = stage.put(&close, json!({})).await;
    assert!(twice["value"].as_str().is_some_and(|text| text.contains("已关闭")), "{twice}");
    let unknown = stage.put("/v1/requisition/closeRequisition/[nothing]", json!({})).await;
    assert!(
        unknown["value"].as_str().is_some_and(|text| text.contains("查询不到")),
        "status 200 all the same"
    );
    assert_eq!(stage.get(&format!("/v1/requisition/${flow}")).await["state"], "MANUAL_CLOSED");
}

#[tokio::test]
async fn orders_come_in_once_and_are_found_by_id_in_the_body_of_a_get() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let number =
        stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["form"]["code"].clone();
    let push = "/v1/travel/costCenter/synTravelOrder";
    for status in ["出票", "改签"] {
        let mut row = order("TSO-1", number.as_str());
        row["orderStatus"] = status.into();
        assert_eq!(stage.post(push, json!({"data": [row]})).await["value"], "ok");
    }
    let bookings = stage.workforce.all::<Booking>().expect("read");
    assert_eq!(bookings.len(), 1);
    assert_eq!(bookings[0].1.request.map(|request| request.to_string()), Some(flow.clone()));
    assert!(bookings[0].1.over_policy && bookings[0].1.paid_by_company);
    let mut lacking = order("TSO-2", None);
    lacking.as_object_mut().expect("an object").remove("bookingPlatform");
    let refused = stage.refused(Method::POST, push, json!({"data": [lacking]})).await;
    assert_eq!(refused, (400, "bookingPlatform 必填".to_owned()));
    let search = "/v2.1/datalink/TRAVEL_MANAGEMENT/searchOrders";
    let found = stage.post(search, json!({"entityId": "tongshi0order", "start": 0, "count": 100})).await;
    let link = &found["items"]["data"][0]["dataLink"];
    assert_eq!(
        (&link["E_tongshi0order_订单状态"], &link["E_tongshi0order_申请单编号"]),
        (&json!("改签"), &number)
    );
    let trips = stage.post(search, json!({"entityId": "tongshi0trip", "start": 1, "count": 1})).await;
    assert_eq!(
        (&trips["items"]["total"], &trips["items"]["data"][0]["dataLink"]["id"]),
        (&json!(2), &json!(format!("{flow}-1"))),
        "by number, the last first"
    );
    let unknown = stage.refused(Method::POST, search, json!({"entityId": "x", "start": 0, "count": 1})).await;
    assert_eq!(unknown, (400, "业务对象模板不存在".to_owned()));
    let by_ids = "/v2/datalink/TRAVEL_MANAGEMENT/byDataLinkIds";
    let ids = json!({"ids": [link["id"], format!("{flow}-1")]});
    let (status, links) = stage.ask(Method::GET, by_ids, Some(ids)).await;
    assert_eq!((status, links["items"].as_array().map(Vec::len)), (200, Some(2)), "{links}");
    let codes = json!({"codes": ["TSO-1"]});
    let (_, links) =
        stage.ask(Method::GET, "/v2.1/datalink/TRAVEL_MANAGEMENT/byDataLinkCodes", Some(codes)).await;
    assert_eq!(links["items"][0]["form"]["E_tongshi0order_火车车次"], "G7001");
}

#[tokio::test]
async fn a_claim_is_paid_once_and_then_has_its_voucher() {
    let stage = company();
    let flow = made(&stage, claim("报销", "538.50", None), true).await;
    let pay = async |id: &str, code: &str| {
        let answer = stage
            .post("/v1/paymentResults", json!({"items": [{"id": id, "code": code, "errorMsg": "x"}]}))
            .await;
        answer["items"][0]["code"].as_str().expect("a code").to_owned()
    };
    assert_eq!(pay(&flow, "P00001").await, "R00003", "nobody has decided");
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    assert_eq!(pay(&flow, "P00009").await, "R00005");
    assert_eq!(pay("nothing", "P00001").await, "R00001");
    assert_eq!(pay("", "P00001").await, "R00006");
    let voucher = json!({"voucher": [{"flowId": flow, "voucherNo": "V-7", "voucherCreateTime": "1520265600000", "fiscalPeriod": "2018-03"}]});
    assert_eq!(
        stage.refused(Method::PUT, "/v2.1/flow/data/erpVoucher", voucher.clone()).await.0,
        400,
        "not paid"
    );
    let (_, paying) = stage.workforce.all::<ExpenseClaim>().expect("read").remove(0);
    let reference = paying.payment.and_then(|payment| payment.reference).expect("a number");
    let both = json!({"items": [{"id": flow, "code": "P00001"}, {"id": flow, "code": "P00001"}]});
    let answer = stage.post("/v1/paymentResults", both).await;
    assert_eq!(
        (&answer["items"][0]["code"], &answer["items"][1]["code"]),
        (&json!("R00000"), &json!("R00002"))
    );
    assert_eq!(pay(&flow, "P00002").await, "R00002", "what is paid does not fail afterwards");
    let (status, by_payment) = stage
        .ask(Method::GET, "/v1/paymentRecord/getFlowInfo", Some(json!({"channelTradeNos": [reference]})))
        .await;
    assert_eq!((status, &by_payment["items"][0]["id"]), (200, &json!(flow)));
    assert_eq!(stage.put("/v2.1/flow/data/erpVoucher", voucher).await["value"], true);
    let form = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["form"].clone();
    assert_eq!(
        (&form["voucherNo"], &form["voucherStatus"], &form["voucherCreateTime"]),
        (&json!("V-7"), &json!("已生成"), &json!(1_520_265_600_000_i64))
    );
    let away = json!({"voucher": [{"flowId": flow, "voucherNo": "", "voucherCreateTime": "1520265600000"}]});
    stage.put("/v2.1/flow/data/erpVoucher", away).await;
    let form = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["form"].clone();
    assert_eq!((&form["voucherNo"], &form["voucherCreateTime"]), (&json!(""), &json!(0)));
    let unknown =
        json!({"voucher": [{"flowId": "x", "voucherNo": "V", "voucherCreateTime": "1520265600000"}]});
    assert_eq!(stage.refused(Method::PUT, "/v2.1/flow/data/erpVoucher", unknown).await.0, 412);
}

#[tokio::test]
async fn a_payment_that_failed_leaves_the_claim_to_be_paid() {
    let stage = company();
    let flow = made(&stage, claim("报销", "10", None), true).await;
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let failed = json!({"items": [{"id": flow, "code": "P00002", "errorMsg": "账户不存在"}]});
    assert_eq!(stage.post("/v1/paymentResults", failed).await["items"][0]["code"], "R00000");
    assert_eq!(state(&stage, &flow).await, "paying");
    let (_, claim) = stage.workforce.all::<ExpenseClaim>().expect("read").remove(0);
    assert_eq!(claim.payment.and_then(|payment| payment.reason).as_deref(), Some("账户不存在"));
}

#[tokio::test]
async fn a_robot_decides_at_the_node_that_it_was_told() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let (_, request) = stage.workforce.all::<TravelRequest>().expect("read").remove(0);
    let node = request.task.expect("a task");
    let call = async |change: Value| {
        let mut ask = json!({"signKey": "sign-demo", "flowId": flow, "nodeId": node, "action": "accept", "comment": "同意"});
        for (name, value) in change.as_object().expect("an object") {
            ask[name] = value.clone();
        }
        let (status, answer) = stage.ask(Method::POST, "/api/outbound/v1/approval", Some(ask)).await;
        assert_eq!(status, 200, "all of its failures lie inside: {answer}");
        answer["value"]["code"].as_str().expect("a code").to_owned()
    };
    assert_eq!(call(json!({"signKey": "wrong"})).await, "401");
    assert_eq!(call(json!({"comment": ""})).await, "400");
    assert_eq!(call(json!({"action": "maybe"})).await, "400");
    assert_eq!(call(json!({"nodeId": "FLOW:9:9"})).await, "412");
    assert_eq!(call(json!({"flowId": "nothing"})).await, "412");
    assert_eq!(call(json!({})).await, "204");
    assert_eq!(call(json!({})).await, "412", "decided");
    assert_eq!(state(&stage, &flow).await, "paid");
    let reply = stage.send(Method::POST, "/api/outbound/v1/approval", Some(json!({}))).await;
    assert_eq!(reply.status.as_u16(), 403, "without a token");
}
