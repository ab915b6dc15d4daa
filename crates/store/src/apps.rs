//! Apps: programs registered in a workspace, and the keys by which they prove themselves.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tongshi_model::{Error, Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Row, Session, json, params},
};

/// A program.
#[derive(Clone, PartialEq)]
pub struct App {
    /// Its number in the tables.
    pub no: i64,
    /// Its public id.
    pub id: Id,
    /// The workspace's number.
    pub workspace: i64,
    /// Its name in the workspace.
    pub name: String,
    /// What it may do.
    pub scopes: Json,
    /// What its faces read, such as a callback address.
    pub settings: Json,
    /// What else the workspace decided: redirect URIs, addresses, limits.
    pub access: Json,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it is locked out.
    pub disabled: bool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("no", &self.no)
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// A key of an app.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Where it is good: `v1` or a dialect.
    pub face: String,
    /// Which of the face's keys it is, by the vendor's name for the public half; empty at `/v1` and for old keys.
    pub name: String,
    /// Its public half.
    pub key_id: String,
    /// Its secret half, encrypted.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Option<Timestamp>,
    /// Whether it is good no more: revoked, or ended.
    pub revoked: bool,
}

/// A key to be stored.
#[derive(Clone, Copy)]
pub struct NewKey<'a> {
    /// Where it is good: `v1` or a dialect.
    pub face: &'a str,
    /// Which of the face's keys it is.
    pub name: &'a str,
    /// Its public half.
    pub key_id: &'a str,
    /// Its secret half, encrypted.
    pub sealed: &'a [u8],
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "no, id, workspace, name, scopes, settings, access, created_at, disabled_at"
    };
}

/// The columns that [`take_key`] reads.
macro_rules! key_columns {
    () => {
        "face, name, key_id, sealed, created_at, ends_at, revoked_at"
    };
}

impl std::fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRow({}, revoked: {})", self.face, self.revoked)
    }
}

/// Makes an app. A name that is taken is a conflict.
pub async fn create(
    s: &mut Session,
    workspace: &Workspace,
    name: &str,
    scopes: &Json,
    settings: &Json,
    access: &Json,
) -> Result<App> {
    let no = crate::allocate(s, "apps", 1).await?;
    let id = Id::of(&["app", &workspace.id.to_string(), name]);
    let now = s.now();
    s.touch(workspace.no);
    let row = s
        .row(
            concat!(
                "INSERT INTO apps (no, id, workspace, name, scopes, settings, access, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING ",
                columns!()
            ),
            params![no, id, workspace.no, name, json(scopes)?, json(settings)?, json(access)?, now],
        )
        .await?;
    take(&mut row.ok_or_else(|| Error::conflict(format!("there is an app '{name}' already")))?)
}

/// Gives an app new contents.
pub async fn change(
    s: &mut Session,
    workspace: &Workspace,
    no: i64,
    scopes: &Json,
    settings: &Json,
    access: &Json,
) -> Result<App> {
    s.touch(workspace.no);
    let row = s
        .row(
            concat!(
                "UPDATE apps SET scopes = $3, settings = $4, access = $5 WHERE workspace = $1 AND no = $2 RETURNING ",
                columns!()
            ),
            params![workspace.no, no, json(scopes)?, json(settings)?, json(access)?],
        )
        .await?;
    take(&mut row.ok_or_else(|| Error::not_found("there is no such app"))?)
}

/// The app of this name, kept from others who would change it until the transaction ends.
pub async fn hold(s: &mut Session, workspace: &Workspace, name: &str) -> Result<Option<App>> {
    let row = s
        .row(
            concat!("UPDATE apps SET name = name WHERE workspace = $1 AND name = $2 RETURNING ", columns!()),
            params![workspace.no, name],
        )
        .await?;
    row.map(|mut row| take(&mut row)).transpose()
}

/// The app of this name.
pub async fn find(s: &mut Session, workspace: &Workspace, name: &str) -> Result<Option<App>> {
    let row = s
        .row(
            concat!("SELECT ", columns!(), " FROM apps WHERE workspace = $1 AND name = $2"),
            params![workspace.no, name],
        )
        .await?;
    row.map(|mut row| take(&mut row)).transpose()
}

/// The app with this number.
pub async fn by_no(s: &mut Session, workspace: &Workspace, no: i64) -> Result<Option<App>> {
    let row = s
        .row(
            concat!("SELECT ", columns!(), " FROM apps WHERE workspace = $1 AND no = $2"),
            params![workspace.no, no],
        )
        .await?;
    row.map(|mut row| take(&mut row)).transpose()
}

/// Every app of the workspace, oldest first.
pub async fn all(s: &mut Session, workspace: &Workspace) -> Result<Vec<App>> {
    let rows = s
        .rows(
            concat!("SELECT ", columns!(), " FROM apps WHERE workspace = $1 ORDER BY no"),
            params![workspace.no],
        )
        .await?;
    rows.into_iter().map(|mut row| take(&mut row)).collect()
}

/// Removes an app with its keys and what was issued to it.
pub async fn delete(s: &mut Session, workspace: &Workspace, no: i64) -> Result<()> {
    s.touch(workspace.no);
    end_tokens(s, workspace, no).await?;
    s.run("DELETE FROM app_keys WHERE workspace = $1 AND app = $2", params![workspace.no, no]).await?;
    s.run("DELETE FROM apps WHERE workspace = $1 AND no = $2", params![workspace.no, no]).await.map(drop)
}

/// Ends what was issued to an app.
pub async fn end_tokens(s: &mut Session, workspace: &Workspace, no: i64) -> Result<()> {
    s.run("DELETE FROM tokens WHERE workspace = $1 AND app = $2", params![workspace.no, no]).await.map(drop)
}

