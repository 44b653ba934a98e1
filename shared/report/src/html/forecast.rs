//! What is expected next, and how good such forecasts are.

use maud::{Markup, html};

use super::{Align, table, titled};
use crate::content::{Accuracy, Forecasts, Report};
use crate::number::{amount, between, grouped, percent};
use crate::words::{against_naive, capitalised, listed, moment};

pub(super) fn section(report: &Report) -> Markup {
    if report.series.is_empty() && report.forecasts.is_empty() {
        return html! {};
    }
    let content = html! {
        @if report.forecasts.is_empty() {
            p.nothing { "There is no forecast of the time after this period." }
        }
        @for forecasts in &report.forecasts { (steps(forecasts)) }
        @if !report.accuracy.is_empty() { (accuracy(&report.accuracy)) }
    };
    titled("forecast", "What comes next", content)
}

fn steps(forecasts: &Forecasts) -> Markup {
    let has_series = forecasts.steps.iter().any(|step| step.series.is_some());
    let mut columns = vec![
        ("When", Align::Text),
        ("Expected", Align::Number),
        ("80 of 100", Align::Number),
        ("95 of 100", Align::Number),
    ];
    if has_series {
        columns.insert(0, ("Series", Align::Text));
    }
    let decimals = forecasts.measure.decimals;
    let body = html! {
        @for step in &forecasts.steps {
            tr {
                @if has_series {
                    th scope="row" { (step.series.as_deref().unwrap_or("all")) }
                    td.when { (step.when) }
                } @else {
                    th scope="row" { (step.when) }
                }
                td.number { strong { (amount(step.expected, &forecasts.measure)) } }
                td.number { (between(step.interval_80, decimals)) }
                td.number { (between(step.interval_95, decimals)) }
            }
        }
    };
    let caption = html! {
        strong { (capitalised(&forecasts.measure.name)) }
        " " span { (forecasts.mart) ", forecast on " (moment(forecasts.made_at)) }
    };
    html! {
        (table(caption, &columns, body))
        @if let Some(listed) = listed(forecasts.listed) { p.more { (listed) } }
    }
}

fn accuracy(all: &[Accuracy]) -> Markup {
    let columns = [
        ("Mart", Align::Text),
        ("Against last season", Align::Number),
        ("MASE", Align::Number),
        ("of last season", Align::Number),
        ("sMAPE", Align::Number),
        ("Within 80 %", Align::Number),
        ("Within 95 %", Align::Number),
        ("Fitted", Align::Text),
    ];
    let number = |value: Option<f64>, decimals| {
        value.map_or_else(|| crate::number::UNKNOWN.to_owned(), |value| grouped(value, decimals))
    };
    let body = html! {
        @for one in all {
            tr {
                th scope="row" { (one.mart) }
                td.number { strong { (against_naive(one)) } }
                td.number { (number(one.mase, 2)) }
                td.number { (number(one.seasonal_naive_mase, 2)) }
                td.number { (number(one.smape, 1)) }
                td.number { (percent(one.coverage_80)) }
                td.number { (percent(one.coverage_95)) }
                td { (moment(one.fitted_at)) }
            }
        }
    };
    let caption = html! {
        strong { "How good forecasts are" }
        " " span { "tried on the past, beside a forecast that repeats the last season" }
    };
    table(caption, &columns, body)
}
