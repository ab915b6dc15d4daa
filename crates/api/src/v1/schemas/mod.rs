//! What the answers of `/v1` look like, for the documentation. The hub's own views are what is written; a test holds
//! every answer of every route against these.
#![expect(dead_code, reason = "described and never made")]

mod quota;
mod report;
mod surface;

use utoipa::ToSchema;

pub(crate) use quota::*;
pub(crate) use report::*;
pub(crate) use surface::*;

/// What went wrong (RFC 9457).
pub(crate) type Problem = crate::problem::ProblemDocument<'static>;

/// A page of punches.
#[derive(ToSchema)]
pub(crate) struct PunchPage {
    /// The punches.
    data: Vec<Punch>,
    /// Where the next page begins; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// One clock-in or clock-out.
#[derive(ToSchema)]
struct Punch {
    /// Its number.
    id: i64,
    /// Who, by the record's id.
    employee: String,
    /// When, with the offset of the clock that showed it.
    #[schema(format = "date-time")]
    at: String,
    /// `in`, `out`, `unknown` or `other`.
    direction: String,
    /// By what means, such as `mobile` or `machine`.
    source: String,
    /// The working day that it counts for.
    #[schema(format = "date")]
    day: String,
    /// Through which connection it came.
    connection: String,
    /// Device, place or remark, as the vendor gave it.
    #[schema(value_type = Value, required = false)]
    detail: Option<serde_json::Value>,
}

/// Attendance days.
#[derive(ToSchema)]
pub(crate) struct AttendanceDayPage {
    /// The days.
    data: Vec<AttendanceDay>,
    /// Where the next page begins; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// What the punches of a person's working day say.
#[derive(ToSchema)]
struct AttendanceDay {
    /// Who, by the record's id.
    employee: String,
    /// The working day.
    #[schema(format = "date")]
    date: String,
    /// First coming.
    #[schema(format = "date-time", required)]
    first_in: Option<String>,
    /// Last going.
    #[schema(format = "date-time", required)]
    last_out: Option<String>,
    /// How many punches there are.
    punches: u32,
}

/// A page of the journal.
#[derive(ToSchema)]
pub(crate) struct ChangePage {
    /// The changes.
    data: Vec<Change>,
    /// The sequence number to ask on from, on every page.
    next: i64,
    /// The newest sequence number. When it is `next`, there is no more for now; start after it to read only what comes.
    last: i64,
}

/// What happened to a record.
#[derive(ToSchema)]
struct Change {
    /// Its place in the workspace's journal, without gaps.
    seq: i64,
    /// `created`, `updated`, `deleted`, `restored`, or `linked` when it turned out to be another record: nobody went;
    /// `erased` where the person was erased since.
    op: String,
    /// The record's kind.
    kind: String,
    /// The record's id.
    record: String,
    /// For `linked`: the record that its id means now.
    linked_to: Option<String>,
    /// The version that it made.
    version: i64,
    /// When.
    #[schema(format = "date-time")]
    at: String,
    /// By whom.
    actor: String,
    /// In which run.
    #[schema(required)]
    run: Option<String>,
    /// The top-level fields that differ.
    fields: Vec<String>,
    /// The document before.
    #[schema(value_type = Option<Object>, required)]
    before: Option<serde_json::Value>,
    /// The document after.
    #[schema(value_type = Option<Object>, required)]
    after: Option<serde_json::Value>,
}

/// The newest runs.
#[derive(ToSchema)]
pub(crate) struct RunPage {
    /// The runs.
    data: Vec<Run>,
    /// Null: older runs are not listed.
    #[schema(required)]
    next: Option<String>,
}

/// One sync and what it proved.
#[derive(ToSchema)]
pub(crate) struct Run {
    /// Its id.
    id: String,
    /// The connection's name.
    connection: String,
    /// The vendor.
    dialect: String,
    /// `full`, `incremental` or `undo`.
    mode: String,
    /// `running`, `done`, `held` (a shrink waits for a person) or `failed`.
    state: String,
    /// Whether everything that was asked for was provably seen; null while it runs.
    #[schema(required)]
    complete: Option<bool>,
    /// When it began.
    #[schema(format = "date-time")]
    started_at: String,
    /// When it ended.
    #[schema(format = "date-time", required)]
    ended_at: Option<String>,
    /// What it did.
    #[schema(required)]
    counts: Option<RunCounts>,
    /// What each listing proved.
    #[schema(required)]
    listings: Option<Vec<ListingProof>>,
    /// Why it is not complete, in a sentence.
    #[schema(required)]
    reason: Option<String>,
    /// Whose failure ended it: `credentials`, `unreachable`, `vendor` or `hub`; null where nothing failed.
    #[schema(required)]
    failure: Option<String>,
    /// Whether it was undone.
    undone: bool,
}

/// What a run did.
#[derive(ToSchema)]
struct RunCounts {
    /// Records made.
    created: u64,
    /// Records changed.
    updated: u64,
    /// Records that had been deleted and are back.
    restored: u64,
    /// Records deleted.
    deleted: u64,
    /// Rows that say what is known.
    unchanged: u64,
    /// Rows that could not be taken in.
    quarantined: u64,
    /// Rows of erased people, passed over.
    erased: u64,
    /// Punches that are new.
    punches_new: u64,
    /// Punches that are known.
    punches_known: u64,
    /// Punches that the vendor no longer has.
    punches_voided: u64,
}

/// What a listing proved.
#[derive(ToSchema)]
struct ListingProof {
    /// The listing.
    listing: String,
    /// Whether everything was seen.
    complete: bool,
    /// Why, or why not, in sentences.
    why: Vec<String>,
    /// Pages read in the last pass.
    pages: u64,
    /// Rows on them.
    rows: u64,
    /// Different things named.
    unique: u64,
    /// How many there are by the vendor's own count.
    #[schema(required)]
    vendor_total: Option<u64>,
    /// How often the list was read.
    passes: u32,
    /// Rows that could not be taken in.
    quarantined: u64,
    /// Things known and not named.
    missing: u64,
    /// Of these, deleted with evidence.
    deleted: u64,
    /// Of these, waiting for a person.
    held: u64,
    /// For listings that go over other things: how many were asked about.
    subjects: Option<u64>,
}

/// All connections.
#[derive(ToSchema)]
pub(crate) struct ConnectionPage {
    /// The connections.
    data: Vec<Connection>,
    /// Null: the answer is whole.
    #[schema(required)]
    next: Option<String>,
}

/// The workspace's account at a vendor.
#[derive(ToSchema)]
struct Connection {
    /// Its id, also in the address of its events: `/hooks/{id}`.
    id: String,
    /// Its name.
    name: String,
    /// The vendor.
    dialect: String,
    /// Where the vendor answers.
    base_url: String,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// Whether it is switched off.
    disabled: bool,
    /// Its last run.
    #[schema(required)]
    last_run: Option<Run>,
}

/// All operations of a connection's vendor.
#[derive(ToSchema)]
pub(crate) struct OperationPage {
    /// The operations.
    data: Vec<Operation>,
    /// Null: the answer is whole.
    #[schema(required)]
    next: Option<String>,
}

/// One of the vendor's own operations.
#[derive(ToSchema)]
struct Operation {
    /// Its name.
    name: String,
    /// Its method at the vendor.
    method: String,
    /// Its path at the vendor, with fields in braces.
    path: String,
    /// Where its facts come from: `documented`, `uncertain` or `sample`.
    contract: String,
    /// Whether the vendor counts it by the month.
    metered: bool,
    /// Whether the key may call it through this connection.
    allowed: bool,
}

/// How many there are.
#[derive(ToSchema)]
pub(crate) struct CountPage {
    /// A row for each kind.
    data: Vec<Count>,
    /// Null: the answer is whole.
    #[schema(required)]
    next: Option<String>,
}

/// How many there are of a kind.
#[derive(ToSchema)]
struct Count {
    /// The kind, or `punch`.
    kind: String,
    /// Live.
    live: u64,
    /// Deleted.
    deleted: u64,
}

/// All rows that could not be taken in.
#[derive(ToSchema)]
pub(crate) struct QuarantinePage {
    /// The rows.
    data: Vec<Quarantined>,
    /// Null: the answer is whole.
    #[schema(required)]
    next: Option<String>,
}

/// A row that could not be taken in.
#[derive(ToSchema)]
struct Quarantined {
    /// From which connection.
    connection: String,
    /// Of which kind.
    kind: String,
    /// The vendor's id.
    remote_id: String,
    /// Why.
    reason: String,
    /// When.
    #[schema(format = "date-time")]
    at: String,
}

/// Who calls.
#[derive(ToSchema)]
pub(crate) struct Me {
    /// The app.
    app: Named,
    /// Its workspace.
    workspace: Named,
    /// What it may see and do.
    scopes: Scopes,
}

/// Something with a name.
#[derive(ToSchema)]
struct Named {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// What an app may see and do.
#[derive(ToSchema)]
pub(crate) struct Scopes {
    /// The most private fields that it may see: `public`, `contact`, `personal` or `restricted`.
    sensitivity: String,
    /// Whether it may write.
    write: bool,
    /// The kinds that it may see; null for all.
    #[schema(required)]
    kinds: Option<Vec<String>>,
    /// Whether it may see punches; null for: where it may see all kinds.
    #[schema(required)]
    punches: Option<bool>,
    /// What it may do where it may write: `approval:approve`, `punch:*`, `*:create`; null for all.
    #[schema(required)]
    actions: Option<Vec<String>>,
    /// The operations of faces that it may call, by name or prefix with `*`; null for all.
    #[schema(required)]
    operations: Option<Vec<String>>,
    /// Whether it may administrate.
    admin: bool,
}

/// One source of a record.
#[derive(ToSchema)]
pub(crate) struct Lineage {
    /// Through which connection.
    connection: String,
    /// From which vendor.
    dialect: String,
    /// The vendor's id.
    remote_id: String,
    /// Whether it is gone there.
    gone: bool,
    /// Why we think so.
    evidence: Option<String>,
    /// Why it belongs to this record, where another source made the record.
    linked: Option<LinkedBy>,
    /// The record's fields that come from here.
    fields: Vec<String>,
    /// What it says otherwise than the record: values that lose to another source's.
    #[schema(value_type = Option<Object>)]
    proposals: Option<serde_json::Value>,
    /// The vendor's own words, for keys that may see restricted fields.
    #[schema(value_type = Value, required = false)]
    raw: Option<serde_json::Value>,
    /// When it was read.
    #[schema(format = "date-time")]
    read_at: String,
}

/// Why a source belongs to a record that another made.
#[derive(ToSchema)]
pub(crate) struct LinkedBy {
    /// By what: `employee_no`, `union_id`, `mobile`, `email`, `manual`, or `written` where the hub made it there.
    method: String,
    /// How sure that is, from 0 to 1.
    confidence: f64,
    /// Who decided.
    actor: String,
    /// When.
    #[schema(format = "date-time")]
    at: String,
}

/// All pairs that may be one.
#[derive(ToSchema)]
pub(crate) struct IdentityConflictPage {
    /// The pairs, surest first.
    data: Vec<IdentityConflict>,
    /// Null: the answer is whole.
    #[schema(required)]
    next: Option<String>,
}

/// Two records that may be one, for a person to decide.
#[derive(ToSchema)]
struct IdentityConflict {
    /// One record.
    record: String,
    /// The other.
    other: String,
    /// Their kind.
    kind: String,
    /// The names that they carry.
    names: Vec<String>,
    /// Why they are not linked: a short name that stays the same.
    reason: String,
    /// The same in a sentence.
    text: String,
    /// How sure a link would be, from 0 to 1.
    confidence: f64,
    /// When it was found.
    #[schema(format = "date-time")]
    at: String,
}

/// Two records that are one now.
#[derive(ToSchema)]
pub(crate) struct Linked {
    /// The record that stays.
    record: String,
    /// The one whose id means it from now on.
    linked: String,
}

/// A record that was taken out of another.
#[derive(ToSchema)]
pub(crate) struct Unlinked {
    /// The record that stays.
    record: String,
    /// The one that is by itself again.
    restored: String,
}
