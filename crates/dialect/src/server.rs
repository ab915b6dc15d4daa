//! The answering side, once for all vendors: find the operation, find the app, check the proof, answer, keep.

use std::{collections::HashMap, future::Future, net::IpAddr, sync::Arc, time::Instant};

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header};
use moka::sync::Cache;
use serde_json::{Map, Value};
use tongshi_model::{Clock, Secret, Timestamp};
use tracing::Instrument as _;

use crate::{
    Attempt, AuthFault, AuthScheme, Called, Cookie, Desk, Dialect, Disclosed, Explanation, Face, Grant,
    KeySource, Language, Message, Operation, Refusal, Reply, Workforce,
    operation::{decode_fields, fields_of},
    seen,
};

/// Answers kept for repeated questions may take this much memory.
const KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The header by which an answer says that it is ours and not the vendor's.
const MARKER: &str = "tongshi-not-implemented";

/// Who calls, and when.
#[derive(Clone)]
pub struct Caller {
    /// The app; none when the operation is open.
    pub grant: Option<Arc<Grant>>,
    /// Now.
    pub now: Timestamp,
    /// From which address, where that is known.
    pub peer: Option<IpAddr>,
    /// The language in which the caller reads pages.
    pub language: Language,
    /// What the caller's browser keeps, as it sent it.
    pub cookies: Option<String>,
    /// The desk, for operations that find their app in their own fields.
    pub desk: Arc<dyn Desk>,
}

impl Caller {
    /// The app's view of its workspace. Operations with an auth scheme always have one.
    pub fn workforce(&self) -> Result<&dyn Workforce, tongshi_model::Error> {
        let grant =
            self.grant.as_deref().ok_or_else(|| tongshi_model::Error::unauthenticated("no app calls"))?;
        Ok(&*grant.workforce)
    }

    /// A text among the app's settings.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.grant.as_deref().and_then(|grant| grant.setting(name))
    }

    /// What the caller's browser keeps under this name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        Cookie::read(self.cookies.as_deref()?, name)
    }
}

/// What a vendor lets through beside keys and grants: its own limits and permissions, asked before each answer, kept
/// ones too.
#[async_trait]
pub trait Gate<D: Dialect>: Send + Sync + 'static {
    /// When a message arrives and nobody knows yet whose it is.
    fn arrive(&self, _message: &Message, _now: Timestamp) -> Result<(), D::Fault> {
        Ok(())
    }

    /// When the app has proven itself; open operations do not come here.
    async fn admit(&self, _grant: &Grant, _operation: &'static str, _now: Timestamp) -> Result<(), D::Fault> {
        Ok(())
    }
}

/// The gate of vendors that have none.
struct Ajar;

impl<D: Dialect> Gate<D> for Ajar {}

/// A face made of operations.
pub struct Server<D: Dialect> {
    desk: Arc<dyn Desk>,
    clock: Arc<dyn Clock>,
    gate: Arc<dyn Gate<D>>,
    routes: matchit::Router<HashMap<Method, Endpoint<D>>>,
    paths: HashMap<&'static str, HashMap<Method, Endpoint<D>>>,
    kept: Cache<Vec<u8>, Kept>,
}

/// An answer that is given again while its epoch lasts, with the restricted records that it was made from.
#[derive(Clone)]
struct Kept {
    epoch: u64,
    reply: Reply,
    seen: Option<Arc<[Disclosed]>>,
}

/// A fault on its way to the caller, and what of it is noted.
struct Refused<F> {
    fault: F,
    refusal: Box<Refusal>,
    /// When another try makes sense.
    wait_seconds: Option<u64>,
}

impl<F: std::error::Error> Refused<F> {
    fn of<D: Dialect<Fault = F>>(fault: F) -> Self {
        let refusal = Refusal { code: D::code(&fault), text: fault.to_string(), ..Refusal::default() };
        Self { fault, refusal: Box::new(refusal), wait_seconds: None }
    }

    fn proof<D: Dialect<Fault = F>>(proof: AuthFault) -> Self
    where
        F: From<AuthFault>,
    {
        let mut refused = Self::of::<D>(proof.clone().into());
        refused.refusal.proof = Some(proof);
        refused
    }
}

