//! People (§1, §2), and the feed by which an HR system keeps them in step (ours, §4: they arrive so, by a layout that nobody
//! publishes).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{operation, texts};

use super::{Shape, Workhuman};
use crate::workhuman::auth::Bearer;

/// A person, or the service account that a client's own token stands for (§5.6).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(rename = "displayName", skip_serializing_if = "Option::is_none")]
    pub(crate) display_name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) employee_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manager_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hire_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant_id: Option<String>,
}

/// A page of a list. `total`, `limit` and `offset` are ours: the pages show none (§5.13).
#[derive(Serialize, Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) data: Vec<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
}

/// Who am I?
#[derive(Serialize, Deserialize)]
pub(crate) struct UserMe {}

operation! {
    impl Operation for UserMe in Workhuman {
        "user.me", Get "/api/v1/users/me", Sample "§1";
        Bearer => User, Shape::Query
    }
}

texts! {
    /// Everybody.
    UserList { limit, offset, employee_number, status }
}

operation! {
    impl Operation for UserList in Workhuman {
        "user.list", Get "/api/v1/users", Sample "§2: the answer's form is ours";
        Bearer => Listed<User>, Shape::Query
    }
}

texts! {
    /// One person, by id or employee number.
    UserGet { id }
}

operation! {
    impl Operation for UserGet in Workhuman {
        "user.get", Get "/api/v1/users/{id}", Uncertain "ours";
        Bearer => User, Shape::Query
    }
}

/// People as the HR system has them, known by their numbers. The same fed twice has the effect of once.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserFeed {
    #[serde(default)]
    pub(crate) users: Vec<User>,
}

/// What became of each, in their order.
#[derive(Serialize, Deserialize)]
pub(crate) struct FeedAnswer {
    #[serde(default)]
    pub(crate) results: Vec<FeedResult>,
}

/// What became of one: `created`, `updated`, `unchanged` or `refused`.
#[derive(Serialize, Deserialize)]
pub(crate) struct FeedResult {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) result: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

operation! {
    impl Operation for UserFeed in Workhuman {
        "user.feed", Post "/api/v1/users/feed", Uncertain "ours";
        Bearer => FeedAnswer, Shape::Json; REPEATABLE = true
    }
}
