//! Backups of everything, and the way back: what was sealed stays sealed, nothing runs twice, and what was erased stays
//! erased.

use std::io::Write;

use async_trait::async_trait;
use serde_json::json;
use tongshi_model::Error;
use tongshi_store::{
    Session, Store,
    backup::{self, Checked, Manifest},
    meta, workspaces,
};

use crate::{AuditEntry, Vault, audit, keys};

/// Under this name stands that a restore has begun and not ended.
const UNFINISHED: &str = "backup.unfinished";

/// Who remembers, outside of any backup, whom it must not bring back.
#[async_trait]
pub trait Tombstones: Send + Sync {
    /// Erases again, in this transaction, whoever was erased after the backup was made. Says how many.
    async fn erase_again(&self, session: &mut Session) -> Result<u64, Error>;
}

/// What a restore did.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Restored {
    /// Rows of all tables.
    pub rows: u64,
    /// How often the data has gone back to an earlier state, this time included.
    pub era: u64,
    /// People erased again.
    pub erased: u64,
}

/// Writes everything as of now. Without a key it is as good, but does not say which keys it needs.
pub async fn back_up<W: Write>(
    store: &Store,
    vault: Option<&Vault>,
    out: W,
    progress: impl FnMut(u64),
) -> Result<Manifest, Error> {
    let mut session = store.read().await?;
    let used = match vault {
        Some(vault) => keys::used(vault, &mut session).await?.into_keys().collect(),
        None => Vec::new(),
    };
    let manifest = backup::write(&mut session, env!("CARGO_PKG_VERSION"), used, out, progress).await?;
    drop(session);
    // A full disk, or a database that an older program still uses, is no reason to be without a backup.
    if let Err(error) = note(store, &manifest).await {
        tracing::warn!(reason = %error, "the audit trail does not say that a backup was made");
    }
    Ok(manifest)
}

/// Everybody's data has left the database: the audit trail says when.
async fn note(store: &Store, manifest: &Manifest) -> Result<(), Error> {
    if !store.pending().await?.is_empty() {
        return Ok(());
    }
    store
        .transact(async |session| {
            for workspace in workspaces::all(session).await? {
                let entry = AuditEntry::done("cli", "backup.make", manifest.made_at.to_string())
                    .with(json!({"rows": manifest.rows()}));
                audit::note(session, &workspace, entry).await?;
            }
            Ok(())
        })
        .await
}

/// The keys that the backup needs and that this vault does not have.
pub fn missing_keys(vault: &Vault, manifest: &Manifest) -> Vec<String> {
    let known = vault.key_ids();
    manifest.keys.iter().filter(|id| !known.contains(id)).cloned().collect()
}

/// Fills an empty database from a backup. The rows come in one transaction; a second one, after the migrations that
/// are younger than the backup, brings to rest what was going on, erases again, and notes it. Between the two no hub
/// starts on the database.
pub async fn restore(
    store: &Store,
    vault: &Vault,
    from: &Checked,
    tombstones: Option<&dyn Tombstones>,
    progress: impl FnMut(u64),
) -> Result<Restored, Error> {
    if !missing_keys(vault, from.manifest()).is_empty() {
        return Err(wrong_key());
    }
    backup::prepare(store, from).await?;
    let mut session = store.write().await?;
    backup::load(&mut session, from, progress).await?;
    if vault.opens(&mut session).await? == Some(false) {
        return Err(wrong_key());
    }
    meta::set(&mut session, UNFINISHED, "1").await?;
    session.commit().await?;
    store.migrate().await?;
    let mut session = store.write().await?;
    let era = backup::settle(&mut session).await?;
    let erased = match tombstones {
        Some(tombstones) => tombstones.erase_again(&mut session).await?,
        None => 0,
    };
    let manifest = from.manifest();
    for workspace in workspaces::all(&mut session).await? {
        let entry = AuditEntry::done("cli", "backup.restore", manifest.made_at.to_string())
            .with(json!({"era": era, "program": manifest.program, "erased": erased}));
        audit::note(&mut session, &workspace, entry).await?;
    }
    meta::remove(&mut session, UNFINISHED).await?;
    session.commit().await?;
    Ok(Restored { rows: manifest.rows(), era, erased })
}

/// Refuses a database that a restore has left half way.
pub(crate) async fn finished(store: &Store) -> Result<(), Error> {
    match meta::get(&mut store.read().await?, UNFINISHED).await? {
        None => Ok(()),
        Some(_) => Err(Error::conflict(
            "a restore into this database was interrupted; restore once more into a new data directory or database",
        )),
    }
}

fn wrong_key() -> Error {
    Error::conflict(
        "the encryption key is not the one that the backup was made with; put the master.key that belongs to it into the \
         data directory, or set TONGSHI_KEY to it",
    )
}
