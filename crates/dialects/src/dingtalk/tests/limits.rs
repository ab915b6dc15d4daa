//! The vendor's limits: by app and interface, by address, by month.

use std::net::{IpAddr, Ipv4Addr};

use http::Method;
use serde_json::json;
use tongshi_dialect::{Message, Workforce as _, fake::FakeWorkforce};

use super::stage::{company, company_with, read};
use crate::dingtalk::auth::TOKEN_HEADER;

#[tokio::test]
async fn twenty_calls_a_second_for_each_app_and_interface() {
    let stage = company();
    let token = stage.token().await;
    let count = format!("/topapi/user/count?access_token={token}");
    for _ in 0..20 {
        assert_eq!(read(&stage.send(Method::POST, &count, &[], "{}").await)["errcode"], 0);
    }
    let fast = read(&stage.send(Method::POST, &count, &[], "{}").await);
    assert_eq!((&fast["errcode"], &fast["sub_code"]), (&json!(88), &json!("90018")));
    assert!(fast["sub_msg"].as_str().expect("a text").contains("20 次"));
    // Another interface has its own count, and the next second is free again.
    let other = format!("/topapi/v2/department/listsub?access_token={token}");
    assert_eq!(read(&stage.send(Method::POST, &other, &[], "{}").await)["errcode"], 0);
    stage.clock.advance_seconds(1);
    assert_eq!(read(&stage.send(Method::POST, &count, &[], "{}").await)["errcode"], 0);
    let new = "/v1.0/hrm/employees/dismissions";
    for _ in 0..20 {
        stage.send(Method::GET, new, &[(TOKEN_HEADER, &token)], "").await;
    }
    let fast = stage.send(Method::GET, new, &[(TOKEN_HEADER, &token)], "").await;
    assert_eq!(fast.status, http::StatusCode::FORBIDDEN);
    assert_eq!(read(&fast)["code"], "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi");
    let stage = company_with(json!({"calls_per_second": 0}), |_| {});
    let count = format!("/topapi/user/count?access_token={}", stage.token().await);
    for _ in 0..50 {
        assert_eq!(read(&stage.send(Method::POST, &count, &[], "{}").await)["errcode"], 0);
    }
}

#[tokio::test]
async fn an_address_that_calls_too_much_is_shut_out_for_five_minutes() {
    let stage = company();
    let from = |last: u8| {
        let mut message = Message::new(Method::GET, "/gettoken");
        message.peer = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
        message
    };
    for _ in 0..10_000 {
        assert_eq!(read(&stage.face.answer(from(1)).await)["errcode"], 40035);
    }
    let banned = read(&stage.face.answer(from(1)).await);
    assert_eq!(
        (&banned["status"], &banned["wait"], &banned["punish"]),
        (&json!(1111), &json!(5), &json!("deny"))
    );
    assert_eq!(read(&stage.face.answer(from(2)).await)["errcode"], 40035);
    stage.clock.advance_seconds(299);
    assert_eq!(read(&stage.face.answer(from(1)).await)["status"], 1111);
    stage.clock.advance_seconds(1);
    assert_eq!(read(&stage.face.answer(from(1)).await)["errcode"], 40035);
}

#[tokio::test]
async fn contacts_are_not_counted_by_the_month() {
    let stage = company_with(json!({"calls_per_month": 3, "calls_per_second": 0}), |_| {});
    for _ in 0..10 {
        assert_eq!(stage.old("/topapi/user/count", json!({})).await["errcode"], 0);
    }
    let workforce: &FakeWorkforce = &stage.workforce;
    // Nobody has taken any of the three.
    for taken in [true, true, true, false] {
        assert_eq!(workforce.tally("face/dingtalk/calls", "2026-03", 3).await.expect("counted"), taken);
    }
}