/// Locks the app out, or lets it in again.
pub async fn disable(s: &mut Session, workspace: &Workspace, no: i64, disabled: bool) -> Result<()> {
    let at = disabled.then_some(s.now());
    s.touch(workspace.no);
    let count = s
        .run(
            "UPDATE apps SET disabled_at = $3 WHERE workspace = $1 AND no = $2",
            params![workspace.no, no, at],
        )
        .await?;
    if count == 0 { Err(Error::not_found("there is no such app")) } else { Ok(()) }
}

/// Gives the app a key. A key id is good once for each face, in all workspaces.
pub async fn add_key(s: &mut Session, workspace: &Workspace, app_no: i64, key: NewKey<'_>) -> Result<()> {
    let now = s.now();
    s.touch(workspace.no);
    let count = s
        .run(
            "INSERT INTO app_keys (face, key_id, app, workspace, name, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (face, key_id) DO NOTHING",
            params![key.face, key.key_id, app_no, workspace.no, key.name, key.sealed, now],
        )
        .await?;
    if count == 0 { Err(Error::conflict("this key id is taken")) } else { Ok(()) }
}

/// Lets a key end at this instant.
pub async fn end_key(
    s: &mut Session,
    workspace: &Workspace,
    face: &str,
    key_id: &str,
    at: Timestamp,
) -> Result<()> {
    s.touch(workspace.no);
    s.run(
        "UPDATE app_keys SET ends_at = $4 WHERE workspace = $1 AND face = $2 AND key_id = $3",
        params![workspace.no, face, key_id, at],
    )
    .await
    .map(drop)
}

/// Revokes a key; false where there was none to revoke.
pub async fn revoke_key(s: &mut Session, workspace: &Workspace, face: &str, key_id: &str) -> Result<bool> {
    let now = s.now();
    s.touch(workspace.no);
    let count = s
        .run(
            "UPDATE app_keys SET revoked_at = $4
             WHERE workspace = $1 AND face = $2 AND key_id = $3 AND revoked_at IS NULL",
            params![workspace.no, face, key_id, now],
        )
        .await?;
    Ok(count > 0)
}

/// The keys of an app, revoked ones too, oldest first.
pub async fn keys(s: &mut Session, workspace: &Workspace, app_no: i64) -> Result<Vec<KeyRow>> {
    let rows = s
        .rows(
            concat!("SELECT ", key_columns!(), " FROM app_keys WHERE workspace = $1 AND app = $2"),
            params![workspace.no, app_no],
        )
        .await?;
    let now = s.now();
    let mut keys: Vec<KeyRow> =
        rows.into_iter().map(|mut row| take_key(&mut row, now)).collect::<Result<_>>()?;
    sort(&mut keys);
    Ok(keys)
}

/// The keys of all apps of the workspace, by the app's number, each as [`keys`] has them.
pub async fn all_keys(s: &mut Session, workspace: &Workspace) -> Result<BTreeMap<i64, Vec<KeyRow>>> {
    let rows = s
        .rows(
            concat!("SELECT app, ", key_columns!(), " FROM app_keys WHERE workspace = $1"),
            params![workspace.no],
        )
        .await?;
    let now = s.now();
    let mut all: BTreeMap<i64, Vec<KeyRow>> = BTreeMap::new();
    for mut row in rows {
        let app = row.int()?;
        all.entry(app).or_default().push(take_key(&mut row, now)?);
    }
    all.values_mut().for_each(|keys| sort(keys));
    Ok(all)
}

/// Whose key this is, while it is good. The app may be disabled: the caller looks.
pub async fn by_key(s: &mut Session, face: &str, key_id: &str) -> Result<Option<(App, Workspace, KeyRow)>> {
    let now = s.now();
    let row = s
        .row(
            "SELECT a.no, a.id, a.workspace, a.name, a.scopes, a.settings, a.access, a.created_at, a.disabled_at,
                    w.no, w.id, w.name, k.face, k.name, k.key_id, k.sealed, k.created_at, k.ends_at, k.revoked_at
             FROM app_keys k JOIN apps a ON a.no = k.app JOIN workspaces w ON w.no = k.workspace
             WHERE k.face = $1 AND k.key_id = $2 AND k.revoked_at IS NULL
                   AND (k.ends_at IS NULL OR k.ends_at > $3)",
            params![face, key_id, now],
        )
        .await?;
    row.map(|mut row| {
        let app = take(&mut row)?;
        let workspace = Workspace { no: row.int()?, id: row.id()?, name: row.text()? };
        Ok((app, workspace, take_key(&mut row, now)?))
    })
    .transpose()
}

fn take(row: &mut Row) -> Result<App> {
    Ok(App {
        no: row.int()?,
        id: row.id()?,
        workspace: row.int()?,
        name: row.text()?,
        scopes: row.json()?,
        settings: row.json()?,
        access: row.json()?,
        created_at: row.time()?,
        disabled: row.filled()?,
    })
}

fn take_key(row: &mut Row, now: Timestamp) -> Result<KeyRow> {
    let mut key = KeyRow {
        face: row.text()?,
        name: row.text()?,
        key_id: row.text()?,
        sealed: row.bytes()?,
        created_at: row.time()?,
        ends_at: row.opt_time()?,
        revoked: row.filled()?,
    };
    key.revoked |= key.ends_at.is_some_and(|end| end <= now);
    Ok(key)
}

/// Sorted here: the two databases collate text differently.
fn sort(keys: &mut [KeyRow]) {
    keys.sort_by(|a, b| (a.created_at, &a.face, &a.key_id).cmp(&(b.created_at, &b.face, &b.key_id)));
}
