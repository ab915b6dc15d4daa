//! OA approvals on both hosts: asked for, decided step by step, ended, remarked on, listed; and the connector that reads and
//! decides them.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use tongshi_dialect::{Ask, Named, Pushed, Reach, Target, Window, Write, WriteBody};
use tongshi_model::{
    Action, Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Coded, Draft, Id, Kind, Punch,
    PunchSource,
};

use super::{
    attendance::{at, office},
    stage::{Stage, id, read, space},
};

fn user(name: &str) -> String {
    id(name).to_string()
}

async fn new_host(stage: &Stage, path: &str, body: Value) -> Value {
    read(&stage.new_host(Method::POST, path, Some(body)).await)
}

async fn get(stage: &Stage, id: &str) -> Value {
    let path = format!("/v1.0/workflow/processInstances?processInstanceId={id}");
    read(&stage.new_host(Method::GET, &path, None).await)["result"].clone()
}

/// Asks for a leave that lin and then either boss or stray decide.
async fn asked(stage: &Stage) -> String {
    let body = json!({
        "originatorUserId": user("wang"), "processCode": "PROC-LEAVE", "deptId": "-1",
        "approvers": [{"actionType": "AND", "userIds": [user("lin")]}, {"actionType": "OR", "userIds": [user("boss"), user("stray")]}],
        "ccList": [user("boss")],
        "formComponentValues": [{"name": "事由", "value": "回家"}, {"name": "[\"开始时间\",\"结束时间\"]", "value": "[\"2026-03-18\",\"2026-03-19\"]"}],
    });
    let made = new_host(stage, "/v1.0/workflow/processInstances", body).await;
    made["instanceId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn running(instance: &Value) -> Vec<(i64, String)> {
    let tasks = instance["tasks"].as_array().expect("tasks").iter();
    let running = tasks.filter(|task| task["status"] == "RUNNING");
    running
        .map(|task| {
            (task["taskId"].as_i64().expect("a number"), task["userId"].as_str().expect("a user").to_owned())
        })
        .collect()
}

async fn decide(stage: &Stage, id: &str, (task, by): &(i64, String), result: &str) -> Value {
    let body = json!({"processInstanceId": id, "taskId": task, "actionerUserId": by, "result": result, "remark": "好"});
    new_host(stage, "/v1.0/workflow/processInstances/execute", body).await
}

#[tokio::test]
async fn an_approval_goes_from_step_to_step() {
    let stage = office();
    let instance = asked(&stage).await;
    let shown = get(&stage, &instance).await;
    assert_eq!((&shown["status"], &shown["originatorUserId"]), (&json!("RUNNING"), &json!(user("wang"))));
    assert_eq!(shown["createTime"], "2026-03-16T02:00Z");
    assert_eq!(shown["formComponentValues"][1]["value"], "[\"2026-03-18\",\"2026-03-19\"]");
    let first = running(&shown);
    assert_eq!(first.iter().map(|(_, by)| by.clone()).collect::<Vec<_>>(), [user("lin")]);
    // Nobody decides for somebody else.
    let wrong = decide(&stage, &instance, &(first[0].0, user("boss")), "agree").await;
    assert_eq!(wrong["code"], "processInstanceInvalidParameter");
    assert_eq!(decide(&stage, &instance, &first[0], "agree").await["result"], true);
    let second = running(&get(&stage, &instance).await);
    assert_eq!(second.len(), 2);
    assert_eq!(
        decide(&stage, &instance, &first[0], "agree").await["code"],
        "aflowProcessInstStatusException"
    );
    assert_eq!(decide(&stage, &instance, &second[1], "agree").await["result"], true);
    let shown = get(&stage, &instance).await;
    assert_eq!((&shown["status"], &shown["result"]), (&json!("COMPLETED"), &json!("agree")));
    assert_eq!(shown["operationRecords"].as_array().map(Vec::len), Some(3));
    // The old host shows the same in its own words.
    let old = stage.old("/topapi/processinstance/get", json!({"process_instance_id": instance})).await;
    assert_eq!(old["process_instance"]["create_time"], "2026-03-16 10:00:00");
    assert_eq!(old["process_instance"]["operation_records"][1]["operation_type"], "EXECUTE_TASK_NORMAL");
    let (_, kept) = stage.workforce.all::<Approval>().expect("approvals").pop().expect("one");
    assert_eq!((kept.status.value, kept.result), (ApprovalStatus::Completed, ApprovalResult::Approved));
    assert_eq!(kept.category.value, ApprovalCategory::Leave);
    assert_eq!(kept.copies, [id("boss")], "who gets a copy is in the record");
}

#[tokio::test]
async fn a_refusal_and_an_end_stop_it() {
    let stage = office();
    let refused = asked(&stage).await;
    let task = running(&get(&stage, &refused).await).remove(0);
    assert_eq!(decide(&stage, &refused, &task, "refuse").await["result"], true);
    let shown = get(&stage, &refused).await;
    assert_eq!((&shown["status"], &shown["result"]), (&json!("COMPLETED"), &json!("refuse")));
    stage.clock.advance_seconds(1);
    let ended = asked(&stage).await;
    assert_ne!(ended, refused);
    let body = json!({"processInstanceId": ended, "operatingUserId": user("wang"), "remark": "改期"});
    let path = "/v1.0/workflow/processInstances/terminate";
    assert_eq!(
        new_host(&stage, path, body.clone()).await["code"],
        "aflowProcessInstStatusException",
        "not in its first seconds"
    );
    stage.clock.advance_seconds(20);
    assert_eq!(new_host(&stage, path, body.clone()).await["result"], true);
    assert_eq!(new_host(&stage, path, body).await["code"], "aflowProcessInstStatusException");
    assert_eq!(get(&stage, &ended).await["status"], "TERMINATED");
    let old = stage.old("/topapi/processinstance/get", json!({"process_instance_id": ended})).await;
    assert_eq!(old["process_instance"]["status"], "CANCELED", "who asked took it back");
    let comment =
        json!({"request": {"process_instance_id": ended, "comment_userid": user("boss"), "text": "知悉"}});
    assert_eq!(stage.old("/topapi/process/instance/comment/add", comment).await["errcode"], 0);
    let records = get(&stage, &ended).await["operationRecords"].clone();
    assert_eq!(
        records.as_array().and_then(|records| records.last().cloned()).expect("a record")["remark"],
        "知悉"
    );
}

#[tokio::test]
async fn ids_come_in_pages_and_within_bounds() {
    let stage = office();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(asked(&stage).await);
        stage.clock.advance_seconds(1);
    }
    let list = |token: i64, size: i64, code: &str, from: &str| json!({"processCode": code, "startTime": at(from).timestamp().as_millisecond(), "nextToken": token, "maxResults": size});
    let path = "/v1.0/workflow/processes/instanceIds/query";
    let (mut ids, mut token) = (Vec::new(), Some(0));
    while let Some(at) = token {
        let page =
            new_host(&stage, path, list(at, 2, "PROC-LEAVE", "2026-03-16 00:00")).await["result"].clone();
        ids.extend(
            page["list"].as_array().expect("ids").iter().map(|id| id.as_str().expect("an id").to_owned()),
        );
        token = page["nextToken"].as_str().map(|token| token.parse().expect("a number in a text"));
    }
    assert_eq!(ids, made);
    for (body, code) in [
        (list(0, 21, "PROC-LEAVE", "2026-03-16 00:00"), "invalidMaxResults"),
        (list(0, 2, "PROC-NONE", "2026-03-16 00:00"), "processCodeError"),
        (list(0, 2, "PROC-LEAVE", "2025-10-16 00:00"), "invalidEndTime"),
    ] {
        assert_eq!(new_host(&stage, path, body).await["code"], code);
    }
    let body = json!({"process_code": "PROC-LEAVE", "start_time": at("2026-03-16 00:00").timestamp().as_millisecond().to_string(), "size": 3, "cursor": 3});
    let page = stage.result("/topapi/processinstance/listids", body).await;
    assert_eq!((page["list"].as_array().map(Vec::len), &page["next_cursor"]), (Some(2), &Value::Null));
    let schema = stage
        .new_host(Method::GET, "/v1.0/workflow/forms/schemas/processCodes?processCode=PROC-LEAVE", None)
        .await;
    assert_eq!(read(&schema)["result"]["schemaContent"]["items"][0]["props"]["label"], "事由");
    let gone =
        stage.new_host(Method::GET, "/v1.0/workflow/processInstances?processInstanceId=nothing", None).await;
    assert_eq!((gone.status.as_u16(), &read(&gone)["code"]), (400, &json!("processInstanceNotExist")));
    for (body, code) in [
        (
            json!({"originatorUserId": user("wang"), "deptId": -1, "formComponentValues": [{"name": "a", "value": "b"}]}),
            "processInstanceInvalidParameter",
        ),
        (
            json!({"originatorUserId": user("wang"), "processCode": "PROC-LEAVE", "formComponentValues": [{"name": "a", "value": "b"}]}),
            "processInstanceInvalidParameter",
        ),
        (
            json!({"originatorUserId": user("wang"), "processCode": "PROC-LEAVE", "deptId": -1, "formComponentValues": [{"value": "b"}]}),
            "formConverterError",
        ),
        (
            json!({"originatorUserId": "nobody", "processCode": "PROC-LEAVE", "deptId": -1, "formComponentValues": [{"name": "a", "value": "b"}]}),
            "invalidParameter.user.notFound",
        ),
    ] {
        assert_eq!(new_host(&stage, "/v1.0/workflow/processInstances", body).await["code"], code);
    }
}

