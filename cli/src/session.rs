use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use smelt_domain::{Dataset, DatasetName, FailureKind, Outcome, StageName, StepReport, TableId};
use smelt_lake::{Lake, LakeError};
use smelt_stages::{
    Ended, Engine, EngineSettings, Observer, Platform, StageError, Ticket, Unit, read_definitions,
};

use crate::arguments::Global;
use crate::exit::{Ending, told};
use crate::output::say;
use crate::progress::{JsonLog, Progress};

/// The platform as this command line asks for it; its folder is created when absent.
pub(crate) fn open(global: &Global) -> Result<Platform> {
    let datasets = read_definitions(&global.datasets)?;
    platform(global, Lake::open(&global.lake, s3_options())?, datasets)
}

/// The platform for a command that only reads: a mistyped place must not look like an empty lake.
pub(crate) fn open_to_read(global: &Global) -> Result<Platform> {
    let datasets = read_definitions(&global.datasets)?;
    platform(global, open_lake(global)?, datasets)
}

/// The platform for a command that needs no lake; without one, it sees an empty one.
pub(crate) fn open_if_there(global: &Global) -> Result<Platform> {
    let datasets = read_definitions(&global.datasets)?;
    let lake = match Lake::open_existing(&global.lake, s3_options()) {
        Err(LakeError::NoLake { .. }) => Lake::in_memory(),
        opened => opened?,
    };
    platform(global, lake, datasets)
}

fn platform(global: &Global, lake: Lake, datasets: Vec<Dataset>) -> Result<Platform> {
    let engine = open_engine(global, &lake)?;
    let platform = Platform::new(lake, engine, datasets, observer(global));
    Ok(Platform { stop: global.stop.clone(), ..platform })
}

/// A lake that is there.
pub(crate) fn open_lake(global: &Global) -> Result<Lake> {
    Ok(Lake::open_existing(&global.lake, s3_options())?)
}

fn s3_options() -> impl Iterator<Item = (String, String)> {
    // A variable that is no text is nobody's setting.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    variables.filter(|(name, _)| name.starts_with("AWS_"))
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
    Ok(recorded(open(global)?))
}

/// A platform, and what will be in the report of its run.
pub(crate) fn recorded(mut platform: Platform) -> (Platform, Arc<Recorder>) {
    let recorder = Arc::new(Recorder {
        heard_by: platform.observer,
        steps: Mutex::default(),
        problems: Mutex::default(),
    });
    platform.observer = Arc::clone(&recorder) as Arc<dyn Observer>;
    (platform, recorder)
}

/// Keeps every step that is committed, and what failed: a run that fails half-way reports both.
#[derive(Debug)]
pub(crate) struct Recorder {
    heard_by: Arc<dyn Observer>,
    steps: Mutex<Vec<StepReport>>,
    problems: Mutex<Vec<String>>,
}

impl Recorder {
    /// What failed or was refused, in words.
    fn problems(&self) -> Option<String> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        (!problems.is_empty()).then(|| problems.join("\n"))
    }
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

    /// Said whatever was asked for: errors are never quiet.
    fn failed(&self, problem: &str) {
        say(&format!("error: {problem}"));
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem.to_owned());
    }
}

/// Writes the run report and passes the outcome on. A run that found nothing to do leaves none.
pub(crate) async fn reported(
    platform: &Platform,
    command: &str,
    recorder: &Recorder,
    ended: Result<Ending>,
) -> Result<Ending> {
    let (outcome, failure) = match &ended {
        Ok(Ending::Fine) => (Outcome::Succeeded, None),
        Ok(Ending::Failed) => (Outcome::Failed, of_kind(FailureKind::Lasting, recorder)),
        Ok(Ending::Refused) => (Outcome::Refused, of_kind(FailureKind::Refused, recorder)),
        Err(error) => (Outcome::Failed, Some((kind_of(error), told(error)))),
    };
    let steps = std::mem::take(&mut *recorder.steps.lock().unwrap_or_else(PoisonError::into_inner));
    if steps.is_empty() && outcome == Outcome::Succeeded {
        return ended;
    }
    let dataset = only_dataset(&steps);
    let command = command.to_owned();
    let report = Ended { command, dataset, outcome, failure, steps }.into_report(platform);
    let written = smelt_stages::write_report(platform, &report).await;
    match (ended, written) {
        (Ok(_), Err(error)) => Err(error.into()),
        (ended, _) => ended,
    }
}

fn of_kind(kind: FailureKind, recorder: &Recorder) -> Option<(FailureKind, String)> {
    recorder.problems().map(|problems| (kind, problems))
}

fn kind_of(error: &anyhow::Error) -> FailureKind {
    match error.downcast_ref::<StageError>() {
        Some(error) => error.failure_kind(),
        None => FailureKind::Lasting,
    }
}

/// The dataset of all steps, if it is the same.
fn only_dataset(steps: &[StepReport]) -> Option<DatasetName> {
    let first = &steps.first()?.table.dataset;
    steps.iter().all(|step| step.table.dataset == *first).then(|| first.clone())
}
