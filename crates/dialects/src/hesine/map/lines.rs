//! The lines of a claim. What a line's form holds and the record has no place for is kept as it came and shown again.

use serde_json::{Map, Value, json};
use tongshi_model::{ExpenseClaim, ExpenseLine};

use super::{Names, day_millis, show_money};

/// The field of the approval's form that keeps the lines' further fields.
pub(super) const LINES: &str = "details";

/// Fields of a line's form that are read into the record, or made anew each time.
const KNOWN: &[&str] = &["amount", "taxAmount", "feeDate", "detailId", "consumptionReasons", "u_订单"];

/// The sort of invoice of a line of which nobody said anything (the vendor's own rule).
const NO_INVOICE: &str = "noWrite";

/// What the lines of a form say beside what the record takes; none where that is nothing.
pub(super) fn kept_lines(form: &Map<String, Value>) -> Option<Value> {
    let keep = |line: &Value| {
        let mut kept = Map::new();
        if let Some(template) = line.get("specificationId").filter(|template| template.is_string()) {
            kept.insert("specificationId".to_owned(), template.clone());
        }
        let fields = line.get("feeTypeForm").and_then(Value::as_object).into_iter().flatten();
        let further: Map<String, Value> = fields
            .filter(|(name, value)| !KNOWN.contains(&name.as_str()) && !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !further.is_empty() {
            kept.insert("feeTypeForm".to_owned(), further.into());
        }
        Value::Object(kept)
    };
    let kept: Vec<Value> = form.get(LINES)?.as_array()?.iter().map(keep).collect();
    let says = |line: &Value| line.as_object().is_some_and(|line| !line.is_empty());
    kept.iter().any(says).then(|| kept.into())
}

/// The lines of a claim as the vendor shows them.
pub(super) fn show_lines(names: &Names, claim: &ExpenseClaim, kept: Option<&Value>) -> Value {
    // Lines that were changed elsewhere are others than those that were kept.
    let kept = kept.and_then(Value::as_array).filter(|kept| kept.len() == claim.lines.len());
    let of = |place: usize| kept.and_then(|kept| kept.get(place)).unwrap_or(&Value::Null);
    claim.lines.iter().enumerate().map(|(place, line)| show_line(names, place, line, of(place))).collect()
}

/// The lines of a request: as they came, each with a number.
pub(in crate::hesine) fn show_plans(kept: Option<&Value>) -> Value {
    let mut lines = kept.and_then(Value::as_array).cloned().unwrap_or_default();
    for (place, line) in lines.iter_mut().enumerate() {
        if let Some(form) = line.get_mut("feeTypeForm").and_then(Value::as_object_mut) {
            form.entry("detailId").or_insert_with(|| (place + 1).to_string().into());
            form.entry("attachments").or_insert_with(|| json!([]));
        }
    }
    lines.into()
}

fn show_line(names: &Names, place: usize, line: &ExpenseLine, kept: &Value) -> Value {
    let mut form = kept["feeTypeForm"].as_object().cloned().unwrap_or_default();
    let invoices = show_invoices(names, line, form.get("invoiceForm"));
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            form.insert(name.to_owned(), value);
        }
    };
    put("amount", show_money(line.amount));
    put("taxAmount", line.tax.map(show_money).into());
    put("feeDate", line.date.map(day_millis).into());
    put("detailId", (place + 1).to_string().into());
    put("consumptionReasons", line.note.as_ref().map_or("", |note| note.expose().as_str()).into());
    put("invoiceForm", invoices);
    if !line.bookings.is_empty() {
        put("u_订单", line.bookings.iter().map(|booking| Value::from(booking.to_string())).collect());
    }
    form.entry("attachments").or_insert_with(|| json!([]));
    if !line.allocations.is_empty() {
        form.entry("apportions").or_insert_with(|| show_shares(line));
    }
    let template = format!("{}:expense:1", line.fee_type);
    let template = kept["specificationId"].as_str().unwrap_or(&template);
    json!({
        "feeTypeId": line.fee_type, "specificationId": template, "feeTypeForm": form,
        // Of a sort of cost the record knows the company's word and no more.
        "feeType": {
            "id": line.fee_type, "name": line.fee_type, "parentId": "", "active": true, "code": line.fee_type,
        },
    })
}

fn show_shares(line: &ExpenseLine) -> Value {
    let percent = |minor: i64| match line.amount.minor {
        0 => "0.00".to_owned(),
        whole => format!("{:.2}", minor as f64 * 100.0 / whole as f64),
    };
    let share = |share: &tongshi_model::Allocation| {
        json!({ "apportionForm": {
            "项目": share.cost_object, "apportionMoney": show_money(share.amount),
            "apportionPercent": percent(share.amount.minor),
        } })
    };
    line.allocations.iter().map(share).collect()
}

/// A line's invoices: as they were given, unless the record has others by now.
fn show_invoices(names: &Names, line: &ExpenseLine, kept: Option<&Value>) -> Value {
    let given = |form: &Value| form["invoices"].as_array().map_or(0, Vec::len);
    if let Some(kept) = kept.filter(|kept| kept.is_object() && given(kept) == line.invoices.len()) {
        return kept.clone();
    }
    let invoice = |invoice: &tongshi_model::Invoice| {
        let code = invoice.code.as_deref().unwrap_or_default();
        json!({ "invoiceId": format!("{}:{code}:{}", names.corporation, invoice.number) })
    };
    let invoices: Vec<Value> = line.invoices.iter().map(invoice).collect();
    json!({ "type": if invoices.is_empty() { NO_INVOICE } else { "exist" }, "invoices": invoices })
}
