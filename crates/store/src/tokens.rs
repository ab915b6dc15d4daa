//! Tokens: codes, sessions and keys that we gave out, known only by the hash of their secret.

use serde_json::Value as Json;
use tongshi_model::{Error, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, json, params},
};

/// What is known of a token.
#[derive(Clone, PartialEq)]
pub struct Token {
    /// The workspace's number.
    pub workspace: i64,
    /// The app it was given to.
    pub app: Option<i64>,
    /// The person it speaks for.
    pub subject: Option<String>,
    /// What belongs to it.
    pub payload: Json,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was used, if it is good for one use.
    pub used_at: Option<Timestamp>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("app", &self.app)
            .field("expires_at", &self.expires_at)
            .field("used_at", &self.used_at)
            .finish_non_exhaustive()
    }
}

/// A new token, whose secret is random.
pub struct NewToken {
    /// The workspace's number.
    pub workspace: i64,
    /// What it is for.
    pub purpose: String,
    /// The hash of its secret.
    pub hash: Vec<u8>,
    /// The app it is given to.
    pub app: Option<i64>,
    /// What belongs to it.
    pub payload: Json,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

static INSERT: Bulk = Bulk::new(
    "tokens",
    &[
        ("purpose", Column::Text),
        ("hash", Column::Bytes),
        ("workspace", Column::Int),
        ("app", Column::Int),
        ("payload", Column::Json),
        ("created_at", Column::Int),
        ("expires_at", Column::Int),
    ],
    "",
    &[],
);

/// Stores tokens with random secrets, of which no two are alike.
pub async fn put_many(s: &mut Session, tokens: impl Iterator<Item = &NewToken>) -> Result<()> {
    let now = s.now();
    let rows = tokens.map(|token| {
        Ok(params![
            token.purpose.as_str(),
            token.hash.as_slice(),
            token.workspace,
            token.app,
            json(&token.payload)?,
            now,
            token.expires_at,
        ])
    });
    let rows = rows.collect::<Result<Vec<_>>>()?;
    s.run_many(&INSERT, rows).await
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "workspace, app, subject, payload, created_at, expires_at, used_at"
    };
}

/// Stores a token. One that is there already and has not expired is a conflict.
#[expect(clippy::too_many_arguments, reason = "each is a column; a struct would only repeat them")]
pub async fn put(
    s: &mut Session,
    workspace: &Workspace,
    purpose: &str,
    secret_hash: &[u8],
    app: Option<i64>,
    subject: Option<&str>,
    payload: &Json,
    expires_at: Option<Timestamp>,
) -> Result<()> {
    let now = s.now();
    let count = s
        .run(
            "INSERT INTO tokens (purpose, hash, workspace, app, subject, payload, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (purpose, hash) DO UPDATE SET workspace = excluded.workspace, app = excluded.app,
                 subject = excluded.subject, payload = excluded.payload, created_at = excluded.created_at,
                 expires_at = excluded.expires_at, used_at = NULL
                 WHERE tokens.expires_at <= excluded.created_at",
            params![purpose, secret_hash, workspace.no, app, subject, json(payload)?, now, expires_at],
        )
        .await?;
    if count == 0 { Err(Error::conflict("this token exists already")) } else { Ok(()) }
}

/// What is known of the token, used or not, expired or not.
pub async fn peek(s: &mut Session, purpose: &str, hash: &[u8]) -> Result<Option<Token>> {
    let row = s
        .row(
            concat!("SELECT ", columns!(), " FROM tokens WHERE purpose = $1 AND hash = $2"),
            params![purpose, hash],
        )
        .await?;
    row.map(take).transpose()
}

/// Uses the token: exactly one caller gets it. Whether it has expired the caller sees by `expires_at`.
pub async fn use_once(s: &mut Session, purpose: &str, hash: &[u8]) -> Result<Option<Token>> {
    let now = s.now();
    let row = s
        .row(
            concat!(
                "UPDATE tokens SET used_at = $3 WHERE purpose = $1 AND hash = $2 AND used_at IS NULL RETURNING ",
                columns!()
            ),
            params![purpose, hash, now],
        )
        .await?;
    row.map(take).transpose()
}

/// Gives a token that was not used another end; false where there is none.
pub async fn extend(s: &mut Session, purpose: &str, hash: &[u8], expires_at: Timestamp) -> Result<bool> {
    let count = s
        .run(
            "UPDATE tokens SET expires_at = $3 WHERE purpose = $1 AND hash = $2 AND used_at IS NULL",
            params![purpose, hash, expires_at],
        )
        .await?;
    Ok(count > 0)
}

/// Removes the token; false where there was none.
pub async fn revoke(s: &mut Session, workspace: &Workspace, purpose: &str, hash: &[u8]) -> Result<bool> {
    let count = s
        .run(
            "DELETE FROM tokens WHERE workspace = $1 AND purpose = $2 AND hash = $3",
            params![workspace.no, purpose, hash],
        )
        .await?;
    Ok(count > 0)
}

/// Removes tokens that ended before this instant, and says how many.
pub async fn sweep(s: &mut Session, before: Timestamp) -> Result<u64> {
    s.run("DELETE FROM tokens WHERE expires_at < $1", params![before]).await
}

fn take(mut row: Row) -> Result<Token> {
    Ok(Token {
        workspace: row.int()?,
        app: row.opt_int()?,
        subject: row.opt_text()?,
        payload: row.json()?,
        created_at: row.time()?,
        expires_at: row.opt_time()?,
        used_at: row.opt_time()?,
    })
}
