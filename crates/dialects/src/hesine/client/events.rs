//! Outbound messages, made and read (§2.8). Nothing in them is signed: the receiver's address is what only the vendor
//! knows, and the key that was issued for it stands there.

use std::time::Duration;

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{EventAsk, Events, Incoming, Message, Record, Reply};
use tongshi_model::{Error, ExpenseClaim, Instant, Kind, Secret, SpendStatus, TravelRequest};
use tongshi_oauth::same_secret;

use crate::hesine::map::{self, Doc, Names};

/// The topic of a test message.
pub(in crate::hesine) const TEST: &str = "flow.test";

/// Somebody remarked on a document.
const COMMENTED: &str = "flow.commented";

/// The vendor tries at most three times more, ten seconds apart.
const DELAYS: &[Duration] = &[Duration::from_secs(10), Duration::from_secs(10), Duration::from_secs(10)];

/// How Hesine tells apps what has happened to documents.
pub(in crate::hesine) struct HesineEvents;

impl Events for HesineEvents {
    fn make(&self, ask: &EventAsk<'_>) -> Option<Result<Message, Error>> {
        if ask.topic == TEST {
            return Some(message(
                ask,
                &json!({ "action": "test", "actionName": "测试", "flowId": "", "nodeId": "" }),
            ));
        }
        let record = ask.record?;
        let doc = doc_of(record)?;
        let before = ask.before.and_then(doc_of);
        let action = if ask.topic == COMMENTED {
            "freeflow.comment"
        } else {
            happened(&doc, before.as_ref(), ask.topic)?
        };
        let wanted = ask.settings["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == action) {
            return None;
        }
        Some(message(ask, &body(&Names::of(ask.settings), record, &doc, action)))
    }

    fn accepted(&self, ask: &EventAsk<'_>, reply: &Reply) -> Result<(), String> {
        let status = reply.status.as_u16();
        let codes = ask.settings["success_codes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let good = if codes.is_empty() {
            matches!(status, 200 | 201 | 204)
        } else {
            codes.iter().any(|code| code == status)
        };
        if !good {
            return Err(format!("it answered {status}"));
        }
        match ask.settings["keyword"].as_str().filter(|keyword| !keyword.is_empty()) {
            Some(keyword) if !String::from_utf8_lossy(&reply.body).contains(keyword) => {
                Err("its answer lacks the keyword".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn delays(&self) -> Option<&'static [Duration]> {
        Some(DELAYS)
    }

    fn topics(&self) -> &'static [&'static str] {
        &[COMMENTED, TEST]
    }
}

fn doc_of(record: &Record) -> Option<Doc> {
    match record.kind {
        Kind::TravelRequest => {
            record.read::<TravelRequest>().ok().map(|request| Doc::Request(Box::new(request)))
        }
        Kind::ExpenseClaim => record.read::<ExpenseClaim>().ok().map(|claim| Doc::Claim(Box::new(claim))),
        _ => None,
    }
}

/// The action that a change is to the vendor; none for what it tells nobody.
fn happened(doc: &Doc, before: Option<&Doc>, topic: &str) -> Option<&'static str> {
    if topic == "deleted" {
        return None;
    }
    let moved = before.is_none_or(|before| (before.state(), before.task()) != (doc.state(), doc.task()));
    if !moved {
        return None;
    }
    Some(match doc.state() {
        SpendStatus::Approving => "backlog.approving",
        SpendStatus::Sending => "backlog.sending",
        SpendStatus::Receiving => "backlog.receiving",
        SpendStatus::Paying | SpendStatus::Processing => "backlog.paying",
        SpendStatus::Rejected => "flow.rejected",
        // Of one change one message: of a request the one by which platforms book.
        SpendStatus::Approved | SpendStatus::Paid if matches!(doc, Doc::Request(_)) => {
            "freeflow.ticketReserve"
        }
        SpendStatus::Paid => "flow.paid",
        SpendStatus::Draft
        | SpendStatus::Pending
        | SpendStatus::Approved
        | SpendStatus::Archived
        | SpendStatus::Voided
        | SpendStatus::Other => return None,
    })
}

fn name_of(action: &str) -> &'static str {
    match action {
        "backlog.approving" => "待审批",
        "backlog.sending" => "待寄送",
        "backlog.receiving" => "待收单",
        "backlog.paying" => "待支付",
        "flow.rejected" => "被驳回",
        "flow.paid" => "已支付/审批完成",
        "freeflow.ticketReserve" => "审批通过",
        _ => "评论",
    }
}

fn body(names: &Names, record: &Record, doc: &Doc, action: &str) -> Value {
    let told = doc.approver().filter(|_| action == "backlog.approving").unwrap_or_else(|| doc.owner());
    let vouchers = matches!(doc, Doc::Claim(claim) if !claim.vouchers.is_empty());
    json!({
        "action": action, "actionName": name_of(action),
        // Names and addresses are the record's, not the message's: who is told asks for them.
        "userInfo": { "id": names.id(told), "name": null, "cellphone": null, "email": null },
        "flowId": record.id, "nodeId": doc.task().unwrap_or_default(),
        "currentApprovers": doc.approver().map(|id| names.id(id)).into_iter().collect::<Vec<_>>(),
        "state": map::state_word(doc.kind(), doc.status()), "formType": doc.form_type(), "code": doc.number(),
        "title": doc.title(), "submitDate": doc.submitted_at().map(|at: Instant| map::millis(at.timestamp())),
        "alterFlag": false, "receiptState": null, "reviewStatus": null,
        "voucherStatus": if vouchers { "已生成" } else { "未生成" },
    })
}

fn message(ask: &EventAsk<'_>, body: &Value) -> Result<Message, Error> {
    let rest = ask.address.split_once("://").map(|(_, rest)| rest);
    let rest = rest.ok_or_else(|| Error::invalid("address", "a message's address is an absolute URL"))?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let mut message = Message::new(Method::POST, if path.is_empty() { "/" } else { path });
    message.authority = Some(authority.to_owned());
    query.clone_into(&mut message.query);
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    message.body = body.to_string().into();
    Ok(message)
}

/// Reads a message: which document it is about. What it says beside is not proven by anything, so the vendor is asked for
/// the document itself.
pub(super) fn receive(message: &Message, sign_key: &Secret) -> Result<Vec<Incoming>, Error> {
    let key = message.query_value("key").ok().flatten().unwrap_or_default();
    if key.is_empty() || !same_secret(sign_key, &key) {
        return Err(Error::unauthenticated("the address of the message lacks its key"));
    }
    let broken = || Error::invalid("event", "the message is not JSON as it should be");
    let body: Value = serde_json::from_slice(&message.body).map_err(|_| broken())?;
    let Some(flow) = body["flowId"].as_str().filter(|flow| !flow.is_empty() && flow.len() <= 128) else {
        return Ok(Vec::new());
    };
    let asked = |kind| Incoming::Gone(kind, flow.to_owned());
    Ok(match body["formType"].as_str() {
        Some("requisition") => vec![asked(Kind::TravelRequest), asked(Kind::Approval)],
        Some("expense") => vec![asked(Kind::ExpenseClaim), asked(Kind::Approval)],
        // The vendor's fixed fields do not say which sort it is.
        _ => vec![asked(Kind::TravelRequest), asked(Kind::ExpenseClaim), asked(Kind::Approval)],
    })
}
