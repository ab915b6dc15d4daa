//! Family B: attendance details and field tracks (§B3).

use serde::{Deserialize, Serialize};
use tongshi_dialect::operation;

use super::{Opened, Shape, Stamp, Waiqin};
use crate::waiqin::auth::Digest;

/// Attendance of one person, or of all, in some days.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttendanceQuery {
    #[serde(flatten)]
    pub(crate) stamp: Stamp,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) emp_id: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) emp_source_code: Option<String>,
    #[serde(default)]
    pub(crate) start_date: String,
    #[serde(default)]
    pub(crate) end_date: String,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) page: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) size: Option<String>,
}

/// Attendance as it is answered. `maxFrequnce` is spelt so on the wire: how many shifts a row may hold.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttendanceRows {
    #[serde(default)]
    pub(crate) max_frequnce: u32,
    #[serde(default)]
    pub(crate) data: Vec<AttendanceRow>,
}

/// A person's day. The words of the vendor's own table; those whose meaning it does not give are left out (§B3).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AttendanceRow {
    pub(crate) dept_id: Option<String>,
    pub(crate) dept_name: Option<String>,
    pub(crate) emp_id: Option<String>,
    pub(crate) emp_code: Option<String>,
    pub(crate) emp_name: Option<String>,
    pub(crate) emp_source_code: Option<String>,
    pub(crate) register_date: Option<String>,
    pub(crate) absent_day: Option<String>,
    pub(crate) work_times: Option<String>,
    pub(crate) first_on_rq_time: Option<String>,
    pub(crate) first_on_location_a: Option<String>,
    pub(crate) first_off_rq_time: Option<String>,
    pub(crate) first_off_location_a: Option<String>,
    pub(crate) second_on_rq_time: Option<String>,
    pub(crate) second_off_rq_time: Option<String>,
}

operation! {
    impl Operation for AttendanceQuery in Waiqin {
        "attendance.query", Post "/api/attDetail/v1/getAttUserDetail/{openid}/{timestamp}/{digest}/{msg_id}",
        Documented "§B3";
        Digest => Opened<AttendanceRows>, Shape::Open; REPEATABLE = true
    }
}

/// Where people in the field were.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct TrackQuery {
    #[serde(flatten)]
    pub(crate) stamp: Stamp,
    #[serde(default)]
    pub(crate) date_start: String,
    #[serde(default)]
    pub(crate) date_end: String,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) page_number: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) page_size: Option<String>,
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
