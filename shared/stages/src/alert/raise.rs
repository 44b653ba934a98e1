//! What there is to tell: runs that failed, and tables that are older than they should be.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use smelt_domain::{
    Alert, AlertId, AlertKind, AlertStatus, Dataset, FailureKind, Occasion, RunReport, Severity,
    Table,
};

use super::freshness::{Freshness, Newest};
use super::message::SUBJECT_CHARACTERS;
use crate::PublishedReport;

/// Days behind which a report is no news any more.
const OLD_REPORT: TimeDelta = TimeDelta::days(7);
/// Days behind which a failure is no news any more.
const OLD_FAILURE: TimeDelta = TimeDelta::days(7);

/// That a report was published, once for each period; none of one that is no news any more.
pub(super) fn of_published_report(
    dataset: &Dataset,
    report: &PublishedReport,
    now: DateTime<Utc>,
) -> Option<Alert> {
    let written_at = DateTime::parse_from_rfc3339(&report.written_at).ok()?.to_utc();
    if now - written_at > OLD_REPORT {
        return None;
    }
    let (name, period) = (&dataset.name, &report.period);
    let summary: String = report.summary.iter().map(|line| format!("- {line}\n")).collect();
    Some(Alert {
        alert_id: AlertId::of(name, AlertKind::Report, &[period]),
        dataset: name.clone(),
        kind: AlertKind::Report,
        severity: Severity::Info,
        subject: format!("{name}: the report on {period} is there (info)"),
        message: format!("The report on {period}:\n\n{summary}"),
        details: json!({ "period": period, "path": report.path, "bytes": report.bytes }),
        first_seen: written_at,
        status: AlertStatus::Pending,
        changed_at: now,
        notified_at: None,
    })
}

/// The alerts that a run's report gives; none if it tells nothing new.
///
/// The same thing that fails again on the same day is the same alert: a queue that tries five times
/// is one message. Something else that fails on that day is another one.
pub(super) fn of_report(dataset: &Dataset, report: &RunReport, now: DateTime<Utc>) -> Vec<Alert> {
    let Some(failure) = report.failure else { return Vec::new() };
    if report.dataset.as_ref() != Some(&dataset.name) || now - report.started_at > OLD_FAILURE {
        return Vec::new();
    }
    let occasions = report.occasions();
    occasions.iter().map(|it| of_occasion(dataset, report, failure, it, now)).collect()
}

fn of_occasion(
    dataset: &Dataset,
    report: &RunReport,
    failure: FailureKind,
    occasion: &Occasion,
    now: DateTime<Utc>,
) -> Alert {
    let (kind, severity) = match failure {
        FailureKind::Expectation => (AlertKind::Expectation, Severity::Critical),
        FailureKind::Refused => (AlertKind::Refused, Severity::Warning),
        FailureKind::Passing => (AlertKind::Failure, Severity::Warning),
        FailureKind::Definition | FailureKind::Lasting => (AlertKind::Failure, Severity::Critical),
    };
    let Occasion { about, text } = occasion;
    let (name, command) = (&dataset.name, &report.command);
    let day = report.started_at.date_naive().to_string();
    let what = match kind {
        AlertKind::Expectation => "a rule was broken that stops the pipeline",
        AlertKind::Refused => "data was refused",
        _ => "a run failed",
    };
    let subject = match kind {
        // Several on a day are common: the subject says which file or table.
        AlertKind::Refused => format!("{name}: refused ({severity}): {}", beginning(text)),
        _ => format!("{name}: {command}: {what} ({severity})"),
    };
    Alert {
        alert_id: AlertId::of(name, kind, &[&failure.to_string(), &day, about]),
        dataset: name.clone(),
        kind,
        severity,
        subject,
        message: format!(
            "{what}: {command}\n\n{text}\n\nRun {} started at {}. What was committed before stays; \
             readers see the last good tables.",
            report.run_id,
            report.started_at.format("%Y-%m-%d %H:%M:%S UTC"),
        ),
        details: json!({
            "run_id": report.run_id,
            "command": command,
            "failure": failure,
            "error": text,
            "origin": report.origin,
            "started_at": report.started_at,
        }),
        first_seen: report.started_at,
        status: AlertStatus::Pending,
        changed_at: now,
        notified_at: None,
    }
}

