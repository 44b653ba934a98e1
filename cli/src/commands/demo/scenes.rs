//! Each dataset's sources, simulated, and the way from them into the lake.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use smelt_domain::Dataset;
use smelt_simulate::events::Events;
use smelt_simulate::llm_usage::LlmUsage;
use smelt_simulate::restaurant::{OrderDatabase, Restaurant};
use smelt_simulate::serve::fill_order_db;
use smelt_simulate::spending::Spending;
use smelt_simulate::{DatasetTruth, SimulateError};
use smelt_sources::{Secret, Source, SourceSettings, open_source};
use smelt_stages::{
    FileOutcome, Platform, PullFrom, StageError, pull_source, refresh_dataset, sweep_landing,
};

use super::finding::Finding;
use super::landed::{folder, landed};
use super::nyc311::SimulatedRequests;
use super::portals::{Serving, boston_tables, checkbook, requests_portal};
use crate::arguments::{DemoArguments, Global};
use crate::progress::simulating;

/// The datasets that have simulators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    Nyc311,
    Spending,
    LlmUsage,
    Restaurant,
    Events,
}

/// What was simulated for one dataset.
pub(crate) enum Simulated {
    Nyc311(Box<SimulatedRequests>),
    /// The truth, and where Boston's tables lie.
    Spending(DatasetTruth, PathBuf),
    /// Uploads only.
    Uploads(DatasetTruth),
    Restaurant(Box<SimulatedOrders>),
}

/// An order database in two states, and the truth about the second.
pub(crate) struct SimulatedOrders {
    truth: DatasetTruth,
    first_night: OrderDatabase,
    the_end: OrderDatabase,
    database: PathBuf,
}

/// How the sources were loaded.
pub(crate) struct Loaded {
    /// The sources, in words.
    pub(crate) sources: Vec<String>,
    /// Uploads that could not be loaded.
    pub(crate) failed: u64,
}

impl Scene {
    pub(crate) const ALL: [Self; 5] =
        [Self::Nyc311, Self::Spending, Self::LlmUsage, Self::Restaurant, Self::Events];

    pub(crate) fn dataset(self) -> &'static str {
        match self {
            Self::Nyc311 => "nyc311",
            Self::Spending => "spending",
            Self::LlmUsage => "llm_usage",
            Self::Restaurant => "restaurant",
            Self::Events => "events",
        }
    }

    /// Simulates the dataset's sources, beside the runtime's threads so that Ctrl-C is heard.
    pub(crate) async fn simulate(
        self,
        global: &Global,
        arguments: &DemoArguments,
        lake: &Path,
    ) -> Result<Simulated> {
        let (global, arguments, lake) = (global.clone(), arguments.clone(), lake.to_owned());
        let simulate = move || self.simulate_into(&global, &arguments, &lake);
        tokio::task::spawn_blocking(simulate).await?
    }

    fn simulate_into(
        self,
        global: &Global,
        arguments: &DemoArguments,
        lake: &Path,
    ) -> Result<Simulated> {
        let seed = arguments.seed;
        match self {
            Self::Nyc311 => {
                let simulated = SimulatedRequests::simulate(global, arguments, lake)?;
                Ok(Simulated::Nyc311(Box::new(simulated)))
            }
            Self::Spending => {
                let settings = Spending { seed, ..Spending::default() };
                let truth = written(global, self, lake, seed, |out, progress| {
                    settings.write(out, progress)
                })?;
                Ok(Simulated::Spending(truth, folder(lake, self.dataset())))
            }
            Self::LlmUsage => {
                let settings = LlmUsage { seed, ..LlmUsage::default() };
                let write =
                    |out: &Path, progress: &mut dyn FnMut(u64)| settings.write(out, progress);
                Ok(Simulated::Uploads(written(global, self, lake, seed, write)?))
            }
            Self::Events => {
                let settings = Events { seed, truth: true, ..Events::default() };
                let write =
                    |out: &Path, progress: &mut dyn FnMut(u64)| settings.write(out, progress);
                Ok(Simulated::Uploads(written(global, self, lake, seed, write)?))
            }
            Self::Restaurant => {
                let simulated = Restaurant { seed, ..Restaurant::default() }.generate()?;
                let folder = folder(lake, self.dataset());
                std::fs::create_dir_all(&folder)?;
                Ok(Simulated::Restaurant(Box::new(SimulatedOrders {
                    first_night: simulated.orders_on_first_night(),
                    the_end: simulated.orders_at_the_end(),
                    truth: simulated.truth,
                    database: folder.join("order_db.sqlite"),
                })))
            }
        }
    }
}

/// The truth about a dataset whose simulator writes uploads.
fn written(
    global: &Global,
    scene: Scene,
    lake: &Path,
    seed: u64,
    write: impl FnOnce(&Path, &mut dyn FnMut(u64)) -> Result<DatasetTruth, SimulateError>,
) -> Result<DatasetTruth> {
    let simulate = |out: &Path| {
        let bar = simulating(global, None);
        write(out, &mut |rows| bar.set_position(rows))?;
        bar.finish_and_clear();
        Ok(())
    };
    landed(lake, scene.dataset(), simulate, |truth: &DatasetTruth| truth.seed == seed)
}

