//! What `/v1` and the command line read. Documents are handed on as stored; only fields that the reader may not see
//! are taken out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use tongshi_model::{Error, Id, Kind, LocalDate, Timestamp};
use tongshi_store::{Change, Emptied, Op, RecordRow, Workspace, connections, punches, quarantine, records};

use crate::{Hub, Scopes, identity::Aliases};

/// Rows that one answer may hold.
pub(crate) const LIMIT_MAX: u32 = 1000;

/// Which records to read.
#[derive(Clone, Debug)]
pub struct RecordQuery {
    /// The kind.
    pub kind: Kind,
    /// Fields and their values; several values of one field in one text are separated by commas.
    pub filters: Vec<(String, String)>,
    /// Business date from this day on.
    pub date_from: Option<LocalDate>,
    /// Business date up to this day.
    pub date_to: Option<LocalDate>,
    /// Whether deleted ones are shown too.
    pub deleted: bool,
    /// Where the page before ended.
    pub after: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// A page of records.
#[derive(Debug, Serialize)]
pub struct RecordPage {
    /// The records.
    pub data: Vec<RecordView>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// A record as it is shown.
#[derive(Serialize)]
pub struct RecordView {
    /// Its id.
    pub id: Id,
    /// Its kind.
    pub kind: Kind,
    /// How often it was written.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub changed_at: Timestamp,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Why we think that it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_evidence: Option<String>,
    /// The canonical document.
    pub data: Box<RawValue>,
}

impl std::fmt::Debug for RecordView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordView({} {} v{})", self.kind, self.id, self.version)
    }
}

/// A page of the journal.
#[derive(Debug, Serialize)]
pub struct ChangePage {
    /// The changes.
    pub data: Vec<ChangeView>,
    /// The sequence number to ask on from.
    pub next: i64,
    /// The newest sequence number: when it is `next`, there is no more.
    pub last: i64,
}

/// A change as it is shown.
#[derive(Serialize)]
pub struct ChangeView {
    /// Its place in the workspace's journal; no gaps.
    pub seq: i64,
    /// `created`, `updated`, `deleted`, `restored`, or `linked` when it turned out to be another record; `erased` where
    /// the person was erased since.
    pub op: &'static str,
    /// The record's kind.
    pub kind: Kind,
    /// The record.
    pub record: Id,
    /// For `linked`: the record that its id means now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linked_to: Option<Id>,
    /// The version that it made.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// In which run.
    pub run: Option<Id>,
    /// Which fields differ.
    pub fields: Vec<String>,
    /// The document before.
    pub before: Option<Box<RawValue>>,
    /// The document after.
    pub after: Option<Box<RawValue>>,
}

impl std::fmt::Debug for ChangeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChangeView({} {} {} {} v{})", self.seq, self.op, self.kind, self.record, self.version)
    }
}

/// How many there are of a kind.
#[derive(Debug, Serialize)]
pub struct Count {
    /// The kind, or `punch`.
    pub kind: String,
    /// Live.
    pub live: u64,
    /// Deleted.
    pub deleted: u64,
}

