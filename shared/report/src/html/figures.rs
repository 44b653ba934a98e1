//! The headline figures.

use maud::{Markup, html};

use super::titled;
use crate::content::{Figure, Report};
use crate::number::{amount, change, signed_percent};
use crate::svg::sparkline;
use crate::words::{about_figure, capitalised, compared_with, figure_until};

/// Characters from which on a figure is written smaller.
const LONG: usize = 11;

pub(super) fn section(report: &Report) -> Markup {
    let (before, year_before) = compared_with(report);
    let content = html! {
        @if report.figures.is_empty() {
            p.nothing { "There are no figures." }
        }
        div.figures {
            @for figure in &report.figures {
                (tile(figure, before.as_deref(), year_before.as_deref()))
            }
        }
    };
    titled("figures", "Figures", content)
}

fn tile(figure: &Figure, before: Option<&str>, year_before: Option<&str>) -> Markup {
    html! {
        article.figure {
            h3 { (capitalised(&figure.measure.name)) }
            @let value = amount(figure.value, &figure.measure);
            p.value.long[value.chars().count() > LONG] { (value) }
            (sparkline(&figure.trend))
            dl {
                @if let Some(period) = before { (comparison(figure, figure.before, period)) }
                @if let Some(period) = year_before { (comparison(figure, figure.year_before, period)) }
            }
            @if let Some(until) = figure_until(figure) {
                p.until { (until) }
            }
            p.about { (about_figure(figure)) }
        }
    }
}

/// Whether more is better nobody knows, so changes have no colour.
fn comparison(figure: &Figure, before: Option<f64>, period: &str) -> Markup {
    let change = change(before, figure.value);
    let arrow = match change {
        Some(change) if change > 0.0 => "▲ ",
        Some(change) if change < 0.0 => "▼ ",
        _ => "",
    };
    html! {
        div {
            dt { "against " (period) }
            dd {
                span.arrow aria-hidden="true" { (arrow) }
                (signed_percent(change))
                @if before.is_some() {
                    span.was { " from " (amount(before, &figure.measure)) }
                }
            }
        }
    }
}
