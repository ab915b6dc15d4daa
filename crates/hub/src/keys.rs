//! Which key sealed what, and sealing everything anew under the newest one while the hub goes on working.
//!
//! Whoever adds a table with encrypted values calls its column `sealed` and gives it a line in [`SEALED`]; a test fails
//! until they do.

use std::collections::BTreeMap;

use serde_json::json;
use tongshi_model::Error;
use tongshi_store::{
    Session, meta,
    sealed::{self, SealedRow, SealedTable},
    workspaces,
};

use crate::{AuditEntry, Hub, Vault, apps::key_place, audit, connections, deliveries, vault::MARK};

/// Values sealed anew in one transaction: short enough that nobody waits for it.
const BATCH: u32 = 100;
/// Under this name stands which key is the newest, and since when everything is sealed with it.
const NEWEST: &str = "vault.newest";
/// A transaction that sealed with the key before has ended after this time, one way or the other.
const GRACE_SECONDS: i64 = 120;
/// What is told of a value whose key cannot be told.
const UNKNOWN: &str = "unknown";

/// Values of one table, and how the place is named for which each is sealed.
struct Sealed {
    table: SealedTable,
    place: fn(&SealedRow) -> String,
}

/// Everything that is sealed, beside the mark in `meta`.
const SEALED: &[Sealed] = &[
    Sealed {
        table: SealedTable { table: "connections", key: &["no"], place: &["name"] },
        place: |row| connections::place(row.workspace, &row.place[0]),
    },
    Sealed {
        table: SealedTable { table: "app_keys", key: &["face", "key_id"], place: &["face", "key_id"] },
        place: |row| key_place(&row.place[0], &row.place[1]),
    },
    Sealed {
        table: SealedTable { table: "endpoints", key: &["no"], place: &["id"] },
        place: |row| deliveries::place(&row.place[0]),
    },
];

/// A key and what it has sealed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeyUse {
    /// Its id, which says nothing about the key.
    pub id: String,
    /// Whether it is at hand.
    pub known: bool,
    /// Whether it seals what is sealed from now on.
    pub newest: bool,
    /// How many values it has sealed that are still stored.
    pub values: u64,
}

/// What sealing everything anew did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Resealed {
    /// Values that were sealed with an older key.
    pub values: u64,
}

impl Hub {
    /// The keys at hand, the newest first, and those that are missing, each with what it has sealed.
    pub async fn key_uses(&self) -> Result<Vec<KeyUse>, Error> {
        self.vault().refresh()?;
        let mut session = self.store().read().await?;
        let mut used = used(self.vault(), &mut session).await?;
        let known = self.vault().key_ids();
        let mut uses: Vec<KeyUse> = known
            .into_iter()
            .enumerate()
            .map(|(place, id)| {
                let values = used.remove(&id).unwrap_or_default();
                KeyUse { id, known: true, newest: place == 0, values }
            })
            .collect();
        uses.extend(used.into_iter().map(|(id, values)| KeyUse { id, known: false, newest: false, values }));
        Ok(uses)
    }

    /// Seals everything with the newest key that an older one has sealed, some at a time. It may stop anywhere and be
    /// called again; meanwhile others read, write and seal.
    pub async fn reseal(&self) -> Result<Resealed, Error> {
        let mut resealed = Resealed::default();
        for place in SEALED {
            let mut after = None::<SealedRow>;
            loop {
                let (rows, count) = self.reseal_page(place, after.as_ref()).await?;
                resealed.values += count;
                let last = rows.into_iter().next_back();
                match last {
                    Some(last) => after = Some(last),
                    None => break,
                }
            }
        }
        let newest = self.vault().key_ids().into_iter().next().unwrap_or_default();
        let count = resealed.values;
        self.store()
            .transact(async |session| {
                let mark = meta::get(session, MARK).await?.unwrap_or_default();
                if self.vault().is_newest(MARK, &hex::decode(mark).unwrap_or_default()) {
                    return Ok(());
                }
                self.vault().mark(session, self.randomness()).await?;
                meta::set(session, NEWEST, &format!("{newest} {}", session.now().as_second())).await?;
                for workspace in workspaces::all(session).await? {
                    let entry = AuditEntry::done("cli", "key.rotate", &newest).with(json!({"values": count}));
                    audit::note(session, &workspace, entry).await?;
                }
                Ok(())
            })
            .await?;
        Ok(resealed)
    }

