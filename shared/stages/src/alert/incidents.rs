//! Anomalies of series as alerts: one for each incident, one more when it is over, and no more than so
//! many a day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use smelt_domain::{Alert, AlertId, AlertKind, AlertStatus, Dataset, Mart, MartSeries, Severity};

use crate::series::{Anomaly, AnomalyStatus, anomalies, step_text};
use crate::{Platform, StageError};

/// Age from which on an incident that nobody was told of is no news any more.
const OLD: TimeDelta = TimeDelta::days(7);
/// Series of a group that a message names.
const NAMED: usize = 12;
/// Marks alerts in the details, so that they can be counted and told apart.
pub(super) const INCIDENT: &str = "incident";
const OVER: &str = "over";
const SUMMARY: &str = "summary";
/// What the detector says of a step in which nothing is new.
const GOES_ON: &str = "goes on";

/// An incident with what is to be told of it.
#[derive(Debug, Clone)]
pub(super) struct Incident {
    /// That it began.
    begin: Alert,
    /// Whether that is news still.
    is_news: bool,
    /// From when until when it lasted, if it is over and was more than a step.
    lasted: Option<(String, String)>,
    mart: String,
    most_per_day: u32,
    score: f64,
}

/// The incidents of a dataset that are news.
pub(super) async fn incidents(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<Vec<Incident>, StageError> {
    let now = platform.started_at;
    let mut found = Vec::new();
    for (mart, series) in dataset.marts_with_series() {
        let mut by_alert: BTreeMap<AlertId, Vec<Anomaly>> = BTreeMap::new();
        for anomaly in anomalies(platform, dataset, mart).await? {
            by_alert.entry(anomaly.alert_id.clone()).or_default().push(anomaly);
        }
        let of_mart = OfMart { dataset, mart, series, now };
        found.extend(by_alert.into_values().filter_map(|anomalies| of_mart.incident(&anomalies)));
    }
    // The worst first: it is they that a day's limit leaves.
    found.sort_by(|a, b| {
        (b.begin.severity.cmp(&a.begin.severity))
            .then_with(|| b.score.total_cmp(&a.score))
            .then_with(|| a.begin.alert_id.cmp(&b.begin.alert_id))
    });
    Ok(found)
}

/// Adds to the outbox what is to be told of incidents and is not there yet.
pub(super) fn add_incidents(
    alerts: &mut Vec<Alert>,
    dataset: &Dataset,
    incidents: &[Incident],
    now: DateTime<Utc>,
) {
    let mut beyond: BTreeMap<&str, Vec<&Incident>> = BTreeMap::new();
    for incident in incidents {
        let id = &incident.begin.alert_id;
        if let Some(known) = alerts.iter().find(|alert| alert.alert_id == *id) {
            let was_told = known.status == AlertStatus::Sent;
            let lasted = incident.lasted.as_ref().filter(|_| was_told);
            if let Some(over) = lasted.map(|(from, until)| over(known, from, until, now))
                && !alerts.iter().any(|alert| alert.alert_id == over.alert_id)
            {
                alerts.push(over);
            }
        } else if !incident.is_news
            || alerts.iter().any(|alert| alert.told_together().any(|it| it == *id))
        {
            // It is old, or was told together with others.
        } else if told_today(alerts, &incident.mart, now) < incident.most_per_day {
            alerts.push(incident.begin.clone());
        } else {
            beyond.entry(&incident.mart).or_default().push(incident);
        }
    }
    for (mart, incidents) in beyond {
        let summary = summary(dataset, mart, &incidents, now);
        if !alerts.iter().any(|alert| alert.alert_id == summary.alert_id) {
            alerts.push(summary);
        }
    }
}

fn told_today(alerts: &[Alert], mart: &str, now: DateTime<Utc>) -> u32 {
    let today = day_text(now);
    let is_of_today = |alert: &&Alert| {
        let details = &alert.details;
        details["what"] == INCIDENT && details["mart"] == mart && details["day"] == today
    };
    u32::try_from(alerts.iter().filter(is_of_today).count()).unwrap_or(u32::MAX)
}

/// That what was told is over.
fn over(told: &Alert, from: &str, until: &str, now: DateTime<Utc>) -> Alert {
    let label = told.details["label"].as_str().unwrap_or_default();
    let id = told.alert_id.as_str();
    Alert {
        alert_id: AlertId::of(&told.dataset, AlertKind::Anomaly, &[id, OVER]),
        severity: Severity::Info,
        subject: format!("{}: {label} is as expected again (info)", told.dataset),
        message: format!(
            "{label} is as expected again. It was not from {from} to {until}.\n\nWhat was told then: {}",
            told.subject
        ),
        details: json!({
            "what": OVER, "mart": told.details["mart"], "of": id, "label": label, "since": from,
            "until": until,
        }),
        first_seen: now,
        status: AlertStatus::Pending,
        changed_at: now,
        notified_at: None,
        ..told.clone()
    }
}

/// The day that a limit counts for.
fn day_text(now: DateTime<Utc>) -> String {
    now.date_naive().to_string()
}

/// What is beyond a day's limit, in one message.
fn summary(dataset: &Dataset, mart: &str, incidents: &[&Incident], now: DateTime<Utc>) -> Alert {
    let day = day_text(now);
    let count = incidents.len();
    let lines: Vec<&str> =
        incidents.iter().take(NAMED).map(|incident| incident.begin.subject.as_str()).collect();
    let ids: Vec<&str> =
        incidents.iter().map(|incident| incident.begin.alert_id.as_str()).collect();
    let severity =
        incidents.iter().map(|incident| incident.begin.severity).max().unwrap_or(Severity::Info);
    let mart_words = mart.replace('_', " ");
    Alert {
        alert_id: AlertId::of(&dataset.name, AlertKind::Anomaly, &[mart, SUMMARY, &day]),
        dataset: dataset.name.clone(),
        kind: AlertKind::Anomaly,
        severity,
        subject: format!(
            "{}: {count} more anomalies in {mart_words} on {day} ({severity})",
            dataset.name
        ),
        message: format!(
            "Beyond the most that are told one by one on a day, {count} more anomalies were \
             found:\n\n{}\n\nAll of them: smelt query \"SELECT * FROM gold.{}_anomalies WHERE status = \
             'open' ORDER BY score DESC\"",
            lines.join("\n"),
            dataset.name
        ),
        details: json!({"what": SUMMARY, "mart": mart, "day": day, "alert_ids": ids}),
        first_seen: now,
        status: AlertStatus::Pending,
        changed_at: now,
        notified_at: None,
    }
}

struct OfMart<'a> {
    dataset: &'a Dataset,
    mart: &'a Mart,
    series: &'a MartSeries,
    now: DateTime<Utc>,
}

