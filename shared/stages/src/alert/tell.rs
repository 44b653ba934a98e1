//! Telling what waits to be told, under a claim.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use smelt_domain::{Alert, AlertId, AlertStatus, Dataset, StepReport};

use super::outbox::change_alerts;
use super::{Alerted, NotTold, Notifier, now};
use crate::{Platform, StageError};

/// How long whoever claimed an alert has to tell it: longer than any function lives.
const CLAIM_LASTS: TimeDelta = TimeDelta::minutes(20);

/// After so many alerts in a row that may be told later, whoever is told counts as busy: trying all of
/// them would use up the time.
const BUSY: usize = 3;

/// The telling of one run about one dataset.
pub(super) struct Telling<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    notifier: &'a dyn Notifier,
    /// Alerts that could not be told; this run does not try them again.
    failed: BTreeSet<AlertId>,
    /// The first reason.
    error: Option<NotTold>,
    is_busy: bool,
}

impl<'a> Telling<'a> {
    pub(super) fn new(
        platform: &'a Platform,
        dataset: &'a Dataset,
        notifier: &'a dyn Notifier,
    ) -> Self {
        let failed = BTreeSet::new();
        Self { platform, dataset, notifier, failed, error: None, is_busy: false }
    }

    /// Tells what nobody was told yet. An alert that cannot be told holds up no other: it stays pending.
    pub(super) async fn tell_pending(&mut self, alerted: &mut Alerted) -> Result<(), StageError> {
        if self.is_busy {
            return Ok(());
        }
        let claimed = self.claim(alerted).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        let mut in_a_row = 0;
        for alert in &claimed {
            // What is not told before the deadline is given back as well.
            if self.is_busy || self.platform.is_past_deadline() {
                break;
            }
            match self.notifier.tell(alert).await {
                Ok(()) => {
                    alerted.told.push(alert.alert_id.clone());
                    in_a_row = 0;
                }
                Err(error) => {
                    in_a_row = if error.retryable { in_a_row + 1 } else { 0 };
                    self.is_busy = in_a_row == BUSY;
                    tracing::warn!(alert_id = %alert.alert_id, %error, "alert not told");
                    self.failed.insert(alert.alert_id.clone());
                    self.error.get_or_insert(error);
                }
            }
        }
        alerted.steps.extend(self.settle(&claimed, &alerted.told).await?);
        Ok(())
    }

    /// The first reason why something could not be told.
    pub(super) fn end(self) -> Result<(), StageError> {
        match self.error {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Takes the alerts that nobody tells, for this run to tell.
    async fn claim(&self, alerted: &mut Alerted) -> Result<Vec<Alert>, StageError> {
        let now = now();
        let mut claimed: Vec<Alert> = Vec::new();
        let steps = change_alerts(self.platform, self.dataset, |alerts| {
            // A commit of this run whose answer was lost: what it claimed is claimed.
            if !claimed.is_empty() && claimed.iter().all(|alert| alerts.contains(alert)) {
                return false;
            }
            claimed.clear();
            for alert in alerts.iter_mut() {
                let is_free = match alert.status {
                    AlertStatus::Pending => !self.failed.contains(&alert.alert_id),
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
        &self,
        claimed: &[Alert],
        told: &[AlertId],
    ) -> Result<Vec<StepReport>, StageError> {
        let now = now();
        change_alerts(self.platform, self.dataset, |alerts| {
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
}
