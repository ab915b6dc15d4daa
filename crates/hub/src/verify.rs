//! Checks a run's proof again, from what is stored: were as many things seen as the proof says, are their payloads
//! whole, and does each record still follow from its source?

use serde::Serialize;
use tongshi_model::{Error, Id, Kind};
use tongshi_store::{RecordRow, Session, SourceRow, Workspace, connections, records, runs, sources};

use crate::{
    Hub,
    identity::{Folding, Ownership},
    ingest,
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
        let scrubbed = tongshi_store::erasure::scrubbed(&mut session, workspace).await?;
        let mut after = 0;
        loop {
            let number = opened.connection.no;
            let ids = sources::live_ids(&mut session, number, kind, None, None, after, STEP).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = *last;
            let rows: Vec<(SourceRow, bool)> =
                sources::current(&mut session, workspace, &ids).await?.into_iter().flatten().collect();
            let record_ids: Vec<Id> = rows.iter().map(|(row, _)| row.record).collect();
            let found = records::many(&mut session, workspace, &record_ids).await?;
            let is_shared = |(row, flag): &(SourceRow, bool)| {
                *flag || row.record != opened.space.id(row.kind, &row.remote_id)
            };
            let of_shared: Vec<Id> =
                rows.iter().filter(|row| is_shared(row)).map(|(row, _)| row.record).collect();
            let owners = Ownership::load(&mut session, workspace).await?;
            let mut folding = Folding::new(workspace, owners, "", None, self.clock().now());
            folding.load(&mut session, &of_shared).await?;
            for (row, record) in rows.into_iter().zip(found) {
                verified.checked += 1;
                // A payload from which an erased person was taken out is checked against what was left of it.
                if scrubbed.get(&row.0.id) == Some(&ingest::hash(row.0.raw.as_bytes())) {
                    continue;
                }
                let says = is_shared(&row).then_some(&folding);
                if let Some(finding) = check(opened, row.0, record, says)? {
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

/// A source's payload is whole, and its record says what it says; one with several sources says what they fold to.
fn check(
    opened: &crate::connections::Opened,
    source: SourceRow,
    record: Option<RecordRow>,
    shared: Option<&Folding<'_>>,
) -> Result<Option<String>, Error> {
    let part = shared.and_then(|all| all.parts(source.record).iter().find(|part| part.id == source.id));
    // One that was only registered has not been read yet.
    if part.is_some_and(tongshi_store::Part::is_empty) {
        return Ok(None);
    }
    if ingest::hash(source.raw.as_bytes()) != source.hash {
        return Ok(Some(format!("{}: the payload is not the one that was read", source.record)));
    }
    if source.raw.is_empty() {
        // Made by the hub at the vendor, and not read since.
        return Ok(None);
    }
    let Some(record) = record else {
        return Ok(Some(format!("{}: there is a source and no record", source.record)));
    };
    if record.deleted.is_some() {
        return Ok(Some(format!("{}: the record is deleted and its source is not", record.id)));
    }
    let row = tongshi_dialect::Row { remote_id: source.remote_id, date: source.date, raw: source.raw };
    let Ok(draft) = opened.connector.read(source.kind, &row) else {
        return Ok(Some(format!("{}: the payload cannot be read any more", record.id)));
    };
    let follows = match shared {
        None => draft.doc == record.doc,
        Some(all) => {
            let folded = all.folded(record.id)?.is_some_and(|(_, doc)| doc == record.doc);
            folded && part.is_some_and(|part| part.doc.as_ref() == Some(&draft.doc))
        }
    };
    Ok((!follows).then(|| format!("{}: the record does not follow from its source", record.id)))
}
