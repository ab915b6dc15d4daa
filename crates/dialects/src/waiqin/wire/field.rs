//! Family B: attendance details and field tracks (§B3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Opened, Shape, Waiqin, asks};
use crate::waiqin::auth::Digest;

asks! {
    /// Attendance of one person, or of all, in some days.
    AttendanceQuery {
        emp_id as "empId", emp_source_code as "empSourceCode", start_date as "startDate", end_date as "endDate",
        page as "page", size as "size",
    }
}

/// Attendance as it is answered. `maxFrequnce` is spelt so on the wire: how many shifts a row may hold.
#[derive(Serialize)]
pub(crate) struct AttendanceRows {
    #[serde(rename = "maxFrequnce")]
    pub(crate) max_frequnce: u32,
    pub(crate) data: Vec<AttendanceRow>,
}

impl<'de> Deserialize<'de> for AttendanceRows {
    /// A newer sample wraps the object in an array (§B3).
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Plain {
            #[serde(rename = "maxFrequnce", default)]
            max_frequnce: u32,
            #[serde(default)]
            data: Vec<AttendanceRow>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Plain(Plain),
            Wrapped(Vec<Plain>),
        }
        let parts = match Either::deserialize(deserializer)? {
            Either::Plain(plain) => vec![plain],
            Either::Wrapped(parts) => parts,
        };
        let mut rows = Self { max_frequnce: 0, data: Vec::new() };
        for part in parts {
            rows.max_frequnce = rows.max_frequnce.max(part.max_frequnce);
            rows.data.extend(part.data);
        }
        Ok(rows)
    }
}

/// A person's day. What belongs to a shift lies under names such as `firstOnRgTime`: see [`slot`].
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AttendanceRow {
    pub(crate) dept_id: Option<String>,
    pub(crate) dept_name: Option<String>,
    pub(crate) dept_code: Option<String>,
    pub(crate) dept_source_code: Option<String>,
    pub(crate) emp_code: Option<String>,
    pub(crate) emp_id: Option<String>,
    pub(crate) emp_name: Option<String>,
    pub(crate) emp_source_code: Option<String>,
    pub(crate) group_name: Option<String>,
    pub(crate) position_name: Option<String>,
    pub(crate) register_date: Option<String>,
    pub(crate) sex: Option<String>,
    pub(crate) absent_day: Option<String>,
    pub(crate) absent_times: Option<String>,
    pub(crate) work_times: Option<String>,
    #[serde(flatten)]
    pub(crate) shifts: Map<String, Value>,
}

/// The shifts that a row may hold, by the beginnings of their names.
pub(crate) const SHIFTS: [&str; 3] = ["first", "second", "third"];
/// Coming and going.
pub(crate) const EDGES: [&str; 2] = ["On", "Off"];
/// What a row says of each coming and going; `NearstPoint` is spelt so on the wire. `RqTime` is when it was required,
/// `RgTime` when it was registered: the page's own words were not to be seen, a public program reads them so.
pub(crate) const SLOTS: [&str; 13] = [
    "LcError",
    "LcOffset",
    "LieLocate",
    "LocateType",
    "LocationA",
    "NearstPoint",
    "Pictures",
    "Remarks",
    "RgTime",
    "RqTime",
    "Status",
    "TimeOffset",
    "RepunchStatus",
];

/// The name of what a row says of a coming or going: `firstOnRgTime`.
pub(crate) fn slot(shift: usize, edge: usize, what: &str) -> String {
    format!("{}{}{what}", SHIFTS[shift], EDGES[edge])
}

operation! {
    impl Operation for AttendanceQuery in Waiqin {
        "attendance.query", Post "/api/attDetail/v1/getAttUserDetail/{openid}/{timestamp}/{digest}/{msg_id}",
        Documented "§B3";
        Digest => Opened<AttendanceRows>, Shape::Open; REPEATABLE = true
    }
}

asks! {
    /// Where people in the field were.
    TrackQuery { date_start, date_end, page_number, page_size }
}

/// One report from the field.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Track {
    pub(crate) emp_id: Option<String>,
    pub(crate) emp_name: Option<String>,
    pub(crate) emp_code: Option<String>,
    pub(crate) cus_id: Option<String>,
    pub(crate) cus_name: Option<String>,
    pub(crate) cus_code: Option<String>,
    pub(crate) location: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) offset: Option<String>,
    pub(crate) submit_time: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

operation! {
    impl Operation for TrackQuery in Waiqin {
        "track.query", Post "/api/waiqinTrack/v1/queryEmpTrackTime/{openid}/{timestamp}/{digest}/{msg_id}",
        Documented "§B3";
        Digest => Opened<Vec<Track>>, Shape::Open; REPEATABLE = true
    }
}
