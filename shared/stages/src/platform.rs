use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use smelt_domain::{Dataset, DatasetName, RunId, RunOrigin};
use smelt_lake::Lake;
use uuid::Uuid;

use crate::{Engine, Observer, StageError, Stop};

/// Everything a stage works with; built once per process, cheap to clone.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Where the tables are.
    pub lake: Lake,
    /// What computes.
    pub engine: Engine,
    /// The datasets that are defined.
    pub datasets: Arc<[Dataset]>,
    /// The run that all commits are made for.
    pub run_id: RunId,
    /// When the run started.
    pub started_at: DateTime<Utc>,
    /// Where it takes place.
    pub origin: RunOrigin,
    /// Who hears about progress.
    pub observer: Arc<dyn Observer>,
    /// When to take up no more work: what is committed stays, and the next run goes on from there.
    /// `None` where time does not matter.
    pub deadline: Option<Instant>,
    /// By which the run can be asked to stop at once; whoever asks drops what is under way.
    pub stop: Stop,
}

impl Platform {
    /// A platform whose run starts now.
    pub fn new(
        lake: Lake,
        engine: Engine,
        datasets: Vec<Dataset>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let started_at = Utc::now();
        let run_id = RunId::new(started_at, entropy());
        Self {
            lake,
            engine,
            datasets: datasets.into(),
            run_id,
            started_at,
            origin: RunOrigin::default(),
            observer,
            deadline: None,
            stop: Stop::default(),
        }
    }

    /// The same platform for a run of its own that starts now.
    pub fn next_run(&self) -> Self {
        let started_at = Utc::now();
        Self { run_id: RunId::new(started_at, entropy()), started_at, ..self.clone() }
    }

    /// Whether it is too late to take up more work.
    pub fn is_past_deadline(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The dataset of this name.
    pub fn dataset(&self, name: &DatasetName) -> Result<&Dataset, StageError> {
        self.datasets.iter().find(|dataset| dataset.name == *name).ok_or_else(|| {
            let known: Vec<&str> = self.datasets.iter().map(|d| d.name.as_str()).collect();
            StageError::UnknownDataset { name: name.to_string(), known: known.join(", ") }
        })
    }
}

/// Random bits for names that must differ between processes.
pub(crate) fn entropy() -> u64 {
    Uuid::now_v7().as_u64_pair().1
}
