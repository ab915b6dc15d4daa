//! Ids that mean another record since two vendors' views turned out to be one thing. References to them are left as
//! they were written and led on when they are read, so that a link can be taken back without a trace.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use tongshi_model::{Error, Id, Timestamp};
use tongshi_store::{Session, Workspace, refs};

use crate::Hub;

/// Where asking for the epoch is a question to the database, it is asked this often at most: as late as another
/// process's commit shows on SQLite.
const CHECK_MICROSECONDS: i64 = 50_000;

/// How often a meaning is followed: more would be a circle.
const STEPS_MAX: usize = 8;

/// How an id looks in a document.
const HEX: usize = 32;

/// What ids mean in one workspace. Most workspaces have none, and then nothing is looked at.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    meanings: HashMap<Id, Id>,
    /// The other way round.
    names: HashMap<Id, Vec<Id>>,
}

/// Aliases as they were at an epoch.
#[derive(Clone)]
pub(crate) struct Kept {
    epoch: u64,
    generation: i64,
    checked: Timestamp,
    aliases: Arc<Aliases>,
}

impl Aliases {
    /// Follows every chain to its end.
    pub(crate) fn of(pairs: Vec<(Id, Id)>) -> Self {
        let steps: HashMap<Id, Id> = pairs.into_iter().collect();
        let mut aliases = Self::default();
        let mut names: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        for (id, next) in &steps {
            let mut end = *next;
            for _ in 0..STEPS_MAX {
                let Some(next) = steps.get(&end) else { break };
                end = *next;
            }
            aliases.meanings.insert(*id, end);
            names.entry(end).or_default().push(*id);
        }
        for (end, mut ids) in names {
            ids.sort_unstable();
            aliases.names.insert(end, ids);
        }
        aliases
    }

    /// Whether every id means itself.
    pub(crate) fn is_empty(&self) -> bool {
        self.meanings.is_empty()
    }

    /// The record that an id means.
    pub(crate) fn meaning(&self, id: Id) -> Id {
        self.meanings.get(&id).copied().unwrap_or(id)
    }

    /// Every id that means the same record as this one, the record's own first.
    pub(crate) fn all(&self, id: Id) -> Vec<Id> {
        let meaning = self.meaning(id);
        let others = self.names.get(&meaning).into_iter().flatten().copied();
        std::iter::once(meaning).chain(others).collect()
    }

    /// The values under which a looked-up value may be stored; only ids have several.
    pub(crate) fn values(&self, value: &str) -> Option<Vec<String>> {
        if self.is_empty() || value.len() != HEX {
            return None;
        }
        let all = self.all(value.parse().ok()?);
        (all.len() > 1).then(|| all.iter().map(Id::to_string).collect())
    }

    /// The document with each id that means another record replaced by that one.
    pub(crate) fn lead(&self, doc: String) -> String {
        if self.is_empty() {
            return doc;
        }
        let bytes = doc.as_bytes();
        let mut led: Option<String> = None;
        let (mut copied, mut at) = (0, 0);
        while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'"') {
            let (start, end) = (at + found + 1, at + found + 1 + HEX);
            at = start;
            if bytes.get(end) != Some(&b'"') || !bytes[start..end].iter().all(u8::is_ascii_hexdigit) {
                continue;
            }
            let Some(meaning) = doc[start..end].parse().ok().and_then(|id| self.meanings.get(&id)) else {
                continue;
            };
            let led = led.get_or_insert_with(|| String::with_capacity(doc.len()));
            led.push_str(&doc[copied..start]);
            led.push_str(&meaning.to_string());
            (copied, at) = (end, end);
        }
        match led {
            Some(mut led) => {
                led.push_str(&doc[copied..]);
                led
            }
            None => doc,
        }
    }
}

