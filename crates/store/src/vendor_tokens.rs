//! Access tokens that vendors gave us, shared by all replicas. Fetching one is claimed first, so that only one does.

use tongshi_model::{Error, Id, Result, Timestamp};

use crate::sql::{Session, params};

/// What is kept of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct VendorToken {
    /// The token, encrypted; none while the first is being fetched.
    pub sealed: Option<Vec<u8>>,
    /// When it is to be renewed.
    pub renew_at: Option<Timestamp>,
    /// The process that fetches, if one does.
    pub holder: Option<String>,
    /// Until when it is waited for.
    pub lease_until: Option<Timestamp>,
}

impl std::fmt::Debug for VendorToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VendorToken(renew at {:?}, held by {:?})", self.renew_at, self.holder)
    }
}

/// The token of this name; in a writing session the row is kept from other writers.
pub async fn get(s: &mut Session, connection: i64, name: &str) -> Result<Option<VendorToken>> {
    let row = s
        .row(
            "SELECT token, renew_at, holder, lease_until FROM vendor_tokens WHERE connection = $1 AND name = $2",
            params![connection, name],
        )
        .await?;
    row.map(|mut row| {
        Ok(VendorToken {
            sealed: row.opt_bytes()?,
            renew_at: row.opt_time()?,
            holder: row.opt_text()?,
            lease_until: row.opt_time()?,
        })
    })
    .transpose()
}

/// Claims the fetching, if it is free: nobody holds it, the lease is over, or the holder is the one that is named as
/// dead. Also only if the token is still the one with this renewal time: another may have come meanwhile.
pub async fn claim(
    s: &mut Session,
    connection: i64,
    name: &str,
    holder: &str,
    claim: Id,
    lease_until: Timestamp,
    dead: Option<&str>,
) -> Result<bool> {
    let now = s.now();
    let count = s
        .run(
            "INSERT INTO vendor_tokens (connection, name, holder, claim, lease_until) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (connection, name) DO UPDATE
                 SET holder = excluded.holder, claim = excluded.claim, lease_until = excluded.lease_until
                 WHERE (vendor_tokens.holder IS NULL OR vendor_tokens.lease_until <= $6 OR vendor_tokens.holder = $7)
                   AND (vendor_tokens.renew_at IS NULL OR vendor_tokens.renew_at <= $6)",
            params![connection, name, holder, claim, lease_until, now, dead],
        )
        .await?;
    Ok(count > 0)
}

/// Keeps a fetched token; false where the claim is no longer ours.
pub async fn put(
    s: &mut Session,
    connection: i64,
    name: &str,
    claim: Id,
    sealed: &[u8],
    hash: &[u8],
    renew_at: Timestamp,
) -> Result<bool> {
    let count = s
        .run(
            "UPDATE vendor_tokens SET token = $4, hash = $5, renew_at = $6, holder = NULL, claim = NULL,
                 lease_until = NULL
             WHERE connection = $1 AND name = $2 AND claim = $3",
            params![connection, name, claim, sealed, hash, renew_at],
        )
        .await?;
    Ok(count > 0)
}

/// Gives a claim back.
pub async fn release(s: &mut Session, connection: i64, name: &str, claim: Id) -> Result<()> {
    s.run(
        "UPDATE vendor_tokens SET holder = NULL, claim = NULL, lease_until = NULL
         WHERE connection = $1 AND name = $2 AND claim = $3",
        params![connection, name, claim],
    )
    .await
    .map(drop)
}

/// Notes that the token with this hash is no longer taken.
pub async fn end(s: &mut Session, connection: i64, name: &str, hash: &[u8]) -> Result<()> {
    let now = s.now();
    s.run(
        "UPDATE vendor_tokens SET renew_at = $4 WHERE connection = $1 AND name = $2 AND hash = $3 AND renew_at > $4",
        params![connection, name, hash, now],
    )
    .await
    .map(drop)
}

/// Forgets all tokens of a connection: its account changed.
pub async fn forget(s: &mut Session, connection: i64) -> Result<(), Error> {
    s.run("DELETE FROM vendor_tokens WHERE connection = $1", params![connection]).await.map(drop)
}
