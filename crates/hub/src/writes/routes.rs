//! Which connections are told of what, and connections whose writes rest.

use serde::Serialize;
use serde_json::{Value, json};
use tongshi_dialect::{Descriptor, Target};
use tongshi_model::{Action, Error, Timestamp};
use tongshi_store::{Connection, Workspace, connections, routes};

use super::{connection_names, number_of};
use crate::{AuditEntry, Hub, audit};

/// A route to be made.
#[derive(Clone, Debug)]
pub struct NewRoute {
    /// What is told.
    pub target: Target,
    /// Which action; none for all that the vendor can.
    pub action: Option<Action>,
    /// To which connection.
    pub connection: String,
    /// Whether a second person must agree to each write.
    pub second_person: bool,
}

/// A route as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteView {
    /// What is told.
    pub target: Target,
    /// Which action, or `*`.
    pub action: String,
    /// To which connection.
    pub connection: String,
    /// Whether a second person must agree to each write.
    pub second_person: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A connection whose writes rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PauseView {
    /// The connection.
    pub connection: String,
    /// Until when.
    pub until: Timestamp,
    /// Whether a person must do something.
    pub attention: bool,
    /// Why.
    pub reason: String,
}

impl Hub {
    /// Makes a route, or changes the one that is there. Refused where the vendor cannot do it, or the connection is
    /// set not to.
    pub async fn add_route(
        &self,
        workspace: &Workspace,
        new: NewRoute,
        actor: &str,
    ) -> Result<RouteView, Error> {
        let connection = self.find_connection(workspace, &new.connection).await?;
        let dialect = self.dialect(&connection.dialect)?;
        let can = match new.action {
            Some(action) => dialect.pushes(new.target, action),
            None => Action::ALL.iter().any(|action| dialect.pushes(new.target, *action)),
        };
        if !can {
            let writable = dialect.writable();
            let can = if writable.is_empty() { "nothing".to_owned() } else { writable.join(", ") };
            let what = new.action.map_or_else(|| "*".to_owned(), |action| action.to_string());
            let text = format!("{} cannot take {}:{what}; it takes {can}", dialect.title, new.target);
            return Err(Error::invalid("target", text));
        }
        if let Some(why) = switched_off(dialect, &connection, new.target) {
            return Err(Error::forbidden(why));
        }
        let mut session = self.store().write().await?;
        let route = routes::Route {
            kind: kind_of(new.target),
            action: new.action.map_or("*", Action::name).to_owned(),
            connection: connection.no,
            second_person: new.second_person,
            created_at: session.now(),
        };
        routes::save(&mut session, workspace, &route).await?;
        let entry = AuditEntry::done(actor, "route.add", &new.connection).with(json!({
            "target": new.target, "action": route.action, "second_person": new.second_person,
        }));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        Ok(RouteView {
            target: new.target,
            action: route.action,
            connection: connection.name,
            second_person: new.second_person,
            created_at: route.created_at,
        })
    }

    /// The workspace's routes.
    pub async fn routes(&self, workspace: &Workspace) -> Result<Vec<RouteView>, Error> {
        let mut session = self.store().read().await?;
        let names = connection_names(&mut session, workspace).await?;
        let all = routes::all(&mut session, workspace).await?;
        let shown = |route: routes::Route| RouteView {
            target: route.kind.map_or(Target::Punch, Target::Record),
            action: route.action,
            connection: names.get(&route.connection).cloned().unwrap_or_default(),
            second_person: route.second_person,
            created_at: route.created_at,
        };
        Ok(all.into_iter().map(shown).collect())
    }

    /// Removes a route. Writes that are queued already stay.
    pub async fn remove_route(
        &self,
        workspace: &Workspace,
        target: Target,
        action: Option<Action>,
        connection: &str,
        actor: &str,
    ) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        let names = connection_names(&mut session, workspace).await?;
        let number = number_of(&names, connection)?;
        let action = action.map_or("*", Action::name);
        if !routes::remove(&mut session, workspace, kind_of(target), action, number).await? {
            return Err(Error::not_found("there is no such route"));
        }
        let entry = AuditEntry::done(actor, "route.remove", connection)
            .with(json!({"target": target, "action": action}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await
    }

    /// Connections whose writes rest now.
    pub async fn write_pauses(&self, workspace: &Workspace) -> Result<Vec<PauseView>, Error> {
        let mut session = self.store().read().await?;
        let names = connection_names(&mut session, workspace).await?;
        let now = self.clock().now();
        let all = routes::pauses(&mut session, workspace).await?;
        let shown = |pause: routes::Pause| PauseView {
            connection: names.get(&pause.connection).cloned().unwrap_or_default(),
            until: pause.until,
            attention: pause.attention,
            reason: pause.reason,
        };
        Ok(all.into_iter().filter(|pause| pause.until > now).map(shown).collect())
    }

    /// Lets a connection's writes go on at once.
    pub async fn resume_writes(
        &self,
        workspace: &Workspace,
        connection: &str,
        actor: &str,
    ) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        let found = connections::find(&mut session, workspace, connection).await?;
        let found = found.ok_or_else(|| Error::not_found("there is no such connection"))?;
        routes::resume(&mut session, workspace, found.no).await?;
        audit::note(&mut session, workspace, AuditEntry::done(actor, "write.resume", connection)).await?;
        session.commit().await
    }
}

/// Why a connection takes no writes of this sort, where its settings or its vendor's habits say so.
pub(crate) fn switched_off(dialect: &Descriptor, connection: &Connection, target: Target) -> Option<String> {
    let set = connection.settings.get("writes").and_then(|writes| writes.get(target.name()));
    let on = set.and_then(Value::as_bool).unwrap_or(!dialect.writes_off.contains(&target));
    (!on).then(|| {
        format!(
            "writing {target} through the connection '{name}' is switched off; to switch it on, connect it again with \
             --setting 'writes={{\"{target}\": true}}'",
            name = connection.name
        )
    })
}

fn kind_of(target: Target) -> Option<tongshi_model::Kind> {
    match target {
        Target::Punch => None,
        Target::Record(kind) => Some(kind),
    }
}
