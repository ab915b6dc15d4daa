//! The two hosts: contacts and attendance lie on the old one, approvals and sign-in on the new one (§1). A face is both.

use serde_json::Value;

/// Where the live vendor answers.
pub(in crate::dingtalk) const OLD_HOST: &str = "https://oapi.dingtalk.com";
const NEW_HOST: &str = "https://api.dingtalk.com";

/// Where the new host is: as the setting `api_base_url` says, or the live vendor's where the old host is; whoever else
/// answers is taken to be both.
pub(in crate::dingtalk) fn new_host(base_url: &str, settings: &Value) -> Option<String> {
    match settings["api_base_url"].as_str().filter(|url| !url.is_empty()) {
        Some(url) => Some(url.to_owned()),
        None => is_live(base_url).then(|| NEW_HOST.to_owned()),
    }
}

/// Whether this is the live vendor's old host.
pub(super) fn is_live(base_url: &str) -> bool {
    base_url.trim_end_matches('/').eq_ignore_ascii_case(OLD_HOST)
}

/// Whether a path lies on the new host: versions begin those and nothing on the old one.
pub(super) fn is_new(path: &str) -> bool {
    let version = path.strip_prefix("/v").and_then(|rest| rest.split_once(".0/"));
    version.is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_begin_the_paths_of_the_new_host() {
        assert!(is_new("/v1.0/oauth2/accessToken") && is_new("/v10.0/x"));
        assert!(!is_new("/topapi/v2/user/get") && !is_new("/visits.0/x") && !is_new("/gettoken"));
    }

    #[test]
    fn the_new_host_is_where_it_is_said_to_be() {
        let none = Value::Null;
        assert_eq!(new_host("https://oapi.dingtalk.com", &none).as_deref(), Some(NEW_HOST));
        assert_eq!(new_host("https://OAPI.dingtalk.com/", &none).as_deref(), Some(NEW_HOST));
        assert_eq!(new_host("http://127.0.0.1:8080/dingtalk", &none), None, "a face is both");
        let set = json!({"api_base_url": "https://api.example.com"});
        assert_eq!(new_host("https://old.example.com", &set).as_deref(), Some("https://api.example.com"));
    }
}
