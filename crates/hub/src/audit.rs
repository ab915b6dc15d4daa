//! Who did what: deeds are noted in the transaction that does them, reads and uses of credentials together (`trail`).
//! Each entry is chained to the one before it, so a trail that was altered shows where.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use tongshi_model::{Error, Timestamp};
use tongshi_store::{AuditFilter, AuditRow, NewAudit, Session, Workspace, audit};

use crate::{
    Hub,
    reads::{limited, raw},
};

/// Entries that are checked together: the memory of a check does not grow with the trail.
const CHECKED_ROWS: u32 = 1000;

/// Something worth remembering for auditors: no personal data and no secrets in it.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// Who: `app:kiosk`, `cli`, `event:hr`.
    pub actor: String,
    /// What: `app.create`, `write.approve`.
    pub action: &'static str,
    /// To what: a record's id, an app's name; empty for nothing in particular.
    pub target: String,
    /// How it ended: `done`, `refused`, `failed`.
    pub outcome: &'static str,
    /// Further facts, an object.
    pub detail: Value,
}

impl AuditEntry {
    /// Somebody did something.
    pub fn done(actor: impl Into<String>, action: &'static str, target: impl Into<String>) -> Self {
        Self { actor: actor.into(), action, target: target.into(), outcome: "done", detail: json!({}) }
    }

    /// Somebody was not let do something.
    pub fn refused(actor: impl Into<String>, action: &'static str, target: impl Into<String>) -> Self {
        Self { outcome: "refused", ..Self::done(actor, action, target) }
    }

    /// The same with further facts.
    #[must_use]
    pub fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// Which entries to read.
pub type AuditQuery = AuditFilter;

/// A page of the trail.
#[derive(Debug, Serialize)]
pub struct AuditPage {
    /// The entries.
    pub data: Vec<AuditView>,
    /// The number to ask on from.
    pub next: i64,
}

/// An entry as it is shown.
#[derive(Debug, Serialize)]
pub struct AuditView {
    /// Its number in the workspace: without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// How it ended.
    pub outcome: String,
    /// Further facts.
    pub detail: Box<RawValue>,
    /// Of this entry and all before it, in hexadecimal.
    pub hash: String,
}

/// What a check of the trail found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditProof {
    /// Whether the trail is as it was written.
    pub ok: bool,
    /// How many entries were checked.
    pub checked: u64,
    /// The number of the first entry that is not as it was written.
    pub first_bad: Option<i64>,
    /// What is wrong with it.
    pub reason: Option<String>,
    /// The last entry's number and hash, as `SEQ:HASH`; keep it elsewhere.
    pub head: String,
}

impl Hub {
    /// Entries of the trail, ascending: the first ones that fit, or with `last` the last ones.
    pub async fn audit(
        &self,
        workspace: &Workspace,
        query: &AuditQuery,
        limit: u32,
        last: bool,
    ) -> Result<AuditPage, Error> {
        let mut session = self.store().read().await?;
        let rows = audit::list(&mut session, workspace, query, limited(limit)?, last).await?;
        let next = rows.last().map_or(query.after, |row| row.seq);
        let data = rows.into_iter().map(view).collect::<Result<_, _>>()?;
        Ok(AuditPage { data, next })
    }

    /// The number and hash of the last entry, as `SEQ:HASH`.
    pub async fn audit_head(&self, workspace: &Workspace) -> Result<String, Error> {
        let (seq, hash) = audit::head(&mut self.store().read().await?, workspace).await?;
        Ok(head_text(seq, &hash))
    }

