//! Accounts that money is paid to (收款账户) and paid from (付款账户): §2.7.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Dollar, Hesine, Listed, Paging, Shape, Valued, camel_texts};
use crate::hesine::auth::AccessToken;

camel_texts! {
    /// What an account is, as it is sent in. Which of these count the sort says.
    AccountTexts {
        sort, owner, staff_id, name, card_no, bank, branch, bank_link_no, province, city, bank_name, swift_code,
        nation_code, routing_number, bank_code, branch_code, certificate_type, certificate_no, remark,
    }
}

/// An account as it is sent in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountDraft {
    #[serde(flatten)]
    pub(crate) texts: AccountTexts,
    /// `PUBLIC` in a company's name, `PERSONAL` in a person's.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) kind: Option<String>,
    /// Texts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) custom_fields: Option<Map<String, Value>>,
    /// By what ways the company pays from it; of accounts that it pays from only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channels: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) visibility: Option<AccountVisibility>,
}

/// Who may choose an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AccountVisibility {
    pub(crate) full_visible: bool,
    pub(crate) staffs: Option<Vec<String>>,
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) departments: Option<Vec<String>>,
    pub(crate) departments_include_children: bool,
}

impl Default for AccountVisibility {
    fn default() -> Self {
        Self {
            full_visible: false,
            staffs: None,
            roles: None,
            departments: None,
            departments_include_children: true,
        }
    }
}

camel_texts! {
    /// Which accounts: by id, by name, by number. The three must be there and may be empty.
    AccountFilter { ids, names, card_nos, active, start_date, end_date, order_by, order_by_type }
}

/// Lists accounts that money is paid to. Ids go before names before numbers.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayeeList {
    #[serde(flatten)]
    pub(crate) paging: Paging,
    #[serde(flatten)]
    pub(crate) filter: AccountFilter,
}

/// An account that money is paid to, as it is listed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Payee {
    /// `BANK` and seven more.
    pub(crate) sort: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) card_no: String,
    /// `个人账户` or `对公账户`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) province: String,
    pub(crate) city: String,
    pub(crate) bank: String,
    pub(crate) branch: String,
    pub(crate) certificate_type: Option<String>,
    pub(crate) certificate_no: Option<String>,
    pub(crate) bank_link_no: Option<String>,
    pub(crate) union_bank: String,
    pub(crate) bank_name: String,
    pub(crate) swift_code: String,
    pub(crate) nation_code: String,
    pub(crate) bank_code: String,
    pub(crate) branch_code: String,
    pub(crate) visibility: AccountVisibility,
    pub(crate) remark: String,
    pub(crate) active: bool,
    pub(crate) operator_id: String,
    pub(crate) custom_fields: BTreeMap<String, String>,
    /// Whose, where it is a person's.
    pub(crate) staff_id: String,
    /// `INDIVIDUAL` or `CORPORATION`.
    pub(crate) owner: String,
}

operation! {
    impl Operation for PayeeList in Hesine {
        "payee.list", Get "/api/openapi/v2.1/payeeInfos", Documented "§2.7";
        AccessToken => Listed<Payee>, Shape::Query
    }
}

/// Adds an account that money is paid to.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayeeCreate {
    #[serde(flatten)]
    pub(crate) account: AccountDraft,
}

/// The new account's id, in no envelope.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PayeeId {
    pub(crate) id: String,
}

operation! {
    impl Operation for PayeeCreate in Hesine {
        "payee.create", Post "/api/openapi/v2.1/payeeInfos", Documented "§2.7";
        AccessToken => PayeeId, Shape::Body(&[])
    }
}

/// Adds up to a hundred of them. One that is refused keeps none of the others out.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PayeeCreateMany {
    #[serde(default)]
    pub(crate) payee_info_list: Vec<AccountDraft>,
}

/// A new account, as the call that adds many shows it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PayeeMade {
    pub(crate) sort: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) card_no: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) visibility: AccountVisibility,
    pub(crate) remark: String,
    pub(crate) custom_fields: BTreeMap<String, String>,
}

operation! {
    impl Operation for PayeeCreateMany in Hesine {
        "payee.create_many", Post "/api/openapi/v2.1/payeeInfos/batch/create", Documented "§2.7";
        AccessToken => Listed<PayeeMade>, Shape::Body(&[])
    }
}

/// Says anew what an account is.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayeeUpdate {
    pub(crate) id: Dollar,
    #[serde(flatten)]
    pub(crate) account: AccountDraft,
}

/// An account that money is paid to, with all around it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PayeeDetail {
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) name_spell: String,
    pub(crate) code: String,
    pub(crate) corporation_id: String,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    pub(crate) id: String,
    pub(crate) name: String,
    /// `PUBLIC` or `PERSONAL`: here in letters.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) owner: String,
    pub(crate) card_no: String,
    pub(crate) logs: Vec<AccountLog>,
    pub(crate) sort: String,
    pub(crate) remark: String,
    pub(crate) staff_id: String,
    pub(crate) visibility: AccountVisibility,
    pub(crate) custom_fields: BTreeMap<String, String>,
    pub(crate) branch: String,
    pub(crate) icon: String,
    pub(crate) bank: String,
    pub(crate) province: String,
    pub(crate) city: String,
    pub(crate) certificate_type: Option<String>,
    pub(crate) certificate_no: Option<String>,
    pub(crate) bank_link_no: Option<String>,
    pub(crate) union_icon: String,
    pub(crate) union_bank: Option<String>,
    pub(crate) extensions: Option<Value>,
    #[serde(flatten)]
    pub(crate) abroad: Option<AccountAbroad>,
}

