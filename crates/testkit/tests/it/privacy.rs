//! Export finds everything about a person, erasure leaves nothing, and nothing brings them back.

use std::path::Path;

use base64::Engine as _;
use serde_json::{Value, json};
use tongshi_hub::{Mode, RecordQuery, Scopes, SyncOptions, Workspace};
use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Coded, Currency, Draft, Employee, Id, Kind,
    Money, OrgUnit, SalaryItem, ShiftAssignment, Visit, VisitStatus,
};
use tongshi_store::testing::Scratch;
use tongshi_testkit::{Effect, Setup, TestHub};

const NAME: &str = "林守拙甲";
const VALUES: [&str; 6] = [
    NAME,
    "19900007777",
    "99010119900101777X",
    "6299000077771234",
    "shouzhuo.lin@example.com",
    "7 Erased Lane",
];

/// Runs a test on each database with a data directory that can be looked through.
async fn on_each(test: impl AsyncFn(&TestHub, &Path, &Scratch)) {
    let folder = tempfile::tempdir().unwrap();
    let mut setup = Setup { employees: 60, ..Setup::default() };
    setup.settings.data_directory = Some(folder.path().to_owned());
    // One call at a time, so that a test can do something between two of them.
    setup.settings.calls_in_flight_max = 1;
    let scratch = Scratch::sqlite(folder.path());
    test(&TestHub::over(scratch.location(), &setup).await, folder.path(), &scratch).await;
    #[expect(clippy::disallowed_methods, reason = "the one switch of the test suite")]
    let Ok(server) = std::env::var("TONGSHI_TEST_PG") else { return };
    let folder = tempfile::tempdir().unwrap();
    setup.settings.data_directory = Some(folder.path().to_owned());
    let scratch = Scratch::postgres(&server).await.unwrap();
    let hub = TestHub::over(scratch.location(), &setup).await;
    test(&hub, folder.path(), &scratch).await;
    drop(hub);
    scratch.remove().await.unwrap();
}

/// A person with everything, in the company behind the faces.
async fn plant(hub: &TestHub) {
    let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
    let who = space.id(Kind::Employee, "emp-planted");
    let person = Employee {
        name: NAME.into(),
        employee_no: Some("E77777".to_owned()),
        mobile: Some(VALUES[1].into()),
        id_number: Some(VALUES[2].into()),
        bank_card: Some(VALUES[3].into()),
        email: Some(VALUES[4].into()),
        address: Some(VALUES[5].into()),
        phase: Some(Coded::ours(tongshi_model::EmploymentPhase::Regular)),
        status: Some(tongshi_model::EmploymentStatus::Active),
        ..Employee::default()
    };
    let follower = Employee {
        name: "林跟从乙".into(),
        employee_no: Some("E77778".to_owned()),
        mobile: Some("19900007778".into()),
        manager: Some(who),
        phase: Some(Coded::ours(tongshi_model::EmploymentPhase::Regular)),
        status: Some(tongshi_model::EmploymentStatus::Active),
        ..Employee::default()
    };
    let unit = OrgUnit { name: "Planted unit".to_owned(), head: Some(who), ..OrgUnit::default() };
    let approval = Approval {
        number: "AP-7777".to_owned(),
        title: None,
        category: Coded::ours(ApprovalCategory::Leave),
        applicant: None,
        applicant_name: Some(NAME.into()),
        status: Coded::ours(ApprovalStatus::Completed),
        status_label: None,
        result: ApprovalResult::Approved,
        submitted_at: Some(tongshi_model::Instant::new(hub.now(), tongshi_model::shanghai())),
        updated_at: None,
        form: Vec::new(),
        tasks: Vec::new(),
        log: Vec::new(),
        copies: Vec::new(),
    };
    let amount = Money { minor: 777_700, currency: Currency::CNY };
    let salary = SalaryItem {
        employee: who,
        month: "2026-02".to_owned(),
        subject: "base".to_owned(),
        amount: amount.into(),
    };
    let visit = Visit {
        host: who,
        visitor_name: "林来访".into(),
        expected_text: "tomorrow".to_owned(),
        expected_at: None,
        status: VisitStatus::Expected,
        notified_at: None,
    };
    let day = "2026-03-16".parse().unwrap();
    let shift = ShiftAssignment {
        employee: who,
        date: day,
        shift: Some("day".to_owned()),
        rule: None,
        time_range: None,
    };
    hub.put("emp-planted", Draft::of(&person).unwrap()).await;
    hub.put("emp-follower", Draft::of(&follower).unwrap()).await;
    hub.put("unit-planted", Draft::of(&unit).unwrap()).await;
    hub.put("approval-planted", Draft::of(&approval).unwrap()).await;
    hub.put("salary-planted", Draft::of(&salary).unwrap()).await;
    hub.put("visit-planted", Draft::of(&visit).unwrap()).await;
    hub.put("shift-planted", Draft::of(&shift).unwrap()).await;
}

