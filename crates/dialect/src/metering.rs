//! What a vendor counts by the month, and how listings whose calls are counted are read: how often, how much at a time.

use jiff::tz::Offset;

/// What a vendor counts by the month. Which operations it counts is said by each ([`crate::Operation::METERED`]).
#[derive(Clone, Copy, Debug)]
pub struct Metering {
    /// Counted calls of the whole organisation in a month.
    pub calls_per_month: u32,
    /// Where the month turns.
    pub zone: fn() -> Offset,
}

/// How often a listing is read whose calls are counted. A window ends today; one reading of it costs what
/// [`crate::Connector::metered_calls`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Days from one reading to the next.
    pub every_days: u32,
    /// Days that a reading covers.
    pub window_days: u32,
    /// Days from one wide reading to the next, which finds what came late or changed afterwards.
    pub wide_every_days: u32,
    /// Days that such a reading covers.
    pub wide_days: u32,
    /// How far apart readings may be pulled where the month does not suffice, in days.
    pub every_days_max: u32,
    /// Which of several is pulled apart first: the one with the smaller number.
    pub weight: u8,
    /// Rows that a thousand people bring in a month, where the record cannot tell yet.
    pub rows_per_thousand: u32,
}

/// What a reading is about, for the number of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// People.
    pub people: u64,
    /// Days.
    pub days: u32,
    /// Rows in these days, as far as they can be told; `new_rows` of them are not known yet or still change.
    pub rows: u64,
    /// Of the rows, those that are read one by one.
    pub new_rows: u64,
}
