//! A month of a company that is read through the DingTalk face, the vendor's limits on, the clock stepped: prints the counted
//! calls, what was foreseen, and each morning on which something of the day before was missing.
//!
//! `cargo run --release -p tongshi-bench --bin dingtalk_month -- --people 1000`

use anyhow::{Result, ensure};
use tongshi_bench::args::Args;
use tongshi_testkit::{Location, Setup, TestHub, live_through_a_month};

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::of_process(&["people"], &[])?;
    let people = args.value("people", 1000_usize)?;
    let folder = tempfile::tempdir()?;
    let mut setup =
        Setup { employees: 10, time_passes: true, dingtalk_calls_per_second: 20, ..Setup::default() };
    setup.settings.sync_every_seconds = 1800;
    setup.settings.commit_rows = 4000;
    let hub = TestHub::over(Location::Sqlite(folder.path().join("month.db")), &setup).await;
    // To a month of 31 days.
    hub.clock.advance_seconds(20 * 86_400);
    let report = live_through_a_month(&hub, people).await;
    println!(
        "{} people ({} joined, {} left), {} punches, {} approvals, {} events about approvals",
        report.people, report.joined, report.left, report.punches, report.approvals, report.pushes
    );
    println!(
        "foreseen before the first call {}, used by our account {}, by the vendor's {}",
        report.forecast, report.used, report.counted
    );
    for of in report.quota.iter().flat_map(|quota| &quota.operations) {
        println!("  {:<28} {}", of.operation, of.planned + of.own);
    }
    println!("{} mornings, {} incomplete", report.mornings, report.incomplete.len());
    report.incomplete.iter().for_each(|missing| println!("  {missing}"));
    ensure!(report.incomplete.is_empty(), "something was missing");
    ensure!(report.used <= 3000, "more calls than the plan has");
    Ok(())
}
