//! Visitors, and pay subjects.

use serde::{Deserialize, Serialize};

use crate::{
    Entity, Id, Instant, Keys, Kind, Money, Personal,
    code::code,
    entity::{id_key, keys},
};

/// A visitor who comes to see somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Whom they come to see.
    pub host: Id,
    /// The visitor's name.
    pub visitor_name: Personal<String>,
    /// When they come, as the vendor wrote it: the form is free.
    pub expected_text: String,
    /// When they come, where the text could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<Instant>,
    /// How far it is.
    pub status: VisitStatus,
    /// When the host was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notified_at: Option<Instant>,
}

impl Entity for Visit {
    const KIND: Kind = Kind::Visit;

    fn keys(&self) -> Keys {
        keys([id_key(Some(self.host)), Some(self.status.name().to_owned())])
    }
}

code! {
    /// How far a visit is.
    VisitStatus {
        /// Announced.
        Expected = "expected",
        /// The host is being told.
        Notified = "notified",
        /// The visitor is here.
        Arrived = "arrived",
        /// The visitor has gone.
        Left = "left",
        /// Nobody came.
        NoShow = "no_show",
        /// Called off.
        Cancelled = "cancelled",
    }
}

/// One pay subject of one person in one month. The newest version is served; older ones stay in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SalaryItem {
    /// Whose.
    pub employee: Id,
    /// The month, `YYYY-MM`.
    pub month: String,
    /// The subject by name.
    pub subject: String,
    /// How much.
    pub amount: Personal<Money>,
}

impl Entity for SalaryItem {
    const KIND: Kind = Kind::SalaryItem;

    fn keys(&self) -> Keys {
        keys([id_key(Some(self.employee)), Some(self.month.clone()), Some(self.subject.clone())])
    }
}
