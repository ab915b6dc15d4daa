//! What all routes share: methods, names of requests, problems, health, metrics, events, faces.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};

use crate::served::{ask, over_company};

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    over_company(40, async |_, served| {
        for target in [
            "/nowhere",
            "/v1",
            "/v1/",
            "/v1/people",
            "/v1/employees/",
            "/v1/employees/1/2",
            "/v2/employees",
            "/hooks",
        ] {
            let answer = served.get(target).await;
            assert_eq!((answer.status, answer.problem()), (StatusCode::NOT_FOUND, "not-found"), "{target}");
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
            let answer = served.ask(method.clone(), "/v1/counts", Body::from("{}")).await;
            assert_eq!(
                (answer.status, answer.problem()),
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
                "{method}"
            );
            assert!(answer.headers[header::ALLOW].to_str().unwrap().contains("GET"), "{method}");
        }
        let odd = Method::from_bytes(b"BREW").unwrap();
        assert_eq!(
            served.ask(odd, "/v1/employees", Body::empty()).await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
        assert_eq!(
            served.ask(Method::TRACE, "/healthz", Body::empty()).await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
        let head = served.ask(Method::HEAD, "/v1/employees", Body::empty()).await;
        assert_eq!((head.status, head.text.len()), (StatusCode::OK, 0));
    })
    .await;
}

#[tokio::test]
async fn health_and_metrics_say_what_they_know() {
    over_company(40, async |_, served| {
        assert_eq!(served.get("/healthz").await.json["status"], "ok");
        assert_eq!(served.get("/readyz").await.json["status"], "ok");
        served.get("/v1/employees?name=secret-name").await;
        served.get("/d/nobody/x").await;
        let metrics = served.get("/metrics").await;
        assert!(metrics.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/plain"));
        for line in [
            "# TYPE tongshi_http_requests_total counter",
            "# TYPE tongshi_http_request_seconds histogram",
            "tongshi_http_requests_total{surface=\"v1\",route=\"/v1/employees\",status=\"200\"}",
            "tongshi_http_requests_total{surface=\"none\",route=\"none\",status=\"404\"}",
        ] {
            assert!(metrics.text.contains(line), "{line}\n{}", metrics.text);
        }
        assert!(!metrics.text.contains("secret-name"));
    })
    .await;
}

#[tokio::test]
async fn a_face_answers_in_its_own_words() {
    over_company(40, async |hub, served| {
        let dialect = hub.vendor().id;
        let unsigned = served.get(&format!("/d/{dialect}/api/v2/employees")).await;
        assert!(unsigned.text.contains(|c: char| c.is_ascii_digit()), "{}", unsigned.text);
        assert_ne!(unsigned.headers[header::CONTENT_TYPE], "application/problem+json");
        let by_host =
            Request::get("/api/v2/employees").header(header::HOST, format!("{dialect}.example:7070"));
        let by_host = ask(&served.app, by_host.body(Body::empty()).unwrap()).await;
        assert_eq!((by_host.status, by_host.text), (unsigned.status, unsigned.text));
        let unknown = served.get("/d/nobody/api").await;
        assert_eq!(unknown.problem(), "not-found");
        assert!(unknown.json["detail"].as_str().unwrap().contains(dialect));
        let metrics = served.get("/metrics").await.text;
        assert!(metrics.contains(&format!("surface=\"face\",route=\"/d/{dialect}\"")), "{metrics}");
    })
    .await;
}

#[tokio::test]
async fn an_event_wants_a_connection_and_a_signature() {
    over_company(40, async |hub, served| {
        let post =
            async |target: &str, body: Vec<u8>| served.ask(Method::POST, target, Body::from(body)).await;
        for target in ["/hooks/7", &format!("/hooks/{}", "0".repeat(32))] {
            assert_eq!(post(target, b"{}".to_vec()).await.problem(), "not-found", "{target}");
        }
        let target = format!("/hooks/{}", hub.connection().await);
        let unsigned = post(&target, b"{}".to_vec()).await;
        assert_eq!(unsigned.status, StatusCode::BAD_REQUEST, "{}", unsigned.text);
        unsigned.problem();
        let large = post(&target, vec![b'a'; 1024 * 1024 + 1]).await;
        assert_eq!((large.status, large.problem()), (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"));
        assert_eq!(served.get(&target).await.status, StatusCode::METHOD_NOT_ALLOWED);
    })
    .await;
}

#[tokio::test]
async fn attendance_days_come_in_pages() {
    over_company(40, async |hub, served| {
        hub.load(40, 3).await;
        let range = "date_from=2026-03-01&date_to=2026-03-31";
        let days = served.get(&format!("/v1/attendance_days?{range}&limit=999")).await;
        assert!(days.data().len() > 20 && days.json["next"].is_null());
        let mut paged = Vec::new();
        let mut target = format!("/v1/attendance_days?{range}&limit=7");
        loop {
            let page = served.get(&target).await;
            paged.extend(page.data().to_vec());
            let Some(next) = page.json["next"].as_str() else { break };
            assert_eq!(page.data().len(), 7);
            target = format!("/v1/attendance_days?{range}&limit=7&after={next}");
        }
        assert_eq!(paged, days.data());
        let places: Vec<_> =
            paged.iter().map(|day| (day["employee"].as_str(), day["date"].as_str())).collect();
        assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
        let punches: u64 = paged.iter().map(|day| day["punches"].as_u64().unwrap()).sum();
        let counts = served.get("/v1/counts").await;
        assert_eq!(counts.data().iter().find(|row| row["kind"] == "punch").unwrap()["live"], punches);
        let who = days.data()[0]["employee"].as_str().unwrap();
        let one = served.get(&format!("/v1/attendance_days?{range}&employee={who}")).await;
        assert!(one.data().iter().all(|day| day["employee"] == who));
        for wrong in ["", "date_from=2026-03-01", "date_from=2026-03-02&date_to=2026-03-01"] {
            assert_eq!(
                served.get(&format!("/v1/attendance_days?{wrong}")).await.problem(),
                "invalid",
                "{wrong}"
            );
        }
        let mut punches = 0;
        let mut target = "/v1/punches?limit=7".to_owned();
        loop {
            let page = served.get(&target).await;
            punches += page.data().len();
            let Some(next) = page.json["next"].as_str() else { break };
            target = format!("/v1/punches?limit=7&after={next}");
        }
        let counts = served.get("/v1/counts").await;
        let counted = counts.data().iter().find(|row| row["kind"] == "punch").unwrap();
        assert_eq!(counted["live"], punches);
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_packed_for_those_who_ask() {
    over_company(60, async |_, served| {
        let request = Request::get("/v1/employees")
            .header(header::AUTHORIZATION, format!("Bearer {}", served.key.expose()))
            .header(header::ACCEPT_ENCODING, "gzip");
        let answer = ask(&served.app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers[header::CONTENT_ENCODING], "gzip");
        assert_eq!(served.get("/v1/employees").await.headers.get(header::CONTENT_ENCODING), None);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    })
    .await;
}

#[tokio::test]
async fn a_face_packs_where_its_vendor_does() {
    over_company(1, async |_, served| {
        let page = async |target: &str, accepted: &str| {
            let request = Request::get(target).header(header::ACCEPT_ENCODING, accepted);
            ask(&served.app, request.body(Body::empty()).unwrap()).await
        };
        let waiqin = "/d/waiqin/oauth2/authorize_error.jsp?error=access_denied&app_id=a";
        let packed = page(waiqin, "gzip").await;
        assert_eq!((packed.status.as_u16(), &packed.headers[header::CONTENT_ENCODING]), (200, "gzip"));
        assert!(!packed.text.contains("access_denied"));
        let plain = page(waiqin, "identity").await;
        assert_eq!(plain.headers.get(header::CONTENT_ENCODING), None);
        assert!(plain.text.contains("access_denied"));
        let other = page("/d/zhiren/api/v2/departments", "gzip").await;
        assert_eq!(other.headers.get(header::CONTENT_ENCODING), None);
    })
    .await;
}
