//! DingTalk as the hub calls it: one connection, in model words. Here the connection itself; how all people are found lies
//! in `walk`, what is read of them in `rows`.

mod approval;
mod attendance;
mod calls;
pub(super) mod events;
mod hosts;
mod listings;
mod rows;
mod sign_in;
mod walk;
mod writes;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tongshi_dialect::{
    Ask, AuthScheme, CallError, Client, Connect, Connector, Credential, CredentialField, Existence,
    Explanation, Fetched, Fingerprint, Health, Incoming, Listing, Message, NoAuth, Operation, Page,
    PushError, Pushed, Reply, Rhythm, Row, Scale, Seen, SignIn, Signs, Slice, Stored, Target, Tokens, Write,
    operations, two_hosts,
};
use tongshi_model::{Action, Clock, Draft, Error, Kind, Randomness, Secret, Space, Timestamp};

use self::walk::Walk;
pub(super) use self::{
    events::DingTalkEvents,
    hosts::{OLD_HOST, new_host},
};
use super::{
    auth::{NewToken, OldToken, Seed, Service, SigningKey, Sns, UserToken},
    map,
    wire::{self, Code, DingTalk, Fault},
};

/// What an account consists of.
pub(super) const CREDENTIAL: &[CredentialField] = &[
    field("app_key", "names the app (Client ID)", false, true),
    field("app_secret", "proves the app (Client Secret)", true, true),
    field("corp_id", "names the company", false, false),
    field("agent_id", "names the app to its users", false, false),
    field("operator_userid", "on whose behalf the app asks about attendance", false, false),
    field("redirect_uri", "where the sign-in returns to", false, false),
    field("callback_token", "checks the vendor's events", true, false),
    field("callback_aes_key", "opens the vendor's events", true, false),
    field(
        "callback_owner",
        "what events are sealed for, where it is not app_key: corp_id for registered ones",
        false,
        false,
    ),
];

/// The vendor's usual life of a token (§2).
const TOKEN_SECONDS: i64 = 7200;
/// The name under which the connection's token is shared.
const TOKEN: &str = "app";

const fn field(name: &'static str, about: &'static str, secret: bool, required: bool) -> CredentialField {
    CredentialField { name, about, secret, required }
}

/// The calling half, for one connection.
pub(super) struct Connection {
    client: Client<DingTalk>,
    credential: Credential,
    space: Space,
    tokens: Arc<dyn Tokens>,
    /// What was read before.
    stored: Arc<dyn Stored>,
    /// The last walk through the departments, which the pages of a list are cut from.
    walked: Mutex<Option<Arc<Walk>>>,
    settings: Value,
    clock: Arc<dyn Clock>,
    /// What shifts, groups and kinds of leave are called.
    names: attendance::NamesKept,
    /// How many punches were sent lately.
    sent: writes::Sent,
}

/// Makes the calling half.
pub(super) fn connect(connect: Connect) -> Result<Box<dyn Connector>, Error> {
    connect.credential.require("app_key")?;
    connect.credential.require("app_secret")?;
    Ok(Box::new(Connection {
        clock: Arc::clone(&connect.clock),
        client: Client::new(
            two_hosts(connect.transport, connect.second_transport, hosts::is_new),
            connect.pacer,
            connect.clock,
            (),
        ),
        stored: connect.stored,
        credential: connect.credential,
        space: connect.space,
        tokens: connect.tokens,
        walked: Mutex::default(),
        settings: connect.settings,
        names: attendance::NamesKept::default(),
        sent: writes::Sent::default(),
    }))
}

/// Signs a message with an account's credentials and explains how. Of what DingTalk signs, that is the older sign-in; most
/// calls carry a token.
pub(super) fn sign(
    message: &mut Message,
    credential: &Credential,
    now: Timestamp,
) -> Result<Explanation, Error> {
    Sns::sign(message, &signing_key(credential)?, now);
    Ok(Sns::explain(message))
}

fn signing_key(credential: &Credential) -> Result<SigningKey, Error> {
    let id = credential.require("app_key")?.expose().to_owned();
    Ok(SigningKey { id, secret: credential.require("app_secret")?.clone() })
}

#[async_trait]
impl Signs<OldToken> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        self.app_token().await
    }
}

#[async_trait]
impl Signs<NewToken> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        self.app_token().await
    }
}

#[async_trait]
impl Signs<UserToken> for Connection {
    async fn key(&self) -> Result<Secret, Error> {
        Err(Error::invalid("token", "a user's token is the user's; a connection has none"))
    }
}

#[async_trait]
impl Signs<Seed> for Connection {
    async fn key(&self) -> Result<SigningKey, Error> {
        signing_key(&self.credential)
    }
}

#[async_trait]
impl Signs<Sns> for Connection {
    async fn key(&self) -> Result<SigningKey, Error> {
        signing_key(&self.credential)
    }
}

#[async_trait]
impl Signs<Service> for Connection {
    async fn key(&self) -> Result<SigningKey, Error> {
        signing_key(&self.credential)
    }
}

