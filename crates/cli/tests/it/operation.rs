//! Operation: backups of a hub that serves, restores, keys, the doctor, signals, and storage that fails.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{expect, folder, json, text, tongshi};

/// A hub that serves until the test ends.
struct Serving {
    child: Child,
    address: String,
    said: BufReader<std::process::ChildStderr>,
}

impl Serving {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the hub ended before it was up");
            if let Some((_, rest)) = line.split_once("answers at http://") {
                break rest.split(';').next().unwrap().to_owned();
            }
        };
        Self { child, address, said }
    }

    fn on(data: &Path) -> Self {
        Self::start(tongshi(data).args(["serve", "--listen", "127.0.0.1:0"]))
    }

    fn get(&self, path: &str) -> u16 {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    }

    fn ask(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn signal(&self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory with an invented company in it.
fn company(data: &Path) {
    expect(0, tongshi(data).args(["demo", "--exit", "--employees", "40", "--listen", "127.0.0.1:0"]));
}

#[test]
fn a_backup_of_a_hub_that_serves_is_restored_elsewhere() {
    let (data, new, other) = (folder(), folder(), folder());
    company(data.path());
    let serving = Serving::on(data.path());
    let file = data.path().join("one.backup");
    let name = file.to_str().unwrap();
    let made = json(0, tongshi(data.path()).args(["backup", name, "--json"]));
    assert_eq!(serving.get("/readyz"), 200);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), made["bytes"].as_u64().unwrap());
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let said = text(&expect(1, tongshi(data.path()).args(["backup", name])).stderr);
    assert!(said.contains("--force"), "{said}");
    let said = text(&expect(0, tongshi(data.path()).args(["backup", name, "--force"])).stderr);
    assert!(said.contains("NOT in the backup"), "{said}");
    let piped = expect(0, tongshi(data.path()).args(["backup", "-"])).stdout;
    std::fs::write(other.path().join("piped"), &piped).unwrap();
    expect(0, tongshi(data.path()).arg("backup").arg("--check").arg(other.path().join("piped")));
    let checked = json(0, tongshi(data.path()).args(["backup", "--check", name, "--json"]));
    assert_eq!(checked["key_fits"], true);
    assert_eq!(
        std::fs::read_dir(data.path())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part") })
            .count(),
        0
    );

    // The key is not in it: without one nothing begins, with another nothing is changed.
    let restore = |data: &Path| {
        let mut command = tongshi(data);
        command.args(["restore", name]);
        command
    };
    let said = text(&expect(1, &mut restore(new.path())).stderr);
    assert!(said.contains("master.key"), "{said}");
    let mut wrong = restore(new.path());
    expect(1, wrong.env("TONGSHI_KEY", "1".repeat(64)));
    let found = json(
        2,
        tongshi(new.path()).args(["backup", "--check", name, "--json"]).env("TONGSHI_KEY", "1".repeat(64)),
    );
    assert_eq!(found["key_fits"], false);
    std::fs::copy(data.path().join("master.key"), new.path().join("master.key")).unwrap();
    expect(0, &mut restore(new.path()));
    expect(1, &mut restore(new.path()));
    let people = |data: &Path| json(0, tongshi(data).args(["records", "employee", "--json"]));
    assert_eq!(people(new.path()), people(data.path()));
    // What was sealed is opened by the same key.
    expect(5, tongshi(new.path()).args(["call", "zhiren", "department.list"]));

    // A file that is not as it was changes nothing.
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    std::fs::copy(data.path().join("master.key"), other.path().join("master.key")).unwrap();
    let said = text(&expect(1, &mut restore(other.path())).stderr);
    assert!(said.contains("truncated or was altered"), "{said}");
    assert!(!other.path().join("tongshi.db").exists());
    expect(1, tongshi(data.path()).args(["backup", "--check", name]));
}

