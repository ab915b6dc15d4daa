//! What a supplier wants to be paid for a period, line by line, so that it can be held against what was booked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Entity, Id, Instant, Keys, Kind, LocalDate, Money, Personal, entity::keys};

/// A supplier's bill for a period (对账单).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupplierBill {
    /// Its number.
    pub number: String,
    /// Its name, as a rule the month.
    pub name: String,
    /// Whose bill: the supplier's name.
    pub supplier: String,
    /// When the period begins.
    pub from: Instant,
    /// When it ends.
    pub to: Instant,
    /// What it asks money for.
    #[serde(default)]
    pub lines: Vec<SupplierBillLine>,
}

impl Entity for SupplierBill {
    const KIND: Kind = Kind::SupplierBill;

    fn keys(&self) -> Keys {
        keys([Some(self.supplier.clone()), Some(self.number.clone())])
    }

    fn date(&self) -> Option<LocalDate> {
        Some(self.from.date())
    }
}

/// One thing that a supplier wants to be paid for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SupplierBillLine {
    /// The supplier's name for the line: the same again is the same line.
    pub reference: String,
    /// The number of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// The booking of that number, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<Id>,
    /// The number of the travel request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_no: Option<String>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Every column that came, under its label.
    pub cells: Personal<BTreeMap<String, String>>,
}
