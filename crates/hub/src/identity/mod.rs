//! One record for one thing, however many vendors know it: links between records, by rule or by hand, that can be taken
//! back; and whose values win.

mod aliases;
mod fold;
mod folding;
mod matched;
mod matching;
mod owners;
mod people;

use serde::Serialize;
use serde_json::json;
use tongshi_model::{Error, Id, Kind, Timestamp};
use tongshi_store::{
    Connection, Part, RecordRow, Session, SourceRow, Workspace, connections,
    identity::{self, Link},
    records, refs, shared, sources,
};

pub(crate) use aliases::{Aliases, Kept};
pub(crate) use fold::{Ownership, Said, Won};
pub(crate) use folding::{Cause, Folding};
pub use matched::Matched;
pub(crate) use matched::{Holding, match_people};
pub use owners::{OwnerRule, Owners};

use crate::{AuditEntry, Hub, audit};
use folding::Basis;
use matching::Reason;

/// Two records that are one now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Linked {
    /// The record that stays.
    pub record: Id,
    /// The one whose id means it from now on.
    pub linked: Id,
}

/// A record that was taken out of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Unlinked {
    /// The record that stays.
    pub record: Id,
    /// The one that is by itself again.
    pub restored: Id,
}

/// Two records that may be one, for a person to decide.
#[derive(Clone, Serialize)]
pub struct IdentityConflict {
    /// One record.
    pub record: Id,
    /// The other.
    pub other: Id,
    /// Their kind.
    pub kind: Kind,
    /// The names that they carry.
    pub names: [String; 2],
    /// Why they are not linked: a short name that stays the same.
    pub reason: String,
    /// The same in a sentence.
    pub text: &'static str,
    /// How sure a link would be, from 0 to 1.
    pub confidence: f64,
    /// When it was found.
    pub at: Timestamp,
}

impl std::fmt::Debug for IdentityConflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdentityConflict({} {} {})", self.reason, self.record, self.other)
    }
}

