//! A workspace's accounts at vendors.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::{
    Connect, Connector, Credential, Descriptor, Health, MemoryTokens, NothingStored, Reply, Stored,
};
use tongshi_model::{Error, Id, Kind, Secret, Space, Timestamp};
use tongshi_store::{Connection, Store, Workspace, connections, routes, sources, vendor_tokens};

use crate::{
    AuditEntry, Hub, RunView, audit,
    pacer::{ConnectionPacer, Paced},
    passthrough::may_punch,
    quota::{Ledger, Limits, Purse},
};

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
    pub(crate) pacer: Arc<ConnectionPacer>,
    /// Set where a counted call was not made because its purse is empty.
    pub(crate) refused: Arc<AtomicBool>,
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
        if let Some(metering) = &dialect.metering {
            Limits::of(metering, &new.settings)?;
        }
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
        let none: Option<(Limits, fn() -> Ledger)> = None;
        let pacer = self.0.pacers.of(id, &new.name, dialect, &new.settings, none);
        let connect = Connect {
            credential: Credential::new(new.credential.clone()),
            space: Space { workspace: workspace.id, connection: id },
            settings: new.settings.clone(),
            transport: self.0.parts.transports.open(&new.base_url)?,
            second_transport: None,
            pacer: Arc::new(Paced::new(pacer, Purse::Own, Arc::default())),
            clock: Arc::clone(self.clock()),
            tokens: Arc::new(MemoryTokens::new(Arc::clone(self.clock()))),
            stored: Arc::new(NothingStored),
        };
        self.connector(dialect, &new.base_url, connect)?.check().await
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
        let vendor = self.dialect(&opened.connection.dialect)?;
        if let Some(info) = vendor.operations.iter().find(|info| info.name == operation) {
            may_punch(vendor, &opened.connection, info)?;
        }
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
        self.open_for(workspace, name, Purse::Own).await
    }

    /// A connection whose counted calls are paid out of this purse.
    pub(crate) async fn open_for(
        &self,
        workspace: &Workspace,
        name: &str,
        purse: Purse,
    ) -> Result<Opened, Error> {
        let connection = self.find_connection(workspace, name).await?;
        self.open_connection_for(workspace, connection, purse)
    }

    pub(crate) fn open_connection(
        &self,
        workspace: &Workspace,
        connection: Connection,
    ) -> Result<Opened, Error> {
        self.open_connection_for(workspace, connection, Purse::Own)
    }

    pub(crate) fn open_connection_for(
        &self,
        workspace: &Workspace,
        connection: Connection,
        purse: Purse,
    ) -> Result<Opened, Error> {
        let dialect = self.dialect(&connection.dialect)?;
        let space = Space { workspace: workspace.id, connection: connection.id };
        let limits = dialect.metering.as_ref().map(|metering| Limits::of(metering, &connection.settings));
        let ledger = limits.transpose()?.map(|limits| {
            let (store, clock) = (self.store().clone(), Arc::clone(self.clock()));
            let (workspace, id, own) = (workspace.clone(), connection.id, limits.clone());
            (limits, move || Ledger::new(store, clock, workspace, id, own, dialect.operations))
        });
        let pacers = &self.0.pacers;
        let pacer = pacers.of(connection.id, &connection.name, dialect, &connection.settings, ledger);
        let refused = Arc::new(AtomicBool::new(false));
        let stored = Arc::new(StoredSources {
            store: self.store().clone(),
            workspace: workspace.clone(),
            connection: connection.no,
        });
        let connector = self.connector(
            dialect,
            &connection.base_url,
            Connect {
                credential: self.unseal(workspace, &connection)?,
                space,
                settings: connection.settings.clone(),
                transport: self.0.parts.transports.open(&connection.base_url)?,
                second_transport: None,
                pacer: Arc::new(Paced::new(Arc::clone(&pacer), purse, Arc::clone(&refused))),
                clock: Arc::clone(self.clock()),
                tokens: self.vendor_tokens(workspace, &connection),
                stored,
            },
        )?;
        Ok(Opened { connector: Arc::from(connector), connection, space, pacer, refused })
    }

    fn connector(
        &self,
        dialect: &Descriptor,
        base_url: &str,
        mut connect: Connect,
    ) -> Result<Box<dyn Connector>, Error> {
        let second = dialect.second_base_url.and_then(|of| of(base_url, &connect.settings));
        connect.second_transport = second.map(|url| self.0.parts.transports.open(&url)).transpose()?;
        (dialect.connect)(connect)
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

/// What was read through a connection before.
struct StoredSources {
    store: Store,
    workspace: Workspace,
    connection: i64,
}

#[async_trait]
impl Stored for StoredSources {
    async fn raw(&self, kind: Kind, remote_ids: &[String]) -> Result<Vec<Option<String>>, Error> {
        let mut session = self.store.read().await?;
        let names: Vec<&str> = remote_ids.iter().map(String::as_str).collect();
        let heads = sources::heads(&mut session, self.connection, kind, &names).await?;
        let ids: Vec<Option<i64>> =
            heads.into_iter().map(|head| head.filter(|head| !head.gone).map(|head| head.id)).collect();
        let known: Vec<i64> = ids.iter().flatten().copied().collect();
        let mut rows = sources::raw_of(&mut session, &self.workspace, &known).await?.into_iter();
        Ok(ids.iter().map(|id| id.and_then(|_| rows.next().flatten()).map(|row| row.raw)).collect())
    }
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
