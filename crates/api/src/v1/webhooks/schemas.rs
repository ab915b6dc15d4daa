//! What the answers about webhooks look like, for the documentation.
#![expect(dead_code, reason = "described and never made")]

use utoipa::ToSchema;

/// The app's webhooks.
#[derive(ToSchema)]
pub(super) struct WebhookPage {
    /// The webhooks, oldest first.
    data: Vec<Webhook>,
    /// Null: the answer is whole.
    #[schema(required)]
    next: Option<String>,
}

/// Where an app is told of changes.
#[derive(ToSchema)]
pub(super) struct Webhook {
    /// Its id.
    id: String,
    /// The app to which it belongs.
    app: String,
    /// What people call it.
    name: String,
    /// Where messages go.
    url: String,
    /// `standard`, or the dialect in whose manner it is told.
    manner: String,
    /// Which events: a kind and what happens to it, such as `employee.created` or `employee.*`; `*` for all.
    events: Vec<String>,
    /// `thin` or `full`.
    payload: String,
    /// Whether it is on.
    enabled: bool,
    /// Why it is off.
    #[schema(required)]
    disabled_reason: Option<String>,
    /// Since when nothing has arrived there.
    #[schema(format = "date-time", required)]
    failing_since: Option<String>,
    /// Up to which change everything was sent or waits for another attempt.
    position: i64,
    /// Messages that wait for another attempt.
    waiting: u64,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
}

/// A webhook with its new secret, shown once.
#[derive(ToSchema)]
pub(super) struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    webhook: Webhook,
    /// What signs its messages (Standard Webhooks). The one before signs beside it for a day.
    secret: String,
}

/// What came back of a test.
#[derive(ToSchema)]
pub(super) struct WebhookTest {
    /// Whether it was taken.
    delivered: bool,
    /// The answer's status; null where there was no answer.
    #[schema(required)]
    status: Option<u16>,
    /// Why it was not taken.
    #[schema(required)]
    error: Option<String>,
}

/// A page of a webhook's messages.
#[derive(ToSchema)]
pub(super) struct WebhookDeliveryPage {
    /// The messages, newest first.
    data: Vec<WebhookDelivery>,
    /// Where the next page begins; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// A message.
#[derive(ToSchema)]
struct WebhookDelivery {
    /// Its id, as in the header `webhook-id`: the same at every attempt.
    id: String,
    /// What happened, such as `employee.updated`.
    r#type: String,
    /// About which record.
    #[schema(required)]
    record: Option<String>,
    /// Of which kind.
    #[schema(required)]
    kind: Option<String>,
    /// The change's number in the journal.
    seq: i64,
    /// `waiting`, `delivered` or `dead`.
    state: String,
    /// How often it was sent.
    attempts: i64,
    /// When it is sent next; null when it is not, or goes behind another message about the same record.
    #[schema(format = "date-time", required)]
    next_at: Option<String>,
    /// The last answer's status.
    #[schema(required)]
    status: Option<i64>,
    /// Why the last attempt failed.
    #[schema(required)]
    error: Option<String>,
    /// When it was first noted.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last sent.
    #[schema(format = "date-time")]
    changed_at: String,
}

/// What is sent again.
#[derive(ToSchema)]
pub(super) struct WebhookReplayed {
    /// How many messages.
    replayed: u64,
}
