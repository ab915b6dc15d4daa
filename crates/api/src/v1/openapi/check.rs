//! Documents that apps send, held against the table of fields: a mistake is named by its field before anything is
//! stored, and what a document refers to is collected on the way.

use serde_json::{Map, Value};
use tongshi_hub::NewRecord;
use tongshi_model::{Error, Id, Instant, Kind, parse_date, shanghai};

use super::fields::{self, Field, Shape};

/// What belongs to the record and not to its document.
const OURS: [&str; 6] = ["id", "kind", "version", "created_at", "changed_at", "deleted_at"];

/// A whole document.
pub(in crate::v1) fn whole(kind: Kind, doc: Map<String, Value>) -> Result<NewRecord, Error> {
    let mut refers = Vec::new();
    let known = fields::of(kind);
    object("", known, &doc, &mut refers)?;
    lacking("", known, &doc)?;
    Ok(NewRecord { fields: doc, refers })
}

/// Fields that take the place of stored ones; null takes one away.
pub(in crate::v1) fn part(kind: Kind, doc: Map<String, Value>) -> Result<NewRecord, Error> {
    let mut refers = Vec::new();
    let known = fields::of(kind);
    object("", known, &doc, &mut refers)?;
    if doc.is_empty() {
        return Err(Error::invalid("body", "no field is to be changed"));
    }
    let must = known.iter().find(|field| field.always && doc.get(field.name).is_some_and(Value::is_null));
    match must {
        Some(field) => Err(Error::invalid(field.name, format!("{} is always there", field.name))),
        None => Ok(NewRecord { fields: doc, refers }),
    }
}

type Refers = Vec<(String, Kind, Id)>;

fn object(
    above: &str,
    known: &'static [Field],
    doc: &Map<String, Value>,
    refers: &mut Refers,
) -> Result<(), Error> {
    for (name, value) in doc {
        let at = under(above, name);
        let Some(field) = known.iter().find(|field| field.name == name) else {
            let ours = above.is_empty() && OURS.contains(&name.as_str());
            let why = if ours { "is given by the hub and cannot be sent" } else { "is no field of it" };
            let shown: String = at.chars().filter(|c| !c.is_control()).take(64).collect();
            return Err(Error::invalid(shown.clone(), format!("'{shown}' {why}")));
        };
        if value.is_null() {
            continue;
        }
        shape(&at, &field.shape, value, refers)?;
    }
    Ok(())
}

fn lacking(above: &str, known: &'static [Field], doc: &Map<String, Value>) -> Result<(), Error> {
    let there = |field: &&Field| doc.get(field.name).is_some_and(|value| !value.is_null());
    match known.iter().find(|field| field.always && !there(field)) {
        Some(field) => {
            let at = under(above, field.name);
            Err(Error::invalid(at.clone(), format!("{at} is missing")))
        }
        None => Ok(()),
    }
}

fn wrong(at: &str, what: &str) -> Error {
    Error::invalid(at.to_owned(), format!("{at} is {what}"))
}

/// A list of ids.
fn records(at: &str, kind: Kind, value: &Value, refers: &mut Refers) -> Result<(), Error> {
    let wrong = || Error::invalid(at.to_owned(), format!("{at} is a list of ids of {}", kind.plural()));
    for id in value.as_array().ok_or_else(wrong)? {
        let id = id.as_str().and_then(|id| id.parse().ok()).ok_or_else(wrong)?;
        refers.push((at.to_owned(), kind, id));
    }
    Ok(())
}

