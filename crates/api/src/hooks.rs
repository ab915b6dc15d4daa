//! Where vendors send their events. The address names the connection; the connector checks the signature over the
//! bytes received.

use axum::{
    Extension,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use tongshi_hub::Hub;
use tongshi_model::{Error, ErrorKind, Id};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{config::Limits, face, observe::Who, problem::Problem};

/// The routes of this file.
pub(crate) fn routes(limits: Limits) -> OpenApiRouter<Hub> {
    // A vendor's event is as large as our own routes allow, not as large as what a face takes.
    let limits = Limits { face_body_bytes_max: limits.body_bytes_max, ..limits };
    OpenApiRouter::default().routes(routes!(receive)).layer(Extension(limits))
}

/// Takes a vendor's event.
///
/// The body and its signature are as the vendor documents them. An event that was stored already is accepted again.
#[utoipa::path(
    post, path = "/hooks/{connection}", operation_id = "receive_event", tag = "events",
    params(("connection" = String, Path, description = "The connection's id.")),
    request_body(content = String, description = "The event, as the vendor sends it.", content_type = "*/*"),
    responses((status = 200, description = "The event is stored."))
)]
async fn receive(
    State(hub): State<Hub>,
    Extension(limits): Extension<Limits>,
    Path(connection): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    // An id that cannot be one is nobody's connection.
    let id: Id = connection.parse().map_err(|_| Error::not_found("there is no such connection"))?;
    let prefix_bytes = request.uri().path().len();
    let who = request.extensions().get::<Who>().cloned();
    let message = face::message(request, prefix_bytes, &limits).await?;
    match hub.receive(id, message).await {
        Ok(None) => Ok(StatusCode::OK.into_response()),
        // Some vendors take only an answer of their own form for a yes.
        Ok(Some(reply)) => Ok(face::response(reply)),
        Err(error) => {
            if let (Some(who), Some((workspace, name))) = (who, hub.event_refused(id, &error).await) {
                who.is(workspace, name);
            }
            Err(refused(error))
        }
    }
}

/// Vendors do not log in: a signature that does not fit is a bad request.
fn refused(error: Error) -> Problem {
    let unsigned = matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Forbidden);
    let problem = Problem::from(error);
    if unsigned { problem.under(StatusCode::BAD_REQUEST) } else { problem }
}
