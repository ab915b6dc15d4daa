//! Approvals: first every category in every status, then what offices really ask for.

use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Coded, EmploymentPhase, Error, Gender, Kind,
    LocalDate, TimelineKind,
};

use crate::{
    dates::{at, instant, plus_days, plus_minutes},
    dice::{Dice, Purpose},
    events::{self, Event, Shift},
    forms, oddities,
    outlet::Outlet,
    people,
    standing::Standing,
    world::{Block, World},
};

use ApprovalCategory::{
    BreastfeedingLeave, BusinessTravel, Contract, Custom, Duty, EntityTransfer, InternRegularisation, Leave,
    Onboarding, Outing, Overtime, Payroll, PunchCorrection, Regularisation, Rehire, Resignation,
    SalaryChange, ShiftChange, Transfer,
};

/// The categories with the number of their share once each has been seen in each status.
const CATEGORIES: [(ApprovalCategory, i64); 19] = [
    (Leave, 22),
    (Transfer, 2),
    (Contract, 3),
    (Resignation, 2),
    (Regularisation, 2),
    (Payroll, 1),
    (Rehire, 1),
    (SalaryChange, 3),
    (PunchCorrection, 14),
    (Overtime, 16),
    (Outing, 13),
    (EntityTransfer, 1),
    (Onboarding, 2),
    (BusinessTravel, 10),
    (InternRegularisation, 1),
    (BreastfeedingLeave, 1),
    (Duty, 2),
    (ShiftChange, 3),
    (Custom, 1),
];

const OUTCOMES: [(ApprovalStatus, ApprovalResult, &str); 3] = [
    (ApprovalStatus::Running, ApprovalResult::None, "审批中"),
    (ApprovalStatus::Completed, ApprovalResult::Approved, "通过"),
    (ApprovalStatus::Completed, ApprovalResult::Rejected, "不通过"),
];

/// Every category in every outcome.
const LEAST: u32 = (CATEGORIES.len() * OUTCOMES.len()) as u32;
/// One approval for so many people.
const PEOPLE: u32 = 4;

/// What was approved and shows in attendance.
pub(crate) struct Approved {
    pub(crate) applicant: u32,
    pub(crate) events: Vec<Event>,
}

/// An approval before it is written down.
pub(crate) struct Request {
    pub(crate) index: u32,
    pub(crate) applicant: u32,
    pub(crate) category: ApprovalCategory,
    /// The day that it is about.
    pub(crate) day: LocalDate,
    /// What it is for, if it is for time.
    pub(crate) events: Vec<Event>,
}

/// Makes the approvals of the people of a block, and tells what of them shows in attendance.
pub(crate) fn block(
    world: &World<'_>,
    block: &Block,
    outlet: &mut Outlet<'_>,
) -> Result<Vec<Approved>, Error> {
    let people = u64::from(world.plan.employees.max(1));
    let count = u64::from((world.plan.employees / PEOPLE).max(LEAST));
    // The approvals are spread evenly; those whose first choice of applicant is in this block are made here.
    let first_of = |person: u32| (u64::from(person) * count).div_ceil(people);
    let mut approved = Vec::new();
    for index in first_of(block.range.start)..first_of(block.range.end) {
        let wanted = (index * people / count) as u32;
        let mut dice = Dice::new(world.plan, Purpose::Approval, index as u32);
        let (category, outcome) = subject(index as u32, &mut dice);
        let request = request(world, block, index as u32, wanted, category, &mut dice);
        outlet.record(approval_id(request.index), &approval(world, &request, outcome, &mut dice))?;
        if OUTCOMES[outcome].1 == ApprovalResult::Approved && !request.events.is_empty() {
            approved.push(Approved { applicant: request.applicant, events: request.events });
        }
    }
    Ok(approved)
}

