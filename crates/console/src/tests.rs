//! What people see is text, whatever somebody called it.

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{FaceLink, page::Text, pages};

const EVIL: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>&\u{202e}txt";

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": EVIL, "version": EVIL, "description": format!("{EVIL} `{EVIL}`") },
        "tags": [{ "name": EVIL, "description": EVIL }],
        "paths": { format!("/v1/{EVIL}"): { "get": {
            "tags": [EVIL], "summary": EVIL, "description": EVIL, "operationId": EVIL,
            "security": [{ "api_key": [] }],
            "parameters": [
                { "name": EVIL, "in": EVIL, "required": true, "description": EVIL,
                  "schema": { "type": EVIL, "format": EVIL } },
                { "name": "limit", "in": "query", "required": true, "schema": { "enum": [EVIL] } },
            ],
            "responses": { EVIL: { "description": EVIL, "content": { EVIL: { "schema": { "$ref": EVIL } } } } },
        } } },
        "components": { "schemas": { EVIL: { "description": EVIL, "properties": {
            EVIL: { "type": "string", "description": EVIL, "x-sensitivity": EVIL },
        } } } },
    })
}

async fn get(path: &str) -> (StatusCode, http::HeaderMap, String) {
    let faces = [FaceLink { id: EVIL.to_owned(), title: EVIL.to_owned() }];
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = pages(&faces, &document()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn nothing_breaks_out_of_its_place() {
    for path in ["/", "/v1/docs"] {
        let (status, headers, page) = get(path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("&lt;script&gt;"), "{path}");
        for broken in ["<script", "<img", "\"><img", "\u{202e}"] {
            assert!(!page.contains(broken), "{path}: {broken}");
        }
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}

#[tokio::test]
async fn everything_that_a_page_needs_is_here() {
    for path in ["/", "/v1/docs"] {
        let (_, _, page) = get(path).await;
        assert!(page.contains("href=\"/style.css\""));
        assert!(
            !page.contains("http://") && !page.contains("https://") && !page.contains(" src=\""),
            "{path}"
        );
    }
    let (status, headers, style) = get("/style.css").await;
    assert_eq!(
        (status, headers[header::CONTENT_TYPE].to_str().unwrap()),
        (StatusCode::OK, "text/css; charset=utf-8")
    );
    assert!(!style.contains("url("));
}

#[test]
fn special_characters_are_written_out() {
    assert_eq!(Text("a<b>&\"c'").to_string(), "a&lt;b&gt;&amp;&quot;c&#39;");
    assert_eq!(Text("林\u{202e}一\n").to_string(), "林\u{fffd}U+202E一\n");
    assert_eq!(Text("").to_string(), "");
}
