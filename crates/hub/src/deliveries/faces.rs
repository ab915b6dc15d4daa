//! Endpoints that an app registers at a vendor's face, in the vendor's manner.

use serde_json::json;
use tongshi_dialect::{EndpointDraft, FailedDelivery, RegisteredEndpoint};
use tongshi_model::{Error, Id};
use tongshi_store::{App, DeliveryState, Endpoint, Session, Workspace, apps, changes, deliveries, endpoints};

use super::{
    endpoints::{ENDPOINTS_MAX, empty},
    route::Sealed,
};
use crate::{AuditEntry, Hub, audit};

impl Hub {
    /// Registers an endpoint of a face, or gives the one of this name new contents.
    pub(crate) async fn save_face_endpoint(
        &self,
        workspace: &Workspace,
        app_no: i64,
        draft: EndpointDraft,
    ) -> Result<(), Error> {
        self.check_address(&draft.url).await?;
        let mut session = self.store().write().await?;
        let app = app(&mut session, workspace, app_no).await?;
        let endpoint = self.face_endpoint(&mut session, workspace, &app, &draft).await?;
        let all = endpoints::all(&mut session, workspace, Some(app.no)).await?;
        if all.iter().all(|known| known.id != endpoint.id) && all.len() >= ENDPOINTS_MAX {
            return Err(Error::conflict(format!("an app has at most {ENDPOINTS_MAX} webhooks")));
        }
        let saved = endpoints::save(&mut session, workspace, &endpoint).await?;
        // Whoever registers again wants to be told again.
        endpoints::switch(&mut session, workspace, saved.no, None).await?;
        let entry = AuditEntry::done(format!("app:{}", app.name), "webhook.create", saved.id.to_string())
            .with(json!({"app": app.name, "manner": draft.manner}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await
    }

    /// The app's endpoints of this manner.
    pub(crate) async fn face_endpoints(
        &self,
        workspace: &Workspace,
        app_no: i64,
        manner: &str,
    ) -> Result<Vec<RegisteredEndpoint>, Error> {
        let mut session = self.store().read().await?;
        let all = endpoints::all(&mut session, workspace, Some(app_no)).await?;
        all.into_iter()
            .filter(|endpoint| endpoint.manner == manner)
            .map(|endpoint| {
                Ok(RegisteredEndpoint {
                    settings: self.unsealed(&endpoint)?.settings,
                    enabled: endpoint.disabled_at.is_none(),
                    name: endpoint.name,
                    url: endpoint.url,
                })
            })
            .collect()
    }

    /// Removes an endpoint of a face.
    pub(crate) async fn delete_face_endpoint(
        &self,
        workspace: &Workspace,
        app_no: i64,
        manner: &str,
        name: &str,
    ) -> Result<bool, Error> {
        let mut session = self.store().write().await?;
        let app = app(&mut session, workspace, app_no).await?;
        let all = endpoints::all(&mut session, workspace, Some(app_no)).await?;
        let found = all.into_iter().find(|known| known.manner == manner && known.name == name);
        let Some(endpoint) = found else { return Ok(false) };
        endpoints::remove(&mut session, workspace, endpoint.no).await?;
        let entry = AuditEntry::done(format!("app:{}", app.name), "webhook.remove", endpoint.id.to_string());
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Sends one message of this topic to an endpoint that need not be registered.
    pub(crate) async fn try_face_endpoint(
        &self,
        workspace: &Workspace,
        app_no: i64,
        draft: &EndpointDraft,
        topic: &str,
    ) -> Result<(), Error> {
        self.check_address(&draft.url).await?;
        let mut session = self.store().read().await?;
        let app = app(&mut session, workspace, app_no).await?;
        let endpoint = self.face_endpoint(&mut session, workspace, &app, draft).await?;
        let tried = self.try_now(session, workspace, &app, endpoint, topic).await?;
        match tried.error {
            None => Ok(()),
            Some(error) => Err(Error::upstream(error)),
        }
    }

    /// Messages to the app's endpoints of this manner that have failed, newest first.
    pub(crate) async fn failed_face_deliveries(
        &self,
        workspace: &Workspace,
        app_no: i64,
        manner: &str,
        limit: u32,
    ) -> Result<Vec<FailedDelivery>, Error> {
        let mut session = self.store().read().await?;
        let mut failed = Vec::new();
        let all = endpoints::all(&mut session, workspace, Some(app_no)).await?;
        for endpoint in all.into_iter().filter(|endpoint| endpoint.manner == manner) {
            for state in [DeliveryState::Waiting, DeliveryState::Dead] {
                let rows = deliveries::list(&mut session, endpoint.no, Some(state), None, limit).await?;
                failed.extend(rows.into_iter().filter(|row| row.attempts > 0).map(|row| FailedDelivery {
                    endpoint: endpoint.name.clone(),
                    id: row.message,
                    topic: row.topic,
                    record: row.record,
                    at: row.created_at,
                    attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
                    given_up: state == DeliveryState::Dead,
                    error: row.error,
                }));
            }
        }
        failed.sort_by_key(|one| std::cmp::Reverse(one.at));
        failed.truncate(limit as usize);
        Ok(failed)
    }

    async fn face_endpoint(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        app: &App,
        draft: &EndpointDraft,
    ) -> Result<Endpoint, Error> {
        self.manner(draft.manner)?;
        let id = Id::of(&["endpoint", &app.id.to_string(), draft.manner, &draft.name]);
        let cursor = changes::last_seq(session, workspace).await?;
        let sealed = Sealed { secrets: Vec::new(), settings: draft.settings.clone() };
        Ok(Endpoint {
            name: draft.name.clone(),
            url: draft.url.clone(),
            sealed: self.sealed(id, &sealed)?,
            ..empty(id, app, draft.manner, cursor, self.clock().now())
        })
    }
}

async fn app(session: &mut Session, workspace: &Workspace, no: i64) -> Result<App, Error> {
    let all = apps::all(session, workspace).await?;
    all.into_iter().find(|app| app.no == no).ok_or_else(|| Error::not_found("there is no such app"))
}
