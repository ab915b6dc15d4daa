//! `GET /v1/openapi.json`

use std::sync::OnceLock;

use axum::response::IntoResponse;
use bytes::Bytes;
use http::header;

/// Where the document is.
pub(super) const PATH: &str = "/v1/openapi.json";

/// This document.
#[utoipa::path(
    get, path = "/v1/openapi.json", operation_id = "openapi_document", tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object, content_type = "application/json"))
)]
pub(in crate::v1) async fn openapi_document() -> impl IntoResponse {
    static WRITTEN: OnceLock<Bytes> = OnceLock::new();
    let written = WRITTEN.get_or_init(|| Bytes::from(super::openapi().to_string()));
    ([(header::CONTENT_TYPE, "application/json")], written.clone())
}