/// What only accounts abroad have.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountAbroad {
    pub(crate) bank_name: Option<String>,
    pub(crate) swift_code: String,
    pub(crate) nation_code: String,
    pub(crate) bank_code: Option<String>,
    pub(crate) branch_code: Option<String>,
    pub(crate) routing_number: Option<String>,
}

/// Something done to an account.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AccountLog {
    /// `CREATE` or `EDIT`.
    pub(crate) action: String,
    pub(crate) operator_id: String,
    pub(crate) time: i64,
    pub(crate) attributes: Option<Value>,
}

operation! {
    impl Operation for PayeeUpdate in Hesine {
        "payee.update", Put "/api/openapi/v2.1/payeeInfos/{id}", Documented "§2.7";
        AccessToken => Valued<PayeeDetail>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Puts an account in or out of use.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayeeSwitch {
    pub(crate) id: Dollar,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) active: Option<String>,
}

operation! {
    impl Operation for PayeeSwitch in Hesine {
        "payee.switch", Put "/api/openapi/v2/payeeInfos/{id}/disableOrEnableAccount", Documented "§2.7";
        AccessToken => Valued<PayeeDetail>, Shape::Query; REPEATABLE = true
    }
}

/// Lists accounts that the company pays from. All conditions must hold.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayerSearch {
    #[serde(flatten)]
    pub(crate) paging: Paging,
    #[serde(flatten)]
    pub(crate) filter: AccountFilter,
}

/// An account that the company pays from.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Payer {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) name_spell: String,
    pub(crate) corporation_id: String,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    /// A name beside the holder's.
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) account_name: String,
    pub(crate) account_no: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) owner: String,
    pub(crate) sort: String,
    pub(crate) logs: Vec<AccountLog>,
    pub(crate) staff_id: Option<String>,
    pub(crate) bank: String,
    pub(crate) icon: String,
    pub(crate) as_payee: bool,
    pub(crate) as_payer: bool,
    pub(crate) channels: Vec<String>,
    pub(crate) visibility: AccountVisibility,
    pub(crate) advanced_option: Option<Value>,
    pub(crate) default_channel: Option<String>,
    pub(crate) bank_link_no: Option<String>,
    pub(crate) certificate_type: Option<String>,
    pub(crate) certificate_no: Option<String>,
    pub(crate) remark: String,
    pub(crate) branch: String,
    pub(crate) province: String,
    pub(crate) city: String,
    pub(crate) union_icon: Option<String>,
    pub(crate) union_bank: Option<String>,
    pub(crate) extensions: Option<Value>,
}

operation! {
    impl Operation for PayerSearch in Hesine {
        "payer.search", Get "/api/openapi/v4/payerInfos/search", Documented "§2.7";
        AccessToken => Listed<Payer>, Shape::Query
    }
}

/// Adds an account that the company pays from.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayerCreate {
    #[serde(flatten)]
    pub(crate) account: AccountDraft,
}

operation! {
    impl Operation for PayerCreate in Hesine {
        "payer.create", Post "/api/openapi/v4/payerInfos", Documented "§2.7";
        AccessToken => Valued<Payer>, Shape::Body(&[])
    }
}

/// Says anew what an account is that the company pays from.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayerUpdate {
    pub(crate) id: Dollar,
    #[serde(flatten)]
    pub(crate) account: AccountDraft,
}

operation! {
    impl Operation for PayerUpdate in Hesine {
        "payer.update", Put "/api/openapi/v4/payerInfos/{id}", Documented "§2.7";
        AccessToken => Valued<Payer>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Puts an account that the company pays from in or out of use.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PayerSwitch {
    pub(crate) id: Dollar,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) active: Option<String>,
}

operation! {
    impl Operation for PayerSwitch in Hesine {
        "payer.switch", Put "/api/openapi/v4/payerInfos/{id}/disableOrEnableAccount", Documented "§2.7";
        AccessToken => Valued<Payer>, Shape::Query; REPEATABLE = true
    }
}

/// Lists all accounts that the company pays from, the older way.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PaymentAccounts {}

/// An account that the company pays from, the older way.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OldPayer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) detail: Option<OldPayerDetail>,
    pub(crate) active: bool,
    pub(crate) sort: String,
    pub(crate) visibility: AccountVisibility,
    pub(crate) remark: String,
}

/// What the bank knows of it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OldPayerDetail {
    pub(crate) name: String,
    pub(crate) number: String,
    pub(crate) bank: String,
    pub(crate) branch: String,
    pub(crate) province: String,
    pub(crate) city: String,
}

operation! {
    impl Operation for PaymentAccounts in Hesine {
        "payer.list", Get "/api/openapi/v1/paymentAccounts", Documented "§2.7";
        AccessToken => Listed<OldPayer>, Shape::Query
    }
}
