//! What the face answers, and what it keeps.

use http::Method;
use serde_json::{Value, json};
use tongshi_dialect::Workforce as _;
use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Candidate, Coded, Direction, DurationUnit,
    Employee, FormField, FormSection, Punch, PunchSource, Quantity, SalaryItem, ShiftAssignment,
    TimelineEntry, TimelineKind, Visit, VisitStatus,
};

use super::stage::{company, date, empty, id, instant, person, read, signed, with_form};

const FIELDS: [&str; 30] = [
    "uuid",
    "name",
    "sex",
    "email",
    "mobile",
    "empno",
    "phone_number",
    "id_number",
    "address",
    "bank_name",
    "bank_card",
    "photo",
    "marriage",
    "birthday",
    "join_date",
    "probation_end_date",
    "avatar",
    "leave_date",
    "category",
    "status",
    "department_uuid",
    "exmail",
    "job_title",
    "job_grade",
    "nickname",
    "dingtalk_id",
    "wework_id",
    "leader_uuid",
    "virtual_leader_uuid",
    "sub_company",
];

fn punch(employee: &str, at: &str, direction: Direction) -> Punch {
    Punch {
        employee: id(employee),
        at: instant(at),
        direction,
        source: PunchSource::Machine,
        day: None,
        detail: None,
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|item| item["empno"].as_str()).collect()
}

#[tokio::test]
async fn an_employee_has_all_thirty_fields_in_order() {
    let stage = company();
    let reply = stage.face.answer(signed(Method::GET, "/api/v2/employees/TS-101", "", stage.now())).await;
    let text = String::from_utf8(reply.body.to_vec()).expect("UTF-8");
    let mut at = 0;
    for field in FIELDS {
        let found =
            text[at..].find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("{field} out of order"));
        at += found;
    }
    let (_, employee) = read(&reply);
    assert_eq!(employee.as_object().map(serde_json::Map::len), Some(30));
    assert_eq!(employee["uuid"], id("lin").to_string());
    assert_eq!(employee["phone_number"], "19900000101", "mirrors mobile");
    assert_eq!(employee["sub_company"], "样本科技(示例)", "the legal entity's name");
    assert_eq!(employee["status"], "regular");
    assert_eq!(employee["category"], "fulltime");
    assert_eq!(employee["leave_date"], Value::Null);
}

#[tokio::test]
async fn one_path_takes_uuid_number_and_mobile() {
    let stage = company();
    let find = async |key: String| {
        let (status, body) = stage.get(&format!("/api/v2/employees/{key}"), json!({"token": "t-1"})).await;
        (status, body["empno"].as_str().or(body["text"].as_str()).unwrap_or_default().to_owned())
    };
    assert_eq!(find(id("lin").to_string()).await, (200, "TS-101".to_owned()));
    assert_eq!(find(id("lin").to_string().to_uppercase()).await.0, 200);
    assert_eq!(find("TS-106".to_owned()).await, (200, "TS-106".to_owned()));
    // A mobile of one who left and one who stays is the latter's.
    assert_eq!(find("19900000105".to_owned()).await, (200, "TS-105".to_owned()));
    // Two who stay, or one person's number that is another's mobile: not a guess.
    for key in ["19900000106", "19900000101"] {
        let (status, text) = find(key.to_owned()).await;
        assert_eq!(status, 404);
        assert!(text.starts_with("ambiguous"), "{text}");
    }
    stage.workforce.delete(id("twin2"));
    assert_eq!(find("19900000106".to_owned()).await, (200, "TS-106".to_owned()));
    stage.workforce.delete(id("lin"));
    assert_eq!(find(id("lin").to_string()).await.0, 404);
    let odd = person("怪样本", "工 1/2%", "19900000109", tongshi_model::EmploymentPhase::Regular);
    stage.workforce.put(id("odd"), &odd).expect("kept");
    assert_eq!(find("%E5%B7%A5%201%2F2%25".to_owned()).await, (200, "工 1/2%".to_owned()));
}

