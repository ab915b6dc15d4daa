//! The first forty people: each is something that breaks programs, so that even a small company shows it all.

use std::borrow::Cow;

use tongshi_model::{EmploymentPhase, EmploymentType};

/// What is odd about somebody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Oddity {
    /// Nothing; somebody regular in full time.
    Plain,
    /// A standing that must not be missing.
    Stands(EmploymentPhase, EmploymentType),
    /// No mobile number.
    NoMobile,
    /// No employee number.
    NoNumber,
    /// Neither.
    Unreachable,
    /// An employee number that is another person's mobile number.
    NumberIsMobileOf(u32),
    /// An employee number of the company's older kind.
    Number(&'static str),
    /// A name.
    Named(&'static str),
    /// A name of more than two hundred characters.
    LongName,
    /// Nothing but a name and a standing.
    Bare,
    /// Born on 29 February.
    LeapDay,
    /// Left within the days of attendance.
    LeftLately,
    /// Came within the days of attendance.
    CameLately,
    /// Comes tomorrow.
    ComesTomorrow,
}

use EmploymentPhase::{Internship, Left, Probation, Regular, Waiting};
use EmploymentType::{Agency, FullTime, Intern, PartTime};
use Oddity::{
    Bare, CameLately, ComesTomorrow, LeapDay, LeftLately, LongName, Named, NoMobile, NoNumber, Number,
    NumberIsMobileOf, Plain, Stands, Unreachable,
};

const ODDITIES: [Oddity; 40] = [
    Plain, // the head of the company
    Stands(Waiting, FullTime),
    Stands(Probation, FullTime),
    Stands(Regular, PartTime),
    Stands(Left, FullTime),
    Stands(Internship, Intern),
    Stands(Regular, Agency),
    NoMobile,
    NoNumber,
    Unreachable,
    NumberIsMobileOf(2),
    Stands(Left, FullTime), // and comes back as the next one
    Stands(Regular, FullTime),
    Named("王小明"),
    Named("王小明"),
    Named("王小明"),
    Named("李\"老虎\"建国"),
    Named("Seán O'Neill"),
    Named("陈\\文\\n"),
    Named("<b>周敏</b>"),
    Named("<script>alert('赵')</script>"),
    Named("林晓🐼"),
    Named("👩🏽‍💻 何静 👨‍👩‍👧‍👦"),
    LongName,
    Named("马Karimمحمد文"),
    Named("阿依古丽·买买提"),
    Bare,
    Number("0000027"),
    Named("𠮷田　龘"),
    Named("Zoe\u{301} Nguye\u{302}\u{303}n"),
    Named("=SUM(1+1)*2"),
    LeftLately,
    CameLately,
    ComesTomorrow,
    LeapDay,
    Named("100%_安&amp;全"),
    Named("欧"),
    Named("null"),
    Named("  孙 前后有空格  "),
    Stands(Probation, PartTime),
];

/// What is odd about the person with this index, if the index is among the first forty.
pub(crate) fn of(index: u32) -> Option<Oddity> {
    ODDITIES.get(index as usize).copied()
}

/// The name that an oddity demands.
pub(crate) fn name(index: u32) -> Option<Cow<'static, str>> {
    match of(index)? {
        Named(name) => Some(Cow::Borrowed(name)),
        LongName => Some(Cow::Owned("很长的名字Wolfeschlegel".repeat(12))),
        _ => None,
    }
}

/// Whether this is a second employment of the person before: the first such pair is among the oddities, the others
/// come at regular places after them.
pub(crate) fn is_return(index: u32) -> bool {
    index == 12 || (index as usize >= ODDITIES.len() && index % 80 == 41)
}

/// Whether the person with this index comes back as the next one.
pub(crate) fn is_departed(index: u32) -> bool {
    index.checked_add(1).is_some_and(is_return)
}
