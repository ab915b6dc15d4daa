//! What a face remembers of a workspace beside its records: a value under a name, in the vendor's own words.

use serde_json::Value;
use tongshi_model::Error;
use tongshi_store::{Session, Workspace, meta, shared};

use crate::{AuditEntry, Hub, audit};

/// The name under which a workspace's setting lies among those of all.
fn place(workspace: &Workspace, name: &str) -> String {
    format!("workspace/{}/{name}", workspace.id)
}

/// The setting, unless it was never set.
pub(crate) async fn recall(
    session: &mut Session,
    workspace: &Workspace,
    name: &str,
) -> Result<Option<Value>, Error> {
    let text = meta::get(session, &place(workspace, name)).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Sets it, whatever it said before.
pub(crate) async fn remember(
    hub: &Hub,
    workspace: &Workspace,
    actor: &str,
    setting: (&str, &Value),
) -> Result<(), Error> {
    set(hub.store().write().await?, workspace, actor, setting).await
}

/// Sets it where it still says this; false where it does not.
pub(crate) async fn revise(
    hub: &Hub,
    workspace: &Workspace,
    actor: &str,
    before: Option<&Value>,
    setting: (&str, &Value),
) -> Result<bool, Error> {
    let mut session = hub.store().write().await?;
    // Two who revise the same setting would otherwise both read what was there before.
    shared::lock(&mut session, workspace).await?;
    if recall(&mut session, workspace, setting.0).await?.as_ref() != before {
        return Ok(false);
    }
    set(session, workspace, actor, setting).await?;
    Ok(true)
}

async fn set(
    mut session: Session,
    workspace: &Workspace,
    actor: &str,
    (name, value): (&str, &Value),
) -> Result<(), Error> {
    meta::set(&mut session, &place(workspace, name), &value.to_string()).await?;
    audit::note(&mut session, workspace, AuditEntry::done(actor, "setting.save", name)).await?;
    session.commit().await
}
