//! Waiqin as the hub calls it: one connection, in model words. People and units come through the signed OpenAPI;
//! whoever has an app's keys can also ask whose a code is.

mod events;
mod listings;
mod sign_in;
mod writes;

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tongshi_dialect::{
    Ask, AuthScheme, CallError, Client, Connect, Connector, Credential, CredentialField, Existence,
    Explanation, Fetched, Finding, Fingerprint, Health, Incoming, Listing, Message, NoAuth, Operation, Page,
    PushError, Pushed, Reply, Row, Seen, SignIn, Signs, Slice, Target, Tokens, Write, operations,
};
use tongshi_model::{Action, Clock, Draft, Error, Id, Kind, Secret, Space, Timestamp};

pub(super) use self::events::{WaiqinEvents, data_type};
use super::{
    auth::{AccessKey, Algorithm, AppToken, Digest, Signed},
    map,
    wire::{self, Fault, Stamp, Waiqin},
};

/// What an account consists of.
pub(super) const CREDENTIAL: &[CredentialField] = &[
    field("openid", "names the company to the OpenAPI", false, false),
    field("appkey", "signs calls of the OpenAPI", true, false),
    field("app_id", "names the app to the sign-in", false, false),
    field("app_secret", "proves the app to the sign-in", true, false),
    field("tenant_id", "the company's number at the sign-in", false, false),
    field("redirect_uri", "where the sign-in returns to", false, false),
    field("pushid", "names the company to its pushes", false, false),
    field("pushsecret", "checks pushes", true, false),
];

/// The vendor's usual life of an application token (§A1).
const TOKEN_SECONDS: i64 = 7200;

/// The application token among the connection's tokens.
const TOKEN: &str = "app";

const fn field(name: &'static str, about: &'static str, secret: bool, required: bool) -> CredentialField {
    CredentialField { name, about, secret, required }
}

/// The calling half, for one connection.
pub(super) struct Connection {
    client: Client<Waiqin>,
    credential: Credential,
    algorithm: Algorithm,
    space: Space,
    settings: Value,
    tokens: std::sync::Arc<dyn Tokens>,
    clock: std::sync::Arc<dyn Clock>,
    calls: AtomicU64,
}

/// Makes the calling half.
pub(super) fn connect(connect: Connect) -> Result<Box<dyn Connector>, Error> {
    let has = |name| connect.credential.get(name).is_some_and(|value| !value.expose().is_empty());
    let (reads, signs_in) =
        (has("openid") && has("appkey"), has("app_id") && has("app_secret") && has("tenant_id"));
    if !reads && !signs_in {
        return Err(Error::invalid(
            "openid",
            "Waiqin needs openid and appkey (to read people), or app_id, app_secret and tenant_id (to sign in), or all",
        ));
    }
    let algorithm = match connect.settings["digest"].as_str() {
        None | Some("md5") => Algorithm::Md5,
        Some("sha256") => Algorithm::Sha256,
        Some(_) => return Err(Error::invalid("digest", "digest must be md5 or sha256")),
    };
    let clock = std::sync::Arc::clone(&connect.clock);
    Ok(Box::new(Connection {
        client: Client::new(connect.transport, connect.pacer, connect.clock, ()),
        credential: connect.credential,
        algorithm,
        space: connect.space,
        settings: connect.settings,
        tokens: connect.tokens,
        clock,
        calls: AtomicU64::new(0),
    }))
}

/// Signs a message with an account's credentials and explains how.
pub(super) fn sign(
    message: &mut Message,
    credential: &Credential,
    now: Timestamp,
) -> Result<Explanation, Error> {
    let key = access_key(credential, Algorithm::default())?;
    Digest::sign(message, &key, now);
    Ok(Digest::explain(message))
}

fn access_key(credential: &Credential, algorithm: Algorithm) -> Result<AccessKey, Error> {
    let openid = credential.require("openid")?.expose().to_owned();
    Ok(AccessKey { openid, appkey: credential.require("appkey")?.clone(), algorithm })
}

#[async_trait]
impl Signs<Digest> for Connection {
    async fn key(&self) -> Result<AccessKey, Error> {
        access_key(&self.credential, self.algorithm)
    }
}

#[async_trait]
impl Signs<AppToken> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        self.app_token().await
    }
}

#[async_trait]
impl Signs<Signed> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        self.app_token().await
    }
}

