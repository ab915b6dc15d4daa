//! Money spent: claims with their lines and invoices, and what becomes of them in the books.

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Id, Instant, Keys, Kind, LocalDate, Money, Personal, SpendStatus,
    code::code,
    entity::{id_key, keys},
};

/// A claim for money spent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpenseClaim {
    /// The vendor's number.
    pub number: String,
    /// A headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Personal<String>>,
    /// Who claims.
    pub claimant: Id,
    /// The company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<Id>,
    /// The department that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_unit: Option<Id>,
    /// How far it is.
    pub status: Coded<SpendStatus>,
    /// What the money was spent on.
    #[serde(default)]
    pub lines: Vec<ExpenseLine>,
    /// The sum of the lines.
    pub total: Money,
    /// The travel request that it settles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Id>,
    /// The bookings that it settles, those that its lines name and others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bookings: Vec<Id>,
    /// The approval that decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Id>,
    /// Who is asked to decide, where one person is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<Id>,
    /// The task of the approval that waits for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The number that the program that made it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_no: Option<String>,
    /// To whom the money goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<Personal<Payee>>,
    /// How it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// The numbers under which it stands in the books.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vouchers: Vec<String>,
    /// When it was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Instant>,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Instant>,
}

impl Entity for ExpenseClaim {
    const KIND: Kind = Kind::ExpenseClaim;

    fn keys(&self) -> Keys {
        keys([
            id_key(Some(self.claimant)),
            Some(self.number.clone()),
            Some(self.status.value.name().to_owned()),
            id_key(self.request),
            id_key(self.org_unit),
            self.external_no.clone(),
        ])
    }

    fn date(&self) -> Option<LocalDate> {
        self.submitted_at.map(Instant::date)
    }
}

/// One thing that money was spent on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpenseLine {
    /// The company's word for this sort of cost.
    pub fee_type: String,
    /// The day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<LocalDate>,
    /// How much.
    pub amount: Money,
    /// Tax within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// What proves it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invoices: Vec<Invoice>,
    /// The bookings that it pays for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bookings: Vec<Id>,
    /// Who bears it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Personal<String>>,
}

/// A share of a cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// The cost centre, project or customer that bears it.
    pub cost_object: String,
    /// How much of it.
    pub amount: Money,
}

/// An invoice (发票).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its number.
    pub number: String,
    /// Its code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<LocalDate>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller: Option<String>,
    /// How much, tax included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// To whom money goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Payee {
    /// Name of the account's holder.
    pub name: String,
    /// The bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// The account's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// How a claim was paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Whether the money went.
    pub state: Coded<PaymentState>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Instant>,
    /// The bank's or channel's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why it did not go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

code! {
    /// Whether money went.
    PaymentState {
        /// On its way.
        Processing = "processing",
        /// It did.
        Paid = "paid",
        /// It did not.
        Failed = "failed",
    }
}

/// An entry in the books.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountingEntry {
    /// The voucher's number.
    pub number: String,
    /// The fiscal period, `YYYY-MM`.
    pub period: String,
    /// The day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<LocalDate>,
    /// Whose books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<Id>,
    /// How far it is.
    pub status: Coded<EntryStatus>,
    /// The claim behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Id>,
    /// Debits and credits; each side sums to the same.
    pub lines: Vec<EntryLine>,
}

impl Entity for AccountingEntry {
    const KIND: Kind = Kind::AccountingEntry;

    fn keys(&self) -> Keys {
        keys([
            id_key(self.claim),
            Some(self.number.clone()),
            Some(self.period.clone()),
            Some(self.status.value.name().to_owned()),
        ])
    }

    fn date(&self) -> Option<LocalDate> {
        self.date
    }
}

/// A line of an entry: one of the two amounts is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryLine {
    /// The account's number in the books.
    pub account: String,
    /// What it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit: Option<Money>,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Money>,
    /// The cost centre, project or customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_object: Option<String>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Id>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

code! {
    /// How far an entry is.
    EntryStatus {
        /// Not booked.
        Draft = "draft",
        /// Booked.
        Posted = "posted",
        /// Taken back.
        Voided = "voided",
    }
}
