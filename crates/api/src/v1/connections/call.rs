//! `POST /v1/connections/{id}/call/{operation}`

use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderName, HeaderValue, header};
use serde_json::{Map, Value};
use tongshi_dialect::Reply;
use tongshi_hub::Hub;
use tongshi_model::Error;

use crate::{
    authentication::Caller,
    json::Json,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// Tells the vendor's answers from ours, whatever their status.
const ANSWERED_BY: HeaderName = HeaderName::from_static("x-tongshi-answered-by");

/// What of a vendor's head is handed on. The rest is between the vendor and the hub.
const HANDED_ON: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

/// Calls one of the vendor's own operations, signed and paced like every other call.
///
/// The body holds the vendor's own request fields. The answer is the vendor's, with its status, content type and bytes,
/// and carries `x-tongshi-answered-by: vendor`; without that header it is ours. The key must be one that sees restricted
/// fields and, for what is no GET at the vendor, one that writes. The call is sent once and never again by itself.
#[utoipa::path(
    post, path = "/v1/connections/{id}/call/{operation}", operation_id = "call_operation", tag = "connections",
    params(
        ("id" = String, Path, description = "The connection's id."),
        ("operation" = String, Path, description = "The operation's name, as `/operations` lists it."),
    ),
    request_body(content = Object, description = "The vendor's own request fields."),
    responses(
        (status = 200, description = "The vendor's answer.", content((Value = "*/*"))),
        (status = "default", description = "The vendor's answer, or a problem of ours.",
            content((schemas::Problem = "application/problem+json"), (Value = "*/*"))),
    )
)]
pub(in crate::v1) async fn call_operation(
    State(hub): State<Hub>,
    caller: Caller,
    Path((id, operation)): Path<(String, String)>,
    Query(Nothing): Query<Nothing>,
    Json(fields): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    // What cannot be an id is nobody's.
    let id = id.parse().map_err(|_| Error::not_found("there is no such connection"))?;
    let reply = hub.pass_through(&caller.principal, id, &operation, fields).await?;
    Ok(handed_on(reply)?)
}

fn handed_on(reply: Reply) -> Result<Response, Error> {
    if reply.status.is_informational() {
        return Err(Error::upstream("the vendor's answer has a status that no answer ends with"));
    }
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    for name in HANDED_ON {
        if let Some(value) = reply.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(ANSWERED_BY, HeaderValue::from_static("vendor"));
    // Should a browser ever show a vendor's page under our name, it runs nothing and loads nothing.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'"),
    );
    Ok(response)
}
