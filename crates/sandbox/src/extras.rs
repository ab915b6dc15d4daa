//! A few visits and salary items.

use tongshi_model::{Currency, Error, LocalDate, Money, SalaryItem, Visit, VisitStatus};

use crate::{
    dates::{at, instant, plus_days},
    dice::{Dice, Purpose},
    outlet::Outlet,
    people::compose_name,
    standing::Standing,
    world::{Block, World},
};

/// One of so many people is visited, beyond the first few.
const VISITED: u32 = 100;
/// One of so many people has salary items.
const PAID: u32 = 8;

/// Makes those of the people of a block.
pub(crate) fn block(world: &World<'_>, block: &Block, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    for (index, standing) in block.people() {
        // Among the first two dozen every status of a visit occurs, and the head of the company is paid.
        if standing.settled() && (index < 24 || index % VISITED == 0) {
            outlet.record(format!("vis-{index:08}"), &visit(world, index))?;
        }
        if standing.settled() && index % PAID == 0 {
            salary(world, index, standing, outlet)?;
        }
    }
    Ok(())
}

fn visit(world: &World<'_>, host: u32) -> Visit {
    let mut dice = Dice::new(world.plan, Purpose::Visit, host);
    let statuses = [
        VisitStatus::Left,
        VisitStatus::Expected,
        VisitStatus::Arrived,
        VisitStatus::Notified,
        VisitStatus::NoShow,
        VisitStatus::Cancelled,
    ];
    let status = statuses[host as usize % statuses.len()];
    let day = match status {
        VisitStatus::Expected => plus_days(world.plan.today, dice.between(1, 9)),
        VisitStatus::Arrived | VisitStatus::Notified => world.plan.today,
        _ => plus_days(world.plan.today, -dice.between(1, 20)),
    };
    let time = at(day, 9 * 60 + dice.between(0, 18) * 30);
    let told = matches!(status, VisitStatus::Notified | VisitStatus::Arrived | VisitStatus::Left);
    let (text, expected_at) = match host % 3 {
        0 => (time.strftime("%Y-%m-%d %H:%M").to_string(), Some(instant(time))),
        1 => (time.strftime("%m月%d日 %H点%M分").to_string(), Some(instant(time))),
        _ => ("下午,路上堵车可能晚到".to_owned(), None),
    };
    Visit {
        host: world.employee(host),
        visitor_name: compose_name(tongshi_model::Gender::Undisclosed, &mut dice).0.into(),
        expected_text: text,
        expected_at,
        status,
        notified_at: told.then(|| instant(time)),
    }
}

fn salary(world: &World<'_>, index: u32, standing: &Standing, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    let mut dice = Dice::new(world.plan, Purpose::Salary, index);
    let base = dice.between(45, 450) * 10_000;
    let subjects = [
        ("基本工资", base),
        ("绩效奖金", base * dice.between(0, 40) / 100 + dice.between(0, 99)),
        ("社保个人部分", -(base * 105 / 1000)),
        ("餐补", 0),
    ];
    let mut month = world.plan.today.first_of_month();
    for _ in 0..2 {
        month = plus_days(month, -1).first_of_month();
        if month < standing.hired {
            break;
        }
        for (place, (subject, minor)) in subjects.into_iter().enumerate() {
            let item = SalaryItem {
                employee: world.employee(index),
                month: month_text(month),
                subject: subject.to_owned(),
                amount: Money { minor, currency: Currency::CNY }.into(),
            };
            outlet.record(format!("sal-{index:08}-{}-{place}", item.month), &item)?;
        }
    }
    Ok(())
}

fn month_text(month: LocalDate) -> String {
    month.strftime("%Y-%m").to_string()
}