fn subject(index: u32, dice: &mut Dice) -> (ApprovalCategory, usize) {
    if index < LEAST {
        let place = index as usize;
        return (CATEGORIES[place % CATEGORIES.len()].0, place / CATEGORIES.len());
    }
    let mut ticket = dice.between(0, CATEGORIES.iter().map(|(_, share)| share).sum::<i64>() - 1);
    let category = CATEGORIES.iter().find_map(|(category, share)| {
        ticket -= share;
        (ticket < 0).then_some(*category)
    });
    let outcome = match dice.between(0, 99) {
        0..=17 => 0,
        18..=87 => 1,
        _ => 2,
    };
    (category.unwrap_or(Leave), outcome)
}

fn request(
    world: &World<'_>,
    block: &Block,
    index: u32,
    wanted: u32,
    category: ApprovalCategory,
    dice: &mut Dice,
) -> Request {
    let fits = |person: u32, standing: &Standing| match category {
        Onboarding => standing.phase == EmploymentPhase::Waiting,
        Regularisation => standing.phase == EmploymentPhase::Probation,
        InternRegularisation => standing.phase == EmploymentPhase::Internship,
        Resignation => standing.phase == EmploymentPhase::Left,
        Rehire => oddities::is_return(person),
        BreastfeedingLeave => {
            standing.settled() && people::identity(world.plan, person).gender == Gender::Female
        }
        _ => standing.settled(),
    };
    let applicant = block
        .find(wanted, fits)
        .or_else(|| block.find(wanted, |_, standing| standing.settled()))
        .unwrap_or(wanted);
    let standing = block.standing(applicant);
    let mut day = plus_days(world.plan.today, -dice.between(2, 60));
    if let Some(left) = standing.left {
        day = left;
    }
    let mut events = Vec::new();
    if let (Some(kind), true) = (timeline_kind(category), standing.settled()) {
        let shift = Shift::of(world, applicant);
        let days = shift.working_days(world, standing);
        if !days.is_empty() {
            let first = dice.between(0, days.len() as i64 - 1) as usize;
            day = days[first];
            events = events::draw(kind, &days[first..], shift, dice);
            let approval = world.space.id(Kind::Approval, &approval_id(index));
            events.iter_mut().for_each(|event| event.approval = Some(approval));
        }
    }
    Request { index, applicant, category, day, events }
}

/// What an approved request looks like in attendance.
fn timeline_kind(category: ApprovalCategory) -> Option<TimelineKind> {
    match category {
        Leave | BreastfeedingLeave => Some(TimelineKind::Leave),
        Outing => Some(TimelineKind::Outing),
        BusinessTravel => Some(TimelineKind::BusinessTravel),
        Overtime => Some(TimelineKind::Overtime),
        Duty => Some(TimelineKind::Duty),
        _ => None,
    }
}

fn approval(world: &World<'_>, request: &Request, outcome: usize, dice: &mut Dice) -> Approval {
    let (status, result, label) = OUTCOMES[outcome];
    let asked_day = match request.category {
        PunchCorrection => plus_days(request.day, 1),
        _ => plus_days(request.day, -dice.between(1, 5)),
    };
    let asked = at(asked_day, 9 * 60 + dice.between(0, 9 * 60));
    // Everything that has happened happened before today.
    let latest = plus_minutes(at(world.plan.today, 0), -1);
    let moved = plus_minutes(asked, dice.between(5, 30 * 60)).min(latest);
    let name = people::name_of(world.plan, request.applicant);
    Approval {
        number: format!("{}{:06}", asked.strftime("%Y%m%d"), request.index),
        title: Some(forms::title(request.category).to_owned()),
        category: Coded::ours(request.category),
        applicant: Some(world.employee(request.applicant)),
        status: Coded::ours(status),
        status_label: Some(label.to_owned()),
        result,
        submitted_at: Some(instant(asked)),
        updated_at: (status == ApprovalStatus::Completed || dice.percent(60)).then(|| instant(moved)),
        form: forms::form(world, request, &name, asked),
        applicant_name: Some(name.into()),
        tasks: Vec::new(),
        log: Vec::new(),
        copies: Vec::new(),
    }
}

fn approval_id(index: u32) -> String {
    format!("apr-{index:08}")
}
