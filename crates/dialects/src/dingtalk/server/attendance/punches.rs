//! Punches: taken in, judged, and one by one (§5.1, §5.2).

use serde_json::{Map, json};
use tongshi_dialect::{Caller, Server};
use tongshi_model::{Id, Instant, LocalDate, Punch, TimelineEntry};

use super::{DAYS_MAX, PEOPLE_MAX, Sheet, Span, corp, millis, page, part, people, required, time, user};
use crate::dingtalk::{
    map::attendance::{
        Judged, bounds, days, group_name, group_number, hundredths, leave_name, punch_number, shift_number,
        show_record, show_result, sort_of, source_word, time_text, uploaded, within_half_year,
    },
    wire::{
        Code, DingTalk, Fault, Wrapped,
        attendance::{
            Checkin, CheckinList, Checkins, Day, DayApproval, DayGet, DayRecord, DayResult, RecordList,
            RecordUpload, Records, ResultList, Results, Success,
        },
    },
};

/// A page of results (§5.2).
const RESULTS_MAX: i64 = 50;
/// How far ahead of ours the clock of a device may be.
const AHEAD_SECONDS: i64 = 300;
/// The longest free text of a punch.
const TEXT_CHARS_MAX: usize = 512;
/// Sign-ins: people, days for one of them, rows (§5.4).
const CHECKIN_PEOPLE_MAX: usize = 10;
const CHECKIN_DAYS_MAX: i32 = 11;
const CHECKINS_MAX: i64 = 100;

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on::<RecordUpload, _, _>(upload)
        .on::<ResultList, _, _>(results)
        .on::<RecordList, _, _>(records)
        .on::<DayGet, _, _>(day)
        .on::<CheckinList, _, _>(checkins)
}

/// Takes a punch in. The same again is the same punch: what the vendor does with repeats it does not say (§11.3).
async fn upload(caller: Caller, ask: RecordUpload) -> Result<Success, Fault> {
    let (device_name, device_id) =
        (required("device_name", &ask.device_name)?, required("device_id", &ask.device_id)?);
    let at = millis("user_check_time", ask.user_check_time)?;
    let (employee, _) = user::found(&caller, required("userid", &ask.userid)?).await?;
    if !within_half_year(at.timestamp(), caller.now) {
        return Err(Fault::new(Code::Value, "打卡时间超过180天: user_check_time is more than 180 days ago"));
    }
    if at.timestamp().as_second() > caller.now.as_second() + AHEAD_SECONDS {
        return Err(Fault::new(Code::Value, "user_check_time is in the future"));
    }
    let mut detail = Map::new();
    let texts = [
        ("device_name", Some(device_name)),
        ("device_id", Some(device_id)),
        ("photo_url", ask.photo_url.as_deref()),
    ];
    for (name, text) in texts {
        let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(Fault::parameter(format!("{name} has at most {TEXT_CHARS_MAX} characters")));
        }
        detail.insert(name.to_owned(), text.into());
    }
    caller.workforce()?.record_punches(vec![uploaded(employee.id, at, detail.into())]).await?;
    Ok(Success { success: Some(true) })
}

/// One row for each slot, whole days; slots without a punch too, once their time has come.
async fn results(caller: Caller, ask: ResultList) -> Result<Results, Fault> {
    let (from, to) = (time("workDateFrom", &ask.work_date_from)?, time("workDateTo", &ask.work_date_to)?);
    let span = Span::checked(from.date(), to.date(), DAYS_MAX)?;
    recent(&caller, from)?;
    if ask.offset.is_none() {
        return Err(Fault::parameter("缺少参数 offset: it is missing"));
    }
    let page = page(ask.offset, ("limit", ask.limit), RESULTS_MAX)?;
    let people = people(&caller, &ask.user_id_list, PEOPLE_MAX).await?;
    let ids: Vec<Id> = people.iter().map(|(_, id)| *id).collect();
    let sheet = Sheet::read(caller.workforce()?, &ids, span).await?;
    let mut rows = Vec::new();
    for (userid, employee) in &people {
        for day in days(span.from, span.to) {
            let group = sheet.group(*employee, day);
            let due =
                |judged: &Judged<'_>| judged.punch.is_some() || judged.slot.at.timestamp() <= caller.now;
            for judged in sheet.judged(*employee, day).iter().filter(|judged| due(judged)) {
                let mut row = show_result(judged, userid, group);
                // A slot that an approval covers stays without a punch, and names the approval.
                if let Some((id, entry)) = sheet.approved(*employee, judged.slot.at) {
                    row.approve_id = Some(id.to_string());
                    row.proc_inst_id = entry.approval.map(|approval| approval.to_string());
                }
                rows.push(row);
            }
        }
    }
    let (recordresult, has_more) = part(rows, page);
    Ok(Results { recordresult, has_more })
}

