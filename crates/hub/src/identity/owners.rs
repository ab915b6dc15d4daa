//! Whose values win: the usual order, and the workspace's own rules. Changing a rule folds every record with several
//! sources again, in batches.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::json;
use tongshi_model::{Error, Id, Kind};
use tongshi_store::{Workspace, identity, shared};

use super::{Cause, Folding, Ownership, fold::ALL};
use crate::{AuditEntry, Hub, audit};

/// Sources whose records are folded in one transaction.
const STEP: u32 = 500;

/// Whose values win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owners {
    /// The connections in their usual order: vendors as they were connected, then what programs wrote here.
    pub usual: Vec<String>,
    /// The workspace's own rules.
    pub rules: Vec<OwnerRule>,
}

/// Whose values of a field win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerRule {
    /// `employee.mobile`, `employee.*` or `*`.
    pub field: String,
    /// The connections that come first, in this order; the others follow in the usual one.
    pub connections: Vec<String>,
}

impl Hub {
    /// Whose values win in this workspace.
    pub async fn owners(&self, workspace: &Workspace) -> Result<Owners, Error> {
        let mut session = self.store().read().await?;
        let owners = Ownership::load(&mut session, workspace).await?;
        let name = |no: &i64| {
            let found = owners.connections.iter().find(|found| found.no == *no);
            found.map_or_else(String::new, |found| found.name.clone())
        };
        let rules = owners.rules.iter().map(|(field, connections)| OwnerRule {
            field: field.clone(),
            connections: connections.iter().map(name).collect(),
        });
        let usual = owners.connections.iter().map(|found| found.name.clone()).collect();
        Ok(Owners { usual, rules: rules.collect() })
    }

    /// Says whose values of a field win, and folds what that concerns. Returns how many records differ now.
    pub async fn set_owners(
        &self,
        workspace: &Workspace,
        field: &str,
        names: &[String],
        actor: &str,
    ) -> Result<u64, Error> {
        check_field(field)?;
        if names.is_empty() {
            return Err(Error::invalid("connections", "name at least one connection"));
        }
        let mut session = self.store().write().await?;
        shared::lock(&mut session, workspace).await?;
        let owners = Ownership::load(&mut session, workspace).await?;
        let mut numbers = Vec::with_capacity(names.len());
        for name in names {
            let found = owners.connections.iter().find(|found| found.name == *name).ok_or_else(|| {
                let known: Vec<&str> = owners.connections.iter().map(|found| found.name.as_str()).collect();
                Error::not_found(format!("there is no connection '{name}'; there are: {}", known.join(", ")))
            })?;
            if numbers.contains(&found.no) {
                return Err(Error::invalid("connections", format!("'{name}' is named twice")));
            }
            numbers.push(found.no);
        }
        identity::put_owners(&mut session, workspace, field, &numbers).await?;
        let entry = AuditEntry::done(actor, "owners.set", field).with(json!({"connections": names}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        self.refold_all(workspace, actor).await
    }

    /// Leaves a field to the usual order again. Returns how many records differ now.
    pub async fn reset_owners(&self, workspace: &Workspace, field: &str, actor: &str) -> Result<u64, Error> {
        check_field(field)?;
        let mut session = self.store().write().await?;
        shared::lock(&mut session, workspace).await?;
        if !identity::remove_owners(&mut session, workspace, field).await? {
            return Err(Error::not_found(format!("there is no rule for '{field}'")));
        }
        audit::note(&mut session, workspace, AuditEntry::done(actor, "owners.reset", field)).await?;
        session.commit().await?;
        self.refold_all(workspace, actor).await
    }

    /// Folds every record with several sources again. Returns how many differ.
    pub(super) async fn refold_all(&self, workspace: &Workspace, actor: &str) -> Result<u64, Error> {
        let (mut after, mut differ) = (0, 0);
        loop {
            let mut session = self.store().write().await?;
            shared::lock(&mut session, workspace).await?;
            let some = shared::after(&mut session, workspace, after, STEP).await?;
            let Some((last, _)) = some.last() else { return Ok(differ) };
            after = *last;
            let ids: BTreeSet<Id> = some.into_iter().map(|(_, record)| record).collect();
            let ids: Vec<Id> = ids.into_iter().collect();
            let owners = Ownership::load(&mut session, workspace).await?;
            let mut folding = Folding::new(workspace, owners, actor, None, self.clock().now());
            folding.load(&mut session, &ids).await?;
            for id in ids {
                folding.refold(id, Cause::default())?;
            }
            let changed = folding.changes() as u64;
            if changed > 0 {
                folding.write(&mut session).await?;
                session.commit().await?;
                differ += changed;
            }
        }
    }
}

fn check_field(field: &str) -> Result<(), Error> {
    let invalid = || {
        Error::invalid(
            "field",
            "a field is named by its kind: employee.mobile, employee.* or * for everything",
        )
    };
    if field == ALL {
        return Ok(());
    }
    let (kind, name) = field.split_once('.').ok_or_else(invalid)?;
    let known = Kind::ALL.iter().any(|known| known.name() == kind);
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if known && (name == ALL || (plain && !name.is_empty())) { Ok(()) } else { Err(invalid()) }
}
