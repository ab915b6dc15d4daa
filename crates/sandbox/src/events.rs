//! Shifts, working days, and what keeps people from them.

use jiff::civil::{DateTime, Weekday};
use serde_json::Number;
use tongshi_model::{DurationUnit, Id, LocalDate, TimelineKind};

use crate::{
    dates::{at, plus_days, plus_minutes, weekend},
    dice::Dice,
    standing::Standing,
    tree::Branch,
    world::World,
};

/// A pattern of work.
pub(crate) struct Shift {
    pub(crate) name: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) range: &'static str,
    /// Minutes after midnight.
    start: i64,
    minutes: i64,
    saturdays: bool,
}

const DAY: Shift = Shift {
    name: "常白班",
    rule: "总部考勤",
    range: "09:00-18:00",
    start: 540,
    minutes: 540,
    saturdays: false,
};
const EARLY: Shift =
    Shift {
        name: "早班", rule: "工厂考勤", range: "07:00-15:30", start: 420, minutes: 510, saturdays: true
    };
const NIGHT: Shift = Shift {
    name: "晚班",
    rule: "工厂考勤(夜)",
    range: "22:00-06:00",
    start: 1320,
    minutes: 480,
    saturdays: false,
};

impl Shift {
    /// The shift of an employee: production works early or at night, everybody else by day.
    pub(crate) fn of(world: &World<'_>, employee: u32) -> &'static Shift {
        let home = world.tree.home_of(employee);
        match (world.tree.node(home).branch, home / 4 % 2) {
            (Branch::Production, 0) => &EARLY,
            (Branch::Production, _) => &NIGHT,
            _ => &DAY,
        }
    }

    pub(crate) fn starts(&self, day: LocalDate) -> DateTime {
        at(day, self.start)
    }

    pub(crate) fn ends(&self, day: LocalDate) -> DateTime {
        at(day, self.start + self.minutes)
    }

    /// The days of the attendance window on which somebody was to work. A shift that ends today is not over, so a
    /// night shift's last day is the day before yesterday.
    pub(crate) fn working_days(&self, world: &World<'_>, standing: &Standing) -> Vec<LocalDate> {
        let window = match world.plan.attendance_days {
            0 => 30,
            days => i64::from(days),
        };
        let overnight = self.start + self.minutes > 24 * 60;
        let last = plus_days(world.plan.today, if overnight { -2 } else { -1 });
        let last = standing.left.map_or(last, |left| left.min(last));
        let first = plus_days(world.plan.today, -window).max(standing.hired);
        let mut days = Vec::new();
        let mut day = first;
        while day <= last {
            if !weekend(day) || (self.saturdays && day.weekday() == Weekday::Saturday) {
                days.push(day);
            }
            day = plus_days(day, 1);
        }
        days
    }
}

/// What an event does to the punches of its day.
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    Nothing,
    Absent,
    LeavesAt(DateTime),
    StaysUntil(DateTime),
}

/// A leave, outing, trip or overtime on one day.
pub(crate) struct Event {
    pub(crate) kind: TimelineKind,
    pub(crate) date: LocalDate,
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
    pub(crate) number: Number,
    pub(crate) unit: DurationUnit,
    pub(crate) approval: Option<Id>,
    pub(crate) note: Option<&'static str>,
    pub(crate) effect: Effect,
}

/// Draws an event that begins on the first of these working days and may go on over the next ones, one entry a day.
pub(crate) fn draw(kind: TimelineKind, days: &[LocalDate], shift: &Shift, dice: &mut Dice) -> Vec<Event> {
    let length = match kind {
        TimelineKind::BusinessTravel => dice.between(1, 4),
        TimelineKind::Leave if dice.percent(25) => dice.between(2, 5),
        _ => 1,
    };
    let days = &days[..days.len().min(length as usize)];
    match days {
        [day] => vec![single(kind, *day, shift, dice)],
        _ => days.iter().map(|day| whole_day(kind, *day, shift)).collect(),
    }
}

fn single(kind: TimelineKind, day: LocalDate, shift: &Shift, dice: &mut Dice) -> Event {
    let (starts, ends) = (shift.starts(day), shift.ends(day));
    let event = |start, end, number: Number, unit, note, effect| Event {
        kind,
        date: day,
        start,
        end,
        number,
        unit,
        approval: None,
        note,
        effect,
    };
    match kind {
        TimelineKind::Leave => match dice.between(0, 2) {
            0 => whole_day(kind, day, shift),
            1 => {
                let middle = plus_minutes(starts, shift.minutes / 2);
                event(middle, ends, half(0), DurationUnit::Days, Some("下午请假"), Effect::LeavesAt(middle))
            }
            _ => {
                let hours = dice.between(1, 3);
                let from = plus_minutes(ends, -60 * hours);
                event(from, ends, hours.into(), DurationUnit::Hours, Some("看牙医"), Effect::LeavesAt(from))
            }
        },
        TimelineKind::Outing => {
            let start = plus_minutes(starts, 60 + 30 * dice.between(0, 3));
            if dice.percent(50) {
                let minutes = 15 * dice.between(3, 11);
                let end = plus_minutes(start, minutes);
                event(start, end, minutes.into(), DurationUnit::Minutes, Some("拜访客户"), Effect::Nothing)
            } else {
                let hours = dice.between(2, 4);
                let end = plus_minutes(start, 60 * hours);
                event(start, end, hours.into(), DurationUnit::Hours, None, Effect::Nothing)
            }
        }
        TimelineKind::Overtime => {
            let hours = dice.between(1, 3);
            let half_hour = dice.percent(50);
            let end = plus_minutes(ends, 60 * hours + if half_hour { 30 } else { 0 });
            let number = if half_hour { half(hours) } else { hours.into() };
            event(ends, end, number, DurationUnit::Hours, Some("项目上线"), Effect::StaysUntil(end))
        }
        TimelineKind::Duty => {
            let end = plus_minutes(ends, 180);
            event(ends, end, 180.into(), DurationUnit::Minutes, None, Effect::StaysUntil(end))
        }
        _ => whole_day(kind, day, shift),
    }
}

fn whole_day(kind: TimelineKind, day: LocalDate, shift: &Shift) -> Event {
    Event {
        kind,
        date: day,
        start: shift.starts(day),
        end: shift.ends(day),
        number: 1.into(),
        unit: DurationUnit::Days,
        approval: None,
        note: None,
        effect: Effect::Absent,
    }
}

/// A number and a half.
fn half(whole: i64) -> Number {
    Number::from_f64(whole as f64 + 0.5).unwrap_or_else(|| whole.into())
}
