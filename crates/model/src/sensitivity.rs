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
            (Kind::Employee | Kind::Candidate, "id_number" | "bank_name" | "bank_card" | "offer") => {
                Sensitivity::Restricted
            }
            (Kind::SalaryItem, "amount") => Sensitivity::Restricted,
            (Kind::Approval, "form") => Sensitivity::Personal,
            (Kind::TimelineEntry, "note") => Sensitivity::Personal,
            _ => Sensitivity::Public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_ordered_and_found() {
        assert!(Sensitivity::Restricted > Sensitivity::Contact);
        assert_eq!(Kind::Employee.sensitivity("bank_card"), Sensitivity::Restricted);
        assert_eq!(Kind::Employee.sensitivity("name"), Sensitivity::Public);
    }
}
