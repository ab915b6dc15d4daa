//! Where somebody stands and since when. Cheap to draw alone, because heads and applicants are looked for by it.

use tongshi_model::{EmploymentPhase, EmploymentType, LocalDate};

use crate::{
    Plan,
    dates::plus_days,
    dice::{Dice, Purpose},
    oddities::{self, Oddity},
};

use EmploymentPhase::{Internship, Left, Probation, Regular, Waiting};

/// The dates of an employment, consistent with its phase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) phase: EmploymentPhase,
    pub(crate) terms: EmploymentType,
    pub(crate) hired: LocalDate,
    pub(crate) probation_end: Option<LocalDate>,
    pub(crate) left: Option<LocalDate>,
}

impl Standing {
    /// Draws the standing of the person with this index.
    pub(crate) fn of(plan: &Plan, index: u32) -> Self {
        let mut dice = Dice::new(plan, Purpose::Standing, index);
        let (phase, terms) = phase_and_terms(index, &mut dice);
        let odd = oddities::of(index);
        let (ago, left_ago) = match phase {
            Waiting if odd == Some(Oddity::ComesTomorrow) => (-1, None),
            Waiting => (-dice.between(1, 45), None),
            Probation if odd == Some(Oddity::CameLately) => (10, None),
            Probation => (dice.between(0, 85), None),
            Internship => (dice.between(0, 150), None),
            Left if oddities::is_departed(index) => {
                (dice.between(2600, 4000), Some(dice.between(1500, 1900)))
            }
            Left => {
                let left = match odd {
                    Some(Oddity::LeftLately) => 8,
                    _ if dice.percent(15) => dice.between(1, 25),
                    _ => dice.between(26, 2000),
                };
                (left + dice.between(30, 2500), Some(left))
            }
            _ if oddities::is_return(index) => (dice.between(200, 1400), None),
            // The older half of the company is spread over a longer time than the younger.
            _ if dice.percent(50) => (dice.between(200, 1500), None),
            _ => (dice.between(1500, 5400), None),
        };
        let hired = plus_days(plan.today, -ago);
        let left = left_ago.map(|days| plus_days(plan.today, -days));
        let probation_end = (terms == EmploymentType::FullTime)
            .then(|| plus_days(hired, if dice.percent(70) { 90 } else { 180 }))
            .filter(|end| left.is_none_or(|left| *end <= left));
        Self { phase, terms, hired, probation_end, left }
    }

    /// Whether somebody works here and has done so for longer than the days of attendance.
    pub(crate) fn settled(&self) -> bool {
        self.phase == Regular
    }
}

fn phase_and_terms(index: u32, dice: &mut Dice) -> (EmploymentPhase, EmploymentType) {
    let full = EmploymentType::FullTime;
    if oddities::is_departed(index) {
        return (Left, full);
    }
    if oddities::is_return(index) {
        return (Regular, full);
    }
    match oddities::of(index) {
        Some(Oddity::Stands(phase, terms)) => (phase, terms),
        Some(Oddity::LeftLately) => (Left, full),
        Some(Oddity::CameLately) => (Probation, full),
        Some(Oddity::ComesTomorrow) => (Waiting, full),
        Some(_) => (Regular, full),
        None => match dice.between(0, 99) {
            0..=2 => (Waiting, full),
            3..=9 => (Probation, full),
            10..=13 => (Internship, EmploymentType::Intern),
            14..=24 => (Left, full),
            25..=28 => (Regular, EmploymentType::PartTime),
            29..=33 => (Regular, EmploymentType::Agency),
            _ => (Regular, full),
        },
    }
}
