//! The one error. It knows no HTTP: each surface has a single file that turns it into a status, a vendor's fault or
//! an exit code.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

/// Shorthand for results with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for the caller (public) and for the log (private).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    public: Cow<'static, str>,
    private: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds that callers tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing has this identity in this workspace.
    NotFound,
    /// It contradicts what is there already.
    Conflict,
    /// A value cannot be taken; the field is named.
    Invalid(Cow<'static, str>),
    /// Nobody proved who they are.
    Unauthenticated,
    /// They may not do this.
    Forbidden,
    /// Too much, too fast; try again later.
    Limited(Option<Duration>),
    /// Something we need is away for now; try again.
    Unavailable,
    /// A vendor answered with a fault or with something that it does not document.
    Upstream,
    /// It was there and has ended: a used code, an expired token.
    Gone,
    /// Our own fault.
    Internal,
}

impl Error {
    /// An error of this kind with a message that the caller may see.
    pub fn new(kind: ErrorKind, public: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, public: public.into(), private: None, source: None }
    }

    /// Nothing has this identity.
    pub fn not_found(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, public)
    }

    /// It contradicts what is there.
    pub fn conflict(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, public)
    }

    /// The named field cannot be taken.
    pub fn invalid(field: impl Into<Cow<'static, str>>, public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid(field.into()), public)
    }

    /// Nobody proved who they are.
    pub fn unauthenticated(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unauthenticated, public)
    }

    /// They may not do this.
    pub fn forbidden(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Forbidden, public)
    }

    /// Something we need is away for now.
    pub fn unavailable(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable, public)
    }

    /// A vendor's fault.
    pub fn upstream(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Upstream, public)
    }

    /// Our own fault: the caller learns only that, the log learns why.
    pub fn internal(private: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, "the hub failed; its log says why").because(private)
    }

    /// Adds what only the log may see.
    #[must_use]
    pub fn because(mut self, private: impl Into<String>) -> Self {
        self.private = Some(private.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What the caller may see.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// What only the log may see, with the chain of causes.
    pub fn private(&self) -> String {
        let mut text = self.private.clone().unwrap_or_default();
        let mut cause = self.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(error) = cause {
            if !text.is_empty() {
                text.push_str(": ");
            }
            // A parser's own words quote what it found.
            text.push_str(&crate::masked(&error.to_string()));
            cause = error.source();
        }
        text
    }

    /// Whether the same thing may succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Limited(_) | ErrorKind::Unavailable => true,
            ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Invalid(_)
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::Upstream
            | ErrorKind::Gone
            | ErrorKind::Internal => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