impl<D: Dialect> Server<D> {
    /// A face without operations.
    pub fn new(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Self {
        let kept = Cache::builder()
            .max_capacity(KEPT_BYTES_MAX)
            .weigher(|key: &Vec<u8>, kept: &Kept| {
                u32::try_from(key.len() + kept.reply.body.len() + 256).unwrap_or(u32::MAX)
            })
            .build();
        let gate = Arc::new(Ajar);
        Self { desk, clock, gate, routes: matchit::Router::new(), paths: HashMap::new(), kept }
    }

    /// Puts a gate before all operations.
    #[must_use]
    pub fn behind(mut self, gate: Arc<dyn Gate<D>>) -> Self {
        self.gate = gate;
        self
    }

    /// Adds an operation.
    #[must_use]
    pub fn on<O, H, F>(mut self, handler: H) -> Self
    where
        O: Operation<Dialect = D>,
        H: Fn(Caller, O) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Answer, D::Fault>> + Send + 'static,
    {
        let handle: Arc<dyn Handle<D>> =
            Arc::new(Handler { handler, operation: std::marker::PhantomData::<fn(O)> });
        let endpoint = Endpoint {
            name: O::NAME,
            path: O::PATH,
            shape: O::SHAPE,
            kept: O::KEPT,
            proof: Proof::of::<O::Auth>(),
            handle,
        };
        self.paths.entry(O::PATH).or_default().insert(O::METHOD.into(), endpoint);
        self
    }

    /// Ends the list of operations.
    #[expect(
        clippy::expect_used,
        reason = "two paths that collide are a mistake in a dialect's list; tests build all"
    )]
    #[must_use]
    pub fn ready(mut self) -> Self {
        for (path, methods) in self.paths.drain() {
            self.routes.insert(path, methods).expect("operations of one dialect have distinct paths");
        }
        self
    }
}

#[async_trait]
impl<D: Dialect> Face for Server<D> {
    fn packs(&self) -> bool {
        D::GZIP
    }

    async fn answer(&self, message: Message) -> Reply {
        let Ok(found) = self.routes.at(&message.path) else {
            return self.nowhere(&message, not_implemented::<D>(&message)).await;
        };
        let Some(endpoint) = found.value.get(&message.method) else {
            return self.nowhere(&message, method_not_allowed(found.value.keys())).await;
        };
        let captures: Vec<(&str, &str)> = found.params.iter().collect();
        self.serve(endpoint, &message, &captures).await
    }
}

/// An operation with its types forgotten, so that the way of a call through the face is compiled once a vendor.
struct Endpoint<D: Dialect> {
    name: &'static str,
    path: &'static str,
    shape: D::Shape,
    kept: bool,
    proof: Proof,
    handle: Arc<dyn Handle<D>>,
}

/// An [`AuthScheme`] with its types forgotten.
struct Proof {
    source: KeySource,
    claim: fn(&Message) -> Result<String, AuthFault>,
    verify: fn(&Message, &str, &Secret, Timestamp) -> Result<(), AuthFault>,
    explain: fn(&Message) -> Explanation,
}

impl Proof {
    fn of<A: AuthScheme>() -> Self {
        Self {
            source: A::SOURCE,
            claim: A::claim,
            verify: |message, id, secret, now| A::verify(message, &A::key(id, secret), now),
            explain: A::explain,
        }
    }
}

/// What an operation's types are needed for: its fields, its handler, its answer.
#[async_trait]
trait Handle<D: Dialect>: Send + Sync {
    async fn handle(&self, caller: Caller, fields: Map<String, Value>) -> Result<Vec<u8>, D::Fault>;
}

struct Handler<O, H> {
    handler: H,
    operation: std::marker::PhantomData<fn(O)>,
}

#[async_trait]
impl<D, O, H, F> Handle<D> for Handler<O, H>
where
    D: Dialect,
    O: Operation<Dialect = D>,
    H: Fn(Caller, O) -> F + Send + Sync + 'static,
    F: Future<Output = Result<O::Answer, D::Fault>> + Send + 'static,
{
    async fn handle(&self, caller: Caller, fields: Map<String, Value>) -> Result<Vec<u8>, D::Fault> {
        let operation = decode_fields::<O>(fields)?;
        let answer = (self.handler)(caller, operation).await?;
        serde_json::to_vec(&answer).map_err(|error| {
            tongshi_model::Error::internal(format!("the answer to {} does not serialise", O::NAME))
                .caused_by(error)
                .into()
        })
    }
}

