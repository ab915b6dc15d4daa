//! Punches, shifts and leave: how they are cut into calls of 50 people and 7 days, and what the answers say. The half year
//! that the vendor looks back bounds every window.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use tongshi_dialect::{Ask, Page, PulledPunches, Row, Slice, Window};
use tongshi_model::{Draft, Error, Id, Instant, Kind, LocalDate, Punch, Space, Timestamp, shanghai};

use super::{
    Connection,
    map::attendance::{
        midnight, numbered, read_leave, read_record, read_result, read_slots, read_time, time_text,
    },
    wire::{
        attendance::{
            GroupNames, LeaveStatus, LeaveStatusList, LeaveTypeList, RecordList, ResultList, ScheduleByUsers,
            ShiftList, Slot,
        },
        loose::Commas,
    },
};

/// People in one call.
pub(super) const PEOPLE: u32 = 50;
/// People in one call about leave.
pub(super) const LEAVE_PEOPLE: u32 = 100;
/// Days in one call about shifts.
pub(super) const SHIFT_DAYS: i64 = 7;
/// Days of punches that one call is asked for. It covers a day more, because a punch after midnight counts for the day
/// before.
pub(super) const PUNCH_DAYS: i64 = SHIFT_DAYS - 1;
/// Days in one call about leave.
pub(super) const LEAVE_DAYS: i64 = 180;
/// How far back the vendor looks; a day less, so that a run that lasts over midnight is not refused.
const BACK_DAYS: i64 = 179;
/// Rows on a page of results, and of leaves.
pub(super) const RESULTS: i64 = 50;
pub(super) const LEAVES: i64 = 20;
/// The most pages that are believed: what has more goes in circles.
const PAGES_MAX: i64 = 1000;
/// How long names of shifts, groups and kinds of leave are believed.
const NAMES_SECONDS: i64 = 3600;

/// What one call needs to know; people by userid, each with the record.
#[derive(Serialize, Deserialize)]
struct Params {
    window: Window,
    people: BTreeMap<String, Id>,
}

/// Names of shifts, groups and kinds of leave, by the vendor's numbers and codes.
#[derive(Default)]
pub(super) struct Names {
    shifts: BTreeMap<i64, String>,
    groups: BTreeMap<i64, String>,
    leaves: BTreeMap<String, String>,
}

/// The names with the time until which they are believed.
#[derive(Default)]
pub(super) struct NamesKept(Mutex<Option<(Timestamp, Arc<Names>)>>);

/// A window in pieces, cut off where the vendor no longer looks.
fn pieces(window: Window, days: i64, now: Timestamp) -> Vec<Window> {
    let today = shanghai().to_datetime(now).date();
    let span = |days: i64| jiff::Span::new().days(days);
    let first = today.checked_sub(span(BACK_DAYS)).unwrap_or(window.from);
    let mut pieces = Vec::new();
    let mut from = window.from.max(first);
    while from <= window.to {
        let to = from.checked_add(span(days - 1)).unwrap_or(window.to).min(window.to);
        pieces.push(Window { from, to });
        match to.tomorrow() {
            Ok(next) => from = next,
            Err(_) => break,
        }
    }
    pieces
}

/// Cuts a listing about people into slices: each some people in some days.
pub(super) fn plan(listing: &str, ask: &Ask<'_>, now: Timestamp) -> Vec<Slice> {
    let days = match listing {
        "punch" => PUNCH_DAYS,
        "leave" => LEAVE_DAYS,
        _ => SHIFT_DAYS,
    };
    let people: BTreeMap<String, Id> =
        ask.subjects.iter().map(|subject| (subject.remote_id.clone(), subject.record)).collect();
    let Some(first) = people.keys().next().cloned() else { return Vec::new() };
    let slice = |window: Window| {
        let label = format!("{} from {first} {}..{}", people.len(), window.from, window.to);
        let params = Params { window, people: people.clone() };
        // Texts, days and ids always serialise.
        Slice { label, params: serde_json::to_value(params).unwrap_or_default() }
    };
    pieces(ask.window, days, now).into_iter().map(slice).collect()
}

fn params(slice: &Slice) -> Result<Params, Error> {
    serde_json::from_value(slice.params.clone())
        .map_err(|error| Error::internal("a slice's parameters cannot be read").caused_by(error))
}

