//! What a company must show, whatever its size and seed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::de::DeserializeOwned;
use tongshi_model::{
    Approval, ApprovalResult, ApprovalStatus, Booking, Candidate, CandidateSource, CandidateStatus, Company,
    Degree, Direction, Draft, DurationUnit, Employee, EmploymentPhase, EmploymentType, Entity, Error,
    ExpenseClaim, Id, Keys, Kind, LegalEntity, LocalDate, OrgUnit, PointsEntry, Punch, PunchSource,
    Recognition, RecognitionStatus, Redemption, RewardItem, SalaryItem, ShiftAssignment, Space,
    TimelineEntry, TimelineKind, TravelRequest, Vacancy, Visit, VisitStatus, shanghai,
};

use crate::{Item, Plan, generate, people::check_digit};

const TODAY: LocalDate = jiff::civil::date(2026, 3, 12);

fn space() -> Space {
    Space { workspace: Id::of(&["workspace"]), connection: Id::of(&["sandbox"]) }
}

/// A whole company in memory.
struct Made {
    records: Vec<(String, Draft)>,
    punches: Vec<Punch>,
}

impl Made {
    fn new(plan: &Plan) -> Self {
        let mut made = Self { records: Vec::new(), punches: Vec::new() };
        generate(plan, space(), &mut |items| {
            assert!(!items.is_empty());
            for item in items {
                match item {
                    Item::Record { remote_id, draft } => made.records.push((remote_id, draft)),
                    Item::Punches(punches) => made.punches.extend(punches),
                }
            }
            Ok(())
        })
        .unwrap();
        made
    }

    fn of_size(employees: u32) -> Self {
        Self::new(&Plan::new(employees, 7, TODAY))
    }

    fn all<E: Entity>(&self) -> Vec<(Id, E)> {
        self.drafts(E::KIND).map(|(remote_id, draft)| (space().id(E::KIND, remote_id), read(draft))).collect()
    }

    fn drafts(&self, kind: Kind) -> impl Iterator<Item = (&str, &Draft)> {
        let of_kind = self.records.iter().filter(move |(_, draft)| draft.kind == kind);
        of_kind.map(|(remote_id, draft)| (remote_id.as_str(), draft))
    }

    fn ids(&self, kind: Kind) -> HashSet<Id> {
        self.drafts(kind).map(|(remote_id, _)| space().id(kind, remote_id)).collect()
    }

    fn employees(&self) -> Vec<Employee> {
        self.all().into_iter().map(|(_, employee)| employee).collect()
    }
}

fn read<E: DeserializeOwned>(draft: &Draft) -> E {
    serde_json::from_str(&draft.doc).unwrap()
}

fn phase(employee: &Employee) -> EmploymentPhase {
    employee.phase.as_ref().unwrap().value
}

const SIZES: [u32; 7] = [0, 1, 13, 40, 60, 500, 1_100];

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let one = Made::of_size(300);
    let two = Made::of_size(300);
    assert!(one.records == two.records);
    assert_eq!(one.punches, two.punches);
    let other = Made::new(&Plan::new(300, 8, TODAY));
    assert!(one.records != other.records);
}

#[test]
fn remote_ids_are_unique_and_the_count_of_employees_is_exact() {
    for size in SIZES {
        let made = Made::of_size(size);
        let mut seen = HashSet::new();
        for (remote_id, draft) in &made.records {
            assert!(seen.insert((draft.kind, remote_id)), "{remote_id} twice");
        }
        assert_eq!(made.drafts(Kind::Employee).count(), size as usize);
    }
}

