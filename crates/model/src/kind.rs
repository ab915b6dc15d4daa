//! The kinds of record that the hub keeps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $plural:literal;)*) => {
        /// A kind of record. Punches are not among them: they are facts with a table of their own ([`crate::Punch`]).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl Kind {
            /// Every kind, in the order of their numbers.
            pub const ALL: &[Kind] = &[$(Kind::$variant),*];

            /// The number under which the store and the ids know this kind; never reused.
            pub const fn number(self) -> u8 {
                match self { $(Kind::$variant => $number,)* }
            }

            /// The kind's name in data: `org_unit`.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// The kind's name in paths: `org_units`.
            pub const fn plural(self) -> &'static str {
                match self { $(Kind::$variant => $plural,)* }
            }

            /// The kind with this number.
            pub fn from_number(number: i64) -> Option<Kind> {
                match number { $($number => Some(Kind::$variant),)* _ => None }
            }
        }

        impl FromStr for Kind {
            type Err = Error;

            /// Takes the name or the plural.
            fn from_str(text: &str) -> Result<Self, Error> {
                match text {
                    $($name | $plural => Ok(Kind::$variant),)*
                    _ => Err(Error::invalid("kind", "there is no such kind")),
                }
            }
        }
    };
}

kinds! {
    /// The organisation itself.
    Company = 1, "company", "companies";
    /// A registered company that signs contracts (分公司).
    LegalEntity = 2, "legal_entity", "legal_entities";
    /// A node of the department tree.
    OrgUnit = 3, "org_unit", "org_units";
    /// A person in employment.
    Employee = 4, "employee", "employees";
    /// A login at a vendor.
    Account = 5, "account", "accounts";
    /// A person who may be hired.
    Candidate = 6, "candidate", "candidates";
    /// Where candidates come from.
    CandidateSource = 7, "candidate_source", "candidate_sources";
    /// A position to be filled.
    Vacancy = 8, "vacancy", "vacancies";
    /// A person's shift on a day (排班).
    ShiftAssignment = 9, "shift_assignment", "shift_assignments";
    /// A leave, outing, trip or overtime of a person.
    TimelineEntry = 10, "timeline_entry", "timeline_entries";
    /// An approval with its form.
    Approval = 11, "approval", "approvals";
    /// A request to travel, with legs.
    TravelRequest = 12, "travel_request", "travel_requests";
    /// A booked flight, hotel, train, car or meal.
    Booking = 13, "booking", "bookings";
    /// A claim for money spent.
    ExpenseClaim = 14, "expense_claim", "expense_claims";
    /// An entry in the books.
    AccountingEntry = 15, "accounting_entry", "accounting_entries";
    /// A recognition given by a colleague.
    Recognition = 16, "recognition", "recognitions";
    /// Something that points buy.
    RewardItem = 17, "reward_item", "reward_items";
    /// A reward taken.
    Redemption = 18, "redemption", "redemptions";
    /// A movement of points.
    PointsEntry = 19, "points_entry", "points_entries";
    /// One pay subject of one person in one month.
    SalaryItem = 20, "salary_item", "salary_items";
    /// A visitor who comes to see somebody.
    Visit = 21, "visit", "visits";
    /// An account that money is paid to or from.
    PaymentAccount = 22, "payment_account", "payment_accounts";
    /// What a supplier wants to be paid for a period.
    SupplierBill = 23, "supplier_bill", "supplier_bills";
    /// Words sent to somebody through a vendor's app.
    Notice = 30, "notice", "notices";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_parse() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), *kind);
            assert_eq!(kind.plural().parse::<Kind>().unwrap(), *kind);
            assert_eq!(Kind::from_number(i64::from(kind.number())), Some(*kind));
        }
        assert!("people".parse::<Kind>().is_err());
    }
}
