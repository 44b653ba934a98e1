//! What others do in the cloud, done in this process: uploads are taken, and refreshes run one after the
//! other.

use async_trait::async_trait;
use smelt_domain::PartitionRange;
use smelt_stages::Platform;
use smelt_web::{
    Asked, PortError, RefreshMode, Refresher, UploadGate, UploadRequest, UploadTarget,
};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::arguments::Global;
use crate::commands::backfill::backfill;
use crate::commands::refresh::land_and_refresh;
use crate::exit::{Ending, told};
use crate::output::say;
use crate::run::Run;

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
    if let Err(error) = run(global, platform, asked).await {
        say(&format!("error: {}", told(&error)));
    }
}

async fn run(global: &Global, platform: &Platform, asked: &Asked) -> anyhow::Result<Ending> {
    let dataset = platform.dataset(&asked.dataset)?;
    let command = match asked.mode {
        RefreshMode::Incremental => format!("refresh {}", asked.dataset),
        RefreshMode::Full => format!("backfill {}", asked.dataset),
    };
    let run = Run::about(platform, dataset, command);
    let ended = match asked.mode {
        RefreshMode::Incremental => land_and_refresh(global, &run.platform, dataset).await,
        RefreshMode::Full => backfill(&run.platform, dataset, PartitionRange::ALL).await,
    };
    run.end(ended.map_err(anyhow::Error::from)).await
}
