//! What all of family B shares: the end of its addresses, and answers whose data is a text that holds JSON (§B1).

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// The end of every address of family B: who asks, when, the proof, and the request's id. Until a message is signed
/// each is a dash.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) openid: String,
    pub(crate) timestamp: String,
    pub(crate) digest: String,
    pub(crate) msg_id: String,
}

impl Default for Stamp {
    fn default() -> Self {
        let dash = || "-".to_owned();
        Self { openid: dash(), timestamp: dash(), digest: dash(), msg_id: dash() }
    }
}

impl Stamp {
    /// A request with an id of its own.
    pub(crate) fn with_id(msg_id: String) -> Self {
        Self { msg_id, ..Self::default() }
    }
}

/// Declares a request of family B whose fields are texts, each of which may be missing.
macro_rules! asks {
    ($(#[$meta:meta])* $name:ident { $($field:ident $(as $wire:literal)?),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Default, serde::Serialize, serde::Deserialize)]
        pub(crate) struct $name {
            #[serde(flatten)]
            pub(crate) stamp: super::Stamp,
            $(
                $(#[serde(rename = $wire)])?
                #[serde(
                    default,
                    deserialize_with = "tongshi_dialect::lenient::text",
                    skip_serializing_if = "Option::is_none"
                )]
                pub(crate) $field: Option<String>,
            )*
        }
    };
}
pub(super) use asks;

/// An answer of family B as handlers and readers see it: the data as it is, and the id to be echoed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Opened<T> {
    pub(crate) msg_id: String,
    pub(crate) data: T,
}

/// Writes the envelope: the data becomes a text.
pub(super) fn opened(body: &[u8]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Written<'a> {
        return_code: &'static str,
        return_msg: &'static str,
        msg_id: &'a str,
        response_data: &'a str,
    }
    // What handlers give always has this form.
    let read: Opened<&RawValue> = match serde_json::from_slice(body) {
        Ok(read) => read,
        Err(_) => return Vec::new(),
    };
    let data = if read.data.get() == "null" { "" } else { read.data.get() };
    let written = Written { return_code: "0", return_msg: "", msg_id: &read.msg_id, response_data: data };
    serde_json::to_vec(&written).unwrap_or_default()
}

/// Reads it back: the data is a text that holds JSON, on the oldest pages the JSON itself.
pub(super) fn closed(msg_id: &str, data: Option<&RawValue>) -> Bytes {
    let raw = data.map_or("null", RawValue::get);
    let inner: Option<String> = if raw.starts_with('"') { serde_json::from_str(raw).ok() } else { None };
    let data = match &inner {
        Some(text) if text.trim().is_empty() => "null",
        Some(text) => text,
        None => raw,
    };
    let mut body = format!("{{\"msg_id\":{},\"data\":", Value::from(msg_id)).into_bytes();
    body.extend_from_slice(data.as_bytes());
    body.push(b'}');
    body.into()
}
