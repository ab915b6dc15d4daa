//! A workspace's accounts at vendors.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::{Connect, Connector, Credential, Descriptor, Health, MemoryTokens, Reply, Tokens};
use tongshi_model::{Error, Id, Secret, Space, Timestamp};
use tongshi_store::{Connection, Workspace, connections, routes, vendor_tokens};

use crate::{AuditEntry, Hub, RunView, audit};

/// The dialect of connections that are no vendor: what apps write through faces and `/v1`, and the sandbox. Their
/// raw payload is the canonical document itself.
pub(crate) const LOCAL: &str = "local";

/// A connection to be made, or to be made anew under its name.
pub struct NewConnection {
    /// The vendor.
    pub dialect: String,
    /// What people call it.
    pub name: String,
    /// Where the vendor answers.
    pub base_url: String,
    /// The account, by the vendor's own names.
    pub credential: BTreeMap<String, Secret>,
    /// Settings of the connection.
    pub settings: Value,
}

/// A connection as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct ConnectionView {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its vendor.
    pub dialect: String,
    /// Where the vendor answers.
    pub base_url: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Its last run.
    pub last_run: Option<RunView>,
}

/// A connection with its calling half.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) space: Space,
}

impl Hub {
    /// Makes a connection, or changes the one with this name. The account is stored encrypted.
    pub async fn connect(&self, workspace: &Workspace, new: NewConnection) -> Result<ConnectionView, Error> {
        let dialect = self.dialect(&new.dialect)?;
        if new.name.is_empty()
            || !new.name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        {
            return Err(Error::invalid(
                "name",
                "a connection's name has letters, digits, '-', '_' and '.' only",
            ));
        }
        check_credential(dialect, &new.credential)?;
        let plain: BTreeMap<&str, &str> =
            new.credential.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        let plain = zeroize::Zeroizing::new(
            serde_json::to_vec(&plain).map_err(|error| Error::internal("credentials").caused_by(error))?,
        );
        let sealed = self.vault().seal(self.randomness(), &place(workspace.id, &new.name), &plain)?;
        let mut session = self.store().write().await?;
        let connection = connections::save(
            &mut session,
            workspace,
            &new.name,
            dialect.id,
            &new.base_url,
            &new.settings,
            &sealed,
        )
        .await?;
        vendor_tokens::forget(&mut session, connection.no).await?;
        // Writes that rested because the account was refused are tried with the new one.
        routes::resume(&mut session, workspace, connection.no).await?;
        let entry = AuditEntry::done("cli", "connection.save", &new.name)
            .with(json!({"dialect": dialect.id, "base_url": new.base_url}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        Ok(view(&connection, None))
    }

    /// The workspace's connections.
    pub async fn connections(&self, workspace: &Workspace) -> Result<Vec<ConnectionView>, Error> {
        let mut session = self.store().read().await?;
        let all = connections::all(&mut session, workspace).await?;
        drop(session);
        let mut views = Vec::with_capacity(all.len());
        for connection in all.iter().filter(|connection| connection.dialect != LOCAL) {
            let last = self.runs(workspace, Some(&connection.name), 1).await?.into_iter().next();
            views.push(view(connection, last));
        }
        Ok(views)
    }

    /// Asks the vendor whether the account works.
    pub async fn check(&self, workspace: &Workspace, name: &str) -> Result<Health, Error> {
        self.open(workspace, name).await?.connector.check().await
    }

    /// Asks a vendor whether an account works before it is stored.
    pub async fn try_connection(&self, workspace: &Workspace, new: &NewConnection) -> Result<Health, Error> {
        let dialect = self.dialect(&new.dialect)?;
        check_credential(dialect, &new.credential)?;
        let id = Id::of(&["trial", &new.name]);
        let space = Space { workspace: workspace.id, connection: id };
        let credential = Credential::new(new.credential.clone());
        let tokens: Arc<dyn Tokens> = Arc::new(MemoryTokens::new(Arc::clone(self.clock())));
        let address = (new.name.as_str(), new.base_url.as_str());
        self.connector(dialect, credential, space, new.settings.clone(), address, tokens)?.check().await
    }

    /// Calls one of the vendor's operations with fields as given.
    pub async fn call(
        &self,
        workspace: &Workspace,
        name: &str,
        operation: &str,
        fields: Map<String, Value>,
    ) -> Result<Reply, Error> {
        let opened = self.open(workspace, name).await?;
        opened.connector.call(operation, fields).await.unwrap_or_else(|| {
            let dialect = &opened.connection.dialect;
            let operation = tongshi_model::masked(operation);
            Err(Error::not_found(format!("{dialect} has no operation '{operation}'")))
        })
    }

    /// A connection's vendor and account.
    pub async fn credential(
        &self,
        workspace: &Workspace,
        name: &str,
    ) -> Result<(&'static Descriptor, Credential), Error> {
        let connection = self.find_connection(workspace, name).await?;
        Ok((self.dialect(&connection.dialect)?, self.unseal(workspace, &connection)?))
    }

    pub(crate) async fn find_connection(
        &self,
        workspace: &Workspace,
        name: &str,
    ) -> Result<Connection, Error> {
        let mut session = self.store().read().await?;
        connections::find(&mut session, workspace, name).await?.ok_or_else(|| {
            Error::not_found(format!(
                "there is no connection '{}' in workspace '{}'",
                tongshi_model::masked(name),
                workspace.name
            ))
        })
    }

    pub(crate) async fn open(&self, workspace: &Workspace, name: &str) -> Result<Opened, Error> {
        let connection = self.find_connection(workspace, name).await?;
        self.open_connection(workspace, connection)
    }

    pub(crate) fn open_connection(
        &self,
        workspace: &Workspace,
        connection: Connection,
    ) -> Result<Opened, Error> {
        let dialect = self.dialect(&connection.dialect)?;
        let credential = self.unseal(workspace, &connection)?;
        let space = Space { workspace: workspace.id, connection: connection.id };
        let tokens = self.vendor_tokens(workspace, &connection);
        let address = (connection.name.as_str(), connection.base_url.as_str());
        let settings = connection.settings.clone();
        let connector = self.connector(dialect, credential, space, settings, address, tokens)?;
        Ok(Opened { connector: Arc::from(connector), connection, space })
    }

    fn connector(
        &self,
        dialect: &Descriptor,
        credential: Credential,
        space: Space,
        settings: Value,
        (name, base_url): (&str, &str),
        tokens: Arc<dyn Tokens>,
    ) -> Result<Box<dyn Connector>, Error> {
        (dialect.connect)(Connect {
            credential,
            space,
            settings,
            transport: self.0.parts.transports.open(base_url)?,
            pacer: self.0.pacers.of(space.connection, name),
            clock: Arc::clone(self.clock()),
            tokens,
        })
    }

    pub(crate) fn unseal(&self, workspace: &Workspace, connection: &Connection) -> Result<Credential, Error> {
        let plain = self.vault().open(&place(workspace.id, &connection.name), &connection.sealed)?;
        let plain = zeroize::Zeroizing::new(plain);
        let values: BTreeMap<String, String> = serde_json::from_slice(&plain)
            .map_err(|error| Error::internal("stored credentials cannot be read").caused_by(error))?;
        Ok(Credential::new(values.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
    }

    /// The connection through which the workspace's own programs write.
    pub(crate) async fn local_connection(
        &self,
        workspace: &Workspace,
        name: &str,
    ) -> Result<Connection, Error> {
        let mut session = self.store().read().await?;
        if let Some(connection) = connections::find(&mut session, workspace, name).await? {
            return Ok(connection);
        }
        drop(session);
        let mut session = self.store().write().await?;
        let connection =
            connections::save(&mut session, workspace, name, LOCAL, "", &Value::Null, &[]).await?;
        session.commit().await?;
        Ok(connection)
    }
}

/// Required fields must be there; unknown ones are mistakes in spelling.
fn check_credential(dialect: &Descriptor, credential: &BTreeMap<String, Secret>) -> Result<(), Error> {
    for field in dialect.credential.iter().filter(|field| field.required) {
        if credential.get(field.name).is_none_or(|value| value.expose().is_empty()) {
            return Err(Error::invalid(
                field.name,
                format!("{} needs {}: {}", dialect.title, field.name, field.about),
            ));
        }
    }
    for name in credential.keys() {
        if !dialect.credential.iter().any(|field| field.name == name) {
            let known: Vec<&str> = dialect.credential.iter().map(|field| field.name).collect();
            let text = format!("{} has no '{name}'; it has: {}", dialect.title, known.join(", "));
            return Err(Error::invalid(name.clone(), text));
        }
    }
    Ok(())
}

/// Where a connection's account is sealed.
pub(crate) fn place(workspace: Id, name: &str) -> String {
    format!("connection/{workspace}/{name}")
}

fn view(connection: &Connection, last_run: Option<RunView>) -> ConnectionView {
    ConnectionView {
        id: connection.id,
        name: connection.name.clone(),
        dialect: connection.dialect.clone(),
        base_url: connection.base_url.clone(),
        created_at: connection.created_at,
        disabled: connection.disabled,
        last_run,
    }
}
