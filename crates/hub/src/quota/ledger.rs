//! The account of a connection's counted calls. Calls are taken from the database in small blocks before they are made, so
//! that a process that dies has counted too many rather than too few, and a call costs no write.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tongshi_dialect::OperationInfo;
use tongshi_model::{Clock, Error, ErrorKind, Id, LocalDate};
use tongshi_store::{Session, Store, Workspace, tallies};

use super::limits::Limits;

/// Calls that a sync takes at once. What is left of a block is given back when the sync ends.
const BLOCK: u32 = 16;

/// Out of whose share a call is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purse {
    /// Of the plan: what is read by itself. It never touches the reserve.
    Plan,
    /// Writes, decisions, questions by name, and what an administrator calls.
    Own,
}

impl Purse {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Own => "own",
        }
    }
}

/// What an operation has used in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) operation: String,
    pub(crate) plan: u64,
    pub(crate) own: u64,
}

/// The account of one connection.
pub(crate) struct Ledger {
    store: Store,
    clock: Arc<dyn Clock>,
    workspace: Workspace,
    connection: Id,
    limits: Limits,
    operations: &'static [OperationInfo],
    held: Mutex<Held>,
    /// Blocks are taken by one at a time.
    refill: tokio::sync::Mutex<()>,
}

/// What this process has taken and not used.
#[derive(Default)]
struct Held {
    month: String,
    left: HashMap<(Purse, &'static str), u32>,
    /// The month of which the vendor said that it is used up.
    used_up: Option<String>,
}

impl Ledger {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        workspace: Workspace,
        connection: Id,
        limits: Limits,
        operations: &'static [OperationInfo],
    ) -> Self {
        let (held, refill) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { store, clock, workspace, connection, limits, operations, held, refill }
    }

    /// Takes one call of this operation, if the vendor counts it. An error says why it must not be made.
    pub(crate) async fn take(&self, purse: Purse, operation: &'static str) -> Result<(), Error> {
        if !self.operations.iter().any(|info| info.metered && info.name == operation) {
            return Ok(());
        }
        loop {
            let month = self.month();
            if self.take_held(&month, purse, operation)? {
                return Ok(());
            }
            let _turn = self.refill.lock().await;
            if !self.take_held(&month, purse, operation)? {
                self.take_block(&month, purse, operation).await?;
            } else {
                return Ok(());
            }
        }
    }

    /// A call was taken and not made, or the vendor does not count it.
    pub(crate) fn give_back(&self, purse: Purse, operation: &'static str) {
        if self.operations.iter().any(|info| info.metered && info.name == operation) {
            *self.held().left.entry((purse, operation)).or_default() += 1;
        }
    }

    /// The vendor says that the month is used up: others of the organisation call, too.
    pub(crate) fn vendor_says_used_up(&self) {
        let month = self.month();
        self.held().used_up = Some(month);
    }

    /// How many calls the plan may still make this month.
    pub(crate) async fn left(&self) -> Result<u64, Error> {
        let month = self.month();
        if self.held().used_up.as_ref() == Some(&month) {
            return Ok(0);
        }
        self.settle().await?;
        let used = self.used().await?;
        Ok(self.room(&used))
    }

    /// What each operation has used this month; what processes have taken and not given back counts as used.
    pub(crate) async fn used(&self) -> Result<Vec<Used>, Error> {
        self.used_in(&mut self.store.read().await?, &self.month()).await
    }

    /// Gives back what this process has taken and not used.
    pub(crate) async fn settle(&self) -> Result<(), Error> {
        let _turn = self.refill.lock().await;
        let month = self.month();
        let left: Vec<_> = {
            let mut held = self.held();
            if held.month != month {
                return Ok(());
            }
            held.left.drain().filter(|(_, left)| *left > 0).collect()
        };
        if left.is_empty() {
            return Ok(());
        }
        let mut session = self.store.write().await?;
        for ((purse, operation), left) in left {
            self.add(&mut session, &month, purse, operation, -i64::from(left)).await?;
        }
        session.commit().await
    }

