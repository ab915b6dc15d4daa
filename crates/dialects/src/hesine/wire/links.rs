//! A link that signs somebody in for a while, and the page behind it (§2.2). Where the face is reached.

use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, Screen, lenient::Text, operation};

use super::{Hesine, Shape, Told, Valued, camel_texts};
use crate::hesine::auth::AccessToken;

camel_texts! {
    /// Asks where a company's calls go: hosts change, and this one is asked first.
    Location { corp_id }
}

operation! {
    impl Operation for Location in Hesine {
        "location.get", Get "/api/openapi/v2/location", Documented "§2.1";
        NoAuth => Valued<String>, Shape::Query
    }
}

/// Asks for a link that signs somebody in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LinkMake {
    /// The person, by id; or by another platform's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
    /// What it opens: `frontPage`, `home`, `approve`, `form`, `backlogDetail` and some more.
    pub(crate) page_type: String,
    /// Its life in seconds, at most a week.
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) expire_date: Option<String>,
    /// `CODE` for one that opens once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_type: Option<String>,
    /// Whether it opens the telephone's page; here there is one for both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_applet: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_id: Option<String>,
    /// Where somebody goes who has decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approval_url: Option<String>,
    /// Which buttons there are, with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) specification_original_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pathname: Option<String>,
    /// Where a link leads that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overdue_token_redirect: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assist_id: Option<Text>,
}

operation! {
    impl Operation for LinkMake in Hesine {
        "link.make", Post "/api/openapi/v1.1/provisional/getProvisionalAuth", Documented "§2.2";
        AccessToken => Valued<Told>, Shape::Body(&[])
    }
}

/// Follows a link. What else stands in it says nothing: what it opens was said when it was made.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LinkOpen {
    pub(crate) access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ekb_corp_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page_type: Option<String>,
}

operation! {
    impl Operation for LinkOpen in Hesine {
        "link.open", Get "/applet/thirdparty.html", Uncertain "§2.2: the address is the vendor's, the page is ours";
        NoAuth => Screen, Shape::Page
    }
}

/// What somebody does on the page: looks at a document, or decides about one.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LinkAct {
    pub(crate) access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_id: Option<String>,
    /// `freeflow.agree` or `freeflow.reject`; none to look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
}

operation! {
    impl Operation for LinkAct in Hesine {
        "link.act", Post "/applet/thirdparty.html", Uncertain "§2.2: the address is the vendor's, the page is ours";
        NoAuth => Screen, Shape::Page
    }
}
