//! What the registry holds of each dialect.

use std::sync::Arc;

use serde::Serialize;
use tongshi_model::{Action, Clock, Error, Kind, Timestamp};

use crate::{
    Connect, Connector, Contract, Credential, Desk, Events, Explanation, Face, Message, Metering, Operation,
    Target,
};

/// A vendor, both halves.
pub struct Descriptor {
    /// The short name, also the path of its face: `zhiren`.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// Where the live vendor answers, if anybody knows.
    pub base_url: Option<&'static str>,
    /// Where the vendor's second host answers for a connection, by its base address and settings, where a vendor has two.
    pub second_base_url: Option<SecondHost>,
    /// What the two halves can do; what is missing cannot be done.
    pub capabilities: &'static [Capability],
    /// What is written only where a connection's setting `writes` allows it: `{"punch": true}`.
    pub writes_off: &'static [Target],
    /// What the vendor counts by the month, if it counts.
    pub metering: Option<Metering>,
    /// Calls of one operation in a second that the vendor lets through, where it says so. The setting
    /// `calls_per_second` of a connection changes it; 0 is no bound.
    pub calls_per_second: Option<u32>,
    /// What an account consists of.
    pub credential: &'static [CredentialField],
    /// The kinds of key that a face's app holds.
    pub face_keys: &'static [FaceKey],
    /// The codes that an administrator hands out for use at the face.
    pub codes: &'static [CodeKind],
    /// All operations.
    pub operations: &'static [OperationInfo],
    /// Makes the calling half.
    pub connect: fn(Connect) -> Result<Box<dyn Connector>, Error>,
    /// Makes the answering half.
    pub serve: FaceMaker,
    /// Signs a message with an account's credentials and explains how.
    pub sign: fn(&mut Message, &Credential, Timestamp) -> Result<Explanation, Error>,
    /// How the vendor tells apps what has happened, if it does.
    pub events: Option<&'static dyn Events>,
}

impl Descriptor {
    /// Whether the connector can do this.
    pub fn pushes(&self, target: Target, action: Action) -> bool {
        let wanted = match target {
            Target::Punch if action == Action::Create => Capability::PushPunches,
            Target::Punch => return false,
            Target::Record(kind) => Capability::Push(kind, action),
        };
        self.capabilities.contains(&wanted)
    }

    /// What can be written, as `target:action`.
    pub fn writable(&self) -> Vec<String> {
        let named = |capability: &Capability| match capability {
            Capability::PushPunches => Some("punch:create".to_owned()),
            Capability::Push(kind, action) => Some(format!("{kind}:{action}")),
            Capability::Pull(_)
            | Capability::PullPunches
            | Capability::Receive
            | Capability::Send
            | Capability::SignIn => None,
        };
        self.capabilities.iter().filter_map(named).collect()
    }
}

/// The base address of a vendor's second host, from a connection's base address and settings; none where it is the first.
pub type SecondHost = fn(base_url: &str, settings: &serde_json::Value) -> Option<String>;

/// Makes the answering half of a dialect.
pub type FaceMaker = fn(Arc<dyn Desk>, Arc<dyn Clock>) -> Arc<dyn Face>;

/// Something that a dialect can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// The connector reads this kind.
    Pull(Kind),
    /// The connector reads punches.
    PullPunches,
    /// The connector does this to records of this kind.
    Push(Kind, Action),
    /// The connector sends punches in.
    PushPunches,
    /// The connector takes events.
    Receive,
    /// The face sends events.
    Send,
    /// People sign in through the connector.
    SignIn,
}

/// A field of an account.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CredentialField {
    /// The vendor's name for it.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// Whether it must be kept secret.
    pub secret: bool,
    /// Whether the connector cannot work without it.
    pub required: bool,
}

/// A kind of key that an app of a face holds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FaceKey {
    /// The vendor's name for the public half: `access_key`.
    pub id: &'static str,
    /// The vendor's name for the secret half: `secret_key`.
    pub secret: &'static str,
    /// What made-up ids begin with.
    pub prefix: &'static str,
}

/// A kind of code that is handed to somebody and used once at the face.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CodeKind {
    /// The purpose under which the face looks it up: `zhiren.bind_code`.
    pub purpose: &'static str,
    /// What it is for, for people.
    pub about: &'static str,
    /// How long it is valid unless somebody says otherwise.
    pub lifetime_seconds: i64,
}

/// An operation with its types forgotten.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OperationInfo {
    /// Its name.
    pub name: &'static str,
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// Where its facts come from.
    pub contract: Contract,
    /// The rows of the specification that it answers.
    pub spec: &'static str,
    /// Whether the vendor counts it by the month.
    pub metered: bool,
    /// Whether it sends punches in.
    pub punches: bool,
}

impl OperationInfo {
    /// What is known of an operation.
    pub const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            method: O::METHOD.name(),
            path: O::PATH,
            contract: O::CONTRACT,
            spec: O::SPEC,
            metered: O::METERED,
            punches: O::PUNCHES,
        }
    }
}

/// Lists a dialect's operations: makes `OPERATIONS`, and `call_by_name` for a connector that [`crate::Signs`] with
/// every scheme among them and has a method `call_raw::<O>(fields)`.
#[macro_export]
macro_rules! operations {
    ($connector:ty; $($operation:ty),* $(,)?) => {
        /// All operations of this dialect.
        pub(super) const OPERATIONS: &[$crate::OperationInfo] = &[$($crate::OperationInfo::of::<$operation>()),*];

        /// Calls an operation by its name.
        pub(super) async fn call_by_name(
            connector: &$connector,
            name: &str,
            fields: serde_json::Map<String, serde_json::Value>,
        ) -> Option<Result<$crate::Reply, tongshi_model::Error>> {
            match name {
                $(<$operation as $crate::Operation>::NAME => Some(connector.call_raw::<$operation>(fields).await),)*
                _ => None,
            }
        }
    };
}
