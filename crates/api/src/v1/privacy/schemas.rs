//! What a receipt looks like, for the documentation.
#![expect(dead_code, reason = "described and never made")]

use utoipa::ToSchema;

/// What was done about a person, without a word about them.
#[derive(ToSchema)]
pub(super) struct Receipt {
    /// The erasure's id; absent for a dry run.
    erasure: Option<String>,
    /// `export`, `erase` or `erase (dry run)`.
    what: String,
    /// The workspace.
    workspace: String,
    /// When.
    #[schema(format = "date-time")]
    at: String,
    /// The records that were taken for this person.
    people: Vec<String>,
    /// People who share a number or an address and are not linked: they were left alone.
    likely_the_same: Vec<String>,
    /// How many of the person's names, numbers and addresses are somebody else's, too; those stand there still.
    shared_values: u64,
    /// Every table, and what was found in it.
    searched: Vec<Searched>,
    /// The connections whose vendors hold the person still; the hub erases nothing at a vendor.
    vendors: Vec<AtVendor>,
    /// Tombstones set: things that no sync brings back.
    tombstones: u64,
    /// Whether they are also kept in a file beside the data.
    kept_beside_data: bool,
    /// Whether free pages and log were rewritten; else the hub does it within the hour.
    compacted: bool,
    /// SHA-256 in hexadecimal digits.
    digest: String,
}

/// A table and what was found in it.
#[derive(ToSchema)]
struct Searched {
    /// The table.
    table: String,
    /// What is in it.
    about: String,
    /// Rows about the person.
    own: u64,
    /// Rows about others in which the person is named.
    named: u64,
}

/// A vendor who holds the person still.
#[derive(ToSchema)]
struct AtVendor {
    /// The connection.
    connection: String,
    /// The vendor.
    dialect: String,
}
