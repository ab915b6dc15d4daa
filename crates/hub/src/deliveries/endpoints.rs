//! Endpoints: an app registers, changes, tries and removes its own; the operator all of a workspace. A secret is shown
//! once, when it is made.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::Serialize;
use serde_json::{Value, json};
use tongshi_dialect::Descriptor;
use tongshi_model::{Error, Id, Secret, Timestamp};
use tongshi_store::{App, Endpoint, Session, Workspace, apps, changes, deliveries, endpoints};

use super::{
    address::Target,
    message::{SECRET_PREFIX, Told},
    route::{STANDARD, Sealed, SealedSecret, is_filter},
    send::Outcome,
};
use crate::{AuditEntry, Hub, Principal, audit, workforce::later};

/// Endpoints that one app may have.
pub(super) const ENDPOINTS_MAX: usize = 16;
/// Filters that one endpoint may have.
const FILTERS_MAX: usize = 64;
/// The longest name.
const NAME_CHARS_MAX: usize = 100;
/// How long an old secret goes on signing beside the new one.
const OVERLAP_SECONDS: i64 = 24 * 60 * 60;
/// Secrets that sign at once, however often they are rotated.
const SECRETS_MAX: usize = 3;
const SECRET_BYTES: usize = 32;
/// The setting of an app that makes its faces tell it of changes.
const SETTING: &str = "webhook_url";

/// Whose endpoints somebody may see and change.
#[derive(Clone, Debug)]
pub struct WebhookOwner {
    pub(super) workspace: Workspace,
    pub(super) app: Option<Id>,
    pub(super) actor: String,
    may_change: bool,
}

impl WebhookOwner {
    /// An app: its own.
    pub fn app(principal: &Principal) -> Self {
        Self {
            workspace: principal.workspace.clone(),
            app: Some(principal.app.id),
            actor: format!("app:{}", principal.app.name),
            may_change: principal.scopes.write,
        }
    }

    /// The operator: all of the workspace.
    pub fn operator(workspace: &Workspace, actor: impl Into<String>) -> Self {
        Self { workspace: workspace.clone(), app: None, actor: actor.into(), may_change: true }
    }

    pub(super) fn may_change(&self) -> Result<(), Error> {
        if self.may_change { Ok(()) } else { Err(Error::forbidden("this key may not write")) }
    }
}

/// An endpoint to be registered.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// What to call it; by default the address's host.
    pub name: Option<String>,
    /// Where messages go.
    pub url: String,
    /// Which events: `employee.created`, `employee.*`, `*`.
    pub events: Vec<String>,
    /// Whether documents are sent, too, or only what changed.
    pub full: bool,
}

/// What is to be different of an endpoint.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// What to call it.
    pub name: Option<String>,
    /// Where messages go.
    pub url: Option<String>,
    /// Which events.
    pub events: Option<Vec<String>>,
    /// Whether documents are sent, too.
    pub full: Option<bool>,
    /// Whether it is on.
    pub enabled: Option<bool>,
}

/// An endpoint as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookView {
    /// Its id.
    pub id: Id,
    /// The app to which it belongs.
    pub app: Id,
    /// What people call it.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// `standard`, or the dialect in whose manner it is told.
    pub manner: String,
    /// Which events.
    pub events: Value,
    /// `thin` or `full`.
    pub payload: String,
    /// Whether it is on.
    pub enabled: bool,
    /// Why it is off.
    pub disabled_reason: Option<String>,
    /// Since when nothing has arrived there.
    pub failing_since: Option<Timestamp>,
    /// Up to which change everything was sent or waits for another attempt.
    pub position: i64,
    /// Messages that wait for another attempt.
    pub waiting: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An endpoint with its new secret, shown once.
#[derive(Debug)]
pub struct NewWebhookSecret {
    /// The endpoint.
    pub webhook: WebhookView,
    /// The secret that signs.
    pub secret: Secret,
}

/// What came back of a test.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookTest {
    /// Whether it was taken.
    pub delivered: bool,
    /// The answer's status.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub error: Option<String>,
}

