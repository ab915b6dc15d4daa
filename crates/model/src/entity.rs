//! What all kinds have in common: a kind, looked-up fields, a business date.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Account, AccountingEntry, Approval, Booking, Candidate, CandidateSource, Company, Employee, Error,
    ExpenseClaim, Id, Kind, LegalEntity, LocalDate, Notice, OrgUnit, PaymentAccount, PointsEntry,
    Recognition, Redemption, RewardItem, SalaryItem, ShiftAssignment, SupplierBill, TimelineEntry,
    TravelRequest, Vacancy, Visit,
};

/// The number of fields of a kind by which its records can be found.
pub const KEYS_MAX: usize = 6;

/// The values of the looked-up fields, in the order of [`Kind::lookups`].
pub type Keys = [Option<String>; KEYS_MAX];

/// A canonical noun.
pub trait Entity: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Which kind it is.
    const KIND: Kind;

    /// The values by which it is looked up, in the order of [`Kind::lookups`].
    fn keys(&self) -> Keys;

    /// The day it belongs to, where it has one: the day of a shift, the first day of a leave.
    fn date(&self) -> Option<LocalDate> {
        None
    }
}

/// An entity ready to be stored: serialised once, with the values by which it is found.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Which kind it is.
    pub kind: Kind,
    /// The entity as JSON.
    pub doc: String,
    /// The values of its looked-up fields.
    pub keys: Keys,
    /// Its business date.
    pub date: Option<LocalDate>,
}

impl Draft {
    /// Serialises an entity.
    pub fn of<E: Entity>(entity: &E) -> Result<Self, Error> {
        let doc = serde_json::to_string(entity)
            .map_err(|error| Error::internal(format!("a {} does not serialise", E::KIND)).caused_by(error))?;
        Ok(Self { kind: E::KIND, doc, keys: entity.keys(), date: entity.date() })
    }

    /// Reads a document that is canonical already and finds its looked-up values again.
    pub fn parse(kind: Kind, doc: String) -> Result<Self, Error> {
        fn read<E: Entity>(doc: String) -> Result<Draft, Error> {
            // The parser's own words quote what it found.
            let entity: E = serde_json::from_str(&doc).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                let text = format!("this is no {}: it differs at line {line}, column {column}", E::KIND);
                Error::invalid("doc", text)
            })?;
            Ok(Draft { kind: E::KIND, keys: entity.keys(), date: entity.date(), doc })
        }
        match kind {
            Kind::Company => read::<Company>(doc),
            Kind::LegalEntity => read::<LegalEntity>(doc),
            Kind::OrgUnit => read::<OrgUnit>(doc),
            Kind::Employee => read::<Employee>(doc),
            Kind::Candidate => read::<Candidate>(doc),
            Kind::CandidateSource => read::<CandidateSource>(doc),
            Kind::Vacancy => read::<Vacancy>(doc),
            Kind::ShiftAssignment => read::<ShiftAssignment>(doc),
            Kind::TimelineEntry => read::<TimelineEntry>(doc),
            Kind::Approval => read::<Approval>(doc),
            Kind::SalaryItem => read::<SalaryItem>(doc),
            Kind::Visit => read::<Visit>(doc),
            Kind::Notice => read::<Notice>(doc),
            Kind::Account => read::<Account>(doc),
            Kind::TravelRequest => read::<TravelRequest>(doc),
            Kind::Booking => read::<Booking>(doc),
            Kind::ExpenseClaim => read::<ExpenseClaim>(doc),
            Kind::AccountingEntry => read::<AccountingEntry>(doc),
            Kind::Recognition => read::<Recognition>(doc),
            Kind::RewardItem => read::<RewardItem>(doc),
            Kind::Redemption => read::<Redemption>(doc),
            Kind::PointsEntry => read::<PointsEntry>(doc),
            Kind::PaymentAccount => read::<PaymentAccount>(doc),
            Kind::SupplierBill => read::<SupplierBill>(doc),
        }
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The document and the keys hold personal data.
        write!(f, "Draft({}, {} bytes)", self.kind, self.doc.len())
    }
}

impl Kind {
    /// The fields by which records of this kind can be found, most [`KEYS_MAX`]; each is an index.
    pub const fn lookups(self) -> &'static [&'static str] {
        match self {
            Kind::Employee => &["employee_no", "mobile", "org_unit", "name", "legal_entity"],
            Kind::OrgUnit => &["parent", "name", "code"],
            Kind::Company | Kind::LegalEntity | Kind::CandidateSource => &["name"],
            Kind::Candidate => &["mobile", "email", "name", "status"],
            Kind::Vacancy => &["org_unit", "status"],
            Kind::ShiftAssignment | Kind::Notice => &["employee"],
            Kind::TimelineEntry => &["employee", "kind"],
            Kind::Approval => &["number", "category", "status"],
            Kind::SalaryItem => &["employee", "month", "subject"],
            Kind::Visit => &["host", "status"],
            Kind::Account => &["user_id", "login", "union_id", "third_party_id", "employee"],
            Kind::TravelRequest => &["applicant", "number", "status", "approval", "org_unit", "external_no"],
            Kind::Booking => &["booker", "order_no", "request", "type", "status"],
            Kind::ExpenseClaim => &["claimant", "number", "status", "request", "org_unit", "external_no"],
            Kind::AccountingEntry => &["claim", "number", "period", "status"],
            Kind::Recognition => &["receiver", "giver", "status", "level"],
            Kind::RewardItem => &["category", "country", "name"],
            Kind::Redemption => &["employee", "item", "status"],
            Kind::PointsEntry => &["employee", "type", "source"],
            Kind::PaymentAccount => &["owner", "number", "holder", "bank_code"],
            Kind::SupplierBill => &["supplier", "number"],
        }
    }

    /// The place of a looked-up field among the keys.
    pub fn lookup(self, field: &str) -> Option<usize> {
        self.lookups().iter().position(|name| *name == field)
    }
}

/// Builds [`Keys`] from fewer values.
pub(crate) fn keys<const N: usize>(values: [Option<String>; N]) -> Keys {
    const { assert!(N <= KEYS_MAX) };
    let mut keys = Keys::default();
    for (key, value) in keys.iter_mut().zip(values) {
        *key = value.filter(|value| !value.is_empty());
    }
    keys
}

/// An id as a key.
pub(crate) fn id_key(id: Option<Id>) -> Option<String> {
    id.map(|id| id.to_string())
}
