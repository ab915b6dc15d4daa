//! Signing in through the hub, at a vendor that is our own face.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use tongshi_api::{ApiConfig, router};
use tongshi_hub::{Actor, AuditQuery, NewApp, NewConnection, Scopes, SessionQuery};
use tongshi_model::{Draft, Employee, EmploymentStatus, Kind, Secret};
use tongshi_testkit::{Setup, TestHub, on_each_database};

use crate::served::{Answer, Served, ask, key};

const TENANT: &str = "7361230011223344556";
/// What the app at the vendor has registered. Nobody has to answer there: the test hands the query over.
const BACK: &str = "http://127.0.0.1/callback";
const MENU_STATE: &str = "from-the-menu";

/// A browser with its cookies.
struct Browser {
    app: Router,
    cookies: BTreeMap<String, String>,
    language: &'static str,
}

impl Browser {
    fn new(app: &Router) -> Self {
        Self { app: app.clone(), cookies: BTreeMap::new(), language: "en" }
    }

    async fn go(&mut self, method: Method, target: &str, form: Option<&[(&str, &str)]>) -> Answer {
        self.go_with(method, target, form, &[]).await
    }

    async fn go_with(
        &mut self,
        method: Method,
        target: &str,
        form: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, "127.0.0.1:7070")
            .header(header::ACCEPT_LANGUAGE, self.language);
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match form {
            None => Body::empty(),
            Some(pairs) => {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                let pairs: Vec<String> =
                    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
                Body::from(pairs.join("&"))
            }
        };
        let answer = ask(&self.app, request.body(body).unwrap()).await;
        for value in answer.headers.get_all(header::SET_COOKIE) {
            let value = value.to_str().unwrap();
            assert!(value.contains("; HttpOnly") && value.contains("; SameSite=Lax"), "{value}");
            let (name, value) = value.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn get(&mut self, target: &str) -> Answer {
        self.go(Method::GET, target, None).await
    }

    /// Out to the vendor; gives the query with which its page is asked.
    async fn out(&mut self, target: &str) -> String {
        let answer = self.get(target).await;
        let location = location(&answer);
        location.strip_prefix("face:waiqin/service/oauth/authorize?").expect("the vendor's page").to_owned()
    }

    /// Signs in at the vendor and does what is decided; gives the query that comes back, or where else it leads.
    async fn at_vendor(&mut self, query: &str, who: &Person, decision: &str) -> String {
        let mut next = self.get(&format!("/d/waiqin/service/oauth/authorize?{query}")).await;
        // Who has signed in there is known to this browser.
        if next.text.contains("name=\"login\"") {
            let form = [("step", &*step(&next)), ("login", &who.number), ("password", &who.mobile)];
            next = self.go(Method::POST, "/d/waiqin/service/oauth/authorize", Some(&form)).await;
        }
        if next.status == StatusCode::OK {
            let form = [("step", &*step(&next)), ("decision", decision)];
            next = self.go(Method::POST, "/d/waiqin/service/oauth/authorize", Some(&form)).await;
        }
        let location = location(&next);
        location.strip_prefix(&format!("{BACK}?")).unwrap_or(&location).to_owned()
    }

    async fn back(&mut self, query: &str) -> Answer {
        self.get(&format!("/login/field/callback?{query}")).await
    }

    async fn whole(&mut self, who: &Person) -> Answer {
        let out = self.out("/login/field").await;
        let back = self.at_vendor(&out, who, "allow").await;
        self.back(&back).await
    }

    async fn is_signed_in(&mut self) -> bool {
        self.get("/login").await.text.contains("Signed in")
    }
}

fn location(answer: &Answer) -> String {
    assert!(answer.status.is_redirection(), "{} {}", answer.status, answer.text);
    answer.headers[header::LOCATION].to_str().unwrap().to_owned()
}

fn step(page: &Answer) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    value_of(page, "step")
}

fn value_of(page: &Answer, name: &str) -> String {
    let rest = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

/// Somebody of the company, as they sign in at the face.
struct Person {
    number: String,
    mobile: String,
    name: String,
}

struct Stage<'a> {
    hub: &'a TestHub,
    app: Router,
    app_id: String,
    person: Person,
}

impl Stage<'_> {
    fn browser(&self) -> Browser {
        Browser::new(&self.app)
    }

    async fn audit(&self, action: &str) -> Vec<Value> {
        self.hub.hub.write_notes().await.unwrap();
        let query = AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() };
        let page = self.hub.hub.audit(&self.hub.main, &query, 100, true).await.unwrap();
        page.data.iter().map(|entry| serde_json::to_value(entry).unwrap()).collect()
    }

    async fn live(&self) -> usize {
        let query = SessionQuery { live: true, ..SessionQuery::default() };
        self.hub.hub.sessions(&self.hub.main, &query, 100).await.unwrap().data.len()
    }
}

