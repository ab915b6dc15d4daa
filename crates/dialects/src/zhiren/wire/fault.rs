//! Zhiren's error codes, and where they meet the errors of the model.

use std::{borrow::Cow, fmt};

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tongshi_dialect::{AuthFault, FormFault};
use tongshi_model::{Error, ErrorKind};

/// A documented error: `{code, text}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {text}")]
pub(crate) struct Fault {
    /// The code.
    pub(crate) code: FaultCode,
    /// What happened, for people.
    pub(crate) text: Cow<'static, str>,
}

impl Fault {
    /// An error with a text.
    pub(crate) fn new(code: FaultCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into() }
    }

    /// Nothing has this identity.
    pub(crate) fn no_record(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::NoRecord, text)
    }

    /// A parameter of a question cannot be taken.
    pub(crate) fn parameter(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Parameter, text)
    }

    /// An object that is to be stored cannot be taken.
    pub(crate) fn object(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Object, text)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal,)*) => {
        /// The codes of the error page. On the wire an integer; a string of digits is understood too (§6.12).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum FaultCode {
            $($(#[$doc])* $variant,)*
            /// 9xxx, of which none is listed, and whatever else a vendor sends.
            Other(i64),
        }

        impl FaultCode {
            /// Those that are listed.
            #[cfg(test)]
            pub(crate) const LISTED: &[Self] = &[$(Self::$variant),*];

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
    /// No `access_key`.
    NoAccessKey = 1001,
    /// No signature.
    NoSignature = 1002,
    /// No `tonce`.
    NoTonce = 1003,
    /// The signature is wrong.
    Signature = 1101,
    /// There is no such record.
    NoRecord = 1102,
    /// The `tonce` is malformed or too far away.
    Tonce = 1103,
    /// No company fits.
    NoCompany = 1104,
    /// Nobody has this `access_key`.
    AccessKey = 1105,
    /// A parameter cannot be taken. The document says "not implemented"; we use it for questions.
    Parameter = 2001,
    /// An object cannot be taken; we use it for what is to be stored.
    Object = 2002,
    /// The code of an identity item is bad. The document says "not implemented" and names no field that could hold
    /// one; we use it for an identity number where a uuid, an employee number or a mobile is asked for.
    IdentityItem = 2003,
    /// The JSON is malformed.
    Json = 2004,
    /// This API is not permitted.
    Forbidden = 3001,
    /// The bind code has expired.
    BindCode = 3002,
}

impl FaultCode {
    /// We failed. The numbers from 9000 on are ours: the document reserves 9xxx for "other" and lists none.
    pub(crate) const OURS: Self = Self::Other(9000);
    /// Something that we need is away; try again.
    pub(crate) const AWAY: Self = Self::Other(9001);
    /// Too fast; try again later.
    pub(crate) const LIMITED: Self = Self::Other(9002);
    /// Another system failed us.
    pub(crate) const UPSTREAM: Self = Self::Other(9003);

    /// The HTTP status, which the document leaves open but for 4xx and 5xx.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::NoAccessKey
            | Self::NoSignature
            | Self::NoTonce
            | Self::Signature
            | Self::Tonce
            | Self::NoCompany
            | Self::AccessKey => StatusCode::UNAUTHORIZED,
            Self::NoRecord => StatusCode::NOT_FOUND,
            Self::Parameter | Self::Object | Self::IdentityItem => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Json => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::BindCode => StatusCode::GONE,
            Self::Other(9001) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Other(9002) => StatusCode::TOO_MANY_REQUESTS,
            Self::Other(9003) => StatusCode::BAD_GATEWAY,
            Self::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl Serialize for FaultCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.number())
    }
}

impl<'de> Deserialize<'de> for FaultCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = super::lenient::Text::deserialize(deserializer)?;
        text.0.trim().parse().map(Self::of).map_err(|_| de::Error::custom("a code is a number"))
    }
}

impl From<AuthFault> for Fault {
    fn from(fault: AuthFault) -> Self {
        let code = match &fault {
            AuthFault::Missing("signature") => FaultCode::NoSignature,
            AuthFault::Missing("tonce") => FaultCode::NoTonce,
            AuthFault::Missing(_) => FaultCode::NoAccessKey,
            AuthFault::Malformed("tonce") | AuthFault::Stale => FaultCode::Tonce,
            AuthFault::Malformed("payload") => FaultCode::Json,
            AuthFault::Malformed(_) | AuthFault::Wrong(_) => FaultCode::Signature,
            // Whoever shows a key that is switched off learns no more than whoever made one up.
            AuthFault::Unknown | AuthFault::Disabled => {
                return Self::new(FaultCode::AccessKey, "the key is not valid");
            }
            AuthFault::Forbidden | AuthFault::Address => FaultCode::Forbidden,
            // The document knows no throttling.
            AuthFault::Blocked(_) => FaultCode::LIMITED,
        };
        Self::new(code, fault.to_string())
    }
}

impl From<FormFault> for Fault {
    fn from(fault: FormFault) -> Self {
        match fault {
            FormFault::Malformed(text) => Self::new(FaultCode::Json, text),
            FormFault::Field(text) => Self::new(FaultCode::Parameter, text),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::NotFound => FaultCode::NoRecord,
            ErrorKind::Conflict | ErrorKind::Invalid(_) => FaultCode::Object,
            ErrorKind::Unauthenticated => FaultCode::AccessKey,
            ErrorKind::Forbidden => FaultCode::Forbidden,
            ErrorKind::Gone => FaultCode::BindCode,
            ErrorKind::Limited(_) => FaultCode::LIMITED,
            ErrorKind::Unavailable => FaultCode::AWAY,
            ErrorKind::Upstream => FaultCode::UPSTREAM,
            ErrorKind::Internal => {
                tracing::error!(dialect = "zhiren", reason = error.private(), "a call failed");
                FaultCode::OURS
            }
        };
        Self::new(code, error.public().to_owned())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault.code {
            FaultCode::NoAccessKey
            | FaultCode::NoSignature
            | FaultCode::NoTonce
            | FaultCode::Signature
            | FaultCode::Tonce
            | FaultCode::NoCompany
            | FaultCode::AccessKey => ErrorKind::Unauthenticated,
            FaultCode::NoRecord => ErrorKind::NotFound,
            FaultCode::Parameter | FaultCode::Object | FaultCode::IdentityItem | FaultCode::Json => {
                ErrorKind::Invalid("payload".into())
            }
            FaultCode::Forbidden => ErrorKind::Forbidden,
            FaultCode::BindCode => ErrorKind::Gone,
            FaultCode::AWAY => ErrorKind::Unavailable,
            FaultCode::LIMITED => ErrorKind::Limited(None),
            FaultCode::Other(_) => ErrorKind::Upstream,
        };
        Self::new(kind, fault.to_string())
    }
}
