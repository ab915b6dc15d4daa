//! One person at several vendors is one record, as long as nobody says otherwise.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tongshi_hub::{
    ChangeView, LoadItem, Matched, Mode, NewConnection, Outcome, PunchQuery, RecordQuery, RecordView, Scopes,
    Silent, SyncOptions,
};
use tongshi_model::{Draft, Id, Kind};
use tongshi_testkit::{Setup, TestHub, on_each_database};

fn small() -> Setup {
    Setup { employees: 10, ..Setup::default() }
}

/// Connects the same vendor account under another name, as if a second vendor had the same people.
async fn connect_again(hub: &TestHub, name: &str) {
    let known = hub.hub.dialect("zhiren").unwrap().credential;
    let keys = hub.keys["zhiren"].clone().into_iter();
    let credential =
        keys.filter(|(name, _)| known.iter().any(|field| field.name == name)).collect::<BTreeMap<_, _>>();
    let new = NewConnection {
        dialect: "zhiren".to_owned(),
        name: name.to_owned(),
        base_url: "face:zhiren".to_owned(),
        credential,
        settings: Value::Null,
    };
    hub.hub.connect(&hub.main, new).await.unwrap();
}

async fn sync(hub: &TestHub, name: &str) -> Outcome {
    let options = SyncOptions { mode: Mode::Full, ..SyncOptions::default() };
    let outcome = hub.hub.sync(&hub.main, name, &options, &Silent).await.unwrap();
    assert!(outcome.complete, "{outcome:#?}");
    outcome
}

async fn journal(hub: &TestHub, after: i64) -> Vec<ChangeView> {
    hub.hub.changes(&hub.main, after, None, 1000, &Scopes::all()).await.unwrap().data
}

async fn last_seq(hub: &TestHub) -> i64 {
    let mut after = 0;
    loop {
        let page = hub.hub.changes(&hub.main, after, None, 1000, &Scopes::all()).await.unwrap();
        if page.data.is_empty() {
            return after;
        }
        after = page.next;
    }
}

/// Has a source of the workspace `main` say something of a person.
async fn say(hub: &TestHub, source: &str, name: &str, doc: Value) -> Id {
    let draft = Draft::parse(Kind::Employee, doc.to_string()).unwrap();
    let item = LoadItem::Record { remote_id: name.to_owned(), draft };
    hub.hub.load(&hub.main, source, vec![item]).await.unwrap();
    hub.hub.local_space(&hub.main, source).await.unwrap().id(Kind::Employee, name)
}

async fn forget(hub: &TestHub, source: &str, name: &str) -> u64 {
    hub.hub.unload(&hub.main, source, Kind::Employee, &[name]).await.unwrap()
}

async fn person(hub: &TestHub, id: Id) -> RecordView {
    hub.hub.record(&hub.main, Kind::Employee, id, &Scopes::all()).await.unwrap()
}

async fn doc(hub: &TestHub, id: Id) -> Value {
    serde_json::from_str(person(hub, id).await.data.get()).unwrap()
}

async fn rematch(hub: &TestHub) -> Matched {
    hub.hub.rematch(&hub.main, "test").await.unwrap()
}

async fn reasons(hub: &TestHub) -> Vec<String> {
    let found = hub.hub.identity_conflicts(&hub.main).await.unwrap();
    found.into_iter().map(|conflict| conflict.reason).collect()
}

async fn of_employee(hub: &TestHub, kind: Kind, employee: Id) -> Vec<RecordView> {
    let query = RecordQuery {
        kind,
        filters: vec![("employee".to_owned(), employee.to_string())],
        date_from: None,
        date_to: None,
        deleted: false,
        after: None,
        limit: 1000,
    };
    hub.hub.records(&hub.main, &query, &Scopes::all()).await.unwrap().data
}

async fn punches(hub: &TestHub, employee: Id) -> Vec<Id> {
    let query = PunchQuery { employee: Some(employee), limit: 1000, ..PunchQuery::default() };
    let found = hub.hub.punches(&hub.main, &query).await.unwrap();
    found.into_iter().map(|punch| punch.employee).collect()
}

