//! Shifts: working hours as slots, and slots as working hours.

use std::collections::BTreeMap;

use jiff::civil::Time;
use tongshi_model::{Error, Id, Instant, LocalDate, ShiftAssignment, shanghai};

use super::{midnight, numbered, read_time, time_text};
use crate::dingtalk::wire::attendance::{Section, Shift, ShiftPunch, ShiftSetting, Slot};

/// Days are counted from here in the numbers of slots.
const EPOCH: LocalDate = jiff::civil::date(2000, 1, 1);

/// How many slots of a day have numbers.
const SLOTS_MAX: usize = 8;

/// Coming or going, as the vendor says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dingtalk) enum Duty {
    On,
    Off,
}

impl Duty {
    pub(in crate::dingtalk) const fn word(self) -> &'static str {
        match self {
            Self::On => "OnDuty",
            Self::Off => "OffDuty",
        }
    }
}

/// A moment at which somebody is to come or to go.
#[derive(Clone, Copy, Debug)]
pub(in crate::dingtalk) struct Planned {
    pub(in crate::dingtalk) employee: Id,
    pub(in crate::dingtalk) day: LocalDate,
    pub(in crate::dingtalk) index: usize,
    pub(in crate::dingtalk) duty: Duty,
    pub(in crate::dingtalk) at: Instant,
}

impl Planned {
    /// The number of the slot: it tells its day, so that it can be found again by it.
    pub(in crate::dingtalk) fn number(&self) -> i64 {
        let days = EPOCH.until(self.day).map_or(0, |span| i64::from(span.get_days())).max(0);
        days << 38 | plan_of(self.employee) << 3 | i64::try_from(self.index).unwrap_or(0)
    }
}

/// The part of a slot's number that tells the person.
pub(in crate::dingtalk) fn plan_of(employee: Id) -> i64 {
    numbered(&["plan", &employee.to_string()]) & ((1 << 35) - 1)
}

/// The day, the person's part and the place in the day of a slot's number.
pub(in crate::dingtalk) fn slot_of(number: i64) -> Option<(LocalDate, i64, usize)> {
    let days = i32::try_from(number >> 38).ok().filter(|days| (0..1 << 15).contains(days))?;
    let day = EPOCH.checked_add(jiff::Span::new().days(days)).ok()?;
    Some((day, number >> 3 & ((1 << 35) - 1), usize::try_from(number & 7).ok()?))
}

/// Working hours: `09:00-18:00`, or several such ranges with something between them.
pub(in crate::dingtalk) fn ranges(text: &str) -> Vec<(Time, Time)> {
    let time = |text: &str| {
        let text = text.trim().trim_start_matches("次日");
        let (hour, minute) = text.split_once([':', ':'])?;
        Time::new(hour.trim().parse().ok()?, minute.get(..2)?.parse().ok()?, 0, 0).ok()
    };
    let range = |text: &str| {
        let (from, to) = text.split_once(['-', '~', '–', '—', '至'])?;
        Some((time(from)?, time(to)?))
    };
    text.split([',', ';', ',', ';', '、', '|', ' ']).filter_map(range).take(SLOTS_MAX / 2).collect()
}

/// When somebody is to come and go on a day. A time that lies before the one before it is on the next day.
pub(in crate::dingtalk) fn planned(shift: &ShiftAssignment) -> Vec<Planned> {
    let mut planned: Vec<Planned> = Vec::new();
    let times = ranges(shift.time_range.as_deref().unwrap_or_default());
    for (duty, time) in times.into_iter().flat_map(|(from, to)| [(Duty::On, from), (Duty::Off, to)]) {
        let on = |day: LocalDate| {
            shanghai().to_timestamp(day.to_datetime(time)).ok().map(|at| Instant::new(at, shanghai()))
        };
        let Some(mut at) = on(shift.date) else { continue };
        if planned.last().is_some_and(|last| at <= last.at) {
            let Some(next) = shift.date.tomorrow().ok().and_then(on) else { continue };
            at = next;
        }
        let (employee, day) = (shift.employee, shift.date);
        planned.push(Planned { employee, day, index: planned.len(), duty, at });
    }
    planned
}

/// How many minutes of work there are between coming and going.
pub(in crate::dingtalk) fn work_minutes(planned: &[Planned]) -> i64 {
    let pairs = planned.chunks_exact(2);
    pairs.map(|pair| (pair[1].at.timestamp().as_second() - pair[0].at.timestamp().as_second()) / 60).sum()
}

/// A shift as people name it: its name, or its hours where it has none.
pub(in crate::dingtalk) fn shift_name(shift: &ShiftAssignment) -> String {
    let named = shift.shift.clone().filter(|name| !name.is_empty());
    named.or_else(|| shift.time_range.clone()).unwrap_or_else(|| "班次".to_owned())
}

/// The number of a shift: name and hours make it.
pub(in crate::dingtalk) fn shift_number(shift: &ShiftAssignment) -> i64 {
    numbered(&["shift", &shift_name(shift), shift.time_range.as_deref().unwrap_or_default()])
}

/// The group of somebody on a shift: those who share a rule.
pub(in crate::dingtalk) fn group_name(shift: &ShiftAssignment) -> &str {
    shift.rule.as_deref().filter(|rule| !rule.is_empty()).unwrap_or("考勤组")
}

/// The number of a group.
pub(in crate::dingtalk) fn group_number(name: &str) -> i64 {
    numbered(&["group", name])
}

