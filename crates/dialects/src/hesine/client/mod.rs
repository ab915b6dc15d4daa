//! Hesine as the hub calls it: one connection, in model words.

mod events;
mod listings;
mod writes;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tongshi_dialect::{
    Ask, AuthScheme as _, CallError, Client, Connect, Connector, Credential, CredentialField, Existence,
    Explanation, Fetched, Finding, Fingerprint, Health, Incoming, Listing, Message, NoAuth, Operation, Page,
    PushError, Pushed, Reply, Row, Seen, Signs, Slice, Target, Tokens, Write, operations, two_hosts,
};
use tongshi_model::{Action, Clock, Draft, Error, Kind, Secret, Space, Timestamp};

pub(super) use self::events::{HesineEvents, TEST};
use super::{
    auth::{AccessToken, MallToken},
    map::Names,
    wire::{self, Fault, Hesine},
};

/// What an account consists of.
pub(super) const CREDENTIAL: &[CredentialField] = &[
    field("app_key", "the account (接入账号)", false, true),
    field("app_secret", "its password (接入密码)", true, true),
    field("corporation_id", "the company's id", false, false),
    field("sign_key", "stands in the address of outbound messages, as ?key=…", true, false),
];

/// Where the live vendor's mall answers, and how its other hosts end.
const MALL_HOST: &str = "https://unity.ekuaibao.com";
const LIVE_HOSTS: [&str; 2] = [".ekuaibao.com", ".hosecloud.com"];

/// The usual life of an access token (§2.2).
const TOKEN_SECONDS: i64 = 2 * 60 * 60;

const fn field(name: &'static str, about: &'static str, secret: bool, required: bool) -> CredentialField {
    CredentialField { name, about, secret, required }
}

/// The calling half, for one connection.
pub(super) struct Connection {
    client: Client<Hesine>,
    credential: Credential,
    space: Space,
    /// The names that the vendor generates, from the connection's settings.
    names: Names,
    tokens: std::sync::Arc<dyn Tokens>,
    clock: std::sync::Arc<dyn Clock>,
}

/// Makes the calling half.
pub(super) fn connect(connect: Connect) -> Result<Box<dyn Connector>, Error> {
    connect.credential.require("app_key")?;
    connect.credential.require("app_secret")?;
    let mut names = Names::of(&connect.settings);
    if let Some(corporation) = connect.credential.get("corporation_id") {
        corporation.expose().clone_into(&mut names.corporation);
    }
    let clock = std::sync::Arc::clone(&connect.clock);
    Ok(Box::new(Connection {
        client: Client::new(
            two_hosts(connect.transport, connect.second_transport, is_malls),
            connect.pacer,
            connect.clock,
            (),
        ),
        credential: connect.credential,
        space: connect.space,
        names,
        tokens: connect.tokens,
        clock,
    }))
}

/// Where the mall is: as the setting `mall_base_url` says, or the live vendor's beside its other hosts; whoever else answers
/// is taken to be both.
pub(super) fn mall_host(base_url: &str, settings: &Value) -> Option<String> {
    match settings["mall_base_url"].as_str().filter(|url| !url.is_empty()) {
        Some(url) => Some(url.to_owned()),
        None => {
            let host = base_url.trim_end_matches('/').to_ascii_lowercase();
            LIVE_HOSTS.iter().any(|end| host.ends_with(end)).then(|| MALL_HOST.to_owned())
        }
    }
}

/// Whether a path lies on the mall's host.
fn is_malls(path: &str) -> bool {
    path.starts_with("/api/mall-openapi/") || path.starts_with("/api/realms/")
}

/// Signs a message with an account's credentials and explains how: a token has to be fetched first, so here it is the
/// one that is given as `access_token`.
pub(super) fn sign(
    message: &mut Message,
    credential: &Credential,
    now: Timestamp,
) -> Result<Explanation, Error> {
    let token = credential.require("access_token")?;
    AccessToken::sign(message, token, now);
    Ok(AccessToken::explain(message))
}

#[async_trait]
impl Signs<AccessToken> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        self.access_token().await
    }
}

#[async_trait]
impl Signs<MallToken> for Connection {
    /// The mall takes the token of an app of the company's own (§2.2).
    async fn key(&self) -> Result<Secret, Error> {
        let text = |name| self.credential.require(name).map(|value| Some(value.expose().to_owned()));
        let (app_key, app_secret) = (text("app_key")?, text("app_secret")?);
        let ask = wire::AppTokenGet { app_key, app_security: app_secret.clone(), app_secret };
        let fetch = Box::pin(async move {
            let answer = self.client.call(&ask, &()).await?.value;
            Ok(Fetched::new(answer.access_token, Some(answer.timeout), TOKEN_SECONDS))
        });
        self.tokens.get("mall", fetch).await
    }
}