#[test]
fn documents_keep_the_canonical_form_with_their_keys() {
    fn check<E: Entity>(made: &Made) -> usize {
        let mut count = 0;
        for (_, draft) in made.drafts(E::KIND) {
            assert!(Draft::of(&read::<E>(draft)).unwrap() == *draft);
            count += 1;
        }
        count
    }
    let made = Made::of_size(120);
    assert_eq!(check::<Company>(&made), 1);
    assert_eq!(check::<LegalEntity>(&made), 4);
    assert_eq!(check::<CandidateSource>(&made), 3);
    assert_eq!(check::<OrgUnit>(&made), 14);
    assert!(check::<Candidate>(&made) >= 6);
    assert!(check::<Vacancy>(&made) >= 3);
    assert!(check::<Approval>(&made) >= 57);
    for count in [
        check::<ShiftAssignment>(&made),
        check::<TimelineEntry>(&made),
        check::<SalaryItem>(&made),
        check::<Visit>(&made),
        check::<Employee>(&made),
    ] {
        assert!(count > 0);
    }
    assert!(check::<TravelRequest>(&made) > 20);
    assert!(check::<Booking>(&made) > 20 && check::<ExpenseClaim>(&made) > 10);
    let total: usize = Kind::ALL.iter().map(|kind| made.drafts(*kind).count()).sum();
    assert_eq!(total, made.records.len());
}

#[test]
fn every_reference_resolves() {
    for size in SIZES {
        let made = Made::of_size(size);
        let employees = made.ids(Kind::Employee);
        let units = made.ids(Kind::OrgUnit);
        let entities = made.ids(Kind::LegalEntity);
        let sources = made.ids(Kind::CandidateSource);
        let approvals: HashMap<Id, Approval> = made.all().into_iter().collect();
        for (_, employee) in made.all::<Employee>() {
            for person in
                [employee.manager, employee.dotted_manager, employee.rehire_of].into_iter().flatten()
            {
                assert!(employees.contains(&person));
            }
            assert!(employee.org_unit.is_none_or(|unit| units.contains(&unit)));
            assert!(employee.legal_entity.is_none_or(|entity| entities.contains(&entity)));
        }
        for (_, unit) in made.all::<OrgUnit>() {
            assert!(unit.head.is_none_or(|head| employees.contains(&head)));
            assert!(unit.parent.is_none_or(|parent| units.contains(&parent)));
        }
        for (_, entity) in made.all::<LegalEntity>() {
            assert!(entity.parent.is_none_or(|parent| entities.contains(&parent)));
        }
        assert!(approvals.values().all(|approval| employees.contains(&approval.applicant.unwrap())));
        assert!(made.all::<Visit>().iter().all(|(_, visit)| employees.contains(&visit.host)));
        assert!(made.all::<SalaryItem>().iter().all(|(_, item)| employees.contains(&item.employee)));
        assert!(made.all::<ShiftAssignment>().iter().all(|(_, shift)| employees.contains(&shift.employee)));
        assert!(made.all::<Candidate>().iter().all(|(_, who)| sources.contains(&who.source.unwrap())));
        assert!(made.all::<Vacancy>().iter().all(|(_, vacancy)| units.contains(&vacancy.org_unit.unwrap())));
        assert!(made.punches.iter().all(|punch| employees.contains(&punch.employee)));
        for (_, entry) in made.all::<TimelineEntry>() {
            assert!(employees.contains(&entry.employee));
            if let Some(approval) = entry.approval {
                let approval = &approvals[&approval];
                assert_eq!(approval.applicant, Some(entry.employee));
                assert_eq!(approval.result, ApprovalResult::Approved);
            }
        }
    }
}