#[async_trait]
impl Signs<NoAuth> for Connection {
    async fn key(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Connection {
    /// The application's token, which everybody who calls through this connection shares (§A1: it is to be kept).
    async fn app_token(&self) -> Result<Secret, Error> {
        let text = |name| self.credential.require(name).map(|value| Some(value.expose().to_owned()));
        let ask = wire::TokenGet {
            app_id: text("app_id")?,
            app_secret: text("app_secret")?,
            tenant_id: text("tenant_id")?,
        };
        let fetch = Box::pin(async move {
            let answer = self.client.call(&ask, &()).await?;
            Ok(Fetched::new(answer.access_token, answer.expires_in, TOKEN_SECONDS))
        });
        self.tokens.get(TOKEN, fetch).await
    }

    /// A request's id: unlike any other of this process.
    fn stamp(&self) -> Stamp {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now().as_microsecond();
        let id = Id::of(&["msg", &self.space.connection.to_string(), &now.to_string(), &number.to_string()]);
        Stamp::with_id(id.to_string())
    }

    /// Calls an operation and hands on the answer's bytes.
    async fn ask<O>(&self, operation: &O) -> Result<bytes::Bytes, CallError<Fault>>
    where
        O: Operation<Dialect = Waiqin>,
        Self: Signs<O::Auth>,
    {
        let key = Signs::<O::Auth>::key(self).await?;
        self.client.call_bytes(operation, &key).await
    }

    /// Calls an operation with fields that nobody checked.
    async fn call_raw<O>(&self, mut fields: Map<String, Value>) -> Result<Reply, Error>
    where
        O: Operation<Dialect = Waiqin>,
        Self: Signs<O::Auth>,
    {
        if O::PATH.ends_with("/{msg_id}") {
            for name in ["openid", "timestamp", "digest", "msg_id"] {
                fields.entry(name).or_insert_with(|| "-".into());
            }
        }
        let key = Signs::<O::Auth>::key(self).await?;
        self.client.call_raw::<O>(fields, &key).await
    }
}

#[async_trait]
impl Connector for Connection {
    fn listings(&self) -> &'static [Listing] {
        let signs = self.credential.get("appkey").is_some_and(|key| !key.expose().is_empty());
        if signs { &listings::LISTINGS } else { &[] }
    }

    async fn check(&self) -> Result<Health, Error> {
        let mut findings = Vec::new();
        if self.sign_in().is_some() {
            findings.push(match self.app_token().await {
                Ok(_) => Finding::good("sign-in", "Waiqin gives the app a token"),
                // Whoever reads people needs no sign-in; whoever signs in needs nothing else.
                Err(error) if self.listings().is_empty() => return Err(error),
                Err(error) => Finding::bad(
                    "sign-in",
                    format!("Waiqin gives the app no token: {}", error.public()),
                    "look at app_id, app_secret and tenant_id, which the account manager hands out",
                ),
            });
        }
        if self.listings().is_empty() {
            return Ok(Health { text: "Waiqin gives the app a token".to_owned(), findings });
        }
        let ask = wire::OrganizationQuery { stamp: self.stamp(), org_status: Some("1".to_owned()) };
        let found = listings::cut(&self.ask(&ask).await?)?.rows.len();
        findings.push(Finding::good("OpenAPI", format!("it shows {found} organisation units")));
        let pushes = self.credential.get("pushsecret").is_some_and(|secret| !secret.expose().is_empty());
        findings.push(if pushes {
            Finding::good("pushes", "there is a secret to check them with")
        } else {
            Finding::unknown("pushes", "without pushsecret none is taken; syncs still see every change")
        });
        Ok(Health { text: format!("Waiqin answers; it shows {found} organisation units"), findings })
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
        listings::read(self.space, kind, row)
    }

    async fn exists(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error> {
        let mut rows = match (kind, listings::visit_id(remote_id)) {
            (Kind::Employee, _) => {
                let ask = wire::EmployeeQuery {
                    stamp: self.stamp(),
                    id: Some(remote_id.to_owned()),
                    ..wire::EmployeeQuery::default()
                };
                listings::cut(&self.ask(&ask).await?)?.rows
            }
            (Kind::TimelineEntry, Some(id)) => {
                let ask = wire::VisitQuery {
                    stamp: self.stamp(),
                    id: Some(id.to_owned()),
                    page: Some("1".to_owned()),
                    rows: Some("1".to_owned()),
                    ..wire::VisitQuery::default()
                };
                listings::visits(&self.ask(&ask).await?)?.rows
            }
            _ => return Ok(Existence::Unknown),
        };
        Ok(match (rows.len(), rows.pop()) {
            (1, Some(row)) if row.remote_id == remote_id => Existence::Present(row),
            (0, _) => Existence::Absent,
            _ => Existence::Unknown,
        })
    }

    fn batch_max(&self, target: Target, _action: Action) -> usize {
        Self::batch_of(target)
    }

    fn repeatable(&self, target: Target, action: Action) -> bool {
        Self::may_repeat(target, action)
    }

    async fn push(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        self.push_writes(writes).await
    }

    async fn read_back(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        self.see_writes(writes).await
    }

    fn receive(&self, message: &Message) -> Option<Result<Vec<Incoming>, Error>> {
        let secret = self.credential.get("pushsecret").filter(|secret| !secret.expose().is_empty())?;
        let tenant = self.credential.get("tenant_id").map(tongshi_model::Secret::expose);
        Some(events::receive(message, secret, tenant.filter(|tenant| !tenant.is_empty()), self.clock.now()))
    }

    fn sign_in(&self) -> Option<&dyn SignIn> {
        let has = |name| self.credential.get(name).is_some_and(|value| !value.expose().is_empty());
        ["app_id", "app_secret", "tenant_id"].into_iter().all(has).then_some(self)
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
    wire::MenuOpen,
    wire::AppAuthorize,
    wire::AuthorizeError,
    wire::UserInfo,
    wire::GetUserInfo,
    wire::EmployeeQuery,
    wire::EmployeeAdd,
    wire::EmployeeModify,
    wire::OrganizationQuery,
    wire::OrganizationAdd,
    wire::AttendanceQuery,
    wire::TrackQuery,
    wire::VisitQuery,
    wire::PushOne,
    wire::PushFailed,
}