impl Hub {
    /// Makes one record of two because somebody says so. The older one's id stays, the other's means it from now on.
    pub async fn link(
        &self,
        workspace: &Workspace,
        one: Id,
        other: Id,
        actor: &str,
    ) -> Result<Linked, Error> {
        let mut session = self.store().write().await?;
        shared::lock(&mut session, workspace).await?;
        let (one, other) =
            (live(&mut session, workspace, one).await?, live(&mut session, workspace, other).await?);
        if one.kind != other.kind {
            let text = format!("one is a {}, the other a {}", one.kind, other.kind);
            return Err(Error::invalid("other", text));
        }
        if one.id == other.id {
            return Err(Error::conflict("they are one record already"));
        }
        let (one, other) = (one.id, other.id);
        let owners = Ownership::load(&mut session, workspace).await?;
        let mut folding = Folding::new(workspace, owners, actor, None, self.clock().now());
        folding.load(&mut session, &[one, other]).await?;
        let record = folding.link(one, other, Basis { method: "manual", confidence: 100 })?;
        folding.write(&mut session).await?;
        let linked = Linked { record, linked: if record == one { other } else { one } };
        identity::remove_apart(&mut session, workspace, one, other).await?;
        identity::remove_conflict(&mut session, workspace, one, other).await?;
        let entry = AuditEntry::done(actor, "identity.link", record.to_string())
            .with(json!({"linked": linked.linked}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        self.forget_aliases(workspace);
        Ok(linked)
    }

    /// Takes a connection's source out of a record. It is a record of its own again, as if it had never been linked,
    /// and no rule links the two again. The vendor's id is needed where the record has several sources of the
    /// connection.
    pub async fn unlink(
        &self,
        workspace: &Workspace,
        record: Id,
        connection: &str,
        remote_id: Option<&str>,
        actor: &str,
    ) -> Result<Unlinked, Error> {
        let mut session = self.store().write().await?;
        shared::lock(&mut session, workspace).await?;
        let record = records::get(&mut session, workspace, record).await?;
        let record = record.ok_or_else(|| Error::not_found("there is no such record"))?.id;
        let found = connections::find(&mut session, workspace, connection).await?;
        let found =
            found.ok_or_else(|| Error::not_found(format!("there is no connection '{connection}'")))?;
        let owners = Ownership::load(&mut session, workspace).await?;
        let mut folding = Folding::new(workspace, owners, actor, None, self.clock().now());
        folding.load(&mut session, &[record]).await?;
        let source = chosen(folding.parts(record), &found, remote_id)?;
        let target = folding.target(record, source)?;
        folding.load(&mut session, &[target]).await?;
        folding.unlink(record, source, target)?;
        folding.write(&mut session).await?;
        identity::put_apart(&mut session, workspace, record, target, actor).await?;
        let entry = AuditEntry::done(actor, "identity.unlink", record.to_string())
            .with(json!({"restored": target, "connection": connection}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        self.forget_aliases(workspace);
        Ok(Unlinked { record, restored: target })
    }

    /// The kind of the record that an id means.
    pub async fn kind_of(&self, workspace: &Workspace, id: Id) -> Result<Option<Kind>, Error> {
        let mut session = self.store().read().await?;
        Ok(records::get(&mut session, workspace, id).await?.map(|row| row.kind))
    }

    /// Pairs that may be one and that a person must decide about, surest first.
    pub async fn identity_conflicts(&self, workspace: &Workspace) -> Result<Vec<IdentityConflict>, Error> {
        let mut session = self.store().read().await?;
        let found = identity::conflicts(&mut session, workspace).await?;
        let ids: Vec<Id> = found.iter().flat_map(|conflict| [conflict.one, conflict.other]).collect();
        let rows = records::many(&mut session, workspace, &ids).await?;
        let mut shown = Vec::with_capacity(found.len());
        for (conflict, rows) in found.into_iter().zip(rows.chunks(2)) {
            let [Some(one), Some(other)] = rows else { continue };
            // Somebody who went since is no longer in question.
            if [one, other].iter().any(|row| row.deleted.is_some() && !row.is_linked()) {
                continue;
            }
            shown.push(IdentityConflict {
                record: conflict.one,
                other: conflict.other,
                kind: one.kind,
                names: [name_of(one), name_of(other)],
                text: Reason::text(&conflict.reason),
                reason: conflict.reason,
                confidence: conflict.confidence as f64 / 100.0,
                at: conflict.at,
            });
        }
        Ok(shown)
    }

    /// Registers what a vendor made for us of a record that we know: the vendor's id means this record from now on, and
    /// what the vendor says of it is folded in when it is read. Returns the source's number.
    pub async fn adopt(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        connection: &Connection,
        (kind, remote_id): (Kind, &str),
        record: Id,
        actor: &str,
    ) -> Result<i64, Error> {
        shared::lock(session, workspace).await?;
        let record = live(session, workspace, record).await?.id;
        if let Some(head) = sources::heads(session, connection.no, kind, &[remote_id]).await?.pop().flatten()
        {
            let known = head.record == record;
            return if known {
                Ok(head.id)
            } else {
                Err(Error::conflict("the vendor's id has a record already"))
            };
        }
        let space = tongshi_model::Space { workspace: workspace.id, connection: connection.id };
        let own = space.id(kind, remote_id);
        let id = tongshi_store::allocate(session, "sources", 1).await?;
        let source = SourceRow {
            id,
            connection: connection.no,
            kind,
            remote_id: remote_id.to_owned(),
            record,
            hash: [0; 16],
            raw: String::new(),
            date: None,
            gone: None,
        };
        sources::upsert(session, workspace, vec![source]).await?;
        refs::put(session, workspace, &[(own, record)]).await?;
        let at = session.now();
        let (method, actor) = ("written".to_owned(), actor.to_owned());
        let link = Link { source: id, method, confidence: 100, actor, at };
        identity::put_links(session, workspace, vec![link]).await?;
        self.forget_aliases(workspace);
        Ok(id)
    }
}

impl Hub {
    /// As [`Hub::adopt`] for records of one kind that are there under these very ids, each with the name of a source that
    /// nobody has seen yet.
    pub(crate) async fn adopt_many(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        connection: &Connection,
        kind: Kind,
        named: Vec<(String, Id)>,
        actor: &str,
    ) -> Result<(), Error> {
        shared::lock(session, workspace).await?;
        let space = tongshi_model::Space { workspace: workspace.id, connection: connection.id };
        let first = tongshi_store::allocate(session, "sources", named.len() as u64).await?;
        let at = session.now();
        let (mut rows, mut meanings, mut links) = (Vec::new(), Vec::new(), Vec::new());
        for (id, (remote_id, record)) in (first..).zip(named) {
            meanings.push((space.id(kind, &remote_id), record));
            let (method, actor) = ("written".to_owned(), actor.to_owned());
            links.push(Link { source: id, method, confidence: 100, actor, at });
            let (connection, hash, raw) = (connection.no, [0; 16], String::new());
            rows.push(SourceRow {
                id,
                connection,
                kind,
                remote_id,
                record,
                hash,
                raw,
                date: None,
                gone: None,
            });
        }
        sources::upsert(session, workspace, rows).await?;
        refs::put(session, workspace, &meanings).await?;
        identity::put_links(session, workspace, links).await?;
        self.forget_aliases(workspace);
        Ok(())
    }
}

/// A record that is there, under whichever of its ids.
async fn live(session: &mut Session, workspace: &Workspace, id: Id) -> Result<RecordRow, Error> {
    let row = records::get(session, workspace, id).await?;
    let row = row.ok_or_else(|| Error::not_found(format!("there is no record {id}")))?;
    if row.deleted.is_some() {
        return Err(Error::conflict(format!("the record {id} is deleted")));
    }
    Ok(row)
}

/// The source that is meant.
fn chosen(parts: &[Part], connection: &Connection, remote_id: Option<&str>) -> Result<i64, Error> {
    if parts.len() < 2 {
        return Err(Error::conflict("the record has no other source"));
    }
    let mut of = parts.iter().filter(|part| {
        part.connection == connection.no && remote_id.is_none_or(|remote_id| part.remote_id == remote_id)
    });
    match (of.next(), of.next()) {
        (Some(part), None) => Ok(part.id),
        (None, _) => {
            let text = format!("the record has no such source of '{}'", connection.name);
            Err(Error::not_found(text))
        }
        (Some(_), Some(_)) => {
            let text = format!("the record has several sources of '{}'; name one of them", connection.name);
            Err(Error::invalid("source", text))
        }
    }
}

fn name_of(row: &RecordRow) -> String {
    let doc: serde_json::Value = serde_json::from_str(&row.doc).unwrap_or_default();
    doc["name"].as_str().unwrap_or_default().to_owned()
}
