//! Values from closed sets that come from vendors: ours beside theirs, so that nothing is dropped.

use serde::{Deserialize, Serialize};

/// A closed set of values with a place for what it does not know.
pub trait Code: Copy + PartialEq + Sized + Serialize + for<'de> Deserialize<'de> {
    /// The value for everything that a vendor says and we have no word for.
    const OTHER: Self;
}

/// Our value and the vendor's own word for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coded<T> {
    /// Our value.
    pub value: T,
    /// What the vendor wrote, where a vendor wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_value: Option<String>,
}

impl<T: Code> Coded<T> {
    /// A value that no vendor wrote.
    pub fn ours(value: T) -> Self {
        Self { value, vendor_value: None }
    }

    /// A vendor's word; one that we do not know becomes `other` and keeps its text.
    pub fn vendor(word: &str, known: Option<T>) -> Self {
        Self { value: known.unwrap_or(T::OTHER), vendor_value: Some(word.to_owned()) }
    }

    /// The vendor's word if it is one that `read` understands as this very value, else ours by `write`: so a value
    /// returns to its own vendor as it came and reaches another vendor in that one's words.
    pub fn word_for(&self, read: impl Fn(&str) -> Option<T>, write: impl Fn(T) -> &'static str) -> &str {
        match self.vendor_value.as_deref() {
            Some(word) if read(word) == Some(self.value) => word,
            _ => write(self.value),
        }
    }
}

/// Declares a closed set whose last variant is `Other`; unknown text reads as `other`.
macro_rules! code {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
            /// Something that we have no word for.
            #[serde(rename = "other", other)]
            Other,
        }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$variant,)* $name::Other];

            /// The value's name in data.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* $name::Other => "other" }
            }
        }

        impl crate::Code for $name {
            const OTHER: Self = $name::Other;
        }
    };
}
pub(crate) use code;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Direction;

    #[test]
    fn unknown_words_are_kept() {
        let coded: Coded<Direction> = Coded::vendor("violet", None);
        assert_eq!(coded.value, Direction::Other);
        let json = serde_json::to_string(&coded).unwrap();
        assert_eq!(json, r#"{"value":"other","vendor_value":"violet"}"#);
        assert_eq!(serde_json::from_str::<Coded<Direction>>(&json).unwrap(), coded);
        assert_eq!(serde_json::from_str::<Direction>("\"mauve\"").unwrap(), Direction::Other);
    }

    #[test]
    fn a_word_returns_to_its_vendor_as_it_came() {
        let read = |word: &str| (word == "vert" || word == "lime").then_some(Direction::In);
        let write = |_| "vert";
        assert_eq!(Coded::vendor("lime", read("lime")).word_for(read, write), "lime");
        assert_eq!(Coded::vendor("grün", Some(Direction::In)).word_for(read, write), "vert");
        assert_eq!(Coded::ours(Direction::In).word_for(read, write), "vert");
    }
}
