//! The outbox: a Delta table of alerts, in which each goes from pending through sending to sent.
//!
//! It is small and written whole with every change. Changes are functions of what is there, so one
//! that meets another is made anew on what the other left.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde_json::{Map, json};
use smelt_domain::{Alert, AlertId, Dataset, StageName, StepReport};
use smelt_lake::{Commit, DataFileWriter, FileLayout, LakeError, Snapshot, Table};
use uuid::Uuid;

use crate::follow::{Attempt, Follower, follow};
use crate::{Platform, StageError, boxed};

const TEXTS: [&str; 8] =
    ["alert_id", "dataset", "kind", "severity", "subject", "message", "details", "status"];
const TIMES: [&str; 3] = ["first_seen", "changed_at", "notified_at"];

/// The alerts about a dataset, the oldest first.
#[boxed]
pub async fn alerts(platform: &Platform, dataset: &Dataset) -> Result<Vec<Alert>, StageError> {
    let table = platform.lake.table(dataset.outbox_id())?;
    match table.snapshot().await? {
        Some(snapshot) => read(&table, &snapshot).await,
        None => Ok(Vec::new()),
    }
}

/// Changes the alerts of a dataset in one commit; `change` says whether it changed anything.
pub(super) async fn change_alerts(
    platform: &Platform,
    dataset: &Dataset,
    change: impl FnMut(&mut Vec<Alert>) -> bool + Send,
) -> Result<Vec<StepReport>, StageError> {
    let table = platform.lake.table(dataset.outbox_id())?;
    let mut outbox = OutboxChange { platform, table: table.clone(), change };
    follow(&table, platform, &mut outbox).await
}

struct OutboxChange<'a, F> {
    platform: &'a Platform,
    table: Table,
    change: F,
}

impl<F: FnMut(&mut Vec<Alert>) -> bool + Send> Follower for OutboxChange<'_, F> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let base = self.table.snapshot().await?;
        let mut alerts = match &base {
            Some(base) => read(&self.table, base).await?,
            None => Vec::new(),
        };
        if !(self.change)(&mut alerts) {
            return Ok(Attempt::UpToDate);
        }
        let schema = schema();
        let path = format!("{}.parquet", Uuid::now_v7().simple());
        let layout = FileLayout::SortedBy(vec!["first_seen".to_owned()]);
        let mut writer = DataFileWriter::new(
            &self.table,
            path,
            Default::default(),
            Arc::clone(&schema),
            &layout,
        )?;
        let rows = rows(&alerts, &schema).map_err(|error| {
            StageError::engine(format!("writing {}", self.table.id()), error.into())
        })?;
        writer.write(&rows).await?;
        let file = writer.finish().await?;
        let report = StepReport {
            rows_out: Some(file.rows()),
            bytes_written: Some(file.size),
            ..crate::steps::step(StageName::Alert, self.table.id(), started)
        };
        let commit = Commit {
            operation: "ALERT",
            add: vec![file],
            remove: base.as_ref().map(|base| base.files().to_vec()).unwrap_or_default(),
            schema: base.is_none().then_some(schema),
            info: Map::from_iter([("runId".to_owned(), json!(self.platform.run_id))]),
            ..Commit::default()
        };
        Ok(Attempt::Commit { base, commit, report })
    }
}

fn schema() -> SchemaRef {
    let texts = TEXTS.map(|name| Field::new(name, DataType::Utf8, true));
    let time = DataType::Timestamp(TimeUnit::Microsecond, None);
    let times = TIMES.map(|name| Field::new(name, time.clone(), true));
    Arc::new(Schema::new(texts.into_iter().chain(times).collect::<Vec<_>>()))
}

fn rows(alerts: &[Alert], schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let text = |of: &dyn Fn(&Alert) -> String| {
        Arc::new(alerts.iter().map(|alert| Some(of(alert))).collect::<StringArray>()) as ArrayRef
    };
    let time = |of: &dyn Fn(&Alert) -> Option<DateTime<Utc>>| {
        let micros = alerts.iter().map(|alert| of(alert).map(|time| time.timestamp_micros()));
        Arc::new(micros.collect::<TimestampMicrosecondArray>()) as ArrayRef
    };
    let columns = vec![
        text(&|alert| alert.alert_id.to_string()),
        text(&|alert| alert.dataset.to_string()),
        text(&|alert| alert.kind.to_string()),
        text(&|alert| alert.severity.to_string()),
        text(&|alert| alert.subject.clone()),
        text(&|alert| alert.message.clone()),
        text(&|alert| alert.details.to_string()),
        text(&|alert| alert.status.to_string()),
        time(&|alert| Some(alert.first_seen)),
        time(&|alert| Some(alert.changed_at)),
        time(&|alert| alert.notified_at),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
}

async fn read(table: &Table, snapshot: &Snapshot) -> Result<Vec<Alert>, StageError> {
    let mut alerts = Vec::new();
    for file in snapshot.files() {
        let mut batches = table.read(file).await?;
        while let Some(batch) = batches.try_next().await? {
            for row in 0..batch.num_rows() {
                let alert = alert_of(&batch, row).ok_or_else(|| LakeError::Corrupt {
                    table: table.id().sql_name(),
                    detail: format!("row {row} of {} is no alert", file.path),
                })?;
                alerts.push(alert);
            }
        }
    }
    alerts.sort_by(|left: &Alert, right| {
        (left.first_seen, &left.alert_id).cmp(&(right.first_seen, &right.alert_id))
    });
    Ok(alerts)
}

fn alert_of(batch: &RecordBatch, row: usize) -> Option<Alert> {
    let text = |name: &str| {
        let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row))
    };
    let time = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        column.is_valid(row).then(|| DateTime::from_timestamp_micros(column.value(row)))?
    };
    Some(Alert {
        alert_id: AlertId::from(text("alert_id")?.to_owned()),
        dataset: text("dataset")?.parse().ok()?,
        kind: text("kind")?.parse().ok()?,
        severity: text("severity")?.parse().ok()?,
        subject: text("subject")?.to_owned(),
        message: text("message")?.to_owned(),
        details: serde_json::from_str(text("details")?).ok()?,
        first_seen: time("first_seen")?,
        status: text("status")?.parse().ok()?,
        changed_at: time("changed_at")?,
        notified_at: time("notified_at"),
    })
}
