//! Runs of the real binary, as scripts make them: outputs, files and exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod operation;
mod privacy;
mod webhooks;

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// The binary on this data directory, away from the environment of whoever runs the tests.
fn tongshi(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongshi"));
    command.env_clear().env("TONGSHI_DATA", data).current_dir(data).stdin(Stdio::null());
    // One try is enough where nothing answers.
    command.env("TONGSHI_ATTEMPTS_MAX", "1");
    command
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

#[track_caller]
fn expect(code: i32, command: &mut Command) -> Output {
    let output = run(command);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{command:?}\n--- stdout\n{out}\n--- stderr\n{err}");
    output
}

#[track_caller]
fn json(code: i32, command: &mut Command) -> Value {
    let output = expect(code, command);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_wrong_command_line_ends_with_1_and_help_with_0() {
    let data = folder();
    expect(1, &mut tongshi(data.path()));
    expect(1, tongshi(data.path()).args(["sync", "hr", "--full", "--incremental"]));
    let help = text(&expect(0, tongshi(data.path()).args(["sync", "--help"])).stdout);
    assert!(help.contains("Examples:") && help.contains("3 held"), "{help}");
    assert!(text(&expect(0, tongshi(data.path()).arg("--help")).stdout).contains("Exit codes:"));
}

#[test]
fn an_unknown_setting_is_named_with_its_file_and_the_nearest_one() {
    let data = folder();
    std::fs::write(data.path().join("tongshi.toml"), "window_day = 3\n").unwrap();
    let error = text(&expect(1, tongshi(data.path()).arg("status")).stderr);
    assert!(error.contains("window_day") && error.contains("tongshi.toml"), "{error}");
    assert!(error.contains("did you mean window_days?"), "{error}");
    let found = json(1, tongshi(data.path()).args(["config", "check", "--json"]));
    assert_eq!(found["problems"].as_array().unwrap().len(), 1);
    std::fs::write(data.path().join("tongshi.toml"), "window_days = 3\n").unwrap();
    expect(0, tongshi(data.path()).args(["config", "check"]));
    let url = "postgres://somebody:hunter2@db.example.com/x";
    let shown =
        expect(0, tongshi(data.path()).args(["config", "show", "--json"]).env("TONGSHI_DATABASE_URL", url));
    let shown = text(&shown.stdout);
    assert!(shown.contains("\"window_days\": 3") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn signatures_are_those_of_the_specification() {
    let data = folder();
    let vectors = [
        (
            ["GET", "/api/v2/departments"],
            None,
            "e95824fcedde01556c14589c003ee838c1b11d5f6275ec3ff5d99593a198d942",
        ),
        (
            ["POST", "/api/v2/attendance_punches"],
            Some(r#"{"attendances":[{"empno":"NORMAL-1","punched_at":"2017-02-03 08:00"}]}"#),
            "c1a7b2dcb345b02a0239b7ab0862e2c53afbb1cf39d12305bf999408223a0caa",
        ),
        (
            ["GET", "/api/v2/employees"],
            Some(r#"{"token":"t-1","name":"张三","pagination":{"page":1}}"#),
            "475e13528725413324675a5bb17ce0a0d85bf3f3fb6af2b45137345c806383e2",
        ),
    ];
    for (request, payload, signature) in vectors {
        let mut command = tongshi(data.path());
        command.args(["sign", "zhiren"]).args(request).args(["--tonce", "1500000000", "--json"]);
        command.args(["--set", "access_key=ak-demo"]).env("TONGSHI_SET_SECRET_KEY", "sk-demo");
        if let Some(payload) = payload {
            command.args(["--payload", payload]);
        }
        let signed = json(0, &mut command);
        assert_eq!(signed["signature"], signature);
        assert!(signed["curl"].as_str().unwrap().contains(signature));
        assert!(!signed.to_string().contains("sk-demo"));
        let steps = text(
            &expect(
                0,
                tongshi(data.path())
                    .args(command.get_args().filter(|arg| *arg != "--json"))
                    .env("TONGSHI_SET_SECRET_KEY", "sk-demo"),
            )
            .stdout,
        );
        assert!(
            steps.contains(signature) && steps.contains("ak-demo") && !steps.contains("sk-demo"),
            "{steps}"
        );
    }
    // Signing needs no data, and leaves none.
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
}

#[test]
fn what_is_missing_or_unknown_is_said() {
    let data = folder();
    let connect = ["connect", "zhiren", "--name", "hr", "--set", "access_key=ak-demo"];
    let error = text(&expect(1, tongshi(data.path()).args(connect)).stderr);
    assert!(error.contains("secret_key") && error.contains("TONGSHI_SET_SECRET_KEY"), "{error}");
    let error = text(&expect(1, tongshi(data.path()).args(["connect", "zhirn", "--name", "hr"])).stderr);
    assert!(error.contains("did you mean zhiren?"), "{error}");
    let error = text(&expect(1, tongshi(data.path()).args(["records", "employe", "--json"])).stderr);
    assert!(error.contains("did you mean employee?"), "{error}");
    let error = text(&expect(1, tongshi(data.path()).args(["records", "employee"])).stderr);
    assert!(error.contains("there is no Tongshi data in"), "{error}");
}

#[test]
fn a_vendor_that_cannot_be_reached_ends_with_5_and_stores_nothing() {
    let data = folder();
    let connect = |no_check: bool| {
        let mut command = tongshi(data.path());
        command.args(["connect", "zhiren", "--name", "hr", "--base-url", "http://127.0.0.1:1"]);
        command.args([
            "--set",
            "access_key=ak-demo",
            "--set",
            "secret_key=sk-demo",
            "--set",
            "company_token=t-1",
        ]);
        command.args(no_check.then_some("--no-check"));
        command
    };
    let error = text(&expect(5, &mut connect(false)).stderr);
    assert!(error.contains("127.0.0.1:1") && error.contains("nothing was stored"), "{error}");
    assert!(!error.contains("signature="), "{error}");
    assert_eq!(json(0, tongshi(data.path()).args(["connections", "--json"])), serde_json::json!([]));
    expect(0, &mut connect(true));
    expect(5, tongshi(data.path()).args(["sync", "hr", "--json"]));
    expect(2, tongshi(data.path()).args(["doctor"]));
    expect(1, tongshi(data.path()).args(["sync", "nobody"]));
}

/// The whole main job, and what scripts do with its outcome.
fn demo(data: &Path, database: Option<&str>) {
    let tongshi = || {
        let mut command = tongshi(data);
        command.envs(database.map(|url| ("TONGSHI_DATABASE_URL", url)));
        command
    };
    let start = ["demo", "--exit", "--employees", "60", "--listen", "127.0.0.1:0"];
    let shown = text(&expect(0, tongshi().args(start)).stdout);
    assert!(shown.contains("/v1/employees?limit=3"), "{shown}");
    let path = data.join("demo.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = || serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()).unwrap();
    let demo = read();
    for name in
        ["base_url", "access_key", "secret_key", "company_token", "app_id", "app_secret", "callback_url"]
    {
        assert!(demo["faces"]["zhiren"][name].is_string(), "{name}");
    }
    let connections = demo["connections"].as_array().unwrap();
    assert!(connections.iter().any(|connection| connection["dialect"] == "zhiren"));
    let runs = demo["runs"].as_array().unwrap();
    assert_eq!(
        (runs.len(), demo["faces"].as_object().unwrap().len()),
        (connections.len(), connections.len())
    );
    assert!(runs.iter().all(|run| run["complete"] == true), "{runs:?}");
    let count = |workspace: &str, kind: &str| {
        let records = json(0, tongshi().args(["records", kind, "--json", "--workspace", workspace]));
        records.as_array().unwrap().len()
    };
    // Who is the same at two vendors is one; nothing but a bare name is no proof of that, and somebody is asked.
    let read_people = count("main", "employee");
    let asked = json(0, tongshi().args(["people", "conflicts", "--json"])).as_array().unwrap().len();
    assert_eq!(count("sandbox", "employee"), 60);
    assert!((60..=60 + asked).contains(&read_people), "{read_people} people, {asked} questions");
    let lines = text(&expect(0, tongshi().args(["records", "org_unit", "--jsonl"])).stdout);
    assert_eq!(lines.lines().count(), count("main", "org_unit"));
    assert_eq!(
        json(0, tongshi().args(["records", "employee", "--limit", "3", "--json"])).as_array().unwrap().len(),
        3
    );
    let punches = count("main", "punch");
    assert!(punches > 0);
    expect(0, tongshi().arg("status"));
    expect(0, tongshi().args(["verify", "zhiren"]));
    let first = json(0, tongshi().args(["changes", "--limit", "1", "--json"]));
    assert_eq!((&first["data"][0]["seq"], &first["next"]), (&1.into(), &1.into()));

    // Again: nothing is doubled, and keys that programs hold go on working.
    expect(0, tongshi().args(["demo", "--exit", "--quiet", "--listen", "127.0.0.1:0"]));
    assert_eq!((count("main", "employee"), count("main", "punch")), (read_people, punches));
    assert_eq!(read()["faces"]["zhiren"]["secret_key"], demo["faces"]["zhiren"]["secret_key"]);
    let other = text(
        &expect(1, tongshi().args(["demo", "--exit", "--employees", "61", "--listen", "127.0.0.1:0"])).stderr,
    );
    assert!(other.contains("60 people with seed 7"), "{other}");

    // Another key reads nothing, and a lost one is not silently replaced.
    let wrong = "0".repeat(64);
    let error = text(&expect(1, tongshi().arg("status").env("TONGSHI_KEY", wrong)).stderr);
    assert!(error.contains("the encryption key is not the one"), "{error}");
    std::fs::remove_file(data.join("master.key")).unwrap();
    let error = text(&expect(1, tongshi().arg("status")).stderr);
    assert!(error.contains("master.key is missing"), "{error}");
    assert!(!data.join("master.key").exists());
}

#[test]
fn the_demo_reads_everybody_and_finds_them_again() {
    demo(folder().path(), None);
}

#[test]
fn the_demo_runs_on_postgresql() {
    #[expect(clippy::disallowed_methods, reason = "names the test server, not a setting of the program")]
    let Ok(server) = std::env::var("TONGSHI_TEST_PG") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let scratch = runtime.block_on(tongshi_store::testing::Scratch::postgres(&server)).unwrap();
    let tongshi_store::Location::Postgres(url) = scratch.location() else {
        panic!("it is a PostgreSQL database")
    };
    demo(folder().path(), Some(url.expose()));
    runtime.block_on(scratch.remove()).unwrap();
}

/// A demo that stays up, stopped when the test ends.
struct Up(std::process::Child);

impl Up {
    fn start(data: &Path) -> Self {
        let mut command = tongshi(data);
        command.args([
            "demo",
            "--employees",
            "50",
            "--listen",
            "127.0.0.1:0",
            "--face",
            "zhiren=127.0.0.1:0",
        ]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let up =
            BufReader::new(stderr).lines().map_while(Result::ok).any(|line| line.starts_with("Up after"));
        assert!(up, "the demo ended before it was up");
        Self(child)
    }

    /// Stops it as a service manager does.
    fn stop(mut self) -> Option<i32> {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_face_answers_other_programs_and_the_demo_stops_in_order() {
    let (data, other) = (folder(), folder());
    let up = Up::start(data.path());
    let demo: Value = serde_json::from_slice(&std::fs::read(data.path().join("demo.json")).unwrap()).unwrap();
    let face = &demo["faces"]["zhiren"];
    let set = |name: &str| format!("{name}={}", face[name].as_str().unwrap());
    let connect = |secret: String| {
        let mut command = tongshi(other.path());
        command.args(["connect", "zhiren", "--name", "hr", "--base-url", face["base_url"].as_str().unwrap()]);
        command.args([
            "--set",
            &set("access_key"),
            "--set",
            &set("company_token"),
            "--set",
            &secret,
            "--json",
        ]);
        command
    };
    expect(4, &mut connect("secret_key=wrong".to_owned()));
    json(0, &mut connect(set("secret_key")));
    // A second hub with a database of its own reads the same people, by another process.
    let first = json(0, tongshi(other.path()).args(["sync", "hr", "--json", "--only", "org_unit,employee"]));
    assert_eq!((&first["complete"], &first["counts"]["quarantined"]), (&true.into(), &0.into()), "{first}");
    let people = json(0, tongshi(other.path()).args(["records", "employee", "--json"]));
    assert_eq!(people.as_array().unwrap().len(), 50);
    let again = json(0, tongshi(other.path()).args(["sync", "hr", "--full", "--json", "--only", "employee"]));
    assert_eq!(
        (&again["counts"]["created"], &again["counts"]["unchanged"]),
        (&0.into(), &50.into()),
        "{again}"
    );
    let dry = json(0, tongshi(other.path()).args(["sync", "hr", "--dry-run", "--full", "--json"]));
    assert_eq!((&dry["dry_run"], &dry["run"]), (&true.into(), &Value::Null));
    let run = first["run"].as_str().unwrap();
    let undone = json(0, tongshi(other.path()).args(["undo", run, "--json"]));
    assert_eq!(undone["conflicts"], serde_json::json!([]));
    assert_eq!(json(0, tongshi(other.path()).args(["records", "employee", "--json"])), serde_json::json!([]));
    expect(1, tongshi(other.path()).args(["undo", run]));
    let called = json(0, tongshi(other.path()).args(["call", "hr", "department.list", "--json"]));
    assert_eq!(called["status"], 200);
    let curl = json(
        0,
        tongshi(other.path()).args([
            "sign",
            "zhiren",
            "get",
            "/api/v2/departments",
            "--connection",
            "hr",
            "--json",
        ]),
    );
    assert!(curl["curl"].as_str().unwrap().contains(face["base_url"].as_str().unwrap()));
    expect(
        0,
        tongshi(other.path()).args(["routes", "add", "punch", "hr", "--second-person", "--by", "anna"]),
    );
    let refused = text(&expect(1, tongshi(other.path()).args(["routes", "add", "employee", "hr"])).stderr);
    assert!(refused.contains("punch:create"), "{refused}");
    let routes = json(0, tongshi(other.path()).args(["routes", "list", "--json"]));
    assert_eq!((&routes[0]["target"], &routes[0]["second_person"]), (&"punch".into(), &true.into()));
    let writes = json(0, tongshi(other.path()).args(["writes", "list", "--json"]));
    assert_eq!(writes["data"], serde_json::json!([]));
    expect(1, tongshi(other.path()).args(["writes", "list", "--state", "lost"]));
    expect(1, tongshi(other.path()).args(["writes", "approve", run]));
    expect(0, tongshi(other.path()).args(["routes", "remove", "punch", "hr"]));
    expect(1, tongshi(other.path()).args(["routes", "remove", "punch", "hr"]));
    expect(0, tongshi(other.path()).arg("doctor"));
    assert_eq!(up.stop(), Some(0));
}

#[test]
fn a_taken_port_is_said() {
    let data = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = text(&expect(1, tongshi(data.path()).args(["serve", "--listen", &address])).stderr);
    assert!(error.contains("taken") && error.contains("--listen"), "{error}");
}

#[test]
fn apps_are_made_changed_rotated_locked_out_and_removed() {
    let data = folder();
    let app = |args: &[&str]| {
        let mut command = tongshi(data.path());
        command.arg("app").args(args).arg("--json");
        command
    };
    let made = json(
        0,
        &mut app(&[
            "create",
            "kiosk",
            "--face",
            "zhiren",
            "--write",
            "--kind",
            "approval",
            "--action",
            "approval:approve",
            "--allow-ip",
            "192.0.2.0/24",
            "--allow-ip",
            "2001:db8::7",
            "--redirect-uri",
            "https://kiosk.example.com/back",
            "--requests-per-minute",
            "60",
            "--admin",
        ]),
    );
    let key = made["api_key"].as_str().unwrap();
    assert!(key.starts_with("tsk_") && made["faces"]["zhiren"]["secret_key"].is_string());
    let taken = text(&expect(1, &mut app(&["create", "kiosk"])).stderr);
    assert!(taken.contains("rotate"), "{taken}");
    let shown = json(0, &mut app(&["show", "kiosk"]));
    assert_eq!(shown["addresses"], serde_json::json!(["192.0.2.0/24", "2001:db8::7/128"]));
    assert_eq!(shown["scopes"]["actions"], serde_json::json!(["approval:approve"]));
    assert_eq!((&shown["scopes"]["punches"], &shown["scopes"]["admin"]), (&false.into(), &true.into()));
    assert!(!shown.to_string().contains(key));
    let changed =
        ["update", "kiosk", "--allow-ip", "any", "--admin=false", "--kind", "punch", "--setting", "a=1"];
    let changed = json(0, &mut app(&changed));
    assert_eq!(
        (&changed["app"]["addresses"], &changed["faces"]),
        (&serde_json::json!([]), &serde_json::json!({}))
    );
    assert_eq!(
        (&changed["app"]["scopes"]["admin"], &changed["app"]["scopes"]["write"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        (&changed["app"]["scopes"]["kinds"], &changed["app"]["scopes"]["punches"]),
        (&serde_json::json!([]), &true.into())
    );
    assert_eq!(changed["app"]["redirect_uris"][0], "https://kiosk.example.com/back");
    let rotated = json(0, &mut app(&["rotate", "kiosk"]));
    assert_ne!(rotated["api_key"], made["api_key"]);
    assert_eq!(rotated["app"]["keys"].as_array().unwrap().len(), 6);
    assert_eq!(
        json(0, &mut app(&["rotate", "kiosk", "--grace", "0"]))["app"]["keys"].as_array().unwrap().len(),
        3
    );
    json(0, &mut app(&["disable", "kiosk"]));
    assert_eq!(json(0, &mut app(&["list"]))[0]["disabled"], true);
    json(0, &mut app(&["enable", "kiosk"]));
    for wrong in [
        ["update", "kiosk", "--allow-ip=10.0.0.1/8"],
        ["update", "kiosk", "--redirect-uri=http://evil.example/"],
        ["update", "kiosk", "--action=approvals"],
        ["update", "nobody", "--write"],
        ["rotate", "kiosk", "--grace=soon"],
        ["show", "nobody", "--quiet"],
    ] {
        expect(1, &mut app(&wrong));
    }
    let details = text(&expect(0, tongshi(data.path()).args(["app", "show", "kiosk"])).stdout);
    assert!(details.contains("https://kiosk.example.com/back") && details.contains("zhiren"), "{details}");
    json(0, &mut app(&["delete", "kiosk"]));
    assert_eq!(json(0, &mut app(&["list"])), serde_json::json!([]));
}