fn shape(at: &str, shape: &Shape, value: &Value, refers: &mut Refers) -> Result<(), Error> {
    let wrong = |what: &str| wrong(at, what);
    let text = |what: &str| value.as_str().ok_or_else(|| wrong(what));
    match shape {
        Shape::Text => text("a text").map(drop),
        Shape::Texts => match value.as_object() {
            Some(texts) if texts.values().all(Value::is_string) => Ok(()),
            _ => Err(wrong("an object of texts")),
        },
        Shape::TextList => {
            let all = value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string));
            all.then_some(()).ok_or_else(|| wrong("a list of texts"))
        }
        Shape::Switch => value.is_boolean().then_some(()).ok_or_else(|| wrong("true or false")),
        Shape::Date => {
            let what = "a date such as 2026-03-02";
            parse_date("date", text(what)?).map(drop).map_err(|_| wrong(what))
        }
        Shape::Instant => {
            let what = "a time such as 2026-03-02T08:00:00+08:00";
            let said = text(what)?;
            // Without an offset nobody knows which moment is meant.
            let clear = said.ends_with('Z') || said.rfind(['+', '-']).is_some_and(|sign| sign > 10);
            Instant::parse(said, shanghai()).ok().filter(|_| clear).map(drop).ok_or_else(|| wrong(what))
        }
        Shape::Integer => value.as_i64().map(drop).ok_or_else(|| wrong("a whole number")),
        Shape::Number => value.is_number().then_some(()).ok_or_else(|| wrong("a number")),
        Shape::Any => Ok(()),
        Shape::Record(kind) => {
            let what = format!("the id of one of the {}", kind.plural().replace('_', " "));
            refers.push((at.to_owned(), *kind, text(&what)?.parse().map_err(|_| wrong(&what))?));
            Ok(())
        }
        Shape::Records(kind) => records(at, *kind, value, refers),
        Shape::Code(names) => one_of(at, value, &names()),
        Shape::Coded(names) => {
            let coded = value.as_object().ok_or_else(|| wrong("an object with a value"))?;
            for (name, part) in coded {
                let part_at = under(at, name);
                match name.as_str() {
                    "value" => one_of(&part_at, part, &names())?,
                    "vendor_value" if part.is_string() || part.is_null() => {}
                    _ => {
                        return Err(Error::invalid(
                            part_at.clone(),
                            format!("'{part_at}' is no field of it"),
                        ));
                    }
                }
            }
            coded.get("value").map(drop).ok_or_else(|| wrong("an object with a value"))
        }
        Shape::Object(fields) => {
            let inner = value.as_object().ok_or_else(|| wrong("an object"))?;
            object(at, fields, inner, refers)?;
            lacking(at, fields, inner)
        }
        Shape::Objects(fields) => {
            let items = value.as_array().ok_or_else(|| wrong("a list of objects"))?;
            for (place, item) in items.iter().enumerate() {
                let at = format!("{at}[{place}]");
                let inner = item.as_object();
                let inner = inner.ok_or_else(|| Error::invalid(at.clone(), format!("{at} is an object")))?;
                object(&at, fields, inner, refers)?;
                lacking(&at, fields, inner)?;
            }
            Ok(())
        }
    }
}

fn one_of(at: &str, value: &Value, names: &[&str]) -> Result<(), Error> {
    if value.as_str().is_some_and(|said| names.contains(&said)) {
        return Ok(());
    }
    Err(Error::invalid(at.to_owned(), format!("{at} is one of: {}", names.join(", "))))
}

fn under(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tongshi_model::ErrorKind;

    use super::*;

    fn field(outcome: Result<NewRecord, Error>) -> String {
        match outcome.map_err(|error| error.kind().clone()) {
            Err(ErrorKind::Invalid(field)) => field.into_owned(),
            Err(kind) => panic!("{kind:?}"),
            Ok(_) => String::new(),
        }
    }

    fn doc(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn each_mistake_names_its_field() {
        let id = "ab".repeat(16);
        for (kind, sent, wrong) in [
            (Kind::Employee, json!({"name": "林一", "gender": {"value": "male"}, "org_unit": id}), ""),
            (Kind::Employee, json!({"name": "林一", "role": "admin"}), "role"),
            (Kind::Employee, json!({"name": "林一", "id": id}), "id"),
            (Kind::Employee, json!({"name": "林一", "created_at": "2026-01-01T00:00:00Z"}), "created_at"),
            (Kind::Employee, json!({}), "name"),
            (Kind::Employee, json!({"name": 7}), "name"),
            (Kind::Employee, json!({"name": "林一", "org_unit": "7"}), "org_unit"),
            (Kind::Employee, json!({"name": "林一", "hire_date": "2026-02-30"}), "hire_date"),
            (Kind::Employee, json!({"name": "林一", "gender": {"value": "x"}}), "gender.value"),
            (Kind::Employee, json!({"name": "林一", "gender": {"value": "male", "y": 1}}), "gender.y"),
            (Kind::Employee, json!({"name": "林一", "accounts": {"a": 1}}), "accounts"),
            (
                Kind::SalaryItem,
                json!({"employee": id, "month": "2026-02", "subject": "a", "amount": {"minor": 1.5, "currency": "CNY"}}),
                "amount.minor",
            ),
            (
                Kind::TimelineEntry,
                json!({"employee": id, "kind": {"value": "leave"}, "date": "2026-03-02", "start": "2026-03-02T08:00:00"}),
                "start",
            ),
            (
                Kind::TimelineEntry,
                json!({"employee": id, "kind": {"value": "leave"}, "date": "2026-03-02", "start": "2026-03-02T08:00:00+08:00"}),
                "",
            ),
        ] {
            assert_eq!(field(whole(kind, doc(&sent))), wrong, "{sent}");
        }
        assert_eq!(field(part(Kind::Employee, doc(&json!({"job_title": null})))), "");
        assert_eq!(field(part(Kind::Employee, doc(&json!({"name": null})))), "name");
        assert_eq!(field(part(Kind::Employee, doc(&json!({})))), "body");
        let refers = whole(Kind::Employee, doc(&json!({"name": "林一", "manager": id}))).unwrap().refers;
        assert_eq!(refers[0].0, "manager");
    }
}
