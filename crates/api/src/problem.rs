//! Errors as the surface shows them (RFC 9457): the one place where a [`tongshi_model::Error`] becomes a status.
//!
//! A handler gives back a [`Problem`]; it travels as an extension of its response until the request's id is at hand,
//! and is written then ([`write`]).

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use tongshi_model::{Error, ErrorKind};
use utoipa::ToSchema;

/// What everybody is told about a failure that is ours.
const OURS: &str = "The hub failed. Its log says why, under the request's id.";

/// After so many seconds another attempt makes sense when nobody knows better.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Stands for a request's id in a stream: the id is in the head of the answer.
const STREAM: &str = "stream";

/// Something went wrong, in the words of the surface.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
    field: Option<Box<str>>,
    retry_after_seconds: Option<u64>,
    private: Option<Box<str>>,
    close: bool,
}

/// How a problem is written.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument<'a> {
    /// Which problem it is: a name that stays, such as `urn:tongshi:problem:not-found`.
    #[serde(rename = "type")]
    kind: String,
    /// The problem in general.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// The problem this time.
    detail: &'a str,
    /// The id of the request, as in the header `x-request-id`.
    instance: &'a str,
    /// The field or parameter that could not be taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl Problem {
    /// A problem that the surface itself finds.
    pub(crate) fn new(
        status: StatusCode,
        slug: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self {
            status,
            slug,
            title,
            detail,
            field: None,
            retry_after_seconds: None,
            private: None,
            close: false,
        }
    }

    /// Nothing is at this path.
    pub(crate) fn no_route() -> Self {
        Self::of(ErrorKind::NotFound, "nothing is at this path; /v1/openapi.json lists what there is")
    }

    /// The path is there, the method is not.
    pub(crate) fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "The path does not take this method",
            "the header Allow lists the methods that it takes",
        )
    }

    /// The request is not well formed.
    pub(crate) fn malformed(detail: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request is not well formed", detail)
    }

    /// Code of ours panicked.
    pub(crate) fn panicked() -> Self {
        let mut problem = Self::of(ErrorKind::Internal, OURS);
        problem.private = Some("a handler panicked".into());
        problem
    }

    /// Its name and its text, for the log of requests.
    pub(crate) fn shown(&self) -> (&str, &str) {
        (self.slug, &self.detail)
    }

    /// The same problem, after which the connection ends.
    #[must_use]
    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// The same problem under another status.
    #[must_use]
    pub(crate) fn under(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The problem as a row among others shows it: status, detail, field. What only the log may see is logged here.
    pub(crate) fn in_a_row(self) -> (u16, String, Option<String>) {
        log(&self, "");
        (self.status.as_u16(), self.detail, self.field.map(String::from))
    }

    /// The problem in the middle of an answer that has begun already. What only the log may see goes there.
    pub(crate) fn told(&self) -> String {
        log(self, STREAM);
        self.document(STREAM)
    }

    fn document(&self, instance: &str) -> String {
        let document = ProblemDocument {
            kind: format!("urn:tongshi:problem:{}", self.slug),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            instance,
            field: self.field.as_deref(),
        };
        // Texts and a number always serialise.
        serde_json::to_string(&document).unwrap_or_default()
    }

    fn of(kind: ErrorKind, detail: impl Into<String>) -> Self {
        let (status, slug, title) = shown(&kind);
        let mut problem = Self::new(status, slug, title, detail);
        match kind {
            ErrorKind::Invalid(field) => problem.field = Some(field.into()),
            ErrorKind::Limited(wait) => {
                let seconds = wait.map_or(RETRY_AFTER_SECONDS, |wait| wait.as_secs().max(1));
                problem.retry_after_seconds = Some(seconds);
            }
            ErrorKind::Unavailable => problem.retry_after_seconds = Some(RETRY_AFTER_SECONDS),
            ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::Upstream
            | ErrorKind::Gone
            | ErrorKind::Internal => {}
        }
        problem
    }
}

