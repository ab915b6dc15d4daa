//! `GET /v1/audit`

use axum::{Json, extract::State};
use tongshi_hub::{AuditPage, AuditQuery, Hub};
use tongshi_model::Timestamp;

use crate::{
    authentication::Admin,
    parameters::{Limit, Query, parameters},
    problem::Problem,
    v1::schemas,
};

parameters! {
    /// Which entries.
    ListAudit {
        /// Only those after this number: the `next` of the answer before, 0 for the beginning.
        after: Option<i64>,
        /// Only those of this actor, such as `app:payroll`.
        actor: Option<String>,
        /// Only this action, such as `record.read`; with `*` at its end all that begin so.
        action: Option<String>,
        /// Only those about this: a kind, an app, a record.
        target: Option<String>,
        /// Only those that ended so: `done`, `refused`, `failed`.
        outcome: Option<String>,
        /// Only those from this instant on.
        since: Option<Timestamp>,
        /// Only those up to this instant.
        until: Option<Timestamp>,
        /// How many at most.
        limit: Limit,
    }
}

/// Who did what, oldest first.
///
/// Each entry's hash covers the one before it. `next` is there on the last page, too. For apps that administrate.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "list_audit", tag = "operation",
    params(ListAudit),
    responses((status = 200, description = "A page of the audit trail.", body = schemas::AuditPage))
)]
pub(in crate::v1) async fn list_audit(
    State(hub): State<Hub>,
    admin: Admin,
    Query(wanted): Query<ListAudit>,
) -> Result<Json<AuditPage>, Problem> {
    let query = AuditQuery {
        after: wanted.after.unwrap_or(0),
        actor: wanted.actor,
        action: wanted.action,
        target: wanted.target,
        outcome: wanted.outcome,
        since: wanted.since,
        until: wanted.until,
    };
    Ok(Json(hub.audit(admin.workspace(), &query, wanted.limit.0, false).await?))
}
