//! The connector: against our own face for every listing and write, and against answers that no face would give.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tongshi_dialect::{
    Ask, Connect, Connector, Credential, EventAsk, Existence, Incoming, MemoryTokens, Message, Named, Over,
    Page, Promptly, Pushed, Reach, Record, Reply, Row, Seen, Slice, Subject, Target, Window, Workforce as _,
    Write, WriteBody,
    fake::{FakeWorkforce, Scripted},
};
use tongshi_model::{
    Action, Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Candidate, CandidateSource, Clock,
    Coded, Currency, Direction, Employee, Entity, Error, ErrorKind, FixedClock, Id, Kind, LegalEntity, Money,
    OrgUnit, Punch, PunchSource, SalaryItem, Secret, SeededRandomness, ShiftAssignment, TimelineEntry,
    TimelineKind, Timestamp, Vacancy, Visit, VisitStatus,
};

use super::stage::{NOW, Stage, company, date, id, instant, space};
use crate::zhiren::{DESCRIPTOR, auth::SIGNATURE_HEADER};

const WINDOW: (&str, &str) = ("2018-02-01", "2018-03-31");

fn window() -> Window {
    Window { from: date(WINDOW.0), to: date(WINDOW.1) }
}

/// Everything that a listing gives: rows as the model reads them, punches, and how many slices and pages it took.
#[derive(Default)]
struct Harvest {
    rows: Vec<Row>,
    punches: Vec<Punch>,
    slices: Vec<String>,
    broken: Vec<String>,
}

async fn harvest(
    connector: &dyn Connector,
    name: &str,
    reach: Reach,
    subjects: &[Subject],
) -> Result<Harvest, Error> {
    let listing = connector.listings().iter().find(|listing| listing.name == name).expect("a listing");
    let batch = match listing.over {
        Over::Whole => 1,
        Over::Each { batch, .. } => batch as usize,
    };
    let whole: [&[Subject]; 1] = [&[]];
    let batches: Vec<&[Subject]> =
        if listing.over == Over::Whole { whole.to_vec() } else { subjects.chunks(batch).collect() };
    let mut harvest = Harvest::default();
    for subjects in batches {
        let ask = Ask { reach, window: window(), subjects };
        for slice in connector.plan(listing, &ask) {
            let mut number = 1;
            loop {
                let page: Page = connector.pull(listing, &slice, number, None).await?;
                let empty = page.rows.is_empty();
                harvest.rows.extend(page.rows);
                harvest.punches.extend(page.punches.into_iter().flat_map(|pulled| pulled.punches));
                harvest.broken.extend(page.broken);
                if empty || page.pages.is_none_or(|pages| number >= pages) {
                    break;
                }
                number += 1;
            }
            harvest.slices.push(slice.label);
        }
    }
    Ok(harvest)
}

fn subjects(stage: &Stage) -> Vec<Subject> {
    let people = stage.workforce.all::<Employee>().expect("read");
    people
        .into_iter()
        .map(|(record, employee)| Subject {
            remote_id: record.to_string(),
            record: space().id(Kind::Employee, &record.to_string()),
            key: employee.employee_no,
        })
        .collect()
}

fn read<E: Entity>(connector: &dyn Connector, row: &Row) -> E {
    let draft = connector.read(E::KIND, row).expect("kept");
    serde_json::from_str(&draft.doc).expect("the model's own")
}

fn remote(kind: Kind, name: &str) -> tongshi_model::Id {
    space().id(kind, &id(name).to_string())
}

