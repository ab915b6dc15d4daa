//! Traces: under which one changes were made that no run made. Written only while traces are taken.

use tongshi_model::{Result, Timestamp};

use crate::{
    Workspace,
    sql::{Session, params},
};

/// Old ones go in portions, so that no writer waits long.
const SWEEP_ROWS_MAX: u32 = 5000;

/// Notes the trace of the changes numbered `first` to `last`.
pub async fn note(
    s: &mut Session,
    workspace: &Workspace,
    (first, last): (i64, i64),
    trace: [u8; 16],
    span: [u8; 8],
) -> Result<()> {
    let now = s.now();
    s.run(
        "INSERT INTO change_traces (workspace, first, last, trace, span, at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![workspace.no, first, last, trace.to_vec(), span.to_vec(), now],
    )
    .await
    .map(drop)
}

/// The trace and span under which a change was made, where that is known.
pub async fn of_change(
    s: &mut Session,
    workspace: &Workspace,
    seq: i64,
) -> Result<Option<([u8; 16], [u8; 8])>> {
    let row = s
        .row(
            "SELECT trace, span FROM change_traces WHERE workspace = $1 AND first <= $2 AND last >= $2
             ORDER BY first DESC LIMIT 1",
            params![workspace.no, seq],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    let (trace, span) = (row.bytes()?, row.bytes()?);
    Ok(<[u8; 16]>::try_from(trace).ok().zip(<[u8; 8]>::try_from(span).ok()))
}

/// Removes some of what is older than this instant.
pub async fn sweep(s: &mut Session, before: Timestamp) -> Result<u64> {
    s.run(
        "DELETE FROM change_traces WHERE at < $1 AND first IN
             (SELECT first FROM change_traces WHERE at < $1 ORDER BY at LIMIT $2)",
        params![before, SWEEP_ROWS_MAX],
    )
    .await
}
