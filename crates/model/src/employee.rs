//! A person in employment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Id, IdentityDocument, Keys, Kind, LocalDate, Personal, Place,
    code::code,
    entity::{id_key, keys},
};

/// A person in employment: who they are, how to reach them, where they stand in the organisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Employee {
    /// The full name as the vendor shows it.
    pub name: Personal<String>,
    /// The number that the company gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_no: Option<String>,
    /// Where they stand, coarsely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EmploymentStatus>,
    /// Where they stand, as HR sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Coded<EmploymentPhase>>,
    /// On what terms they work.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub employment_type: Option<Coded<EmploymentType>>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_unit: Option<Id>,
    /// The contracting company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<Id>,
    /// The contracting company by name, where a vendor gives only that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity_name: Option<String>,
    /// To whom they report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<Id>,
    /// To whom they report in a dotted line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dotted_manager: Option<Id>,
    /// The job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// The grade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_grade: Option<String>,
    /// First day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hire_date: Option<LocalDate>,
    /// Last day of probation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probation_end_date: Option<LocalDate>,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_date: Option<LocalDate>,
    /// A nickname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<Personal<String>>,
    /// Mobile number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Personal<String>>,
    /// A second number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal<String>>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// Company mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_email: Option<Personal<String>>,
    /// The person's ids at other systems, such as `dingtalk` and `wework`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, Personal<String>>,
    /// Gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<Personal<Coded<Gender>>>,
    /// Marital status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marital: Option<Personal<Coded<Marital>>>,
    /// Day of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Personal<LocalDate>>,
    /// Home address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Personal<String>>,
    /// Where they usually work: the city from which their trips start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_place: Option<Place>,
    /// Picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<Personal<String>>,
    /// Small picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Personal<String>>,
    /// Number of the identity card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_number: Option<Personal<String>>,
    /// Papers that say who they are. That of the identity card holds what stands beside its number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identity_documents: Vec<IdentityDocument>,
    /// Bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_name: Option<Personal<String>>,
    /// Bank account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_card: Option<Personal<String>>,
    /// The employment that this one follows, after leaving and coming back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehire_of: Option<Id>,
}

impl Entity for Employee {
    const KIND: Kind = Kind::Employee;

    fn keys(&self) -> Keys {
        let personal = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.expose().clone());
        keys([
            self.employee_no.clone(),
            personal(&self.mobile),
            id_key(self.org_unit),
            Some(self.name.expose().clone()),
            id_key(self.legal_entity),
        ])
    }
}

code! {
    /// Where somebody stands, for apps.
    EmploymentStatus {
        /// Will start.
        PreHire = "pre_hire",
        /// Works here.
        Active = "active",
        /// Works here and is away for long.
        OnLeave = "on_leave",
        /// Contract rests.
        Suspended = "suspended",
        /// Has left.
        Ended = "ended",
    }
}

code! {
    /// Where somebody stands, for HR.
    EmploymentPhase {
        /// Will start.
        Waiting = "waiting",
        /// Is being taken in.
        Onboarding = "onboarding",
        /// Internship.
        Internship = "internship",
        /// Probation.
        Probation = "probation",
        /// Confirmed.
        Regular = "regular",
        /// Has given or received notice.
        Notice = "notice",
        /// Has left.
        Left = "left",
        /// Has retired.
        Retired = "retired",
        /// Has died.
        Deceased = "deceased",
    }
}

impl EmploymentPhase {
    /// The coarse status that belongs to the phase.
    pub const fn status(self) -> EmploymentStatus {
        match self {
            Self::Waiting => EmploymentStatus::PreHire,
            Self::Onboarding | Self::Internship | Self::Probation | Self::Regular | Self::Notice => {
                EmploymentStatus::Active
            }
            Self::Left | Self::Retired | Self::Deceased => EmploymentStatus::Ended,
            Self::Other => EmploymentStatus::Other,
        }
    }
}

code! {
    /// On what terms somebody works.
    EmploymentType {
        /// Full time.
        FullTime = "full_time",
        /// Part time.
        PartTime = "part_time",
        /// Intern.
        Intern = "intern",
        /// Trainee.
        Trainee = "trainee",
        /// Sent by an agency (劳务派遣).
        Agency = "agency",
        /// Works on contract of their own.
        Contractor = "contractor",
        /// Freelancer.
        Freelance = "freelance",
        /// For a time.
        Temporary = "temporary",
        /// Came back after retirement.
        RehiredRetiree = "rehired_retiree",
    }
}

code! {
    /// Gender.
    Gender {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
        /// Neither.
        NonBinary = "non_binary",
        /// Would rather not say.
        Undisclosed = "undisclosed",
    }
}

code! {
    /// Marital status.
    Marital {
        /// Never married.
        Single = "single",
        /// Married.
        Married = "married",
        /// Divorced.
        Divorced = "divorced",
        /// Widowed.
        Widowed = "widowed",
        /// Separated.
        Separated = "separated",
    }
}
