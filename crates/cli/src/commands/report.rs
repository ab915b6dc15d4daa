//! `tongshi report`: what travel costs, as a table, as JSON or CSV for programs, as a chart for people.

use std::path::PathBuf;

use tongshi_hub::{Spend, TravelReport};
use tongshi_model::{Currency, ErrorKind, LocalDate, Money, parse_date};

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Report what travel costs.
#[derive(clap::Args)]
#[command(
    long_about = "Reports what travel costs, by month, department and sort; how much of it goes beyond the policy; and \
    how long a request waits for its decision. Bookings count in the month in which they begin. Lines of claims that \
    belong to a trip and pay for no booking count as `claimed`."
)]
#[command(after_long_help = "\
Examples:
  tongshi report travel
  tongshi report travel --from 2026-01-01 --to 2026-03-31 --json
  tongshi report travel --csv > travel.csv
  tongshi report travel --svg travel.svg

Exit codes: 0 reported; 1 a day is none, the last lies before the first, or the chart would mix currencies.")]
pub(crate) struct Args {
    /// Which report
    #[command(subcommand)]
    report: Report,
}

#[derive(clap::Subcommand)]
enum Report {
    /// What travel costs
    Travel {
        /// The first day
        #[arg(long, value_parser = day)]
        from: Option<LocalDate>,
        /// The last day
        #[arg(long, value_parser = day)]
        to: Option<LocalDate>,
        /// Print CSV
        #[arg(long)]
        csv: bool,
        /// Write a chart into this file, too
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
        /// The currency of the chart, where there are several
        #[arg(long, value_name = "CODE")]
        currency: Option<Currency>,
    },
}

fn day(text: &str) -> Result<LocalDate, String> {
    parse_date("day", text).map_err(|error| error.to_string())
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let Report::Travel { from, to, csv, svg, currency } = args.report;
    let (hub, workspace) = program.open().await?;
    let report = hub.travel_report(&workspace, from, to).await?;
    if let Some(path) = svg {
        let text = report.chart(currency).map_err(|error| match error.kind() {
            ErrorKind::Invalid(_) => {
                Failure::usage(error.public().to_owned()).mend("choose one with --currency")
            }
            _ => error.into(),
        })?;
        std::fs::write(&path, text)
            .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))?;
        program.say(format!("The chart is in {}.", path.display()));
    }
    if csv {
        print::line(report.csv().trim_end())?;
    } else if program.json {
        print::json(&report)?;
    } else {
        show(&report)?;
    }
    Ok(Exit::Done)
}

fn show(report: &TravelReport) -> Result<(), Failure> {
    if report.spend.is_empty() {
        print::line("Nothing was spent in these days.")?;
    } else {
        let rows = report.spend.iter().map(|spend| {
            [
                spend.month.clone(),
                department(spend).to_owned(),
                spend.kind.clone(),
                format!("{} {}", amount(spend.minor), spend.currency),
                format!("{:.1} %", spend.over_policy_share * 100.0),
                spend.count.to_string(),
            ]
        });
        print::line(print::table(["month", "department", "kind", "amount", "over policy", "count"], rows))?;
    }
    for total in &report.totals {
        print::line(format!(
            "{} {} in all, {:.1} % of it over policy.",
            amount(total.minor),
            total.currency,
            total.over_policy_share * 100.0
        ))?;
    }
    print::line(format!(
        "{}, {} over policy; {} decided after {:.1} h on average (half within {:.1} h, nine of ten within {:.1} h).",
        print::count(report.requests, "request", "requests"),
        report.requests_over_policy,
        report.waits.decided,
        report.waits.mean_hours,
        report.waits.p50_hours,
        report.waits.p90_hours
    ))
}

/// The name for people; those whom nobody places stand together.
fn department(spend: &Spend) -> &str {
    if spend.department_name.is_empty() { "(unknown)" } else { &spend.department_name }
}

fn amount(minor: i64) -> String {
    Money { minor, currency: Currency::CNY }.to_string()
}
