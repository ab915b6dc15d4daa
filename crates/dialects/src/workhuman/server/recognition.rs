//! Recognitions: listed, nominated, decided. Points are held when somebody is nominated and the receiver's when it is delivered.

use serde_json::{Map, Value, json};
use tongshi_dialect::{About, Caller, Change, Deed, Movement, Order, Pot, Query, Record, Workforce};
use tongshi_model::{
    Coded, Draft, Employee, Id, Instant, Kind, OrgUnit, PointsKind, Recognition, RecognitionStatus, shanghai,
};

use super::{
    Holder, Outcome, Part, colleague, employee, given, holder, names, once,
    programme::{programme, word},
    settle, stored,
};
use crate::workhuman::{
    map,
    wire::{
        self, Code, Delivery, Detail, Fault, Listed, Made, Programme, RecognitionCreate, RecognitionDecide,
        RecognitionGet, RecognitionList,
    },
};

/// The longest message and title, in characters; the pages give no figure.
const MESSAGE_CHARS_MAX: usize = 2000;
const TITLE_CHARS_MAX: usize = 200;
/// How often something is tried again when a recognition has changed meanwhile.
const TRIES: usize = 3;
/// A person's list is looked through in pieces of this size.
const CHUNK: u32 = 500;

/// A page of recognitions.
pub(super) async fn list(caller: Caller, ask: RecognitionList) -> Result<Listed<wire::Recognition>, Fault> {
    let part = Part::read(ask.limit.as_deref(), ask.offset.as_deref())?;
    let holder = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let mut query = part.of(Query::of(Kind::Recognition, 0));
    query.order = match given(&ask.sort) {
        None | Some("-created_at") => Order::Latest,
        Some("created_at") => Order::Dated,
        Some(_) => return Err(Fault::field("sort", "is created_at or -created_at")),
    };
    for (field, value) in [("status", &ask.status), ("level", &ask.award_level)] {
        if let Some(value) = given(value) {
            query = query.key(field, value);
        }
    }
    for (field, value) in [("receiver", &ask.recipient_id), ("giver", &ask.nominator_id)] {
        let Some(text) = given(value) else { continue };
        let Some(found) = employee(workforce, text).await? else {
            return Ok(Listed {
                data: Vec::new(),
                total: Some(0),
                limit: Some(part.limit),
                offset: Some(part.offset),
            });
        };
        query = query.key(field, found.id.to_string());
    }
    let (records, total) = match holder.person {
        None => (workforce.list(&query).await?, Some(workforce.count(&query).await?)),
        Some(person) => (seen_by(workforce, person, query, part).await?, None),
    };
    let data = shown(workforce, records).await?;
    Ok(Listed { data, total, limit: Some(part.limit), offset: Some(part.offset) })
}

/// Of a query's records those that a person may see, from the part's offset on.
async fn seen_by(
    workforce: &dyn Workforce,
    person: Id,
    mut query: Query,
    part: Part,
) -> Result<Vec<Record>, Fault> {
    let viewer = Viewer::of(workforce, person).await?;
    (query.offset, query.limit) = (0, CHUNK);
    let (mut passed, mut seen) = (0, Vec::new());
    loop {
        let chunk = workforce.list(&query).await?;
        let last = chunk.len() < CHUNK as usize;
        query.offset += u64::from(CHUNK);
        let visible = viewer.visible(workforce, chunk).await?;
        for record in visible {
            if passed < part.offset {
                passed += 1;
            } else if seen.len() < part.limit as usize {
                seen.push(record);
            }
        }
        if last || seen.len() == part.limit as usize {
            return Ok(seen);
        }
    }
}

/// Somebody who looks: they see what is public, what is theirs, and what is within their own team.
struct Viewer {
    person: Id,
    team: Option<Id>,
}

impl Viewer {
    async fn of(workforce: &dyn Workforce, person: Id) -> Result<Self, Fault> {
        let record = workforce.get(Kind::Employee, person).await?;
        let team =
            record.map(|record| record.read::<Employee>()).transpose()?.and_then(|found| found.org_unit);
        Ok(Self { person, team })
    }

