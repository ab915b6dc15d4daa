//! What the hub does at Zhiren: sends punches in, sets pay subjects, announces visitors.
//!
//! The same punch twice is stored once (§6.11) and of a pay subject the last value counts (§6.30), so both may be
//! sent again; a visitor who is announced twice is announced twice. Of punches the vendor shows the first and the last
//! of a day, of the other two nothing.

use std::collections::BTreeMap;

use serde_json::Number;
use tongshi_dialect::{CallError, PushError, Pushed, Seen, Target, Write, WriteBody};
use tongshi_model::{Currency, Error, Instant, Kind, LocalDate, Money, Punch, SalaryItem, Visit, shanghai};

use super::{Connection, Fault, FaultCode, Layout, rows, wire};

/// How many punches go in one call: in the query the address must stay short.
const PUNCHES_IN_QUERY: usize = 40;
const PUNCHES_IN_BODY: usize = 500;

/// How a punch's time is written: to the minute.
const MINUTE: &str = "%Y-%m-%d %H:%M";

/// Whether the same write may be sent again.
pub(super) fn is_repeatable(target: Target) -> bool {
    matches!(target, Target::Punch | Target::Record(Kind::SalaryItem))
}

impl Connection {
    pub(super) fn batch_of(&self, target: Target) -> usize {
        match target {
            Target::Punch if self.layout == Layout::Query => PUNCHES_IN_QUERY,
            Target::Punch => PUNCHES_IN_BODY,
            Target::Record(_) => 1,
        }
    }

    pub(super) async fn push_writes(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        if writes.first().is_some_and(|write| write.target() == Target::Punch) {
            return self.push_punches(writes).await;
        }
        let mut pushed = Vec::with_capacity(writes.len());
        for write in writes {
            pushed.push(match write.target() {
                Target::Record(Kind::SalaryItem) => self.push_salary(write, &write.read()?).await?,
                Target::Record(Kind::Visit) => self.push_visit(write, &write.read()?).await?,
                other => return Err(Error::internal(format!("Zhiren takes no {other}")).into()),
            });
        }
        Ok(pushed)
    }

    async fn push_punches(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let mut pushed = vec![Pushed::Refused("the employee has no number".to_owned()); writes.len()];
        let mut places = Vec::with_capacity(writes.len());
        let mut attendances = Vec::with_capacity(writes.len());
        for (place, write) in writes.iter().enumerate() {
            let WriteBody::Punch(punch) = &write.body else { continue };
            let Some(empno) = write.key(punch.employee) else { continue };
            places.push(place);
            attendances
                .push(wire::PunchIn { empno: Some(empno.to_owned()), punched_at: Some(minute(punch.at)) });
        }
        if attendances.is_empty() {
            return Ok(pushed);
        }
        let answer = self.client.call(&wire::PunchImport { attendances }, &self.key).await?;
        let mut rows = answer.into_iter();
        for place in places {
            pushed[place] = match rows.next() {
                Some(row) if is_taken(row.code.as_deref()) => Pushed::Taken { remote_id: None },
                Some(row) => Pushed::Refused(
                    row.error_message.unwrap_or_else(|| "refused without a reason".to_owned()),
                ),
                None => Pushed::Unsure,
            };
        }
        Ok(pushed)
    }

    async fn push_salary(&self, write: &Write, item: &SalaryItem) -> Result<Pushed, PushError> {
        let Some(empno) = write.key(item.employee) else {
            return Ok(refused("the employee has no number"));
        };
        let amount = item.amount.expose();
        let text = amount.to_string();
        // The vendor takes a JSON number; one that it would round is refused here.
        let value = text.parse::<Number>().ok().filter(|number| {
            Money::parse_hundredths(&number.to_string(), amount.currency).is_ok_and(|read| read == *amount)
        });
        let value = match value {
            Some(value) if amount.currency == Currency::CNY => value,
            Some(_) => return Ok(refused("Zhiren takes amounts in yuan only")),
            None => return Ok(refused("the amount has too many digits")),
        };
        let call = wire::SalarySet {
            empno: Some(empno.to_owned()),
            subject_name: Some(item.subject.clone()),
            month: Some(item.month.clone()),
            value: Some(value),
        };
        said(self.client.call(&call, &self.key).await)
    }

    async fn push_visit(&self, write: &Write, visit: &Visit) -> Result<Pushed, PushError> {
        let Some(host) = write.remote(visit.host) else {
            return Ok(refused("Zhiren does not know the host"));
        };
        let call = wire::EmployeeNotify {
            guid: host.to_owned(),
            token: self.company_token(),
            name: Some(visit.visitor_name.expose().clone()),
            time: Some(visit.expected_text.clone()),
        };
        said(self.client.call(&call, &self.key).await)
    }

    /// Looks for punches among the days of their people, a call for each person and day.
    pub(super) async fn see_writes(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        let mut seen = vec![Seen::Unknown; writes.len()];
        let mut days: BTreeMap<(&str, LocalDate), Vec<(usize, &Punch)>> = BTreeMap::new();
        for (place, write) in writes.iter().enumerate() {
            if let WriteBody::Punch(punch) = &write.body
                && let Some(guid) = write.remote(punch.employee)
            {
                let day = Instant::new(punch.at.timestamp(), shanghai()).date();
                days.entry((guid, day)).or_default().push((place, punch));
            }
        }
        for ((guid, day), punches) in days {
            let ask = wire::EmployeeAttendanceCheckings {
                guid: guid.to_owned(),
                start_date: day.to_string(),
                end_date: day.to_string(),
            };
            let Some((_, first)) = punches.first() else { continue };
            let (shown, _) = rows::punches(&self.ask(&ask).await?, first.employee)?;
            for (place, punch) in punches {
                seen[place] = look(punch, &shown);
            }
        }
        Ok(seen)
    }
}

/// Whether a punch is among those that a day shows. One that lies between the first and the last is not shown, which
/// says nothing of it.
fn look(punch: &Punch, shown: &[Punch]) -> Seen {
    let at = minute(punch.at);
    let mut times: Vec<String> = shown.iter().map(|shown| minute(shown.at)).collect();
    times.sort_unstable();
    if times.contains(&at) {
        return Seen::There { remote_id: None };
    }
    match (times.first(), times.last()) {
        (Some(first), Some(last)) if *first < at && at < *last => Seen::Unknown,
        _ => Seen::Absent,
    }
}

fn minute(at: Instant) -> String {
    Instant::new(at.timestamp(), shanghai()).format(MINUTE)
}

/// Whether a punch was taken. The document spells the code with a zero (§6.10).
fn is_taken(code: Option<&str>) -> bool {
    code.is_some_and(|code| matches!(code.to_ascii_lowercase().as_str(), "0k" | "ok" | "0"))
}

fn refused(why: &str) -> Pushed {
    Pushed::Refused(why.to_owned())
}

/// A refusal of what was sent is the row's affair; any other failure is the call's.
fn said<T>(outcome: Result<T, CallError<Fault>>) -> Result<Pushed, PushError> {
    match outcome {
        Ok(_) => Ok(Pushed::Taken { remote_id: None }),
        Err(CallError::Fault { fault, status, .. })
            if status < 500
                && matches!(fault.code, FaultCode::NoRecord | FaultCode::Parameter | FaultCode::Object) =>
        {
            Ok(refused(&fault.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
