//! Punches, and what they say about working days.

use std::collections::BTreeMap;

use serde::Serialize;
use tongshi_model::{Direction, Error, Id, Instant, LocalDate, PunchSource};
use tongshi_store::{Workspace, connections, punches};

use crate::{
    Hub,
    reads::{LIMIT_MAX, limited},
    workforce::punch_of,
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
        let mut session = self.store().read().await?;
        let limit = limited(query.limit)?;
        let (from, to, after) = (query.from, query.to, query.after.unwrap_or(0));
        let rows = punches::list(&mut session, workspace, after, query.employee, from, to, limit).await?;
        let all = connections::all(&mut session, workspace).await?;
        let names: BTreeMap<i64, String> = all.into_iter().map(|found| (found.no, found.name)).collect();
        Ok(rows
            .into_iter()
            .map(|row| {
                let (id, connection) = (row.id, names.get(&row.connection).cloned().unwrap_or_default());
                let punch = punch_of(row);
                PunchView {
                    id,
                    employee: punch.employee,
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
        employee: Option<Id>,
        from: LocalDate,
        to: LocalDate,
        limit: u32,
    ) -> Result<Vec<AttendanceDay>, Error> {
        let mut days: BTreeMap<(Id, LocalDate), AttendanceDay> = BTreeMap::new();
        let mut session = self.store().read().await?;
        let limit = limited(limit)? as usize;
        let mut after = 0;
        loop {
            let rows =
                punches::list(&mut session, workspace, after, employee, Some(from), Some(to), LIMIT_MAX)
                    .await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in rows {
                let punch = punch_of(row);
                let key = (punch.employee, punch.working_day());
                if days.len() >= limit && !days.contains_key(&key) {
                    continue;
                }
                days.entry(key)
                    .or_insert_with(|| AttendanceDay::empty(key.0, key.1))
                    .add(punch.at, punch.direction);
            }
        }
        Ok(days.into_values().collect())
    }
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
