//! Marts with series over time.

use maud::{Markup, html};

use super::titled;
use crate::content::{Chart, Report, SeriesSection};
use crate::svg::{Size, line_chart};
use crate::words::capitalised;

pub(super) fn section(report: &Report) -> Markup {
    if report.series.is_empty() {
        return html! {};
    }
    let content = html! {
        @for (number, section) in report.series.iter().enumerate() {
            (mart(section, number + 1))
        }
    };
    titled("series", "Over time", content)
}

fn mart(section: &SeriesSection, number: usize) -> Markup {
    html! {
        article.series {
            h3 { (capitalised(&section.title)) }
            p.about { (section.description) }
            @if let Some(total) = &section.total {
                (figure(total, &format!("chart-{number}"), Size::Wide))
            }
            @if !section.members.is_empty() {
                div.members {
                    @for (member, chart) in section.members.iter().enumerate() {
                        (figure(chart, &format!("chart-{number}-{}", member + 1), Size::Half))
                    }
                }
            }
        }
    }
}

fn figure(chart: &Chart, id: &str, size: Size) -> Markup {
    html! {
        figure {
            figcaption {
                strong { (chart.title) }
                @if size == Size::Wide { " " span { (key(chart)) } }
            }
            div.scroll tabindex="0" role="group" { (line_chart(chart, id, size)) }
        }
    }
}

/// What the parts of a chart are, and of the smaller ones below it.
fn key(chart: &Chart) -> String {
    let mut parts = vec![format!("{} by {}", chart.measure.name, chart.every)];
    let has = |test: fn(&crate::Point) -> bool| chart.points.iter().any(test);
    if has(|point| point.expected.is_some()) {
        parts.push("dashed: expected".to_owned());
    }
    if has(|point| point.band.is_some()) {
        parts.push("shaded: where 95 of 100 lie".to_owned());
    }
    if !chart.marks.is_empty() {
        parts.push("circles: not as expected".to_owned());
    }
    parts.join(" · ")
}
