//! What can be done to a record beyond reading it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// Something that is done to a record, by whoever may. Its name is the verb in paths and scopes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Action { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl Action {
            /// Every action.
            pub const ALL: &[Action] = &[$(Action::$variant),*];

            /// Its name: `approve`.
            pub const fn name(self) -> &'static str {
                match self { $(Action::$variant => $name,)* }
            }
        }

        impl FromStr for Action {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                match text {
                    $($name => Ok(Action::$variant),)*
                    _ => Err(Error::invalid("action", format!("there is no action '{text}'"))),
                }
            }
        }
    };
}

actions! {
    /// Makes it.
    Create = "create";
    /// Changes it.
    Update = "update";
    /// Takes it away.
    Delete = "delete";
    /// Hands a draft in.
    Submit = "submit";
    /// Takes back what was handed in.
    Withdraw = "withdraw";
    /// Agrees.
    Approve = "approve";
    /// Refuses.
    Reject = "reject";
    /// Sends it back to be mended.
    Return = "return";
    /// Gives the decision to somebody else.
    Transfer = "transfer";
    /// Remarks on it.
    Comment = "comment";
    /// Calls it off.
    Cancel = "cancel";
    /// Takes a reward for points.
    Redeem = "redeem";
    /// Hands it over.
    Deliver = "deliver";
    /// Takes back what was given.
    Revoke = "revoke";
    /// Notes that it was paid.
    Pay = "pay";
    /// Tells somebody of it.
    Notify = "notify";
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse() {
        for action in Action::ALL {
            assert_eq!(action.name().parse::<Action>().unwrap(), *action);
        }
        assert!("explode".parse::<Action>().is_err());
    }
}