    async fn visible(&self, workforce: &dyn Workforce, records: Vec<Record>) -> Result<Vec<Record>, Fault> {
        let mut read = Vec::with_capacity(records.len());
        for record in records {
            let recognition: Recognition = record.read()?;
            read.push((record, recognition));
        }
        let team: Vec<Id> = read
            .iter()
            .filter(|(_, found)| found.visibility.value == tongshi_model::Visibility::Team)
            .map(|(_, found)| found.receiver)
            .collect();
        let mut colleagues = std::collections::HashSet::new();
        for (id, record) in team.iter().zip(workforce.many(&team).await?) {
            let unit =
                record.map(|record| record.read::<Employee>()).transpose()?.and_then(|found| found.org_unit);
            if unit.is_some() && unit == self.team {
                colleagues.insert(*id);
            }
        }
        let sees = |found: &Recognition| {
            found.receiver == self.person
                || found.giver == Some(self.person)
                || match found.visibility.value {
                    tongshi_model::Visibility::Public => true,
                    tongshi_model::Visibility::Team => colleagues.contains(&found.receiver),
                    // A word that nobody explained is taken for the narrowest.
                    tongshi_model::Visibility::Private | tongshi_model::Visibility::Other => false,
                }
        };
        Ok(read.into_iter().filter(|(_, found)| sees(found)).map(|(record, _)| record).collect())
    }
}

/// One recognition. What a person may not see is not there.
pub(super) async fn get(caller: Caller, ask: RecognitionGet) -> Result<wire::Recognition, Fault> {
    let workforce = caller.workforce()?;
    let mut records = vec![found(workforce, given(&ask.id).unwrap_or_default()).await?];
    if let Some(person) = holder(&caller).await?.person {
        records = Viewer::of(workforce, person).await?.visible(workforce, records).await?;
    }
    shown(workforce, records).await?.pop().ok_or_else(|| Fault::nothing("recognition"))
}

async fn found(workforce: &dyn Workforce, id: &str) -> Result<Record, Fault> {
    let nothing = || Fault::nothing("recognition");
    let id: Id = id.parse().map_err(|_| nothing())?;
    let record = workforce.get(Kind::Recognition, id).await?;
    record.filter(|record| !record.deleted).ok_or_else(nothing)
}

async fn shown(workforce: &dyn Workforce, records: Vec<Record>) -> Result<Vec<wire::Recognition>, Fault> {
    let read: Vec<(Record, Recognition)> = records
        .into_iter()
        .map(|record| record.read().map(|found| (record, found)))
        .collect::<Result<_, _>>()?;
    let people = read.iter().flat_map(|(_, found)| [Some(found.receiver), found.giver]).flatten().collect();
    let names = names(workforce, people).await?;
    Ok(read.iter().map(|(record, found)| map::show_recognition(record.id, found, &names)).collect())
}

/// Nominates somebody. It is approved at once where its level needs nobody's approval.
pub(super) async fn create(caller: Caller, ask: RecognitionCreate) -> Result<Made, Fault> {
    let holder = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let programme = programme(workforce).await?;
    let now = Instant::new(caller.now, shanghai());
    let recognition = nomination(workforce, &holder, &programme, &ask, now).await?;
    let status = recognition.status.value;
    let mut deed = Deed {
        once: once(&ask.idempotency_key, &holder, &ask)?,
        made: vec![Draft::of(&recognition)?],
        answer: Box::new(move |ids| json!({"id": ids.first(), "status": status.name()})),
        ..Deed::default()
    };
    deed.moves.push(Movement {
        from: programme.purse(recognition.giver, caller.now),
        to: Pot::Held,
        amount: recognition.points,
        kind: PointsKind::Transfer,
        about: About::Made(0),
    });
    let made: Made = match settle(workforce, deed).await? {
        Outcome::Done(answer) | Outcome::Before(answer) => stored(answer)?,
        Outcome::Short(_) => {
            return Err(Fault::new(Code::Budget, "the award level is above what is left of the budget"));
        }
        Outcome::Stale => return Err(changing()),
    };
    // Asked again, it also makes up for a delivery that a crash has prevented.
    if made.status.as_deref() == Some("approved") && programme.delivery == Delivery::OnApproval {
        deliver(workforce, made.id.as_deref().unwrap_or_default(), now).await?;
    }
    Ok(made)
}

