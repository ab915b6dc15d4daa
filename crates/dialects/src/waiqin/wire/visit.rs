//! Family B: visits to customers, and messages to people's apps (§B3).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{lenient::Text, operation, texts};

use super::{Opened, Shape, Waiqin, asks};
use crate::waiqin::auth::Digest;

asks! {
    /// Visits: one by `id`, or those of some days.
    VisitQuery {
        id, date_start, date_end, modify_start, modify_end, visit_time_start, visit_time_end, page, rows,
        visitor_code, visit_type,
    }
}

texts! {
    /// A visit to a customer. `modifyier_id` is spelt so on the wire.
    VisitRow {
        id, status, creator_id, creator_name, creator_sourcecode, create_time, modifyier_id, modifyier_name,
        modify_time, visitor, visitor_name, visitor_sourcecode, customer, customer_name, customer_code,
        customer_sourcecode, manager_code, manager_name, visit_manager_code, visit_manager_name, visit_date,
        visit_time, leave_time, sequence, visit_status, visit_type, summary, plan_content, total_score, full_marks,
        task_type, flow_type, plan_source, approval_status,
    }
}

operation! {
    impl Operation for VisitQuery in Waiqin {
        "visit.query", Post "/api/cusVisit/v1/queryCusVisitRecord/{openid}/{timestamp}/{digest}/{msg_id}",
        Documented "§B3";
        Digest => Opened<Vec<VisitRow>>, Shape::Open; REPEATABLE = true
    }
}

/// A message to the apps of people: users, contacts of customers, or both.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct PushOne {
    #[serde(flatten)]
    pub(crate) stamp: super::Stamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) user_id: Vec<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) linkman_id: Vec<Text>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) send_time: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) content: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) url: Option<String>,
}

operation! {
    impl Operation for PushOne in Waiqin {
        "message.push", Post "/api/pushmsg/v1/pushOne/{openid}/{timestamp}/{digest}/{msg_id}",
        Documented "§B3";
        Digest => Opened<()>, Shape::Open
    }
}
