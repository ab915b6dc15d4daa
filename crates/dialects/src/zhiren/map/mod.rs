//! Wire ⇄ model, pure, and total but for what must be quarantined; the only place that sees both. Here the pieces
//! that all areas share: words of enumerations, dates, times, references.

mod approvals;
mod attendance;
mod organisation;
mod people;
mod recruitment;

use serde::de::DeserializeOwned;
use tongshi_model::{
    ApprovalCategory, CandidateStatus, Code, Coded, Degree, DurationUnit, EmploymentPhase, EmploymentType,
    Error, Gender, Id, Instant, Kind, LocalDate, Marital, Space, TimelineKind, VacancyStatus, parse_date,
    shanghai,
};

pub(super) use self::{approvals::*, attendance::*, organisation::*, people::*, recruitment::*};

/// The words of an enumeration.
pub(super) struct Words<T: 'static> {
    /// What we read; of several words with one value the first is the one that we write.
    read: &'static [(&'static str, T)],
    /// What we write for values that have no word of their own.
    nearest: &'static [(T, &'static str)],
}

impl<T: Code> Words<T> {
    /// The value of a word.
    pub(super) fn known(&self, word: &str) -> Option<T> {
        self.read.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// A word with its value; one that we do not know keeps its text. An empty one is none.
    pub(super) fn read(&self, word: Option<String>) -> Option<Coded<T>> {
        let word = filled(word)?;
        Some(Coded::vendor(&word, self.known(&word)))
    }

    /// The word for a value: the vendor's own if it means the same (or if we never knew what it means), else ours.
    pub(super) fn write(&self, coded: &Coded<T>) -> Option<String> {
        let own =
            coded.vendor_value.as_deref().filter(|word| self.known(word).unwrap_or(T::OTHER) == coded.value);
        own.or_else(|| self.word(coded.value)).map(str::to_owned)
    }

    /// Our word for a value, if there is any.
    pub(super) fn word(&self, value: T) -> Option<&'static str> {
        let own = self.read.iter().find(|(_, known)| *known == value).map(|(word, _)| *word);
        own.or_else(|| self.nearest.iter().find(|(known, _)| *known == value).map(|(_, word)| *word))
    }

    /// The words that the vendor uses, in the document's order.
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> + use<T> {
        self.read.iter().map(|(word, _)| *word)
    }

    /// Which of these values are written with this word.
    pub(super) fn values(&self, word: &str, all: &[T]) -> impl Iterator<Item = T> {
        all.iter().copied().filter(move |value| self.word(*value) == Some(word))
    }
}

/// Employee.status. A person who is being taken in is on probation for this vendor, one under notice is in post.
pub(super) const PHASES: Words<EmploymentPhase> = Words {
    read: &[
        ("waiting", EmploymentPhase::Waiting),
        ("probation", EmploymentPhase::Probation),
        ("regular", EmploymentPhase::Regular),
        ("dimission", EmploymentPhase::Left),
        ("internship", EmploymentPhase::Internship),
    ],
    nearest: &[
        (EmploymentPhase::Onboarding, "probation"),
        (EmploymentPhase::Notice, "regular"),
        (EmploymentPhase::Retired, "dimission"),
        (EmploymentPhase::Deceased, "dimission"),
    ],
};

/// Employee.category. `contractor` is labour sent by an agency (劳务派遣), not somebody who works for themselves.
pub(super) const TYPES: Words<EmploymentType> = Words {
    read: &[
        ("fulltime", EmploymentType::FullTime),
        ("part_time", EmploymentType::PartTime),
        ("intern", EmploymentType::Intern),
        ("contractor", EmploymentType::Agency),
    ],
    nearest: &[
        (EmploymentType::Trainee, "intern"),
        (EmploymentType::Contractor, "contractor"),
        (EmploymentType::Freelance, "contractor"),
        (EmploymentType::Temporary, "part_time"),
        (EmploymentType::RehiredRetiree, "contractor"),
    ],
};

/// Sex: the samples show two words; Moka writes Chinese.
pub(super) const GENDERS: Words<Gender> = Words {
    read: &[("male", Gender::Male), ("female", Gender::Female), ("男", Gender::Male), ("女", Gender::Female)],
    nearest: &[],
};

/// Marriage: the samples spell two of the words oddly, so those are what we write.
pub(super) const MARITALS: Words<Marital> = Words {
    read: &[
        ("singled", Marital::Single),
        ("marriaged", Marital::Married),
        ("divorced", Marital::Divorced),
        ("widowed", Marital::Widowed),
        ("separated", Marital::Separated),
        ("single", Marital::Single),
        ("married", Marital::Married),
        ("未婚", Marital::Single),
        ("已婚", Marital::Married),
        ("离异", Marital::Divorced),
        ("丧偶", Marital::Widowed),
    ],
    nearest: &[],
};

/// Timeline.category. `business_trip` is 公出, an errand; 出差 is `business_travel` and occurs only among approvals
/// (§6.23).
pub(super) const TIMELINES: Words<TimelineKind> =
    Words { read: &[("leave", TimelineKind::Leave), ("business_trip", TimelineKind::Outing)], nearest: &[] };

