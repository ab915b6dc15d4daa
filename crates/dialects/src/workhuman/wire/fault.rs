//! Faults. The pages give statuses and one word (`invalid_grant`) and no body (§1, §2); bodies are RFC 6749's at the token
//! address and `{error, message, details}` elsewhere (§5.17). Words beside the page's are ours.

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use tongshi_dialect::{AuthFault, FormFault};
use tongshi_model::{Error, ErrorKind};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {text}", code.word())]
pub(crate) struct Fault {
    /// Which.
    pub(crate) code: Code,
    /// What happened, for people.
    pub(crate) text: Cow<'static, str>,
    /// Which fields it is about.
    pub(crate) details: Vec<Detail>,
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Detail {
    #[serde(default)]
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) problem: String,
}

impl Fault {
    /// A refusal with a text.
    pub(crate) fn new(code: Code, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into(), details: Vec::new() }
    }

    /// A field cannot be taken.
    pub(crate) fn field(field: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let text = format!("{field} {problem}");
        Self { details: vec![Detail { field: field.to_owned(), problem }], ..Self::new(Code::Fields, text) }
    }

    /// There is no such thing.
    pub(crate) fn nothing(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $status:literal $word:literal,)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[$doc])* $variant,)*
            /// Whatever else a vendor answers, by its status.
            Other(u16),
        }

        impl Code {
            /// Those that are known.
            #[cfg(test)]
            pub(crate) const KNOWN: &[Self] = &[$(Self::$variant),*];

            /// The word on the wire.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* Self::Other(_) => "error" }
            }

            /// The status.
            pub(crate) fn status(self) -> StatusCode {
                let number = match self { $(Self::$variant => $status,)* Self::Other(number) => number };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// The code with this word and status; a word that is not known, or none, is told by its status.
            pub(crate) fn of(status: u16, word: &str) -> Self {
                match (status, word) {
                    $(($status, $word) => Self::$variant,)*
                    (401, _) => Self::Unauthorized,
                    (403, _) => Self::Forbidden,
                    (404, _) => Self::NotFound,
                    (422, _) => Self::Fields,
                    (429, _) => Self::Limited,
                    (status, _) => Self::Other(status),
                }
            }
        }
    };
}

codes! {
    /// The request cannot be read.
    Request = 400 "invalid_request",
    /// The client is unknown, its secret is wrong, or it is switched off.
    Client = 401 "invalid_client",
    /// The page's word for a wrong grant type (§5.5); RFC 6749's for a code that is not valid.
    Grant = 400 "invalid_grant",
    /// RFC 6749's word for a wrong grant type: read, never given.
    GrantType = 400 "unsupported_grant_type",
    /// The client may not use this grant.
    GrantClient = 400 "unauthorized_client",
    /// The access token is missing, unknown or over.
    Unauthorized = 401 "unauthorized",
    /// Not enough permission.
    Forbidden = 403 "forbidden",
    /// More than the nominator may give away (§5.10).
    Budget = 403 "budget_exceeded",
    /// There is no such thing, or no such recipient.
    NotFound = 404 "not_found",
    /// A field is missing or cannot be taken.
    Fields = 422 "unprocessable",
    /// Fewer points than the reward costs.
    Points = 422 "insufficient_points",
    /// Fewer pieces than asked for.
    Stock = 422 "out_of_stock",
    /// It is not in a state in which this can be done.
    State = 422 "invalid_state",
    /// The idempotency key came with another request before.
    Reused = 422 "idempotency_key_reused",
    /// It contradicts what is there, or is being done at this moment.
    Conflict = 409 "conflict",
    /// Too often.
    Limited = 429 "too_many_requests",
    /// We failed.
    Ours = 500 "server_error",
    /// Another system failed us.
    Upstream = 502 "bad_gateway",
    /// Something that we need is away.
    Away = 503 "temporarily_unavailable",
}

impl From<AuthFault> for Fault {
    fn from(fault: AuthFault) -> Self {
        let code = match &fault {
            AuthFault::Missing(_)
            | AuthFault::Malformed(_)
            | AuthFault::Unknown
            | AuthFault::Stale
            | AuthFault::Wrong(_) => Code::Unauthorized,
            // The page's remedy is the one that helps here: ask the administrator.
            AuthFault::Disabled | AuthFault::Forbidden | AuthFault::Address => Code::Forbidden,
            AuthFault::Blocked(_) => Code::Limited,
        };
        let text = match &fault {
            AuthFault::Unknown => "the access token is not valid; get another one".to_owned(),
            AuthFault::Disabled => "the client is switched off; ask the administrator".to_owned(),
            other => other.to_string(),
        };
        Self::new(code, text)
    }
}

impl From<FormFault> for Fault {
    fn from(fault: FormFault) -> Self {
        match fault {
            FormFault::Malformed(text) => Self::new(Code::Request, text),
            FormFault::Field(text) => Self::new(Code::Fields, text),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::NotFound | ErrorKind::Gone => Code::NotFound,
            ErrorKind::Conflict => Code::Conflict,
            ErrorKind::Invalid(field) => return Self::field(field, error.public().to_owned()),
            ErrorKind::Unauthenticated => Code::Unauthorized,
            ErrorKind::Forbidden => Code::Forbidden,
            ErrorKind::Limited(_) => Code::Limited,
            ErrorKind::Unavailable => Code::Away,
            ErrorKind::Upstream => Code::Upstream,
            ErrorKind::Internal => {
                tracing::error!(dialect = "workhuman", reason = error.private(), "a call failed");
                Code::Ours
            }
        };
        Self::new(code, error.public().to_owned())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault.code {
            Code::Client | Code::Unauthorized | Code::Grant | Code::GrantType | Code::GrantClient => {
                ErrorKind::Unauthenticated
            }
            Code::Forbidden | Code::Budget => ErrorKind::Forbidden,
            Code::NotFound => ErrorKind::NotFound,
            Code::Request | Code::Fields | Code::Points | Code::Stock | Code::State | Code::Reused => {
                let field = fault.details.first().map_or("body", |detail| &detail.field);
                ErrorKind::Invalid(field.to_owned().into())
            }
            Code::Conflict => ErrorKind::Conflict,
            Code::Limited => ErrorKind::Limited(None),
            Code::Away => ErrorKind::Unavailable,
            Code::Ours | Code::Upstream | Code::Other(_) => ErrorKind::Upstream,
        };
        Self::new(kind, fault.to_string())
    }
}
