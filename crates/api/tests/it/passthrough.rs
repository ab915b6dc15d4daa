//! The vendor's own operations through the hub: what comes back is the vendor's, and who may not see everything gets
//! nothing.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tongshi_hub::{NewConnection, Scopes};
use tongshi_model::Sensitivity;
use tongshi_testkit::{Effect, TestHub};

use crate::{
    schema::findings,
    served::{Answer, Served, key, over_company},
};

const ANSWERED_BY: &str = "x-tongshi-answered-by";

/// A candidate as the vendor takes one.
pub(crate) fn candidate(id: &str) -> Value {
    json!({
        "id": id, "name": "顾样本", "phone": "19900000201", "email": "gu@example.com", "jobTitle": "工程师",
        "operator": { "name": "招聘者乙", "email": "hr@example.com", "phone": "19900000202" },
        "gender": "男", "birthYear": "1992", "source": "示例招聘网", "academicDegree": "硕士", "married": "已婚",
        "educationInfo": [], "experienceInfo": [], "resumeUrl": "", "interviewFeedbackUrl": "",
        "offerAttachmentUrls": "", "offerInfo": "",
    })
}

struct Caller {
    served: Served,
    connection: String,
}

impl Caller {
    async fn new(hub: &TestHub, served: &Served, name: &str, scopes: Scopes) -> Self {
        let connection = hub.connection().await.to_string();
        Self { served: served.with(key(hub, &hub.main, name, scopes).await), connection }
    }

    async fn call(&self, operation: &str, body: Value) -> Answer {
        self.served.post(&format!("/v1/connections/{}/call/{operation}", self.connection), body).await
    }
}

#[tokio::test]
async fn the_vendors_answer_comes_as_it_is() {
    over_company(40, async |hub, served| {
        let caller = Caller::new(hub, &served, "caller", Scopes::all()).await;
        let answer = caller.call("department.list", json!({ "token": "company-token" })).await;
        assert_eq!((answer.status, answer.headers[ANSWERED_BY].as_bytes()), (StatusCode::OK, &b"vendor"[..]));
        assert!(answer.json[0]["uuid"].is_string(), "{}", answer.text);
        let refused = caller.call("employee.get", json!({ "token": "company-token", "key": "nobody" })).await;
        assert!(
            refused.status.is_client_error() && refused.headers.contains_key(ANSWERED_BY),
            "{}",
            refused.text
        );
        assert_ne!(refused.headers["content-type"], "application/problem+json");
        hub.wire.break_by(|_, _| {
            let mut reply = tongshi_dialect::Reply::json(StatusCode::IM_A_TEAPOT, "<b>tea</b>".to_owned());
            reply.headers.insert("content-type", "text/html".parse().unwrap());
            reply.headers.insert("set-cookie", "a=b".parse().unwrap());
            Effect::Answer(reply)
        });
        let odd = caller.call("department.list", json!({})).await;
        assert_eq!((odd.status, odd.text.as_str()), (StatusCode::IM_A_TEAPOT, "<b>tea</b>"));
        assert_eq!(odd.headers["content-type"], "text/html");
        assert!(
            odd.headers.get("set-cookie").is_none()
                && odd.headers["content-security-policy"].to_str().unwrap().contains("sandbox")
        );
        hub.wire.break_by(|_, _| Effect::Lost);
        let lost = caller.call("department.list", json!({})).await;
        assert_eq!((lost.problem(), lost.headers.get(ANSWERED_BY)), ("unavailable", None));
    })
    .await;
}