impl Hub {
    /// Registers an endpoint of this app. It is told of what changes from now on.
    pub async fn create_webhook(
        &self,
        owner: &WebhookOwner,
        app: Id,
        new: NewWebhook,
    ) -> Result<NewWebhookSecret, Error> {
        owner.may_change()?;
        if owner.app.is_some_and(|own| own != app) {
            return Err(Error::not_found("there is no such app"));
        }
        self.check_events(&new.events)?;
        let target = self.check_address(&new.url).await?;
        let name = checked_name(new.name.unwrap_or(target.authority))?;
        let secret = self.webhook_secret();
        let sealed = Sealed {
            secrets: vec![SealedSecret { secret: secret.expose().to_owned(), until: None }],
            settings: Value::Null,
        };
        let id = self.new_id();
        let mut session = self.store().write().await?;
        let all = apps::all(&mut session, &owner.workspace).await?.into_iter();
        let app = all.into_iter().find(|known| known.id == app && !known.disabled);
        let app = app.ok_or_else(|| Error::not_found("there is no such app"))?;
        if endpoints::all(&mut session, &owner.workspace, Some(app.no)).await?.len() >= ENDPOINTS_MAX {
            return Err(Error::conflict(format!("an app has at most {ENDPOINTS_MAX} webhooks")));
        }
        let cursor = changes::last_seq(&mut session, &owner.workspace).await?;
        let endpoint = Endpoint {
            name,
            url: new.url,
            events: json!(new.events),
            payload: payload(new.full).to_owned(),
            sealed: self.sealed(id, &sealed)?,
            ..empty(id, &app, STANDARD, cursor, self.clock().now())
        };
        let endpoint = endpoints::save(&mut session, &owner.workspace, &endpoint).await?;
        let entry = AuditEntry::done(&owner.actor, "webhook.create", id.to_string())
            .with(json!({"app": app.name, "events": new.events, "payload": endpoint.payload}));
        audit::note(&mut session, &owner.workspace, entry).await?;
        session.commit().await?;
        Ok(NewWebhookSecret { webhook: view(endpoint, app.id, 0), secret })
    }

    /// The owner's endpoints, oldest first.
    pub async fn webhooks(&self, owner: &WebhookOwner) -> Result<Vec<WebhookView>, Error> {
        let mut session = self.store().read().await?;
        let all = apps::all(&mut session, &owner.workspace).await?;
        let mut views = Vec::new();
        for endpoint in endpoints::all(&mut session, &owner.workspace, None).await? {
            let app = all.iter().find(|app| app.no == endpoint.app);
            if let Some(app) = app.filter(|app| owner.app.is_none_or(|own| own == app.id)) {
                let waiting = deliveries::waiting(&mut session, endpoint.no).await?;
                views.push(view(endpoint, app.id, waiting));
            }
        }
        Ok(views)
    }

    /// One endpoint.
    pub async fn webhook(&self, owner: &WebhookOwner, id: Id) -> Result<WebhookView, Error> {
        let mut session = self.store().read().await?;
        let (endpoint, app) = self.owned(&mut session, owner, id).await?;
        let waiting = deliveries::waiting(&mut session, endpoint.no).await?;
        Ok(view(endpoint, app.id, waiting))
    }

    /// Changes an endpoint. Switched on again it goes on where it was.
    pub async fn change_webhook(
        &self,
        owner: &WebhookOwner,
        id: Id,
        change: WebhookChange,
    ) -> Result<WebhookView, Error> {
        owner.may_change()?;
        if let Some(events) = &change.events {
            self.check_events(events)?;
        }
        if let Some(url) = &change.url {
            self.check_address(url).await?;
        }
        let name = change.name.map(checked_name).transpose()?;
        let mut session = self.store().write().await?;
        let (mut endpoint, app) = self.owned(&mut session, owner, id).await?;
        let detail = json!({
            "name": name.is_some(), "url": change.url.is_some(), "events": change.events,
            "payload": change.full.map(payload), "enabled": change.enabled,
        });
        endpoint.name = name.unwrap_or(endpoint.name);
        endpoint.url = change.url.unwrap_or(endpoint.url);
        endpoint.events = change.events.map_or(endpoint.events, |events| json!(events));
        endpoint.payload = change.full.map_or(endpoint.payload, |full| payload(full).to_owned());
        let mut endpoint = endpoints::save(&mut session, &owner.workspace, &endpoint).await?;
        if let Some(enabled) = change.enabled {
            let reason = (!enabled).then_some("it was switched off");
            endpoints::switch(&mut session, &owner.workspace, endpoint.no, reason).await?;
            let switched = endpoints::by_no(&mut session, endpoint.no).await?;
            endpoint = switched.ok_or_else(|| Error::internal("an endpoint is gone"))?;
        }
        let waiting = deliveries::waiting(&mut session, endpoint.no).await?;
        let entry = AuditEntry::done(&owner.actor, "webhook.change", id.to_string()).with(detail);
        audit::note(&mut session, &owner.workspace, entry).await?;
        session.commit().await?;
        Ok(view(endpoint, app.id, waiting))
    }