impl OfMart<'_> {
    /// `None` if there is nothing to tell of it.
    fn incident(&self, anomalies: &[Anomaly]) -> Option<Incident> {
        let is_live =
            |one: &&Anomaly| !matches!(one.status, AnomalyStatus::Withdrawn | AnomalyStatus::Muted);
        let live: Vec<&Anomaly> = anomalies.iter().filter(is_live).collect();
        let first_told = live.iter().filter(|one| one.status.is_told()).map(|one| one.first_seen);
        let first_seen = first_told.min()?;
        let since = live.iter().map(|one| one.time).min()?;
        let newest = live.iter().map(|one| one.time).max()?;
        let now_found: Vec<&Anomaly> =
            live.iter().filter(|one| one.time == newest).copied().collect();
        let severity = live.iter().map(|one| one.found.severity).max()?;
        let score = live.iter().map(|one| one.found.score).fold(0.0, f64::max);
        let reasons = reasons(&live);
        let story = Story { of: self, since, newest, now_found, severity, score, reasons };
        let begin = story.begin(live.first()?.alert_id.clone(), first_seen);
        let is_over = live.iter().all(|one| one.status != AnomalyStatus::Open);
        let step = |time| step_text(self.series.every, time);
        Some(Incident {
            begin,
            is_news: self.now - first_seen <= OLD,
            lasted: (is_over && newest > since).then(|| (step(since), step(newest))),
            mart: self.mart.name.to_string(),
            most_per_day: self.series.alerts.most_per_day,
            score,
        })
    }
}

