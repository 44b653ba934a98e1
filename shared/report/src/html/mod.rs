//! A report as one HTML file: no script, no request, readable in the dark and on paper.

mod anomalies;
mod breakdowns;
mod figures;
mod forecast;
mod series;
mod trust;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::content::Report;
use crate::summary::sentences;
use crate::words::{covered, incomplete, moment, title};

const STYLE: &str = include_str!("style.css");

/// The page may use its own style, and nothing else: not even a text that broke out could ask for more.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Writes a report as HTML.
pub fn to_html(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="smelt report";
                title { (title(report)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(report))
                main {
                    (figures::section(report))
                    (series::section(report))
                    (breakdowns::section(report))
                    (anomalies::section(report))
                    (forecast::section(report))
                    (trust::section(report))
                }
                footer {
                    p { "Written by smelt on " (moment(report.written_at)) ". " (NOT_KNOWN) }
                }
            }
        }
    };
    page.into_string()
}

const NOT_KNOWN: &str =
    "— is what is not known; nothing on this page is estimated but what is called expected.";

fn header(report: &Report) -> Markup {
    html! {
        header {
            p.dataset { (report.dataset) }
            h1 { (report.period.title()) }
            p.description { (report.description) }
            p.covered { (covered(report)) }
            @if let Some(incomplete) = incomplete(report) {
                p.incomplete { strong { "Not the whole period. " } (incomplete) }
            }
            section.summary aria-labelledby="summary" {
                h2 id="summary" { "In short" }
                ul { @for sentence in sentences(report) { li { (sentence) } } }
            }
        }
    }
}

/// A section with a heading.
fn titled(id: &str, heading: &str, content: Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (heading) }
            (content)
        }
    }
}

/// A table that scrolls for itself where it does not fit.
fn table(caption: Markup, columns: &[(&str, Align)], rows: Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for (column, align) in columns {
                            th scope="col" class=(align.class()) { (column) }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Text,
    Number,
}

impl Align {
    fn class(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
        }
    }
}
