use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use serde_json::{Map, Value};
use smelt_domain::Table as TableDefinition;
use smelt_lake::{DataFile, DataFileWriter, FileLayout, Table};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::plan::{MALFORMED_RULE, NO_KEY_RULE, RECEIVED, RULE};
use crate::bronze::{LINE, MALFORMED, RAW, SOURCE};
use crate::{Platform, StageError};

/// The columns of every quarantine table.
pub(crate) fn quarantine_schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("rule"),
        text("reason"),
        text("source"),
        Field::new("line", DataType::Int64, true),
        text("raw"),
        Field::new("refused_at", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        text("run_id"),
    ]))
}

/// Writes refused rows to the quarantine table's next file.
#[derive(Debug)]
pub(crate) struct RefusedWriter {
    quarantine: Table,
    reasons: HashMap<String, String>,
    refused_at: i64,
    run_id: String,
    writer: Mutex<Option<DataFileWriter>>,
}

impl RefusedWriter {
    pub(crate) fn new(platform: &Platform, quarantine: Table, table: &TableDefinition) -> Self {
        let reasons = table
            .expectations
            .iter()
            .map(|expectation| (expectation.rule.to_string(), expectation.reason.clone()))
            .collect();
        Self {
            quarantine,
            reasons,
            refused_at: platform.started_at.timestamp_micros(),
            run_id: platform.run_id.to_string(),
            writer: Mutex::new(None),
        }
    }

    /// Appends rows of the silver plan that a rule refuses.
    pub(crate) async fn write(&self, refused: &RecordBatch) -> Result<(), StageError> {
        let rows = self
            .rows(refused)
            .map_err(|error| StageError::engine("writing refused rows", error.into()))?;
        let mut writer = self.writer.lock().await;
        let writer = match &mut *writer {
            Some(writer) => writer,
            none => none.insert(DataFileWriter::new(
                &self.quarantine,
                format!("{}.parquet", Uuid::now_v7().simple()),
                Default::default(),
                quarantine_schema(),
                &FileLayout::Arrival,
            )?),
        };
        Ok(writer.write(&rows).await?)
    }

    /// Completes the file; `None` when nothing was refused.
    pub(crate) async fn finish(self) -> Result<Option<DataFile>, StageError> {
        match self.writer.into_inner() {
            Some(writer) => Ok(Some(writer.finish().await?)),
            None => Ok(None),
        }
    }

    fn rows(&self, refused: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let rows = refused.num_rows();
        let rule = texts(refused, RULE)?;
        let malformed = texts(refused, MALFORMED)?;
        let raw = texts(refused, RAW)?;
        let received = received_columns(refused)?;
        let reason = (0..rows).map(|row| match rule[row].as_deref() {
            Some(MALFORMED_RULE) => malformed[row].clone(),
            Some(rule) => self.reasons.get(rule).cloned().or_else(|| {
                (rule == NO_KEY_RULE).then(|| "a column of the key has no value".to_owned())
            }),
            None => None,
        });
        let text_of_row = (0..rows).map(|row| match &raw[row] {
            Some(raw) => Some(raw.clone()),
            None => Some(as_json(&received, row)),
        });
        let line = column(refused, LINE)?.as_primitive_opt::<Int64Type>().cloned();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(rule.clone())),
            Arc::new(reason.collect::<StringArray>()),
            Arc::new(StringArray::from(texts(refused, SOURCE)?)),
            Arc::new(line.unwrap_or_else(|| Int64Array::new_null(rows))),
            Arc::new(text_of_row.collect::<StringArray>()),
            Arc::new(TimestampMicrosecondArray::from_value(self.refused_at, rows)),
            Arc::new(StringArray::from(vec![self.run_id.as_str(); rows])),
        ];
        RecordBatch::try_new(quarantine_schema(), columns)
    }
}

/// The rows for which the condition holds, and those for which it does not.
pub(crate) fn is_refused(batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    arrow::compute::is_not_null(column(batch, RULE)?)
}

/// A source column's name and its fields as received.
type ReceivedColumn = (String, Vec<Option<String>>);

/// A row as JSON of its fields as received, nulls left out.
fn as_json(received: &[ReceivedColumn], row: usize) -> String {
    let fields: Map<String, Value> = received
        .iter()
        .filter_map(|(name, values)| Some((name.clone(), Value::from(values[row].clone()?))))
        .collect();
    Value::Object(fields).to_string()
}

fn received_columns(batch: &RecordBatch) -> Result<Vec<ReceivedColumn>, ArrowError> {
    let schema = batch.schema();
    schema
        .fields()
        .iter()
        .filter_map(|field| Some((field.name().strip_prefix(RECEIVED)?, field.name())))
        .map(|(name, column)| Ok((name.to_owned(), texts(batch, column)?)))
        .collect()
}

fn texts(batch: &RecordBatch, name: &str) -> Result<Vec<Option<String>>, ArrowError> {
    let texts = arrow::compute::cast(column(batch, name)?, &DataType::Utf8View)?;
    Ok(texts.as_string_view().iter().map(|text| text.map(str::to_owned)).collect())
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, ArrowError> {
    batch
        .column_by_name(name)
        .ok_or_else(|| ArrowError::SchemaError(format!("column {name} is missing")))
}
