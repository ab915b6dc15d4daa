//! People who may be hired, where they come from, and what for.

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Gender, Id, Keys, Kind, LocalDate, Marital, Personal,
    code::code,
    entity::{id_key, keys},
};

/// A person who may be hired.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Candidate {
    /// Full name.
    pub name: Personal<String>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// Mobile number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Personal<String>>,
    /// Gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<Personal<Coded<Gender>>>,
    /// Marital status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marital: Option<Personal<Coded<Marital>>>,
    /// Day of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Personal<LocalDate>>,
    /// Year of birth, where only that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_year: Option<Personal<i64>>,
    /// Highest degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degree: Option<Coded<Degree>>,
    /// How far the hiring is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Coded<CandidateStatus>>,
    /// Where they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Id>,
    /// Where they come from, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_name: Option<String>,
    /// The job they are to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Everything else that a recruiting system sent with them: education, experience, offer, operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<Personal<serde_json::Value>>,
}

impl Entity for Candidate {
    const KIND: Kind = Kind::Candidate;

    fn keys(&self) -> Keys {
        let personal = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.expose().clone());
        keys([
            personal(&self.mobile),
            personal(&self.email),
            Some(self.name.expose().clone()),
            self.status.as_ref().map(|status| status.value.name().to_owned()),
        ])
    }
}

code! {
    /// How far a hiring is.
    CandidateStatus {
        /// Proposed.
        Recommended = "recommended",
        /// Seen.
        Interviewed = "interviewed",
        /// Offered a contract.
        Offered = "offered",
        /// Hired.
        Hired = "hired",
        /// Turned down, or turned us down.
        Rejected = "rejected",
    }
}

code! {
    /// A degree.
    Degree {
        /// Secondary school (高中).
        SecondarySchool = "secondary_school",
        /// Vocational secondary school (中专).
        VocationalSchool = "vocational_school",
        /// College without a bachelor's degree (大专).
        Associate = "associate",
        /// Bachelor (本科).
        Bachelor = "bachelor",
        /// Master (硕士).
        Master = "master",
        /// Master of business administration.
        Mba = "mba",
        /// Doctor (博士).
        Doctor = "doctor",
    }
}

/// Where candidates come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CandidateSource {
    /// Name.
    pub name: String,
}

impl Entity for CandidateSource {
    const KIND: Kind = Kind::CandidateSource;

    fn keys(&self) -> Keys {
        keys([Some(self.name.clone())])
    }
}

/// A position to be filled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vacancy {
    /// How many people are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_count: Option<i64>,
    /// How far the search is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Coded<VacancyStatus>>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_unit: Option<Id>,
    /// The department by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_unit_name: Option<String>,
    /// The vendor's id of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The job by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
}

impl Entity for Vacancy {
    const KIND: Kind = Kind::Vacancy;

    fn keys(&self) -> Keys {
        keys([id_key(self.org_unit), self.status.as_ref().map(|status| status.value.name().to_owned())])
    }
}

code! {
    /// How far a search is.
    VacancyStatus {
        /// Looking.
        Open = "open",
        /// Resting.
        Paused = "paused",
        /// Ended.
        Closed = "closed",
    }
}
