//! Deliveries: what was sent to endpoints, what waits for another attempt, and what was given up.

use std::collections::HashSet;

use serde_json::Value as Json;
use tongshi_model::{Error, Id, Kind, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, Value, json, params},
};

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried again, or waits behind another of its record.
    Waiting = 1,
    /// It was taken.
    Delivered = 2,
    /// It was given up.
    Dead = 3,
}

impl DeliveryState {
    /// Its name in data.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    fn from_number(number: i64) -> Result<Self> {
        match number {
            1 => Ok(Self::Waiting),
            2 => Ok(Self::Delivered),
            3 => Ok(Self::Dead),
            _ => Err(Error::internal("a stored delivery is in no known state")),
        }
    }
}

/// A message to an endpoint.
#[derive(Clone, PartialEq)]
pub struct Delivery {
    /// Its number; new ones are given theirs when they are stored.
    pub id: i64,
    /// The message's id, the same at every attempt.
    pub message: String,
    /// About which record.
    pub record: Option<Id>,
    /// Of which kind.
    pub kind: Option<Kind>,
    /// What happened: `employee.updated`.
    pub topic: String,
    /// The change, or the last one before it for what is no change.
    pub seq: i64,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: i64,
    /// When it is sent next; none behind another of its record.
    pub next_at: Option<Timestamp>,
    /// The last answer's status.
    pub status: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was first noted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What is told, of what is no change.
    pub body: Option<Json>,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delivery({} {} {:?}, {} attempts)", self.message, self.topic, self.state, self.attempts)
    }
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "id, message, record, kind, topic, seq, state, attempts, next_at, status, error, created_at, changed_at, body"
    };
}

static SAVE: Bulk = Bulk::new(
    "deliveries",
    &[
        ("id", Column::Int),
        ("endpoint", Column::Int),
        ("message", Column::Text),
        ("record", Column::Bytes),
        ("kind", Column::Int),
        ("topic", Column::Text),
        ("seq", Column::Int),
        ("state", Column::Int),
        ("attempts", Column::Int),
        ("next_at", Column::Int),
        ("status", Column::Int),
        ("error", Column::Text),
        ("created_at", Column::Int),
        ("changed_at", Column::Int),
        ("body", Column::Json),
    ],
    "ON CONFLICT (endpoint, message) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
         next_at = excluded.next_at, status = excluded.status, error = excluded.error,
         changed_at = excluded.changed_at",
    &[1, 2],
);

/// Notes how messages stand; one that is known keeps its number.
pub async fn save(s: &mut Session, endpoint: i64, rows: Vec<Delivery>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut id = crate::allocate(s, "deliveries", rows.len() as u64).await?;
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        values.push(params![
            id,
            endpoint,
            row.message,
            row.record,
            row.kind,
            row.topic,
            row.seq,
            row.state as i64,
            row.attempts,
            row.next_at,
            row.status,
            row.error,
            row.created_at,
            row.changed_at,
            row.body.as_ref().map(json).transpose()?,
        ]);
        id += 1;
    }
    s.run_many(&SAVE, values).await
}

