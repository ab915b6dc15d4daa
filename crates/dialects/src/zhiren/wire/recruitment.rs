//! Recruitment, with an access token in place of a signature: rows C28–C33. Withdrawn from the vendor's document,
//! which keeps only the candidate.

use serde::{Deserialize, Serialize};
use tongshi_dialect::operation;

use super::{Shape, Zhiren, lenient::texts};
use crate::zhiren::auth::AccessToken;

texts! {
    /// Somebody who may be hired.
    Candidate { uuid, name, email, mobile, sex, marriage, birthday, degree, status, source_name, source_id }
}

texts! {
    /// Where candidates come from.
    CandidateSource { uuid, name }
}

texts! {
    /// A position to be filled. `head_count` is a text.
    Vacancy { uuid, head_count, status, department_uuid, department_name, job_title_uuid, job_title_name }
}

/// All candidates.
#[derive(Serialize, Deserialize)]
pub(crate) struct CandidateList {}

operation! {
    impl Operation for CandidateList in Zhiren {
        "recruitment.candidates", Get "/api/v2/recruitments/candidates", Uncertain "§2 C28";
        AccessToken => Vec<Candidate>, Shape::Plain; KEPT = true
    }
}

/// One candidate; the path is in the singular.
#[derive(Serialize, Deserialize)]
pub(crate) struct CandidateGet {
    pub(crate) id: String,
}

operation! {
    impl Operation for CandidateGet in Zhiren {
        "recruitment.candidate", Get "/api/v2/recruitments/candidate/{id}", Uncertain "§2 C29";
        AccessToken => Candidate, Shape::Plain; KEPT = true
    }
}

/// All sources.
#[derive(Serialize, Deserialize)]
pub(crate) struct SourceList {}

operation! {
    impl Operation for SourceList in Zhiren {
        "recruitment.sources", Get "/api/v2/recruitments/sources", Uncertain "§2 C30";
        AccessToken => Vec<CandidateSource>, Shape::Plain; KEPT = true
    }
}

/// One source.
#[derive(Serialize, Deserialize)]
pub(crate) struct SourceGet {
    pub(crate) id: String,
}

operation! {
    impl Operation for SourceGet in Zhiren {
        "recruitment.source", Get "/api/v2/recruitments/source/{id}", Uncertain "§2 C31";
        AccessToken => CandidateSource, Shape::Plain; KEPT = true
    }
}

/// All vacancies.
#[derive(Serialize, Deserialize)]
pub(crate) struct VacancyList {}

operation! {
    impl Operation for VacancyList in Zhiren {
        "recruitment.vacancies", Get "/api/v2/recruitments/vacancies", Uncertain "§2 C32";
        AccessToken => Vec<Vacancy>, Shape::Plain; KEPT = true
    }
}

/// One vacancy.
#[derive(Serialize, Deserialize)]
pub(crate) struct VacancyGet {
    pub(crate) id: String,
}

operation! {
    impl Operation for VacancyGet in Zhiren {
        "recruitment.vacancy", Get "/api/v2/recruitments/vacancy/{id}", Uncertain "§2 C33";
        AccessToken => Vacancy, Shape::Plain; KEPT = true
    }
}
