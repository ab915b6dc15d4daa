//! Writes: what the hub must do at vendors. A queue whose rows stay, each with the state that it has reached.
//!
//! Who works at a row is its holder, and `next_at` is then the end of the lease: whoever comes later finds the row due
//! again.

mod state;

use tongshi_model::{Error, Id, Kind, Result, Timestamp};

pub use self::state::WriteState;
use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, Value, json_text, params},
};

/// A write to be queued.
#[derive(Clone)]
pub struct NewWrite {
    /// Its id.
    pub id: Id,
    /// Where it is to be done.
    pub connection: i64,
    /// The kind; none for a punch.
    pub kind: Option<Kind>,
    /// What is to be done.
    pub action: String,
    /// To which record; of a punch the employee.
    pub record: Id,
    /// Writes with the same key at the same connection are one.
    pub natural_key: Option<[u8; 16]>,
    /// Whether a second person must agree.
    pub awaiting: bool,
    /// On whose behalf.
    pub actor: String,
    /// The request that it came with others in.
    pub bulk: Option<Id>,
    /// In which trace it was asked for (W3C Trace Context).
    pub traceparent: Option<String>,
    /// What goes with it, as JSON.
    pub fields: String,
    /// The document, as JSON.
    pub payload: String,
}

/// A stored write.
#[derive(Clone, PartialEq, Eq)]
pub struct WriteRow {
    /// Its number; later writes have higher ones.
    pub no: i64,
    /// Its id.
    pub id: Id,
    /// The workspace's number.
    pub workspace: i64,
    /// Where it is to be done.
    pub connection: i64,
    /// The kind; none for a punch.
    pub kind: Option<Kind>,
    /// What is to be done.
    pub action: String,
    /// To which record; of a punch the employee.
    pub record: Id,
    /// How far it is.
    pub state: WriteState,
    /// Whether something will still happen by itself, or after somebody agrees.
    pub open: bool,
    /// How often it was sent.
    pub attempts: i64,
    /// How often the vendor was asked about it.
    pub looks: i64,
    /// When something happens next.
    pub next_at: Option<Timestamp>,
    /// On whose behalf.
    pub actor: String,
    /// Who agreed, sent it again or took it back.
    pub decided_by: Option<String>,
    /// The request that it came with others in.
    pub bulk: Option<Id>,
    /// In which trace it was asked for (W3C Trace Context).
    pub traceparent: Option<String>,
    /// What the vendor calls the thing.
    pub remote_id: Option<String>,
    /// Why it is as it is.
    pub reason: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// What goes with it, as JSON.
    pub fields: String,
    /// The document, as JSON.
    pub payload: String,
}

impl std::fmt::Debug for WriteRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The payload holds personal data.
        write!(f, "WriteRow({} {} {:?}, {} attempts)", self.no, self.action, self.state, self.attempts)
    }
}

/// Writes of one sort that can be worked at together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How far they are.
    pub state: WriteState,
    /// The kind; none for punches.
    pub kind: Option<Kind>,
    /// What is to be done.
    pub action: String,
}

/// What became of writes that were worked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settled {
    /// How far they are now.
    pub state: WriteState,
    /// When something happens next; none where nothing will.
    pub next_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// Sendings to be counted beside those counted at the claim.
    pub attempts: i64,
    /// Looks to be counted.
    pub looks: i64,
    /// What the vendor calls the thing.
    pub remote_id: Option<String>,
}

static INSERT: Bulk = Bulk::new(
    "writes",
    &[
        ("no", Column::Int),
        ("id", Column::Bytes),
        ("workspace", Column::Int),
        ("connection", Column::Int),
        ("target", Column::Int),
        ("action", Column::Text),
        ("record", Column::Bytes),
        ("natural_key", Column::Bytes),
        ("state", Column::Int),
        ("open", Column::Int),
        ("attempts", Column::Int),
        ("looks", Column::Int),
        ("next_at", Column::Int),
        ("actor", Column::Text),
        ("bulk", Column::Bytes),
        ("traceparent", Column::Text),
        ("created_at", Column::Int),
        ("changed_at", Column::Int),
        ("fields", Column::Json),
        ("payload", Column::Json),
    ],
    "ON CONFLICT (connection, natural_key) WHERE natural_key IS NOT NULL DO NOTHING RETURNING no",
    &[],
);

/// Queues writes and says of each whether it is new; one whose natural key is there already is not.
pub async fn insert(s: &mut Session, workspace: &Workspace, rows: Vec<NewWrite>) -> Result<Vec<bool>> {
    let mut new = vec![false; rows.len()];
    if rows.is_empty() {
        return Ok(new);
    }
    let first = crate::allocate(s, "writes", rows.len() as u64).await?;
    let now = s.now();
    let mut values = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        let state = if row.awaiting { WriteState::Awaiting } else { WriteState::Queued };
        values.push(params![
            first + place as i64,
            row.id,
            workspace.no,
            row.connection,
            target(row.kind),
            row.action,
            row.record,
            row.natural_key,
            state.number(),
            1i64,
            0i64,
            0i64,
            (!row.awaiting).then_some(now),
            row.actor,
            row.bulk,
            row.traceparent,
            now,
            now,
            json_text(row.fields)?,
            json_text(row.payload)?,
        ]);
    }
    for mut row in s.rows_many(&INSERT, values).await? {
        if let Ok(place) = usize::try_from(row.int()? - first)
            && let Some(new) = new.get_mut(place)
        {
            *new = true;
        }
    }
    Ok(new)
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "no, id, workspace, connection, target, action, record, state, open, attempts, looks, next_at, actor, \
         decided_by, bulk, traceparent, remote_id, reason, created_at, changed_at, fields, payload"
    };
}

