//! The report's rows as CSV (RFC 4180).

use std::fmt::Write as _;

use super::{TravelReport, amount};

/// The rows under their names.
pub(super) fn text(report: &TravelReport) -> String {
    let mut text = String::from(
        "month,department_id,department,kind,currency,amount,over_policy_amount,over_policy_share,count\n",
    );
    for spend in &report.spend {
        let department = spend.department.map(|id| id.to_string()).unwrap_or_default();
        // Writing into a text does not fail.
        let _ = writeln!(
            text,
            "{},{department},{},{},{},{},{},{:.4},{}",
            cell(&spend.month),
            cell(&spend.department_name),
            cell(&spend.kind),
            spend.currency,
            amount(spend.minor),
            amount(spend.over_policy_minor),
            spend.over_policy_share,
            spend.count
        );
    }
    text
}

/// A text as a cell: quoted where it must be, and never what a spreadsheet would run.
fn cell(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if runs { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
