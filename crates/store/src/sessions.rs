//! Signed-in browsers, and which employee an account of a vendor belongs to.

use std::fmt::Write as _;

use tongshi_model::{Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Row, Session, params},
};

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id, which may be shown.
    pub id: Id,
    /// The workspace's number.
    pub workspace: i64,
    /// The connection through which it signed in.
    pub connection: i64,
    /// The account: a record's id.
    pub account: Id,
    /// The employee to whom the account belongs, where one was found.
    pub employee: Option<Id>,
    /// Which way it came: `link` or `menu`.
    pub way: String,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When somebody ended it.
    pub revoked_at: Option<Timestamp>,
    /// Who ended it.
    pub revoked_by: Option<String>,
}

/// Which sessions to list. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Only those of this account.
    pub account: Option<Id>,
    /// Only those of this employee.
    pub employee: Option<Id>,
    /// Only those that are good now.
    pub live: bool,
    /// Only those behind this one in the list: when it signed in, and its id.
    pub after: Option<(Timestamp, Id)>,
}

macro_rules! columns {
    () => {
        "id, workspace, connection, account, employee, way, created_at, expires_at, revoked_at, revoked_by"
    };
}

/// Keeps a new session under the hash of its token.
pub async fn put(s: &mut Session, hash: &[u8], row: &SessionRow) -> Result<()> {
    s.run(
        "INSERT INTO sessions (id, hash, workspace, connection, account, employee, way, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            row.id,
            hash,
            row.workspace,
            row.connection,
            row.account,
            row.employee,
            row.way.as_str(),
            row.created_at,
            row.expires_at,
        ],
    )
    .await
    .map(drop)
}

/// The session whose token has this hash, over or not.
pub async fn by_hash(s: &mut Session, hash: &[u8]) -> Result<Option<SessionRow>> {
    let row = s.row(concat!("SELECT ", columns!(), " FROM sessions WHERE hash = $1"), params![hash]).await?;
    row.map(take).transpose()
}

/// Sessions, newest first.
pub async fn list(
    s: &mut Session,
    workspace: &Workspace,
    filter: &SessionFilter,
    limit: u32,
) -> Result<Vec<SessionRow>> {
    let now = s.now();
    let mut values = params![workspace.no];
    let mut sql = String::from(concat!("SELECT ", columns!(), " FROM sessions WHERE workspace = $1"));
    for (column, id) in [("account", filter.account), ("employee", filter.employee)] {
        if let Some(id) = id {
            values.push(id.into());
            let _ = write!(sql, " AND {column} = ${}", values.len());
        }
    }
    if filter.live {
        values.push(now.into());
        let _ = write!(sql, " AND revoked_at IS NULL AND expires_at > ${}", values.len());
    }
    if let Some((at, id)) = filter.after {
        values.extend([at.into(), id.into()]);
        let (at, id) = (values.len() - 1, values.len());
        let _ = write!(sql, " AND (created_at < ${at} OR (created_at = ${at} AND id < ${id}))");
    }
    values.push(limit.into());
    let _ = write!(sql, " ORDER BY created_at DESC, id DESC LIMIT ${}", values.len());
    s.rows(sql, values).await?.into_iter().map(take).collect()
}

/// Ends the session with this id, unless it has ended; gives it as it was.
pub async fn revoke(s: &mut Session, workspace: &Workspace, id: Id, by: &str) -> Result<Option<SessionRow>> {
    let now = s.now();
    let row = s
        .row(
            concat!(
                "UPDATE sessions SET revoked_at = $3, revoked_by = $4
                 WHERE workspace = $1 AND id = $2 AND revoked_at IS NULL AND expires_at > $3 RETURNING ",
                columns!()
            ),
            params![workspace.no, id, now, by],
        )
        .await?;
    row.map(take).transpose()
}

/// Ends all sessions of an account, and says how many there were.
pub async fn revoke_all(s: &mut Session, workspace: &Workspace, account: Id, by: &str) -> Result<u64> {
    let now = s.now();
    s.run(
        "UPDATE sessions SET revoked_at = $3, revoked_by = $4
         WHERE workspace = $1 AND account = $2 AND revoked_at IS NULL AND expires_at > $3",
        params![workspace.no, account, now, by],
    )
    .await
}

/// Notes that an account signed in and whose it is: by the vendor's id, by a number, by nobody (`rule`).
pub async fn link(
    s: &mut Session,
    workspace: &Workspace,
    account: Id,
    employee: Option<Id>,
    rule: &str,
) -> Result<()> {
    let now = s.now();
    s.run(
        "INSERT INTO account_links (account, workspace, employee, rule, created_at, signed_in_at)
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (account) DO UPDATE SET employee = excluded.employee, rule = excluded.rule,
             signed_in_at = excluded.signed_in_at",
        params![account, workspace.no, employee, rule, now],
    )
    .await
    .map(drop)
}

/// The employee to whom an account belongs, and by which rule; none where it never signed in.
pub async fn linked(
    s: &mut Session,
    workspace: &Workspace,
    account: Id,
) -> Result<Option<(Option<Id>, String)>> {
    let row = s
        .row(
            "SELECT employee, rule FROM account_links WHERE workspace = $1 AND account = $2",
            params![workspace.no, account],
        )
        .await?;
    row.map(|mut row| Ok((row.opt_id()?, row.text()?))).transpose()
}

fn take(mut row: Row) -> Result<SessionRow> {
    Ok(SessionRow {
        id: row.id()?,
        workspace: row.int()?,
        connection: row.int()?,
        account: row.id()?,
        employee: row.opt_id()?,
        way: row.text()?,
        created_at: row.time()?,
        expires_at: row.time()?,
        revoked_at: row.opt_time()?,
        revoked_by: row.opt_text()?,
    })
}
