//! What of a day is not in the record on the next morning.

use std::collections::{HashMap, HashSet};

use tongshi_hub::PunchQuery;
use tongshi_model::{Approval, ApprovalResult, ApprovalStatus, Id, Kind, LocalDate};

use super::{Asked, Month, approval_name, instant};

impl Month<'_> {
    pub(super) async fn missing_punches(&self, day: LocalDate) -> usize {
        let mut known: HashSet<(Id, i64)> = HashSet::new();
        let mut after = None;
        loop {
            let query = PunchQuery { from: Some(day), to: Some(day), after, limit: 1000, employee: None };
            let page = self.hub.hub.punches(&self.hub.main, &query).await.expect("punches are read");
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            known.extend(page.iter().map(|punch| (punch.employee, punch.at.timestamp().as_second())));
        }
        let made = self.punches.get(&day).map(Vec::as_slice).unwrap_or_default();
        let person = |person: usize| self.read.id(Kind::Employee, &self.remote(person));
        made.iter().filter(|(who, at)| !known.contains(&(person(*who), *at))).count()
    }

    /// Approvals that are not in the record as they stand, of the whole month so far.
    pub(super) async fn missing_approvals(&self, yesterday: LocalDate) -> usize {
        let records = self.hub.records(&self.hub.main, Kind::Approval).await;
        let known: HashMap<Id, Approval> = records
            .iter()
            .map(|record| (record.id, serde_json::from_str(record.data.get()).expect("an approval")))
            .collect();
        let stands = |number: usize, asked: &Asked| {
            let own = self.own.id(Kind::Approval, &approval_name(number));
            let Some(found) = known.get(&self.read.id(Kind::Approval, &own.to_string())) else {
                return false;
            };
            let result = match (asked.over, asked.approved) {
                (false, _) => ApprovalResult::None,
                (true, true) => ApprovalResult::Approved,
                (true, false) => ApprovalResult::Rejected,
            };
            let over = found.status.value == ApprovalStatus::Completed;
            over == asked.over && found.result == result
        };
        let all = self.approvals.iter().enumerate();
        all.filter(|(number, asked)| asked.day <= yesterday && !stands(*number, asked)).count()
    }

    pub(super) async fn missing_leaves(&self, yesterday: LocalDate) -> usize {
        let records = self.hub.records(&self.hub.main, Kind::TimelineEntry).await;
        let known: HashSet<Id> = records.iter().map(|record| record.id).collect();
        let due = self.approvals.iter().filter(|asked| {
            asked.over && asked.approved && asked.leave == yesterday && self.staff[asked.person].is_some()
        });
        due.filter(|asked| {
            let start = instant(asked.leave, 0, 0).timestamp().as_millisecond();
            let name = format!("{}/{start}", self.remote(asked.person));
            !known.contains(&self.read.id(Kind::TimelineEntry, &name))
        })
        .count()
    }
}
