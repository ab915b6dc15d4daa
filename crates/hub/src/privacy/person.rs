//! Who is meant, and everything that the workspace holds about them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tongshi_model::{Bond, Error, Id, Kind, Sensitivity};
use tongshi_store::{
    Query, RecordRow, Session, Workspace, connections,
    places::{self, Deed, Held, Place},
    records, refs,
};

use super::patterns::{Term, Terms, numbers};
use crate::{connections::LOCAL, erased::links};

/// How often links are followed to further records of the same person.
const STEPS_MAX: usize = 8;

/// The person who is named by a record's id, an employee number, a mobile number or a mail address.
pub(super) async fn find(session: &mut Session, workspace: &Workspace, who: &str) -> Result<Id, Error> {
    let nobody = || {
        Error::not_found(
            "nobody is named so; use a record's id, an employee number, a mobile number or a mail address",
        )
    };
    let who = who.trim();
    if who.is_empty() {
        return Err(nobody());
    }
    if let Ok(id) = who.parse::<Id>() {
        let row = records::get(session, workspace, id).await?.filter(|row| row.kind.is_person());
        return row.map(|row| row.id).ok_or_else(nobody);
    }
    let mut found: BTreeSet<Id> = BTreeSet::new();
    for (kind, field) in [
        (Kind::Employee, "employee_no"),
        (Kind::Employee, "mobile"),
        (Kind::Employee, "email"),
        (Kind::Employee, "work_email"),
        (Kind::Candidate, "mobile"),
        (Kind::Candidate, "email"),
    ] {
        let mut query = Query { deleted: true, ..Query::of(kind) };
        match kind.lookup(field) {
            Some(at) => query.keys.push((at, who.to_owned())),
            None => query.fields.push((field.to_owned(), vec![who.to_owned()])),
        }
        found.extend(records::list(session, workspace, &query).await?.into_iter().map(|row| row.id));
    }
    // What was merged into another record is the same person under an earlier id.
    let found: Vec<Id> = found.into_iter().collect();
    let meanings = refs::resolve(session, workspace, &found).await?;
    let found: BTreeSet<Id> = found.iter().map(|id| *meanings.get(id).unwrap_or(id)).collect();
    let found: Vec<Id> = found.into_iter().collect();
    match found.as_slice() {
        [] => Err(nobody()),
        [one] => Ok(*one),
        several => {
            let ids: Vec<String> = several.iter().map(Id::to_string).collect();
            Err(Error::conflict(format!("several are named so; name one by its id: {}", ids.join(", "))))
        }
    }
}

/// Everything about a person.
pub(super) struct Holdings {
    /// The records that are this person.
    pub(super) people: Vec<Id>,
    /// Records of people who share a mobile number, an address or a number with this one and are not linked.
    pub(super) likely: Vec<Id>,
    /// How many of the person's texts are somebody else's, too.
    pub(super) shared: usize,
    /// What they are found by.
    pub(super) terms: Terms,
    /// Rows that are about the person, by table.
    pub(super) own: BTreeMap<&'static str, Vec<Held>>,
    /// Rows about others that name the person.
    pub(super) named: BTreeMap<&'static str, Vec<Held>>,
    /// The connections whose vendors still have the person.
    pub(super) vendors: Vec<(String, String)>,
}

impl Holdings {
    /// The rows of a table that are about the person.
    pub(super) fn own(&self, table: &str) -> &[Held] {
        self.own.get(table).map_or(&[], Vec::as_slice)
    }

    /// The rows of a table about others that name the person.
    pub(super) fn named(&self, table: &str) -> &[Held] {
        self.named.get(table).map_or(&[], Vec::as_slice)
    }

