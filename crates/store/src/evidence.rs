//! Why something counts as gone. A deletion without evidence does not exist.

use std::str::FromStr;

use tongshi_model::Error;

macro_rules! evidence {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Why something counts as gone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Evidence { $($(#[$doc])* $variant,)* }

        impl Evidence {
            /// Every evidence.
            pub const ALL: &[Evidence] = &[$(Evidence::$variant),*];

            /// The name under which it is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self { $(Evidence::$variant => $text,)* }
            }
        }

        impl FromStr for Evidence {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                match text {
                    $($text => Ok(Evidence::$variant),)*
                    _ => Err(Error::invalid("evidence", "there is no such evidence")),
                }
            }
        }
    };
}

evidence! {
    /// The vendor sent an event that says so.
    VendorEvent = "vendor_event",
    /// The vendor lists it with a mark that says so.
    VendorFlag = "vendor_flag",
    /// A run that provably saw everything did not see it.
    AbsentInCompleteScan = "absent_in_complete_scan",
    /// The connection through which it came was removed.
    ConnectionRemoved = "connection_removed",
    /// The run that made it was undone.
    Undone = "undone",
    /// The person asked to be erased.
    Erased = "erased",
    /// Somebody deleted it here.
    Manual = "manual",
    /// It turned out to be the same as another record, into which its sources fold now.
    Linked = "linked",
}
