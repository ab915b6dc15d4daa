//! The routes that change records as OpenAPI; what they take is made from the table of fields.

use serde_json::{Map, Value, json};
use tongshi_hub::acts;
use tongshi_model::{Action, Kind};

use super::{
    fields,
    kinds::{mark, problem, reference, success, tag},
};
use crate::v1::records::{self, is_writable};

/// Adds the writing operations and schemas of a kind; none where its fields are not known.
pub(super) fn add(kind: Kind, name: &str, paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    if !is_writable(kind) {
        return;
    }
    schemas.insert(format!("{name}New"), document(kind));
    schemas.insert(format!("{name}Part"), part(kind));
    schemas.insert(format!("{name}Written"), written(schemas, name));
    schemas.insert(format!("{name}Rows"), rows(name));
    let one = kind.name();
    let mut put = |path: String, method: &str, operation: Value| {
        paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
    };
    put(records::list_path(kind), "post", create(kind, name));
    put(records::bulk_path(kind), "post", bulk(kind, name));
    put(records::get_path(kind), "patch", update(kind, name));
    put(records::get_path(kind), "delete", delete(kind, name));
    for &action in acts(kind) {
        let path = records::act_path(kind, action);
        put(path, "post", act(kind, name, action, &format!("{action}_{one}")));
    }
}

fn create(kind: Kind, name: &str) -> Value {
    json!({
        "tags": [tag(kind)],
        "summary": format!("Make one of the {}", plain(kind)),
        "description": "The body is the document. Each connection to which a route leads is told.",
        "operationId": format!("create_{}", kind.name()),
        "parameters": [key()],
        "requestBody": body(&format!("{name}New")),
        "responses": {
            "201": success("The record is made.", &format!("{name}Written")),
            "200": success("A record that is the same by nature was there and has changed.", &format!("{name}Written")),
            "409": problem("The same request is being answered."),
            "422": problem("The Idempotency-Key came with another request before."),
        },
    })
}

fn bulk(kind: Kind, name: &str) -> Value {
    let items = json!({
        "type": "object", "additionalProperties": false, "required": ["items"],
        "properties": {
            "items": { "type": "array", "maxItems": 1000, "items": reference(&format!("{name}New")) },
        },
    });
    json!({
        "tags": [tag(kind)],
        "summary": format!("Make many {}", plain(kind)),
        "description": "A row for each item; those that can be made are made together.",
        "operationId": format!("create_many_{}", kind.name()),
        "parameters": [key()],
        "requestBody": { "required": true, "content": { "application/json": { "schema": items } } },
        "responses": { "200": success("A row for each item.", &format!("{name}Rows")) },
    })
}

fn update(kind: Kind, name: &str) -> Value {
    json!({
        "tags": [tag(kind)],
        "summary": format!("Change one of the {}", plain(kind)),
        "description": "Each field takes the place of the stored one as a whole; null takes it away. What belongs to a \
            vendor is changed there: 202, and the record follows when the vendor shows it.",
        "operationId": format!("update_{}", kind.name()),
        "parameters": [id(), if_match(), key()],
        "requestBody": body(&format!("{name}Part")),
        "responses": changed(name),
    })
}

fn delete(kind: Kind, name: &str) -> Value {
    json!({
        "tags": [tag(kind)],
        "summary": format!("Take one of the {} away", plain(kind)),
        "description": "What belongs to a vendor is taken away there: 202.",
        "operationId": format!("delete_{}", kind.name()),
        "parameters": [id(), if_match(), key()],
        "responses": changed(name),
    })
}

fn act(kind: Kind, name: &str, action: Action, operation: &str) -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "comment": text("A remark."),
            "reason": text("Why."),
            "to": text("To whom, by the record's id."),
        },
    });
    json!({
        "tags": [tag(kind)],
        "summary": format!("{action} one of the {}", plain(kind)),
        "description": "What belongs to a vendor is done there: 202.",
        "operationId": operation,
        "parameters": [id(), key()],
        "requestBody": { "required": false, "content": { "application/json": { "schema": schema } } },
        "responses": changed(name),
    })
}

fn changed(name: &str) -> Value {
    let written = format!("{name}Written");
    json!({
        "200": success("The record has changed.", &written),
        "202": success("A vendor is told; nothing has changed here yet.", &written),
        "404": problem("There is no such record in this workspace."),
        "409": problem("No route leads to the vendor that it belongs to, or it is in no state for this."),
        "412": problem("The record is at another version than If-Match says."),
        "422": problem("The Idempotency-Key came with another request before."),
    })
}

/// The document as it is sent: nothing but its fields.
fn document(kind: Kind) -> Value {
    let mut schema = fields::object(fields::of(kind));
    schema["description"] = format!("{} As it is sent.", fields::about(kind)).into();
    schema["additionalProperties"] = false.into();
    for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        mark(property, kind.sensitivity(name));
    }
    schema
}

/// Fields that take the place of stored ones.
fn part(kind: Kind) -> Value {
    let mut schema = document(kind);
    let must: Vec<&str> =
        fields::of(kind).iter().filter(|field| field.always).map(|field| field.name).collect();
    for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        if !must.contains(&name.as_str()) {
            *property = json!({ "anyOf": [property.take(), { "type": "null" }] });
        }
    }
    schema["required"] = json!([]);
    schema["minProperties"] = 1.into();
    schema["description"] = "The fields that change.".into();
    schema
}

/// The record with the writes that its change made necessary.
fn written(schemas: &Map<String, Value>, name: &str) -> Value {
    let mut schema = schemas.get(&format!("{name}Record")).cloned().unwrap_or_default();
    schema["properties"]["writes"] = json!({
        "type": "array", "description": "What vendors are told.", "items": reference("QueuedWrite"),
    });
    if let Some(required) = schema["required"].as_array_mut() {
        required.push("writes".into());
    }
    schema
}

fn rows(name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["bulk", "accepted", "refused", "data"],
        "properties": {
            "bulk": { "type": "string", "description": "Names the request: its writes carry it." },
            "accepted": { "type": "integer", "description": "How many items were taken." },
            "refused": { "type": "integer", "description": "How many were not." },
            "data": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": { "type": "integer", "description": "The status that it would have had alone." },
                        "result": reference(&format!("{name}Written")),
                        "problem": reference("RowProblem"),
                    },
                },
            },
        },
    })
}

fn body(schema: &str) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": reference(schema) } } })
}

fn key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The same key again within 72 hours gives the first answer again.",
        "schema": { "type": "string", "maxLength": 255 },
    })
}

fn if_match() -> Value {
    json!({
        "name": "If-Match", "in": "header", "required": false,
        "description": "The version that is to be changed, such as \"3\".",
        "schema": { "type": "string" },
    })
}

fn id() -> Value {
    json!({
        "name": "id", "in": "path", "required": true, "description": "The record's id.",
        "schema": { "type": "string" },
    })
}

fn plain(kind: Kind) -> String {
    kind.plural().replace('_', " ")
}
