//! Where the face is, the old token, and links that sign somebody in.

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{Message, Reply};

use super::stage::{CORP, Stage, company, made, named, read, state, trip};

const MAKE: &str = "/v1.1/provisional/getProvisionalAuth";

async fn link(stage: &Stage, change: Value) -> String {
    let mut ask = json!({"uid": named("su"), "pageType": "approve", "expireDate": "600"});
    ask.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    let answer = stage.post(MAKE, ask).await;
    assert_eq!(answer["value"]["code"], "true", "{answer}");
    answer["value"]["message"].as_str().expect("a link").to_owned()
}

async fn follow(stage: &Stage, link: &str) -> Reply {
    let target = link.strip_prefix("https://hub.example.com/d/hesine").expect("the face's own address");
    stage.send(Method::GET, target, None).await
}

/// Sends the form that a page holds.
async fn press(stage: &Stage, page: &Reply, fields: &[(&str, &str)]) -> Reply {
    let html = text(page);
    let (_, rest) = html.split_once("name=\"accessToken\" value=\"").expect("a form");
    let code = rest.split('"').next().expect("a code");
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("accessToken", code).extend_pairs(fields);
    let mut message = Message::new(Method::POST, "/applet/thirdparty.html");
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    message.headers.insert(header::CONTENT_TYPE, kind);
    message.body = form.finish().into();
    stage.face.answer(message).await
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).expect("text")
}

#[tokio::test]
async fn a_company_is_told_where_its_calls_go() {
    let stage = company();
    let answer = stage.send(Method::GET, &format!("/api/openapi/v2/location?corpId={CORP}"), None).await;
    assert_eq!(read(&answer), json!({"value": "https://hub.example.com/d/hesine/"}));
    let bare = stage.send(Method::GET, "/api/openapi/v2/location", None).await;
    assert_eq!((bare.status.as_u16(), &read(&bare)["errorCode"]), (400, &json!(400)));
}

#[tokio::test]
async fn the_old_way_to_a_token_leads_to_one_that_works() {
    let stage = company();
    let ask = json!({"appKey": "hs-demo", "appSecret": "sk-demo"});
    let answer = read(&stage.send(Method::POST, "/api/realms/auth", Some(ask)).await);
    assert_eq!(answer["value"]["timeout"], 7200);
    let token = answer["value"]["accessToken"].as_str().expect("a token");
    let target = format!("/api/openapi/v1/corporations?accessToken={token}");
    assert_eq!(stage.send(Method::GET, &target, None).await.status.as_u16(), 200);
    for (key, secret, text) in [
        ("hs-demo", "no", "ak sk not match"),
        ("x", "sk-demo", "realm not found"),
        ("", "", "realm not found"),
    ] {
        let ask = json!({"appKey": key, "appSecret": secret});
        let refused = stage.send(Method::POST, "/api/realms/auth", Some(ask)).await;
        assert_eq!((refused.status.as_u16(), &read(&refused)["errorMessage"]), (400, &json!(text)));
    }
}

#[tokio::test]
async fn a_link_shows_what_waits_and_takes_a_decision() {
    let stage = company();
    let flow = made(&stage, trip("去<杭州>"), true).await;
    let page = follow(&stage, &link(&stage, json!({})).await).await;
    assert_eq!(page.status.as_u16(), 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .is_ok_and(|policy| policy.contains("default-src 'none'"))
    );
    let html = text(&page);
    assert!(html.contains("苏样本") && html.contains("去&lt;杭州&gt;"), "{html}");
    let document = press(&stage, &page, &[("flowId", &flow)]).await;
    assert!(text(&document).contains("freeflow.agree"), "{}", text(&document));
    let after =
        press(&stage, &document, &[("flowId", &flow), ("action", "freeflow.agree"), ("comment", "同意")])
            .await;
    assert!(!text(&after).contains("freeflow.agree"), "nothing is left to decide");
    assert_eq!(state(&stage, &flow).await, "paid");
    let shown = stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await;
    assert_eq!(shown["value"]["logs"][1]["operatorId"], named("su"));
    assert_eq!(shown["value"]["logs"][1]["attributes"]["comment"], "同意");
}

