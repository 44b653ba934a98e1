use std::sync::Arc;

use anyhow::Result;
use smelt_domain::{Dataset, DatasetName};
use smelt_lake::{Lake, LakeError};
use smelt_stages::{Engine, EngineSettings, Observer, Platform, StageError, read_definitions};

use crate::arguments::Global;
use crate::progress::{JsonLog, Progress};

/// The platform for a command that brings data in; its folder is created when absent.
pub(crate) fn open(global: &Global) -> Result<Platform> {
    let datasets = read_definitions(&global.datasets)?;
    platform(global, Lake::open(&global.lake, s3_options())?, datasets)
}

/// The platform for a command that works with what is there: a mistyped place must not look like an empty lake.
pub(crate) fn open_existing(global: &Global) -> Result<Platform> {
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
