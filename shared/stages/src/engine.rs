use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::MemorySchemaProvider;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use smelt_domain::Layer;
use smelt_lake::Lake;

use crate::StageError;
use crate::percentile::percentile_function;

const CATALOG: &str = "smelt";
const BATCH_ROWS: usize = 8192;

/// What the engine may use.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Memory for the whole process in bytes. The engine's own pool is a part of it: readers,
    /// writers and the program itself need the rest.
    pub memory_bytes: usize,
    /// Threads that work at the same time.
    pub parallelism: usize,
    /// Folder for what does not fit into memory.
    pub scratch: PathBuf,
}

impl EngineSettings {
    /// Bytes of the pool in which sorts and aggregations hold rows before they spill.
    fn pool_bytes(&self) -> usize {
        self.memory_bytes / 5 * 2
    }
}

/// The SQL engine over one lake.
#[derive(Debug, Clone)]
pub struct Engine {
    runtime: Arc<RuntimeEnv>,
    settings: EngineSettings,
}

impl Engine {
    /// An engine that reads the lake's files within the given limits.
    pub fn new(lake: &Lake, settings: EngineSettings) -> Result<Self, StageError> {
        let scratch_error =
            |source| StageError::Scratch { place: settings.scratch.display().to_string(), source };
        std::fs::create_dir_all(&settings.scratch).map_err(scratch_error)?;
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(settings.pool_bytes())))
            .with_temp_file_path(&settings.scratch)
            .build_arc()
            .map_err(|error| StageError::engine("starting the engine", error))?;
        lake.register(&runtime);
        Ok(Self { runtime, settings })
    }

    /// Threads that work at the same time.
    pub fn parallelism(&self) -> usize {
        self.settings.parallelism.max(1)
    }

    /// Folder for what does not fit into memory.
    pub fn scratch(&self) -> &PathBuf {
        &self.settings.scratch
    }

    /// A fresh session with one schema per layer and no table in it.
    pub fn session(&self) -> Result<SessionContext, StageError> {
        self.session_with(self.parallelism())
    }

    /// As [`Engine::session`], for one small computation among several that run side by side.
    pub fn narrow_session(&self) -> Result<SessionContext, StageError> {
        self.session_with(1)
    }

    fn session_with(&self, partitions: usize) -> Result<SessionContext, StageError> {
        let mut config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_batch_size(BATCH_ROWS)
            .with_default_catalog_and_schema(CATALOG, Layer::Bronze.as_str())
            .with_information_schema(true);
        config.options_mut().execution.collect_statistics = false;
        // While sorted runs are merged, the sort keys of one batch of every run are held as well; a
        // third of a sorter's share is kept free for them, or the merge would run out of memory.
        config.options_mut().execution.sort_spill_reservation_bytes =
            self.settings.pool_bytes() / self.parallelism() / 3;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .build();
        let session = SessionContext::new_with_state(state);
        session.register_udaf(percentile_function());
        if let Some(catalog) = session.catalog(CATALOG) {
            for layer in [Layer::Silver, Layer::Gold, Layer::Quarantine] {
                catalog
                    .register_schema(layer.as_str(), Arc::new(MemorySchemaProvider::new()))
                    .map_err(|error| StageError::engine("starting the engine", error))?;
            }
        }
        Ok(session)
    }
}
