//! What all requests are answered from.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smelt_access::{Access, Limiter, Origins};
use smelt_domain::{
    Dataset, Mart, SeriesTable, Table as TableDefinition, TableId, TableName, UploadId, shown,
};
use smelt_query::{Columns, ColumnsError, Query, QueryError, Snapshots};
use smelt_stages::Platform;
use url::form_urlencoded;

use crate::answers::Answers;
use crate::pointers::Pointers;
use crate::ports::{KeySource, Refresher, RunCounter, UploadGate};
use crate::problem::Problem;

/// How events are sent to those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streaming {
    /// As they happen.
    Live,
    /// All answers are sent whole: an answer holds what there is now, and whoever watches asks again.
    Whole,
}

/// What is allowed at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an upload.
    pub upload_bytes: u64,
    /// How long an announced upload may take to come.
    pub upload_time: Duration,
    /// Memory for tables and answers that are kept, in bytes.
    pub kept_bytes: u64,
}

/// What differs from one place to another.
#[derive(Debug)]
pub struct Settings {
    /// Who may ask.
    pub access: Access,
    /// Whether only requests are answered that name this machine: where everybody may do everything.
    pub only_loopback_names: bool,
    /// How often each caller may, and how often who is refused; `None` where a gateway sees to that.
    pub limiter: Option<Limiter>,
    /// Which web pages may.
    pub origins: Origins,
    /// Where the keys of an issuer are fetched.
    pub keys: Option<Arc<dyn KeySource>>,
    /// Where uploads are sent.
    pub uploads: Arc<dyn UploadGate>,
    /// Who refreshes.
    pub refresher: Arc<dyn Refresher>,
    /// Who counts the runs that requests make; `None` where nobody does.
    pub counter: Option<Arc<dyn RunCounter>>,
    /// What is allowed at most.
    pub limits: Limits,
    /// How events are sent.
    pub streaming: Streaming,
    /// Whether uploads are sent here, see [`crate::UploadTarget::here`].
    pub receives_uploads: bool,
    /// The folder of the dashboard where it is served from here, with what is published.
    pub dashboard: Option<PathBuf>,
}

/// The API over a lake; cheap to clone.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    platform: Platform,
    settings: Settings,
    columns: HashMap<TableId, Columns>,
    snapshots: Snapshots,
    pointers: Pointers,
    answers: Answers,
    receiving: Mutex<HashSet<UploadId>>,
}

/// An upload that is being received, until this is dropped.
#[derive(Debug)]
pub(crate) struct Receiving {
    api: Api,
    upload: UploadId,
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.api.receiving().remove(&self.upload);
    }
}

/// Of the memory for what is kept, the part of answers as they were sent.
const SHARE_OF_ANSWERS: u64 = 4;

impl Api {
    /// The API over the lake of a platform.
    pub fn new(platform: Platform, settings: Settings) -> Result<Self, ApiError> {
        let columns = columns_of(&platform.datasets)?;
        check_views(&platform.datasets, &columns)?;
        let of_answers = settings.limits.kept_bytes / SHARE_OF_ANSWERS;
        let store = Arc::clone(platform.lake.store());
        Ok(Self(Arc::new(Inner {
            snapshots: Snapshots::new(store, settings.limits.kept_bytes - of_answers),
            answers: Answers::new(of_answers),
            pointers: Pointers::new(platform.lake.clone()),
            platform,
            settings,
            columns,
            receiving: Mutex::default(),
        })))
    }

    /// Notes that an upload is being received; `None` if it is already.
    pub(crate) fn receive(&self, upload: &UploadId) -> Option<Receiving> {
        let is_first = self.receiving().insert(upload.clone());
        is_first.then(|| Receiving { api: self.clone(), upload: upload.clone() })
    }

    /// Whether an upload is being received.
    pub(crate) fn is_receiving(&self, upload: &UploadId) -> bool {
        self.receiving().contains(upload)
    }

    fn receiving(&self) -> MutexGuard<'_, HashSet<UploadId>> {
        self.0.receiving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What differs from one place to another.
    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The platform, for a run of this request.
    pub(crate) fn platform(&self) -> Platform {
        self.0.platform.next_run()
    }

