//! Wire ⇄ model: nothing is lost, nothing is guessed.

use proptest::prelude::*;
use serde_json::{Value, json};
use tongshi_model::{
    Approval, Code as _, Coded, Employee, EmploymentPhase, EmploymentStatus, EmploymentType, Gender, Kind,
    TimelineEntry,
};

use super::stage::{id, space};
use crate::zhiren::{map, wire};

fn employee(value: &Value) -> Result<Employee, tongshi_model::Error> {
    map::read_employee(map::parse(&value.to_string())?, space())
}

fn shown(employee: Employee) -> Value {
    serde_json::to_value(map::show_employee(id("x"), employee, None)).expect("serialises")
}

const REFERENCES: [&str; 3] = ["department_uuid", "leader_uuid", "virtual_leader_uuid"];

prop_compose! {
    fn texts()(values in proptest::collection::vec(proptest::option::of("[\\PC]{0,6}[\\p{Han}a-z0-9\"\\\\<&]"), 17))
        -> Vec<Option<String>> { values }
}

prop_compose! {
    fn day()(year in 1950i16..2030, month in 1i8..=12, day in 1i8..=28) -> String {
        format!("{year}-{month:02}-{day:02}")
    }
}

prop_compose! {
    /// An employee as the vendor would write it: any texts, true dates, known and unknown words.
    fn written()(
        texts in texts(),
        days in proptest::collection::vec(proptest::option::of(day()), 4),
        status in proptest::option::of(prop_oneof![
            Just("waiting"), Just("probation"), Just("regular"), Just("dimission"), Just("internship"), Just("待定"),
        ]),
        category in proptest::option::of(prop_oneof![
            Just("fulltime"), Just("part_time"), Just("intern"), Just("contractor"), Just("gig"),
        ]),
        sex in proptest::option::of(prop_oneof![Just("male"), Just("female"), Just("女"), Just("x")]),
        marriage in proptest::option::of(prop_oneof![
            Just("singled"), Just("marriaged"), Just("divorced"), Just("married"), Just("complicated"),
        ]),
        references in proptest::collection::vec(proptest::option::of("[0-9a-f]{32}"), 3),
    ) -> Value {
        let text = |at: usize| json!(texts[at]);
        json!({
            "uuid": "ignored", "name": texts[0].clone().unwrap_or_default(), "sex": sex, "email": text(1),
            "mobile": text(2), "empno": text(3), "phone_number": text(4), "id_number": text(5), "address": text(6),
            "bank_name": text(7), "bank_card": text(8), "photo": text(9), "marriage": marriage, "birthday": days[0],
            "join_date": days[1], "probation_end_date": days[2], "avatar": text(10), "leave_date": days[3],
            "category": category, "status": status, "department_uuid": references[0], "exmail": text(11),
            "job_title": text(12), "job_grade": text(13), "nickname": text(14), "dingtalk_id": text(15),
            "wework_id": text(16), "leader_uuid": references[1], "virtual_leader_uuid": references[2],
            "sub_company": "样本",
        })
    }
}

proptest! {
    #[test]
    fn an_employee_survives_the_way_in_and_out(written in written()) {
        let read = employee(&written).expect("true to the document");
        let back = shown(read.clone());
        for (field, value) in written.as_object().expect("an object") {
            let other = match field.as_str() {
                // The second of a pair shows the first where it has nothing of its own.
                "phone_number" => "mobile",
                "avatar" => "photo",
                _ => field,
            };
            if field == "uuid" || REFERENCES.contains(&field.as_str()) {
                continue;
            }
            let value = if value.is_null() { &written[other] } else { value };
            prop_assert_eq!(&back[field], value, "{}", field);
        }
        for (field, kind) in REFERENCES.iter().zip([Kind::OrgUnit, Kind::Employee, Kind::Employee]) {
            let expected = written[field].as_str().map(|remote| space().id(kind, remote).to_string());
            prop_assert_eq!(back[field].as_str(), expected.as_deref(), "{}", field);
        }
        // A second time in, everything but the references is the same.
        let again = employee(&back).expect("our own");
        let plain =
            |employee: &Employee| Employee { org_unit: None, manager: None, dotted_manager: None, ..employee.clone() };
        prop_assert_eq!(plain(&again), plain(&read));
    }
}

