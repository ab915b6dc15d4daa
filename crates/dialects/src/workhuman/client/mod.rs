//! The sample contract as the hub calls it: one connection, in model words. Address and paths are configuration, since the live
//! vendor publishes none (setting `paths`, an object of paths by the operation's name); `extensions: false` leaves out
//! what no page shows; `idempotency: true` says that the other side heeds `Idempotency-Key`.

mod listings;
mod writes;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Map, Value};
use tongshi_dialect::{
    Ask, AuthScheme, CallError, Client, Connect, Connector, Credential, CredentialField, Existence,
    Explanation, Fetched, Fingerprint, Health, Listing, Message, NoAuth, Operation, Page, PushError, Pushed,
    Reply, Row, Seen, Signs, Slice, Target, Tokens, Write, operations,
};
use tongshi_model::{Action, Draft, Error, ErrorKind, Kind, Secret, Space, Timestamp};

use super::{
    auth::Bearer,
    map,
    wire::{self, Code, Fault, Workhuman},
};

/// What an account consists of: the page's four settings and the redirect URI that it names (§1).
pub(super) const CREDENTIAL: &[CredentialField] = &[
    field("client_id", "names the client", false, true),
    field("client_secret", "proves the client", true, true),
    field("tenant_id", "the company's id; configured, and sent in no sample", false, false),
    field("redirect_uri", "where the sign-in returns to", false, false),
];

/// The name under which the access token is kept.
const TOKEN: &str = "access";
/// The life of a token that says none (§5.3).
const TOKEN_SECONDS: i64 = 3600;

const fn field(name: &'static str, about: &'static str, secret: bool, required: bool) -> CredentialField {
    CredentialField { name, about, secret, required }
}

/// The calling half, for one connection.
pub(super) struct Connection {
    client: Client<Workhuman>,
    credential: Credential,
    space: Space,
    tokens: Arc<dyn Tokens>,
    /// Whether what no page shows may be called.
    extensions: bool,
    /// Whether the other side heeds idempotency keys.
    idempotency: bool,
}

/// Makes the calling half.
pub(super) fn connect(connect: Connect) -> Result<Box<dyn Connector>, Error> {
    for name in ["client_id", "client_secret"] {
        connect.credential.require(name)?;
    }
    let switch = |name: &'static str, usual: bool| match &connect.settings[name] {
        Value::Null => Ok(usual),
        Value::Bool(given) => Ok(*given),
        _ => Err(Error::invalid(name, format!("{name} is true or false"))),
    };
    let (extensions, idempotency) = (switch("extensions", true)?, switch("idempotency", false)?);
    let client = Client::new(connect.transport, connect.pacer, connect.clock, ());
    Ok(Box::new(Connection {
        client: client.at(OPERATIONS, &connect.settings["paths"])?,
        credential: connect.credential,
        space: connect.space,
        tokens: connect.tokens,
        extensions,
        idempotency,
    }))
}

/// Signs a message with an account's credentials and explains how: there is nothing to sign, only a token to fetch.
pub(super) fn sign(
    message: &mut Message,
    credential: &Credential,
    now: Timestamp,
) -> Result<Explanation, Error> {
    let token = credential.get("access_token").ok_or_else(|| {
        Error::invalid(
            "access_token",
            "fetch a token with POST /oauth/token and give it with --set access_token=…",
        )
    })?;
    Bearer::sign(message, token, now);
    Ok(Bearer::explain(message))
}

#[async_trait]
impl Signs<Bearer> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        self.token().await
    }
}

