//! Leave, trips, overtime, missing punches and exchanged shifts that were approved elsewhere (§5.5).

use tongshi_dialect::{Caller, Server};
use tongshi_model::{Draft, Id, Instant, Kind, LocalDate, Punch, PunchSource, ShiftAssignment, TimelineKind};

use super::{Sheet, Span, missing, required, shifts, time, user};
use crate::dingtalk::{
    map::attendance::{Duty, SpanFault, Told, Unit, decided, kind_of, leave_code, planned, uploaded},
    wire::{
        Code, DingTalk, Fault, Wrapped,
        attendance::{
            ApprovalFinish, ApproveCancel, ApproveCheck, ApproveFinish, ApproveSwitch, Duration,
            DurationCalculate, DurationDay, NewDuration, OldDuration, Success,
        },
    },
};

/// The longest names and addresses (§5.5).
const APPROVE_ID_CHARS_MAX: usize = 100;
const URL_CHARS_MAX: usize = 200;
const TAG_CHARS_MAX: usize = 20;
/// How long ago a span may begin.
const BACK_DAYS_MAX: i64 = 31;
/// Overtime is told by the day.
const OVERTIME_SECONDS_MAX: i64 = 24 * 60 * 60;

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on::<ApproveFinish, _, _>(finish_old)
        .on::<ApprovalFinish, _, _>(finish)
        .on::<DurationCalculate, _, _>(calculate)
        .on::<ApproveCancel, _, _>(cancel)
        .on::<ApproveCheck, _, _>(check)
        .on::<ApproveSwitch, _, _>(switch)
}

fn named(name: &str, text: &str) -> Fault {
    Fault::new(Code::Named(name.to_owned()), text.to_owned())
}

/// A span of either host.
struct Asked<'a> {
    biz_type: Option<i64>,
    from: &'a Option<String>,
    to: &'a Option<String>,
    unit: &'a Option<String>,
    model: Option<i64>,
    tag_name: &'a str,
}

/// What a span comes to.
struct Measured {
    employee: Id,
    kind: TimelineKind,
    told: Told,
    duration: String,
    days: Vec<DurationDay>,
}

/// Reads and measures a span. `calculate_model` 1 counts working hours by the person's shifts; on days without one there
/// is no work.
async fn measured(caller: &Caller, userid: &Option<String>, asked: Asked<'_>) -> Result<Measured, Fault> {
    let invalid = |text: &str| named("invalidRequestParams", text);
    let biz_type = asked.biz_type.ok_or_else(|| invalid("bizType is missing"))?;
    let kind = kind_of(biz_type, asked.tag_name)
        .ok_or_else(|| named("illegalApproveType", "bizType is 1, 2 or 3"))?;
    let unit = asked.unit.as_deref().and_then(Unit::read);
    let unit = unit.ok_or_else(|| named("illegalDurationUnit", "durationUnit is day, halfDay or hour"))?;
    if kind == TimelineKind::Overtime && unit == Unit::HalfDay {
        return Err(named("illegalOvertimeDurationUnit", "overtime is told in days or hours"));
    }
    let of_work = match asked.model {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(named("illegalCalculateType", "calculateModel is 0 or 1")),
    };
    let (from, to) = (asked.from.as_deref().unwrap_or_default(), asked.to.as_deref().unwrap_or_default());
    let told = Told::read(from, to, unit).map_err(|fault| match fault {
        SpanFault::Form if unit == Unit::HalfDay => {
            named("illegalDateTypeForHalfDay", "for half days a time is such as 2019-08-15 AM")
        }
        SpanFault::Form => invalid("the times are not in the form of the unit"),
        SpanFault::Order => named("beginDateCannotAfterEndDate", "the span ends before it begins"),
        SpanFault::TooLong => named("durationTooLong", "the span has at most 31 days"),
    })?;
    let seconds = told.to.timestamp().as_second() - told.from.timestamp().as_second();
    if kind == TimelineKind::Overtime && seconds > OVERTIME_SECONDS_MAX {
        return Err(named("overtimeDurationTooLong", "overtime has at most one day"));
    }
    if caller.now.as_second() - told.from.timestamp().as_second() > (BACK_DAYS_MAX + 1) * 24 * 60 * 60 {
        return Err(named("dateTooEarly", "the span begins more than 31 days ago"));
    }
    let (record, _) = user::found(caller, required("userId", userid)?).await?;
    let last = Instant::new(told.to.timestamp() - jiff::SignedDuration::from_secs(1), told.to.offset());
    let span = Span { from: told.from.date(), to: last.date() };
    let (duration, days) = if of_work {
        let sheet = Sheet::read(caller.workforce()?, &[record.id], span).await?;
        let hours = |day: LocalDate| {
            let slots = sheet.shifts.get(&(record.id, day)).map(planned).unwrap_or_default();
            slots.chunks_exact(2).map(|pair| (pair[0].at, pair[1].at)).collect::<Vec<_>>()
        };
        told.measure(Some(&hours))
    } else {
        told.measure(None)
    };
    Ok(Measured { employee: record.id, kind, told, duration, days })
}

