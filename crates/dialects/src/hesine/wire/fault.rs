//! Hesine's faults: an HTTP status and a text. The vendor gives no numbers of its own (§2.1).

use std::borrow::Cow;

use http::StatusCode;
use tongshi_dialect::{AuthFault, FormFault};
use tongshi_model::{Error, ErrorKind};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {text}")]
pub(crate) struct Fault {
    /// The status, also where it lies inside an answer with status 200.
    pub(crate) code: u16,
    /// What happened, for people.
    pub(crate) text: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into() }
    }

    /// The request cannot be taken as it is.
    pub(crate) fn request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, text)
    }

    /// The token is over, or the app may not.
    pub(crate) fn unauthorised() -> Self {
        Self::new(403, "未授权")
    }

    /// What is asked for does not fit what is there.
    pub(crate) fn precondition(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(412, text)
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<AuthFault> for Fault {
    fn from(fault: AuthFault) -> Self {
        match fault {
            // Whoever shows a token that is over or switched off learns no more than whoever made one up.
            AuthFault::Missing(_)
            | AuthFault::Malformed(_)
            | AuthFault::Unknown
            | AuthFault::Disabled
            | AuthFault::Stale
            | AuthFault::Wrong(_) => Self::unauthorised(),
            AuthFault::Forbidden => Self::new(403, "没有调用此接口的权限"),
            AuthFault::Address => Self::new(403, "来源地址不在白名单内"),
            AuthFault::Blocked(seconds) => Self::new(429, format!("请求过于频繁,请 {seconds} 秒后重试")),
        }
    }
}

impl From<FormFault> for Fault {
    fn from(fault: FormFault) -> Self {
        Self::request(format!("输入存在错误:\n- {fault}"))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Gone => 412,
            ErrorKind::Invalid(_) => 400,
            ErrorKind::Unauthenticated | ErrorKind::Forbidden => 403,
            ErrorKind::Limited(_) => 429,
            ErrorKind::Unavailable => 503,
            ErrorKind::Upstream => 502,
            ErrorKind::Internal => {
                tracing::error!(dialect = "hesine", reason = error.private(), "a call failed");
                500
            }
        };
        Self::new(code, error.public().to_owned())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault.code {
            400 | 404 => ErrorKind::Invalid("request".into()),
            401 | 403 => ErrorKind::Unauthenticated,
            409 | 412 => ErrorKind::Conflict,
            429 => ErrorKind::Limited(None),
            503 => ErrorKind::Unavailable,
            _ => ErrorKind::Upstream,
        };
        Self::new(kind, fault.to_string())
    }
}
