//! Rewards, what was taken, and points. The pages show the catalogue and name the redemption (§2); the rest is ours (§5.12).

use serde::{Deserialize, Serialize};
use serde_json::Number;
use tongshi_dialect::{operation, texts};

use super::{Listed, Shape, Workhuman};
use crate::workhuman::auth::Bearer;

/// Something that points buy.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Reward {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) points_required: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) stock: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) available: Option<bool>,
}

/// The catalogue's own wrapping.
#[derive(Serialize, Deserialize)]
pub(crate) struct Catalogue {
    pub(crate) items: Vec<Reward>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
}

texts! {
    /// The catalogue, or a part of it.
    RewardCatalog { category, country, limit, offset }
}

operation! {
    impl Operation for RewardCatalog in Workhuman {
        "reward.catalog", Get "/api/v1/rewards/catalog", Sample "§2";
        Bearer => Catalogue, Shape::Query
    }
}

/// Takes a reward for points. A person's own token says whose points; a client's own needs `employee_id`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RewardRedeem {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) item_id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) employee_id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::number", skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idempotency_key: Option<String>,
}

/// A reward that was taken.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Redemption {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) employee_id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) item_id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<u64>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) points: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_at: Option<String>,
}

operation! {
    impl Operation for RewardRedeem in Workhuman {
        "reward.redeem", Post "/api/v1/rewards/redeem", Sample "§2: named there; request and answer are ours";
        Bearer => Redemption, Shape::Created
    }
}

texts! {
    /// Rewards that were taken.
    RedemptionList { limit, offset, employee_id, status }
}

operation! {
    impl Operation for RedemptionList in Workhuman {
        "redemption.list", Get "/api/v1/rewards/redemptions", Uncertain "ours";
        Bearer => Listed<Redemption>, Shape::Query
    }
}

texts! {
    /// One of them.
    RedemptionGet { id }
}

operation! {
    impl Operation for RedemptionGet in Workhuman {
        "redemption.get", Get "/api/v1/rewards/redemptions/{id}", Uncertain "ours";
        Bearer => Redemption, Shape::Query
    }
}

/// Hands a reward over (`deliver`), or calls it off (`cancel`), which gives the points back.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RedemptionDecide {
    pub(crate) id: String,
    pub(crate) decision: String,
}

operation! {
    impl Operation for RedemptionDecide in Workhuman {
        "redemption.decide", Post "/api/v1/rewards/redemptions/{id}/{decision}", Uncertain "ours";
        Bearer => Redemption, Shape::Json
    }
}

/// A movement of somebody's points.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PointsEntry {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) employee_id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    pub(crate) amount: i64,
    pub(crate) balance_after: i64,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) source_id: Option<String>,
    /// `recognition` or `redemption`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
}

texts! {
    /// Movements of points.
    PointsList { limit, offset, employee_id }
}

operation! {
    impl Operation for PointsList in Workhuman {
        "points.list", Get "/api/v1/points/entries", Uncertain "ours";
        Bearer => Listed<PointsEntry>, Shape::Query
    }
}

texts! {
    /// How many points somebody has.
    PointsBalance { id }
}

/// How many.
#[derive(Serialize, Deserialize)]
pub(crate) struct Balance {
    #[serde(default)]
    pub(crate) employee_id: Option<String>,
    pub(crate) points: i64,
}

operation! {
    impl Operation for PointsBalance in Workhuman {
        "points.balance", Get "/api/v1/users/{id}/points", Uncertain "ours";
        Bearer => Balance, Shape::Query
    }
}