#[tokio::test]
async fn the_same_people_at_two_vendors_are_linked_with_all_that_is_theirs() {
    let setup = Setup { employees: 60, attendance_days: 4, ..Setup::default() };
    on_each_database(setup, async |hub| {
        sync(hub, "zhiren").await;
        let before = hub.records(&hub.main, Kind::Employee).await;
        connect_again(hub, "second").await;
        let run = sync(hub, "second").await;
        let after = hub.records(&hub.main, Kind::Employee).await;
        // The one row that holds nothing but a name is asked about.
        assert_eq!(reasons(hub).await, ["name_and_unit"]);
        let docs = |all: &[RecordView]| -> BTreeMap<Id, String> {
            all.iter().map(|record| (record.id, record.data.get().to_owned())).collect()
        };
        let (known, mut found) = (docs(&before), docs(&after));
        let alone: Vec<String> = after
            .iter()
            .filter(|record| !known.contains_key(&record.id))
            .map(|record| found.remove(&record.id).unwrap())
            .collect();
        assert!(found == known, "the second says nothing new, so nothing changes");
        let marks = ["employee_no", "mobile", "email", "accounts"];
        let marked = |doc: &String| marks.iter().any(|mark| doc.contains(&format!("\"{mark}\":")));
        assert!(alone.len() < 3 && !alone.iter().any(marked), "nobody else stays alone: {alone:?}");

        let first = hub.hub.lineage(&hub.main, after[7].id, &Scopes::all()).await.unwrap();
        assert_eq!(first.len(), 2);
        assert_eq!(first[1].linked.as_ref().unwrap().method, "employee_no");
        assert!(first[0].fields.len() > 5 && first[1].fields.is_empty(), "{first:#?}");
        // By its id at the second vendor it is found, too, and so are its shifts and punches, of both.
        let mut seq = 0;
        let mut other = None;
        while other.is_none() {
            let page = journal(hub, seq).await;
            seq = page.last().unwrap().seq;
            other =
                page.iter().find(|change| change.linked_to == Some(after[7].id)).map(|change| change.record);
        }
        let other = other.unwrap();
        assert_ne!(other, after[7].id);
        assert_eq!(person(hub, other).await.id, after[7].id);
        let shifts = of_employee(hub, Kind::ShiftAssignment, after[7].id).await;
        assert_eq!(shifts.len(), of_employee(hub, Kind::ShiftAssignment, other).await.len());
        assert!(!shifts.is_empty() && shifts.len() % 2 == 0);
        for shift in &shifts {
            let doc: Value = serde_json::from_str(shift.data.get()).unwrap();
            assert_eq!(doc["employee"], json!(after[7].id), "references lead to the record that stays");
        }
        let theirs = punches(hub, other).await;
        assert!(!theirs.is_empty() && theirs.iter().all(|employee| *employee == after[7].id));
        assert_eq!(theirs.len(), punches(hub, after[7].id).await.len());
        let (from, to) = ("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap());
        let after_id = after[7].id;
        let question =
            tongshi_hub::AttendanceQuery { employee: Some(other), from, to, after: None, limit: 100 };
        let days = hub.hub.attendance_days(&hub.main, &question).await.unwrap().data;
        let counted: u32 = days.iter().map(|day| day.punches).sum();
        assert_eq!(counted as usize * 2, theirs.len(), "a punch that both tell of is one");
        // Page by page, of everybody: each person's day is told once, under the id that stays.
        let (mut paged, mut behind) = (Vec::new(), None);
        loop {
            let question =
                tongshi_hub::AttendanceQuery { employee: None, after: behind, limit: 3, ..question.clone() };
            let page = hub.hub.attendance_days(&hub.main, &question).await.unwrap();
            paged.extend(page.data);
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
        let mut places: Vec<_> = paged.iter().map(|day| (day.employee, day.date)).collect();
        let count = places.len();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), count);
        let same: Vec<_> = paged.into_iter().filter(|day| day.employee == after_id).collect();
        assert_eq!(same, days);

        let seq = last_seq(hub).await;
        for name in ["second", "zhiren"] {
            let again = sync(hub, name).await;
            let counts = again.counts;
            assert_eq!((counts.created, counts.updated, counts.restored, counts.deleted), (0, 0, 0, 0));
            assert_eq!((counts.punches_new, counts.punches_voided), (0, 0));
            let verified = hub.hub.verify(&hub.main, again.run.unwrap()).await.unwrap();
            assert!(verified.ok, "{verified:#?}");
        }
        assert_eq!(last_seq(hub).await, seq);

        let undone = hub.hub.undo(&hub.main, run.run.unwrap()).await.unwrap();
        assert!(undone.conflicts.is_empty(), "{undone:#?}");
        assert!(docs(&hub.records(&hub.main, Kind::Employee).await) == docs(&before), "as before the run");
        let sources = hub.hub.lineage(&hub.main, after[7].id, &Scopes::all()).await.unwrap();
        assert!(!sources[0].gone && sources[1].gone);
        sync(hub, "second").await;
        assert!(docs(&hub.records(&hub.main, Kind::Employee).await) == docs(&after), "as before the undo");
    })
    .await;
}

