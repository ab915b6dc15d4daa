//! Log lines and words for the person at the terminal: both on standard error, and neither through a progress bar.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::LazyLock,
};

use indicatif::MultiProgress;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

use crate::{
    config::{LogFormat, Settings},
    exit::Failure,
    telemetry::{self, Telemetry},
};

/// All progress bars of the program.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// All progress bars of the program; whoever writes lines goes round them.
pub(crate) fn bars() -> &'static MultiProgress {
    &BARS
}

/// Writes a line on standard error.
pub(crate) fn line(text: &str) {
    // Nobody is left to be told when standard error is closed.
    let _ = bars().suspend(|| writeln!(io::stderr(), "{text}"));
}

/// Starts the log and, where a collector is configured, the traces. `usual` is the level when nobody set one.
pub(crate) fn start(settings: &Settings, asked: Option<&str>, usual: &str) -> Result<Telemetry, Failure> {
    let filter = asked.or(settings.log.0.as_deref()).unwrap_or(usual);
    let (traces, telemetry) = telemetry::layer(settings)?;
    let log = layer(filter, settings.log_format, io::stderr().is_terminal(), Lines)?;
    tracing_subscriber::registry().with(log).with(traces).init();
    Ok(telemetry)
}

/// The layer that writes the log.
fn layer<S, W>(
    filter: &str,
    format: LogFormat,
    colours: bool,
    writer: W,
) -> Result<Box<dyn Layer<S> + Send + Sync>, Failure>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(filter).map_err(|_| {
        Failure::usage("the log level is none")
            .mend("use error, warn, info, debug or trace, or a filter such as warn,tongshi_hub=debug")
    })?;
    let filter = filter.and(filter_fn(is_ours));
    let lines = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(OneLine { writer, colours });
    Ok(match format {
        LogFormat::Human => lines.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_ansi(false).with_filter(filter).boxed(),
    })
}

/// What may be logged at all. Libraries log headers, statements and their values from `info` on, so of theirs only
/// warnings pass, whatever level somebody asks for; spans of traces are no lines.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let ours = target == "tongshi" || target.starts_with("tongshi_") || target.starts_with("tongshi::");
    target != tongshi_hub::trace::SPANS && (ours || *metadata.level() <= Level::WARN)
}

/// Makes one harmless line of what somebody's text would break into several, or would have a terminal obey. An event is
/// written in one piece.
struct OneLine<W> {
    writer: W,
    colours: bool,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine { writer: self.writer.make_writer(), colours: self.colours }
    }
}

impl<W: io::Write> io::Write for OneLine<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (line, end) = bytes.strip_suffix(b"\n").map_or((bytes, &b""[..]), |line| (line, b"\n"));
        if line.iter().any(u8::is_ascii_control) {
            let line = harmless(&String::from_utf8_lossy(line), self.colours);
            self.writer.write_all(&[line.as_bytes(), end].concat())?;
        } else {
            self.writer.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The line with its control characters as escapes. Where there are colours, sequences that only colour stay.
fn harmless(line: &str, colours: bool) -> String {
    let mut shown = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        let colour = |rest: &str| {
            let rest = rest
                .strip_prefix('[')
                .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
            rest.is_some_and(|rest| rest.starts_with('m'))
        };
        if !c.is_control() || c == '\u{1b}' && colours && colour(&line[at + 1..]) {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
    }
    shown
}

/// Says where the program panicked, and with which words only where they are fixed: others may quote data.
pub(crate) fn watch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload().downcast_ref::<&str>().copied();
        line(&format!("tongshi: our own fault at {place}: {}", text.unwrap_or("its text may quote data")));
    }));
}

/// Writes whole lines round the bars.
#[derive(Clone, Copy)]
struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        Lines
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // When standard error is closed there is nobody to tell, and a request must not fail for its log line.
        let _ = bars().suspend(|| io::stderr().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged of events that carry what somebody sent.
    fn logged(filter: &str, format: LogFormat) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = layer(filter, format, false, move || writer.clone()).unwrap();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let sent = "first\r\nsecond \u{1b}[31mred";
            tracing::info!(target: "tongshi_api::observe", agent = %sent, "{sent}");
            let span = tracing::info_span!(target: "tongshi::trace", "request", who = "canary-span");
            let _inside = span.enter();
            tracing::info!(target: "tongshi_api::observe", "inside");
            tracing::trace!(target: "hyper::proto", "canary-body");
            tracing::debug!(target: "reqwest::connect", "canary-address");
            tracing::info!(target: "tokio_postgres::query", "canary-parameter");
            tracing::debug!(target: "h2::codec", "canary-frame");
            tracing::warn!(target: "hyper::server", "a warning");
        });
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_terminal_obeys_colours_and_nothing_else() {
        let line = "\u{1b}[2m12:00\u{1b}[0m x\u{1b}]0;title\u{7}\u{1b}[2J";
        assert_eq!(harmless(line, true), "\u{1b}[2m12:00\u{1b}[0m x\\u{1b}]0;title\\u{7}\\u{1b}[2J");
        assert_eq!(harmless("a\r\nb\u{1b}[2m", false), "a\\r\\nb\\u{1b}[2m");
    }

    #[test]
    fn one_event_is_one_line_and_libraries_say_little() {
        for filter in ["trace", "info", "trace,hyper=trace,tokio_postgres=trace"] {
            let json = logged(filter, LogFormat::Json);
            assert_eq!(json.lines().count(), 3, "{json}");
            for line in json.lines() {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(event["level"].is_string(), "{line}");
            }
            assert!(!json.contains('\u{1b}') && json.contains("first\\r\\nsecond"), "{json}");
            let human = logged(filter, LogFormat::Human);
            assert_eq!(human.lines().count(), 3, "{human}");
            assert!(!human.contains('\u{1b}'), "{human}");
            for text in [json, human] {
                assert!(!text.contains("canary") && text.contains("a warning"), "{text}");
            }
        }
    }
}