#[tokio::test]
async fn the_organisation_and_its_people_come_back_from_our_own_face() {
    let stage = company();
    let connector = stage.connector(&[], json!({}));
    assert!(connector.check().await.expect("healthy").text.contains('2'));
    let entities = harvest(&*connector, "legal_entity", Reach::Full, &[]).await.expect("read");
    let entity: LegalEntity = read(&*connector, &entities.rows[0]);
    assert_eq!(entity.name, "样本科技(示例)");
    assert_eq!(entity.parent, Some(remote(Kind::Company, "company")));
    let units = harvest(&*connector, "org_unit", Reach::Full, &[]).await.expect("read");
    let unit: OrgUnit = read(&*connector, &units.rows[1]);
    assert_eq!(unit.parent, Some(remote(Kind::OrgUnit, "d0")));
    let people = harvest(&*connector, "employee", Reach::Full, &[]).await.expect("read");
    assert_eq!(people.rows.len(), 6);
    assert_eq!(people.rows[0].remote_id, id("lin").to_string());
    let lin: Employee = read(&*connector, &people.rows[0]);
    let original = stage.workforce.all::<Employee>().expect("read").remove(0).1;
    assert_eq!(lin.name, original.name);
    assert_eq!(lin.hire_date, original.hire_date);
    assert_eq!(lin.org_unit, Some(remote(Kind::OrgUnit, "d1")));
    assert_eq!(lin.legal_entity_name.as_deref(), Some("样本科技(示例)"));
    assert_eq!(lin.phase.map(|phase| phase.value), original.phase.map(|phase| phase.value));
}

#[tokio::test]
async fn an_incremental_run_asks_for_those_who_came_and_went() {
    let stage = company();
    let connector = stage.connector(&[], json!({}));
    let since = Reach::Since(date("2016-01-01"));
    let people = harvest(&*connector, "employee", since, &[]).await.expect("read");
    let found: Vec<&str> = people.rows.iter().map(|row| row.remote_id.as_str()).collect();
    assert_eq!(found, [id("lin").to_string(), id("left").to_string()]);
    assert_eq!(people.slices, ["joined since 2016-01-01", "left since 2016-01-01"]);
}

#[tokio::test]
async fn pages_are_walked_to_the_end() {
    let stage = company();
    stage.desk.register("zhiren", "ak-two", "sk", json!({"zhiren_page_size": 4}));
    let connector =
        stage.connector(&[("access_key", "ak-two"), ("secret_key", "sk"), ("company_token", "")], json!({}));
    let people = harvest(&*connector, "employee", Reach::Full, &[]).await.expect("read");
    assert_eq!(people.rows.len(), 6);
}

#[tokio::test]
async fn attendance_comes_back_from_our_own_face() {
    let stage = company();
    let shift = ShiftAssignment {
        employee: id("lin"),
        date: date("2018-03-01"),
        shift: Some("白班".to_owned()),
        rule: Some("考勤".to_owned()),
        time_range: Some("09:00-18:00".to_owned()),
    };
    stage.workforce.put(id("shift"), &shift).expect("kept");
    for (key, kind) in
        [("t1", TimelineKind::Leave), ("t2", TimelineKind::Outing), ("t3", TimelineKind::Leave)]
    {
        let entry = TimelineEntry {
            employee: id("lin"),
            kind: Coded::ours(kind),
            date: date("2018-03-05"),
            start: Some(instant("2018-03-05 09:00")),
            end: Some(instant("2018-03-05 12:00")),
            duration: None,
            approval: None,
            note: None,
        };
        stage.workforce.put(id(key), &entry).expect("kept");
    }
    let punch = |at: &str| Punch {
        employee: id("lin"),
        at: instant(at),
        direction: Direction::Unknown,
        source: PunchSource::Machine,
        day: None,
        detail: None,
    };
    stage.workforce.punch([punch("2018-03-01 08:58"), punch("2018-03-01 18:03")]);
    let subjects = subjects(&stage);
    let connector = stage.connector(&[], json!({}));

    let shifts = harvest(&*connector, "shift_assignment", Reach::Full, &subjects).await.expect("read");
    assert_eq!(shifts.slices.len(), 1, "all people in one call");
    assert_eq!(shifts.rows.len(), 1);
    assert_eq!(shifts.rows[0].date, Some(date("2018-03-01")));
    let back: ShiftAssignment = read(&*connector, &shifts.rows[0]);
    assert_eq!(back, ShiftAssignment { employee: remote(Kind::Employee, "lin"), ..shift });

    let entries = harvest(&*connector, "timeline_entry", Reach::Full, &subjects).await.expect("read");
    assert_eq!(entries.rows.len(), 3);
    assert_eq!(
        entries.rows.iter().map(|row| &row.remote_id).collect::<std::collections::BTreeSet<_>>().len(),
        3
    );
    let back: TimelineEntry = read(&*connector, &entries.rows[2]);
    assert_eq!(back.kind.value, TimelineKind::Outing);
    assert_eq!(back.employee, remote(Kind::Employee, "lin"));
    assert_eq!(back.end, Some(instant("2018-03-05 12:00")));

    let punches = harvest(&*connector, "punch", Reach::Full, &subjects).await.expect("read");
    let seen: Vec<(Direction, String)> =
        punches.punches.iter().map(|punch| (punch.direction, punch.at.to_string())).collect();
    assert_eq!(seen[0], (Direction::In, "2018-03-01T08:58:00+08:00".to_owned()));
    assert_eq!(seen[1], (Direction::Out, "2018-03-01T18:03:00+08:00".to_owned()));
    assert_eq!(seen.len(), 2);
    assert_eq!(punches.punches[0].employee, remote(Kind::Employee, "lin"));
    assert!(punches.slices.iter().all(|label| !label.contains("TS-")), "labels name no person");
}