#[test]
fn referenced_things_come_first() {
    let made = Made::of_size(500);
    let mut seen: HashSet<Id> = HashSet::new();
    for (remote_id, draft) in &made.records {
        let references: Vec<Id> = match draft.kind {
            Kind::OrgUnit => read::<OrgUnit>(draft).parent.into_iter().collect(),
            Kind::LegalEntity => read::<LegalEntity>(draft).parent.into_iter().collect(),
            Kind::Candidate => read::<Candidate>(draft).source.into_iter().collect(),
            Kind::Vacancy => read::<Vacancy>(draft).org_unit.into_iter().collect(),
            Kind::Employee => {
                let employee: Employee = read(draft);
                [employee.org_unit, employee.legal_entity, employee.rehire_of].into_iter().flatten().collect()
            }
            Kind::Approval => read::<Approval>(draft).applicant.into_iter().collect(),
            Kind::TimelineEntry => {
                let entry: TimelineEntry = read(draft);
                entry.approval.into_iter().chain([entry.employee]).collect()
            }
            Kind::TravelRequest => {
                let request: TravelRequest = read(draft);
                request.org_unit.into_iter().chain([request.applicant]).collect()
            }
            Kind::Booking => {
                let booking: Booking = read(draft);
                booking.request.into_iter().chain(booking.booker).collect()
            }
            Kind::ExpenseClaim => {
                let claim: ExpenseClaim = read(draft);
                let bookings = claim.lines.iter().flat_map(|line| line.bookings.clone());
                bookings.chain(claim.request).chain([claim.claimant]).collect()
            }
            _ => Vec::new(),
        };
        assert!(references.iter().all(|id| seen.contains(id)), "{remote_id} comes too early");
        seen.insert(space().id(draft.kind, remote_id));
    }
}

#[test]
fn departments_are_a_tree_of_five_levels() {
    for size in [0, 60, 1_100, 30_000] {
        let made = Made::new(&Plan { attendance_days: 0, ..Plan::new(size, 7, TODAY) });
        let units: HashMap<Id, OrgUnit> = made.all().into_iter().collect();
        assert_eq!(units.len(), (size as usize / 25).max(14));
        assert_eq!(units.values().filter(|unit| unit.parent.is_none()).count(), 1);
        let depth = |unit: &OrgUnit| {
            let mut depth = 1;
            let mut parent = unit.parent;
            while let Some(id) = parent {
                depth += 1;
                assert!(depth <= 5);
                parent = units[&id].parent;
            }
            depth
        };
        assert_eq!(units.values().map(depth).max(), Some(5));
        assert_eq!(units.values().map(depth).collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3, 4, 5]));
        let chinese =
            |unit: &&OrgUnit| unit.name.chars().any(|letter| ('\u{4e00}'..'\u{9fff}').contains(&letter));
        assert!(units.values().filter(chinese).count() * 10 >= units.len() * 9);
        if size > 0 {
            assert!(units.values().filter(|unit| unit.head.is_some()).count() >= units.len() - 1);
        }
    }
}

#[test]
fn everybody_but_the_first_has_a_manager_and_nobody_manages_themselves() {
    for size in [1, 13, 60, 500] {
        let made = Made::of_size(size);
        let managers: HashMap<Id, Option<Id>> =
            made.all::<Employee>().into_iter().map(|(id, employee)| (id, employee.manager)).collect();
        // The first of all, and the one who has nothing but a name.
        let free = managers.values().filter(|manager| manager.is_none()).count();
        assert_eq!(free, if size > 26 { 2 } else { 1 });
        for start in managers.keys() {
            let mut steps = 0;
            let mut at = *start;
            while let Some(manager) = managers[&at] {
                assert_ne!(manager, at);
                at = manager;
                steps += 1;
                assert!(steps <= 6, "reporting goes in a circle");
            }
        }
    }
}

