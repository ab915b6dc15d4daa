//! A wave of writes at the vendor: what is sent, what is asked, and what each answer means. No database here.
//!
//! What must not happen twice is never sent again on a doubt: the vendor is asked first, and where it cannot be asked a
//! person is.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tongshi_dialect::{Connector, PushError, Pushed, Seen, Target, Write};
use tongshi_model::{Action, Error, ErrorKind, Timestamp};
use tongshi_store::{WriteRow, WriteState, routes::Pause, writes::Settled};
use tracing::{Instrument as _, Span};

use crate::{Settings, meters, trace, workforce::later};

/// How often the vendor is asked for what it took and does not show yet.
const LOOKS_MAX: i64 = 6;

/// How often the vendor is asked where the question itself fails.
const FAILED_LOOKS_MAX: i64 = 20;

/// The longest wait before something is tried again.
const DELAY_SECONDS_MAX: i64 = 600;

/// A connection whose account is refused is left alone this long, lest the vendor locks it.
const REFUSED_SECONDS: i64 = 60 * 60;

/// How long a vendor is left alone that says "too fast" without saying how long.
const LIMITED_SECONDS: i64 = 30;

/// The longest reason that is kept.
const REASON_CHARS_MAX: usize = 500;

/// A stored write beside what the connector takes.
pub(super) struct Errand {
    pub(super) row: WriteRow,
    pub(super) write: Write,
}

/// Writes of one sort on their way.
pub(super) struct Wave {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) connection: i64,
    pub(super) settings: Settings,
    pub(super) now: Timestamp,
    pub(super) jitter: u8,
    pub(super) state: WriteState,
    pub(super) target: Target,
    pub(super) action: Action,
    pub(super) batch: usize,
    /// Why none of them may go.
    pub(super) off: Option<String>,
    pub(super) errands: Vec<Errand>,
}

/// What became of a wave.
#[derive(Default)]
pub(super) struct Settling {
    pub(super) settled: Vec<(WriteRow, Settled)>,
    /// Whether the connection's writes rest from now on.
    pub(super) pause: Option<Pause>,
}

impl Settling {
    fn add(&mut self, other: Settling) {
        self.settled.extend(other.settled);
        self.pause = other.pause.or(self.pause.take());
    }
}

impl Wave {
    pub(super) fn len(&self) -> usize {
        self.errands.len()
    }

    /// Does what is to be done, several calls at a time.
    pub(super) async fn run(mut self) -> Settling {
        let errands = std::mem::take(&mut self.errands);
        let mut settling = Settling::default();
        if let Some(why) = self.off.clone() {
            let refused = self.now_is(WriteState::Rejected, Some(why));
            settling.settled.extend(errands.into_iter().map(|errand| (errand.row, refused.clone())));
            return settling;
        }
        let batch = self.batch;
        let wave = Arc::new(self);
        let (send, look): (Vec<Errand>, Vec<Errand>) =
            errands.into_iter().partition(|errand| wave.sends(&errand.row));
        let mut calls = JoinSet::new();
        for (sends, mut rest) in [(true, send), (false, look)] {
            while !rest.is_empty() {
                let chunk: Vec<Errand> = rest.drain(..batch.min(rest.len())).collect();
                let wave = Arc::clone(&wave);
                let span = wave.span(&chunk, sends);
                let call = async move { if sends { wave.send(chunk).await } else { wave.look(chunk).await } };
                calls.spawn(call.instrument(span));
            }
        }
        while let Some(ended) = calls.join_next().await {
            match ended {
                Ok(part) => settling.add(part),
                // The rows of a call that panicked stay with their lease and are found due when it ends.
                Err(error) => tracing::error!(%error, "a write's call ended in a panic"),
            }
        }
        settling
    }

    /// The span of one call, in the trace of the request that asked for the first write in it.
    fn span(&self, chunk: &[Errand], sends: bool) -> Span {
        let span = tracing::info_span!(
            target: trace::SPANS, parent: None, "write", writes = chunk.len(), action = self.action.name(), sends
        );
        let asked = chunk.iter().find_map(|errand| errand.row.traceparent.as_deref());
        trace::follow(&span, asked.and_then(trace::Parent::parse));
        span
    }

    /// Whether a write is sent now, or the vendor asked about it.
    fn sends(&self, row: &WriteRow) -> bool {
        match self.state {
            WriteState::Queued => true,
            WriteState::Sent => {
                self.connector.repeatable(self.target, self.action) && row.attempts < self.attempts_max()
            }
            _ => false,
        }
    }