    async fn reseal_page(
        &self,
        place: &Sealed,
        after: Option<&SealedRow>,
    ) -> Result<(Vec<SealedRow>, u64), Error> {
        self.store()
            .transact(async |session| {
                let rows = sealed::page(session, &place.table, after, BATCH).await?;
                let mut count = 0;
                for row in &rows {
                    let name = (place.place)(row);
                    if self.vault().is_newest(&name, &row.sealed) {
                        continue;
                    }
                    let plain = zeroize::Zeroizing::new(self.vault().open(&name, &row.sealed)?);
                    let again = self.vault().seal(self.randomness(), &name, &plain)?;
                    count += u64::from(sealed::replace(session, &place.table, row, again).await?);
                }
                Ok((rows, count))
            })
            .await
    }

    /// The keys that nothing needs any more: not the newest, nothing stored is sealed with them, and so long ago that
    /// no transaction under way can bring something that is. With `now` that last is taken on trust.
    pub async fn idle_keys(&self, now: bool) -> Result<Vec<String>, Error> {
        let uses = self.key_uses().await?;
        let Some(newest) = uses.first() else { return Ok(Vec::new()) };
        let mut session = self.store().read().await?;
        let since = meta::get(&mut session, NEWEST).await?.unwrap_or_default();
        let since = since.strip_prefix(newest.id.as_str()).and_then(|rest| rest.trim().parse::<i64>().ok());
        let settled = since.is_some_and(|since| self.clock().now().as_second() - since >= GRACE_SECONDS);
        if uses.len() < 2 || newest.values == 0 || !(settled || now) {
            return Ok(Vec::new());
        }
        Ok(uses
            .into_iter()
            .filter(|key| key.known && !key.newest && key.values == 0)
            .map(|key| key.id)
            .collect())
    }
}

/// How many values each key has sealed, as far as this vault can tell whose they are.
pub(crate) async fn used(vault: &Vault, session: &mut Session) -> Result<BTreeMap<String, u64>, Error> {
    let mut counts = BTreeMap::new();
    let mut note =
        |id: Option<String>| *counts.entry(id.unwrap_or_else(|| UNKNOWN.to_owned())).or_insert(0) += 1;
    for place in SEALED {
        let mut after = None::<SealedRow>;
        loop {
            let mut rows = sealed::page(session, &place.table, after.as_ref(), BATCH).await?;
            for row in &rows {
                note(vault.key_of(&(place.place)(row), &row.sealed));
            }
            match rows.pop() {
                Some(last) => after = Some(last),
                None => break,
            }
        }
    }
    if let Some(mark) = meta::get(session, MARK).await? {
        note(vault.key_of(MARK, &hex::decode(mark).unwrap_or_default()));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tongshi_model::SystemClock;
    use tongshi_store::{Location, Store};

    use super::*;

    #[tokio::test]
    async fn every_column_of_sealed_values_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("tongshi.db"));
        let store = Store::open(location, Arc::new(SystemClock)).await.unwrap();
        store.migrate().await.unwrap();
        let mut session = store.read().await.unwrap();
        let mut known: Vec<&str> = SEALED.iter().map(|place| place.table.table).collect();
        known.sort_unstable();
        assert_eq!(sealed::tables(&mut session).await.unwrap(), known, "a table is missing in SEALED");
        for place in SEALED {
            assert!(sealed::page(&mut session, &place.table, None, 1).await.unwrap().is_empty());
        }
    }
}