#[tokio::test]
async fn lists_are_filtered() {
    let stage = company();
    let list = async |payload: Value| {
        let (status, body) = stage.get("/api/v2/employees", payload).await;
        assert_eq!(status, 200, "{body}");
        names(&body).join(" ")
    };
    let all = "TS-101 TS-102 TS-105 TS-106 TS-107 19900000101";
    for everybody in
        [Value::Null, json!({}), json!({"token": ""}), json!({"status": "all"}), json!({"status": ""})]
    {
        assert_eq!(list(everybody).await, all);
    }
    assert_eq!(list(json!({"status": "joined"})).await, "TS-101 TS-105 TS-106 19900000101");
    assert_eq!(list(json!({"status": "waiting"})).await, "TS-107");
    assert_eq!(list(json!({"status": "probation"})).await, "TS-105");
    assert_eq!(list(json!({"status": "regular"})).await, "TS-101 19900000101");
    assert_eq!(list(json!({"status": "internship"})).await, "TS-106");
    assert_eq!(list(json!({"status": "dimission"})).await, "TS-102");
    assert_eq!(list(json!({"name": "林知夏"})).await, "TS-101");
    assert_eq!(list(json!({"join_date_start": "2016-02-29"})).await, "TS-101");
    assert_eq!(list(json!({"join_date_end": "2015-01-05"})).await, "TS-102");
    assert_eq!(
        list(json!({"leave_date_start": "2017-08-31", "leave_date_end": "2017-08-31"})).await,
        "TS-102"
    );
    assert_eq!(list(json!({"leave_date_end": "2017-08-30"})).await, "");
}

#[tokio::test]
async fn pages_are_cut_as_the_app_wants() {
    let stage = company();
    stage.desk.register("zhiren", "ak-two", "sk", json!({"zhiren_page_size": 2}));
    let page = async |pagination: Value| {
        let payload = json!({"pagination": pagination}).to_string();
        let message =
            super::stage::signed_by("ak-two", "sk", Method::GET, "/api/v2/employees", &payload, stage.now());
        read(&stage.face.answer(message).await).1
    };
    let totals = |page: &Value| {
        ["currentPage", "pageSize", "totalPages", "totalCount"]
            .map(|name| page[name].as_u64().expect("a number"))
    };
    let first = page(json!({"page": 1})).await;
    assert_eq!(totals(&first), [1, 2, 3, 6]);
    assert_eq!(names(&first["employees"]), ["TS-101", "TS-102"]);
    let last = page(json!("{\"page\": \"3\"}")).await;
    assert_eq!(totals(&last), [3, 2, 3, 6]);
    assert_eq!(names(&last["employees"]), ["TS-107", "19900000101"]);
    let beyond = page(json!({"page": "4"})).await;
    assert_eq!(totals(&beyond), [4, 2, 3, 6]);
    assert!(names(&beyond["employees"]).is_empty());
    let (_, default) = stage.get("/api/v2/employees", json!({"pagination": {"page": 1}})).await;
    assert_eq!(totals(&default), [1, 100, 1, 6]);
    let of_unit = stage
        .get(&format!("/api/v2/departments/{}/employees", id("d1")), json!({"pagination": {"page": 1}}))
        .await
        .1;
    assert_eq!(totals(&of_unit), [1, 100, 1, 1]);
}

#[tokio::test]
async fn everything_at_once_is_read_in_pieces() {
    let stage = empty();
    for number in 0..2500 {
        let employee = Employee {
            legal_entity: Some(id("s1")),
            ..person("众样本", &format!("N-{number}"), "", tongshi_model::EmploymentPhase::Regular)
        };
        stage.workforce.put(super::stage::id(&format!("n{number}")), &employee).expect("kept");
    }
    let before = stage.workforce.questions();
    let (_, all) = stage.get("/api/v2/employees", Value::Null).await;
    assert_eq!(names(&all).len(), 2500);
    assert_eq!(names(&all)[2499], "N-2499");
    // Three pieces, and the one legal entity looked up once.
    assert_eq!(stage.workforce.questions() - before, 4);
}

#[tokio::test]
async fn answers_are_kept_until_something_changes() {
    let stage = company();
    let ask = async || stage.get("/api/v2/employees/TS-101", json!({"token": "t-1"})).await.1["name"].clone();
    assert_eq!(ask().await, "林知夏");
    let before = stage.workforce.questions();
    assert_eq!(ask().await, "林知夏");
    assert_eq!(stage.workforce.questions(), before, "answered from memory");
    let renamed = person("林知秋", "TS-101", "19900000101", tongshi_model::EmploymentPhase::Regular);
    stage.workforce.put(id("lin"), &renamed).expect("kept");
    assert_eq!(ask().await, "林知秋");
}

