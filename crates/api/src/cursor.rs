//! Where a page ended, as the caller carries it to the next. It is sealed with the caller's own key, so one that was
//! changed, or that belongs to another app or list, is refused instead of giving some other page; and no replica has
//! to remember it.

use std::str::FromStr;

use tongshi_dialect::{hmac_sha256_hex, verify_hmac_sha256_hex};
use tongshi_model::Error;

use crate::authentication::Caller;

/// Between the position and its seal.
const MARK: char = '.';

/// The cursor for a position in a list.
pub(crate) fn seal(caller: &Caller, list: &str, position: &str) -> String {
    let seal = hmac_sha256_hex(caller.key(), &parts(list, position));
    format!("{position}{MARK}{seal}")
}

/// The position in a cursor of this caller and this list.
fn open<'a>(caller: &Caller, list: &str, cursor: &'a str) -> Result<&'a str, Error> {
    cursor
        .rsplit_once(MARK)
        .filter(|(position, seal)| verify_hmac_sha256_hex(caller.key(), &parts(list, position), seal))
        .map(|(position, _)| position)
        .ok_or_else(|| {
            Error::invalid("after", "after is the `next` of an earlier answer of this list, as it was")
        })
}

/// The position of the page before, if there was one.
pub(crate) fn position<P: FromStr>(
    caller: &Caller,
    list: &str,
    after: Option<&str>,
) -> Result<Option<P>, Error> {
    let Some(after) = after else { return Ok(None) };
    let position = open(caller, list, after)?.parse();
    position.map(Some).map_err(|_| Error::internal("a cursor that we sealed is no position"))
}

fn parts<'a>(list: &'a str, position: &'a str) -> [&'a [u8]; 4] {
    // What is sealed here can be mistaken for nothing else that is ever signed with the key.
    [b"tongshi cursor\0", list.as_bytes(), b"\0", position.as_bytes()]
}
