//! What the vendor sends to a company's address when something changes (§B4): a form whose field `data` holds JSON.

use serde::{Deserialize, Serialize};
use tongshi_dialect::{lenient::Text, operation};

use super::{Opened, Shape, Stamp, Waiqin};
use crate::waiqin::auth::Digest;

/// One push. All fields are texts of a form.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Push {
    pub(crate) msg_id: String,
    /// `employee`; others are not looked at.
    pub(crate) data_type: String,
    pub(crate) data_id: String,
    pub(crate) data_version: String,
    pub(crate) data_format: String,
    pub(crate) data_source: String,
    /// A row, or an array of rows, as a text.
    pub(crate) data: String,
    /// Milliseconds.
    pub(crate) timestamp: String,
    pub(crate) status: String,
    pub(crate) digest: String,
    pub(crate) tenant_id: String,
}

/// Asks for what could not be delivered. The vendor names such a call and not its address, which is ours.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct PushFailed {
    #[serde(flatten)]
    pub(crate) stamp: Stamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<Text>,
}

/// A push that failed. What it said is not told again: whoever asks reads the thing itself.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedPush {
    pub(crate) msg_id: String,
    pub(crate) data_type: String,
    pub(crate) data_id: String,
    pub(crate) timestamp: String,
    pub(crate) attempts: u32,
}

operation! {
    impl Operation for PushFailed in Waiqin {
        "push.failed", Post "/api/push/v1/getfail/{openid}/{timestamp}/{digest}/{msg_id}",
        Uncertain "§B4: the call is named, its address and answer are ours";
        Digest => Opened<Vec<FailedPush>>, Shape::Open; REPEATABLE = true
    }
}