/// A row that could not be taken in.
#[derive(Debug, Serialize)]
pub struct Quarantined {
    /// From which connection.
    pub connection: String,
    /// Of which kind.
    pub kind: Kind,
    /// The vendor's id.
    pub remote_id: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Hub {
    /// Reads a page of records.
    pub async fn records(
        &self,
        workspace: &Workspace,
        query: &RecordQuery,
        scopes: &Scopes,
    ) -> Result<RecordPage, Error> {
        may_see(scopes, query.kind)?;
        let limit = limited(query.limit)?;
        let mut found = tongshi_store::Query {
            kind: query.kind,
            date_from: query.date_from,
            date_to: query.date_to,
            deleted: query.deleted,
            after: query.after.as_deref().map(read_cursor).transpose()?,
            limit: limit + 1,
            ..empty_query(query.kind)
        };
        by_hire_date(&mut found);
        for (field, value) in &query.filters {
            add_filter(&mut found, field, value, scopes)?;
        }
        let aliases = self.aliases(workspace).await?;
        widen(&mut found, &aliases);
        let mut session = self.store().read().await?;
        let mut rows = records::list(&mut session, workspace, &found).await?;
        drop(session);
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = if more { rows.last().map(|row| row.ord.to_string()) } else { None };
        let data =
            rows.into_iter().map(|row| record_view(row, scopes, &aliases)).collect::<Result<_, _>>()?;
        Ok(RecordPage { data, next })
    }

    /// Reads one record.
    pub async fn record(
        &self,
        workspace: &Workspace,
        kind: Kind,
        id: Id,
        scopes: &Scopes,
    ) -> Result<RecordView, Error> {
        may_see(scopes, kind)?;
        let aliases = self.aliases(workspace).await?;
        let mut session = self.store().read().await?;
        let row = records::get(&mut session, workspace, id).await?.filter(|row| row.kind == kind);
        record_view(
            row.ok_or_else(|| Error::not_found(format!("there is no such {kind}")))?,
            scopes,
            &aliases,
        )
    }

    /// How many records there are of each kind, and how many punches.
    pub async fn counts(&self, workspace: &Workspace) -> Result<Vec<Count>, Error> {
        let mut session = self.store().read().await?;
        let mut counts: Vec<Count> = records::counts(&mut session, workspace)
            .await?
            .into_iter()
            .map(|(kind, live, deleted)| Count { kind: kind.name().to_owned(), live, deleted })
            .collect();
        let live = punches::count(&mut session, workspace).await?;
        counts.push(Count { kind: "punch".to_owned(), live, deleted: 0 });
        Ok(counts)
    }

    /// Rows that could not be taken in.
    pub async fn quarantine(&self, workspace: &Workspace) -> Result<Vec<Quarantined>, Error> {
        let mut session = self.store().read().await?;
        let all = connections::all(&mut session, workspace).await?;
        let names: BTreeMap<i64, String> = all.into_iter().map(|found| (found.no, found.name)).collect();
        let rows = quarantine::list(&mut session, workspace, None).await?;
        Ok(rows
            .into_iter()
            .map(|row| Quarantined {
                connection: names.get(&row.connection).cloned().unwrap_or_default(),
                kind: row.kind,
                remote_id: row.remote_id,
                reason: row.reason,
                at: row.at,
            })
            .collect())
    }
}

pub(crate) fn may_see(scopes: &Scopes, kind: Kind) -> Result<(), Error> {
    if scopes.sees(kind) { Ok(()) } else { Err(Error::forbidden(format!("this key may not see {kind}"))) }
}

pub(crate) fn limited(limit: u32) -> Result<u32, Error> {
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::invalid("limit", format!("limit is between 1 and {LIMIT_MAX}")))
}

fn read_cursor(text: &str) -> Result<i64, Error> {
    text.parse()
        .ok()
        .filter(|ord| *ord >= 0)
        .ok_or_else(|| Error::invalid("after", "after is the `next` of an earlier answer, taken as it was"))
}

fn empty_query(kind: Kind) -> tongshi_store::Query {
    tongshi_store::Query {
        kind,
        keys: Vec::new(),
        any: Vec::new(),
        fields: Vec::new(),
        date_from: None,
        date_to: None,
        field_dates: Vec::new(),
        deleted: false,
        order: tongshi_store::Order::Place,
        after: None,
        offset: 0,
        limit: 0,
    }
}

/// An id is looked for under every id that means the same record.
pub(crate) fn widen(query: &mut tongshi_store::Query, aliases: &Aliases) {
    if aliases.is_empty() {
        return;
    }
    for (_, values) in &mut query.any {
        let others: Vec<String> = values.iter().filter_map(|value| aliases.values(value)).flatten().collect();
        values.extend(others);
    }
    for (place, value) in std::mem::take(&mut query.keys) {
        match aliases.values(&value) {
            Some(values) => query.any.push((place, values)),
            None => query.keys.push((place, value)),
        }
    }
}

