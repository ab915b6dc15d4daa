//! Log lines and words for the person at the terminal: both on standard error, and neither through a progress bar.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::LazyLock,
};

use indicatif::MultiProgress;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    config::{LogFormat, Settings},
    exit::Failure,
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

/// Starts the log. `usual` is the level when nobody set one.
pub(crate) fn start(settings: &Settings, asked: Option<&str>, usual: &str) -> Result<(), Failure> {
    let filter = asked.or(settings.log.0.as_deref()).unwrap_or(usual);
    let filter = EnvFilter::builder().parse(filter).map_err(|_| {
        Failure::usage("the log level is none")
            .mend("use error, warn, info, debug or trace, or a filter such as warn,tongshi_hub=debug")
    })?;
    let colours = io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(Lines);
    match settings.log_format {
        LogFormat::Human => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
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
