//! Papers that say who somebody is: shown, and written whole.

use tongshi_dialect::{Caller, Record, Replacement};
use tongshi_model::{Action, Employee, IdentityDocument};

use super::{TRIES_MAX, busy, names, people};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Certificate, CertificatesSaved, Dollar, Fault, Listed, Valued},
};

/// Papers in one call; the vendor knows ten sorts.
const PAPERS_MAX: usize = 20;

/// A person's papers, as far as the record has them and the app may see them.
pub(super) async fn list(caller: Caller, ask: wire::StaffCertificates) -> Result<Listed<Certificate>, Fault> {
    let record = person(&caller, ask.by.as_deref(), &ask.staff_id).await?;
    let names = names(&caller);
    let papers = map::papers_of(&record.read()?);
    Ok(Listed::of(papers.iter().map(|paper| show(&names, &record, paper)).collect()))
}

async fn person(caller: &Caller, by: Option<&str>, key: &Dollar) -> Result<Record, Fault> {
    let unknown = || Fault::precondition("未查找到此员工信息");
    let found = people::people(caller.workforce()?, by, std::slice::from_ref(&key.0)).await;
    let found = found.map_err(|fault| if fault.text == people::MISSING { unknown() } else { fault });
    found?.pop().ok_or_else(unknown)
}

fn show(names: &Names, record: &Record, paper: &IdentityDocument) -> Certificate {
    let staff_id = names.id(record.id);
    Certificate {
        id: id_of(&staff_id, paper),
        version: record.version,
        create_time: map::millis(record.created_at),
        update_time: map::millis(record.changed_at),
        corporation_id: Some(names.corporation.clone()),
        staff_id,
        ..map::show_paper(paper)
    }
}

fn id_of(staff_id: &str, paper: &IdentityDocument) -> String {
    format!("{staff_id}:{}", map::paper_word(paper))
}

/// Gives a person these papers and no others (the vendor's own rule).
pub(super) async fn save(
    caller: Caller,
    ask: wire::CertificateSave,
) -> Result<Valued<CertificatesSaved>, Fault> {
    let workforce = caller.workforce()?;
    let wanted = ask.rows.iter().map(map::read_paper).collect::<Result<Vec<_>, _>>();
    let wanted = wanted.map_err(Fault::precondition)?;
    if wanted.len() > PAPERS_MAX {
        return Err(Fault::request(format!("证件最多 {PAPERS_MAX} 个")));
    }
    for _ in 0..TRIES_MAX {
        let record = person(&caller, ask.by.as_deref(), &ask.staff_id).await?;
        let staff_id = names(&caller).id(record.id);
        let mut employee: Employee = record.read()?;
        let taken = map::apply_papers(&mut employee, wanted.clone());
        if workforce.replace(vec![Replacement::of(&record, Action::Update, &employee)?]).await? {
            let mut saved = CertificatesSaved::default();
            for (paper, is_taken) in wanted.iter().zip(taken) {
                let word = map::paper_word(paper).to_owned();
                if is_taken {
                    saved.certificate_ids.push(id_of(&staff_id, paper));
                    saved.saved_types.push(word);
                } else {
                    saved.not_saved_types.push(word);
                }
            }
            return Ok(Valued { value: saved });
        }
    }
    Err(busy())
}
