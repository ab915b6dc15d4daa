//! The description of everything that is served outside the faces, as OpenAPI 3.1: from the annotations of the routes
//! and, for records, from the list of kinds.

pub(super) mod check;
mod fields;
mod further;
mod kinds;
pub(super) mod serve;
mod writes;

pub(super) use fields::of as fields_of;

use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use tongshi_model::Error;
use utoipa_axum::router::OpenApiRouter;

use crate::{config::Limits, health, hooks};

const ABOUT: &str = "Tongshi keeps one record of an organisation over the systems of many vendors. Send \
    `Authorization: Bearer <key>`; `tongshi app` and `tongshi demo` print keys. Lists are read by following `next` with \
    `after`. A parameter that is not described here is refused. Errors are problems (RFC 9457).";

const TAGS: &[(&str, &str)] = &[
    ("workspace", "The calling app and what there is"),
    ("organisation", "The company, its departments and its people"),
    ("attendance", "Shifts, punches, and what keeps people away"),
    ("approvals", "Approvals with their forms"),
    ("recruitment", "Candidates and positions"),
    ("pay", "Pay subjects"),
    ("visits", "Visitors"),
    ("notices", "Words sent to persons"),
    ("travel and spend", "Travel, bookings and claims"),
    ("recognition", "Recognitions, points and rewards"),
    ("changes", "The journal"),
    ("identity", "Which records are one"),
    ("apps", "Programs that call, for those who administrate"),
    ("sessions", "Who signed in, for those who administrate"),
    ("webhooks", "Where apps are told of changes"),
    ("connections", "Accounts at vendors"),
    ("runs", "Syncs and their proofs"),
    ("writes", "What the hub does at vendors"),
    ("events", "What vendors send"),
    ("privacy", "What a person may ask for"),
    ("operation", "Health, metrics and this document"),
];

/// The document.
pub fn openapi() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| made().unwrap_or_else(|error| json!({ "error": error.private() })))
}

fn made() -> Result<Value, Error> {
    let routes: OpenApiRouter<_> = super::documented()
        .routes(utoipa_axum::routes!(serve::openapi_document))
        .merge(hooks::routes(Limits::default()))
        .merge(health::routes());
    let annotated = serde_json::to_value(routes.into_openapi())
        .map_err(|error| Error::internal("the annotations do not serialise").caused_by(error))?;
    let mut paths = taken(&annotated, "/paths");
    let mut schemas = taken(&annotated, "/components/schemas");
    kinds::add(&mut paths, &mut schemas)?;
    for (path, item) in &mut paths {
        for operation in item.as_object_mut().into_iter().flat_map(|item| item.values_mut()) {
            complete(path, operation);
        }
    }
    let tags: Vec<Value> =
        TAGS.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect();
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tongshi",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This hub" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "api_key": { "type": "http", "scheme": "bearer", "description": "The key of an app." },
            },
        },
    }))
}

fn taken(document: &Value, pointer: &str) -> Map<String, Value> {
    document.pointer(pointer).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Adds what all operations share: problems, and the key where it is needed.
fn complete(path: &str, operation: &mut Value) {
    let keyed = path.starts_with("/v1/") && path != serve::PATH;
    operation["security"] = if keyed { json!([{ "api_key": [] }]) } else { json!([]) };
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    // An operation that hands on somebody else's answers says itself what else may come.
    if responses.contains_key("default") {
        return;
    }
    let mut problem = |status: &str, about: &str| {
        responses.entry(status).or_insert_with(|| kinds::problem(about));
    };
    if keyed {
        problem("400", "A parameter cannot be taken; `field` names it.");
        problem("401", "The key is missing or unknown.");
        problem("403", "The app is switched off, calls from where it may not, or may not see or do this.");
        problem(
            "429",
            "The app's requests are used up, or too many wrong keys came from there; Retry-After says when to ask again.",
        );
    }
    problem("default", "Something else went wrong.");
}

#[cfg(test)]
mod tests;
