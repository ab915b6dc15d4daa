//! How far a write is.

macro_rules! states {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// How far a write is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum WriteState { $($(#[$doc])* $variant,)* }

        impl WriteState {
            /// Every state.
            pub const ALL: &[WriteState] = &[$(WriteState::$variant),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(WriteState::$variant => $name,)* }
            }

            /// Its number in the table, which never changes.
            pub(super) const fn number(self) -> i64 {
                match self { $(WriteState::$variant => $number,)* }
            }
        }
    };
}

states! {
    /// A second person is to agree.
    Awaiting = 1, "awaiting";
    /// It waits for its turn.
    Queued = 2, "queued";
    /// It is on its way, or was and nobody knows whether it arrived.
    Sent = 3, "sent";
    /// The vendor took it.
    Acknowledged = 4, "acknowledged";
    /// The vendor shows it.
    Verified = 5, "verified";
    /// The vendor took it and shows something else.
    Mismatched = 6, "mismatched";
    /// The vendor refused it.
    Rejected = 7, "rejected";
    /// The hub gave up; the reason says what is known.
    Dead = 8, "dead";
    /// Somebody took it back before it was sent.
    Withdrawn = 9, "withdrawn";
}
