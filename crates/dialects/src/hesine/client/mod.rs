//! Hesine as the hub calls it: one connection, in model words.

mod events;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tongshi_dialect::{
    Ask, AuthScheme as _, CallError, Client, Connect, Connector, Credential, CredentialField, Existence,
    Explanation, Fetched, Fingerprint, Health, Listing, Message, NoAuth, Operation, Page, PushError, Pushed,
    Reply, Row, Seen, Signs, Slice, Target, Tokens, Write, operations,
};
use tongshi_model::{Action, Clock, Draft, Error, Kind, Secret, Space, Timestamp};

pub(super) use self::events::{HesineEvents, TEST};
use super::{
    auth::AccessToken,
    wire::{self, Fault, Hesine},
};

/// What an account consists of.
pub(super) const CREDENTIAL: &[CredentialField] = &[
    field("app_key", "the account (接入账号)", false, true),
    field("app_secret", "its password (接入密码)", true, true),
    field("corporation_id", "the company's id", false, false),
    field("sign_key", "stands in the address of outbound messages, as ?key=…", true, false),
];

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
    tokens: std::sync::Arc<dyn Tokens>,
    clock: std::sync::Arc<dyn Clock>,
}

/// Makes the calling half.
pub(super) fn connect(connect: Connect) -> Result<Box<dyn Connector>, Error> {
    connect.credential.require("app_key")?;
    connect.credential.require("app_secret")?;
    let clock = std::sync::Arc::clone(&connect.clock);
    Ok(Box::new(Connection {
        client: Client::new(connect.transport, connect.pacer, connect.clock, ()),
        credential: connect.credential,
        space: connect.space,
        tokens: connect.tokens,
        clock,
    }))
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
        &[]
    }

    async fn check(&self) -> Result<Health, Error> {
        self.access_token().await?;
        Ok(Health { text: "Hesine gives the account a token".to_owned(), findings: Vec::new() })
    }

    fn plan(&self, _listing: &Listing, _ask: &Ask<'_>) -> Vec<Slice> {
        vec![Slice { label: "all".to_owned(), params: Value::Null }]
    }

    async fn pull(
        &self,
        listing: &Listing,
        _slice: &Slice,
        _page: u32,
        _known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        Err(Error::internal(format!("Hesine has no listing {}", listing.name)))
    }

    fn read(&self, kind: Kind, _row: &Row) -> Result<Draft, Error> {
        Err(Error::internal(format!("Hesine shows no {kind} in {}", self.space.connection)))
    }

    async fn exists(&self, _kind: Kind, _remote_id: &str) -> Result<Existence, Error> {
        Ok(Existence::Unknown)
    }

    fn batch_max(&self, _target: Target, _action: Action) -> usize {
        1
    }

    fn repeatable(&self, _target: Target, _action: Action) -> bool {
        false
    }

    async fn push(&self, _writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        Err(Error::internal("a write reached a connector whose capabilities have none").into())
    }

    async fn read_back(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        Ok(writes.iter().map(|_| Seen::Unknown).collect())
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
}
