//! What HTML and Markdown say in the same words.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use smelt_domain::{Every, OnViolation};

use crate::content::{
    Accuracy, Anomaly, Balance, Chart, Figure, Group, Listed, Others, Report, Rule, TableVersion,
};
use crate::number::{UNKNOWN, amount, count, counted};

/// `Total cost` for `total cost`.
pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// The page's title.
pub(crate) fn title(report: &Report) -> String {
    format!("{}: {}", report.dataset, report.period.title())
}

/// A time of the clock, to the minute.
pub(crate) fn moment(time: DateTime<Utc>) -> String {
    format!("{} UTC", time.format("%Y-%m-%d %H:%M"))
}

/// A day as people write it.
pub(crate) fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// The last day before another one.
pub(crate) fn day_before(end: NaiveDate) -> String {
    day(end.pred_opt().unwrap_or(end))
}

/// What the report covers: `1 October to 31 October 2026`.
pub(crate) fn covered(report: &Report) -> String {
    let period = &report.period;
    let end = report.until.unwrap_or(period.end());
    let last = end.pred_opt().unwrap_or(end);
    if last <= period.first() {
        return day(period.first());
    }
    format!("{} to {}", day(period.first()), day(last))
}

/// Why the report is not about the whole period, if it is not.
pub(crate) fn incomplete(report: &Report) -> Option<String> {
    let until = report.until?;
    Some(format!(
        "The data reach to {}, not to the end of {}. Totals are compared with those of the same part of other periods.",
        day_before(until),
        report.period.title(),
    ))
}

/// The titles of the periods that figures are compared with.
pub(crate) fn compared_with(report: &Report) -> (Option<String>, Option<String>) {
    let (before, year_before) = report.period.comparisons();
    (before.map(|period| period.title()), year_before.map(|period| period.title()))
}

/// What changes in a breakdown are against.
pub(crate) fn against_before(report: &Report) -> String {
    let (before, _) = compared_with(report);
    format!("against {}", before.as_deref().unwrap_or(UNKNOWN))
}

/// What a figure is, with its unit and its mart.
pub(crate) fn about_figure(figure: &Figure) -> String {
    match &figure.measure.description {
        Some(description) => format!("{description} ({})", figure.mart),
        None => figure.mart.clone(),
    }
}

/// Up to where a figure counts, if not to the end of the period.
pub(crate) fn figure_until(figure: &Figure) -> Option<String> {
    Some(format!("until {}", day_before(figure.until?)))
}

/// The name of a group.
pub(crate) fn group_name(group: &Group) -> &str {
    group.name.as_deref().unwrap_or("(none)")
}

/// The name of what is not listed.
pub(crate) fn others_name(others: &Others) -> String {
    counted(others.count, "other", "others")
}

/// A chart for those who do not see it.
pub(crate) fn chart_in_words(chart: &Chart) -> String {
    let values = chart.points.iter().filter_map(|point| Some((point.time, point.actual?)));
    let values: Vec<(NaiveDateTime, f64)> = values.filter(|(_, value)| value.is_finite()).collect();
    let greatest = values.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let least = values.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let (Some((first, _)), Some((last, _)), Some(least), Some(greatest)) =
        (values.first(), values.last(), least, greatest)
    else {
        return "No values.".to_owned();
    };
    let at = |time: &NaiveDateTime| step(chart.every, *time);
    let mut text = format!(
        "{} by {} from {} to {}: least {} ({}), most {} ({}).",
        capitalised(&chart.measure.name),
        chart.every,
        at(first),
        at(last),
        amount(Some(least.1), &chart.measure),
        at(&least.0),
        amount(Some(greatest.1), &chart.measure),
        at(&greatest.0),
    );
    if !chart.marks.is_empty() {
        let marks = counted(chart.marks.len() as u64, "value was", "values were");
        text.push_str(&format!(" {marks} not as expected."));
    }
    let forecast =
        chart.points.iter().filter(|point| chart.now.is_some_and(|now| point.time >= now));
    let forecast = forecast.filter(|point| point.expected.is_some()).count();
    if forecast > 0 {
        text.push_str(&format!(
            " Then a forecast of {}.",
            counted(forecast as u64, "step", "steps")
        ));
    }
    text
}

