//! `GET /v1/punches`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, PunchQuery, PunchView};
use tongshi_model::{Id, LocalDate, Sensitivity};

use crate::{
    authentication::Caller,
    cursor,
    parameters::{Limit, Query, parameters},
    problem::Problem,
    v1::{Page, schemas},
};

parameters! {
    /// Which punches.
    ListPunches {
        /// Only those of this employee, by the record's id.
        employee: Option<Id>,
        /// From this working day on.
        date_from: Option<LocalDate>,
        /// Up to this working day.
        date_to: Option<LocalDate>,
        /// The `next` of the page before.
        after: Option<String>,
        /// How many at most.
        limit: Limit,
    }
}

const LIST: &str = "punches";

/// Clock-ins and clock-outs, in the order in which the hub learned of them.
#[utoipa::path(
    get, path = "/v1/punches", operation_id = "list_punches", tag = "attendance",
    params(ListPunches),
    responses((status = 200, description = "A page of punches.", body = schemas::PunchPage))
)]
pub(in crate::v1) async fn list_punches(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<ListPunches>,
) -> Result<Json<Page<PunchView>>, Problem> {
    caller.scopes().may_see_punches()?;
    let after = cursor::position(&caller, LIST, wanted.after.as_deref())?;
    let limit = wanted.limit.0;
    let (employee, from, to) = (wanted.employee, wanted.date_from, wanted.date_to);
    let query = PunchQuery { employee, from, to, after, limit };
    let mut data = hub.punches(caller.workspace(), &query).await?;
    // The device and the place are about the person.
    if caller.scopes().sensitivity < Sensitivity::Personal {
        data.iter_mut().for_each(|punch| punch.detail = None);
    }
    // A full page may be the last; then the next is empty.
    let full = data.len() >= limit as usize;
    let last = data.last().filter(|_| full).map(|last| last.id);
    Ok(Json(Page::cut(data, &caller, LIST, last)))
}
