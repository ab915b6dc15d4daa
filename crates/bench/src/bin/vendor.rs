//! The vendor's side of the sync comparison: Zhiren's employee pages from memory, as cheap as a server can be, so that what is
//! measured is the puller. Signatures are not looked at.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State as Shared},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::net::TcpListener;
use tongshi_bench::{
    args::Args,
    people::{self, Company, State},
};

/// Up to here the pages are held ready; beyond, they are rendered when they are asked for.
const EMPLOYEES_IN_MEMORY_MAX: u64 = 200_000;

type Listing = Arc<RwLock<Pages>>;

struct Pages {
    company: Company,
    ready: Vec<Bytes>,
}

impl Pages {
    fn new(employees: u64, state: State) -> Self {
        let company = Company { employees, state };
        let held = if employees > EMPLOYEES_IN_MEMORY_MAX { 0 } else { company.pages() };
        Self { company, ready: (1..=held).map(|page| Bytes::from(company.page(page))).collect() }
    }

    fn page(&self, page: u64) -> Bytes {
        let ready = usize::try_from(page).ok().and_then(|page| self.ready.get(page.checked_sub(1)?));
        ready.cloned().unwrap_or_else(|| Bytes::from(self.company.page(page)))
    }
}

#[derive(Deserialize)]
struct Payload {
    pagination: Option<Pagination>,
}

/// The vendor calls it "a JSON string", so it is taken as an object and as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Pagination {
    Object { page: u64 },
    Text(String),
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::of_process(&["employees", "listen"], &[])?;
    let employees = args.value("employees", 100_000_u64)?;
    let pages = Pages::new(employees, State::First);
    let app = Router::new()
        .route("/api/v2/employees", get(list))
        .route("/api/v2/employees/{key}", get(one))
        .route("/api/v2/departments", get(|| async { json(people::departments()) }))
        .route("/api/v2/sub_companies", get(|| async { json(people::sub_companies()) }))
        .route("/api/v2/approvals", get(|| async { json("[]") }))
        .route("/control/{state}", post(switch))
        .fallback(|| async { absent() })
        .with_state(Arc::new(RwLock::new(pages)));
    let listener = TcpListener::bind(args.text("listen").unwrap_or("127.0.0.1:0")).await?;
    println!("listening {}", listener.local_addr()?);
    axum::serve(listener, app).await.context("the vendor stopped")
}

async fn list(Shared(pages): Shared<Listing>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let payload = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "payload");
    let payload = payload.and_then(|(_, text)| serde_json::from_str::<Payload>(&text).ok());
    let page = match payload.and_then(|payload| payload.pagination) {
        Some(Pagination::Object { page }) => Some(page),
        Some(Pagination::Text(text)) => match serde_json::from_str(&text) {
            Ok(Pagination::Object { page }) => Some(page),
            _ => None,
        },
        None => None,
    };
    let pages = pages.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(page) = page {
        return json(pages.page(page));
    }
    let mut everybody = String::new();
    pages.company.list(&mut everybody, 0, pages.company.count());
    json(everybody)
}

async fn one(Shared(pages): Shared<Listing>, Path(key): Path<String>) -> Response {
    let company = pages.read().unwrap_or_else(PoisonError::into_inner).company;
    let Some(number) = company.find(&key).filter(|number| company.has(*number)) else { return absent() };
    let mut employee = String::with_capacity(1024);
    company.write(&mut employee, number);
    json(employee)
}

/// Answers when the pages of the new state are ready, so that the rendering is not measured.
async fn switch(Shared(pages): Shared<Listing>, Path(state): Path<String>) -> Response {
    let state = match state.as_str() {
        "first" => State::First,
        "second" => State::Second,
        _ => return absent(),
    };
    let mut pages = pages.write().unwrap_or_else(PoisonError::into_inner);
    pages.ready = Vec::new();
    *pages = Pages::new(pages.company.employees, state);
    json(format!(r#"{{"totalCount":{}}}"#, pages.company.count()))
}

fn json(body: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.into()).into_response()
}

fn absent() -> Response {
    (StatusCode::NOT_FOUND, json(r#"{"code":1102,"text":"record does not exist"}"#)).into_response()
}
