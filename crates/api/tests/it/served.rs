//! A hub with its surface, and a short way to ask it something.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tongshi_api::{ApiConfig, router};
use tongshi_hub::{Actor, NewApp, Scopes, Workspace};
use tongshi_model::Secret;
use tongshi_testkit::{Setup, TestHub, on_each_database};
use tower::ServiceExt as _;

/// A surface and the key with which it is asked.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) app: Router,
    pub(crate) key: Secret,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Answer {
    /// The last word of the problem's type.
    pub(crate) fn problem(&self) -> &str {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.text);
        assert_eq!(self.json["status"], self.status.as_u16());
        assert_eq!(self.json["instance"], self.headers["x-request-id"].to_str().unwrap());
        self.json["type"].as_str().and_then(|name| name.strip_prefix("urn:tongshi:problem:")).unwrap()
    }

    pub(crate) fn data(&self) -> &[Value] {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json["data"].as_array().unwrap()
    }
}

impl Served {
    /// The surface of this hub, asked by a new app of this workspace.
    pub(crate) async fn new(hub: &TestHub, workspace: &Workspace, scopes: Scopes) -> Self {
        let app = router(hub.hub.clone(), ApiConfig::default());
        Self { app, key: key(hub, workspace, "api", scopes).await }
    }

    /// The same surface, asked with another key.
    pub(crate) fn with(&self, key: Secret) -> Self {
        Self { app: self.app.clone(), key }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.ask(Method::GET, target, Body::empty()).await
    }

    pub(crate) async fn post(&self, target: &str, body: Value) -> Answer {
        let request = Request::post(target)
            .header(header::HOST, "127.0.0.1:7070")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key.expose()));
        ask(&self.app, request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn ask(&self, method: Method, target: &str, body: Body) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, "127.0.0.1:7070")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key.expose()));
        ask(&self.app, request.body(body).unwrap()).await
    }
}

/// Asks without adding anything.
pub(crate) async fn ask(app: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    let json = serde_json::from_slice(&body).unwrap_or_default();
    Answer { status: parts.status, headers: parts.headers, json, text }
}

/// A new app's key.
pub(crate) async fn key(hub: &TestHub, workspace: &Workspace, name: &str, scopes: Scopes) -> Secret {
    let app = NewApp { name: name.to_owned(), scopes, ..NewApp::default() };
    hub.hub.create_app(workspace, app, &Actor::cli()).await.unwrap().api_key
}

/// Runs a test over the company of so many people, asked by an app that may see everything.
pub(crate) async fn over_company(employees: u32, test: impl AsyncFn(&TestHub, Served)) {
    let setup = Setup { employees, ..Setup::default() };
    on_each_database(setup, async |hub| {
        let served = Served::new(hub, &hub.company, Scopes::all()).await;
        test(hub, served).await;
    })
    .await;
}