#[test]
fn the_key_changes_beside_a_hub_that_serves() {
    let data = folder();
    company(data.path());
    let keys = || std::fs::read_to_string(data.path().join("master.key")).unwrap().lines().count();
    let serving = Serving::on(data.path());
    let demo: Value = serde_json::from_slice(&std::fs::read(data.path().join("demo.json")).unwrap()).unwrap();
    // The account is opened with the connection's sealed values by a program, with the app's by the hub that serves.
    let face = format!("http://{}/d/zhiren", serving.address);
    let set = |name: &str| format!("{name}={}", demo["faces"]["zhiren"][name].as_str().unwrap());
    let works = |code| {
        let mut command = tongshi(data.path());
        command.args(["connect", "zhiren", "--name", "again", "--base-url", &face]);
        for name in ["access_key", "secret_key", "company_token"] {
            command.args(["--set", &set(name)]);
        }
        expect(code, &mut command);
        expect(code, tongshi(data.path()).args(["call", "again", "department.list"]));
    };
    works(0);
    expect(0, tongshi(data.path()).args(["key", "new"]));
    assert_eq!(keys(), 2);
    works(0);
    expect(0, tongshi(data.path()).args(["key", "rotate"]));
    assert_eq!(keys(), 3);
    works(0);
    let uses = json(0, tongshi(data.path()).args(["key", "status", "--json"]));
    assert_eq!((&uses[1]["values"], &uses[2]["values"]), (&0.into(), &0.into()), "{uses}");
    // Not yet: somebody may be about to commit what an old key has sealed.
    expect(2, tongshi(data.path()).args(["key", "retire"]));
    assert_eq!(keys(), 3);
    let old = data.path().join("old.key");
    expect(0, tongshi(data.path()).args(["key", "retire", "--now", "--to"]).arg(&old));
    assert_eq!((keys(), std::fs::read_to_string(&old).unwrap().lines().count()), (1, 2));
    works(0);
    drop(serving);
    // From the environment: both keys while the old one is needed, and words for who must change it.
    let new = std::fs::read_to_string(data.path().join("master.key")).unwrap().trim().to_owned();
    let said = text(&expect(1, tongshi(data.path()).args(["key", "rotate"]).env("TONGSHI_KEY", &new)).stderr);
    assert!(said.contains("TONGSHI_KEY=NEW,OLD"), "{said}");
    let both = format!("{},{new}", "a".repeat(64));
    expect(0, tongshi(data.path()).args(["key", "rotate"]).env("TONGSHI_KEY", &both));
    expect(0, tongshi(data.path()).arg("status").env("TONGSHI_KEY", "a".repeat(64)));
    expect(1, tongshi(data.path()).arg("status"));
}

#[test]
fn the_doctor_says_what_is_wrong_and_how_to_mend_it() {
    let data = folder();
    company(data.path());
    let serving = Serving::on(data.path());
    let connect = ["connect", "zhiren", "--name", "gone", "--base-url", "http://127.0.0.1:1", "--no-check"];
    expect(0, tongshi(data.path()).args(connect).args(["--set", "access_key=a", "--set", "secret_key=b"]));
    let found = json(2, tongshi(data.path()).args(["doctor", "--deep", "--json"]));
    let findings = found["findings"].as_array().unwrap();
    let of = |about: &str| findings.iter().filter(|found| found["about"] == about).collect::<Vec<_>>();
    for bad in findings.iter().filter(|found| found["ok"] == false) {
        assert!(bad["mend"].as_str().is_some_and(|mend| mend.len() > 10), "{bad}");
    }
    assert_eq!(of("way to gone")[0]["ok"], false, "{found}");
    assert_eq!((&of("database file")[0]["ok"], &of("key")[0]["state"]), (&true.into(), &"good".into()));
    assert_eq!(of("queue")[0]["ok"], true);
    // A file that others may read, a key that is lost.
    use std::os::unix::fs::PermissionsExt as _;
    let key = data.path().join("master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = text(&expect(2, tongshi(data.path()).args(["doctor", "--offline"])).stdout);
    assert!(said.contains("chmod 600"), "{said}");
    std::fs::rename(&key, data.path().join("elsewhere")).unwrap();
    let said = text(&expect(2, tongshi(data.path()).args(["doctor", "--offline"])).stdout);
    assert!(said.contains("master.key is not there") && !key.exists(), "{said}");
    drop(serving);
}

#[test]
fn a_signal_lets_requests_finish_and_a_second_one_does_not_wait() {
    let data = folder();
    company(data.path());
    let mut serving = Serving::on(data.path());
    // Load: many requests at once while the signal comes. Whoever is answered at all is answered whole.
    let address = serving.address.clone();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let address = address.clone();
            std::thread::spawn(move || {
                let mut whole = 0;
                while let Ok(mut stream) = TcpStream::connect(&address) {
                    let request = b"GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
                    let mut answer = Vec::new();
                    if stream.write_all(request).is_err() || stream.read_to_end(&mut answer).is_err() {
                        continue;
                    }
                    let text = String::from_utf8_lossy(&answer);
                    if answer.is_empty() {
                        continue;
                    }
                    let (head, body) = text.split_once("\r\n\r\n").expect("a head is whole");
                    assert!(head.starts_with("HTTP/1.1 ") && !body.is_empty());
                    whole += 1;
                }
                whole
            })
        })
        .collect();
    while serving.get("/healthz") != 200 {}
    serving.signal();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    assert!(callers.into_iter().map(|caller| caller.join().unwrap()).sum::<u32>() > 0);

    // Somebody is in the middle of a request, so the hub waits for them; the second signal ends that.
    let mut serving = Serving::on(data.path());
    let mut slow = TcpStream::connect(&serving.address).unwrap();
    slow.write_all(
        b"POST /d/zhiren/api/v2/attendance_punches HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc",
    )
    .unwrap();
    assert_eq!(serving.get("/healthz"), 200);
    serving.signal();
    let mut line = String::new();
    while !line.contains("stopping") {
        line.clear();
        assert!(serving.said.read_line(&mut line).unwrap() > 0, "it says that it stops");
    }
    serving.signal();
    assert_eq!(serving.child.wait().unwrap().code(), Some(2));
}

