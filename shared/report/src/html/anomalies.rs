//! What was not as expected.

use maud::{Markup, html};
use smelt_domain::Severity;

use super::{Align, table, titled};
use crate::content::{Anomaly, Report};
use crate::number::{amount_of, between, counted};
use crate::words::{anomaly_when, moment, no_anomalies};

pub(super) fn section(report: &Report) -> Markup {
    let anomalies = &report.anomalies;
    let content = html! {
        @if anomalies.listed.is_empty() {
            p.nothing { (no_anomalies(report)) }
        } @else {
            (rows(&anomalies.listed))
            @if anomalies.more > 0 {
                p.more { "And " (counted(anomalies.more, "other that is", "others that are")) " less severe." }
            }
        }
    };
    titled("anomalies", "Not as expected", content)
}

fn rows(listed: &[Anomaly]) -> Markup {
    let columns = [
        ("", Align::Text),
        ("What", Align::Text),
        ("When", Align::Text),
        ("Observed", Align::Number),
        ("Expected", Align::Number),
        ("Status", Align::Text),
    ];
    let body = html! {
        @for (position, anomaly) in listed.iter().enumerate() {
            tr {
                td.number { span.numbered { (position + 1) } }
                th scope="row" { (anomaly.what) span.reason { (anomaly.reason) } }
                td.when { (anomaly_when(anomaly)) }
                td.number { strong { (amount_of(Some(anomaly.observed), anomaly.decimals)) } }
                td.number {
                    (amount_of(Some(anomaly.expected), anomaly.decimals))
                    span.reason { (between(Some(anomaly.usual), anomaly.decimals)) }
                }
                td {
                    span class=(severity_class(anomaly.severity)) { (anomaly.severity) }
                    " " (anomaly.status)
                    span.reason { "since " (moment(anomaly.since)) }
                }
            }
        }
    };
    table(
        html! { "Incidents, the worst first. Below what was expected: where 95 of 100 usual values lie." },
        &columns,
        body,
    )
}

fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "severity critical",
        Severity::Warning => "severity warning",
        Severity::Info => "severity",
    }
}
