//! The document says what is there: kinds, fields, parameters.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use tongshi_model::{
    Account, AccountingEntry, Allocation, Approval, ApprovalStep, ApprovalTask, Audience, Booking, Candidate,
    CandidateSource, Company, Employee, EntryLine, ExpenseClaim, ExpenseLine, FormField, FormSection,
    IdentityDocument, Invoice, Kind, LegalEntity, Money, Notice, OrgUnit, Payee, Payment, PaymentAccount,
    Place, PointsEntry, Quantity, Recognition, Redemption, RewardItem, SalaryItem, ShiftAssignment,
    SupplierBill, SupplierBillLine, TimelineEntry, TravelRequest, TripLeg, Vacancy, Visit,
};

use super::{fields, openapi};

/// Asks a type for the names of its fields: serde hands them over before the first value is read.
struct Names<'a>(&'a mut &'static [&'static str]);

#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the names are known")
    }
}

impl std::error::Error for Enough {}

impl serde::de::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Enough;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Enough> {
        *self.0 = fields;
        Err(Enough)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Enough> {
        Err(Enough::custom("no struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn names_of<T: DeserializeOwned>() -> Vec<&'static str> {
    let mut names: &'static [&'static str] = &[];
    assert!(T::deserialize(Names(&mut names)).is_err());
    names.to_vec()
}

#[test]
fn every_field_of_the_model_is_described() {
    let types = [
        (Kind::Company, names_of::<Company>()),
        (Kind::LegalEntity, names_of::<LegalEntity>()),
        (Kind::OrgUnit, names_of::<OrgUnit>()),
        (Kind::Employee, names_of::<Employee>()),
        (Kind::Candidate, names_of::<Candidate>()),
        (Kind::CandidateSource, names_of::<CandidateSource>()),
        (Kind::Vacancy, names_of::<Vacancy>()),
        (Kind::ShiftAssignment, names_of::<ShiftAssignment>()),
        (Kind::TimelineEntry, names_of::<TimelineEntry>()),
        (Kind::Approval, names_of::<Approval>()),
        (Kind::SalaryItem, names_of::<SalaryItem>()),
        (Kind::Visit, names_of::<Visit>()),
        (Kind::Notice, names_of::<Notice>()),
        (Kind::Account, names_of::<Account>()),
        (Kind::TravelRequest, names_of::<TravelRequest>()),
        (Kind::Booking, names_of::<Booking>()),
        (Kind::ExpenseClaim, names_of::<ExpenseClaim>()),
        (Kind::AccountingEntry, names_of::<AccountingEntry>()),
        (Kind::Recognition, names_of::<Recognition>()),
        (Kind::RewardItem, names_of::<RewardItem>()),
        (Kind::Redemption, names_of::<Redemption>()),
        (Kind::PointsEntry, names_of::<PointsEntry>()),
        (Kind::PaymentAccount, names_of::<PaymentAccount>()),
        (Kind::SupplierBill, names_of::<SupplierBill>()),
    ];
    for (kind, names) in &types {
        let described: Vec<&str> = fields::of(*kind).iter().map(|field| field.name).collect();
        assert_eq!(described, *names, "{kind}");
        assert!(kind.lookups().iter().all(|lookup| names.contains(lookup)), "{kind}");
    }
    for kind in Kind::ALL {
        assert!(types.iter().any(|(known, _)| known == kind), "{kind}");
    }
    let inner = [
        names_of::<Quantity>(),
        names_of::<FormSection>(),
        names_of::<FormField>(),
        names_of::<IdentityDocument>(),
        names_of::<Money>(),
        names_of::<TripLeg>(),
        names_of::<Place>(),
        names_of::<ExpenseLine>(),
        names_of::<Allocation>(),
        names_of::<Invoice>(),
        names_of::<Payee>(),
        names_of::<Payment>(),
        names_of::<Audience>(),
        names_of::<SupplierBillLine>(),
        names_of::<EntryLine>(),
        names_of::<ApprovalTask>(),
        names_of::<ApprovalStep>(),
    ];
    for ((name, described), names) in fields::nested().iter().zip(inner) {
        assert_eq!(described.iter().map(|field| field.name).collect::<Vec<_>>(), names, "{name}");
    }
}

#[test]
fn every_kind_has_its_paths_and_schemas() {
    let document = openapi();
    assert_eq!(document["openapi"], "3.1.0");
    for kind in Kind::ALL {
        let list = &document["paths"][format!("/v1/{}", kind.plural())]["get"];
        assert!(list["parameters"].as_array().is_some_and(|parameters| parameters.len() >= 5), "{kind}");
        assert!(document["paths"][format!("/v1/{}/{{id}}", kind.plural())]["get"].is_object(), "{kind}");
        assert!(document["components"]["schemas"][format!("{kind:?}")].is_object(), "{kind}");
    }
    assert_eq!(
        document["components"]["schemas"]["Employee"]["properties"]["bank_card"]["x-sensitivity"],
        "restricted"
    );
    assert_eq!(document["components"]["schemas"]["SalaryItem"]["required"].as_array().map(Vec::len), Some(3));
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
    let document = openapi();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let mut names = Vec::new();
    for item in document["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
        for operation in item.as_object().into_iter().flat_map(|item| item.values()) {
            names.push(operation["operationId"].as_str().unwrap());
            let tag = &operation["tags"][0];
            assert!(document["tags"].as_array().unwrap().iter().any(|known| known["name"] == *tag), "{tag}");
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
