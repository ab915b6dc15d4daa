//! Zhiren as the hub calls it: one connection, in model words. Here the connection itself; what is read lies in
//! `listings` and `rows`, what is written in `writes`, what the vendor sends by itself in `events`, whether the account
//! works in `health`.

mod events;
mod health;
mod listings;
mod rows;
mod writes;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tongshi_dialect::{
    Ask, AuthScheme, CallError, Client, Connect, Connector, Credential, CredentialField, Existence,
    Explanation, Fingerprint, Health, Incoming, Listing, Message, Operation, Page, PushError, Pushed, Reply,
    Row, Seen, Signs, Slice, Target, Write, operations,
};
use tongshi_model::{Action, Draft, Error, Kind, Secret, Space, Timestamp};

pub(super) use self::events::ZhirenEvents;
use super::{
    auth::{AccessToken, Signature, SigningKey},
    map, wire,
    wire::{Fault, FaultCode, Layout, Zhiren},
};

/// What an account consists of.
pub(super) const CREDENTIAL: &[CredentialField] = &[
    field("access_key", "names the company and the product", false, true),
    field("secret_key", "signs requests", true, true),
    field("company_token", "the document's `token`, which tells companies apart", true, false),
    field("app_id", "names the product to OAuth", false, false),
    field("app_secret", "proves the product to OAuth", true, false),
    field("callback_url", "where OAuth returns to", false, false),
    field("access_token", "reads recruitment; without it those listings are left out", true, false),
    field("webhook_secret", "checks events; without it secret_key does", true, false),
];

const fn field(name: &'static str, about: &'static str, secret: bool, required: bool) -> CredentialField {
    CredentialField { name, about, secret, required }
}

/// The calling half, for one connection.
pub(super) struct Connection {
    client: Client<Zhiren>,
    credential: Credential,
    key: SigningKey,
    space: Space,
    layout: Layout,
}

/// Makes the calling half.
pub(super) fn connect(connect: Connect) -> Result<Box<dyn Connector>, Error> {
    let key = signing_key(&connect.credential)?;
    let layout = match connect.settings["payload_place"].as_str() {
        None | Some("query") => Layout::Query,
        Some("form") => Layout::Form,
        Some("body") => Layout::Body,
        Some(_) => return Err(Error::invalid("payload_place", "payload_place must be query, form or body")),
    };
    let client = Client::new(connect.transport, connect.pacer, connect.clock, layout);
    Ok(Box::new(Connection { client, credential: connect.credential, key, space: connect.space, layout }))
}

/// Signs a message with an account's credentials and explains how.
pub(super) fn sign(
    message: &mut Message,
    credential: &Credential,
    now: Timestamp,
) -> Result<Explanation, Error> {
    Signature::sign(message, &signing_key(credential)?, now);
    Ok(Signature::explain(message))
}

fn signing_key(credential: &Credential) -> Result<SigningKey, Error> {
    let access_key = credential.require("access_key")?.expose().to_owned();
    Ok(SigningKey { access_key, secret_key: credential.require("secret_key")?.clone() })
}

#[async_trait]
impl Signs<Signature> for Connection {
    async fn key(&self) -> Result<SigningKey, Error> {
        Ok(self.key.clone())
    }
}

#[async_trait]
impl Signs<AccessToken> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        self.credential.require("access_token").cloned()
    }
}

