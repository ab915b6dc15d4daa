//! What nobody should send, sent to `/v1` and to a face over a socket: one clear answer, no server error, and nothing
//! of another workspace.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::Value;
use tongshi_api::{ApiConfig, router};
use tongshi_hub::Scopes;
use tongshi_testkit::{Setup, TestHub, on_each_database};

use crate::{
    served::{Answer, Served, ask, key, over_company},
    sockets::{Listening, limits, status},
};

/// A call through `/v1` with this head and body, the connection ended by the caller.
async fn post(listening: &Listening, served: &Served, target: &str, headers: &str, body: &[u8]) -> String {
    let key = served.key.expose();
    let mut request = format!(
        "POST {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n{headers}\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    listening.say(&request).await
}

fn json_of(length: usize) -> String {
    format!("Content-Type: application/json\r\nContent-Length: {length}\r\n")
}

/// The path of a call through the workspace's connection.
async fn call(hub: &TestHub) -> String {
    format!("/v1/connections/{}/call/employee.get", hub.connection().await)
}

async fn over_connection(test: impl AsyncFn(&TestHub, Served)) {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        test(hub, Served::new(hub, &hub.main, Scopes::all()).await).await;
    })
    .await;
}

#[tokio::test]
async fn bodies_that_can_be_read_in_two_ways_or_in_none_are_refused() {
    over_connection(async |hub, served| {
        let listening = Listening::new(&served, limits()).await;
        let target = call(hub).await;
        let nested = |open: &str, close: &str, depth: usize| {
            format!("{{\"a\":{}1{}}}", open.repeat(depth), close.repeat(depth)).into_bytes()
        };
        let text = |text: &str| text.as_bytes().to_vec();
        let utf_16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for body in [
            text(""),
            text("[]"),
            text("null"),
            text("{\"a\":1,\"a\":2}"),
            text("{\"a\":{\"b\":1,\"b\":2}}"),
            text("{\"a\":NaN}"),
            text("{\"a\":1e400}"),
            text("{\"a\":\"\\ud800\"}"),
            text("{\"a\":\"\\u0000\"}"),
            text("{\"a\":1} {}"),
            text("\u{feff}{\"a\":1}"),
            b"{\"a\":\"\xff\"}".to_vec(),
            [&[0xff, 0xfe][..], &utf_16].concat(),
            utf_16,
            format!("{{\"a\":{}}}", "9".repeat(10_000)).into_bytes(),
            nested("[", "]", 100_000),
            nested("{\"a\":", "}", 50_000),
        ] {
            let heard = post(&listening, &served, &target, &json_of(body.len()), &body).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(status(&heard), "400", "{shown}: {heard}");
            assert!(heard.contains("application/problem+json"), "{shown}: {heard}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let headers = format!("Content-Type: {kind}\r\nContent-Length: 2\r\n");
            assert_eq!(status(&post(&listening, &served, &target, &headers, b"{}").await), "415", "{kind}");
        }
        listening.end().await;
    })
    .await;
}

#[tokio::test]
async fn bodies_that_are_too_large_too_slow_or_badly_cut_end_the_connection() {
    over_connection(async |hub, served| {
        let app = router(hub.hub.clone(), ApiConfig { limits: limits(), ..ApiConfig::default() });
        let served = Served { app, ..served };
        let listening = Listening::new(&served, limits()).await;
        let dialect = hub.vendor().id;
        let kind = "Content-Type: application/json\r\n";
        for target in [call(hub).await, format!("/d/{dialect}/api/v2/attendance_punches")] {
            let cases: [(&str, &[u8], &[&str]); 7] = [
                ("Content-Length: 1000000000000000\r\n", b"{}", &["413"]),
                ("Content-Length: 10\r\n", b"{}", &["408"]),
                ("Content-Length: 2\r\nContent-Length: 3\r\n", b"{} ", &["400"]),
                ("Content-Length: +2\r\n", b"{}", &["400"]),
                ("Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n", &["400", "none"]),
                ("Transfer-Encoding: chunked\r\n", b"ffffffffffffffffff\r\n{}", &["400", "none"]),
                ("Transfer-Encoding: chunked, identity\r\n", b"2\r\n{}\r\n0\r\n\r\n", &["400", "none"]),
            ];
            for (headers, body, expected) in cases {
                let heard = post(&listening, &served, &target, &format!("{kind}{headers}"), body).await;
                assert!(expected.contains(&status(&heard)), "{target} {headers}: {heard}");
                assert!(heard.matches("HTTP/1.1 ").count() <= 1, "{target} {headers}: {heard}");
            }
        }
        let many: String = (0..200).map(|number| format!("A{number}: b\r\n")).collect();
        let heard = post(&listening, &served, "/v1/me", &many, b"").await;
        assert_eq!(status(&heard), "431", "{heard}");
        listening.end().await;
    })
    .await;
}

#[tokio::test]
async fn addresses_and_heads_that_are_no_text_are_refused() {
    over_company(40, async |hub, served| {
        let listening = Listening::new(&served, limits()).await;
        let key = served.key.expose();
        let ask = async |line: &[u8], header: &[u8]| {
            let head = format!("Host: h\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n");
            listening.say(&[line, b" HTTP/1.1\r\n", head.as_bytes(), header, b"\r\n\r\n"].concat()).await
        };
        let dialect = hub.vendor().id;
        let face = format!("/d/{dialect}/api/v2/employees");
        for (line, expected) in [
            (b"GET /v1/employees?name=%ff".to_vec(), "400"),
            (b"GET /v1/employees?name=%00".to_vec(), "400"),
            (b"GET /v1/employees/%ff".to_vec(), "400"),
            (b"GET /v1/employees/%00".to_vec(), "404"),
            (b"GET /v1/employees/\xff".to_vec(), "400"),
            (b"GET /v1/employees?limit=1%3Bdrop".to_vec(), "400"),
            (b"GET /v1/employees?limit=1000000000".to_vec(), "400"),
            (b"GET /v1/employees?limit=-1".to_vec(), "400"),
            (b"GET /v1/../v1/me".to_vec(), "404"),
            (b"BREW /v1/me".to_vec(), "405"),
            (b"OPTIONS /v1/me".to_vec(), "405"),
            (b"TRACE /v1/me".to_vec(), "405"),
            (format!("TRACE {face}").into_bytes(), "405"),
            (format!("BREW {face}").into_bytes(), "405"),
            (format!("OPTIONS {face}").into_bytes(), "405"),
            (b"HEAD /v1/me".to_vec(), "200"),
        ] {
            let heard = ask(&line, b"A: b").await;
            assert_eq!(status(&heard), expected, "{}: {heard}", String::from_utf8_lossy(&line));
            let lower = heard.to_ascii_lowercase();
            assert_eq!(lower.contains("\r\nallow:"), expected == "405", "{heard}");
            if line.starts_with(b"HEAD") {
                assert!(heard.ends_with("\r\n\r\n"), "{heard}");
            }
        }
        // A header that nobody reads may hold what it likes; one that is read is refused.
        assert_eq!(status(&ask(b"GET /v1/me", b"A: \xff\xfe").await), "200");
        assert_eq!(status(&ask(b"GET /v1/changes/stream", b"Last-Event-ID: \xff").await), "400");
        for target in ["%ff", "%00", "%ed%a0%80"] {
            let heard = ask(format!("GET {face}/{target}?payload=%ff").as_bytes(), b"A: b").await;
            assert!(status(&heard).starts_with('4'), "{target}: {heard}");
        }
        listening.end().await;
    })
    .await;
}

/// A cursor with its last digit changed.
fn tampered(cursor: &str) -> String {
    let (rest, last) = cursor.split_at(cursor.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

#[tokio::test]
async fn a_cursor_is_good_for_its_app_and_its_list_only() {
    over_company(40, async |hub, served| {
        hub.load(40, 3).await;
        let other = served.with(key(hub, &hub.company, "other", Scopes::all()).await);
        let elsewhere = served.with(key(hub, &hub.main, "elsewhere", Scopes::all()).await);
        let lists = [
            "/v1/employees?",
            "/v1/punches?",
            "/v1/attendance_days?date_from=2026-03-01&date_to=2026-03-31&",
        ];
        let mut cursors = Vec::new();
        for list in lists {
            let page = served.get(&format!("{list}limit=2")).await;
            let cursor = page.json["next"].as_str().unwrap().to_owned();
            assert_eq!(served.get(&format!("{list}limit=2&after={cursor}")).await.data().len(), 2);
            for stranger in [&other, &elsewhere] {
                let refused = stranger.get(&format!("{list}limit=2&after={cursor}")).await;
                assert_eq!(
                    (refused.problem(), &refused.json["field"]),
                    ("invalid", &"after".into()),
                    "{list}"
                );
            }
            for wrong in [tampered(&cursor), cursor[1..].to_owned(), "7".to_owned(), format!("{cursor}0")] {
                let refused = served.get(&format!("{list}after={wrong}")).await;
                assert_eq!(
                    (refused.problem(), &refused.json["field"]),
                    ("invalid", &"after".into()),
                    "{list}"
                );
            }
            cursors.push(cursor);
        }
        for (list, cursor) in lists.iter().zip(cursors.iter().cycle().skip(1)) {
            assert_eq!(served.get(&format!("{list}after={cursor}")).await.problem(), "invalid", "{list}");
        }
    })
    .await;
}

/// The methods of the API document are those of HTTP in small letters.
async fn say(served: &Served, method: &str, target: &str) -> Answer {
    let method: Method = method.to_uppercase().parse().unwrap();
    let body = if method == Method::GET { Body::empty() } else { Body::from("{}") };
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", served.key.expose()));
    ask(&served.app, request.body(body).unwrap()).await
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there_on_every_path_with_an_id() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        hub.sync(&["org_unit", "employee"]).await;
        let owner = Served::new(hub, &hub.main, Scopes::all()).await;
        let stranger = owner.with(key(hub, &hub.company, "stranger", Scopes::all()).await);
        let paths = tongshi_api::openapi()["paths"].as_object().unwrap();
        let mut tried = 0;
        for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/v1/") && path.contains("{id}"))
        {
            let (list, _) = path.split_once("/{id}").unwrap();
            let theirs = owner.get(list).await;
            let Some(id) = theirs.json["data"][0]["id"].as_str() else { continue };
            for method in item.as_object().unwrap().keys() {
                let target = path.replace("{operation}", "department.list");
                let (foreign, unknown) =
                    (target.replace("{id}", id), target.replace("{id}", &"0".repeat(32)));
                let mut said = Vec::new();
                for target in [foreign, unknown] {
                    let answer = say(&stranger, method, &target).await;
                    // What says nothing is refused before it is looked for.
                    let unread = method != "get" && answer.status == StatusCode::BAD_REQUEST;
                    assert!(unread || answer.status == StatusCode::NOT_FOUND, "{target}: {}", answer.text);
                    let mut problem = answer.json;
                    problem["instance"] = Value::Null;
                    said.push(problem);
                }
                assert_eq!(said[0], said[1], "{method} {path}");
                tried += 1;
            }
        }
        assert!(tried >= 5, "{tried} paths were tried");
    })
    .await;
}
