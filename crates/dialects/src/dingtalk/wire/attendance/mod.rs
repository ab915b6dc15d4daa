//! Attendance on the wire (§5): punches, leave, schedules, and what was decided elsewhere.

mod decided;
mod leave;
mod punches;
mod schedule;

use tongshi_dialect::operation;

pub(crate) use self::{decided::*, leave::*, punches::*, schedule::*};
use super::{DingTalk, Shape, Wrapped, loose};
use crate::dingtalk::auth::{NewToken, OldToken};

/// A list of which there may be more behind a cursor, under `result` again (§8.3).
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cursored<T> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<i64>,
    pub(crate) has_more: bool,
    pub(crate) result: Vec<T>,
}

/// An answer that says only that it went well; the envelope says so too.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Success {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) success: Option<bool>,
}

/// An old call: its token in the query, POST, an errcode in the answer.
macro_rules! old {
    ($operation:ident, $name:literal, $path:literal, $spec:literal => $answer:ty $(; $constant:ident = $value:expr)*) => {
        operation! {
            impl Operation for $operation in DingTalk {
                $name, Post $path, Documented $spec;
                OldToken => $answer, shape_of($path); METERED = true $(; $constant = $value)*
            }
        }
    };
}
use old;

/// Two old calls do not lie below `/topapi`, and so have plain errors (§1).
const fn shape_of(path: &str) -> Shape {
    if path.len() > 8 && matches!(path.as_bytes().split_at(8).0, b"/topapi/") {
        Shape::TOPAPI
    } else {
        Shape::PLAIN
    }
}
