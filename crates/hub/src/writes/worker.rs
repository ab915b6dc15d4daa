//! Takes writes to the vendors: connection by connection, a wave of calls at a time. One durable commit notes what
//! became of a wave and that the next one is on its way, so that nothing is ever sent that is not known to be sent.

use std::collections::{BTreeMap, HashMap};

use tokio::task::JoinSet;
use tongshi_dialect::{Named, Target, Write, WriteBody};
use tongshi_model::{Error, ErrorKind, Id};
use tongshi_store::{
    Session, Workspace, WriteRow, WriteState, connections, routes, sources, workspaces, writes,
};

use super::{
    round::{Errand, Settling, Wave},
    routes::switched_off,
    stored_json, target_of,
};
use crate::{Hub, connections::Opened, meters, workforce::later};

/// The most writes that are worked at together.
const WAVE_MAX: usize = 2000;

impl Hub {
    /// Works at all writes that are due, until none is, and says how many that were. Several processes may do it at
    /// once.
    pub async fn push_writes(&self) -> Result<u64, Error> {
        let mut session = self.store().read().await?;
        let due = writes::due(&mut session).await?;
        drop(session);
        if due.is_empty() {
            return Ok(0);
        }
        let mut working = JoinSet::new();
        for (workspace, connection) in due {
            let hub = self.clone();
            working.spawn(async move { hub.push_writes_of(workspace, connection).await });
        }
        let (mut count, mut failed) = (0, None);
        while let Some(ended) = working.join_next().await {
            match ended.unwrap_or_else(|error| Err(Error::internal(error.to_string()))) {
                Ok(worked) => count += worked,
                Err(error) => failed = Some(error),
            }
        }
        let waiting = writes::waiting(&mut self.store().read().await?).await?;
        metrics::gauge!(meters::WRITES_WAITING).set(waiting as f64);
        failed.map_or(Ok(count), Err)
    }

    /// Works at the due writes of one connection.
    async fn push_writes_of(&self, workspace: i64, connection: i64) -> Result<u64, Error> {
        let mut session = self.store().read().await?;
        let workspace = workspaces::by_no(&mut session, workspace)
            .await?
            .ok_or_else(|| Error::internal("a write names no workspace"))?;
        let connection = connections::by_no(&mut session, &workspace, connection)
            .await?
            .ok_or_else(|| Error::internal("a write names no connection"))?;
        drop(session);
        if connection.disabled {
            return Ok(0);
        }
        let worker = Worker {
            holder: format!("writes/{}", self.new_id()),
            opened: self.open_connection(&workspace, connection)?,
            hub: self.clone(),
            workspace,
        };
        let (mut count, mut settling) = (0, Settling::default());
        loop {
            let mut session = self.store().write().await?;
            worker.settle(&mut session, settling).await?;
            let wave = worker.next(&mut session).await?;
            session.commit().await?;
            let Some(wave) = wave else { return Ok(count) };
            count += wave.len() as u64;
            settling = wave.run().await;
        }
    }
}

/// Who works at a connection.
struct Worker {
    hub: Hub,
    workspace: Workspace,
    opened: Opened,
    holder: String,
}

impl Worker {
    /// Takes the writes that come next: those that have waited longest, and others like them.
    async fn next(&self, session: &mut Session) -> Result<Option<Wave>, Error> {
        let connection = &self.opened.connection;
        let Some(group) = writes::first_due(session, connection.no).await? else { return Ok(None) };
        let target = group.kind.map_or(Target::Punch, Target::Record);
        let action = group.action.parse()?;
        let batch = self.opened.connector.batch_max(target, action).clamp(1, WAVE_MAX);
        let limit = batch.saturating_mul(self.hub.settings().calls_in_flight_max.max(1)).min(WAVE_MAX);
        let lease = later(self.hub.clock().now(), self.hub.settings().lease_seconds);
        let rows = writes::claim(session, connection.no, &group, &self.holder, lease, limit).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let errands = self.errands(session, rows).await?;
        let off = match group.state {
            WriteState::Queued => switched_off(self.hub.dialect(&connection.dialect)?, connection, target),
            _ => None,
        };
        Ok(Some(Wave {
            connector: std::sync::Arc::clone(&self.opened.connector),
            connection: connection.no,
            settings: self.hub.settings().clone(),
            now: self.hub.clock().now(),
            jitter: self.jitter(),
            state: group.state,
            target,
            action,
            batch,
            off,
            errands,
        }))
    }