/// What is to be recognised, held against the programme.
async fn nomination(
    workforce: &dyn Workforce,
    holder: &Holder,
    programme: &Programme,
    ask: &RecognitionCreate,
    now: Instant,
) -> Result<Recognition, Fault> {
    let fields =
        [("recipient_id", &ask.recipient_id), ("award_level", &ask.award_level), ("message", &ask.message)];
    let missing: Vec<Detail> = fields
        .iter()
        .filter(|(_, value)| given(value).is_none())
        .map(|(field, _)| Detail { field: (*field).to_owned(), problem: "is missing".to_owned() })
        .collect();
    let (Some(recipient), Some(level), Some(message), []) =
        (given(&ask.recipient_id), given(&ask.award_level), given(&ask.message), &missing[..])
    else {
        return Err(Fault { details: missing, ..Fault::new(Code::Fields, "a required field is missing") });
    };
    let level =
        programme.level(level).ok_or_else(|| Fault::field("award_level", "is none of the programme's"))?;
    let value = given(&ask.company_value)
        .map(|given| {
            word(&programme.values, given)
                .ok_or_else(|| Fault::field("company_value", "is none of the programme's"))
        })
        .transpose()?;
    let visibility = match given(&ask.visibility) {
        Some(given) => word(&programme.visibilities, given),
        None => programme.visibilities.first().map(String::as_str),
    };
    let visibility = visibility.ok_or_else(|| Fault::field("visibility", "is none of the programme's"))?;
    // Both are sent and must agree (§5.9).
    if ask.points.as_ref().is_some_and(|points| points.as_u64() != Some(u64::from(level.points))) {
        return Err(Fault::field("points", format!("are {} for this award level", level.points)));
    }
    for (field, text, most) in
        [("message", Some(message), MESSAGE_CHARS_MAX), ("title", given(&ask.title), TITLE_CHARS_MAX)]
    {
        if text.is_some_and(|text| text.chars().count() > most) {
            return Err(Fault::field(field, format!("has at most {most} characters")));
        }
    }
    let receiver = colleague(workforce, "recipient_id", recipient).await?.id;
    let giver = nominator(workforce, holder, ask).await?;
    if giver == Some(receiver) {
        return Err(Fault::field("recipient_id", "is the nominator"));
    }
    let status =
        if level.approval { RecognitionStatus::PendingApproval } else { RecognitionStatus::Approved };
    Ok(Recognition {
        giver,
        giver_name: None,
        receiver,
        level: level.name.clone(),
        value: value.map(str::to_owned),
        title: given(&ask.title).map(str::to_owned),
        message: message.to_owned().into(),
        points: level.points,
        visibility: map::visibility(visibility),
        status: Coded::ours(status),
        nominated_at: Some(now),
        decided_at: (!level.approval).then_some(now),
        decided_by: None,
        delivered_at: None,
        reason: None,
        approval: None,
    })
}

/// Who nominates: the person of the token, or whom a client names; a service account stays unnamed.
async fn nominator(
    workforce: &dyn Workforce,
    holder: &Holder,
    ask: &RecognitionCreate,
) -> Result<Option<Id>, Fault> {
    let Some(text) = given(&ask.nominator_id) else { return Ok(holder.person) };
    let named = colleague(workforce, "nominator_id", text).await?.id;
    if holder.person.is_some_and(|person| person != named) {
        return Err(Fault::new(Code::Forbidden, "a person nominates in their own name only"));
    }
    Ok(Some(named))
}

/// Decides about a recognition.
pub(super) async fn decide(caller: Caller, ask: RecognitionDecide) -> Result<wire::Recognition, Fault> {
    let holder = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let now = Instant::new(caller.now, shanghai());
    let programme = programme(workforce).await?;
    for _ in 0..TRIES {
        let record = found(workforce, &ask.id).await?;
        let recognition: Recognition = record.read()?;
        may_decide(workforce, &holder, &ask, &recognition).await?;
        let deed = decision(&programme, &holder, &ask, &record, &recognition, now)?;
        match settle(workforce, deed).await? {
            Outcome::Done(_) | Outcome::Before(_) => {
                if ask.decision == "approve" && programme.delivery == Delivery::OnApproval {
                    deliver(workforce, &ask.id, now).await?;
                }
                let record = found(workforce, &ask.id).await?;
                let shown = shown(workforce, vec![record]).await?.pop();
                return shown.ok_or_else(|| Fault::nothing("recognition"));
            }
            Outcome::Short(_) => {
                return Err(Fault::new(Code::Points, "the recipient has spent the points already"));
            }
            Outcome::Stale => {}
        }
    }
    Err(changing())
}

