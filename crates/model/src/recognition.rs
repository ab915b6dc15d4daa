//! Recognition given by colleagues, the points that come with it, and what the points buy.

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Id, Instant, Keys, Kind, LocalDate, Personal,
    code::code,
    entity::{id_key, keys},
};

/// A recognition: somebody thanks somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recognition {
    /// Who gives it; none when a program does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub giver: Option<Id>,
    /// Who gives it, by the name that the vendor shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub giver_name: Option<Personal<String>>,
    /// Who receives it.
    pub receiver: Id,
    /// The level of the award: a word of the workspace's configuration.
    pub level: String,
    /// The company's value that it honours: a word of the workspace's configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is said.
    pub message: Personal<String>,
    /// Points for the receiver.
    #[serde(default)]
    pub points: u32,
    /// Who may see it.
    pub visibility: Coded<Visibility>,
    /// How far it is.
    pub status: Coded<RecognitionStatus>,
    /// When it was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominated_at: Option<Instant>,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Instant>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Id>,
    /// When it reached the receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Instant>,
    /// Why it was declined or taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Personal<String>>,
    /// The approval that decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Id>,
}

impl Entity for Recognition {
    const KIND: Kind = Kind::Recognition;

    fn keys(&self) -> Keys {
        keys([
            id_key(Some(self.receiver)),
            id_key(self.giver),
            Some(self.status.value.name().to_owned()),
            Some(self.level.clone()),
        ])
    }

    fn date(&self) -> Option<LocalDate> {
        self.nominated_at.map(Instant::date)
    }
}

code! {
    /// Who may see a recognition.
    Visibility {
        /// Every colleague.
        Public = "public",
        /// The team.
        Team = "team",
        /// Giver and receiver.
        Private = "private",
    }
}

code! {
    /// How far a recognition is.
    RecognitionStatus {
        /// Somebody is to decide.
        PendingApproval = "pending_approval",
        /// Decided: yes.
        Approved = "approved",
        /// The receiver has it, and the points.
        Delivered = "delivered",
        /// Decided: no.
        Declined = "declined",
        /// Taken back afterwards.
        Revoked = "revoked",
    }
}

/// Something that points buy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RewardItem {
    /// What it is called.
    pub name: String,
    /// The category: a word of the catalogue.
    pub category: String,
    /// The country where it can be had (ISO 3166-1 alpha-2).
    pub country: String,
    /// Its price in points.
    pub points: u32,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How many are left; none for as many as one likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
    /// Whether it can be had now.
    pub available: bool,
}

impl Entity for RewardItem {
    const KIND: Kind = Kind::RewardItem;

    fn keys(&self) -> Keys {
        keys([Some(self.category.clone()), Some(self.country.clone()), Some(self.name.clone())])
    }
}

/// A reward taken for points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redemption {
    /// Who takes it.
    pub employee: Id,
    /// What.
    pub item: Id,
    /// How many.
    pub quantity: u32,
    /// Points in all.
    pub points: u32,
    /// How far it is.
    pub status: Coded<RedemptionStatus>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Instant>,
    /// When it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Instant>,
}

impl Entity for Redemption {
    const KIND: Kind = Kind::Redemption;

    fn keys(&self) -> Keys {
        keys([
            id_key(Some(self.employee)),
            id_key(Some(self.item)),
            Some(self.status.value.name().to_owned()),
        ])
    }

    fn date(&self) -> Option<LocalDate> {
        self.requested_at.map(Instant::date)
    }
}

code! {
    /// How far a redemption is.
    RedemptionStatus {
        /// Asked for; the points are taken.
        Requested = "requested",
        /// On its way.
        Processing = "processing",
        /// Handed over.
        Delivered = "delivered",
        /// Called off; the points are back.
        Cancelled = "cancelled",
        /// Could not be had; the points are back.
        Failed = "failed",
    }
}

/// A movement of points. A ledger: entries are never changed, a mistake is met by a further entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointsEntry {
    /// Whose points.
    pub employee: Id,
    /// Why they move.
    #[serde(rename = "type")]
    pub kind: Coded<PointsKind>,
    /// How many: positive when they come, negative when they go.
    pub amount: i64,
    /// How many there are afterwards.
    pub balance_after: i64,
    /// The recognition or redemption behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Id>,
    /// When.
    pub at: Instant,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Entity for PointsEntry {
    const KIND: Kind = Kind::PointsEntry;

    fn keys(&self) -> Keys {
        keys([id_key(Some(self.employee)), Some(self.kind.value.name().to_owned()), id_key(self.source)])
    }

    fn date(&self) -> Option<LocalDate> {
        Some(self.at.date())
    }
}

code! {
    /// Why points move.
    PointsKind {
        /// A recognition was delivered.
        Earn = "earn",
        /// A reward was taken.
        Redeem = "redeem",
        /// They were too old.
        Expire = "expire",
        /// Somebody gave them away.
        Transfer = "transfer",
        /// Somebody in charge corrected the balance.
        Adjust = "adjust",
        /// An earlier movement was taken back.
        Reverse = "reverse",
    }
}
