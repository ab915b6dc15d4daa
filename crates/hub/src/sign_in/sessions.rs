//! Sessions: who is signed in, listed and ended.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use tongshi_model::{Error, Id, Secret, Timestamp};
use tongshi_store::{SessionFilter, SessionRow, Workspace, connections, records, sessions, workspaces};

use super::{is_token, link};
use crate::{AuditEntry, Hub, audit, reads::limited, workforce::token_hash};

/// Which sessions to list.
pub type SessionQuery = SessionFilter;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The workspace.
    pub workspace: Workspace,
    /// The session's id.
    pub session: Id,
    /// The account, which is a record.
    pub account: Id,
    /// The employee to whom it belongs, where one was found.
    pub employee: Option<Id>,
    /// The name that the vendor shows. Personal.
    pub name: Secret,
    /// When they signed in.
    pub since: Timestamp,
    /// Until when they are signed in.
    pub until: Timestamp,
}

/// A page of sessions, newest first.
#[derive(Debug, Serialize)]
pub struct SessionPage {
    /// The sessions.
    pub data: Vec<SessionView>,
    /// Where the next page begins; none at the end.
    #[serde(skip)]
    pub next: Option<(Timestamp, Id)>,
}

/// A session as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct SessionView {
    /// Its id.
    pub id: Id,
    /// The connection through which somebody signed in; none where it is gone.
    pub connection: Option<String>,
    /// The account, which is a record.
    pub account: Id,
    /// The employee to whom it belongs, where one was found.
    pub employee: Option<Id>,
    /// Which way they came: `link` or `menu`.
    pub way: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When somebody ended it.
    pub revoked_at: Option<Timestamp>,
    /// Who ended it.
    pub revoked_by: Option<String>,
}

impl Hub {
    /// Who is signed in with this token. Looked up each time: a session that was ended, an account that was closed and
    /// an employee who has left are nobody from the same moment on.
    pub async fn signed_in(&self, token: &str) -> Result<Option<SignedIn>, Error> {
        if !is_token(token) {
            return Ok(None);
        }
        let mut session = self.store().read().await?;
        let row = sessions::by_hash(&mut session, &token_hash(token)).await?;
        let now = self.clock().now();
        let Some(row) = row.filter(|row| row.revoked_at.is_none() && row.expires_at > now) else {
            return Ok(None);
        };
        let Some(workspace) = workspaces::by_no(&mut session, row.workspace).await? else { return Ok(None) };
        let account = records::get(&mut session, &workspace, row.account).await?;
        let Some(account) = account else { return Ok(None) };
        if !link::is_open(&account)? {
            return Ok(None);
        }
        if let Some(employee) = row.employee {
            let employee = records::get(&mut session, &workspace, employee).await?;
            match employee {
                Some(employee) if link::is_employed(&employee)? => {}
                _ => return Ok(None),
            }
        }
        Ok(Some(SignedIn {
            workspace,
            session: row.id,
            account: row.account,
            employee: row.employee,
            name: Secret::new(link::name_of(&account)?),
            since: row.created_at,
            until: row.expires_at,
        }))
    }

    /// Ends the session of this token. One that has ended already is none.
    pub async fn sign_out(&self, token: &str) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        let row = sessions::by_hash(&mut session, &token_hash(token)).await?;
        let Some(row) = row.filter(|_| is_token(token)) else { return Ok(()) };
        let Some(workspace) = workspaces::by_no(&mut session, row.workspace).await? else { return Ok(()) };
        let actor = format!("account:{}", row.account);
        if sessions::revoke(&mut session, &workspace, row.id, &actor).await?.is_some() {
            let entry = AuditEntry::done(actor, "sign_out", row.id.to_string());
            audit::note(&mut session, &workspace, entry).await?;
            session.commit().await?;
        }
        Ok(())
    }

    /// Sessions of a workspace, newest first.
    pub async fn sessions(
        &self,
        workspace: &Workspace,
        query: &SessionQuery,
        limit: u32,
    ) -> Result<SessionPage, Error> {
        let mut session = self.store().read().await?;
        let limit = limited(limit)?;
        let rows = sessions::list(&mut session, workspace, query, limit).await?;
        let all = connections::all(&mut session, workspace).await?;
        let names: HashMap<i64, String> = all.into_iter().map(|known| (known.no, known.name)).collect();
        let more = rows.len() == limit as usize;
        let next = rows.last().filter(|_| more).map(|row| (row.created_at, row.id));
        Ok(SessionPage { data: rows.into_iter().map(|row| view(row, &names)).collect(), next })
    }

    /// Ends a session.
    pub async fn revoke_session(&self, workspace: &Workspace, id: Id, actor: &str) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        let ended = sessions::revoke(&mut session, workspace, id, actor).await?;
        let ended = ended.ok_or_else(|| Error::not_found("there is no such session that is good"))?;
        let entry = AuditEntry::done(actor, "session.revoke", id.to_string())
            .with(json!({ "account": ended.account, "employee": ended.employee }));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await
    }

    /// Ends all sessions of an account, and says how many there were.
    pub async fn revoke_sessions(
        &self,
        workspace: &Workspace,
        account: Id,
        actor: &str,
    ) -> Result<u64, Error> {
        let mut session = self.store().write().await?;
        let count = sessions::revoke_all(&mut session, workspace, account, actor).await?;
        let entry =
            AuditEntry::done(actor, "session.revoke", account.to_string()).with(json!({"sessions": count}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        Ok(count)
    }
}

fn view(row: SessionRow, connections: &HashMap<i64, String>) -> SessionView {
    SessionView {
        id: row.id,
        connection: connections.get(&row.connection).cloned(),
        account: row.account,
        employee: row.employee,
        way: row.way,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        revoked_by: row.revoked_by,
    }
}
