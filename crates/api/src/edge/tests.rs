//! Who gets a request, and what of it, seen with a face that says what it was given.

use async_trait::async_trait;
use axum::{body::Body, extract::ConnectInfo, routing::get};
use http::{HeaderMap, Version};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message, Reply};
use tongshi_model::Timestamp;
use tower::ServiceExt as _;

use super::*;

struct Echo;

#[async_trait]
impl Face for Echo {
    async fn answer(&self, message: Message) -> Reply {
        assert_ne!(message.path, "/panic");
        let seen = json!({
            "method": message.method.as_str(), "authority": message.authority, "prefix": message.prefix,
            "path": message.path, "query": message.query, "body": message.body.len(),
            "peer": message.peer.map(|peer| peer.to_string()), "mark": message.header("x-mark"),
        });
        Reply::json(StatusCode::OK, seen.to_string())
    }
}

fn edge(only: bool) -> Edge {
    let face = MountedFace::new("echo", Arc::new(Echo));
    let (faces, only) = if only { (Vec::new(), Some(face)) } else { (vec![face], None) };
    let ids = Arc::new(RequestIds::new(Timestamp::UNIX_EPOCH));
    let limits = Limits { face_body_bytes_max: 1000, ..Limits::default() };
    let inside = Router::new().route("/inside", get(|| ready("inside")));
    Edge(Arc::new(Inner { faces, only, inside, limits, ids, trusted: Addresses::default() }))
}

async fn ask(edge: Edge, request: Request) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = edge.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
    (parts.status, parts.headers, json)
}

fn request(method: &str, host: &str, target: &str, body: &'static str) -> Request {
    let builder = Request::builder().method(method).uri(target).header(header::HOST, host);
    builder.header("x-mark", "1").body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn a_face_gets_what_was_sent() {
    let target = "/d/echo/api/v2/%E6%9E%97//a%2Fb/?q=%E6%9E%97+1&q=&x";
    let mut sent = request("GET", "hub.example:7070", target, "body of a GET");
    sent.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 9))));
    let (status, headers, seen) = ask(edge(false), sent).await;
    assert_eq!((status, headers.len()), (StatusCode::OK, 1));
    let expected = json!({
        "method": "GET", "authority": "hub.example:7070", "prefix": "/d/echo",
        "path": "/api/v2/%E6%9E%97//a%2Fb/", "query": "q=%E6%9E%97+1&q=&x", "body": 13,
        "peer": "127.0.0.1", "mark": "1",
    });
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_face_answers_where_it_is_mounted() {
    let place = async |edge: Edge, host: &str, target: &str| {
        let (_, _, seen) = ask(edge, request("POST", host, target, "")).await;
        (seen["prefix"].as_str().unwrap_or("?").to_owned(), seen["path"].as_str().unwrap_or("?").to_owned())
    };
    let at = |prefix: &str, path: &str| (prefix.to_owned(), path.to_owned());
    assert_eq!(place(edge(false), "h", "/d/echo").await, at("/d/echo", "/"));
    assert_eq!(place(edge(false), "h", "/d/echo/").await, at("/d/echo", "/"));
    assert_eq!(place(edge(false), "echo.example:80", "/inside").await, at("", "/inside"));
    assert_eq!(place(edge(false), "ECHO.example", "/d/other/x").await, at("", "/d/other/x"));
    assert_eq!(place(edge(true), "h", "/d/echo/x").await, at("", "/d/echo/x"));
    for inside in [("echo", "/inside"), ("echoes.example", "/inside"), ("h", "/inside")] {
        assert_eq!(ask(edge(false), request("GET", inside.0, inside.1, "")).await.2, json!("inside"));
    }
}

#[tokio::test]
async fn an_unknown_face_is_told_the_known_ones() {
    for target in ["/d/other/api", "/d/", "/d/echoes"] {
        let (status, headers, problem) = ask(edge(false), request("GET", "h", target, "")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{target}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(problem["detail"].as_str().unwrap().contains("echo"), "{problem}");
    }
}

#[tokio::test]
async fn what_nobody_should_see_is_refused_once_for_all() {
    let long = format!("/d/echo/{}", "a".repeat(8 * 1024));
    assert_eq!(ask(edge(false), request("GET", "h", &long, "")).await.0, StatusCode::URI_TOO_LONG);
    for method in ["TRACE", "CONNECT"] {
        assert_eq!(
            ask(edge(false), request(method, "h", "/d/echo/x", "")).await.0,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
    let mut twice = request("GET", "h", "/d/echo/x", "");
    twice.headers_mut().append(header::HOST, "echo.example".parse().unwrap());
    assert_eq!(ask(edge(false), twice).await.0, StatusCode::BAD_REQUEST);
    let absolute = || request("GET", "h", "http://echo.example/x", "");
    assert_eq!(ask(edge(false), absolute()).await.0, StatusCode::BAD_REQUEST);
    let mut second = absolute();
    *second.version_mut() = Version::HTTP_2;
    assert_eq!(ask(edge(false), second).await.2["authority"], "echo.example");
}

#[tokio::test]
async fn a_body_that_is_too_large_does_not_reach_the_face() {
    let large: &'static str = Box::leak("a".repeat(1001).into_boxed_str());
    let (status, headers, problem) = ask(edge(false), request("POST", "h", "/d/echo/x", large)).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("urn:tongshi:problem:body-too-large"))
    );
    assert_eq!(headers[header::CONNECTION], "close");
    assert_eq!(ask(edge(false), request("POST", "h", "/d/echo/x", &large[1..])).await.2["body"], 1000);
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    let (status, _, problem) = ask(edge(false), request("GET", "h", "/d/echo/panic", "")).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &json!("urn:tongshi:problem:internal"))
    );
    assert!(!problem.to_string().contains("panic"), "{problem}");
}
