//! Bytes on a socket: what is malformed, too large or too slow ends with an answer or a closed connection, and never
//! with the hub.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tongshi_api::{ApiConfig, Limits, router, serve, serve_face};

use crate::served::{Served, over_company};

/// Short times, so that nobody waits for what is cut.
pub(crate) fn limits() -> Limits {
    let short = Duration::from_millis(300);
    Limits { head_read_max: short, body_read_max: short, drain_max: short, ..Limits::default() }
}

pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    pub(crate) async fn new(served: &Served, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, served.app.clone(), limits, stop.clone()));
        Self { address, stop, task }
    }

    /// Sends these bytes and gives back all that comes until the connection ends.
    pub(crate) async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The hub may have refused and closed before everything was sent.
        let _ = stream.write_all(bytes).await;
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        String::from_utf8_lossy(&heard).into_owned()
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

pub(crate) fn status(heard: &str) -> &str {
    heard.strip_prefix("HTTP/1.1 ").map_or("none", |rest| &rest[..3])
}

#[tokio::test]
async fn malformed_requests_get_one_answer_and_a_closed_connection() {
    over_company(40, async |_, served| {
        let listening = Listening::new(&served, limits()).await;
        let next = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
        for (request, expected) in [
            ("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n".to_owned(), "400"),
            ("GET http://h/healthz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400"),
            ("GET /healthz HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n".to_owned(), "400"),
            ("GET /healthz HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n".to_owned(), "400"),
            ("POST /hooks/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_owned(), "400"),
            ("POST /hooks/1 HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n".to_owned(), "400"),
            ("TRACE /healthz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "405"),
            ("this is not HTTP at all, and it is long enough\r\n\r\n".to_owned(), "400"),
        ] {
            let heard = listening.say(format!("{request}{next}").as_bytes()).await;
            assert_eq!(status(&heard), expected, "{request:?}: {heard}");
            assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{request:?}: {heard}");
        }
        // Both lengths: chunked wins, and the connection ends after it (RFC 9112 §6.1).
        let both = "POST /hooks/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        let heard = listening.say(format!("{both}{next}").as_bytes()).await;
        assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{heard}");
        assert_eq!(status(&listening.say(next.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).await), "200");
        listening.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    over_company(40, async |hub, served| {
        let listening = Listening::new(&served, limits()).await;
        let connection = hub.connection().await;
        let dialect = hub.vendor().id;
        for target in [format!("/hooks/{connection}"), format!("/d/{dialect}/x")] {
            let announced =
                format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000000000\r\n\r\nabc");
            assert_eq!(status(&listening.say(announced.as_bytes()).await), "413", "{target}");
        }
        let mut chunked =
            format!("POST /hooks/{connection} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
                .into_bytes();
        for _ in 0..40 {
            chunked.extend_from_slice(b"8000\r\n");
            chunked.extend_from_slice(&[b'a'; 0x8000]);
            chunked.extend_from_slice(b"\r\n");
        }
        let heard = listening.say(&chunked).await;
        assert!(matches!(status(&heard), "413" | "none"), "{heard}");
        let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "a".repeat(9000));
        assert_eq!(status(&listening.say(long.as_bytes()).await), "414");
        let head = format!("GET / HTTP/1.1\r\nHost: h\r\nA: {}\r\n\r\n", "a".repeat(70_000));
        assert_eq!(status(&listening.say(head.as_bytes()).await), "431");
        listening.end().await;
    })
    .await;
}

#[tokio::test]
async fn slow_and_silent_peers_are_cut() {
    over_company(40, async |hub, served| {
        let app = router(hub.hub.clone(), ApiConfig { limits: limits(), ..ApiConfig::default() });
        let served = Served { app, ..served };
        let listening = Listening::new(&served, limits()).await;
        let connection = hub.connection().await;
        let body = format!("POST /hooks/{connection} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab");
        // Each of these waits for the hub to end the connection.
        assert_eq!(listening.say(b"").await, "");
        assert_eq!(listening.say(b"P").await, "");
        assert_eq!(listening.say(b"PRI * HTTP/2.0\r\n").await, "");
        let head = listening.say(b"GET /healthz HTTP/1.1\r\nHost: h\r\nA: ").await;
        assert!(matches!(status(&head), "none" | "408"), "{head}");
        assert_eq!(status(&listening.say(body.as_bytes()).await), "408");
        listening.end().await;
    })
    .await;
}

#[tokio::test]
async fn http_2_is_spoken_to_those_who_know() {
    over_company(40, async |_, served| {
        let listening = Listening::new(&served, limits()).await;
        let mut stream = TcpStream::connect(listening.address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        // An empty SETTINGS frame: length 0, type 4, no flags, stream 0. The server begins with one, too.
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
        let mut frame = [0; 9];
        stream.read_exact(&mut frame).await.unwrap();
        assert_eq!(frame[3], 4);
        drop(stream);
        listening.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_the_listener() {
    over_company(40, async |_, served| {
        let listening = Listening::new(&served, Limits::default()).await;
        let mut stream = TcpStream::connect(listening.address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        let address = listening.address;
        listening.end().await;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_face_has_a_listener_of_its_own() {
    over_company(40, async |hub, served| {
        let dialect = hub.vendor().id;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let (inner, stopping) = (hub.hub.clone(), stop.clone());
        let task =
            tokio::spawn(async move { serve_face(listener, &inner, dialect, limits(), stopping).await });
        let at = Listening { address, stop: CancellationToken::new(), task: tokio::spawn(async {}) };
        let heard = at.say(b"GET /api/v2/employees HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
        let (_, body) = heard.split_once("\r\n\r\n").unwrap();
        let mounted = served.get(&format!("/d/{dialect}/api/v2/employees")).await;
        assert_eq!(body, mounted.text);
        stop.cancel();
        task.await.unwrap().unwrap();
        let unknown = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(serve_face(unknown, &hub.hub, "nobody", limits(), CancellationToken::new()).await.is_err());
    })
    .await;
}