/// As much of a text as a subject can show.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(SUBJECT_CHARACTERS).map_or(text.len(), |(at, _)| at);
    text[..end].lines().next().unwrap_or_default()
}

/// The alert of a table that is older than it promises to be. As long as nothing newer comes, it is
/// the same one, and at twice the promised age once more a critical one.
///
/// A table without any row up to now has no age: it is as old as the first data that came to bronze. Until
/// that is older than promised, a table that does not exist may still come; one that holds other rows is
/// told of at once.
pub(super) fn of_freshness(
    dataset: &Dataset,
    freshness: &Freshness,
    now: DateTime<Utc>,
) -> Option<Alert> {
    let is_it = |table: &&Table| dataset.silver_id(&table.name) == freshness.table;
    let table = dataset.tables.iter().find(is_it)?;
    let hours = i64::from(table.stale_after_hours?);
    let (Newest::Row { seconds, .. } | Newest::NoRow { seconds } | Newest::NoTable { seconds }) =
        freshness.newest;
    let age = seconds / 3600;
    if age < hours && !matches!(freshness.newest, Newest::NoRow { .. }) {
        return None;
    }
    let severity = if age < 2 * hours { Severity::Warning } else { Severity::Critical };
    let name = freshness.table.sql_name();
    let newest = match freshness.newest {
        Newest::Row { time, .. } => Some(time.format("%Y-%m-%d %H:%M:%S").to_string()),
        Newest::NoRow { .. } | Newest::NoTable { .. } => None,
    };
    let is = match &newest {
        Some(_) => format!("is {age} h old"),
        None => "has no row up to now".to_owned(),
    };
    let ahead = match freshness.rows_ahead {
        0 => String::new(),
        rows => format!(" {rows} rows that are dated in the future do not count."),
    };
    let occasion = newest.as_deref().unwrap_or("none");
    Some(Alert {
        alert_id: AlertId::of(
            &dataset.name,
            AlertKind::Stale,
            &[&name, occasion, severity.as_str()],
        ),
        dataset: dataset.name.clone(),
        kind: AlertKind::Stale,
        severity,
        subject: format!(
            "{}: {} {is}, {hours} h are promised ({severity})",
            dataset.name, table.name
        ),
        message: format!(
            "{}{ahead}\n\n{}",
            what_is_stale(freshness, hours),
            where_to_look(dataset)
        ),
        details: json!({
            "table": freshness.table,
            "newest": newest,
            "age_hours": newest.is_some().then_some(age),
            "promised_hours": hours,
            "rows_ahead": freshness.rows_ahead,
        }),
        first_seen: now,
        status: AlertStatus::Pending,
        changed_at: now,
        notified_at: None,
    })
}

fn what_is_stale(freshness: &Freshness, hours: i64) -> String {
    let name = freshness.table.sql_name();
    match freshness.newest {
        Newest::Row { time, seconds } => format!(
            "The newest row of {name} is of {}, {} hours ago; the dataset promises at most {hours}.",
            time.format("%Y-%m-%d %H:%M:%S"),
            seconds / 3600
        ),
        Newest::NoRow { .. } => format!(
            "{name} has no row that is dated up to now; the dataset promises that the newest is at most \
             {hours} hours old."
        ),
        Newest::NoTable { seconds } => format!(
            "{name} has no row up to now, it does not exist: its first data came to bronze {} hours ago, \
             and none was taken in; the dataset promises that the newest row is at most {hours} hours old.",
            seconds / 3600
        ),
    }
}

fn where_to_look(dataset: &Dataset) -> String {
    format!(
        "Look whether the source gives newer rows (smelt sources test {}), and whether its pulls and what \
         follows them succeed (smelt runs).",
        dataset.name
    )
}
