//! Webhooks: where the calling app wants to be told of changes. It sees and changes only its own.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod deliveries;
pub(super) mod get;
pub(super) mod list;
pub(super) mod replay;
pub(super) mod rotate;
pub(super) mod schemas;
pub(super) mod test;
pub(super) mod update;

use serde::{Deserialize, Serialize};
use tongshi_hub::{Hub, NewWebhookSecret, WebhookOwner, WebhookView};
use tongshi_model::{Error, Id};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::authentication::Caller;

/// The routes of this noun.
pub(super) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::default()
        .routes(routes!(list::list_webhooks, create::create_webhook))
        .routes(routes!(get::get_webhook, update::update_webhook, delete::delete_webhook))
        .routes(routes!(rotate::rotate_webhook))
        .routes(routes!(test::test_webhook))
        .routes(routes!(deliveries::list_webhook_deliveries))
        .routes(routes!(replay::replay_webhook))
}

/// Whose webhooks the caller sees.
fn owner(caller: &Caller) -> WebhookOwner {
    WebhookOwner::app(&caller.principal)
}

/// The id of a webhook. What cannot be one is nobody's.
fn webhook_id(text: &str) -> Result<Id, Error> {
    text.parse().map_err(|_| Error::not_found("there is no such webhook"))
}

/// How much a message says.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Payload {
    /// Which record changed and in which fields.
    Thin,
    /// The documents before and after, too, as far as the app may see them.
    Full,
}

impl Payload {
    fn is_full(self) -> bool {
        matches!(self, Self::Full)
    }
}

/// A webhook with its new secret.
#[derive(Serialize)]
pub(in crate::v1) struct WithSecret {
    #[serde(flatten)]
    webhook: WebhookView,
    secret: String,
}

impl From<NewWebhookSecret> for WithSecret {
    fn from(new: NewWebhookSecret) -> Self {
        Self { webhook: new.webhook, secret: new.secret.expose().to_owned() }
    }
}
