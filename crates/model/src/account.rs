//! Logins at vendors, apart from the people who use them.

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Id, Keys, Kind, Personal,
    code::code,
    entity::{id_key, keys},
};

/// A login at a vendor. Employment is the employee's affair: an account can be closed while the person stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The vendor's id of the user.
    pub user_id: String,
    /// What the user types to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Personal<String>>,
    /// The id that all apps of one vendor share for this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub union_id: Option<String>,
    /// The id that the company gave the user at this vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party_id: Option<String>,
    /// The name that the vendor shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal<String>>,
    /// Mobile number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Personal<String>>,
    /// What sort of user.
    #[serde(rename = "type")]
    pub kind: Coded<AccountType>,
    /// Whether it can be used.
    pub status: Coded<AccountStatus>,
    /// The employee who uses it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee: Option<Id>,
}

impl Entity for Account {
    const KIND: Kind = Kind::Account;

    fn keys(&self) -> Keys {
        keys([
            Some(self.user_id.clone()),
            self.login.as_ref().map(|login| login.expose().clone()),
            self.union_id.clone(),
            self.third_party_id.clone(),
            id_key(self.employee),
        ])
    }
}

code! {
    /// What sort of user an account is for.
    AccountType {
        /// Somebody of the company.
        Employee = "employee",
        /// A customer.
        Customer = "customer",
        /// A person at a customer.
        CustomerContact = "customer_contact",
        /// Somebody else from outside.
        External = "external",
        /// A program.
        Bot = "bot",
    }
}

code! {
    /// Whether an account can be used.
    AccountStatus {
        /// It can.
        Active = "active",
        /// Not for now.
        Disabled = "disabled",
        /// Never again.
        Closed = "closed",
        /// Not yet: the user has not come.
        Invited = "invited",
    }
}