#[tokio::test]
async fn the_organisation_is_shown() {
    let stage = company();
    let (_, subs) = stage.get("/api/v2/sub_companies", Value::Null).await;
    assert_eq!(subs.as_array().map(Vec::len), Some(2));
    assert_eq!(subs[0]["company_uuid"], id("company").to_string());
    let sub = format!("/api/v2/sub_companies/{}", id("s1"));
    assert_eq!(stage.get(&sub, Value::Null).await.1, subs[0]);
    // One by the entity's id, one by its name.
    assert_eq!(names(&stage.get(&format!("{sub}/employees"), Value::Null).await.1), ["TS-101", "TS-102"]);
    let one = stage.get(&format!("{sub}/employees/{}", id("left")), Value::Null).await;
    assert_eq!((one.0, &one.1["empno"]), (200, &json!("TS-102")));
    assert_eq!(stage.get(&format!("{sub}/employees/{}", id("again")), Value::Null).await.0, 404);
    let (_, units) = stage.get("/api/v2/departments", Value::Null).await;
    assert_eq!(units[1]["superior_uuid"], id("d0").to_string());
    assert_eq!(units[0]["superior_uuid"], Value::Null);
    assert_eq!(units[0].as_object().map(serde_json::Map::len), Some(4), "no sub_company since 2017");
    let unit = format!("/api/v2/departments/{}", id("d1"));
    assert_eq!(stage.get(&unit, Value::Null).await.1, units[1]);
    assert_eq!(names(&stage.get(&format!("{unit}/employees"), json!({})).await.1), ["TS-101"]);
    assert_eq!(stage.get(&format!("/api/v2/departments/{}", id("s1")), Value::Null).await.0, 404);
    assert_eq!(stage.get("/api/v2/departments/1/employees", Value::Null).await.0, 404);
}

#[tokio::test]
async fn the_removed_addresses_answer_those_who_live_in_2017() {
    let stage = company();
    let path = format!("/api/v2/sub_companies/{}/departments", id("s1"));
    let (status, body) = stage.get(&path, Value::Null).await;
    assert_eq!((status, &body["code"]), (404, &json!(1102)));
    let (status, units) = stage.get_as(json!({"zhiren_2017": true}), |_| {}, &path).await;
    assert_eq!(status, 200);
    assert_eq!(units[0]["name"], "研发组");
    assert_eq!(units[0]["sub_company"], "样本科技(示例)");
    assert_eq!(units.as_array().map(Vec::len), Some(1));
    let one = stage.get_as(json!({"zhiren_2017": true}), |_| {}, &format!("{path}/{}", id("d1"))).await;
    assert_eq!(one.1, units[0]);
    let other = stage.get_as(json!({"zhiren_2017": true}), |_| {}, &format!("{path}/{}", id("d0"))).await;
    assert_eq!(other.0, 404);
}

#[tokio::test]
async fn presence_is_a_punch_of_today_in_shanghai() {
    let stage = company();
    let check = async || {
        let path = format!("/api/v2/employees/{}/check_attendance", id("lin"));
        let (status, body) = stage.get(&path, json!({"token": "t-1"})).await;
        (status, body["code"].as_i64())
    };
    assert_eq!(check().await, (404, Some(1102)));
    stage.workforce.punch([punch("lin", "2018-02-28 23:59", Direction::In)]);
    stage.workforce.punch([punch("again", "2018-03-01 08:59", Direction::In)]);
    assert_eq!(check().await, (404, Some(1102)));
    // Midnight in Shanghai, still the day before in Greenwich, counted by its vendor for the shift of that day.
    let mut late = punch("lin", "2018-02-28T16:00:00Z", Direction::Out);
    late.day = Some(date("2018-02-28"));
    stage.workforce.punch([late]);
    assert_eq!(check().await, (200, None));
    stage.clock.advance_seconds(14 * 3600);
    assert_eq!(check().await, (404, Some(1102)), "tomorrow");
}

