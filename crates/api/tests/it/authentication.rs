//! Who may ask.

use axum::{
    body::Body,
    http::{HeaderName, Request, StatusCode, header},
};
use tongshi_hub::{Actor, Scopes};
use tongshi_model::{Kind, Secret, Sensitivity};

use crate::served::{ask, key, over_company};

#[tokio::test]
async fn only_the_holder_of_a_key_is_answered() {
    over_company(60, async |_, served| {
        let good = format!("Bearer {}", served.key.expose());
        for (value, status) in [
            (None, 401),
            (Some("Bearer".to_owned()), 401),
            (Some("Bearer ".to_owned()), 401),
            (Some("Bearer tsk_nobody".to_owned()), 401),
            (Some(good.replace("Bearer", "Basic")), 401),
            (Some(good.to_uppercase()), 401),
            (Some(good.replace("Bearer", "bearer")), 200),
            (Some(good.clone()), 200),
        ] {
            let mut request = Request::get("/v1/me");
            if let Some(value) = &value {
                request = request.header(header::AUTHORIZATION, value);
            }
            let answer = ask(&served.app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, status, "{value:?}");
            if status == 401 {
                assert_eq!(answer.problem(), "unauthenticated");
                assert!(answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
            }
        }
        let twice =
            Request::get("/v1/me").header(header::AUTHORIZATION, &good).header(header::AUTHORIZATION, &good);
        assert_eq!(ask(&served.app, twice.body(Body::empty()).unwrap()).await.status, 401);
        let in_query = format!("/v1/me?access_token={}", served.key.expose());
        let answer = ask(&served.app, Request::get(in_query).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 401);
        assert!(!answer.text.contains(served.key.expose()));
    })
    .await;
}

#[tokio::test]
async fn an_app_that_is_switched_off_is_told_so() {
    over_company(60, async |hub, served| {
        assert_eq!(served.get("/v1/me").await.json["app"]["name"], "api");
        hub.hub.disable_app(&hub.company, "api", true, &Actor::cli()).await.unwrap();
        let answer = served.get("/v1/me").await;
        assert_eq!((answer.status, answer.problem()), (StatusCode::FORBIDDEN, "forbidden"));
    })
    .await;
}

#[tokio::test]
async fn a_key_sees_what_its_scopes_say() {
    over_company(60, async |hub, served| {
        let all = served.get("/v1/employees?limit=1000").await.text;
        assert!(all.contains("bank_card") && all.contains("mobile"));
        let narrow = Scopes {
            sensitivity: Sensitivity::Public,
            kinds: Some(vec![Kind::Employee]),
            ..Scopes::default()
        };
        let narrow = served.with(key(hub, &hub.company, "narrow", narrow).await);
        let seen = narrow.get("/v1/employees?limit=1000").await;
        assert_eq!(seen.status, StatusCode::OK);
        for hidden in ["bank_card", "id_number", "mobile", "birth_date"] {
            assert!(!seen.text.contains(&format!("\"{hidden}\"")), "{hidden}");
        }
        assert_eq!(narrow.get("/v1/employees?mobile=1").await.status, StatusCode::FORBIDDEN);
        assert_eq!(narrow.get("/v1/org_units").await.status, StatusCode::FORBIDDEN);
        let unit = served.get("/v1/org_units?limit=1").await.data()[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(served.get(&format!("/v1/org_units/{unit}")).await.status, StatusCode::OK);
        let hidden = narrow.get(&format!("/v1/org_units/{unit}")).await;
        let absent = narrow.get(&format!("/v1/org_units/{}", "0".repeat(32))).await;
        assert_eq!((hidden.status, &hidden.json["detail"]), (StatusCode::NOT_FOUND, &absent.json["detail"]));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_no_text_is_refused() {
    over_company(60, async |_, served| {
        let value = axum::http::HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
        let request = Request::get("/v1/me").header(header::AUTHORIZATION, value);
        assert_eq!(ask(&served.app, request.body(Body::empty()).unwrap()).await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn nothing_but_health_and_documentation_is_open() {
    over_company(60, async |_, served| {
        let nobody = served.with(Secret::new("tsk_nobody"));
        for open in ["/healthz", "/readyz", "/metrics", "/v1/openapi.json"] {
            assert_eq!(nobody.get(open).await.status, StatusCode::OK, "{open}");
        }
        for (path, item) in tongshi_api::openapi()["paths"].as_object().unwrap() {
            let Some(get) = item.get("get") else { continue };
            if get["security"].as_array().is_some_and(|security| !security.is_empty()) {
                let path = path.replace("{id}", &"0".repeat(32));
                assert_eq!(nobody.get(&path).await.status, StatusCode::UNAUTHORIZED, "{path}");
            }
        }
        let request_id = HeaderName::from_static("x-request-id");
        let named = Request::get("/healthz").header(&request_id, "trace-7").body(Body::empty()).unwrap();
        assert_eq!(ask(&served.app, named).await.headers[&request_id], "trace-7");
    })
    .await;
}
