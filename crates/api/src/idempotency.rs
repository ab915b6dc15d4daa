//! The header Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header): a request that is sent again is
//! answered as it was the first time. A handler takes [`Idempotent`] in place of `Json`, begins with [`begin`], puts
//! its effect into the transaction that it gets, and ends with [`finish`].

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tongshi_dialect::strict_object;
use tongshi_hub::{Answer, Begun, Hub, IdempotencyKey, Once};
use tongshi_model::Error;

use crate::{authentication::Caller, body, config::Limits, json, problem::Problem};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A route's body, read strictly, with the key that came with it. A request without a body has no fields.
pub(crate) struct Idempotent<T> {
    pub(crate) body: T,
    pub(crate) key: Option<IdempotencyKey>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Idempotent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let limits = request.extensions().get::<Limits>().copied().unwrap_or_default();
        let (parts, body) = request.into_parts();
        let bytes = body::read(body, limits.body_bytes_max, limits.body_read_max).await?;
        let key = key(&parts.headers)?;
        let key = key
            .map(|key| {
                let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
                IdempotencyKey::new(key, &[parts.method.as_str().as_bytes(), target.as_bytes(), &bytes])
            })
            .transpose()?;
        let fields = if bytes.is_empty() {
            Map::new()
        } else {
            if !json::is_json(&parts.headers) {
                return Err(json::not_json());
            }
            let text =
                std::str::from_utf8(&bytes).map_err(|_| Error::invalid("body", "the body is not UTF-8"))?;
            strict_object(text).map_err(|fault| Error::invalid("body", fault.to_string()))?
        };
        let body = serde_json::from_value(Value::Object(fields)).map_err(|error| json::not_taken(&error))?;
        Ok(Self { body, key })
    }
}

/// What a handler finds at its beginning.
pub(crate) enum Beginning {
    /// A transaction for its effect.
    New(Box<Once>),
    /// The answer that was given before.
    Given(Response),
}

/// Begins a request.
pub(crate) async fn begin(
    hub: &Hub,
    caller: &Caller,
    key: Option<IdempotencyKey>,
) -> Result<Beginning, Problem> {
    match hub.begin(&caller.principal, key).await? {
        Begun::Now(once) => Ok(Beginning::New(once)),
        Begun::Before(given) => {
            let mut response = written(given);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(Beginning::Given(response))
        }
        Begun::InFlight => Err(Problem::new(
            StatusCode::CONFLICT,
            "in-flight",
            "The same request is being answered",
            "a request with this Idempotency-Key is being answered at this moment; send it again a little later",
        )),
        Begun::OtherRequest => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "key-reused",
            "The key belongs to another request",
            "this Idempotency-Key came with another request before; take a new key for a new request",
        )),
    }
}

/// Makes the effect permanent together with its answer.
pub(crate) async fn finish<T: Serialize>(
    once: Box<Once>,
    status: StatusCode,
    body: &T,
) -> Result<Response, Problem> {
    let body = serde_json::to_string(body).map_err(|error| Error::internal("an answer").caused_by(error))?;
    let answer = Answer { status: status.as_u16(), body };
    once.finish(&answer).await?;
    Ok(written(answer))
}

fn written(answer: Answer) -> Response {
    let mut response = Body::from(answer.body).into_response();
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The key, plain or as the draft writes it: a string in quotes.
fn key(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| Error::invalid("Idempotency-Key", "the key is not ASCII"))?;
    if values.next().is_some() {
        return Err(Error::invalid("Idempotency-Key", "a request has one Idempotency-Key"));
    }
    let text = text.trim();
    Ok(Some(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_once_with_or_without_quotes() {
        let mut headers = HeaderMap::new();
        assert_eq!(key(&headers).unwrap(), None);
        headers.insert(KEY, HeaderValue::from_static("\"8e03978e\""));
        assert_eq!(key(&headers).unwrap(), Some("8e03978e"));
        headers.append(KEY, HeaderValue::from_static("b"));
        assert!(key(&headers).is_err());
    }
}