#[test]
fn small_and_larger_companies_show_every_status_type_and_category() {
    for (size, seed) in [(60, 0), (60, 1), (60, 2), (60, 3), (60, 7), (500, 7)] {
        let made = Made::new(&Plan::new(size, seed, TODAY));
        let employees = made.employees();
        let phases: HashSet<_> = employees.iter().map(phase).collect();
        use EmploymentPhase as P;
        assert_eq!(phases, HashSet::from([P::Waiting, P::Probation, P::Regular, P::Left, P::Internship]));
        let terms: HashSet<_> = employees
            .iter()
            .filter_map(|who| who.employment_type.as_ref())
            .map(|terms| terms.value)
            .collect();
        use EmploymentType as T;
        assert_eq!(terms, HashSet::from([T::FullTime, T::PartTime, T::Intern, T::Agency]));
        let shown: BTreeSet<_> = made
            .all::<Approval>()
            .iter()
            .map(|(_, approval)| {
                (approval.category.value.name(), approval.status.value.name(), approval.result.name())
            })
            .collect();
        assert_eq!(shown.len(), 19 * 3);
        let candidates = made.all::<Candidate>();
        let degrees: HashSet<_> =
            candidates.iter().map(|(_, who)| who.degree.as_ref().unwrap().value).collect();
        assert_eq!(degrees.len(), Degree::ALL.len() - 1);
        let stages: HashSet<_> =
            candidates.iter().map(|(_, who)| who.status.as_ref().unwrap().value).collect();
        assert_eq!(stages, HashSet::from([CandidateStatus::Recommended, CandidateStatus::Interviewed]));
        let visits: HashSet<_> = made.all::<Visit>().iter().map(|(_, visit)| visit.status).collect();
        assert_eq!(visits.len(), VisitStatus::ALL.len() - 1);
        let kinds: HashSet<_> =
            made.all::<TimelineEntry>().iter().map(|(_, entry)| entry.kind.value).collect();
        for kind in
            [TimelineKind::Leave, TimelineKind::Outing, TimelineKind::BusinessTravel, TimelineKind::Overtime]
        {
            assert!(kinds.contains(&kind), "{kind:?}");
        }
        let shifts: HashSet<_> =
            made.all::<ShiftAssignment>().into_iter().map(|(_, shift)| shift.shift.unwrap()).collect();
        assert_eq!(shifts.len(), 3);
    }
}

#[test]
fn approvals_look_like_approvals() {
    let made = Made::of_size(500);
    let approvals = made.all::<Approval>();
    assert_eq!(approvals.len(), 125);
    let mut numbers = HashSet::new();
    let (mut texts, mut counts, mut nulls, mut objects) = (0, 0, 0, 0);
    for (_, approval) in &approvals {
        let submitted = approval.submitted_at.unwrap();
        assert!(submitted.date() < TODAY);
        assert_eq!(approval.number.len(), 14);
        assert!(approval.number.starts_with(&submitted.format("%Y%m%d")));
        assert!(numbers.insert(approval.number.clone()));
        if let Some(updated) = approval.updated_at {
            assert!(updated >= submitted && updated.date() < TODAY);
        }
        let decided = approval.status.value == ApprovalStatus::Completed;
        assert_eq!(decided, approval.result != ApprovalResult::None);
        assert!(approval.form.len() >= 2);
        for field in approval.form.iter().flat_map(|section| &section.fields) {
            match field.value.expose() {
                serde_json::Value::String(_) => texts += 1,
                serde_json::Value::Number(_) => counts += 1,
                serde_json::Value::Null => nulls += 1,
                serde_json::Value::Object(_) => objects += 1,
                other => panic!("{other} in a form"),
            }
        }
    }
    assert!([texts, counts, nulls, objects].iter().all(|count| *count > 20));
    assert!(approvals.iter().any(|(_, approval)| approval.form.iter().any(|section| section.name.is_none())));
    let units: HashSet<_> = made
        .all::<TimelineEntry>()
        .into_iter()
        .filter(|(_, entry)| entry.approval.is_some())
        .map(|(_, entry)| entry.duration.unwrap().unit.value)
        .collect();
    assert_eq!(units, HashSet::from([DurationUnit::Days, DurationUnit::Hours, DurationUnit::Minutes]));
}

