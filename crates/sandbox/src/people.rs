//! Employees: who they are and where they work.

use std::collections::BTreeMap;

use tongshi_model::{Coded, Employee, EmploymentType, Error, Gender, LocalDate, Marital, Personal};

use crate::{
    Plan,
    dates::plus_days,
    dice::{Dice, Purpose},
    oddities::{self, Oddity},
    outlet::Outlet,
    places,
    standing::Standing,
    tree::employee_id,
    words::{
        BANKS, DOTTED, FOREIGN_FIRST, FOREIGN_LAST, GIVEN_MEN, GIVEN_WOMEN, GRADES, JOBS, LEADER_GRADES,
        LEGAL_ENTITIES, NICKNAMES, SURNAMES,
    },
    world::{Block, World},
};

/// Who somebody is, whatever employment they are in.
pub(crate) struct Identity {
    pub(crate) name: String,
    /// The name in Latin letters, for mail addresses.
    latin: String,
    pub(crate) gender: Gender,
    birth: LocalDate,
    mobile: Option<String>,
    id_number: String,
    marital: Marital,
    address: String,
    bank_name: String,
    bank_card: String,
}

/// Makes the employees of a block.
pub(crate) fn block(world: &World<'_>, block: &Block, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    for (index, standing) in block.people() {
        outlet.record(employee_id(index), &employee(world, index, standing))?;
    }
    Ok(())
}

/// Who the employee with this index is. Somebody who came back is who they were.
pub(crate) fn identity(plan: &Plan, index: u32) -> Identity {
    let person = if oddities::is_return(index) { index - 1 } else { index };
    let mut dice = Dice::new(plan, Purpose::Identity, person);
    let standing = Standing::of(plan, person);
    let gender = if dice.percent(50) { Gender::Male } else { Gender::Female };
    let (composed, latin) = compose_name(gender, &mut dice);
    let birth = birth(person, &standing, &mut dice);
    let comes_back = oddities::is_departed(person);
    let odd = oddities::of(person);
    let reachable = match odd {
        Some(Oddity::NoMobile | Oddity::Unreachable) => false,
        Some(_) => true,
        None => comes_back || !dice.percent(3),
    };
    Identity {
        name: oddities::name(person).map_or(composed, std::borrow::Cow::into_owned),
        latin,
        gender,
        birth,
        mobile: reachable.then(|| mobile(person)),
        id_number: id_number(person, birth, gender),
        marital: *dice.pick(&[
            Marital::Single,
            Marital::Single,
            Marital::Married,
            Marital::Married,
            Marital::Married,
            Marital::Divorced,
        ]),
        address: places::address(&mut dice),
        bank_name: (*dice.pick(BANKS)).to_owned(),
        // Sixteen digits that belong to no bank; they follow from the index, so no two people share them.
        bank_card: format!("6299{:02}{person:010}", person % 97),
    }
}

/// A name with its spelling in Latin letters.
pub(crate) fn compose_name(gender: Gender, dice: &mut Dice) -> (String, String) {
    match dice.between(0, 99) {
        0 => {
            let (first, last) = (dice.pick(FOREIGN_FIRST), dice.pick(FOREIGN_LAST));
            (format!("{first} {last}"), "guest".to_owned())
        }
        1 => {
            let (first, second) = (dice.pick(DOTTED), dice.pick(DOTTED));
            (format!("{}·{}", first.0, second.0), format!("{}.{}", first.1, second.1))
        }
        _ => {
            let given = if gender == Gender::Female { GIVEN_WOMEN } else { GIVEN_MEN };
            let (surname, first) = (dice.pick(SURNAMES), dice.pick(given));
            let second = if dice.percent(70) { *dice.pick(given) } else { ("", "") };
            (
                format!("{}{}{}", surname.0, first.0, second.0),
                format!("{}.{}{}", surname.1, first.1, second.1),
            )
        }
    }
}

/// The name of an employee.
pub(crate) fn name_of(plan: &Plan, index: u32) -> String {
    identity(plan, index).name
}

fn employee(world: &World<'_>, index: u32, standing: &Standing) -> Employee {
    let who = identity(world.plan, index);
    let phase = Some(Coded::ours(standing.phase));
    let odd = oddities::of(index);
    if odd == Some(Oddity::Bare) {
        let status = Some(standing.phase.status());
        return Employee { name: who.name.into(), status, phase, ..Employee::default() };
    }
    let mut dice = Dice::new(world.plan, Purpose::Employee, index);
    let person = if oddities::is_return(index) { index - 1 } else { index };
    let email = format!("{}{person}@example.com", who.latin);
    let work_email = format!("{}.{index}@example.cn", who.latin);
    let entity = world.entity_of(index);
    let (job_title, job_grade) = job(world, index, standing, &mut dice);
    let dotted = if dice.percent(10) { dotted_manager(world, index, &mut dice) } else { None };
    Employee {
        employee_no: employee_no(index, odd, &mut dice),
        status: Some(standing.phase.status()),
        phase,
        employment_type: Some(Coded::ours(standing.terms)),
        org_unit: Some(world.tree.node(world.tree.home_of(index)).id),
        legal_entity: Some(world.entities[entity]),
        legal_entity_name: Some(LEGAL_ENTITIES[entity].0.to_owned()),
        manager: world.tree.manager_of(index).map(|(_, id)| id),
        dotted_manager: dotted,
        job_title,
        job_grade,
        hire_date: Some(standing.hired),
        probation_end_date: standing.probation_end,
        leave_date: standing.left,
        nickname: dice.keep(60, || nickname(index).into()),
        mobile: who.mobile.map(Personal::new),
        phone: dice.keep(30, || format!("000-{index:08}").into()),
        email: dice.keep(95, || email.into()),
        work_email: dice.keep(90, || work_email.into()),
        accounts: accounts(person, &mut dice),
        gender: dice.keep(97, || Coded::ours(who.gender).into()),
        marital: dice.keep(95, || Coded::ours(who.marital).into()),
        birth_date: dice
            .keep(95, || who.birth.into())
            .or((odd == Some(Oddity::LeapDay)).then(|| who.birth.into())),
        address: dice.keep(95, || who.address.into()),
        work_place: None,
        photo: dice.keep(50, || format!("https://img.example.com/photo/{person}.jpg").into()),
        avatar: dice.keep(80, || format!("https://img.example.com/avatar/{person}.png").into()),
        // Whoever comes back must be recognised by it.
        id_number: (dice.percent(95) || person != index || oddities::is_departed(index))
            .then(|| who.id_number.into()),
        identity_documents: Vec::new(),
        bank_name: dice.keep(95, || who.bank_name.into()),
        bank_card: dice.keep(95, || who.bank_card.into()),
        rehire_of: (person != index).then(|| world.employee(person)),
        name: who.name.into(),
    }
}

