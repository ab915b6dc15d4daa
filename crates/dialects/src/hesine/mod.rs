//! Hesine (合思, once 易快报): travel requests, approvals, bookings, claims, payments, vouchers.
//!
//! Documents: the vendor's published documentation of its open platform (contract `documented`), and an article that the
//! project was given (contract `sample`), which shows another API. `specs/hesine.md` has every fact with its weight; `§`
//! in this folder means its sections.
//!
//! Quirks: the token lies in the query and nothing is signed. A single id stands in the path behind a literal `$`, several
//! in literal brackets. Three reads carry a body. Approvals answer before they are done; the result is asked for within a
//! minute. Times are milliseconds in documents and texts in filters. Some failures come with HTTP 200.

mod auth;
mod client;
mod map;
mod server;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use self::wire::UNSERVED;
use tongshi_dialect::{Capability, Descriptor, FaceKey, OperationInfo};
use tongshi_model::{Action, Kind};

/// This vendor, for the list.
pub(crate) static DESCRIPTOR: Descriptor = Descriptor {
    id: "hesine",
    title: "合思 Hesine",
    base_url: Some("https://app.ekuaibao.com"),
    second_base_url: Some(client::mall_host),
    capabilities: CAPABILITIES,
    writes_off: &[],
    metering: None,
    calls_per_second: None,
    credential: client::CREDENTIAL,
    face_keys: &[FaceKey { id: "app_key", secret: "app_secret", prefix: "hs" }],
    codes: &[],
    operations: OPERATIONS,
    connect: client::connect,
    serve: server::serve,
    sign: client::sign,
    events: Some(&client::HesineEvents),
};

const CAPABILITIES: &[Capability] = &[
    Capability::Pull(Kind::OrgUnit),
    Capability::Pull(Kind::Employee),
    Capability::Pull(Kind::TravelRequest),
    Capability::Pull(Kind::Booking),
    Capability::Pull(Kind::ExpenseClaim),
    Capability::Pull(Kind::Approval),
    Capability::Push(Kind::TravelRequest, Action::Approve),
    Capability::Push(Kind::TravelRequest, Action::Reject),
    Capability::Push(Kind::ExpenseClaim, Action::Approve),
    Capability::Push(Kind::ExpenseClaim, Action::Reject),
    Capability::Push(Kind::ExpenseClaim, Action::Pay),
    Capability::Push(Kind::Approval, Action::Approve),
    Capability::Push(Kind::Approval, Action::Reject),
    Capability::Push(Kind::Booking, Action::Create),
    Capability::Push(Kind::Booking, Action::Update),
    Capability::Push(Kind::AccountingEntry, Action::Create),
    Capability::Push(Kind::AccountingEntry, Action::Update),
    Capability::Receive,
    Capability::Send,
];

/// The operations of both contracts. The connector calls those of the documented one only: nobody knows where the other
/// would be reached.
const OPERATIONS: &[OperationInfo] = &joined();

const fn joined() -> [OperationInfo; client::OPERATIONS.len() + wire::sample::OPERATIONS.len()] {
    let mut all = [wire::sample::OPERATIONS[0]; client::OPERATIONS.len() + wire::sample::OPERATIONS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < client::OPERATIONS.len() {
            client::OPERATIONS[at]
        } else {
            wire::sample::OPERATIONS[at - client::OPERATIONS.len()]
        };
        at += 1;
    }
    all
}
