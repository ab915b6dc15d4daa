//! An invented company, in the canonical model: the data behind a sandbox workspace, the demos and the load tests.
//!
//! Everything follows from a [`Plan`]: the same plan gives the same bytes. Every person is drawn from a generator
//! seeded by their place in the list, so people are made one block at a time and never held all at once. The first
//! forty are chosen to be awkward; they are listed in `oddities.rs`. Nobody here exists.

mod approvals;
mod attendance;
mod company;
mod dates;
mod dice;
mod events;
mod extras;
mod forms;
mod oddities;
mod outlet;
mod people;
mod places;
mod recognition;
mod recruitment;
mod standing;
#[cfg(test)]
mod tests;
mod travel;
mod tree;
mod words;
mod world;

use tongshi_model::{Draft, Error, LocalDate, Punch, Space};

use crate::{outlet::Outlet, world::World};

/// What to invent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many employment records, those who left included.
    pub employees: u32,
    /// Another seed gives another company.
    pub seed: u64,
    /// The day on which the company is looked at; nothing but planned dates lies after it.
    pub today: LocalDate,
    /// For how many days before `today` there are shifts, punches and absences; 0 gives none.
    pub attendance_days: u32,
}

impl Plan {
    /// A plan with thirty days of attendance.
    pub fn new(employees: u32, seed: u64, today: LocalDate) -> Self {
        Self { employees, seed, today, attendance_days: 30 }
    }
}

/// Something that was invented.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A record. Its payload as a vendor would send it is `draft.doc` itself.
    Record {
        /// The identifier from which [`Space::id`] makes the record's id.
        remote_id: String,
        /// The record.
        draft: Draft,
    },
    /// Punches of several people, in the order of people and days.
    Punches(Vec<Punch>),
}

/// Calls `sink` with batches of items, referenced things before those that refer to them; only the heads of
/// departments, who are employees, are named before they appear. Memory grows with the department tree (about one
/// department per 25 employees) and with nothing else. Stops at the first error of `sink` and returns it.
pub fn generate(
    plan: &Plan,
    space: Space,
    sink: &mut dyn FnMut(Vec<Item>) -> Result<(), Error>,
) -> Result<(), Error> {
    let world = World::new(plan, space);
    let mut outlet = Outlet::new(sink);
    company::company(&world, &mut outlet)?;
    recruitment::recruitment(&world, &mut outlet)?;
    recognition::catalogue(&mut outlet)?;
    for block in world.blocks() {
        people::block(&world, &block, &mut outlet)?;
        let approvals = approvals::block(&world, &block, &mut outlet)?;
        attendance::block(&world, &block, &approvals, &mut outlet)?;
        extras::block(&world, &block, &mut outlet)?;
        recognition::block(&world, &block, &mut outlet)?;
        travel::block(&world, &block, &mut outlet)?;
    }
    outlet.finish()
}