/// What is told of one incident.
struct Story<'a> {
    of: &'a OfMart<'a>,
    since: i64,
    newest: i64,
    /// What was found in the newest step.
    now_found: Vec<&'a Anomaly>,
    severity: Severity,
    /// The highest of the incident, with what was found there.
    score: f64,
    reasons: String,
}

impl Story<'_> {
    fn begin(&self, alert_id: AlertId, first_seen: DateTime<Utc>) -> Alert {
        let OfMart { dataset, mart, series, .. } = self.of;
        let (observed, expected) = (self.sum(|found| found.observed), self.sum(|it| it.expected));
        let label = self.label();
        let severity = self.severity;
        let subject =
            format!("{}: {label} {} ({severity})", dataset.name, against(observed, expected));
        let when = step_text(series.every, self.newest);
        let value = series.value.as_str().replace('_', " ");
        let mut message = format!(
            "{label}: {} {value} ({}: {when}); {} were expected.",
            figure(observed),
            series.every,
            figure(expected),
        );
        if let [one] = self.now_found.as_slice() {
            let (lo, hi) = (figure(one.found.lo), figure(one.found.hi));
            message.push_str(&format!(" 95 in 100 usual values lie between {lo} and {hi}."));
        }
        message.push_str(&format!(
            "\n\nIt is {}, since {}, with a score of {:.2} of 1: {}.",
            against(observed, expected),
            step_text(series.every, self.since),
            self.score,
            self.reasons,
        ));
        if self.now_found.len() > 1 {
            message.push_str(&self.members());
        }
        message.push_str(&format!(
            "\n\nMore: smelt query \"SELECT * FROM gold.{}_anomalies WHERE alert_id = '{alert_id}'\"\n\
             Not worth a message? See smallest_effect and mute in the series of {} (dataset.yaml).",
            dataset.name, mart.name,
        ));
        let found = |anomaly: &&&Anomaly| {
            let found = &anomaly.found;
            json!({
                "series": anomaly.series,
                "observed": found.observed,
                "expected": found.expected,
                "lo_95": found.lo,
                "hi_95": found.hi,
                "score": found.score,
                "reason": found.reason,
            })
        };
        let named: Vec<_> = self.now_found.iter().take(NAMED).map(|one| found(&one)).collect();
        Alert {
            alert_id,
            dataset: dataset.name.clone(),
            kind: AlertKind::Anomaly,
            severity,
            subject,
            message,
            details: json!({
                "what": INCIDENT,
                "mart": mart.name,
                "day": day_text(self.of.now),
                "label": label,
                "time": when,
                "since": step_text(series.every, self.since),
                "every": series.every,
                "observed": observed,
                "expected": expected,
                "score": self.score,
                "n_series": self.now_found.len(),
                "series": named,
            }),
            first_seen,
            status: AlertStatus::Pending,
            changed_at: self.of.now,
            notified_at: None,
        }
    }

    fn label(&self) -> String {
        let ids: Vec<&str> = self.now_found.iter().map(|one| one.series.as_str()).collect();
        self.of.series.label_of(self.of.mart.name.as_str(), &ids)
    }

    fn sum(&self, of: impl Fn(&crate::series::Found) -> f64) -> f64 {
        self.now_found.iter().map(|one| of(&one.found)).sum()
    }

    fn members(&self) -> String {
        let mut text = String::new();
        for one in self.now_found.iter().take(NAMED) {
            let (observed, expected) = (one.found.observed, one.found.expected);
            text.push_str(&format!(
                "\n- {}: {} instead of {}",
                one.series,
                figure(observed),
                figure(expected)
            ));
        }
        if let Some(rest) = self.now_found.len().checked_sub(NAMED).filter(|rest| *rest > 0) {
            text.push_str(&format!("\n- and {rest} more"));
        }
        format!("\n{text}")
    }
}