/// The name under which an approval from elsewhere is kept: the same one again replaces it.
fn kept_as(employee: Id, approve_id: &str) -> String {
    format!("dingtalk/approve/{employee}/{approve_id}")
}

fn short<'a>(name: &'static str, text: &'a Option<String>, max: usize) -> Result<&'a str, Fault> {
    let text = text.as_deref().unwrap_or_default();
    if text.chars().count() <= max {
        return Ok(text);
    }
    Err(named("invalidRequestParams", &format!("{name} has at most {max} characters")))
}

/// Puts what was decided on the person's timeline.
async fn keep(
    caller: &Caller,
    measured: &Measured,
    (tag_name, sub_type, approve_id): (&Option<String>, &Option<String>, &Option<String>),
    jump_url: &Option<String>,
    overtime: &Option<String>,
) -> Result<(), Fault> {
    let tag = short("tagName", tag_name, TAG_CHARS_MAX)?;
    let sub = short("subType", sub_type, TAG_CHARS_MAX)?;
    short("jumpUrl", jump_url, URL_CHARS_MAX)?;
    let approve_id = short("approveId", approve_id, APPROVE_ID_CHARS_MAX)?;
    if tag.is_empty() || approve_id.is_empty() {
        return Err(named("invalidRequestParams", "tagName and approveId are needed"));
    }
    if measured.kind == TimelineKind::Leave && sub.is_empty() {
        return Err(named("invalidRequestParams", "a leave needs its subType"));
    }
    let word = if sub.is_empty() { tag } else { sub };
    // How long overtime was is told beside its span.
    let told = overtime.as_deref().filter(|_| measured.kind == TimelineKind::Overtime);
    let told = told.filter(|text| text.parse::<f64>().is_ok_and(|hours| (0.0..=24.0).contains(&hours)));
    let duration = told.unwrap_or(&measured.duration);
    let entry = decided(measured.employee, measured.kind, word, &measured.told, duration);
    let name = kept_as(measured.employee, approve_id);
    caller.workforce()?.save(vec![(name, Draft::of(&entry)?)]).await?;
    Ok(())
}

async fn finish_old(caller: Caller, ask: ApproveFinish) -> Result<Wrapped<OldDuration>, Fault> {
    let asked = Asked {
        biz_type: ask.biz_type,
        from: &ask.from_time,
        to: &ask.to_time,
        unit: &ask.duration_unit,
        model: ask.calculate_model,
        tag_name: ask.tag_name.as_deref().unwrap_or_default(),
    };
    let measured = measured(&caller, &ask.userid, asked).await?;
    let names = (&ask.tag_name, &ask.sub_type, &ask.approve_id);
    keep(&caller, &measured, names, &ask.jump_url, &ask.overtime_duration).await?;
    Ok(Wrapped::of(OldDuration { duration: Some(measured.duration), duration_detail: measured.days }))
}

fn answer(measured: Measured) -> Duration {
    let result = NewDuration { duration: Some(measured.duration), duration_detail: measured.days };
    Duration { result: Some(result), success: Some(true) }
}

async fn finish(caller: Caller, ask: ApprovalFinish) -> Result<Duration, Fault> {
    let span = ask.top_calculate_approve_duration_param;
    let span =
        span.ok_or_else(|| named("invalidRequestParams", "topCalculateApproveDurationParam is missing"))?;
    let asked = Asked {
        biz_type: span.biz_type,
        from: &span.from_time,
        to: &span.to_time,
        unit: &span.duration_unit,
        model: span.calculate_model,
        tag_name: ask.tag_name.as_deref().unwrap_or_default(),
    };
    let measured = measured(&caller, &ask.user_id, asked).await?;
    if let (Some(code), Some(name)) = (&span.leave_code, &ask.sub_type)
        && *code != leave_code(name)
    {
        return Err(named("invalidRequestParams", "leaveCode is not that of subType"));
    }
    let names = (&ask.tag_name, &ask.sub_type, &ask.approve_id);
    keep(&caller, &measured, names, &ask.jump_url, &ask.overtime_duration).await?;
    Ok(answer(measured))
}