    /// The ids of all records that are about the person.
    pub(super) fn owned(&self) -> Vec<Id> {
        let records = self.own("records").iter().filter_map(|row| row.record("id"));
        let mut ids: Vec<Id> = self.people.iter().copied().chain(records).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Collects everything about these records, which are one person's.
pub(super) async fn holdings(
    session: &mut Session,
    workspace: &Workspace,
    who: &[Id],
) -> Result<Holdings, Error> {
    let people = linked(session, workspace, who).await?;
    let (mut terms, shared, likely) = terms(session, workspace, &people).await?;
    people.iter().for_each(|id| terms.add(Term::value(&id.to_string())));
    let mut found = Holdings {
        people,
        likely,
        shared,
        terms,
        own: BTreeMap::new(),
        named: BTreeMap::new(),
        vendors: Vec::new(),
    };
    let needles = found.terms.needles();
    for place in places::ALL {
        let ids = if place.table == "records" || place.table == "punches" {
            found.people.clone()
        } else {
            found.owned()
        };
        let rows = places::holding(session, workspace, place, &ids, &needles).await?;
        let ids: HashSet<Id> = ids.into_iter().collect();
        let (own, named) = rows.into_iter().partition(|row| is_own(place, row, &ids, &found));
        found.own.insert(place.table, own);
        found.named.insert(place.table, named);
    }
    found.vendors = vendors(session, workspace, found.own("sources")).await?;
    Ok(found)
}

/// Whether a row is about the person, rather than about something else and naming them.
fn is_own(place: &Place, row: &Held, ids: &HashSet<Id>, found: &Holdings) -> bool {
    let by_record = place.records.iter().any(|column| row.record(column).is_some_and(|id| ids.contains(&id)));
    if place.table == "quarantine" {
        // A row about somebody else may name this person; a copy must not hold the other.
        return row.text("remote_id").is_some_and(|name| found.terms.holds(name));
    }
    if by_record || place.deed != Deed::Own {
        return true;
    }
    let kind = row.number("kind").and_then(Kind::from_number);
    let doc = row.text("doc").or_else(|| row.text("before"));
    match (place.table, kind, doc) {
        ("records" | "changes", Some(kind), Some(doc)) => owned(kind, doc, &found.people, &found.terms),
        _ => false,
    }
}

/// Whether a document is about one of these people.
fn owned(kind: Kind, doc: &str, people: &[Id], terms: &Terms) -> bool {
    if links(kind, doc).iter().any(|link| link.bond == Bond::Owner && people.contains(&link.to)) {
        return true;
    }
    let names = kind.references().iter().filter(|(_, bond)| *bond == Bond::OwnerName);
    let fields: serde_json::Value = serde_json::from_str(doc).unwrap_or_default();
    let mut names = names.filter_map(|(field, _)| fields[*field].as_str());
    names.any(|name| terms.holds(name))
}

/// The records that are known to be the same person: by identity links, and by leaving and coming back.
async fn linked(session: &mut Session, workspace: &Workspace, who: &[Id]) -> Result<Vec<Id>, Error> {
    let (record, alias) = (place("records")?, place("aliases")?);
    let mut people: BTreeSet<Id> = who.iter().copied().collect();
    for _ in 0..STEPS_MAX {
        let known: Vec<Id> = people.iter().copied().collect();
        let mut further: BTreeSet<Id> = people.clone();
        further.extend(refs::resolve(session, workspace, &known).await?.into_values());
        for row in places::holding(session, workspace, alias, &known, &[]).await? {
            further.extend(row.record("id").into_iter().chain(row.record("record")));
        }
        let needles: Vec<String> = known.iter().map(Id::to_string).collect();
        for row in places::holding(session, workspace, record, &known, &needles).await? {
            let (Some(id), Some(doc)) = (row.record("id"), row.text("doc")) else { continue };
            let kind = row.number("kind").and_then(Kind::from_number);
            let Some(kind) = kind.filter(|kind| kind.is_person()) else { continue };
            let before = links(kind, doc).into_iter().filter(|link| link.bond == Bond::Owner);
            let before: Vec<Id> = before.map(|link| link.to).collect();
            if people.contains(&id) {
                further.extend(before);
            } else if before.iter().any(|to| people.contains(to)) {
                further.insert(id);
            }
        }
        if further.len() == people.len() {
            break;
        }
        people = further;
    }
    Ok(people.into_iter().collect())
}

/// What the person is found by: today's values, those in the journal, and the vendors' ids. What another person has too
/// is left out; whoever shares a number or an address is listed.
async fn terms(
    session: &mut Session,
    workspace: &Workspace,
    people: &[Id],
) -> Result<(Terms, usize, Vec<Id>), Error> {
    let mut terms = Terms::default();
    let rows: Vec<RecordRow> =
        records::many(session, workspace, people).await?.into_iter().flatten().collect();
    for row in &rows {
        terms.add_document(row.kind, &row.doc);
    }
    for row in places::holding(session, workspace, place("changes")?, people, &[]).await? {
        let kind = row.number("kind").and_then(Kind::from_number);
        if let (Some(kind), Some(doc)) = (kind, row.text("before")) {
            terms.add_document(kind, doc);
        }
    }
    for row in places::holding(session, workspace, place("sources")?, people, &[]).await? {
        terms.add(row.text("remote_id").and_then(Term::value));
    }
    let (mut shared, mut likely) = (0, Vec::new());
    let needles = terms.needles();
    for row in places::holding(session, workspace, place("records")?, &[], &needles).await? {
        let kind = row.number("kind").and_then(Kind::from_number).filter(|kind| kind.is_person());
        let (Some(kind), Some(id), Some(doc)) = (kind, row.record("id"), row.text("doc")) else { continue };
        if people.contains(&id) {
            continue;
        }
        if same_contact(kind, doc, &terms) {
            likely.push(id);
        }
        shared += terms.forget_shared(kind, doc);
    }
    Ok((terms, shared, likely))
}

/// Whether somebody can be reached where this person can.
fn same_contact(kind: Kind, doc: &str, terms: &Terms) -> bool {
    let fields: serde_json::Value = serde_json::from_str(doc).unwrap_or_default();
    let mut private = fields.as_object().into_iter().flatten().filter(|(name, _)| {
        let label = kind.sensitivity(name);
        label == Sensitivity::Contact || matches!(name.as_str(), "id_number" | "bank_card")
    });
    let same_paper = numbers(&fields["identity_documents"]).any(|text| terms.holds(text));
    same_paper || private.any(|(_, value)| value.as_str().is_some_and(|text| terms.holds(text)))
}

/// The vendors that still have the person, by connection and dialect.
async fn vendors(
    session: &mut Session,
    workspace: &Workspace,
    sources: &[Held],
) -> Result<Vec<(String, String)>, Error> {
    let live = sources.iter().filter(|row| row.number("gone_at").is_none());
    let live: BTreeSet<i64> = live.filter_map(|row| row.number("connection")).collect();
    let all = connections::all(session, workspace).await?;
    let kept = all.into_iter().filter(|found| live.contains(&found.no) && found.dialect != LOCAL);
    Ok(kept.map(|found| (found.name, found.dialect)).collect())
}

fn place(table: &str) -> Result<&'static Place, Error> {
    places::of(table).ok_or_else(|| Error::internal(format!("there is no place {table}")))
}
