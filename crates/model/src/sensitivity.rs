//! How private a field is. Scopes, logs, exports and faces read this one label.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// How private a field is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Known to every colleague: a name, a department.
    Public,
    /// How to reach somebody.
    Contact,
    /// About the person rather than the job: birthday, marital status, address.
    Personal,
    /// Identity numbers, bank accounts, pay.
    Restricted,
    /// Credentials; never served.
    Secret,
}

impl Kind {
    /// What a reader must be allowed to see for a record of this kind to say anything: a pay subject without its amount
    /// would still tell who has which, and an account is its number, so below this there is no such kind.
    pub fn floor(self) -> Sensitivity {
        match self {
            Kind::SalaryItem | Kind::PaymentAccount => Sensitivity::Restricted,
            _ => Sensitivity::Public,
        }
    }

    /// How private this field of this kind is. What is not listed is public within the workspace, except where the
    /// whole kind is private.
    pub fn sensitivity(self, field: &str) -> Sensitivity {
        match (self, field) {
            (Kind::Employee | Kind::Candidate, "mobile" | "phone" | "email" | "work_email" | "accounts") => {
                Sensitivity::Contact
            }
            (
                Kind::Employee | Kind::Candidate,
                "address" | "birth_date" | "marital" | "gender" | "photo" | "avatar" | "birth_year"
                | "education" | "experience" | "degree" | "resume_url" | "attachment_urls",
            ) => Sensitivity::Personal,
            (
                Kind::Employee | Kind::Candidate,
                "id_number" | "identity_documents" | "bank_name" | "bank_card" | "offer",
            ) => Sensitivity::Restricted,
            (Kind::SalaryItem, "amount") => Sensitivity::Restricted,
            (Kind::PaymentAccount, "number" | "holder" | "certificate_no") => Sensitivity::Restricted,
            (Kind::SupplierBill, "lines") => Sensitivity::Personal,
            (Kind::Approval, "form" | "log") => Sensitivity::Personal,
            (Kind::TimelineEntry, "note") | (Kind::Notice, "text" | "url") => Sensitivity::Personal,
            (Kind::Account, "mobile" | "login") => Sensitivity::Contact,
            (Kind::TravelRequest, "legs" | "purpose" | "over_policy_reason") => Sensitivity::Personal,
            (
                Kind::Booking,
                "from" | "to" | "starts_at" | "ends_at" | "provider_no" | "summary" | "ticket_no"
                | "over_policy_reason",
            ) => Sensitivity::Personal,
            (Kind::ExpenseClaim, "lines" | "total" | "payment" | "purpose") => Sensitivity::Personal,
            (Kind::ExpenseClaim, "payee") => Sensitivity::Restricted,
            (Kind::AccountingEntry, "lines") => Sensitivity::Personal,
            (Kind::PointsEntry, "amount" | "balance_after" | "note") => Sensitivity::Personal,
            (Kind::Recognition, "reason") => Sensitivity::Personal,
            _ => Sensitivity::Public,
        }
    }

    /// The fields of this kind whose reading is noted in the audit trail.
    pub fn restricted(self) -> &'static [&'static str] {
        match self {
            Kind::Employee | Kind::Candidate => {
                &["id_number", "identity_documents", "bank_name", "bank_card", "offer"]
            }
            Kind::SalaryItem => &["amount"],
            Kind::PaymentAccount => &["number", "holder", "certificate_no"],
            Kind::ExpenseClaim => &["payee"],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_restricted_fields_are_those_with_the_label() {
        let all =
            Kind::ALL.iter().flat_map(|kind| kind.restricted().iter().map(move |field| (*kind, *field)));
        assert!(all.clone().all(|(kind, field)| kind.sensitivity(field) == Sensitivity::Restricted));
        // Every name that is restricted somewhere is in the list of each kind for which it is.
        for kind in Kind::ALL {
            for (_, field) in all.clone() {
                let labelled = kind.sensitivity(field) >= Sensitivity::Restricted;
                assert_eq!(labelled, kind.restricted().contains(&field), "{kind} {field}");
            }
        }
    }

    #[test]
    fn labels_are_ordered_and_found() {
        assert!(Sensitivity::Restricted > Sensitivity::Contact);
        assert_eq!(Kind::Employee.sensitivity("bank_card"), Sensitivity::Restricted);
        assert_eq!(Kind::Employee.sensitivity("name"), Sensitivity::Public);
    }
}