#[tokio::test]
async fn approvals_come_back_in_slices_of_a_month() {
    let stage = company();
    let approval = Approval {
        number: "20180301000017".to_owned(),
        title: Some("请假".to_owned()),
        category: Coded::ours(ApprovalCategory::Leave),
        applicant: None,
        applicant_name: Some("林知夏".into()),
        status: Coded::ours(ApprovalStatus::Completed),
        status_label: None,
        result: ApprovalResult::Rejected,
        submitted_at: Some(instant("2018-03-04T00:00:00+08:00")),
        updated_at: Some(instant("2018-03-05T10:00:00+08:00")),
        form: Vec::new(),
        tasks: Vec::new(),
        log: Vec::new(),
        copies: Vec::new(),
    };
    stage.workforce.put(id("approval"), &approval).expect("kept");
    let connector = stage.connector(&[], json!({}));
    let found = harvest(&*connector, "approval", Reach::Full, &[]).await.expect("read");
    assert_eq!(found.slices, ["2018-02-01..2018-03-03", "2018-03-04..2018-03-31"]);
    assert_eq!(found.rows[0].date, Some(date("2018-03-04")));
    let back: Approval = read(&*connector, &found.rows[0]);
    assert_eq!((back.result, back.submitted_at), (ApprovalResult::Rejected, approval.submitted_at));
}

#[tokio::test]
async fn recruitment_is_read_where_there_is_a_token() {
    let stage = company();
    assert_eq!(stage.connector(&[], json!({})).listings().len(), 7);
    stage.workforce.put(id("source"), &CandidateSource { name: "示例".to_owned() }).expect("kept");
    let vacancy = Vacancy { head_count: Some(2), org_unit: Some(id("d1")), ..Vacancy::default() };
    stage.workforce.put(id("vacancy"), &vacancy).expect("kept");
    let candidate =
        Candidate { name: "顾样本".into(), source: Some(id("source")), ..Candidate::default() };
    stage.workforce.put(id("candidate"), &candidate).expect("kept");
    stage.workforce.plant_token("zhiren.access_token", "at-1", Value::Null, None);
    let connector = stage.connector(&[("access_token", "at-1")], json!({}));
    assert_eq!(connector.listings().len(), 10);
    let sources = harvest(&*connector, "candidate_source", Reach::Full, &[]).await.expect("read");
    assert_eq!(read::<CandidateSource>(&*connector, &sources.rows[0]).name, "示例");
    let vacancies = harvest(&*connector, "vacancy", Reach::Full, &[]).await.expect("read");
    assert_eq!(read::<Vacancy>(&*connector, &vacancies.rows[0]).head_count, Some(2));
    let candidates = harvest(&*connector, "candidate", Reach::Full, &[]).await.expect("read");
    let back: Candidate = read(&*connector, &candidates.rows[0]);
    assert_eq!(back.source, Some(remote(Kind::CandidateSource, "source")));
}

