//! Keeps the rows in PostgreSQL: one statement a page, its rows as arrays.

use std::collections::HashMap;

use anyhow::Result;
use tokio::sync::mpsc;
use tokio_postgres::{Client, NoTls, Statement};

use crate::{
    Counts, News,
    rows::{Hash, Row, hash_of},
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS source (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, remote_id TEXT NOT NULL UNIQUE, hash BYTEA NOT NULL,
        document TEXT NOT NULL, missing BOOLEAN NOT NULL DEFAULT FALSE);
    CREATE TABLE IF NOT EXISTS change (
        seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source_id BIGINT NOT NULL, action TEXT NOT NULL,
        before TEXT, after TEXT);";

/// The outer query reads the table as it was before the statement, which is where the journal's `before` comes from.
const UPSERT: &str = "
    WITH written AS (
        INSERT INTO source (remote_id, hash, document)
        SELECT * FROM UNNEST($1::TEXT[], $2::BYTEA[], $3::TEXT[])
        ON CONFLICT (remote_id) DO UPDATE
            SET hash = excluded.hash, document = excluded.document, missing = FALSE
        RETURNING id, document)
    INSERT INTO change (source_id, action, before, after)
    SELECT written.id, CASE WHEN old.id IS NULL THEN 'created' ELSE 'updated' END, old.document, written.document
    FROM written LEFT JOIN source old ON old.id = written.id";

const MISS: &str = "
    WITH gone AS (UPDATE source SET missing = TRUE WHERE remote_id = ANY($1) RETURNING id, document)
    INSERT INTO change (source_id, action, before) SELECT id, 'missing', document FROM gone";

struct Known {
    hash: Hash,
    missing: bool,
    seen: bool,
}

/// Keeps every page that comes, then marks the missing.
pub(crate) async fn keep(url: &str, mut news: mpsc::Receiver<News>) -> Result<Counts> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(SCHEMA).await?;
    let upsert = client.prepare(UPSERT).await?;
    let mut known = known(&client).await?;
    let mut counts = Counts::default();
    while let Some(news) = news.recv().await {
        match news {
            News::Page(rows) => page(&client, &upsert, &mut known, &rows, &mut counts).await?,
            News::Complete => miss(&client, &known, &mut counts).await?,
        }
    }
    drop(client);
    driver.await??;
    Ok(counts)
}

async fn known(client: &Client) -> Result<HashMap<String, Known>> {
    let mut known = HashMap::new();
    for row in client.query("SELECT remote_id, hash, missing FROM source", &[]).await? {
        let hash = hash_of(row.try_get(1)?)?;
        known.insert(row.try_get(0)?, Known { hash, missing: row.try_get(2)?, seen: false });
    }
    Ok(known)
}

async fn page(
    client: &Client,
    upsert: &Statement,
    known: &mut HashMap<String, Known>,
    rows: &[Row],
    counts: &mut Counts,
) -> Result<()> {
    let (mut keys, mut hashes, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match known.get_mut(&row.key) {
            Some(old) if old.hash == row.hash && !old.missing => {
                old.seen = true;
                counts.unchanged += 1;
                continue;
            }
            // Twice on one page: a statement may not touch a row twice, and the first says the same.
            Some(old) if old.seen => continue,
            Some(_) => counts.updated += 1,
            None => counts.created += 1,
        }
        known.insert(row.key.clone(), Known { hash: row.hash, missing: false, seen: true });
        keys.push(row.key.as_str());
        hashes.push(row.hash.as_slice());
        documents.push(row.document.as_str());
    }
    if !keys.is_empty() {
        client.execute(upsert, &[&keys, &hashes, &documents]).await?;
    }
    Ok(())
}

async fn miss(client: &Client, known: &HashMap<String, Known>, counts: &mut Counts) -> Result<()> {
    let gone = known.iter().filter(|(_, old)| !old.seen && !old.missing);
    let gone: Vec<&str> = gone.map(|(key, _)| key.as_str()).collect();
    counts.missing += gone.len();
    if !gone.is_empty() {
        client.execute(MISS, &[&gone]).await?;
    }
    Ok(())
}
