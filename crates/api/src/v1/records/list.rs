//! `GET /v1/{kinds}`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, RecordQuery, RecordView};
use tongshi_model::{Kind, LocalDate};

use crate::{
    authentication::Caller,
    cursor,
    parameters::{Filtered, Limit, Switch, parameters},
    problem::Problem,
    v1::Page,
};

parameters! {
    /// Which records, beside filters by field.
    ListRecords {
        /// Business date from this day on: of an employee the first day of work, of a shift its day.
        date_from: Option<LocalDate>,
        /// Business date up to this day.
        date_to: Option<LocalDate>,
        /// Whether deleted ones are shown, too.
        include_deleted: Switch,
        /// The `next` of the page before.
        after: Option<String>,
        /// How many at most.
        limit: Limit,
    }
}

/// The records of a kind, oldest first. The documents are handed on as they are stored.
pub(super) async fn list(
    kind: Kind,
    State(hub): State<Hub>,
    caller: Caller,
    wanted: Filtered<ListRecords>,
) -> Result<Json<Page<RecordView>>, Problem> {
    let Filtered { known, filters } = wanted;
    let query = RecordQuery {
        kind,
        filters,
        date_from: known.date_from,
        date_to: known.date_to,
        deleted: known.include_deleted.0,
        after: cursor::position(&caller, kind.name(), known.after.as_deref())?,
        limit: known.limit.0,
    };
    let page = hub.records(caller.workspace(), &query, caller.scopes()).await?;
    hub.note_records(caller.workspace(), &caller.actor(), "v1", &page.data).await?;
    Ok(Json(Page::cut(page.data, &caller, kind.name(), page.next)))
}

/// Fields by which records of a kind are filtered although they are no index.
pub(in crate::v1) fn further_filters(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Employee => &["status", "phase", "type", "email"],
        Kind::Approval => &["result"],
        _ => &[],
    }
}
