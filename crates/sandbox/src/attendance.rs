//! Shift assignments, timeline entries and punches of the days before today.

use serde_json::json;
use tongshi_model::{
    Coded, Direction, EmploymentPhase, Error, Id, LocalDate, Punch, PunchSource, Quantity, ShiftAssignment,
    TimelineEntry, TimelineKind,
};

use crate::{
    approvals::Approved,
    dates::{instant, plus_seconds},
    dice::{Dice, Purpose},
    events::{self, Effect, Event, Shift},
    outlet::Outlet,
    places,
    standing::Standing,
    world::{Block, World},
};

/// Makes the attendance of the people of a block; absences that were approved are handed in.
pub(crate) fn block(
    world: &World<'_>,
    block: &Block,
    approved: &[Approved],
    outlet: &mut Outlet<'_>,
) -> Result<(), Error> {
    if world.plan.attendance_days == 0 {
        return Ok(());
    }
    let mut punches = Vec::new();
    for (index, standing) in block.people() {
        if standing.phase == EmploymentPhase::Waiting {
            continue;
        }
        person(world, index, standing, approved, &mut punches, outlet)?;
        outlet.punches(&mut punches)?;
    }
    Ok(())
}

fn person(
    world: &World<'_>,
    index: u32,
    standing: &Standing,
    approved: &[Approved],
    punches: &mut Vec<Punch>,
    outlet: &mut Outlet<'_>,
) -> Result<(), Error> {
    let employee = world.employee(index);
    let shift = Shift::of(world, index);
    let days = shift.working_days(world, standing);
    let own = own_events(world, index, &days, shift);
    let mut events: Vec<&Event> = Vec::new();
    let approved = approved.iter().filter(|approved| approved.applicant == index);
    for event in approved.flat_map(|approved| &approved.events).chain(&own) {
        // Nobody is in two places: what was approved first stands.
        if !events.iter().any(|other| other.date == event.date) {
            events.push(event);
        }
    }
    let mut dice = Dice::new(world.plan, Purpose::Attendance, index);
    for day in days {
        let assignment = ShiftAssignment {
            employee,
            date: day,
            shift: Some(shift.name.to_owned()),
            rule: Some(shift.rule.to_owned()),
            time_range: Some(shift.range.to_owned()),
        };
        outlet.record(format!("shi-{index:08}-{}", day.strftime("%Y%m%d")), &assignment)?;
        let event = events.iter().find(|event| event.date == day);
        if let Some(event) = event {
            let remote_id = format!("tim-{index:08}-{}", day.strftime("%Y%m%d"));
            outlet.record(remote_id, &entry(employee, event))?;
        }
        punch(employee, day, shift, event.map_or(Effect::Nothing, |event| event.effect), &mut dice, punches);
    }
    Ok(())
}

/// What nobody approved or what was never asked for: one person in five has it in a month.
fn own_events(world: &World<'_>, index: u32, days: &[LocalDate], shift: &Shift) -> Vec<Event> {
    let mut dice = Dice::new(world.plan, Purpose::OwnEvents, index);
    if days.is_empty() || !dice.percent(20) {
        return Vec::new();
    }
    let kind = *dice.pick(&[
        TimelineKind::Leave,
        TimelineKind::Overtime,
        TimelineKind::Outing,
        TimelineKind::BusinessTravel,
    ]);
    let first = dice.between(0, days.len() as i64 - 1) as usize;
    events::draw(kind, &days[first..], shift, &mut dice)
}

fn entry(employee: Id, event: &Event) -> TimelineEntry {
    TimelineEntry {
        employee,
        kind: Coded::ours(event.kind),
        date: event.date,
        start: Some(instant(event.start)),
        end: Some(instant(event.end)),
        duration: Some(Quantity { number: event.number.clone(), unit: Coded::ours(event.unit) }),
        approval: event.approval,
        note: event.note.map(str::to_owned),
    }
}

/// The punches of one day: mostly in time, sometimes late or early, now and then one or both are missing.
fn punch(
    employee: Id,
    day: LocalDate,
    shift: &Shift,
    effect: Effect,
    dice: &mut Dice,
    punches: &mut Vec<Punch>,
) {
    let (comes, goes) = match dice.between(0, 199) {
        0..=2 => (false, false),
        3..=6 => (false, true),
        7..=10 => (true, false),
        _ => (true, true),
    };
    let late = dice.percent(6);
    let early = dice.percent(4);
    let came = match late {
        true => plus_seconds(shift.starts(day), dice.between(60, 75 * 60)),
        false => plus_seconds(shift.starts(day), -dice.between(0, 25 * 60)),
    };
    let over = dice.between(0, 20 * 60);
    let went = match effect {
        Effect::Absent => return,
        Effect::LeavesAt(time) | Effect::StaysUntil(time) => plus_seconds(time, over),
        Effect::Nothing if early => plus_seconds(shift.ends(day), -dice.between(60, 60 * 60)),
        Effect::Nothing => plus_seconds(shift.ends(day), over),
    };
    for (made, direction, time) in [(comes, Direction::In, came), (goes, Direction::Out, went)] {
        let mobile = dice.percent(25);
        if !made {
            continue;
        }
        let (source, detail) = match mobile {
            true => (PunchSource::Mobile, Some(json!({"place": places::destination(dice)}))),
            false => (PunchSource::Machine, None),
        };
        punches.push(Punch { employee, at: instant(time), direction, source, day: Some(day), detail });
    }
}