    /// Removes an endpoint with all that waits for it.
    pub async fn remove_webhook(&self, owner: &WebhookOwner, id: Id) -> Result<(), Error> {
        owner.may_change()?;
        let mut session = self.store().write().await?;
        let (endpoint, _) = self.owned(&mut session, owner, id).await?;
        endpoints::remove(&mut session, &owner.workspace, endpoint.no).await?;
        let entry = AuditEntry::done(&owner.actor, "webhook.remove", id.to_string());
        audit::note(&mut session, &owner.workspace, entry).await?;
        session.commit().await
    }

    /// Gives an endpoint a new secret; the old one signs beside it for a day.
    pub async fn rotate_webhook(&self, owner: &WebhookOwner, id: Id) -> Result<NewWebhookSecret, Error> {
        owner.may_change()?;
        let secret = self.webhook_secret();
        let mut session = self.store().write().await?;
        let (mut endpoint, app) = self.owned(&mut session, owner, id).await?;
        if endpoint.manner != STANDARD {
            return Err(Error::conflict(
                "this endpoint is signed with the app's key; give the app fresh keys",
            ));
        }
        let mut sealed = self.unsealed(&endpoint)?;
        let now = self.clock().now();
        let end = later(now, OVERLAP_SECONDS);
        for known in &mut sealed.secrets {
            known.until = Some(known.until.unwrap_or(end));
        }
        sealed.secrets.retain(|known| known.until.is_some_and(|until| until > now));
        sealed.secrets.insert(0, SealedSecret { secret: secret.expose().to_owned(), until: None });
        sealed.secrets.truncate(SECRETS_MAX);
        endpoint.sealed = self.sealed(id, &sealed)?;
        let endpoint = endpoints::save(&mut session, &owner.workspace, &endpoint).await?;
        let entry = AuditEntry::done(&owner.actor, "webhook.rotate", id.to_string());
        audit::note(&mut session, &owner.workspace, entry).await?;
        let waiting = deliveries::waiting(&mut session, endpoint.no).await?;
        session.commit().await?;
        Ok(NewWebhookSecret { webhook: view(endpoint, app.id, waiting), secret })
    }

    /// Sends a message that says nothing to an endpoint, now, and tells what came back.
    pub async fn test_webhook(&self, owner: &WebhookOwner, id: Id) -> Result<WebhookTest, Error> {
        owner.may_change()?;
        let mut session = self.store().read().await?;
        let (endpoint, app) = self.owned(&mut session, owner, id).await?;
        self.try_now(session, &owner.workspace, &app, endpoint, "webhook.test").await
    }

    /// Sends one message of this topic to an endpoint that need not be stored.
    pub(crate) async fn try_now(
        &self,
        mut session: Session,
        workspace: &Workspace,
        app: &App,
        endpoint: Endpoint,
        topic: &str,
    ) -> Result<WebhookTest, Error> {
        let route = self.route(&mut session, workspace, app, endpoint).await?;
        // Nobody waits for a receiver with a session in hand.
        drop(session);
        let id = format!("msg_{}", self.new_id());
        let told = Told::test(id, topic, self.clock().now(), &route)?;
        Ok(match self.attempt(&route, &told).await {
            Outcome::Taken(status) => WebhookTest { delivered: true, status: Some(status), error: None },
            Outcome::Gone => {
                WebhookTest { delivered: false, status: Some(410), error: Some("it answered 410".to_owned()) }
            }
            Outcome::Nothing => WebhookTest {
                delivered: false,
                status: None,
                error: Some("in this manner there is nothing to try".to_owned()),
            },
            Outcome::Failed { status, error, .. } => {
                WebhookTest { delivered: false, status, error: Some(error) }
            }
        })
    }

    /// The endpoint and its app, if they are the owner's.
    pub(super) async fn owned(
        &self,
        session: &mut Session,
        owner: &WebhookOwner,
        id: Id,
    ) -> Result<(Endpoint, App), Error> {
        let unknown = || Error::not_found("there is no such webhook");
        let endpoint = endpoints::find(session, &owner.workspace, id).await?.ok_or_else(unknown)?;
        let all = apps::all(session, &owner.workspace).await?;
        let app = all.into_iter().find(|app| app.no == endpoint.app);
        let app = app.filter(|app| owner.app.is_none_or(|own| own == app.id)).ok_or_else(unknown)?;
        Ok((endpoint, app))
    }