/// The end of a day.
fn last_second(day: LocalDate) -> Instant {
    let next = midnight(day.tomorrow().unwrap_or(day));
    Instant::new(next.timestamp() - jiff::SignedDuration::from_secs(1), shanghai())
}

/// The slots of a day as they came, and the first of them read.
type Slots = (Slot, Vec<Box<RawValue>>);

/// A row of ours round the vendor's: what its own text does not say.
#[derive(Serialize, Deserialize)]
struct DayOfSlots {
    employee: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shift: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    slots: Vec<Box<RawValue>>,
}

/// The same for a leave.
#[derive(Serialize, Deserialize)]
struct NamedLeave {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    leave: Box<RawValue>,
}

fn unread(error: &serde_json::Error) -> Error {
    // The parser's own words quote what it found.
    Error::upstream(format!(
        "the answer is not as documented at line {}, column {}",
        error.line(),
        error.column()
    ))
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Leaves<'a> {
    #[serde(borrow)]
    result: LeavePage<'a>,
}

#[derive(Deserialize)]
struct LeavePage<'a> {
    #[serde(default)]
    has_more: bool,
    #[serde(borrow, default)]
    leave_status: Vec<&'a RawValue>,
}

impl Connection {
    /// All punches of some people in some days; one entry for each person, also for who has none.
    pub(super) async fn punches(&self, slice: &Slice) -> Result<Page, Error> {
        let Params { window, people } = params(slice)?;
        let userids: Vec<String> = people.keys().cloned().collect();
        let ask = RecordList {
            user_ids: userids.clone(),
            check_date_from: Some(time_text(midnight(window.from))),
            check_date_to: Some(time_text(last_second(window.to.tomorrow().unwrap_or(window.to)))),
            is_i18n: Some(false),
        };
        let mut found: BTreeMap<Id, Vec<Punch>> =
            people.values().map(|record| (*record, Vec::new())).collect();
        let mut broken = Vec::new();
        for row in self.ask(&ask).await?.recordresult {
            let Some(employee) = row.user_id.as_ref().and_then(|userid| people.get(userid)) else {
                broken.push("a punch is of somebody who was not asked for".to_owned());
                continue;
            };
            match read_record(&row, *employee) {
                Ok(punch) => keep(&mut found, punch, window),
                Err(error) => broken.push(format!("a punch: {error}")),
            }
        }
        if self.settings["attendance_results"] == true {
            self.add_results(&mut found, &mut broken, &people, window).await?;
        }
        let punches =
            found.into_iter().map(|(employee, punches)| PulledPunches { employee, window, punches });
        Ok(Page { punches: punches.collect(), broken, ..Page::default() })
    }

    /// Adds what only the results show: punches that an approval or a supervisor made good.
    async fn add_results(
        &self,
        found: &mut BTreeMap<Id, Vec<Punch>>,
        broken: &mut Vec<String>,
        people: &BTreeMap<String, Id>,
        window: Window,
    ) -> Result<(), Error> {
        for page in 0..PAGES_MAX {
            let ask = ResultList {
                work_date_from: Some(time_text(midnight(window.from))),
                work_date_to: Some(time_text(midnight(window.to))),
                user_id_list: people.keys().cloned().collect(),
                offset: Some(page * RESULTS),
                limit: Some(RESULTS),
                is_i18n: Some(false),
            };
            let answer = self.ask(&ask).await?;
            for row in &answer.recordresult {
                let Some(employee) = row.user_id.as_ref().and_then(|userid| people.get(userid)) else {
                    continue;
                };
                match read_result(row, *employee) {
                    Ok(Some(punch)) => keep(found, punch, window),
                    Ok(None) => {}
                    Err(error) => broken.push(format!("a result: {error}")),
                }
            }
            if !answer.has_more {
                return Ok(());
            }
        }
        Err(Error::upstream("the results of some people have no end"))
    }