fn write(action: Action, body: WriteBody, remote_id: Option<&str>, fields: Value) -> Write {
    let named =
        ["wang", "lin", "boss"].map(|name| (id(name), Named { remote_id: Some(user(name)), key: None }));
    Write {
        id: Id::of(&["write"]),
        action,
        body,
        remote_id: remote_id.map(str::to_owned),
        named: BTreeMap::from(named),
        fields,
        actor: "app:payroll".to_owned(),
    }
}

#[tokio::test]
async fn the_connector_asks_reads_and_decides() {
    let stage = office();
    let connector =
        stage.connector_with(json!({"operator": user("lin"), "process_codes": {"PROC-LEAVE": "leave"}}));
    let approval = Approval {
        number: "1".to_owned(),
        title: None,
        category: Coded::ours(ApprovalCategory::Leave),
        applicant: Some(id("wang")),
        applicant_name: None,
        status: Coded::ours(ApprovalStatus::Running),
        status_label: None,
        result: ApprovalResult::None,
        submitted_at: None,
        updated_at: None,
        form: vec![tongshi_model::FormSection {
            name: None,
            fields: vec![tongshi_model::FormField { name: "天数".to_owned(), value: json!(2).into() }],
        }],
        tasks: Vec::new(),
        log: Vec::new(),
        copies: Vec::new(),
    };
    let body = || WriteBody::Record { kind: Kind::Approval, doc: Draft::of(&approval).expect("a draft").doc };
    let pushed =
        connector.push(&[write(Action::Create, body(), None, json!({}))]).await.expect("pushed").remove(0);
    let Pushed::Taken { remote_id: Some(instance) } = pushed else { panic!("{pushed:?}") };
    // The operator is the applicant's manager, so it waits for them.
    let listing = connector.listings().iter().find(|listing| listing.name == "approval").expect("a listing");
    let window = Window { from: "2026-03-01".parse().unwrap(), to: "2026-03-16".parse().unwrap() };
    let read_all = || async {
        let ask = Ask { reach: Reach::Full, window, subjects: &[] };
        let slice = connector.plan(listing, &ask).remove(0);
        let page = connector.pull(listing, &slice, 1, None).await.expect("a page");
        assert_eq!((page.rows.len(), page.total), (1, Some(1)));
        assert_eq!(page.rows[0].remote_id, instance);
        let draft = connector.read(Kind::Approval, &page.rows[0]).expect("an approval");
        serde_json::from_str::<Approval>(&draft.doc).expect("an approval")
    };
    stage.clock.advance_seconds(60);
    let seen = read_all().await;
    assert_eq!(seen.form[0].fields[0].name, "天数");
    assert_eq!(seen.applicant, Some(space().id(Kind::Employee, &user("wang"))));
    assert_eq!(seen.category, Coded::vendor("PROC-LEAVE", Some(ApprovalCategory::Leave)));
    let agree = write(Action::Approve, body(), Some(&instance), json!({"comment": "同意"}));
    assert_eq!(
        connector.push(std::slice::from_ref(&agree)).await.expect("pushed"),
        [Pushed::Taken { remote_id: None }]
    );
    let seen = read_all().await;
    assert_eq!((seen.status.value, seen.result), (ApprovalStatus::Completed, ApprovalResult::Approved));
    // Nothing waits any more.
    assert!(matches!(connector.push(&[agree]).await.expect("pushed")[0], Pushed::Refused(_)));
    // Of what form one is that nobody has read, the vendor does not say.
    assert!(matches!(
        connector.exists(Kind::Approval, &instance).await.expect("asked"),
        tongshi_dialect::Existence::Unknown
    ));
}