#[test]
fn the_oddities_are_there() {
    let employees = Made::of_size(40).employees();
    let names: Vec<&str> = employees.iter().map(|who| who.name.expose().as_str()).collect();
    for part in
        ["\"", "'", "\\", "<b>", "<script>", "🐼", "\u{200d}", "·", "محمد", "𠮷", "\u{301}", "&amp;", "%_"]
    {
        assert!(names.iter().any(|name| name.contains(part)), "no name with {part}");
    }
    assert!(names.iter().any(|name| name.chars().count() > 200));
    assert_eq!(names.iter().filter(|name| **name == "王小明").count(), 3);
    let settled = |who: &&Employee| phase(who) == EmploymentPhase::Regular && who.org_unit.is_some();
    let found = |mobile: bool, number: bool| {
        let fits = |who: &&Employee| who.mobile.is_some() == mobile && who.employee_no.is_some() == number;
        employees.iter().filter(settled).filter(fits).count()
    };
    assert_eq!((found(false, true), found(true, false), found(false, false)), (1, 1, 1));
    let mobiles: HashSet<&str> = employees
        .iter()
        .filter_map(|who| who.mobile.as_ref())
        .map(|mobile| mobile.expose().as_str())
        .collect();
    let shared: Vec<_> = employees
        .iter()
        .filter(|who| who.employee_no.as_deref().is_some_and(|number| mobiles.contains(number)))
        .collect();
    assert_eq!(shared.len(), 1);
    assert_eq!(shared[0].employee_no.as_ref().unwrap().len(), 11);
    let leap = |who: &Employee| who.birth_date.as_ref().is_some_and(|day| day.expose().day() == 29);
    assert!(leap(&employees[34]));
}

#[test]
fn whoever_comes_back_is_the_same_person() {
    for (size, pairs) in [(13, 1), (60, 2), (500, 7)] {
        let employees: HashMap<Id, Employee> = Made::of_size(size).all().into_iter().collect();
        let returned: Vec<_> = employees.values().filter(|who| who.rehire_of.is_some()).collect();
        assert_eq!(returned.len(), pairs);
        for who in returned {
            let before = &employees[&who.rehire_of.unwrap()];
            assert_eq!(
                (&who.name, &who.mobile, &who.id_number),
                (&before.name, &before.mobile, &before.id_number)
            );
            assert!(who.mobile.is_some() && who.id_number.is_some() && who.employee_no.is_some());
            assert_ne!(who.employee_no, before.employee_no);
            assert_eq!((phase(before), phase(who)), (EmploymentPhase::Left, EmploymentPhase::Regular));
            assert!(before.leave_date.unwrap() < who.hire_date.unwrap());
        }
    }
}

#[test]
fn numbers_belong_to_one_person_and_to_nobody_outside() {
    let employees = Made::of_size(1_100).employees();
    let mut numbers = HashSet::new();
    let mut people: HashMap<String, &Employee> = HashMap::new();
    for who in &employees {
        assert!(who.employee_no.as_ref().is_none_or(|number| numbers.insert(number.clone())));
        if let Some(mobile) = &who.mobile {
            let mobile = mobile.expose();
            assert!(mobile.len() == 11 && mobile.starts_with("199"));
            let other = people.insert(mobile.clone(), who);
            assert!(other.is_none() || who.rehire_of.is_some());
        }
        if let Some(id_number) = &who.id_number {
            let number = id_number.expose();
            assert_eq!(number.len(), 18);
            assert!(number.starts_with("99"));
            assert!(number.ends_with(check_digit(&number[..17])));
            if let Some(birth) = &who.birth_date {
                assert_eq!(number[6..14], birth.expose().strftime("%Y%m%d").to_string());
            }
            let other = people.insert(number.clone(), who);
            assert!(other.is_none() || who.rehire_of.is_some());
        }
        for mail in [&who.email, &who.work_email].into_iter().flatten() {
            assert!(mail.expose().ends_with("@example.com") || mail.expose().ends_with("@example.cn"));
        }
        assert!(who.bank_card.as_ref().is_none_or(|card| card.expose().starts_with("6299")));
    }
    // The sample number of the national standard.
    assert_eq!(check_digit("11010519491231002"), 'X');
}