/// Every punch between two instants.
async fn records(caller: Caller, ask: RecordList) -> Result<Records, Fault> {
    let (from, to) = (time("checkDateFrom", &ask.check_date_from)?, time("checkDateTo", &ask.check_date_to)?);
    // Seven times 24 hours may touch eight days.
    if to.timestamp().as_second() - from.timestamp().as_second() > 7 * 24 * 60 * 60 {
        return Err(Fault::new(Code::Window, "时间跨度超过7天: the window has at most 7 days"));
    }
    let span = Span::checked(from.date(), to.date(), DAYS_MAX + 1)?;
    recent(&caller, from)?;
    let people = people(&caller, &ask.user_ids, PEOPLE_MAX).await?;
    let ids: Vec<Id> = people.iter().map(|(_, id)| *id).collect();
    // A punch after midnight may count for the day before.
    let wide =
        Span { from: span.from.yesterday().unwrap_or(span.from), to: span.to.tomorrow().unwrap_or(span.to) };
    let sheet = Sheet::read(caller.workforce()?, &ids, wide).await?;
    let corp_id = corp(&caller).await?;
    let mut rows = Vec::new();
    for (userid, employee) in &people {
        for day in days(wide.from, wide.to) {
            let judged = sheet.judged(*employee, day);
            for punch in sheet.punches.get(&(*employee, day)).into_iter().flatten() {
                if !(from.timestamp()..=to.timestamp()).contains(&punch.at.timestamp()) {
                    continue;
                }
                let counts =
                    judged.iter().find(|judged| judged.punch.is_some_and(|found| std::ptr::eq(found, punch)));
                let mut row = show_record(punch, counts, userid, corp_id.as_deref());
                row.group_id = sheet.group(*employee, day);
                row.class_id = sheet.shifts.get(&(*employee, day)).map(shift_number);
                rows.push(row);
            }
        }
    }
    rows.sort_by_key(|row| row.user_check_time);
    Ok(Records { recordresult: rows })
}

fn recent(caller: &Caller, from: Instant) -> Result<(), Fault> {
    if within_half_year(from.timestamp(), caller.now) {
        return Ok(());
    }
    Err(Fault::new(Code::Value, "只能查询180天内的数据: the window begins more than 180 days ago"))
}

/// One person's day with everything about it.
async fn day(caller: Caller, ask: DayGet) -> Result<Wrapped<Day>, Fault> {
    let corp_id = corp(&caller).await?;
    let userid = required("userid", &ask.userid)?;
    let day = time("work_date", &ask.work_date)?.date();
    let (record, _) = user::found(&caller, userid).await?;
    let employee = record.id;
    let sheet = Sheet::read(caller.workforce()?, &[employee], Span::of(day)).await?;
    let judged = sheet.judged(employee, day);
    let shift = sheet.shifts.get(&(employee, day));
    let result = |judged: &Judged<'_>| DayResult {
        record_id: judged.punch.map(punch_number),
        plan_id: Some(judged.slot.number()),
        check_type: Some(judged.slot.duty.word().to_owned()),
        plan_check_time: Some(time_text(judged.slot.at)),
        user_check_time: judged.punch.map(|punch| time_text(punch.at)),
        time_result: Some(judged.time_result().to_owned()),
        location_result: Some(judged.location_result().to_owned()),
        source_type: judged.punch.map(|punch| source_word(punch.source).to_owned()),
        group_id: shift.map(|shift| group_number(group_name(shift))),
        class_id: shift.map(shift_number),
        proc_inst_id: None,
    };
    let record = |punch: &Punch| {
        let row = show_record(punch, None, userid, None);
        DayRecord {
            record_id: row.id,
            user_check_time: Some(time_text(punch.at)),
            check_type: row.check_type,
            source_type: row.source_type,
            valid_matched: Some(judged.iter().any(|judged| judged.punch == Some(punch))),
            user_address: row.user_address,
            user_longitude: row.user_longitude.map(|number| number.to_string()),
            user_latitude: row.user_latitude.map(|number| number.to_string()),
            user_accuracy: row.user_accuracy.map(|number| number.to_string()),
            location_method: row.location_method,
        }
    };
    let approvals = sheet.entries.get(&employee).into_iter().flatten();
    Ok(Wrapped::of(Day {
        work_date: Some(time_text(crate::dingtalk::map::attendance::midnight(day))),
        userid: Some(userid.to_owned()),
        corp_id: corp_id.clone(),
        attendance_result_list: judged.iter().map(result).collect(),
        approve_list: approvals.filter(|(_, entry)| touches(entry, day)).map(show_approval).collect(),
        check_record_list: sheet.punches.get(&(employee, day)).into_iter().flatten().map(record).collect(),
        class_setting_info: None,
    }))
}

