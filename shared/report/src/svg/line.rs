//! Values over time, with what was expected of them and what was not as expected.

use chrono::NaiveDateTime;
use maud::{Markup, html};
use smelt_domain::Every;

use super::scale::{Scale, Ticks, TimeTick, time_ticks};
use super::{path, px};
use crate::content::{Chart, Point};
use crate::words::chart_in_words;

/// How large a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// As wide as the page.
    Wide,
    /// Half of it.
    Half,
}

/// Pixels of a character of an axis label.
const CHARACTER: f64 = 7.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 26.0;
const RIGHT: f64 = 14.0;
/// Room for a word at the end of a line.
const LABEL: f64 = 66.0;
/// Points from which on a line is drawn thinner.
const DENSE: usize = 150;
/// Ends of lines closer than this have their labels moved apart.
const LINE_HEIGHT: f64 = 14.0;

/// Draws a chart. `id` has to be the only one on the page.
pub(crate) fn line_chart(chart: &Chart, id: &str, size: Size) -> Markup {
    let Some(picture) = Picture::of(chart, size) else {
        return html! { p.nothing { "There are no values." } };
    };
    let (title, description) = (format!("{id}-title"), format!("{id}-description"));
    html! {
        svg.chart.half[size == Size::Half] viewBox=(format!("0 0 {} {}", picture.width, picture.height))
            role="img" aria-labelledby=(format!("{title} {description}")) {
            title id=(title) { (chart.title) }
            desc id=(description) { (chart_in_words(chart)) }
            (picture.axes())
            (picture.future())
            (picture.bands())
            (picture.expected())
            (picture.actual())
            (picture.labels())
            (picture.marks())
        }
    }
}

struct Picture<'a> {
    chart: &'a Chart,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    across: Scale,
    up: Scale,
    values: Ticks,
    times: Vec<TimeTick>,
    has_labels: bool,
}

impl<'a> Picture<'a> {
    /// `None` if there is nothing to draw.
    fn of(chart: &'a Chart, size: Size) -> Option<Self> {
        let (width, height, most_times) = match size {
            Size::Wide => (880.0, 280.0, 9),
            Size::Half => (430.0, 200.0, 7),
        };
        let values = chart.points.iter().flat_map(|point| {
            let band = point.band.map(|band| [Some(band.lo), Some(band.hi)]).unwrap_or_default();
            [point.actual, point.expected, band[0], band[1]].into_iter().flatten()
        });
        let marks = chart.marks.iter().map(|mark| mark.value);
        let about = if size == Size::Wide { 5 } else { 4 };
        let values = Ticks::around(values.chain(marks), about)?;
        let (first, last) = (chart.points.first()?.time, chart.points.last()?.time);
        let longest = values.labels().iter().map(|label| label.chars().count()).max().unwrap_or(0);
        let left = 10.0 + CHARACTER * longest as f64;
        let has_labels = chart.points.iter().any(|point| past(chart, point).expected.is_some());
        let right = width - if has_labels { LABEL } else { RIGHT };
        Some(Self {
            chart,
            width,
            height,
            left,
            right,
            across: Scale::new((seconds(first), seconds(last)), (left, right)),
            up: Scale::new(values.ends(), (height - BOTTOM, TOP)),
            times: time_ticks(first, last, chart.every, most_times),
            values,
            has_labels,
        })
    }

    fn x(&self, time: NaiveDateTime) -> f64 {
        self.across.place(seconds(time))
    }

    /// Values beyond what the axis can show stay at its ends.
    fn y(&self, value: f64) -> f64 {
        let (lo, hi) = self.values.ends();
        self.up.place(value.clamp(lo, hi))
    }

    fn axes(&self) -> Markup {
        let floor = self.height - BOTTOM;
        let labels = self.values.labels();
        html! {
            g class="axes" {
                @for (value, label) in self.values.values.iter().zip(&labels) {
                    @let class = if *value == 0.0 { "zero" } else { "grid" };
                    line class=(class) x1=(px(self.left)) x2=(px(self.right)) y1=(px(self.y(*value))) y2=(px(self.y(*value))) {}
                    text x=(px(self.left - 6.0)) y=(px(self.y(*value) + 4.0)) text-anchor="end" { (label) }
                }
                @for tick in &self.times {
                    @let x = self.x(tick.time);
                    line class="tick" x1=(px(x)) x2=(px(x)) y1=(px(floor)) y2=(px(floor + 4.0)) {}
                    text x=(px(x)) y=(px(floor + 18.0)) text-anchor=(self.anchor(x, &tick.label)) { (tick.label) }
                }
            }
        }
    }

