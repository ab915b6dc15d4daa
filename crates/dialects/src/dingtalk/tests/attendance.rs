//! Attendance at the face, by requests as other programs make them, and read back by our own connector.

use http::Method;
use serde_json::{Value, json};
use tongshi_dialect::{Ask, Connector, Page, Reach, Subject, Window, Workforce as _};
use tongshi_model::{
    Coded, Direction, DurationUnit, Instant, Kind, Punch, PunchSource, Quantity, ShiftAssignment,
    TimelineEntry, TimelineKind, shanghai,
};

use super::stage::{CORP, Stage, company_with, id, read, space};

pub(super) fn at(text: &str) -> Instant {
    Instant::parse(text, shanghai()).expect("a time")
}

fn millis(text: &str) -> i64 {
    at(text).timestamp().as_millisecond()
}

fn user(name: &str) -> String {
    id(name).to_string()
}

/// Two people on shifts of two groups from the 9th to the 13th of March and on the 16th; punches; a leave of a day.
pub(super) fn office() -> Stage {
    let stage = company_with(json!({"calls_per_second": 0}), |_| {});
    for (name, shift, rule, range) in
        [("wang", "白班", "总部考勤", "09:00-18:00"), ("lin", "夜班", "机房考勤", "22:00-06:00")]
    {
        for day in ["2026-03-12", "2026-03-13", "2026-03-16"] {
            let assignment = ShiftAssignment {
                employee: id(name),
                date: day.parse().expect("a day"),
                shift: Some(shift.to_owned()),
                rule: Some(rule.to_owned()),
                time_range: Some(range.to_owned()),
            };
            stage.workforce.put(id(&format!("{name}{day}")), &assignment).expect("kept");
        }
    }
    let leave = TimelineEntry {
        employee: id("wang"),
        kind: Coded::vendor("年假", Some(TimelineKind::Leave)),
        date: "2026-03-13".parse().expect("a day"),
        start: Some(at("2026-03-13 09:00")),
        end: Some(at("2026-03-13 18:00")),
        duration: Some(Quantity { number: 1.into(), unit: Coded::ours(DurationUnit::Days) }),
        approval: None,
        note: None,
    };
    stage.workforce.put(id("leave"), &leave).expect("kept");
    let punch = |name: &str, time: &str, day: &str, direction| Punch {
        employee: id(name),
        at: at(time),
        direction,
        source: PunchSource::Mobile,
        day: day.parse().ok(),
        detail: Some(
            json!({"latitude": 31.2304, "longitude": 121.4737, "accuracy_meters": 41.0, "address": "样本路1号"}),
        ),
    };
    stage.workforce.punch([
        punch("wang", "2026-03-12 09:07:30", "2026-03-12", Direction::In),
        punch("wang", "2026-03-12 18:00:10", "2026-03-12", Direction::Out),
        punch("lin", "2026-03-12 21:55:00", "2026-03-12", Direction::Unknown),
        punch("lin", "2026-03-13 05:30:00", "2026-03-12", Direction::Unknown),
    ]);
    stage
}

