//! What happens to every answer of the hub's own routes: its name, its problem written out, its line in the log, its
//! count, and the headers that keep browsers from guessing.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{
    meters,
    problem::{self, Problem},
    request_id::{self, RequestIds},
};

/// The name under which requests are counted that no route answers.
const NO_ROUTE: &str = "none";

/// Everything but pages: an answer is data and is not kept.
const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Wraps the routes.
pub(crate) async fn observe(State(ids): State<Arc<RequestIds>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let request_id = ids.of(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = unpanicked(next.run(request)).await;
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    finish(response, &request_id, &method, route, begun.elapsed())
}

/// An answer that no route gave: the request was refused at the edge.
pub(crate) fn refuse(problem: Problem, ids: &RequestIds, request: &Request) -> Response {
    finish(problem.into_response(), &ids.of(request.headers()), request.method(), NO_ROUTE, Duration::ZERO)
}

/// An answer, or a problem in place of a panic.
pub(crate) async fn unpanicked(answer: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(response) => response,
        Err(payload) => {
            tracing::error!(panic = ?text_of(&*payload), "a handler panicked");
            Problem::panicked().into_response()
        }
    }
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text")
}

fn finish(
    mut response: Response,
    request_id: &str,
    method: &Method,
    route: &str,
    took: Duration,
) -> Response {
    problem::write(&mut response, request_id);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(request_id::HEADER, value);
    }
    let status = response.status();
    meters::count(surface(route), route, status, took);
    log(request_id, method, route, status, took);
    response
}

/// The route and never the query: what people search for is theirs.
fn log(request_id: &str, method: &Method, route: &str, status: StatusCode, took: Duration) {
    let ms = took.as_millis();
    tracing::info!(request_id, %method, route, status = status.as_u16(), ms, "request");
}

fn surface(route: &str) -> &'static str {
    match route {
        "/v1/docs" => "page",
        route if route.starts_with("/v1/") => "v1",
        route if route.starts_with("/hooks/") => "hooks",
        "/healthz" | "/readyz" | "/metrics" => "health",
        NO_ROUTE => NO_ROUTE,
        _ => "page",
    }
}
