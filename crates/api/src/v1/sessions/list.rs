//! `GET /v1/sessions`

use std::{fmt, str::FromStr};

use axum::{Json, extract::State};
use tongshi_hub::{Hub, SessionQuery, SessionView};
use tongshi_model::{Error, Id, Timestamp};

use crate::{
    authentication::Admin,
    cursor,
    parameters::{Limit, Query, Switch, parameters},
    problem::Problem,
    v1::{Page, schemas},
};

parameters! {
    /// Which sessions.
    ListSessions {
        /// Only those of this account, by its record's id.
        account: Option<Id>,
        /// Only those of this employee, by the record's id.
        employee: Option<Id>,
        /// Only those that are good now.
        live: Switch,
        /// The `next` of the page before.
        after: Option<String>,
        /// How many at most.
        limit: Limit,
    }
}

const LIST: &str = "sessions";

/// Where a page ended.
struct Place(Timestamp, Id);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.0.as_microsecond(), self.1)
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::internal("a place in the list of sessions cannot be read");
        let (at, id) = text.split_once('_').ok_or_else(wrong)?;
        let at = Timestamp::from_microsecond(at.parse().map_err(|_| wrong())?).map_err(|_| wrong())?;
        Ok(Self(at, id.parse().map_err(|_| wrong())?))
    }
}

/// Who signed in through the hub, newest first, those included whose session has ended. For apps that administrate.
#[utoipa::path(
    get, path = "/v1/sessions", operation_id = "list_sessions", tag = "sessions",
    params(ListSessions),
    responses((status = 200, description = "A page of sessions.", body = schemas::SessionPage))
)]
pub(in crate::v1) async fn list_sessions(
    State(hub): State<Hub>,
    admin: Admin,
    Query(wanted): Query<ListSessions>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let after: Option<Place> = cursor::position(admin.caller(), LIST, wanted.after.as_deref())?;
    let query = SessionQuery {
        account: wanted.account,
        employee: wanted.employee,
        live: wanted.live.0,
        after: after.map(|Place(at, id)| (at, id)),
    };
    let page = hub.sessions(admin.workspace(), &query, wanted.limit.0).await?;
    Ok(Json(Page::cut(page.data, admin.caller(), LIST, page.next.map(|(at, id)| Place(at, id)))))
}
