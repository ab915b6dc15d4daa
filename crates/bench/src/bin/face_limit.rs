//! The limits of serving, on the same web framework as the hub's. Bare: constant bytes, no signature checked and nothing read.
//! Under `/stored`: the signature is checked and the stored documents of SQLite are joined, which is the least that a face with
//! data behind it must do.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use rusqlite::{Connection, params};
use serde::Deserialize;
use tokio::net::TcpListener;
use tongshi_bench::{
    args::Args,
    sign::{self, Keys},
};

const PREFIX: &str = "/stored";
const PAGE_SIZE: u64 = 100;

/// The documents and the one app that may read them.
struct Store {
    keys: Keys,
    database: Mutex<Connection>,
    total: u64,
}

#[derive(Deserialize)]
struct Payload {
    pagination: Pagination,
}

#[derive(Deserialize)]
struct Pagination {
    page: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::of_process(&["page", "employee", "documents", "database", "listen"], &[])?;
    let page = Bytes::from(std::fs::read(args.required("page")?)?);
    let employee = Bytes::from(std::fs::read(args.required("employee")?)?);
    let store = Arc::new(store(args.required("documents")?, args.required("database")?)?);
    let stored = Router::new()
        .route("/api/v2/employees", get(list))
        .route("/api/v2/employees/{number}", get(one))
        .with_state(store);
    let app = Router::new()
        .route("/api/v2/employees", get(move || async move { json(page) }))
        .route("/api/v2/employees/{number}", get(move || async move { json(employee) }))
        .nest(PREFIX, stored);
    let listener = TcpListener::bind(args.text("listen").unwrap_or("127.0.0.1:0")).await?;
    axum::serve(listener, app).await.context("the server stopped")
}

/// Puts the documents, one `number<tab>document` a line, into a new database.
fn store(documents: &str, database: &str) -> Result<Store> {
    let mut database = Connection::open(database)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE source (id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, document TEXT NOT NULL);",
    )?;
    let transaction = database.transaction()?;
    let mut total = 0;
    for line in std::fs::read_to_string(documents)?.lines() {
        let (number, document) = line.split_once('\t').context("a document has no number")?;
        let insert = "INSERT INTO source (number, document) VALUES (?1, ?2)";
        transaction.prepare_cached(insert)?.execute(params![number, document])?;
        total += 1;
    }
    transaction.commit()?;
    let keys = Keys { access_key: "ak".to_owned(), secret_key: "sk".to_owned() };
    Ok(Store { keys, database: Mutex::new(database), total })
}

async fn list(
    State(store): State<Arc<Store>>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(payload) = verified(&store.keys, uri.path(), query.as_deref()) else { return refused() };
    let Ok(payload) = serde_json::from_str::<Payload>(&payload) else { return refused() };
    store.page(payload.pagination.page).map_or_else(|_| failed(), json)
}

async fn one(
    State(store): State<Arc<Store>>,
    Path(number): Path<String>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    if verified(&store.keys, uri.path(), query.as_deref()).is_none() {
        return refused();
    }
    store.one(&number).map_or_else(|_| failed(), json)
}

impl Store {
    fn page(&self, page: u64) -> Result<String> {
        let (total, pages) = (self.total, self.total.div_ceil(PAGE_SIZE));
        let mut out = format!(
            r#"{{"currentPage":{page},"pageSize":{PAGE_SIZE},"totalPages":{pages},"totalCount":{total},"employees":["#
        );
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement =
            database.prepare_cached("SELECT document FROM source WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let after = i64::try_from(page.saturating_sub(1) * PAGE_SIZE)?;
        let mut rows = statement.query(params![after, i64::try_from(PAGE_SIZE)?])?;
        let mut comma = "";
        while let Some(row) = rows.next()? {
            out.push_str(comma);
            out.push_str(row.get_ref(0)?.as_str()?);
            comma = ",";
        }
        out.push_str("]}");
        Ok(out)
    }

    fn one(&self, number: &str) -> Result<String> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = database.prepare_cached("SELECT document FROM source WHERE number = ?1")?;
        Ok(statement.query_row([number], |row| row.get(0))?)
    }
}

/// The payload, if the signature over it holds.
fn verified(keys: &Keys, path: &str, query: Option<&str>) -> Option<String> {
    let (mut tonce, mut signature, mut payload) = (None, None, String::new());
    for (name, value) in form_urlencoded::parse(query?.as_bytes()) {
        match &*name {
            "tonce" => tonce = value.parse().ok(),
            "signature" => signature = Some(value.into_owned()),
            "payload" => payload = value.into_owned(),
            _ => {}
        }
    }
    let expected = sign::signature(keys, "GET", path.strip_prefix(PREFIX)?, &payload, tonce?).ok()?;
    (signature? == expected).then_some(payload)
}

fn json(body: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.into()).into_response()
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, json(r#"{"code":1101,"text":"signature"}"#)).into_response()
}

fn failed() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