    /// Switches an endpoint off that cannot be sent to.
    pub(super) async fn switch_off(&self, workspace: &Workspace, no: i64, reason: &str) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        endpoints::switch(&mut session, workspace, no, Some(reason)).await?;
        let entry =
            AuditEntry::done("hub", "webhook.disable", no.to_string()).with(json!({"reason": reason}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await
    }

    /// Refuses an address to which no message may go, as text and, where its name is known, as what it stands for.
    pub(super) async fn check_address(&self, url: &str) -> Result<Target, Error> {
        let settings = self.settings();
        let target = Target::parse(url, &settings.webhook_private_ranges, settings.webhook_plain_http)?;
        self.0.parts.transports.check_outbound(&target.origin).await?;
        Ok(target)
    }

    fn check_events(&self, events: &[String]) -> Result<(), Error> {
        if events.is_empty() || events.len() > FILTERS_MAX {
            return Err(Error::invalid("events", format!("there are between 1 and {FILTERS_MAX} events")));
        }
        let topics: Vec<&str> = self
            .dialects()
            .iter()
            .filter_map(|dialect| dialect.events)
            .flat_map(tongshi_dialect::Events::topics)
            .copied()
            .collect();
        if events.iter().all(|filter| is_filter(filter, &topics)) {
            return Ok(());
        }
        let mut text =
            "an event is a kind and what happens to it (created, updated, deleted, restored or *), such as \
                        employee.created or employee.*, or * for all"
                .to_owned();
        if !topics.is_empty() {
            text.push_str(&format!("; beside those there are: {}", topics.join(", ")));
        }
        Err(Error::invalid("events", text))
    }

    fn webhook_secret(&self) -> Secret {
        let mut bytes = zeroize::Zeroizing::new([0; SECRET_BYTES]);
        self.randomness().fill(&mut *bytes);
        Secret::new(format!("{SECRET_PREFIX}{}", BASE64.encode(*bytes)))
    }
}

/// Keeps the endpoints that follow an app's setting `webhook_url`: one for each face of the app that tells of changes.
pub(crate) async fn follow_setting(
    hub: &Hub,
    session: &mut Session,
    workspace: &Workspace,
    app: &App,
    faces: &[&'static Descriptor],
) -> Result<(), Error> {
    let url = app.settings.get(SETTING).and_then(Value::as_str);
    for dialect in hub.dialects().iter().filter(|dialect| dialect.events.is_some()) {
        let id = setting_id(app, dialect.id);
        let known = endpoints::find(session, workspace, id).await?;
        let wanted = url.filter(|_| faces.iter().any(|face| face.id == dialect.id));
        match (wanted, known) {
            (Some(url), known) => {
                let settings = hub.settings();
                Target::parse(url, &settings.webhook_private_ranges, settings.webhook_plain_http)
                    .map_err(|error| Error::invalid(SETTING, error.public().to_owned()))?;
                let cursor = changes::last_seq(session, workspace).await?;
                let empty = empty(id, app, dialect.id, cursor, hub.clock().now());
                let endpoint = Endpoint {
                    name: format!("{} ({SETTING})", dialect.id),
                    url: url.to_owned(),
                    sealed: hub.sealed(id, &Sealed::default())?,
                    ..known.unwrap_or(empty)
                };
                endpoints::save(session, workspace, &endpoint).await?;
            }
            (None, Some(known)) => endpoints::remove(session, workspace, known.no).await?,
            (None, None) => {}
        }
    }
    Ok(())
}

/// The id of the endpoint that follows the app's setting.
fn setting_id(app: &App, manner: &str) -> Id {
    Id::of(&["endpoint", &app.id.to_string(), manner, SETTING])
}

/// An endpoint that has nothing of its own yet.
pub(super) fn empty(id: Id, app: &App, manner: &str, cursor: i64, now: Timestamp) -> Endpoint {
    Endpoint {
        no: 0,
        id,
        workspace: app.workspace,
        app: app.no,
        name: String::new(),
        url: String::new(),
        manner: manner.to_owned(),
        events: json!(["*"]),
        payload: payload(true).to_owned(),
        sealed: Vec::new(),
        cursor,
        created_at: now,
        disabled_at: None,
        disabled_reason: None,
        failing_since: None,
        rest_until: None,
        holder: None,
        lease_until: None,
    }
}

fn payload(full: bool) -> &'static str {
    if full { "full" } else { "thin" }
}

fn checked_name(name: String) -> Result<String, Error> {
    let count = name.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&count) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    Err(Error::invalid(
        "name",
        format!("a name has 1 to {NAME_CHARS_MAX} characters, none of them a control character"),
    ))
}

fn view(endpoint: Endpoint, app: Id, waiting: u64) -> WebhookView {
    WebhookView {
        id: endpoint.id,
        app,
        name: endpoint.name,
        url: endpoint.url,
        manner: endpoint.manner,
        events: endpoint.events,
        payload: endpoint.payload,
        enabled: endpoint.disabled_at.is_none(),
        disabled_reason: endpoint.disabled_reason,
        failing_since: endpoint.failing_since,
        position: endpoint.cursor,
        waiting,
        created_at: endpoint.created_at,
    }
}
