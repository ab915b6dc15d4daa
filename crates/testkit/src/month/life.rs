//! What happens on a day: people come and go, punch, ask for leave and get it.

use tongshi_hub::LoadItem;
use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Coded, Direction, Employee, EmploymentStatus,
    Instant, Kind, LocalDate, Punch, PunchSource, TimelineEntry, TimelineKind, Timestamp, shanghai,
};

use super::{
    Asked, DEPARTMENT, Month, approval_name, instant, is_workday, later, person_name, record, unit_name,
};

/// Approvals that a thousand people ask for in a month.
const APPROVALS_PER_THOUSAND: usize = 700;

impl Month<'_> {
    pub(super) fn hire(&mut self) -> LoadItem {
        let number = self.staff.len();
        let unit = self.own.id(Kind::OrgUnit, &unit_name(number % self.report.people.div_ceil(DEPARTMENT)));
        let person = Employee {
            name: format!("月{number:04}").into(),
            employee_no: Some(format!("M-{number:04}")),
            mobile: Some(format!("1970000{number:04}").into()),
            status: Some(EmploymentStatus::Active),
            org_unit: Some(unit),
            ..Employee::default()
        };
        self.staff.push(Some(person.clone()));
        record(person_name(number), &person)
    }

    /// The last punches of the day before, and the reading before the morning.
    pub(super) async fn night(&mut self, day: LocalDate) {
        self.to(day, 1, 0);
        let late = std::mem::take(&mut self.late);
        let punches = late.iter().map(|(person, at, day)| {
            self.punch(*person, Instant::new(*at, shanghai()), Direction::Out, Some(*day))
        });
        let punches: Vec<Punch> = punches.collect();
        for (person, at, day) in late {
            self.punches.entry(day).or_default().push((person, at.as_second()));
        }
        self.load(vec![LoadItem::Punches(punches)]).await;
        self.to(day, 4, 15);
        self.tick().await;
    }

    pub(super) fn punch(
        &self,
        person: usize,
        at: Instant,
        direction: Direction,
        day: Option<LocalDate>,
    ) -> Punch {
        let employee = self.own.id(Kind::Employee, &person_name(person));
        Punch { employee, at, direction, source: PunchSource::Machine, day, detail: None }
    }

    /// People come and go; leave is asked for and decided.
    pub(super) async fn noon(&mut self, day: LocalDate) {
        self.to(day, 10, 0);
        let mut items = Vec::new();
        if is_workday(day) {
            for _ in 0..self.report.people.div_ceil(500) {
                items.push(self.hire());
                self.report.joined += 1;
            }
            // Not the one in whose name is asked.
            let leaver = 1 + self.roll(self.staff.len() - 1);
            if let Some(mut person) = self.staff[leaver].take() {
                person.status = Some(EmploymentStatus::Ended);
                items.push(record(person_name(leaver), &person));
                self.report.left += 1;
            }
        }
        self.load(items).await;
        self.events().await;
        self.to(day, 12, 0);
        self.office(day, 11).await;
        self.events().await;
    }

    /// Asks for leaves and decides those whose day has come.
    pub(super) async fn office(&mut self, day: LocalDate, hour: i8) {
        if !is_workday(day) {
            return;
        }
        let mut items = Vec::new();
        let each = self.report.people * APPROVALS_PER_THOUSAND / 1000;
        // Twice on each of about 22 days.
        for _ in 0..each.div_ceil(44) {
            let person = self.roll(self.staff.len());
            let Some(employee) = &self.staff[person] else { continue };
            // Most are decided the same or the next day, some lie.
            let days = [0, 0, 0, 1, 1, 2, 6, 11][self.roll(8)];
            let ahead = 2 + self.roll(5);
            let asked = Asked {
                person,
                day,
                decided_on: later(day, days),
                leave: later(day, i64::try_from(ahead).expect("few days")),
                approved: self.roll(8) > 0,
                over: false,
            };
            // Nobody is away twice on one day.
            let away = |other: &Asked| other.person == person && other.leave == asked.leave;
            if self.approvals.iter().any(away) {
                continue;
            }
            let number = self.approvals.len();
            let name = employee.name.clone();
            items.push(record(
                approval_name(number),
                &self.approval(number, &asked, name, instant(day, hour, 0)),
            ));
            self.approvals.push(asked);
        }
        for number in 0..self.approvals.len() {
            let asked = &self.approvals[number];
            if asked.over || asked.decided_on > day || (asked.day == day && hour < 12) {
                continue;
            }
            self.approvals[number].over = true;
            let asked = &self.approvals[number];
            let name = format!("月{:04}", asked.person).into();
            items.push(record(
                approval_name(number),
                &self.approval(number, asked, name, instant(asked.day, 11, 0)),
            ));
            if asked.approved {
                items.push(record(format!("month/leave/{number}"), &self.leave(asked)));
            }
        }
        self.load(items).await;
    }

    pub(super) fn approval(
        &self,
        number: usize,
        asked: &Asked,
        name: tongshi_model::Personal<String>,
        at: Instant,
    ) -> Approval {
        let result = match (asked.over, asked.approved) {
            (false, _) => ApprovalResult::None,
            (true, true) => ApprovalResult::Approved,
            (true, false) => ApprovalResult::Rejected,
        };
        let status = if asked.over { ApprovalStatus::Completed } else { ApprovalStatus::Running };
        Approval {
            number: format!("20260501{number:06}"),
            title: Some("请假".to_owned()),
            category: Coded::ours(ApprovalCategory::Leave),
            applicant: Some(self.own.id(Kind::Employee, &person_name(asked.person))),
            applicant_name: Some(name),
            status: Coded::ours(status),
            status_label: None,
            result,
            submitted_at: Some(at),
            updated_at: Some(Instant::new(self.hub.now(), shanghai())),
            form: Vec::new(),
            tasks: Vec::new(),
            log: Vec::new(),
            copies: Vec::new(),
        }
    }

    pub(super) fn leave(&self, asked: &Asked) -> TimelineEntry {
        TimelineEntry {
            employee: self.own.id(Kind::Employee, &person_name(asked.person)),
            kind: Coded::vendor("事假", Some(TimelineKind::Leave)),
            date: asked.leave,
            start: Some(instant(asked.leave, 0, 0)),
            end: Some(instant(later(asked.leave, 1), 0, 0)),
            duration: None,
            approval: None,
            note: None,
        }
    }

    /// Everybody has punched.
    pub(super) async fn evening(&mut self, day: LocalDate) {
        self.to(day, 19, 0);
        self.office(day, 16).await;
        let mut punches = Vec::new();
        for person in 0..self.staff.len() {
            let works = if is_workday(day) { self.roll(50) > 0 } else { self.roll(20) == 0 };
            if self.staff[person].is_none() || !works {
                continue;
            }
            let minutes = |from: i8, minutes: usize| {
                let at =
                    instant(day, from, 0).timestamp().as_second() + 60 * i64::try_from(minutes).expect("few");
                Instant::new(Timestamp::from_second(at).expect("a time"), shanghai())
            };
            let (come, go) = (minutes(8, 15 + self.roll(60)), minutes(17, 15 + self.roll(100)));
            let mut made = vec![come];
            punches.push(self.punch(person, come, Direction::In, Some(day)));
            if self.roll(30) == 0 {
                // Until after midnight: it counts for this day.
                self.late.push((person, minutes(23, 70 + self.roll(60)).timestamp(), day));
            } else {
                punches.push(self.punch(person, go, Direction::Out, Some(day)));
                made.push(go);
            }
            let of_day = self.punches.entry(day).or_default();
            of_day.extend(made.iter().map(|at| (person, at.timestamp().as_second())));
        }
        self.load(vec![LoadItem::Punches(punches)]).await;
        self.events().await;
    }
}