    /// The shifts of some people in some days: a row for each person and day.
    pub(super) async fn shifts(&self, slice: &Slice) -> Result<Page, Error> {
        let Params { window, people } = params(slice)?;
        let ask = ScheduleByUsers {
            op_user_id: self.operator(),
            userids: Commas(people.keys().cloned().collect()),
            from_date_time: Some(midnight(window.from).timestamp().as_millisecond()),
            to_date_time: Some(midnight(window.to).timestamp().as_millisecond()),
        };
        let body = self.ask_bytes(&ask).await?;
        let names = self.names().await?;
        let mut page = Page::default();
        let mut days: BTreeMap<(String, LocalDate), Slots> = BTreeMap::new();
        for raw in serde_json::from_slice::<Answer<'_>>(&body).map_err(|error| unread(&error))?.result {
            let slot: Option<Slot> = serde_json::from_str(raw.get()).ok();
            let day = slot.as_ref().and_then(|slot| read_time(slot.work_date.as_deref()?));
            let (Some(slot), Some(day)) = (slot, day) else {
                page.broken.push("a slot is not as documented".to_owned());
                continue;
            };
            let userid = slot.userid.clone().unwrap_or_default();
            if !people.contains_key(&userid) {
                page.broken.push("a slot is of somebody who was not asked for".to_owned());
                continue;
            }
            let is_rest = slot.is_rest.as_deref() == Some("Y") || slot.shift_id.unwrap_or(0) == 0;
            if !is_rest {
                days.entry((userid, day.date())).or_insert_with(|| (slot, Vec::new())).1.push(raw.to_owned());
            }
        }
        for ((employee, day), (slot, slots)) in days {
            let remote_id = format!("{employee}/{day}");
            let shift = slot.shift_id.and_then(|id| names.shifts.get(&id).cloned());
            let group = slot.group_id.and_then(|id| names.groups.get(&id).cloned());
            let row = DayOfSlots { employee, shift, group, slots };
            let raw = serde_json::to_string(&row).map_err(|error| unread(&error))?;
            page.rows.push(Row { remote_id, date: Some(day), raw });
        }
        Ok(page)
    }

    /// The leaves of some people in some days.
    pub(super) async fn leaves(&self, slice: &Slice) -> Result<Page, Error> {
        let Params { window, people } = params(slice)?;
        let names = self.names().await?;
        let mut page = Page::default();
        for number in 0..PAGES_MAX {
            let ask = LeaveStatusList {
                userid_list: Commas(people.keys().cloned().collect()),
                start_time: Some(midnight(window.from).timestamp().as_millisecond()),
                end_time: Some(last_second(window.to).timestamp().as_millisecond()),
                offset: Some(number * LEAVES),
                size: Some(LEAVES),
            };
            let body = self.ask_bytes(&ask).await?;
            let answer: Leaves<'_> = serde_json::from_slice(&body).map_err(|error| unread(&error))?;
            for raw in answer.result.leave_status {
                match leave_row(raw, &names) {
                    Some(row) => page.rows.push(row),
                    None => page.broken.push("a leave is not as documented".to_owned()),
                }
            }
            if !answer.result.has_more {
                return Ok(page);
            }
        }
        Err(Error::upstream("the leaves of some people have no end"))
    }

    /// The userid on whose behalf is read and decided (setting `operator`).
    pub(super) fn operator(&self) -> Option<String> {
        self.settings["operator"].as_str().filter(|userid| !userid.is_empty()).map(str::to_owned)
    }

    /// What shifts, groups and kinds of leave are called: asked for once in an hour. Without an operator nobody may ask.
    async fn names(&self) -> Result<Arc<Names>, Error> {
        let now = self.clock.now();
        // Held while it is asked: those who come meanwhile wait, as each question is counted.
        let mut kept = self.names.0.lock().await;
        if let Some((until, names)) = &*kept
            && now < *until
        {
            return Ok(Arc::clone(names));
        }
        let mut names = Names::default();
        if let Some(operator) = self.operator() {
            let op_user_id = Some(operator.clone());
            let mut cursor = Some(0);
            while let Some(at) = cursor {
                let ask = ShiftList { op_user_id: op_user_id.clone(), cursor: Some(at) };
                let answer = self.ask(&ask).await?.result;
                names
                    .shifts
                    .extend(answer.result.into_iter().filter_map(|named| Some((named.id?, named.name?))));
                cursor = answer.cursor.filter(|next| answer.has_more && *next > at);
            }
            cursor = Some(0);
            while let Some(at) = cursor {
                let ask = GroupNames { op_user_id: op_user_id.clone(), cursor: Some(at) };
                let answer = self.ask(&ask).await?.result;
                names
                    .groups
                    .extend(answer.result.into_iter().filter_map(|named| Some((named.id?, named.name?))));
                cursor = answer.cursor.filter(|next| answer.has_more && *next > at);
            }
            let ask = LeaveTypeList { op_userid: Some(operator), vacation_source: Some("all".to_owned()) };
            let types = self.ask(&ask).await?.result.into_iter();
            names.leaves.extend(types.filter_map(|kind| Some((kind.leave_code?, kind.leave_name?))));
        }
        let names = Arc::new(names);
        let until = Timestamp::from_second(now.as_second() + NAMES_SECONDS).unwrap_or(now);
        *kept = Some((until, Arc::clone(&names)));
        Ok(names)
    }
}