#[tokio::test]
async fn what_is_gone_is_told_from_what_cannot_be_asked() {
    let stage = company();
    let connector = stage.connector(&[], json!({}));
    let exists = async |kind, name: &str| connector.exists(kind, &id(name).to_string()).await.expect("asked");
    assert!(
        matches!(exists(Kind::Employee, "lin").await, Existence::Present(row) if row.remote_id == id("lin").to_string())
    );
    assert!(matches!(exists(Kind::Employee, "nobody").await, Existence::Absent));
    assert!(matches!(exists(Kind::OrgUnit, "d1").await, Existence::Present(_)));
    assert!(matches!(exists(Kind::LegalEntity, "s1").await, Existence::Present(_)));
    assert!(matches!(exists(Kind::LegalEntity, "s9").await, Existence::Absent));
    assert!(matches!(exists(Kind::Approval, "a").await, Existence::Absent));
    assert!(matches!(exists(Kind::Candidate, "c").await, Existence::Unknown));
    // Somebody's number in place of a uuid finds somebody, but not what was asked for.
    assert!(matches!(connector.exists(Kind::Employee, "TS-101").await, Ok(Existence::Unknown)));
}

#[tokio::test]
async fn writes_arrive_in_every_layout() {
    for place in ["query", "form", "body"] {
        let stage = company();
        let connector = stage.connector(&[], json!({"payload_place": place}));
        let punch = |minute: i32| Punch {
            employee: id("lin"),
            at: instant(&format!("2018-03-01T{:02}:{:02}:40+09:00", 1 + minute / 60, minute % 60)),
            direction: Direction::In,
            source: PunchSource::Machine,
            day: None,
            detail: None,
        };
        let mut writes: Vec<Write> = (0..90).map(|minute| write_of(punch(minute), "TS-101")).collect();
        writes.push(write_of(punch(90), "nobody"));
        let at_once = connector.batch_max(Target::Punch, Action::Create);
        assert!(at_once >= 40 && connector.repeatable(Target::Punch, Action::Create));
        // Twice the same is once.
        for _ in 0..2 {
            let mut rows = Vec::new();
            for chunk in writes.chunks(at_once) {
                rows.extend(connector.push(chunk).await.expect("sent"));
            }
            assert_eq!(rows.len(), 91);
            assert_eq!(rows.iter().filter(|row| **row == TAKEN).count(), 90);
            assert_eq!(rows[90], Pushed::Refused("employee not found".to_owned()));
        }
        let stored = stage.workforce.all_punches();
        assert_eq!((stored.len(), stored[0].at), (90, instant("2018-03-01T00:00:00+08:00")));
        // The vendor shows the first and the last of a day; what lies between is neither there nor absent.
        let there = Seen::There { remote_id: None };
        let mut late = write_of(punch(600), "TS-101");
        late.named = writes[0].named.clone();
        let asked = [writes[0].clone(), writes[7].clone(), writes[89].clone(), late];
        let seen = connector.read_back(&asked).await.expect("seen");
        assert_eq!(seen, [there.clone(), Seen::Unknown, there, Seen::Absent]);

        let item = SalaryItem {
            employee: id("lin"),
            month: "2018-02".to_owned(),
            subject: "绩效 & 奖金+".to_owned(),
            amount: Money { minor: 102_412, currency: Currency::CNY }.into(),
        };
        let salary = |item: &SalaryItem, number| record_write(item, item.employee, number);
        assert_eq!(connector.push(&[salary(&item, "TS-101")]).await.expect("sent"), [TAKEN]);
        let stored = stage.workforce.all::<SalaryItem>().expect("read");
        assert_eq!(stored[0].1, item);
        let refused = connector.push(&[salary(&item, "nobody")]).await.expect("sent");
        assert!(matches!(&refused[0], Pushed::Refused(why) if why.contains("1102")));
        let huge = Money { minor: i64::MAX, currency: Currency::CNY };
        let item = SalaryItem { amount: huge.into(), ..item };
        let held = connector.push(&[salary(&item, "TS-101")]).await.expect("held");
        assert!(matches!(held[0], Pushed::Refused(_)));

        let visit = Visit {
            host: id("lin"),
            visitor_name: "访客甲".into(),
            expected_text: "下午三点".to_owned(),
            expected_at: None,
            status: VisitStatus::Expected,
            notified_at: None,
        };
        let visit = record_write(&visit, visit.host, "TS-101");
        assert_eq!(connector.push(std::slice::from_ref(&visit)).await.expect("sent"), [TAKEN]);
        assert_eq!(stage.workforce.announcements().len(), 1);
        assert!(!connector.repeatable(visit.target(), visit.action));
        assert_eq!(connector.read_back(&[visit]).await.expect("asked"), [Seen::Unknown]);
    }
}

