//! A person's rights over what the hub holds of them: a copy of everything, and erasure that lasts.

mod erase;
mod export;
mod log;
mod patterns;
mod person;

pub use erase::ErasedLog;
use serde::Serialize;
use tongshi_model::{Error, Id, Timestamp};
use tongshi_store::{Workspace, tombstones};

use crate::{AuditEntry, Hub, audit};

/// What was searched and what was found there.
#[derive(Clone, Debug, Serialize)]
pub struct Searched {
    /// The table.
    pub table: &'static str,
    /// What is in it.
    pub about: &'static str,
    /// Rows that are about the person; an erasure removes or empties them.
    pub own: u64,
    /// Rows about others in which the person is named; an erasure takes the person out.
    pub named: u64,
}

/// What was done about a person, without a word about them: ids and counts.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    /// The erasure's id; none for an export or a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erasure: Option<Id>,
    /// `export`, `erase` or `erase (dry run)`.
    pub what: &'static str,
    /// The workspace.
    pub workspace: String,
    /// When.
    pub at: Timestamp,
    /// The records that were taken for this person.
    pub people: Vec<Id>,
    /// People who share a number or an address and are not linked: they were left alone.
    pub likely_the_same: Vec<Id>,
    /// How many of the person's names, numbers and addresses are somebody else's, too; those stand there still.
    pub shared_values: usize,
    /// Every table, and what was found in it.
    pub searched: Vec<Searched>,
    /// The connections whose vendors hold the person still. The hub erases nothing at a vendor.
    pub vendors: Vec<AtVendor>,
    /// Tombstones set: things that no sync brings back.
    pub tombstones: u64,
    /// Whether the tombstones are also kept in a file beside the data, for the day on which a backup is restored.
    pub kept_beside_data: bool,
    /// Whether free pages and log were rewritten; else the hub does it within the hour.
    pub compacted: bool,
    /// SHA-256, in hexadecimal digits: of an export every byte before `,"receipt":`, of an erasure this receipt with
    /// this field empty.
    pub digest: String,
}

/// A vendor who holds the person still.
#[derive(Clone, Debug, Serialize)]
pub struct AtVendor {
    /// The connection.
    pub connection: String,
    /// The vendor.
    pub dialect: String,
}

/// An erasure as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct ErasureView {
    /// Its id.
    pub id: Id,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// How many tombstones it has.
    pub tombstones: u64,
    /// When they were taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<Timestamp>,
    /// Of the receipt.
    pub digest: String,
}

/// What a restored backup was cleared of.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ErasedAgain {
    /// Erasures in the file.
    pub erasures: u64,
    /// Of these, those that had to be done again.
    pub repeated: u64,
    /// Rows that went.
    pub rows: u64,
}

impl Hub {
    /// Every erasure of the workspace, oldest first.
    pub async fn erasures(&self, workspace: &Workspace) -> Result<Vec<ErasureView>, Error> {
        let mut session = self.store().read().await?;
        let all = tombstones::erasures(&mut session, workspace).await?;
        let view = |found: tombstones::Erasure| ErasureView {
            id: found.id,
            at: found.at,
            actor: found.actor,
            reason: found.reason,
            tombstones: found.tombstones,
            lifted_at: found.lifted_at,
            digest: found.digest,
        };
        Ok(all.into_iter().map(view).collect())
    }

    /// Takes the tombstones of an erasure away, for a mistake: what the vendors still have comes back with the next
    /// sync, what the hub alone had does not.
    pub async fn lift_tombstones(
        &self,
        workspace: &Workspace,
        erasure: Id,
        actor: &str,
    ) -> Result<u64, Error> {
        let mut session = self.store().write().await?;
        let count = tombstones::lift(&mut session, workspace, erasure).await?;
        let entry = AuditEntry::done(actor, "privacy.lift", erasure.to_string())
            .with(serde_json::json!({"tombstones": count}));
        audit::note(&mut session, workspace, entry).await?;
        if let Some(folder) = &self.settings().data_directory {
            log::append(folder, &log::Line::lifted(workspace.id, erasure))?;
        }
        session.commit().await?;
        Ok(count)
    }
}