#[tokio::test]
async fn punches_come_in_and_each_gets_its_row() {
    let stage = company();
    let rows = json!({"attendances": [
        {"empno": "TS-101", "punched_at": "2018-03-01 08:00"},
        {"empno": "nobody", "punched_at": "2018-03-01 08:00"},
        {"empno": "TS-101", "punched_at": "2018-03-01 08:00"},
        {"empno": "TS-105", "punched_at": "2017-02-30 08:00"},
        {"punched_at": "2018-03-01 08:00"},
        {"empno": 19_900_000_101_u64, "punched_at": "2018-03-01 17:30:30"},
    ]});
    let (status, answer) = stage.post("/api/v2/attendance_punches", rows.clone()).await;
    assert_eq!(status, 200);
    let codes: Vec<&str> =
        answer.as_array().expect("rows").iter().filter_map(|row| row["code"].as_str()).collect();
    assert_eq!(codes, ["0k", "error", "0k", "error", "error", "0k"]);
    assert_eq!(answer[0], json!({"code": "0k", "empno": "TS-101"}));
    assert_eq!(answer[1], json!({"code": "error", "empno": "nobody", "error_message": "employee not found"}));
    assert!(answer[3]["error_message"].as_str().is_some_and(|text| text.contains("punched_at")));
    assert_eq!(names(&answer), ["TS-101", "nobody", "TS-101", "TS-105", "19900000101"]);
    let stored = stage.workforce.all_punches();
    assert_eq!(stored.len(), 2, "the twin is stored once");
    assert_eq!(stored[0].at.to_string(), "2018-03-01T08:00:00+08:00");
    assert_eq!((stored[0].source, stored[0].direction), (PunchSource::Import, Direction::Unknown));
    stage.post("/api/v2/attendance_punches", rows).await;
    assert_eq!(stage.workforce.all_punches().len(), 2, "and once when the call is repeated");
}

#[tokio::test]
async fn a_bulk_of_punches_asks_once() {
    let stage = company();
    let row = |minute: u32| {
        let empno = if minute.is_multiple_of(2) { "TS-101" } else { "TS-105" };
        json!({"empno": empno, "punched_at": format!("2018-03-01 {:02}:{:02}", minute / 60, minute % 60)})
    };
    let rows: Vec<Value> = (0..1000).map(row).collect();
    let payload = json!({ "attendances": rows }).to_string();
    let mut message = signed(Method::POST, "/api/v2/attendance_punches", &payload, stage.now());
    let before = stage.workforce.questions();
    let (status, answer) = read(&stage.face.answer(message.clone()).await);
    assert_eq!((status, answer.as_array().map(Vec::len)), (200, Some(1000)));
    assert_eq!(stage.workforce.questions() - before, 1);
    assert_eq!(stage.workforce.all_punches().len(), 1000);

    // The same as a form and as a body.
    let in_query = format!(
        "&{}",
        form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload).finish()
    );
    message.query = message.query.replace(&in_query, "");
    assert!(message.query_value("payload").expect("once").is_none());
    assert_eq!(stage.face.answer(with_form(message.clone(), &[("payload", &payload)])).await.status, 200);
    message.body = payload.into();
    assert_eq!(stage.face.answer(message).await.status, 200);
}

#[tokio::test]
async fn the_success_code_of_a_punch_can_be_spelt_otherwise() {
    let stage = company();
    stage.desk.register("zhiren", "ak-ok", "sk", json!({"zhiren_punch_ok": "ok"}));
    let payload = json!({"attendances": [{"empno": "TS-101", "punched_at": "2018-03-01 08:00"}]}).to_string();
    let path = "/api/v2/attendance_punches";
    let message = super::stage::signed_by("ak-ok", "sk", Method::POST, path, &payload, stage.now());
    assert_eq!(read(&stage.face.answer(message).await).1[0]["code"], "ok");
}

