//! Working time: shifts, punches, and what keeps people away from either.

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Id, Instant, Keys, Kind, LocalDate,
    code::code,
    entity::{id_key, keys},
};

/// One clock-in or clock-out. A fact: never changed, at most voided; the same person at the same instant in the same
/// direction from the same connection is the same punch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Punch {
    /// Who.
    pub employee: Id,
    /// When.
    pub at: Instant,
    /// Coming or going.
    pub direction: Direction,
    /// By what means.
    pub source: PunchSource,
    /// The working day it counts for, where the vendor says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<LocalDate>,
    /// Device, place or remark, as the vendor gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

impl Punch {
    /// The working day it counts for: the vendor's, else the calendar day of the clock.
    pub fn working_day(&self) -> LocalDate {
        self.day.unwrap_or_else(|| self.at.date())
    }
}

code! {
    /// Coming or going.
    Direction {
        /// Coming.
        In = "in",
        /// Going.
        Out = "out",
        /// The vendor does not say; the first of a day is read as coming, the last as going.
        Unknown = "unknown",
    }
}

code! {
    /// By what means a punch was made.
    PunchSource {
        /// A phone.
        Mobile = "mobile",
        /// A time clock.
        Machine = "machine",
        /// Sent in by a program.
        Import = "import",
        /// Entered by a supervisor.
        Supervisor = "supervisor",
        /// Made good by an approval.
        Approval = "approval",
        /// Made by the system.
        System = "system",
        /// Read from a vendor that does not say.
        Unknown = "unknown",
    }
}

/// A person's shift on a day (排班).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftAssignment {
    /// Who.
    pub employee: Id,
    /// The day.
    pub date: LocalDate,
    /// The shift by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<String>,
    /// The rule that governs it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Working hours as the vendor writes them, such as `09:00-18:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_range: Option<String>,
}

impl Entity for ShiftAssignment {
    const KIND: Kind = Kind::ShiftAssignment;

    fn keys(&self) -> Keys {
        keys([id_key(Some(self.employee))])
    }

    fn date(&self) -> Option<LocalDate> {
        Some(self.date)
    }
}

/// Something on a person's timeline: a leave, an outing, a trip, overtime.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Who.
    pub employee: Id,
    /// What.
    pub kind: Coded<TimelineKind>,
    /// The day it counts for.
    pub date: LocalDate,
    /// From.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// To.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// How much, in the vendor's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Quantity>,
    /// The approval behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Id>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Entity for TimelineEntry {
    const KIND: Kind = Kind::TimelineEntry;

    fn keys(&self) -> Keys {
        keys([id_key(Some(self.employee)), Some(self.kind.value.name().to_owned())])
    }

    fn date(&self) -> Option<LocalDate> {
        Some(self.date)
    }
}

code! {
    /// What is on a timeline.
    TimelineKind {
        /// Leave (请假).
        Leave = "leave",
        /// Out of the office on an errand (公出).
        Outing = "outing",
        /// A trip (出差).
        BusinessTravel = "business_travel",
        /// Overtime.
        Overtime = "overtime",
        /// Duty.
        Duty = "duty",
        /// Field work.
        FieldWork = "field_work",
        /// Training.
        Training = "training",
    }
}

/// A number with the vendor's unit. The number keeps the vendor's digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The number as written.
    pub number: serde_json::Number,
    /// The unit.
    pub unit: Coded<DurationUnit>,
}

code! {
    /// A unit of time.
    DurationUnit {
        /// Days.
        Days = "days",
        /// Half days.
        HalfDays = "half_days",
        /// Hours.
        Hours = "hours",
        /// Minutes.
        Minutes = "minutes",
    }
}
