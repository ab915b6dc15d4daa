//! The sample contract (§1): what the given document shows, and in the same style what it only names. Paths other than
//! `travel/create` are ours (§3, 6). An answer is `{code, message, data}` (§3, 5).
//!
//! Fields are checked one by one by the face, which names the one that it does not take; so a request is its fields.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use tongshi_dialect::{
    AuthFault, Dialect, FormFault, Message, NoAuth, OperationInfo, ParamFault, Reply, Unread, operation,
    strict_object, strict_pairs,
};
use tongshi_model::{Error, ErrorKind};

use crate::hesine::auth::sample::Headers;

/// The protocol of the sample contract.
pub(crate) struct Sample;

/// Where fields lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the query.
    Query,
    /// In a JSON body.
    Body,
    /// In a form, answered without an envelope: OAuth 2.0 (RFC 6749 §4.4, §5).
    Grant,
}

/// A refusal, with the field that it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {text}")]
pub(crate) struct Refused {
    pub(crate) code: u16,
    pub(crate) text: Cow<'static, str>,
    pub(crate) field: Option<String>,
}

impl Refused {
    pub(crate) fn new(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into(), field: None }
    }

    /// A field cannot be taken as it is.
    pub(crate) fn field(name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(name.into()), ..Self::new(400, text) }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<AuthFault> for Refused {
    fn from(fault: AuthFault) -> Self {
        match &fault {
            AuthFault::Missing(name) | AuthFault::Malformed(name) => {
                let name = (*name).to_owned();
                Self { field: Some(name), ..Self::new(401, fault.to_string()) }
            }
            AuthFault::Unknown => Self::new(401, "the App-Key or token is not known"),
            AuthFault::Disabled => Self::new(401, "the App-Key is switched off"),
            AuthFault::Stale => Self {
                field: Some("Timestamp".to_owned()),
                ..Self::new(401, "the Timestamp is more than five minutes off")
            },
            AuthFault::Wrong(_) => {
                Self { field: Some("Signature".to_owned()), ..Self::new(401, fault.to_string()) }
            }
            AuthFault::Forbidden => Self::new(403, "the app may not call this interface"),
            AuthFault::Address => Self::new(403, "the app may not call from this address"),
            AuthFault::Blocked(_) => Self::new(429, fault.to_string()),
        }
    }
}

impl From<FormFault> for Refused {
    fn from(fault: FormFault) -> Self {
        Self::new(400, fault.to_string())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Invalid(field) => {
                return Self::field(field.clone().into_owned(), error.public().to_owned());
            }
            ErrorKind::NotFound => 404,
            ErrorKind::Conflict | ErrorKind::Gone => 409,
            ErrorKind::Unauthenticated => 401,
            ErrorKind::Forbidden => 403,
            ErrorKind::Limited(_) => 429,
            ErrorKind::Unavailable => 503,
            ErrorKind::Upstream => 502,
            ErrorKind::Internal => {
                tracing::error!(dialect = "hesine", reason = error.private(), "a call failed");
                500
            }
        };
        Self::new(code, error.public().to_owned())
    }
}