/// Status, name and title of each kind of error.
fn shown(kind: &ErrorKind) -> (StatusCode, &'static str, &'static str) {
    match kind {
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
        ErrorKind::Conflict => (StatusCode::CONFLICT, "conflict", "It contradicts what is there"),
        ErrorKind::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid", "A value cannot be taken"),
        ErrorKind::Unauthenticated => {
            (StatusCode::UNAUTHORIZED, "unauthenticated", "Nobody proved who they are")
        }
        ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The app may not do this"),
        ErrorKind::Limited(_) => (StatusCode::TOO_MANY_REQUESTS, "limited", "Too much, too fast"),
        ErrorKind::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Something that is needed is away for now")
        }
        ErrorKind::Upstream => (StatusCode::BAD_GATEWAY, "upstream", "A vendor answered with a fault"),
        ErrorKind::Gone => (StatusCode::GONE, "gone", "It was there and has ended"),
        ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The hub failed"),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = Self::of(error.kind().clone(), error.public());
        let private = error.private();
        if *error.kind() == ErrorKind::Internal {
            // An internal error's public text is meant for nobody in particular.
            OURS.clone_into(&mut problem.detail);
        }
        problem.private = (!private.is_empty()).then(|| private.into());
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the problem that a response carries, if it carries one, and logs what only the log may see.
pub(crate) fn write(response: &mut Response, request_id: &str) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        put(&problem, response, request_id);
    }
}

/// The same for responses that seldom carry one: the id is made only for those.
pub(crate) fn write_with(response: &mut Response, request_id: impl FnOnce() -> String) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        put(&problem, response, &request_id());
    }
}

fn put(problem: &Problem, response: &mut Response, request_id: &str) {
    log(problem, request_id);
    *response.body_mut() = Body::from(problem.document(request_id));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if problem.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tongshi\""));
    }
    if let Some(seconds) = problem.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

fn log(problem: &Problem, request_id: &str) {
    let Some(private) = &problem.private else { return };
    let status = problem.status.as_u16();
    // `?` writes control characters as escapes, so that one failure stays one line.
    if problem.status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(request_id, status, problem = problem.slug, error = ?private, "a request failed");
    } else {
        tracing::warn!(request_id, status, problem = problem.slug, error = ?private, "a request was refused");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;

    async fn written(problem: Problem) -> (Response, Value) {
        let mut response = problem.into_response();
        write(&mut response, "r-1");
        let body = std::mem::take(response.body_mut()).collect().await.unwrap().to_bytes();
        (response, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn every_kind_has_its_status() {
        let kinds = [
            (ErrorKind::NotFound, 404, "not-found"),
            (ErrorKind::Conflict, 409, "conflict"),
            (ErrorKind::Invalid("mobile".into()), 400, "invalid"),
            (ErrorKind::Unauthenticated, 401, "unauthenticated"),
            (ErrorKind::Forbidden, 403, "forbidden"),
            (ErrorKind::Limited(Some(Duration::from_secs(7))), 429, "limited"),
            (ErrorKind::Unavailable, 503, "unavailable"),
            (ErrorKind::Upstream, 502, "upstream"),
            (ErrorKind::Gone, 410, "gone"),
            (ErrorKind::Internal, 500, "internal"),
        ];
        for (kind, status, slug) in kinds {
            let (response, document) = written(Error::new(kind, "so it is").into()).await;
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(document["type"], format!("urn:tongshi:problem:{slug}"));
            assert_eq!(document["status"], status);
            assert_eq!(document["instance"], "r-1");
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
            assert_eq!(response.headers().contains_key(header::RETRY_AFTER), status == 429 || status == 503);
            assert_eq!(document.get("field").is_some(), status == 400);
        }
    }

    #[tokio::test]
    async fn what_only_the_log_may_see_is_not_shown() {
        let error = Error::internal("table salary is gone").caused_by(std::io::Error::other("disk sk-demo"));
        let (_, document) = written(error.into()).await;
        assert_eq!(document["detail"], json!(OURS));
        let error = Error::upstream("the vendor refused").because("token sk-demo");
        let (_, document) = written(error.into()).await;
        assert!(!document.to_string().contains("sk-demo"));
    }

    #[tokio::test]
    async fn a_wait_is_passed_on() {
        let limited = Error::new(ErrorKind::Limited(Some(Duration::from_secs(7))), "slow down");
        assert_eq!(written(limited.into()).await.0.headers()[header::RETRY_AFTER], "7");
    }
}