/// A looked-up field goes to its index; any other that the kind is known to have is compared in the document.
fn add_filter(
    query: &mut tongshi_store::Query,
    field: &str,
    value: &str,
    scopes: &Scopes,
) -> Result<(), Error> {
    let kind = query.kind;
    scopes.may_filter(kind, field)?;
    if let Some(at) = kind.lookup(field) {
        query.keys.push((at, value.to_owned()));
        return Ok(());
    }
    let values = value.split(',').map(str::to_owned).collect();
    match field {
        "status" | "email" if kind == Kind::Employee => query.fields.push((field.to_owned(), values)),
        "phase" | "type" if kind == Kind::Employee => query.fields.push((format!("{field}.value"), values)),
        "result" if kind == Kind::Approval => query.fields.push((field.to_owned(), values)),
        _ => {
            return Err(Error::invalid(
                field.to_owned(),
                format!(
                    "{} cannot be filtered by '{field}'; they can by: {}",
                    kind.plural(),
                    filterable(kind)
                ),
            ));
        }
    }
    Ok(())
}

fn filterable(kind: Kind) -> String {
    let mut names: Vec<&str> = kind.lookups().to_vec();
    match kind {
        Kind::Employee => names.extend(["status", "phase", "type", "email"]),
        Kind::Approval => names.push("result"),
        _ => {}
    }
    names.extend(["date_from", "date_to", "include_deleted"]);
    names.join(", ")
}

/// A face's query as the store takes it.
pub(crate) fn to_store_query(query: &tongshi_dialect::Query) -> Result<tongshi_store::Query, Error> {
    let lookup = |name: &str| {
        let at = query.kind.lookup(name);
        at.ok_or_else(|| Error::internal(format!("{} is not found by {name}", query.kind)))
    };
    let mut keys = Vec::with_capacity(query.keys.len());
    for (name, value) in &query.keys {
        keys.push((lookup(name)?, value.clone()));
    }
    // A looked-up field with several values has an index, and its ids have aliases.
    let (mut any, mut fields) = (Vec::new(), Vec::new());
    for (name, values) in &query.fields {
        match query.kind.lookup(name) {
            Some(at) => any.push((at, values.clone())),
            None => fields.push(((*name).to_owned(), values.clone())),
        }
    }
    Ok(tongshi_store::Query {
        keys,
        any,
        fields,
        date_from: query.date_from,
        date_to: query.date_to,
        field_dates: query
            .field_dates
            .iter()
            .map(|(name, from, to)| ((*name).to_owned(), *from, *to))
            .collect(),
        order: match query.order {
            tongshi_dialect::Order::Stored => tongshi_store::Order::Place,
            tongshi_dialect::Order::Dated => tongshi_store::Order::Date,
            tongshi_dialect::Order::Latest => tongshi_store::Order::DateDown,
            tongshi_dialect::Order::Last(name) => tongshi_store::Order::KeyDown(lookup(name)?),
        },
        offset: query.offset,
        limit: query.limit,
        ..empty_query(query.kind)
    })
}

/// An employee's date is the day of hiring. It is looked for in the documents: an index of it would be written for
/// everybody and read by few.
fn by_hire_date(query: &mut tongshi_store::Query) {
    let (from, to) = (query.date_from, query.date_to);
    if query.kind == Kind::Employee && (from.is_some() || to.is_some()) {
        (query.date_from, query.date_to) = (None, None);
        query.field_dates.push(("hire_date".to_owned(), from, to));
    }
}

/// The document without the fields that the reader may not see: absent, not masked.
pub(crate) fn visible(kind: Kind, doc: String, scopes: &Scopes) -> Result<String, Error> {
    if scopes.sensitivity >= tongshi_model::Sensitivity::Restricted {
        return Ok(doc);
    }
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&doc)
        .map_err(|error| Error::internal(format!("a {kind} cannot be read")).caused_by(error))?;
    let count = fields.len();
    fields.retain(|name, _| kind.sensitivity(name) <= scopes.sensitivity);
    if fields.len() == count {
        return Ok(doc);
    }
    serde_json::to_string(&fields).map_err(|error| Error::internal("a document").caused_by(error))
}

