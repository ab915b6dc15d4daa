//! How a vendor lays fields in a message and wraps answers and faults.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{AuthFault, Message, Reply};

/// A vendor's protocol.
pub trait Dialect: Send + Sync + Sized + 'static {
    /// The vendor's short name: `zhiren`.
    const ID: &'static str;

    /// How one operation's envelope differs from another's.
    type Shape: Copy + Send + Sync + 'static;

    /// Where the client puts things, where the vendor leaves a choice.
    type Layout: Copy + Default + Send + Sync + 'static;

    /// Whether the vendor packs its answers for those who take them packed (RFC 9110 §12.5.3).
    const GZIP: bool = false;

    /// The vendor's documented errors.
    type Fault: std::error::Error
        + From<AuthFault>
        + From<FormFault>
        + From<tongshi_model::Error>
        + Into<tongshi_model::Error>
        + Send
        + Sync
        + 'static;

    /// Lays fields in a message. The path is filled already, and its fields are taken out.
    fn put(fields: Map<String, Value>, shape: Self::Shape, layout: Self::Layout, message: &mut Message);

    /// Takes the fields out of a message as it was received.
    fn take(message: &Message, shape: Self::Shape) -> Result<Map<String, Value>, FormFault>;

    /// Wraps an answer that is serialised already.
    fn answer(body: Vec<u8>, shape: Self::Shape) -> Reply;

    /// Wraps a fault.
    fn fault(fault: &Self::Fault, shape: Self::Shape) -> Reply;

    /// Reads a reply: the answer's JSON, or why there is none.
    fn read(reply: &Reply, shape: Self::Shape) -> Result<Bytes, Unread<Self::Fault>>;

    /// The vendor's code of a fault, for the log of requests.
    fn code(_fault: &Self::Fault) -> Option<String> {
        None
    }

    /// Whether the vendor says that our clock and theirs are too far apart.
    fn is_stale(_fault: &Self::Fault) -> bool {
        false
    }

    /// How long to wait where the vendor says "too fast" in a fault of its own rather than by a status. Such a call has
    /// had no effect and is sent again.
    fn too_fast(_fault: &Self::Fault) -> Option<std::time::Duration> {
        None
    }

    /// Whether the vendor says that the calls of the month are used up.
    fn used_up(_fault: &Self::Fault) -> bool {
        false
    }
}

/// Why a reply holds no answer.
#[derive(Debug)]
pub enum Unread<F> {
    /// The vendor refused, in its documented form.
    Fault(F),
    /// The vendor answered something that it does not document.
    Garbled,
}

/// Why a message holds no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// The text is not what it should be at all.
    #[error("{0}")]
    Malformed(String),
    /// A field is missing or cannot be taken.
    #[error("{0}")]
    Field(String),
}
