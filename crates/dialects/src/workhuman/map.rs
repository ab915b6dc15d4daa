//! The contract's words and ours, both ways.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tongshi_model::{
    Coded, Employee, EmploymentPhase, EmploymentStatus, Error, Id, Instant, Kind, Personal, PointsEntry,
    PointsKind, Recognition, RecognitionStatus, Redemption, RedemptionStatus, RewardItem, Space, Visibility,
    parse_date, shanghai,
};

use super::wire::{self, Party, Reward, User};

/// The value of a word, where it is one of ours: the contract's words and ours are the same.
fn known<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, word: &str) -> Option<T> {
    all.iter().copied().find(|value| name(*value) == word)
}

/// Who may see a recognition.
pub(super) fn visibility(word: &str) -> Coded<Visibility> {
    Coded::vendor(word, known(Visibility::ALL, Visibility::name, word))
}

fn status(word: &str) -> Coded<RecognitionStatus> {
    Coded::vendor(word, known(RecognitionStatus::ALL, RecognitionStatus::name, word))
}

fn word<T: Copy + PartialEq>(coded: &Coded<T>, name: fn(T) -> &'static str) -> String {
    coded.vendor_value.clone().unwrap_or_else(|| name(coded.value).to_owned())
}

fn filled(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

fn text(value: &Option<Personal<String>>) -> Option<String> {
    value.as_ref().map(|value| value.expose().clone())
}

fn instant(field: &'static str, value: Option<String>) -> Result<Option<Instant>, Error> {
    let read = |text: String| {
        Instant::parse(&text, shanghai()).map_err(|_| Error::invalid(field, format!("{field} is no time")))
    };
    filled(value).map(read).transpose()
}

fn counted(field: &'static str, value: Option<u64>) -> Result<u32, Error> {
    let number = value.ok_or_else(|| Error::invalid(field, format!("{field} is missing or no number")))?;
    u32::try_from(number).map_err(|_| Error::invalid(field, format!("{field} is too large")))
}

fn required(field: &'static str, value: Option<String>) -> Result<String, Error> {
    filled(value).ok_or_else(|| Error::invalid(field, format!("{field} is missing")))
}

/// A person as the contract shows them.
pub(super) fn show_user(id: Id, employee: &Employee, department: Option<String>) -> User {
    let ended = matches!(employee.status, Some(EmploymentStatus::Ended | EmploymentStatus::PreHire));
    User {
        id: Some(id.to_string()),
        display_name: Some(employee.name.expose().clone()),
        kind: None,
        employee_number: employee.employee_no.clone(),
        email: text(&employee.work_email).or_else(|| text(&employee.email)),
        department,
        job_title: employee.job_title.clone(),
        manager_id: employee.manager.map(|manager| manager.to_string()),
        hire_date: employee.hire_date.map(|day| day.to_string()),
        status: Some(if ended { "inactive" } else { "active" }.to_owned()),
        tenant_id: None,
    }
}

/// A person as the vendor shows them, in canonical words.
pub(super) fn read_user(space: Space, user: User) -> Result<Employee, Error> {
    let name = required("displayName", user.display_name)?;
    let hire_date = filled(user.hire_date).map(|day| parse_date("hire_date", &day)).transpose()?;
    let (status, phase) = match user.status.as_deref() {
        Some("inactive") => (EmploymentStatus::Ended, EmploymentPhase::Left),
        _ => (EmploymentStatus::Active, EmploymentPhase::Regular),
    };
    Ok(Employee {
        name: name.into(),
        employee_no: filled(user.employee_number),
        status: Some(status),
        phase: Some(Coded { value: phase, vendor_value: user.status }),
        manager: filled(user.manager_id).map(|id| space.id(Kind::Employee, &id)),
        job_title: filled(user.job_title),
        hire_date,
        work_email: filled(user.email).map(Personal::new),
        ..Employee::default()
    })
}

/// A person as the record has them, for the feed.
pub(super) fn feed_user(employee: &Employee, gone: bool) -> User {
    let shown = show_user(Id::from_bytes([0; 16]), employee, None);
    let status = if gone { Some("inactive".to_owned()) } else { shown.status };
    // Ids differ between us and the vendor, so managers stay out; departments are the HR system's own.
    User { id: None, manager_id: None, department: None, status, ..shown }
}

/// What a row of the feed says of somebody: the fields of the record and their values.
pub(super) fn fed_fields(user: &User) -> Result<Map<String, Value>, String> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            fields.insert(name.to_owned(), value.into());
        }
    };
    put("name", user.display_name.as_deref());
    put("work_email", user.email.as_deref());
    put("job_title", user.job_title.as_deref());
    if let Some(day) = user.hire_date.as_deref().filter(|day| !day.is_empty()) {
        let day = parse_date("hire_date", day).map_err(|error| error.public().to_owned())?;
        put("hire_date", Some(&day.to_string()));
    }
    match user.status.as_deref() {
        None | Some("") => {}
        Some("active") => {
            fields.insert("status".to_owned(), json!(EmploymentStatus::Active));
        }
        Some("inactive") => {
            fields.insert("status".to_owned(), json!(EmploymentStatus::Ended));
            fields.insert("phase".to_owned(), json!(Coded::ours(EmploymentPhase::Left)));
        }
        Some(_) => return Err("status is active or inactive".to_owned()),
    }
    Ok(fields)
}