    pub(crate) fn lake(&self) -> &smelt_lake::Lake {
        &self.0.platform.lake
    }

    pub(crate) fn datasets(&self) -> &[Dataset] {
        &self.0.platform.datasets
    }

    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    pub(crate) fn pointers(&self) -> &Pointers {
        &self.0.pointers
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    /// The dataset of that name.
    pub(crate) fn dataset(&self, name: &str) -> Result<&Dataset, Problem> {
        let datasets = self.datasets();
        datasets.iter().find(|dataset| dataset.name.as_str() == name).ok_or_else(|| {
            let known = listed(datasets.iter().map(|dataset| dataset.name.as_str()));
            Problem::not_found(format!("there is no dataset `{}`; {known}", shown(name)))
        })
    }

    /// What may be asked about a published table.
    pub(crate) fn columns(&self, table: &TableId) -> Option<&Columns> {
        self.0.columns.get(table)
    }
}

/// Why there is no API over these datasets: their definitions have to be mended.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The columns of a table do not fit together.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// A view asks what cannot be asked.
    #[error(
        "the view `{view}` of {dataset} cannot be asked: {error}; mend its `ask` in dataset.yaml"
    )]
    View {
        /// The dataset.
        dataset: String,
        /// The view.
        view: String,
        /// Why not.
        #[source]
        error: Box<QueryError>,
    },
}

/// An error unless every view can be asked.
pub fn check_views_of(datasets: &[Dataset]) -> Result<(), ApiError> {
    check_views(datasets, &columns_of(datasets)?)
}

fn check_views(datasets: &[Dataset], columns: &HashMap<TableId, Columns>) -> Result<(), ApiError> {
    for dataset in datasets {
        for view in &dataset.views {
            let Some(columns) = columns.get(&dataset.gold_id(&view.table)) else { continue };
            let asked = form_urlencoded::parse(view.query.as_bytes());
            Query::parse(asked, columns).map_err(|error| ApiError::View {
                dataset: dataset.name.to_string(),
                view: view.name.to_string(),
                error: Box::new(error),
            })?;
        }
    }
    Ok(())
}

fn columns_of(datasets: &[Dataset]) -> Result<HashMap<TableId, Columns>, ApiError> {
    let mut columns = HashMap::new();
    for dataset in datasets {
        for mart in &dataset.marts {
            columns.insert(dataset.gold_id(&mart.name), Columns::of_mart(mart)?);
        }
        for table in SeriesTable::PUBLISHED {
            columns.insert(dataset.series_id(table), columns_of_series(table)?);
        }
    }
    Ok(columns)
}

/// The mart of that name.
pub(crate) fn mart<'a>(dataset: &'a Dataset, name: &str) -> Result<&'a Mart, Problem> {
    dataset.marts.iter().find(|mart| mart.name.as_str() == name).ok_or_else(|| {
        let known = listed(dataset.marts.iter().map(|mart| mart.name.as_str()));
        let detail = format!("{} has no mart `{}`; {known}", dataset.name, shown(name));
        Problem::not_found(detail)
    })
}

/// The table of that name; the only one need not be named.
pub(crate) fn table<'a>(
    dataset: &'a Dataset,
    name: Option<&str>,
) -> Result<&'a TableDefinition, Problem> {
    let known = || listed(dataset.tables.iter().map(|table| table.name.as_str()));
    match (name, dataset.tables.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => {
            let detail = format!("name a table of {}: `table`; {}", dataset.name, known());
            Err(Problem::bad_request(detail))
        }
        (Some(name), tables) => {
            tables.iter().find(|table| table.name.as_str() == name).ok_or_else(|| {
                let detail =
                    format!("{} has no table `{}`; {}", dataset.name, shown(name), known());
                Problem::not_found(detail)
            })
        }
    }
}

/// The names that there are, in words.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        "there is none".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    }
}

fn columns_of_series(table: SeriesTable) -> Result<Columns, ColumnsError> {
    let columns = table.columns().iter().map(|(name, kind)| ((*name).to_owned(), *kind));
    let name: TableName = table.name();
    Columns::new(name.as_str(), columns, table.key().iter().copied())
}