impl<D: Dialect> Server<D> {
    async fn serve(&self, endpoint: &Endpoint<D>, message: &Message, captures: &[(&str, &str)]) -> Reply {
        let span = tracing::info_span!(target: crate::SPANS, "face", face = D::ID, operation = endpoint.name);
        let begun = Instant::now();
        async {
            let mut grant = None;
            let (reply, seen, refusal) = match self.attempt(endpoint, message, captures, &mut grant).await {
                Ok((reply, seen)) => (reply, seen, None),
                Err(Refused { fault, refusal, wait_seconds }) => {
                    let mut reply = D::fault(&fault, endpoint.shape);
                    if let Some(seconds) = wait_seconds {
                        reply.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                    }
                    (reply, None, Some(refusal))
                }
            };
            let call = Called {
                face: D::ID,
                operation: Some((endpoint.name, endpoint.path)),
                message,
                grant: grant.as_ref(),
                reply: &reply,
                fault: refusal.as_deref(),
                seen: seen.as_ref(),
                took: begun.elapsed(),
            };
            match self.desk.called(call).await {
                Ok(()) => reply,
                // What cannot be noted must not leave.
                Err(error) => D::fault(&error.into(), endpoint.shape),
            }
        }
        .instrument(span)
        .await
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint<D>,
        message: &Message,
        captures: &[(&str, &str)],
        grant: &mut Option<Arc<Grant>>,
    ) -> Result<(Reply, Option<Arc<[Disclosed]>>), Refused<D::Fault>> {
        let now = self.clock.now();
        self.gate.arrive(message, now).map_err(Refused::of::<D>)?;
        self.authenticate(endpoint, message, now, grant).await?;
        if let Some(grant) = grant.as_deref() {
            self.gate.admit(grant, endpoint.name, now).await.map_err(Refused::of::<D>)?;
        }
        let fields = fields_of::<D>(message, endpoint.shape, captures)
            .map_err(|fault| Refused::of::<D>(fault.into()))?;
        let caller = Caller {
            grant: grant.clone(),
            now,
            peer: message.peer,
            language: Language::wanted(message.header(header::ACCEPT_LANGUAGE.as_str())),
            cookies: message.header(header::COOKIE.as_str()).map(str::to_owned),
            desk: Arc::clone(&self.desk),
        };
        self.respond(endpoint, caller, fields).await.map_err(Refused::of::<D>)
    }

    /// Notes a call for which there is no operation.
    async fn nowhere(&self, message: &Message, reply: Reply) -> Reply {
        let text = match reply.status {
            StatusCode::NOT_IMPLEMENTED => {
                "the face has nothing at this path; docs/COVERAGE.md lists what there is"
            }
            _ => "the path does not take this method",
        };
        let refusal = Refusal { text: text.to_owned(), ..Refusal::default() };
        let call = Called {
            face: D::ID,
            operation: None,
            message,
            grant: None,
            reply: &reply,
            fault: Some(&refusal),
            seen: None,
            took: std::time::Duration::ZERO,
        };
        // Nothing was disclosed, so the answer leaves whatever the log says.
        let _ = self.desk.called(call).await;
        reply
    }

    /// Finds the app and checks its proof. An open operation has none. The app is given also where it is refused.
    async fn authenticate(
        &self,
        endpoint: &Endpoint<D>,
        message: &Message,
        now: Timestamp,
        found: &mut Option<Arc<Grant>>,
    ) -> Result<(), Refused<D::Fault>> {
        let proof = &endpoint.proof;
        let refused = Refused::proof::<D>;
        let ours = |error: tongshi_model::Error| Refused::of::<D>(error.into());
        let id = (proof.claim)(message).map_err(refused)?;
        let attempt = Attempt { peer: message.peer, place: D::ID, id: &id };
        if proof.source != KeySource::Open
            && let Err(wait) = self.desk.may_try(&attempt)
        {
            let mut refused = refused(AuthFault::Blocked(wait.seconds()));
            refused.wait_seconds = Some(wait.seconds());
            return Err(refused);
        }
        let grant = match proof.source {
            KeySource::Open => return Ok(()),
            KeySource::AppKey(name) => self.desk.by_key(D::ID, name, &id).await.map_err(ours)?,
            KeySource::Token(purpose) => self.desk.by_token(purpose, &id).await.map_err(ours)?,
        };
        let Some(grant) = grant else {
            self.desk.failed(&attempt, None).await;
            return Err(refused(AuthFault::Unknown));
        };
        let grant = found.insert(grant);
        if grant.disabled {
            self.desk.failed(&attempt, Some(&**grant)).await;
            return Err(refused(AuthFault::Disabled));
        }
        if let Err(fault) = (proof.verify)(message, &id, &grant.secret, now) {
            if matches!(fault, AuthFault::Wrong(_) | AuthFault::Unknown) {
                self.desk.failed(&attempt, Some(&**grant)).await;
            }
            let explained = log_refusal(endpoint, message, grant, &fault);
            let mut refused = refused(fault);
            refused.refusal.explained = Some(explained);
            return Err(refused);
        }
        self.desk.passed(&attempt);
        // Only who holds the key learns that there is a list of addresses.
        if !grant.admits(message.peer) {
            return Err(refused(AuthFault::Address));
        }
        if !grant.allows(endpoint.name) {
            return Err(refused(AuthFault::Forbidden));
        }
        Ok(())
    }

