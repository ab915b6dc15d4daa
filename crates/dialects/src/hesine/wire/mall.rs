//! The mall: bills for what the company pays, and how far tickets are (§2.6). At the vendor on a host of its own, with the
//! token in a header.

use serde::{Deserialize, Serialize};
use tongshi_dialect::operation;

use super::{Hesine, Shape};
use crate::hesine::auth::MallToken;

/// An answer about bills. `00000` is success; every other status is a failure, which lies inside HTTP 200 too.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Billed<T> {
    pub(crate) status: String,
    pub(crate) msg: String,
    #[serde(default = "none")]
    pub(crate) data: Option<T>,
    /// In milliseconds. The face does not measure itself.
    #[serde(default)]
    pub(crate) time: u64,
    #[serde(default)]
    pub(crate) request_id: Option<String>,
}

fn none<T>() -> Option<T> {
    None
}

impl<T> Billed<T> {
    /// What was asked for.
    pub(crate) fn good(data: T, request_id: Option<String>) -> Self {
        Self {
            status: "00000".to_owned(), msg: "请求成功".to_owned(), data: Some(data), time: 0, request_id
        }
    }

    /// Who asks may not, or not now. The vendor gives no words of its own for it.
    pub(crate) fn refused(status: u16, why: &str) -> Self {
        Self { status: format!("S{status}"), msg: why.to_owned(), data: None, time: 0, request_id: None }
    }

    /// Why it cannot be had.
    pub(crate) fn bad(why: &str, request_id: Option<String>) -> Self {
        Self {
            status: "S500".to_owned(), msg: format!("请求失败:{why}"), data: None, time: 0, request_id
        }
    }
}

/// Lists the numbers of bills that were made in a month or less.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BillList {
    /// 1 hotel, 2 flight, 3 train, 4 car, 5 meal, 6 general, 7 insurance, 8 virtual card, 10 company purchase; all without.
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) product_type_id: Option<u64>,
    /// In milliseconds.
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<u64>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<u64>,
    /// From 1.
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<u64>,
    /// At most 50.
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// Numbers of bills, and how many there are in all.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillNumbers {
    pub(crate) total_count: u64,
    pub(crate) items: Vec<u64>,
}

operation! {
    impl Operation for BillList in Hesine {
        "bill.list", Post "/api/mall-openapi/open-api/finance/bill/findPageDataBillId", Documented "§2.6";
        MallToken => Billed<BillNumbers>, Shape::Mall; REPEATABLE = true
    }
}

/// Asks what bills are for.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BillGet {
    pub(crate) data: Vec<u64>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// A bill: one order that the company pays for. Times are texts, to the minute or the second; amounts are numbers.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Bill {
    pub(crate) id: u64,
    pub(crate) product_type_id: u64,
    pub(crate) product_type_name: String,
    pub(crate) order_no: String,
    pub(crate) ticket_status_name: String,
    pub(crate) business_status_name: String,
    pub(crate) apply_number: Option<String>,
    pub(crate) apply_name: Option<String>,
    /// Domestic or not, which the record does not know.
    pub(crate) product_category_name: String,
    pub(crate) travel_name: Option<String>,
    pub(crate) travel_num: Option<String>,
    pub(crate) depart_time: Option<String>,
    pub(crate) arrive_time: Option<String>,
    pub(crate) ticket_grade: Option<String>,
    pub(crate) position_desc: Option<String>,
    pub(crate) confirm_time: Option<String>,
    pub(crate) room_num: u32,
    pub(crate) room_days: u32,
    pub(crate) company_name: String,
    pub(crate) employee_no: Option<String>,
    pub(crate) booker: Option<String>,
    pub(crate) booker_end_dept: Option<String>,
    pub(crate) booker_all_dept: Option<String>,
    pub(crate) booking_time: Option<String>,
    pub(crate) pay_time: Option<String>,
    pub(crate) travel_people: Option<String>,
    pub(crate) travel_employee_no: Option<String>,
    pub(crate) travel_end_dept: Option<String>,
    pub(crate) travel_all_dept: Option<String>,
    pub(crate) coupon_price: f64,
    pub(crate) fuel_cost: f64,
    pub(crate) machine_cost: f64,
    pub(crate) taxation_price: f64,
    pub(crate) ticket_price: f64,
    pub(crate) service_price: f64,
    pub(crate) pre_pay_money: f64,
    pub(crate) credit_pay_money: f64,
    pub(crate) wechat_pay_money: f64,
    pub(crate) alipay_pay_money: f64,
    pub(crate) person_pay_money: f64,
    pub(crate) actual_back_money: f64,
    pub(crate) total_price: f64,
    pub(crate) endorse_no: String,
    pub(crate) parent_order_no: String,
    pub(crate) booker_number: Option<String>,
    pub(crate) payment_method: String,
    pub(crate) pay_way_name: String,
    pub(crate) cost_under_dep: Option<String>,
    pub(crate) legal_entity: Option<String>,
    pub(crate) booker_phone: Option<String>,
    pub(crate) real_ticket_start: Option<String>,
    pub(crate) real_ticket_end: Option<String>,
    pub(crate) cost_project: Option<String>,
}

operation! {
    impl Operation for BillGet in Hesine {
        "bill.get", Post "/api/mall-openapi/open-api/finance/bill/findBillDetailById", Documented "§2.6";
        MallToken => Billed<Vec<Bill>>, Shape::Mall; REPEATABLE = true
    }
}

/// Asks how far a ticket is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TicketGet {
    /// The order's number, the ticket's and the traveller's id, with hyphens between them.
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) query_code: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// An answer about a ticket: either a code or an error code.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Ticketed {
    /// 200, or nothing.
    pub(crate) code: Option<u16>,
    /// 401 for a token that is over, else 500.
    pub(crate) error_code: Option<u16>,
    pub(crate) error_msg: Option<String>,
    pub(crate) data: Option<Vec<Ticket>>,
    pub(crate) request_id: Option<String>,
    pub(crate) time: u64,
}

impl Ticketed {
    /// Why it cannot be had.
    pub(crate) fn bad(code: u16, why: &str, request_id: Option<String>) -> Self {
        let error_msg = Some(why.to_owned());
        Self { error_code: Some(code), error_msg, request_id, ..Self::default() }
    }
}

/// One flight of a ticket.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Ticket {
    pub(crate) ticket_no: String,
    /// 1 not issued, 2 issued, 3 refunded (31 to 33 on the way to it), 4 changed (41 to 43), 5 used.
    pub(crate) ticket_status: u8,
    pub(crate) ticket_status_desc: String,
    pub(crate) flight_no: String,
    pub(crate) journey_city: String,
    pub(crate) journey_city_code: String,
}

operation! {
    impl Operation for TicketGet in Hesine {
        "ticket.get", Post "/api/mall-openapi/open-api/flight/ticket/journey/query", Documented "§2.6";
        MallToken => Ticketed, Shape::Ticket; REPEATABLE = true
    }
}