impl From<Refused> for Error {
    fn from(fault: Refused) -> Self {
        let kind = match fault.code {
            400 => ErrorKind::Invalid(fault.field.clone().unwrap_or_else(|| "request".to_owned()).into()),
            401 => ErrorKind::Unauthenticated,
            403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            429 => ErrorKind::Limited(None),
            503 => ErrorKind::Unavailable,
            _ => ErrorKind::Upstream,
        };
        Self::new(kind, fault.to_string())
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    code: u16,
    #[serde(default)]
    message: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct About {
    field: Option<String>,
}

#[derive(Deserialize)]
struct GrantFault {
    error_description: String,
    #[serde(default)]
    field: Option<String>,
}

impl Dialect for Sample {
    const ID: &'static str = "hesine";
    type Shape = Place;
    type Layout = ();
    type Fault = Refused;

    fn put(fields: Map<String, Value>, place: Place, _layout: (), message: &mut Message) {
        if place == Place::Body {
            message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            message.body = Value::Object(fields).to_string().into();
            return;
        }
        for (name, value) in fields {
            match value {
                Value::Null => {}
                Value::String(text) => message.add_query(&name, &text),
                other => message.add_query(&name, &other.to_string()),
            }
        }
        if place == Place::Grant {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            message.headers.insert(header::CONTENT_TYPE, form);
            message.body = std::mem::take(&mut message.query).into();
        }
    }

    fn take(message: &Message, place: Place) -> Result<Map<String, Value>, FormFault> {
        let is_form = message.content_type().as_deref() == Some("application/x-www-form-urlencoded");
        match place {
            Place::Query => strict_pairs(message.query.as_bytes()),
            Place::Grant if is_form => strict_pairs(&message.body),
            Place::Body | Place::Grant => {
                let text = std::str::from_utf8(&message.body).map_err(|_| ParamFault::NotUtf8)?;
                strict_object(text)
            }
        }
    }

    fn answer(body: Vec<u8>, place: Place) -> Reply {
        if place == Place::Grant {
            let mut reply = Reply::json(StatusCode::OK, body);
            reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return reply;
        }
        let mut wrapped = br#"{"code":200,"message":"success","data":"#.to_vec();
        wrapped.extend_from_slice(&body);
        wrapped.push(b'}');
        Reply::json(StatusCode::OK, wrapped)
    }

    fn fault(fault: &Refused, place: Place) -> Reply {
        let body = if place == Place::Grant {
            // RFC 6749 §5.2 knows few words; the description says the rest.
            let error = if fault.code == 401 { "invalid_client" } else { "invalid_request" };
            json!({ "error": error, "error_description": fault.text, "field": fault.field })
        } else {
            let data = fault.field.as_ref().map(|field| json!({ "field": field }));
            json!({ "code": fault.code, "message": fault.text, "data": data })
        };
        Reply::json(fault.status(), body.to_string())
    }

    fn read(reply: &Reply, place: Place) -> Result<Bytes, Unread<Refused>> {
        if place == Place::Grant {
            if reply.status.is_success() {
                return Ok(reply.body.clone());
            }
            let read: GrantFault = serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
            let (code, text) = (reply.status.as_u16(), read.error_description.into());
            return Err(Unread::Fault(Refused { code, text, field: read.field }));
        }
        let read: Envelope<'_> = serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
        if reply.status.is_success() && read.code == 200 {
            let data = read.data.map_or("null", RawValue::get);
            return Ok(Bytes::copy_from_slice(data.as_bytes()));
        }
        let about: About =
            read.data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default();
        Err(Unread::Fault(Refused { code: read.code, text: read.message.into(), field: about.field }))
    }

    fn code(fault: &Refused) -> Option<String> {
        Some(fault.code.to_string())
    }

    fn is_stale(fault: &Refused) -> bool {
        fault.code == 401 && fault.field.as_deref() == Some("Timestamp")
    }
}

/// All operations of the sample contract.
pub(crate) const OPERATIONS: &[OperationInfo] = &[
    OperationInfo::of::<TripCreate>(),
    OperationInfo::of::<TripQuery>(),
    OperationInfo::of::<TripApprove>(),
    OperationInfo::of::<TripReject>(),
    OperationInfo::of::<ResultReturn>(),
    OperationInfo::of::<BookingPush>(),
    OperationInfo::of::<BookingQuery>(),
    OperationInfo::of::<ExpenseCreate>(),
    OperationInfo::of::<ExpenseQuery>(),
    OperationInfo::of::<ExpensePay>(),
    OperationInfo::of::<VoucherPush>(),
    OperationInfo::of::<TokenAsk>(),
];

macro_rules! asks {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) Map<String, Value>);

        impl Asked for $name {
            fn fields(&self) -> &Map<String, Value> {
                &self.0
            }
        }
    )*};
}

/// A request as its fields.
pub(crate) trait Asked: Clone {
    /// The fields, unchecked.
    fn fields(&self) -> &Map<String, Value>;
}

asks! {
    /// Asks for a trip.
    TripCreate;
    /// Trips that were asked for.
    TripQuery;
    /// Agrees to a trip.
    TripApprove;
    /// Refuses a trip.
    TripReject;
    /// Brings the result of an approval that was decided elsewhere.
    ResultReturn;
    /// Puts a booking in, or what became of it.
    BookingPush;
    /// Bookings.
    BookingQuery;
    /// Claims money.
    ExpenseCreate;
    /// Claims.
    ExpenseQuery;
    /// Tells that a claim was paid, or could not be.
    ExpensePay;
    /// Puts the voucher of a paid claim in.
    VoucherPush;
    /// Asks for a token.
    TokenAsk;
}

/// A place and a time of a trip.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LegView {
    pub(crate) leg_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) start_date: Option<String>,
    pub(crate) end_date: Option<String>,
}

