//! What the surface can be told: its limits, each with its unit, and the pages that somebody else renders.

use std::time::Duration;

use axum::Router;

/// How the surface is set up.
#[derive(Clone, Default)]
pub struct ApiConfig {
    /// The limits.
    pub limits: Limits,
    /// Pages for people, mounted beside the routes of this crate: `/`, `/v1/docs`.
    pub pages: Option<Router>,
}

/// The limits of the surface. The defaults are meant to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body that the hub's own routes take.
    pub body_bytes_max: usize,
    /// The largest body that a face takes: vendors take files.
    pub face_body_bytes_max: usize,
    /// The longest path with query.
    pub target_bytes_max: usize,
    /// The largest head of a request, which is also the size of a connection's buffer.
    pub head_bytes_max: usize,
    /// In this time the head of a request must be there. A connection that says nothing ends after it, too.
    pub head_read_max: Duration,
    /// In this time the body of a request must be there.
    pub body_read_max: Duration,
    /// So long a reader may take nothing of an answer before it is given up.
    pub write_stall_max: Duration,
    /// So often a stream says that it lives when it has nothing else to say.
    pub heartbeat: Duration,
    /// So long a stop waits for requests that are being answered.
    pub drain_max: Duration,
    /// Connections at a time; more wait to be accepted.
    pub connections_max: usize,
    /// Requests at a time on one HTTP/2 connection.
    pub streams_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1024 * 1024,
            face_body_bytes_max: 16 * 1024 * 1024,
            target_bytes_max: 8 * 1024,
            head_bytes_max: 64 * 1024,
            head_read_max: Duration::from_secs(10),
            body_read_max: Duration::from_secs(30),
            write_stall_max: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            drain_max: Duration::from_secs(30),
            connections_max: 8192,
            streams_max: 128,
        }
    }
}
