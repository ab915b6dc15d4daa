//! Keeps erased people out: whatever a vendor, an event or an app brings of them is passed over, in the transaction that
//! would have stored it. A sync that held them in memory while they were erased stores nothing of them.

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tongshi_model::{Bond, Draft, Error, Id, Kind, Randomness, Space};
use tongshi_store::{
    PunchRow, Session, Workspace, erasure, meta,
    tombstones::{self, Tombstone},
};

use crate::ingest::{self, Applied, Item, Origin};

/// What stands where somebody was named.
pub(crate) const GONE: &str = "[erased]";

/// Where the salt of the tombstones is kept.
const SALT: &str = "privacy.salt";

/// Makes tombstones' hashes.
pub(crate) struct Salt([u8; 32]);

impl Salt {
    /// The installation's salt, if anybody was ever erased here.
    pub(crate) async fn read(session: &mut Session) -> Result<Option<Self>, Error> {
        meta::get(session, SALT).await?.map(|text| Self::parse(&text)).transpose()
    }

    /// The installation's salt, made at the first erasure.
    pub(crate) async fn ensure(session: &mut Session, randomness: &dyn Randomness) -> Result<Self, Error> {
        if let Some(salt) = Self::read(session).await? {
            return Ok(salt);
        }
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes);
        let salt = Self(bytes);
        meta::set(session, SALT, &salt.text()).await?;
        Ok(salt)
    }

    /// A salt from its digits.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| Error::internal("the salt of the tombstones cannot be read"))?;
        Ok(Self(bytes))
    }

    /// Keeps this salt in a database that has none.
    pub(crate) async fn adopt(&self, session: &mut Session) -> Result<(), Error> {
        meta::set(session, SALT, &self.text()).await
    }

    /// Its digits.
    pub(crate) fn text(&self) -> String {
        hex::encode(self.0)
    }

    /// What is kept of a thing: its id follows from connection, kind and the vendor's id.
    pub(crate) fn hash(&self, id: Id) -> Vec<u8> {
        Sha256::new().chain_update(self.0).chain_update(id.as_bytes()).finalize().to_vec()
    }
}

/// As [`ingest::apply`], passing over what belongs to somebody who was erased and leaving out who is named. The ids are
/// in the order of the items; the last number says how many were passed over.
pub(crate) async fn apply(
    session: &mut Session,
    origin: &Origin<'_>,
    kind: Kind,
    items: Vec<Item>,
) -> Result<(Applied, Vec<i64>, u64), Error> {
    if items.is_empty() {
        return Ok((Applied::default(), Vec::new(), 0));
    }
    tombstones::take_turn(session, origin.workspace, false).await?;
    let Some(stones) = Stones::about(session, origin, kind, &items).await? else {
        let (applied, ids) = ingest::apply(session, origin, kind, items).await?;
        return Ok((applied, ids, 0));
    };
    let mut ids: Vec<Option<i64>> = Vec::with_capacity(items.len());
    let (mut kept, mut scrubbed, mut new) = (Vec::new(), HashMap::new(), Vec::new());
    for mut item in items {
        let id = origin.space.id(kind, &item.remote_id);
        if let Some((_, source)) = stones.0.get(&id) {
            ids.push(Some(*source));
            continue;
        }
        let links = links(kind, &item.draft.doc);
        let owner = links.iter().find(|link| link.bond == Bond::Owner && stones.0.contains_key(&link.to));
        if let Some((erasure, _)) = owner.and_then(|link| stones.0.get(&link.to)) {
            let source = tongshi_store::allocate(session, "sources", 1).await?;
            new.push((*erasure, id, source));
            ids.push(Some(source));
            continue;
        }
        let named: Vec<&Link> = links.iter().filter(|link| stones.0.contains_key(&link.to)).collect();
        if !named.is_empty() {
            item.draft = without(item.draft, &named)?;
            item.raw = stones.scrubbed(session, origin, &item.raw).await?;
            scrubbed.insert(kept.len(), ingest::hash(item.raw.as_bytes()));
        }
        ids.push(None);
        kept.push(item);
    }
    let passed = ids.iter().flatten().count() as u64;
    for (erasure, id, source) in new {
        let stone = Tombstone { hash: stones.1.hash(id), source };
        tombstones::put(session, origin.workspace, erasure, &[stone]).await?;
    }
    let (applied, stored) = ingest::apply(session, origin, kind, kept).await?;
    for (at, hash) in scrubbed {
        erasure::note_scrubbed(session, origin.workspace, stored[at], hash).await?;
    }
    let mut stored = stored.into_iter();
    let ids = ids.into_iter().map(|id| id.or_else(|| stored.next()).unwrap_or_default()).collect();
    Ok((applied, ids, passed))
}

/// Of these names of one connection, the numbers of those that were erased.
pub(crate) async fn known(
    session: &mut Session,
    workspace: &Workspace,
    space: Space,
    kind: Kind,
    names: impl Iterator<Item = &str>,
) -> Result<Vec<Option<i64>>, Error> {
    let ids: Vec<Id> = names.map(|name| space.id(kind, name)).collect();
    if ids.is_empty() || !tombstones::any(session, workspace).await? {
        return Ok(vec![None; ids.len()]);
    }
    let Some(salt) = Salt::read(session).await? else { return Ok(vec![None; ids.len()]) };
    let hashes: Vec<Vec<u8>> = ids.iter().map(|id| salt.hash(*id)).collect();
    let found = tombstones::find(session, workspace, &hashes).await?;
    Ok(found.into_iter().map(|stone| stone.map(|(_, source)| source)).collect())
}

