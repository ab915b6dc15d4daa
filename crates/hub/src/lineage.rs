//! Where the fields of a record come from.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use tongshi_model::{Error, Id, Sensitivity, Timestamp};
use tongshi_store::{Workspace, connections, records, sources};

use crate::{Hub, Scopes, reads::raw};

/// One source of a record.
#[derive(Debug, Serialize)]
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
    /// The record's fields that come from here.
    pub fields: Vec<String>,
    /// The vendor's own words, for those who may see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Box<RawValue>>,
    /// When the record was last written.
    pub read_at: Timestamp,
}

impl Hub {
    /// The sources of a record, the fields that each gives, and what the vendor said.
    pub async fn lineage(
        &self,
        workspace: &Workspace,
        id: Id,
        scopes: &Scopes,
    ) -> Result<Vec<Lineage>, Error> {
        let mut session = self.store().read().await?;
        let record = records::get(&mut session, workspace, id)
            .await?
            .filter(|record| scopes.sees(record.kind))
            .ok_or_else(|| Error::not_found("there is no such record"))?;
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&record.doc)
            .map_err(|error| Error::internal("a record cannot be read").caused_by(error))?;
        let seen = |name: &&String| record.kind.sensitivity(name) <= scopes.sensitivity;
        let fields: Vec<String> = fields.keys().filter(seen).cloned().collect();
        let mut lineage = Vec::new();
        for source in sources::of_record(&mut session, workspace, record.id).await? {
            let connection = connections::by_no(&mut session, workspace, source.connection)
                .await?
                .ok_or_else(|| Error::internal("a source names no connection"))?;
            let all = scopes.sensitivity >= Sensitivity::Restricted;
            lineage.push(Lineage {
                connection: connection.name,
                dialect: connection.dialect,
                remote_id: source.remote_id,
                gone: source.gone.is_some(),
                evidence: source.gone.map(|evidence| evidence.as_str().to_owned()),
                fields: fields.clone(),
                raw: if all { Some(raw(source.raw)?) } else { None },
                read_at: record.changed_at,
            });
        }
        Ok(lineage)
    }
}
