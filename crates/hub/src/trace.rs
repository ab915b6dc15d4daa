//! Traces without a dependency on those who take them: spans go to `tracing`, and whoever exports them installs a
//! [`Tracer`]. While nobody does, all of this costs a look at an empty place.
//!
//! A run's trace is the run's own id, so whoever delivers a change later finds the trace without having stored it.
//! Changes that no run made have theirs in a side table.

use std::{fmt, sync::OnceLock};

use sha2::{Digest as _, Sha256};
use tongshi_model::{Error, Id};
use tongshi_store::{Change, Session, Workspace, traces};
use tracing::Span;

/// The target of spans that become parts of traces.
pub use tongshi_dialect::SPANS;

/// A place in a trace (W3C Trace Context).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The trace.
    pub trace: [u8; 16],
    /// The span.
    pub span: [u8; 8],
    /// Whether the trace is kept.
    pub sampled: bool,
}

/// Who exports spans.
pub trait Tracer: Send + Sync + 'static {
    /// Makes the span a child of something that happened elsewhere or before.
    fn follow(&self, span: &Span, parent: Parent);

    /// Begins a trace with this span, both under given names.
    fn begin(&self, span: &Span, root: Parent);

    /// Where a span is; none where it is not part of a trace.
    fn place(&self, span: &Span) -> Option<Parent>;

    /// Whether a trace of this name is kept.
    fn samples(&self, trace: [u8; 16]) -> bool;
}

static TRACER: OnceLock<Box<dyn Tracer>> = OnceLock::new();

/// Installs who exports spans; the first one stays.
pub fn install(tracer: Box<dyn Tracer>) {
    let _ = TRACER.set(tracer);
}

/// Whether traces are taken at all.
pub fn is_on() -> bool {
    TRACER.get().is_some()
}

/// Makes a span a child of something that happened elsewhere or before.
pub fn follow(span: &Span, parent: Option<Parent>) {
    if let (Some(tracer), Some(parent)) = (TRACER.get(), parent) {
        tracer.follow(span, parent);
    }
}

/// Makes a span the root of a run's trace.
pub(crate) fn begin_run(span: &Span, run: Id) {
    if let (Some(tracer), Some(root)) = (TRACER.get(), of_run(run)) {
        tracer.begin(span, root);
    }
}

/// Where the running code is in a trace; none while no traces are taken. Its text is the value of a `traceparent`.
pub fn current() -> Option<Parent> {
    TRACER.get()?.place(&Span::current())
}

/// The root of a run's trace; none while no traces are taken.
pub fn of_run(run: Id) -> Option<Parent> {
    let tracer = TRACER.get()?;
    let trace = *run.as_bytes();
    let mut span = [0; 8];
    span.copy_from_slice(&Sha256::digest(trace)[..8]);
    Some(Parent { trace, span, sampled: tracer.samples(trace) })
}

/// Where a change was made: in its run, or in the request that made it. Asks the database only while traces are taken
/// and only for changes that no run made.
pub async fn of_change(
    session: &mut Session,
    workspace: &Workspace,
    change: &Change,
) -> Result<Option<Parent>, Error> {
    of_seq(session, workspace, change.run, change.seq).await
}

/// As [`of_change`], by the change's run and number.
pub async fn of_seq(
    session: &mut Session,
    workspace: &Workspace,
    run: Option<Id>,
    seq: i64,
) -> Result<Option<Parent>, Error> {
    let Some(tracer) = TRACER.get() else { return Ok(None) };
    if let Some(run) = run {
        return Ok(of_run(run));
    }
    let found = traces::of_change(session, workspace, seq).await?;
    Ok(found.map(|(trace, span)| Parent { trace, span, sampled: tracer.samples(trace) }))
}

/// Notes under which trace changes were made that no run made.
pub(crate) async fn note(
    session: &mut Session,
    workspace: &Workspace,
    run: Option<Id>,
    last: i64,
    count: usize,
) -> Result<(), Error> {
    if run.is_some() {
        return Ok(());
    }
    let Some(here) = current().filter(|here| here.sampled) else { return Ok(()) };
    let first = last - i64::try_from(count).unwrap_or(i64::MAX) + 1;
    traces::note(session, workspace, (first, last), here.trace, here.span).await
}

impl Parent {
    /// Reads a `traceparent` header of version 00; anything else is no parent.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let plain = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if version != "00"
            || parts.next().is_some()
            || flags.len() != 2
            || ![trace, span, flags].iter().all(|text| plain(text))
        {
            return None;
        }
        let mut parent = Self { trace: [0; 16], span: [0; 8], sampled: false };
        hex::decode_to_slice(trace, &mut parent.trace).ok()?;
        hex::decode_to_slice(span, &mut parent.span).ok()?;
        parent.sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        (parent.trace != [0; 16] && parent.span != [0; 8]).then_some(parent)
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = if self.sampled { "01" } else { "00" };
        write!(f, "00-{}-{}-{flags}", hex::encode(self.trace), hex::encode(self.span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_as_the_standard_writes_it() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent::parse(text).unwrap();
        assert!(parent.sampled);
        assert_eq!(parent.to_string(), text);
        for wrong in [
            "",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Parent::parse(wrong), None, "{wrong}");
        }
    }
}
