//! What the log of requests may keep of what somebody sent: shapes and harmless words, never people and secrets.

use serde_json::{Map, Value};
use tongshi_model::{Kind, Sensitivity};

/// Longer texts are cut.
const TEXT_CHARS_MAX: usize = 8 * 1024;
/// Deeper JSON is not looked at.
const DEPTH_MAX: usize = 32;
/// So many digits in a row may be somebody's number.
const DIGITS_MAX: usize = 6;
/// A redacted value.
const HIDDEN: &str = "(redacted)";

/// Parts of fields' names, in lower case and without underscores, that vendors give what must not be kept, beside what
/// the model's labels name.
const WELL_KNOWN: &[&str] = &[
    "idnumber",
    "idcard",
    "identity",
    "certno",
    "certificateno",
    "passport",
    "ssn",
    "bank",
    "card",
    "account",
    "mobile",
    "phone",
    "tel",
    "email",
    "mail",
    "secret",
    "token",
    "password",
    "passwd",
    "pwd",
    "signature",
    "sign",
    "authorization",
    "cookie",
    "credential",
    "address",
    "birth",
    "salary",
    "wage",
    "amount",
    "apikey",
    "privatekey",
    "ticket",
    "session",
    "身份证",
    "手机",
    "银行",
    "密码",
    "工资",
];

/// Whether a field of this name is kept without its value.
fn is_private(name: &str) -> bool {
    let labelled = |kind: &Kind| kind.sensitivity(name) > Sensitivity::Public;
    // A text of this name is what somebody logs in with; a number is a fault's.
    let code = name == "code";
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    code || Kind::ALL.iter().any(labelled) || WELL_KNOWN.iter().any(|word| plain.contains(word))
}

/// A body as it may be kept where an app's bodies are: private fields without their values, long numbers nowhere.
pub(crate) fn body(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return format!("({} bytes that are no text)", bytes.len());
    };
    if text.is_empty() {
        return String::new();
    }
    if let Some(value) = json_of(text) {
        return cut(&named(value, 0).to_string());
    }
    if text.contains('=') && !text.contains(char::is_whitespace) {
        return cut(&pairs(text, |name, value| {
            if is_private(name) {
                return HIDDEN.to_owned();
            }
            // A form may carry JSON in one of its fields.
            json_of(value).map_or_else(|| line(value), |value| named(value, 0).to_string())
        }));
    }
    format!("({} bytes of text)", bytes.len())
}

/// A query, a form or JSON by its shape alone: names stay, every value becomes its length.
pub(crate) fn shape(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    if let Some(value) = json_of(text) {
        return cut(&shaped(value, 0).to_string());
    }
    if text.contains('=') && !text.contains(char::is_whitespace) {
        return cut(&pairs(text, |_, value| match json_of(value) {
            Some(value) => shaped(value, 0).to_string(),
            None => length(value),
        }));
    }
    length(text)
}

/// A path without what may name somebody: parts that are more than a plain word.
pub(crate) fn path(path: &str) -> String {
    let plain = |part: &&str| {
        part.len() <= 32 && part.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'))
    };
    let version = |part: &str| part.len() <= 3 && part.starts_with('v');
    let parts = path.split('/').map(|part| if plain(&part) || version(part) { part } else { "…" });
    cut(&parts.collect::<Vec<_>>().join("/"))
}

/// A sentence of ours or of a vendor: long numbers are hidden, control characters escaped.
pub(crate) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if digits.len() > DIGITS_MAX {
            shown.push('…');
        } else {
            shown.push_str(&digits);
        }
        digits.clear();
        match c {
            '\0' => {}
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    cut(&shown)
}

/// One part of what is signed. Plain short words stay, because the comparison of two such lists finds most mistakes.
pub(crate) fn part(name: &str, value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    match name {
        "path" => path(value),
        "method" | "access_key" | "app_key" | "tonce" | "timestamp" | "time" | "date" | "version"
        | "algorithm" | "host"
            if value.len() <= 80 && value.bytes().all(plain) =>
        {
            value.to_owned()
        }
        _ => shape(value),
    }
}

