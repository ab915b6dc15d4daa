//! When each list of a connection was last read, where the vendor counts the calls by the month.

use tongshi_model::{Result, Timestamp};

use crate::sql::{Session, params};

/// A list and its last readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The listing.
    pub listing: String,
    /// When a reading last began.
    pub tried_at: Timestamp,
    /// Readings that began since the last complete one.
    pub failures: u32,
    /// When the last complete reading began.
    pub read_at: Option<Timestamp>,
    /// When the last complete reading of the wide window began.
    pub wide_at: Option<Timestamp>,
}

/// The lists of a connection that were ever tried, by name.
pub async fn all(s: &mut Session, connection: i64) -> Result<Vec<Reading>> {
    let rows = s
        .rows(
            "SELECT listing, tried_at, failures, read_at, wide_at FROM readings WHERE connection = $1 ORDER BY listing",
            params![connection],
        )
        .await?;
    let take = |mut row: crate::sql::Row| {
        Ok(Reading {
            listing: row.text()?,
            tried_at: row.time()?,
            failures: u32::try_from(row.int()?).unwrap_or(u32::MAX),
            read_at: row.opt_time()?,
            wide_at: row.opt_time()?,
        })
    };
    rows.into_iter().map(take).collect()
}

/// Notes that a reading begins. Until it is [`done`] it counts as failed.
pub async fn begin(s: &mut Session, connection: i64, listing: &str) -> Result<()> {
    let now = s.now();
    s.run(
        "INSERT INTO readings (connection, listing, tried_at, failures) VALUES ($1, $2, $3, 1)
         ON CONFLICT (connection, listing) DO UPDATE SET tried_at = excluded.tried_at, failures = readings.failures + 1",
        params![connection, listing, now],
    )
    .await
    .map(drop)
}

/// Notes that the reading that began last was complete, and whether it covered the wide window.
pub async fn done(s: &mut Session, connection: i64, listing: &str, wide: bool) -> Result<()> {
    s.run(
        "UPDATE readings SET failures = 0, read_at = tried_at,
                wide_at = CASE WHEN CAST($3 AS BIGINT) = 1 THEN tried_at ELSE wide_at END
         WHERE connection = $1 AND listing = $2",
        params![connection, listing, i64::from(wide)],
    )
    .await
    .map(drop)
}
