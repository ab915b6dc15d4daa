//! Waiqin's faults. The vendor publishes that 0 is success and 1 is failure in the OpenAPI, and no other number; the
//! numbers here are ours, so that a program can tell what happened (§6 of the ambiguities).

use std::borrow::Cow;

use http::StatusCode;
use tongshi_dialect::{AuthFault, FormFault};
use tongshi_model::{Error, ErrorKind};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {text}", code.number())]
pub(crate) struct Fault {
    /// Which.
    pub(crate) code: Code,
    /// What happened, for people.
    pub(crate) text: Cow<'static, str>,
    /// The request's id, in family B.
    pub(crate) msg_id: Option<String>,
}

impl Fault {
    /// A refusal with a text.
    pub(crate) fn new(code: Code, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into(), msg_id: None }
    }

    /// The refusal of a request with this id.
    #[must_use]
    pub(crate) fn of(mut self, msg_id: &str) -> Self {
        self.msg_id = Some(msg_id.to_owned()).filter(|id| !id.is_empty());
        self
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal,)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[$doc])* $variant,)*
            /// Whatever else a vendor sends.
            Other(i64),
        }

        impl Code {
            /// Those that we give.
            #[cfg(test)]
            pub(crate) const GIVEN: &[Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub(crate) const fn number(self) -> i64 {
                match self { $(Self::$variant => $number,)* Self::Other(number) => number }
            }

            /// The code with this number.
            pub(crate) const fn of(number: i64) -> Self {
                match number { $($number => Self::$variant,)* number => Self::Other(number) }
            }
        }
    };
}

codes! {
    /// The vendor's own and only number for a failure.
    Failed = 1,
    /// The request cannot be read, or something is missing.
    Request = 40001,
    /// app_id and app_secret do not belong together.
    App = 40002,
    /// The app belongs to another company.
    Tenant = 40003,
    /// The call comes from an address that is not on the list.
    Address = 40004,
    /// The access token is unknown, over or void.
    Token = 40014,
    /// The code is unknown, used, over, or another app's.
    Grant = 40029,
    /// The digest or signature does not fit.
    Digest = 40101,
    /// The timestamp is malformed or too far away.
    Stale = 40102,
    /// Nobody has this openid.
    OpenId = 40103,
    /// The app may not call this.
    Forbidden = 40300,
    /// There is no such record.
    NoRecord = 40400,
    /// It contradicts what is there.
    Conflict = 40900,
    /// Too often.
    Limited = 42900,
    /// We failed.
    Ours = 50000,
    /// Another system failed us.
    Upstream = 50200,
    /// Something that we need is away.
    Away = 50300,
}

impl Code {
    /// The status of the page that says so to a person.
    pub(crate) const fn page_status(self) -> StatusCode {
        match self {
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::Limited => StatusCode::TOO_MANY_REQUESTS,
            Self::Ours | Self::Upstream => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Forbidden | Self::Address => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<AuthFault> for Fault {
    fn from(fault: AuthFault) -> Self {
        let code = match &fault {
            AuthFault::Missing("access_token") => Code::Token,
            AuthFault::Missing(_) => Code::Request,
            AuthFault::Malformed("timestamp") | AuthFault::Stale => Code::Stale,
            AuthFault::Malformed(_) | AuthFault::Wrong(_) => Code::Digest,
            // Whoever shows a key that is switched off learns no more than whoever made one up.
            AuthFault::Unknown | AuthFault::Disabled => {
                return Self::new(Code::OpenId, "the key is not valid");
            }
            AuthFault::Forbidden => Code::Forbidden,
            AuthFault::Address => Code::Address,
            AuthFault::Blocked(_) => Code::Limited,
        };
        Self::new(code, fault.to_string())
    }
}

impl From<FormFault> for Fault {
    fn from(fault: FormFault) -> Self {
        Self::new(Code::Request, fault.to_string())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::NotFound => Code::NoRecord,
            ErrorKind::Conflict => Code::Conflict,
            ErrorKind::Invalid(_) => Code::Request,
            ErrorKind::Unauthenticated => Code::App,
            ErrorKind::Forbidden => Code::Forbidden,
            ErrorKind::Gone => Code::Grant,
            ErrorKind::Limited(_) => Code::Limited,
            ErrorKind::Unavailable => Code::Away,
            ErrorKind::Upstream => Code::Upstream,
            ErrorKind::Internal => {
                tracing::error!(dialect = "waiqin", reason = error.private(), "a call failed");
                Code::Ours
            }
        };
        Self::new(code, error.public().to_owned())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault.code {
            Code::App | Code::Tenant | Code::Token | Code::Digest | Code::Stale | Code::OpenId => {
                ErrorKind::Unauthenticated
            }
            Code::Address | Code::Forbidden => ErrorKind::Forbidden,
            Code::Request => ErrorKind::Invalid("body".into()),
            Code::Grant => ErrorKind::Gone,
            Code::NoRecord => ErrorKind::NotFound,
            Code::Conflict => ErrorKind::Conflict,
            Code::Limited => ErrorKind::Limited(None),
            Code::Away => ErrorKind::Unavailable,
            Code::Failed | Code::Ours | Code::Upstream | Code::Other(_) => ErrorKind::Upstream,
        };
        Self::new(kind, fault.to_string())
    }
}
