use anyhow::Result;
use smelt_domain::{Dataset, DatasetName, TableId};
use smelt_stages::{
    Failures, FileOutcome, Ingested, Misplaced, Partly, PartlyRefreshed, Platform, RefreshReport,
    StageError, misplaced_uploads, refresh_dataset, sweep_landing, too_many_refused,
};

use super::ingest::say;
use crate::arguments::Global;
use crate::data_size::counted;
use crate::exit::Ending;
use crate::run::{Run, Runs};
use crate::session::{chosen, open, open_existing};

/// Said where there was nothing to do.
const UP_TO_DATE: &str = "up to date";

pub(crate) async fn run(global: &Global, dataset: Option<DatasetName>) -> Result<Ending> {
    let platform = open_existing(global)?;
    let mut runs = Runs::default();
    for dataset in chosen(&platform, dataset.as_ref())? {
        let run = Run::about(&platform, dataset, format!("refresh {}", dataset.name));
        let ended = refresh(&run.platform, dataset).await;
        runs.end(run, ended).await;
    }
    runs.ended(global, UP_TO_DATE)
}

/// Misplaced files and folders that a run tells; `smelt uploads` lists all.
const MISPLACED_TOLD: usize = 10;

/// `smelt run`: what lies in `landing/`, then everything that follows from it.
pub(crate) async fn run_landing(global: &Global, dataset: Option<DatasetName>) -> Result<Ending> {
    let platform = open(global)?;
    let mut runs = Runs::default();
    let misplaced = say_misplaced(global, &platform, dataset.as_ref()).await;
    runs.add(misplaced.map(|()| Ending::Fine));
    for dataset in chosen(&platform, dataset.as_ref())? {
        let run = Run::about(&platform, dataset, format!("run {}", dataset.name));
        let ended = land_and_refresh(global, &run.platform, dataset).await;
        runs.end(run, ended).await;
    }
    runs.ended(global, UP_TO_DATE)
}

/// Tells files that nobody takes in from where they lie: they would be missed without a word.
async fn say_misplaced(
    global: &Global,
    platform: &Platform,
    dataset: Option<&DatasetName>,
) -> Result<()> {
    let dataset = dataset.map(|name| platform.dataset(name)).transpose()?;
    let misplaced = misplaced_uploads(platform, dataset).await?;
    for Misplaced { key, problem } in misplaced.iter().take(MISPLACED_TOLD) {
        tracing::warn!(key, "{problem}");
        if !global.quiet && !global.json {
            crate::output::say(&format!("warning: {key} is not taken in: {problem}"));
        }
    }
    let more = misplaced.len().saturating_sub(MISPLACED_TOLD);
    if more > 0 && !global.quiet && !global.json {
        crate::output::say(&format!("warning: {more} more are not taken in; see smelt uploads"));
    }
    Ok(())
}

/// Takes in what lies in `landing/` for a dataset, then refreshes what follows from it.
pub(crate) async fn land_and_refresh(
    global: &Global,
    platform: &Platform,
    dataset: &Dataset,
) -> Result<Ending, StageError> {
    let mut failures = Failures::new(platform);
    let (mut landed, mut refused_before) = (Ending::Fine, 0);
    for table in &dataset.tables {
        let ingested = match sweep_landing(platform, dataset, table).await {
            Ok(ingested) => ingested,
            Err(error) => Ingested { failed: Some(error), ..Ingested::default() },
        };
        landed = landed.or_worse(say(&quiet_about_known(global), platform, &ingested));
        let is_refused =
            |(_, outcome): &&(_, _)| matches!(outcome, FileOutcome::RefusedBefore { .. });
        refused_before += ingested.files.iter().filter(is_refused).count() as u64;
        if let Some(error) = ingested.failed {
            failures.note(error);
        }
    }
    if refused_before > 0 && !global.quiet && !global.json {
        crate::output::say(&format!(
            "landing/{}: {} refused before; smelt uploads {} says why",
            dataset.name,
            counted(refused_before, "file"),
            dataset.name
        ));
    }
    let refreshed = failures.unless(refresh(platform, dataset).await).unwrap_or_default();
    Ok(failures.end(landed.or_worse(refreshed))?)
}

/// A sweep sees every landed file again; only what is new or wrong is worth a word, and what is new
/// shows as a commit.
fn quiet_about_known(global: &Global) -> Global {
    Global { quiet: true, ..global.clone() }
}

/// Brings a dataset up to date with its bronze.
pub(crate) async fn refresh(platform: &Platform, dataset: &Dataset) -> Result<Ending, StageError> {
    ending(platform, refresh_dataset(platform, dataset).await)
}

/// Says which tables had more rows refused than they may, and passes on what failed.
pub(crate) fn ending(
    platform: &Platform,
    refreshed: Result<RefreshReport, PartlyRefreshed>,
) -> Result<Ending, StageError> {
    let (report, failed) = Partly::split(refreshed);
    let ending = say_refused(platform, &report.refused_too_many);
    failed.map_or(Ok(ending), Err)
}

/// Says which tables had more rows refused than they may.
pub(crate) fn say_refused(platform: &Platform, tables: &[TableId]) -> Ending {
    for table in tables {
        platform.observer.failed(&too_many_refused(table));
    }
    if tables.is_empty() { Ending::Fine } else { Ending::Refused }
}
