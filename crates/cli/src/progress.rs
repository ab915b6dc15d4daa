//! Shows a run while it goes on: a bar for each listing at a terminal, plain lines everywhere else.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tongshi_hub::{ListingProof, Progress};
use tongshi_model::Id;

use crate::{logging, print, program::Program};

/// How often a bar moves by itself, so that a vendor that is slow does not look like a program that hangs.
const TICK_MS: u64 = 120;

const COUNTED: &str = "  {prefix:22} {bar:28.cyan/dim} {human_pos:>9}/{human_len} {per_sec:>12} {msg:.dim}";
const OPEN: &str = "  {prefix:22} {spinner:.cyan} {human_pos:>9} rows {per_sec:>12} {msg:.dim}";
const ENDED: &str = "  {prefix:22} {msg}";

/// The progress of one run.
pub(crate) enum Show {
    /// Bars.
    Bars(Mutex<Option<ProgressBar>>),
    /// A line for each listing.
    Lines(Mutex<Option<String>>),
    /// Nothing.
    Nothing,
}

impl Show {
    /// What suits the program's output.
    pub(crate) fn new(program: &Program) -> Self {
        if program.draws() {
            Self::Bars(Mutex::new(None))
        } else if program.quiet {
            Self::Nothing
        } else {
            Self::Lines(Mutex::new(None))
        }
    }

    fn bar(&self, act: impl FnOnce(&ProgressBar)) {
        if let Self::Bars(bar) = self
            && let Some(bar) = &*lock(bar)
        {
            act(bar);
        }
    }
}

impl Progress for Show {
    fn run(&self, id: Id, resumed: bool) {
        let word = if resumed { "resumed" } else { "begun" };
        match self {
            Self::Lines(_) => logging::line(&format!("run {id} {word}")),
            Self::Bars(_) if resumed => logging::line(&format!("  resuming run {id} where it stopped")),
            Self::Bars(_) | Self::Nothing => {}
        }
    }

    fn listing(&self, name: &str) {
        match self {
            Self::Bars(place) => {
                let bar = start(name);
                if let Some(before) = lock(place).replace(bar) {
                    before.finish_and_clear();
                }
            }
            Self::Lines(place) => drop(lock(place).replace(name.to_owned())),
            Self::Nothing => {}
        }
    }

    fn total(&self, rows: u64) {
        self.bar(|bar| {
            bar.set_length(rows);
            bar.set_style(style(COUNTED));
        });
    }

    fn advance(&self, rows: u64) {
        self.bar(|bar| bar.inc(rows));
    }

    fn note(&self, text: &str) {
        match self {
            Self::Bars(_) => self.bar(|bar| bar.set_message(print::clean(text))),
            Self::Lines(name) => {
                let name = lock(name).clone().unwrap_or_default();
                logging::line(&format!("{name}: {text}"));
            }
            Self::Nothing => {}
        }
    }

    fn finished(&self, proof: &ListingProof) {
        let sentence = sentence(proof);
        match self {
            Self::Bars(place) => {
                if let Some(bar) = lock(place).take() {
                    bar.set_style(style(ENDED));
                    bar.finish_with_message(sentence);
                }
            }
            Self::Lines(_) => logging::line(&format!("{}: {sentence}", proof.listing)),
            Self::Nothing => {}
        }
    }
}

/// A bar for work that is no run: made here so that all bars look the same.
pub(crate) fn bar(program: &Program, name: &str, total: u64) -> ProgressBar {
    if !program.draws() {
        return ProgressBar::hidden();
    }
    let bar = start(name);
    bar.set_length(total);
    bar.set_style(style(COUNTED));
    bar
}

fn start(name: &str) -> ProgressBar {
    let bar = logging::bars().add(ProgressBar::no_length().with_style(style(OPEN)));
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(TICK_MS));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn sentence(proof: &ListingProof) -> String {
    let mark = if proof.complete { "✓" } else { "✗" };
    let rows = print::count(proof.rows, "row", "rows");
    let pages = print::count(proof.pages, "page", "pages");
    let mut text = format!("{mark} {rows} on {pages}");
    if !proof.complete {
        text.push_str(": ");
        text.push_str(&print::clean(&proof.why.join("; ")));
    }
    text
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