#[async_trait]
impl Signs<tongshi_dialect::NoAuth> for Connection {
    async fn key(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Connection {
    /// Calls an operation and hands on the answer's bytes.
    async fn ask<O>(&self, operation: &O) -> Result<bytes::Bytes, CallError<Fault>>
    where
        O: Operation<Dialect = Zhiren>,
        Self: Signs<O::Auth>,
    {
        let key = Signs::<O::Auth>::key(self).await?;
        self.client.call_bytes(operation, &key).await
    }

    /// Calls an operation with fields that nobody checked.
    async fn call_raw<O>(&self, fields: Map<String, Value>) -> Result<Reply, Error>
    where
        O: Operation<Dialect = Zhiren>,
        Self: Signs<O::Auth>,
    {
        let key = Signs::<O::Auth>::key(self).await?;
        self.client.call_raw::<O>(fields, &key).await
    }

    /// The document's `token`. A known client sends it empty where it has none (§6.6), and so do we: the document
    /// calls the field required.
    fn company_token(&self) -> Option<String> {
        Some(self.credential.get("company_token").map_or_else(String::new, |token| token.expose().to_owned()))
    }
}

#[async_trait]
impl Connector for Connection {
    fn listings(&self) -> &'static [Listing] {
        listings::listings(
            self.credential.get("access_token").is_some_and(|token| !token.expose().is_empty()),
        )
    }

    async fn check(&self) -> Result<Health, Error> {
        health::check(self).await
    }

    fn plan(&self, listing: &Listing, ask: &Ask<'_>) -> Vec<Slice> {
        listings::plan(listing, ask)
    }

    async fn pull(
        &self,
        listing: &Listing,
        slice: &Slice,
        page: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        self.pull_page(listing, slice, page, known).await
    }

    fn read(&self, kind: Kind, row: &Row) -> Result<Draft, Error> {
        rows::read(self.space, kind, &row.raw)
    }

    async fn exists(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error> {
        let id = remote_id.to_owned();
        let answer = match kind {
            Kind::Employee => self.ask(&wire::EmployeeGet { key: id, token: self.company_token() }).await,
            Kind::OrgUnit => self.ask(&wire::DepartmentGet { uuid: id }).await,
            Kind::LegalEntity => self.ask(&wire::SubCompanyGet { sub_company_uuid: id }).await,
            Kind::Approval => self.ask(&wire::ApprovalGet { number_series: id }).await,
            _ => return Ok(Existence::Unknown),
        };
        let body = match answer {
            Ok(body) => body,
            Err(CallError::Fault { fault, .. }) if fault.code == FaultCode::NoRecord => {
                return Ok(Existence::Absent);
            }
            Err(error) => return Err(error.into()),
        };
        let name = if kind == Kind::Approval { rows::by_number } else { rows::by_uuid };
        let mut found = rows::cut_one(&body, name)?;
        // The address of an employee takes numbers too (§6.7): what comes back may be somebody else.
        Ok(match found.pop() {
            Some(row) if row.remote_id == remote_id => Existence::Present(row),
            _ => Existence::Unknown,
        })
    }

    fn batch_max(&self, target: Target, _action: Action) -> usize {
        self.batch_of(target)
    }

    fn repeatable(&self, target: Target, _action: Action) -> bool {
        writes::is_repeatable(target)
    }

    async fn push(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        self.push_writes(writes).await
    }

    async fn read_back(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        self.see_writes(writes).await
    }

    async fn call(&self, operation: &str, fields: Map<String, Value>) -> Option<Result<Reply, Error>> {
        call_by_name(self, operation, fields).await
    }

    fn receive(&self, message: &Message) -> Option<Result<Vec<Incoming>, Error>> {
        let secret = self.credential.get("webhook_secret").filter(|secret| !secret.expose().is_empty());
        Some(events::receive(message, secret.unwrap_or(&self.key.secret_key)))
    }
}

operations! {
    Connection;
    wire::SubCompanyList,
    wire::SubCompanyGet,
    wire::SubCompanyEmployees,
    wire::SubCompanyEmployee,
    wire::SubCompanyDepartments,
    wire::SubCompanyDepartment,
    wire::DepartmentList,
    wire::DepartmentGet,
    wire::DepartmentEmployees,
    wire::EmployeeList,
    wire::EmployeeGet,
    wire::EmployeeCheckAttendance,
    wire::EmployeeNotify,
    wire::PunchImport,
    wire::ArrangementList,
    wire::EmployeeTimelines,
    wire::EmployeeAttendanceCheckings,
    wire::SalarySet,
    wire::CompanyTokenUpdate,
    wire::ApprovalList,
    wire::ApprovalGet,
    wire::MokaCandidatePush,
    wire::MokaBind,
    wire::MokaUnbind,
    wire::MokaBindCheck,
    wire::CandidateList,
    wire::CandidateGet,
    wire::SourceList,
    wire::SourceGet,
    wire::VacancyList,
    wire::VacancyGet,
    wire::Authorize,
    wire::SignIn,
    wire::TokenRequest,
}
