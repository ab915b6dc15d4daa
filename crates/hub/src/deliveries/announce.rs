//! What happens and is no change of a record: told to every endpoint that asked for it and may see the record.

use serde_json::json;
use tongshi_dialect::Announcement;
use tongshi_model::{Error, Id};
use tongshi_store::{
    Delivery, DeliveryState, Session, Workspace, apps, changes, deliveries, endpoints, records,
};

use super::route::matches_any;
use crate::apps::scopes_of;

/// Puts an announcement in line at each endpoint that wants it, in the transaction in which it happens. The same
/// happening again is the same message.
pub(crate) async fn announce(
    session: &mut Session,
    workspace: &Workspace,
    announcement: &Announcement,
) -> Result<(), Error> {
    let Announcement { topic, record, key } = announcement;
    let kind = records::get(session, workspace, *record).await?.map(|row| row.kind);
    let seq = changes::last_seq(session, workspace).await?;
    let all = apps::all(session, workspace).await?;
    let now = session.now();
    for endpoint in endpoints::all(session, workspace, None).await? {
        let Some(app) = all.iter().find(|app| app.no == endpoint.app) else { continue };
        let scopes = scopes_of(app)?;
        let sees = kind.map_or(scopes.kinds.is_none(), |kind| scopes.sees(kind));
        let filters: Vec<String> = serde_json::from_value(endpoint.events.clone()).unwrap_or_default();
        if !sees || !matches_any(&filters, topic) || endpoint.disabled_at.is_some() {
            continue;
        }
        let id = Id::of(&["announcement", &endpoint.id.to_string(), topic, &record.to_string(), key]);
        let message = format!("msg_{id}");
        if deliveries::find(session, endpoint.no, std::slice::from_ref(&message))
            .await?
            .pop()
            .flatten()
            .is_some()
        {
            continue;
        }
        let row = Delivery {
            id: 0,
            message,
            record: Some(*record),
            kind,
            topic: (*topic).to_owned(),
            seq,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: None,
            status: None,
            error: None,
            created_at: now,
            changed_at: now,
            body: Some(json!({"seq": seq, "kind": kind, "id": record})),
        };
        deliveries::save(session, endpoint.no, vec![row]).await?;
        deliveries::arrange(session, endpoint.no, &[*record]).await?;
        deliveries::wake(session, workspace);
    }
    Ok(())
}
