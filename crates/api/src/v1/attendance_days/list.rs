//! `GET /v1/attendance_days`

use axum::{Json, extract::State};
use tongshi_hub::{AttendanceDay, Hub};
use tongshi_model::{Error, Id, LocalDate};

use crate::{
    authentication::Caller,
    parameters::{Limit, Needed, Query, parameters},
    problem::Problem,
    v1::{Page, schemas},
};

parameters! {
    /// Which days.
    ListAttendanceDays {
        /// The first working day.
        date_from: Needed<LocalDate>,
        /// The last working day.
        date_to: Needed<LocalDate>,
        /// Only those of this employee, by the record's id.
        employee: Option<Id>,
        /// How many at most. An answer is whole: when there are more, the question is refused.
        limit: Limit,
    }
}

/// First coming, last going and number of punches for each person and working day on which there are punches.
#[utoipa::path(
    get, path = "/v1/attendance_days", operation_id = "list_attendance_days", tag = "attendance",
    params(ListAttendanceDays),
    responses((status = 200, description = "The days, by person and date.", body = schemas::AttendanceDayPage))
)]
pub(in crate::v1) async fn list_attendance_days(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<ListAttendanceDays>,
) -> Result<Json<Page<AttendanceDay>>, Problem> {
    let (Needed(from), Needed(to), Limit(limit)) = (wanted.date_from, wanted.date_to, wanted.limit);
    if to < from {
        return Err(Error::invalid("date_to", "date_to is not before date_from").into());
    }
    // One more than asked for, as far as the hub gives so many, shows whether these are all.
    let asked = (limit + 1).min(HUB_LIMIT_MAX);
    let data = hub.attendance_days(caller.workspace(), wanted.employee, from, to, asked).await?;
    if data.len() > limit as usize || data.len() >= HUB_LIMIT_MAX as usize {
        let detail = "there are more days than `limit`; ask for fewer days, or for one employee";
        return Err(Error::invalid("limit", detail).into());
    }
    Ok(Json(Page::whole(data)))
}

/// What the hub gives at most.
const HUB_LIMIT_MAX: u32 = 1000;
