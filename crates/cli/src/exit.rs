//! Exit codes, and the one place where an error becomes one. Scripts rely on the numbers: they are never reused.

use std::{fmt::Write as _, io, process::ExitCode};

use tongshi_model::{Error, ErrorKind};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing was missed.
    Done = 0,
    /// The command line, the configuration or a name is wrong.
    Usage = 1,
    /// It ran and is not whole.
    Incomplete = 2,
    /// A person must confirm.
    Held = 3,
    /// Credentials were refused.
    Refused = 4,
    /// The other side cannot be reached.
    Unreachable = 5,
    /// Somebody else is at it.
    Busy = 6,
    /// Our own fault.
    Internal = 70,
}

/// Every exit code and what it means, for the help and the documents.
pub(crate) const TABLE: &[(Exit, &str)] = &[
    (Exit::Done, "done; for a sync: the run is complete and proven"),
    (Exit::Usage, "the command line, the configuration or a name in it is wrong; nothing was changed"),
    (Exit::Incomplete, "it ran, but is not complete or found something wrong; the output says what"),
    (Exit::Held, "held: so much would be deleted that a person must confirm (--confirm-shrink)"),
    (Exit::Refused, "the vendor refused the credentials, or they may not do this"),
    (Exit::Unreachable, "the vendor or the database cannot be reached, or answers nonsense; try again later"),
    (Exit::Busy, "another run holds the connection; wait for it"),
    (Exit::Internal, "our own fault; run again with --log debug and report it"),
];

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// The table as text for the end of the help.
pub(crate) fn table() -> String {
    let mut text = String::from("Exit codes:\n");
    for (exit, meaning) in TABLE {
        let _ = writeln!(text, "  {:>2}  {meaning}", *exit as u8);
    }
    text.truncate(text.trim_end().len());
    text
}

/// Why a command could not do what it was told, for people: what happened and how to mend it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The code to end with.
    pub(crate) exit: Exit,
    /// What happened, one sentence. Empty when there is nothing left to say.
    pub(crate) what: String,
    /// How to mend it, one sentence.
    pub(crate) mend: Option<String>,
    /// What only the log may see.
    pub(crate) private: String,
}

impl Failure {
    /// A failure with this code.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), mend: None, private: String::new() }
    }

    /// Something in the command line or the configuration is wrong.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// Our own fault.
    pub(crate) fn internal(what: impl Into<String>) -> Self {
        Self::new(Exit::Internal, what)
    }

    /// Says how to mend it.
    #[must_use]
    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (exit, mend) = of(error.kind());
        Self {
            exit,
            what: error.public().to_owned(),
            mend: mend.map(str::to_owned),
            private: error.private(),
        }
    }
}

impl Failure {
    /// Why a run did not begin: there a conflict means that another run holds the connection.
    pub(crate) fn of_run(error: Error) -> Self {
        if *error.kind() != ErrorKind::Conflict {
            return error.into();
        }
        Self { exit: Exit::Busy, ..Self::from(error) }
            .mend("wait until it has ended (`tongshi runs` shows it)")
    }
}

/// The code that an error of this kind ends with, and what usually mends it.
fn of(kind: &ErrorKind) -> (Exit, Option<&'static str>) {
    match kind {
        ErrorKind::NotFound | ErrorKind::Invalid(_) | ErrorKind::Gone | ErrorKind::Conflict => {
            (Exit::Usage, None)
        }
        ErrorKind::Unauthenticated => (
            Exit::Refused,
            Some("check the credentials with the vendor and give them again with `tongshi connect … --set`"),
        ),
        ErrorKind::Forbidden => (Exit::Refused, Some("ask the vendor to allow this account to do it")),
        ErrorKind::Limited(_) => (Exit::Unreachable, Some("wait a while and run the command again")),
        ErrorKind::Unavailable => (
            Exit::Unreachable,
            Some("see that it is running and reachable (`tongshi doctor`), then run the command again"),
        ),
        ErrorKind::Upstream => (
            Exit::Unreachable,
            Some("see whether the base URL is right and whether the vendor has an outage"),
        ),
        ErrorKind::Internal => {
            (Exit::Internal, Some("run it again with --log debug and report what it prints"))
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // A reader that has seen enough (`| head`) is no failure.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Done, "");
        }
        Self::new(Exit::Internal, format!("reading or writing failed: {error}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        if error.io_error_kind() == Some(io::ErrorKind::BrokenPipe) {
            return Self::new(Exit::Done, "");
        }
        Self::internal(format!("a value could not be written as JSON: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_once() {
        let mut codes: Vec<u8> = TABLE.iter().map(|(exit, _)| *exit as u8).collect();
        codes.dedup();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 70]);
        assert!(table().contains(" 70  our own fault"));
    }

    #[test]
    fn errors_keep_their_public_text_only() {
        let failure = Failure::from(Error::internal("the secret cause"));
        assert_eq!(failure.exit, Exit::Internal);
        assert!(!failure.what.contains("secret"));
        assert_eq!(Failure::from(Error::unauthenticated("no")).exit, Exit::Refused);
        assert_eq!(Failure::from(Error::conflict("newer")).exit, Exit::Usage);
        assert_eq!(Failure::of_run(Error::conflict("held")).exit, Exit::Busy);
    }
}