/// The writes with these natural keys at a connection, in their order.
pub async fn by_natural_keys(
    s: &mut Session,
    connection: i64,
    keys: &[[u8; 16]],
) -> Result<Vec<Option<WriteRow>>> {
    let rows = s
        .one_by_keys(
            concat!("SELECT ", columns!(), " FROM writes WHERE connection = $1 AND natural_key {{key}}"),
            params![connection],
            keys.iter().map(|key| Value::from(*key)).collect(),
        )
        .await?;
    rows.into_iter().map(|row| row.map(take).transpose()).collect()
}

/// The last write to a record at a connection that is still open.
pub async fn last_open(s: &mut Session, connection: i64, record: Id) -> Result<Option<WriteRow>> {
    let row = s
        .row(
            concat!(
                "SELECT ",
                columns!(),
                " FROM writes WHERE connection = $1 AND record = $2 AND open = 1 AND target <> 0
                 ORDER BY no DESC LIMIT 1"
            ),
            params![connection, record],
        )
        .await?;
    row.map(take).transpose()
}

/// The workspaces' and connections' numbers for which something is due, pauses left out.
pub async fn due(s: &mut Session) -> Result<Vec<(i64, i64)>> {
    let rows = s
        .rows(
            "SELECT DISTINCT w.workspace, w.connection FROM writes w
             LEFT JOIN write_pauses p ON p.connection = w.connection AND p.until > $1
             WHERE w.next_at <= $1 AND p.connection IS NULL ORDER BY w.workspace, w.connection",
            params![s.now()],
        )
        .await?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.int()?))).collect()
}

/// What keeps a write from its turn: an earlier one to the same record that is still open. Punches have no order.
const TURN: &str = "(w.target = 0 OR NOT EXISTS (SELECT 1 FROM writes e WHERE e.connection = w.connection
     AND e.record = w.record AND e.open = 1 AND e.target <> 0 AND e.no < w.no))";