    async fn respond(
        &self,
        endpoint: &Endpoint<D>,
        caller: Caller,
        fields: Map<String, Value>,
    ) -> Result<(Reply, Option<Arc<[Disclosed]>>), D::Fault> {
        let kept = match &caller.grant {
            Some(grant) if endpoint.kept => {
                Some((question(endpoint.name, grant, &fields), grant.workforce.epoch().await?))
            }
            _ => None,
        };
        if let Some((question, epoch)) = &kept
            && let Some(kept) = self.kept.get(question)
            && kept.epoch == *epoch
        {
            return Ok((kept.reply, kept.seen));
        }
        let (answer, seen) = seen::gathering(endpoint.handle.handle(caller, fields)).await;
        let (answer, seen) = (answer?, (!seen.is_empty()).then(|| Arc::from(seen)));
        let reply = D::answer(answer, endpoint.shape);
        if let Some((question, epoch)) = kept {
            // The epoch was read before the records, so an answer kept under it is never newer than it says.
            self.kept.insert(question, Kept { epoch, reply: reply.clone(), seen: seen.clone() });
        }
        Ok((reply, seen))
    }
}

/// Says in the log why, and gives how the face computed what is signed.
fn log_refusal<D: Dialect>(
    endpoint: &Endpoint<D>,
    message: &Message,
    grant: &Grant,
    fault: &AuthFault,
) -> Explanation {
    let explained = (endpoint.proof.explain)(message);
    // Path and payload may name people, so the log has the operation for the one and the other's length.
    let parts: Vec<_> =
        explained.parts.iter().filter(|(name, _)| !matches!(*name, "payload" | "path")).collect();
    tracing::warn!(
        dialect = D::ID, operation = endpoint.name, app = %grant.app, reason = %fault, path = endpoint.path, ?parts,
        signed_bytes = explained.string_to_sign.len(), algorithm = explained.algorithm,
        "a signature was refused"
    );
    explained
}

/// What makes two questions the same: operation, app, fields.
fn question(operation: &str, grant: &Grant, fields: &Map<String, Value>) -> Vec<u8> {
    let mut question = Vec::with_capacity(128);
    question.extend_from_slice(operation.as_bytes());
    question.push(0);
    question.extend_from_slice(grant.app.as_bytes());
    // A map of JSON values always serialises.
    let _ = serde_json::to_writer(&mut question, fields);
    question
}

fn not_implemented<D: Dialect>(message: &Message) -> Reply {
    let body = serde_json::json!({
        "tongshi": "not_implemented",
        "detail": format!(
            "Tongshi's {} face has no {} {}. This is Tongshi's answer, not the vendor's; docs/COVERAGE.md lists what \
             there is.",
            D::ID,
            message.method,
            tongshi_model::masked(&message.path)
        ),
    });
    let mut reply = Reply::json(StatusCode::NOT_IMPLEMENTED, body.to_string());
    reply.headers.insert(MARKER, HeaderValue::from_static("1"));
    reply
}

fn method_not_allowed<'a>(methods: impl Iterator<Item = &'a Method>) -> Reply {
    let mut allowed: Vec<&str> = methods.map(Method::as_str).collect();
    allowed.sort_unstable();
    let body = serde_json::json!({
        "tongshi": "method_not_allowed",
        "detail": format!("this path takes {}", allowed.join(", ")),
    });
    let mut reply = Reply::json(StatusCode::METHOD_NOT_ALLOWED, body.to_string());
    if let Ok(value) = HeaderValue::from_str(&allowed.join(", ")) {
        reply.headers.insert(header::ALLOW, value);
    }
    reply
}
