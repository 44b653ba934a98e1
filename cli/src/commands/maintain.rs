use std::time::Duration;

use anyhow::Result;
use smelt_domain::{Dataset, DatasetName};
use smelt_stages::{Ingested, Platform, StageError, Upkeep, maintain};

use super::ingest::say;
use super::refresh::say_refused;
use crate::arguments::Global;
use crate::data_size::DataSize;
use crate::exit::Ending;
use crate::run::{Run, Runs};
use crate::session::{chosen, open_existing};

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
    let platform = open_existing(global)?;
    let mut runs = Runs::default();
    for dataset in chosen(&platform, dataset.as_ref())? {
        let run = Run::about(&platform, dataset, format!("maintain {}", dataset.name));
        let ended = keep_tables(global, &run.platform, dataset, upkeep).await;
        runs.end(run, ended).await;
    }
    runs.ended(global, "nothing to do")
}

async fn keep_tables(
    global: &Global,
    platform: &Platform,
    dataset: &Dataset,
    upkeep: Upkeep,
) -> Result<Ending, StageError> {
    let maintained = maintain(platform, dataset, upkeep).await;
    let swept = Ingested { files: maintained.swept, ..Ingested::default() };
    let ending = say(global, platform, &swept);
    let ending = ending.or_worse(say_refused(platform, &maintained.refused_too_many));
    maintained.failed.map_or(Ok(ending), Err)
}