/// A step as people write it.
pub(crate) fn step(every: Every, time: NaiveDateTime) -> String {
    let format = match every {
        Every::Hour => "%Y-%m-%d %H:%M",
        Every::Day | Every::Week => "%Y-%m-%d",
        Every::Month => "%Y-%m",
    };
    time.format(format).to_string()
}

/// When an anomaly was.
pub(crate) fn anomaly_when(anomaly: &Anomaly) -> String {
    match &anomaly.to {
        Some(to) => format!("{} to {to}", anomaly.from),
        None => anomaly.from.clone(),
    }
}

/// Why there is no anomaly to list.
pub(crate) fn no_anomalies(report: &Report) -> &'static str {
    if report.anomalies.are_known {
        "Everything was as expected."
    } else {
        "Nobody looked: no mart of this dataset has series that were judged."
    }
}

/// Which steps of a forecast are told, if not simply the next ones.
pub(crate) fn listed(listed: Listed) -> Option<String> {
    match listed {
        Listed::Next | Listed::LargestSeries { more: 0 } => None,
        Listed::LargestSeries { more } => {
            let more = counted(more, "other is", "others are");
            Some(format!("The largest series; {more} forecast as well."))
        }
        Listed::Highest { of } => {
            Some(format!("The highest of the next {}.", counted(of, "step", "steps")))
        }
    }
}

/// Whether forecasts are better than repeating the last season.
pub(crate) fn against_naive(accuracy: &Accuracy) -> String {
    let (Some(mase), Some(naive)) = (accuracy.mase, accuracy.seasonal_naive_mase) else {
        return UNKNOWN.to_owned();
    };
    let better = 1.0 - mase / naive;
    if !better.is_finite() {
        return UNKNOWN.to_owned();
    }
    let percent = crate::number::grouped(100.0 * better.abs(), 0);
    match percent.as_str() {
        "0" => "as good".to_owned(),
        _ if better > 0.0 => format!("{percent}\u{a0}% better"),
        _ => format!("{percent}\u{a0}% worse"),
    }
}

/// What the counts of rules are of.
pub(crate) const RULES_COUNT: &str = "refused rows are those in quarantine today; rows that are kept were counted as \
                                      they were taken in, since the table was last computed anew";

/// What came of a rule.
pub(crate) fn outcome(rule: &Rule) -> String {
    match (rule.rows, rule.action) {
        (None, _) => "not evaluated".to_owned(),
        (Some(0), _) => "kept by all rows".to_owned(),
        (Some(rows), OnViolation::Warn) => {
            format!("{} taken in, and kept", counted(rows, "row", "rows"))
        }
        (Some(rows), OnViolation::Reject) => {
            format!("{} in quarantine", counted(rows, "row", "rows"))
        }
        (Some(rows), OnViolation::Fail) => {
            format!("{}, which stopped the run", counted(rows, "row", "rows"))
        }
    }
}

/// Whether every row of a table is accounted for.
pub(crate) fn balance_verdict(balance: &Balance) -> &'static str {
    if balance.is_exact() { "exact" } else { "not exact" }
}

/// How a table stands to its upstream.
pub(crate) fn follows(table: &TableVersion) -> String {
    match (table.version, table.behind) {
        (None, _) => "does not exist yet".to_owned(),
        (_, None) => String::new(),
        (_, Some(0)) => "up to date".to_owned(),
        (_, Some(behind)) => format!("{} behind", counted(behind, "version", "versions")),
    }
}

/// A version, or that there is none.
pub(crate) fn version(table: &TableVersion) -> String {
    table.version.map_or_else(|| UNKNOWN.to_owned(), count)
}