/// Timeline.duration_unit; half days are written as days.
pub(super) const UNITS: Words<DurationUnit> = Words {
    read: &[("days", DurationUnit::Days), ("hours", DurationUnit::Hours), ("minutes", DurationUnit::Minutes)],
    nearest: &[(DurationUnit::HalfDays, "days")],
};

/// Approval.category: nineteen words, each with a value of its own. What the vendor has no word for is `custom`.
pub(super) const CATEGORIES: Words<ApprovalCategory> = Words {
    read: &[
        ("leave", ApprovalCategory::Leave),
        ("adjustment", ApprovalCategory::Transfer),
        ("contract", ApprovalCategory::Contract),
        ("dimission", ApprovalCategory::Resignation),
        ("enrollment", ApprovalCategory::Regularisation),
        ("payroll_submit", ApprovalCategory::Payroll),
        ("recruit", ApprovalCategory::Rehire),
        ("salary_change", ApprovalCategory::SalaryChange),
        ("attendance_recheck", ApprovalCategory::PunchCorrection),
        ("overtime", ApprovalCategory::Overtime),
        ("business_trip", ApprovalCategory::Outing),
        ("sub_company_transfer", ApprovalCategory::EntityTransfer),
        ("onboarding", ApprovalCategory::Onboarding),
        ("business_travel", ApprovalCategory::BusinessTravel),
        ("intern_regularization", ApprovalCategory::InternRegularisation),
        ("breastfeeding_leave", ApprovalCategory::BreastfeedingLeave),
        ("duty", ApprovalCategory::Duty),
        ("arrangement", ApprovalCategory::ShiftChange),
        ("custom", ApprovalCategory::Custom),
    ],
    nearest: &[
        (ApprovalCategory::Recruitment, "custom"),
        (ApprovalCategory::Expense, "custom"),
        (ApprovalCategory::Loan, "custom"),
        (ApprovalCategory::Payment, "custom"),
        (ApprovalCategory::Purchase, "custom"),
        (ApprovalCategory::Recognition, "custom"),
        (ApprovalCategory::Visit, "custom"),
        (ApprovalCategory::Other, "custom"),
    ],
};

/// Candidate.degree: a text in the document, with Moka's words.
pub(super) const DEGREES: Words<Degree> = Words {
    read: &[
        ("高中", Degree::SecondarySchool),
        ("中专", Degree::VocationalSchool),
        ("大专", Degree::Associate),
        ("本科", Degree::Bachelor),
        ("硕士", Degree::Master),
        ("MBA", Degree::Mba),
        ("博士", Degree::Doctor),
    ],
    nearest: &[(Degree::Other, "其他")],
};

/// Candidate.status: two words are known from samples, the others are ours.
pub(super) const CANDIDATE_STATUSES: Words<CandidateStatus> = Words {
    read: &[
        ("recommended", CandidateStatus::Recommended),
        ("interviewed", CandidateStatus::Interviewed),
        ("offered", CandidateStatus::Offered),
        ("hired", CandidateStatus::Hired),
        ("rejected", CandidateStatus::Rejected),
    ],
    nearest: &[],
};

/// Vacancy.status: one word is known from a sample, the others are ours.
pub(super) const VACANCY_STATUSES: Words<VacancyStatus> = Words {
    read: &[
        ("normal", VacancyStatus::Open),
        ("paused", VacancyStatus::Paused),
        ("closed", VacancyStatus::Closed),
    ],
    nearest: &[],
};

/// A text that says something: empty and null are the same nothing.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// A date, or none where the vendor left it empty. One that is no day is an error that names the field.
pub(super) fn date(field: &'static str, text: Option<String>) -> Result<Option<LocalDate>, Error> {
    let Some(text) = filled(text) else { return Ok(None) };
    // Some write a day as its midnight.
    if text.len() > 10
        && let Ok(instant) = Instant::parse(&text, shanghai())
    {
        return Ok(Some(instant.date()));
    }
    parse_date(field, &text).map(Some)
}

/// A time, or none where the vendor left it empty. Unmarked times are Shanghai's (§6.18).
pub(super) fn time(field: &'static str, text: Option<String>) -> Result<Option<Instant>, Error> {
    let Some(text) = filled(text) else { return Ok(None) };
    let parsed = Instant::parse(&text, shanghai());
    parsed.map(Some).map_err(|_| Error::invalid(field, format!("{field} is no date and time")))
}

/// A time as the samples write it: with milliseconds and offset.
pub(super) fn time_text(instant: Instant) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.3f%:z")
}

/// The id of the record that a vendor's identifier stands for.
pub(super) fn reference(space: Space, kind: Kind, remote_id: Option<String>) -> Option<Id> {
    filled(remote_id).map(|remote_id| space.id(kind, &remote_id))
}

/// An object as the vendor wrote it. The error says where it breaks and quotes nothing: a row is personal.
pub(super) fn parse<T: DeserializeOwned>(raw: &str) -> Result<T, Error> {
    if holds_nul(raw) {
        return Err(Error::invalid("row", "a text in it holds a NUL character"));
    }
    serde_json::from_str(raw).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::invalid("row", format!("it is not as documented at line {line}, column {column}"))
    })
}

/// Whether a JSON text spells U+0000: an odd number of backslashes before `u0000`.
fn holds_nul(raw: &str) -> bool {
    raw.match_indices("\\u0000").any(|(at, _)| {
        let before = raw[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}
