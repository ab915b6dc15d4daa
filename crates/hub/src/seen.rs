//! Who reads restricted fields: the documents that leave are looked at, not the scopes of who asks, so nothing that
//! leaves goes by.

use std::sync::Arc;

use tongshi_dialect::Disclosed;
use tongshi_model::{Error, Id, Kind};
use tongshi_store::Workspace;

use crate::{ChangeView, Hub, Lineage, RecordView};

/// Whether a document has restricted fields. They are fields of the document itself, so their names are looked for.
pub(crate) fn is_restricted(kind: Kind, doc: &str) -> bool {
    kind.restricted().iter().any(|field| {
        doc.match_indices(field)
            .any(|(at, _)| doc[..at].ends_with('"') && doc[at + field.len()..].starts_with("\":"))
    })
}

impl Hub {
    /// Notes who reads these records, as far as they hold restricted fields, before they are handed out. `surface` is
    /// where: `v1`, `cli`, a face. An error means that they must not be handed out.
    pub async fn note_records<'a>(
        &self,
        workspace: &Workspace,
        actor: &str,
        surface: &'static str,
        records: impl IntoIterator<Item = &'a RecordView>,
    ) -> Result<(), Error> {
        let seen = records.into_iter().filter(|record| is_restricted(record.kind, record.data.get()));
        self.note_seen(workspace, actor, surface, seen.map(|record| (record.kind, record.id))).await
    }

    /// As [`Hub::note_records`], for changes with the documents before and after.
    pub async fn note_changes<'a>(
        &self,
        workspace: &Workspace,
        actor: &str,
        surface: &'static str,
        changes: impl IntoIterator<Item = &'a ChangeView>,
    ) -> Result<(), Error> {
        let seen = changes.into_iter().filter(|change| {
            let mut docs = change.before.iter().chain(&change.after);
            docs.any(|doc| is_restricted(change.kind, doc.get()))
        });
        self.note_seen(workspace, actor, surface, seen.map(|change| (change.kind, change.record))).await
    }

    /// As [`Hub::note_records`], for a record's sources: the vendor's own words may hold anything.
    pub async fn note_lineage(
        &self,
        workspace: &Workspace,
        actor: &str,
        surface: &'static str,
        record: (Kind, Id),
        lineage: &[Lineage],
    ) -> Result<(), Error> {
        let words = lineage.iter().any(|source| source.raw.is_some());
        let restricted = words && !record.0.restricted().is_empty();
        self.note_seen(workspace, actor, surface, restricted.then_some(record)).await
    }

    /// Notes that somebody reads restricted fields of these records: for ways out that have no views, such as files.
    pub async fn note_seen(
        &self,
        workspace: &Workspace,
        actor: &str,
        surface: &'static str,
        records: impl IntoIterator<Item = (Kind, Id)>,
    ) -> Result<(), Error> {
        let seen = by_kind(records);
        if seen.is_empty() {
            return Ok(());
        }
        self.read_by(workspace, actor, surface, &Arc::from(seen)).await
    }
}

/// One list for each kind.
pub(crate) fn by_kind(records: impl IntoIterator<Item = (Kind, Id)>) -> Vec<Disclosed> {
    let mut seen: Vec<Disclosed> = Vec::new();
    for (kind, id) in records {
        match seen.iter_mut().find(|seen| seen.kind == kind) {
            Some(seen) => seen.ids.push(id),
            None => seen.push(Disclosed { kind, ids: vec![id] }),
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restricted_fields_are_found_by_name() {
        let doc = r#"{"name":"offer","bank_card":"629900001"}"#;
        assert!(is_restricted(Kind::Employee, doc));
        assert!(!is_restricted(Kind::OrgUnit, doc));
        assert!(!is_restricted(Kind::Employee, r#"{"name":"offer","note":"bank_card"}"#));
    }
}
