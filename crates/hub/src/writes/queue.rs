//! Puts writes in the queue, in the transaction of the change that makes them necessary: one for each connection to
//! which a route leads.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tongshi_dialect::Target;
use tongshi_model::{Action, Error, Id, Punch};
use tongshi_store::{
    Connection, NewWrite, RecordRow, Session, Workspace, WriteRow, connections, punches, routes, writes,
};

use crate::{Hub, meters, trace};

/// A write as the answer to a change names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueuedView {
    /// Its id.
    pub id: Id,
    /// Where it is to be done.
    pub connection: String,
    /// How far it is.
    pub state: &'static str,
}

/// Something that vendors may have to be told.
pub(crate) struct Deed {
    /// To what it is done.
    pub(crate) target: Target,
    /// What is done.
    pub(crate) action: Action,
    /// To which record; of a punch the employee.
    pub(crate) record: Id,
    /// The document.
    pub(crate) payload: String,
    /// What makes the same deed the same.
    pub(crate) natural_key: Option<[u8; 16]>,
    /// The connections that are told; none for all to which routes lead.
    pub(crate) only: Option<Vec<i64>>,
}

/// On whose behalf, and what goes with it.
pub(crate) struct Asked<'a> {
    pub(crate) actor: &'a str,
    pub(crate) fields: Value,
    pub(crate) bulk: Option<Id>,
}

/// The workspace's routes and where they lead.
pub(crate) struct Routed {
    routes: Vec<routes::Route>,
    connections: BTreeMap<i64, Connection>,
}

impl Routed {
    /// Reads them; where there are none, that is one small question.
    pub(crate) async fn load(session: &mut Session, workspace: &Workspace) -> Result<Self, Error> {
        let routes = routes::all(session, workspace).await?;
        let connections =
            if routes.is_empty() { Vec::new() } else { connections::all(session, workspace).await? };
        Ok(Self { routes, connections: connections.into_iter().map(|found| (found.no, found)).collect() })
    }

    /// Whether nothing is told to anybody.
    pub(crate) fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// Which connections are told of this, and whether a second person must agree. A route for the very action says
    /// more than one for all.
    pub(crate) fn of(&self, hub: &Hub, target: Target, action: Action) -> Vec<(&Connection, bool)> {
        let kind = match target {
            Target::Punch => None,
            Target::Record(kind) => Some(kind),
        };
        let mut found: BTreeMap<i64, (bool, bool)> = BTreeMap::new();
        for route in self.routes.iter().filter(|route| route.kind == kind) {
            let exact = route.action == action.name();
            if exact || route.action == "*" {
                let place = found.entry(route.connection).or_insert((exact, route.second_person));
                if exact && !place.0 {
                    *place = (true, route.second_person);
                }
            }
        }
        let can = |connection: &&Connection| {
            hub.dialect(&connection.dialect).is_ok_and(|dialect| dialect.pushes(target, action))
        };
        found
            .into_iter()
            .filter_map(|(no, (_, second))| Some((self.connections.get(&no).filter(can)?, second)))
            .collect()
    }
}

/// Queues what the routes ask for; for each deed in order the writes that stand for it.
pub(crate) async fn enqueue(
    session: &mut Session,
    hub: &Hub,
    workspace: &Workspace,
    routed: &Routed,
    deeds: &[Deed],
    asked: &Asked<'_>,
) -> Result<Vec<Vec<QueuedView>>, Error> {
    let mut queued = vec![Vec::new(); deeds.len()];
    if routed.is_empty() {
        return Ok(queued);
    }
    let fields = asked.fields.to_string();
    let mut rows = Vec::new();
    let mut places = Vec::new();
    for (place, deed) in deeds.iter().enumerate() {
        for (connection, second_person) in routed.of(hub, deed.target, deed.action) {
            if deed.only.as_ref().is_some_and(|only| !only.contains(&connection.no)) {
                continue;
            }
            if deed.natural_key.is_none() {
                let last = writes::last_open(session, connection.no, deed.record).await?;
                if let Some(last) = last.filter(|last| is_same(last, deed, &fields)) {
                    queued[place].push(shown(last.id, connection, last.state.name()));
                    continue;
                }
            }
            places.push((place, connection));
            rows.push(new_write(hub, connection, second_person, deed, asked, &fields));
        }
    }
    let new = writes::insert(session, workspace, rows.clone()).await?;
    metrics::counter!(meters::WRITES, "state" => "queued")
        .increment(new.iter().filter(|new| **new).count() as u64);
    for (((place, connection), row), new) in places.into_iter().zip(rows).zip(new) {
        if new {
            let state = if row.awaiting { "awaiting" } else { "queued" };
            queued[place].push(shown(row.id, connection, state));
        } else if let Some(key) = row.natural_key {
            let known = writes::by_natural_keys(session, connection.no, &[key]).await?;
            if let Some(known) = known.into_iter().next().flatten() {
                queued[place].push(shown(known.id, connection, known.state.name()));
            }
        }
    }
    Ok(queued)
}

