//! Accounts that money is paid to or from: of people, of the company, of suppliers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Id, Keys, Kind, Personal,
    code::code,
    entity::{id_key, keys},
};

/// An account at a bank or with a payment service. Nothing of it is for whoever may not see bank accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentAccount {
    /// At what.
    #[serde(rename = "type")]
    pub kind: Coded<PaymentAccountType>,
    /// Whose it is, where it is a colleague's; else the company keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Id>,
    /// The name that the account is in.
    pub holder: Personal<String>,
    /// Its number: of a card, an account, a wallet.
    pub number: Personal<String>,
    /// Whether it is in a company's name (对公) rather than in a person's.
    #[serde(default)]
    pub corporate: bool,
    /// Whether money is paid to it.
    #[serde(default)]
    pub receives: bool,
    /// Whether the company pays from it.
    #[serde(default)]
    pub pays: bool,
    /// By what ways the company pays from it, in the vendor's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// The bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// The bank's branch that keeps it (开户网点).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The branch's number in interbank payments (联行号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
    /// The branch's number within its bank, abroad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_code: Option<String>,
    /// Business identifier code (ISO 9362), abroad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swift_code: Option<String>,
    /// Routing number, abroad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_number: Option<String>,
    /// Numeric country code (ISO 3166-1), abroad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The province that the branch is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// The city that the branch is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// By what paper the holder is known, in the vendor's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_type: Option<String>,
    /// That paper's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_no: Option<Personal<String>>,
    /// Who may choose it; everybody where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Fields that the company has added.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Personal<String>>,
    /// Whether it is out of use.
    #[serde(default)]
    pub disabled: bool,
}

impl Entity for PaymentAccount {
    const KIND: Kind = Kind::PaymentAccount;

    fn keys(&self) -> Keys {
        keys([
            id_key(self.owner),
            Some(self.number.expose().clone()),
            Some(self.holder.expose().clone()),
            self.bank_code.clone(),
        ])
    }
}

/// Who may choose something: whoever is named here in one way or another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Audience {
    /// Everybody, whoever else is named.
    #[serde(default)]
    pub everyone: bool,
    /// People.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub employees: Vec<Id>,
    /// Departments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub org_units: Vec<Id>,
    /// Whether the departments below those are meant too.
    #[serde(default)]
    pub with_children: bool,
    /// Roles, by the vendor's ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

code! {
    /// Where an account is.
    PaymentAccountType {
        /// At a bank of the country.
        Bank = "bank",
        /// At a bank abroad.
        OverseasBank = "overseas_bank",
        /// Alipay.
        Alipay = "alipay",
        /// WeChat Pay.
        Wechat = "wechat",
        /// A wallet.
        Wallet = "wallet",
        /// By cheque.
        Cheque = "cheque",
        /// By acceptance bill (承兑汇票).
        AcceptanceBill = "acceptance_bill",
    }
}

impl Default for Coded<PaymentAccountType> {
    fn default() -> Self {
        Self::ours(PaymentAccountType::Bank)
    }
}