    /// Texts at the sides stay within the picture.
    fn anchor(&self, x: f64, label: &str) -> &'static str {
        let half = CHARACTER * label.chars().count() as f64 / 2.0;
        if x + half > self.width {
            "end"
        } else if x < half {
            "start"
        } else {
            "middle"
        }
    }

    fn future(&self) -> Markup {
        let Some(now) = self.chart.now else { return html! {} };
        let x = self.x(now).clamp(self.left, self.right);
        html! {
            rect class="future" x=(px(x)) y=(px(TOP)) width=(px(self.right - x)) height=(px(self.height - BOTTOM - TOP)) {}
            line class="now" x1=(px(x)) x2=(px(x)) y1=(px(TOP - 8.0)) y2=(px(self.height - BOTTOM)) {}
            @if self.right - x >= 48.0 {
                text class="label" x=(px(x + 5.0)) y=(px(TOP - 8.0)) { "forecast" }
            } @else {
                text class="label" x=(px(x - 5.0)) y=(px(TOP - 8.0)) text-anchor="end" { "forecast →" }
            }
        }
    }

    fn bands(&self) -> Markup {
        html! {
            @for part in self.parts(|point| point.band.is_some()) {
                @let upper = part.iter().filter_map(|point| Some((self.x(point.time), self.y(point.band?.hi))));
                @let lower = part.iter().rev().filter_map(|point| Some((self.x(point.time), self.y(point.band?.lo))));
                path class="band" d=(format!("{}Z", path(upper.chain(lower)))) {}
            }
        }
    }

    fn expected(&self) -> Markup {
        self.line("expected", |point| point.expected)
    }

    fn actual(&self) -> Markup {
        self.line("actual", |point| point.actual)
    }

    /// A line with gaps; a value alone between two of them is a dot.
    fn line(&self, class: &str, of: impl Fn(&Point) -> Option<f64> + Copy) -> Markup {
        let weight = if self.chart.points.len() > DENSE { " dense" } else { "" };
        html! {
            @for part in self.parts(|point| of(point).is_some()) {
                @let places: Vec<_> = part.iter().filter_map(|point| Some((self.x(point.time), self.y(of(point)?)))).collect();
                @if let [(x, y)] = places[..] {
                    circle class=(format!("dot {class}")) cx=(px(x)) cy=(px(y)) r="2.5" {}
                } @else {
                    path class=(format!("line {class}{weight}")) d=(path(places)) {}
                }
            }
        }
    }

    /// Points in a row that have something, without a missing step between them.
    fn parts(&self, has: impl Fn(&Point) -> bool) -> Vec<Vec<Point>> {
        let longest = longest_step(self.chart.every);
        let mut parts: Vec<Vec<Point>> = Vec::new();
        let mut goes_on = false;
        for point in &self.chart.points {
            if !has(point) {
                goes_on = false;
                continue;
            }
            match parts.last_mut() {
                Some(part)
                    if goes_on
                        && part.last().is_some_and(|last| {
                            seconds(point.time) - seconds(last.time) <= longest
                        }) =>
                {
                    part.push(*point);
                }
                _ => parts.push(vec![*point]),
            }
            goes_on = true;
        }
        parts
    }

    /// Names at the ends of the lines, where there is more than one.
    fn labels(&self) -> Markup {
        if !self.has_labels {
            return html! {};
        }
        let last = |of: fn(&Point) -> Option<f64>| {
            let points = self.chart.points.iter().rev();
            points.clone().find_map(|point| Some((self.x(point.time), self.y(of(point)?))))
        };
        let actual = last(|point| point.actual);
        let mut expected = last(|point| point.expected);
        if let (Some((x, y)), Some((other_x, other_y))) = (actual, &mut expected)
            && (x - *other_x).abs() < LABEL
            && (y - *other_y).abs() < LINE_HEIGHT
        {
            *other_y = if *other_y >= y { y + LINE_HEIGHT } else { y - LINE_HEIGHT };
        }
        // Within the picture the line goes on, and a name on it could not be read.
        let is_at_end = |(x, _): &(f64, f64)| *x > self.right - 2.0;
        html! {
            @if let Some((x, y)) = actual.filter(is_at_end) {
                text class="label actual" x=(px(x + 6.0)) y=(px(y + 4.0)) { "actual" }
            }
            @if let Some((x, y)) = expected.filter(is_at_end) {
                text class="label expected" x=(px(x + 6.0)) y=(px(y + 4.0)) { "expected" }
            }
        }
    }

    fn marks(&self) -> Markup {
        let mut before = None;
        html! {
            @for mark in &self.chart.marks {
                @let (x, y) = (self.x(mark.time), self.y(mark.value));
                circle class="mark" cx=(px(x)) cy=(px(y)) r="4.5" {}
                @if let Some(number) = mark.number.filter(|number| before.replace(*number) != Some(*number)) {
                    text class="mark" x=(px(x)) y=(px(y - 9.0)) text-anchor="middle" { (number) }
                }
            }
        }
    }
}