#[async_trait]
impl Signs<NoAuth> for Connection {
    async fn key(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Connection {
    /// The access token, which everybody who calls through this connection shares.
    async fn token(&self) -> Result<Secret, Error> {
        let text = |name| self.credential.require(name).map(|value| Some(value.expose().to_owned()));
        let ask = wire::TokenGet {
            grant_type: Some("client_credentials".to_owned()),
            client_id: text("client_id")?,
            client_secret: text("client_secret")?,
            ..wire::TokenGet::default()
        };
        let fetch = Box::pin(async move {
            let answer = self.client.call(&ask, &()).await?;
            Ok(Fetched::new(answer.access_token, answer.expires_in, TOKEN_SECONDS))
        });
        self.tokens.get(TOKEN, fetch).await
    }

    /// Calls an operation and hands on the answer's bytes. A token that is refused is fetched anew, once.
    async fn ask<O>(&self, operation: &O) -> Result<Bytes, CallError<Fault>>
    where
        O: Operation<Dialect = Workhuman, Auth = Bearer>,
    {
        let token = self.token().await?;
        match self.client.call_bytes(operation, &token).await {
            Err(CallError::Fault { fault, .. }) if fault.code == Code::Unauthorized => {
                self.tokens.refused(TOKEN, &token).await?;
                self.client.call_bytes(operation, &self.token().await?).await
            }
            outcome => outcome,
        }
    }

    /// The same, read.
    async fn answer<O>(&self, operation: &O) -> Result<O::Answer, CallError<Fault>>
    where
        O: Operation<Dialect = Workhuman, Auth = Bearer>,
    {
        let body = self.ask(operation).await?;
        serde_json::from_slice(&body).map_err(|error| {
            let why = format!("line {}, column {}", error.line(), error.column());
            CallError::Garbled { status: 200, head: format!("({} bytes)", body.len()), why: Some(why) }
        })
    }

    /// Calls an operation with fields that nobody checked.
    async fn call_raw<O>(&self, fields: Map<String, Value>) -> Result<Reply, Error>
    where
        O: Operation<Dialect = Workhuman>,
        Self: Signs<O::Auth>,
    {
        let key = Signs::<O::Auth>::key(self).await?;
        self.client.call_raw::<O>(fields, &key).await
    }
}

#[async_trait]
impl Connector for Connection {
    fn listings(&self) -> &'static [Listing] {
        listings::listings(self.extensions)
    }

    async fn check(&self) -> Result<Health, Error> {
        let me = self.answer(&wire::UserMe {}).await?;
        // The name is the client's own, not a person's.
        let name = me.display_name.unwrap_or_else(|| "somebody without a name".to_owned());
        Ok(Health { text: format!("connected as {name} (sample contract)"), findings: Vec::new() })
    }

    fn plan(&self, _listing: &Listing, _ask: &Ask<'_>) -> Vec<Slice> {
        vec![Slice { label: "all".to_owned(), params: Value::Null }]
    }

    async fn pull(
        &self,
        listing: &Listing,
        _slice: &Slice,
        page: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        self.pull_page(listing, page, known).await
    }

    fn read(&self, kind: Kind, row: &Row) -> Result<Draft, Error> {
        listings::read(self.space, kind, &row.raw)
    }

    async fn exists(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error> {
        let id = Some(remote_id.to_owned());
        let asked = match kind {
            Kind::Recognition => self.ask(&wire::RecognitionGet { id }).await,
            Kind::Employee if self.extensions => self.ask(&wire::UserGet { id }).await,
            Kind::Redemption if self.extensions => self.ask(&wire::RedemptionGet { id }).await,
            _ => return Ok(Existence::Unknown),
        };
        match asked {
            Ok(body) => {
                let raw = String::from_utf8(body.to_vec())
                    .map_err(|error| Error::upstream("the answer is not UTF-8").caused_by(error))?;
                Ok(Existence::Present(Row { remote_id: remote_id.to_owned(), date: None, raw }))
            }
            Err(error) => {
                let error: Error = error.into();
                if *error.kind() == ErrorKind::NotFound { Ok(Existence::Absent) } else { Err(error) }
            }
        }
    }

    fn batch_max(&self, target: Target, _action: Action) -> usize {
        if target == Target::Record(Kind::Employee) { writes::FED_TOGETHER } else { 1 }
    }

    fn repeatable(&self, target: Target, action: Action) -> bool {
        target == Target::Record(Kind::Employee) || (self.idempotency && action == Action::Create)
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
}

operations! {
    Connection;
    wire::TokenGet,
    wire::Authorize,
    wire::AuthorizeStep,
    wire::UserMe,
    wire::UserList,
    wire::UserGet,
    wire::UserFeed,
    wire::RecognitionList,
    wire::RecognitionGet,
    wire::RecognitionCreate,
    wire::RecognitionDecide,
    wire::RewardCatalog,
    wire::RewardRedeem,
    wire::RedemptionList,
    wire::RedemptionGet,
    wire::RedemptionDecide,
    wire::PointsList,
    wire::PointsBalance,
    wire::ProgrammeGet,
    wire::ProgrammeSet,
}