#[tokio::test]
async fn shifts_absences_and_days_are_shown() {
    let stage = company();
    for (key, employee, day) in
        [("a1", "lin", "2018-03-01"), ("a2", "lin", "2018-03-02"), ("a3", "again", "2018-03-01")]
    {
        let shift = ShiftAssignment {
            employee: id(employee),
            date: date(day),
            shift: Some("白班".to_owned()),
            rule: Some("总部考勤".to_owned()),
            time_range: Some("09:00-18:00".to_owned()),
        };
        stage.workforce.put(id(key), &shift).expect("kept");
    }
    let ask = json!({"empnoes": ["TS-105", "TS-101", "nobody", "TS-101"], "start_date": "2018-03-01", "end_date": "2018-03-01"});
    let (_, shifts) = stage.get("/api/v2/arrangement_employees", ask).await;
    assert_eq!(names(&shifts), ["TS-105", "TS-101"]);
    assert_eq!(shifts[0]["attenance_rule_name"], "总部考勤");

    for (key, kind, unit, number) in [
        ("t1", TimelineKind::Leave, DurationUnit::HalfDays, 3),
        ("t2", TimelineKind::Outing, DurationUnit::Hours, 2),
        ("t3", TimelineKind::Overtime, DurationUnit::Hours, 4),
    ] {
        let entry = TimelineEntry {
            employee: id("lin"),
            kind: Coded::ours(kind),
            date: date("2018-03-01"),
            start: Some(instant("2018-03-01 09:00")),
            end: None,
            duration: Some(Quantity { number: number.into(), unit: Coded::ours(unit) }),
            approval: None,
            note: None,
        };
        stage.workforce.put(id(key), &entry).expect("kept");
    }
    let timelines = async |category: &str| {
        let ask = json!({"start_date": "2018-03-01", "end_date": "2018-03-31", "category": category});
        stage.get(&format!("/api/v2/employees/{}/timelines", id("lin")), ask).await.1
    };
    let leave = json!({"date": "2018-03-01", "category": "leave", "duration": 1.5, "duration_unit": "days",
        "start_time": "2018-03-01T09:00:00.000+08:00", "end_time": null});
    assert_eq!(timelines("leave").await, json!([leave]));
    assert_eq!(timelines("business_trip").await[0]["duration"], 2);

    stage.workforce.punch([
        punch("lin", "2018-03-01 18:00", Direction::Unknown),
        punch("lin", "2018-03-01 12:00", Direction::Unknown),
        punch("lin", "2018-03-01 08:59", Direction::Unknown),
        punch("lin", "2018-03-02 09:00", Direction::Unknown),
        punch("lin", "2018-03-03 09:00", Direction::In),
        punch("lin", "2018-03-03 12:30", Direction::In),
        punch("lin", "2018-03-04 18:00", Direction::Out),
    ]);
    let ask = json!({"start_date": "2018-03-01", "end_date": "2018-03-04"});
    let (_, days) = stage.get(&format!("/api/v2/employees/{}/attendance_checkings", id("lin")), ask).await;
    let hours: Vec<(Value, Value)> = days
        .as_array()
        .expect("days")
        .iter()
        .map(|day| (day["check_in_time"].clone(), day["check_out_time"].clone()))
        .collect();
    let at = |text: &str| json!(format!("2018-03-{text}:00.000+08:00"));
    assert_eq!(
        hours,
        [
            (at("01T08:59"), at("01T18:00")),
            (at("02T09:00"), Value::Null),
            (at("03T09:00"), Value::Null),
            (Value::Null, at("04T18:00")),
        ]
    );
}

#[tokio::test]
async fn the_last_value_of_a_pay_subject_wins() {
    let stage = company();
    let set = async |subject: &str, value: Value| {
        let item = json!({"empno": "TS-101", "subject_name": subject, "month": "2018-02", "value": value});
        stage.post("/api/v2/salary/subject_values", item).await
    };
    for value in [json!(1024.12), json!("2048.5"), json!(-3)] {
        assert_eq!(set("绩效工资", value).await, (200, json!({"code": 0, "text": "ok"})));
    }
    set("餐补", json!(20)).await;
    let items = stage.workforce.all::<SalaryItem>().expect("read");
    let amounts: Vec<String> = items.iter().map(|(_, item)| item.amount.expose().to_string()).collect();
    assert_eq!(amounts, ["-3.00", "20.00"]);
}