/// The company behind the face, and its people read through another vendor.
async fn staged(test: impl AsyncFn(Stage<'_>)) {
    on_each_database(Setup { employees: 60, ..Setup::default() }, async |hub| {
        let new = NewApp {
            name: "field".to_owned(),
            faces: vec!["waiqin".to_owned()],
            scopes: Scopes::all(),
            settings: json!({
                "sandbox": true, "tenant_id": TENANT, "redirect_uri": BACK,
                "menus": {"kpi": {"redirect_uri": BACK, "state": MENU_STATE}},
            }),
            ..NewApp::default()
        };
        let keys = hub.hub.create_app(&hub.company, new, &Actor::cli()).await.unwrap();
        let keys = &keys.faces["waiqin"];
        let credential = BTreeMap::from([
            ("app_id".to_owned(), keys["app_id"].clone()),
            ("app_secret".to_owned(), keys["app_secret"].clone()),
            ("tenant_id".to_owned(), Secret::new(TENANT)),
            ("redirect_uri".to_owned(), Secret::new(BACK)),
        ]);
        let new = NewConnection {
            dialect: "waiqin".to_owned(),
            name: "field".to_owned(),
            base_url: "face:waiqin".to_owned(),
            credential,
            settings: json!({"menu_state": MENU_STATE}),
        };
        hub.hub.connect(&hub.main, new).await.unwrap();
        hub.sync(&["employee"]).await;
        let people = hub.records(&hub.main, Kind::Employee).await;
        let person = people.iter().find_map(|record| {
            let employee: Employee = serde_json::from_str(record.data.get()).unwrap();
            let works = employee.status == Some(EmploymentStatus::Active);
            let plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            Some(Person {
                number: employee.employee_no.filter(|number| works && plain(number))?,
                mobile: employee.mobile.map(|mobile| mobile.expose().clone()).filter(plain)?,
                name: employee.name.expose().clone(),
            })
        });
        let person = person.expect("somebody with number and mobile");
        let app = router(hub.hub.clone(), ApiConfig::default());
        test(Stage { hub, app, app_id: keys["app_id"].expose().to_owned(), person }).await;
    })
    .await;
}

#[tokio::test]
async fn somebody_signs_in_by_the_link_and_out_again() {
    staged(async |stage| {
        let mut browser = stage.browser();
        assert!(!browser.is_signed_in().await);
        let answer = browser.whole(&stage.person).await;
        assert_eq!((answer.status, &*location(&answer)), (StatusCode::FOUND, "/login"));
        let page = browser.get("/login").await;
        assert!(page.text.contains("Signed in") && page.text.contains(&stage.person.name));
        assert!(!page.text.contains("No employee record"));
        browser.language = "zh-CN,zh;q=0.9,en;q=0.8";
        assert!(browser.get("/login").await.text.contains("您已登录"));
        browser.language = "en";
        let entries = stage.audit("sign_in").await;
        assert_eq!(entries.len(), 1);
        assert_eq!((&entries[0]["outcome"], &entries[0]["target"]), (&json!("done"), &json!("field")));
        assert_eq!(
            (&entries[0]["detail"]["rule"], &entries[0]["detail"]["way"]),
            (&json!("employee_no"), &json!("link"))
        );
        assert!(!entries[0].to_string().contains(&stage.person.name));
        // The account is a record like any other, and the link leads to the employee.
        let accounts = stage.hub.records(&stage.hub.main, Kind::Account).await;
        assert_eq!(accounts.len(), 1);
        assert_eq!(entries[0]["actor"], format!("account:{}", accounts[0].id));
        // The same person again: the same account, and the session before ends.
        browser.whole(&stage.person).await;
        assert_eq!(stage.hub.records(&stage.hub.main, Kind::Account).await.len(), 1);
        assert_eq!(stage.live().await, 1);
        // A link alone signs nobody out, nor does another site's form.
        browser.get("/logout").await;
        let foreign =
            browser.go_with(Method::POST, "/logout", Some(&[]), &[("sec-fetch-site", "cross-site")]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        let foreign =
            browser.go_with(Method::POST, "/logout", Some(&[]), &[("origin", "https://evil.example")]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        assert!(browser.is_signed_in().await);
        let token = browser.cookies["tongshi_session"].clone();
        assert!(browser.go(Method::POST, "/logout", Some(&[])).await.text.contains("signed out"));
        assert!(!browser.cookies.contains_key("tongshi_session"));
        browser.cookies.insert("tongshi_session".to_owned(), token);
        assert!(!browser.is_signed_in().await, "the session itself has ended");
        assert_eq!(stage.audit("sign_out").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_state_is_good_once_in_time_and_in_its_browser() {
    staged(async |stage| {
        let mut browser = stage.browser();
        let out = browser.out("/login/field").await;
        let back = browser.at_vendor(&out, &stage.person, "allow").await;
        // Whoever is handed the address cannot use it, and does not use it up.
        let mut other = stage.browser();
        other.out("/login/field").await;
        let answer = other.back(&back).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text.contains("role=\"alert\"") && answer.text.contains("href=\"/login/field\""));
        assert!(!other.is_signed_in().await);
        let looked = browser.go(Method::HEAD, &format!("/login/field/callback?{back}"), None).await;
        assert_eq!(looked.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(browser.back(&back).await.status, StatusCode::FOUND);
        assert_eq!(browser.back(&back).await.status, StatusCode::BAD_REQUEST, "used");
        // Two tabs of one browser.
        let (first, second) = (browser.out("/login/field").await, browser.out("/login/field").await);
        for out in [second, first] {
            let back = browser.at_vendor(&out, &stage.person, "allow").await;
            assert_eq!(browser.back(&back).await.status, StatusCode::FOUND);
        }
        let out = browser.out("/login/field").await;
        let back = browser.at_vendor(&out, &stage.person, "allow").await;
        stage.hub.clock.advance_seconds(901);
        assert_eq!(browser.back(&back).await.status, StatusCode::BAD_REQUEST, "over");
        let made_up = "code=c&state=0123456789012345678901234567890123456789abc";
        assert_eq!(browser.back(made_up).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(browser.back("code=c").await.status, StatusCode::BAD_REQUEST);
        let refused: Vec<Value> =
            stage.audit("sign_in").await.into_iter().filter(|entry| entry["outcome"] == "refused").collect();
        assert_eq!(refused.len(), 3, "another browser's, used, over");
        assert!(!stage.audit("credential.use").await.is_empty(), "made-up ones are counted");
    })
    .await;
}

#[tokio::test]
async fn what_the_vendor_refuses_signs_nobody_in() {
    staged(async |stage| {
        let mut browser = stage.browser();
        // Cancelled: the vendor keeps the person on a page of its own, as it documents.
        let out = browser.out("/login/field").await;
        let led = browser.at_vendor(&out, &stage.person, "deny").await;
        assert!(led.starts_with("../../oauth2/authorize_error.jsp?error=access_denied&state="), "{led}");
        // An older edition sends it back to us.
        let state = pair(&browser.out("/login/field").await, "state");
        let answer = browser.back(&format!("error=access_denied&state={state}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        // A code that was redeemed elsewhere, a code of another app, a return for another company.
        let out = browser.out("/login/field").await;
        let back = browser.at_vendor(&out, &stage.person, "allow").await;
        let code = pair(&back, "code");
        let state = pair(&browser.out("/login/field").await, "state");
        assert_eq!(browser.back(&back).await.status, StatusCode::FOUND);
        assert_eq!(browser.back(&format!("code={code}&state={state}")).await.status, StatusCode::BAD_REQUEST);
        let state = pair(&browser.out("/login/field").await, "state");
        let foreign = browser.back(&format!("code=c&state={state}&tenant_id=1")).await;
        assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
        assert_eq!(browser.back("code=c&code=d&state=s").await.status, StatusCode::BAD_REQUEST);
        let outcomes: Vec<String> =
            stage.audit("sign_in").await.iter().map(|e| e["outcome"].to_string()).collect();
        assert_eq!(outcomes, ["\"refused\"", "\"done\"", "\"refused\"", "\"refused\""]);
        assert_eq!(browser.get("/login/nowhere").await.status, StatusCode::NOT_FOUND);
        assert_eq!(browser.get("/login/zhiren").await.status, StatusCode::NOT_FOUND, "nobody signs in there");
    })
    .await;
}

#[tokio::test]
async fn a_menu_leads_to_a_question_first() {
    staged(async |stage| {
        let mut browser = stage.browser();
        let answer = browser.get(&format!("/d/waiqin/service/oauth/menu/{}/kpi", stage.app_id)).await;
        let query = location(&answer).split_once('?').unwrap().1.to_owned();
        let back = browser.at_vendor(&query, &stage.person, "allow").await;
        assert_eq!(pair(&back, "state"), MENU_STATE);
        let page = browser.back(&back).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(&stage.person.name) && page.text.contains("Is this you?"));
        assert!(!browser.is_signed_in().await);
        let proof = value_of(&page, "proof");
        // Another browser's yes is none, nor is another site's.
        let mut other = stage.browser();
        let form = [("proof", &*proof)];
        assert_eq!(
            other.go(Method::POST, "/login/field/confirm", Some(&form)).await.status,
            StatusCode::BAD_REQUEST
        );
        let cross = [("sec-fetch-site", "cross-site")];
        let answer = browser.go_with(Method::POST, "/login/field/confirm", Some(&form), &cross).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let answer = browser.go(Method::POST, "/login/field/confirm", Some(&form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(browser.is_signed_in().await);
        let answer = browser.go(Method::POST, "/login/field/confirm", Some(&form)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "a yes counts once");
        assert_eq!(stage.audit("sign_in").await[0]["detail"]["way"], "menu");
        // A state that no menu has is nobody's.
        assert_eq!(browser.back("code=c&state=from-nowhere").await.status, StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn people_return_only_where_it_is_known() {
    staged(async |stage| {
        let access = tongshi_hub::Access {
            redirect_uris: vec!["https://portal.example.com/in".to_owned()],
            ..tongshi_hub::Access::default()
        };
        let app = NewApp { name: "portal".to_owned(), access, ..NewApp::default() };
        stage.hub.hub.create_app(&stage.hub.main, app, &Actor::cli()).await.unwrap();
        let mut browser = stage.browser();
        for (wanted, location_is) in [
            ("%2Fconsole%3Fa%3Db", "/console?a=b"),
            ("https%3A%2F%2Fportal.example.com%2Fin", "https://portal.example.com/in"),
        ] {
            let out = browser.out(&format!("/login/field?return_to={wanted}")).await;
            let back = browser.at_vendor(&out, &stage.person, "allow").await;
            assert_eq!(location(&browser.back(&back).await), location_is);
        }
        for wanted in [
            "https%3A%2F%2Fevil.example%2F",
            "%2F%2Fevil.example",
            "%2F%5Cevil.example",
            "https%3A%2F%2Fportal.example.com%2Fin%2F",
            "javascript%3Aalert(1)",
            "%2Fa%0D%0Ax%3Ay",
        ] {
            let answer = browser.get(&format!("/login/field?return_to={wanted}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wanted}");
            assert!(!answer.headers.contains_key(header::LOCATION));
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_owner_and_at_somebodys_word() {
    staged(async |stage| {
        let served = Served {
            app: stage.app.clone(),
            key: key(stage.hub, &stage.hub.main, "admin", Scopes::all()).await,
        };
        let mut browser = stage.browser();
        browser.whole(&stage.person).await;
        stage.hub.clock.advance_seconds(12 * 3600 - 1);
        assert!(browser.is_signed_in().await);
        stage.hub.clock.advance_seconds(2);
        assert!(!browser.is_signed_in().await, "over");
        browser.whole(&stage.person).await;
        let listed = served.get("/v1/sessions?live=true").await;
        let [session] = listed.data() else { panic!("one session: {}", listed.text) };
        assert_eq!((&session["connection"], &session["way"]), (&json!("field"), &json!("link")));
        let id = session["id"].as_str().unwrap();
        let employee = session["employee"].as_str().unwrap();
        assert_eq!(served.get(&format!("/v1/sessions?employee={employee}")).await.data().len(), 2);
        let first = served.get("/v1/sessions?limit=1").await;
        let next = first.json["next"].as_str().unwrap();
        let second = served.get(&format!("/v1/sessions?limit=1&after={next}")).await;
        assert_ne!(first.data()[0]["id"], second.data()[0]["id"]);
        let ended = served.ask(Method::DELETE, &format!("/v1/sessions/{id}"), Body::empty()).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        assert!(!browser.is_signed_in().await, "ended by an administrator");
        let again = served.ask(Method::DELETE, &format!("/v1/sessions/{id}"), Body::empty()).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        let scopes = Scopes { admin: false, ..Scopes::all() };
        let plain = served.with(key(stage.hub, &stage.hub.main, "plain", scopes).await);
        assert_eq!(plain.get("/v1/sessions").await.status, StatusCode::FORBIDDEN);
        let refused = plain.ask(Method::DELETE, &format!("/v1/sessions/{id}"), Body::empty()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        // Whoever leaves is signed out from the same moment on.
        browser.whole(&stage.person).await;
        assert!(browser.is_signed_in().await);
        let out = browser.out("/login/field").await;
        let back = browser.at_vendor(&out, &stage.person, "allow").await;
        leave(&stage).await;
        assert!(!browser.is_signed_in().await, "they have left");
        let answer = browser.back(&back).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "nor in again with a code from before");
        assert!(answer.text.contains("does not work here"));
    })
    .await;
}

/// The person's employment ends, as HR's system tells at the next sync.
async fn leave(stage: &Stage<'_>) {
    let people = stage.hub.records(&stage.hub.company, Kind::Employee).await;
    let record = people.iter().find(|record| record.data.get().contains(&stage.person.mobile)).unwrap();
    let lineage = stage.hub.hub.lineage(&stage.hub.company, record.id, &Scopes::all()).await.unwrap();
    let mut employee: Employee = serde_json::from_str(record.data.get()).unwrap();
    employee.status = Some(EmploymentStatus::Ended);
    employee.phase = Some(tongshi_model::Coded::ours(tongshi_model::EmploymentPhase::Left));
    stage.hub.put(&lineage[0].remote_id, Draft::of(&employee).unwrap()).await;
    stage.hub.sync(&["employee"]).await;
}

/// A value in a query, as it stands there.
fn pair(query: &str, name: &str) -> String {
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn somebody_signs_in_through_dingtalk() {
    staged(async |stage| {
        let hub = stage.hub;
        let new = NewApp {
            name: "ding".to_owned(),
            faces: vec!["dingtalk".to_owned()],
            scopes: Scopes::all(),
            settings: json!({"sandbox": true, "redirect_uri": BACK, "dingtalk_calls_per_second": 0}),
            ..NewApp::default()
        };
        let keys = hub.hub.create_app(&hub.company, new, &Actor::cli()).await.unwrap();
        let mut credential = keys.faces["dingtalk"].clone();
        credential.retain(|name, _| matches!(name.as_str(), "app_key" | "app_secret" | "corp_id"));
        credential.insert("redirect_uri".to_owned(), Secret::new(BACK));
        let new = NewConnection {
            dialect: "dingtalk".to_owned(),
            name: "ding".to_owned(),
            base_url: "face:dingtalk".to_owned(),
            credential,
            settings: Value::Null,
        };
        hub.hub.connect(&hub.main, new).await.unwrap();
        let only = vec!["department".to_owned(), "user".to_owned()];
        let options = tongshi_hub::SyncOptions { only, ..tongshi_hub::SyncOptions::default() };
        let outcome = hub.hub.sync(&hub.main, "ding", &options, &tongshi_hub::Silent).await.unwrap();
        assert!(outcome.complete, "{:?}", outcome.reason);
        let mut browser = stage.browser();
        let way = async |browser: &mut Browser, decision: &str| {
            let out = location(&browser.get("/login/ding").await);
            let query = out.strip_prefix("face:dingtalk/oauth2/auth?").expect("the vendor's page").to_owned();
            let page = browser.get(&format!("/d/dingtalk/oauth2/auth?{query}")).await;
            let form = [
                ("step", &*step(&page)),
                ("login", &*stage.person.number),
                ("password", &*stage.person.mobile),
            ];
            let consent = browser.go(Method::POST, "/d/dingtalk/oauth2/auth", Some(&form)).await;
            let form = [("step", &*step(&consent)), ("decision", decision)];
            let back = location(&browser.go(Method::POST, "/d/dingtalk/oauth2/auth", Some(&form)).await);
            back.strip_prefix(&format!("{BACK}?")).expect("back to us").to_owned()
        };
        let back = way(&mut browser, "deny").await;
        let refused = browser.get(&format!("/login/ding/callback?{back}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        assert!(!browser.is_signed_in().await);
        let back = way(&mut browser, "allow").await;
        let answer = browser.get(&format!("/login/ding/callback?{back}")).await;
        assert_eq!((answer.status, &*location(&answer)), (StatusCode::FOUND, "/login"));
        let page = browser.get("/login").await;
        assert!(page.text.contains("Signed in") && page.text.contains(&stage.person.name));
        assert!(!page.text.contains("No employee record"));
        let entries = stage.audit("sign_in").await;
        let done = entries.iter().find(|entry| entry["outcome"] == "done").unwrap();
        assert_eq!((&done["detail"]["rule"], &done["detail"]["way"]), (&json!("vendor_id"), &json!("link")));
        // The same return again is nobody's.
        let again = browser.get(&format!("/login/ding/callback?{back}")).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
    })
    .await;
}
