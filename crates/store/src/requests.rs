//! Requests: calls of faces, vendors' events and `/v1` that are worth looking at. Kept for days; no personal data.

use std::fmt::Write as _;

use tongshi_model::{Error, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, json_text, params},
};

/// Old requests go in portions, so that no writer waits long.
const SWEEP_ROWS_MAX: u32 = 5000;

/// A request to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// The workspace's number; 0 where nobody's.
    pub workspace: i64,
    /// When it was answered.
    pub at: Timestamp,
    /// The face, or `v1` or `hooks`.
    pub face: String,
    /// The operation, or the route.
    pub operation: String,
    /// The app's name; empty where nobody proved who they are.
    pub app: String,
    /// The client's address; empty where that is not known.
    pub address: String,
    /// The HTTP status.
    pub status: u16,
    /// The vendor's code of the fault, or the problem's name; empty for a success.
    pub code: String,
    /// How long it took, in microseconds.
    pub took_us: i64,
    /// The size of the request's body.
    pub bytes_in: i64,
    /// The size of the answer's body.
    pub bytes_out: i64,
    /// Why it was refused; empty for a success.
    pub reason: String,
    /// Further facts as a JSON object, redacted.
    pub detail: String,
}

impl std::fmt::Debug for NewRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewRequest({} {} {})", self.face, self.operation, self.status)
    }
}

/// A request as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Its number.
    pub no: i64,
    /// What was kept.
    pub request: NewRequest,
}

/// Which requests to read. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Before this number; none for the latest.
    pub before: Option<i64>,
    /// Of this face, or `v1` or `hooks`.
    pub face: Option<String>,
    /// Of this app.
    pub app: Option<String>,
    /// With this HTTP status.
    pub status: Option<u16>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Those of keys that nobody has, too.
    pub nobodys: bool,
}

static INSERT: Bulk = Bulk::new(
    "requests",
    &[
        ("no", Column::Int),
        ("workspace", Column::Int),
        ("at", Column::Int),
        ("face", Column::Text),
        ("operation", Column::Text),
        ("app", Column::Text),
        ("address", Column::Text),
        ("status", Column::Int),
        ("code", Column::Text),
        ("took_us", Column::Int),
        ("bytes_in", Column::Int),
        ("bytes_out", Column::Int),
        ("reason", Column::Text),
        ("detail", Column::Json),
    ],
    "",
    &[],
);

macro_rules! columns {
    () => {
        "no, workspace, at, face, operation, app, address, status, code, took_us, bytes_in, bytes_out, reason, detail"
    };
}

/// Keeps requests, numbered in this order.
pub async fn insert(s: &mut Session, requests: Vec<NewRequest>) -> Result<()> {
    if requests.is_empty() {
        return Ok(());
    }
    let mut no = crate::allocate(s, "requests", requests.len() as u64).await?;
    let mut rows = Vec::with_capacity(requests.len());
    for request in requests {
        rows.push(params![
            no,
            request.workspace,
            request.at,
            request.face,
            request.operation,
            request.app,
            request.address,
            i64::from(request.status),
            request.code,
            request.took_us,
            request.bytes_in,
            request.bytes_out,
            request.reason,
            json_text(request.detail)?,
        ]);
        no += 1;
    }
    s.run_many(&INSERT, rows).await
}

/// Requests that fit, newest first.
pub async fn list(
    s: &mut Session,
    workspace: &Workspace,
    filter: &RequestFilter,
    limit: u32,
) -> Result<Vec<RequestRow>> {
    let before = filter.before.unwrap_or(i64::MAX);
    let mut values = params![workspace.no, before];
    let whose = if filter.nobodys { "workspace IN ($1, 0)" } else { "workspace = $1" };
    let mut sql = format!(concat!("SELECT ", columns!(), " FROM requests WHERE {} AND no < $2"), whose);
    for (column, text) in [("face", &filter.face), ("app", &filter.app)] {
        if let Some(text) = text {
            values.push(text.as_str().into());
            let _ = write!(sql, " AND {column} = ${}", values.len());
        }
    }
    if let Some(status) = filter.status {
        values.push(i64::from(status).into());
        let _ = write!(sql, " AND status = ${}", values.len());
    }
    if let Some(since) = filter.since {
        values.push(since.into());
        let _ = write!(sql, " AND at >= ${}", values.len());
    }
    values.push(limit.into());
    let _ = write!(sql, " ORDER BY no DESC LIMIT ${}", values.len());
    s.rows(sql, values).await?.into_iter().map(take).collect()
}

/// The request with this number; with `nobodys` also where nobody proved who they are.
pub async fn get(
    s: &mut Session,
    workspace: &Workspace,
    no: i64,
    nobodys: bool,
) -> Result<Option<RequestRow>> {
    let row = s
        .row(
            concat!(
                "SELECT ",
                columns!(),
                " FROM requests WHERE no = $2 AND (workspace = $1 OR workspace = CAST($3 AS BIGINT))"
            ),
            params![workspace.no, no, nobodys.then_some(0_i64)],
        )
        .await?;
    row.map(take).transpose()
}

/// Removes some of what is older than this instant, or more than so many; says how many went.
pub async fn sweep(s: &mut Session, before: Timestamp, rows_max: u64) -> Result<u64> {
    let row = s.row("SELECT max(no) FROM requests", params![]).await?;
    let last = row.and_then(|mut row| row.opt_int().ok().flatten()).unwrap_or_default();
    let until = last.saturating_sub(i64::try_from(rows_max).unwrap_or(i64::MAX));
    let old = s
        .run(
            "DELETE FROM requests WHERE no IN (SELECT no FROM requests WHERE at < $1 ORDER BY at LIMIT $2)",
            params![before, SWEEP_ROWS_MAX],
        )
        .await?;
    let many = s
        .run(
            "DELETE FROM requests WHERE no IN (SELECT no FROM requests WHERE no <= $1 ORDER BY no LIMIT $2)",
            params![until, SWEEP_ROWS_MAX],
        )
        .await?;
    Ok(old + many)
}

fn take(mut row: Row) -> Result<RequestRow> {
    Ok(RequestRow {
        no: row.int()?,
        request: NewRequest {
            workspace: row.int()?,
            at: row.time()?,
            face: row.text()?,
            operation: row.text()?,
            app: row.text()?,
            address: row.text()?,
            status: u16::try_from(row.int()?).map_err(|_| Error::internal("a stored status is none"))?,
            code: row.text()?,
            took_us: row.int()?,
            bytes_in: row.int()?,
            bytes_out: row.int()?,
            reason: row.text()?,
            detail: row.text()?,
        },
    })
}
