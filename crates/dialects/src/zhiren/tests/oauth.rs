//! Sign-in for the sandbox, from the page to a read with the token.

use http::Method;
use serde_json::{Value, json};
use tongshi_dialect::{Message, Reply};
use tongshi_model::{Candidate, CandidateSource, Coded, OrgUnit, Vacancy, VacancyStatus};

use super::stage::{Stage, company, id, read, with_form};

const CALLBACK: &str = "https://app.example.com/back?x=1";

fn question(pairs: &[(&str, &str)]) -> Message {
    let mut message = Message::new(Method::GET, "/oauth/authorize");
    pairs.iter().for_each(|(name, value)| message.add_query(name, value));
    message
}

async fn submit(stage: &Stage, pairs: &[(&str, &str)]) -> Reply {
    stage.face.answer(with_form(Message::new(Method::POST, "/oauth/authorize"), pairs)).await
}

async fn code(stage: &Stage) -> String {
    let reply = submit(
        stage,
        &[
            ("app_id", "ak-demo"),
            ("callback_url", CALLBACK),
            ("state", "s&1"),
            ("empno", "TS-101"),
            ("mobile", "19900000101"),
        ],
    )
    .await;
    assert_eq!(reply.status, 302);
    let location = reply.headers["location"].to_str().expect("visible").to_owned();
    let code = location.strip_prefix(&format!("{CALLBACK}&response_code=")).expect("the callback");
    code.strip_suffix("&state=s%261").expect("the state").to_owned()
}

async fn exchange(stage: &Stage, changes: &[(&str, &str)], code: &str) -> (u16, Value) {
    let mut fields = json!({"app_id": "ak-demo", "app_secret": "sk-demo", "callback_url": CALLBACK, "response_code": code});
    for (name, value) in changes {
        fields[*name] = json!(value);
    }
    let mut message = Message::new(Method::POST, "/oauth/access_token");
    message.body = fields.to_string().into();
    read(&stage.face.answer(message).await)
}

#[tokio::test]
async fn the_page_is_plain_and_safe() {
    let stage = company();
    let state = "\"><script>alert(1)</script>";
    let reply = stage
        .face
        .answer(question(&[("app_id", "ak-demo"), ("callback_url", CALLBACK), ("state", state)]))
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(reply.headers["x-frame-options"], "DENY");
    assert!(
        reply.headers["content-security-policy"].to_str().expect("visible").contains("default-src 'none'")
    );
    let html = String::from_utf8(reply.body.to_vec()).expect("UTF-8");
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;") && html.contains("工号"));
    assert!(html.contains("method=\"post\""));
}

#[tokio::test]
async fn a_wrong_address_leads_nowhere() {
    let stage = company();
    for callback in ["https://app.example.com/back", "https://evil.example/", "", "javascript:alert(1)"] {
        let reply = stage.face.answer(question(&[("app_id", "ak-demo"), ("callback_url", callback)])).await;
        assert_eq!(reply.status, 422, "{callback}");
        assert!(!reply.headers.contains_key("location"));
        assert!(!String::from_utf8_lossy(&reply.body).contains("evil"));
    }
    let unknown = stage.face.answer(question(&[("app_id", "nobody"), ("callback_url", CALLBACK)])).await;
    assert_eq!(unknown.status, 401);
    let long = "s".repeat(600);
    let reply = stage
        .face
        .answer(question(&[("app_id", "ak-demo"), ("callback_url", CALLBACK), ("state", &long)]))
        .await;
    assert_eq!(reply.status, 422);
    stage.desk.register("zhiren", "app-live", "as", json!({"callback_url": CALLBACK}));
    let reply = stage.face.answer(question(&[("app_id", "app-live"), ("callback_url", CALLBACK)])).await;
    assert_eq!(reply.status, 403);
    assert!(String::from_utf8_lossy(&reply.body).contains("not set up"));
}

#[tokio::test]
async fn the_wrong_person_sees_the_page_again() {
    let stage = company();
    for (empno, mobile) in
        [("TS-101", "19900000102"), ("TS-101", ""), ("nobody", "1"), ("TS-102", "19900000105")]
    {
        let reply = submit(
            &stage,
            &[("app_id", "ak-demo"), ("callback_url", CALLBACK), ("empno", empno), ("mobile", mobile)],
        )
        .await;
        assert_eq!(reply.status, 200, "{empno}");
        assert!(String::from_utf8_lossy(&reply.body).contains("role=\"alert\""));
    }
}

