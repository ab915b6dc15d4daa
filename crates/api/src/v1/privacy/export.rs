//! `POST /v1/privacy/export`

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use serde::Deserialize;
use tokio::sync::mpsc;
use tongshi_hub::{Hub, Receipt};
use tongshi_model::Error;
use utoipa::ToSchema;

use super::may_see_everything;
use crate::{
    authentication::Caller,
    json::Json,
    parameters::{Nothing, Query},
    problem::Problem,
};

/// Pieces that wait to be sent.
const PIECES_MAX: usize = 16;

/// Of whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct Export {
    /// A record's id, an employee number, a mobile number or a mail address.
    person: String,
}

/// Everything that the hub holds about a person, as one JSON document.
///
/// The last member is `receipt`: what was searched, how much was found, and the SHA-256 of every byte before
/// `,"receipt":`. A document without it broke off.
#[utoipa::path(
    post, path = "/v1/privacy/export", operation_id = "export_person", tag = "privacy",
    request_body = Export,
    responses((status = 200, description = "The document; docs/PRIVACY.md describes it.", body = Object))
)]
pub(in crate::v1) async fn export_person(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
    Json(wanted): Json<Export>,
) -> Result<Response, Problem> {
    may_see_everything(&caller)?;
    let (out, mut pieces) = mpsc::channel(PIECES_MAX);
    let (workspace, actor) = (caller.workspace().clone(), format!("app:{}", caller.principal.app.name));
    let export =
        tokio::spawn(async move { hub.export_person(&workspace, &wanted.person, &actor, out).await });
    let Some(first) = pieces.recv().await else {
        export.await.map_err(|error| Error::internal("an export ended early").caused_by(error))??;
        return Err(Error::internal("an export was empty").into());
    };
    let body = stream::unfold(Some((Some(first), pieces, export)), |state| async {
        let (waiting, mut pieces, export) = state?;
        let piece = match waiting {
            Some(piece) => Some(piece),
            None => pieces.recv().await,
        };
        match piece {
            Some(piece) => Some((Ok(Bytes::from(piece)), Some((None, pieces, export)))),
            None => failure(export).await.map(|error| (Err(error), None)),
        }
    });
    let mut response = Response::new(Body::from_stream(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// Why an export did not come to its end: the answer breaks off then, so that nobody takes a part for the whole.
async fn failure(export: tokio::task::JoinHandle<Result<Receipt, Error>>) -> Option<std::io::Error> {
    match export.await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => {
            tracing::error!(cause = %error.private(), "an export broke off");
            Some(std::io::Error::other("the export broke off"))
        }
        Err(_) => Some(std::io::Error::other("the export broke off")),
    }
}
