//! Collects items into batches of a useful size.

use tongshi_model::{Draft, Entity, Error, Punch};

use crate::Item;

/// After so many records a batch goes out.
const RECORDS: usize = 512;
/// Punches are far smaller than records and come in far greater numbers.
const PUNCHES: usize = 2048;

/// Where invented things go.
pub(crate) struct Outlet<'a> {
    sink: &'a mut dyn FnMut(Vec<Item>) -> Result<(), Error>,
    records: Vec<Item>,
    punches: Vec<Punch>,
}

impl<'a> Outlet<'a> {
    pub(crate) fn new(sink: &'a mut dyn FnMut(Vec<Item>) -> Result<(), Error>) -> Self {
        Self { sink, records: Vec::with_capacity(RECORDS), punches: Vec::new() }
    }

    /// Hands a record on, sooner or later.
    pub(crate) fn record<E: Entity>(&mut self, remote_id: String, entity: &E) -> Result<(), Error> {
        self.records.push(Item::Record { remote_id, draft: Draft::of(entity)? });
        if self.records.len() >= RECORDS {
            self.flush_records()?;
        }
        Ok(())
    }

    /// Hands punches on; those who punch go out first.
    pub(crate) fn punches(&mut self, punches: &mut Vec<Punch>) -> Result<(), Error> {
        self.punches.append(punches);
        if self.punches.len() >= PUNCHES { self.flush() } else { Ok(()) }
    }

    /// Hands on what is left.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.flush_records()?;
        if self.punches.is_empty() {
            return Ok(());
        }
        let punches = std::mem::take(&mut self.punches);
        (self.sink)(vec![Item::Punches(punches)])
    }

    fn flush_records(&mut self) -> Result<(), Error> {
        if self.records.is_empty() {
            return Ok(());
        }
        let records = std::mem::replace(&mut self.records, Vec::with_capacity(RECORDS));
        (self.sink)(records)
    }
}
