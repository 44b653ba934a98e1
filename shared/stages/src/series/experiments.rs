//! What was fitted, and how good it is: rows that are only ever added.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Map, json};
use smelt_domain::{ModelCard, ModelStage, RunId, StageName, StepReport, TableId};
use smelt_forecast::{Backtest, SeriesAccuracy};
use smelt_lake::{Commit, DataFile, Table};
use smelt_learn::cluster::{Assignment, Cluster, Clusters};

use super::columns::{Columns, write_rows};
use crate::follow::{Attempt, Follower, follow};
use crate::{Platform, StageError};

/// A fit, and what became of it.
#[derive(Debug)]
pub(crate) struct Experiment<'a> {
    pub card: &'a ModelCard,
    pub stage: ModelStage,
    pub reason: &'a str,
}

/// Adds the row of an experiment.
pub(crate) async fn append_experiment(
    platform: &Platform,
    table: TableId,
    experiment: &Experiment<'_>,
) -> Result<Vec<StepReport>, StageError> {
    let card = experiment.card;
    let metric = |name: &str| [card.metrics.get(name).copied()];
    let comparison = card.comparison.as_ref();
    let count = |number: u64| [i64::try_from(number).ok()];
    let columns = Columns::default()
        .text("model", [Some(card.model.as_str())])
        .text("kind", [Some(card.kind.to_string())])
        .count("version", count(card.version))
        .time("fitted_at", [Some(card.fitted_at.timestamp_micros())])
        .number("seconds", [Some(card.seconds)])
        .count("data_version", count(card.data_version))
        .text("newest", [Some(card.newest.as_str())])
        .text("definition_hash", [Some(card.definition_hash.as_str())])
        .count("learnt_from", count(card.learnt_from))
        .count("left_out", count(card.left_out))
        .text("parameters", [Some(card.parameters.to_string())])
        .number("mase", metric("mase"))
        .number("smape", metric("smape"))
        .number("owa", metric("owa"))
        .number("coverage_80", metric("coverage_80"))
        .number("coverage_95", metric("coverage_95"))
        .number("seasonal_naive_mase", metric("seasonal_naive_mase"))
        .text("metrics", [Some(json!(card.metrics).to_string())])
        .text("measure", [comparison.map(|both| both.measure.as_str())])
        .number("candidate", [comparison.map(|both| both.candidate)])
        .number("production", [comparison.map(|both| both.production)])
        .text("stage", [Some(experiment.stage.to_string())])
        .text("reason", [Some(experiment.reason)])
        .text("run_id", [Some(card.run_id.to_string())]);
    append(platform, table, card, columns, "model", 1).await
}

/// Adds a row for each series that a backtest could score, and one for all of them (`series` is null).
pub(super) async fn append_accuracy(
    platform: &Platform,
    table: TableId,
    card: &ModelCard,
    backtest: &Backtest,
    models: &BTreeMap<String, String>,
) -> Result<Vec<StepReport>, StageError> {
    let metric = |name: &str| card.metrics.get(name).copied();
    let all = &backtest.series;
    fn with_all<'a, T: 'a>(
        first: T,
        all: &'a [SeriesAccuracy],
        of: impl Fn(&'a SeriesAccuracy) -> T + 'a,
    ) -> impl Iterator<Item = T> + 'a {
        std::iter::once(first).chain(all.iter().map(of))
    }
    let coverage = |one: &SeriesAccuracy, level: f64| {
        one.accuracy.coverage.iter().find(|(known, _)| *known == level).map(|(_, share)| *share)
    };
    let rows = all.len() + 1;
    let columns = Columns::default()
        .text("mart", same(card.model.as_str(), rows))
        .text("series", with_all(None, all, |one| Some(one.id.as_str())))
        .text("model", with_all(Some("all"), all, |one| models.get(&one.id).map(String::as_str)))
        .number("mase", with_all(metric("mase"), all, |one| one.accuracy.mase))
        .number("smape", with_all(metric("smape"), all, |one| one.accuracy.smape))
        .number("owa", with_all(metric("owa"), all, |one| one.accuracy.owa))
        .number("coverage_80", with_all(metric("coverage_80"), all, |one| coverage(one, 80.0)))
        .number("coverage_95", with_all(metric("coverage_95"), all, |one| coverage(one, 95.0)))
        .number(
            "seasonal_naive_mase",
            with_all(metric("seasonal_naive_mase"), all, |one| one.seasonal_naive_mase),
        )
        .count(
            "n_backtests",
            with_all(metric("n_backtests").map(|windows| windows as i64), all, |one| {
                i64::try_from(one.accuracy.windows).ok()
            }),
        )
        .time("fitted_at", same(card.fitted_at.timestamp_micros(), rows))
        .count("version", same(i64::try_from(card.version).unwrap_or(i64::MAX), rows));
    append(platform, table, card, columns, "mart", rows).await
}

