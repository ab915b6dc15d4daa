//! Delegation, rest, hand-over, and what everybody was asked.

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Approval, ApprovalStep, TravelRequest};

use super::stage::{NOW, Stage, claim, company, id, made, named, state, trip};

const DELEGATE: &str = "/v2/organization/delegate/approve";

async fn delegate(stage: &Stage, change: Value) -> String {
    let mut ask = json!({"staffId": named("su"), "delegateeId": named("lin"), "name": "休假"});
    ask.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    stage.post(DELEGATE, ask).await["id"].as_str().expect("an id").to_owned()
}

async fn queue(stage: &Stage, who: &str) -> Value {
    stage.get(&format!("/v1.1/docs/byFlowId/${}?index=0", named(who))).await["count"].clone()
}

#[tokio::test]
async fn whoever_stands_in_may_decide_and_it_is_told_for_whom() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let agree = json!({"name": "freeflow.agree"});
    assert_eq!(stage.decide("lin", &flow, agree.clone()).await["error"], 1, "nobody has delegated");
    let delegation = delegate(&stage, json!({})).await;
    assert_eq!(queue(&stage, "lin").await, 1);
    assert_eq!(stage.decide("lin", &flow, agree).await["success"], 1);
    assert_eq!(state(&stage, &flow).await, "paid");
    let log = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["logs"][1].clone();
    assert_eq!((&log["operatorId"], &log["byDelegateId"]), (&json!(named("lin")), &json!(named("su"))));
    let all = stage.get(DELEGATE).await["items"].clone();
    let of_su = stage.get(&format!("{DELEGATE}/${}", named("su"))).await["items"].clone();
    assert_eq!((&all, &all[0]["id"], &all[0]["originalIds"]), (&of_su, &json!(delegation), &json!([])));
    assert_eq!(stage.get(&format!("{DELEGATE}/$nobody")).await["items"], json!([]));
}

#[tokio::test]
async fn a_delegation_holds_for_its_time_and_its_templates_and_until_it_is_taken_back() {
    let stage = company();
    let agree = json!({"name": "freeflow.agree"});
    let later = (NOW + 3600) * 1000;
    let until = (NOW + 7200) * 1000;
    let change =
        json!({"startTime": later, "endTime": until.to_string(), "originalIds": ["tongshi0requisition"]});
    let delegation = delegate(&stage, change).await;
    let flow = made(&stage, trip("去杭州"), true).await;
    let costs = made(&stage, claim("报销", "10", None), true).await;
    assert_eq!(stage.decide("lin", &flow, agree.clone()).await["error"], 1, "not yet");
    stage.clock.advance_seconds(3600);
    assert_eq!(queue(&stage, "lin").await, 1, "the trip, not the claim");
    assert_eq!(stage.decide("lin", &costs, agree.clone()).await["error"], 1, "claims are not delegated");
    assert_eq!(stage.decide("lin", &flow, agree.clone()).await["success"], 1);
    let update =
        json!({"id": delegation, "staffId": named("su"), "delegateeId": named("lin"), "endTime": until});
    let updated = stage.put(DELEGATE, update).await["value"].clone();
    assert_eq!(
        (&updated["name"], &updated["startTime"], &updated["originalIds"]),
        (&json!("休假"), &Value::Null, &json!([]))
    );
    let second = made(&stage, claim("报销2", "10", None), true).await;
    stage.clock.advance_seconds(3600);
    assert_eq!(stage.decide("lin", &second, agree.clone()).await["error"], 1, "over");
    delegate_forever(&stage, &delegation).await;
    assert_eq!(stage.decide("lin", &second, agree.clone()).await["success"], 1);
    let (status, gone) = stage.ask(Method::DELETE, &format!("{DELEGATE}/${delegation}"), None).await;
    assert_eq!((status, &gone["id"]), (200, &json!(delegation)));
    assert_eq!(stage.decide("lin", &costs, agree).await["error"], 1, "taken back");
}

async fn delegate_forever(stage: &Stage, id: &str) {
    stage.put(DELEGATE, json!({"id": id, "staffId": named("su"), "delegateeId": named("lin")})).await;
}

