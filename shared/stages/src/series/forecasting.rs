//! A mart and the model in production to forecasts.

use std::time::Instant;

use serde_json::{Map, json};
use smelt_domain::{Dataset, Mart, MartSeries, SeriesTable, StageName, StepReport};
use smelt_forecast::{Fitted, Forecast};
use smelt_lake::{Commit, Table};

use super::calendar::step_text;
use super::columns::{Columns, write_rows};
use super::read::SeriesRead;
use super::registry::ModelRegistry;
use crate::follow::{Attempt, Follower, follow};
use crate::silver::upstream;
use crate::{Platform, StageError};

/// The model that forecasts are made with.
#[derive(Debug, Clone)]
pub(super) struct InProduction {
    pub version: u64,
    pub fitted: Fitted,
}

/// Adds the forecasts of a mart, unless there are such of the same model from the same step on.
pub(super) async fn refresh_forecast(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
    series: &MartSeries,
    read: &SeriesRead,
    model: &InProduction,
) -> Result<Vec<StepReport>, StageError> {
    let table = platform.lake.table(dataset.series_id(SeriesTable::Forecast))?;
    let mut forecasting =
        Forecasting { platform, dataset, mart, series, read, model, table: table.clone() };
    follow(&table, platform, &mut forecasting).await
}

struct Forecasting<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    mart: &'a Mart,
    series: &'a MartSeries,
    read: &'a SeriesRead,
    model: &'a InProduction,
    table: Table,
}

impl Follower for Forecasting<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let base = self.table.snapshot().await?;
        if base.as_ref().and_then(|base| base.property(&self.property())) == Some(&self.origin()) {
            return Ok(Attempt::UpToDate);
        }
        // Read after the table: whoever has added forecasts by another model had promoted it before.
        if !self.is_in_production().await? {
            return Ok(Attempt::UpToDate);
        }
        let forecasts = self.forecasts().await?;
        let rows = forecasts.iter().map(|one| one.mean.len()).sum::<usize>();
        let mart = self.mart.name.as_str();
        let sorted = ["series", "target_time"];
        let (file, schema) = write_rows(&self.table, mart, self.rows(&forecasts), &sorted).await?;
        let gold = self.dataset.gold_id(&self.mart.name);
        let from = match &base {
            Some(base) => base.followed(&gold).await?,
            None => None,
        };
        let report = StepReport {
            upstream: vec![upstream(&gold, from, self.read.version)],
            definition_hash: Some(self.series.definition_hash.as_str().to_owned()),
            rows_in: Some(self.read.rows),
            rows_out: Some(rows as u64),
            files_added: Some(1),
            bytes_written: Some(file.size),
            ..crate::steps::step(StageName::Forecast, self.table.id(), started)
        };
        let commit = Commit {
            operation: "FORECAST",
            add: vec![file],
            followed: vec![(gold, self.read.version)],
            schema: base.as_ref().is_none_or(|base| *base.schema() != schema).then_some(schema),
            properties: vec![(self.property(), self.origin())],
            info: self.info(rows),
            ..Commit::default()
        };
        Ok(Attempt::Commit { base, commit, report })
    }
}

impl Forecasting<'_> {
    /// Where the table keeps what its newest forecasts of the mart were made from.
    fn property(&self) -> String {
        format!("smelt.forecast.{}", self.mart.name)
    }

    /// Whether no other run has promoted another model meanwhile. That run forecasts with it; what this
    /// one would add after it, the next would take for the newest, and add the other's once more.
    async fn is_in_production(&self) -> Result<bool, StageError> {
        let Self { platform, dataset, mart, model, .. } = self;
        let registry = ModelRegistry::new(&platform.lake, &dataset.name, &mart.name);
        Ok(registry.history().await?.production() == Some(model.version))
    }

    fn origin(&self) -> String {
        let newest = step_text(self.series.every, self.read.newest);
        format!("{newest} by version {}", self.model.version)
    }

    /// On a thread of its own: it computes, and nothing else.
    async fn forecasts(&self) -> Result<Vec<Forecast>, StageError> {
        let (fitted, series) = (self.model.fitted.clone(), self.read.series.clone());
        let found = in_background(move || fitted.forecast(&series)).await?;
        let mut forecasts = Vec::with_capacity(found.len());
        for one in found {
            match one {
                Ok(forecast) => forecasts.push(forecast),
                Err(error) => tracing::warn!(mart = %self.mart.name, %error, "no forecast"),
            }
        }
        Ok(forecasts)
    }

    fn rows(&self, forecasts: &[Forecast]) -> Columns {
        let made_at = self.platform.started_at.timestamp_micros();
        let every = || {
            let steps = |one: &Forecast| one.mean.len().min(one.times.len());
            forecasts.iter().flat_map(move |one| (0..steps(one)).map(move |step| (one, step)))
        };
        let bound = |level: f64, low: bool| {
            every().map(move |(one, step)| {
                let found = one.intervals.iter().find(|interval| interval.level == level)?;
                if low { &found.lo } else { &found.hi }.get(step).copied()
            })
        };
        Columns::default()
            .text("mart", every().map(|_| Some(self.mart.name.as_str())))
            .text("series", every().map(|(one, _)| Some(one.id.as_str())))
            .time("made_at", every().map(|_| Some(made_at)))
            .time("target_time", every().map(|(one, step)| Some(one.times[step] * 1_000_000)))
            .count("horizon", every().map(|(_, step)| i64::try_from(step + 1).ok()))
            .number("mean", every().map(|(one, step)| Some(one.mean[step])))
            .number("lo_80", bound(80.0, true))
            .number("hi_80", bound(80.0, false))
            .number("lo_95", bound(95.0, true))
            .number("hi_95", bound(95.0, false))
            .text("model", every().map(|(one, _)| Some(one.model.as_str())))
    }

    fn info(&self, rows: usize) -> Map<String, serde_json::Value> {
        Map::from_iter([
            ("runId".to_owned(), json!(self.platform.run_id)),
            ("mart".to_owned(), json!(self.mart.name)),
            ("modelVersion".to_owned(), json!(self.model.version)),
            ("rowsOut".to_owned(), json!(rows)),
        ])
    }
}

/// Computes on a thread that may be busy for long.
pub(crate) async fn in_background<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StageError> {
    tokio::task::spawn_blocking(compute).await.map_err(|error| StageError::Model {
        problem: format!("a computation ended early ({error})"),
        remedy: "this is a defect of smelt, please report it".to_owned(),
    })
}