/// The document as it is shown: without what the reader may not see, and with references to what they mean now. Every
/// way out goes through here, or does both.
pub(crate) fn shown(kind: Kind, doc: String, scopes: &Scopes, aliases: &Aliases) -> Result<String, Error> {
    Ok(aliases.lead(visible(kind, doc, scopes)?))
}

pub(crate) fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text)
        .map_err(|error| Error::internal("stored JSON cannot be read").caused_by(error))
}

pub(crate) fn record_view(row: RecordRow, scopes: &Scopes, aliases: &Aliases) -> Result<RecordView, Error> {
    Ok(RecordView {
        id: row.id,
        kind: row.kind,
        version: row.version,
        created_at: row.created_at,
        changed_at: row.changed_at,
        deleted_at: row.deleted.map(|(at, _)| at),
        deletion_evidence: row.deleted.map(|(_, evidence)| evidence.as_str().to_owned()),
        data: raw(shown(row.kind, row.doc, scopes, aliases)?)?,
    })
}

pub(crate) fn change_view(change: Change, scopes: &Scopes, aliases: &Aliases) -> Result<ChangeView, Error> {
    let show = |doc: Option<String>| doc.map(|doc| shown(change.kind, doc, scopes, aliases)).transpose();
    let (before, after) = (show(change.before)?, show(change.after)?);
    let fields = differing(before.as_deref(), after.as_deref())?;
    Ok(ChangeView {
        seq: change.seq,
        // Whoever reads the feed from its beginning learns that somebody was here and is erased, and no more.
        op: if change.emptied == Some(Emptied::Erased) { "erased" } else { op_name(change.op) },
        kind: change.kind,
        record: change.record,
        linked_to: (change.op == Op::Linked).then(|| aliases.meaning(change.record)),
        version: change.version,
        at: change.at,
        actor: change.actor,
        run: change.run,
        fields,
        before: before.map(raw).transpose()?,
        after: after.map(raw).transpose()?,
    })
}

/// The name of an operation of the journal.
pub(crate) fn op_name(op: Op) -> &'static str {
    match op {
        Op::Created => "created",
        Op::Updated => "updated",
        Op::Deleted => "deleted",
        Op::Restored => "restored",
        Op::Linked => "linked",
    }
}

/// The top-level fields in which two documents differ; none when one of the two is not there.
pub(crate) fn differing(before: Option<&str>, after: Option<&str>) -> Result<Vec<String>, Error> {
    let (Some(before), Some(after)) = (before, after) else { return Ok(Vec::new()) };
    let read = |doc| -> Result<BTreeMap<String, &RawValue>, Error> {
        serde_json::from_str(doc)
            .map_err(|error| Error::internal("a document cannot be read").caused_by(error))
    };
    let (before, after) = (read(before)?, read(after)?);
    let same = |name: &String| before.get(name).map(|raw| raw.get()) == after.get(name).map(|raw| raw.get());
    let mut names: Vec<String> =
        before.keys().chain(after.keys()).filter(|name| !same(name)).cloned().collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restricted_fields_are_absent_not_masked() {
        let doc =
            r#"{"name":"林一","bank_card":"629900001","mobile":"19900000001","gender":{"value":"male"}}"#;
        let shown = visible(Kind::Employee, doc.to_owned(), &Scopes::default()).unwrap();
        assert!(shown.contains("mobile") && !shown.contains("bank_card") && !shown.contains("gender"));
        assert_eq!(visible(Kind::Employee, doc.to_owned(), &Scopes::all()).unwrap(), doc);
    }

    #[test]
    fn names_what_differs() {
        let fields =
            differing(Some(r#"{"a":1,"b":2,"c":{"x":1}}"#), Some(r#"{"a":1,"c":{"x":2},"d":0}"#)).unwrap();
        assert_eq!(fields, ["b", "c", "d"]);
    }
}
