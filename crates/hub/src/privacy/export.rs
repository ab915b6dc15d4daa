//! A copy of everything about a person: one JSON document, written piece by piece, with a receipt at its end.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::Sender;
use tongshi_model::{Error, Kind, Timestamp};
use tongshi_store::{
    Session, Workspace, connections,
    places::{self, Held},
};

use super::{
    Receipt,
    erase::receipt,
    person::{self, Holdings},
};
use crate::{AuditEntry, Hub, Scopes, audit};

/// The name of the format, with its version.
const FORMAT: &str = "tongshi.person/1";

/// Columns that say nothing to the person: places in lists, look-ups that repeat the document, hashes, holders.
const LEFT_OUT: &[&str] = &[
    "ord",
    "key1",
    "key2",
    "key3",
    "key4",
    "key5",
    "key6",
    "hash",
    "before_hash",
    "holder",
    "lease_until",
    "unique_key",
];

impl Hub {
    /// Writes everything that the workspace holds about a person. The pieces make one JSON document; its last member is
    /// the receipt, which is also returned.
    pub async fn export_person(
        &self,
        workspace: &Workspace,
        who: &str,
        actor: &str,
        out: Sender<String>,
    ) -> Result<Receipt, Error> {
        let mut session = self.store().read().await?;
        let person = person::find(&mut session, workspace, who).await?;
        let found = person::holdings(&mut session, workspace, &[person]).await?;
        let names = names(&mut session, workspace).await?;
        drop(session);
        let mut receipt = receipt("export", workspace, self.clock().now(), &found);
        // Noted before the first byte leaves: a copy that nobody knows of must not exist.
        let mut session = self.store().write().await?;
        let entry = AuditEntry::done(actor, "privacy.export", person.to_string());
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        let mut file = File { out, digest: Sha256::new() };
        let head =
            json!({"format": FORMAT, "workspace": workspace.name, "at": receipt.at, "people": found.people});
        let head = head.to_string();
        file.write(head[..head.len() - 1].to_owned()).await?;
        for place in places::ALL {
            file.write(format!(",\n\"{}\":[", place.table)).await?;
            let mut first = true;
            for row in found.own(place.table) {
                let mut shown = shown(row, &names);
                if place.table == "records" {
                    self.add_lineage(workspace, row, &mut shown).await?;
                }
                let comma = if std::mem::take(&mut first) { "" } else { "," };
                file.write(format!("{comma}\n{}", Value::Object(shown))).await?;
            }
            file.write("]".to_owned()).await?;
        }
        file.write(format!(",\n\"named_in\":{}", named(&found))).await?;
        receipt.digest = hex::encode(file.digest.clone().finalize());
        file.write(format!(",\"receipt\":{}}}\n", json!(receipt))).await?;
        Ok(receipt)
    }

    /// Says where each field of a record comes from, with the vendors' own words.
    async fn add_lineage(
        &self,
        workspace: &Workspace,
        row: &Held,
        shown: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        if let Some(id) = row.record("id") {
            let lineage = self.lineage(workspace, id, &Scopes::all()).await?;
            shown.insert("sources".to_owned(), json!(lineage));
        }
        Ok(())
    }
}

/// The file as it grows.
struct File {
    out: Sender<String>,
    digest: Sha256,
}

impl File {
    async fn write(&mut self, text: String) -> Result<(), Error> {
        self.digest.update(text.as_bytes());
        self.out.send(text).await.map_err(|_| Error::unavailable("nobody takes the export any more"))
    }
}

/// The names of connections by number.
async fn names(session: &mut Session, workspace: &Workspace) -> Result<Vec<(i64, String)>, Error> {
    let all = connections::all(session, workspace).await?;
    Ok(all.into_iter().map(|found| (found.no, found.name)).collect())
}

/// A row for people: kinds and connections by name, instants and days as such, documents as documents.
fn shown(row: &Held, connections: &[(i64, String)]) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, value) in row.columns() {
        if LEFT_OUT.contains(&name) {
            continue;
        }
        let value = match (name, value) {
            ("kind", Value::Number(number)) => {
                let kind = number.as_i64().and_then(Kind::from_number);
                kind.map_or(Value::Null, |kind| kind.name().into())
            }
            ("connection", Value::Number(number)) => {
                let found = connections.iter().find(|(known, _)| Some(*known) == number.as_i64());
                found.map_or(Value::Number(number), |(_, name)| name.clone().into())
            }
            ("day" | "on_date", Value::Number(number)) => number.as_i64().map_or(Value::Null, day),
            (name, Value::Number(number)) if name == "at" || name.ends_with("_at") => {
                let at = number.as_i64().and_then(|at| Timestamp::from_microsecond(at).ok());
                at.map_or(Value::Number(number), |at| at.to_string().into())
            }
            (
                "doc" | "raw" | "before" | "before_raw" | "payload" | "detail" | "cursor" | "summary"
                | "proof",
                Value::String(text),
            ) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            (_, value) => value,
        };
        shown.insert(name.to_owned(), value);
    }
    shown
}

/// A day from its number.
fn day(days: i64) -> Value {
    let at = days.checked_mul(86_400).and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or(Value::Null, |at| at.strftime("%Y-%m-%d").to_string().into())
}

/// Where else the person is named: which records and entries, not what they say of others.
fn named(found: &Holdings) -> Value {
    let row = |table: &str, row: &Held| {
        let kind = row.number("kind").and_then(Kind::from_number).map(Kind::name);
        let record = row.record("id").or_else(|| row.record("record")).or_else(|| row.record("employee"));
        json!({"table": table, "kind": kind, "record": record})
    };
    let rows = places::ALL.iter().flat_map(|place| {
        let rows: Vec<Value> = found.named(place.table).iter().map(|held| row(place.table, held)).collect();
        rows
    });
    rows.collect()
}
