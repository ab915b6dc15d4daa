//! `tongshi quota`: what a vendor counts by the month, what is planned, and what is kept.

use serde_json::json;
use tongshi_hub::QuotaView;
use tongshi_model::LocalDate;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Show the calls that a vendor counts by the month: used, planned, kept.
#[derive(clap::Args)]
#[command(
    long_about = "Shows for each connection whose vendor counts calls by the month: how many were used, what the plan \
    takes until the month ends, what a whole month takes, and what is kept for writes, decisions and your own calls. The \
    plan decides when `serve` reads what is counted; what costs nothing is always read. Calls nobody."
)]
#[command(after_long_help = "\
Examples:
  tongshi quota
  tongshi quota dingtalk --people 1000              foreseen before the first call
  tongshi quota dingtalk --json | jq .data[0].left
  tongshi connect dingtalk … --setting 'quota={\"calls\": 100000, \"reserve\": 2000}'     a paid package

Exit codes: 0 the month suffices; 1 there is no such connection, its vendor counts nothing, or no data in the directory; \
    2 the month does not suffice, and the output says from which day on.")]
pub(crate) struct Args {
    /// Only this connection
    name: Option<String>,
    /// Plan for so many people instead of those in the record
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    people: Option<u64>,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let mut views = Vec::new();
    for connection in hub.connections(&workspace).await? {
        if args.name.as_ref().is_none_or(|name| *name == connection.name) {
            views.extend(hub.monthly_quota(&workspace, &connection.name, args.people).await?);
        }
    }
    if let Some(name) = args.name.as_ref().filter(|_| views.is_empty()) {
        hub.monthly_quota(&workspace, name, None).await?;
        let text = format!("the vendor of '{}' counts no calls", print::clean(name));
        return Err(Failure::usage(text).mend("`tongshi quota` lists the connections whose vendors do"));
    }
    if program.json {
        print::json(&json!({ "data": views }))?;
    } else if views.is_empty() {
        print::line("No connection's vendor counts calls.")?;
    } else {
        views.iter().try_for_each(show)?;
    }
    Ok(if views.iter().all(QuotaView::suffices) { Exit::Done } else { Exit::Incomplete })
}

fn show(view: &QuotaView) -> Result<(), Failure> {
    print::line(format!(
        "{} in {}: {} of {} counted calls used ({} by the plan, {} by others); the month turns on {}.",
        view.connection,
        view.month,
        view.used_planned + view.used_own,
        view.calls,
        view.used_planned,
        view.used_own,
        view.turns_on
    ))?;
    print::line(format!(
        "The plan may use {} ({} %); {} are left to it. Never touched by it: {}.",
        view.budget, view.share_percent, view.left, view.reserve
    ))?;
    print::line(format!(
        "For {} people the rest of the month takes {}, a whole month {}.",
        view.people, view.planned_rest, view.forecast_month
    ))?;
    match view.short_on {
        None => print::line("✓ The month suffices.")?,
        Some(day) => print::line(format!(
            "✗ From {day} on it does not suffice; raise quota.calls after buying a package, or quota.share_percent."
        ))?,
    }
    let rows = view.listings.iter().map(|of| {
        let day = |day: Option<LocalDate>| day.map_or_else(|| "never".to_owned(), |day| day.to_string());
        [
            of.listing.clone(),
            format!("{} d", of.every_days),
            format!("{} d", of.window_days),
            of.calls.to_string(),
            of.wide_calls.to_string(),
            of.planned_rest.to_string(),
            day(of.last),
            of.held.as_ref().map_or_else(|| of.next.to_string(), |_| "held".to_owned()),
        ]
    });
    let headers = ["listing", "every", "covers", "calls", "calls, wide", "until month's end", "last", "next"];
    print::line(print::table(headers, rows))?;
    for held in view.listings.iter().filter_map(|of| Some((&of.listing, of.held.as_ref()?))) {
        print::line(format!("{}: {}", held.0, held.1))?;
    }
    if !view.operations.is_empty() {
        let rows = view
            .operations
            .iter()
            .map(|of| [of.operation.clone(), of.planned.to_string(), of.own.to_string()]);
        print::line(print::table(["operation", "by the plan", "by others"], rows))?;
    }
    Ok(())
}