#[tokio::test]
async fn who_may_not_is_refused_before_the_vendor_is_asked() {
    over_company(40, async |hub, served| {
        hub.wire.break_by(|_, _| Effect::Pass);
        let reads = Caller::new(hub, &served, "reads", Scopes { write: false, ..Scopes::all() }).await;
        let personal = Scopes { sensitivity: Sensitivity::Personal, ..Scopes::all() };
        let personal = Caller::new(hub, &served, "personal", personal).await;
        let listed = Scopes { operations: Some(vec!["department.*".to_owned()]), ..Scopes::all() };
        let listed = Caller::new(hub, &served, "listed", listed).await;
        for (who, operation) in
            [(&reads, "moka.candidate_push"), (&personal, "department.list"), (&listed, "employee.list")]
        {
            assert_eq!(who.call(operation, json!({})).await.problem(), "forbidden", "{operation}");
        }
        assert_eq!(listed.call("employee.explode", json!({})).await.problem(), "not-found");
        // Somebody else's connection, one that is none, and the hub's own are told in the same words.
        let elsewhere = served.with(key(hub, &hub.company, "elsewhere", Scopes::all()).await);
        let local = hub.hub.local_space(&hub.company, "sandbox").await.unwrap().connection;
        let mut details = Vec::new();
        for id in [reads.connection.as_str(), "7", &"0".repeat(32), &local.to_string()] {
            let call = elsewhere.post(&format!("/v1/connections/{id}/call/department.list"), json!({})).await;
            let list = elsewhere.get(&format!("/v1/connections/{id}/operations")).await;
            for answer in [call, list] {
                assert_eq!(answer.problem(), "not-found", "{id}");
                details.push(answer.json["detail"].clone());
            }
        }
        details.dedup();
        assert_eq!(details.len(), 1, "{details:?}");
        assert_eq!(hub.wire.calls(), 0);
        let operations =
            listed.served.get(&format!("/v1/connections/{}/operations", listed.connection)).await;
        let allowed = |name: &str| {
            operations.data().iter().find(|operation| operation["name"] == name).unwrap()["allowed"] == true
        };
        assert!(allowed("department.list") && !allowed("employee.list"));
        assert_eq!(operations.data().len(), hub.vendor().operations.len());
    })
    .await;
}

#[tokio::test]
async fn punches_go_to_a_vendor_only_where_somebody_has_switched_it_on() {
    over_company(40, async |hub, served| {
        let served = served.with(key(hub, &hub.main, "caller", Scopes::all()).await);
        let connect = async |settings: Value| {
            let mut credential = hub.keys["dingtalk"].clone();
            credential.retain(|name, _| matches!(name.as_str(), "app_key" | "app_secret"));
            let new = NewConnection {
                dialect: "dingtalk".to_owned(),
                name: "dingtalk".to_owned(),
                base_url: "face:dingtalk".to_owned(),
                credential,
                settings,
            };
            hub.hub.connect(&hub.main, new).await.unwrap().id
        };
        let id = connect(Value::Null).await;
        let shows = async |operation: &str| {
            let listed = served.get(&format!("/v1/connections/{id}/operations")).await;
            let found = listed.data().iter().find(|one| one["name"] == operation).unwrap().clone();
            (found["allowed"].clone(), found["metered"].clone())
        };
        hub.wire.break_by(|_, _| Effect::Pass);
        for operation in ["attendance.record.upload", "clock.add", "approve.check"] {
            let refused = served.post(&format!("/v1/connections/{id}/call/{operation}"), json!({})).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "forbidden"));
            assert!(refused.text.contains("switched off"), "{}", refused.text);
            assert_eq!(shows(operation).await, (json!(false), json!(true)));
        }
        assert_eq!(hub.wire.calls(), 0, "the vendor was not asked");
        assert_eq!(shows("user.count").await, (json!(true), json!(false)));
        assert_eq!(connect(json!({"writes": {"punch": true}})).await, id);
        let upload = json!({"userid": "nobody", "device_name": "d", "device_id": "d", "user_check_time": 1});
        let taken = served.post(&format!("/v1/connections/{id}/call/attendance.record.upload"), upload).await;
        assert_eq!(taken.headers[ANSWERED_BY].as_bytes(), b"vendor");
        assert_eq!(shows("attendance.record.upload").await.0, json!(true));
        // What was asked of the vendor is on its account of the month.
        let quota = served.get(&format!("/v1/connections/{id}/quota")).await;
        assert_eq!((quota.status, &quota.json["used_own"]), (StatusCode::OK, &json!(1)), "{}", quota.text);
        assert_eq!((&quota.json["calls"], &quota.json["budget"]), (&json!(5000), &json!(3000)));
        let document = tongshi_api::openapi();
        let schema = json!({"$ref": "#/components/schemas/Quota"});
        assert_eq!(findings(document, &schema, &quota.json), Vec::<String>::new());
        let other = hub.connection().await;
        let none = served.get(&format!("/v1/connections/{other}/quota")).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{}", none.text);
    })
    .await;
}
