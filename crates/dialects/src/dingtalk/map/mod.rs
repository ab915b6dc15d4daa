//! DingTalk's words and ours, both ways.

pub(super) mod approval;
pub(super) mod attendance;
mod department;
mod profile;
mod user;

pub(super) use self::{department::*, profile::*, user::*};

use tongshi_model::{Personal, Timestamp};

/// A text that says something.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn personal(text: Option<String>) -> Option<Personal<String>> {
    filled(text).map(Into::into)
}

fn plain(text: Option<Personal<String>>) -> Option<String> {
    text.map(Personal::into_inner)
}

/// An instant from milliseconds.
pub(super) fn at(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}
