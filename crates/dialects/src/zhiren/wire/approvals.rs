//! Approvals: rows A20 and A21.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tongshi_dialect::operation;

use super::{Shape, Zhiren};
use crate::zhiren::auth::Signature;

/// An approval with its form.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Approval {
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) number_series: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) creator: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) created_at: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) status_name: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) updated_at: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) category: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) workflow_name: Option<String>,
    #[serde(deserialize_with = "sections")]
    pub(crate) form_values: Vec<Section>,
}

/// A part of the form.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Section {
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) section: Option<String>,
    pub(crate) fields: Vec<Field>,
}

/// A field of the form; the value is any JSON.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Field {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: Value,
}

/// The table calls `form_values` an object, the samples show an array (§6.31). An object is read as the fields of
/// one section without a heading, null as none.
fn sections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Section>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Sections(Vec<Section>),
        Fields(serde_json::Map<String, Value>),
        Nothing(()),
    }
    Ok(match Any::deserialize(deserializer)? {
        Any::Sections(sections) => sections,
        Any::Fields(fields) => {
            let fields = fields.into_iter().map(|(name, value)| Field { name, value }).collect();
            vec![Section { section: None, fields }]
        }
        Any::Nothing(()) => Vec::new(),
    })
}

/// The approvals that were asked for in some days.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct ApprovalList {
    pub(crate) start_date: String,
    pub(crate) end_date: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
}

operation! {
    impl Operation for ApprovalList in Zhiren {
        "approval.list", Get "/api/v2/approvals", Documented "§2 A20";
        Signature => Vec<Approval>, Shape::Plain; KEPT = true
    }
}

/// One approval by its number.
#[derive(Serialize, Deserialize)]
pub(crate) struct ApprovalGet {
    pub(crate) number_series: String,
}

operation! {
    impl Operation for ApprovalGet in Zhiren {
        "approval.get", Get "/api/v2/approvals/{number_series}", Documented "§2 A21";
        Signature => Approval, Shape::Plain; KEPT = true
    }
}
