//! What the answers about the hub's own work look like: writes, the audit trail, the log of requests.

use utoipa::ToSchema;

/// What the hub does at vendors.
#[derive(ToSchema)]
pub(crate) struct WritePage {
    /// The writes.
    data: Vec<Write>,
    /// Where the next page begins; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// One thing that the hub does at a vendor.
#[derive(ToSchema)]
pub(crate) struct Write {
    /// Its id.
    id: String,
    /// `awaiting` (a second person), `queued`, `sent`, `acknowledged` (taken), `verified` (shown by the vendor),
    /// `mismatched`, `rejected`, `dead` (given up) or `withdrawn`.
    state: String,
    /// Whether nothing more will happen by itself.
    r#final: bool,
    /// The kind of record, or `punch`.
    target: String,
    /// What is done.
    action: String,
    /// To which record; of a punch the employee.
    record: String,
    /// Where.
    connection: String,
    /// On whose behalf.
    actor: String,
    /// Who agreed, sent it again or took it back.
    #[schema(required)]
    decided_by: Option<String>,
    /// The request that it came with others in.
    #[schema(required)]
    bulk: Option<String>,
    /// How often it was sent.
    attempts: i64,
    /// What the vendor calls the thing.
    #[schema(required)]
    remote_id: Option<String>,
    /// Why it is as it is.
    #[schema(required)]
    reason: Option<String>,
    /// When something happens next.
    #[schema(format = "date-time", required)]
    next_at: Option<String>,
    /// When it was queued.
    #[schema(format = "date-time")]
    created_at: String,
    /// When its state last changed.
    #[schema(format = "date-time")]
    changed_at: String,
}

/// A write as the answer to a change names it.
#[derive(ToSchema)]
pub(crate) struct QueuedWrite {
    /// Its id.
    id: String,
    /// Where it is to be done.
    connection: String,
    /// How far it is.
    state: String,
}

/// A punch and the writes that it made necessary.
#[derive(ToSchema)]
pub(crate) struct PunchWritten {
    /// Who.
    employee: String,
    /// When.
    #[schema(format = "date-time")]
    at: String,
    /// Coming or going.
    direction: String,
    /// By what means.
    source: String,
    /// The working day.
    #[schema(format = "date")]
    day: String,
    /// Whether it was not there before.
    new: bool,
    /// What vendors are told.
    writes: Vec<QueuedWrite>,
}

/// Answers to many punches.
#[derive(ToSchema)]
pub(crate) struct PunchRows {
    /// Names the request: its writes carry it.
    bulk: String,
    /// How many items were taken.
    accepted: u64,
    /// How many were not.
    refused: u64,
    /// A row for each item, in their order.
    data: Vec<PunchRow>,
}

/// What became of one punch.
#[derive(ToSchema)]
struct PunchRow {
    /// The status that it would have had alone.
    status: u16,
    /// The punch, where it was taken.
    #[schema(required = false)]
    result: Option<PunchWritten>,
    /// What was wrong, where it was not.
    #[schema(required = false)]
    problem: Option<RowProblem>,
}

/// What was wrong with an item.
#[derive(ToSchema)]
pub(crate) struct RowProblem {
    /// In a sentence.
    detail: String,
    /// The field that could not be taken.
    #[schema(required = false)]
    field: Option<String>,
}

/// A page of the audit trail.
#[derive(ToSchema)]
pub(crate) struct AuditPage {
    /// The entries.
    data: Vec<AuditEntry>,
    /// The number to ask on from, on every page.
    next: i64,
}

/// Who did what.
#[derive(ToSchema)]
struct AuditEntry {
    /// Its number in the workspace, without gaps.
    seq: i64,
    /// When.
    #[schema(format = "date-time")]
    at: String,
    /// Who, such as `app:payroll`.
    actor: String,
    /// What, such as `record.read`.
    action: String,
    /// To what.
    target: String,
    /// `done`, `refused` or `failed`.
    outcome: String,
    /// Further facts, without personal data.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// SHA-256 of this entry and the hash before it, in hexadecimal.
    hash: String,
}

/// A page of the log of requests.
#[derive(ToSchema)]
pub(crate) struct RequestPage {
    /// The requests, newest first.
    data: Vec<RequestEntry>,
    /// The number before which the next page begins; null at the end.
    #[schema(required)]
    next: Option<i64>,
}

/// A request and how it went.
#[derive(ToSchema)]
struct RequestEntry {
    /// Its number.
    no: i64,
    /// When it was answered.
    #[schema(format = "date-time")]
    at: String,
    /// The face, or `v1` or `hooks`.
    face: String,
    /// The operation, or the route.
    operation: String,
    /// The app; empty where nobody proved who they are.
    app: String,
    /// The client's address; empty where it is not known.
    address: String,
    /// The HTTP status.
    status: u16,
    /// The vendor's code of the fault, or the problem's name; empty for a success.
    code: String,
    /// How long it took, in microseconds.
    took_us: i64,
    /// The size of the request's body.
    bytes_in: i64,
    /// The size of the answer's body.
    bytes_out: i64,
    /// Why it was refused; empty for a success.
    reason: String,
    /// Further facts, redacted.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// A page of sessions.
#[derive(ToSchema)]
pub(crate) struct SessionPage {
    /// The sessions, newest first.
    data: Vec<SignInSession>,
    /// Where the next page begins; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// Somebody who signed in.
#[derive(ToSchema)]
struct SignInSession {
    /// Its id.
    id: String,
    /// The connection through which they signed in, by its name; null where it is gone.
    #[schema(required)]
    connection: Option<String>,
    /// The account, by its record's id.
    account: String,
    /// The employee to whom the account belongs; null where none was found.
    #[schema(required)]
    employee: Option<String>,
    /// Which way they came: `link` or `menu`.
    way: String,
    /// When they signed in.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it ends.
    #[schema(format = "date-time")]
    expires_at: String,
    /// When somebody ended it; null where nobody did.
    #[schema(required, format = "date-time")]
    revoked_at: Option<String>,
    /// Who ended it.
    #[schema(required)]
    revoked_by: Option<String>,
}