/// A row that cannot be taken in, an event that waits, and a change whose old value stands in the journal.
async fn trouble(hub: &TestHub) {
    hub.wire.break_by(|_, message| {
        if message.path != "/api/v2/employees" {
            return Effect::Pass;
        }
        Effect::Change(Box::new(|mut reply| {
            let mut page: Value = serde_json::from_slice(&reply.body).unwrap();
            for person in page["employees"].as_array_mut().unwrap() {
                if person["name"] == NAME {
                    person["mobile"] = "19900007776".into();
                    person["nickname"] = "jia of 7 Erased Lane".into();
                }
                if person["empno"] == "E77778" {
                    person["join_date"] = format!("no date, ask {NAME}").into();
                }
            }
            reply.body = page.to_string().into();
            reply
        }))
    });
    hub.sync(&["employee"]).await;
    hub.wire.mend();
}

fn encodings(value: &str) -> Vec<Vec<u8>> {
    let bytes = value.as_bytes();
    let mut forms = vec![
        bytes.to_vec(),
        hex::encode(bytes).into_bytes(),
        hex::encode_upper(bytes).into_bytes(),
        percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC)
            .to_string()
            .into_bytes(),
        value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        value.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        value
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) })
            .collect::<String>()
            .into_bytes(),
    ];
    for shift in 0..3usize {
        let shifted = [vec![b' '; shift], bytes.to_vec()].concat();
        let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(shifted);
        // What the neighbours decide is left out at both ends.
        let from = (shift * 8).div_ceil(6);
        forms.push(text.as_bytes()[from..(shift + bytes.len()) * 8 / 6].to_vec());
    }
    forms
}

/// Where a value stands among these bytes.
fn hits(bytes: &[u8], values: &[&str]) -> Vec<String> {
    let forms: Vec<(String, Vec<u8>)> = values
        .iter()
        .flat_map(|value| {
            encodings(value).into_iter().enumerate().map(move |(at, form)| (format!("{value} as {at}"), form))
        })
        .collect();
    let matcher = aho_corasick::AhoCorasick::new(forms.iter().map(|(_, form)| form)).unwrap();
    let mut found: Vec<String> = matcher
        .find_overlapping_iter(bytes)
        .map(|hit| {
            let around = &bytes[hit.start().saturating_sub(60)..(hit.end() + 40).min(bytes.len())];
            format!("{}: …{}…", forms[hit.pattern().as_usize()].0, String::from_utf8_lossy(around))
        })
        .collect();
    found.dedup();
    found
}

/// Every byte of the data directory, and what the server gives.
async fn everything(folder: &Path, scratch: &Scratch) -> Vec<u8> {
    let mut all = scratch.dump().await.unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        all.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    all
}

async fn people(hub: &TestHub, workspace: &Workspace) -> Vec<Id> {
    hub.records(workspace, Kind::Employee).await.into_iter().map(|record| record.id).collect()
}

async fn exported(hub: &TestHub, workspace: &Workspace, who: &str) -> (Value, String) {
    let (out, mut pieces) = tokio::sync::mpsc::channel(4);
    let (receipt, text) = tokio::join!(hub.hub.export_person(workspace, who, "cli", out), async {
        let mut text = String::new();
        while let Some(piece) = pieces.recv().await {
            text += &piece;
        }
        text
    });
    receipt.unwrap();
    (serde_json::from_str(&text).unwrap(), text)
}

