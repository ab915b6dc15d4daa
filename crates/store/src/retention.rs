//! How long things are kept: one rule a line, run in batches, each in a transaction of its own.
//!
//! Another table joins with one entry of [`ALL`]; the document `docs/RETENTION.md`, the command and the hourly round are
//! made from this list.

use tongshi_model::{Error, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Session, params},
};

/// Something that is kept for some days.
#[derive(Debug)]
pub struct Rule {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What goes, for people.
    pub about: &'static str,
    /// Days that it is kept unless somebody says otherwise; 0 for ever.
    pub days: u32,
    /// The table.
    pub table: &'static str,
    /// The columns that name a row, separated by commas.
    pub key: &'static str,
    /// Which rows are due: `$1` is the workspace's number, `$2` the instant (in microseconds) before which they fall.
    pub due: &'static str,
    /// None where the row goes; else what is set in a row that stays.
    pub set: Option<&'static str>,
}

/// Every rule.
pub const ALL: &[Rule] = &[
    Rule {
        name: "journal",
        about: "documents in the journal (before, and the vendor's payload before); the entries stay",
        days: 0,
        table: "changes",
        key: "workspace, seq",
        due: "workspace = $1 AND at < $2 AND emptied IS NULL AND (before IS NOT NULL OR before_raw IS NOT NULL)",
        set: Some("before = NULL, before_raw = NULL, before_hash = NULL, emptied = 2"),
    },
    Rule {
        name: "punches",
        about: "punches, by the instant of the punch",
        days: 0,
        table: "punches",
        key: "id",
        due: "workspace = $1 AND at < $2",
        set: None,
    },
    Rule {
        name: "departed",
        about: "deleted records (people who left, withdrawn requests), by the instant of the deletion",
        days: 0,
        table: "records",
        key: "ord",
        due: "workspace = $1 AND deleted_at < $2",
        set: None,
    },
    Rule {
        name: "departed_payloads",
        about: "vendors' payloads of what is gone there, by the instant at which that was seen",
        days: 0,
        table: "sources",
        key: "id",
        due: "workspace = $1 AND gone_at < $2",
        set: None,
    },
    Rule {
        name: "quarantine",
        about: "rows that could not be taken in",
        days: 90,
        table: "quarantine",
        key: "connection, kind, remote_id",
        due: "workspace = $1 AND at < $2",
        set: None,
    },
    Rule {
        name: "proofs",
        about: "the pages of proofs of ended syncs; those of each connection's last complete one stay",
        days: 90,
        table: "run_pages",
        key: "run, listing, page",
        due: "run IN (SELECT r.id FROM runs r WHERE r.workspace = $1 AND r.ended_at < $2 AND r.no NOT IN (SELECT max(c.no) FROM runs c WHERE c.workspace = $1 AND c.complete = 1 GROUP BY c.connection))",
        set: None,
    },
    Rule {
        name: "writes",
        about: "writes that came to an end, with what was sent",
        days: 365,
        table: "writes",
        key: "no",
        due: "workspace = $1 AND open = 0 AND changed_at < $2",
        set: None,
    },
    Rule {
        name: "jobs",
        about: "jobs that are done or were given up",
        days: 7,
        table: "jobs",
        key: "id",
        due: "workspace = $1 AND (done_at < $2 OR failed_at < $2)",
        set: None,
    },
    Rule {
        name: "tokens",
        about: "codes and tokens that have expired",
        days: 1,
        table: "tokens",
        key: "purpose, hash",
        due: "workspace = $1 AND expires_at < $2",
        set: None,
    },
    Rule {
        name: "sessions",
        about: "sessions of signed-in people that have ended",
        days: 30,
        table: "sessions",
        key: "id",
        due: "workspace = $1 AND (expires_at < $2 OR revoked_at < $2)",
        set: None,
    },
];

/// The rule of this name.
pub fn rule(name: &str) -> Result<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|rule| rule.name).collect();
        Error::invalid("rule", format!("there is no such rule; there are: {}", names.join(", ")))
    })
}

/// How many rows are due.
pub async fn count(s: &mut Session, workspace: &Workspace, rule: &Rule, before: Timestamp) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM {} WHERE {}", rule.table, rule.due);
    let row = s.row(sql, params![workspace.no, before]).await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// Lets at most so many due rows go, and says how many went.
pub async fn sweep(
    s: &mut Session,
    workspace: &Workspace,
    rule: &Rule,
    before: Timestamp,
    limit: u32,
) -> Result<u64> {
    let Rule { table, key, due, .. } = rule;
    let which = format!("({key}) IN (SELECT {key} FROM {table} WHERE {due} LIMIT $3)");
    let sql = match rule.set {
        Some(set) => format!("UPDATE {table} SET {set} WHERE {which}"),
        None => format!("DELETE FROM {table} WHERE {which}"),
    };
    let count = s.run(sql, params![workspace.no, before, limit]).await?;
    if count > 0 {
        s.touch(workspace.no);
    }
    Ok(count)
}