    async fn send(&self, chunk: Vec<Errand>) -> Settling {
        let mut settling = Settling::default();
        // A batch that is refused as a whole is halved until the row is found that it was refused for.
        let mut parts = vec![chunk];
        while let Some(mut chunk) = parts.pop() {
            let writes: Vec<Write> = chunk.iter().map(|errand| errand.write.clone()).collect();
            match self.in_time(self.connector.push(&writes)).await {
                Ok(answers) => {
                    let mut answers = answers.into_iter();
                    for errand in chunk {
                        let settled = self.answered(&errand.row, answers.next().unwrap_or(Pushed::Unsure));
                        settling.settled.push((errand.row, settled));
                    }
                }
                Err(failure) if failure.without_effect && is_final(&failure.error) && chunk.len() > 1 => {
                    let half = chunk.split_off(chunk.len() / 2);
                    parts.extend([half, chunk]);
                }
                Err(failure) => {
                    count("failed", chunk.len());
                    settling.pause = self.pause(&failure.error).or(settling.pause.take());
                    for errand in chunk {
                        let settled = self.failed(&errand.row, &failure);
                        settling.settled.push((errand.row, settled));
                    }
                }
            }
        }
        settling
    }

    /// Within half the lease, so that whoever comes after it has ended finds nothing still on its way.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, PushError>>) -> Result<T, PushError> {
        let seconds = u64::try_from(self.settings.lease_seconds / 2).unwrap_or(1).max(1);
        match tokio::time::timeout(Duration::from_secs(seconds), call).await {
            Ok(ended) => ended,
            Err(_) => Err(PushError::unsure(Error::unavailable("the vendor did not answer in time"))),
        }
    }

    fn answered(&self, row: &WriteRow, pushed: Pushed) -> Settled {
        match pushed {
            Pushed::Taken { remote_id } => {
                count("taken", 1);
                Settled {
                    remote_id,
                    next_at: Some(self.now),
                    attempts: self.extra(),
                    ..self.now_is(WriteState::Acknowledged, None)
                }
            }
            Pushed::Refused(why) => {
                count("refused", 1);
                Settled { attempts: self.extra(), ..self.now_is(WriteState::Rejected, Some(why)) }
            }
            Pushed::Unsure => {
                count("unsure", 1);
                self.unsure(row, "the vendor did not answer for this write")
            }
        }
    }

    fn failed(&self, row: &WriteRow, failure: &PushError) -> Settled {
        let why = failure.error.public();
        if !failure.without_effect {
            return self.unsure(row, why);
        }
        // Sent again after a doubt: this time it had no effect, of the first time nobody knows.
        if self.state == WriteState::Sent {
            let counts = i64::from(self.pause(&failure.error).is_none());
            return Settled { attempts: counts, ..self.unsure(row, why) };
        }
        match failure.error.kind() {
            // The account's trouble, and haste, are not the write's: they cost no try.
            ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::Limited(_) => Settled {
                attempts: -1,
                next_at: Some(self.now),
                ..self.again(row, WriteState::Queued, Some(why))
            },
            ErrorKind::Unavailable | ErrorKind::Internal if row.attempts < self.attempts_max() => {
                self.again(row, WriteState::Queued, Some(why))
            }
            ErrorKind::Unavailable | ErrorKind::Internal => {
                let tries = row.attempts;
                self.now_is(WriteState::Dead, Some(format!("it never arrived in {tries} tries: {why}")))
            }
            ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Invalid(_)
            | ErrorKind::Upstream
            | ErrorKind::Gone => self.now_is(WriteState::Rejected, Some(why.to_owned())),
        }
    }

    /// Nobody knows whether it arrived. What may be sent again is, soon; for the rest the vendor is given time to
    /// finish what it may have begun before it is asked.
    fn unsure(&self, row: &WriteRow, why: &str) -> Settled {
        let mut settled = self.again(row, WriteState::Sent, Some(why));
        settled.attempts = self.extra();
        if !self.connector.repeatable(self.target, self.action) {
            settled.next_at = Some(later(self.now, self.settings.write_unsure_seconds));
        }
        settled
    }

    async fn look(&self, chunk: Vec<Errand>) -> Settling {
        let writes: Vec<Write> = chunk.iter().map(|errand| errand.write.clone()).collect();
        let asked = async { self.connector.read_back(&writes).await.map_err(PushError::unsure) };
        let mut settling = Settling::default();
        match self.in_time(asked).await {
            Ok(seen) => {
                let mut seen = seen.into_iter();
                for errand in chunk {
                    let settled = self.seen(&errand.row, seen.next().unwrap_or(Seen::Unknown));
                    settling.settled.push((errand.row, settled));
                }
            }
            Err(PushError { error, .. }) => {
                settling.pause = self.pause(&error);
                for errand in chunk {
                    let settled = self.not_seen(&errand.row, &error);
                    settling.settled.push((errand.row, settled));
                }
            }
        }
        settling
    }

    fn seen(&self, row: &WriteRow, seen: Seen) -> Settled {
        let taken = self.state == WriteState::Acknowledged;
        let settled = match seen {
            Seen::There { remote_id } => Settled { remote_id, ..self.now_is(WriteState::Verified, None) },
            Seen::Differs(why) if taken && row.looks < LOOKS_MAX => {
                self.again(row, WriteState::Acknowledged, Some(&why))
            }
            Seen::Differs(why) => {
                self.now_is(WriteState::Mismatched, Some(format!("the vendor shows something else: {why}")))
            }
            Seen::Absent if taken && row.looks < LOOKS_MAX => {
                self.again(row, WriteState::Acknowledged, Some("the vendor does not show it yet"))
            }
            Seen::Absent if taken => self
                .now_is(WriteState::Mismatched, Some("the vendor took it and does not show it".to_owned())),
            Seen::Absent if row.attempts < self.attempts_max() => Settled {
                next_at: Some(self.now),
                ..self.again(row, WriteState::Queued, Some("it had not arrived and is sent again"))
            },
            Seen::Absent => {
                let tries = row.attempts;
                self.now_is(WriteState::Dead, Some(format!("it never arrived in {tries} tries")))
            }
            Seen::Unknown if taken => self
                .now_is(WriteState::Acknowledged, Some("the vendor took it and cannot show it".to_owned())),
            Seen::Unknown => self.unknown(),
        };
        Settled { looks: 1, ..settled }
    }

    fn not_seen(&self, row: &WriteRow, error: &Error) -> Settled {
        if self.pause(error).is_some() {
            return Settled { next_at: Some(self.now), ..self.again(row, self.state, Some(error.public())) };
        }
        let settled = if row.looks < FAILED_LOOKS_MAX {
            self.again(row, self.state, Some(error.public()))
        } else if self.state == WriteState::Acknowledged {
            let why = format!("the vendor took it and could not be asked for it: {}", error.public());
            self.now_is(WriteState::Acknowledged, Some(why))
        } else {
            self.unknown()
        };
        Settled { looks: 1, ..settled }
    }

    fn unknown(&self) -> Settled {
        let why = "nobody knows whether it arrived, and the vendor cannot be asked; look there, then send it again \
                   (tongshi writes retry) or take it back (tongshi writes withdraw)";
        self.now_is(WriteState::Dead, Some(why.to_owned()))
    }

    /// Whether this failure is of the whole connection, so that its writes rest.
    fn pause(&self, error: &Error) -> Option<Pause> {
        let (seconds, attention) = match error.kind() {
            ErrorKind::Unauthenticated | ErrorKind::Forbidden => (REFUSED_SECONDS, true),
            ErrorKind::Limited(wait) => {
                let wait = wait.and_then(|wait| i64::try_from(wait.as_secs()).ok());
                (wait.unwrap_or(LIMITED_SECONDS).max(1), false)
            }
            ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Invalid(_)
            | ErrorKind::Unavailable
            | ErrorKind::Upstream
            | ErrorKind::Gone
            | ErrorKind::Internal => return None,
        };
        let reason = shortened(error.public());
        Some(Pause { connection: self.connection, until: later(self.now, seconds), attention, reason })
    }

    /// Final, or for a person.
    fn now_is(&self, state: WriteState, reason: Option<String>) -> Settled {
        let reason = reason.map(|reason| shortened(&reason));
        Settled { state, next_at: None, reason, attempts: 0, looks: 0, remote_id: None }
    }

    /// Something happens again later: twice as late each time, somewhere in the second half of the delay.
    fn again(&self, row: &WriteRow, state: WriteState, why: Option<&str>) -> Settled {
        let times = u32::try_from(row.attempts.saturating_add(row.looks).clamp(1, 16)).unwrap_or(1) - 1;
        let delay = (self.settings.write_delay_seconds << times).clamp(0, DELAY_SECONDS_MAX);
        let delay = delay - delay * i64::from(self.jitter) / 512;
        Settled { next_at: Some(later(self.now, delay)), ..self.now_is(state, why.map(str::to_owned)) }
    }

    /// A sending that the claim did not count.
    fn extra(&self) -> i64 {
        i64::from(self.state == WriteState::Sent)
    }

    fn attempts_max(&self) -> i64 {
        i64::from(self.settings.write_attempts_max)
    }
}

/// Whether the vendor has said what it will always say.
fn is_final(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::Invalid(_)
        | ErrorKind::Upstream
        | ErrorKind::Gone => true,
        ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::Limited(_)
        | ErrorKind::Unavailable
        | ErrorKind::Internal => false,
    }
}

fn count(outcome: &'static str, writes: usize) {
    metrics::counter!(meters::WRITE_TRIES, "outcome" => outcome).increment(writes as u64);
}

fn shortened(text: &str) -> String {
    text.chars().take(REASON_CHARS_MAX).collect()
}
