//! What the hub does at Waiqin, against our own face and against vendors that answer otherwise.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tongshi_dialect::{Connector, Named, Pushed, Seen, Target, Write, WriteBody};
use tongshi_model::{Action, Draft, Employee, EmploymentPhase, Entity, Id, Kind, Notice, OrgUnit};

use super::stage::{OPENID, Stage, company, id, person};

fn connector(stage: &Stage) -> Box<dyn Connector> {
    stage.connector(&[("openid", OPENID), ("appkey", "demo-appkey")], json!({}))
}

/// A write of something that refers to records which the vendor knows by our own ids.
fn write<E: Entity>(action: Action, entity: &E, remote_id: Option<Id>, refers: &[Id]) -> Write {
    let draft = Draft::of(entity).expect("a draft");
    let named = |id: &Id| (*id, Named { remote_id: Some(id.to_string()), key: None });
    Write {
        id: id("write"),
        action,
        body: WriteBody::Record { kind: draft.kind, doc: draft.doc },
        remote_id: remote_id.map(|id| id.to_string()),
        named: refers.iter().map(named).collect::<BTreeMap<_, _>>(),
        fields: Value::Null,
        actor: "app:test".to_owned(),
    }
}

#[tokio::test]
async fn people_and_units_are_written_and_seen() {
    let stage = company();
    let connector = connector(&stage);
    let new = Employee {
        manager: Some(id("lin")),
        ..person("周样本", "TS-104", "19900000104", EmploymentPhase::Regular)
    };
    let refers = [id("d1"), id("lin")];
    let create = write(Action::Create, &new, None, &refers);
    assert_eq!(connector.read_back(std::slice::from_ref(&create)).await.expect("an answer"), [Seen::Absent]);
    let pushed = connector.push(std::slice::from_ref(&create)).await.expect("an answer");
    let [Pushed::Taken { remote_id: Some(remote_id) }] = &*pushed else { panic!("{pushed:?}") };
    let there = Seen::There { remote_id: Some(remote_id.clone()) };
    assert_eq!(connector.read_back(std::slice::from_ref(&create)).await.expect("an answer"), [there]);
    let again = connector.push(&[create]).await.expect("an answer");
    assert!(matches!(&*again, [Pushed::Refused(why)] if why.contains("40900")), "{again:?}");

    let whom = remote_id.parse().expect("an id");
    let changed = Employee { mobile: Some("19900000199".into()), ..new.clone() };
    let update = write(Action::Update, &changed, Some(whom), &refers);
    let differs = Seen::Differs("emp_mobile".to_owned());
    assert_eq!(connector.read_back(std::slice::from_ref(&update)).await.expect("an answer"), [differs]);
    connector.push(std::slice::from_ref(&update)).await.expect("an answer");
    assert!(matches!(connector.read_back(&[update]).await.expect("an answer")[..], [Seen::There { .. }]));
    let unknown = write(Action::Update, &changed, Some(id("nobody")), &refers);
    assert!(matches!(connector.push(&[unknown]).await.expect("an answer")[..], [Pushed::Refused(_)]));
    let nameless = Employee { employee_no: None, ..new };
    let nameless = write(Action::Create, &nameless, None, &refers);
    assert!(matches!(connector.push(&[nameless]).await.expect("an answer")[..], [Pushed::Refused(_)]));

    let unit = OrgUnit {
        name: "华东组".to_owned(),
        parent: Some(id("d0")),
        head: None,
        code: Some("D-9".to_owned()),
        order: Some(3),
    };
    let unit = write(Action::Create, &unit, None, &[id("d0")]);
    assert_eq!(connector.read_back(std::slice::from_ref(&unit)).await.expect("an answer"), [Seen::Absent]);
    assert!(matches!(
        connector.push(std::slice::from_ref(&unit)).await.expect("an answer")[..],
        [Pushed::Taken { .. }]
    ));
    assert!(matches!(connector.read_back(&[unit]).await.expect("an answer")[..], [Seen::There { .. }]));
}

#[tokio::test]
async fn a_message_to_many_is_one_call() {
    let stage = company();
    let connector = connector(&stage);
    let target = Target::Record(Kind::Notice);
    assert_eq!(connector.batch_max(target, Action::Create), 200);
    assert!(!connector.repeatable(target, Action::Create), "a message twice is two messages");
    let notice = |to: &str, text: &str| {
        let notice = Notice { employee: id(to), text: text.into(), url: None, send_at: None };
        write(Action::Create, &notice, None, &[id(to)])
    };
    let same = [notice("lin", "开会"), notice("long", "开会")];
    let taken = Pushed::Taken { remote_id: None };
    assert_eq!(connector.push(&same).await.expect("an answer"), [taken.clone(), taken]);
    assert_eq!(stage.workforce.all::<Notice>().expect("notices").len(), 2);
    // What does not say the same is refused before anything is sent, so that the hub halves it.
    let error = connector.push(&[notice("lin", "一"), notice("long", "二")]).await.expect_err("two messages");
    assert!(error.without_effect);
    let error = connector.push(&[notice("lin", "三"), notice("left", "三")]).await.expect_err("one has left");
    assert!(error.without_effect);
    assert_eq!(stage.workforce.all::<Notice>().expect("notices").len(), 2);
    for alone in [notice("left", "三"), notice("lin", &"长".repeat(129))] {
        assert!(matches!(connector.push(&[alone]).await.expect("an answer")[..], [Pushed::Refused(_)]));
    }
}