fn touches(entry: &TimelineEntry, day: LocalDate) -> bool {
    let (start, end) = bounds(entry);
    let last = Instant::new(end.timestamp() - jiff::SignedDuration::from_millis(1), end.offset());
    (start.date()..=last.date().max(start.date())).contains(&day)
}

fn show_approval((id, entry): &(Id, TimelineEntry)) -> DayApproval {
    let (start, end) = bounds(entry);
    let (biz_type, tag_name) = sort_of(entry.kind.value);
    let (hundredths, unit) = hundredths(entry);
    let duration = json!(hundredths as f64 / 100.0).to_string();
    DayApproval {
        biz_type: Some(biz_type),
        tag_name: Some(tag_name.to_owned()),
        sub_type: Some(leave_name(entry).to_owned()),
        duration: Some(duration.strip_suffix(".0").unwrap_or(&duration).to_owned()),
        duration_unit: Some(if unit == "percent_day" { "DAY" } else { "HOUR" }.to_owned()),
        begin_time: Some(time_text(start)),
        end_time: Some(time_text(end)),
        gmt_finished: None,
        proc_inst_id: Some(entry.approval.unwrap_or(*id).to_string()),
    }
}

/// Sign-ins are punches that carry a place.
async fn checkins(caller: Caller, ask: CheckinList) -> Result<Wrapped<Checkins>, Fault> {
    let (from, to) = (millis("start_time", ask.start_time)?, millis("end_time", ask.end_time)?);
    let page = page(ask.cursor, ("size", ask.size), CHECKINS_MAX)?;
    let people = people(&caller, &ask.userid_list.0, CHECKIN_PEOPLE_MAX).await?;
    let days_max = if ask.userid_list.0.len() == 1 { CHECKIN_DAYS_MAX } else { 2 };
    let span = Span::checked(from.date(), to.date(), days_max)?;
    let ids: Vec<Id> = people.iter().map(|(_, id)| *id).collect();
    let punches = if ids.is_empty() {
        Vec::new()
    } else {
        caller.workforce()?.punches_of(&ids, span.from, span.to).await?
    };
    let show = |punch: &Punch| {
        let userid = people.iter().find(|(_, id)| *id == punch.employee).map(|(userid, _)| userid)?;
        let row = show_record(punch, None, userid, None);
        row.user_latitude.filter(|_| (from.timestamp()..=to.timestamp()).contains(&punch.at.timestamp()))?;
        Some(Checkin {
            checkin_time: row.user_check_time,
            userid: row.user_id,
            place: row.user_address.clone(),
            detail_place: row.user_address,
            longitude: row.user_longitude.map(|number| number.to_string()),
            latitude: row.user_latitude.map(|number| number.to_string()),
            remark: row.outside_remark,
            visit_user: None,
        })
    };
    let (page_list, more) = part(punches.iter().filter_map(show).collect(), page);
    let next = i64::try_from(page.0 + page.1).ok().filter(|_| more);
    Ok(Wrapped::of(Checkins { next_cursor: next, page_list }))
}