impl Simulated {
    /// Brings everything from the sources to gold.
    pub(crate) async fn load(&self, platform: &Platform, dataset: &Dataset) -> Result<Loaded> {
        let (files, failed) = sweep(platform, dataset).await?;
        let mut sources = Vec::new();
        if files > 0 {
            sources.push(format!("{files} uploads"));
        }
        match self {
            Self::Nyc311(simulated) => {
                let portal =
                    requests_portal(simulated.of_the_portal()?.rows, Serving::default()).await?;
                let rows = pull(platform, dataset, "portal", Some(portal.url()), None).await?;
                portal.stop().await;
                sources.push(format!("a Socrata portal, {rows} rows"));
            }
            Self::Spending(truth, folder) => {
                let portal =
                    checkbook(boston_tables(folder)?, truth.last_day, Serving::default()).await?;
                let rows = pull(platform, dataset, "checkbook", Some(portal.url()), None).await?;
                portal.stop().await;
                sources.push(format!("a CKAN portal, {rows} rows"));
            }
            Self::Uploads(_) => {}
            Self::Restaurant(orders) => {
                let rows = orders.load(platform, dataset).await?;
                sources.push(format!("an SQL database on two nights, {rows} rows"));
            }
        }
        refresh_dataset(platform, dataset).await.map_err(StageError::from)?;
        Ok(Loaded { sources, failed })
    }

    /// What the simulator knows beside what the lake says.
    pub(crate) async fn findings(&self, platform: &Platform) -> Result<Vec<Finding>> {
        let truth = match self {
            Self::Nyc311(simulated) => return simulated.findings(platform).await,
            Self::Spending(truth, _) | Self::Uploads(truth) => truth,
            Self::Restaurant(orders) => &orders.truth,
        };
        let mut findings = Vec::new();
        for (table, rules) in &truth.rows_refused {
            for (rule, rows) in rules {
                let what = format!("refused from {table}: {rule}");
                let sql = format!(
                    "SELECT COUNT(*) FROM quarantine.{}_{table} WHERE rule = '{rule}'",
                    truth.dataset
                );
                findings.push(Finding::number(platform, &what, *rows, &sql).await?);
            }
        }
        for check in &truth.checks {
            findings.push(Finding::of(platform, check).await?);
        }
        Ok(findings)
    }

    /// The planted anomalies, in words.
    pub(crate) fn planted(&self) -> Vec<String> {
        match self {
            Self::Nyc311(simulated) => simulated.planted(),
            Self::Spending(truth, _) | Self::Uploads(truth) => truth.anomalies.clone(),
            Self::Restaurant(orders) => orders.truth.anomalies.clone(),
        }
    }
}

impl SimulatedOrders {
    /// Two nights: the second pull finds what changed since the first.
    async fn load(&self, platform: &Platform, dataset: &Dataset) -> Result<u64> {
        let url = format!("sqlite://{}", self.database.display());
        let secret = Secret::new(url.as_str());
        let mut rows = 0;
        let states: &[&OrderDatabase] = match self.database.exists() {
            true => &[&self.the_end],
            false => &[&self.first_night, &self.the_end],
        };
        for state in states {
            fill_order_db(&url.parse()?, state).await.context("filling the order database")?;
            for source in &dataset.sources {
                let name = source.name.as_str();
                rows += pull(platform, dataset, name, None, Some(&secret)).await?;
            }
            refresh_dataset(platform, dataset).await.map_err(StageError::from)?;
        }
        Ok(rows)
    }
}

/// Ingests all uploads; returns how many there are and how many could not be loaded.
async fn sweep(platform: &Platform, dataset: &Dataset) -> Result<(usize, u64)> {
    let (mut files, mut failed) = (0, 0);
    for table in &dataset.tables {
        let ingested = sweep_landing(platform, dataset, table).await?;
        if let Some(error) = ingested.failed {
            return Err(error.into());
        }
        files += ingested.files.len();
        let is_failure = |outcome: &FileOutcome| {
            matches!(outcome, FileOutcome::Unreadable(_) | FileOutcome::Foreign { .. })
        };
        failed += ingested.files.iter().filter(|(_, outcome)| is_failure(outcome)).count() as u64;
    }
    Ok((files, failed))
}

/// Pulls one source; returns how many rows were new.
async fn pull(
    platform: &Platform,
    dataset: &Dataset,
    source: &str,
    url: Option<&str>,
    secret: Option<&Secret>,
) -> Result<u64> {
    let Some(definition) = dataset.source(&source.parse()?) else {
        bail!("the demo needs the source `{source}` of {}", dataset.name);
    };
    let Some(table) = dataset.table(&definition.table) else {
        bail!("the demo needs the table `{}` of {}", definition.table, dataset.name);
    };
    let settings = SourceSettings {
        scratch: &std::env::temp_dir(),
        url: url.map(str::to_owned),
        secret: &|_| secret.cloned(),
        on_retry: None,
    };
    let source: Box<dyn Source> = open_source(&dataset.name, definition, &settings)?;
    let (source, from) = (source.as_ref(), PullFrom::Cursor);
    let pulled = pull_source(platform, dataset, table, definition, source, &from).await?;
    Ok(pulled.rows)
}
