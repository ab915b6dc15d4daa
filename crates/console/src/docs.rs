//! The page of an OpenAPI document: operations by tag, each with its parameters, its answer and a line for curl.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::page::Text;

/// An operation and where it is.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    described: &'a Value,
}

impl Operation<'_> {
    fn text(&self, name: &str) -> Text<'_> {
        Text(self.described[name].as_str().unwrap_or_default())
    }

    fn parameters(&self) -> &[Value] {
        self.described["parameters"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// The body of the page.
pub(crate) fn body(document: &Value) -> String {
    let mut body = String::with_capacity(256 * 1024);
    let info = &document["info"];
    let operations = operations(document);
    // Writing to a text does not fail, here and below.
    let _ = writeln!(
        body,
        "<header><h1>{} <small>{}</small></h1>\n<p>{}</p>\n<p><a href=\"/\">Home</a> · \
         <a href=\"/v1/openapi.json\">OpenAPI {}</a></p></header>\n<main>",
        text(info, "title"),
        text(info, "version"),
        prose(info["description"].as_str().unwrap_or_default()),
        text(document, "openapi"),
    );
    contents(&mut body, document, &operations);
    for tag in list(document, "tags") {
        let _ = writeln!(
            body,
            "<section id=\"{}\">\n<h2>{}</h2>\n<p>{}</p>",
            anchor(tag["name"].as_str().unwrap_or_default()),
            text(tag, "name"),
            text(tag, "description"),
        );
        for operation in operations.iter().filter(|operation| operation.described["tags"][0] == tag["name"]) {
            one(&mut body, operation, document);
        }
        body.push_str("</section>\n");
    }
    schemas(&mut body, document);
    body.push_str("</main>\n");
    body
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in object(document, "paths") {
        for (method, described) in item.as_object().into_iter().flatten() {
            operations.push(Operation { method, path, described });
        }
    }
    operations
}

fn contents(body: &mut String, document: &Value, operations: &[Operation<'_>]) {
    body.push_str("<nav><ul>\n");
    for tag in list(document, "tags") {
        let count =
            operations.iter().filter(|operation| operation.described["tags"][0] == tag["name"]).count();
        let name = tag["name"].as_str().unwrap_or_default();
        let _ = writeln!(body, "<li><a href=\"#{}\">{}</a> ({count})</li>", anchor(name), Text(name));
    }
    body.push_str("<li><a href=\"#schemas\">Schemas</a></li>\n</ul></nav>\n");
}

fn one(body: &mut String, operation: &Operation<'_>, document: &Value) {
    let open = operation.described["security"].as_array().is_none_or(Vec::is_empty);
    let _ = writeln!(
        body,
        "<details id=\"{}\">\n<summary><b>{}</b> <code>{}</code> {}{}</summary>\n<p>{}</p>",
        operation.text("operationId"),
        Text(&operation.method.to_uppercase()),
        Text(operation.path),
        operation.text("summary"),
        if open { " <i>(no key)</i>" } else { "" },
        prose(operation.described["description"].as_str().unwrap_or_default()),
    );
    parameters(body, operation.parameters());
    responses(body, operation);
    let _ = writeln!(body, "<pre>{}</pre>\n</details>", Text(&curl(operation, open, document)));
}

fn parameters(body: &mut String, parameters: &[Value]) {
    if parameters.is_empty() {
        return;
    }
    body.push_str("<table>\n<tr><th>Parameter</th><th>In</th><th>Value</th><th></th></tr>\n");
    for parameter in parameters {
        let needed = if parameter["required"] == true { " (needed)" } else { "" };
        let _ = writeln!(
            body,
            "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(parameter, "name"),
            text(parameter, "in"),
            shape(&parameter["schema"]),
            prose(parameter["description"].as_str().unwrap_or_default()),
        );
    }
    body.push_str("</table>\n");
}

fn responses(body: &mut String, operation: &Operation<'_>) {
    body.push_str("<table>\n<tr><th>Status</th><th></th><th>Body</th></tr>\n");
    for (status, response) in object(operation.described, "responses") {
        let content = object(response, "content").next();
        let schema = content.map_or(String::new(), |(_, content)| shape(&content["schema"]));
        let about = prose(plain(response, "description"));
        let _ = writeln!(body, "<tr><td>{}</td><td>{about}</td><td>{schema}</td></tr>", Text(status));
    }
    body.push_str("</table>\n");
}

/// A call to try out. Path parameters stand for the reader to fill in.
fn curl(operation: &Operation<'_>, open: bool, document: &Value) -> String {
    let mut line = String::from("curl");
    if !open {
        line.push_str(" -H \"Authorization: Bearer $TONGSHI_KEY\"");
    }
    if operation.method != "get" {
        let _ = write!(line, " -X {} --data-binary @body", operation.method.to_uppercase());
    }
    let needed = operation.parameters().iter().filter(|one| one["in"] == "query" && one["required"] == true);
    let query: Vec<String> =
        needed.map(|one| format!("{}={}", plain(one, "name"), sample(&one["schema"]))).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let server = document["servers"][0]["url"].as_str().unwrap_or_default().trim_end_matches('/');
    let _ = write!(line, " \"$TONGSHI_URL{server}{}{mark}{}\"", operation.path, query.join("&"));
    line
}

fn sample(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("date") => "2026-03-02",
        _ => "…",
    }
}

fn schemas(body: &mut String, document: &Value) {
    body.push_str("<section id=\"schemas\">\n<h2>Schemas</h2>\n");
    for (name, schema) in object(&document["components"], "schemas") {
        let _ = writeln!(
            body,
            "<details id=\"schema-{}\">\n<summary><code>{}</code></summary>\n<p>{}</p>",
            anchor(name),
            Text(name),
            prose(schema["description"].as_str().unwrap_or_default()),
        );
        body.push_str("<table>\n<tr><th>Field</th><th>Value</th><th></th></tr>\n");
        for (field, property) in object(schema, "properties") {
            let private =
                property["x-sensitivity"].as_str().map_or(String::new(), |label| format!(" [{label}]"));
            let _ = writeln!(
                body,
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
                Text(field),
                Text(&private),
                shape(property),
                prose(property["description"].as_str().unwrap_or_default()),
            );
        }
        body.push_str("</table>\n</details>\n");
    }
    body.push_str("</section>\n");
}

/// A schema in a few words, as HTML.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#schema-{}\">{}</a>", anchor(name), Text(name));
    }
    for joined in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[joined].as_array() {
            return parts.iter().map(shape).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .filter_map(Value::as_str)
            .map(|value| format!("<code>{}</code>", Text(value)))
            .collect();
        return values.join(", ");
    }
    let word = match &schema["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    match (&schema["items"], schema["format"].as_str()) {
        (Value::Object(_), _) => format!("list of {}", shape(&schema["items"])),
        (_, Some(format)) => format!("{} ({})", Text(&word), Text(format)),
        _ => Text(&word).to_string(),
    }
}

/// Text with `code` between backticks, in paragraphs.
fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    for (place, piece) in text.split('`').enumerate() {
        let piece = Text(piece);
        let _ = if place % 2 == 1 { write!(html, "<code>{piece}</code>") } else { write!(html, "{piece}") };
    }
    html.replace("\n\n", "</p>\n<p>")
}

/// A name as an anchor: letters and digits, anything else becomes a hyphen.
fn anchor(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> Text<'a> {
    Text(plain(value, name))
}

fn plain<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn object<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[name].as_object().into_iter().flat_map(Map::iter)
}