#[tokio::test]
async fn a_code_is_changed_once_by_its_own_app_in_time() {
    let stage = company();
    let first = code(&stage).await;
    assert_eq!(exchange(&stage, &[("app_secret", "sk-demo ")], &first).await.1["code"], 1105);
    assert_eq!(exchange(&stage, &[("app_id", "nobody")], &first).await.1["code"], 1105);
    assert_eq!(
        exchange(&stage, &[("callback_url", "https://app.example.com/back")], &first).await.1["code"],
        2001
    );
    let (status, body) = exchange(&stage, &[], &first).await;
    assert_eq!((status, &body["expires_in"]), (200, &json!(7200)), "{body}");
    assert_eq!(exchange(&stage, &[], &first).await.1["code"], 1102);

    let late = code(&stage).await;
    stage.clock.advance_seconds(300);
    assert_eq!(exchange(&stage, &[], &late).await.1["code"], 1102);

    let foreign = code(&stage).await;
    stage.desk.register("zhiren", "app-2", "as-2", json!({"callback_url": CALLBACK}));
    let other = [("app_id", "app-2"), ("app_secret", "as-2")];
    assert_eq!(exchange(&stage, &other, &foreign).await.1["code"], 1102);
}

#[tokio::test]
async fn the_parameters_may_come_in_a_form_but_not_twice() {
    let stage = company();
    let code = code(&stage).await;
    let pairs = [
        ("app_id", "ak-demo"),
        ("app_secret", "sk-demo"),
        ("callback_url", CALLBACK),
        ("response_code", &code),
    ];
    let mut message = with_form(Message::new(Method::POST, "/oauth/access_token"), &pairs);
    message.add_query("app_id", "ak-demo");
    assert_eq!(read(&stage.face.answer(message.clone()).await).1["code"], 2004);
    message.query.clear();
    assert_eq!(stage.face.answer(message).await.status, 200);
}

#[tokio::test]
async fn the_token_reads_recruitment() {
    let stage = company();
    let source = CandidateSource { name: "示例招聘网".to_owned() };
    stage.workforce.put(id("source"), &source).expect("kept");
    let candidate = Candidate {
        name: "顾样本".into(),
        source: Some(id("source")),
        source_name: Some("示例招聘网".to_owned()),
        ..Candidate::default()
    };
    stage.workforce.put(id("candidate"), &candidate).expect("kept");
    let vacancy = Vacancy {
        head_count: Some(3),
        status: Some(Coded::ours(VacancyStatus::Open)),
        org_unit: Some(id("d1")),
        ..Vacancy::default()
    };
    stage.workforce.put(id("vacancy"), &vacancy).expect("kept");
    stage
        .workforce
        .put(id("d1"), &OrgUnit { name: "研发组".to_owned(), ..OrgUnit::default() })
        .expect("kept");
    let (_, body) = exchange(&stage, &[], &code(&stage).await).await;
    let token = body["access_token"].as_str().expect("a token").to_owned();
    let get = async |path: &str| {
        let mut message = Message::new(Method::GET, path);
        message.add_query("access_token", &token);
        read(&stage.face.answer(message).await)
    };
    let (status, candidates) = get("/api/v2/recruitments/candidates").await;
    assert_eq!((status, &candidates[0]["source_id"]), (200, &json!(id("source").to_string())));
    assert_eq!(candidates[0].as_object().map(serde_json::Map::len), Some(11));
    let (_, one) = get(&format!("/api/v2/recruitments/candidate/{}", id("candidate"))).await;
    assert_eq!(one, candidates[0]);
    assert_eq!(get("/api/v2/recruitments/sources").await.1[0]["name"], "示例招聘网");
    assert_eq!(get(&format!("/api/v2/recruitments/source/{}", id("source"))).await.0, 200);
    let (_, vacancies) = get("/api/v2/recruitments/vacancies").await;
    assert_eq!(vacancies[0]["head_count"], "3");
    assert_eq!(vacancies[0]["status"], "normal");
    assert_eq!(vacancies[0]["department_name"], "研发组");
    assert_eq!(get(&format!("/api/v2/recruitments/vacancy/{}", id("vacancy"))).await.1, vacancies[0]);
    assert_eq!(get(&format!("/api/v2/recruitments/vacancy/{}", id("nothing"))).await.1["code"], 1102);

    stage.clock.advance_seconds(7200);
    assert_eq!(get("/api/v2/recruitments/candidates").await.1["code"], 1105);
    let bare = Message::new(Method::GET, "/api/v2/recruitments/candidates");
    assert_eq!(read(&stage.face.answer(bare).await).1["code"], 1001);
}
