//! Checks a run's proof again, from what is stored: were as many things seen as the proof says, are their payloads
//! whole, and does each record still follow from its source?

use serde::Serialize;
use tongshi_model::{Error, Id, Kind};
use tongshi_store::{Session, SourceRow, Workspace, connections, records, runs, sources};

use crate::{
    Hub, ingest,
    sync::{ListingProof, Seen},
};

/// Sources looked at together.
const STEP: u32 = 1000;

/// Findings listed; beyond, only their number counts.
const FINDINGS_MAX: usize = 100;

/// What a check found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verified {
    /// Whether nothing was found.
    pub ok: bool,
    /// What was found, in sentences without personal data.
    pub findings: Vec<String>,
    /// How many sources were checked.
    pub checked: u64,
}

impl Verified {
    fn find(&mut self, finding: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

impl Hub {
    /// Checks a run again.
    pub async fn verify(&self, workspace: &Workspace, run: Id) -> Result<Verified, Error> {
        let view = self.run(workspace, run).await?;
        let mut verified = Verified::default();
        if view.complete != Some(true) {
            let why = view.reason.unwrap_or_else(|| "it has not ended".to_owned());
            verified.find(format!("the run is not complete: {why}"));
        }
        let mut session = self.store().read().await?;
        for proof in view.listings.iter().flatten() {
            count_pages(&mut session, run, proof, &mut verified).await?;
        }
        let connection = connections::find(&mut session, workspace, &view.connection)
            .await?
            .ok_or_else(|| Error::not_found("the run's connection is not there any more"))?;
        drop(session);
        let opened = self.open_connection(workspace, connection)?;
        let mut kinds: Vec<Kind> =
            opened.connector.listings().iter().filter_map(|listing| listing.kind).collect();
        kinds.dedup();
        for kind in kinds {
            self.check_sources(workspace, &opened, kind, &mut verified).await?;
        }
        verified.ok = verified.findings.is_empty();
        Ok(verified)
    }

    async fn check_sources(
        &self,
        workspace: &Workspace,
        opened: &crate::connections::Opened,
        kind: Kind,
        verified: &mut Verified,
    ) -> Result<(), Error> {
        let mut session = self.store().read().await?;
        let mut after = 0;
        loop {
            let number = opened.connection.no;
            let ids = sources::live_ids(&mut session, number, kind, None, None, after, STEP).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = *last;
            let rows: Vec<SourceRow> =
                sources::raw_of(&mut session, workspace, &ids).await?.into_iter().flatten().collect();
            let record_ids: Vec<Id> = rows.iter().map(|row| row.record).collect();
            let found = records::many(&mut session, workspace, &record_ids).await?;
            for (source, record) in rows.into_iter().zip(found) {
                verified.checked += 1;
                if let Some(finding) = check(opened, source, record) {
                    verified.find(format!("{kind} {finding}"));
                }
            }
        }
    }
}

/// The pages as stored name as many things as the proof says.
async fn count_pages(
    session: &mut Session,
    run: Id,
    proof: &ListingProof,
    verified: &mut Verified,
) -> Result<(), Error> {
    let (mut pages, mut seen) = (0u64, Seen::default());
    let prefix = format!("{}/", proof.listing);
    for listing in runs::listings(session, run).await? {
        if listing == proof.listing || listing.starts_with(&prefix) {
            for page in runs::pages(session, run, &listing).await? {
                pages += 1;
                seen.insert_packed(&page.seen);
            }
        }
    }
    if pages > 0 && seen.len() + proof.quarantined < proof.unique {
        verified.find(format!(
            "{}: the proof says {} were named, the pages as stored name {}",
            proof.listing,
            proof.unique,
            seen.len() + proof.quarantined
        ));
    }
    Ok(())
}

/// A source's payload is whole and its record says what it says.
fn check(
    opened: &crate::connections::Opened,
    source: SourceRow,
    record: Option<tongshi_store::RecordRow>,
) -> Option<String> {
    if ingest::hash(source.raw.as_bytes()) != source.hash {
        return Some(format!("{}: the payload is not the one that was read", source.record));
    }
    let Some(record) = record else {
        return Some(format!("{}: there is a source and no record", source.record));
    };
    if record.deleted.is_some() {
        return Some(format!("{}: the record is deleted and its source is not", record.id));
    }
    let row = tongshi_dialect::Row { remote_id: source.remote_id, date: source.date, raw: source.raw };
    match opened.connector.read(source.kind, &row) {
        Ok(draft) if draft.doc == record.doc => None,
        Ok(_) => Some(format!("{}: the record does not follow from its source", record.id)),
        Err(_) => Some(format!("{}: the payload cannot be read any more", record.id)),
    }
}
