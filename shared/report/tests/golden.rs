//! What a report looks like, to the letter. `SMELT_GOLDEN=write cargo test -p smelt-report` writes the
//! files anew: look at what changed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod sample;

use std::path::PathBuf;

use smelt_report::{Anomalies, Report, to_html, to_markdown};

fn compare(name: &str, written: &str) {
    // Of the checkout that the test runs in: another one may have compiled it.
    let checkout = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let path = checkout.join("tests/golden").join(name);
    if std::env::var_os("SMELT_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, written).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    if let Some((line, (expected, written))) = expected
        .lines()
        .zip(written.lines())
        .enumerate()
        .find(|(_, (expected, written))| expected != written)
    {
        panic!("{name}, line {}:\nexpected {expected}\nwritten  {written}", line + 1);
    }
    assert_eq!(expected.len(), written.len(), "{name} is as long as it was");
}

/// The page without its style, a tag to a line, so that a change can be read.
fn as_lines(html: &str) -> String {
    let (head, rest) = html.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    format!("{head}{rest}").replace("><", ">\n<")
}

#[test]
fn html_is_as_it_was() {
    compare("report.html", &as_lines(&to_html(&sample::report())));
}

#[test]
fn markdown_is_as_it_was() {
    compare("report.md", &to_markdown(&sample::report()));
}

#[test]
fn a_report_of_nothing_says_that_nothing_is_known() {
    let full = sample::report();
    let empty = Report {
        figures: Vec::new(),
        series: Vec::new(),
        breakdowns: Vec::new(),
        anomalies: Anomalies::default(),
        forecasts: Vec::new(),
        accuracy: Vec::new(),
        rules: Vec::new(),
        balances: Vec::new(),
        tables: Vec::new(),
        ..full
    };
    for page in [to_html(&empty), to_markdown(&empty)] {
        for known in ["There are no figures.", "No rows were taken in.", "Nobody looked"] {
            assert!(page.contains(known), "{known} in {page}");
        }
        assert!(!page.contains("Nothing was unusual"), "{page}");
    }
}

#[test]
fn a_year_is_compared_with_the_year_before_only() {
    let year = Report { period: "2026".parse().unwrap(), ..sample::report() };
    let page = to_markdown(&year);
    let header = page.lines().find(|line| line.starts_with("| Figure")).unwrap();
    assert_eq!(header.matches("against").count(), 1, "{header}");
    assert!(header.contains("against 2025 |"), "{header}");
    // As many cells below as there are columns.
    let table = page.lines().skip_while(|line| *line != header);
    let bars = table.take_while(|line| line.starts_with('|')).map(|row| row.matches('|').count());
    assert!(bars.into_iter().all(|bars| bars == header.matches('|').count()), "{page}");
}

#[test]
fn a_period_that_is_not_over_says_up_to_when() {
    let running = Report { until: Some("2026-10-24".parse().unwrap()), ..sample::report() };
    for page in [to_html(&running), to_markdown(&running)] {
        assert!(page.contains("1 October 2026 to 23 October 2026"), "{page}");
        assert!(page.contains("The data reach to 23 October 2026"), "{page}");
    }
}
