//! Sources, vacancies and candidates.

use serde_json::json;
use tongshi_model::{
    Candidate, CandidateSource, CandidateStatus, Coded, Degree, Error, Gender, Id, Kind, Marital, Vacancy,
    VacancyStatus,
};

use crate::{
    dates::plus_days,
    dice::{Dice, Purpose},
    oddities,
    outlet::Outlet,
    people::compose_name,
    words::JOBS,
    world::World,
};

const SOURCES: [&str; 3] = ["内部推荐", "示例招聘网", "校园招聘 Campus"];
const DEGREES: [Degree; 7] = [
    Degree::SecondarySchool,
    Degree::VocationalSchool,
    Degree::Associate,
    Degree::Bachelor,
    Degree::Master,
    Degree::Mba,
    Degree::Doctor,
];

/// Makes them, sources first.
pub(crate) fn recruitment(world: &World<'_>, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    for (index, name) in SOURCES.into_iter().enumerate() {
        outlet.record(source_id(index as u32), &CandidateSource { name: name.to_owned() })?;
    }
    let sources = [0, 1, 2].map(|index| world.space.id(Kind::CandidateSource, &source_id(index)));
    for department in (0..world.tree.len()).step_by(4) {
        outlet.record(format!("vac-{department:06}"), &vacancy(world, department))?;
    }
    for index in 0..world.plan.employees.div_ceil(20).max(DEGREES.len() as u32) {
        outlet.record(format!("can-{index:08}"), &candidate(world, index, &sources))?;
    }
    Ok(())
}

fn source_id(index: u32) -> String {
    format!("src-{index}")
}

fn vacancy(world: &World<'_>, department: u32) -> Vacancy {
    let mut dice = Dice::new(world.plan, Purpose::Vacancy, department);
    let node = world.tree.node(department);
    let status =
        [VacancyStatus::Open, VacancyStatus::Paused, VacancyStatus::Closed][department as usize / 4 % 3];
    Vacancy {
        head_count: dice.keep(95, || i64::from(department % 5) + 1),
        status: Some(Coded::ours(status)),
        org_unit: Some(node.id),
        org_unit_name: Some(world.tree.name_of(department)),
        job_id: Some(format!("job-{department:06}")),
        job_title: Some((*dice.pick(JOBS[node.branch as usize])).to_owned()),
    }
}

fn candidate(world: &World<'_>, index: u32, sources: &[Id; 3]) -> Candidate {
    let mut dice = Dice::new(world.plan, Purpose::Candidate, index);
    let gender = if dice.percent(50) { Gender::Male } else { Gender::Female };
    let (composed, latin) = compose_name(gender, &mut dice);
    // Candidates are as awkward as employees: the second to the fifth borrow a name from the oddities.
    let odd = (1..5).contains(&index).then(|| oddities::name(index + 18)).flatten();
    let source = dice.between(0, 2) as usize;
    let status = match index % 2 {
        0 => CandidateStatus::Recommended,
        _ => CandidateStatus::Interviewed,
    };
    let birth = plus_days(world.plan.today, -dice.between(22 * 366, 40 * 366));
    let job = (*dice.pick(JOBS[index as usize % JOBS.len()])).to_owned();
    let salary = dice.between(60, 400) * 100;
    let start = plus_days(world.plan.today, dice.between(10, 60)).to_string();
    Candidate {
        name: odd.map_or(composed, std::borrow::Cow::into_owned).into(),
        email: dice.keep(95, || format!("{latin}.c{index}@example.com").into()),
        mobile: dice.keep(95, || format!("198{index:08}").into()),
        gender: dice.keep(95, || Coded::ours(gender).into()),
        marital: dice.keep(80, || {
            Coded::ours(
                *[Marital::Single, Marital::Married].get(index as usize % 2).unwrap_or(&Marital::Single),
            )
            .into()
        }),
        birth_date: dice.keep(85, || birth.into()),
        birth_year: dice.keep(90, || i64::from(birth.year()).into()),
        degree: Some(Coded::ours(DEGREES[index as usize % DEGREES.len()])),
        status: Some(Coded::ours(status)),
        source: Some(sources[source]),
        source_name: Some(SOURCES[source].to_owned()),
        offer: (index % 4 == 1).then(|| {
            json!({"position": job, "monthly_salary": salary, "start_date": start, "remark": null}).into()
        }),
        job_title: Some(job),
    }
}
