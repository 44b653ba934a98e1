//! The table of anomalies: a file for each mart, written whole.

use arrow::datatypes::SchemaRef;
use chrono::DateTime;
use futures::TryStreamExt;
use smelt_domain::{AlertId, Dataset, Mart, SeriesTable};
use smelt_lake::{DataFile, Snapshot, Table};

use super::columns::{Columns, RowReader, corrupt, folder_of, write_rows};
use super::incidents::{Anomaly, AnomalyStatus, Found};
use crate::{Platform, StageError, boxed};

/// The anomalies of a mart, the oldest first.
#[boxed]
pub async fn anomalies(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<Anomaly>, StageError> {
    let table = platform.lake.table(dataset.series_id(SeriesTable::Anomalies))?;
    match table.snapshot().await? {
        Some(snapshot) => read_anomalies(&table, files_of(&snapshot, mart)).await,
        None => Ok(Vec::new()),
    }
}

/// How many anomalies of a dataset are not over.
pub(crate) async fn count_open_anomalies(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<u64, StageError> {
    if dataset.marts_with_series().next().is_none() {
        return Ok(0);
    }
    let table = platform.lake.table(dataset.series_id(SeriesTable::Anomalies))?;
    let Some(snapshot) = table.snapshot().await? else { return Ok(0) };
    let marts = dataset.marts_with_series();
    let files = marts.flat_map(|(mart, _)| files_of(&snapshot, mart)).collect();
    let all = read_anomalies(&table, files).await?;
    Ok(all.iter().filter(|one| one.status == AnomalyStatus::Open).count() as u64)
}

/// The files of a table about series that hold rows of a mart.
pub(crate) fn files_of(snapshot: &Snapshot, mart: &Mart) -> Vec<DataFile> {
    let folder = folder_of(mart.name.as_str());
    let files = snapshot.files().iter().filter(|file| file.folder() == Some(&folder));
    files.cloned().collect()
}

pub(super) async fn read_anomalies(
    table: &Table,
    files: Vec<DataFile>,
) -> Result<Vec<Anomaly>, StageError> {
    let mut anomalies = Vec::new();
    for file in files {
        let mut batches = table.read(&file).await?;
        while let Some(batch) = batches.try_next().await? {
            for row in 0..batch.num_rows() {
                let read = anomaly_of(RowReader { batch: &batch, row });
                let detail = || format!("row {row} of {} is no anomaly", file.path);
                anomalies.push(read.ok_or_else(|| corrupt(table.id(), detail()))?);
            }
        }
    }
    anomalies.sort_by(|a: &Anomaly, b| (a.time, &a.series).cmp(&(b.time, &b.series)));
    Ok(anomalies)
}

fn anomaly_of(row: RowReader<'_>) -> Option<Anomaly> {
    Some(Anomaly {
        alert_id: AlertId::from(row.text("alert_id")?.to_owned()),
        series: row.text("series")?.to_owned(),
        time: row.time("time")?.div_euclid(1_000_000),
        found: Found {
            observed: row.number("observed")?,
            expected: row.number("expected")?,
            lo: row.number("lo_95")?,
            hi: row.number("hi_95")?,
            score: row.number("score")?,
            severity: row.text("severity")?.parse().ok()?,
            reason: row.text("reason")?.to_owned(),
        },
        status: AnomalyStatus::parse(row.text("status")?)?,
        first_seen: DateTime::from_timestamp_micros(row.time("first_seen")?)?,
        notified_at: row.time("notified_at").and_then(DateTime::from_timestamp_micros),
    })
}

pub(super) async fn write_anomalies(
    table: &Table,
    mart: &Mart,
    anomalies: &[Anomaly],
) -> Result<(DataFile, SchemaRef), StageError> {
    let all = || anomalies.iter();
    let found = || anomalies.iter().map(|one| &one.found);
    let columns = Columns::default()
        .text("alert_id", all().map(|one| Some(one.alert_id.as_str())))
        .text("mart", all().map(|_| Some(mart.name.as_str())))
        .text("series", all().map(|one| Some(one.series.as_str())))
        .time("time", all().map(|one| Some(one.time.saturating_mul(1_000_000))))
        .number("observed", found().map(|one| Some(one.observed)))
        .number("expected", found().map(|one| Some(one.expected)))
        .number("lo_95", found().map(|one| Some(one.lo)))
        .number("hi_95", found().map(|one| Some(one.hi)))
        .number("score", found().map(|one| Some(one.score)))
        .text("severity", found().map(|one| Some(one.severity.as_str())))
        .text("reason", found().map(|one| Some(one.reason.as_str())))
        .text("status", all().map(|one| Some(one.status.as_str())))
        .time("first_seen", all().map(|one| Some(one.first_seen.timestamp_micros())))
        .time("notified_at", all().map(|one| one.notified_at.map(|at| at.timestamp_micros())));
    write_rows(table, mart.name.as_str(), columns, &["time", "series"]).await
}