const TAKEN: Pushed = Pushed::Taken { remote_id: None };

/// A punch as the queue hands it over; the vendor knows the person by this number.
fn write_of(punch: Punch, number: &str) -> Write {
    let named = Named { remote_id: Some(punch.employee.to_string()), key: Some(number.to_owned()) };
    Write {
        id: id("write"),
        action: Action::Create,
        named: [(punch.employee, named)].into(),
        body: WriteBody::Punch(punch),
        remote_id: None,
        fields: json!({}),
        actor: "test".to_owned(),
    }
}

/// A record as the queue hands it over; it refers to this person.
fn record_write<E: Entity>(entity: &E, person: Id, number: &str) -> Write {
    let doc = serde_json::to_string(entity).expect("JSON");
    let named = Named { remote_id: Some(person.to_string()), key: Some(number.to_owned()) };
    Write {
        id: id("write"),
        action: Action::Create,
        body: WriteBody::Record { kind: E::KIND, doc },
        remote_id: None,
        named: [(person, named)].into(),
        fields: json!({}),
        actor: "test".to_owned(),
    }
}

#[tokio::test]
async fn any_operation_can_be_called_by_name() {
    let stage = company();
    let connector = stage.connector(&[], json!({}));
    let fields = json!({"key": "TS-101"}).as_object().cloned().expect("fields");
    let reply = connector.call("employee.get", fields).await.expect("known").expect("answered");
    assert_eq!(reply.status, 200);
    let refused = connector.call("recruitment.sources", serde_json::Map::new()).await.expect("known");
    assert!(refused.is_err_and(|error| error.public().contains("access_token")));
    let missing = connector.call("employee.get", serde_json::Map::new()).await.expect("known");
    assert!(missing.is_err());
    assert!(connector.call("employee.fire", serde_json::Map::new()).await.is_none());
}

/// A connector whose vendor answers these bodies, one after the other, the last for ever.
fn against(bodies: &[(u16, &[u8])]) -> (Box<dyn Connector>, Arc<Mutex<Vec<Message>>>) {
    let seen: Arc<Mutex<Vec<Message>>> = Arc::default();
    let log = Arc::clone(&seen);
    let bodies: Vec<(u16, Vec<u8>)> = bodies.iter().map(|(status, body)| (*status, body.to_vec())).collect();
    let transport = Scripted(move |message: Message| {
        let mut seen = log.lock().expect("unpoisoned");
        let (status, body) = &bodies[seen.len().min(bodies.len() - 1)];
        seen.push(message);
        let mut reply = Reply::json(StatusCode::from_u16(*status).expect("a status"), body.clone());
        reply.headers.insert("date", "Thu, 01 Mar 2018 03:00:00 GMT".parse().expect("visible"));
        Ok(reply)
    });
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range")));
    let credential: BTreeMap<String, Secret> = [("access_key", "ak"), ("secret_key", "sk")]
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .into();
    let connector = (DESCRIPTOR.connect)(Connect {
        credential: Credential::new(credential),
        space: space(),
        settings: json!({}),
        transport: Arc::new(transport),
        pacer: Arc::new(Promptly),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        tokens: Arc::new(MemoryTokens::new(clock)),
        stored: Arc::new(tongshi_dialect::NothingStored),
        second_transport: None,
    });
    (connector.expect("a connector"), seen)
}

async fn page_of(body: &[u8]) -> Result<Page, Error> {
    let (connector, _) = against(&[(200, body)]);
    let slice = Slice { label: "all".to_owned(), params: json!({}) };
    connector.pull(&connector.listings()[2], &slice, 3, None).await
}

