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

mod failures;
mod freshness;
mod incidents;
mod message;
mod outbox;
mod raise;
mod tell;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use smelt_domain::{Alert, AlertId, Dataset, RunReport, StepReport};

pub use self::failures::{RecentFailures, failure_reports};
pub use self::freshness::{Freshness, Newest, freshness};
use self::incidents::{Incident, add_incidents, incidents};
pub use self::message::{MESSAGE_BYTES, SUBJECT_CHARACTERS, message_text, subject_line};
pub use self::outbox::alerts;
use self::outbox::change_alerts;
use self::raise::{of_freshness, of_published_report, of_report};
use self::tell::Telling;
use crate::{Platform, StageError, boxed, latest_report};

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

/// What a round goes by, besides what waits to be told already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Causes<'a> {
    /// Reports of runs that failed, of whatever datasets.
    pub reports: &'a [RunReport],
    /// Where to look for more of them; shared by the rounds of one invocation, so that each report is
    /// read once.
    pub recent: Option<&'a RecentFailures>,
    /// How old the tables are that promise to be fresh.
    pub ages: &'a [Freshness],
}

/// What a round of alerts did.
#[derive(Debug, Default)]
pub struct Alerted {
    /// Alerts that were told.
    pub told: Vec<AlertId>,
    /// Commits of the outbox.
    pub steps: Vec<StepReport>,
}

/// Tells what waits to be told about a dataset, and then what its causes give besides.
///
/// In this order: looking takes the longer the more fails, and that is when telling must not wait.
#[boxed]
pub async fn alert(
    platform: &Platform,
    dataset: &Dataset,
    causes: &Causes<'_>,
    notifier: &dyn Notifier,
) -> Result<Alerted, StageError> {
    let mut alerted = Alerted::default();
    let mut telling = Telling::new(platform, dataset, notifier);
    telling.tell_pending(&mut alerted).await?;
    let recent = match causes.recent {
        Some(recent) => recent.reports(platform).await?,
        None => &[],
    };
    let now = now();
    let reports = causes.reports.iter().chain(recent);
    let mut found: Vec<Alert> =
        reports.flat_map(|report| of_report(dataset, report, now)).collect();
    found.extend(causes.ages.iter().filter_map(|age| of_freshness(dataset, age, now)));
    let published = latest_report(platform, &dataset.name).await?;
    found.extend(published.and_then(|report| of_published_report(dataset, &report, now)));
    // Anomalies that cannot be read are a failure to be told of themselves: nothing waits for them.
    let incidents = incidents(platform, dataset).await;
    let known = incidents.as_deref().unwrap_or_default();
    let added = add(platform, dataset, &found, known).await?;
    if !added.is_empty() {
        alerted.steps.extend(added);
        telling.tell_pending(&mut alerted).await?;
    }
    telling.end()?;
    incidents.map(|_| alerted)
}

/// Adds what is not there yet.
async fn add(
    platform: &Platform,
    dataset: &Dataset,
    found: &[Alert],
    incidents: &[Incident],
) -> Result<Vec<StepReport>, StageError> {
    if found.is_empty() && incidents.is_empty() {
        return Ok(Vec::new());
    }
    change_alerts(platform, dataset, |alerts| {
        let before = alerts.len();
        for alert in found {
            if !alerts.iter().any(|known| known.alert_id == alert.alert_id) {
                alerts.push(alert.clone());
            }
        }
        add_incidents(alerts, dataset, incidents, platform.started_at);
        alerts.len() > before
    })
    .await
}