/// Somebody new from a row of the feed.
pub(super) fn fed_employee(user: &User) -> Result<Employee, String> {
    let mut fields = fed_fields(user)?;
    if !fields.contains_key("name") {
        return Err("displayName is missing".to_owned());
    }
    fields.insert("employee_no".to_owned(), json!(user.employee_number.as_deref().map(str::trim)));
    fields.entry("status").or_insert_with(|| json!(EmploymentStatus::Active));
    serde_json::from_value(Value::Object(fields)).map_err(|_| "the row cannot be taken".to_owned())
}

/// A recognition as the contract shows it; the names are those of the people on the page.
pub(super) fn show_recognition(
    id: Id,
    recognition: &Recognition,
    names: &HashMap<Id, String>,
) -> wire::Recognition {
    let party = |id: Id| Party { id: Some(id.to_string()), name: names.get(&id).cloned() };
    let nominator = recognition.giver.map(party).or_else(|| {
        let name = text(&recognition.giver_name);
        name.map(|name| Party { id: None, name: Some(name) })
    });
    let time = |at: Option<Instant>| at.map(|at| at.to_string());
    wire::Recognition {
        id: Some(id.to_string()),
        nominator,
        recipient: Some(party(recognition.receiver)),
        award_level: Some(recognition.level.clone()),
        company_value: recognition.value.clone(),
        title: recognition.title.clone(),
        message: Some(recognition.message.expose().clone()),
        points: Some(u64::from(recognition.points)),
        visibility: Some(word(&recognition.visibility, Visibility::name)),
        status: Some(word(&recognition.status, RecognitionStatus::name)),
        created_at: time(recognition.nominated_at),
        decided_at: time(recognition.decided_at),
        decided_by: recognition.decided_by.map(|id| id.to_string()),
        delivered_at: time(recognition.delivered_at),
        reason: text(&recognition.reason),
    }
}

/// A recognition as the vendor shows it, in canonical words.
pub(super) fn read_recognition(space: Space, row: wire::Recognition) -> Result<Recognition, Error> {
    let employee = |id: String| space.id(Kind::Employee, &id);
    let recipient = row.recipient.and_then(|party| filled(party.id));
    let nominator = row.nominator.unwrap_or_default();
    let visible = filled(row.visibility).unwrap_or_else(|| "public".to_owned());
    Ok(Recognition {
        giver: filled(nominator.id).map(employee),
        giver_name: filled(nominator.name).map(Personal::new),
        receiver: employee(required("recipient", recipient)?),
        level: required("award_level", row.award_level)?.to_lowercase(),
        value: filled(row.company_value),
        title: filled(row.title),
        message: row.message.unwrap_or_default().into(),
        points: counted("points", row.points.or(Some(0)))?,
        visibility: visibility(&visible),
        status: status(&required("status", row.status)?),
        nominated_at: instant("created_at", row.created_at)?,
        decided_at: instant("decided_at", row.decided_at)?,
        decided_by: filled(row.decided_by).map(employee),
        delivered_at: instant("delivered_at", row.delivered_at)?,
        reason: filled(row.reason).map(Personal::new),
        approval: None,
    })
}