#[tokio::test]
async fn the_visitor_token_is_kept() {
    let stage = company();
    let update = async |guid: String, payload: Value| {
        stage.call(Method::PATCH, &format!("/api/v2/company_tokens/{guid}"), &payload).await
    };
    let payload = json!({"token": "t-1", "zhiren_visitor_token": "v-1"});
    let (status, body) = update(id("company").to_string(), payload.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"uuid": id("company"), "name": "样本", "full_name": "样本集团(示例)", "logo": null})
    );
    assert_eq!(stage.workforce.recall("zhiren.visitor_token").await.expect("kept"), Some(json!("v-1")));
    assert_eq!(update(id("s1").to_string(), payload).await.1["code"], 1104);
    assert_eq!(update(id("company").to_string(), json!({"token": "t-1"})).await.1["code"], 2002);
}

#[tokio::test]
async fn a_host_is_told_once() {
    let stage = company();
    let path = format!("/api/v2/employees/{}/notify", id("lin"));
    for time in ["2018-03-01 15:00", "2018-03-01 15:00", "下午三点"] {
        let (status, host) = stage.post(&path, json!({"token": "t-1", "name": "访客甲", "time": time})).await;
        assert_eq!((status, &host["empno"]), (200, &json!("TS-101")));
    }
    let visits = stage.workforce.all::<Visit>().expect("read");
    assert_eq!(visits.len(), 2);
    assert_eq!(visits[0].1.status, VisitStatus::Notified);
    assert_eq!(visits[0].1.expected_at, Some(instant("2018-03-01 15:00")));
    assert_eq!((visits[1].1.expected_at, &*visits[1].1.expected_text), (None, "下午三点"));
    let told = stage.workforce.announcements();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|one| one.topic == "visit.notified" && !one.key.contains("访客")));
}

