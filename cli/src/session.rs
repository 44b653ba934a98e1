use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use smelt_domain::{Dataset, DatasetName, Outcome, StageName, StepReport, TableId};
use smelt_lake::Lake;
use smelt_stages::{
    Engine, EngineSettings, Observer, Platform, StageError, Ticket, Unit, read_definitions,
};

use crate::arguments::Global;
use crate::exit::{Ending, told};
use crate::progress::{JsonLog, Progress};

/// The platform as this command line asks for it.
pub(crate) fn open(global: &Global) -> Result<Platform> {
    let datasets = read_definitions(&global.datasets)?;
    let lake = open_lake(global)?;
    let engine = open_engine(global, &lake)?;
    Ok(Platform::new(lake, engine, datasets, observer(global)))
}

pub(crate) fn open_lake(global: &Global) -> Result<Lake> {
    // A variable that is no text is nobody's setting.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let s3_options = variables.filter(|(name, _)| name.starts_with("AWS_"));
    Ok(Lake::open(&global.lake, s3_options)?)
}

pub(crate) fn open_engine(global: &Global, lake: &Lake) -> Result<Engine> {
    let parallelism = std::thread::available_parallelism().map_or(2, usize::from);
    let settings = EngineSettings {
        memory_bytes: global.memory.0,
        parallelism,
        scratch: std::env::temp_dir(),
    };
    Ok(Engine::new(lake, settings)?)
}

fn observer(global: &Global) -> Arc<dyn Observer> {
    match (global.json, global.quiet) {
        (true, _) => Arc::new(JsonLog),
        (false, true) => Arc::new(smelt_stages::Silent),
        (false, false) => Arc::new(Progress::new()),
    }
}

/// One dataset by name, or all of them.
pub(crate) fn chosen<'a>(
    platform: &'a Platform,
    name: Option<&DatasetName>,
) -> Result<Vec<&'a Dataset>, StageError> {
    match name {
        Some(name) => Ok(vec![platform.dataset(name)?]),
        None => Ok(platform.datasets.iter().collect()),
    }
}

/// The platform, and what will be in the report of its run.
pub(crate) fn open_recorded(global: &Global) -> Result<(Platform, Arc<Recorder>)> {
    let mut platform = open(global)?;
    let recorder = Arc::new(Recorder { heard_by: platform.observer, steps: Mutex::default() });
    platform.observer = Arc::clone(&recorder) as Arc<dyn Observer>;
    Ok((platform, recorder))
}

/// Keeps every step that is committed: a run that fails half-way reports what it did.
#[derive(Debug)]
pub(crate) struct Recorder {
    heard_by: Arc<dyn Observer>,
    steps: Mutex<Vec<StepReport>>,
}

impl Observer for Recorder {
    fn start(
        &self,
        stage: StageName,
        table: &TableId,
        unit: Unit,
        total: Option<u64>,
    ) -> Arc<dyn Ticket> {
        self.heard_by.start(stage, table, unit, total)
    }

    fn committed(&self, step: &StepReport) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step.clone());
        self.heard_by.committed(step);
    }
}

/// Writes the run report and passes the outcome on. A run that found nothing to do leaves none.
pub(crate) async fn reported(
    platform: &Platform,
    command: &str,
    recorder: &Recorder,
    ended: Result<Ending>,
) -> Result<Ending> {
    let (outcome, error) = match &ended {
        Ok(Ending::Fine) => (Outcome::Succeeded, None),
        Ok(Ending::Failed) => (Outcome::Failed, None),
        Ok(Ending::Refused) => (Outcome::Refused, None),
        Err(error) => (Outcome::Failed, Some(told(error))),
    };
    let steps = std::mem::take(&mut *recorder.steps.lock().unwrap_or_else(PoisonError::into_inner));
    if steps.is_empty() && outcome == Outcome::Succeeded {
        return ended;
    }
    let written =
        smelt_stages::write_report(platform, command.to_owned(), outcome, error, steps).await;
    match (ended, written) {
        (Ok(_), Err(error)) => Err(error.into()),
        (ended, _) => ended,
    }
}
