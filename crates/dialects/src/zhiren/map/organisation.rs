//! Company, sub-companies, departments.

use tongshi_model::{Company, Error, Id, Kind, LegalEntity, OrgUnit, Personal, Space};

use super::{filled, reference};
use crate::zhiren::wire;

/// A company as it is shown.
pub(in crate::zhiren) fn show_company(id: Id, company: Company) -> wire::Company {
    wire::Company {
        uuid: Some(id.to_string()),
        name: Some(company.name),
        full_name: company.full_name,
        logo: company.logo,
    }
}

/// A sub-company as it is read.
pub(in crate::zhiren) fn read_sub_company(raw: wire::SubCompany, space: Space) -> Result<LegalEntity, Error> {
    let short_name = filled(raw.short_name);
    let name = filled(raw.name).or_else(|| short_name.clone());
    Ok(LegalEntity {
        name: name.ok_or_else(|| Error::invalid("name", "name is missing"))?,
        short_name,
        parent: reference(space, Kind::Company, raw.company_uuid),
        registered_address: filled(raw.registered_address),
        legal_representative: filled(raw.boss).map(Into::into),
    })
}

/// A sub-company as it is shown.
pub(in crate::zhiren) fn show_sub_company(id: Id, entity: LegalEntity) -> wire::SubCompany {
    wire::SubCompany {
        uuid: Some(id.to_string()),
        company_uuid: entity.parent.map(|id| id.to_string()),
        name: Some(entity.name),
        short_name: entity.short_name,
        registered_address: entity.registered_address,
        boss: entity.legal_representative.map(Personal::into_inner),
    }
}

/// A department as it is read. Its old `sub_company` says nothing that its people do not say.
pub(in crate::zhiren) fn read_department(raw: wire::Department, space: Space) -> Result<OrgUnit, Error> {
    Ok(OrgUnit {
        name: filled(raw.name).ok_or_else(|| Error::invalid("name", "name is missing"))?,
        parent: reference(space, Kind::OrgUnit, raw.superior_uuid),
        head: reference(space, Kind::Employee, raw.charger_uuid),
        code: None,
        order: None,
    })
}

/// A department as it is shown.
pub(in crate::zhiren) fn show_department(
    id: Id,
    unit: OrgUnit,
    sub_company: Option<&str>,
) -> wire::Department {
    wire::Department {
        name: Some(unit.name),
        uuid: Some(id.to_string()),
        superior_uuid: unit.parent.map(|id| id.to_string()),
        charger_uuid: unit.head.map(|id| id.to_string()),
        sub_company: sub_company.map(str::to_owned),
    }
}
