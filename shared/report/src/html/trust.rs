//! Whether the data can be trusted, and what the report was computed from.

use maud::{Markup, html};

use super::{Align, table, titled};
use crate::content::{Balance, Report, Rule, TableVersion};
use crate::number::{UNKNOWN, count};
use crate::words::{RULES_COUNT, balance_verdict, follows, moment, outcome, version};

pub(super) fn section(report: &Report) -> Markup {
    let quality = html! {
        @if report.balances.is_empty() {
            p.nothing { "No rows were taken in." }
        } @else {
            (balances(&report.balances))
        }
        @if !report.rules.is_empty() { (rules(&report.rules)) }
    };
    html! {
        (titled("quality", "Can the data be trusted?", quality))
        (titled("computed", "How this was computed", tables(&report.tables)))
    }
}

fn balances(all: &[Balance]) -> Markup {
    let columns = [
        ("Table", Align::Text),
        ("Came in", Align::Number),
        ("Kept", Align::Number),
        ("Superseded", Align::Number),
        ("Deleted", Align::Number),
        ("Refused", Align::Number),
        ("Waiting", Align::Number),
        ("Balance", Align::Text),
    ];
    let body = html! {
        @for balance in all {
            tr {
                th scope="row" { (balance.table.sql_name()) }
                td.number { (count(balance.bronze)) }
                td.number { (count(balance.silver)) }
                td.number { (count(balance.superseded)) }
                td.number { (count(balance.deleted)) }
                td.number { (count(balance.quarantined)) }
                td.number { (count(balance.waiting)) }
                td { span class=(if balance.is_exact() { "verdict good" } else { "verdict bad" }) { (balance_verdict(balance)) } }
            }
        }
    };
    let caption = html! {
        strong { "Rows" }
        " " span { "came in = kept + superseded by newer versions + deleted + refused" }
    };
    table(caption, &columns, body)
}

fn rules(all: &[Rule]) -> Markup {
    let columns = [
        ("Rule", Align::Text),
        ("Table", Align::Text),
        ("Who breaks it is", Align::Text),
        ("Outcome", Align::Text),
    ];
    let body = html! {
        @for rule in all {
            tr {
                th scope="row" { (rule.rule) span.reason { (rule.reason) } }
                td { (rule.table.sql_name()) }
                td { (action(rule)) }
                td { (outcome(rule)) }
            }
        }
    };
    let caption = html! { strong { "Rules" } " " span { (RULES_COUNT) } };
    table(caption, &columns, body)
}

fn action(rule: &Rule) -> &'static str {
    use smelt_domain::OnViolation::{Fail, Reject, Warn};
    match rule.action {
        Warn => "kept and counted",
        Reject => "refused",
        Fail => "reason to stop",
    }
}

fn tables(all: &[TableVersion]) -> Markup {
    let columns = [
        ("Table", Align::Text),
        ("Version", Align::Number),
        ("Rows", Align::Number),
        ("Written", Align::Text),
        ("Follows its source", Align::Text),
    ];
    let body = html! {
        @for one in all {
            tr {
                th scope="row" { (one.table.sql_name()) }
                td.number { (version(one)) }
                td.number { (count(one.rows)) }
                td { (one.written_at.map_or_else(|| UNKNOWN.to_owned(), moment)) }
                td { (follows(one)) }
            }
        }
    };
    table(
        html! { "Tables and the versions that were read: the same versions give the same figures." },
        &columns,
        body,
    )
}
