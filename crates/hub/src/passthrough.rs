//! Calling a vendor's own operations with an app's key: signed and paced like every other call, the answer as it came.
//!
//! What comes back cannot be filtered by label or kind, so only apps that may see everything get it.

use serde::Serialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::{Contract, Descriptor, OperationInfo, Reply, Target, allowed_operation};
use tongshi_model::{Error, ErrorKind, Id, Sensitivity};
use tongshi_store::{Connection, connections};

use crate::{AuditEntry, Hub, Principal, Scopes, audit, connections::LOCAL, writes::switched_off};

/// An operation of a vendor, as it is shown.
#[derive(Debug, Serialize)]
pub struct OperationView {
    /// Its name.
    pub name: &'static str,
    /// Its method at the vendor.
    pub method: &'static str,
    /// Its path at the vendor.
    pub path: &'static str,
    /// Where its facts come from.
    pub contract: Contract,
    /// Whether the vendor counts it by the month.
    pub metered: bool,
    /// Whether the asking app may call it through this connection.
    pub allowed: bool,
}

impl Hub {
    /// What can be called through a connection.
    pub async fn operations(
        &self,
        principal: &Principal,
        connection: Id,
    ) -> Result<Vec<OperationView>, Error> {
        let connection = self.passable(principal, connection).await?;
        let dialect = self.dialect(&connection.dialect)?;
        let operations = dialect.operations.iter();
        Ok(operations
            .map(|info| OperationView {
                name: info.name,
                method: info.method,
                path: info.path,
                contract: info.contract,
                metered: info.metered,
                allowed: principal.scopes.may_call(info).is_ok()
                    && may_punch(dialect, &connection, info).is_ok(),
            })
            .collect())
    }

    /// Calls an operation for an app, and notes that it did.
    pub async fn pass_through(
        &self,
        principal: &Principal,
        connection: Id,
        operation: &str,
        fields: Map<String, Value>,
    ) -> Result<Reply, Error> {
        let connection = self.passable(principal, connection).await?;
        let dialect = self.dialect(&connection.dialect)?;
        let info = dialect.operations.iter().find(|info| info.name == operation);
        let info = info.ok_or_else(|| Error::not_found("there is no such operation"))?;
        principal.scopes.may_call(info)?;
        if connection.disabled {
            return Err(Error::conflict("the connection is switched off"));
        }
        may_punch(dialect, &connection, info)?;
        let name = connection.name.clone();
        let connector = self.open_connection(&principal.workspace, connection)?.connector;
        let (hub, principal) = (self.clone(), principal.clone());
        // What has begun is finished and noted, also when the caller hangs up.
        let called = tokio::spawn(async move {
            let reply = connector.call(info.name, fields).await;
            let reply = reply.unwrap_or_else(|| Err(Error::not_found("there is no such operation")));
            let status = reply.as_ref().ok().map(|reply| reply.status.as_u16());
            // What never left the hub is nothing that was done.
            let sent = !reply.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::Invalid(_)));
            if sent {
                let detail = json!({ "connection": name, "status": status });
                hub.note_call(&principal, info.name, detail, reply.is_ok()).await;
            }
            reply
        });
        called.await.map_err(|error| Error::internal("a call ended early").caused_by(error))?
    }

    /// The vendor has done it, whatever becomes of the note: an app that heard of a failure would do it twice.
    async fn note_call(&self, principal: &Principal, operation: &str, detail: Value, done: bool) {
        let actor = format!("app:{}", principal.app.name);
        let mut entry = AuditEntry::done(actor, "connection.call", operation).with(detail);
        if !done {
            entry.outcome = "failed";
        }
        let noted = async {
            let mut session = self.store().write().await?;
            audit::note(&mut session, &principal.workspace, entry).await?;
            session.commit().await
        };
        if let Err(error) = noted.await {
            tracing::error!(operation, reason = %error, cause = %error.private(), "a call was not noted");
        }
    }

    /// A connection to a vendor. Somebody else's, and the hub's own that lead nowhere, are not there.
    async fn passable(&self, principal: &Principal, id: Id) -> Result<Connection, Error> {
        let mut session = self.store().read().await?;
        let all = connections::all(&mut session, &principal.workspace).await?;
        let found = all.into_iter().find(|connection| connection.id == id && connection.dialect != LOCAL);
        found.ok_or_else(|| Error::not_found("there is no such connection"))
    }
}

/// Refuses an operation that sends punches in, where the connection may not.
pub(crate) fn may_punch(
    dialect: &Descriptor,
    connection: &Connection,
    info: &OperationInfo,
) -> Result<(), Error> {
    let off = info.punches.then(|| switched_off(dialect, connection, Target::Punch)).flatten();
    off.map_or(Ok(()), |why| Err(Error::forbidden(why)))
}

impl Scopes {
    /// Whether the app may call this operation of a vendor, and why not. An answer is raw, so the app must be one that
    /// sees restricted fields; where its kinds are limited, it must be given the operation by name. What is no GET
    /// counts as writing.
    pub fn may_call(&self, operation: &OperationInfo) -> Result<(), Error> {
        let refused = |text: &str| Err(Error::forbidden(text.to_owned()));
        if self.sensitivity < Sensitivity::Restricted {
            return refused("a vendor's answer may hold restricted fields, which this key may not see");
        }
        if self.kinds.is_some() && self.operations.is_none() {
            return refused("this key may not see all kinds, and its scopes list no operations");
        }
        if self.operations.as_ref().is_some_and(|allowed| !allowed_operation(allowed, operation.name)) {
            return refused("this operation is not among those that this key may call");
        }
        let rule = |rule: &String| rule == "*:*" || rule == "call:*";
        let writes = operation.method != "GET";
        if writes && !(self.write && self.actions.as_ref().is_none_or(|rules| rules.iter().any(rule))) {
            return refused("this operation is no GET, and this key may not write through calls");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS: OperationInfo = OperationInfo {
        name: "employee.get",
        method: "GET",
        path: "/employees/{key}",
        contract: Contract::Documented,
        spec: "A1",
        metered: false,
        punches: false,
    };
    const WRITES: OperationInfo = OperationInfo { name: "employee.hire", method: "POST", ..READS };

    fn may(scopes: &Scopes) -> (bool, bool) {
        (scopes.may_call(&READS).is_ok(), scopes.may_call(&WRITES).is_ok())
    }

    #[test]
    fn only_who_sees_everything_calls_and_only_who_writes_writes() {
        let listed = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let all = Scopes::all();
        assert_eq!(may(&all), (true, true));
        assert_eq!(may(&Scopes { write: false, ..all.clone() }), (true, false));
        assert_eq!(may(&Scopes { sensitivity: Sensitivity::Personal, ..all.clone() }), (false, false));
        assert_eq!(may(&Scopes { operations: listed(&["employee.get"]), ..all.clone() }), (true, false));
        assert_eq!(may(&Scopes { operations: listed(&["employee.*"]), ..all.clone() }), (true, true));
        assert_eq!(may(&Scopes { actions: listed(&["employee:*"]), ..all.clone() }), (true, false));
        assert_eq!(may(&Scopes { actions: listed(&["call:*"]), ..all.clone() }), (true, true));
        let one_kind = Scopes { kinds: Some(vec![tongshi_model::Kind::OrgUnit]), ..all };
        assert_eq!(may(&one_kind), (false, false));
        assert_eq!(may(&Scopes { operations: listed(&["employee.get"]), ..one_kind }), (true, false));
    }
}