/// Adds a row for each row that was grouped: where it belongs, and what its group is like.
pub(crate) async fn append_clusters(
    platform: &Platform,
    table: TableId,
    experiment: &Experiment<'_>,
    clusters: &Clusters,
) -> Result<Vec<StepReport>, StageError> {
    let card = experiment.card;
    let stage = experiment.stage.to_string();
    let rows = clusters.rows.len();
    let group = |row: &Assignment| clusters.clusters.get(row.cluster);
    let centroid = |group: &Cluster| {
        let values = clusters.features.iter().zip(&group.centroid);
        let values = values.map(|(feature, value)| (feature.name.clone(), json!(value)));
        serde_json::Value::Object(values.collect()).to_string()
    };
    let all = || clusters.rows.iter();
    let columns = Columns::default()
        .text("model", same(card.model.as_str(), rows))
        .text("name", all().map(|row| Some(row.name.as_str())))
        .count("cluster", all().map(|row| i64::try_from(row.cluster).ok()))
        .count("size", all().map(|row| i64::try_from(group(row)?.size).ok()))
        .number("silhouette", all().map(|row| row.silhouette))
        .text("centroid", all().map(|row| group(row).map(centroid)))
        .text("newest", same(card.newest.as_str(), rows))
        .text("stage", same(stage.as_str(), rows))
        .time("fitted_at", same(card.fitted_at.timestamp_micros(), rows))
        .count("version", same(i64::try_from(card.version).unwrap_or(i64::MAX), rows));
    append(platform, table, card, columns, "name", rows).await
}

/// One value for every row.
fn same<T: Clone>(value: T, rows: usize) -> impl Iterator<Item = Option<T>> {
    std::iter::repeat_n(Some(value), rows)
}

async fn append(
    platform: &Platform,
    table: TableId,
    card: &ModelCard,
    columns: Columns,
    sorted_by: &str,
    rows: usize,
) -> Result<Vec<StepReport>, StageError> {
    let table = platform.lake.table(table)?;
    let (file, schema) = write_rows(&table, card.model.as_str(), columns, &[sorted_by]).await?;
    let run_id = &platform.run_id;
    let mut appending = Appending { table: table.clone(), file, schema, rows, run_id };
    follow(&table, platform, &mut appending).await
}

/// Adds one file, once.
struct Appending<'a> {
    table: Table,
    file: DataFile,
    schema: arrow::datatypes::SchemaRef,
    rows: usize,
    run_id: &'a RunId,
}

impl Follower for Appending<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let base = self.table.snapshot().await?;
        let has_it = |base: &smelt_lake::Snapshot| {
            base.files().iter().any(|file| file.path == self.file.path)
        };
        if base.as_ref().is_some_and(has_it) {
            return Ok(Attempt::UpToDate);
        }
        let report = StepReport {
            rows_out: Some(self.rows as u64),
            files_added: Some(1),
            bytes_written: Some(self.file.size),
            ..crate::steps::step(StageName::Train, self.table.id(), started)
        };
        let commit = Commit {
            operation: "TRAIN",
            add: vec![self.file.clone()],
            schema: base
                .as_ref()
                .is_none_or(|base| *base.schema() != self.schema)
                .then(|| self.schema.clone()),
            info: Map::from_iter([("runId".to_owned(), json!(self.run_id))]),
            ..Commit::default()
        };
        Ok(Attempt::Commit { base, commit, report })
    }
}