#[async_trait]
impl Signs<NoAuth> for Connection {
    async fn key(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Connection {
    /// The token that everybody who calls through this connection shares.
    async fn access_token(&self) -> Result<Secret, Error> {
        let text = |name| self.credential.require(name).map(|value| Some(value.expose().to_owned()));
        let ask = wire::TokenGet { app_key: text("app_key")?, app_security: text("app_secret")? };
        let fetch = Box::pin(async move {
            let answer = self.client.call(&ask, &()).await?.value;
            let told = (answer.expire_time - self.clock.now().as_millisecond()) / 1000;
            Ok(Fetched::new(answer.access_token, Some(told), TOKEN_SECONDS))
        });
        self.tokens.get("access", fetch).await
    }

    /// Calls an operation and hands on the answer's bytes. A token that the vendor no longer takes is fetched anew once.
    async fn ask<O>(&self, operation: &O) -> Result<bytes::Bytes, CallError<Fault>>
    where
        O: Operation<Dialect = Hesine, Auth = AccessToken>,
    {
        let token = self.access_token().await?;
        match self.client.call_bytes(operation, &token).await {
            Err(CallError::Fault { fault, .. }) if fault.code == 403 => {
                self.tokens.refused("access", &token).await?;
                let token = self.access_token().await?;
                self.client.call_bytes(operation, &token).await
            }
            other => other,
        }
    }

    /// Calls an operation with fields that nobody checked.
    async fn call_raw<O>(&self, fields: Map<String, Value>) -> Result<Reply, Error>
    where
        O: Operation<Dialect = Hesine>,
        Self: Signs<O::Auth>,
    {
        let key = Signs::<O::Auth>::key(self).await?;
        self.client.call_raw::<O>(fields, &key).await
    }
}

#[async_trait]
impl Connector for Connection {
    fn listings(&self) -> &'static [Listing] {
        listings::LISTINGS
    }

    async fn check(&self) -> Result<Health, Error> {
        let body = self.ask(&wire::CorporationGet {}).await?;
        let found: wire::Valued<wire::Corporation> = serde_json::from_slice(&body)
            .map_err(|error| Error::upstream("the company cannot be read").caused_by(error))?;
        let mut findings = Vec::new();
        if found.value.id != self.names.corporation {
            let text = "the account belongs to another company than corporation_id says";
            findings.push(Finding::bad("corporation_id", text, "correct corporation_id, or leave it out"));
        }
        let text = format!("Hesine answers for {}", found.value.name.unwrap_or(found.value.id));
        Ok(Health { text, findings })
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
        self.read_row(kind, &row.raw)
    }

    async fn exists(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error> {
        self.look(kind, remote_id).await
    }

    fn batch_max(&self, target: Target, action: Action) -> usize {
        writes::batch_of(target, action)
    }

    fn repeatable(&self, target: Target, action: Action) -> bool {
        writes::is_repeatable(target, action)
    }

    async fn push(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        self.push_writes(writes).await
    }

    async fn read_back(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        self.see_writes(writes).await
    }

    fn receive(&self, message: &Message) -> Option<Result<Vec<Incoming>, Error>> {
        Some(events::receive(message, self.credential.get("sign_key")?))
    }

    async fn call(&self, operation: &str, fields: Map<String, Value>) -> Option<Result<Reply, Error>> {
        call_by_name(self, operation, fields).await
    }
}

operations! {
    Connection;
    wire::TokenGet,
    wire::TokenRefresh,
    wire::TokenRefreshFor,
    wire::AppTokenGet,
    wire::ThirdTokenGet,
    wire::StaffList,
    wire::StaffFind,
    wire::StaffCreate,
    wire::StaffCreateMany,
    wire::StaffUpdate,
    wire::StaffUpdateMany,
    wire::StaffSwitch,
    wire::StaffAuthorise,
    wire::StaffBacklog,
    wire::DepartmentList,
    wire::DepartmentCreate,
    wire::DepartmentCreateMany,
    wire::DepartmentUpdate,
    wire::DepartmentSwitch,
    wire::DepartmentGet,
    wire::DepartmentByName,
    wire::CorporationGet,
    wire::FlowCreate,
    wire::FlowUpdate,
    wire::FlowSubmit,
    wire::FlowPlan,
    wire::FlowAct,
    wire::FlowGet,
    wire::FlowByCode,
    wire::FlowByOuterCode,
    wire::FlowList,
    wire::FlowComment,
    wire::RequisitionList,
    wire::RequisitionGet,
    wire::RequisitionClose,
    wire::RequisitionShare,
    wire::Decide,
    wire::DecisionResult,
    wire::ApproveStates,
    wire::QueueWaiting,
    wire::QueueDecided,
    wire::Callback,
    wire::OrderPush,
    wire::OrderSearch,
    wire::OrderByIds,
    wire::OrderByCodes,
    wire::PaymentResults,
    wire::PaymentFlows,
    wire::VoucherWrite,
    wire::MessageSave,
    wire::MessageLogs,
    wire::RealmTokenGet,
    wire::Location,
    wire::LinkMake,
    wire::LinkOpen,
    wire::LinkAct,
    wire::StaffAuthorised,
    wire::StaffCode,
    wire::StaffCustom,
    wire::StaffProperties,
    wire::StaffCertificates,
    wire::CertificateSave,
    wire::PayeeList,
    wire::PayeeCreate,
    wire::PayeeCreateMany,
    wire::PayeeUpdate,
    wire::PayeeSwitch,
    wire::PayerSearch,
    wire::PaymentAccounts,
    wire::PayerCreate,
    wire::PayerUpdate,
    wire::PayerSwitch,
    wire::BranchesGet,
    wire::BillList,
    wire::BillGet,
    wire::TicketGet,
    wire::SupplierList,
    wire::SupplierBillCreate,
    wire::SupplierBillWrite,
    wire::SupplierBillFlows,
    wire::HandOver,
    wire::RoleGroupList,
    wire::RoleCreate,
    wire::RoleGet,
    wire::RoleRename,
    wire::RoleFill,
    wire::RoleEmpty,
    wire::DepartmentByPath,
    wire::DepartmentExternal,
    wire::QueueAll,
    wire::QueuePaid,
    wire::HangUp,
    wire::TaskList,
    wire::DelegateCreate,
    wire::DelegateUpdate,
    wire::DelegateList,
    wire::DelegateOf,
    wire::DelegateDelete,
    wire::TripSearch,
    wire::TripTemplates,
    wire::CentreConfig,
    wire::CentreList,
    wire::CarbonCopyGet,
}
