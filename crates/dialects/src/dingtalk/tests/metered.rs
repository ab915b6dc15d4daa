//! What costs a counted call and what does not: what has ended is not asked for again, and each host has its own way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};
use tongshi_dialect::{
    Ask, Connector, Existence, NothingStored, Reach, Reply, Row, Stored, Transport, TransportError, Window,
};
use tongshi_model::{Approval, ApprovalResult, Error, Kind};

use super::{
    attendance::office,
    stage::{Stage, id, read},
};
use crate::dingtalk::DESCRIPTOR;

/// Notes the paths of what goes by.
struct Noting {
    inner: Arc<dyn Transport>,
    paths: Mutex<Vec<String>>,
}

impl Noting {
    fn over(stage: &Stage) -> Arc<Self> {
        Arc::new(Self { inner: stage.loopback(), paths: Mutex::default() })
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.paths.lock().expect("nobody panicked"))
    }
}

#[async_trait]
impl Transport for Noting {
    async fn send(&self, message: tongshi_dialect::Message) -> Result<Reply, TransportError> {
        self.paths.lock().expect("nobody panicked").push(message.path.clone());
        self.inner.send(message).await
    }
}

/// What the hub has stored.
#[derive(Default)]
struct Kept(Mutex<BTreeMap<String, String>>);

impl Kept {
    fn keep(&self, rows: &[Row]) {
        let rows = rows.iter().map(|row| (row.remote_id.clone(), row.raw.clone()));
        self.0.lock().expect("nobody panicked").extend(rows);
    }
}

#[async_trait]
impl Stored for Kept {
    async fn raw(&self, _kind: Kind, remote_ids: &[String]) -> Result<Vec<Option<String>>, Error> {
        let kept = self.0.lock().expect("nobody panicked");
        Ok(remote_ids.iter().map(|id| kept.get(id).cloned()).collect())
    }
}

async fn ask_for_leave(stage: &Stage) -> String {
    let body = json!({
        "originatorUserId": id("wang").to_string(), "processCode": "PROC-LEAVE", "deptId": -1,
        "formComponentValues": [{"name": "事由", "value": "回家"}],
    });
    let made = read(&stage.new_host(Method::POST, "/v1.0/workflow/processInstances", Some(body)).await);
    made["instanceId"].as_str().expect("an id").to_owned()
}

async fn pulled(connector: &dyn Connector) -> Vec<Row> {
    let listing = connector.listings().iter().find(|listing| listing.name == "approval").expect("a listing");
    let window = Window { from: "2026-03-01".parse().unwrap(), to: "2026-03-16".parse().unwrap() };
    let slice = connector.plan(listing, &Ask { reach: Reach::Full, window, subjects: &[] }).remove(0);
    connector.pull(listing, &slice, 1, None).await.expect("a page").rows
}

fn approval(connector: &dyn Connector, row: &Row) -> Approval {
    let draft = connector.read(Kind::Approval, row).expect("an approval");
    serde_json::from_str(&draft.doc).expect("an approval")
}

#[tokio::test]
async fn an_approval_that_has_ended_is_not_asked_for_again() {
    let stage = office();
    let (kept, noting) = (Arc::new(Kept::default()), Noting::over(&stage));
    let settings = json!({"operator": id("lin").to_string(), "process_codes": {"PROC-LEAVE": "leave"}});
    let connector =
        stage.connector_of((noting.clone(), None), settings, Arc::clone(&kept) as Arc<dyn Stored>);
    let instance = ask_for_leave(&stage).await;
    stage.clock.advance_seconds(60);
    let gets =
        |paths: Vec<String>| paths.iter().filter(|path| *path == "/v1.0/workflow/processInstances").count();
    // An event about one that nobody has read costs nothing: the listing brings it.
    assert!(matches!(connector.exists(Kind::Approval, &instance).await, Ok(Existence::Unknown)));
    assert_eq!(gets(noting.taken()), 0);
    let rows = pulled(&*connector).await;
    kept.keep(&rows);
    assert_eq!((rows.len(), gets(noting.taken())), (1, 1));
    // It runs still, as a list of those that do says; when it ends, an event has it asked for by its name.
    assert_eq!(pulled(&*connector).await, rows);
    assert_eq!(gets(noting.taken()), 0);
    let shown = format!("/v1.0/workflow/processInstances?processInstanceId={instance}");
    let shown = read(&stage.new_host(Method::GET, &shown, None).await);
    let task = shown["result"]["tasks"][0]["taskId"].clone();
    let agree = json!({
        "processInstanceId": instance, "taskId": task, "actionerUserId": id("lin").to_string(), "result": "agree",
    });
    let done = stage.new_host(Method::POST, "/v1.0/workflow/processInstances/execute", Some(agree)).await;
    assert_eq!(read(&done)["result"], true);
    let Ok(Existence::Present(row)) = connector.exists(Kind::Approval, &instance).await else {
        panic!("it is known and there")
    };
    assert_eq!(approval(&*connector, &row).result, ApprovalResult::Approved);
    noting.taken();
    // Where the event was lost, the list no longer names it among those that run, and it is read.
    let read = pulled(&*connector).await;
    assert_eq!((read.as_slice(), gets(noting.taken())), (&[row][..], 1));
    kept.keep(&read);
    // It has ended: named by the list, read from what is stored.
    let rows = pulled(&*connector).await;
    assert_eq!((rows.len(), gets(noting.taken())), (1, 0));
    assert_eq!(approval(&*connector, &rows[0]).result, ApprovalResult::Approved);
    // A form that is read no more is nobody's question.
    let other = json!({"process_codes": {"PROC-OVERTIME": "overtime"}});
    let other = stage.connector_of((noting.clone(), None), other, kept);
    assert!(matches!(other.exists(Kind::Approval, &instance).await, Ok(Existence::Unknown)));
    assert_eq!(gets(noting.taken()), 0);
}

#[tokio::test]
async fn each_host_has_its_own_way() {
    let stage = office();
    let (old, new) = (Noting::over(&stage), Noting::over(&stage));
    let settings = json!({"operator": id("lin").to_string(), "process_codes": {"PROC-LEAVE": "leave"}});
    let both = (Arc::clone(&old) as Arc<dyn Transport>, Some(Arc::clone(&new) as Arc<dyn Transport>));
    let connector = stage.connector_of(both, settings, Arc::new(NothingStored));
    ask_for_leave(&stage).await;
    stage.clock.advance_seconds(60);
    pulled(&*connector).await;
    connector.check().await.expect("it answers");
    assert!(old.taken().iter().all(|path| !path.starts_with("/v1.0/")));
    let new = new.taken();
    assert!(!new.is_empty() && new.iter().all(|path| path.starts_with("/v1.0/")), "{new:?}");
    let second = DESCRIPTOR.second_base_url.expect("it has two");
    assert_eq!(
        second("https://oapi.dingtalk.com", &Value::Null).as_deref(),
        Some("https://api.dingtalk.com")
    );
}

#[test]
fn attendance_and_approvals_are_counted_and_contacts_are_not() {
    for info in DESCRIPTOR.operations {
        let free = ["token.", "login.", "auth.", "department.", "user.", "hrm.", "callback."];
        let is_free = free.iter().any(|prefix| info.name.starts_with(prefix));
        assert_eq!(info.metered, !is_free, "{}", info.name);
    }
    for name in ["attendance.record.upload", "clock.add", "approve.check"] {
        assert!(DESCRIPTOR.operations.iter().any(|info| info.name == name && info.punches), "{name}");
    }
}