#[test]
fn a_full_disk_makes_writes_wait_and_mends_itself() {
    let data = folder();
    company(data.path());
    // No file of this process may grow beyond what it writes for some requests; the signal for it is not taken.
    let script = r#"trap "" XFSZ; ulimit -S -f 64; exec "$0" serve --listen 127.0.0.1:0"#;
    let mut command = Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_tongshi")]);
    command
        .env_clear()
        .env("TONGSHI_DATA", data.path())
        .env("PATH", "/usr/bin:/bin")
        .current_dir(data.path());
    let serving = Serving::start(&mut command);
    assert_eq!(serving.get("/healthz"), 200);
    assert_eq!(serving.get("/readyz"), 503);
    let key =
        serde_json::from_slice::<Value>(&std::fs::read(data.path().join("demo.json")).unwrap()).unwrap();
    let key = key["hub"]["api_key"].as_str().unwrap();
    let read = format!(
        "GET /v1/employees?limit=1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(serving.ask(&read), 200, "reads go on");
    let pid = serving.child.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().unwrap().success());
    assert_eq!(serving.get("/readyz"), 200, "there is room again, and nobody had to start it anew");
}

#[test]
fn two_hubs_on_one_file_both_work() {
    let data = folder();
    company(data.path());
    let (one, two) = (Serving::on(data.path()), Serving::on(data.path()));
    for serving in [&one, &two] {
        assert_eq!(serving.get("/readyz"), 200);
    }
    expect(0, tongshi(data.path()).args(["key", "rotate"]));
    for serving in [&one, &two] {
        assert_eq!(serving.get("/readyz"), 200);
    }
}

#[test]
fn a_damaged_file_is_refused_with_the_way_out() {
    let data = folder();
    company(data.path());
    // The log beside the file holds whole pages and would mend it.
    std::fs::remove_file(data.path().join("tongshi.db-wal")).unwrap();
    let path = data.path().join("tongshi.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..64].fill(0x55);
    std::fs::write(&path, &bytes).unwrap();
    let said = text(&expect(70, tongshi(data.path()).args(["serve", "--listen", "127.0.0.1:0"])).stderr);
    assert!(said.contains("damaged") && said.contains("restore FILE"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "it is left as it is");
    let said = text(&expect(2, tongshi(data.path()).args(["doctor", "--offline"])).stdout);
    assert!(said.contains("damaged"), "{said}");
}
