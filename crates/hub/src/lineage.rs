//! Where the fields of a record come from.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use tongshi_model::{Error, Id, Sensitivity, Timestamp};
use tongshi_store::{Part, Workspace, identity, records, shared, sources};

use crate::{
    Hub, Scopes,
    identity::{Ownership, Said, Won},
    reads::raw,
};

/// One source of a record.
#[derive(Serialize)]
pub struct Lineage {
    /// Through which connection.
    pub connection: String,
    /// From which vendor.
    pub dialect: String,
    /// The vendor's id.
    pub remote_id: String,
    /// Whether it is gone.
    pub gone: bool,
    /// Why we think so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Why it belongs to this record, where another source made the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkedBy>,
    /// The record's fields that come from here.
    pub fields: Vec<String>,
    /// What it says otherwise than the record: values that lose to another source's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub proposals: BTreeMap<String, Box<RawValue>>,
    /// The vendor's own words, for those who may see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Box<RawValue>>,
    /// When the record was last written.
    pub read_at: Timestamp,
}

/// Why a source belongs to a record that another made.
#[derive(Clone, Debug, Serialize)]
pub struct LinkedBy {
    /// By what: `employee_no`, `union_id`, `mobile`, `email`, `manual`, or `written` where the hub made it there.
    pub method: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// Who decided.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

impl std::fmt::Debug for Lineage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lineage({}, {} fields)", self.connection, self.fields.len())
    }
}

impl Hub {
    /// The sources of a record, the fields that each gives, and what the vendor said.
    pub async fn lineage(
        &self,
        workspace: &Workspace,
        id: Id,
        scopes: &Scopes,
    ) -> Result<Vec<Lineage>, Error> {
        let aliases = self.aliases(workspace).await?;
        let mut session = self.store().read().await?;
        let record = records::get(&mut session, workspace, id)
            .await?
            .filter(|record| scopes.sees(record.kind))
            .ok_or_else(|| Error::not_found("there is no such record"))?;
        let owners = Ownership::load(&mut session, workspace).await?;
        let parts = shared::of_records(&mut session, workspace, &[record.id]).await?;
        let parts = parts.into_iter().next().unwrap_or_default();
        let said: Vec<Said<'_>> = parts.iter().filter_map(|part| said(part, &record.doc)).collect();
        let won = owners.fields(record.kind, &said)?;
        let ids: Vec<i64> = parts.iter().map(|part| part.id).collect();
        let links = identity::links(&mut session, workspace, &ids).await?;
        let rows = sources::raw_of(&mut session, workspace, &ids).await?;
        let all = scopes.sensitivity >= Sensitivity::Restricted;
        let seen = |name: &str| record.kind.sensitivity(name) <= scopes.sensitivity;
        let mut lineage = Vec::with_capacity(parts.len());
        for ((part, link), row) in parts.iter().zip(links).zip(rows) {
            let connection = owners.connections.iter().find(|found| found.no == part.connection);
            let connection = connection.ok_or_else(|| Error::internal("a source names no connection"))?;
            let mut proposals = BTreeMap::new();
            for won in won.iter().filter(|won| seen(&won.field)) {
                if let Some(value) = proposal(won, part.id) {
                    proposals.insert(won.field.clone(), raw(aliases.lead(value.get().to_owned()))?);
                }
            }
            // One that was only registered has no words yet.
            let text = row.map(|row| row.raw).filter(|text| all && !text.is_empty());
            lineage.push(Lineage {
                connection: connection.name.clone(),
                dialect: connection.dialect.clone(),
                remote_id: part.remote_id.clone(),
                gone: part.gone.is_some(),
                evidence: part.gone.map(|evidence| evidence.as_str().to_owned()),
                linked: link.map(|link| LinkedBy {
                    method: link.method,
                    confidence: link.confidence as f64 / 100.0,
                    actor: link.actor,
                    at: link.at,
                }),
                fields: fields(&won, part, &seen),
                proposals,
                raw: text.map(raw).transpose()?,
                read_at: record.changed_at,
            });
        }
        Ok(lineage)
    }
}

/// What a source says of the record; of one that is its record's only source nothing else is kept. That of a record
/// whose sources are all gone is shown, too.
fn said<'a>(part: &'a Part, record: &'a str) -> Option<Said<'a>> {
    let doc = match (&part.doc, part.shared) {
        (Some(doc), _) => doc.as_str(),
        (None, true) => return None,
        (None, false) if part.is_empty() => return None,
        (None, false) => record,
    };
    let counts = part.gone.is_none() || !part.shared;
    counts.then_some(Said { source: part.id, connection: part.connection, doc })
}

fn fields(won: &[Won<'_>], part: &Part, seen: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut fields: Vec<String> = won
        .iter()
        .filter(|won| won.source == part.id && seen(&won.field))
        .map(|won| won.field.clone())
        .collect();
    fields.sort_unstable();
    fields
}

fn proposal<'a>(won: &Won<'a>, source: i64) -> Option<&'a RawValue> {
    won.others.iter().find(|(other, _)| *other == source).map(|(_, value)| *value)
}
