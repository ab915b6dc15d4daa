//! The routes of the kinds as OpenAPI: two paths and three schemas for each.

use serde_json::{Map, Value, json};
use tongshi_model::{Error, Kind, Sensitivity};
use utoipa::{IntoParams as _, PartialSchema as _, ToSchema as _};

use super::fields::{self, Field};
use crate::v1::{
    records::{self, get::GetRecord, list::ListRecords},
    schemas,
};

/// Adds paths and schemas of every kind.
pub(super) fn add(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) -> Result<(), Error> {
    let lineage = schemas::Lineage::schema();
    schemas.insert(schemas::Lineage::name().into_owned(), written(&lineage)?);
    let linked = schemas::LinkedBy::schema();
    schemas.insert(schemas::LinkedBy::name().into_owned(), written(&linked)?);
    for &kind in Kind::ALL {
        let name = format!("{kind:?}");
        schemas.insert(format!("{name}Page"), page(&name));
        schemas.insert(format!("{name}Record"), record(kind, &name));
        schemas.insert(name.clone(), document(kind));
        paths.insert(records::list_path(kind), json!({ "get": list(kind, &name)? }));
        paths.insert(records::get_path(kind), json!({ "get": get(kind, &name)? }));
        super::writes::add(kind, &name, paths, schemas);
    }
    Ok(())
}

/// A response that is a problem.
pub(super) fn problem(about: &str) -> Value {
    let schema = reference("Problem");
    json!({ "description": about, "content": { "application/problem+json": { "schema": schema } } })
}

fn list(kind: Kind, name: &str) -> Result<Value, Error> {
    let mut parameters = Vec::new();
    for field in kind.lookups().iter().chain(records::list::further_filters(kind)) {
        parameters.push(filter(kind, field));
    }
    for parameter in ListRecords::into_params(|| None) {
        parameters.push(written(&parameter)?);
    }
    Ok(json!({
        "tags": [tag(kind)],
        "summary": format!("List {}", kind.plural().replace('_', " ")),
        "description": fields::about(kind),
        "operationId": format!("list_{}", kind.plural()),
        "parameters": parameters,
        "responses": { "200": success("A page of records, oldest first.", &format!("{name}Page")) },
    }))
}

fn get(kind: Kind, name: &str) -> Result<Value, Error> {
    let mut parameters = vec![json!({
        "name": "id", "in": "path", "required": true, "description": "The record's id.", "schema": id(),
    })];
    for parameter in GetRecord::into_params(|| None) {
        parameters.push(written(&parameter)?);
    }
    Ok(json!({
        "tags": [tag(kind)],
        "summary": format!("Get one of the {}", kind.plural().replace('_', " ")),
        "description": "The record, deleted or not.",
        "operationId": format!("get_{}", kind.name()),
        "parameters": parameters,
        "responses": {
            "200": success("The record.", &format!("{name}Record")),
            "404": problem("There is no such record in this workspace."),
        },
    }))
}

fn filter(kind: Kind, field: &str) -> Value {
    let about = fields::of(kind).iter().find(|known| known.name == field).map_or("", |known| known.about);
    json!({
        "name": field, "in": "query", "required": false,
        "description": format!("Only those with this value. {about}"),
        "schema": { "type": "string" },
    })
}

pub(super) fn success(about: &str, schema: &str) -> Value {
    json!({ "description": about, "content": { "application/json": { "schema": reference(schema) } } })
}

fn page(name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["data", "next"],
        "properties": {
            "data": { "type": "array", "items": reference(&format!("{name}Record")) },
            "next": {
                "type": ["string", "null"],
                "description": "Where the next page begins: send it as `after`. Null at the end.",
            },
        },
    })
}

fn record(kind: Kind, name: &str) -> Value {
    let time = |about: &str| json!({ "type": "string", "format": "date-time", "description": about });
    json!({
        "type": "object",
        "required": ["id", "kind", "version", "created_at", "changed_at", "data"],
        "properties": {
            "id": id(),
            "kind": { "type": "string", "const": kind.name() },
            "version": { "type": "integer", "description": "How often it was written." },
            "created_at": time("When it was made."),
            "changed_at": time("When it was last written."),
            "deleted_at": time("When it was deleted, if it was."),
            "deletion_evidence": { "type": "string", "description": "Why we think that it is gone." },
            "data": reference(name),
            "lineage": {
                "type": "array",
                "description": "Where it comes from, when that was asked for.",
                "items": reference("Lineage"),
            },
        },
    })
}

fn document(kind: Kind) -> Value {
    let known = fields::of(kind);
    if known.is_empty() {
        return json!({ "type": "object", "description": fields::about(kind) });
    }
    let mut schema = fields::object(known);
    schema["description"] = fields::about(kind).into();
    let properties = schema["properties"].as_object_mut().into_iter().flatten();
    for (name, property) in properties {
        mark(property, kind.sensitivity(name));
    }
    // What a key may not see is absent, so only public fields can be counted on.
    let public = |field: &&Field| field.always && kind.sensitivity(field.name) == Sensitivity::Public;
    let required: Vec<&str> = known.iter().filter(public).map(|field| field.name).collect();
    schema["required"] = required.into();
    schema
}

/// Says how private a field is, for readers and for programs.
pub(super) fn mark(property: &mut Value, sensitivity: Sensitivity) {
    let label = match sensitivity {
        Sensitivity::Public => return,
        Sensitivity::Contact => "contact",
        Sensitivity::Personal => "personal",
        Sensitivity::Restricted => "restricted",
        Sensitivity::Secret => "secret",
    };
    property["x-sensitivity"] = label.into();
}

pub(super) fn tag(kind: Kind) -> &'static str {
    match kind {
        Kind::Company | Kind::LegalEntity | Kind::OrgUnit | Kind::Employee | Kind::Account => "organisation",
        Kind::Candidate | Kind::CandidateSource | Kind::Vacancy => "recruitment",
        Kind::ShiftAssignment | Kind::TimelineEntry => "attendance",
        Kind::Approval => "approvals",
        Kind::TravelRequest
        | Kind::Booking
        | Kind::ExpenseClaim
        | Kind::AccountingEntry
        | Kind::PaymentAccount
        | Kind::SupplierBill => "travel and spend",
        Kind::Recognition | Kind::RewardItem | Kind::Redemption | Kind::PointsEntry => "recognition",
        Kind::SalaryItem => "pay",
        Kind::Visit => "visits",
        Kind::Notice => "notices",
    }
}

fn id() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The record's id." })
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn written<T: serde::Serialize>(part: &T) -> Result<Value, Error> {
    serde_json::to_value(part).map_err(|error| Error::internal("a part does not serialise").caused_by(error))
}
