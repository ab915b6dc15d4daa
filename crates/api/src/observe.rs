//! What happens to every answer of the hub's own routes: its name, its problem written out, its line in the log, its
//! count, and the headers that keep browsers from guessing.

use std::{
    any::Any,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tongshi_hub::{Answered, Hub, Workspace, trace};
use tracing::{Instrument as _, Span};

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

/// Who calls, filled in by whoever finds out, for the log of requests.
#[derive(Clone, Default)]
pub(crate) struct Who(Arc<OnceLock<(Workspace, String)>>);

impl Who {
    /// This app of this workspace calls.
    pub(crate) fn is(&self, workspace: Workspace, app: String) {
        // A request has one caller.
        let _ = self.0.set((workspace, app));
    }
}

/// What the layer holds.
#[derive(Clone)]
pub(crate) struct Observer {
    pub(crate) ids: Arc<RequestIds>,
    pub(crate) hub: Hub,
}

/// Wraps the routes.
pub(crate) async fn observe(State(observer): State<Observer>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let request_id = observer.ids.of(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let address =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
    let who = Who::default();
    request.extensions_mut().insert(who.clone());
    let span = incoming(request.headers(), &method, &route);
    let response = unpanicked(next.run(request)).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    let status = response.status();
    let surface = surface(&route);
    let refused = status.is_client_error() || status.is_server_error();
    if matches!(surface, "v1" | "hooks") && observer.hub.keeps_requests(refused) {
        let problem = response.extensions().get::<Problem>();
        observer.hub.keep_answer(Answered {
            who: who.0.get().cloned(),
            face: surface,
            operation: format!("{method} {route}"),
            address,
            status: status.as_u16(),
            problem: problem.map(Problem::shown),
            request_id: &request_id,
            took: begun.elapsed(),
        });
    }
    finish(response, &request_id, &method, &route, begun.elapsed())
}

/// The span of a request, in the caller's trace where the caller has one (W3C Trace Context).
pub(crate) fn incoming(headers: &HeaderMap, method: &Method, route: &str) -> Span {
    let span = tracing::info_span!(
        target: trace::SPANS, "request", otel.kind = "server", http.request.method = %method, http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    if trace::is_on() {
        let parent = headers.get("traceparent").and_then(|value| value.to_str().ok());
        trace::follow(&span, parent.and_then(trace::Parent::parse));
    }
    span
}

/// An answer that no route gave: the request was refused at the edge.
pub(crate) fn refuse(problem: Problem, ids: &RequestIds, request: &Request) -> Response {
    let mut response = problem.into_response();
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        // No route was looked for, so there is none that allows anything (RFC 9110 §10.2.1).
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(""));
    }
    finish(response, &ids.of(request.headers()), request.method(), NO_ROUTE, Duration::ZERO)
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
    // A text that was put together may quote what it was about: a name that was cut in the wrong place, a key.
    payload.downcast_ref::<&str>().copied().unwrap_or("its text may quote data and is not logged")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_quotes_a_value_is_not_repeated() {
        let number = String::from("cannot cut 19900000001");
        assert!(!text_of(&number).contains("199"));
        assert_eq!(text_of(&"a fixed text"), "a fixed text");
    }
}
