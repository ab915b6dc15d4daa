//! A face, mounted: an HTTP request becomes a [`Message`] as it came, the [`Reply`] becomes the response. This is the
//! way that every app's call takes, so nothing is parsed, copied or looked up here that need not be.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Uri, header};
use tongshi_dialect::{Face, Message, Reply};
use tracing::Instrument as _;

use crate::{
    body, client,
    config::Limits,
    meters::FaceMeters,
    observe::{self, unpanicked},
    problem,
    request_id::RequestIds,
};

/// A face and where it is counted.
#[derive(Clone)]
pub(crate) struct MountedFace {
    pub(crate) id: &'static str,
    face: Arc<dyn Face>,
    meters: FaceMeters,
}

impl MountedFace {
    pub(crate) fn new(id: &'static str, face: Arc<dyn Face>) -> Self {
        Self { id, face, meters: FaceMeters::new(format!("/d/{id}")) }
    }

    /// Whether the vendor packs its answers.
    pub(crate) fn packs(&self) -> bool {
        self.face.packs()
    }

    /// Answers as the vendor would. The first `prefix_bytes` of the path say where the face is mounted.
    pub(crate) async fn answer(
        &self,
        request: Request,
        prefix_bytes: usize,
        limits: &Limits,
        ids: &RequestIds,
    ) -> Response {
        let begun = Instant::now();
        let span = observe::incoming(request.headers(), request.method(), self.id);
        let mut response = self.answered(request, prefix_bytes, limits).instrument(span.clone()).await;
        let status = response.status();
        span.record("http.response.status_code", status.as_u16());
        problem::write_with(&mut response, || ids.of(&HeaderMap::new()));
        let took = begun.elapsed();
        self.meters.count(status, took);
        // One line for each call would cost more than the call; refused signatures and failures log themselves.
        tracing::debug!(face = self.id, status = status.as_u16(), us = took.as_micros(), "call");
        response
    }
}

impl MountedFace {
    async fn answered(&self, request: Request, prefix_bytes: usize, limits: &Limits) -> Response {
        match message(request, prefix_bytes, limits).await {
            Ok(message) => unpanicked(async { response(self.face.answer(message).await) }).await,
            Err(problem) => problem.into_response(),
        }
    }
}

/// The message in a request, of any method, with or without a body.
pub(crate) async fn message(
    request: Request,
    prefix_bytes: usize,
    limits: &Limits,
) -> Result<Message, crate::problem::Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(body, limits.face_body_bytes_max, limits.body_read_max).await?;
    let (prefix, path) = parts.uri.path().split_at(prefix_bytes);
    let peer = client::address(&parts.extensions);
    Ok(Message {
        method: parts.method,
        authority: authority(&parts.uri, &parts.headers).map(str::to_owned),
        prefix: prefix.to_owned(),
        path: if path.is_empty() { "/" } else { path }.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        peer,
        headers: parts.headers,
        body,
    })
}

/// Host and port as the caller named them: in the address (HTTP/2) or in the header (HTTP/1.1).
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let header = || headers.get(header::HOST).and_then(|value| value.to_str().ok());
    uri.authority().map(http::uri::Authority::as_str).or_else(header)
}

pub(crate) fn response(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}
