//! What a run did and what it proved.

use serde::{Deserialize, Serialize};
use tongshi_model::{Id, Kind};

/// A dry run lists this many differences; the counts are exact beyond.
pub(super) const DIFFERENCES_MAX: usize = 1000;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Records made.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that had been deleted and are back.
    pub restored: u64,
    /// Records deleted.
    pub deleted: u64,
    /// Rows that say what is known.
    pub unchanged: u64,
    /// Rows that could not be taken in.
    pub quarantined: u64,
    /// Rows of erased people, passed over.
    pub erased: u64,
    /// Punches that are new.
    pub punches_new: u64,
    /// Punches that are known.
    pub punches_known: u64,
    /// Punches that the vendor no longer has.
    pub punches_voided: u64,
}

/// What a listing proved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListingProof {
    /// The listing.
    pub listing: String,
    /// Whether everything was seen.
    pub complete: bool,
    /// Why, or why not, in sentences.
    pub why: Vec<String>,
    /// Pages read in the last pass.
    pub pages: u64,
    /// Rows on them.
    pub rows: u64,
    /// Different things named.
    pub unique: u64,
    /// How many there are by the vendor's own count.
    pub vendor_total: Option<u64>,
    /// How often the list was read.
    pub passes: u32,
    /// Rows that could not be taken in; `quarantine` lists them.
    pub quarantined: u64,
    /// Things known and not named.
    pub missing: u64,
    /// Of these, deleted with evidence.
    pub deleted: u64,
    /// Of these, waiting for a person.
    pub held: u64,
    /// For listings that go over other things: how many were asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subjects: Option<u64>,
}

impl ListingProof {
    /// A proof of nothing yet.
    pub(super) fn of(listing: &str) -> Self {
        Self { listing: listing.to_owned(), complete: true, ..Self::default() }
    }

    /// Says why it is complete.
    pub(super) fn because(&mut self, why: String) {
        self.why.push(why);
    }

    /// Says why it is not.
    pub(super) fn doubt(&mut self, why: String) {
        self.complete = false;
        self.why.push(why);
    }
}

/// What a dry run would change. Names of fields, never their values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `created`, `updated`, `restored` or `deleted`.
    pub op: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The vendor's id.
    pub remote_id: String,
    /// The record.
    pub record: Id,
    /// The fields that differ.
    pub fields: Vec<String>,
}
