//! The organisation: the company, the companies that sign its contracts, the department tree.

use serde::{Deserialize, Serialize};

use crate::{
    Entity, Id, Keys, Kind, Personal,
    entity::{id_key, keys},
};

/// The organisation itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Company {
    /// Short name.
    pub name: String,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

impl Entity for Company {
    const KIND: Kind = Kind::Company;

    fn keys(&self) -> Keys {
        keys([Some(self.name.clone())])
    }
}

/// A registered company that signs contracts (分公司).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LegalEntity {
    /// Full name.
    pub name: String,
    /// Short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    /// The parent company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
    /// Where it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_address: Option<String>,
    /// Who signs for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_representative: Option<Personal<String>>,
}

impl Entity for LegalEntity {
    const KIND: Kind = Kind::LegalEntity;

    fn keys(&self) -> Keys {
        keys([Some(self.name.clone())])
    }
}

/// A node of the department tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrgUnit {
    /// Name.
    pub name: String,
    /// The unit above; none at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
    /// Who heads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Id>,
    /// The company's own code for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Place among its siblings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
}

impl Entity for OrgUnit {
    const KIND: Kind = Kind::OrgUnit;

    fn keys(&self) -> Keys {
        keys([id_key(self.parent), Some(self.name.clone()), self.code.clone()])
    }
}
