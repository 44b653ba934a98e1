//! Alerts: raised once, told once.
//!
//! ```text
//!  found ──add──▶ pending ──claim──▶ sending ──told──▶ sent
//!                    ▲                  │
//!                    └── not told, or whoever claimed it is gone
//! ```
//!
//! Each arrow is a commit. An alert is claimed before it is told, so two workers never tell the same
//! one; if the one who claimed it dies in between, it is told again after [`CLAIM_LASTS`]. So an alert
//! is told at least once, and twice only if somebody dies between telling and noting it.

mod message;
mod outbox;
mod raise;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use smelt_domain::{Alert, AlertId, AlertStatus, Dataset, RunReport, StepReport, failures_prefix};

pub use self::message::{MESSAGE_BYTES, SUBJECT_CHARACTERS, message_text, subject_line};
pub use self::outbox::alerts;
use self::outbox::change_alerts;
pub use self::raise::Freshness;
use self::raise::{freshness, of_freshness, of_report};
use crate::{Platform, StageError};

/// How long whoever claimed an alert has to tell it: longer than any function lives.
const CLAIM_LASTS: TimeDelta = TimeDelta::minutes(20);

/// Now, as exactly as the table keeps it.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Somebody who can be told: a topic, a console.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Tells an alert; the text of an error says why it could not be told.
    async fn tell(&self, alert: &Alert) -> Result<(), NotTold>;
}

/// Why an alert could not be told. It stays pending.
#[derive(Debug, Clone, thiserror::Error)]
#[error("an alert could not be told: {reason}")]
pub struct NotTold {
    /// Why.
    pub reason: String,
    /// Whether it may go well the next time.
    pub retryable: bool,
}

/// What a round of alerts did.
#[derive(Debug, Default)]
pub struct Alerted {
    /// Alerts that were told.
    pub told: Vec<AlertId>,
    /// Commits of the outbox.
    pub steps: Vec<StepReport>,
    /// How old the tables are that promise to be fresh.
    pub freshness: Vec<Freshness>,
}

/// Finds what there is to tell about a dataset and tells what nobody was told yet. `reports` are of
/// runs that failed; those of today and yesterday are looked for anyway.
pub async fn alert(
    platform: &Platform,
    dataset: &Dataset,
    reports: &[RunReport],
    notifier: &dyn Notifier,
) -> Result<Alerted, StageError> {
    let now = now();
    let mut alerted = Alerted::default();
    let mut found: Vec<Alert> = Vec::new();
    let recent = recent_failures(platform).await?;
    found.extend(reports.iter().chain(&recent).flat_map(|report| of_report(dataset, report, now)));
    for table in &dataset.tables {
        if let Some(freshness) = freshness(platform, dataset, table, now).await? {
            found.extend(of_freshness(dataset, table, &freshness, now));
            alerted.freshness.push(freshness);
        }
    }
    alerted.steps.extend(add(platform, dataset, &found).await?);
    tell_pending(platform, dataset, notifier, &mut alerted).await?;
    Ok(alerted)
}

/// Reports that lie under `failures/`, of today and yesterday: whoever was to be woken by them may
/// not have been. One that cannot be read is left out.
async fn recent_failures(platform: &Platform) -> Result<Vec<RunReport>, StageError> {
    let today = now().date_naive();
    let mut reports = Vec::new();
    for day in [today.pred_opt().unwrap_or(today), today] {
        for object in platform.lake.list_objects(&failures_prefix(&day.to_string())).await? {
            let bytes = platform.lake.get_object(object.location.as_ref()).await?;
            reports.extend(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()));
        }
    }
    Ok(reports)
}

/// Adds what is not there yet.
async fn add(
    platform: &Platform,
    dataset: &Dataset,
    found: &[Alert],
) -> Result<Vec<StepReport>, StageError> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    change_alerts(platform, dataset, |alerts| {
        let before = alerts.len();
        for alert in found {
            if !alerts.iter().any(|known| known.alert_id == alert.alert_id) {
                alerts.push(alert.clone());
            }
        }
        alerts.len() > before
    })
    .await
}

async fn tell_pending(
    platform: &Platform,
    dataset: &Dataset,
    notifier: &dyn Notifier,
    alerted: &mut Alerted,
) -> Result<(), StageError> {
    let claimed = claim(platform, dataset, alerted).await?;
    let mut failed = None;
    for alert in &claimed {
        // What is not told before the deadline is given back as well.
        if failed.is_some() || platform.is_past_deadline() {
            break;
        }
        match notifier.tell(alert).await {
            Ok(()) => alerted.told.push(alert.alert_id.clone()),
            Err(error) => failed = Some(error),
        }
    }
    if !claimed.is_empty() {
        alerted.steps.extend(settle(platform, dataset, &claimed, &alerted.told).await?);
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// Takes the alerts that nobody tells, for this run to tell.
async fn claim(
    platform: &Platform,
    dataset: &Dataset,
    alerted: &mut Alerted,
) -> Result<Vec<Alert>, StageError> {
    let now = now();
    let mut claimed: Vec<Alert> = Vec::new();
    let steps = change_alerts(platform, dataset, |alerts| {
        // A commit of this run whose answer was lost: what it claimed is claimed.
        if !claimed.is_empty() && claimed.iter().all(|alert| alerts.contains(alert)) {
            return false;
        }
        claimed.clear();
        for alert in alerts.iter_mut() {
            let is_free = match alert.status {
                AlertStatus::Pending => true,
                AlertStatus::Sending => now - alert.changed_at > CLAIM_LASTS,
                AlertStatus::Sent => false,
            };
            if is_free {
                (alert.status, alert.changed_at) = (AlertStatus::Sending, now);
                claimed.push(alert.clone());
            }
        }
        !claimed.is_empty()
    })
    .await?;
    alerted.steps.extend(steps);
    Ok(claimed)
}

/// Notes which of the claimed alerts were told, and gives back the others.
async fn settle(
    platform: &Platform,
    dataset: &Dataset,
    claimed: &[Alert],
    told: &[AlertId],
) -> Result<Vec<StepReport>, StageError> {
    let now = now();
    change_alerts(platform, dataset, |alerts| {
        let mut changed = false;
        for alert in alerts.iter_mut().filter(|alert| claimed.contains(alert)) {
            let was_told = told.contains(&alert.alert_id);
            alert.status = if was_told { AlertStatus::Sent } else { AlertStatus::Pending };
            alert.notified_at = was_told.then_some(now);
            alert.changed_at = now;
            changed = true;
        }
        changed
    })
    .await
}
