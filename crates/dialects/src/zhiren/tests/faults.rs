//! Every code that the face can answer with, reached from outside.

use http::Method;
use serde_json::{Value, json};
use tongshi_dialect::{Dialect as _, Message, Reply, Unread};
use tongshi_model::{Error, ErrorKind};

use super::stage::{Stage, company, id, read, signed, signed_by};
use crate::zhiren::wire::{Fault, FaultCode, Shape, Zhiren};

async fn answer(stage: &Stage, message: Message) -> (u16, i64) {
    let (status, body) = read(&stage.face.answer(message).await);
    assert!(body["text"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{body}");
    (status, body["code"].as_i64().expect("an integer"))
}

#[tokio::test]
async fn authentication_fails_in_the_documented_order() {
    let stage = company();
    let path = "/api/v2/departments";
    let now = stage.now();
    let ordered = |pairs: &[(&str, &str)]| {
        let mut message = Message::new(Method::GET, path);
        pairs.iter().for_each(|(name, value)| message.add_query(name, value));
        message
    };
    assert_eq!(answer(&stage, ordered(&[])).await, (401, 1001));
    assert_eq!(answer(&stage, ordered(&[("access_key", "nobody")])).await, (401, 1002));
    let half = [("access_key", "nobody"), ("signature", "00")];
    assert_eq!(answer(&stage, ordered(&half)).await, (401, 1003));
    let unknown = [("access_key", "nobody"), ("signature", "00"), ("tonce", "1")];
    assert_eq!(answer(&stage, ordered(&unknown)).await, (401, 1105));
    let stale = [("access_key", "ak-demo"), ("signature", "00"), ("tonce", "1")];
    assert_eq!(answer(&stage, ordered(&stale)).await, (401, 1103));
    let odd = [("access_key", "ak-demo"), ("signature", "00"), ("tonce", "soon")];
    assert_eq!(answer(&stage, ordered(&odd)).await, (401, 1103));
    let tonce = now.as_second().to_string();
    let forged = [("access_key", "ak-demo"), ("signature", "00"), ("tonce", &*tonce)];
    assert_eq!(answer(&stage, ordered(&forged)).await, (401, 1101));
    assert_eq!(stage.get(path, Value::Null).await.0, 200);
}

#[tokio::test]
async fn apps_that_are_off_or_limited_are_refused() {
    let stage = company();
    stage.desk.register_with("zhiren", "ak-off", "sk", json!({}), |grant| grant.disabled = true);
    stage.desk.register_with("zhiren", "ak-few", "sk", json!({}), |grant| {
        grant.operations = Some(vec!["department.*".to_owned()]);
    });
    let by = |key, path| signed_by(key, "sk", Method::GET, path, "", stage.now());
    assert_eq!(answer(&stage, by("ak-off", "/api/v2/departments")).await, (401, 1105));
    assert_eq!(answer(&stage, by("ak-few", "/api/v2/employees")).await, (403, 3001));
    assert_eq!(stage.face.answer(by("ak-few", "/api/v2/departments")).await.status, 200);
}

#[tokio::test]
async fn bad_requests_get_the_documented_codes() {
    let stage = company();
    let lin = id("lin");
    let get = |path: String, payload: Value| {
        answer(&stage, signed(Method::GET, &path, &payload.to_string(), stage.now()))
    };
    let employees = "/api/v2/employees".to_owned();
    assert_eq!(get(employees.clone(), json!({"token": "t-2"})).await, (401, 1104));
    assert_eq!(get(employees.clone(), json!({"status": "gone"})).await, (422, 2001));
    assert_eq!(get(employees.clone(), json!({"join_date_start": "2017-02-30"})).await, (422, 2001));
    assert_eq!(get(employees.clone(), json!({"pagination": {"page": 0}})).await, (422, 2001));
    assert_eq!(get(employees.clone(), json!({"pagination": "page 1"})).await, (422, 2001));
    assert_eq!(get(format!("{employees}/nobody"), json!({})).await, (404, 1102));
    assert_eq!(get(format!("{employees}/99000019881119014X"), json!({})).await, (422, 2003));
    assert_eq!(get(format!("{employees}/99000019881119014Y"), json!({})).await, (404, 1102));
    assert_eq!(get(format!("{employees}/{}", id("nobody")), json!({})).await, (404, 1102));
    let days = json!({"start_date": "2018-02-01", "end_date": "2018-01-01", "category": "leave"});
    assert_eq!(get(format!("{employees}/{lin}/timelines"), days).await, (422, 2001));
    let days = json!({"start_date": "2008-02-01", "end_date": "2018-01-01", "category": "leave"});
    assert_eq!(get(format!("{employees}/{lin}/timelines"), days).await, (422, 2001));
    let trip = json!({"start_date": "2018-01-01", "end_date": "2018-01-31", "category": "business_travel"});
    assert_eq!(get(format!("{employees}/{lin}/timelines"), trip).await, (422, 2001));
    assert_eq!(get(format!("{employees}/{lin}/attendance_checkings"), json!({})).await, (422, 2001));
    for approvals in [json!({"category": "party"}), json!({"status": "perhaps"})] {
        let mut ask = json!({"start_date": "2018-01-01", "end_date": "2018-01-31"});
        ask.as_object_mut().expect("an object").extend(approvals.as_object().expect("an object").clone());
        assert_eq!(get("/api/v2/approvals".to_owned(), ask).await, (422, 2001));
    }
}

#[tokio::test]
async fn malformed_payloads_are_2004() {
    let stage = company();
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for payload in [
        "{",
        "[]",
        "null",
        "\u{feff}{}",
        r#"{"token":"t-1","token":"t-2"}"#,
        r#"{"name":"\u0000"}"#,
        r#"{"name":"\ud800"}"#,
        r#"{"pagination":{"page":NaN}}"#,
        r#"{"pagination":{"page":1e400}}"#,
        &deep,
    ] {
        let message = signed(Method::GET, "/api/v2/employees", payload, stage.now());
        assert_eq!(answer(&stage, message).await, (400, 2004), "{}", &payload[..payload.len().min(40)]);
    }
    let mut message = signed(Method::GET, "/api/v2/employees", "", stage.now());
    message.query.push_str("&payload=%c3%28");
    assert_eq!(answer(&stage, message).await, (400, 2004));
    let message = signed(Method::GET, "/api/v2/employees/%ff", "", stage.now());
    assert_eq!(answer(&stage, message).await, (400, 2004));
    let message = signed(Method::GET, "/api/v2/employees/%00", "", stage.now());
    assert_eq!(answer(&stage, message).await, (400, 2004));
}

#[tokio::test]
async fn objects_that_cannot_be_stored_are_2002() {
    let stage = company();
    let good = json!({"empno": "TS-101", "subject_name": "绩效工资", "month": "2018-02", "value": 1024.12});
    let changed = |field: &str, value: Value| {
        let mut changed = good.clone();
        changed[field] = value;
        changed
    };
    let path = "/api/v2/salary/subject_values";
    assert_eq!(stage.post(path, good.clone()).await, (200, json!({"code": 0, "text": "ok"})));
    for (field, value) in [
        ("value", json!(1.005)),
        ("value", json!(null)),
        ("month", json!("2018-13")),
        ("month", json!("2018-2")),
        ("month", json!("")),
        ("subject_name", json!(" ")),
        ("empno", json!(null)),
    ] {
        let (status, body) = stage.post(path, changed(field, value.clone())).await;
        assert_eq!((status, &body["code"]), (422, &json!(2002)), "{field} {value} {body}");
    }
    let (status, body) = stage.post(path, changed("empno", json!("nobody"))).await;
    assert_eq!((status, &body["code"]), (404, &json!(1102)));
    let (status, body) =
        stage.post(&format!("/api/v2/employees/{}/notify", id("lin")), json!({"name": "甲"})).await;
    assert_eq!((status, &body["code"]), (422, &json!(2002)), "{body}");
}

#[tokio::test]
async fn what_is_not_there_is_marked_as_ours() {
    let stage = company();
    let reply = stage.face.answer(signed(Method::GET, "/api/v2/payrolls", "", stage.now())).await;
    assert_eq!(reply.status, 501);
    assert!(reply.headers.contains_key("tongshi-not-implemented"));
    let reply = stage.face.answer(signed(Method::DELETE, "/api/v2/employees", "", stage.now())).await;
    assert_eq!((reply.status.as_u16(), reply.headers["allow"].to_str().expect("visible")), (405, "GET"));
}

#[test]
fn errors_of_the_model_become_faults_and_come_back() {
    for (error, code) in [
        (Error::not_found("x"), 1102),
        (Error::conflict("x"), 2002),
        (Error::invalid("f", "x"), 2002),
        (Error::unauthenticated("x"), 1105),
        (Error::forbidden("x"), 3001),
        (Error::new(ErrorKind::Gone, "x"), 3002),
        (Error::new(ErrorKind::Limited(None), "x"), 9002),
        (Error::unavailable("x"), 9001),
        (Error::upstream("x"), 9003),
        (Error::internal("secret cause"), 9000),
    ] {
        let fault = Fault::from(error);
        assert_eq!(fault.code.number(), code);
        assert!(!fault.text.contains("secret cause"));
    }
    for code in FaultCode::LISTED {
        let status = code.status();
        assert!(status.is_client_error(), "{code} {status}");
        assert!(!matches!(
            Error::from(Fault::new(*code, "x")).kind(),
            ErrorKind::Internal | ErrorKind::Upstream
        ));
    }
    assert!(FaultCode::OURS.status().is_server_error());
}

#[test]
fn replies_are_read_strictly() {
    let read = |status: u16, body: &str, shape| {
        let status = http::StatusCode::from_u16(status).expect("a status");
        match Zhiren::read(&Reply::json(status, body.to_owned()), shape) {
            Ok(_) => Ok(()),
            Err(Unread::Fault(fault)) => Err(Some(fault.code.number())),
            Err(Unread::Garbled) => Err(None),
        }
    };
    for (status, body, outcome) in [
        (200, "[]", Ok(())),
        (200, r#"{"uuid":"1"}"#, Ok(())),
        (200, "", Err(None)),
        (200, "null", Err(None)),
        (200, "<html>", Err(None)),
        (302, "[]", Err(None)),
        (502, "<html>", Err(None)),
        (404, r#"{"code":1102,"text":"x"}"#, Err(Some(1102))),
        (404, r#"{"code":"1102"}"#, Err(Some(1102))),
        (200, r#"{"code":"1105","text":"x"}"#, Err(Some(1105))),
        (500, r#"{"code":9876,"text":"x","more":1}"#, Err(Some(9876))),
        (500, r#"{"code":0,"text":"x"}"#, Err(None)),
    ] {
        assert_eq!(read(status, body, Shape::Plain), outcome, "{status} {body}");
    }
    for (body, outcome) in [
        (r#"{"code":0,"text":"ok"}"#, Ok(())),
        (r#"{"code":"0","text":"ok"}"#, Ok(())),
        (r#"{"code":2002,"text":"x"}"#, Err(Some(2002))),
        (r#"{"code":1,"code":0}"#, Err(None)),
        ("[]", Ok(())),
        ("{}", Err(None)),
    ] {
        assert_eq!(read(200, body, Shape::CodeText), outcome, "{body}");
    }
    assert_eq!(read(200, r#"{"error_code":3002,"error_message":"x"}"#, Shape::Moka), Err(Some(3002)));
    assert_eq!(read(200, r#"{"error_code":0,"error_message":"ok"}"#, Shape::Moka), Ok(()));
    let stale = Fault::new(FaultCode::Tonce, "x");
    assert!(Zhiren::is_stale(&stale) && !Zhiren::is_stale(&Fault::no_record("x")));
}
