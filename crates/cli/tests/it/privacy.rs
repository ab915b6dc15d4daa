//! A person's rights on the command line, and what the program's own output and log at trace may not hold.

use serde_json::Value;

use crate::{expect, folder, json, run, text, tongshi};

#[test]
fn a_person_is_copied_erased_and_nowhere_in_the_data_directory() {
    let data = folder();
    let path = data.path();
    expect(
        0,
        tongshi(path).args(["demo", "--exit", "--quiet", "--employees", "50", "--listen", "127.0.0.1:0"]),
    );
    let people = json(0, tongshi(path).args(["records", "employee", "--json"]));
    let whole = |row: &&Value| row["data"]["mobile"].is_string() && row["data"]["id_number"].is_string();
    let person = people.as_array().unwrap().iter().find(whole).unwrap();
    let (number, mobile) =
        (person["data"]["id_number"].as_str().unwrap(), person["data"]["mobile"].as_str().unwrap());
    let copy = path.join("copy.json");
    let export = ["privacy", "export", mobile, "--out", copy.to_str().unwrap()];
    let receipt = json(0, tongshi(path).args(export).arg("--json"));
    let document: Value = serde_json::from_slice(&std::fs::read(&copy).unwrap()).unwrap();
    assert_eq!(document["receipt"]["digest"], receipt["digest"]);
    assert!(document.to_string().contains(number));
    expect(1, tongshi(path).args(export));
    assert!(copy.exists(), "a file that is there is left alone");
    std::fs::remove_file(&copy).unwrap();

    expect(1, tongshi(path).args(["privacy", "erase", "nobody-at-all", "--reason", "asked"]));
    let dry =
        json(0, tongshi(path).args(["privacy", "erase", mobile, "--reason", "asked", "--dry-run", "--json"]));
    let id = dry["people"][0].as_str().unwrap();
    for workspace in ["main", "sandbox"] {
        let who = if workspace == "main" { id } else { mobile };
        let erase = ["privacy", "erase", who, "--reason", "asked", "--json", "--workspace", workspace];
        assert_eq!(json(0, tongshi(path).args(erase))["compacted"], true);
    }
    let mut all = Vec::new();
    for file in std::fs::read_dir(path).unwrap() {
        all.extend(std::fs::read(file.unwrap().path()).unwrap_or_default());
    }
    let all = String::from_utf8_lossy(&all);
    assert!(!all.contains(number) && !all.contains(mobile));
    let list = json(0, tongshi(path).args(["privacy", "tombstones", "list", "--json"]));
    let erasure = list[0]["id"].as_str().unwrap();
    let log = path.join("erased.log");
    let again = json(0, tongshi(path).args(["privacy", "apply-tombstones", log.to_str().unwrap(), "--json"]));
    assert_eq!((&again["erasures"], &again["repeated"]), (&2.into(), &0.into()));
    expect(0, tongshi(path).args(["privacy", "tombstones", "lift", erasure]));
    expect(1, tongshi(path).args(["privacy", "tombstones", "lift", erasure]));

    expect(0, tongshi(path).args(["retention", "set", "journal", "30"]));
    let rules = json(0, tongshi(path).args(["retention", "show", "--json"]));
    let journal = rules.as_array().unwrap().iter().find(|rule| rule["rule"] == "journal").unwrap();
    assert_eq!((&journal["days"], &journal["from"]), (&30.into(), &"workspace".into()));
    expect(0, tongshi(path).args(["retention", "run"]));
    expect(1, tongshi(path).args(["retention", "set", "nonsense", "30"]));
    let error =
        text(&expect(1, tongshi(path).args(["status"]).env("TONGSHI_RETENTION_DAYS", "nonsense=3")).stderr);
    assert!(error.contains("rule = days"), "{error}");
}

/// At trace the log of a whole demo (our connector over HTTP to our face) holds nobody's number and no secret, and
/// no other output holds a secret.
#[test]
fn neither_the_log_at_trace_nor_any_output_holds_what_it_must_not() {
    let data = folder();
    let path = data.path();
    let demo = ["demo", "--exit", "--employees", "50", "--listen", "127.0.0.1:0", "--log", "trace"];
    let log = run(tongshi(path).args(demo)).stderr;
    let calls = String::from_utf8_lossy(&log).lines().filter(|line| line.contains("DEBUG call")).count();
    assert!(calls >= 50, "the log was captured: {calls} calls");
    let people = json(0, tongshi(path).args(["records", "employee", "--json"]));
    let mut private: Vec<String> = Vec::new();
    for field in ["mobile", "id_number", "bank_card", "email"] {
        let values = people.as_array().unwrap().iter().filter_map(|row| row["data"][field].as_str());
        private.extend(values.map(str::to_owned));
    }
    assert!(private.len() > 100);
    let demo: Value = serde_json::from_slice(&std::fs::read(path.join("demo.json")).unwrap()).unwrap();
    let mut secrets = vec![std::fs::read_to_string(path.join("master.key")).unwrap().trim().to_owned()];
    for name in ["secret_key", "app_secret", "company_token"] {
        secrets.push(demo["faces"]["zhiren"][name].as_str().unwrap().to_owned());
    }
    let log = text(&log);
    for value in private.iter().chain(&secrets) {
        let found = log.lines().find(|line| line.contains(value.as_str()));
        assert!(found.is_none(), "{found:?}");
    }
    for command in [
        vec!["records", "employee", "--json"],
        vec!["changes", "--json"],
        vec!["status", "--json"],
        vec!["runs", "zhiren", "--json"],
        vec!["config", "show", "--json"],
        vec!["doctor", "--json"],
        vec!["connections", "--json"],
        vec!["privacy", "tombstones", "list", "--json"],
        vec!["retention", "show", "--json"],
        vec!["call", "zhiren", "department.list", "--json"],
    ] {
        let output = run(tongshi(path).args(&command).args(["--log", "trace"]));
        let both = text(&[output.stdout, output.stderr].concat());
        assert!(!both.is_empty(), "{command:?}");
        for secret in &secrets {
            assert!(!both.contains(secret.as_str()), "{command:?} shows a secret");
        }
    }
}