/// The sort of the write that has been due longest at a connection; none where nothing is, or where it rests.
pub async fn first_due(s: &mut Session, connection: i64) -> Result<Option<Group>> {
    let row = s
        .row(
            format!(
                "SELECT w.state, w.target, w.action FROM writes w
                 WHERE w.connection = $1 AND w.next_at <= $2 AND {TURN}
                   AND NOT EXISTS (SELECT 1 FROM write_pauses p WHERE p.connection = $1 AND p.until > $2)
                 ORDER BY w.next_at, w.no LIMIT 1"
            ),
            params![connection, s.now()],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    Ok(Some(Group { state: state(&mut row)?, kind: kind(&mut row)?, action: row.text()? }))
}

/// Takes due writes of a group; queued ones are noted as sent in the same stroke.
pub async fn claim(
    s: &mut Session,
    connection: i64,
    group: &Group,
    holder: &str,
    lease_until: Timestamp,
    limit: usize,
) -> Result<Vec<WriteRow>> {
    let sending = group.state == WriteState::Queued;
    let state = if sending { WriteState::Sent } else { group.state };
    let sql = format!(
        "UPDATE writes SET holder = $1, next_at = $2, state = $3, attempts = attempts + $4, changed_at = $5
         WHERE no IN (
             SELECT w.no FROM writes w
             WHERE w.connection = $6 AND w.next_at <= $5 AND w.state = $7 AND w.target = $8 AND w.action = $9
               AND {TURN}
             ORDER BY w.next_at, w.no LIMIT $10{})
         RETURNING {}",
        s.locked_or_skipped(),
        columns!()
    );
    let values = params![
        holder,
        lease_until,
        state.number(),
        i64::from(sending),
        s.now(),
        connection,
        group.state.number(),
        target(group.kind),
        group.action.as_str(),
        limit as u64,
    ];
    let mut rows: Vec<WriteRow> = s.rows(sql, values).await?.into_iter().map(take).collect::<Result<_>>()?;
    // What an update returns has no order of its own.
    rows.sort_by_key(|row| row.no);
    Ok(rows)
}

/// Notes what became of writes that are still this holder's, and says how many were.
pub async fn settle(s: &mut Session, holder: &str, nos: &[i64], settled: &Settled) -> Result<u64> {
    // What was refused may be asked for anew, so it gives its natural key free; what is dead may have happened.
    let free = settled.state == WriteState::Rejected;
    s.run_by_keys(
        "UPDATE writes SET state = $1, open = $2, next_at = $3, reason = $4, attempts = attempts + $5,
             looks = looks + $6, remote_id = COALESCE(CAST($7 AS TEXT), remote_id), changed_at = $8, holder = NULL,
             natural_key = CASE WHEN CAST($9 AS BIGINT) = 1 THEN NULL ELSE natural_key END
         WHERE holder = $10 AND no {{key}}",
        params![
            settled.state.number(),
            settled.next_at.is_some(),
            settled.next_at,
            settled.reason.clone(),
            settled.attempts,
            settled.looks,
            settled.remote_id.clone(),
            s.now(),
            i64::from(free),
            holder,
        ],
        nos.iter().map(|no| Value::from(*no)).collect(),
    )
    .await
}

/// What somebody decided about a write that nobody works at: queues it (from the first try where `anew`), or ends it
/// as withdrawn. A conflict where it is no longer in one of these states.
pub async fn decide(
    s: &mut Session,
    workspace: &Workspace,
    id: Id,
    from: &[WriteState],
    to: WriteState,
    by: &str,
) -> Result<()> {
    let queued = to == WriteState::Queued;
    // What is taken back gives its natural key free.
    let set = if queued { "open = 1" } else { "open = 0, natural_key = NULL" };
    let states: Vec<String> = from.iter().map(|state| state.number().to_string()).collect();
    let count = s
        .run(
            format!(
                "UPDATE writes SET state = $3, next_at = $4, decided_by = $5, changed_at = $6, attempts = 0, looks = 0,
                     reason = NULL, {set}
                 WHERE workspace = $1 AND id = $2 AND holder IS NULL AND state IN ({})",
                states.join(", ")
            ),
            params![workspace.no, id, to.number(), queued.then_some(s.now()), by, s.now()],
        )
        .await?;
    if count == 0 { Err(Error::conflict("the write has moved on meanwhile")) } else { Ok(()) }
}

/// The write with this id.
pub async fn get(s: &mut Session, workspace: &Workspace, id: Id) -> Result<Option<WriteRow>> {
    let row = s
        .row(
            concat!("SELECT ", columns!(), " FROM writes WHERE workspace = $1 AND id = $2"),
            params![workspace.no, id],
        )
        .await?;
    row.map(take).transpose()
}

/// Writes above a number, ascending; in one state, at one connection, where given.
pub async fn list(
    s: &mut Session,
    workspace: &Workspace,
    state: Option<WriteState>,
    connection: Option<i64>,
    after: i64,
    limit: u32,
) -> Result<Vec<WriteRow>> {
    let mut sql = concat!("SELECT ", columns!(), " FROM writes WHERE workspace = $1 AND no > $2").to_owned();
    let mut values = params![workspace.no, after];
    for (column, value) in [("state", state.map(WriteState::number)), ("connection", connection)] {
        if let Some(value) = value {
            values.push(value.into());
            sql += &format!(" AND {column} = ${}", values.len());
        }
    }
    values.push(limit.into());
    sql += &format!(" ORDER BY no LIMIT ${}", values.len());
    s.rows(sql, values).await?.into_iter().map(take).collect()
}

/// How many writes of the workspace there are in each state that any is in.
pub async fn counts(s: &mut Session, workspace: &Workspace) -> Result<Vec<(WriteState, u64)>> {
    let rows = s
        .rows(
            "SELECT state, count(*) FROM writes WHERE workspace = $1 GROUP BY state ORDER BY state",
            params![workspace.no],
        )
        .await?;
    rows.into_iter().map(|mut row| Ok((state(&mut row)?, row.count()?))).collect()
}

/// How many writes are still open, in all workspaces.
pub async fn waiting(s: &mut Session) -> Result<u64> {
    let row = s.row("SELECT count(*) FROM writes WHERE open = 1", params![]).await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

fn target(kind: Option<Kind>) -> i64 {
    kind.map_or(0, |kind| kind.number().into())
}

fn kind(row: &mut Row) -> Result<Option<Kind>> {
    match row.int()? {
        0 => Ok(None),
        number => match Kind::from_number(number) {
            Some(kind) => Ok(Some(kind)),
            None => Err(Error::internal("a write is of a kind that there is not")),
        },
    }
}

fn state(row: &mut Row) -> Result<WriteState> {
    let number = row.int()?;
    let found = WriteState::ALL.iter().copied().find(|state| state.number() == number);
    found.ok_or_else(|| Error::internal("a write is in a state that there is not"))
}

fn take(mut row: Row) -> Result<WriteRow> {
    Ok(WriteRow {
        no: row.int()?,
        id: row.id()?,
        workspace: row.int()?,
        connection: row.int()?,
        kind: kind(&mut row)?,
        action: row.text()?,
        record: row.id()?,
        state: state(&mut row)?,
        open: row.int()? == 1,
        attempts: row.int()?,
        looks: row.int()?,
        next_at: row.opt_time()?,
        actor: row.text()?,
        decided_by: row.opt_text()?,
        bulk: row.opt_id()?,
        traceparent: row.opt_text()?,
        remote_id: row.opt_text()?,
        reason: row.opt_text()?,
        created_at: row.time()?,
        changed_at: row.time()?,
        fields: row.text()?,
        payload: row.text()?,
    })
}