    /// Checks the whole trail: each entry against the one before it, the last one against the head, and one against
    /// what somebody has kept elsewhere (`SEQ:HASH`).
    pub async fn verify_audit(&self, workspace: &Workspace, kept: Option<&str>) -> Result<AuditProof, Error> {
        let kept = kept.map(read_head).transpose()?;
        let mut session = self.store().read().await?;
        let (last, hash) = audit::head(&mut session, workspace).await?;
        let mut walk = Walk { before: vec![0; 32], seq: 0, checked: 0 };
        let found = walk.whole(&mut session, workspace, kept.as_ref()).await?;
        let found = found.or_else(|| match (walk.seq, &kept) {
            (seq, _) if seq < last => Some((seq + 1, "entries from here on are gone: the head is further")),
            (seq, _) if seq > last => Some((last + 1, "the head does not know of entries from here on")),
            (seq, Some((at, _))) if *at > seq => {
                Some((seq + 1, "entries from here on are gone: your head is further"))
            }
            (seq, _) if walk.before != hash => Some((seq, "the head has another hash")),
            _ => None,
        });
        Ok(AuditProof {
            ok: found.is_none(),
            checked: walk.checked,
            first_bad: found.map(|(seq, _)| seq),
            reason: found.map(|(_, reason)| reason.to_owned()),
            head: head_text(last, &hash),
        })
    }
}

/// How far a check is.
struct Walk {
    before: Vec<u8>,
    seq: i64,
    checked: u64,
}

impl Walk {
    /// Walks to the end, or to the first entry that is wrong.
    async fn whole(
        &mut self,
        session: &mut Session,
        workspace: &Workspace,
        kept: Option<&(i64, Vec<u8>)>,
    ) -> Result<Option<(i64, &'static str)>, Error> {
        loop {
            let rows = audit::after(session, workspace, self.seq, CHECKED_ROWS).await?;
            let all = rows.len() < CHECKED_ROWS as usize;
            for row in rows {
                if let Some(reason) = self.step(workspace, &row, kept) {
                    // Where a number is left out, that one is the first that is wrong.
                    return Ok(Some((self.seq + 1, reason)));
                }
                (self.before, self.seq) = (row.hash, row.seq);
                self.checked += 1;
            }
            if all {
                return Ok(None);
            }
        }
    }

    fn step(
        &self,
        workspace: &Workspace,
        row: &AuditRow,
        kept: Option<&(i64, Vec<u8>)>,
    ) -> Option<&'static str> {
        if row.seq != self.seq + 1 {
            return Some("the entry is gone");
        }
        if audit::chained(&self.before, workspace, row.seq, row.at, &row.entry) != row.hash {
            return Some("the entry, or the one before it, was altered");
        }
        match kept {
            Some((seq, hash)) if *seq == row.seq && *hash != row.hash => {
                Some("the entry has another hash than your head: the trail was written anew since")
            }
            _ => None,
        }
    }
}

fn head_text(seq: i64, hash: &[u8]) -> String {
    format!("{seq}:{}", hex::encode(hash))
}

fn read_head(text: &str) -> Result<(i64, Vec<u8>), Error> {
    let wrong = || Error::invalid("head", "a head is SEQ:HASH, as `tongshi audit head` prints it");
    let (seq, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
    let hash = hex::decode(hash).ok().filter(|hash| hash.len() == 32).ok_or_else(wrong)?;
    Ok((seq.parse().ok().filter(|seq| *seq >= 0).ok_or_else(wrong)?, hash))
}

fn view(row: AuditRow) -> Result<AuditView, Error> {
    let NewAudit { actor, action, target, outcome, detail } = row.entry;
    let (detail, hash) = (raw(detail)?, hex::encode(row.hash));
    Ok(AuditView { seq: row.seq, at: row.at, actor, action, target, outcome, detail, hash })
}

/// Notes it in a transaction that does it.
pub(crate) async fn note(
    session: &mut Session,
    workspace: &Workspace,
    entry: AuditEntry,
) -> Result<(), Error> {
    audit::append(session, workspace, vec![stored(entry)]).await
}

/// Notes several in this order.
pub(crate) async fn note_all(
    session: &mut Session,
    workspace: &Workspace,
    entries: Vec<AuditEntry>,
) -> Result<(), Error> {
    audit::append(session, workspace, entries.into_iter().map(stored).collect()).await
}

fn stored(entry: AuditEntry) -> NewAudit {
    NewAudit {
        actor: entry.actor,
        action: entry.action.to_owned(),
        target: entry.target,
        outcome: entry.outcome.to_owned(),
        detail: entry.detail.to_string(),
    }
}