#[test]
fn dates_agree_with_the_phase() {
    for who in Made::of_size(1_100).employees() {
        let Some(hired) = who.hire_date else { continue };
        assert_eq!(who.status, Some(phase(&who).status()));
        if let Some(birth) = &who.birth_date {
            assert!(birth.expose().saturating_add(jiff::Span::new().years(18)) <= hired);
        }
        assert!(who.probation_end_date.is_none_or(|end| end > hired));
        assert_eq!(who.leave_date.is_some(), phase(&who) == EmploymentPhase::Left);
        match phase(&who) {
            EmploymentPhase::Waiting => assert!(hired > TODAY),
            EmploymentPhase::Probation => {
                assert!(hired <= TODAY && who.probation_end_date.is_none_or(|end| end > TODAY));
            }
            EmploymentPhase::Left => {
                assert!(hired < who.leave_date.unwrap() && who.leave_date.unwrap() < TODAY);
            }
            EmploymentPhase::Regular => {
                assert!(hired < TODAY && who.probation_end_date.is_none_or(|end| end < TODAY));
            }
            _ => assert!(hired <= TODAY),
        }
    }
}

#[test]
fn attendance_lies_within_employment_and_the_window() {
    let made = Made::of_size(500);
    let employees: HashMap<Id, Employee> = made.all().into_iter().collect();
    let first = TODAY.saturating_sub(jiff::Span::new().days(30));
    let works = |employee: &Id, day: LocalDate| {
        let who = &employees[employee];
        assert_ne!(phase(who), EmploymentPhase::Waiting);
        assert!(first <= day && day < TODAY);
        assert!(
            who.hire_date.is_none_or(|hired| hired <= day) && who.leave_date.is_none_or(|left| day <= left)
        );
    };
    let mut assigned = HashSet::new();
    for (_, shift) in made.all::<ShiftAssignment>() {
        works(&shift.employee, shift.date);
        assert!(assigned.insert((shift.employee, shift.date)));
    }
    for (_, entry) in made.all::<TimelineEntry>() {
        works(&entry.employee, entry.date);
        assert!(assigned.contains(&(entry.employee, entry.date)));
        assert!(entry.start.unwrap() < entry.end.unwrap());
    }
    let mut seen = HashSet::new();
    for punch in &made.punches {
        works(&punch.employee, punch.working_day());
        assert!(assigned.contains(&(punch.employee, punch.working_day())));
        assert!(punch.at.date() < TODAY);
        assert_eq!(punch.at.offset(), shanghai());
        assert!(seen.insert((punch.employee, punch.at.timestamp(), punch.direction)));
    }
    let somebody_left_lately = employees.values().any(|who| who.leave_date.is_some_and(|left| left > first));
    assert!(somebody_left_lately);
}

#[test]
fn punches_show_what_goes_wrong() {
    let made = Made::of_size(200);
    let shifts: HashMap<(Id, LocalDate), ShiftAssignment> = made
        .all::<ShiftAssignment>()
        .into_iter()
        .map(|(_, shift)| ((shift.employee, shift.date), shift))
        .collect();
    let mut days: BTreeMap<(Id, LocalDate), Vec<&Punch>> = BTreeMap::new();
    for punch in &made.punches {
        days.entry((punch.employee, punch.working_day())).or_default().push(punch);
    }
    let (mut late, mut one_missing, mut overnight) = (0, 0, 0);
    for (key, punches) in &days {
        assert!(punches.len() <= 2);
        one_missing += usize::from(punches.len() == 1);
        for punch in punches {
            let start = &shifts[key].time_range.as_ref().unwrap()[..5];
            late +=
                usize::from(punch.direction == Direction::In && punch.at.format("%H:%M").as_str() > start);
            overnight += usize::from(punch.direction == Direction::Out && punch.at.date() > key.1);
        }
    }
    assert!(late > 20 && one_missing > 20 && overnight > 20, "{late} {one_missing} {overnight}");
    assert!(shifts.len() > days.len(), "nobody forgot both");
    for source in [PunchSource::Machine, PunchSource::Mobile] {
        assert!(made.punches.iter().any(|punch| punch.source == source));
    }
}