/// Queues punches that are new here, but not to where they came from; for each in order the writes that stand for it.
pub(crate) async fn enqueue_punches(
    session: &mut Session,
    hub: &Hub,
    workspace: &Workspace,
    routed: &Routed,
    new: &[Punch],
    asked: &Asked<'_>,
) -> Result<Vec<Vec<QueuedView>>, Error> {
    let to = routed.of(hub, Target::Punch, Action::Create);
    let (Some(first), Some(last)) = (
        new.iter().map(|punch| punch.at.timestamp()).min(),
        new.iter().map(|punch| punch.at.timestamp()).max(),
    ) else {
        return Ok(Vec::new());
    };
    let mut employees: Vec<Id> = new.iter().map(|punch| punch.employee).collect();
    employees.sort_unstable();
    employees.dedup();
    let mut known: Vec<(i64, HashSet<(Id, i64)>)> = Vec::with_capacity(to.len());
    for (connection, _) in &to {
        known.push((connection.no, punches::known(session, connection.no, &employees, first, last).await?));
    }
    let mut deeds = Vec::with_capacity(new.len());
    for punch in new {
        let at = (punch.employee, punch.at.timestamp().as_microsecond());
        let lacking = known.iter().filter(|(_, known)| !known.contains(&at)).map(|(no, _)| *no);
        deeds.push(Deed {
            target: Target::Punch,
            action: Action::Create,
            record: punch.employee,
            payload: serde_json::to_string(punch)
                .map_err(|error| Error::internal("a punch does not serialise").caused_by(error))?,
            natural_key: Some(natural_key(&[
                "punch",
                &punch.employee.to_string(),
                &at.1.to_string(),
                punch.direction.name(),
            ])),
            only: Some(lacking.collect()),
        });
    }
    enqueue(session, hub, workspace, routed, &deeds, asked).await
}

/// The natural key of what is done to a record: each version of a record is told once.
pub(crate) fn natural_key_of(row: &RecordRow, action: Action) -> [u8; 16] {
    natural_key(&[row.kind.name(), action.name(), &row.id.to_string(), &row.version.to_string()])
}

/// The natural key that these parts make.
pub(crate) fn natural_key(parts: &[&str]) -> [u8; 16] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part.as_bytes());
    }
    let mut first = [0; 16];
    first.copy_from_slice(&sha.finalize()[..16]);
    first
}

fn is_same(last: &WriteRow, deed: &Deed, fields: &str) -> bool {
    last.action == deed.action.name() && last.payload == deed.payload && last.fields == fields
}

fn shown(id: Id, connection: &Connection, state: &'static str) -> QueuedView {
    QueuedView { id, connection: connection.name.clone(), state }
}

fn new_write(
    hub: &Hub,
    connection: &Connection,
    second_person: bool,
    deed: &Deed,
    asked: &Asked<'_>,
    fields: &str,
) -> NewWrite {
    NewWrite {
        id: hub.new_id(),
        connection: connection.no,
        kind: match deed.target {
            Target::Punch => None,
            Target::Record(kind) => Some(kind),
        },
        action: deed.action.name().to_owned(),
        record: deed.record,
        natural_key: deed.natural_key,
        awaiting: second_person,
        actor: asked.actor.to_owned(),
        bulk: asked.bulk,
        traceparent: trace::current().filter(|here| here.sampled).map(|here| here.to_string()),
        fields: fields.to_owned(),
        payload: deed.payload.clone(),
    }
}
