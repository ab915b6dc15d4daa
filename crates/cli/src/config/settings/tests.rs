//! The table of settings agrees with itself and hides what is secret.

use super::*;

#[test]
fn defaults_are_within_their_bounds_and_bounds_have_settings() {
    assert!(Settings::default().problems().is_empty());
    let names = Settings::names();
    assert!(BOUNDS.iter().all(|(name, ..)| names.contains(name)));
}

#[test]
fn ranges_are_read_from_lists_and_from_text() {
    let mut settings = Settings::default();
    for text in ["trusted_proxies = [\"10.0.0.0/8\", \"::1\"]", "trusted_proxies = \"10.0.0.0/8, ::1\""] {
        let table: toml::Table = text.parse().unwrap();
        settings.set("trusted_proxies", &table["trusted_proxies"]).unwrap().unwrap();
        assert_eq!(settings.trusted_proxies.show(), "10.0.0.0/8,::1/128");
    }
    for wrong in ["[\"10.0.0.1/8\"]", "[7]", "7", "\"host\""] {
        let table: toml::Table = format!("x = {wrong}").parse().unwrap();
        assert!(settings.set("trusted_proxies", &table["x"]).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn secrets_do_not_show() {
    let mut settings = Settings::default();
    let url = toml::Value::String("postgres://u:pw@h/d".to_owned());
    settings.set("database_url", &url).unwrap().unwrap();
    assert!(settings.rows().iter().all(|row| !row.value.contains("pw")));
}

#[test]
fn a_web_address_has_no_path() {
    let read = |text: &str| {
        let mut settings = Settings::default();
        let read = settings.set("public_url", &toml::Value::String(text.to_owned())).unwrap();
        read.map(|()| settings.public_url.show())
    };
    assert_eq!(read("https://hub.example.com/").unwrap(), "https://hub.example.com");
    assert_eq!(read("http://127.0.0.1:7070").unwrap(), "http://127.0.0.1:7070");
    for wrong in [
        "hub.example.com",
        "ftp://hub.example.com",
        "https://a.example.com/path",
        "https://u:p@h",
        "https://h/?q",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