#[test]
fn empty_and_null_are_the_same_nothing() {
    let nothing = employee(
        &json!({"uuid": "u", "name": "甲", "sex": "", "email": null, "birthday": "", "status": " "}),
    )
    .expect("read");
    assert_eq!(nothing, Employee { name: "甲".into(), ..Employee::default() });
    let numbers = employee(&json!({"uuid": "u", "name": "甲", "empno": 1100, "mobile": 19_900_000_101_u64}))
        .expect("read");
    assert_eq!(numbers.employee_no.as_deref(), Some("1100"));
}

#[test]
fn what_cannot_be_kept_names_its_field_and_quotes_nothing() {
    for (field, text) in [
        ("birthday", "2017-02-30"),
        ("join_date", "0000-00-00"),
        ("leave_date", "tomorrow"),
        ("probation_end_date", "2017-2-3"),
    ] {
        let error = employee(&json!({"uuid": "u", "name": "保密", field: text})).expect_err("quarantined");
        assert!(error.public().contains(field) && !error.public().contains(text), "{}", error.public());
    }
    let midnight =
        employee(&json!({"uuid": "u", "name": "甲", "join_date": "2012-09-29T00:00:00.000+08:00"}));
    assert_eq!(midnight.expect("read").hire_date.map(|day| day.to_string()).as_deref(), Some("2012-09-29"));
    let nul = map::parse::<wire::Employee>(r#"{"uuid":"u","name":"保\u0000密"}"#).err().expect("quarantined");
    assert!(nul.public().contains("NUL"));
    assert!(
        map::parse::<wire::Employee>(r#"{"uuid":"u","name":"\\u0000"}"#).is_ok(),
        "a backslash and digits"
    );
    for raw in [r#"{"name":["保密"]}"#, r#"{"name":"保密"#, r#"{"name":"\ud800"}"#, r#"{"name":1,"name":2}"#]
    {
        let error = map::parse::<wire::Employee>(raw).err().expect("quarantined");
        assert!(!error.public().contains("保密") && !error.private().contains("保密"));
    }
}

#[test]
fn words_go_both_ways() {
    for word in ["waiting", "probation", "regular", "dimission", "internship"] {
        let read = map::PHASES.read(Some(word.to_owned())).expect("a word");
        assert_ne!(read.value, EmploymentPhase::Other);
        assert_eq!(map::PHASES.write(&read).as_deref(), Some(word));
    }
    // Every phase has a word but the one that is none.
    for phase in EmploymentPhase::ALL {
        assert_eq!(map::PHASES.word(*phase).is_none(), *phase == EmploymentPhase::Other, "{phase:?}");
    }
    let agency = map::TYPES.read(Some("contractor".to_owned())).expect("a word");
    assert_eq!(agency.value, EmploymentType::Agency);
    // Another vendor's word for the same thing is not ours.
    let foreign = Coded::vendor("3", Some(EmploymentPhase::Regular));
    assert_eq!(map::PHASES.write(&foreign).as_deref(), Some("regular"));
    let unknown = map::PHASES.read(Some("retired".to_owned())).expect("a word");
    assert_eq!(
        (unknown.value, map::PHASES.write(&unknown).as_deref()),
        (EmploymentPhase::OTHER, Some("retired"))
    );
    assert_eq!(map::GENDERS.write(&Coded::ours(Gender::Female)).as_deref(), Some("female"));
    assert_eq!(map::GENDERS.write(&Coded::ours(Gender::Undisclosed)), None);
}

#[test]
fn nineteen_categories_three_statuses() {
    assert_eq!(map::CATEGORIES.words().count(), 19);
    let mut values = Vec::new();
    for word in map::CATEGORIES.words() {
        let value = map::CATEGORIES.known(word).expect("known");
        assert!(!values.contains(&value), "{word}");
        values.push(value);
    }
    for category in tongshi_model::ApprovalCategory::ALL {
        assert!(map::CATEGORIES.word(*category).is_some(), "{category:?}");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/zhiren/fixtures/approval.get.json");
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON");
    for (status, label, shown_label) in [
        ("waiting", "审批中", "审批中"),
        ("passed", "通过", "通过"),
        ("denied", "拒绝", "拒绝"),
        ("denied", "不通过", "不通过"),
        ("denied", "COMPLETED", "拒绝"),
        ("frozen", "冻结", "冻结"),
    ] {
        let mut written = fixture["answer"].clone();
        written["status"] = json!(status);
        written["status_name"] = json!(label);
        let read: Approval =
            map::read_approval(map::parse(&written.to_string()).expect("read")).expect("read");
        let back = serde_json::to_value(map::show_approval(read, None)).expect("serialises");
        written["status_name"] = json!(shown_label);
        assert_eq!(back, written);
    }
}

#[test]
fn a_form_may_be_an_object_or_nothing() {
    for (form, sections) in [(json!(null), 0), (json!({"天数": 2}), 1), (json!([]), 0)] {
        let raw = json!({"number_series": "1", "form_values": form}).to_string();
        let read = map::read_approval(map::parse(&raw).expect("read")).expect("read");
        assert_eq!(read.form.len(), sections);
    }
    assert!(map::read_approval(map::parse("{}").expect("read")).is_err(), "an approval has a number");
}

#[test]
fn a_status_without_a_phase_is_shown_too() {
    let coarse = |status| Employee { status: Some(status), ..Employee::default() };
    for (status, word) in [
        (EmploymentStatus::PreHire, json!("waiting")),
        (EmploymentStatus::OnLeave, json!("regular")),
        (EmploymentStatus::Ended, json!("dimission")),
        (EmploymentStatus::Other, json!(null)),
    ] {
        assert_eq!(shown(coarse(status))["status"], word);
    }
}

#[test]
fn timelines_keep_number_and_unit() {
    let raw = json!({"date": "2018-03-05", "category": "leave", "duration": "0.5", "duration_unit": "weeks",
        "start_time": "2018-03-05 09:00", "end_time": ""});
    let read: TimelineEntry =
        map::read_timeline(map::parse(&raw.to_string()).expect("read"), id("lin")).expect("read");
    let back = serde_json::to_value(map::show_timeline(read)).expect("serialises");
    assert_eq!((&back["duration"], &back["duration_unit"]), (&json!(0.5), &json!("weeks")));
    assert_eq!(back["start_time"], "2018-03-05T09:00:00.000+08:00");
    assert_eq!(back["end_time"], Value::Null);
}

#[test]
fn clock_times_are_read_as_they_may_come() {
    let punches = |came: &str, went: &str| {
        let raw = json!({"date": "2018-03-01", "check_in_time": came, "check_out_time": went}).to_string();
        let punches = map::read_checking(map::parse(&raw).expect("read"), id("lin"));
        punches.map(|punches| punches.iter().map(|punch| punch.at.to_string()).collect::<Vec<_>>().join(" "))
    };
    let day = "2018-03-01T08:58:00+08:00 2018-03-01T18:00:00+08:00";
    assert_eq!(punches("08:58", "18:00:00").expect("read"), day);
    assert_eq!(punches("2018-03-01 08:58", "2018-03-01T10:00:00Z").expect("read").split(' ').count(), 2);
    assert_eq!(punches("2018-03-01T08:58:00.000+08:00", "").expect("read"), "2018-03-01T08:58:00+08:00");
    assert_eq!(punches("", "").expect("read"), "");
    let night = "2018-03-01T22:00:00+08:00 2018-03-02T06:00:00+08:00";
    assert_eq!(punches("22:00", "06:00").expect("read"), night);
    assert!(punches("25:00", "").is_err());
}
