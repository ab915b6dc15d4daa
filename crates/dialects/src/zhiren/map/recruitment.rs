//! Candidates, their sources, vacancies; and candidates as Moka sends them.

use serde_json::json;
use tongshi_model::{Candidate, CandidateSource, Error, Id, Kind, OrgUnit, Personal, Space, Vacancy};

use super::{CANDIDATE_STATUSES, DEGREES, GENDERS, MARITALS, VACANCY_STATUSES, date, filled, reference};
use crate::zhiren::wire;

/// A candidate as it is read.
pub(in crate::zhiren) fn read_candidate(raw: wire::Candidate, space: Space) -> Result<Candidate, Error> {
    Ok(Candidate {
        name: raw.name.unwrap_or_default().into(),
        email: filled(raw.email).map(Into::into),
        mobile: filled(raw.mobile).map(Into::into),
        gender: GENDERS.read(raw.sex).map(Into::into),
        marital: MARITALS.read(raw.marriage).map(Into::into),
        birth_date: date("birthday", raw.birthday)?.map(Into::into),
        degree: DEGREES.read(raw.degree),
        status: CANDIDATE_STATUSES.read(raw.status),
        source: reference(space, Kind::CandidateSource, raw.source_id),
        source_name: filled(raw.source_name),
        ..Candidate::default()
    })
}

/// A candidate as it is shown.
pub(in crate::zhiren) fn show_candidate(id: Id, candidate: Candidate) -> wire::Candidate {
    wire::Candidate {
        uuid: Some(id.to_string()),
        name: Some(candidate.name.into_inner()),
        email: candidate.email.map(Personal::into_inner),
        mobile: candidate.mobile.map(Personal::into_inner),
        sex: candidate.gender.and_then(|gender| GENDERS.write(gender.expose())),
        marriage: candidate.marital.and_then(|marital| MARITALS.write(marital.expose())),
        birthday: candidate.birth_date.map(|date| date.expose().to_string()),
        degree: candidate.degree.and_then(|degree| DEGREES.write(&degree)),
        status: candidate.status.and_then(|status| CANDIDATE_STATUSES.write(&status)),
        source_name: candidate.source_name,
        source_id: candidate.source.map(|id| id.to_string()),
    }
}

/// A candidate as Moka pushes it. What we have no field for is kept together, so that nothing is dropped. Required
/// fields that are missing are named.
pub(in crate::zhiren) fn read_moka_candidate(
    raw: wire::MokaCandidatePush,
) -> Result<(String, Candidate), Error> {
    let required = |field: &'static str, text: Option<String>| {
        filled(text).ok_or_else(|| Error::invalid(field, format!("{field} is missing")))
    };
    for (field, name) in [("operator.name", "name"), ("operator.email", "email")] {
        required(field, raw.operator[name].as_str().map(str::to_owned))?;
    }
    let id = required("id", raw.id)?;
    let birth_year = filled(raw.birth_year).map(|text| text.trim().parse::<i64>()).transpose();
    let candidate = Candidate {
        name: required("name", raw.name)?.into(),
        mobile: Some(required("phone", raw.phone)?.into()),
        email: Some(required("email", raw.email)?.into()),
        job_title: Some(required("jobTitle", raw.job_title)?),
        gender: GENDERS.read(raw.gender).map(Into::into),
        marital: MARITALS.read(raw.married).map(Into::into),
        birth_year: birth_year
            .map_err(|_| Error::invalid("birthYear", "birthYear is no year"))?
            .map(Into::into),
        degree: DEGREES.read(raw.academic_degree),
        source_name: filled(raw.source),
        offer: Some(
            json!({
                "moka_id": id,
                "operator": raw.operator,
                "educationInfo": raw.education_info,
                "experienceInfo": raw.experience_info,
                "resumeUrl": raw.resume_url,
                "interviewFeedbackUrl": raw.interview_feedback_url,
                "offerAttachmentUrls": raw.offer_attachment_urls,
                "offerInfo": raw.offer_info,
            })
            .into(),
        ),
        ..Candidate::default()
    };
    Ok((id, candidate))
}

/// A source as it is read.
pub(in crate::zhiren) fn read_source(raw: wire::CandidateSource) -> Result<CandidateSource, Error> {
    Ok(CandidateSource { name: filled(raw.name).ok_or_else(|| Error::invalid("name", "name is missing"))? })
}

/// A source as it is shown.
pub(in crate::zhiren) fn show_source(id: Id, source: CandidateSource) -> wire::CandidateSource {
    wire::CandidateSource { uuid: Some(id.to_string()), name: Some(source.name) }
}

/// A vacancy as it is read.
pub(in crate::zhiren) fn read_vacancy(raw: wire::Vacancy, space: Space) -> Result<Vacancy, Error> {
    let head_count = filled(raw.head_count).map(|text| text.trim().parse()).transpose();
    Ok(Vacancy {
        head_count: head_count.map_err(|_| Error::invalid("head_count", "head_count is no number"))?,
        status: VACANCY_STATUSES.read(raw.status),
        org_unit: reference(space, Kind::OrgUnit, raw.department_uuid),
        org_unit_name: filled(raw.department_name),
        job_id: filled(raw.job_title_uuid),
        job_title: filled(raw.job_title_name),
    })
}

/// A vacancy as it is shown. `unit` is the department's record, for vacancies that carry no name of it.
pub(in crate::zhiren) fn show_vacancy(id: Id, vacancy: Vacancy, unit: Option<&OrgUnit>) -> wire::Vacancy {
    wire::Vacancy {
        uuid: Some(id.to_string()),
        head_count: vacancy.head_count.map(|count| count.to_string()),
        status: vacancy.status.and_then(|status| VACANCY_STATUSES.write(&status)),
        department_uuid: vacancy.org_unit.map(|id| id.to_string()),
        department_name: vacancy.org_unit_name.or_else(|| unit.map(|unit| unit.name.clone())),
        job_title_uuid: vacancy.job_id,
        job_title_name: vacancy.job_title,
    }
}
