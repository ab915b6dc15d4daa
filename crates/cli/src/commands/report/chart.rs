//! The report as a chart: a bar for each month, a colour for each sort, the part beyond the policy on a line.

use std::collections::{BTreeMap, BTreeSet};

use plotters::prelude::*;
use tongshi_hub::TravelReport;
use tongshi_model::LocalDate;

const SIZE: (u32, u32) = (960, 540);

/// Months that fit beside each other.
const MONTHS_MAX: usize = 36;

/// Told apart also by those who see few colours (Okabe and Ito).
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(240, 228, 66),
    RGBColor(120, 120, 120),
];

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The chart of one currency.
pub(super) fn svg(report: &TravelReport, currency: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area, report, currency)?;
        area.present()?;
    }
    Ok(text)
}

/// What was spent by month and sort, and what of a month goes beyond the policy.
struct Sums<'a> {
    sums: BTreeMap<(&'a str, &'a str), f64>,
    over: BTreeMap<&'a str, f64>,
}

impl<'a> Sums<'a> {
    fn of(report: &'a TravelReport, currency: &str) -> Self {
        let (mut sums, mut over) = (BTreeMap::<(&str, &str), f64>::new(), BTreeMap::<&str, f64>::new());
        for spend in report.spend.iter().filter(|spend| spend.currency == currency) {
            *sums.entry((&spend.month, &spend.kind)).or_default() += spend.minor as f64 / 100.0;
            *over.entry(&spend.month).or_default() += spend.over_policy_minor as f64 / 100.0;
        }
        Self { sums, over }
    }
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    report: &TravelReport,
    currency: &str,
) -> Drawn {
    let Sums { sums, over } = Sums::of(report, currency);
    let months = months(sums.keys().map(|(month, _)| *month));
    let kinds: BTreeSet<&str> = sums.keys().map(|(_, kind)| *kind).collect();
    let height = |month: &str| -> f64 {
        let of_month = sums.iter().filter(|((of, _), sum)| *of == month && **sum > 0.0);
        of_month.map(|(_, sum)| *sum).sum()
    };
    let top = months.iter().map(|month| height(month)).fold(1.0_f64, f64::max) * 1.1;
    let count = months.len().max(1) as i32;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("Travel spend by month ({currency})"), ("sans-serif", 24))
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(90)
        .build_cartesian_2d((0..count).into_segmented(), 0.0..top)?;
    let label = |place: &SegmentValue<i32>| match place {
        SegmentValue::CenterOf(at) => {
            usize::try_from(*at).ok().and_then(|at| months.get(at)).cloned().unwrap_or_default()
        }
        SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(months.len().clamp(1, MONTHS_MAX))
        .x_label_formatter(&label)
        .y_label_formatter(&|value| format!("{value:.0}"))
        .draw()?;
    let mut bottoms = vec![0.0; months.len()];
    for (kind, colour) in kinds.into_iter().zip(COLOURS.iter().cycle()) {
        let mut bars = Vec::new();
        for (at, month) in (0..).zip(&months) {
            let sum = sums.get(&(month.as_str(), kind)).copied().unwrap_or_default();
            // Money that came back in a later month has no height.
            let Some(bottom) = bottoms.get_mut(at as usize).filter(|_| sum > 0.0) else { continue };
            let corners = [(SegmentValue::Exact(at), *bottom), (SegmentValue::Exact(at + 1), *bottom + sum)];
            *bottom += sum;
            let mut bar = Rectangle::new(corners, colour.filled());
            bar.set_margin(0, 0, 8, 8);
            bars.push(bar);
        }
        chart
            .draw_series(bars)?
            .label(kind)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
    }
    if over.values().any(|sum| *sum > 0.0) {
        let points = (0..).zip(&months).map(|(at, month)| {
            let sum = over.get(month.as_str()).copied().unwrap_or_default();
            (SegmentValue::CenterOf(at), sum.max(0.0))
        });
        chart
            .draw_series(LineSeries::new(points, BLACK.stroke_width(2)))?
            .label("over policy")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 12, y)], BLACK.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}

/// Every month from the first to the last, those without spend too; the latest where there are too many.
fn months<'a>(named: impl Iterator<Item = &'a str>) -> Vec<String> {
    let first_day = |month: &str| format!("{month}-01").parse::<LocalDate>().ok();
    let days: BTreeSet<LocalDate> = named.filter_map(first_day).collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let step = |day: &LocalDate| day.first_of_month().yesterday().ok();
    let mut months: Vec<String> = std::iter::successors(Some(*last), step)
        .take_while(|day| day >= first)
        .take(MONTHS_MAX)
        .map(|day| day.strftime("%Y-%m").to_string())
        .collect();
    months.reverse();
    months
}