impl Hub {
    /// What ids mean in this workspace now. They are kept in memory as long as nothing in the workspace changed.
    pub(crate) async fn aliases(&self, workspace: &Workspace) -> Result<Arc<Aliases>, Error> {
        let now = self.clock().now();
        let kept = self.0.aliases.get(&workspace.no);
        if let Some(kept) = &kept {
            let age = now.as_microsecond() - kept.checked.as_microsecond();
            if !self.store().epoch_is_free() && (0..CHECK_MICROSECONDS).contains(&age) {
                return Ok(Arc::clone(&kept.aliases));
            }
        }
        // The epoch is read before the aliases, so what is kept under it is never older than it says.
        let epoch = self.store().epoch(workspace).await?;
        if let Some(kept) = &kept
            && kept.epoch == epoch
        {
            if !self.store().epoch_is_free() {
                self.0.aliases.insert(workspace.no, Kept { checked: now, ..kept.clone() });
            }
            return Ok(Arc::clone(&kept.aliases));
        }
        let mut session = self.store().read().await?;
        let (generation, aliases) = self.aliases_at(&mut session, workspace).await?;
        let kept = Kept { epoch, generation, checked: now, aliases: Arc::clone(&aliases) };
        self.0.aliases.insert(workspace.no, kept);
        Ok(aliases)
    }

    /// The aliases as a session sees them, for who holds one: two of the same sort at once wait for each other.
    pub(crate) async fn aliases_in(
        &self,
        session: &mut Session,
        workspace: &Workspace,
    ) -> Result<Arc<Aliases>, Error> {
        Ok(self.aliases_at(session, workspace).await?.1)
    }

    async fn aliases_at(
        &self,
        session: &mut Session,
        workspace: &Workspace,
    ) -> Result<(i64, Arc<Aliases>), Error> {
        let generation = refs::generation(session, workspace).await?;
        let aliases = match self.0.aliases.get(&workspace.no) {
            Some(kept) if kept.generation == generation => kept.aliases,
            _ => Arc::new(Aliases::of(refs::all(session, workspace).await?)),
        };
        Ok((generation, aliases))
    }

    /// Has the aliases read anew by the next who asks.
    pub(crate) fn forget_aliases(&self, workspace: &Workspace) {
        self.0.aliases.invalidate(&workspace.no);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> Id {
        Id::of(&[name])
    }

    #[test]
    fn ids_lead_to_what_they_mean_and_everything_else_stays() {
        let aliases = Aliases::of(vec![(id("b"), id("a")), (id("c"), id("b"))]);
        assert_eq!((aliases.meaning(id("c")), aliases.meaning(id("z"))), (id("a"), id("z")));
        let mut all = aliases.all(id("b"));
        assert_eq!(all.remove(0), id("a"));
        assert_eq!(all.len(), 2);
        let doc = |who: Id| {
            format!(r#"{{"manager":"{who}","name":"\"{}\"","list":["{who}",1],"x":"{who}0"}}"#, id("b"))
        };
        // A quoted quote does not begin a value, and a longer text is no id.
        let led = aliases.lead(doc(id("c")));
        assert_eq!(led.matches(&id("a").to_string()).count(), 2);
        assert!(led.contains(&format!("{}0", id("c"))) && led.contains(&format!(r#"\"{}\""#, id("b"))));
        assert_eq!(aliases.lead(doc(id("z"))), doc(id("z")));
        assert_eq!(Aliases::default().lead(doc(id("c"))), doc(id("c")));
    }

    #[test]
    fn a_circle_ends() {
        let aliases = Aliases::of(vec![(id("a"), id("b")), (id("b"), id("a"))]);
        assert!([id("a"), id("b")].contains(&aliases.meaning(id("a"))));
    }

    #[test]
    fn only_ids_have_several_values() {
        let aliases = Aliases::of(vec![(id("b"), id("a"))]);
        assert_eq!(aliases.values(&id("a").to_string()).unwrap().len(), 2);
        assert_eq!(aliases.values(&id("z").to_string()), None);
        assert_eq!(aliases.values("E001"), None);
    }
}