#[tokio::test]
async fn a_run_over_linked_people_can_be_undone() {
    on_each_database(small(), async |hub| {
        connect_again(hub, "second").await;
        sync(hub, "zhiren").await;
        sync(hub, "second").await;
        let everybody = hub.records(&hub.main, Kind::Employee).await;
        let before: Vec<&str> = everybody.iter().map(|record| record.data.get()).collect();
        let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
        let name = "emp-00000007";
        let kept = hub
            .hub
            .record(&hub.company, Kind::Employee, space.id(Kind::Employee, name), &Scopes::all())
            .await
            .unwrap();
        let mut changed: Value = serde_json::from_str(kept.data.get()).unwrap();
        changed["job_title"] = json!("园丁");
        hub.put(name, Draft::parse(Kind::Employee, changed.to_string()).unwrap()).await;
        // What the second says loses, so nothing happens to the record.
        let seq = last_seq(hub).await;
        let run = sync(hub, "second").await;
        assert_eq!((run.counts.updated, last_seq(hub).await), (0, seq));
        let run = sync(hub, "zhiren").await;
        assert_eq!((run.counts.updated, last_seq(hub).await), (1, seq + 1));
        let undone = hub.hub.undo(&hub.main, run.run.unwrap()).await.unwrap();
        assert_eq!((undone.undone, undone.conflicts.len()), (1, 0));
        let after = hub.records(&hub.main, Kind::Employee).await;
        assert_eq!(after.iter().map(|record| record.data.get()).collect::<Vec<_>>(), before);
        let dry = SyncOptions { mode: Mode::Full, dry_run: true, ..SyncOptions::default() };
        let shown = hub.hub.sync(&hub.main, "zhiren", &dry, &Silent).await.unwrap();
        assert_eq!(shown.counts.updated, 1, "{shown:#?}");
        let again = sync(hub, "zhiren").await;
        assert_eq!(again.counts.updated, 1);
        assert!(hub.hub.verify(&hub.main, again.run.unwrap()).await.unwrap().ok);
        // Somebody leaves one vendor, then the other.
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &[name]).await.unwrap();
        let run = sync(hub, "zhiren").await;
        assert_eq!(run.counts.deleted, 0, "the second still has them");
        let run = sync(hub, "second").await;
        assert_eq!(run.counts.deleted, 1);
        assert!(hub.hub.undo(&hub.main, run.run.unwrap()).await.unwrap().conflicts.is_empty());
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), everybody.len());
    })
    .await;
}

