//! Webhooks at `/v1`: made, changed, tried, removed; an app's own and nobody else's.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use tongshi_hub::Scopes;

use crate::{
    schema::findings,
    served::{Answer, Served, ask, key, over_company},
};

async fn send(served: &Served, method: Method, target: &str, body: Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::AUTHORIZATION, format!("Bearer {}", served.key.expose()))
        .header(header::CONTENT_TYPE, "application/json");
    ask(&served.app, request.body(Body::from(body.to_string())).unwrap()).await
}

/// The answer is what the document says.
fn assert_fits(path: &str, method: &str, status: &str, answer: &Answer) {
    let document = tongshi_api::openapi();
    let responses = &document["paths"][path][method]["responses"];
    let schema = &responses[status]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} {status}");
    assert_eq!(findings(document, schema, &answer.json), Vec::<String>::new(), "{method} {path}");
}

#[tokio::test]
async fn a_webhook_from_beginning_to_end() {
    over_company(5, async |hub, served| {
        let new = json!({"url": "https://app.example.com/hooks", "events": ["employee.*", "visit.notified"]});
        let made = send(&served, Method::POST, "/v1/webhooks", new).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_fits("/v1/webhooks", "post", "201", &made);
        let secret = made.json["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"));
        assert_eq!((&made.json["payload"], &made.json["name"]), (&json!("thin"), &json!("app.example.com")));
        let target = format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap());

        let list = served.get("/v1/webhooks").await;
        assert_fits("/v1/webhooks", "get", "200", &list);
        assert_eq!(list.data().len(), 1);
        let one = served.get(&target).await;
        assert_fits("/v1/webhooks/{id}", "get", "200", &one);
        assert!(!list.text.contains(secret) && !one.text.contains(secret), "a secret is shown once");

        let change = json!({"events": ["*"], "payload": "full", "enabled": false});
        let changed = send(&served, Method::PATCH, &target, change).await;
        assert_fits("/v1/webhooks/{id}", "patch", "200", &changed);
        assert_eq!((&changed.json["enabled"], &changed.json["payload"]), (&json!(false), &json!("full")));
        let rotated = send(&served, Method::POST, &format!("{target}/rotate"), Value::Null).await;
        assert_fits("/v1/webhooks/{id}/rotate", "post", "200", &rotated);
        assert_ne!(rotated.json["secret"], secret);
        let tested = send(&served, Method::POST, &format!("{target}/test"), Value::Null).await;
        assert_fits("/v1/webhooks/{id}/test", "post", "200", &tested);
        assert_eq!(tested.json["delivered"], false, "nobody is at this address");
        let log = served.get(&format!("{target}/deliveries?state=dead")).await;
        assert_fits("/v1/webhooks/{id}/deliveries", "get", "200", &log);
        let seqs = json!({"from_seq": 1, "to_seq": 3});
        let replayed = send(&served, Method::POST, &format!("{target}/replay"), seqs).await;
        assert_fits("/v1/webhooks/{id}/replay", "post", "200", &replayed);
        assert_eq!(replayed.json["replayed"], 3);
        let log = served.get(&format!("{target}/deliveries?limit=2")).await;
        assert_fits("/v1/webhooks/{id}/deliveries", "get", "200", &log);
        assert_eq!(log.data().len(), 2);
        let next = log.json["next"].as_str().unwrap();
        assert_eq!(served.get(&format!("{target}/deliveries?limit=2&after={next}")).await.data().len(), 1);

        let stranger = served.with(key(hub, &hub.company, "stranger", Scopes::all()).await);
        for (method, path, body) in [
            (Method::GET, "", Value::Null),
            (Method::PATCH, "", json!({})),
            (Method::POST, "/rotate", Value::Null),
            (Method::POST, "/test", Value::Null),
            (Method::GET, "/deliveries", Value::Null),
            (Method::POST, "/replay", json!({"ids": ["msg_1"]})),
            (Method::DELETE, "", Value::Null),
        ] {
            let answer = send(&stranger, method.clone(), &format!("{target}{path}"), body).await;
            assert_eq!(
                (answer.status, answer.problem()),
                (StatusCode::NOT_FOUND, "not-found"),
                "{method} {path}"
            );
        }
        assert!(stranger.get("/v1/webhooks").await.data().is_empty());
        let removed = send(&served, Method::DELETE, &target, Value::Null).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
        assert_eq!(served.get(&target).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_taken_is_named() {
    over_company(5, async |hub, served| {
        for (body, field) in [
            (json!({"url": "http://169.254.169.254/", "events": ["*"]}), "url"),
            (json!({"url": "https://[::ffff:127.0.0.1]/", "events": ["*"]}), "url"),
            (json!({"url": "https://app.example.com/", "events": []}), "events"),
            (json!({"url": "https://app.example.com/", "events": ["employee.fired"]}), "events"),
            (json!({"url": "https://app.example.com/", "events": ["*"], "secret": "whsec_x"}), "secret"),
            (json!({"url": "https://app.example.com/", "events": ["*"], "name": ""}), "name"),
        ] {
            let answer = send(&served, Method::POST, "/v1/webhooks", body).await;
            assert_eq!(
                (answer.problem(), &answer.json["field"]),
                ("invalid", &json!(field)),
                "{}",
                answer.text
            );
        }
        let reader = served.with(key(hub, &hub.company, "reader", Scopes::default()).await);
        let new = json!({"url": "https://app.example.com/", "events": ["*"]});
        let answer = send(&reader, Method::POST, "/v1/webhooks", new.clone()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        for _ in 0..16 {
            assert_eq!(
                send(&served, Method::POST, "/v1/webhooks", new.clone()).await.status,
                StatusCode::CREATED
            );
        }
        assert_eq!(send(&served, Method::POST, "/v1/webhooks", new).await.status, StatusCode::CONFLICT);
    })
    .await;
}