    /// The present month where the vendor is: `2026-03`.
    pub(crate) fn month(&self) -> String {
        self.today().strftime("%Y-%m").to_string()
    }

    /// Today where the vendor is.
    pub(crate) fn today(&self) -> LocalDate {
        (self.limits.zone)().to_datetime(self.clock.now()).date()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Why the plan makes no further calls this month.
    pub(crate) fn spent(&self) -> Error {
        let month = self.month();
        let why = if self.held().used_up.as_ref() == Some(&month) {
            format!("the vendor says that the counted calls of {month} are used up")
        } else {
            format!("the plan's {} counted calls of {month} are used up", self.limits.budget())
        };
        Error::new(ErrorKind::Limited(None), why)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of what this process holds. What it held of another month is that month's.
    fn take_held(&self, month: &str, purse: Purse, operation: &'static str) -> Result<bool, Error> {
        let mut held = self.held();
        if held.month != month {
            (held.month, held.left) = (month.to_owned(), HashMap::new());
        }
        if purse == Purse::Plan && held.used_up.as_deref() == Some(month) {
            drop(held);
            return Err(self.spent());
        }
        let Some(left) = held.left.get_mut(&(purse, operation)).filter(|left| **left > 0) else {
            return Ok(false);
        };
        *left -= 1;
        Ok(true)
    }

    /// Takes a block for an operation. Near the end of what the plan may use, what lies idle with other operations is
    /// put back first.
    async fn take_block(&self, month: &str, purse: Purse, operation: &'static str) -> Result<(), Error> {
        let mut session = self.store.write().await?;
        let block = match purse {
            // These come one by one.
            Purse::Own => 1,
            Purse::Plan => {
                if self.room(&self.used_in(&mut session, month).await?) < u64::from(BLOCK) {
                    let idle: Vec<_> = self.held().left.drain().filter(|(_, left)| *left > 0).collect();
                    for ((purse, operation), left) in idle {
                        self.add(&mut session, month, purse, operation, -i64::from(left)).await?;
                    }
                }
                let room = self.room(&self.used_in(&mut session, month).await?);
                u32::try_from(room).unwrap_or(BLOCK).min(BLOCK)
            }
        };
        if block > 0 {
            self.add(&mut session, month, purse, operation, i64::from(block)).await?;
        }
        session.commit().await?;
        if block == 0 {
            return Err(self.spent());
        }
        *self.held().left.entry((purse, operation)).or_default() += block;
        Ok(())
    }

    fn room(&self, used: &[Used]) -> u64 {
        let plan = used.iter().map(|used| used.plan).sum();
        let own: u64 = used.iter().map(|used| used.own).sum();
        self.limits.room(plan, own)
    }

    async fn used_in(&self, session: &mut Session, month: &str) -> Result<Vec<Used>, Error> {
        let prefix = format!("calls/{}/", self.connection);
        let mut used: Vec<Used> = Vec::new();
        for tally in tallies::of_period(session, &self.workspace, &prefix, month).await? {
            let Some((purse, operation)) = tally.what[prefix.len()..].split_once('/') else { continue };
            let place = match used.iter_mut().find(|used| used.operation == operation) {
                Some(place) => place,
                None => {
                    used.push(Used { operation: operation.to_owned(), plan: 0, own: 0 });
                    let last = used.len() - 1;
                    &mut used[last]
                }
            };
            let count = u64::try_from(tally.count).unwrap_or(0);
            if purse == Purse::Plan.name() { place.plan += count } else { place.own += count }
        }
        used.retain(|used| used.plan + used.own > 0);
        used.sort_by(|one, other| one.operation.cmp(&other.operation));
        Ok(used)
    }

    async fn add(
        &self,
        session: &mut Session,
        month: &str,
        purse: Purse,
        operation: &str,
        more: i64,
    ) -> Result<(), Error> {
        let what = format!("calls/{}/{}/{operation}", self.connection, purse.name());
        tallies::add(session, &self.workspace, &what, month, more).await
    }
}
