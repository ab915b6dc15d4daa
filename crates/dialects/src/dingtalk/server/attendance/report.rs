//! The attendance report: columns, and what they say of somebody day by day (§5.3).

use std::collections::BTreeMap;

use tongshi_dialect::{Caller, Server};
use tongshi_model::{Id, LocalDate, TimelineKind, shanghai};

use super::{Sheet, Span, leave::kinds, required, time, user};
use crate::dingtalk::{
    map::attendance::{Duty, bounds, days, hundredths, leave_name, midnight, planned, time_text},
    wire::{
        DingTalk, Fault, Wrapped,
        attendance::{
            Column, ColumnAnswer, ColumnList, ColumnValue, ColumnValues, Columns, DayValue, LeaveColumn,
            LeaveColumns, LeaveTimes, SmartReport, SmartReportGet,
        },
    },
};

/// The longest span, and the most columns, of a question (§5.3).
const DAYS_MAX: i32 = 31;
const COLUMNS_MAX: usize = 20;
/// How far back the lengths of leave reach.
const LEAVE_DAYS_BACK: i64 = 225;
/// Beyond so many days the column of days due is 0.
const DUE_DAYS_BACK: i64 = 15;

/// A column of the report: its number, its name, what programs call it, and how it is counted.
struct Counted {
    id: i64,
    name: &'static str,
    alias: &'static str,
    value: fn(&Sheet, Id, LocalDate) -> i64,
}

const COLUMNS: &[Counted] = &[
    Counted { id: 1001, name: "应出勤天数", alias: "should_attendance_days", value: due_days },
    Counted { id: 1002, name: "出勤天数", alias: "attendance_days", value: attended_days },
    Counted { id: 1003, name: "工作时长", alias: "attendance_work_time", value: worked_minutes },
    Counted { id: 1004, name: "迟到次数", alias: "late_times", value: late_times },
    Counted { id: 1005, name: "迟到时长", alias: "late_minute", value: late_minutes },
    Counted { id: 1006, name: "早退次数", alias: "leave_early_times", value: early_times },
    Counted { id: 1007, name: "早退时长", alias: "leave_early_minute", value: early_minutes },
    Counted { id: 1008, name: "上班缺卡次数", alias: "on_work_lack_card_times", value: lacking_on },
    Counted { id: 1009, name: "下班缺卡次数", alias: "off_work_lack_card_times", value: lacking_off },
    Counted { id: 1010, name: "旷工天数", alias: "absenteeism_days", value: absent_days },
    Counted { id: 1011, name: "出差时长", alias: "business_trip_time", value: travelled },
    Counted { id: 1012, name: "外出时长", alias: "out_time", value: out },
    Counted { id: 1013, name: "加班时长", alias: "overtime_work_time", value: overtime },
];

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on::<SmartReportGet, _, _>(smart_report)
        .on::<ColumnList, _, _>(columns)
        .on::<ColumnValues, _, _>(values)
        .on::<LeaveTimes, _, _>(leave_times)
}

async fn smart_report(_caller: Caller, _ask: SmartReportGet) -> Result<Wrapped<SmartReport>, Fault> {
    Ok(Wrapped::of(SmartReport { smart_report: Some(true) }))
}

fn show(column: &Counted) -> Column {
    Column {
        id: Some(column.id),
        name: Some(column.name.to_owned()),
        alias: Some(column.alias.to_owned()),
        r#type: Some(0),
        sub_type: Some(0),
        status: Some(0),
        expression_id: Some(column.id),
    }
}

/// A kind of leave is a column without a number.
fn leave_column(name: &str) -> Column {
    Column {
        name: Some(name.to_owned()),
        alias: Some("leave_".to_owned()),
        r#type: Some(3),
        sub_type: Some(1),
        status: Some(0),
        ..Column::default()
    }
}

async fn columns(caller: Caller, _ask: ColumnList) -> Result<Wrapped<Columns>, Fault> {
    let leaves = kinds(&caller).await?;
    let columns = COLUMNS.iter().map(show).chain(leaves.iter().map(|name| leave_column(name)));
    Ok(Wrapped::of(Columns { columns: columns.collect() }))
}

async fn values(caller: Caller, ask: ColumnValues) -> Result<Wrapped<ColumnAnswer>, Fault> {
    let span = span(&ask.from_date, &ask.to_date)?;
    let wanted = &ask.column_id_list.0;
    if wanted.is_empty() || wanted.len() > COLUMNS_MAX {
        return Err(Fault::parameter(format!("column_id_list holds 1 to {COLUMNS_MAX} columns")));
    }
    let mut chosen = Vec::with_capacity(wanted.len());
    for id in wanted {
        let column = COLUMNS.iter().find(|column| column.id.to_string() == *id);
        chosen
            .push(column.ok_or_else(|| Fault::parameter("column_id_list holds a column that there is not"))?);
    }
    let (record, _) = user::found(&caller, required("userid", &ask.userid)?).await?;
    let sheet = Sheet::read(caller.workforce()?, &[record.id], span).await?;
    let today = shanghai().to_datetime(caller.now).date();
    let day_value = |column: &Counted, day: LocalDate| {
        let old = day.until(today).map_or(0, |span| i64::from(span.get_days())) > DUE_DAYS_BACK;
        let value = if day > today || (column.alias == "should_attendance_days" && old) {
            0
        } else {
            (column.value)(&sheet, record.id, day)
        };
        DayValue { date: Some(time_text(midnight(day))), value: Some(value.to_string()) }
    };
    let value = |column: &&Counted| ColumnValue {
        column_vo: Some(Column { id: Some(column.id), ..Column::default() }),
        column_vals: days(span.from, span.to).map(|day| day_value(column, day)).collect(),
        fixed_value: None,
    };
    Ok(Wrapped::of(ColumnAnswer { column_vals: chosen.iter().map(value).collect() }))
}

