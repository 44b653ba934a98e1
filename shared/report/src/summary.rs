//! A report in a few sentences, for whoever reads nothing else.

use crate::content::{Figure, Report};
use crate::number::{amount, change, counted, signed_percent};
use crate::words::{anomaly_when, capitalised};

/// Figures that are told.
const FIGURES: usize = 3;

/// What happened, what was unusual, and whether the data can be trusted.
pub fn sentences(report: &Report) -> Vec<String> {
    let mut sentences: Vec<String> =
        report.figures.iter().take(FIGURES).map(|figure| figure_sentence(report, figure)).collect();
    sentences.push(anomalies_sentence(report));
    sentences.push(trust_sentence(report));
    sentences
}

fn figure_sentence(report: &Report, figure: &Figure) -> String {
    let mut sentence =
        format!("{}: {}", capitalised(&figure.measure.name), amount(figure.value, &figure.measure));
    let (before, year_before) = report.period.comparisons();
    for (before, period) in [(figure.before, before), (figure.year_before, year_before)] {
        let known = change(before, figure.value);
        if let (Some(change), Some(period)) = (known, period) {
            sentence.push_str(&format!(
                ", {} against {}",
                signed_percent(Some(change)),
                period.title()
            ));
        }
    }
    sentence.push('.');
    sentence
}

fn anomalies_sentence(report: &Report) -> String {
    let anomalies = &report.anomalies;
    if !anomalies.are_known {
        return "Whether anything was unusual is not known.".to_owned();
    }
    let all = anomalies.listed.len() as u64 + anomalies.more;
    match anomalies.listed.first() {
        None => "Nothing was unusual.".to_owned(),
        Some(worst) => format!(
            "{} not as expected; the worst is {} ({}).",
            counted(all, "incident was", "incidents were"),
            worst.what,
            anomaly_when(worst)
        ),
    }
}

fn trust_sentence(report: &Report) -> String {
    let refused: u64 = report.balances.iter().map(|balance| balance.quarantined).sum();
    let quarantine = match refused {
        0 => "none was refused".to_owned(),
        _ => format!("{} in quarantine", counted(refused, "is", "are")),
    };
    let inexact = report.balances.iter().filter(|balance| !balance.is_exact()).count() as u64;
    if report.balances.is_empty() {
        "Whether every row is accounted for is not known.".to_owned()
    } else if inexact == 0 {
        format!("Every row that came in is accounted for; {quarantine}.")
    } else {
        format!(
            "Rows are missing: the balance of {} is not exact; {quarantine}.",
            counted(inexact, "table", "tables")
        )
    }
}
