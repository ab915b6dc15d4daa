//! Apps: programs registered in a workspace, and the keys by which they prove themselves.

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
    /// What else the workspace decided: redirect URIs, addresses, limits.
    pub settings: Json,
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
    /// Its public half.
    pub key_id: String,
    /// Its secret half, encrypted.
    pub sealed: Vec<u8>,
    /// Whether it has been revoked.
    pub revoked: bool,
}

impl std::fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRow({}, revoked: {})", self.face, self.revoked)
    }
}

/// Makes the app, or gives the one of this name new contents.
pub async fn save(
    s: &mut Session,
    workspace: &Workspace,
    name: &str,
    scopes: &Json,
    settings: &Json,
) -> Result<App> {
    let no = match find(s, workspace, name).await? {
        Some(app) => app.no,
        None => crate::allocate(s, "apps", 1).await?,
    };
    let id = Id::of(&["app", &workspace.id.to_string(), name]);
    let now = s.now();
    s.touch(workspace.no);
    let row = s
        .row(
            "INSERT INTO apps (no, id, workspace, name, scopes, settings, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (workspace, name) DO UPDATE SET scopes = excluded.scopes, settings = excluded.settings
             RETURNING no, id, workspace, name, scopes, settings, created_at, disabled_at",
            params![no, id, workspace.no, name, json(scopes)?, json(settings)?, now],
        )
        .await?;
    take(&mut row.ok_or_else(|| Error::internal("an app was not stored"))?)
}

/// The app of this name.
pub async fn find(s: &mut Session, workspace: &Workspace, name: &str) -> Result<Option<App>> {
    let row = s
        .row(
            "SELECT no, id, workspace, name, scopes, settings, created_at, disabled_at FROM apps
             WHERE workspace = $1 AND name = $2",
            params![workspace.no, name],
        )
        .await?;
    row.map(|mut row| take(&mut row)).transpose()
}

/// Every app of the workspace, oldest first.
pub async fn all(s: &mut Session, workspace: &Workspace) -> Result<Vec<App>> {
    let rows = s
        .rows(
            "SELECT no, id, workspace, name, scopes, settings, created_at, disabled_at FROM apps
             WHERE workspace = $1 ORDER BY no",
            params![workspace.no],
        )
        .await?;
    rows.into_iter().map(|mut row| take(&mut row)).collect()
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
pub async fn add_key(
    s: &mut Session,
    workspace: &Workspace,
    app_no: i64,
    face: &str,
    key_id: &str,
    sealed: &[u8],
) -> Result<()> {
    let now = s.now();
    s.touch(workspace.no);
    let count = s
        .run(
            "INSERT INTO app_keys (face, key_id, app, workspace, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (face, key_id) DO NOTHING",
            params![face, key_id, app_no, workspace.no, sealed, now],
        )
        .await?;
    if count == 0 { Err(Error::conflict("this key id is taken")) } else { Ok(()) }
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
            "SELECT created_at, face, key_id, sealed, revoked_at FROM app_keys WHERE workspace = $1 AND app = $2",
            params![workspace.no, app_no],
        )
        .await?;
    let mut keys = Vec::with_capacity(rows.len());
    for mut row in rows {
        let created_at = row.time()?;
        let key =
            KeyRow { face: row.text()?, key_id: row.text()?, sealed: row.bytes()?, revoked: row.filled()? };
        keys.push((created_at, key));
    }
    // Sorted here: the two databases collate text differently.
    keys.sort_by(|(a_at, a), (b_at, b)| (a_at, &a.face, &a.key_id).cmp(&(b_at, &b.face, &b.key_id)));
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// Whose key this is, with its sealed secret. The app may be disabled: the caller looks.
pub async fn by_key(s: &mut Session, face: &str, key_id: &str) -> Result<Option<(App, Workspace, Vec<u8>)>> {
    let row = s
        .row(
            "SELECT a.no, a.id, a.workspace, a.name, a.scopes, a.settings, a.created_at, a.disabled_at,
                    w.no, w.id, w.name, k.sealed
             FROM app_keys k JOIN apps a ON a.no = k.app JOIN workspaces w ON w.no = k.workspace
             WHERE k.face = $1 AND k.key_id = $2 AND k.revoked_at IS NULL",
            params![face, key_id],
        )
        .await?;
    row.map(|mut row| {
        let app = take(&mut row)?;
        let workspace = Workspace { no: row.int()?, id: row.id()?, name: row.text()? };
        Ok((app, workspace, row.bytes()?))
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
        created_at: row.time()?,
        disabled: row.filled()?,
    })
}
