//! What others do in the cloud, done in this process: uploads are taken, and refreshes run one after the
//! other.

use async_trait::async_trait;
use smelt_domain::PartitionRange;
use smelt_stages::{Platform, backfill_dataset};
use smelt_web::{
    Asked, PortError, RefreshMode, Refresher, UploadGate, UploadRequest, UploadTarget,
};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::arguments::Global;
use crate::commands::refresh::{land_and_refresh, say_refused};
use crate::exit::{Ending, told};
use crate::session::{recorded, reported};

/// Refreshes that wait.
const MOST_WAITING: usize = 100;

/// Takes uploads itself.
#[derive(Debug)]
pub(super) struct LocalUploads;

#[async_trait]
impl UploadGate for LocalUploads {
    async fn open(&self, upload: &UploadRequest) -> Result<UploadTarget, PortError> {
        Ok(UploadTarget::here(upload))
    }
}

/// Runs refreshes, one after the other.
#[derive(Debug)]
pub(super) struct Worker {
    asked: mpsc::Sender<Asked>,
}

impl Worker {
    /// Works until nobody can ask any more.
    pub(super) fn start(global: &Global, platform: Platform) -> Self {
        // What a refresh did is in its report; on the terminal only problems are told.
        let global = Global { quiet: true, ..global.clone() };
        let (asked, mut waiting) = mpsc::channel(MOST_WAITING);
        tokio::spawn(async move {
            while let Some(first) = waiting.recv().await {
                for asked in together(first, &mut waiting) {
                    work(&global, &platform, &asked).await;
                }
            }
        });
        Self { asked }
    }
}

#[async_trait]
impl Refresher for Worker {
    async fn refresh(&self, asked: Asked) -> Result<(), PortError> {
        self.asked.try_send(asked).map_err(|error| match error {
            TrySendError::Full(_) => PortError::Refused(format!(
                "{MOST_WAITING} refreshes wait already, which do what this one would"
            )),
            TrySendError::Closed(_) => PortError::Failed {
                what: "starting a refresh",
                reason: "the worker has ended".to_owned(),
            },
        })
    }
}

/// What waits, each of it once: one run does what was asked for twice.
fn together(first: Asked, waiting: &mut mpsc::Receiver<Asked>) -> Vec<Asked> {
    let mut all = vec![first];
    while let Ok(next) = waiting.try_recv() {
        if !all.contains(&next) {
            all.push(next);
        }
    }
    all
}

async fn work(global: &Global, platform: &Platform, asked: &Asked) {
    let (platform, recorder) = recorded(platform.next_run());
    let ended = async {
        match asked.mode {
            RefreshMode::Incremental => {
                land_and_refresh(global, &platform, Some(&asked.dataset)).await
            }
            RefreshMode::Full => {
                let dataset = platform.dataset(&asked.dataset)?;
                let report =
                    backfill_dataset(&platform, dataset, PartitionRange::default()).await?;
                Ok(say_refused(&platform, &report.refused_too_many))
            }
        }
    };
    let ended: anyhow::Result<Ending> = ended.await;
    let command = match asked.mode {
        RefreshMode::Incremental => format!("refresh {}", asked.dataset),
        RefreshMode::Full => format!("backfill {}", asked.dataset),
    };
    if let Err(error) = reported(&platform, &command, &recorder, ended).await {
        platform.observer.failed(&told(&error));
    }
}