#[tokio::test]
async fn odd_pages_are_cut_without_losing_anybody() {
    for (body, rows, pages, total) in [
        (r#"[{"uuid":"a"},{"uuid":"b"}]"#, 2, None, None),
        (r#"{"employees":[{"uuid":"a"}],"totalPages":7,"totalCount":601}"#, 1, Some(7), Some(601)),
        (r#"{"employees":[{"uuid":"a"}],"totalPages":"7","totalCount":"601"}"#, 1, Some(7), Some(601)),
        (r#"{"employees":[{"uuid":"a"}],"totalPages":0,"totalCount":0}"#, 1, Some(4), None),
        (r#"{"employees":[{"uuid":"a"}],"totalPages":null,"totalCount":-3}"#, 1, Some(4), None),
        (r#"{"employees":[{"uuid":"a"}],"totalPages":{"x":1},"totalCount":1e300}"#, 1, Some(4), None),
        (r#"{"employees":[{"uuid":"a"}],"totalPages":99999999999}"#, 1, Some(u32::MAX), None),
        (r#"{"employees":[]}"#, 0, Some(3), None),
    ] {
        let page = page_of(body.as_bytes()).await.expect(body);
        assert_eq!((page.rows.len(), page.pages, page.total), (rows, pages, total), "{body}");
    }
}

#[tokio::test]
async fn a_bad_row_does_not_spoil_its_page() {
    let body = r#"{"employees":[{"uuid":"a","name":"x"},{"name":"no uuid"},{"uuid":"","name":"x"},{"uuid":7},"text",
        {"uuid":"b","uuid":"c"},{"uuid":"d","name":"\ud800"},{"uuid":"e","name":"\u0000"},null],"totalPages":1}"#;
    let page = page_of(body.as_bytes()).await.expect("a page");
    let ids: Vec<&str> = page.rows.iter().map(|row| row.remote_id.as_str()).collect();
    assert_eq!(ids, ["a", "d", "e"]);
    assert_eq!(page.broken.len(), 6);
    let (connector, _) = against(&[(200, b"[]")]);
    for row in &page.rows[1..] {
        assert!(connector.read(Kind::Employee, row).is_err());
    }
    // The vendor's own text is kept as it came.
    assert_eq!(page.rows[0].raw, r#"{"uuid":"a","name":"x"}"#);

    let deep =
        format!(r#"[{{"uuid":"a","x":{}{}}},{{"uuid":"b"}}]"#, "[".repeat(200_000), "]".repeat(200_000));
    let page = page_of(deep.as_bytes()).await.expect("a page");
    assert_eq!((page.rows.len(), page.broken.len()), (1, 1));
    let flat = format!(r#"[{{"uuid":"a","x":[{}"]]\"]"]}}]"#, r#"[],"[","#.repeat(100));
    assert_eq!(page_of(flat.as_bytes()).await.expect("a page").rows.len(), 1);

    let page = page_of(b"[{\"uuid\":\"a\",\"name\":\"\xff\xfe\"},{\"uuid\":\"b\"}]").await.expect("a page");
    assert_eq!((page.rows.len(), page.broken.len()), (1, 1));
}

#[tokio::test]
async fn answers_that_are_no_answers_are_errors() {
    for body in
        ["", "<html>busy</html>", "null", "\"text\"", "[{\"uuid\":\"a\"},", "{}", "{\"employees\":null}"]
    {
        let outcome = page_of(body.as_bytes()).await;
        let error = outcome.err().unwrap_or_else(|| panic!("taken: {}", &body[..body.len().min(30)]));
        assert_eq!(error.kind(), &ErrorKind::Upstream, "{error}");
    }
}

#[tokio::test]
async fn a_refused_time_is_tried_once_with_the_vendors_clock() {
    let stale = br#"{"code":1103,"text":"tonce invalid"}"#;
    let (connector, seen) = against(&[(401, stale), (200, b"[]")]);
    assert!(connector.check().await.is_ok());
    let tonces: Vec<String> = seen
        .lock()
        .expect("unpoisoned")
        .iter()
        .map(|message| message.query_value("tonce").expect("once").expect("there").into_owned())
        .collect();
    let (first, later) = tonces.split_first().expect("a call");
    assert_eq!((first, &later[0]), (&NOW.to_string(), &(NOW + 3600).to_string()));
    assert!(later.iter().all(|tonce| *tonce == later[0]), "the clock is learned once");
    let (connector, seen) = against(&[(401, stale)]);
    assert_eq!(connector.check().await.expect_err("refused").kind(), &ErrorKind::Unauthenticated);
    assert_eq!(seen.lock().expect("unpoisoned").len(), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_not_tried_again() {
    for code in [1001, 1101, 1105, 1104] {
        let body = json!({"code": code, "text": "no"}).to_string();
        let (connector, seen) = against(&[(401, body.as_bytes())]);
        assert_eq!(connector.check().await.expect_err("refused").kind(), &ErrorKind::Unauthenticated);
        assert_eq!(seen.lock().expect("unpoisoned").len(), 1, "{code}");
    }
}

#[tokio::test]
async fn punch_rows_are_read_in_every_spelling() {
    let punch = Punch {
        employee: id("lin"),
        at: instant("2018-03-01 08:00"),
        direction: Direction::In,
        source: PunchSource::Machine,
        day: None,
        detail: None,
    };
    let body = br#"[{"code":"0k"},{"code":"ok","empno":"1"},{"code":0},{"code":"0"},{"code":"error"}]"#;
    let (connector, _) = against(&[(200, body)]);
    let rows = connector.push(&vec![write_of(punch, "1"); 6]).await.expect("sent");
    assert_eq!(rows[..4], [TAKEN; 4]);
    assert!(matches!(rows[4], Pushed::Refused(_)));
    // The vendor answered five rows for six punches: of the last nobody knows.
    assert_eq!(rows[5], Pushed::Unsure);
}

#[tokio::test]
async fn shifts_of_shared_numbers_are_not_guessed() {
    let body = r#"[{"empno":"1","date":"2018-03-01"},{"empno":"1","date":"2018-03-01"},{"empno":"2","date":"2018-03-01"},
        {"empno":"3","date":"2018-03-01"}]"#;
    let (connector, seen) = against(&[(200, body.as_bytes())]);
    let subject = |name: &str, key: Option<&str>| Subject {
        remote_id: name.to_owned(),
        record: id(name),
        key: key.map(str::to_owned),
    };
    let subjects =
        [subject("a", Some("1")), subject("b", Some("2")), subject("c", Some("2")), subject("d", None)];
    let found = harvest(&*connector, "shift_assignment", Reach::Full, &subjects).await.expect("read");
    let ids: Vec<&str> = found.rows.iter().map(|row| row.remote_id.as_str()).collect();
    assert_eq!(ids, ["a/2018-03-01", "a/2018-03-01#2"]);
    assert_eq!(found.broken.len(), 2);
    assert_eq!(seen.lock().expect("unpoisoned").len(), 1);
}

#[tokio::test]
async fn events_are_signed_sent_and_read() {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range")));
    let workforce = FakeWorkforce::new(clock);
    let employee =
        super::stage::person("林知夏", "TS-101", "19900000101", tongshi_model::EmploymentPhase::Regular);
    workforce.put(id("lin"), &employee).expect("kept");
    workforce.put(id("d1"), &OrgUnit { name: "研发组".to_owned(), ..OrgUnit::default() }).expect("kept");
    workforce.put(id("s1"), &LegalEntity::default()).expect("kept");
    let record = async |kind, name| workforce.get(kind, id(name)).await.expect("read").expect("there");
    let secret = Secret::new("sk");
    let events = DESCRIPTOR.events.expect("sends events");
    let make = |topic: &str, record: &Record, address: &str, secret: &Secret| {
        events.make(&EventAsk {
            topic,
            record: Some(record),
            before: None,
            address,
            settings: &Value::Null,
            key: Some(("ak", secret)),
            id: "msg_1",
            now: Timestamp::from_second(NOW).expect("in range"),
            randomness: &SeededRandomness::new(1),
        })
    };
    let (connector, _) = against(&[(200, b"[]")]);
    let receive = |message: &Message| connector.receive(message).expect("takes events");

    let address = "https://app.example.com/hooks/zhiren?x=1";
    let message = make("updated", &record(Kind::Employee, "lin").await, address, &secret)
        .expect("an event")
        .expect("made");
    assert_eq!((message.path.as_str(), message.query.as_str()), ("/hooks/zhiren", "x=1"));
    assert_eq!(message.authority.as_deref(), Some("app.example.com"));
    let incoming = receive(&message).expect("read");
    assert!(
        matches!(&incoming[..], [Incoming::Row(Kind::Employee, row)] if row.remote_id == id("lin").to_string())
    );
    let deleted = make("deleted", &record(Kind::OrgUnit, "d1").await, address, &secret)
        .expect("an event")
        .expect("made");
    let incoming = receive(&deleted).expect("read");
    assert!(matches!(&incoming[..], [Incoming::Gone(Kind::OrgUnit, gone)] if *gone == id("d1").to_string()));
    assert!(make("updated", &record(Kind::LegalEntity, "s1").await, address, &secret).is_none());
    assert!(make("merged", &record(Kind::OrgUnit, "d1").await, address, &secret).is_none());

    // Under our own mount the path may be signed with it or without.
    let mounted = Message { prefix: "/hooks".to_owned(), path: "/zhiren".to_owned(), ..message.clone() };
    assert!(receive(&mounted).is_ok());
    let mut forged = message.clone();
    forged.body = [&forged.body[..], b" "].concat().into();
    assert_eq!(receive(&forged).expect_err("refused").kind(), &ErrorKind::Unauthenticated);
    let mut bare = message;
    bare.headers.remove(SIGNATURE_HEADER);
    assert!(receive(&bare).is_err());
}

#[test]
fn every_kind_of_event_is_understood() {
    let (connector, _) = against(&[(200, b"[]")]);
    let receive = |event: Value| {
        let mut message = Message::new(Method::POST, "/hook");
        message.body = json!({ "event": event }).to_string().into();
        let signature = tongshi_dialect::hmac_sha256_hex(&Secret::new("sk"), &[b"POST/hook", &message.body]);
        message.headers.insert(SIGNATURE_HEADER, signature.parse().expect("visible"));
        connector.receive(&message).expect("takes events")
    };
    let department = json!({"uuid": "d", "name": "x", "disabled": false});
    for name in ["webhook_open", "department_batch_sync"] {
        let event =
            json!({"event_type": name, "livemode": true, "data": {"departments": [department, department]}});
        assert_eq!(receive(event).expect("read").len(), 2);
    }
    for (name, gone) in [("created", false), ("updated", false), ("deleted", true)] {
        for (noun, kind) in [("department", Kind::OrgUnit), ("employee", Kind::Employee)] {
            let event = json!({"event_type": format!("{noun}_{name}"), "data": {noun: {"uuid": "u"}}});
            match &receive(event).expect("read")[..] {
                [Incoming::Row(found, _)] => assert!(*found == kind && !gone),
                [Incoming::Gone(found, _)] => assert!(*found == kind && gone),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(receive(json!({"event_type": "payday"})).expect("read").is_empty());
    assert!(receive(json!({"event_type": "employee_updated", "data": {}})).is_err());
}

#[test]
fn an_account_without_keys_is_refused() {
    let connect = |settings: Value, values: &[(&str, &str)]| {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        (DESCRIPTOR.connect)(Connect {
            credential: Credential::new(values.collect()),
            space: space(),
            settings,
            transport: Arc::new(Scripted(|_| Ok(Reply::json(StatusCode::OK, "[]")))),
            pacer: Arc::new(Promptly),
            clock: Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range"))),
            tokens: Arc::new(MemoryTokens::new(Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH)))),
            stored: Arc::new(tongshi_dialect::NothingStored),
            second_transport: None,
        })
        .err()
        .map(|error| error.public().to_owned())
    };
    let keys = [("access_key", "ak"), ("secret_key", "sk")];
    assert!(connect(json!({}), &keys[..1]).expect("refused").contains("secret_key"));
    assert!(connect(json!({"payload_place": "header"}), &keys).expect("refused").contains("payload_place"));
    assert!(connect(json!({}), &keys).is_none());
}

#[test]
fn signing_by_hand_is_explained() {
    let credential: BTreeMap<String, Secret> = [("access_key", "ak-demo"), ("secret_key", "sk-demo")]
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .into();
    let mut message = Message::new(Method::GET, "/api/v2/departments");
    let now = Timestamp::from_second(1_500_000_000).expect("in range");
    let explained = (DESCRIPTOR.sign)(&mut message, &Credential::new(credential), now).expect("signed");
    let signature = "e95824fcedde01556c14589c003ee838c1b11d5f6275ec3ff5d99593a198d942";
    assert_eq!(explained.received.as_deref(), Some(signature));
    assert_eq!(message.header(SIGNATURE_HEADER), Some(signature));
}
