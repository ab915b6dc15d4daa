//! The limit of syncing: what a hub at least must do, and nothing else. It downloads four pages at a time, parses, keeps one
//! document and hash a row, skips the unchanged, marks the missing, and writes one journal entry a change. No proof, no mapping,
//! no record beside the source.

mod postgres;
mod rows;
mod sqlite;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use tokio::{sync::mpsc, task::JoinSet};
use tongshi_bench::{
    args::Args,
    http1::{Base, Connection, request},
};

use crate::rows::Row;

const IN_FLIGHT: u64 = 4;

/// What the download tells the keeper.
enum News {
    /// A page's people.
    Page(Vec<Row>),
    /// Every page has been told: whoever was not on one is missing.
    Complete,
}

/// What a sync did.
#[derive(Default, serde::Serialize)]
struct Counts {
    created: usize,
    updated: usize,
    unchanged: usize,
    missing: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::of_process(&["base", "db", "pg"], &[])?;
    let base = Base::parse(args.required("base")?)?;
    let (sender, receiver) = mpsc::channel(4);
    let download = tokio::spawn(download(base, sender));
    let counts = if let Some(url) = args.text("pg") {
        postgres::keep(url, receiver).await?
    } else {
        let path = args.required("db")?.to_owned();
        tokio::task::spawn_blocking(move || sqlite::keep(&path, receiver)).await??
    };
    download.await??;
    println!("{}", serde_json::to_string(&counts)?);
    Ok(())
}

async fn download(base: Base, sender: mpsc::Sender<News>) -> Result<()> {
    let next = Arc::new(AtomicU64::new(1));
    let mut fetchers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        fetchers.spawn(fetch(base.clone(), Arc::clone(&next), sender.clone()));
    }
    for fetched in fetchers.join_all().await {
        fetched?;
    }
    sender.send(News::Complete).await.context("the keeper stopped")
}

/// Takes page after page until the pages end.
async fn fetch(base: Base, next: Arc<AtomicU64>, sender: mpsc::Sender<News>) -> Result<()> {
    let mut connection = Connection::open(&base.authority).await?;
    loop {
        let page = next.fetch_add(1, Ordering::Relaxed);
        let payload = format!(r#"{{"pagination":{{"page":{page}}}}}"#);
        let mut target = format!("{}/api/v2/employees?access_key=ak&tonce=0&signature=0&", base.prefix);
        target.push_str(
            &form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload).finish(),
        );
        let reply = connection.send(&request("GET", &base.authority, &target)).await?;
        ensure!(reply.status == 200, "page {page} was answered with {}", reply.status);
        let (rows, pages) = rows::parse(&reply.body)?;
        drop(reply);
        if !rows.is_empty() {
            sender.send(News::Page(rows)).await.context("the keeper stopped")?;
        }
        if page >= pages {
            return Ok(());
        }
    }
}