#[tokio::test]
async fn approvals_are_found_by_day_category_status_and_number() {
    let stage = company();
    let approval = |number: &str, category, status, result, at: &str| Approval {
        number: number.to_owned(),
        title: Some("流程".to_owned()),
        category: Coded::ours(category),
        applicant: Some(id("lin")),
        applicant_name: None,
        status: Coded::ours(status),
        status_label: None,
        result,
        submitted_at: Some(instant(at)),
        updated_at: None,
        form: vec![FormSection {
            name: Some("内容".to_owned()),
            fields: vec![FormField { name: "余额".to_owned(), value: json!({"年假": null}).into() }],
        }],
        tasks: Vec::new(),
        log: Vec::new(),
        copies: Vec::new(),
    };
    use {ApprovalCategory as C, ApprovalResult as R, ApprovalStatus as S};
    for (number, category, status, result, at) in [
        ("1", C::Leave, S::Running, R::None, "2018-02-01T00:00:00+08:00"),
        ("2", C::Outing, S::Completed, R::Approved, "2018-02-10 09:00"),
        ("3", C::Expense, S::Completed, R::Rejected, "2018-02-20 09:00"),
        ("4", C::Leave, S::Withdrawn, R::None, "2018-02-28T23:59:59+08:00"),
        ("5", C::Leave, S::Completed, R::Approved, "2018-03-01T00:00:00+08:00"),
    ] {
        stage.workforce.put(id(number), &approval(number, category, status, result, at)).expect("kept");
    }
    let list = async |more: Value| {
        let mut ask = json!({"start_date": "2018-02-01", "end_date": "2018-02-28"});
        ask.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let (status, list) = stage.get("/api/v2/approvals", ask).await;
        assert_eq!(status, 200, "{list}");
        let numbers =
            list.as_array().expect("a list").iter().filter_map(|item| item["number_series"].as_str());
        numbers.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list(json!({})).await, "1 2 3 4");
    assert_eq!(list(json!({"category": "leave"})).await, "1 4");
    assert_eq!(list(json!({"category": "business_trip"})).await, "2");
    assert_eq!(list(json!({"category": "custom"})).await, "3");
    assert_eq!(list(json!({"status": "waiting"})).await, "1");
    assert_eq!(list(json!({"status": "passed"})).await, "2");
    assert_eq!(list(json!({"status": "denied", "category": ""})).await, "3 4");
    let (status, one) = stage.get("/api/v2/approvals/3", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(one["creator"], "林知夏", "from the applicant's record");
    assert_eq!((&one["status"], &one["status_name"]), (&json!("denied"), &json!("拒绝")));
    assert_eq!(one["category"], "custom");
    assert_eq!(one["created_at"], "2018-02-20T09:00:00.000+08:00");
    assert_eq!(
        one["form_values"],
        json!([{"section": "内容", "fields": [{"name": "余额", "value": {"年假": null}}]}])
    );
    assert_eq!(stage.get("/api/v2/approvals/99", Value::Null).await.1["code"], 1102);
}

#[tokio::test]
async fn moka_binds_once_and_in_time() {
    let stage = company();
    let bind = async |code: &str| {
        let payload = json!({"apiKey": "moka-5", "companyName": "样本"});
        stage.call(Method::PATCH, &format!("/api/v2/moka_binds/{code}"), &payload).await
    };
    let check = async |code: &str| stage.get(&format!("/api/v2/moka_binds/{code}"), Value::Null).await;
    let purpose = "zhiren.bind_code";
    let code = stage.workforce.issue_token(purpose, json!({"by": "someone"}), Some(600)).await.expect("made");
    let short = stage.workforce.issue_token(purpose, Value::Null, Some(60)).await.expect("made");
    let done = (200, json!({"error_code": 0, "error_message": "ok"}));
    assert_eq!(check(&code).await, done);
    let (status, body) =
        stage.call(Method::PATCH, &format!("/api/v2/moka_binds/{code}"), &json!({"apiKey": "x"})).await;
    assert_eq!((status, &body["error_code"]), (422, &json!(2002)), "{body}");
    assert_eq!(bind(&code).await, done);
    let kept = stage.workforce.recall("zhiren.moka_binding").await.expect("kept");
    assert_eq!(kept, Some(json!({"api_key": "moka-5", "company_name": "样本"})));
    stage.clock.advance_seconds(60);
    for ended in [&code, &short] {
        assert_eq!((check(ended).await.0, bind(ended).await.1["error_code"].as_i64()), (410, Some(3002)));
    }
    let (status, body) = check("made-up").await;
    assert_eq!((status, &body["error_code"]), (404, &json!(1102)));
    assert_eq!(stage.post("/api/v2/moka_unbinds", Value::Null).await, done);
    assert_eq!(stage.workforce.recall("zhiren.moka_binding").await.expect("kept"), Some(Value::Null));
}

#[tokio::test]
async fn moka_pushes_candidates() {
    let stage = company();
    let fixture: Value =
        serde_json::from_str(include_str!("../fixtures/moka.candidate_push.json")).expect("JSON");
    let good = fixture["fields"].clone();
    let push = async |candidate: Value| stage.post("/api/v2/moka_candidates", candidate).await;
    assert_eq!(push(good.clone()).await.0, 200);
    assert_eq!(push(good.clone()).await.0, 200);
    let stored = stage.workforce.all::<Candidate>().expect("read");
    assert_eq!(stored.len(), 1, "pushed again, it replaces");
    let candidate = &stored[0].1;
    assert_eq!(
        candidate.gender.as_ref().map(|gender| gender.expose().value),
        Some(tongshi_model::Gender::Male)
    );
    assert_eq!(candidate.birth_year.as_ref().map(|year| *year.expose()), Some(1992));
    assert_eq!(candidate.degree.as_ref().map(|degree| degree.value), Some(tongshi_model::Degree::Master));
    let rest = candidate.offer.as_ref().expect("kept").expose();
    assert_eq!(rest["educationInfo"][0]["school"], "示例大学");
    assert_eq!(rest["operator"]["name"], "招聘者乙");
    for field in ["id", "name", "phone", "email", "jobTitle"] {
        let mut lacking = good.clone();
        lacking[field] = json!("");
        let (status, body) = push(lacking).await;
        assert_eq!((status, &body["error_code"]), (422, &json!(2002)));
        assert!(body["error_message"].as_str().is_some_and(|text| text.contains(field)), "{body}");
    }
    let mut lacking = good;
    lacking["operator"] = json!({"name": "x"});
    assert!(
        push(lacking).await.1["error_message"].as_str().is_some_and(|text| text.contains("operator.email"))
    );
}