/// A shift with its sections.
pub(in crate::dingtalk) fn show_shift(shift: &ShiftAssignment, corp_id: Option<&str>) -> Shift {
    let slots = planned(shift);
    let punch = |slot: &Planned| ShiftPunch {
        id: Some(numbered(&["shift punch", &shift_name(shift), &slot.index.to_string()])),
        check_type: Some(slot.duty.word().to_owned()),
        check_time: Some(slot.at.format("1970-01-01 %H:%M:%S")),
        across: Some(i64::from(slot.at.date() > slot.day)),
        ..ShiftPunch::default()
    };
    let sections = slots.chunks(2).enumerate().map(|(index, slots)| Section {
        id: Some(numbered(&["shift section", &shift_name(shift), &index.to_string()])),
        punches: slots.iter().map(punch).collect(),
        rests: Vec::new(),
    });
    Shift {
        id: Some(shift_number(shift)),
        name: Some(shift_name(shift)),
        corp_id: corp_id.map(str::to_owned),
        sections: sections.collect(),
        shift_setting: Some(ShiftSetting {
            work_time_minutes: Some(work_minutes(&slots)),
            attend_days: Some("1".to_owned()),
        }),
        ..Shift::default()
    }
}

/// A slot among those of some people.
pub(in crate::dingtalk) fn show_slot(slot: &Planned, shift: &ShiftAssignment, userid: &str) -> Slot {
    Slot {
        id: Some(slot.number()),
        userid: Some(userid.to_owned()),
        group_id: Some(group_number(group_name(shift))),
        work_date: Some(time_text(midnight(slot.day))),
        check_type: Some(slot.duty.word().to_owned()),
        plan_check_time: Some(time_text(slot.at)),
        shift_id: Some(shift_number(shift)),
        shift_version: Some(1),
        is_rest: Some("N".to_owned()),
        approve_id: None,
    }
}

/// Slots of one person's day as a shift. A day of rest is none.
pub(in crate::dingtalk) fn read_slots(
    slots: &[Slot],
    employee: Id,
    shifts: &BTreeMap<i64, String>,
    groups: &BTreeMap<i64, String>,
) -> Result<Option<ShiftAssignment>, Error> {
    let working = |slot: &&Slot| slot.is_rest.as_deref() != Some("Y") && slot.shift_id.unwrap_or(0) != 0;
    let mut slots: Vec<&Slot> = slots.iter().filter(working).collect();
    let Some(first) = slots.first() else { return Ok(None) };
    let day = first.work_date.as_deref().and_then(read_time);
    let day = day.ok_or_else(|| Error::invalid("work_date", "work_date is no day"))?.date();
    let (shift, group) = (first.shift_id.unwrap_or(0), first.group_id.unwrap_or(0));
    slots.sort_by_key(|slot| slot.plan_check_time.as_deref().and_then(read_time));
    let times = slots.iter().filter_map(|slot| read_time(slot.plan_check_time.as_deref()?));
    let texts: Vec<String> = times.map(|at| at.format("%H:%M")).collect();
    let pairs: Vec<String> = texts.chunks_exact(2).map(|pair| format!("{}-{}", pair[0], pair[1])).collect();
    Ok(Some(ShiftAssignment {
        employee,
        date: day,
        shift: shifts.get(&shift).cloned().or_else(|| Some(shift.to_string())),
        rule: groups.get(&group).cloned(),
        time_range: (!pairs.is_empty()).then(|| pairs.join(",")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(range: &str) -> ShiftAssignment {
        ShiftAssignment {
            employee: Id::of(&["e"]),
            date: "2026-03-02".parse().unwrap(),
            shift: Some("白班".to_owned()),
            rule: Some("总部考勤".to_owned()),
            time_range: Some(range.to_owned()),
        }
    }

    #[test]
    fn hours_become_slots() {
        let texts = |range| planned(&shift(range)).iter().map(|slot| time_text(slot.at)).collect::<Vec<_>>();
        assert_eq!(texts("09:00-18:00"), ["2026-03-02 09:00:00", "2026-03-02 18:00:00"]);
        assert_eq!(texts("22:00~次日06:30"), ["2026-03-02 22:00:00", "2026-03-03 06:30:00"]);
        assert_eq!(texts("9:00-12:00,13:30-18:00").len(), 4);
        assert_eq!(work_minutes(&planned(&shift("9:00-12:00,13:30-18:00"))), 450);
        for nonsense in ["", "whenever", "25:00-26:00", "09:0-1", "-"] {
            assert!(texts(nonsense).is_empty(), "{nonsense}");
        }
    }

    #[test]
    fn a_slots_number_tells_its_day_and_person() {
        for slot in planned(&shift("9:00-12:00,13:30-18:00")) {
            let number = slot.number();
            assert!(number < 1 << 53, "JavaScript must not round it");
            assert_eq!(slot_of(number), Some((slot.day, plan_of(slot.employee), slot.index)));
        }
        assert_eq!(slot_of(-1), None);
        assert_eq!(slot_of(i64::MAX), None);
    }

    #[test]
    fn shifts_go_round() {
        let before = shift("09:00-12:00,22:00-06:00");
        let slots: Vec<Slot> = planned(&before).iter().map(|slot| show_slot(slot, &before, "u")).collect();
        let shifts = BTreeMap::from([(shift_number(&before), shift_name(&before))]);
        let groups = BTreeMap::from([(group_number("总部考勤"), "总部考勤".to_owned())]);
        let after = read_slots(&slots, before.employee, &shifts, &groups).unwrap().unwrap();
        assert_eq!(after, before);
        let rest = Slot { is_rest: Some("Y".to_owned()), ..slots[0].clone() };
        assert!(read_slots(&[rest], before.employee, &shifts, &groups).unwrap().is_none());
    }
}
