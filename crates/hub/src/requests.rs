//! The log of requests: what a face, an event's address or `/v1` was asked and why it refused, so that the developer of
//! an app sees what was wrong with a signature. No personal data and no secrets: what was sent is redacted.

use std::{net::IpAddr, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};
use tongshi_dialect::{Called, Explanation, Message};
use tongshi_model::{Error, Timestamp};
use tongshi_store::{NewRequest, RequestFilter, RequestRow, Workspace, requests};

use crate::{
    Hub, RequestLog,
    reads::{limited, raw},
    redact,
    trail::micros,
};

/// So much of a wrong signature is shown: enough to compare, not enough to use.
const SIGNATURE_CHARS: usize = 8;

/// Which requests to read.
pub type RequestQuery = RequestFilter;

/// A page of the log of requests, newest first.
#[derive(Debug, Serialize)]
pub struct RequestPage {
    /// The requests.
    pub data: Vec<RequestView>,
    /// The number before which the next page begins; null at the end.
    pub next: Option<i64>,
}

/// A request as it is shown.
#[derive(Debug, Serialize)]
pub struct RequestView {
    /// Its number.
    pub no: i64,
    /// When it was answered.
    pub at: Timestamp,
    /// The face, or `v1` or `hooks`.
    pub face: String,
    /// The operation, or the route.
    pub operation: String,
    /// The app; empty where nobody proved who they are.
    pub app: String,
    /// The client's address; empty where it is not known.
    pub address: String,
    /// The HTTP status.
    pub status: u16,
    /// The vendor's code of the fault, or the problem's name; empty for a success.
    pub code: String,
    /// How long it took.
    pub took_us: i64,
    /// The size of the request's body.
    pub bytes_in: i64,
    /// The size of the answer's body.
    pub bytes_out: i64,
    /// Why it was refused; empty for a success.
    pub reason: String,
    /// Further facts, redacted: how the face computed a signature, bodies where the app's are kept.
    pub detail: Box<RawValue>,
}

/// An answer of the hub's own routes, for the log of requests.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The workspace and the app, where they are known.
    pub who: Option<(Workspace, String)>,
    /// `v1` or `hooks`.
    pub face: &'static str,
    /// The method and the route.
    pub operation: String,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The HTTP status.
    pub status: u16,
    /// The problem's name and text.
    pub problem: Option<(&'a str, &'a str)>,
    /// The request's id.
    pub request_id: &'a str,
    /// How long it took.
    pub took: Duration,
}

impl Hub {
    /// Requests, newest first.
    pub async fn requests(
        &self,
        workspace: &Workspace,
        query: &RequestQuery,
        limit: u32,
    ) -> Result<RequestPage, Error> {
        let limit = limited(limit)?;
        let rows = requests::list(&mut self.store().read().await?, workspace, query, limit).await?;
        let next = (rows.len() == limit as usize).then(|| rows.last().map(|row| row.no)).flatten();
        let data = rows.into_iter().map(view).collect::<Result<_, _>>()?;
        Ok(RequestPage { data, next })
    }

    /// One request; with `nobodys` also where nobody proved who they are.
    pub async fn request(&self, workspace: &Workspace, no: i64, nobodys: bool) -> Result<RequestView, Error> {
        let row = requests::get(&mut self.store().read().await?, workspace, no, nobodys).await?;
        view(
            row.ok_or_else(|| {
                Error::not_found("there is no such request; it may be older than what is kept")
            })?,
        )
    }

    /// Whether an answer is kept.
    pub fn keeps_requests(&self, refused: bool) -> bool {
        let settings = self.settings();
        settings.request_log_days > 0
            && match settings.request_log {
                RequestLog::Off => false,
                RequestLog::Refusals => refused,
                RequestLog::All => true,
            }
    }

    /// Keeps an answer of the hub's own routes.
    pub fn keep_answer(&self, answered: Answered<'_>) {
        let (workspace, app) = match answered.who {
            Some((workspace, app)) => (workspace.no, app),
            None => (0, String::new()),
        };
        let (code, reason) = answered.problem.unwrap_or_default();
        self.keep_request(NewRequest {
            workspace,
            at: self.clock().now(),
            face: answered.face.to_owned(),
            operation: answered.operation,
            app,
            address: answered.address.map(|address| address.to_string()).unwrap_or_default(),
            status: answered.status,
            code: code.to_owned(),
            took_us: micros(answered.took),
            bytes_in: 0,
            bytes_out: 0,
            reason: redact::line(reason),
            detail: json!({"request_id": answered.request_id}).to_string(),
        });
    }