#[tokio::test]
async fn results_judge_each_slot() {
    let stage = office();
    let body = json!({
        "workDateFrom": "2026-03-12 10:00:00", "workDateTo": "2026-03-16 00:00:00", "offset": "0", "limit": "50",
        "userIdList": [user("wang"), user("lin"), "nobody"],
    });
    let answer = stage.old("/attendance/list", body.clone()).await;
    assert_eq!((&answer["errcode"], &answer["hasMore"]), (&json!(0), &json!(false)), "{answer}");
    let rows = answer["recordresult"].as_array().expect("rows");
    let shown: Vec<(bool, i64, &str, &str)> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            (
                row["userId"] == user("wang"),
                row["workDate"].as_i64().unwrap_or(0),
                text("checkType"),
                text("timeResult"),
            )
        })
        .collect();
    let day = |text: &str| millis(&format!("{text} 00:00"));
    assert_eq!(
        shown,
        [
            (true, day("2026-03-12"), "OnDuty", "Late"),
            (true, day("2026-03-12"), "OffDuty", "Normal"),
            (true, day("2026-03-13"), "OnDuty", "NotSigned"),
            (true, day("2026-03-13"), "OffDuty", "NotSigned"),
            // Today at nine has passed, six in the evening has not.
            (true, day("2026-03-16"), "OnDuty", "NotSigned"),
            (false, day("2026-03-12"), "OnDuty", "Normal"),
            (false, day("2026-03-12"), "OffDuty", "Early"),
            (false, day("2026-03-13"), "OnDuty", "NotSigned"),
            (false, day("2026-03-13"), "OffDuty", "NotSigned"),
        ]
    );
    assert_eq!(rows[2]["approveId"], user("leave"), "a slot on leave names what was approved");
    // Pages cut the same list.
    let mut paged = Vec::new();
    for offset in (0..).step_by(4) {
        let mut body = body.clone();
        (body["offset"], body["limit"]) = (json!(offset), json!(4));
        let answer = stage.old("/attendance/list", body).await;
        paged.extend(answer["recordresult"].as_array().expect("rows").clone());
        if answer["hasMore"] == false {
            break;
        }
    }
    assert_eq!(&paged, rows);
}

#[tokio::test]
async fn questions_are_few_however_many_people_are_asked_about() {
    let stage = office();
    let asked = |count: usize| {
        let mut users = vec![user("wang"), user("lin"), user("boss")];
        users.truncate(count);
        json!({"workDateFrom": "2026-03-10 00:00:00", "workDateTo": "2026-03-16 00:00:00", "offset": 0, "limit": 50, "userIdList": users})
    };
    let mut questions = Vec::new();
    for count in [1, 3] {
        let token = stage.token().await;
        let before = stage.workforce.questions();
        let body = asked(count).to_string();
        let headers = [("content-type", "application/json")];
        stage.send(Method::POST, &format!("/attendance/list?access_token={token}"), &headers, &body).await;
        questions.push(stage.workforce.questions() - before);
    }
    assert_eq!(questions[0], questions[1]);
}

