//! Outbound messages: their configuration, their failures, and the callback of an approval (§2.8).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::operation;

use super::{Hesine, Listed, Shape, Told, Valued, camel_texts};
use crate::hesine::auth::AccessToken;

/// Configures an outbound message. At the vendor this is a page and no call; the address is ours.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MessageSave {
    pub(crate) name: String,
    pub(crate) url: String,
    /// Which of 200, 201 and 204 mean success.
    pub(crate) success_codes: Vec<u16>,
    /// What the answer must hold beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keyword: Option<String>,
    /// Which actions are told; all where there is none.
    pub(crate) actions: Vec<String>,
}

/// What the vendor issues.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageSaved {
    pub(crate) sign_key: String,
}

operation! {
    impl Operation for MessageSave in Hesine {
        "message.save", Put "/api/openapi/v1/outboundMessages", Uncertain "§2.8: a page at the vendor; the address is ours";
        AccessToken => Valued<MessageSaved>, Shape::Body(&[]); REPEATABLE = true
    }
}

camel_texts! {
    /// Failures of a time.
    MessageLogs { message_type, start_date, end_date }
}

/// A message that did not arrive.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MessageLog {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) flow_id: Option<String>,
    pub(crate) node_name: Option<String>,
    pub(crate) request: Option<Value>,
    pub(crate) response: Option<Value>,
    pub(crate) state: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) message_type: String,
}

operation! {
    impl Operation for MessageLogs in Hesine {
        "message.logs", Get "/api/openapi/v1/outboundMessageLogs", Documented "§2.8";
        AccessToken => Listed<MessageLog>, Shape::Query
    }
}

camel_texts! {
    /// Decides about a document at the node that a message named.
    Callback { sign_key, flow_id, node_id, action, comment, reject_to, resubmit_method }
}

operation! {
    impl Operation for Callback in Hesine {
        "approval.callback", Post "/api/outbound/v1/approval", Documented "§2.8";
        AccessToken => Valued<Told>, Shape::Callback
    }
}
