//! Reading a body whole, within a size and a time.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;

use crate::problem::Problem;

/// The bytes as they were received. One that says it is too large is refused before it is read.
pub(crate) async fn read(body: Body, bytes_max: usize, time_max: Duration) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > bytes_max) {
        return Err(too_large(bytes_max));
    }
    match tokio::time::timeout(time_max, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Ok(Err(_)) => Err(Problem::malformed("the body broke off").closing()),
        Err(_) => Err(too_slow(time_max)),
    }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "The body is too large",
        format!("a body has at most {bytes_max} bytes here"),
    )
    .closing()
}

fn too_slow(time_max: Duration) -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body-too-slow",
        "The body took too long",
        format!("a body must be there within {} seconds", time_max.as_secs()),
    )
    .closing()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: usize = 5;
    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn the_limit_itself_is_allowed() {
        assert_eq!(read(Body::from("12345"), FIVE, LONG).await.unwrap(), "12345");
        assert_eq!(read(Body::empty(), FIVE, LONG).await.unwrap(), "");
    }

    #[tokio::test]
    async fn more_is_refused_announced_or_not() {
        assert!(read(Body::from("123456"), FIVE, LONG).await.is_err());
        let parts = ["123", "456"].map(|part| Ok::<_, std::io::Error>(Bytes::from_static(part.as_bytes())));
        let unannounced = Body::from_stream(futures_util::stream::iter(parts));
        assert!(read(unannounced, FIVE, LONG).await.is_err());
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_cut() {
        let endless = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        assert!(read(endless, FIVE, Duration::ZERO).await.is_err());
    }
}
