//! Papers that say who somebody is.

use tongshi_model::{
    Coded, Employee, Gender, IdentityDocument, IdentityDocumentType as Type, LocalDate, Personal,
};

use super::{
    countries::{country_of, number_of},
    day_millis, filled, read_day,
};
use crate::hesine::wire::{Certificate, CertificateFields};

/// The longest number.
const NUMBER_CHARS_MAX: usize = 64;

/// The longest name in Latin letters (the vendor's own figure).
const NAME_CHARS_MAX: usize = 50;

/// How often a paper may be changed (the vendor's own figure).
const CHANGES_MAX: u32 = 1;

/// A vendor's word for a sort of paper.
fn read_type(word: &str) -> Option<Type> {
    Some(match word {
        "ID_CARD" => Type::IdCard,
        "PASSPORT" => Type::Passport,
        "SERVICEMAN_CARD" => Type::MilitaryCard,
        "HONG_KONG_AND_MACAO_GO" => Type::HomeReturnPermit,
        "TAIWAN_GO" => Type::TaiwanCompatriotPermit,
        "FOREIGNERS_LIVE" => Type::ForeignerResidenceCard,
        "HONG_KONG_MACAO_TAIWAN" => Type::RegionResidenceCard,
        "MAINLAND_TO_TAIWAN" => Type::TaiwanTravelPermit,
        "HONG_KONG_AND_MACAO_PASS" => Type::HongKongMacaoPermit,
        "OTHER" => Type::Other,
        _ => return None,
    })
}

/// A sort of paper as the vendor calls it.
pub(in crate::hesine) fn paper_word(paper: &IdentityDocument) -> &str {
    paper.document_type.word_for(read_type, |value| match value {
        Type::IdCard => "ID_CARD",
        Type::Passport => "PASSPORT",
        Type::MilitaryCard => "SERVICEMAN_CARD",
        Type::HomeReturnPermit => "HONG_KONG_AND_MACAO_GO",
        Type::TaiwanCompatriotPermit => "TAIWAN_GO",
        Type::ForeignerResidenceCard => "FOREIGNERS_LIVE",
        Type::RegionResidenceCard => "HONG_KONG_MACAO_TAIWAN",
        Type::TaiwanTravelPermit => "MAINLAND_TO_TAIWAN",
        Type::HongKongMacaoPermit => "HONG_KONG_AND_MACAO_PASS",
        Type::Other => "OTHER",
    })
}

/// Somebody's papers. The number of the identity card is a field of its own, and whoever else changes that has another
/// card in mind than the one whose details lie here.
pub(in crate::hesine) fn papers_of(employee: &Employee) -> Vec<IdentityDocument> {
    let is_card = |paper: &&IdentityDocument| paper.document_type.value == Type::IdCard;
    let details = |number: &String| {
        let same = |paper: &&IdentityDocument| is_card(paper) && paper.number.expose() == number;
        employee.identity_documents.iter().find(same).cloned().unwrap_or_else(|| IdentityDocument {
            birth_date: employee.birth_date.clone(),
            gender: employee.gender.clone(),
            ..IdentityDocument::new(Coded::ours(Type::IdCard), number.clone())
        })
    };
    let card = employee.id_number.as_ref().map(|number| details(number.expose()));
    let others = employee.identity_documents.iter().filter(|paper| !is_card(paper)).cloned();
    card.into_iter().chain(others).collect()
}

/// A paper from its fields, or what is wrong with them.
pub(in crate::hesine) fn read_paper(fields: &CertificateFields) -> Result<IdentityDocument, &'static str> {
    let word = filled(fields.kind.clone()).ok_or("证件类型不能为空")?;
    let value = read_type(&word).ok_or("证件类型不正确")?;
    let text = |text: &Option<tongshi_dialect::lenient::Text>| {
        filled(text.as_ref().map(|text| text.0.trim().to_owned()))
    };
    let number = text(&fields.number).ok_or("证件号码不能为空")?;
    if !is_number(value, &number) {
        return Err("证件号码格式错误");
    }
    let gender = match filled(fields.gender.clone()).as_deref() {
        None => None,
        Some("MALE") => Some(Gender::Male),
        Some("FEMALE") => Some(Gender::Female),
        Some(_) => return Err("性别不正确"),
    };
    let unlimited = fields.extended == Some(true);
    Ok(IdentityDocument {
        // One without a last day has none, whatever is said.
        valid_until: read_day(&fields.valid_date).filter(|_| !unlimited),
        unlimited,
        birth_date: read_day(&fields.birth_date).map(Personal::new),
        gender: gender.map(|gender| Personal::new(Coded::ours(gender))),
        nationality: country(text(&fields.nationality))?,
        issuing_place: country(text(&fields.issuance_place))?,
        last_name: latin(&fields.last_eng_name)?,
        first_name: latin(&fields.first_eng_name)?,
        ..IdentityDocument::new(Coded::vendor(&word, Some(value)), number)
    })
}

