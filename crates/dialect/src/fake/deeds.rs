//! Deeds in the small organisation in memory: the same rules as the store's, without a store.

use serde_json::Value;
use tongshi_model::{
    Coded, Draft, Error, Id, Instant, Kind, PointsEntry, PointsKind, Randomness as _, Timestamp, shanghai,
};

use super::{FakeWorkforce, Kept, State};
use crate::{About, Deed, Pot, Record, Settled};

impl State {
    /// What can be taken out of a pot. A person's points are the sum of their entries.
    pub(super) fn holding(&self, pot: &Pot) -> i64 {
        let moved = || self.pots.get(&name(pot)).copied().unwrap_or_default();
        match *pot {
            Pot::Person(id) => self
                .records
                .iter()
                .filter(|kept| kept.record.kind == Kind::PointsEntry && !kept.record.deleted)
                .filter_map(|kept| kept.record.read::<PointsEntry>().ok())
                .filter(|entry| entry.employee == id)
                .map(|entry| entry.amount)
                .sum(),
            Pot::Budget { limit: most, .. } | Pot::Stock { pieces: most, .. } => i64::from(most) + moved(),
            Pot::Held | Pot::Issued | Pot::Spent | Pot::HandedOut => moved(),
        }
    }

    fn keep(&mut self, id: Id, draft: Draft, now: Timestamp) {
        let found = self.records.iter_mut().find(|kept| kept.record.id == id);
        let version = found.as_ref().map_or(1, |kept| kept.record.version + 1);
        let record = Record {
            id,
            kind: draft.kind,
            version,
            doc: draft.doc,
            created_at: found.as_ref().map_or(now, |kept| kept.record.created_at),
            changed_at: now,
            deleted: false,
        };
        let kept = Kept { record, keys: draft.keys, date: draft.date };
        match found {
            Some(place) => *place = kept,
            None => self.records.push(kept),
        }
    }

    /// Moves points, or names the pot that has too few.
    fn pour(
        &mut self,
        pot: Pot,
        amount: i64,
        kind: PointsKind,
        about: Id,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Pot::Person(employee) = pot else {
            *self.pots.entry(name(&pot)).or_default() += amount;
            return Ok(());
        };
        let entry = PointsEntry {
            employee,
            kind: Coded::ours(kind),
            amount,
            balance_after: self.holding(&pot) + amount,
            source: Some(about),
            at: Instant::new(now, shanghai()),
            note: None,
        };
        let number = self.records.len().to_string();
        self.keep(Id::of(&["points", &number]), Draft::of(&entry)?, now);
        Ok(())
    }
}

impl FakeWorkforce {
    pub(super) fn settled(&self, deed: Deed) -> Result<Settled, Error> {
        let now = self.clock.now();
        let mut state = self.change();
        if let Some(once) = &deed.once
            && let Some((request, answer)) = state.answered.get(&once.name)
        {
            let same = *request == once.request;
            return Ok(if same { Settled::Before(answer.clone()) } else { Settled::OtherRequest });
        }
        let mut changed = Vec::with_capacity(deed.changed.len());
        for change in deed.changed {
            let found = state.records.iter().find(|kept| kept.record.id == change.record);
            let Some(kept) = found.filter(|kept| kept.record.version == change.version) else {
                return Ok(Settled::Stale);
            };
            let mut doc: serde_json::Map<String, Value> = kept.record.read_fields()?;
            doc.extend(change.fields);
            doc.retain(|_, value| !value.is_null());
            changed.push((change.record, Draft::parse(change.kind, Value::Object(doc).to_string())?));
        }
        let bounded = |pot: &Pot| !matches!(pot, Pot::Held | Pot::Issued | Pot::Spent | Pot::HandedOut);
        for movement in &deed.moves {
            // Several movements out of one pot are looked at together.
            let out = deed.moves.iter().filter(|other| name(&other.from) == name(&movement.from));
            let out: i64 = out.map(|movement| i64::from(movement.amount)).sum();
            if bounded(&movement.from) && state.holding(&movement.from) < out {
                return Ok(Settled::Short(movement.from));
            }
        }
        let mut ids = Vec::with_capacity(deed.made.len());
        for draft in deed.made {
            let mut bytes = [0; 16];
            self.randomness.fill(&mut bytes);
            ids.push(Id::from_bytes(bytes));
            state.keep(Id::from_bytes(bytes), draft, now);
        }
        for (id, draft) in changed {
            state.keep(id, draft, now);
        }
        for movement in deed.moves {
            let about = match movement.about {
                About::Record(id) => id,
                About::Made(place) => ids[place],
            };
            let amount = i64::from(movement.amount);
            state.pour(movement.from, -amount, movement.kind, about, now)?;
            state.pour(movement.to, amount, movement.kind, about, now)?;
        }
        let answer = (deed.answer)(&ids);
        if let Some(once) = deed.once {
            state.answered.insert(once.name, (once.request, answer.clone()));
        }
        Ok(Settled::Done { ids, answer })
    }
}

/// What tells pots apart: not how much there was at first.
fn name(pot: &Pot) -> String {
    match pot {
        Pot::Budget { owner, .. } => format!("budget {owner}"),
        Pot::Stock { item, .. } => format!("stock {item}"),
        other => format!("{other:?}"),
    }
}