#[async_trait]
impl Signs<NoAuth> for Connection {
    async fn key(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Connection {
    /// The application's token, which everybody who calls through this connection shares, on both hosts (§2).
    async fn app_token(&self) -> Result<Secret, Error> {
        let text = |name| self.credential.require(name).map(|value| Some(value.expose().to_owned()));
        let ask = wire::GetToken {
            appkey: text("app_key")?,
            appsecret: text("app_secret")?,
            ..wire::GetToken::default()
        };
        let fetch = Box::pin(async move {
            let answer = self.client.call(&ask, &()).await?;
            Ok(Fetched::new(answer.access_token, Some(answer.expires_in), TOKEN_SECONDS))
        });
        self.tokens.get(TOKEN, fetch).await
    }

    /// Calls an operation that takes the application's token; where the vendor no longer takes it, once more with another.
    async fn ask<O>(&self, operation: &O) -> Result<O::Answer, CallError<Fault>>
    where
        O: Operation<Dialect = DingTalk>,
        O::Auth: AuthScheme<Key = Secret>,
    {
        let key = self.app_token().await?;
        match self.client.call(operation, &key).await {
            Err(CallError::Fault { fault, .. }) if fault.code.is_of_token() => {
                self.tokens.refused(TOKEN, &key).await?;
                let key = self.app_token().await?;
                self.client.call(operation, &key).await
            }
            outcome => outcome,
        }
    }

    /// The same, with the answer's bytes.
    async fn ask_bytes<O>(&self, operation: &O) -> Result<bytes::Bytes, CallError<Fault>>
    where
        O: Operation<Dialect = DingTalk>,
        O::Auth: AuthScheme<Key = Secret>,
    {
        let key = self.app_token().await?;
        match self.client.call_bytes(operation, &key).await {
            Err(CallError::Fault { fault, .. }) if fault.code.is_of_token() => {
                self.tokens.refused(TOKEN, &key).await?;
                let key = self.app_token().await?;
                self.client.call_bytes(operation, &key).await
            }
            outcome => outcome,
        }
    }

    /// Calls an operation with fields that nobody checked.
    async fn call_raw<O>(&self, fields: Map<String, Value>) -> Result<Reply, Error>
    where
        O: Operation<Dialect = DingTalk>,
        Self: Signs<O::Auth>,
    {
        let key = Signs::<O::Auth>::key(self).await?;
        self.client.call_raw::<O>(fields, &key).await
    }
}

#[async_trait]
impl Connector for Connection {
    fn listings(&self) -> &'static [Listing] {
        let attendance = self.settings["attendance"] != false;
        listings::listings(attendance, self.operator().is_some(), !self.forms().is_empty())
    }

    async fn check(&self) -> Result<Health, Error> {
        let answer = self.ask(&wire::UserCount { only_active: Some(false) }).await?;
        let text = format!("DingTalk answers; it counts {} people", answer.result.count);
        Ok(Health { text, findings: Vec::new() })
    }

    fn rhythm(&self, listing: &Listing) -> Option<Rhythm> {
        calls::rhythm(listing.name)
    }

    fn metered_calls(&self, listing: &Listing, scale: &Scale) -> u64 {
        let habits = calls::Habits {
            results: self.settings["attendance_results"] == true,
            operator: self.operator().is_some(),
            forms: self.forms().len() as u64,
        };
        calls::of(listing.name, scale, habits)
    }

    fn plan(&self, listing: &Listing, ask: &Ask<'_>) -> Vec<Slice> {
        match listing.name {
            "punch" | "shift" | "leave" => return attendance::plan(listing.name, ask, self.clock.now()),
            "approval" => return self.plan_approvals(ask),
            _ => {}
        }
        vec![Slice { label: "all".to_owned(), params: Value::Null }]
    }

    async fn pull(
        &self,
        listing: &Listing,
        slice: &Slice,
        page: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        match listing.kind {
            None => self.punches(slice).await,
            Some(Kind::ShiftAssignment) => self.shifts(slice).await,
            Some(Kind::TimelineEntry) => self.leaves(slice).await,
            Some(Kind::Approval) => self.approvals(slice).await,
            Some(Kind::OrgUnit) => self.departments(page, known).await,
            _ => self.people(page, known).await,
        }
    }

    fn read(&self, kind: Kind, row: &Row) -> Result<Draft, Error> {
        rows::read(self.space, kind, &row.raw)
    }

    async fn exists(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error> {
        let outcome = match kind {
            Kind::Employee => {
                let ask = wire::UserGet { userid: Some(remote_id.to_owned()), language: None };
                self.ask_bytes(&ask).await
            }
            Kind::OrgUnit => {
                let Ok(number) = remote_id.parse() else { return Ok(Existence::Absent) };
                self.ask_bytes(&wire::DepartmentGet { dept_id: Some(number), language: None }).await
            }
            Kind::Approval => return self.approval_exists(remote_id).await,
            _ => return Ok(Existence::Unknown),
        };
        let body = match outcome {
            Ok(body) => body,
            Err(CallError::Fault { fault, .. })
                if matches!(fault.code, Code::UserId | Code::Nobody | Code::NoDepartment) =>
            {
                return Ok(Existence::Absent);
            }
            // What lies outside of what the app may see may be there all the same.
            Err(CallError::Fault { fault, .. })
                if matches!(fault.code, Code::UserOutside | Code::DepartmentOutside) =>
            {
                return Ok(Existence::Unknown);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(match rows::one(kind, &body)? {
            row if row.remote_id == remote_id => Existence::Present(row),
            _ => Existence::Unknown,
        })
    }

    fn batch_max(&self, _target: Target, _action: Action) -> usize {
        1
    }

    fn repeatable(&self, target: Target, _action: Action) -> bool {
        writes::is_repeatable(target)
    }

    async fn push(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let mut pushed = Vec::with_capacity(writes.len());
        for write in writes {
            pushed.push(self.push_one(write).await?);
        }
        Ok(pushed)
    }

    async fn read_back(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        self.see_writes(writes).await
    }

    async fn call(&self, operation: &str, fields: Map<String, Value>) -> Option<Result<Reply, Error>> {
        call_by_name(self, operation, fields).await
    }

    fn sign_in(&self) -> Option<&dyn SignIn> {
        Some(self)
    }

    fn receive(&self, message: &Message) -> Option<Result<Vec<Incoming>, Error>> {
        let read = events::seals(&self.credential).and_then(|seals| {
            let (text, _) = events::opened(message, &seals)?;
            events::incoming(&text)
        });
        Some(read)
    }

    fn receipt(&self, message: &Message, now: Timestamp, randomness: &dyn Randomness) -> Option<Reply> {
        let seals = events::seals(&self.credential).ok()?;
        let (_, seal) = events::opened(message, &seals).ok()?;
        Some(events::receipt(seal, now, randomness))
    }
}

operations! {
    Connection;
    wire::GetToken,
    wire::AccessToken,
    wire::UnifiedToken,
    wire::SuiteToken,
    wire::CorpToken,
    wire::ServiceCorpToken,
    wire::SsoToken,
    wire::DepartmentListSub,
    wire::DepartmentListSubId,
    wire::DepartmentGet,
    wire::DepartmentParents,
    wire::UserParents,
    wire::DepartmentCreate,
    wire::DepartmentUpdate,
    wire::DepartmentDelete,
    wire::AuthScopes,
    wire::UserList,
    wire::UserListSimple,
    wire::UserListId,
    wire::UserGet,
    wire::UserByMobile,
    wire::UserByUnionId,
    wire::UserCount,
    wire::UserCreate,
    wire::UserUpdate,
    wire::UserDelete,
    wire::LeaveRecords,
    wire::OnJob,
    wire::Dismissions,
    wire::Authorize,
    wire::AuthorizeStep,
    wire::UserAccessToken,
    wire::Me,
    wire::AppCode,
    wire::GetUserInfo,
    wire::SnsUserInfo,
    wire::RegisterCallback,
    wire::UpdateCallback,
    wire::GetCallback,
    wire::DeleteCallback,
    wire::FailedCallbacks,
    wire::attendance::RecordUpload,
    wire::attendance::ResultList,
    wire::attendance::RecordList,
    wire::attendance::DayGet,
    wire::attendance::CheckinList,
    wire::attendance::SmartReportGet,
    wire::attendance::ColumnList,
    wire::attendance::ColumnValues,
    wire::attendance::LeaveTimes,
    wire::attendance::LeaveStatusList,
    wire::attendance::LeaveDuration,
    wire::attendance::LeaveTypeList,
    wire::attendance::QuotaList,
    wire::attendance::QuotaUpdate,
    wire::attendance::ScheduleByDay,
    wire::attendance::ScheduleByUsers,
    wire::attendance::ShiftsByDays,
    wire::attendance::ScheduleList,
    wire::attendance::ScheduleResults,
    wire::attendance::ScheduleSet,
    wire::attendance::ShiftList,
    wire::attendance::ShiftGet,
    wire::attendance::GroupList,
    wire::attendance::GroupNames,
    wire::attendance::GroupGet,
    wire::attendance::GroupMembers,
    wire::attendance::GroupOfUser,
    wire::attendance::ApproveFinish,
    wire::attendance::ApprovalFinish,
    wire::attendance::DurationCalculate,
    wire::attendance::ApproveCancel,
    wire::attendance::ApproveCheck,
    wire::attendance::ApproveSwitch,
    wire::approval::ApprovalCreate,
    wire::approval::ApprovalGet,
    wire::approval::ApprovalList,
    wire::approval::ApprovalTerminate,
    wire::approval::ApprovalExecute,
    wire::approval::ApprovalComment,
    wire::approval::SchemaGet,
    wire::approval::OldCreate,
    wire::approval::OldGet,
    wire::approval::OldList,
    wire::approval::OldTerminate,
    wire::approval::OldExecute,
    wire::approval::OldComment,
    wire::clock::ClockAdd,
}
