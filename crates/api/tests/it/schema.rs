//! A check of values against the schemas of the OpenAPI document: just the words that the document uses. Properties
//! that are not described are findings, which is the point.

use serde_json::Value;

/// What of the value the schema does not say.
pub(crate) fn findings(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "$", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect("references lead somewhere");
        return check(document, target, value, at, found);
    }
    if let Some(parts) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        if !parts.iter().any(|part| findings(document, part, value).is_empty()) {
            found.push(format!("{at}: {value} is none of the alternatives"));
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(value, name)) {
        found.push(format!("{at}: {value} is not {types:?}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{at}: {value} is not listed"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        found.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    if schema["format"] == "date" && value.as_str().is_some_and(|text| text.len() != 10) {
        found.push(format!("{at}: {value} is no date"));
    }
    if let Value::Array(items) = value {
        for (place, item) in items.iter().enumerate() {
            check(document, &schema["items"], item, &format!("{at}[{place}]"), found);
        }
    }
    if let (Value::Object(fields), Some(properties)) = (value, schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                found.push(format!("{at}.{name}: is missing"));
            }
        }
        for (name, field) in fields {
            match properties.get(name) {
                Some(property) => check(document, property, field, &format!("{at}.{name}"), found),
                None => found.push(format!("{at}.{name}: is not described")),
            }
        }
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}
