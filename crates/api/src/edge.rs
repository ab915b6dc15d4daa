//! The first thing that a request meets. It refuses what no part of the hub should see and decides who answers: a face
//! (by host or under `/d/`) or the routes inside. Faces are chosen before any router and any middleware.

use std::{
    convert::Infallible,
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Extension, Router, body::Body, extract::Request, middleware, response::Response};
use http::{Method, StatusCode, header};
use tongshi_dialect::Addresses;
use tongshi_hub::Hub;
use tongshi_model::Error;
use tower::{Layer as _, Service, ServiceExt as _};
use tower_http::{CompressionLevel, compression::CompressionLayer};

use crate::{
    client,
    config::{ApiConfig, Limits},
    face::{MountedFace, authority},
    health, hooks, login, meters,
    observe::{self, Observer, observe},
    problem::Problem,
    ratelimit,
    request_id::RequestIds,
    v1,
};

/// Under this path the faces are mounted.
const FACES: &str = "/d/";

/// The whole surface: faces under `/d/{dialect}/…` and by host `{dialect}.…`, `/v1`, `/hooks/…`, health and pages.
pub fn router(hub: Hub, config: ApiConfig) -> Router {
    meters::recorder();
    let ids = Arc::new(RequestIds::new(hub.clock().now()));
    let faces = hub.faces().iter().map(|(id, face)| MountedFace::new(id, Arc::clone(face))).collect();
    let trusted = hub.settings().trusted_proxies.clone();
    let v1 = v1::routes().layer(middleware::from_fn(ratelimit::write));
    let routes = v1.merge(hooks::routes(config.limits)).merge(health::routes()).merge(login::routes());
    let observer = Observer { ids: Arc::clone(&ids), hub: hub.clone() };
    let (routes, _) = routes.with_state(hub).split_for_parts();
    let inside = routes
        .merge(config.pages.unwrap_or_default())
        .fallback(|| ready(Problem::no_route()))
        .method_not_allowed_fallback(|| ready(Problem::wrong_method()))
        .layer(Extension(config.limits))
        .layer(packing())
        .layer(middleware::from_fn_with_state(observer, observe));
    let edge = Edge(Arc::new(Inner { faces, only: None, inside, limits: config.limits, ids, trusted }));
    Router::new().fallback_service(edge)
}

/// One face at the root, for a listener of its own.
pub fn face_router(hub: &Hub, dialect: &str, limits: Limits) -> Result<Router, Error> {
    let id = hub.dialect(dialect)?.id;
    let ids = Arc::new(RequestIds::new(hub.clock().now()));
    let face = hub.faces().iter().find(|(face, _)| *face == id);
    let only = face.map(|(id, face)| MountedFace::new(id, Arc::clone(face)));
    let trusted = hub.settings().trusted_proxies.clone();
    let inside = Router::new();
    let edge = Edge(Arc::new(Inner { faces: Vec::new(), only, inside, limits, ids, trusted }));
    Ok(Router::new().fallback_service(edge))
}

/// How answers are packed.
fn packing() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Fastest)
}

#[derive(Clone)]
struct Edge(Arc<Inner>);

struct Inner {
    faces: Vec<MountedFace>,
    only: Option<MountedFace>,
    inside: Router,
    limits: Limits,
    ids: Arc<RequestIds>,
    /// Proxies that are believed when they say for whom they ask.
    trusted: Addresses,
}

/// Who answers.
enum Place<'a> {
    /// A face, mounted behind so many bytes of the path.
    Face(&'a MountedFace, usize),
    /// A face that there is not.
    NoFace,
    /// The routes.
    Inside,
}

impl Service<Request> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.answer(request).await })
    }
}

impl Inner {
    async fn answer(&self, mut request: Request) -> Result<Response, Infallible> {
        client::find(&mut request, &self.trusted);
        let answer = match refused(&request, &self.limits) {
            Some(problem) => Err(problem),
            None => match self.place(&request) {
                Place::Face(face, prefix_bytes) => {
                    return Ok(self.face(face, request, prefix_bytes).await);
                }
                Place::NoFace => Err(self.no_face()),
                Place::Inside => Ok(()),
            },
        };
        match answer {
            Ok(()) => self.inside.clone().call(request).await,
            Err(problem) => Ok(observe::refuse(problem, &self.ids, &request)),
        }
    }

    async fn face(&self, face: &MountedFace, request: Request, prefix_bytes: usize) -> Response {
        let answer = |request| face.answer(request, prefix_bytes, &self.limits, &self.ids);
        if !face.packs() {
            return answer(request).await;
        }
        let packed = tower::service_fn(async |request| Ok::<_, Infallible>(answer(request).await));
        let packed = packing().layer(packed).oneshot(request).await;
        packed.unwrap_or_else(|never| match never {}).map(Body::new)
    }

    fn place(&self, request: &Request) -> Place<'_> {
        if let Some(face) = &self.only {
            return Place::Face(face, 0);
        }
        let host = authority(request.uri(), request.headers());
        if let Some(face) = host.and_then(|host| self.by_host(host)) {
            return Place::Face(face, 0);
        }
        let Some(rest) = request.uri().path().strip_prefix(FACES) else { return Place::Inside };
        let id = rest.split_once('/').map_or(rest, |(id, _)| id);
        match self.faces.iter().find(|face| face.id == id) {
            Some(face) => Place::Face(face, FACES.len() + id.len()),
            None => Place::NoFace,
        }
    }

    /// The face that the first label of the host names.
    fn by_host(&self, host: &str) -> Option<&MountedFace> {
        let (label, _) = host.split_once('.')?;
        self.faces.iter().find(|face| face.id.eq_ignore_ascii_case(label))
    }

    fn no_face(&self) -> Problem {
        let ids: Vec<&str> = self.faces.iter().map(|face| face.id).collect();
        let there_are = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        Error::not_found(format!("there is no such face; there are: {there_are}")).into()
    }
}

/// What no part of the hub should see, and why.
fn refused(request: &Request, limits: &Limits) -> Option<Problem> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target_bytes_max {
        let detail = format!("path and query have at most {} bytes", limits.target_bytes_max);
        return Some(Problem::new(
            StatusCode::URI_TOO_LONG,
            "target-too-long",
            "The address is too long",
            detail,
        ));
    }
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return Some(Problem::wrong_method().closing());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    if hosts.next().is_some() && hosts.next().is_some() {
        return Some(Problem::malformed("a request has one Host").closing());
    }
    // A proxy's form of the address; with it and a Host header two parties could read two different hosts.
    if request.version() <= http::Version::HTTP_11 && request.uri().authority().is_some() {
        return Some(Problem::malformed("the address begins with the path").closing());
    }
    None
}

#[cfg(test)]
mod tests;
