//! What changes of records have in common: the version that is expected, and how the outcome is answered.

use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use tongshi_hub::{Applied, Once};
use tongshi_model::{Error, Id, Kind};

use crate::{authentication::Caller, idempotency, problem::Problem};

/// The version of `If-Match`: a number, plain or in quotes; none where any will do.
pub(super) fn expected(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    number
        .parse()
        .map(Some)
        .map_err(|_| Error::invalid("If-Match", "If-Match is the record's version, such as \"3\", or *"))
}

/// The id in a path. What is no id, what is somebody else's and what the app may not see are told in the same words.
pub(super) fn id(caller: &Caller, kind: Kind, text: &str) -> Result<Id, Error> {
    let nobody = || Error::not_found(format!("there is no such {kind}"));
    if !caller.scopes().sees(kind) {
        return Err(nobody());
    }
    text.parse().map_err(|_| nobody())
}

/// Makes the change permanent and answers.
pub(super) async fn answer(once: Box<Once>, applied: Applied) -> Result<Response, Problem> {
    match applied {
        Applied::Created(view) => idempotency::finish(once, StatusCode::CREATED, &view).await,
        Applied::Changed(view) => idempotency::finish(once, StatusCode::OK, &view).await,
        Applied::Queued(view) => idempotency::finish(once, StatusCode::ACCEPTED, &view).await,
        Applied::Stale(version) => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            "The record has changed",
            format!("the record is at version {version}; read it again before you change it"),
        )),
    }
}