/// How many messages wait at an endpoint.
pub async fn waiting(s: &mut Session, endpoint: i64) -> Result<u64> {
    let sql = "SELECT count(*) FROM deliveries WHERE endpoint = $1 AND state = 1";
    let row = s.row(sql, params![endpoint]).await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// How many messages wait at all endpoints.
pub async fn waiting_in_all(s: &mut Session) -> Result<u64> {
    let row = s.row("SELECT count(*) FROM deliveries WHERE state = 1", params![]).await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// The messages that are due, the longest due first. Of each record it is at most one.
pub async fn due(s: &mut Session, endpoint: i64, limit: u32) -> Result<Vec<Delivery>> {
    let now = s.now();
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries WHERE endpoint = $1 AND state = 1 AND next_at <= $2 ORDER BY next_at, id LIMIT $3"
    );
    s.rows(sql, params![endpoint, now, limit]).await?.into_iter().map(take).collect()
}

/// Which of these records have a message that waits.
pub async fn blocked(s: &mut Session, endpoint: i64, records: &[Id]) -> Result<HashSet<Id>> {
    let keys = records.iter().map(|id| Value::from(*id)).collect();
    let sql = "SELECT record FROM deliveries WHERE endpoint = $1 AND state = 1 AND record {{key}} LIMIT 1";
    let rows = s.one_by_keys(sql, params![endpoint], keys).await?;
    rows.into_iter().flatten().map(|mut row| row.id()).collect()
}

/// Puts the waiting messages of these records in order: the first may go, the others go behind it.
pub async fn arrange(s: &mut Session, endpoint: i64, records: &[Id]) -> Result<()> {
    let earlier = "(SELECT 1 FROM deliveries o
                    WHERE o.endpoint = $1 AND o.state = 1 AND o.record = deliveries.record
                      AND (o.seq < deliveries.seq OR (o.seq = deliveries.seq AND o.id < deliveries.id)))";
    let keys: Vec<Value> = records.iter().map(|id| Value::from(*id)).collect();
    let behind = format!(
        "UPDATE deliveries SET next_at = NULL
         WHERE endpoint = $1 AND state = 1 AND record {{{{key}}}} AND next_at IS NOT NULL AND EXISTS {earlier}"
    );
    s.run_by_keys(behind, params![endpoint], keys.clone()).await?;
    let now = s.now();
    let first = format!(
        "UPDATE deliveries SET next_at = $2
         WHERE endpoint = $1 AND state = 1 AND record {{{{key}}}} AND next_at IS NULL AND NOT EXISTS {earlier}"
    );
    s.run_by_keys(first, params![endpoint, now], keys).await.map(drop)
}

/// The messages of an endpoint, newest first; `before` is the number at which the page before ended.
pub async fn list(
    s: &mut Session,
    endpoint: i64,
    state: Option<DeliveryState>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    // Each state by its own text, so that those few that wait or were given up are found by their index.
    let of = match state {
        None => "",
        Some(DeliveryState::Waiting) => "AND state = 1",
        Some(DeliveryState::Delivered) => "AND state = 2",
        Some(DeliveryState::Dead) => "AND state = 3",
    };
    let sql = format!(
        "SELECT {} FROM deliveries WHERE endpoint = $1 AND id < $2 {of} ORDER BY id DESC LIMIT $3",
        columns!()
    );
    let rows = s.rows(sql, params![endpoint, before.unwrap_or(i64::MAX), limit]).await?;
    rows.into_iter().map(take).collect()
}

/// The messages with these ids, each where its id stands.
pub async fn find(s: &mut Session, endpoint: i64, messages: &[String]) -> Result<Vec<Option<Delivery>>> {
    let keys = messages.iter().map(|message| Value::from(message.as_str())).collect();
    let sql = concat!("SELECT ", columns!(), " FROM deliveries WHERE endpoint = $1 AND message {{key}}");
    let rows = s.one_by_keys(sql, params![endpoint], keys).await?;
    rows.into_iter().map(|row| row.map(take).transpose()).collect()
}

/// Tells those who wait for commits of this one: something is due that is no change.
pub fn wake(s: &mut Session, workspace: &Workspace) {
    s.touch(workspace.no);
}

/// Removes messages for which nothing is sent after all.
pub async fn forget(s: &mut Session, endpoint: i64, messages: &[String]) -> Result<()> {
    let keys = messages.iter().map(|message| Value::from(message.as_str())).collect();
    let sql = "DELETE FROM deliveries WHERE endpoint = $1 AND message {{key}}";
    s.run_by_keys(sql, params![endpoint], keys).await.map(drop)
}

/// Removes what was delivered before one instant and what was given up before another; at most `limit` rows.
pub async fn sweep(
    s: &mut Session,
    delivered_before: Timestamp,
    dead_before: Timestamp,
    limit: u32,
) -> Result<u64> {
    s.run(
        "DELETE FROM deliveries WHERE id IN (
             SELECT id FROM deliveries
             WHERE (state = 2 AND changed_at < $1) OR (state = 3 AND changed_at < $2) ORDER BY id LIMIT $3)",
        params![delivered_before, dead_before, limit],
    )
    .await
}

fn take(mut row: Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.int()?,
        message: row.text()?,
        record: row.opt_id()?,
        kind: row.opt_int()?.and_then(Kind::from_number),
        topic: row.text()?,
        seq: row.int()?,
        state: DeliveryState::from_number(row.int()?)?,
        attempts: row.int()?,
        next_at: row.opt_time()?,
        status: row.opt_int()?,
        error: row.opt_text()?,
        created_at: row.time()?,
        changed_at: row.time()?,
        body: row.opt_json()?,
    })
}
