//! Papers that say who somebody is: an identity card, a passport, a permit to cross a border.

use serde::{Deserialize, Serialize};

use crate::{Coded, Gender, LocalDate, Personal, code::code};

/// One paper. Countries are two capital letters by ISO 3166 where the vendor's value says which one it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityDocument {
    /// What it is.
    #[serde(rename = "type")]
    pub document_type: Coded<IdentityDocumentType>,
    /// Its number.
    pub number: Personal<String>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<LocalDate>,
    /// Whether it has no last day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlimited: bool,
    /// The day of birth that stands in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Personal<LocalDate>>,
    /// The gender that stands in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Personal<Coded<Gender>>>,
    /// The country of which the person is a citizen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<Personal<String>>,
    /// The country that issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuing_place: Option<Personal<String>>,
    /// The family name in Latin letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Personal<String>>,
    /// The given name in Latin letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Personal<String>>,
    /// How often it was changed after it was first entered: some vendors allow few changes.
    #[serde(default)]
    pub changes: u32,
}

impl IdentityDocument {
    /// A paper of which no more is known.
    pub fn new(document_type: Coded<IdentityDocumentType>, number: String) -> Self {
        Self {
            document_type,
            number: Personal::new(number),
            valid_until: None,
            unlimited: false,
            birth_date: None,
            gender: None,
            nationality: None,
            issuing_place: None,
            last_name: None,
            first_name: None,
            changes: 0,
        }
    }
}

code! {
    /// What a paper is.
    IdentityDocumentType {
        /// The identity card of the Chinese mainland.
        IdCard = "id_card",
        /// A passport.
        Passport = "passport",
        /// A soldier's card.
        MilitaryCard = "military_card",
        /// What people of Hong Kong and Macao enter the mainland with (回乡证).
        HomeReturnPermit = "home_return_permit",
        /// What people of Taiwan enter the mainland with (台胞证).
        TaiwanCompatriotPermit = "taiwan_compatriot_permit",
        /// The identity card of foreigners who live in China for good.
        ForeignerResidenceCard = "foreigner_residence_card",
        /// The card of people of Hong Kong, Macao and Taiwan who live on the mainland.
        RegionResidenceCard = "region_residence_card",
        /// What people of the mainland enter Taiwan with.
        TaiwanTravelPermit = "taiwan_travel_permit",
        /// What people of the mainland enter Hong Kong and Macao with.
        HongKongMacaoPermit = "hong_kong_macao_permit",
    }
}