#[tokio::test]
async fn the_owner_of_a_field_wins_and_what_loses_is_kept() {
    on_each_database(small(), async |hub| {
        let a = say(hub, "hr", "1", json!({"name": "林一", "employee_no": "E1", "job_title": "园丁"})).await;
        let mobile = json!({"name": "Lin Yi", "employee_no": " e1", "mobile": "19900000001"});
        assert_eq!(rematch(hub).await, Matched::default(), "nobody to be matched with");
        let b = say(hub, "im", "u1", mobile.clone()).await;
        // Another name and no mobile to compare: nobody guesses.
        assert_eq!(rematch(hub).await.linked, 0);
        assert_eq!(reasons(hub).await, ["number_other_name"]);
        hub.hub.link(&hub.main, b, a, "test").await.unwrap();
        assert_eq!(reasons(hub).await, Vec::<String>::new());
        let folded = json!({
            "name": "林一", "employee_no": "E1", "job_title": "园丁", "mobile": "19900000001",
        });
        assert_eq!(doc(hub, b).await, folded);
        assert_eq!((person(hub, b).await.id, person(hub, b).await.version), (a, 2));
        assert_eq!(say(hub, "im", "u1", mobile).await, b, "a source keeps its name");

        let seq = last_seq(hub).await;
        say(hub, "im", "u1", json!({"name": "Lin", "employee_no": "e1", "mobile": "19900000001"})).await;
        assert_eq!(last_seq(hub).await, seq, "a value that loses changes nothing");
        let lineage = hub.hub.lineage(&hub.main, a, &Scopes::all()).await.unwrap();
        assert_eq!(lineage[1].fields, ["mobile"]);
        assert_eq!(lineage[1].proposals["name"].get(), "\"Lin\"");
        let few = Scopes { sensitivity: tongshi_model::Sensitivity::Public, ..Scopes::default() };
        assert!(hub.hub.lineage(&hub.main, a, &few).await.unwrap()[1].fields.is_empty());

        let im = ["im".to_owned()];
        assert_eq!(hub.hub.set_owners(&hub.main, "employee.name", &im, "test").await.unwrap(), 1);
        assert_eq!(doc(hub, a).await["name"], "Lin");
        say(hub, "hr", "1", json!({"name": "林依", "employee_no": "E1", "job_title": "园丁"})).await;
        assert_eq!(doc(hub, a).await["name"], "Lin");
        assert_eq!(hub.hub.owners(&hub.main).await.unwrap().rules[0].connections, im);
        for wrong in ["name", "employe.name", "employee.Name", "employee."] {
            assert!(hub.hub.set_owners(&hub.main, wrong, &im, "test").await.is_err(), "{wrong}");
        }
        assert!(hub.hub.set_owners(&hub.main, "*", &["nobody".to_owned()], "test").await.is_err());
        assert_eq!(hub.hub.reset_owners(&hub.main, "employee.name", "test").await.unwrap(), 1);
        assert_eq!(doc(hub, a).await["name"], "林依");

        assert_eq!(forget(hub, "hr", "1").await, 0, "the other source is left");
        assert_eq!(doc(hub, a).await, json!({"name": "Lin", "employee_no": "e1", "mobile": "19900000001"}));
        assert_eq!(forget(hub, "im", "u1").await, 1);
        assert!(person(hub, a).await.deleted_at.is_some());
        say(hub, "im", "u1", json!({"name": "Lin", "mobile": "19900000001"})).await;
        assert!(person(hub, b).await.deleted_at.is_none());
        assert_eq!(person(hub, b).await.id, a);
    })
    .await;
}

#[tokio::test]
async fn what_was_linked_can_be_taken_apart_without_a_trace() {
    on_each_database(small(), async |hub| {
        let one = json!({"name": "林一", "employee_no": "E1", "mobile": "19900000001"});
        let other =
            json!({"name": "林一", "employee_no": "E1", "email": "lin@example.com", "nickname": "一"});
        let a = say(hub, "hr", "1", one).await;
        let b = say(hub, "im", "u1", other).await;
        let c = say(hub, "im", "u2", json!({"name": "何二", "manager": b})).await;
        let before: Vec<String> =
            [person(hub, a).await, person(hub, b).await].map(|record| record.data.get().to_owned()).into();
        let seq = last_seq(hub).await;
        assert_eq!(rematch(hub).await.linked, 1);
        let linked = journal(hub, seq).await;
        let ops: Vec<(&str, Id)> = linked.iter().map(|change| (change.op, change.record)).collect();
        assert_eq!(ops, [("linked", b), ("updated", a)]);
        assert_eq!((linked[0].linked_to, linked[0].after.is_none()), (Some(a), true));
        assert_eq!(doc(hub, c).await["manager"], json!(a));
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), 2);
        assert_eq!(rematch(hub).await, Matched::default());

        let unlinked = hub.hub.unlink(&hub.main, b, "im", None, "test").await.unwrap();
        assert_eq!((unlinked.record, unlinked.restored), (a, b));
        let after: Vec<String> =
            [person(hub, a).await, person(hub, b).await].map(|record| record.data.get().to_owned()).into();
        assert_eq!(after, before, "to the byte");
        assert_eq!((person(hub, a).await.id, person(hub, b).await.id), (a, b));
        assert_eq!(doc(hub, c).await["manager"], json!(b));
        assert_eq!(hub.hub.lineage(&hub.main, a, &Scopes::all()).await.unwrap().len(), 1);
        let ops: Vec<&str> = journal(hub, seq + 2).await.iter().map(|change| change.op).collect();
        assert_eq!(ops, ["updated", "restored"]);
        assert_eq!(rematch(hub).await, Matched::default(), "they were taken apart by hand");
        assert_eq!(reasons(hub).await, Vec::<String>::new());
        // Each is a record of its own again, also for what comes.
        say(hub, "im", "u1", json!({"name": "林一", "employee_no": "E9"})).await;
        assert_eq!(
            (doc(hub, a).await["employee_no"].clone(), doc(hub, b).await["employee_no"].clone()),
            (json!("E1"), json!("E9"))
        );

        assert!(hub.hub.unlink(&hub.main, a, "hr", None, "test").await.is_err(), "nothing to be taken apart");
        assert!(hub.hub.link(&hub.main, a, a, "test").await.is_err());
        assert!(hub.hub.link(&hub.main, a, Id::of(&["nobody"]), "test").await.is_err());
        hub.hub.link(&hub.main, a, b, "test").await.unwrap();
        // The source that made the record keeps it; the other leaves.
        let unlinked = hub.hub.unlink(&hub.main, a, "hr", None, "test").await.unwrap();
        assert_eq!((unlinked.record, unlinked.restored), (a, b));
    })
    .await;
}

