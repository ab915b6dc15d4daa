//! What is sent and answered under `/v1/apps`, for the documentation.
#![expect(dead_code, reason = "described and never made")]

use utoipa::ToSchema;

use crate::v1::schemas::Scopes;

/// All apps.
#[derive(ToSchema)]
pub(crate) struct AppPage {
    /// The apps.
    data: Vec<App>,
    /// Null: the answer is whole.
    #[schema(required)]
    next: Option<String>,
}

/// A program that calls.
#[derive(ToSchema)]
pub(crate) struct App {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// What it may see and do.
    scopes: Scopes,
    /// Whether it is locked out.
    disabled: bool,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// The faces that it may call.
    faces: Vec<String>,
    /// The names of its settings; their values are not shown.
    settings: Vec<String>,
    /// From where it may call: addresses and ranges; empty for everywhere.
    addresses: Vec<String>,
    /// Where a browser may be sent back to, each compared byte for byte.
    redirect_uris: Vec<String>,
    /// How much it may call `/v1`.
    limits: AppLimits,
    /// Its keys that are good, without their secrets.
    keys: Vec<AppKey>,
}

/// How much an app may call `/v1`.
#[derive(ToSchema)]
struct AppLimits {
    /// Requests in a minute; null for what the hub's configuration says, 0 for no limit.
    #[schema(required)]
    requests_per_minute: Option<u32>,
    /// Requests that may come at once; null for those of a minute.
    #[schema(required)]
    burst: Option<u32>,
}

/// A key of an app.
#[derive(ToSchema)]
struct AppKey {
    /// Where it is good: `v1` or a dialect.
    face: String,
    /// The vendor's name and value for its public half; null for `v1`.
    #[schema(required)]
    key: Option<String>,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it ends by itself; null for the newest.
    #[schema(format = "date-time", required)]
    ends_at: Option<String>,
}

/// An app and keys that are shown this once.
#[derive(ToSchema)]
pub(crate) struct AppKeys {
    /// The app.
    app: App,
    /// The bearer key for `/v1`; absent where it stays.
    api_key: Option<String>,
    /// For each face the vendor's own names and values.
    #[schema(value_type = Object)]
    faces: serde_json::Value,
}

/// An app to be registered.
#[derive(ToSchema)]
pub(crate) struct NewApp {
    /// What to call it.
    name: String,
    /// The faces that it may call, by dialect.
    faces: Option<Vec<String>>,
    /// What it may see and do.
    scopes: Option<NewScopes>,
    /// Settings that faces read.
    #[schema(value_type = Option<Object>)]
    settings: Option<serde_json::Value>,
    /// From where it may call.
    addresses: Option<Vec<String>>,
    /// Where a browser may be sent back to.
    redirect_uris: Option<Vec<String>>,
    /// How much it may call `/v1`.
    limits: Option<NewAppLimits>,
}

/// What is to be different about an app.
#[derive(ToSchema)]
pub(crate) struct AppChange {
    /// All faces that it may call.
    faces: Option<Vec<String>>,
    /// What it may see and do, all of it.
    scopes: Option<NewScopes>,
    /// Settings: a value replaces, null takes out, others stay.
    #[schema(value_type = Option<Object>)]
    settings: Option<serde_json::Value>,
    /// From where it may call, all of it.
    addresses: Option<Vec<String>>,
    /// Where a browser may be sent back to, all of it.
    redirect_uris: Option<Vec<String>>,
    /// How much it may call `/v1`, all of it.
    limits: Option<NewAppLimits>,
}

/// Scopes to be given; what is left out is as for an app that reads contact data of all kinds.
#[derive(ToSchema)]
struct NewScopes {
    /// `public`, `contact`, `personal` or `restricted`.
    sensitivity: Option<String>,
    /// Whether it may write.
    write: Option<bool>,
    /// The kinds that it may see.
    kinds: Option<Vec<String>>,
    /// Whether it may see punches.
    punches: Option<bool>,
    /// What it may do where it may write.
    actions: Option<Vec<String>>,
    /// The operations of faces that it may call.
    operations: Option<Vec<String>>,
    /// Whether it may administrate.
    admin: Option<bool>,
}

/// Limits to be given.
#[derive(ToSchema)]
struct NewAppLimits {
    /// Requests in a minute; 0 for no limit.
    requests_per_minute: Option<u32>,
    /// Requests that may come at once.
    burst: Option<u32>,
}

/// Fresh keys.
#[derive(ToSchema)]
pub(crate) struct Rotation {
    /// How long the old keys stay good; a day if it is left out.
    grace_seconds: Option<u64>,
}