#[tokio::test]
async fn an_export_holds_everything_and_its_receipt_the_digest() {
    on_each(async |hub, _, _| {
        plant(hub).await;
        assert!(hub.sync(&[]).await.complete);
        trouble(hub).await;
        let (export, text) = exported(hub, &hub.main, "E77777").await;
        assert_eq!(export["format"], "tongshi.person/1");
        let kinds: Vec<&str> =
            export["records"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
        for kind in ["employee", "approval"] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
        let person =
            export["records"].as_array().unwrap().iter().find(|row| row["kind"] == "employee").unwrap();
        assert_eq!(person["doc"]["bank_card"], VALUES[3]);
        assert_eq!(person["sources"][0]["connection"], "zhiren");
        assert!(person["sources"][0]["fields"].as_array().unwrap().iter().any(|field| field == "mobile"));
        let earlier = |row: &Value| row["before"]["mobile"] == VALUES[1];
        assert!(export["changes"].as_array().unwrap().iter().any(earlier), "{}", export["changes"]);
        assert!(export["named_in"].as_array().unwrap().iter().any(|row| row["kind"] == "employee"));
        assert!(!text.contains("19900007778"), "another person's number");
        let body = text.split(",\"receipt\":").next().unwrap();
        use sha2::Digest as _;
        assert_eq!(export["receipt"]["digest"], hex::encode(sha2::Sha256::digest(body)));
        // The company itself has what the vendor does not give.
        let (company, _) = exported(hub, &hub.company, VALUES[4]).await;
        let kinds: Vec<&str> =
            company["records"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
        for kind in ["employee", "approval", "salary_item", "visit", "shift_assignment"] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
        let error = hub.hub.export_person(&hub.main, "nobody", "cli", tokio::sync::mpsc::channel(1).0).await;
        assert!(!error.unwrap_err().public().contains("nobody@"));
    })
    .await;
}

#[tokio::test]
async fn an_erasure_leaves_no_byte_and_no_sync_brings_anybody_back() {
    on_each(async |hub, folder, scratch| {
        plant(hub).await;
        assert!(hub.sync(&[]).await.complete);
        trouble(hub).await;
        // What was written in another form stays in old pages until they are rewritten.
        hub.sync(&["employee"]).await;
        let mut session = hub.hub.store().write().await.unwrap();
        let payload = json!({"entries": [{"raw": format!("{{\"mobile\":\"{}\"}}", VALUES[1])}]});
        let later = "2030-01-01T00:00:00Z".parse().unwrap();
        tongshi_store::jobs::enqueue(&mut session, &hub.main, "kept", &payload, None, later).await.unwrap();
        tongshi_store::tokens::put(
            &mut session,
            &hub.main,
            "session",
            b"h",
            None,
            Some(VALUES[4]),
            &json!({}),
            None,
        )
        .await
        .unwrap();
        session.commit().await.unwrap();
        let before = everything(folder, scratch).await;
        for value in VALUES {
            assert!(
                !hits(&before, &[value]).is_empty(),
                "{value} must be there for the test to mean something"
            );
        }
        let last = hub.hub.changes(&hub.main, 0, None, 1000, &Scopes::all()).await.unwrap();
        let person = people(hub, &hub.main).await;
        let dry = hub.hub.erase_person(&hub.main, "E77777", "asked", "cli", true).await.unwrap();
        assert_eq!(people(hub, &hub.main).await, person, "a dry run changes nothing");
        let receipt = hub.hub.erase_person(&hub.main, "E77777", "asked", "cli", false).await.unwrap();
        assert_eq!(receipt.people, dry.people);
        assert_eq!(receipt.vendors.len(), 1, "{receipt:?}");
        assert!(receipt.kept_beside_data && receipt.compacted && receipt.tombstones >= 2, "{receipt:?}");
        let company = hub.hub.erase_person(&hub.company, VALUES[4], "asked", "cli", false).await.unwrap();
        assert!(company.compacted);
        let found = hits(&everything(folder, scratch).await, &VALUES);
        assert!(found.is_empty(), "{found:#?}");

        // The journal has no gap, and says of each entry of theirs that it was erased.
        let journal = hub.hub.changes(&hub.main, 0, None, 1000, &Scopes::all()).await.unwrap();
        assert!(journal.data.iter().enumerate().all(|(at, change)| change.seq == at as i64 + 1));
        assert!(journal.data.len() > last.data.len());
        let theirs: Vec<_> =
            journal.data.iter().filter(|change| receipt.people.contains(&change.record)).collect();
        assert!(theirs.len() >= 3);
        for change in theirs {
            assert_eq!((change.op, change.before.is_none(), change.after.is_none()), ("erased", true, true));
        }
        assert!(
            hub.hub
                .verify(&hub.main, hub.hub.runs(&hub.main, None, 1).await.unwrap()[0].id)
                .await
                .unwrap()
                .ok
        );
    })
    .await;
}

/// The vendor still has the person: every sync meets them, is complete, and stores nothing.
#[tokio::test]
async fn a_vendor_that_still_has_them_brings_nobody_back() {
    on_each(async |hub, _, _| {
        plant(hub).await;
        assert!(hub.sync(&[]).await.complete);
        let before = people(hub, &hub.main).await.len();
        hub.hub.erase_person(&hub.main, VALUES[1], "asked", "cli", false).await.unwrap();
        for round in 0..2 {
            let outcome = hub.sync(&[]).await;
            assert!(outcome.complete && outcome.state == "done", "round {round}: {outcome:#?}");
            assert!(
                outcome.counts.erased >= 1 && outcome.counts.created == 0,
                "round {round}: {:?}",
                outcome.counts
            );
            assert_eq!(people(hub, &hub.main).await.len(), before - 1);
            assert!(hub.hub.verify(&hub.main, outcome.run.unwrap()).await.unwrap().ok);
        }
        let dry = SyncOptions { mode: Mode::Full, dry_run: true, ..SyncOptions::default() };
        assert_eq!(hub.sync_with(dry).await.counts.created, 0);
        // The follower changes at the vendor; what comes names the person no more.
        let follower = hub.records(&hub.company, Kind::Employee).await;
        let follower = follower.iter().find(|record| record.data.get().contains("E77778")).unwrap();
        let doc = follower.data.get().replace("林跟从乙", "林跟从丙");
        hub.put("emp-follower", Draft::parse(Kind::Employee, doc).unwrap()).await;
        assert!(hub.sync(&["employee"]).await.complete);
        let query = |filters| RecordQuery {
            kind: Kind::Employee,
            filters,
            date_from: None,
            date_to: None,
            deleted: true,
            after: None,
            limit: 10,
        };
        let filters = vec![("employee_no".to_owned(), "E77778".to_owned())];
        let found = hub.hub.records(&hub.main, &query(filters), &Scopes::all()).await.unwrap();
        let doc: Value = serde_json::from_str(found.data[0].data.get()).unwrap();
        assert_eq!((&doc["name"], &doc["manager"]), (&"林跟从丙".into(), &Value::Null));
        // A row of theirs that cannot be read goes into no quarantine.
        hub.wire.break_by(|_, message| {
            if message.path != "/api/v2/employees" {
                return Effect::Pass;
            }
            Effect::Change(Box::new(|mut reply| {
                let mut page: Value = serde_json::from_slice(&reply.body).unwrap();
                for person in page["employees"].as_array_mut().unwrap() {
                    if person["name"] == NAME {
                        person["join_date"] = "2017-02-30".into();
                    }
                }
                reply.body = page.to_string().into();
                reply
            }))
        });
        let outcome = hub.sync(&["employee"]).await;
        assert!(outcome.complete && outcome.counts.quarantined == 0, "{outcome:#?}");
        hub.wire.mend();
        // A mistake: the vendor's data comes back with the next sync.
        let erasure = hub.hub.erasures(&hub.main).await.unwrap().remove(0);
        assert!(hub.hub.lift_tombstones(&hub.main, erasure.id, "cli").await.unwrap() > 0);
        assert!(hub.sync(&["employee"]).await.complete);
        assert_eq!(people(hub, &hub.main).await.len(), before);
    })
    .await;
}

/// A sync has read the page with the person; they are erased before it is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_tombstone_wins_over_a_sync_that_holds_them_in_memory() {
    on_each(async |hub, _, _| {
        plant(hub).await;
        assert!(hub.sync(&[]).await.complete);
        // The vendor's page differs, so that it is to be stored; on the second page's call they are erased.
        let (inner, main) = (hub.hub.clone(), hub.main.clone());
        let handle = tokio::runtime::Handle::current();
        let mut erased = false;
        hub.wire.break_by(move |number, message| {
            if message.path != "/api/v2/employees" {
                return Effect::Pass;
            }
            if !erased && number >= 2 {
                erased = true;
                let (hub, main) = (inner.clone(), main.clone());
                tokio::task::block_in_place(|| {
                    handle.block_on(hub.erase_person(&main, "E77777", "asked", "cli", false)).unwrap()
                });
            }
            Effect::Change(Box::new(|mut reply| {
                let mut page: Value = serde_json::from_slice(&reply.body).unwrap();
                for person in page["employees"].as_array_mut().unwrap() {
                    if person["name"] == NAME {
                        person["nickname"] = "held in memory".into();
                    }
                }
                reply.body = page.to_string().into();
                reply
            }))
        });
        let outcome = hub.sync(&["employee"]).await;
        assert!(outcome.complete && outcome.counts.erased >= 1, "{outcome:#?}");
        let export = hub.hub.export_person(&hub.main, "E77777", "cli", tokio::sync::mpsc::channel(1).0).await;
        assert!(export.is_err(), "they are not there");
    })
    .await;
}

#[tokio::test]
async fn a_restored_backup_is_cleared_by_the_file_beside_it() {
    on_each(async |hub, folder, _| {
        plant(hub).await;
        assert!(hub.sync(&[]).await.complete);
        // Yesterday's backup: another database that knows the person still, made from the same keys and connections.
        let elsewhere = tempfile::tempdir().unwrap();
        hub.hub.erase_person(&hub.main, "E77777", "asked", "cli", false).await.unwrap();
        let mut setup = Setup { employees: 60, ..Setup::default() };
        setup.settings.data_directory = Some(elsewhere.path().to_owned());
        let old = Scratch::sqlite(elsewhere.path());
        let restored = TestHub::over(old.location(), &setup).await;
        plant(&restored).await;
        assert!(restored.sync(&[]).await.complete);
        let count = people(&restored, &restored.main).await.len();
        let report = restored.hub.apply_tombstones(&folder.join("erased.log")).await.unwrap();
        assert_eq!((report.erasures, report.repeated), (1, 1));
        assert_eq!(people(&restored, &restored.main).await.len(), count - 1);
        let again = restored.hub.apply_tombstones(&folder.join("erased.log")).await.unwrap();
        assert_eq!((again.repeated, again.rows), (0, 0), "harmless to repeat");
        assert!(restored.sync(&[]).await.complete);
        assert_eq!(people(&restored, &restored.main).await.len(), count - 1);
    })
    .await;
}

#[tokio::test]
async fn who_is_meant_must_be_clear() {
    on_each(async |hub, _, _| {
        plant(hub).await;
        let twin = Employee {
            name: "林同号".into(),
            mobile: Some(VALUES[1].into()),
            employee_no: Some("E77779".to_owned()),
            ..Employee::default()
        };
        hub.put("emp-twin", Draft::of(&twin).unwrap()).await;
        let error = hub.hub.erase_person(&hub.company, VALUES[1], "asked", "cli", false).await.unwrap_err();
        assert!(!error.public().contains(VALUES[1]) && error.public().contains("by its id"), "{error}");
        let receipt = hub.hub.erase_person(&hub.company, "E77777", "asked", "cli", false).await.unwrap();
        assert_eq!((receipt.likely_the_same.len(), receipt.shared_values), (1, 1), "{receipt:?}");
        let twin =
            hub.hub.record(&hub.company, Kind::Employee, receipt.likely_the_same[0], &Scopes::all()).await;
        assert!(twin.unwrap().data.get().contains(VALUES[1]), "the twin's own number stays");
        assert!(hub.hub.erase_person(&hub.company, "E77779", " ", "cli", false).await.is_err(), "no reason");
    })
    .await;
}