/// A reward as the contract shows it.
pub(super) fn show_reward(id: Id, item: &RewardItem) -> Reward {
    Reward {
        id: Some(id.to_string()),
        name: Some(item.name.clone()),
        category: Some(item.category.clone()),
        country: Some(item.country.clone()),
        points_required: Some(u64::from(item.points)),
        description: item.about.clone(),
        stock: item.stock.map(u64::from),
        available: Some(item.available && item.stock != Some(0)),
    }
}

/// A reward as the vendor shows it, in canonical words.
pub(super) fn read_reward(row: Reward) -> Result<RewardItem, Error> {
    Ok(RewardItem {
        name: required("name", row.name)?,
        category: filled(row.category).unwrap_or_default(),
        country: filled(row.country).unwrap_or_default(),
        points: counted("points_required", row.points_required)?,
        about: filled(row.description),
        stock: row.stock.map(|stock| counted("stock", Some(stock))).transpose()?,
        available: row.available.unwrap_or(true),
    })
}

/// A redemption as the contract shows it.
pub(super) fn show_redemption(id: Id, redemption: &Redemption) -> wire::Redemption {
    wire::Redemption {
        id: Some(id.to_string()),
        employee_id: Some(redemption.employee.to_string()),
        item_id: Some(redemption.item.to_string()),
        quantity: Some(u64::from(redemption.quantity)),
        points: Some(u64::from(redemption.points)),
        status: Some(word(&redemption.status, RedemptionStatus::name)),
        created_at: redemption.requested_at.map(|at| at.to_string()),
        delivered_at: redemption.delivered_at.map(|at| at.to_string()),
    }
}

/// A redemption as the vendor shows it, in canonical words.
pub(super) fn read_redemption(space: Space, row: wire::Redemption) -> Result<Redemption, Error> {
    let status = required("status", row.status)?;
    Ok(Redemption {
        employee: space.id(Kind::Employee, &required("employee_id", row.employee_id)?),
        item: space.id(Kind::RewardItem, &required("item_id", row.item_id)?),
        quantity: counted("quantity", row.quantity.or(Some(1)))?,
        points: counted("points", row.points)?,
        status: Coded::vendor(&status, known(RedemptionStatus::ALL, RedemptionStatus::name, &status)),
        requested_at: instant("created_at", row.created_at)?,
        delivered_at: instant("delivered_at", row.delivered_at)?,
    })
}

/// A movement of points as the contract shows it.
pub(super) fn show_entry(id: Id, entry: &PointsEntry, source: Option<Kind>) -> wire::PointsEntry {
    wire::PointsEntry {
        id: Some(id.to_string()),
        employee_id: Some(entry.employee.to_string()),
        kind: Some(word(&entry.kind, PointsKind::name)),
        amount: entry.amount,
        balance_after: entry.balance_after,
        source_id: source.and(entry.source).map(|id| id.to_string()),
        source_type: source.map(|kind| kind.name().to_owned()),
        note: entry.note.clone(),
        created_at: Some(entry.at.to_string()),
    }
}

/// A movement of points as the vendor shows it, in canonical words.
pub(super) fn read_entry(space: Space, row: wire::PointsEntry) -> Result<PointsEntry, Error> {
    let kind = required("type", row.kind)?;
    let of = match row.source_type.as_deref() {
        Some("recognition") => Some(Kind::Recognition),
        Some("redemption") => Some(Kind::Redemption),
        _ => None,
    };
    Ok(PointsEntry {
        employee: space.id(Kind::Employee, &required("employee_id", row.employee_id)?),
        kind: Coded::vendor(&kind, known(PointsKind::ALL, PointsKind::name, &kind)),
        amount: row.amount,
        balance_after: row.balance_after,
        source: of.zip(filled(row.source_id)).map(|(kind, id)| space.id(kind, &id)),
        at: instant("created_at", row.created_at)?
            .ok_or_else(|| Error::invalid("created_at", "created_at is missing"))?,
        note: filled(row.note),
    })
}
