//! `GET /v1/attendance_days`

use std::{fmt, str::FromStr};

use axum::{Json, extract::State};
use tongshi_hub::{AttendanceDay, AttendanceQuery, Hub};
use tongshi_model::{Error, Id, LocalDate};

use crate::{
    authentication::Caller,
    cursor,
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
        /// The `next` of the page before.
        after: Option<String>,
        /// How many at most.
        limit: Limit,
    }
}

const LIST: &str = "attendance_days";

/// First coming, last going and number of punches for each person and working day on which there are punches.
#[utoipa::path(
    get, path = "/v1/attendance_days", operation_id = "list_attendance_days", tag = "attendance",
    params(ListAttendanceDays),
    responses((status = 200, description = "A page of days, by person and date.", body = schemas::AttendanceDayPage))
)]
pub(in crate::v1) async fn list_attendance_days(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<ListAttendanceDays>,
) -> Result<Json<Page<AttendanceDay>>, Problem> {
    caller.scopes().may_see_punches()?;
    let (Needed(from), Needed(to)) = (wanted.date_from, wanted.date_to);
    if to < from {
        return Err(Error::invalid("date_to", "date_to is not before date_from").into());
    }
    let after: Option<Place> = cursor::position(&caller, LIST, wanted.after.as_deref())?;
    let after = after.map(|Place(employee, date)| (employee, date));
    let query = AttendanceQuery { employee: wanted.employee, from, to, after, limit: wanted.limit.0 };
    let page = hub.attendance_days(caller.workspace(), &query).await?;
    let last = page.next.map(|(employee, date)| Place(employee, date));
    Ok(Json(Page::cut(page.data, &caller, LIST, last)))
}

/// Where a page ended: whose day, and which.
struct Place(Id, LocalDate);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.0, self.1)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (employee, date) = text.split_once('_').ok_or(())?;
        Ok(Self(employee.parse().map_err(drop)?, date.parse().map_err(drop)?))
    }
}
