//! Family B as other programs call it.

use serde_json::{Value, json};

use super::stage::{OPENID, company, id, punch};
use tongshi_dialect::Workforce as _;
use tongshi_model::{Employee, EmploymentPhase, EmploymentStatus, Notice, OrgUnit, ShiftAssignment};

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
    let row = &days["data"][27];
    assert_eq!((&row["registerDate"], &row["firstOnRgTime"]), (&json!("2018-02-28"), &json!("09:01:00")));
    assert_eq!((&row["firstOffRgTime"], &row["workTimes"]), (&json!("18:02:00"), &json!("541")));
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

#[tokio::test]
async fn people_are_added_and_changed() {
    let stage = company();
    let call = async |operation: &str, body: Value| stage.open(operation, &body.to_string(), AT).await;
    let (add, modify) = ("employee/v2/addEmployee", "employee/v2/modifyEmployee");
    let new = json!({
        "emp_id": "TS-104", "emp_code": "zhou", "emp_name": "周样本", "emp_sex": "M", "emp_birthday": "1991-03-01",
        "waiqin365_dept_id": id("d1").to_string(), "emp_parent_id": "TS-101", "emp_mobile": "19900000104",
        "emp_position": "业务员", "emp_qq": null, "exts": [],
    });
    let named = data(&call(add, new.clone()).await);
    let rows = data(&call("employee/v2/queryEmployee", json!({"emp_id": "TS-104"})).await);
    assert_eq!((&rows[0]["id"], &rows[0]["emp_status"]), (&named["id"], &json!("1")));
    assert_eq!(rows[0]["waiqin365_parent_id"], id("lin").to_string());
    assert_eq!(call(add, new).await["return_code"], "40900", "the number is taken");
    let refused = [
        (json!({"emp_id": "TS-105"}), "40001", "no name"),
        (json!({"emp_name": "无号"}), "40001", "no number"),
        (json!({"emp_id": "TS-105", "emp_name": "x", "emp_sex": "?"}), "40001", "sex"),
        (json!({"emp_id": "TS-105", "emp_name": "x", "emp_birthday": "1991-02-30"}), "40001", "birthday"),
        (json!({"emp_id": "TS-105", "emp_name": "x", "emp_org_id": "nowhere"}), "40001", "department"),
        (json!({"emp_id": "TS-105", "emp_name": "x", "emp_parent_id": "TS-999"}), "40001", "superior"),
        (json!({"emp_id": {"a": 1}, "emp_name": "x"}), "40001", "no text"),
    ];
    for (body, code, why) in refused {
        assert_eq!(call(add, body).await["return_code"], code, "{why}");
    }
    let whom = named["id"].clone();
    data(
        &call(modify, json!({"id": whom, "emp_mobile": "19900000105", "emp_status": "1", "emp_email": ""}))
            .await,
    );
    let people = stage.workforce.all::<Employee>().expect("people");
    let (_, zhou) = people.into_iter().find(|(id, _)| whom == id.to_string()).expect("they are there");
    assert_eq!(zhou.mobile.as_ref().map(|mobile| mobile.expose().as_str()), Some("19900000105"));
    assert_eq!(
        (zhou.name.expose().as_str(), zhou.job_title.as_deref()),
        ("周样本", Some("业务员")),
        "the rest stays"
    );
    data(&call(modify, json!({"id": whom, "emp_status": "0"})).await);
    let (_, zhou) = stage.workforce.all::<Employee>().expect("people").pop().expect("somebody");
    assert_eq!(zhou.status, Some(EmploymentStatus::Ended));
    assert_eq!(zhou.phase.map(|phase| phase.value), Some(EmploymentPhase::Left));
    for (body, code) in [
        (json!({"emp_mobile": "1"}), "40001"),
        (json!({"id": "nobody", "emp_mobile": "1"}), "40400"),
        (json!({"id": id("d1").to_string(), "emp_mobile": "1"}), "40400"),
        (json!({"id": id("lin").to_string(), "emp_id": "TS-103"}), "40900"),
        (json!({"id": id("lin").to_string(), "emp_parent_id": "TS-101"}), "40001"),
    ] {
        assert_eq!(call(modify, body.clone()).await["return_code"], code, "{body}");
    }
    let unit = json!({"org_id": "D-9", "org_name": "华东组", "org_parent_id": id("d0").to_string(), "org_sequence": 3});
    data(&call("organization/v1/addOrganization", unit.clone()).await);
    let units = stage.workforce.all::<OrgUnit>().expect("units");
    assert!(units.iter().any(|(_, unit)| unit.name == "华东组" && unit.parent == Some(id("d0"))));
    assert_eq!(call("organization/v1/addOrganization", unit).await["return_code"], "40900");
}

#[tokio::test]
async fn days_come_in_pages_and_shifts_in_pairs() {
    let stage = company();
    let day = ["09:00", "12:00", "13:00", "18:00"].into_iter().enumerate().map(|(place, time)| {
        let mut punch = punch(&format!("2018-02-28 {time}"));
        punch.direction =
            if place % 2 == 0 { tongshi_model::Direction::In } else { tongshi_model::Direction::Out };
        punch
    });
    stage.workforce.record_punches(day.collect()).await.expect("kept");
    let page = async |page: u32| {
        let ask = json!({"startDate": "2018-02-27", "endDate": "2018-03-05", "page": page, "size": 4});
        data(&stage.open("attDetail/v1/getAttUserDetail", &ask.to_string(), AT).await)
    };
    let (first, second, third) = (page(1).await, page(2).await, page(3).await);
    // Two who work here, three days that have begun: six rows, of which each is on one page.
    let count = |page: &Value| page["data"].as_array().map_or(0, Vec::len);
    assert_eq!((count(&first), count(&second), count(&third)), (4, 2, 0));
    let row = &first["data"][1];
    assert_eq!(first["maxFrequnce"], 2);
    assert_eq!((&row["secondOnRgTime"], &row["secondOffRgTime"]), (&json!("13:00:00"), &json!("18:00:00")));
    assert_eq!((&row["workTimes"], &row["firstOnNearstPoint"]), (&json!("480"), &json!("")));
    let questions = stage.workforce.questions();
    page(1).await;
    assert!(stage.workforce.questions() - questions <= 6, "none per row");
}