#[tokio::test]
async fn a_delegation_that_makes_no_sense_is_refused() {
    let stage = company();
    delegate(&stage, json!({})).await;
    for change in [
        json!({}),
        json!({"staffId": named("lin"), "delegateeId": named("lin")}),
        json!({"delegateeId": named("left")}),
        json!({"delegateeId": "nobody"}),
        json!({"staffId": named("lin"), "delegateeId": named("su"), "name": ""}),
        json!({"staffId": named("lin"), "delegateeId": named("su"), "originalIds": ["made-up"]}),
        json!({"staffId": named("lin"), "delegateeId": named("su"), "startTime": "soon"}),
        json!({"staffId": named("lin"), "delegateeId": named("su"), "startTime": 2_000, "endTime": 1_000}),
    ] {
        let mut ask = json!({"staffId": named("su"), "delegateeId": named("lin"), "name": "休假"});
        ask.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        assert_eq!(stage.refused(Method::POST, DELEGATE, ask).await.0, 400, "{change}");
    }
    let unknown = stage.refused(Method::DELETE, &format!("{DELEGATE}/$nothing"), json!({})).await;
    assert_eq!(unknown, (400, "对应的委托关系不存在".to_owned()));
    let nothing = json!({"id": "nothing", "staffId": named("su"), "delegateeId": named("lin")});
    assert_eq!(stage.refused(Method::PUT, DELEGATE, nothing).await.0, 400);
}

#[tokio::test]
async fn a_document_rests_and_is_decided_all_the_same() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let rest = async |who: &str, flow: &str| {
        stage.ask(Method::PUT, &format!("/v1/backlog/data/hangUp/[{flow}]?staffId={who}"), None).await
    };
    let (status, refused) = rest(&named("lin"), &flow).await;
    assert_eq!(
        (status, &refused["errorMessage"]),
        (200, &json!("无此待办的操作权限")),
        "told with status 200"
    );
    assert_eq!(rest("nobody", &flow).await.0, 400);
    assert_eq!(rest(&named("su"), "nothing").await.0, 412);
    assert_eq!(rest(&named("su"), &flow).await, (200, json!({"value": {}})));
    let (_, approval) = stage.workforce.all::<Approval>().expect("read").remove(0);
    assert_eq!(approval.tasks[0].status.value.name(), "paused");
    assert_eq!(queue(&stage, "su").await, 1, "it stays with whoever is asked");
    let reject = json!({"name": "freeflow.reject", "resubmitMethod": "FROM_START"});
    assert_eq!(stage.decide("su", &flow, reject).await["success"], 1);
    stage.post(&format!("/v2/flow/data/submitFlow?flowId={flow}"), json!({"nodes": []})).await;
    assert_eq!(stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await["success"], 1);
    assert_eq!(state(&stage, &flow).await, "paid");
}

fn relay(origin: &str, to: &str, drafts: bool) -> Value {
    json!({
        "staffId": named("su"), "originApproverId": named(origin), "relayApproverId": named(to),
        "unboundInvoice": drafts, "shareWaitingInvoice": true, "dataLinkFlag": true,
    })
}

#[tokio::test]
async fn what_waits_for_a_leaver_goes_to_somebody_else() {
    let stage = company();
    let now = made(&stage, trip("去杭州"), true).await;
    let later = made(&stage, claim("报销", "10", None), false).await;
    let nodes = json!({"nodes": [{"approverId": named("lin")}, {"approverId": named("su")}]});
    stage.post(&format!("/v2/flow/data/submitFlow?flowId={later}"), nodes).await;
    let done = stage.post("/v2.1/flows/relay", relay("su", "lin", false)).await;
    assert_eq!(done, json!({"totalCount": 2, "successCount": 2, "failCount": 0, "errors": {}}));
    assert_eq!((queue(&stage, "su").await, queue(&stage, "lin").await), (json!(0), json!(2)));
    let agree = json!({"name": "freeflow.agree"});
    assert_eq!(stage.decide("su", &now, agree.clone()).await["error"], 1);
    assert_eq!(stage.decide("lin", &now, agree.clone()).await["success"], 1);
    for _ in 0..2 {
        assert_eq!(
            stage.decide("lin", &later, agree.clone()).await["success"],
            1,
            "both tasks are theirs now"
        );
    }
    assert_eq!(state(&stage, &later).await, "PROCESSING");
    let shown = stage.get(&format!("/v1.1/flowDetails?flowId={now}")).await["value"]["logs"].clone();
    let words: Vec<&str> =
        shown.as_array().expect("logs").iter().filter_map(|log| log["action"].as_str()).collect();
    assert_eq!(words, ["freeflow.submit", "freeflow.shiftApprove", "freeflow.agree"]);
    assert_eq!(
        (&shown[1]["nextOperatorId"], &shown[2]["byDelegateId"]),
        (&json!(named("lin")), &Value::Null)
    );
    let again = stage.post("/v2.1/flows/relay", relay("su", "lin", false)).await;
    assert_eq!(again["totalCount"], 0, "once");
}

#[tokio::test]
async fn a_leavers_drafts_go_where_that_is_asked_for() {
    let stage = company();
    let draft = made(&stage, trip("草稿"), false).await;
    let waits = made(&stage, trip("去杭州"), true).await;
    stage.post("/v2.1/flows/relay", relay("lin", "su", false)).await;
    assert_eq!(state(&stage, &draft).await, "draft");
    stage.post("/v2.1/flows/relay", relay("lin", "su", true)).await;
    assert_eq!(stage.ask(Method::GET, &format!("/v1.1/flowDetails?flowId={draft}"), None).await.0, 412);
    assert_eq!(state(&stage, &waits).await, "approving", "what was handed in stays");
}

