//! What there is to tell: runs that failed, and tables that are older than they should be.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::json;
use smelt_domain::{
    Alert, AlertId, AlertKind, AlertStatus, Dataset, FailureKind, Occasion, RunReport, Severity,
    Table as TableDefinition,
};

use super::message::SUBJECT_CHARACTERS;
use crate::status::newest;
use crate::{Platform, StageError};

/// Days behind which a failure is no news any more.
const OLD_FAILURE: TimeDelta = TimeDelta::days(7);

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

/// How old the newest data of a table is.
#[derive(Debug, Clone, PartialEq)]
pub struct Freshness {
    /// The table.
    pub table: smelt_domain::TableId,
    /// Its newest data time; wall clocks count as UTC.
    pub newest: NaiveDateTime,
    /// Seconds since then.
    pub seconds: i64,
}

/// How old the data of a table is that promises to be fresh; `None` of others, and of empty ones.
pub(super) async fn freshness(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    now: DateTime<Utc>,
) -> Result<Option<Freshness>, StageError> {
    let (Some(_), Some(column)) = (table.stale_after_hours, &table.newest) else {
        return Ok(None);
    };
    let id = dataset.silver_id(&table.name);
    let Some(silver) = platform.lake.table(id.clone())?.snapshot().await? else {
        return Ok(None);
    };
    let newest = newest(silver.files(), column.as_str()).and_then(|text| moment(&text));
    Ok(newest.map(|newest| Freshness {
        table: id,
        newest,
        seconds: (now.naive_utc() - newest).num_seconds(),
    }))
}

/// The alert of a table that is older than it promises to be. As long as nothing newer comes, it is
/// the same one.
pub(super) fn of_freshness(
    dataset: &Dataset,
    table: &TableDefinition,
    freshness: &Freshness,
    now: DateTime<Utc>,
) -> Option<Alert> {
    let hours = i64::from(table.stale_after_hours?);
    let age = freshness.seconds / 3600;
    if age < hours {
        return None;
    }
    let newest = freshness.newest.format("%Y-%m-%d %H:%M:%S").to_string();
    let name = freshness.table.sql_name();
    let severity = if age < 2 * hours { Severity::Warning } else { Severity::Critical };
    Some(Alert {
        alert_id: AlertId::of(&dataset.name, AlertKind::Stale, &[&name, &newest]),
        dataset: dataset.name.clone(),
        kind: AlertKind::Stale,
        severity,
        subject: format!(
            "{}: {} is {age} h old, {hours} h are promised ({severity})",
            dataset.name, table.name
        ),
        message: format!(
            "The newest row of {name} is of {newest}, {age} hours ago; the dataset promises at most \
             {hours}.\n\nLook whether the source gives newer rows (smelt sources test {}), and \
             whether its pulls succeed (smelt runs).",
            dataset.name
        ),
        details: json!({
            "table": freshness.table,
            "newest": newest,
            "age_hours": age,
            "promised_hours": hours,
        }),
        first_seen: now,
        status: AlertStatus::Pending,
        changed_at: now,
        notified_at: None,
    })
}

/// A time or a day as the log's bounds give it.
fn moment(text: &str) -> Option<NaiveDateTime> {
    let day =
        || text.parse().ok().map(|day: chrono::NaiveDate| day.and_time(chrono::NaiveTime::MIN));
    text.trim_end_matches('Z').parse().ok().or_else(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_times_and_days() {
        let text = |bound: &str| moment(bound).unwrap().to_string();
        assert_eq!(text("2024-02-29T23:59:54"), "2024-02-29 23:59:54");
        assert_eq!(text("2024-02-29T23:59:54.123"), "2024-02-29 23:59:54.123");
        assert_eq!(text("2024-02-29"), "2024-02-29 00:00:00");
        assert_eq!(moment("soon"), None);
    }
}
