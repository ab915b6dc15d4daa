//! The answering side, once for all vendors: find the operation, find the app, check the proof, answer, keep.

use std::{collections::HashMap, future::Future, sync::Arc};

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header};
use moka::sync::Cache;
use serde_json::{Map, Value};
use tongshi_model::{Clock, Timestamp};

use crate::{
    AuthFault, AuthScheme, Desk, Dialect, Face, Grant, KeySource, Message, Operation, Reply, Workforce,
    operation::{decode_fields, fields_of},
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
}

/// A face made of operations.
pub struct Server<D: Dialect> {
    desk: Arc<dyn Desk>,
    clock: Arc<dyn Clock>,
    routes: matchit::Router<HashMap<Method, Arc<dyn Endpoint<D>>>>,
    paths: HashMap<&'static str, HashMap<Method, Arc<dyn Endpoint<D>>>>,
    kept: Cache<Vec<u8>, (u64, Reply)>,
}

impl<D: Dialect> Server<D> {
    /// A face without operations.
    pub fn new(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Self {
        let kept = Cache::builder()
            .max_capacity(KEPT_BYTES_MAX)
            .weigher(|key: &Vec<u8>, (_, reply): &(u64, Reply)| {
                u32::try_from(key.len() + reply.body.len() + 256).unwrap_or(u32::MAX)
            })
            .build();
        Self { desk, clock, routes: matchit::Router::new(), paths: HashMap::new(), kept }
    }

    /// Adds an operation.
    #[must_use]
    pub fn on<O, H, F>(mut self, handler: H) -> Self
    where
        O: Operation<Dialect = D>,
        H: Fn(Caller, O) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Answer, D::Fault>> + Send + 'static,
    {
        let endpoint: Arc<dyn Endpoint<D>> =
            Arc::new(Handler { handler, operation: std::marker::PhantomData::<fn(O)> });
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
    async fn answer(&self, message: Message) -> Reply {
        let Ok(found) = self.routes.at(&message.path) else { return not_implemented::<D>(&message) };
        let Some(endpoint) = found.value.get(&message.method) else {
            return method_not_allowed(found.value.keys());
        };
        let captures: Vec<(&str, &str)> = found.params.iter().collect();
        endpoint.answer(self, &message, &captures).await
    }
}

/// An operation with its types forgotten.
#[async_trait]
trait Endpoint<D: Dialect>: Send + Sync {
    async fn answer(&self, server: &Server<D>, message: &Message, captures: &[(&str, &str)]) -> Reply;
}

struct Handler<O, H> {
    handler: H,
    operation: std::marker::PhantomData<fn(O)>,
}

#[async_trait]
impl<D, O, H, F> Endpoint<D> for Handler<O, H>
where
    D: Dialect,
    O: Operation<Dialect = D>,
    H: Fn(Caller, O) -> F + Send + Sync + 'static,
    F: Future<Output = Result<O::Answer, D::Fault>> + Send + 'static,
{
    async fn answer(&self, server: &Server<D>, message: &Message, captures: &[(&str, &str)]) -> Reply {
        let now = server.clock.now();
        let grant = match server.authenticate::<O>(message, now).await {
            Ok(grant) => grant,
            Err(fault) => return D::fault(&fault, O::SHAPE),
        };
        let fields = match fields_of::<O>(message, captures.iter().copied()) {
            Ok(fields) => fields,
            Err(fault) => return D::fault(&fault.into(), O::SHAPE),
        };
        match server.respond::<O, H, F>(&self.handler, grant, now, fields).await {
            Ok(reply) => reply,
            Err(fault) => D::fault(&fault, O::SHAPE),
        }
    }
}

impl<D: Dialect> Server<D> {
    async fn authenticate<O: Operation<Dialect = D>>(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Option<Arc<Grant>>, D::Fault> {
        let id = O::Auth::claim(message)?;
        let grant = match O::Auth::SOURCE {
            KeySource::Open => return Ok(None),
            KeySource::AppKey => self.desk.by_key(D::ID, &id).await?,
            KeySource::Token(purpose) => self.desk.by_token(purpose, &id).await?,
        };
        let grant = grant.ok_or(AuthFault::Unknown)?;
        if grant.disabled {
            return Err(AuthFault::Disabled.into());
        }
        let key = O::Auth::key(&id, &grant.secret);
        if let Err(fault) = O::Auth::verify(message, &key, now) {
            let explained = O::Auth::explain(message);
            // Path and payload may name people, so the log has the operation for the one and the other's length.
            tracing::warn!(
                dialect = D::ID, operation = O::NAME, app = %grant.app, reason = %fault,
                path = O::PATH, parts = ?explained.parts.iter().filter(|(name, _)| !matches!(*name, "payload" | "path")).collect::<Vec<_>>(),
                signed_bytes = explained.string_to_sign.len(), algorithm = explained.algorithm,
                "a signature was refused"
            );
            return Err(fault.into());
        }
        if !grant.allows(O::NAME) {
            return Err(AuthFault::Forbidden.into());
        }
        Ok(Some(grant))
    }

    async fn respond<O, H, F>(
        &self,
        handler: &H,
        grant: Option<Arc<Grant>>,
        now: Timestamp,
        fields: Map<String, Value>,
    ) -> Result<Reply, D::Fault>
    where
        O: Operation<Dialect = D>,
        H: Fn(Caller, O) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Answer, D::Fault>> + Send + 'static,
    {
        let kept = match &grant {
            Some(grant) if O::KEPT => Some((question::<O>(grant, &fields), grant.workforce.epoch().await?)),
            _ => None,
        };
        if let Some((question, epoch)) = &kept
            && let Some((kept_epoch, reply)) = self.kept.get(question)
            && kept_epoch == *epoch
        {
            return Ok(reply);
        }
        let operation = decode_fields::<O>(fields)?;
        let caller = Caller { grant, now, desk: Arc::clone(&self.desk) };
        let answer = handler(caller, operation).await?;
        let body = serde_json::to_vec(&answer).map_err(|error| {
            tongshi_model::Error::internal(format!("the answer to {} does not serialise", O::NAME))
                .caused_by(error)
        })?;
        let reply = D::answer(body, O::SHAPE);
        if let Some((question, epoch)) = kept {
            // The epoch was read before the records, so an answer kept under it is never newer than it says.
            self.kept.insert(question, (epoch, reply.clone()));
        }
        Ok(reply)
    }
}

/// What makes two questions the same: operation, app, fields.
fn question<O: Operation>(grant: &Grant, fields: &Map<String, Value>) -> Vec<u8> {
    let mut question = Vec::with_capacity(128);
    question.extend_from_slice(O::NAME.as_bytes());
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
            D::ID, message.method, message.path
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
