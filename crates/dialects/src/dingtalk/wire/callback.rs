//! Registration of event callbacks (§7).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{lenient::text, operation};

use super::{DingTalk, Done, Shape, texts};
use crate::dingtalk::auth::OldToken;

macro_rules! registration {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Default, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            #[serde(deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
            pub(crate) call_back_tag: Option<Vec<String>>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) token: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) aes_key: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) url: Option<String>,
        }
    };
}

registration! {
    /// Registers an app's one address.
    RegisterCallback
}
registration! {
    /// Registers another in its place.
    UpdateCallback
}

operation! {
    impl Operation for RegisterCallback in DingTalk {
        "callback.register", Post "/call_back/register_call_back", Documented "§7";
        OldToken => Done, Shape::PLAIN
    }
}

operation! {
    impl Operation for UpdateCallback in DingTalk {
        "callback.update", Post "/call_back/update_call_back", Documented "§7";
        OldToken => Done, Shape::PLAIN; REPEATABLE = true
    }
}

/// What is registered.
#[derive(Serialize, Deserialize)]
pub(crate) struct GetCallback {}

/// A registration.
#[derive(Serialize, Deserialize)]
pub(crate) struct Callback {
    pub(crate) call_back_tag: Vec<String>,
    pub(crate) token: String,
    pub(crate) aes_key: String,
    pub(crate) url: String,
}

operation! {
    impl Operation for GetCallback in DingTalk {
        "callback.get", Get "/call_back/get_call_back", Documented "§7";
        OldToken => Callback, Shape::PLAIN
    }
}

/// Takes the registration away.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeleteCallback {}

operation! {
    impl Operation for DeleteCallback in DingTalk {
        "callback.delete", Get "/call_back/delete_call_back", Documented "§7";
        OldToken => Done, Shape::PLAIN
    }
}

/// Events that could not be delivered.
#[derive(Serialize, Deserialize)]
pub(crate) struct FailedCallbacks {}

/// Events that could not be delivered, at most 200.
#[derive(Serialize, Deserialize)]
pub(crate) struct FailedList {
    pub(crate) has_more: bool,
    pub(crate) failed_list: Vec<FailedCallback>,
}

/// An event that could not be delivered: when, what of, and its fields below the name of the event.
#[derive(Serialize, Deserialize)]
pub(crate) struct FailedCallback {
    pub(crate) event_time: i64,
    pub(crate) call_back_tag: String,
    #[serde(flatten)]
    pub(crate) event: serde_json::Map<String, serde_json::Value>,
}

operation! {
    impl Operation for FailedCallbacks in DingTalk {
        "callback.failed", Get "/call_back/get_call_back_failed_result", Documented "§7";
        OldToken => FailedList, Shape::PLAIN
    }
}