fn json_of(text: &str) -> Option<Value> {
    let json = text.trim_start().starts_with(['{', '[']);
    if json { serde_json::from_str(text).ok() } else { None }
}

/// Private fields without their values.
fn named(value: Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return HIDDEN.into();
    }
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let fault = name == "code" && value.is_number();
                let value = if is_private(&name) && !fault { HIDDEN.into() } else { named(value, depth + 1) };
                (name, value)
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.into_iter().map(|value| named(value, depth + 1)).collect(),
        Value::String(text) => line(&text).into(),
        Value::Number(number) if number.to_string().len() > DIGITS_MAX => HIDDEN.into(),
        other @ (Value::Number(_) | Value::Bool(_) | Value::Null) => other,
    }
}

/// Every value by its length.
fn shaped(value: Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return HIDDEN.into();
    }
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, shaped(value, depth + 1)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.into_iter().map(|value| shaped(value, depth + 1)).collect(),
        Value::String(text) => length(&text).into(),
        Value::Number(_) => "(number)".into(),
        other @ (Value::Bool(_) | Value::Null) => other,
    }
}

fn length(text: &str) -> String {
    format!("({} characters)", text.chars().count())
}

fn pairs(text: &str, show: impl Fn(&str, &str) -> String) -> String {
    let decoded = |text: &str| {
        let message = tongshi_dialect::strict_pairs(format!("x={text}").as_bytes()).ok()?;
        Some(message.get("x")?.as_str()?.to_owned())
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name).unwrap_or_default(), decoded(value));
        let value = value.map_or_else(|| "(not UTF-8)".to_owned(), |value| show(&name, &value));
        format!("{}={value}", line(&name))
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn cut(text: &str) -> String {
    if text.chars().count() <= TEXT_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(TEXT_CHARS_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &[&str] =
        &["19900000001", "110101199001011234", "6299000012345678", "sk-demo", "t-12345", "老王"];

    #[test]
    fn bodies_keep_names_and_lose_secrets() {
        let json = r#"{"name":"林一","mobile":"19900000001","id_number":"110101199001011234","nested":[{"bankCard":"6299000012345678",
            "note":"call 19900000001","access_token":"t-12345","size":7,"long":19900000001}],"client_secret":"sk-demo"}"#;
        let form = "payload=%7B%22mobile%22%3A%2219900000001%22%2C%22page%22%3A1%7D&signature=sk-demo&page=2&t-12345=1";
        for text in [json, &form[..form.len() - 10]] {
            let kept = body(text.as_bytes());
            assert!(PRIVATE.iter().all(|private| !kept.contains(private)), "{kept}");
        }
        assert!(body(json.as_bytes()).contains("林一") && body(json.as_bytes()).contains("\"size\":7"));
        assert!(body(form.as_bytes()).contains("page=2"));
        assert_eq!(body(b"\xff\xfe"), "(2 bytes that are no text)");
        assert_eq!(body("老王 called".as_bytes()), "(13 bytes of text)");
    }

    #[test]
    fn shapes_keep_names_alone() {
        let kept = shape(r#"{"name":"老王","pagination":{"page":1},"ids":["19900000001"]}"#);
        assert_eq!(
            kept,
            r#"{"ids":["(11 characters)"],"name":"(2 characters)","pagination":{"page":"(number)"}}"#
        );
        assert_eq!(shape("q=老王&x="), "q=(2 characters)&x=(0 characters)");
        assert_eq!(path("/api/v2/employees/19900000001/老王"), "/api/v2/employees/…/…");
        assert_eq!(line("code 1101: 19900000001\r\n\u{1b}[31m"), "code 1101: …\\r\\n\\u{1b}[31m");
        assert_eq!(part("tonce", "1500000000"), "1500000000");
        assert_eq!(part("payload", "sk-demo"), "(7 characters)");
    }
}
