//! The limit of issuing tokens, on the same web framework as the hub's: a random token for each POST, answered when the row
//! with its hash is on disk. Whoever comes while a commit is on its way shares the next one; nothing else is done.

use std::{fs::File, io::Read as _};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::Engine as _;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};
use tongshi_bench::args::Args;

/// Tokens that wait for a commit.
const WAITING_MAX: usize = 4096;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE token (hash BLOB NOT NULL PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;";

/// A hash, and who waits for it to be kept.
type Waiting = (Vec<u8>, oneshot::Sender<()>);

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::of_process(&["path", "database", "listen"], &[])?;
    let database = Connection::open(args.required("database")?)?;
    database.execute_batch(SCHEMA)?;
    let (sender, waiting) = mpsc::channel(WAITING_MAX);
    std::thread::spawn(move || keep(database, waiting));
    let app = Router::new()
        .route(args.required("path")?, post(issue))
        .route("/readyz", get(|| async { "ok" }))
        .with_state(sender);
    let listener = TcpListener::bind(args.text("listen").unwrap_or("127.0.0.1:0")).await?;
    axum::serve(listener, app).await.context("the server stopped")
}

async fn issue(State(sender): State<mpsc::Sender<Waiting>>, _body: Bytes) -> Response {
    let Ok(token) = random() else { return failed() };
    let (kept, told) = oneshot::channel();
    if sender.send((Sha256::digest(token.as_bytes()).to_vec(), kept)).await.is_err() || told.await.is_err() {
        return failed();
    }
    let body = format!(
        r#"{{"return_code":0,"return_msg":"OK","return_data":{{"access_token":"{token}","expires_in":7200}}}}"#
    );
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// One transaction for all that wait.
fn keep(mut database: Connection, mut waiting: mpsc::Receiver<Waiting>) -> Result<()> {
    let mut group = Vec::new();
    while let Some(first) = waiting.blocking_recv() {
        group.push(first);
        while let Ok(more) = waiting.try_recv() {
            group.push(more);
        }
        let transaction = database.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO token (hash, expires_at) VALUES (?1, ?2)")?;
            for (hash, _) in &group {
                insert.execute(params![hash, 7200])?;
            }
        }
        transaction.commit()?;
        for (_, kept) in group.drain(..) {
            // Whoever has hung up needs no answer.
            let _ = kept.send(());
        }
    }
    Ok(())
}

fn random() -> Result<String> {
    let mut bytes = [0u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

fn failed() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
