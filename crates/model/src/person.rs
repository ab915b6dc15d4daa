//! Which fields of which kind refer to other records, and which of those make a record somebody's own: the list that
//! export and erasure follow.

use crate::Kind;

/// What a reference means for the person at its other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bond {
    /// The record is about this person and goes with them: a shift, a leave, a pay subject.
    Owner,
    /// The record is about the person of this name, where a vendor gives no identity.
    OwnerName,
    /// The record is about something else and names this person: a manager, the head of a department.
    Mention,
    /// No person: a department, an approval.
    Thing,
}

impl Kind {
    /// Whether a record of this kind is a person.
    pub const fn is_person(self) -> bool {
        matches!(self, Kind::Employee | Kind::Candidate | Kind::Account)
    }

    /// The fields of this kind that refer to another record.
    pub const fn references(self) -> &'static [(&'static str, Bond)] {
        match self {
            Kind::Employee => &[
                ("org_unit", Bond::Thing),
                ("legal_entity", Bond::Thing),
                ("manager", Bond::Mention),
                ("dotted_manager", Bond::Mention),
                ("rehire_of", Bond::Owner),
            ],
            Kind::OrgUnit => &[("parent", Bond::Thing), ("head", Bond::Mention)],
            Kind::LegalEntity => &[("parent", Bond::Thing)],
            Kind::Candidate => &[("source", Bond::Thing)],
            Kind::Vacancy => &[("org_unit", Bond::Thing)],
            Kind::ShiftAssignment | Kind::SalaryItem | Kind::Notice => &[("employee", Bond::Owner)],
            Kind::TimelineEntry => &[("employee", Bond::Owner), ("approval", Bond::Thing)],
            Kind::Approval => &[("applicant", Bond::Owner), ("applicant_name", Bond::OwnerName)],
            Kind::Visit => &[("host", Bond::Owner)],
            Kind::Company | Kind::CandidateSource => &[],
            Kind::Account => &[("employee", Bond::Owner)],
            Kind::TravelRequest => &[
                ("applicant", Bond::Owner),
                ("approver", Bond::Mention),
                ("org_unit", Bond::Thing),
                ("approval", Bond::Thing),
            ],
            Kind::Booking => &[("booker", Bond::Owner), ("request", Bond::Thing)],
            Kind::ExpenseClaim => &[
                ("claimant", Bond::Owner),
                ("approver", Bond::Mention),
                ("legal_entity", Bond::Thing),
                ("org_unit", Bond::Thing),
                ("request", Bond::Thing),
                ("approval", Bond::Thing),
            ],
            Kind::AccountingEntry => &[("legal_entity", Bond::Thing), ("claim", Bond::Thing)],
            Kind::Recognition => &[
                ("receiver", Bond::Owner),
                ("giver", Bond::Mention),
                ("decided_by", Bond::Mention),
                ("approval", Bond::Thing),
            ],
            Kind::RewardItem => &[],
            Kind::Redemption => &[("employee", Bond::Owner), ("item", Bond::Thing)],
            Kind::PointsEntry => &[("employee", Bond::Owner), ("source", Bond::Thing)],
            Kind::PaymentAccount => &[("owner", Bond::Owner)],
            Kind::SupplierBill => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::{
        Account, AccountingEntry, Approval, Booking, Candidate, CandidateSource, Company, Employee,
        ExpenseClaim, LegalEntity, Notice, OrgUnit, PaymentAccount, PointsEntry, Recognition, Redemption,
        RewardItem, SalaryItem, ShiftAssignment, SupplierBill, TimelineEntry, TravelRequest, Vacancy, Visit,
    };

    /// Whether the field holds an id: only an id complains in these words.
    fn is_id<T: DeserializeOwned>(field: &str) -> bool {
        let doc = format!(r#"{{"{field}":"zz"}}"#);
        serde_json::from_str::<T>(&doc).is_err_and(|error| error.to_string().contains("an id is 32"))
    }

    /// Every word of the model that could be a field: those of all kinds' sources, and what the types say they expect.
    fn fields<T: DeserializeOwned>() -> Vec<String> {
        // An unknown variant of nothing: serde names the fields of a struct only to a deserializer.
        struct Names(Vec<String>);
        #[derive(Debug)]
        struct Enough;
        impl std::fmt::Display for Enough {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the names are known")
            }
        }
        impl std::error::Error for Enough {}
        impl serde::de::Error for Enough {
            fn custom<M: std::fmt::Display>(_: M) -> Self {
                Self
            }
        }
        impl<'de> serde::Deserializer<'de> for &mut Names {
            type Error = Enough;
            fn deserialize_struct<V: serde::de::Visitor<'de>>(
                self,
                _name: &'static str,
                fields: &'static [&'static str],
                _visitor: V,
            ) -> Result<V::Value, Enough> {
                self.0 = fields.iter().map(|name| (*name).to_owned()).collect();
                Err(Enough)
            }
            fn deserialize_any<V: serde::de::Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Enough> {
                Err(Enough)
            }
            serde::forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
                unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
            }
        }
        let mut names = Names(Vec::new());
        assert!(T::deserialize(&mut names).is_err());
        names.0
    }

    fn check<T: DeserializeOwned>(kind: Kind) {
        let ids: Vec<String> = fields::<T>().into_iter().filter(|field| is_id::<T>(field)).collect();
        let listed = kind.references().iter().filter(|(_, bond)| *bond != Bond::OwnerName);
        let listed: Vec<String> = listed.map(|(field, _)| (*field).to_owned()).collect();
        let (mut ids, mut listed) = (ids, listed);
        ids.sort();
        listed.sort();
        assert_eq!(ids, listed, "{kind}: say in person.rs what each reference means");
    }

    #[test]
    fn every_reference_of_every_kind_says_what_it_means() {
        for kind in Kind::ALL {
            match kind {
                Kind::Company => check::<Company>(*kind),
                Kind::LegalEntity => check::<LegalEntity>(*kind),
                Kind::OrgUnit => check::<OrgUnit>(*kind),
                Kind::Employee => check::<Employee>(*kind),
                Kind::Candidate => check::<Candidate>(*kind),
                Kind::CandidateSource => check::<CandidateSource>(*kind),
                Kind::Vacancy => check::<Vacancy>(*kind),
                Kind::ShiftAssignment => check::<ShiftAssignment>(*kind),
                Kind::TimelineEntry => check::<TimelineEntry>(*kind),
                Kind::Approval => check::<Approval>(*kind),
                Kind::SalaryItem => check::<SalaryItem>(*kind),
                Kind::Visit => check::<Visit>(*kind),
                Kind::Notice => check::<Notice>(*kind),
                Kind::Account => check::<Account>(*kind),
                Kind::TravelRequest => check::<TravelRequest>(*kind),
                Kind::Booking => check::<Booking>(*kind),
                Kind::ExpenseClaim => check::<ExpenseClaim>(*kind),
                Kind::AccountingEntry => check::<AccountingEntry>(*kind),
                Kind::Recognition => check::<Recognition>(*kind),
                Kind::RewardItem => check::<RewardItem>(*kind),
                Kind::Redemption => check::<Redemption>(*kind),
                Kind::PointsEntry => check::<PointsEntry>(*kind),
                Kind::PaymentAccount => check::<PaymentAccount>(*kind),
                Kind::SupplierBill => check::<SupplierBill>(*kind),
            }
        }
    }
}