#[tokio::test]
async fn a_link_for_once_opens_once_and_its_page_goes_on() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let once = json!({
        "pageType": "backlogDetail", "flowId": flow, "authType": "CODE", "action": "freeflow.reject",
        "approvalUrl": "https://erp.example.com/done",
    });
    let link = link(&stage, once).await;
    let page = follow(&stage, &link).await;
    assert!(
        text(&page).contains("freeflow.reject") && !text(&page).contains("freeflow.agree"),
        "only what was asked for"
    );
    let again = follow(&stage, &link).await;
    assert_eq!(again.status.as_u16(), 200, "a page for people");
    assert!(text(&again).contains("临时访问地址已过期，请重新获取访问临时授权"), "{}", text(&again));
    let forbidden = press(&stage, &page, &[("flowId", &flow), ("action", "freeflow.agree")]).await;
    assert_eq!(forbidden.status.as_u16(), 403, "no such button");
    let done = press(&stage, &page, &[("flowId", &flow), ("action", "freeflow.reject")]).await;
    assert_eq!(
        (done.status.as_u16(), done.headers["location"].to_str().ok()),
        (302, Some("https://erp.example.com/done"))
    );
    assert_eq!(state(&stage, &flow).await, "rejected");
}

#[tokio::test]
async fn a_link_ends_and_says_where_to_go_then() {
    let stage = company();
    let plain = link(&stage, json!({})).await;
    let led = link(&stage, json!({"overdueTokenRedirect": "https://erp.example.com/over?a=1"})).await;
    stage.clock.advance_seconds(601);
    assert!(text(&follow(&stage, &plain).await).contains("临时访问地址已过期"));
    let over = follow(&stage, &led).await;
    assert_eq!(
        (over.status.as_u16(), &over.headers["location"]),
        (302, &HeaderValue::from_static("https://erp.example.com/over?a=1"))
    );
    let made_up = stage.send(Method::GET, "/applet/thirdparty.html?accessToken=made-up", None).await;
    assert!(text(&made_up).contains("临时访问地址已过期"), "no more than of one that is over");
}

#[tokio::test]
async fn a_link_shows_nobody_elses_documents_and_a_leaver_nothing() {
    let stage = company();
    let flow = made(&stage, trip("去杭州"), true).await;
    let own = follow(&stage, &link(&stage, json!({"uid": named("lin"), "pageType": "home"})).await).await;
    assert!(text(&own).contains("去杭州"));
    let other = json!({"name": "旁样本", "code": "TS-300", "cellphone": "19900000300", "defaultDepartment": named("d1"), "departments": [named("d1")]});
    let other = stage.post("/v1.1/staffs", other).await["value"]["id"].clone();
    let theirs = follow(&stage, &link(&stage, json!({"uid": other, "pageType": "frontPage"})).await).await;
    assert!(!text(&theirs).contains("去杭州"), "neither theirs nor asked of them");
    // A page without documents has no form, so the code is the link's own.
    let link = link(&stage, json!({"uid": other, "pageType": "frontPage"})).await;
    let code = link.split("accessToken=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code");
    let mut message = Message::new(Method::POST, "/applet/thirdparty.html");
    message
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    message.body = format!("accessToken={code}&flowId={flow}").into();
    assert_eq!(stage.face.answer(message).await.status.as_u16(), 403);
    let id = other.as_str().expect("an id");
    stage.put(&format!("/v1.1/staffs/disableOrEnableStaff/[{id}]?active=false"), json!({})).await;
    let left = text(&follow(&stage, &link).await);
    assert!(left.contains("临时访问地址已过期") && !left.contains("旁样本"), "somebody who has left: {left}");
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_told_with_status_200() {
    let stage = company();
    for change in [
        json!({"expireDate": "604801"}),
        json!({"expireDate": "0"}),
        json!({"expireDate": "soon"}),
        json!({"uid": named("left")}),
        json!({"uid": "nobody"}),
        json!({"uid": "", "userId": ""}),
        json!({"pageType": "mall"}),
        json!({"pageType": "made-up"}),
        json!({"pageType": "form"}),
        json!({"pageType": "form", "flowId": "nothing"}),
        json!({"authType": "TWICE"}),
        json!({"overdueTokenRedirect": "javascript:alert(1)"}),
        json!({"pageType": "form", "approvalUrl": "//erp.example.com"}),
    ] {
        let mut ask = json!({"uid": named("su"), "pageType": "approve", "expireDate": "600"});
        ask.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let answer = stage.post(MAKE, ask).await;
        assert_eq!(answer["value"]["code"], "false", "{change}");
        if change["expireDate"].is_string() {
            assert_eq!(answer["value"]["message"], "expireDate最多只能指定7天内的秒数！");
        }
    }
    let by_user = json!({"userId": named("su"), "uid": null, "pageType": "home", "expireDate": 60});
    assert_eq!(stage.post(MAKE, by_user).await["value"]["code"], "true", "a number is taken too");
}
