//! Punches, and what they say about working days.

use std::collections::BTreeMap;

use serde::Serialize;
use tongshi_model::{Direction, Error, Id, Instant, LocalDate, PunchSource};
use tongshi_store::{Session, StoredPunch, Workspace, connections, punches};

use crate::{
    Hub,
    reads::{LIMIT_MAX, limited},
    stored_punch::punch_of,
};

/// Which punches to read.
#[derive(Clone, Debug, Default)]
pub struct PunchQuery {
    /// Whose.
    pub employee: Option<Id>,
    /// From this working day on.
    pub from: Option<LocalDate>,
    /// Up to this working day.
    pub to: Option<LocalDate>,
    /// The last punch of the page before.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: u32,
}

/// A punch as it is shown.
#[derive(Debug, Serialize)]
pub struct PunchView {
    /// Its number.
    pub id: i64,
    /// Who.
    pub employee: Id,
    /// When.
    pub at: Instant,
    /// Coming or going.
    pub direction: Direction,
    /// By what means.
    pub source: PunchSource,
    /// The working day.
    pub day: LocalDate,
    /// Through which connection it came.
    pub connection: String,
    /// Device, place or remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

/// Which attendance days to read.
#[derive(Clone, Debug)]
pub struct AttendanceQuery {
    /// Whose.
    pub employee: Option<Id>,
    /// From this working day on.
    pub from: LocalDate,
    /// Up to this working day.
    pub to: LocalDate,
    /// The last day of the page before: whose, and which.
    pub after: Option<(Id, LocalDate)>,
    /// How many at most.
    pub limit: u32,
}

/// A page of attendance days.
#[derive(Debug)]
pub struct AttendancePage {
    /// The days, by person and date.
    pub data: Vec<AttendanceDay>,
    /// Behind which person and date the next page begins; none at the end.
    pub next: Option<(Id, LocalDate)>,
}

/// What the punches of a person's working day say.
#[derive(Debug, PartialEq, Serialize)]
pub struct AttendanceDay {
    /// Who.
    pub employee: Id,
    /// The working day.
    pub date: LocalDate,
    /// First coming.
    pub first_in: Option<Instant>,
    /// Last going.
    pub last_out: Option<Instant>,
    /// How many punches there are.
    pub punches: u32,
}

impl Hub {
    /// Reads punches.
    pub async fn punches(&self, workspace: &Workspace, query: &PunchQuery) -> Result<Vec<PunchView>, Error> {
        let limit = limited(query.limit)?;
        let aliases = self.aliases(workspace).await?;
        let employees = query.employee.map(|employee| aliases.all(employee)).unwrap_or_default();
        let mut session = self.store().read().await?;
        let (from, to, after) = (query.from, query.to, query.after.unwrap_or(0));
        let rows = punches::list_any(&mut session, workspace, after, &employees, from, to, limit).await?;
        let all = connections::all(&mut session, workspace).await?;
        let names: BTreeMap<i64, String> = all.into_iter().map(|found| (found.no, found.name)).collect();
        Ok(rows
            .into_iter()
            .map(|row| {
                let (id, connection) = (row.id, names.get(&row.connection).cloned().unwrap_or_default());
                let punch = punch_of(row);
                PunchView {
                    id,
                    employee: aliases.meaning(punch.employee),
                    at: punch.at,
                    direction: punch.direction,
                    source: punch.source,
                    day: punch.working_day(),
                    connection,
                    detail: punch.detail,
                }
            })
            .collect())
    }