/// A service account decides for the company; of people, the receiver's manager or head of department approves and
/// declines, and never their own nomination.
async fn may_decide(
    workforce: &dyn Workforce,
    holder: &Holder,
    ask: &RecognitionDecide,
    recognition: &Recognition,
) -> Result<(), Fault> {
    let Some(person) = holder.person else { return Ok(()) };
    if !matches!(&*ask.decision, "approve" | "decline") {
        return holder.service_only();
    }
    let receiver = workforce.get(Kind::Employee, recognition.receiver).await?;
    let receiver = receiver.map(|record| record.read::<Employee>()).transpose()?.unwrap_or_default();
    let unit = match receiver.org_unit {
        Some(unit) => workforce.get(Kind::OrgUnit, unit).await?,
        None => None,
    };
    let head = unit.map(|record| record.read::<OrgUnit>()).transpose()?.and_then(|unit| unit.head);
    let leads = receiver.manager == Some(person) || head == Some(person);
    let involved = recognition.giver == Some(person) || recognition.receiver == person;
    if leads && !involved {
        Ok(())
    } else {
        Err(Fault::new(
            Code::Forbidden,
            "the recipient's manager decides, and not about their own nomination",
        ))
    }
}

/// What a decision does to a recognition and to the points.
fn decision(
    programme: &Programme,
    holder: &Holder,
    ask: &RecognitionDecide,
    record: &Record,
    recognition: &Recognition,
    now: Instant,
) -> Result<Deed, Fault> {
    use RecognitionStatus::{Approved, Declined, Delivered, PendingApproval, Revoked};
    let status = recognition.status.value;
    let nominated = recognition.nominated_at.map_or(record.created_at, Instant::timestamp);
    let purse = programme.purse(recognition.giver, nominated);
    let decided = |to: RecognitionStatus| {
        let mut fields = vec![
            ("status", json!(Coded::ours(to))),
            ("decided_at", json!(now)),
            ("decided_by", json!(holder.person)),
        ];
        fields.extend(given(&ask.reason).map(|reason| ("reason", json!(reason))));
        fields
    };
    let (fields, way) = match (&*ask.decision, status) {
        ("approve", PendingApproval) => (decided(Approved), None),
        ("decline", PendingApproval) => (decided(Declined), Some((Pot::Held, purse, PointsKind::Transfer))),
        ("deliver", Approved) => return Ok(delivery(record, recognition, now)),
        ("revoke", PendingApproval | Approved) => {
            (decided(Revoked), Some((Pot::Held, purse, PointsKind::Transfer)))
        }
        ("revoke", Delivered) => {
            (decided(Revoked), Some((Pot::Person(recognition.receiver), purse, PointsKind::Reverse)))
        }
        ("approve" | "decline" | "deliver" | "revoke", status) => {
            let text = format!("a recognition that is {} cannot be taken on so", status.name());
            return Err(Fault::new(Code::State, text));
        }
        _ => return Err(Fault::nothing("decision; there are approve, decline, deliver and revoke")),
    };
    Ok(deed(record, recognition, fields, way))
}

fn delivery(record: &Record, recognition: &Recognition, now: Instant) -> Deed {
    let fields =
        vec![("status", json!(Coded::ours(RecognitionStatus::Delivered))), ("delivered_at", json!(now))];
    let to = Pot::Person(recognition.receiver);
    deed(record, recognition, fields, Some((Pot::Held, to, PointsKind::Earn)))
}

fn deed(
    record: &Record,
    recognition: &Recognition,
    fields: Vec<(&str, Value)>,
    way: Option<(Pot, Pot, PointsKind)>,
) -> Deed {
    let fields: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let movement = |(from, to, kind)| Movement {
        from,
        to,
        amount: recognition.points,
        kind,
        about: About::Record(record.id),
    };
    Deed {
        changed: vec![Change { record: record.id, kind: Kind::Recognition, version: record.version, fields }],
        moves: way.map(movement).into_iter().collect(),
        ..Deed::default()
    }
}

/// Hands an approved recognition to its receiver, with the points; one that is further already stays so.
async fn deliver(workforce: &dyn Workforce, id: &str, now: Instant) -> Result<(), Fault> {
    for _ in 0..TRIES {
        let record = found(workforce, id).await?;
        let recognition: Recognition = record.read()?;
        if recognition.status.value != RecognitionStatus::Approved {
            return Ok(());
        }
        if let Outcome::Done(_) = settle(workforce, delivery(&record, &recognition, now)).await? {
            return Ok(());
        }
    }
    Err(changing())
}

fn changing() -> Fault {
    Fault::new(Code::Conflict, "the recognition is being changed at this moment; try again")
}