    /// Keeps a call of a face, if it is one that is kept.
    pub(crate) fn keep_call(&self, workspace: &Workspace, call: &Called<'_>) {
        let habit = call.grant.and_then(|grant| grant.setting("request_log"));
        let refused = call.fault.is_some() || call.reply.status.as_u16() >= 400;
        let (all, bodies) = (habit == Some("all"), habit == Some("bodies"));
        let on = self.settings().request_log != RequestLog::Off;
        if !(self.keeps_requests(refused) || on && (all || bodies)) {
            return;
        }
        let fault = call.fault;
        self.keep_request(NewRequest {
            workspace: workspace.no,
            at: self.clock().now(),
            face: call.face.to_owned(),
            operation: call.operation.map_or_else(
                || format!("{} {}", call.message.method, redact::path(&call.message.path)),
                |(name, _)| name.to_owned(),
            ),
            app: call.grant.map(|grant| grant.name.clone()).unwrap_or_default(),
            address: call.message.peer.map(|address| address.to_string()).unwrap_or_default(),
            status: call.reply.status.as_u16(),
            code: fault.and_then(|fault| fault.code.clone()).unwrap_or_default(),
            took_us: micros(call.took),
            bytes_in: size(call.message.body.len()),
            bytes_out: size(call.reply.body.len()),
            reason: fault.map(|fault| redact::line(&fault.text)).unwrap_or_default(),
            detail: detail(call, bodies).to_string(),
        });
    }
}

fn detail(call: &Called<'_>, bodies: bool) -> Value {
    let mut detail = Map::new();
    detail.insert("method".to_owned(), json!(call.message.method.as_str()));
    if let Some((_, path)) = call.operation {
        detail.insert("path".to_owned(), json!(path));
    }
    if let Some(proof) = call.fault.and_then(|fault| fault.proof.as_ref()) {
        detail.insert("proof".to_owned(), json!(proof.to_string()));
        detail.insert("key_known".to_owned(), json!(call.grant.is_some()));
    }
    if let Some(explained) = call.fault.and_then(|fault| fault.explained.as_ref()) {
        detail.insert("signature".to_owned(), signature(explained, call.operation));
    }
    if bodies {
        let Message { query, body, .. } = call.message;
        detail.insert("query".to_owned(), json!(redact::body(query.as_bytes())));
        detail.insert("body".to_owned(), json!(redact::body(body)));
        detail.insert("answer".to_owned(), json!(redact::body(&call.reply.body)));
    }
    detail.into()
}

/// How the face computed what is signed, part by part: sizes of all, texts of those that name nobody. The signature
/// that would have been right is never shown.
fn signature(explained: &Explanation, operation: Option<(&str, &str)>) -> Value {
    let parts = explained.parts.iter().map(|(name, value)| {
        let shown = match (*name, operation) {
            ("path", Some((_, path))) => path.to_owned(),
            _ => redact::part(name, value),
        };
        json!({"part": name, "bytes": value.len(), "value": shown})
    });
    let parts: Vec<Value> = parts.collect();
    let texts: Vec<&str> = parts.iter().filter_map(|part| part["value"].as_str()).collect();
    let received = explained.received.as_ref().map(|received| {
        let beginning: String = received.chars().take(SIGNATURE_CHARS).collect();
        format!("{beginning}… ({} characters)", received.chars().count())
    });
    json!({
        "algorithm": explained.algorithm,
        "string_to_sign": texts.concat(),
        "string_to_sign_bytes": explained.string_to_sign.len(),
        "parts": parts,
        "received": received,
        "how_to_compare": "sign the same parts on your side and compare each part's bytes; `tongshi sign` does it step by step",
    })
}

fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn view(row: RequestRow) -> Result<RequestView, Error> {
    let RequestRow { no, request } = row;
    Ok(RequestView {
        no,
        at: request.at,
        face: request.face,
        operation: request.operation,
        app: request.app,
        address: request.address,
        status: request.status,
        code: request.code,
        took_us: request.took_us,
        bytes_in: request.bytes_in,
        bytes_out: request.bytes_out,
        reason: request.reason,
        detail: raw(request.detail)?,
    })
}