#[tokio::test]
async fn visits_are_found_and_bounded() {
    let stage = company();
    let call = async |more: Value| {
        let mut ask = json!({"date_start": "2018-02-01", "date_end": "2018-03-01", "page": 1, "rows": 1000});
        for (name, value) in more.as_object().into_iter().flatten() {
            ask[name] = value.clone();
        }
        stage.open("cusVisit/v1/queryCusVisitRecord", &ask.to_string(), AT).await
    };
    let visits = data(&call(json!({})).await);
    assert_eq!(
        (&visits[0]["visitor_name"], &visits[0]["leave_time"]),
        (&json!("林知夏"), &json!("2018-02-28 12:00:00"))
    );
    for (more, count) in [
        (json!({"visitor_code": "TS-101"}), 1),
        (json!({"visitor_code": "TS-103"}), 0),
        (json!({"visitor_code": "TS-999"}), 0),
        (json!({"visit_type": "1"}), 0),
        (json!({"visit_time_start": "2018-02-28 10:30:00"}), 1),
        (json!({"visit_time_start": "2018-02-28 10:30:01"}), 0),
        (json!({"modify_end": "2018-02-28"}), 0),
        (json!({"page": 2}), 0),
        (json!({"id": id("errand").to_string(), "date_start": null}), 1),
        (json!({"id": "unknown"}), 0),
    ] {
        assert_eq!(data(&call(more.clone()).await).as_array().map(Vec::len), Some(count), "{more}");
    }
    for wrong in
        [json!({"rows": 1001}), json!({"page": 0}), json!({"date_end": null}), json!({"modify_end": "x"})]
    {
        assert_eq!(call(wrong.clone()).await["return_code"], "40001", "{wrong}");
    }
}

#[tokio::test]
async fn messages_reach_each_person_once() {
    let stage = company();
    let (lin, long) = (id("lin").to_string(), id("long").to_string());
    let call = async |body: Value| stage.open("pushmsg/v1/pushOne", &body.to_string(), AT).await;
    let fine =
        json!({"user_id": [lin, long, lin], "content": "长".repeat(200), "url": "https://app.example.com/"});
    for _ in 0..2 {
        let answer = call(fine.clone()).await;
        assert_eq!((&answer["return_code"], &answer["response_data"]), (&json!("0"), &json!("")));
    }
    let notices = stage.workforce.all::<Notice>().expect("notices");
    assert_eq!(notices.len(), 2, "the same call twice is one message");
    assert_eq!(notices[0].1.text.expose().chars().count(), 128);
    let many: Vec<String> = (0..201).map(|number| number.to_string()).collect();
    for (body, code) in [
        (json!({"user_id": [lin]}), "40001"),
        (json!({"content": "x"}), "40001"),
        (json!({"user_id": many, "content": "x"}), "40001"),
        (json!({"user_id": [lin], "content": "x", "send_time": "soon"}), "40001"),
        (json!({"user_id": ["nobody"], "content": "x"}), "40400"),
        (json!({"user_id": [id("left").to_string()], "content": "x"}), "40400"),
        (json!({"linkman_id": ["1"], "content": "x"}), "40400"),
    ] {
        assert_eq!(call(body.clone()).await["return_code"], code, "{body}");
    }
    assert_eq!(
        stage.workforce.all::<Notice>().expect("notices").len(),
        2,
        "what is refused is not sent in part"
    );
}

#[tokio::test]
async fn days_tell_what_was_planned_and_who_was_missing() {
    let stage = company();
    let shift = |day: &str| ShiftAssignment {
        employee: id("lin"),
        date: day.parse().expect("a date"),
        shift: Some("早班".to_owned()),
        rule: Some("固定班".to_owned()),
        time_range: Some("09:00-18:00".to_owned()),
    };
    for day in ["2018-02-26", "2018-02-27", "2018-02-28"] {
        stage.workforce.put(id(day), &shift(day)).expect("kept");
    }
    stage
        .workforce
        .record_punches(vec![punch("2018-02-26 08:50"), punch("2018-02-26 18:05")])
        .await
        .expect("kept");
    let ask = json!({"empId": id("lin").to_string(), "startDate": "2018-02-26", "endDate": "2018-02-28"});
    let days = data(&stage.open("attDetail/v1/getAttUserDetail", &ask.to_string(), AT).await);
    let told = |day: usize, name: &str| days["data"][day][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (told(0, "firstOnRqTime"), told(0, "firstOffRqTime")),
        ("09:00".to_owned(), "18:00".to_owned())
    );
    assert_eq!((told(0, "groupName"), told(0, "deptName")), ("固定班".to_owned(), "研发组".to_owned()));
    assert_eq!(told(0, "absentDay"), "0.00");
    assert_eq!(told(1, "absentDay"), "1.00", "planned, and nobody came");
    assert_eq!(told(2, "absentDay"), "0.00", "on an errand");
}