/// A country by the vendor's number.
fn country(number: Option<String>) -> Result<Option<Personal<String>>, &'static str> {
    let Some(number) = number else { return Ok(None) };
    let country = country_of(&number).ok_or("国籍或签发地不正确")?;
    Ok(Some(Personal::new(country.to_owned())))
}

/// A name in Latin letters, which the vendor keeps in capitals.
fn latin(text: &Option<String>) -> Result<Option<Personal<String>>, &'static str> {
    let Some(text) = filled(text.clone()) else { return Ok(None) };
    if text.len() <= NAME_CHARS_MAX && text.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        Ok(Some(Personal::new(text.to_ascii_uppercase())))
    } else {
        Err("英文姓名只支持英文字母，最长支持50个字符")
    }
}

/// Whether a number looks like one of its sort. The last digit of an identity card is not checked: the vendor's own
/// samples would not pass.
fn is_number(value: Type, number: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    match (value, number.len()) {
        (Type::IdCard, 15) => digits(number),
        (Type::IdCard, 18) => {
            number.is_ascii()
                && digits(&number[..17])
                && number.ends_with(|last: char| last.is_ascii_digit() || matches!(last, 'X' | 'x'))
        }
        (Type::IdCard, _) => false,
        (_, length) => {
            let letter = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '(' | ')');
            length <= NUMBER_CHARS_MAX && number.chars().all(letter)
        }
    }
}

/// Gives somebody these papers and no others. Says of each whether it was taken: one that says nothing new is not, nor
/// one that was changed before.
pub(in crate::hesine) fn apply_papers(employee: &mut Employee, wanted: Vec<IdentityDocument>) -> Vec<bool> {
    let known = papers_of(employee);
    let mut taken = Vec::with_capacity(wanted.len());
    let mut papers: Vec<IdentityDocument> = Vec::with_capacity(wanted.len());
    for paper in wanted {
        let value = paper.document_type.value;
        let before = known.iter().find(|known| known.document_type.value == value);
        let (paper, is_taken) = match before {
            None => (paper, true),
            Some(before) => {
                let same = says(before) == says(&paper);
                let may = !same && before.changes < CHANGES_MAX;
                let changed = IdentityDocument { changes: before.changes.saturating_add(1), ..paper };
                if may { (changed, true) } else { (before.clone(), false) }
            }
        };
        papers.retain(|other| other.document_type.value != value);
        papers.push(paper);
        taken.push(is_taken);
    }
    let card = papers.iter().find(|paper| paper.document_type.value == Type::IdCard);
    employee.id_number = card.map(|card| card.number.clone());
    if let Some(card) = card {
        employee.birth_date = card.birth_date.clone().or(employee.birth_date.take());
        employee.gender = card.gender.clone().or(employee.gender.take());
    }
    employee.identity_documents = papers;
    taken
}

/// What a paper says, however often it was changed and in whose words.
fn says(paper: &IdentityDocument) -> impl PartialEq {
    let text = |text: &Option<Personal<String>>| text.as_ref().map(|text| text.expose().clone());
    (
        paper.number.expose().clone(),
        (paper.valid_until, paper.unlimited),
        paper.birth_date.as_ref().map(|day| *day.expose()),
        paper.gender.as_ref().map(|gender| gender.expose().value),
        (text(&paper.nationality), text(&paper.issuing_place)),
        (text(&paper.last_name), text(&paper.first_name)),
    )
}

/// A paper as the vendor shows it, but for whose it is and since when.
pub(in crate::hesine) fn show_paper(paper: &IdentityDocument) -> Certificate {
    let text = |text: &Option<Personal<String>>| text.as_ref().map(|text| text.expose().clone());
    let country =
        |code: &Option<Personal<String>>| text(code).and_then(|code| number_of(&code)).unwrap_or_default();
    let day = |day: Option<LocalDate>| day.map(day_millis).unwrap_or_default();
    let gender = paper.gender.as_ref().and_then(|gender| match gender.expose().value {
        Gender::Male => Some("MALE".to_owned()),
        Gender::Female => Some("FEMALE".to_owned()),
        Gender::NonBinary | Gender::Undisclosed | Gender::Other => None,
    });
    Certificate {
        pipeline: 1,
        active: true,
        kind: paper_word(paper).to_owned(),
        number: paper.number.expose().clone(),
        valid_date: day(paper.valid_until),
        extended: paper.unlimited,
        birth_date: day(paper.birth_date.as_ref().map(|day| *day.expose())),
        gender,
        nationality: country(&paper.nationality),
        issuance_place: country(&paper.issuing_place),
        modify_count: paper.changes,
        last_eng_name: text(&paper.last_name).unwrap_or_default(),
        first_eng_name: text(&paper.first_name).unwrap_or_default(),
        ..Certificate::default()
    }
}
