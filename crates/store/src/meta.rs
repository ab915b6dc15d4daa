//! Small facts about the installation, such as a check value of the key that seals credentials.

use tongshi_model::Result;

use crate::sql::{Session, params};

/// The value under this name.
pub async fn get(s: &mut Session, name: &str) -> Result<Option<String>> {
    let row = s.row("SELECT value FROM meta WHERE name = $1", params![name]).await?;
    row.map(|mut row| row.text()).transpose()
}

/// Puts a value under this name, in place of the one before.
pub async fn set(s: &mut Session, name: &str, value: &str) -> Result<()> {
    s.run(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![name, value],
    )
    .await
    .map(drop)
}

/// Takes the value under this name away.
pub async fn remove(s: &mut Session, name: &str) -> Result<()> {
    s.run("DELETE FROM meta WHERE name = $1", params![name]).await.map(drop)
}