/// The point without what was expected of the future.
fn past(chart: &Chart, point: &Point) -> Point {
    match chart.now {
        Some(now) if point.time >= now => Point { expected: None, band: None, ..*point },
        _ => *point,
    }
}

fn seconds(time: NaiveDateTime) -> f64 {
    time.and_utc().timestamp() as f64
}

/// Seconds beyond which two points are not neighbours.
fn longest_step(every: Every) -> f64 {
    const HOUR: f64 = 3_600.0;
    match every {
        Every::Hour => 1.5 * HOUR,
        Every::Day => 36.0 * HOUR,
        Every::Week => 10.0 * 24.0 * HOUR,
        Every::Month => 45.0 * 24.0 * HOUR,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;
    use crate::content::{Band, Mark, Measure};

    fn chart(values: &[Option<f64>]) -> Chart {
        let first: NaiveDateTime = "2026-10-01T00:00:00".parse().unwrap();
        let time = |step: usize| first + Days::new(step as u64);
        let point = |(step, actual): (usize, &Option<f64>)| Point {
            time: time(step),
            actual: *actual,
            expected: None,
            band: None,
        };
        Chart {
            title: "Sales".to_owned(),
            measure: Measure { name: "sold".to_owned(), description: None, decimals: 0 },
            every: Every::Day,
            points: values.iter().enumerate().map(point).collect(),
            marks: Vec::new(),
            now: None,
        }
    }

    fn drawn(chart: &Chart) -> String {
        line_chart(chart, "c1", Size::Wide).into_string()
    }

    #[test]
    fn gaps_break_the_line_and_lone_values_are_dots() {
        let drawn =
            drawn(&chart(&[Some(1.0), Some(2.0), None, Some(3.0), None, Some(4.0), Some(5.0)]));
        assert_eq!(drawn.matches(r#"class="line actual""#).count(), 2, "{drawn}");
        assert_eq!(drawn.matches(r#"class="dot actual""#).count(), 1, "{drawn}");
    }

    #[test]
    fn a_missing_step_is_a_gap() {
        let mut chart = chart(&[Some(1.0), Some(2.0), Some(3.0), Some(4.0), Some(5.0)]);
        chart.points.remove(2);
        assert_eq!(drawn(&chart).matches(r#"class="line actual""#).count(), 2);
    }

    #[test]
    fn nothing_and_one_point_are_charts_too() {
        assert!(drawn(&chart(&[])).contains("There are no values."));
        assert!(drawn(&chart(&[None, None])).contains("There are no values."));
        let one = drawn(&chart(&[Some(7.0)]));
        assert!(one.contains("<circle") && !one.contains("NaN"), "{one}");
    }

    #[test]
    fn zero_lies_between_losses_and_gains() {
        let drawn = drawn(&chart(&[Some(-50.0), Some(80.0)]));
        assert!(drawn.contains("−50") && drawn.contains(r#"class="zero""#), "{drawn}");
    }

    #[test]
    fn what_was_expected_and_what_comes_are_told_apart() {
        let mut chart = chart(&[Some(10.0), Some(11.0), Some(30.0), None, None]);
        for point in &mut chart.points[1..] {
            point.expected = Some(11.0);
            point.band = Some(Band { lo: 5.0, hi: 16.0 });
        }
        let time = chart.points[2].time;
        chart.marks.push(Mark { time, value: 30.0, number: Some(1) });
        chart.now = Some(chart.points[3].time);
        let drawn = drawn(&chart);
        for part in
            [r#"class="band""#, r#"class="line expected""#, r#"class="future""#, r#"class="mark""#]
        {
            assert!(drawn.contains(part), "{part} in {drawn}");
        }
        assert!(drawn.contains(r#"<title id="c1-title">Sales</title>"#), "{drawn}");
    }

    proptest! {
        #[test]
        fn whatever_the_values_places_are_in_the_picture(values in proptest::collection::vec(
            proptest::option::of(prop_oneof![-1e6..1e6_f64, any::<f64>()]), 0..40)
        ) {
            let drawn = drawn(&chart(&values));
            prop_assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{}", drawn);
            for path in drawn.split(" d=\"").skip(1) {
                let path = path.split('"').next().unwrap().replace(['M', 'L', 'Z'], " ");
                let numbers: Vec<f64> = path.split_whitespace().map(|text| text.parse().unwrap()).collect();
                for place in numbers.chunks(2) {
                    prop_assert!((0.0..=880.0).contains(&place[0]) && (0.0..=280.0).contains(&place[1]), "{:?}", place);
                }
            }
        }
    }
}