#[tokio::test]
async fn punches_go_out_with_device_and_actor_and_not_too_many() {
    let stage = office();
    let connector = stage.connector_with(json!({"punches_per_minute": 2, "device_name": "前台"}));
    let punch = |source, time: &str| {
        let punch = Punch {
            employee: id("boss"),
            at: at(time),
            direction: tongshi_model::Direction::In,
            source,
            day: None,
            detail: None,
        };
        write(Action::Create, WriteBody::Punch(punch), None, json!({}))
    };
    assert!(!connector.repeatable(Target::Punch, Action::Create));
    let unknown = connector.push(&[punch(PunchSource::Unknown, "2026-03-16 08:00")]).await.expect("answered");
    assert!(matches!(unknown[0], Pushed::Refused(_)), "whatever its origin, it must have one");
    for time in ["2026-03-16 08:58", "2026-03-16 08:59"] {
        let pushed = connector.push(&[punch(PunchSource::Machine, time)]).await.expect("pushed");
        assert_eq!(pushed, [Pushed::Taken { remote_id: None }]);
    }
    let kept = stage.workforce.all_punches().pop().expect("a punch");
    assert_eq!(kept.detail.as_ref().expect("a detail")["device_name"], "前台 (app:payroll)");
    let refused =
        connector.push(&[punch(PunchSource::Machine, "2026-03-16 09:00")]).await.expect_err("too many");
    assert!(
        refused.without_effect && matches!(refused.error.kind(), tongshi_model::ErrorKind::Limited(Some(_)))
    );
    let sent =
        [punch(PunchSource::Machine, "2026-03-16 08:59"), punch(PunchSource::Machine, "2026-03-16 07:00")];
    let seen = connector.read_back(&sent).await.expect("seen");
    assert_eq!(seen, [tongshi_dialect::Seen::There { remote_id: None }, tongshi_dialect::Seen::Unknown]);
    let descriptor = &crate::dingtalk::DESCRIPTOR;
    assert!(descriptor.writes_off.contains(&Target::Punch), "off until somebody switches it on");
}