async fn calculate(caller: Caller, ask: DurationCalculate) -> Result<Duration, Fault> {
    let asked = Asked {
        biz_type: ask.biz_type,
        from: &ask.from_time,
        to: &ask.to_time,
        unit: &ask.duration_unit,
        model: ask.calculate_model,
        tag_name: "",
    };
    Ok(answer(measured(&caller, &ask.user_id, asked).await?))
}

async fn cancel(caller: Caller, ask: ApproveCancel) -> Result<Success, Fault> {
    let approve_id = required("approve_id", &ask.approve_id)?;
    let (record, _) = user::found(&caller, required("userid", &ask.userid)?).await?;
    let workforce = caller.workforce()?;
    let found = workforce.saved(Kind::TimelineEntry, &kept_as(record.id, approve_id)).await?;
    let entry = found.ok_or_else(|| Fault::new(Code::Value, "审批单不存在: there is no such approval"))?;
    workforce.remove(Kind::TimelineEntry, entry.id).await?;
    Ok(Success { success: Some(true) })
}

/// A missing punch is made good: it is a punch, and says by what. `punch_id` is the slot's number.
async fn check(caller: Caller, ask: ApproveCheck) -> Result<Success, Fault> {
    let (approve_id, tag_name) =
        (required("approve_id", &ask.approve_id)?, required("tag_name", &ask.tag_name)?);
    required("jump_url", &ask.jump_url)?;
    let day = time("work_date", &ask.work_date)?.date();
    let plan_at = time("punch_check_time", &ask.punch_check_time)?;
    let at = time("user_check_time", &ask.user_check_time)?;
    let slot = ask.punch_id.ok_or_else(|| missing("punch_id"))?;
    let (record, _) = user::found(&caller, required("userid", &ask.userid)?).await?;
    let sheet = Sheet::read(caller.workforce()?, &[record.id], Span::of(day)).await?;
    let slots = sheet.shifts.get(&(record.id, day)).map(planned).unwrap_or_default();
    let by_number = |of: &&crate::dingtalk::map::attendance::Planned| of.number() == slot || of.at == plan_at;
    let found = slots.iter().find(by_number);
    let found = found.ok_or_else(|| Fault::new(Code::Value, "排班不存在: nobody was to punch then"))?;
    let detail = serde_json::json!({"approval": approve_id, "remark": tag_name});
    let punch = Punch {
        direction: if found.duty == Duty::On {
            tongshi_model::Direction::In
        } else {
            tongshi_model::Direction::Out
        },
        source: PunchSource::Approval,
        day: Some(day),
        ..uploaded(record.id, at, detail)
    };
    caller.workforce()?.record_punches(vec![punch]).await?;
    Ok(Success { success: Some(true) })
}

/// Two people take each other's shifts on a day and, where they are to go back, on another.
async fn switch(caller: Caller, ask: ApproveSwitch) -> Result<Success, Fault> {
    required("approve_id", &ask.approve_id)?;
    let (applicant, _) = user::found(&caller, required("apply_userid", &ask.apply_userid)?).await?;
    let (other, _) = user::found(&caller, required("target_userid", &ask.target_userid)?).await?;
    let on = time("switch_date", &ask.switch_date)?.date();
    let mut days = vec![(on, ask.apply_shift_id, ask.target_shift_id)];
    if ask.reback_date.as_deref().is_some_and(|date| !date.is_empty()) {
        let back = time("reback_date", &ask.reback_date)?.date();
        days.push((back, ask.reback_apply_shift_id, ask.reback_target_shift_id));
    }
    let workforce = caller.workforce()?;
    let mut items = Vec::new();
    for (day, own, others) in days {
        let both = shifts(workforce, Some(&[applicant.id, other.id]), Span::of(day)).await?;
        for (from, to, number) in [(applicant.id, other.id, own), (other.id, applicant.id, others)] {
            let found = both.iter().find(|shift| shift.employee == from);
            if let (Some(number), Some(shift)) = (number.filter(|number| *number > 1), found)
                && number != crate::dingtalk::map::attendance::shift_number(shift)
            {
                return Err(Fault::new(
                    Code::Value,
                    "班次不匹配: the shift is not the one that is worked that day",
                ));
            }
            let shift = ShiftAssignment {
                employee: to,
                date: day,
                shift: found.and_then(|shift| shift.shift.clone()),
                rule: found.and_then(|shift| shift.rule.clone()),
                time_range: found.and_then(|shift| shift.time_range.clone()),
            };
            items.push((format!("dingtalk/schedule/{to}/{day}"), Draft::of(&shift)?));
        }
    }
    workforce.save(items).await?;
    Ok(Success { success: Some(true) })
}
