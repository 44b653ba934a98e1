use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider,
};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use smelt_domain::Layer;
use smelt_lake::{Lake, LakeError};
use tokio::sync::Semaphore;

use crate::StageError;
use crate::json_schema::fits_json_schema_function;
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
        self.memory_bytes / 4
    }
}

/// The SQL engine over one lake.
#[derive(Clone)]
pub struct Engine {
    settings: EngineSettings,
    lake: Lake,
    /// What every session starts from: to build it takes longer than many a query. It is built by
    /// the first one, so that a program without queries neither waits for it nor contains it.
    blank: Arc<Mutex<Option<SessionState>>>,
    /// One for each computation that may run beside others, see [`Engine::in_turn`].
    slots: Arc<Semaphore>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that reads the lake's files within the given limits.
    pub fn new(lake: &Lake, settings: EngineSettings) -> Result<Self, StageError> {
        let scratch_error =
            |source| StageError::Scratch { place: settings.scratch.display().to_string(), source };
        std::fs::create_dir_all(&settings.scratch).map_err(scratch_error)?;
        let slots = Arc::new(Semaphore::new(settings.parallelism.max(1)));
        Ok(Self { settings, lake: lake.clone(), blank: Arc::default(), slots })
    }

    /// Threads that work at the same time.
    pub fn parallelism(&self) -> usize {
        self.settings.parallelism.max(1)
    }

    /// Runs a computation when fewer run than there are threads: more would share the memory
    /// without being any faster. One that does not get its memory beside others is run again
    /// alone, with joins that sort, and so spill, instead of holding one side in memory.
    pub(crate) async fn in_turn<T, F>(
        &self,
        compute: impl Fn(SessionContext) -> F,
    ) -> Result<T, StageError>
    where
        F: Future<Output = Result<T, StageError>>,
    {
        let slot = self.slots.acquire().await;
        match compute(self.session_with(1, true)?).await {
            Err(StageError::Lake(LakeError::OutOfMemory { .. })) => {
                drop(slot);
                let all = u32::try_from(self.parallelism()).unwrap_or(u32::MAX);
                let _alone = self.slots.acquire_many(all).await;
                compute(self.session_with(1, false)?).await
            }
            computed => computed,
        }
    }

    /// Memory for the whole process in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.settings.memory_bytes
    }

    /// Folder for what does not fit into memory.
    pub fn scratch(&self) -> &PathBuf {
        &self.settings.scratch
    }

    /// Bytes that rows under way may take beside the engine's pool, which does nothing then.
    pub(crate) fn shuffle_bytes(&self) -> usize {
        self.settings.pool_bytes()
    }

    /// A fresh session with one schema per layer and no table in it.
    pub fn session(&self) -> Result<SessionContext, StageError> {
        self.session_with(self.parallelism(), true)
    }

    fn session_with(
        &self,
        partitions: usize,
        prefer_hash_join: bool,
    ) -> Result<SessionContext, StageError> {
        let catalog = MemoryCatalogProvider::new();
        for layer in Layer::ALL {
            catalog
                .register_schema(layer.as_str(), Arc::new(MemorySchemaProvider::new()))
                .map_err(|error| StageError::engine("starting the engine", error))?;
        }
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let blank = self.blank_state()?;
        let mut config = blank.config().clone().with_target_partitions(partitions);
        config.options_mut().optimizer.prefer_hash_join = prefer_hash_join;
        let state = SessionStateBuilder::new_from_existing(blank)
            .with_config(config)
            .with_catalog_list(Arc::new(catalogs))
            .build();
        Ok(SessionContext::new_with_state(state))
    }

    fn blank_state(&self) -> Result<SessionState, StageError> {
        let mut blank = self.blank.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(blank) = &*blank {
            return Ok(blank.clone());
        }
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(self.settings.pool_bytes())))
            .with_temp_file_path(&self.settings.scratch)
            .build_arc()
            .map_err(|error| StageError::engine("starting the engine", error))?;
        self.lake.register(&runtime);
        Ok(blank.insert(blank_state(&runtime, &self.settings)).clone())
    }
}

fn blank_state(runtime: &Arc<RuntimeEnv>, settings: &EngineSettings) -> SessionState {
    let mut config = SessionConfig::new()
        .with_batch_size(BATCH_ROWS)
        .with_default_catalog_and_schema(CATALOG, Layer::Bronze.as_str())
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true);
    config.options_mut().execution.collect_statistics = false;
    // While sorted runs are merged, the sort keys of one batch of every run are held as well; a
    // third of a sorter's share is kept free for them, or the merge would run out of memory.
    config.options_mut().execution.sort_spill_reservation_bytes =
        settings.pool_bytes() / settings.parallelism.max(1) / 3;
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::clone(runtime))
        .with_default_features()
        .build();
    let percentile = Arc::new(percentile_function());
    // Replaces the engine's own of the same name, which is not exact.
    let _ = state.register_udaf(percentile);
    let _ = state.register_udf(Arc::new(fits_json_schema_function()));
    state
}