/// The punches of those who were not erased.
pub(crate) async fn punches(
    session: &mut Session,
    workspace: &Workspace,
    mut rows: Vec<PunchRow>,
) -> Result<Vec<PunchRow>, Error> {
    if rows.is_empty() {
        return Ok(rows);
    }
    tombstones::take_turn(session, workspace, false).await?;
    if !tombstones::any(session, workspace).await? {
        return Ok(rows);
    }
    let Some(salt) = Salt::read(session).await? else { return Ok(rows) };
    let hashes: Vec<Vec<u8>> = rows.iter().map(|row| salt.hash(row.employee)).collect();
    let mut stones = tombstones::find(session, workspace, &hashes).await?.into_iter();
    rows.retain(|_| stones.next().flatten().is_none());
    Ok(rows)
}

/// The tombstones that a page touches, by the id that they hide, and the salt.
struct Stones(HashMap<Id, (Id, i64)>, Salt);

impl Stones {
    /// None where there are none, which is the usual case and costs one look-up.
    async fn about(
        session: &mut Session,
        origin: &Origin<'_>,
        kind: Kind,
        items: &[Item],
    ) -> Result<Option<Self>, Error> {
        if !tombstones::any(session, origin.workspace).await? {
            return Ok(None);
        }
        let Some(salt) = Salt::read(session).await? else { return Ok(None) };
        let mut ids: Vec<Id> = items.iter().map(|item| origin.space.id(kind, &item.remote_id)).collect();
        ids.extend(items.iter().flat_map(|item| links(kind, &item.draft.doc)).map(|link| link.to));
        let found = Self::find(session, origin.workspace, &salt, &ids).await?;
        Ok((!found.is_empty()).then_some(Self(found, salt)))
    }

    async fn find(
        session: &mut Session,
        workspace: &Workspace,
        salt: &Salt,
        ids: &[Id],
    ) -> Result<HashMap<Id, (Id, i64)>, Error> {
        let hashes: Vec<Vec<u8>> = ids.iter().map(|id| salt.hash(*id)).collect();
        let stones = tombstones::find(session, workspace, &hashes).await?;
        Ok(ids.iter().copied().zip(stones).filter_map(|(id, stone)| Some((id, stone?))).collect())
    }

    /// A payload without the vendor's ids of people who were erased.
    async fn scrubbed(&self, session: &mut Session, origin: &Origin<'_>, raw: &str) -> Result<String, Error> {
        let Ok(mut value) = serde_json::from_str::<Value>(raw) else { return Ok(raw.to_owned()) };
        let mut texts = Vec::new();
        each_text(&mut value, &mut |text| texts.push(text.clone()));
        let ids: Vec<Id> = texts
            .iter()
            .flat_map(|text| {
                let computed = Kind::ALL.iter().filter(|kind| kind.is_person());
                computed.map(|kind| origin.space.id(*kind, text)).chain(text.parse::<Id>().ok())
            })
            .collect();
        let found = Self::find(session, origin.workspace, &self.1, &ids).await?;
        let erased = |text: &str| {
            let named = text.parse::<Id>().is_ok_and(|id| found.contains_key(&id));
            let mut kinds = Kind::ALL.iter().filter(|kind| kind.is_person());
            named || kinds.any(|kind| found.contains_key(&origin.space.id(*kind, text)))
        };
        each_text(&mut value, &mut |text| {
            if erased(text) {
                GONE.clone_into(text);
            }
        });
        Ok(value.to_string())
    }
}

fn each_text(value: &mut Value, then: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => then(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, then)),
        Value::Object(fields) => fields.values_mut().for_each(|field| each_text(field, then)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A reference of a document to somebody.
pub(crate) struct Link {
    pub(crate) field: &'static str,
    pub(crate) bond: Bond,
    pub(crate) to: Id,
}

/// The references of a document to people.
pub(crate) fn links(kind: Kind, doc: &str) -> Vec<Link> {
    let wanted = kind.references().iter().filter(|(_, bond)| matches!(bond, Bond::Owner | Bond::Mention));
    let mut links = Vec::new();
    for (field, bond) in wanted {
        // A document of ours is written without spaces, and inside of a text the quotes would be escaped.
        let name = format!("\"{field}\":\"");
        let Some(at) = doc.find(&name).map(|at| at + name.len()) else { continue };
        if let Some(Ok(to)) = doc.get(at..at + 32).map(str::parse) {
            links.push(Link { field, bond: *bond, to });
        }
    }
    links
}

/// A draft that no longer names these.
pub(crate) fn without(draft: Draft, links: &[&Link]) -> Result<Draft, Error> {
    let mut doc = draft.doc;
    for link in links {
        let named = format!("\"{}\":\"{}\"", link.field, link.to);
        for text in [format!(",{named}"), format!("{named},"), named] {
            doc = doc.replace(&text, "");
        }
    }
    Draft::parse(draft.kind, doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_and_taken_out() {
        let (boss, unit) = (Id::of(&["boss"]), Id::of(&["unit"]));
        for doc in [
            format!(r#"{{"name":"a","org_unit":"{unit}","manager":"{boss}"}}"#),
            format!(r#"{{"manager":"{boss}","name":"a"}}"#),
            format!(r#"{{"manager":"{boss}"}}"#),
        ] {
            let draft = Draft::parse(Kind::Employee, doc).unwrap();
            let found = links(Kind::Employee, &draft.doc);
            assert_eq!((found.len(), found[0].to, found[0].bond), (1, boss, Bond::Mention));
            let left = without(draft, &[&found[0]]).unwrap();
            assert!(!left.doc.contains(&boss.to_string()), "{}", left.doc);
            serde_json::from_str::<Value>(&left.doc).unwrap();
        }
    }
}
