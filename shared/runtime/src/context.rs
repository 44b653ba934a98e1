//! What a function builds once, when it starts: the lake, the engine, the definitions.

use std::path::PathBuf;
use std::sync::Arc;

use smelt_domain::{Dataset, DatasetName, TableName};
use smelt_lake::{Lake, LakeError};
use smelt_stages::{Engine, EngineSettings, StageError};

use crate::address::LakeAddress;
use crate::event::Command;
use crate::inbox::Refusal;
use crate::metrics::Metrics;
use crate::settings::{Settings, SettingsError};

/// Bytes of a megabyte, as Lambda counts memory.
const MEGABYTE: usize = 1 << 20;
/// Memory of a function that does not run in Lambda, in megabytes.
const LOCAL_MEMORY_MB: usize = 512;
/// The least memory with which the engine can work, in megabytes.
const LEAST_MEMORY_MB: usize = 128;

/// What a function is: its name and where it may write.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name, as in `functions/<name>`.
    pub name: &'static str,
    /// Top-level folders of the lake that it writes to. Never one that wakes it.
    pub writes: &'static [&'static str],
}

/// What every function has.
#[derive(Debug, Clone)]
pub struct FunctionContext {
    /// Which function.
    pub function: Function,
    /// The lake, writable only where the function may write.
    pub lake: Lake,
    /// How notifications name the lake.
    pub address: LakeAddress,
    /// The engine.
    pub engine: Engine,
    /// The definitions.
    pub datasets: Arc<[Dataset]>,
    /// Where metrics go.
    pub metrics: Metrics,
}

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its environment is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Its definitions or its scratch space are.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Its lake cannot be opened.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// It has too little memory.
    #[error("the function has {found} MB of memory; give it at least {LEAST_MEMORY_MB} MB")]
    Memory {
        /// What it has, in megabytes.
        found: usize,
    },
    /// Something that only this function has cannot be built.
    #[error("{0}")]
    Other(String),
}

impl FunctionContext {
    /// Builds what every function has.
    pub fn new(
        function: Function,
        settings: &Settings,
        datasets: Vec<Dataset>,
    ) -> Result<Self, StartError> {
        let location = settings.text("SMELT_LAKE")?;
        let lake = Lake::open(&location, settings.starting_with("AWS_"))?;
        let lake = lake.writable_only(function.writes);
        let engine = Engine::new(&lake, engine_settings(settings)?)?;
        let metrics = Metrics::to_stdout(settings.text("SMELT_METRICS_NAMESPACE")?, function.name);
        let address = LakeAddress::of(&location);
        Ok(Self { function, lake, address, engine, datasets: datasets.into(), metrics })
    }

    /// The dataset of this name; a message that names another one is refused.
    pub fn dataset(&self, name: &DatasetName) -> Result<&Dataset, Refusal> {
        let found = self.datasets.iter().find(|dataset| dataset.name == *name);
        found.ok_or_else(|| Refusal::NotDefined {
            what: "dataset".to_owned(),
            name: name.to_string(),
        })
    }

    /// The dataset that a command is about, unless it gives a field that is none of `takes`.
    pub fn commanded(&self, command: &Command, takes: &[&str]) -> Result<&Dataset, Refusal> {
        if let Some(field) = command.fields().find(|field| !takes.contains(field)) {
            return Err(Refusal::NotTaken { field, function: self.function.name });
        }
        self.dataset(&command.dataset)
    }

    /// The table of a dataset; a message that names another one is refused.
    pub fn table<'a>(
        &self,
        dataset: &'a Dataset,
        name: &TableName,
    ) -> Result<&'a smelt_domain::Table, Refusal> {
        dataset.table(name).ok_or_else(|| Refusal::NotDefined {
            what: format!("table of {}", dataset.name),
            name: name.to_string(),
        })
    }

    /// A key that is no matter of this function.
    pub fn foreign(&self, key: &str, expected: &'static str) -> Refusal {
        Refusal::ForeignLayer { key: key.to_owned(), function: self.function.name, expected }
    }
}

/// Memory and processors of the function. Lambda gives a processor for every 1,769 MB.
fn engine_settings(settings: &Settings) -> Result<EngineSettings, StartError> {
    let megabytes = settings
        .other("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        .and_then(|text| text.parse().ok())
        .unwrap_or(LOCAL_MEMORY_MB);
    if megabytes < LEAST_MEMORY_MB {
        return Err(StartError::Memory { found: megabytes });
    }
    Ok(EngineSettings {
        memory_bytes: memory_for_work(megabytes) * MEGABYTE,
        parallelism: std::thread::available_parallelism().map_or(1, usize::from),
        scratch: settings.other("TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from),
    })
}

/// Megabytes that the engine may use of all: the program, its log and its answer need some.
fn memory_for_work(megabytes: usize) -> usize {
    (megabytes - megabytes / 8).max(LEAST_MEMORY_MB * 3 / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_from_the_size_of_the_function() {
        let of = |size: &str| {
            let environment = [("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), size.to_owned())];
            engine_settings(&Settings::read(environment, &[]))
        };
        assert_eq!(of("1024").unwrap().memory_bytes, 896 * MEGABYTE);
        assert_eq!(of("128").unwrap().memory_bytes, 112 * MEGABYTE);
        assert!(of("64").unwrap_err().to_string().contains("at least 128 MB"));
        assert_eq!(of("").unwrap().memory_bytes, 448 * MEGABYTE);
    }
}