#[tokio::test]
async fn a_hand_over_names_people_who_are_there() {
    let stage = company();
    for (ask, text) in [
        (relay("nobody", "lin", true), "离职员工不存在originApproverId"),
        (relay("su", "nobody", true), "交接员工不存在relayApproverId"),
        (relay("su", "left", true), "交接人已离职"),
        (relay("su", "su", true), "交接人不能是离职人本人"),
    ] {
        assert_eq!(stage.refused(Method::POST, "/v2.1/flows/relay", ask).await, (400, text.to_owned()));
    }
    let mut lacking = relay("su", "lin", true);
    lacking.as_object_mut().expect("an object").remove("dataLinkFlag");
    assert_eq!(
        stage.refused(Method::POST, "/v2.1/flows/relay", lacking).await,
        (400, "dataLinkFlag 必填".to_owned())
    );
    let by_code = json!({
        "staffId": "TS-100", "originApproverId": "TS-100", "relayApproverId": "TS-101",
        "unboundInvoice": false, "shareWaitingInvoice": false, "dataLinkFlag": false,
    });
    assert_eq!(stage.post("/v2.1/flows/relay?type=code", by_code).await["totalCount"], 0);
}

#[tokio::test]
async fn everything_that_was_asked_is_listed() {
    let stage = company();
    let draft = made(&stage, claim("草稿", "10", None), false).await;
    let tasks = async |flow: &str| stage.get(&format!("/v1.1/flowDetails/allLogs?flowId={flow}")).await;
    assert_eq!(tasks(&draft).await, json!({"count": 0, "items": []}), "nothing of a draft");
    let flow = made(&stage, claim("报销", "538.50", None), true).await;
    let waiting = tasks(&flow).await["items"].clone();
    assert_eq!(
        (&waiting[0]["state"], &waiting[0]["logId"], &waiting[0]["ownerId"]),
        (&json!("APPROVING"), &json!(-1), &json!(named("su")))
    );
    stage.decide("su", &flow, json!({"name": "freeflow.agree"})).await;
    let after = tasks(&flow).await;
    assert_eq!(after["count"], 2);
    let row = |place: usize| {
        let item = &after["items"][place];
        [&item["state"], &item["action"], &item["nodeName"]]
            .map(|value| value.as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(row(0), ["PROCESSED", "freeflow.agree", "审批1"]);
    assert_eq!(row(1), ["PROCESSING", "-", "出纳支付"]);
    assert_eq!(stage.ask(Method::GET, "/v1.1/flowDetails/allLogs?flowId=nothing", None).await.0, 412);
}

#[tokio::test]
async fn the_whole_companys_queue_is_newest_first() {
    let stage = company();
    let mut flows = Vec::new();
    for place in 0..3 {
        flows.push(made(&stage, claim(&format!("报销{place}"), "10", None), place > 0).await);
        stage.clock.advance_seconds(60);
    }
    flows.push(made(&stage, trip("去杭州"), true).await);
    let all = stage.get("/v1/docs/backlog?index=0&count=500").await;
    let ids: Vec<&str> =
        all["items"].as_array().expect("items").iter().filter_map(|flow| flow["id"].as_str()).collect();
    assert_eq!((all["count"].as_u64(), ids), (Some(3), vec![&*flows[3], &*flows[2], &*flows[1]]));
    let second = stage.get("/v1/docs/backlog?index=1&count=1").await;
    assert_eq!((&second["count"], &second["items"][0]["id"]), (&json!(3), &json!(flows[2])));
}

#[tokio::test]
async fn what_a_cashier_has_paid_is_found() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let delivered =
        async |who: &str| stage.get(&format!("/v1.1/docs/delivered/${}", named(who))).await["count"].clone();
    assert_eq!(delivered("su").await, 0);
    // A cashier pays at the vendor; here a record that came from there says so.
    let (approval_id, mut approval) = stage.workforce.all::<Approval>().expect("read").remove(0);
    let paid: ApprovalStep =
        serde_json::from_value(json!({"action": {"value": "pay"}, "actor": id("su")})).expect("a step");
    approval.log.push(paid);
    stage.workforce.put(approval_id, &approval).expect("kept");
    assert_eq!((delivered("su").await, delivered("lin").await), (json!(1), json!(0)));
    let (request, _) = stage.workforce.all::<TravelRequest>().expect("read").remove(0);
    assert_eq!(request.to_string(), flow);
    assert_eq!(stage.ask(Method::GET, "/v1.1/docs/delivered/$nobody", None).await.0, 400);
}