fn nickname(index: u32) -> &'static str {
    NICKNAMES[index as usize % NICKNAMES.len()]
}

fn employee_no(index: u32, odd: Option<Oddity>, dice: &mut Dice) -> Option<String> {
    match odd {
        Some(Oddity::NoNumber | Oddity::Unreachable) => None,
        Some(Oddity::NumberIsMobileOf(other)) => Some(mobile(other)),
        Some(Oddity::Number(number)) => Some(number.to_owned()),
        Some(_) => Some(usual_number(index)),
        None if oddities::is_return(index) => Some(usual_number(index)),
        None => dice.keep(97, || usual_number(index)),
    }
}

fn usual_number(index: u32) -> String {
    format!("YF{index:07}")
}

/// Eleven digits, other ones for everybody up to a hundred million.
fn mobile(person: u32) -> String {
    format!("199{person:08}")
}

fn accounts(person: u32, dice: &mut Dice) -> BTreeMap<String, Personal<String>> {
    let mut accounts = BTreeMap::new();
    if dice.percent(85) {
        accounts.insert("dingtalk".to_owned(), format!("dt{person:010}").into());
    }
    if dice.percent(75) {
        accounts.insert("wework".to_owned(), format!("YunFan_{person}").into());
    }
    accounts
}

fn job(
    world: &World<'_>,
    index: u32,
    standing: &Standing,
    dice: &mut Dice,
) -> (Option<String>, Option<String>) {
    if index == 0 {
        return (Some("总经理".to_owned()), Some("M6".to_owned()));
    }
    let node = world.tree.node(world.tree.home_of(index));
    if node.head.is_some_and(|(head, _)| head == index) {
        return (Some("负责人".to_owned()), Some(LEADER_GRADES[usize::from(node.level - 1)].to_owned()));
    }
    let title = *dice.pick(JOBS[node.branch as usize]);
    let title =
        if standing.terms == EmploymentType::Intern { format!("{title}(实习)") } else { title.to_owned() };
    (dice.keep(95, || title), dice.pick(GRADES).to_string().into())
}

/// The head of some other department, unless that is the person or their manager.
fn dotted_manager(world: &World<'_>, index: u32, dice: &mut Dice) -> Option<tongshi_model::Id> {
    let department = dice.between(0, i64::from(world.tree.len()) - 1) as u32;
    let (head, id) = world.tree.node(department).head?;
    let manager = world.tree.manager_of(index).map(|(manager, _)| manager);
    (head != index && Some(head) != manager).then_some(id)
}

fn birth(person: u32, standing: &Standing, dice: &mut Dice) -> LocalDate {
    let age = match standing.terms {
        EmploymentType::Intern => dice.between(19, 23),
        _ => dice.between(22, 40),
    };
    let date = plus_days(standing.hired, -(age * 366 + dice.between(0, 364)));
    if oddities::of(person) != Some(Oddity::LeapDay) {
        return date;
    }
    LocalDate::new(date.year() / 4 * 4, 2, 29).unwrap_or(date)
}

/// Eighteen digits with the right check digit, in regions that begin with 99 or 98 and so do not exist. Region and
/// sequence follow from the index: no two people share a number, as long as there are fewer than ten million.
fn id_number(person: u32, birth: LocalDate, gender: Gender) -> String {
    let region = person / 500;
    let prefix = if region < 10_000 { 990_000 + region } else { 980_000 + region % 10_000 };
    let sequence = person % 500 * 2 + u32::from(gender == Gender::Male);
    let mut number = format!(
        "{prefix}{:04}{:02}{:02}{sequence:03}",
        birth.year().unsigned_abs(),
        birth.month(),
        birth.day()
    );
    number.push(check_digit(&number));
    number
}

/// The check digit of ISO 7064 MOD 11-2 over seventeen digits.
pub(crate) fn check_digit(digits: &str) -> char {
    let remainder = digits.bytes().fold(0_u32, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - remainder) % 11 {
        10 => 'X',
        value => char::from(b'0' + value as u8),
    }
}
