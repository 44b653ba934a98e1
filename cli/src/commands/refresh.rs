use anyhow::Result;
use smelt_domain::{DatasetName, TableId};
use smelt_stages::{
    FileOutcome, Ingested, Misplaced, Platform, misplaced_uploads, refresh_dataset, sweep_landing,
    too_many_refused,
};

use super::ingest::say;
use crate::arguments::Global;
use crate::data_size::counted;
use crate::exit::{Ending, told};
use crate::session::{chosen, open_recorded, reported};

pub(crate) async fn run(global: &Global, dataset: Option<DatasetName>) -> Result<Ending> {
    let (platform, recorder) = open_recorded(global)?;
    let command = with_dataset("refresh", dataset.as_ref());
    let ended = refresh(global, &platform, dataset.as_ref()).await;
    reported(&platform, &command, &recorder, ended.map(|refreshed| refreshed.ending)).await
}

/// Misplaced files and folders that a run tells; `smelt uploads` lists all.
const MISPLACED_TOLD: usize = 10;

/// `smelt run`: what lies in `landing/`, then everything that follows from it.
pub(crate) async fn run_landing(global: &Global, dataset: Option<DatasetName>) -> Result<Ending> {
    let (platform, recorder) = open_recorded(global)?;
    let command = with_dataset("run", dataset.as_ref());
    say_misplaced(global, &platform, dataset.as_ref()).await?;
    let ended = land_and_refresh(global, &platform, dataset.as_ref()).await;
    reported(&platform, &command, &recorder, ended).await
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

pub(crate) fn with_dataset(command: &str, dataset: Option<&DatasetName>) -> String {
    dataset.map_or_else(|| command.to_owned(), |dataset| format!("{command} {dataset}"))
}

/// Takes in what lies in `landing/`, then refreshes what follows from it.
pub(crate) async fn land_and_refresh(
    global: &Global,
    platform: &Platform,
    dataset: Option<&DatasetName>,
) -> Result<Ending> {
    let mut landed = Ending::Fine;
    let mut failures = Failures { platform, first: None };
    for dataset in chosen(platform, dataset)? {
        let mut refused_before = 0;
        for table in &dataset.tables {
            let ingested = match sweep_landing(platform, dataset, table).await {
                Ok(ingested) => ingested,
                Err(error) => Ingested { failed: Some(error), ..Ingested::default() },
            };
            landed = worse(landed, say(&quiet_about_known(global), platform, &ingested));
            let is_refused =
                |(_, outcome): &&(_, _)| matches!(outcome, FileOutcome::RefusedBefore { .. });
            refused_before += ingested.files.iter().filter(is_refused).count() as u64;
            if let Some(error) = ingested.failed {
                failures.note(error.into());
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
    }
    match refresh(global, platform, dataset).await {
        Ok(refreshed) => failures.or(worse(landed, refreshed.ending)),
        Err(error) => {
            failures.note(error);
            failures.or(landed)
        }
    }
}

/// What is wrong with one table or dataset is no reason to leave the others as they are: a command goes on, and
/// ends with what failed first. What fails after it is said when it does.
struct Failures<'a> {
    platform: &'a Platform,
    first: Option<anyhow::Error>,
}

impl Failures<'_> {
    fn note(&mut self, error: anyhow::Error) {
        match &self.first {
            None => self.first = Some(error),
            Some(_) => self.platform.observer.failed(&told(&error)),
        }
    }

    fn or<T>(self, ended: T) -> Result<T> {
        self.first.map_or(Ok(ended), Err)
    }
}

/// A sweep sees every landed file again; only what is new or wrong is worth a word, and what is new
/// shows as a commit.
fn quiet_about_known(global: &Global) -> Global {
    Global { quiet: true, ..global.clone() }
}

/// How a refresh ended.
pub(crate) struct Refreshed {
    pub(crate) ending: Ending,
    /// Whether anything was committed.
    pub(crate) anything: bool,
}

pub(crate) async fn refresh(
    global: &Global,
    platform: &Platform,
    dataset: Option<&DatasetName>,
) -> Result<Refreshed> {
    let mut refreshed = Refreshed { ending: Ending::Fine, anything: false };
    let mut failures = Failures { platform, first: None };
    for dataset in chosen(platform, dataset)? {
        let report = refresh_dataset(platform, dataset).await.unwrap_or_else(|partly| {
            failures.note(partly.failed.into());
            partly.done
        });
        refreshed.anything |= !report.steps.is_empty();
        refreshed.ending = worse(refreshed.ending, say_refused(platform, &report.refused_too_many));
    }
    let refreshed = failures.or(refreshed)?;
    if !refreshed.anything && !global.quiet && !global.json {
        crate::output::say("up to date");
    }
    Ok(refreshed)
}

/// Says which tables had more rows refused than they may.
pub(crate) fn say_refused(platform: &Platform, tables: &[TableId]) -> Ending {
    for table in tables {
        platform.observer.failed(&too_many_refused(table));
    }
    if tables.is_empty() { Ending::Fine } else { Ending::Refused }
}

/// A failure outweighs a refusal, and both outweigh success.
pub(crate) fn worse(left: Ending, right: Ending) -> Ending {
    match (left, right) {
        (Ending::Failed, _) | (_, Ending::Failed) => Ending::Failed,
        (Ending::Refused, _) | (_, Ending::Refused) => Ending::Refused,
        (Ending::Fine, Ending::Fine) => Ending::Fine,
    }
}
