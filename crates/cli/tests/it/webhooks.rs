//! `tongshi webhooks`, as an operator uses it.

use crate::{expect, folder, json, text, tongshi};

#[test]
fn a_webhook_is_added_shown_switched_and_removed() {
    let data = folder();
    expect(0, tongshi(data.path()).args(["app", "create", "payroll"]));
    let address = "https://payroll.example.com/hooks";
    let error = text(&expect(1, tongshi(data.path()).args(["webhooks", "add", "nobody", address])).stderr);
    assert!(error.contains("there is no app 'nobody'"), "{error}");
    let inward = ["webhooks", "add", "payroll", "http://127.0.0.1:9/hooks"];
    let error = text(&expect(1, tongshi(data.path()).args(inward)).stderr);
    assert!(error.contains("webhook_private_ranges"), "{error}");
    let mut add = tongshi(data.path());
    add.args(inward).args(["--event", "employee.*", "--payload", "full", "--json"]);
    let made = json(0, add.env("TONGSHI_WEBHOOK_PRIVATE_RANGES", "127.0.0.0/8"));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let id = made["webhook"]["id"].as_str().unwrap();
    let shown = json(0, tongshi(data.path()).args(["webhooks", "show", id, "--json"]));
    assert_eq!((&shown["payload"], &shown["enabled"]), (&"full".into(), &true.into()));
    assert!(!text(&expect(0, tongshi(data.path()).args(["webhooks", "list"])).stdout).contains("whsec_"));
    let off = json(0, tongshi(data.path()).args(["webhooks", "disable", id, "--json"]));
    assert_eq!(off["disabled_reason"], "it was switched off");
    assert_eq!(json(0, tongshi(data.path()).args(["webhooks", "enable", id, "--json"]))["enabled"], true);
    let rotated = json(0, tongshi(data.path()).args(["webhooks", "rotate", id, "--json"]));
    assert_ne!(rotated["secret"], made["secret"]);
    let mut test = tongshi(data.path());
    test.args(["webhooks", "test", id, "--json"]).env("TONGSHI_WEBHOOK_PRIVATE_RANGES", "127.0.0.0/8");
    assert_eq!(json(2, &mut test)["delivered"], false);
    assert_eq!(
        json(0, tongshi(data.path()).args(["webhooks", "dead", id, "--json"]))["data"],
        serde_json::json!([])
    );
    expect(1, tongshi(data.path()).args(["webhooks", "replay", id]));
    expect(1, tongshi(data.path()).args(["webhooks", "replay", id, "--message", "msg_1"]));
    expect(0, tongshi(data.path()).args(["webhooks", "remove", id]));
    expect(1, tongshi(data.path()).args(["webhooks", "show", id]));
}