#[tokio::test]
async fn what_is_ambiguous_is_listed_and_not_guessed() {
    on_each_database(small(), async |hub| {
        let mobile = |name: &str, number: Option<&str>, mobile: &str| {
            json!({"name": name, "employee_no": number, "mobile": mobile})
        };
        // The same number, and neither name nor mobile agree.
        say(hub, "hr", "1", mobile("林一", Some("E1"), "19900000001")).await;
        say(hub, "im", "1", mobile("何二", Some("E1"), "19900000002")).await;
        assert_eq!(rematch(hub).await.linked, 0);
        assert_eq!(reasons(hub).await, ["number_other_name"]);
        // One mobile, two people at one vendor.
        say(hub, "hr", "3", mobile("王三", None, "19900000003")).await;
        say(hub, "hr", "4", mobile("王三", None, "+86 199 0000 0003")).await;
        say(hub, "im", "3", mobile("王三", None, "19900000003")).await;
        assert_eq!(rematch(hub).await.linked, 0);
        assert_eq!(reasons(hub).await.iter().filter(|reason| *reason == "several_by_mobile").count(), 2);
        // A mobile number that has passed on.
        say(hub, "hr", "5", mobile("赵五", Some("E5"), "19900000005")).await;
        say(hub, "im", "5", mobile("赵五", Some("E6"), "19900000005")).await;
        assert_eq!(rematch(hub).await.linked, 0);
        assert!(reasons(hub).await.contains(&"mobile_other_number".to_owned()));
        // Nothing to go by: each stays alone.
        let lone = say(hub, "hr", "6", json!({"name": "钱六"})).await;
        say(hub, "im", "6", json!({"name": "钱六"})).await;
        rematch(hub).await;
        assert_eq!(hub.hub.lineage(&hub.main, lone, &Scopes::all()).await.unwrap().len(), 1);
        // An employment that is over gives way to the present one, and is not mistaken for it.
        let old = json!({"name": "孙七", "mobile": "19900000007", "status": "ended", "leave_date": "2026-01-01"});
        let new = json!({"name": "孙七", "mobile": "19900000007", "status": "active", "hire_date": "2026-02-01"});
        let old = say(hub, "hr", "7", old).await;
        let new = say(hub, "hr", "7-2", new).await;
        let there = say(hub, "im", "7", mobile("孙七", None, "19900000007")).await;
        assert_eq!(rematch(hub).await.linked, 1);
        assert_eq!(person(hub, there).await.id, new);
        assert!(person(hub, old).await.deleted_at.is_none());
        // A vendor's id that is given to somebody else while linked.
        say(hub, "im", "7", mobile("周八", Some("E8"), "19900000008")).await;
        say(hub, "hr", "7-2", mobile("孙七", Some("E7"), "19900000007")).await;
        rematch(hub).await;
        assert!(reasons(hub).await.contains(&"linked_but_different".to_owned()));
        // Who goes is no longer in question.
        forget(hub, "im", "1").await;
        assert!(!reasons(hub).await.contains(&"number_other_name".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn what_a_vendor_made_for_us_is_folded_into_the_record_it_was_made_from() {
    on_each_database(small(), async |hub| {
        let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
        let there = space.id(Kind::Employee, "emp-00000003");
        let there = hub.hub.record(&hub.company, Kind::Employee, there, &Scopes::all()).await.unwrap();
        let there: Value = serde_json::from_str(there.data.get()).unwrap();
        // The vendor's ids of its people are found out by reading them once.
        sync(hub, "zhiren").await;
        let same = |record: &&RecordView| {
            let doc: Value = serde_json::from_str(record.data.get()).unwrap();
            doc["employee_no"] == there["employee_no"]
        };
        let all = hub.records(&hub.main, Kind::Employee).await;
        let read = all.iter().find(same).unwrap().id;
        let remote_id = hub.hub.lineage(&hub.main, read, &Scopes::all()).await.unwrap()[0].remote_id.clone();
        let read = doc(hub, read).await;
        let fields = ["bank_name", "photo", "phone", "address", "job_grade", "nickname"];
        let field = fields.into_iter().find(|field| read.get(*field).is_none()).unwrap();
        let mine = say(hub, "apps", "new", json!({"name": "新人", field: "小新"})).await;
        connect_again(hub, "second").await;
        let mut session = hub.hub.store().write().await.unwrap();
        let second =
            tongshi_store::connections::find(&mut session, &hub.main, "second").await.unwrap().unwrap();
        let what = (Kind::Employee, remote_id.as_str());
        let source = hub.hub.adopt(&mut session, &hub.main, &second, what, mine, "test").await.unwrap();
        let again = hub.hub.adopt(&mut session, &hub.main, &second, what, mine, "test").await.unwrap();
        assert_eq!(source, again);
        session.commit().await.unwrap();
        assert_eq!(doc(hub, mine).await["name"], "新人", "nothing was read of it yet");
        let options =
            SyncOptions { mode: Mode::Full, only: vec!["employee".to_owned()], ..SyncOptions::default() };
        let run = hub.hub.sync(&hub.main, "second", &options, &Silent).await.unwrap();
        let folded = doc(hub, mine).await;
        assert_eq!((&folded["name"], &folded[field]), (&there["name"], &json!("小新")));
        assert_eq!(
            hub.hub.lineage(&hub.main, mine, &Scopes::all()).await.unwrap().len(),
            3,
            "and the first's"
        );
        let verified = hub.hub.verify(&hub.main, run.run.unwrap()).await.unwrap();
        assert!(verified.ok, "{verified:#?}");
        // What the app says later still fills what no vendor says.
        say(hub, "apps", "new", json!({"name": "改名", field: "大新"})).await;
        let folded = doc(hub, mine).await;
        assert_eq!((&folded["name"], &folded[field]), (&there["name"], &json!("大新")));
    })
    .await;
}

/// Something that happens to one of a few people at one of three sources.
#[derive(Clone, Debug)]
enum Step {
    Say(usize, usize, u8),
    Forget(usize, usize),
    Link(usize, usize, usize, usize),
    Unlink(usize, usize),
    Own(usize, usize),
    Disown(usize),
}

const SOURCES: [&str; 3] = ["hr", "im", "field"];
const FIELDS: [&str; 3] = ["employee.nickname", "employee.*", "*"];

fn step() -> impl Strategy<Value = Step> {
    let (source, person) = (0..3usize, 0..2usize);
    prop_oneof![
        4 => (source.clone(), person.clone(), any::<u8>()).prop_map(|(s, p, v)| Step::Say(s, p, v)),
        2 => (source.clone(), person.clone()).prop_map(|(s, p)| Step::Forget(s, p)),
        3 => (source.clone(), person.clone(), source.clone(), person.clone())
            .prop_map(|(s, p, t, q)| Step::Link(s, p, t, q)),
        2 => (source.clone(), person).prop_map(|(s, p)| Step::Unlink(s, p)),
        1 => (0..3usize, source).prop_map(|(f, s)| Step::Own(f, s)),
        1 => (0..3usize).prop_map(Step::Disown),
    ]
}

/// What is known of a source in the test.
#[derive(Clone, Default)]
struct Known {
    doc: Option<Value>,
    gone: bool,
}

/// The fold, by the shortest way of saying it.
fn expected(sources: &[(usize, &Known)], rules: &BTreeMap<usize, usize>) -> Value {
    let mut folded = serde_json::Map::new();
    for field in ["name", "nickname", "job_title"] {
        let rule = if field == "nickname" { rules.get(&0) } else { None };
        let first = rule.or_else(|| rules.get(&1)).or_else(|| rules.get(&2)).copied();
        let mut order: Vec<&(usize, &Known)> = sources.iter().collect();
        order.sort_by_key(|(source, _)| (Some(*source) != first, *source));
        let said = order.iter().filter_map(|(_, known)| known.doc.as_ref()?.get(field));
        if let Some(value) = said.into_iter().next() {
            folded.insert(field.to_owned(), value.clone());
        }
    }
    Value::Object(folded)
}

async fn carry_out(hub: &TestHub, steps: &[Step]) {
    let ids = async |source: usize, person: usize| {
        let space = hub.hub.local_space(&hub.main, SOURCES[source]).await.unwrap();
        space.id(Kind::Employee, &format!("p{person}"))
    };
    let mut known: BTreeMap<(usize, usize), Known> = BTreeMap::new();
    let mut record_of: BTreeMap<(usize, usize), Id> = BTreeMap::new();
    let mut rules: BTreeMap<usize, usize> = BTreeMap::new();
    for (source, name) in SOURCES.iter().enumerate() {
        for person in 0..2 {
            let doc = json!({"name": format!("{source}-{person}")});
            let id = say(hub, name, &format!("p{person}"), doc.clone()).await;
            known.insert((source, person), Known { doc: Some(doc), gone: false });
            record_of.insert((source, person), id);
        }
    }
    for step in steps {
        match *step {
            Step::Say(s, p, value) => {
                let mut doc = json!({"name": format!("{s}-{p}-{}", value % 4)});
                if value & 16 > 0 {
                    doc["nickname"] = json!(format!("n{}", value % 8));
                }
                if value & 32 > 0 {
                    doc["job_title"] = json!(format!("j{s}"));
                }
                say(hub, SOURCES[s], &format!("p{p}"), doc.clone()).await;
                known.insert((s, p), Known { doc: Some(doc), gone: false });
            }
            Step::Forget(s, p) => {
                forget(hub, SOURCES[s], &format!("p{p}")).await;
                known.get_mut(&(s, p)).unwrap().gone = true;
            }
            Step::Link(s, p, t, q) => {
                let (one, other) = (record_of[&(s, p)], record_of[&(t, q)]);
                if let Ok(linked) = hub.hub.link(&hub.main, one, other, "test").await {
                    record_of
                        .values_mut()
                        .filter(|id| **id == linked.linked)
                        .for_each(|id| *id = linked.record);
                }
            }
            Step::Unlink(s, p) => {
                let (record, name) = (record_of[&(s, p)], format!("p{p}"));
                let unlinked = hub.hub.unlink(&hub.main, record, SOURCES[s], Some(&name), "test").await;
                if let Ok(unlinked) = unlinked {
                    let made_it = ids(s, p).await == record;
                    for (source, id) in &mut record_of {
                        if *id == record && (*source == (s, p)) != made_it {
                            *id = unlinked.restored;
                        }
                    }
                }
            }
            Step::Own(field, s) => {
                let owners = [SOURCES[s].to_owned()];
                hub.hub.set_owners(&hub.main, FIELDS[field], &owners, "test").await.unwrap();
                rules.insert(field, s);
            }
            Step::Disown(field) => {
                let _ = hub.hub.reset_owners(&hub.main, FIELDS[field], "test").await;
                rules.remove(&field);
            }
        }
        for (source, record) in &record_of {
            let live: Vec<(usize, &Known)> = record_of
                .iter()
                .filter(|(other, id)| *id == record && !known[other].gone)
                .map(|(other, _)| (other.0, &known[other]))
                .collect();
            let own = ids(source.0, source.1).await;
            let stored = person(hub, own).await;
            assert_eq!(stored.id, *record, "{step:?}");
            assert_eq!(stored.deleted_at.is_some(), live.is_empty(), "{step:?}");
            if !live.is_empty() {
                // Two sources of one connection count in the order in which they came, which is that of the map.
                let doc: Value = serde_json::from_str(stored.data.get()).unwrap();
                assert_eq!(doc, expected(&live, &rules), "{step:?} of {steps:?}");
            }
        }
    }
    assert_eq!(rematch(hub).await.refolded, 0, "every record is the fold of its sources");
}

#[test]
fn a_record_is_always_the_fold_of_its_sources() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases: 12, failure_persistence: None, max_shrink_iters: 40, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let steps = proptest::collection::vec(step(), 1..25);
    runner
        .run(&steps, |steps| {
            runtime.block_on(on_each_database(Setup { employees: 1, ..Setup::default() }, async |hub| {
                carry_out(hub, &steps).await;
            }));
            Ok(())
        })
        .unwrap();
}
