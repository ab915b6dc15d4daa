//! Attendance days: what the punches of a person's working day say.

pub(super) mod list;
