//! What an app learns of its limit, on every answer of `/v1` (draft-ietf-httpapi-ratelimit-headers): the policy, what is
//! left, and when all of it is back.

use std::sync::{Arc, OnceLock};

use axum::{extract::Request, middleware::Next, response::Response};
use http::{Extensions, HeaderName, HeaderValue};
use tongshi_dialect::{Quota, Standing, Wait};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// Where the extractor of the caller leaves what it has found out, for the answer.
#[derive(Clone, Default)]
struct Slot(Arc<OnceLock<(Quota, Result<Standing, Wait>)>>);

/// Leaves word of a call that was counted.
pub(crate) fn note(extensions: &Extensions, quota: Quota, result: Result<Standing, Wait>) {
    if let Some(Slot(slot)) = extensions.get::<Slot>() {
        // A request has one caller.
        let _ = slot.set((quota, result));
    }
}

/// Writes the headers.
pub(crate) async fn write(mut request: Request, next: Next) -> Response {
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let mut response = next.run(request).await;
    if let Some((quota, result)) = slot.0.get() {
        let headers = response.headers_mut();
        for (name, value) in [(POLICY, policy(quota)), (STANDING, standing(result))] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
    response
}

fn policy(quota: &Quota) -> String {
    format!("\"app\";q={};w={}", quota.calls, quota.per.as_secs())
}

fn standing(result: &Result<Standing, Wait>) -> String {
    let (remaining, seconds) = match result {
        Ok(standing) => (standing.remaining, Wait(standing.full_in).seconds()),
        Err(wait) => (0, wait.seconds()),
    };
    format!("\"app\";r={remaining};t={seconds}")
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::*;

    #[test]
    fn the_fields_are_structured_as_the_draft_says() {
        let quota = Quota::new(NonZeroU32::new(600).unwrap(), Duration::from_secs(60));
        assert_eq!(policy(&quota), "\"app\";q=600;w=60");
        let left = Standing { remaining: 598, full_in: Duration::from_millis(200) };
        assert_eq!(standing(&Ok(left)), "\"app\";r=598;t=1");
        assert_eq!(standing(&Err(Wait(Duration::from_millis(1100)))), "\"app\";r=0;t=2");
    }
}