async fn leave_times(caller: Caller, ask: LeaveTimes) -> Result<Wrapped<LeaveColumns>, Fault> {
    let span = span(&ask.from_date, &ask.to_date)?;
    let today = shanghai().to_datetime(caller.now).date();
    if span.from.until(today).is_ok_and(|back| i64::from(back.get_days()) > LEAVE_DAYS_BACK) {
        return Err(Fault::parameter(format!("from_date is at most {LEAVE_DAYS_BACK} days ago")));
    }
    let names = &ask.leave_names.0;
    if names.is_empty() || names.len() > COLUMNS_MAX {
        return Err(Fault::parameter(format!("leave_names holds 1 to {COLUMNS_MAX} names")));
    }
    let (record, _) = user::found(&caller, required("userid", &ask.userid)?).await?;
    let sheet = Sheet::read(caller.workforce()?, &[record.id], span).await?;
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let mut of_day: BTreeMap<LocalDate, f64> = BTreeMap::new();
        for (_, entry) in sheet.entries.get(&record.id).into_iter().flatten() {
            if entry.kind.value == TimelineKind::Leave && leave_name(entry) == name && span.has(entry.date) {
                *of_day.entry(entry.date).or_default() += hundredths(entry).0 as f64 / 100.0;
            }
        }
        let value = |day: LocalDate| DayValue {
            date: Some(time_text(midnight(day))),
            value: Some(of_day.get(&day).copied().unwrap_or(0.0).to_string()),
        };
        let columnvals = days(span.from, span.to).map(value).collect();
        columns.push(LeaveColumn { columnvo: Some(leave_column(name)), columnvals });
    }
    Ok(Wrapped::of(LeaveColumns { columns }))
}

fn span(from: &Option<String>, to: &Option<String>) -> Result<Span, Fault> {
    Span::checked(time("from_date", from)?.date(), time("to_date", to)?.date(), DAYS_MAX)
}

/// How many slots of a day are so.
fn slots(sheet: &Sheet, employee: Id, day: LocalDate, duty: Duty, word: &str) -> i64 {
    let uncovered = |judged: &&super::Judged<'_>| {
        word != "NotSigned" || sheet.approved(employee, judged.slot.at).is_none()
    };
    let judged = sheet.judged(employee, day);
    let fits = judged.iter().filter(|judged| judged.slot.duty == duty && judged.time_result() == word);
    fits.filter(uncovered).count().try_into().unwrap_or(0)
}

fn minutes(sheet: &Sheet, employee: Id, day: LocalDate, duty: Duty) -> i64 {
    sheet
        .judged(employee, day)
        .iter()
        .filter(|judged| judged.slot.duty == duty)
        .map(super::Judged::minutes_off)
        .sum()
}

/// Minutes of what was approved for a day.
fn approved(sheet: &Sheet, employee: Id, day: LocalDate, kind: TimelineKind) -> i64 {
    let of_day = sheet.entries.get(&employee).into_iter().flatten().map(|(_, entry)| entry);
    let seconds = |entry: &tongshi_model::TimelineEntry| {
        let (start, end) = bounds(entry);
        let (first, next) = (midnight(day).timestamp(), midnight(day.tomorrow().unwrap_or(day)).timestamp());
        (end.timestamp().min(next).as_second() - start.timestamp().max(first).as_second()).max(0)
    };
    of_day.filter(|entry| entry.kind.value == kind).map(seconds).sum::<i64>() / 60
}

fn due_days(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    sheet.shifts.get(&(employee, day)).map_or(0, |shift| i64::from(!planned(shift).is_empty()))
}

fn attended_days(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    i64::from(sheet.punches.contains_key(&(employee, day)))
}

fn worked_minutes(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    let judged = sheet.judged(employee, day);
    let pairs = judged.chunks_exact(2).filter_map(|pair| Some((pair[0].punch?, pair[1].punch?)));
    let worked = |(came, went): (&tongshi_model::Punch, &tongshi_model::Punch)| {
        ((went.at.timestamp().as_second() - came.at.timestamp().as_second()) / 60).max(0)
    };
    pairs.map(worked).sum()
}

fn late_times(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    slots(sheet, employee, day, Duty::On, "Late")
}

fn late_minutes(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    minutes(sheet, employee, day, Duty::On)
}

fn early_times(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    slots(sheet, employee, day, Duty::Off, "Early")
}

fn early_minutes(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    minutes(sheet, employee, day, Duty::Off)
}

fn lacking_on(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    slots(sheet, employee, day, Duty::On, "NotSigned")
}

fn lacking_off(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    slots(sheet, employee, day, Duty::Off, "NotSigned")
}

/// A day on which somebody was due, did not come at all, and nothing was approved.
fn absent_days(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    let judged = sheet.judged(employee, day);
    let missing = |judged: &super::Judged<'_>| {
        judged.punch.is_none() && sheet.approved(employee, judged.slot.at).is_none()
    };
    i64::from(!judged.is_empty() && judged.iter().all(missing))
}

fn travelled(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    approved(sheet, employee, day, TimelineKind::BusinessTravel)
}

fn out(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    approved(sheet, employee, day, TimelineKind::Outing)
}

fn overtime(sheet: &Sheet, employee: Id, day: LocalDate) -> i64 {
    approved(sheet, employee, day, TimelineKind::Overtime)
}