/// A trip that was asked for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TripView {
    pub(crate) request_id: String,
    pub(crate) number: String,
    pub(crate) external_no: Option<String>,
    pub(crate) employee_id: Option<String>,
    pub(crate) approver_id: Option<String>,
    /// pending, approved or rejected (§3, 8).
    pub(crate) status: String,
    pub(crate) title: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) budget: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) legs: Vec<LegView>,
    pub(crate) approval_id: Option<String>,
    pub(crate) submitted_at: Option<String>,
    pub(crate) decided_at: Option<String>,
}

/// A booking.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct BookingView {
    pub(crate) booking_id: String,
    pub(crate) order_no: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) employee_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) leg_id: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) start_time: Option<String>,
    pub(crate) end_time: Option<String>,
    pub(crate) amount: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) over_policy: bool,
}

/// A cost of a claim.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LineView {
    pub(crate) fee_type: String,
    pub(crate) date: Option<String>,
    pub(crate) amount: String,
}

/// A claim.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ExpenseView {
    pub(crate) expense_id: String,
    pub(crate) number: String,
    pub(crate) external_no: Option<String>,
    pub(crate) employee_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) booking_ids: Vec<String>,
    /// pending, approved or rejected (§3, 8).
    pub(crate) status: String,
    /// unpaid, processing, paid or failed.
    pub(crate) payment_status: String,
    pub(crate) total: String,
    pub(crate) currency: String,
    pub(crate) lines: Vec<LineView>,
    pub(crate) approval_id: Option<String>,
    pub(crate) voucher_nos: Vec<String>,
}

/// A voucher.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct VoucherView {
    pub(crate) entry_id: String,
    pub(crate) expense_id: String,
    pub(crate) voucher_no: String,
    pub(crate) period: String,
}

/// What became of a result that was brought.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ResultView {
    pub(crate) document_id: String,
    pub(crate) status: String,
}

/// A page.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PageView<T> {
    pub(crate) total: u64,
    pub(crate) page: u64,
    pub(crate) page_size: u64,
    pub(crate) items: Vec<T>,
}

/// A token (RFC 6749 §5.1).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TokenView {
    pub(crate) access_token: String,
    pub(crate) token_type: String,
    pub(crate) expires_in: i64,
    pub(crate) refresh_token: String,
}

operation! {
    impl Operation for TripCreate in Sample {
        "sample.travel.create", Post "/api/travel/create", Sample "§1";
        Headers => TripView, Place::Body
    }
}

operation! {
    impl Operation for TripQuery in Sample {
        "sample.travel.query", Get "/api/travel/query", Sample "§3, 6";
        Headers => PageView<TripView>, Place::Query
    }
}

operation! {
    impl Operation for TripApprove in Sample {
        "sample.travel.approve", Post "/api/travel/approve", Sample "§3, 6";
        Headers => TripView, Place::Body
    }
}

operation! {
    impl Operation for TripReject in Sample {
        "sample.travel.reject", Post "/api/travel/reject", Sample "§3, 6";
        Headers => TripView, Place::Body
    }
}

operation! {
    impl Operation for ResultReturn in Sample {
        "sample.approval.result", Post "/api/approval/result", Sample "§3, 6";
        Headers => ResultView, Place::Body
    }
}

operation! {
    impl Operation for BookingPush in Sample {
        "sample.booking.push", Post "/api/booking/push", Sample "§3, 6 and 21";
        Headers => BookingView, Place::Body
    }
}

operation! {
    impl Operation for BookingQuery in Sample {
        "sample.booking.query", Get "/api/booking/query", Sample "§3, 6";
        Headers => PageView<BookingView>, Place::Query
    }
}

operation! {
    impl Operation for ExpenseCreate in Sample {
        "sample.expense.create", Post "/api/expense/create", Sample "§3, 6";
        Headers => ExpenseView, Place::Body
    }
}

operation! {
    impl Operation for ExpenseQuery in Sample {
        "sample.expense.query", Get "/api/expense/query", Sample "§3, 6";
        Headers => PageView<ExpenseView>, Place::Query
    }
}

operation! {
    impl Operation for ExpensePay in Sample {
        "sample.expense.pay", Post "/api/expense/pay", Sample "§3, 6";
        Headers => ExpenseView, Place::Body
    }
}

operation! {
    impl Operation for VoucherPush in Sample {
        "sample.accounting.push", Post "/api/accounting/push", Sample "§3, 6";
        Headers => VoucherView, Place::Body
    }
}

operation! {
    impl Operation for TokenAsk in Sample {
        "sample.oauth.token", Post "/api/oauth/token", Sample "§1, §3, 3";
        NoAuth => TokenView, Place::Grant
    }
}