#[tokio::test]
async fn leaves_decided_here_are_told_and_taken_back() {
    let stage = office();
    let connector = stage.connector_with(json!({"calculate_model": 0}));
    let entry = |days: &str| tongshi_model::TimelineEntry {
        employee: id("boss"),
        kind: Coded::vendor("事假", Some(tongshi_model::TimelineKind::Leave)),
        date: "2026-03-18".parse().expect("a day"),
        start: Some(at("2026-03-18 00:00")),
        end: Some(at(days)),
        duration: None,
        approval: None,
        note: None,
    };
    let body = |entry: &tongshi_model::TimelineEntry| WriteBody::Record {
        kind: Kind::TimelineEntry,
        doc: Draft::of(entry).expect("a draft").doc,
    };
    let first = entry("2026-03-19 00:00");
    let pushed = connector
        .push(&[write(Action::Create, body(&first), None, json!({}))])
        .await
        .expect("pushed")
        .remove(0);
    let Pushed::Taken { remote_id: Some(name) } = pushed else { panic!("{pushed:?}") };
    let told = || {
        let all = stage.workforce.all::<tongshi_model::TimelineEntry>().expect("entries");
        all.into_iter()
            .map(|(_, entry)| entry)
            .filter(|entry| entry.employee == id("boss"))
            .collect::<Vec<_>>()
    };
    assert_eq!((told().len(), told()[0].end), (1, Some(at("2026-03-19 00:00"))));
    let longer = entry("2026-03-20 12:00");
    let update = write(Action::Update, body(&longer), Some(&name), json!({}));
    assert!(matches!(connector.push(&[update]).await.expect("pushed")[0], Pushed::Taken { .. }));
    assert_eq!((told().len(), told()[0].end), (1, Some(at("2026-03-20 12:00"))), "the same one is replaced");
    let delete = write(Action::Delete, body(&longer), Some(&name), json!({}));
    assert!(matches!(connector.push(&[delete]).await.expect("pushed")[0], Pushed::Taken { .. }));
    assert!(told().is_empty());
}
