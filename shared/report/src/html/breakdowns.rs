//! Figures by dimension.

use maud::{Markup, html};

use super::{Align, table, titled};
use crate::content::{Breakdown, Report};
use crate::number::{amount, change, percent, share, signed_percent};
use crate::svg::bar;
use crate::words::{against_before, capitalised, group_name, others_name};

pub(super) fn section(report: &Report) -> Markup {
    if report.breakdowns.is_empty() {
        return html! {};
    }
    let against = against_before(report);
    let content = html! {
        @for breakdown in &report.breakdowns { (rows(breakdown, &against)) }
    };
    titled("breakdowns", "By dimension", content)
}

fn rows(breakdown: &Breakdown, against: &str) -> Markup {
    let ends = breakdown.groups.iter().filter_map(|group| group.value);
    let ends = ends.fold((0.0_f64, 0.0_f64), |(lo, hi), value| (lo.min(value), hi.max(value)));
    let row = |name: &str, class: &str, value, was, bar: Markup| {
        html! {
            tr class=(class) {
                th scope="row" { (name) }
                td.number { (amount(value, &breakdown.measure)) }
                td.bar-cell { (bar) }
                td.number { (percent(share(value, breakdown.total))) }
                td.number title=(amount(was, &breakdown.measure)) { (signed_percent(change(was, value))) }
            }
        }
    };
    let body = html! {
        @for group in &breakdown.groups {
            (row(group_name(group), "group", group.value, group.before, bar(group.value, ends)))
        }
        @if let Some(others) = &breakdown.others {
            (row(&others_name(others), "others", others.value, others.before, html! {}))
        }
        (row("All", "total", breakdown.total, breakdown.total_before, html! {}))
    };
    let caption = html! {
        strong { (capitalised(&breakdown.measure.name)) " by " (breakdown.dimension) }
        " " span { (breakdown.mart) }
    };
    let columns = [
        (capitalised(&breakdown.dimension), Align::Text),
        (capitalised(&breakdown.measure.name), Align::Number),
        (String::new(), Align::Text),
        ("Share".to_owned(), Align::Number),
        (against.to_owned(), Align::Number),
    ];
    let columns: Vec<(&str, Align)> =
        columns.iter().map(|(name, align)| (name.as_str(), *align)).collect();
    html! { div.breakdown { (table(caption, &columns, body)) } }
}
