//! Working time: rows A13–A16.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use tongshi_dialect::operation;

use super::{
    Shape, Zhiren,
    lenient::{Text, texts},
};
use crate::zhiren::auth::Signature;

texts! {
    /// A punch that is sent in: `punched_at` as `YYYY-MM-DD HH:MM`.
    PunchIn { empno, punched_at }
}

texts! {
    /// A shift on a day. `attenance_rule_name` is misspelt in the document and that is its name (§6.32).
    Arrangement { attenance_rule_name, workshift_name, empno, date, time_range }
}

texts! {
    /// When somebody came and went on a day.
    AttendanceChecking { date, check_in_time, check_out_time }
}

/// What became of one punch: the code is `0k`, with a zero (§6.10), or `error`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PunchRow {
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) code: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) empno: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
}

/// Something that keeps somebody away.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Timeline {
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) date: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) category: Option<String>,
    #[serde(deserialize_with = "super::lenient::number")]
    pub(crate) duration: Option<Number>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) duration_unit: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) start_time: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) end_time: Option<String>,
}

/// Sends punches in. The same punch twice is one punch, so the call may be repeated.
#[derive(Serialize, Deserialize)]
pub(crate) struct PunchImport {
    pub(crate) attendances: Vec<PunchIn>,
}

operation! {
    impl Operation for PunchImport in Zhiren {
        "punch.import", Post "/api/v2/attendance_punches", Documented "§2 A13";
        Signature => Vec<PunchRow>, Shape::Plain; REPEATABLE = true
    }
}

/// The shifts of some people in some days.
#[derive(Serialize, Deserialize)]
pub(crate) struct ArrangementList {
    pub(crate) empnoes: Vec<Text>,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
}

operation! {
    impl Operation for ArrangementList in Zhiren {
        "arrangement.list", Get "/api/v2/arrangement_employees", Documented "§2 A14";
        Signature => Vec<Arrangement>, Shape::Plain; KEPT = true
    }
}

/// Leave or errands of somebody in some days. `:guid` is the employee's uuid (§6.8).
#[derive(Serialize, Deserialize)]
pub(crate) struct EmployeeTimelines {
    pub(crate) guid: String,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
    pub(crate) category: String,
}

operation! {
    impl Operation for EmployeeTimelines in Zhiren {
        "employee.timelines", Get "/api/v2/employees/{guid}/timelines", Documented "§2 A15";
        Signature => Vec<Timeline>, Shape::Plain; KEPT = true
    }
}

/// When somebody came and went in some days.
#[derive(Serialize, Deserialize)]
pub(crate) struct EmployeeAttendanceCheckings {
    pub(crate) guid: String,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
}

operation! {
    impl Operation for EmployeeAttendanceCheckings in Zhiren {
        "employee.attendance_checkings", Get "/api/v2/employees/{guid}/attendance_checkings", Documented "§2 A16";
        Signature => Vec<AttendanceChecking>, Shape::Plain; KEPT = true
    }
}
