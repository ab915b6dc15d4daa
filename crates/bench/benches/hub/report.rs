//! The table: each figure's median, least and greatest, its ratio against a reference of the same session, and whether the goal
//! was met.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tongshi_bench::stats::{Summary, summary};

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// The ratio is at most the goal, and in no case above the bound.
    RatioAtMost { goal: f64, never_above: f64 },
    /// The ratio is at least the goal, and in no case below the bound.
    RatioAtLeast { goal: f64, never_below: f64 },
    /// The median itself is at most this.
    AtMost(f64),
}

/// A figure of one contestant.
pub(crate) struct Line {
    part: String,
    figure: String,
    who: &'static str,
    unit: &'static str,
    summary: Summary,
    reference: Option<(&'static str, f64)>,
    goal: Option<Goal>,
}

/// All that was measured, and all that could not be.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
    notes: Vec<String>,
    broke_off: bool,
}

/// How a figure stands to its goal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Met,
    Missed,
    /// Beyond what may never be.
    OutOfBounds,
}

impl Line {
    /// A figure; none when there was no round.
    pub(crate) fn new(
        part: &str,
        figure: &str,
        who: &'static str,
        unit: &'static str,
        values: &[f64],
    ) -> Option<Self> {
        let summary = summary(values)?;
        let (part, figure) = (part.to_owned(), figure.to_owned());
        Some(Self { part, figure, who, unit, summary, reference: None, goal: None })
    }

    /// Compares it with the reference's median.
    pub(crate) fn against(mut self, who: &'static str, values: &[f64]) -> Self {
        self.reference = summary(values).map(|summary| (who, summary.median));
        self
    }

    /// Holds it to a goal.
    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    fn ratio(&self) -> Option<f64> {
        let (_, reference) = self.reference?;
        (reference > 0.0).then(|| self.summary.median / reference)
    }

    fn verdict(&self) -> Option<Verdict> {
        let (met, bearable) = match self.goal? {
            Goal::RatioAtMost { goal, never_above } => (self.ratio()? <= goal, self.ratio()? <= never_above),
            Goal::RatioAtLeast { goal, never_below } => (self.ratio()? >= goal, self.ratio()? >= never_below),
            Goal::AtMost(goal) => (self.summary.median <= goal, true),
        };
        Some(match (met, bearable) {
            (true, _) => Verdict::Met,
            (false, true) => Verdict::Missed,
            (false, false) => Verdict::OutOfBounds,
        })
    }

    fn cells(&self) -> [String; 7] {
        let ratio = match (self.ratio(), self.reference) {
            (Some(ratio), Some((who, _))) => format!("{ratio:.2} × {who}"),
            _ => String::new(),
        };
        let Summary { median, least, greatest } = self.summary;
        let range = if least < greatest {
            format!("{} – {}", number(least), number(greatest))
        } else {
            String::new()
        };
        [
            format!("{}: {}", self.part, self.figure),
            self.who.to_owned(),
            format!("{} {}", number(median), self.unit),
            range,
            ratio,
            self.goal.map(goal_text).unwrap_or_default(),
            self.verdict().map(verdict_text).unwrap_or_default().to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let Summary { median, least, greatest } = self.summary;
        json!({
            "part": self.part, "figure": self.figure, "who": self.who, "unit": self.unit,
            "median": median, "min": least, "max": greatest,
            "reference": self.reference.map(|(who, _)| who), "ratio": self.ratio(),
            "goal": self.goal.map(goal_text), "verdict": self.verdict().map(verdict_text),
        })
    }
}

impl Report {
    /// Adds a figure, if there is one.
    pub(crate) fn add(&mut self, line: Option<Line>) {
        self.lines.extend(line);
    }

    /// Adds what a reader must know beside the figures, and says it at once; the same thing only once.
    pub(crate) fn note(&mut self, note: String) {
        if self.notes.contains(&note) {
            return;
        }
        eprintln!("note: {note}");
        self.notes.push(note);
    }

    /// Adds that something could not be measured to its end.
    pub(crate) fn broken(&mut self, note: String) {
        self.broke_off = true;
        self.note(note);
    }

    /// Whether something could not be measured to its end.
    pub(crate) fn broke_off(&self) -> bool {
        self.broke_off
    }

    /// Whether a figure is beyond what may never be.
    pub(crate) fn out_of_bounds(&self) -> bool {
        self.lines.iter().any(|line| line.verdict() == Some(Verdict::OutOfBounds))
    }

    /// The table and the notes.
    pub(crate) fn table(&self) -> String {
        let head = ["figure", "who", "median", "min – max", "ratio", "goal", ""];
        let rows: Vec<[String; 7]> =
            std::iter::once(head.map(str::to_owned)).chain(self.lines.iter().map(Line::cells)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut out = String::new();
        for (index, row) in rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                let _ = write!(out, "{cell:<width$}  ");
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
            if index == 0 {
                let _ = writeln!(out, "{}", "-".repeat(widths.iter().sum::<usize>() + 2 * head.len()));
            }
        }
        for note in &self.notes {
            let _ = writeln!(out, "note: {note}");
        }
        out
    }

    /// The same for a program to read.
    pub(crate) fn json(&self) -> Value {
        json!({
            "lines": self.lines.iter().map(Line::json).collect::<Vec<_>>(), "notes": self.notes,
        })
    }
}

fn goal_text(goal: Goal) -> String {
    match goal {
        Goal::RatioAtMost { goal, never_above } if goal < never_above => {
            format!("≤ {goal} ×, never > {never_above} ×")
        }
        Goal::RatioAtMost { goal, .. } => format!("≤ {goal} ×"),
        Goal::RatioAtLeast { goal, never_below } if never_below > 0.0 => {
            format!("≥ {goal} ×, never < {never_below} ×")
        }
        Goal::RatioAtLeast { goal, .. } => format!("≥ {goal} ×"),
        Goal::AtMost(goal) => format!("≤ {goal}"),
    }
}

fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "missed",
        Verdict::OutOfBounds => "OUT OF BOUNDS",
    }
}

/// Three figures that count are enough to compare by.
fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
