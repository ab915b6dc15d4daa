//! `tongshi report`: what travel costs, as a table, as JSON or CSV for programs, as a chart for people.

mod chart;
mod csv;

use std::path::PathBuf;

use tongshi_hub::{Spend, TravelReport};
use tongshi_model::{Currency, LocalDate, Money, parse_date};

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
        let currency = chosen(&report, currency)?;
        let text = chart::svg(&report, &currency)
            .map_err(|error| Failure::internal(format!("the chart cannot be drawn: {error}")))?;
        std::fs::write(&path, text)
            .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))?;
        program.say(format!("The chart is in {}.", path.display()));
    }
    if csv {
        print::line(csv::text(&report).trim_end())?;
    } else if program.json {
        print::json(&report)?;
    } else {
        show(&report)?;
    }
    Ok(Exit::Done)
}

/// Amounts of several currencies are no sum, so a chart has one.
fn chosen(report: &TravelReport, asked: Option<Currency>) -> Result<String, Failure> {
    if let Some(asked) = asked {
        return Ok(asked.code().to_owned());
    }
    match &report.totals[..] {
        [] => Ok(Currency::CNY.code().to_owned()),
        [only] => Ok(only.currency.clone()),
        several => {
            let codes: Vec<&str> = several.iter().map(|total| total.currency.as_str()).collect();
            Err(Failure::usage("a chart has one currency, and there are several")
                .mend(format!("choose one with --currency: {}", codes.join(", "))))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn sample() -> TravelReport {
        let spend = |month: &str, kind: &str, minor, over| Spend {
            month: month.to_owned(),
            department_name: "销售, \"华东\"".to_owned(),
            kind: kind.to_owned(),
            currency: "CNY".to_owned(),
            minor,
            over_policy_minor: over,
            over_policy_share: over as f64 / minor as f64,
            count: 1,
            ..Spend::default()
        };
        TravelReport {
            spend: vec![
                spend("2026-01", "flight", 120_000, 0),
                spend("2026-01", "hotel", 80_000, 20_000),
                spend("2026-03", "flight", 50_000, 0),
            ],
            totals: vec![spend("", "", 250_000, 20_000)],
            ..TravelReport::default()
        }
    }

    #[test]
    fn csv_quotes_what_it_must() {
        let text = csv::text(&sample());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[0],
            "month,department_id,department,kind,currency,amount,over_policy_amount,over_policy_share,count"
        );
        assert_eq!(lines[2], "2026-01,,\"销售, \"\"华东\"\"\",hotel,CNY,800.00,200.00,0.2500,1");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_text() {
        let mut report = sample();
        report.spend[0].department_name = "=HYPERLINK(1)".to_owned();
        assert!(csv::text(&report).contains(",'=HYPERLINK(1),"));
    }

    #[test]
    fn the_chart_has_every_month_and_kind() {
        let text = chart::svg(&sample(), "CNY").unwrap();
        for expected in ["<svg", "2026-01", "2026-02", "2026-03", "flight", "hotel", "CNY"] {
            assert!(text.contains(expected), "{expected} is not in the chart");
        }
        let empty = chart::svg(&TravelReport::default(), "CNY").unwrap();
        assert!(empty.contains("</svg>"));
    }
}