    /// What the punches say, a row for each person and working day on which there are any.
    pub async fn attendance_days(
        &self,
        workspace: &Workspace,
        query: &AttendanceQuery,
    ) -> Result<AttendancePage, Error> {
        let limit = limited(query.limit)? as usize;
        let aliases = self.aliases(workspace).await?;
        let mut session = self.store().read().await?;
        if let Some(ids) = query.employee.map(|employee| aliases.all(employee)).filter(|ids| ids.len() > 1) {
            return linked_days(&mut session, workspace, query, &ids, limit).await;
        }
        let mut page = AttendancePage { data: Vec::new(), next: None };
        let mut behind = query.after.map(|(employee, day)| (employee, day, i64::MAX));
        let mut place = None;
        // A linked person's day is told as a whole where it begins.
        let mut told = false;
        loop {
            let days = (query.from, query.to);
            let rows =
                punches::by_person(&mut session, workspace, behind, query.employee, days, LIMIT_MAX).await?;
            let Some(last) = rows.last() else { return Ok(page) };
            behind = Some((last.employee, last.day, last.id));
            for row in rows {
                let (employee, date) = (row.employee, row.day);
                let punch = punch_of(row);
                if place != Some((employee, date)) {
                    if page.data.len() >= limit {
                        return Ok(AttendancePage { next: place, ..page });
                    }
                    place = Some((employee, date));
                    let ids = aliases.all(employee);
                    told = ids.len() > 1;
                    if told {
                        page.data.extend(linked_day(&mut session, workspace, employee, &ids, date).await?);
                        continue;
                    }
                    page.data.push(AttendanceDay::empty(employee, date));
                }
                if let Some(day) = page.data.last_mut().filter(|_| !told) {
                    day.add(punch.at, punch.direction);
                }
            }
        }
    }
}

/// The days of a person who goes by several ids, the first of which is the one that is shown.
async fn linked_days(
    session: &mut Session,
    workspace: &Workspace,
    query: &AttendanceQuery,
    ids: &[Id],
    limit: usize,
) -> Result<AttendancePage, Error> {
    let from = query.after.map_or(query.from, |(_, day)| day.tomorrow().unwrap_or(day).max(query.from));
    let mut page = AttendancePage { data: Vec::new(), next: None };
    if from > query.to {
        return Ok(page);
    }
    for punch in one_of_each(punches::of_any(session, workspace, ids, from, query.to).await?) {
        let date = punch.day;
        if page.data.last().is_none_or(|day| day.date != date) {
            if page.data.len() >= limit {
                page.next = page.data.last().map(|day| (day.employee, day.date));
                return Ok(page);
            }
            page.data.push(AttendanceDay::empty(ids[0], date));
        }
        let punch = punch_of(punch);
        if let Some(day) = page.data.last_mut() {
            day.add(punch.at, punch.direction);
        }
    }
    Ok(page)
}

/// The day of a person who goes by several ids, as one: at the smallest of the ids that have punches on it.
async fn linked_day(
    session: &mut Session,
    workspace: &Workspace,
    employee: Id,
    ids: &[Id],
    date: LocalDate,
) -> Result<Option<AttendanceDay>, Error> {
    let punches = punches::of_any(session, workspace, ids, date, date).await?;
    if punches.iter().any(|punch| punch.employee < employee) {
        return Ok(None);
    }
    let mut day = AttendanceDay::empty(ids[0], date);
    for punch in one_of_each(punches) {
        let punch = punch_of(punch);
        day.add(punch.at, punch.direction);
    }
    Ok(Some(day))
}

/// Two vendors that read the same machine tell of one punch.
fn one_of_each(mut punches: Vec<StoredPunch>) -> Vec<StoredPunch> {
    punches.sort_by_key(|punch| (punch.day, punch.at, punch.direction as i64));
    punches.dedup_by_key(|punch| (punch.day, punch.at, punch.direction as i64));
    punches
}

impl AttendanceDay {
    fn empty(employee: Id, date: LocalDate) -> Self {
        Self { employee, date, first_in: None, last_out: None, punches: 0 }
    }

    /// Punches come in by number, not by time. One without direction is the first coming or, when there is more than
    /// one, the last going.
    fn add(&mut self, at: Instant, direction: Direction) {
        self.punches += 1;
        let coming = matches!(direction, Direction::In | Direction::Unknown | Direction::Other);
        let going = direction == Direction::Out || (coming && direction != Direction::In && self.punches > 1);
        let first = self.first_in;
        if coming && first.is_none_or(|first| at < first) {
            self.first_in = Some(at);
        }
        if going {
            let latest = [self.last_out, first, Some(at)].into_iter().flatten().max();
            self.last_out = if direction == Direction::Out { self.last_out.max(Some(at)) } else { latest };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_from_punches_in_any_order() {
        let at = |text: &str| Instant::parse(text, tongshi_model::shanghai()).unwrap();
        let mut day = AttendanceDay::empty(Id::of(&["e"]), "2026-03-02".parse().unwrap());
        day.add(at("2026-03-02 18:05"), Direction::Out);
        day.add(at("2026-03-02 08:55"), Direction::In);
        assert_eq!(
            (day.first_in, day.last_out),
            (Some(at("2026-03-02 08:55")), Some(at("2026-03-02 18:05")))
        );
        for times in [["08:55", "18:05"], ["18:05", "08:55"]] {
            let mut day = AttendanceDay::empty(Id::of(&["e"]), "2026-03-02".parse().unwrap());
            times.iter().for_each(|time| day.add(at(&format!("2026-03-02 {time}")), Direction::Unknown));
            assert_eq!(
                (day.first_in, day.last_out),
                (Some(at("2026-03-02 08:55")), Some(at("2026-03-02 18:05")))
            );
        }
    }
}
