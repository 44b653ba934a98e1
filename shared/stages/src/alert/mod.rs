//! Alerts: raised once, told once.
//!
//! ```text
//!  found ──add──▶ pending ──claim──▶ sending ──told──▶ sent
//!                    ▲                  │
//!                    └── not told, or whoever claimed it is gone
//! ```
//!
//! Each arrow is a commit. An alert is claimed before it is told, so two workers never tell the same
//! one at once. It is told at least once. It is told twice if somebody tells it and cannot note that
//! (he dies, or the store does not answer), and if he is told that he could not tell it although he
//! did: the answer of the topic was lost. No commit of ours can tell these apart, so whoever must be
//! sure compares ids.

mod message;
mod outbox;
mod raise;
mod tell;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use smelt_domain::{Alert, AlertId, Dataset, RunReport, StepReport, failures_prefix};

pub use self::message::{MESSAGE_BYTES, SUBJECT_CHARACTERS, message_text, subject_line};
pub use self::outbox::alerts;
use self::outbox::change_alerts;
pub use self::raise::Freshness;
use self::raise::{freshness, of_freshness, of_report};
use self::tell::Telling;
use crate::{Platform, StageError};

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
    let mut telling = Telling::new(platform, dataset, notifier);
    telling.tell_pending(&mut alerted).await?;
    telling.end()?;
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
