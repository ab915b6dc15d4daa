//! The report as a chart: a bar for each month, a colour for each sort, the part beyond the policy on a line. What the
//! colours mean stands beside the bars, never over them.

use std::collections::{BTreeMap, BTreeSet};

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use tongshi_model::LocalDate;

use super::TravelReport;

/// Width and height, and how much of the width the legend has.
const SIZE: (u32, u32) = (1040, 540);
const LEGEND_WIDTH: u32 = 170;

/// From where to where a bar stands in its month's place.
const BAR: (f64, f64) = (0.125, 0.875);

/// Months that fit beside each other, and labels that do.
const MONTHS_MAX: usize = 36;
const LABELS_MAX: usize = 12;

/// Letters that both the latin and the Chinese texts are drawn in.
const FONT: &str = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";

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

type Failed = Box<dyn std::error::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// The chart of one currency.
pub(super) fn svg(report: &TravelReport, currency: &str) -> Result<String, Failed> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let title = format!("Travel spend by month · 差旅支出 ({currency})");
        let area = area.margin(14, 0, 0, 0).titled(&title, (FONT, 22))?;
        let sums = Sums::of(report, currency);
        if sums.months.is_empty() {
            let style = centred(18);
            area.draw(&Text::new(
                "nothing was spent · 没有支出",
                (SIZE.0 as i32 / 2, SIZE.1 as i32 / 2),
                style,
            ))?;
        } else {
            let (bars, legend) = area.split_horizontally(SIZE.0 - LEGEND_WIDTH);
            draw(&bars, &sums)?;
            explain(&legend, &sums)?;
        }
        area.present()?;
    }
    Ok(text)
}

fn centred(size: u32) -> TextStyle<'static> {
    TextStyle::from((FONT, size).into_font()).pos(Pos::new(HPos::Center, VPos::Center))
}

/// What was spent by month and sort, and what of a month goes beyond the policy.
struct Sums<'a> {
    months: Vec<String>,
    kinds: Vec<&'a str>,
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
        let months = months(sums.keys().map(|(month, _)| *month));
        let kinds: BTreeSet<&str> = sums.keys().map(|(_, kind)| *kind).collect();
        Self { months, kinds: kinds.into_iter().collect(), sums, over }
    }

    /// How high a month's bar is.
    fn height(&self, month: &str) -> f64 {
        let of_month = self.sums.iter().filter(|((of, _), sum)| *of == month && **sum > 0.0);
        of_month.map(|(_, sum)| *sum).sum()
    }

    fn has_over(&self) -> bool {
        self.over.values().any(|sum| *sum > 0.0)
    }
}

fn colour_of(place: usize) -> RGBColor {
    COLOURS[place % COLOURS.len()]
}

fn draw(area: &Area<'_>, sums: &Sums<'_>) -> Result<(), Failed> {
    let months = &sums.months;
    let top = months.iter().map(|month| sums.height(month)).fold(1.0_f64, f64::max) * 1.1;
    // A month has a place of 1, and its bar stands in the middle.
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(90)
        .build_cartesian_2d(0.0..months.len() as f64, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels(0)
        .y_label_formatter(&|value| thousands(*value))
        .label_style((FONT, 13))
        .draw()?;
    let (base_x, base_y) = area.get_base_pixel();
    let below = |place: usize| -> (i32, i32) {
        let (x, y) = chart.plotting_area().map_coordinate(&(place as f64 + 0.5, 0.0));
        (x - base_x, y - base_y + 16)
    };
    // Counted from the last, which is always named.
    let step = months.len().div_ceil(LABELS_MAX);
    for (place, month) in
        months.iter().enumerate().filter(|(place, _)| (months.len() - 1 - place).is_multiple_of(step))
    {
        area.draw(&Text::new(month.clone(), below(place), centred(13)))?;
    }
    let mut bottoms = vec![0.0; months.len()];
    for (colour, kind) in sums.kinds.iter().enumerate() {
        let mut bars = Vec::new();
        for ((place, month), bottom) in months.iter().enumerate().zip(&mut bottoms) {
            let sum = sums.sums.get(&(month.as_str(), *kind)).copied().unwrap_or_default();
            // Money that came back in a later month has no height.
            if sum > 0.0 {
                let (left, right) = (place as f64 + BAR.0, place as f64 + BAR.1);
                let corners = [(left, *bottom), (right, *bottom + sum)];
                *bottom += sum;
                bars.push(Rectangle::new(corners, colour_of(colour).filled()));
            }
        }
        chart.draw_series(bars)?;
    }
    if sums.has_over() {
        let point = |(place, month): (usize, &String)| {
            let sum = sums.over.get(month.as_str()).copied().unwrap_or_default();
            (place as f64 + 0.5, sum.max(0.0))
        };
        let points: Vec<_> = months.iter().enumerate().map(point).collect();
        chart.draw_series(LineSeries::new(points.clone(), BLACK.stroke_width(2)))?;
        // A single month has no line, and each has its point.
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, BLACK.filled())))?;
    }
    Ok(())
}

/// What the colours and the line mean.
fn explain(area: &Area<'_>, sums: &Sums<'_>) -> Result<(), Failed> {
    let style = TextStyle::from((FONT, 14).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
    let mut y = 24;
    for (place, kind) in sums.kinds.iter().enumerate() {
        area.draw(&Rectangle::new([(0, y - 6), (14, y + 6)], colour_of(place).filled()))?;
        area.draw(&Text::new(named(kind), (22, y), style.clone()))?;
        y += 24;
    }
    if sums.has_over() {
        area.draw(&PathElement::new([(0, y), (14, y)], BLACK.stroke_width(2)))?;
        area.draw(&Circle::new((7, y), 3, BLACK.filled()))?;
        area.draw(&Text::new("over policy 超标".to_owned(), (22, y), style))?;
    }
    Ok(())
}

/// A sort in both languages.
fn named(kind: &str) -> String {
    let chinese = match kind {
        "flight" => "机票",
        "hotel" => "酒店",
        "train" => "火车",
        "car" => "用车",
        "bus" => "汽车",
        "ship" => "轮船",
        "meal" => "餐饮",
        "claimed" => "报销",
        _ => "其他",
    };
    format!("{kind} {chinese}")
}

/// A number with commas between thousands.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