/// Keeps a punch of a day that was asked for, unless it is there already.
fn keep(found: &mut BTreeMap<Id, Vec<Punch>>, punch: Punch, window: Window) {
    if !(window.from..=window.to).contains(&punch.working_day()) {
        return;
    }
    let Some(known) = found.get_mut(&punch.employee) else { return };
    let same =
        |other: &Punch| other.at.timestamp() == punch.at.timestamp() && other.direction == punch.direction;
    if !known.iter().any(same) {
        known.push(punch);
    }
}

/// What a leave is called among those of a connection: whose it is and when it begins.
pub(super) fn leave_id(userid: &str, start_milliseconds: i64) -> String {
    format!("{userid}/{start_milliseconds}")
}

/// The name under which the vendor knows an approval of ours for attendance.
pub(super) fn approve_id(remote_id: &str) -> String {
    format!("tongshi-{}", numbered(&["approve", remote_id]))
}

fn leave_row(raw: &RawValue, names: &Names) -> Option<Row> {
    let leave: LeaveStatus = serde_json::from_str(raw.get()).ok()?;
    let start = leave.start_time?;
    let name = leave.leave_code.as_ref().and_then(|code| names.leaves.get(code).cloned());
    let date = crate::dingtalk::map::attendance::instant(start)?.date();
    let remote_id = leave_id(leave.userid.as_deref()?, start);
    let raw = serde_json::to_string(&NamedLeave { name, leave: raw.to_owned() }).ok()?;
    Some(Row { remote_id, date: Some(date), raw })
}

fn broken(error: &serde_json::Error) -> Error {
    Error::invalid("row", format!("the row breaks off or is of another form (column {})", error.column()))
}

/// A person's day of slots as a shift.
pub(super) fn read_shift(space: Space, raw: &str) -> Result<Draft, Error> {
    let row: DayOfSlots = serde_json::from_str(raw).map_err(|error| broken(&error))?;
    let slots: Vec<Slot> = row
        .slots
        .iter()
        .map(|slot| serde_json::from_str(slot.get()).map_err(|error| broken(&error)))
        .collect::<Result<_, _>>()?;
    let named = |id: Option<i64>, name: Option<String>| id.zip(name).into_iter().collect::<BTreeMap<_, _>>();
    let first = slots.first();
    let shifts = named(first.and_then(|slot| slot.shift_id), row.shift);
    let groups = named(first.and_then(|slot| slot.group_id), row.group);
    let shift = read_slots(&slots, space.id(Kind::Employee, &row.employee), &shifts, &groups)?;
    Draft::of(&shift.ok_or_else(|| Error::invalid("row", "a day of rest is no shift"))?)
}

/// A leave.
pub(super) fn read_leave_row(space: Space, raw: &str) -> Result<Draft, Error> {
    let row: NamedLeave = serde_json::from_str(raw).map_err(|error| broken(&error))?;
    let leave: LeaveStatus = serde_json::from_str(row.leave.get()).map_err(|error| broken(&error))?;
    Draft::of(&read_leave(&leave, row.name.as_deref(), space)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_cut_and_bounded() {
        let day = |text: &str| text.parse::<LocalDate>().unwrap();
        let now: Timestamp = "2026-03-31T04:00:00Z".parse().unwrap();
        let window = |from, to| Window { from: day(from), to: day(to) };
        let cut = pieces(window("2026-03-01", "2026-03-31"), SHIFT_DAYS, now);
        assert_eq!(cut.len(), 5);
        assert_eq!(
            (cut[0].to, cut[4].from, cut[4].to),
            (day("2026-03-07"), day("2026-03-29"), day("2026-03-31"))
        );
        // Nothing is asked of what the vendor no longer has.
        assert_eq!(pieces(window("2020-01-01", "2026-03-31"), LEAVE_DAYS, now).len(), 1);
        assert!(pieces(window("2020-01-01", "2020-02-01"), SHIFT_DAYS, now).is_empty());
    }
}