#[tokio::test]
async fn details_show_every_punch_with_its_place() {
    let stage = office();
    let body = json!({
        "checkDateFrom": "2026-03-12 00:00:00", "checkDateTo": "2026-03-13 05:00:00", "userIds": [user("wang"), user("lin")],
    });
    let rows = stage.old("/attendance/listRecord", body).await["recordresult"].clone();
    assert_eq!(rows.as_array().map(Vec::len), Some(3), "the window is of instants: {rows}");
    assert_eq!(rows[0]["timeResult"], "Late");
    assert_eq!((&rows[0]["userLatitude"], &rows[0]["userAccuracy"]), (&json!(31.2304), &json!(41.0)));
    assert_eq!((&rows[0]["locationMethod"], &rows[0]["corpId"]), (&json!("MAP"), &json!(CORP)));
    assert_eq!(rows[2]["workDate"], millis("2026-03-12 00:00"));
    let day = stage
        .result(
            "/topapi/attendance/getupdatedata",
            json!({"userid": user("wang"), "work_date": "2026-03-13"}),
        )
        .await;
    assert_eq!(day["approve_list"][0]["sub_type"], "年假");
    assert_eq!(day["attendance_result_list"][0]["time_result"], "NotSigned");
    let checkins = json!({
        "userid_list": user("wang"), "start_time": millis("2026-03-12 00:00"), "end_time": millis("2026-03-12 12:00"),
        "cursor": 0, "size": 100,
    });
    let checkins = stage.result("/topapi/checkin/record/get", checkins).await;
    assert_eq!(checkins["page_list"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_punch_is_taken_once_and_only_of_the_last_half_year() {
    let stage = office();
    let body = |time: i64| json!({"userid": user("boss"), "device_name": "前台", "device_id": "zk-7", "user_check_time": time.to_string()});
    let path = "/topapi/attendance/record/upload";
    let before = stage.workforce.all_punches().len();
    for _ in 0..2 {
        let answer = stage.old(path, body(millis("2026-03-16 08:59"))).await;
        assert_eq!((&answer["errcode"], &answer["success"]), (&json!(0), &json!(true)));
    }
    let punches = stage.workforce.all_punches();
    assert_eq!(punches.len(), before + 1);
    let punch = punches.last().expect("it");
    assert_eq!(
        (punch.employee, punch.at, punch.source),
        (id("boss"), at("2026-03-16 08:59"), PunchSource::Import)
    );
    assert_eq!(punch.detail.as_ref().expect("a detail")["device_id"], "zk-7");
    for (body, code) in [
        (body(millis("2025-03-16 08:59")), 400_002),
        (body(millis("2026-03-17 08:59")), 400_002),
        (json!({"userid": user("boss"), "device_name": "x", "user_check_time": 1}), 40035),
        (
            json!({"userid": "nobody", "device_name": "x", "device_id": "y", "user_check_time": millis("2026-03-16 08:59")}),
            33012,
        ),
    ] {
        assert_eq!(stage.old(path, body).await["errcode"], code);
    }
    assert_eq!(stage.workforce.all_punches().len(), before + 1);
}

#[tokio::test]
async fn each_bound_has_its_code() {
    let stage = office();
    let many: Vec<String> = (0..51).map(|number| format!("u{number}")).collect();
    let results = |from: &str, to: &str, users: Value, limit: i64| json!({"workDateFrom": from, "workDateTo": to, "userIdList": users, "offset": 0, "limit": limit});
    for (body, code) in [
        (results("2026-03-01 00:00:00", "2026-03-08 00:00:00", json!(["u"]), 10), 41041),
        (results("2026-03-08 00:00:00", "2026-03-01 00:00:00", json!(["u"]), 10), 40035),
        (results("last week", "2026-03-01 00:00:00", json!(["u"]), 10), 41100),
        (results("2025-03-01 00:00:00", "2025-03-02 00:00:00", json!(["u"]), 10), 400_002),
        (results("2026-03-01 00:00:00", "2026-03-02 00:00:00", json!(many), 10), 40035),
        (results("2026-03-01 00:00:00", "2026-03-02 00:00:00", json!([]), 10), 40035),
        (results("2026-03-01 00:00:00", "2026-03-02 00:00:00", json!(["u"]), 51), 40035),
    ] {
        let answer = stage.old("/attendance/list", body.clone()).await;
        assert_eq!(answer["errcode"], code, "{body}: {answer}");
    }
    // Below /topapi the gateway wraps what it refuses; elsewhere the codes are plain.
    let headers = [("content-type", "application/json")];
    for (path, expected) in [
        ("/attendance/list", json!({"errcode": 40014})),
        ("/topapi/attendance/shift/list", json!({"errcode": 88, "sub_code": "40014"})),
    ] {
        let answer =
            read(&stage.send(Method::POST, &format!("{path}?access_token=wrong"), &headers, "{}").await);
        for (name, value) in expected.as_object().expect("an object") {
            assert_eq!(&answer[name], value, "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn shifts_and_groups_are_told_from_who_works_when() {
    let stage = office();
    let op = json!({"op_user_id": user("boss"), "cursor": 0});
    let shifts = stage.result("/topapi/attendance/shift/list", op.clone()).await;
    assert_eq!(shifts["result"].as_array().map(Vec::len), Some(2));
    let night = shifts["result"]
        .as_array()
        .expect("shifts")
        .iter()
        .find(|shift| shift["name"] == "夜班")
        .expect("it");
    let shift = stage
        .result(
            "/topapi/attendance/shift/query",
            json!({"op_user_id": user("boss"), "shift_id": night["id"]}),
        )
        .await;
    assert_eq!(shift["sections"][0]["punches"][1]["check_time"], "1970-01-01 06:00:00");
    assert_eq!(shift["sections"][0]["punches"][1]["across"], 1);
    assert_eq!(shift["shift_setting"]["work_time_minutes"], 480);
    let groups = stage.result("/topapi/attendance/getsimplegroups", json!({"offset": 0, "size": 10})).await;
    assert_eq!(groups["groups"].as_array().map(Vec::len), Some(2));
    let group = stage.result("/topapi/attendance/getusergroup", json!({"userid": user("wang")})).await;
    assert_eq!(group["name"], "总部考勤");
    let members = json!({"op_user_id": user("boss"), "group_id": group["group_id"], "cursor": 0});
    assert_eq!(
        stage.result("/topapi/attendance/group/memberusers/list", members).await["result"],
        json!([user("wang")])
    );
    let slots = json!({
        "op_user_id": user("boss"), "userids": format!("{},{}", user("wang"), user("lin")),
        "from_date_time": millis("2026-03-12 00:00"), "to_date_time": millis("2026-03-13 00:00"),
    });
    let slots = stage.result("/topapi/attendance/schedule/listbyusers", slots).await;
    assert_eq!(slots.as_array().map(Vec::len), Some(8));
    let ids: Vec<String> =
        slots.as_array().expect("slots").iter().map(|slot| slot["id"].to_string()).collect();
    let results = json!({"op_user_id": user("boss"), "schedule_ids": ids.join(",")});
    let results = stage.result("/topapi/attendance/schedule/result/listbyids", results).await;
    assert_eq!(results.as_array().map(Vec::len), Some(8), "a slot is found again by its number");
    let plans = stage
        .result("/topapi/attendance/listschedule", json!({"workDate": "2026-03-12", "offset": 3, "size": 1}))
        .await;
    assert_eq!((plans["schedules"].as_array().map(Vec::len), &plans["has_more"]), (Some(1), &json!(false)));
    // Somebody is put on a shift and taken off again.
    let set = |shift: &Value, rest: bool| {
        json!({"op_user_id": user("boss"), "group_id": group["group_id"], "schedules": [
            {"userid": user("boss"), "work_date": millis("2026-03-17 00:00"), "shift_id": shift, "is_rest": rest}
        ]})
    };
    let day =
        json!({"op_user_id": user("boss"), "user_id": user("boss"), "date_time": millis("2026-03-17 00:00")});
    for (shift, rest, count) in [(night["id"].clone(), false, 2), (json!(1), true, 0)] {
        let answer = stage.old("/topapi/attendance/group/schedule/async", set(&shift, rest)).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        let slots = stage.result("/topapi/attendance/schedule/listbyday", day.clone()).await;
        assert_eq!(slots.as_array().map(Vec::len), Some(count));
    }
    assert_eq!(
        stage.old("/topapi/attendance/group/schedule/async", set(&json!(77), false)).await["errcode"],
        400_002
    );
}

#[tokio::test]
async fn columns_count_what_was_late_and_missing() {
    let stage = office();
    let columns = stage.result("/topapi/attendance/getattcolumns", json!({})).await;
    let id_of = |alias: &str| {
        let columns = columns["columns"].as_array().expect("columns");
        columns.iter().find(|column| column["alias"] == alias).expect("a column")["id"].to_string()
    };
    let ids =
        ["late_times", "late_minute", "attendance_work_time", "on_work_lack_card_times"].map(id_of).join(",");
    let ask = json!({"userid": user("wang"), "column_id_list": ids, "from_date": "2026-03-12 00:00:00", "to_date": "2026-03-16 00:00:00"});
    let values = stage.result("/topapi/attendance/getcolumnval", ask).await;
    let of_column = |place: usize| -> Vec<String> {
        let days = values["column_vals"][place]["column_vals"].as_array().expect("days");
        days.iter().map(|day| day["value"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(of_column(0), ["1", "0", "0", "0", "0"]);
    assert_eq!(of_column(1), ["7", "0", "0", "0", "0"]);
    assert_eq!(of_column(2), ["532", "0", "0", "0", "0"]);
    // On leave nothing is missing; today something is.
    assert_eq!(of_column(3), ["0", "0", "0", "0", "1"]);
    let ask = json!({"userid": user("wang"), "leave_names": "年假", "from_date": "2026-03-12 00:00:00", "to_date": "2026-03-13 00:00:00"});
    let times = stage.result("/topapi/attendance/getleavetimebynames", ask).await;
    assert_eq!(times["columns"][0]["columnvals"][1]["value"], "1");
    let ask = json!({"userid": user("wang"), "column_id_list": "7", "from_date": "2026-03-12 00:00:00", "to_date": "2026-03-16 00:00:00"});
    assert_eq!(stage.old("/topapi/attendance/getcolumnval", ask).await["errcode"], 40035);
}

#[tokio::test]
async fn leave_has_kinds_states_and_quotas() {
    let stage = office();
    let types = stage
        .result(
            "/topapi/attendance/vacation/type/list",
            json!({"op_userid": user("boss"), "vacation_source": "all"}),
        )
        .await;
    let annual =
        types.as_array().expect("types").iter().find(|kind| kind["leave_name"] == "年假").expect("it");
    let code = annual["leave_code"].clone();
    let ask = json!({
        "userid_list": format!("{},{}", user("wang"), user("lin")), "start_time": millis("2026-03-01 00:00"),
        "end_time": millis("2026-03-31 00:00"), "offset": 0, "size": 20,
    });
    let status = stage.result("/topapi/attendance/getleavestatus", ask).await;
    assert_eq!(status["leave_status"].as_array().map(Vec::len), Some(1));
    let leave = &status["leave_status"][0];
    assert_eq!(
        (&leave["duration_percent"], &leave["duration_unit"], &leave["leave_code"]),
        (&json!(100), &json!("percent_day"), &code)
    );
    let quota = |user: &str, code: &Value| {
        json!({"userid": user, "leave_code": code, "quota_cycle": "2026", "start_time": millis("2026-01-01 00:00"),
            "end_time": millis("2026-12-31 00:00"), "quota_num_per_day": 1000, "reason": "年度发放"})
    };
    let update = json!({"op_userid": user("boss"), "leave_quotas": [quota(&user("wang"), &code), quota("nobody", &code), quota(&user("lin"), &json!("none"))]});
    let failures = stage.result("/topapi/attendance/vacation/quota/update", update).await;
    assert_eq!(failures.as_array().map(Vec::len), Some(2));
    let ask = json!({"op_userid": user("boss"), "leave_code": code, "userids": user("wang"), "offset": 0, "size": 50});
    let quotas = stage.result("/topapi/attendance/vacation/quota/list", ask).await;
    assert_eq!(quotas["leave_quotas"][0]["quota_num_per_day"], 1000);
    assert_eq!(quotas["leave_quotas"][0]["used_num_per_day"], 100);
    let ask =
        json!({"userid": user("wang"), "from_date": "2026-03-12 13:00:00", "to_date": "2026-03-13 10:00:00"});
    let minutes = stage.result("/topapi/attendance/getleaveapproveduration", ask).await;
    assert_eq!(minutes["duration_in_minutes"], 6 * 60);
}

#[tokio::test]
async fn what_was_decided_elsewhere_is_told_replaced_and_taken_back() {
    let stage = office();
    let tell = |from: &str, to: &str, unit: &str| {
        json!({
            "topCalculateApproveDurationParam": {"bizType": 2, "fromTime": from, "toTime": to, "durationUnit": unit, "calculateModel": 0},
            "tagName": "出差", "approveId": "A-1", "jumpUrl": "https://example.com/a/1",
        })
    };
    let path = format!("/v1.0/attendance/approvals/finish?userId={}", user("lin"));
    for (to, days) in [("2026-03-18", "2"), ("2026-03-19", "3")] {
        let reply = stage.new_host(Method::POST, &path, Some(tell("2026-03-17", to, "day"))).await;
        assert_eq!(read(&reply)["result"]["duration"], days, "{}", read(&reply));
    }
    let entries: Vec<TimelineEntry> = stage
        .workforce
        .all::<TimelineEntry>()
        .expect("entries")
        .into_iter()
        .map(|(_, entry)| entry)
        .collect();
    let trips: Vec<&TimelineEntry> = entries.iter().filter(|entry| entry.employee == id("lin")).collect();
    assert_eq!(trips.len(), 1, "the same approve_id replaces");
    assert_eq!(
        (trips[0].kind.value, trips[0].end),
        (TimelineKind::BusinessTravel, Some(at("2026-03-20 00:00")))
    );
    for (body, code) in [
        (tell("2026-03-17", "2026-03-18 AM", "day"), "invalidRequestParams"),
        (tell("2026-03-17", "2026-03-18", "halfDay"), "illegalDateTypeForHalfDay"),
        (tell("2026-03-17", "2026-03-18", "week"), "illegalDurationUnit"),
        (tell("2026-03-18", "2026-03-17", "day"), "beginDateCannotAfterEndDate"),
        (tell("2026-03-17", "2026-05-17", "day"), "durationTooLong"),
        (tell("2025-03-17", "2025-03-18", "day"), "dateTooEarly"),
    ] {
        let reply = stage.new_host(Method::POST, &path, Some(body)).await;
        assert_eq!((reply.status.as_u16(), &read(&reply)["code"]), (400, &json!(code)));
    }
    let cancel = json!({"userid": user("lin"), "approve_id": "A-1"});
    assert_eq!(stage.old("/topapi/attendance/approve/cancel", cancel.clone()).await["errcode"], 0);
    assert_eq!(stage.old("/topapi/attendance/approve/cancel", cancel).await["errcode"], 400_002);
    // By working hours: the 12th and 13th have a shift, the 14th has none.
    let path = format!("/v1.0/attendance/approvals/durations/calculate?userId={}", user("wang"));
    let ask = json!({"bizType": 3, "fromTime": "2026-03-12", "toTime": "2026-03-14", "durationUnit": "day", "calculateModel": 1});
    let reply = stage.new_host(Method::POST, &path, Some(ask)).await;
    assert_eq!(read(&reply)["result"]["duration"], "2", "{}", read(&reply));
    // A missing punch is made good.
    let check = json!({
        "userid": user("wang"), "work_date": "2026-03-16", "punch_id": 1, "punch_check_time": "2026-03-16 09:00:00",
        "user_check_time": "2026-03-16 08:58:00", "approve_id": "A-2", "jump_url": "https://example.com/a/2", "tag_name": "补卡",
    });
    assert_eq!(stage.old("/topapi/attendance/approve/check", check).await["errcode"], 0);
    let punches = stage
        .workforce
        .punches(id("wang"), "2026-03-16".parse().unwrap(), "2026-03-16".parse().unwrap())
        .await
        .unwrap();
    assert_eq!((punches[0].source, punches[0].direction), (PunchSource::Approval, Direction::In));
    // Two people change shifts.
    let switch = json!({
        "userid": user("wang"), "switch_date": "2026-03-16", "apply_userid": user("wang"), "target_userid": user("lin"), "approve_id": "A-3",
    });
    assert_eq!(stage.old("/topapi/attendance/approve/schedule/switch", switch).await["errcode"], 0);
    let day =
        json!({"op_user_id": user("boss"), "user_id": user("wang"), "date_time": millis("2026-03-16 00:00")});
    let slots = stage.result("/topapi/attendance/schedule/listbyday", day).await;
    assert_eq!(slots[0]["class_name"], "夜班");
}

/// All pages of all slices of a listing about people.
async fn pulled(connector: &dyn Connector, name: &str, window: Window) -> Vec<Page> {
    let subjects: Vec<Subject> = ["wang", "lin", "boss"]
        .map(|name| Subject {
            remote_id: user(name),
            record: space().id(Kind::Employee, &user(name)),
            key: None,
        })
        .to_vec();
    let listing = connector.listings().iter().find(|listing| listing.name == name).expect("a listing");
    let ask = Ask { reach: Reach::Full, window, subjects: &subjects };
    let mut pages = Vec::new();
    for slice in connector.plan(listing, &ask) {
        pages.push(connector.pull(listing, &slice, 1, None).await.expect("a page"));
    }
    pages
}

#[tokio::test]
async fn the_connector_reads_what_the_face_shows() {
    let stage = office();
    let connector = stage.connector_with(json!({"operator": user("boss"), "attendance_results": true}));
    let window = Window { from: "2026-03-01".parse().unwrap(), to: "2026-03-16".parse().unwrap() };
    let pages = pulled(&*connector, "punch", window).await;
    assert_eq!(pages.len(), 3, "sixteen days in windows of six and one more");
    assert!(
        pages.iter().all(|page| page.punches.len() == 3 && page.broken.is_empty()),
        "everybody is answered for"
    );
    let mut punches: Vec<&Punch> =
        pages.iter().flat_map(|page| &page.punches).flat_map(|of| &of.punches).collect();
    punches.sort_by_key(|punch| punch.at);
    let times: Vec<String> = punches.iter().map(|punch| punch.at.format("%d %H:%M:%S")).collect();
    assert_eq!(times, ["12 09:07:30", "12 18:00:10", "12 21:55:00", "13 05:30:00"]);
    assert_eq!(punches[3].day, "2026-03-12".parse().ok(), "the working day is the vendor's");
    assert_eq!((punches[2].direction, punches[3].direction), (Direction::In, Direction::Out));
    assert_eq!(punches[0].detail.as_ref().expect("a detail")["latitude"], 31.2304);
    let rows: Vec<ShiftAssignment> = pulled(&*connector, "shift", window)
        .await
        .iter()
        .flat_map(|page| &page.rows)
        .map(|row| {
            serde_json::from_str(&connector.read(Kind::ShiftAssignment, row).expect("a shift").doc)
                .expect("a shift")
        })
        .collect();
    assert_eq!(rows.len(), 6);
    let night =
        rows.iter().find(|shift| shift.shift.as_deref() == Some("夜班")).expect("names are asked for");
    assert_eq!((night.rule.as_deref(), night.time_range.as_deref()), (Some("机房考勤"), Some("22:00-06:00")));
    let leaves: Vec<_> = pulled(&*connector, "leave", window).await;
    let row = leaves[0].rows.first().expect("a leave");
    let leave: TimelineEntry =
        serde_json::from_str(&connector.read(Kind::TimelineEntry, row).expect("a leave").doc)
            .expect("a leave");
    assert_eq!(
        (leave.kind.vendor_value.as_deref(), leave.start),
        (Some("年假"), Some(at("2026-03-13 09:00")))
    );
}

#[tokio::test]
async fn listings_depend_on_what_the_settings_name() {
    let stage = office();
    let names = |settings: Value| -> Vec<&'static str> {
        stage.connector_with(settings).listings().iter().map(|listing| listing.name).collect()
    };
    assert_eq!(names(json!({})), ["department", "user", "punch", "leave"]);
    assert_eq!(names(json!({"attendance": false})), ["department", "user"]);
    let all = json!({"operator": "u", "process_codes": {"PROC-LEAVE": "leave"}});
    assert_eq!(names(all), ["department", "user", "punch", "leave", "shift", "approval"]);
}
