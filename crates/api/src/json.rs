//! Bodies that the hub's own routes take: one JSON object, read strictly (no key twice, no deep nesting, no U+0000).

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tongshi_dialect::strict_object;
use tongshi_model::Error;

use crate::{body, config::Limits, problem::Problem};

/// A route's body. The type says which fields there are; with `deny_unknown_fields` others are refused by name.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let limits = request.extensions().get::<Limits>().copied().unwrap_or_default();
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(not_json());
        }
        read(body, &limits).await.map(Self)
    }
}

async fn read<T: DeserializeOwned>(body: Body, limits: &Limits) -> Result<T, Problem> {
    let bytes = body::read(body, limits.body_bytes_max, limits.body_read_max).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::invalid("body", "the body is not UTF-8"))?;
    let fields = strict_object(text).map_err(|fault| Error::invalid("body", fault.to_string()))?;
    serde_json::from_value(Value::Object(fields)).map_err(|error| not_taken(&error).into())
}

/// The parser names the field in its text, and does not say it apart; values that it quotes are taken out.
pub(crate) fn not_taken(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let known = ["unknown field `", "missing field `", "duplicate field `"];
    let field =
        known.iter().find_map(|start| text.strip_prefix(start)).and_then(|rest| rest.split('`').next());
    match field.filter(|name| name.len() <= 64) {
        Some(name) => {
            let what = text.split('`').next().unwrap_or_default().trim();
            Error::invalid(name.to_owned(), format!("the body cannot be taken: {what} '{name}'"))
        }
        None => {
            let expected = text.rsplit_once(", expected ").map_or("another form", |(_, expected)| expected);
            let expected = expected.split(" at line").next().unwrap_or_default();
            Error::invalid(
                "body",
                format!("the body cannot be taken: a value is not as expected ({expected})"),
            )
        }
    }
}

/// Whether a body says that it is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// A body that says that it is something else.
pub(crate) fn not_json() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not-json",
        "The body is not JSON",
        "send a JSON object with Content-Type: application/json",
    )
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        name: String,
    }

    async fn taken(kind: &str, body: &'static [u8]) -> Result<Thing, Problem> {
        let request = Request::post("/").header("content-type", kind).body(Body::from(body)).unwrap();
        Json::from_request(request, &()).await.map(|Json(thing)| thing)
    }

    #[tokio::test]
    async fn takes_an_object_and_nothing_that_could_be_read_in_two_ways() {
        assert_eq!(taken("application/json; charset=utf-8", br#"{"name":"a"}"#).await.unwrap().name, "a");
        assert!(taken("text/plain", br#"{"name":"a"}"#).await.is_err());
        let refused: [&[u8]; 7] = [
            b"",
            b"[]",
            br#"{"name":"a","name":"b"}"#,
            br#"{"name":"a","role":"admin"}"#,
            br#"{"name":"a\u0000"}"#,
            b"{\"name\":\"\xff\"}",
            br#"{"name":1e400}"#,
        ];
        for body in refused {
            assert!(taken("application/json", body).await.is_err());
        }
    }
}