    /// Writes as the connector takes them, with the vendor's names for what they refer to.
    async fn errands(&self, session: &mut Session, rows: Vec<WriteRow>) -> Result<Vec<Errand>, Error> {
        let bodies: Vec<(Vec<Id>, WriteBody)> = rows.iter().map(body).collect::<Result<_, _>>()?;
        let mut ids: Vec<Id> = bodies.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let names = sources::names(session, &self.workspace, self.opened.connection.no, &ids).await?;
        let mut errands = Vec::with_capacity(rows.len());
        for (row, (ids, body)) in rows.into_iter().zip(bodies) {
            let own = names.get(&row.record).and_then(|(remote_id, _)| remote_id.clone());
            let named = ids.iter().filter_map(|id| Some((*id, named(&names, *id)?)));
            let write = Write {
                id: row.id,
                action: row.action.parse()?,
                remote_id: row.remote_id.clone().or(own.filter(|_| row.kind.is_some())),
                named: named.collect::<BTreeMap<_, _>>(),
                body,
                fields: stored_json(&row.fields)?,
                actor: row.actor.clone(),
            };
            errands.push(Errand { row, write });
        }
        Ok(errands)
    }

    /// Notes what became of a wave.
    async fn settle(&self, session: &mut Session, settling: Settling) -> Result<(), Error> {
        let mut alike: HashMap<writes::Settled, Vec<i64>> = HashMap::new();
        let mut made = Vec::new();
        for (row, settled) in settling.settled {
            metrics::counter!(meters::WRITES, "state" => settled.state.name()).increment(1);
            let Some(remote_id) = settled.remote_id.clone() else {
                alike.entry(settled).or_default().push(row.no);
                continue;
            };
            let ours = writes::settle(session, &self.holder, &[row.no], &settled).await? > 0;
            if let (true, Some(kind), "create") = (ours, row.kind, row.action.as_str()) {
                made.push((kind, remote_id, row.record));
            }
        }
        for (settled, nos) in alike {
            let ours = writes::settle(session, &self.holder, &nos, &settled).await?;
            if ours < nos.len() as u64 {
                let lost = nos.len() as u64 - ours;
                tracing::warn!(lost, "writes went into other hands while they were worked at");
            }
        }
        for (kind, remote_id, record) in made {
            let (connection, what) = (&self.opened.connection, (kind, &*remote_id));
            let actor = format!("write:{}", connection.name);
            match self.hub.adopt(session, &self.workspace, connection, what, record, &actor).await {
                Ok(_) => {}
                // A sync was faster: what the vendor made has a record of its own, for the identity rules to link.
                Err(error) if *error.kind() == ErrorKind::Conflict => {
                    tracing::warn!(%record, reason = %error, "what a vendor made is not linked to its record");
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(pause) = settling.pause {
            let name = &self.opened.connection.name;
            tracing::warn!(connection = name, reason = pause.reason, "a connection's writes rest");
            routes::pause(session, &self.workspace, &pause).await?;
        }
        Ok(())
    }

    /// A number from 0 to 255 that spreads what is tried again.
    fn jitter(&self) -> u8 {
        let mut byte = [0];
        self.hub.randomness().fill(&mut byte);
        byte[0]
    }
}

fn named(names: &HashMap<Id, (Option<String>, Option<String>)>, id: Id) -> Option<Named> {
    let (remote_id, key) = names.get(&id)?;
    Some(Named { remote_id: remote_id.clone(), key: key.clone() })
}

/// What a stored write carries, and the ids in it: its record's and whatever it refers to.
fn body(row: &WriteRow) -> Result<(Vec<Id>, WriteBody), Error> {
    let mut ids = vec![row.record];
    let target = target_of(row);
    let body =
        match target {
            Target::Punch => WriteBody::Punch(serde_json::from_str(&row.payload).map_err(|error| {
                Error::internal(format!("write {} cannot be read", row.id)).caused_by(error)
            })?),
            Target::Record(kind) => {
                collect_ids(&stored_json(&row.payload)?, &mut ids);
                collect_ids(&stored_json(&row.fields)?, &mut ids);
                WriteBody::Record { kind, doc: row.payload.clone() }
            }
        };
    Ok((ids, body))
}

fn collect_ids(value: &serde_json::Value, ids: &mut Vec<Id>) {
    match value {
        // Whatever looks like an id is asked for; what is none has no name.
        serde_json::Value::String(text) if text.len() == 32 => ids.extend(text.parse::<Id>()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_ids(item, ids)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| collect_ids(field, ids)),
        _ => {}
    }
}