#[test]
fn without_attendance_days_there_is_no_attendance() {
    let made = Made::new(&Plan { attendance_days: 0, ..Plan::new(60, 7, TODAY) });
    assert!(made.punches.is_empty());
    assert_eq!(made.drafts(Kind::ShiftAssignment).count() + made.drafts(Kind::TimelineEntry).count(), 0);
    assert_eq!(made.drafts(Kind::Approval).count(), 57);
}

#[test]
fn points_add_up_and_come_from_what_they_say() {
    let made = Made::of_size(500);
    let recognitions: HashMap<Id, Recognition> = made.all().into_iter().collect();
    let redemptions: HashMap<Id, Redemption> = made.all().into_iter().collect();
    let rewards: HashMap<Id, RewardItem> = made.all().into_iter().collect();
    for status in RecognitionStatus::ALL.iter().filter(|status| **status != RecognitionStatus::Other) {
        assert!(recognitions.values().any(|found| found.status.value == *status), "{status:?}");
    }
    assert!(recognitions.values().all(|found| found.giver != Some(found.receiver)));
    assert!(redemptions.len() > 10 && redemptions.values().all(|taken| rewards.contains_key(&taken.item)));
    let (mut balances, mut last): (HashMap<Id, i64>, HashMap<Id, _>) = Default::default();
    for (_, entry) in made.all::<PointsEntry>() {
        let source = entry.source.unwrap();
        let of = recognitions.get(&source).map(|found| (found.receiver, found.points));
        let of = of.or_else(|| redemptions.get(&source).map(|taken| (taken.employee, taken.points)));
        assert_eq!(of, Some((entry.employee, entry.amount.unsigned_abs() as u32)));
        let balance = balances.entry(entry.employee).or_default();
        *balance += entry.amount;
        assert_eq!(*balance, entry.balance_after);
        assert!(*balance >= 0);
        assert!(last.insert(entry.employee, entry.at).is_none_or(|before| before <= entry.at));
    }
}

#[test]
fn a_hundred_thousand_people_stream_through() {
    let plan = Plan { attendance_days: 0, ..Plan::new(100_000, 7, TODAY) };
    let (mut employees, mut approvals, mut largest) = (0, 0, 0);
    generate(&plan, space(), &mut |items| {
        largest = largest.max(items.len());
        for item in &items {
            if let Item::Record { draft, .. } = item {
                employees += usize::from(draft.kind == Kind::Employee);
                approvals += usize::from(draft.kind == Kind::Approval);
            }
        }
        Ok(())
    })
    .unwrap();
    assert_eq!((employees, approvals), (100_000, 25_000));
    assert!(largest <= 512, "a batch of {largest}");
}

#[test]
fn the_first_error_of_the_sink_ends_it() {
    let mut calls = 0;
    let result = generate(&Plan::new(2_000, 7, TODAY), space(), &mut |_| {
        calls += 1;
        Err(Error::unavailable("the disk is full"))
    });
    assert_eq!(result.unwrap_err().public(), "the disk is full");
    assert_eq!(calls, 1);
}

#[test]
fn any_day_can_be_today() {
    for today in ["2000-02-29", "0001-01-01", "9999-12-31", "2026-01-01"] {
        let today: LocalDate = today.parse().unwrap();
        assert_eq!(Made::new(&Plan::new(60, 1, today)).employees().len(), 60);
    }
}

#[test]
fn awkward_names_are_looked_up_as_they_are() {
    let made = Made::of_size(40);
    let name = |keys: &Keys| keys[Kind::Employee.lookup("name").unwrap()].clone();
    let mut drafts = made.drafts(Kind::Employee).map(|(_, draft)| draft);
    assert!(drafts.any(|draft| name(&draft.keys).as_deref() == Some("<script>alert('赵')</script>")));
}