/// Why an incident is one: what was found in the step with the highest score, which is the one that is
/// told. That it goes on is a reason only where there is no other.
fn reasons(live: &[&Anomaly]) -> String {
    let worst = live.iter().max_by(|a, b| a.found.score.total_cmp(&b.found.score));
    let told = |of: &dyn Fn(&&&Anomaly) -> bool| {
        let found = live.iter().filter(of).map(|one| one.found.reason.as_str());
        let found: BTreeSet<&str> =
            found.filter(|why| !why.is_empty() && *why != GOES_ON).collect();
        let found: Vec<&str> = found.into_iter().collect();
        (!found.is_empty()).then(|| found.join("; "))
    };
    let in_worst_step = worst.and_then(|worst| told(&|one| one.time == worst.time));
    let goes_on = || live.iter().any(|one| one.found.reason == GOES_ON).then_some(GOES_ON);
    in_worst_step
        .or_else(|| told(&|_| true))
        .unwrap_or_else(|| goes_on().unwrap_or("not as expected").to_owned())
}

/// `3.2x expected`; figures where a factor would say little.
fn against(observed: f64, expected: f64) -> String {
    let factor = observed / expected;
    if expected > 0.0 && (0.05..1_000.0).contains(&factor) {
        format!("{factor:.1}x expected")
    } else {
        format!("{} instead of {}", figure(observed), figure(expected))
    }
}

/// A number as people write it: no digits after the point from a hundred on.
fn figure(value: f64) -> String {
    let digits = if value.abs() >= 100.0 || value.fract().abs() < 1e-9 { 0 } else { 2 };
    let text = format!("{value:.digits$}");
    let (sign, rest) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) =
        rest.split_once('.').map_or((rest, String::new()), |(w, f)| (w, format!(".{f}")));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Found;

    fn found(series: &str, time: i64, score: f64, reason: &str) -> Anomaly {
        Anomaly {
            alert_id: AlertId::from("one".to_owned()),
            series: series.to_owned(),
            time,
            found: Found {
                observed: 9.0,
                expected: 3.0,
                lo: 1.0,
                hi: 5.0,
                score,
                severity: Severity::Warning,
                reason: reason.to_owned(),
            },
            status: AnomalyStatus::Open,
            first_seen: DateTime::UNIX_EPOCH,
            notified_at: None,
        }
    }

    fn told(anomalies: &[Anomaly]) -> String {
        reasons(&anomalies.iter().collect::<Vec<_>>())
    }

    #[test]
    fn an_incident_is_explained_by_its_worst_step() {
        const HIGH: &str = "as high as hardly ever before";
        const FAR: &str = "far above what was expected";
        let first = found("a", 1, 0.9, FAR);
        assert_eq!(told(&[first.clone(), found("a", 2, 0.3, GOES_ON)]), FAR);
        assert_eq!(told(&[found("a", 0, 0.6, HIGH), first.clone()]), FAR, "not all there were");
        // Series of one incident, each with its own reason, in order and once.
        let both = [found("b", 1, 0.7, HIGH), first.clone(), found("c", 1, 0.6, FAR)];
        assert_eq!(told(&both), format!("{HIGH}; {FAR}"));
        // The worst step may be one that only goes on, after it was judged anew.
        assert_eq!(told(&[first, found("a", 2, 0.95, GOES_ON)]), FAR);
        assert_eq!(told(&[found("a", 2, 0.95, GOES_ON)]), GOES_ON);
        assert_eq!(told(&[found("a", 2, 0.95, "")]), "not as expected");
        assert_eq!(told(&[]), "not as expected");
    }
}
