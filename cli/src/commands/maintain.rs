use std::time::Duration;

use anyhow::Result;
use smelt_domain::DatasetName;
use smelt_stages::{Ingested, Platform, Upkeep, maintain};

use super::ingest::say;
use super::refresh::{say_refused, with_dataset, worse};
use crate::arguments::Global;
use crate::data_size::DataSize;
use crate::exit::Ending;
use crate::session::{chosen, open_recorded, reported};

pub(crate) fn upkeep(retention_hours: u64, target_size: DataSize) -> Upkeep {
    Upkeep {
        retention: Duration::from_secs(retention_hours * 3600),
        target_bytes: target_size.0 as u64,
    }
}

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    upkeep: Upkeep,
) -> Result<Ending> {
    let (platform, recorder) = open_recorded(global)?;
    let command = with_dataset("maintain", dataset.as_ref());
    let ended = maintain_all(global, &platform, dataset.as_ref(), upkeep).await;
    reported(&platform, &command, &recorder, ended).await
}

async fn maintain_all(
    global: &Global,
    platform: &Platform,
    dataset: Option<&DatasetName>,
    upkeep: Upkeep,
) -> Result<Ending> {
    let (mut ending, mut anything) = (Ending::Fine, false);
    for dataset in chosen(platform, dataset)? {
        // What fails in one dataset is no reason to leave the others as they are.
        let maintained = maintain(platform, dataset, upkeep).await;
        anything |= !maintained.steps.is_empty();
        let swept = Ingested { files: maintained.swept, ..Ingested::default() };
        ending = worse(ending, say(global, platform, &swept));
        ending = worse(ending, say_refused(platform, &maintained.refused_too_many));
        // What it was has been said when it happened.
        if maintained.failed.is_some() {
            ending = worse(ending, Ending::Failed);
        }
    }
    if !anything && !global.quiet && !global.json {
        crate::output::say("nothing to do");
    }
    Ok(ending)
}
