//! Payments and vouchers (§2.7).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{lenient::Text, operation};

use super::{Flow, Hesine, Listed, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// What the bank said, for several documents. The vendor's sample says GET where its heading says POST; the heading
/// counts (§20 of the ambiguities).
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PaymentResults {
    #[serde(default)]
    pub(crate) items: Vec<PaymentResult>,
}

/// What the bank said, or what became of that.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PaymentResult {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) id: Option<String>,
    /// `P00001` paid, `P00002` failed; in an answer `R00000` to `R00006`.
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) code: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) error_msg: Option<String>,
}

operation! {
    impl Operation for PaymentResults in Hesine {
        "payment.results", Post "/api/openapi/v1/paymentResults", Documented "§2.7";
        AccessToken => Listed<PaymentResult>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Documents by the numbers of their payments: in the body of a GET (§2.1).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentFlows {
    #[serde(default)]
    pub(crate) channel_trade_nos: Vec<Text>,
}

operation! {
    impl Operation for PaymentFlows in Hesine {
        "payment.flows", Get "/api/openapi/v1/paymentRecord/getFlowInfo", Documented "§2.7";
        AccessToken => Listed<Flow>, Shape::Body(&[])
    }
}

/// Writes voucher numbers back, only to what is paid.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct VoucherWrite {
    #[serde(default)]
    pub(crate) voucher: Vec<Voucher>,
}

/// A voucher's number; an empty one takes it away.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Voucher {
    pub(crate) flow_id: String,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) voucher_no: Option<String>,
    /// Milliseconds, as a text.
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) voucher_create_time: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) fiscal_period: Option<String>,
}

operation! {
    impl Operation for VoucherWrite in Hesine {
        "voucher.write", Put "/api/openapi/v2.1/flow/data/erpVoucher", Documented "§2.7";
        AccessToken => Valued<bool>, Shape::Body(&[]); REPEATABLE = true
    }
}
