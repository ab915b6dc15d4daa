//! The calling side, once for all vendors: sign, pace, send, read, try again.

use std::{
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::header;
use serde_json::{Map, Value};
use tongshi_model::{Clock, Error, ErrorKind, Timestamp, masked};
use tracing::Instrument as _;

use crate::{
    AuthScheme, Dialect, FormFault, Message, Operation, OperationInfo, Reply, Unread,
    operation::{encode_at, encode_fields},
};

/// How often one call waits because the vendor says "too fast", before that is told to whoever asked.
const HURRIED_MAX: u32 = 20;

/// Carries a message to where a connection's base URL points, and a reply back. Never follows a redirect.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends one message once.
    async fn send(&self, message: Message) -> Result<Reply, TransportError>;
}

/// Why no whole reply came back.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct TransportError {
    /// What happened, without addresses that carry credentials.
    pub text: String,
    /// Whether the message certainly did not arrive, so that even what must not happen twice can be sent again.
    pub unsent: bool,
}

/// Decides when a message may go and whether it goes again: rate limits, back-off, `Retry-After`.
#[async_trait]
pub trait Pacer: Send + Sync + 'static {
    /// Waits until one more call of this operation is within the limits.
    async fn before(&self, operation: &'static str) -> Result<(), Error>;

    /// After failure number `attempt` (from 1): waits and says yes, or says no. `retry_after` is the vendor's wish.
    async fn again(&self, operation: &'static str, attempt: u32, retry_after: Option<Duration>) -> bool;

    /// A call was sent once and ended so: `ok`, `fault`, `hurried` (the vendor said "too fast"), `used_up` (it said that
    /// the month is), `garbled`, `unsent` or `lost`. For whoever counts.
    fn after(&self, _operation: &'static str, _outcome: &'static str, _took: Duration) {}
}

/// A pacer that never waits and never tries again.
#[derive(Clone, Copy, Debug)]
pub struct Promptly;

#[async_trait]
impl Pacer for Promptly {
    async fn before(&self, _operation: &'static str) -> Result<(), Error> {
        Ok(())
    }

    async fn again(&self, _operation: &'static str, _attempt: u32, _retry_after: Option<Duration>) -> bool {
        false
    }
}

/// A vendor's client.
pub struct Client<D: Dialect> {
    transport: Arc<dyn Transport>,
    pacer: Arc<dyn Pacer>,
    clock: Arc<dyn Clock>,
    layout: D::Layout,
    /// How far the vendor's clock is ahead of ours, learned when it refuses our time.
    ahead_seconds: AtomicI64,
    /// Paths by the operation's name, where they are not the usual ones.
    paths: BTreeMap<&'static str, String>,
    dialect: PhantomData<D>,
}

impl<D: Dialect> Client<D> {
    /// A client that sends over this transport at this pace.
    pub fn new(
        transport: Arc<dyn Transport>,
        pacer: Arc<dyn Pacer>,
        clock: Arc<dyn Clock>,
        layout: D::Layout,
    ) -> Self {
        let (ahead_seconds, paths) = (AtomicI64::new(0), BTreeMap::new());
        Self { transport, pacer, clock, layout, ahead_seconds, paths, dialect: PhantomData }
    }

    /// Calls operations at other paths than the usual ones: by name, each with the same fields in braces.
    pub fn at(mut self, operations: &'static [OperationInfo], paths: &Value) -> Result<Self, Error> {
        let wrong = |text: String| Error::invalid("paths", text);
        let given = match paths {
            Value::Null => return Ok(self),
            Value::Object(given) => given,
            _ => return Err(wrong("paths is an object of paths by the operation's name".to_owned())),
        };
        for (name, path) in given {
            let known = operations.iter().find(|operation| operation.name == name);
            let known = known.ok_or_else(|| wrong(format!("there is no operation '{}'", masked(name))))?;
            let path = path.as_str().filter(|path| path.starts_with('/') && !path.contains(['?', '#']));
            let fits = path.filter(|path| captures(path) == captures(known.path));
            let text =
                || wrong(format!("the path of {name} begins with / and has the fields of {}", known.path));
            self.paths.insert(known.name, fits.ok_or_else(text)?.to_owned());
        }
        Ok(self)
    }

    fn path<O: Operation<Dialect = D>>(&self) -> &str {
        self.paths.get(O::NAME).map_or(O::PATH, String::as_str)
    }

    /// Calls an operation and reads its answer.
    pub async fn call<O: Operation<Dialect = D>>(
        &self,
        operation: &O,
        key: &<O::Auth as AuthScheme>::Key,
    ) -> Result<O::Answer, CallError<D::Fault>> {
        let body = self.call_bytes(operation, key).await?;
        serde_json::from_slice(&body).map_err(|error| {
            // The parser's own text quotes the value, which may be somebody's number.
            let why = format!("line {}, column {}", error.line(), error.column());
            CallError::garbled(200, &body, Some(why))
        })
    }

    /// Calls an operation and hands on the answer's JSON as it came, for those who read it piece by piece.
    pub async fn call_bytes<O: Operation<Dialect = D>>(
        &self,
        operation: &O,
        key: &<O::Auth as AuthScheme>::Key,
    ) -> Result<Bytes, CallError<D::Fault>> {
        let message = encode_at(operation, self.layout, self.path::<O>())?;
        let reply = self.send::<O>(message, key).await?;
        D::read(&reply, O::SHAPE).map_err(|unread| CallError::unread(unread, &reply, None))
    }

    /// Calls an operation with fields that nobody checked and hands on whatever came back (`tongshi call`).
    pub async fn call_raw<O: Operation<Dialect = D>>(
        &self,
        fields: Map<String, Value>,
        key: &<O::Auth as AuthScheme>::Key,
    ) -> Result<Reply, Error> {
        let message = encode_fields::<D>(fields, (O::METHOD, O::SHAPE), self.layout, self.path::<O>())
            .map_err(|fault| Error::invalid("fields", fault.to_string()))?;
        self.pacer.before(O::NAME).await?;
        let read = self.send_noted::<O>(message, key, 1).await;
        read.map(|(reply, _)| reply).map_err(|error| Error::unavailable(error.text))
    }

    /// Sends until there is a reply worth reading: transport failures, 429 and 5xx are tried again at the pacer's
    /// word, a refused time once with the vendor's clock.
    async fn send<O: Operation<Dialect = D>>(
        &self,
        message: Message,
        key: &<O::Auth as AuthScheme>::Key,
    ) -> Result<Reply, CallError<D::Fault>> {
        let (mut attempt, mut hurried) = (1, 0);
        let mut clock_learned = false;
        loop {
            self.pacer.before(O::NAME).await?;
            let outcome = self.send_noted::<O>(message.clone(), key, attempt).await;
            let (failure, retry_after, harmless) = match outcome {
                Ok((reply, unread)) => {
                    let status = reply.status.as_u16();
                    let busy = status == 429 || status == 503;
                    match unread {
                        None => return Ok(reply),
                        Some(Unread::Fault(fault)) if D::is_stale(&fault) && !clock_learned => {
                            clock_learned = self.learn_clock(&reply);
                            if clock_learned {
                                continue;
                            }
                            return Err(CallError::unread(Unread::Fault(fault), &reply, None));
                        }
                        Some(Unread::Fault(fault)) if D::too_fast(&fault).is_some() => {
                            // Nothing failed, so it costs no attempt; who gives up tells the vendor's pace.
                            let pause = self.retry_after(&reply).or(D::too_fast(&fault));
                            hurried += 1;
                            if hurried <= HURRIED_MAX && self.pacer.again(O::NAME, 0, pause).await {
                                continue;
                            }
                            return Err(CallError::unread(Unread::Fault(fault), &reply, pause));
                        }
                        Some(Unread::Fault(fault)) if status < 500 && !busy => {
                            return Err(CallError::unread(Unread::Fault(fault), &reply, None));
                        }
                        Some(unread) => {
                            let retry_after = self.retry_after(&reply);
                            // A gateway says 503 also when what is behind it has begun.
                            let harmless = status == 429 || O::REPEATABLE;
                            (CallError::unread(unread, &reply, retry_after), retry_after, harmless)
                        }
                    }
                }
                Err(error) => {
                    let harmless = error.unsent || O::REPEATABLE;
                    (CallError::Transport(error), None, harmless)
                }
            };
            if !harmless || !self.pacer.again(O::NAME, attempt, retry_after).await {
                return Err(failure);
            }
            attempt += 1;
        }
    }

    /// Sends once, counted and as a part of the trace. The trace's name does not go to the vendor.
    async fn send_noted<O: Operation<Dialect = D>>(
        &self,
        message: Message,
        key: &<O::Auth as AuthScheme>::Key,
        attempt: u32,
    ) -> Result<(Reply, Option<Unread<D::Fault>>), TransportError> {
        let span = tracing::info_span!(
            target: crate::SPANS, "vendor call", otel.kind = "client", dialect = D::ID, operation = O::NAME, attempt,
            http.response.status_code = tracing::field::Empty, outcome = tracing::field::Empty,
        );
        let begun = Instant::now();
        let sent = self.send_once::<O>(message, key).instrument(span.clone()).await;
        let took = begun.elapsed();
        let read = sent.map(|reply| {
            span.record("http.response.status_code", reply.status.as_u16());
            let unread = D::read(&reply, O::SHAPE).err();
            (reply, unread)
        });
        let outcome = match &read {
            Ok((_, None)) => "ok",
            Ok((_, Some(Unread::Fault(fault)))) if D::too_fast(fault).is_some() => "hurried",
            Ok((_, Some(Unread::Fault(fault)))) if D::used_up(fault) => "used_up",
            Ok((_, Some(Unread::Fault(_)))) => "fault",
            Ok((_, Some(Unread::Garbled))) => "garbled",
            Err(error) if error.unsent => "unsent",
            Err(_) => "lost",
        };
        span.record("outcome", outcome);
        self.pacer.after(O::NAME, outcome, took);
        read
    }

    async fn send_once<O: Operation<Dialect = D>>(
        &self,
        mut message: Message,
        key: &<O::Auth as AuthScheme>::Key,
    ) -> Result<Reply, TransportError> {
        O::Auth::sign(&mut message, key, self.now());
        self.transport.send(message).await
    }

    fn now(&self) -> Timestamp {
        let ahead = self.ahead_seconds.load(Ordering::Relaxed);
        let seconds = self.clock.now().as_second().saturating_add(ahead);
        Timestamp::from_second(seconds).unwrap_or_else(|_| self.clock.now())
    }

    /// Takes the vendor's clock from its `Date` header.
    fn learn_clock(&self, reply: &Reply) -> bool {
        let Some(theirs) = http_date(reply.headers.get(header::DATE)) else { return false };
        let ahead = theirs.as_second() - self.clock.now().as_second();
        tracing::warn!(
            dialect = D::ID,
            ahead_seconds = ahead,
            "the vendor's clock differs; its time is used to sign"
        );
        self.ahead_seconds.store(ahead, Ordering::Relaxed);
        true
    }

    fn retry_after(&self, reply: &Reply) -> Option<Duration> {
        let value = reply.headers.get(header::RETRY_AFTER)?;
        if let Some(seconds) = value.to_str().ok().and_then(|text| text.trim().parse().ok()) {
            return Some(Duration::from_secs(seconds));
        }
        let until = http_date(Some(value))?;
        Some(Duration::from_secs(
            u64::try_from(until.as_second() - self.clock.now().as_second()).unwrap_or(0),
        ))
    }
}

/// The names of a path's fields, in alphabetical order.
fn captures(path: &str) -> Vec<&str> {
    let mut names: Vec<&str> = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    names.sort_unstable();
    names
}

/// Why a call gave no answer.
#[derive(Debug)]
pub enum CallError<F> {
    /// The vendor refused.
    Fault {
        /// The refusal.
        fault: F,
        /// Its HTTP status.
        status: u16,
        /// How long the vendor wants to be left alone.
        wait: Option<Duration>,
    },
    /// Something came back that the vendor does not document.
    Garbled {
        /// Its HTTP status.
        status: u16,
        /// Its first bytes, at most 200, escaped.
        head: String,
        /// What was wrong with it, where that is known.
        why: Option<String>,
    },
    /// No whole reply came back.
    Transport(TransportError),
    /// The request could not be made.
    Form(FormFault),
    /// The limits forbid it.
    Held(Error),
}

impl<F> CallError<F> {
    /// Whether the call certainly had no effect: it did not arrive, or the vendor refused it. A failure that the
    /// vendor calls its own may have come after the effect.
    pub fn is_without_effect(&self) -> bool {
        match self {
            Self::Fault { status, .. } => *status < 500,
            Self::Garbled { status, .. } => *status == 429,
            Self::Transport(error) => error.unsent,
            Self::Form(_) | Self::Held(_) => true,
        }
    }

    fn unread(unread: Unread<F>, reply: &Reply, wait: Option<Duration>) -> Self {
        match unread {
            Unread::Fault(fault) => Self::Fault { fault, status: reply.status.as_u16(), wait },
            Unread::Garbled => Self::garbled(reply.status.as_u16(), &reply.body, None),
        }
    }

    fn garbled(status: u16, body: &[u8], why: Option<String>) -> Self {
        // A truncated answer begins like a good one, with somebody's name and number: only what is no JSON is shown.
        let looks_like_data = matches!(body.first(), Some(b'[' | b'{'));
        let head = if looks_like_data {
            format!("({} bytes that begin like JSON)", body.len())
        } else {
            masked(&String::from_utf8_lossy(&body[..body.len().min(200)]).escape_debug().to_string())
        };
        Self::Garbled { status, head, why }
    }
}

impl<F> From<FormFault> for CallError<F> {
    fn from(fault: FormFault) -> Self {
        Self::Form(fault)
    }
}

impl<F> From<Error> for CallError<F> {
    fn from(error: Error) -> Self {
        Self::Held(error)
    }
}

impl<F: fmt::Display> fmt::Display for CallError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { fault, status, .. } => {
                write!(f, "the vendor refused (HTTP {status}): {}", masked(&fault.to_string()))
            }
            Self::Garbled { status, head, why } => {
                write!(f, "the vendor answered HTTP {status} with something it does not document: {head}")?;
                why.as_ref().map_or(Ok(()), |why| write!(f, " ({why})"))
            }
            Self::Transport(error) => write!(f, "the vendor could not be reached: {error}"),
            Self::Form(fault) => write!(f, "the request could not be made: {fault}"),
            Self::Held(error) => error.fmt(f),
        }
    }
}

impl<F: Into<Error> + fmt::Display> From<CallError<F>> for Error {
    fn from(error: CallError<F>) -> Self {
        let text = error.to_string();
        match error {
            CallError::Fault { status: 429 | 503, wait, .. } => Error::new(ErrorKind::Limited(wait), text),
            CallError::Garbled { status: 429, .. } => Error::new(ErrorKind::Limited(None), text),
            CallError::Fault { fault, .. } => {
                let known: Error = fault.into();
                Error::new(known.kind().clone(), text)
            }
            CallError::Garbled { .. } => Error::upstream(text),
            CallError::Transport(_) => Error::unavailable(text),
            CallError::Form(_) => Error::internal(text),
            CallError::Held(error) => error,
        }
    }
}

/// Reads an HTTP date (RFC 9110 §5.6.7, IMF-fixdate).
fn http_date(value: Option<&http::HeaderValue>) -> Option<Timestamp> {
    tongshi_model::parse_http_date(value?.to_str().ok()?)
}
