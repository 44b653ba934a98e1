//! Rows as received → bronze data files.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use chrono::{DateTime, Utc};
use smelt_domain::Table as TableDefinition;
use smelt_lake::{DataFile, DataFileWriter, FileLayout, LakeError, Table};
use smelt_sources::SourceBatch;
use uuid::Uuid;

use super::content_key::ContentKeys;
use crate::StageError;
use crate::bronze::{CONTENT_KEY, INGESTION_DATE, origin_fields};

/// Where the rows of one load come from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// What `_source` says.
    pub source: String,
    /// What the names of the data files start with.
    pub stem: String,
    /// When they arrived.
    pub ingested_at: DateTime<Utc>,
    /// The run that brought them.
    pub run_id: String,
}

/// Writes the rows of one load into bronze files: a new file begins where new columns appear.
pub(crate) struct BronzeWriter {
    bronze: Table,
    origin: Origin,
    content_keys: Option<ContentKeys>,
    current: Option<(SchemaRef, DataFileWriter)>,
    done: Vec<DataFile>,
    columns: Vec<String>,
    rows: u64,
}

/// What one load wrote; nothing of it is committed yet.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub files: Vec<DataFile>,
    /// Columns of the files beside those that every bronze file has, in order of appearance.
    pub columns: Vec<String>,
    pub rows: u64,
}

impl Written {
    /// Adds what another writer of the same load wrote.
    pub(crate) fn add(&mut self, other: Written) {
        self.files.extend(other.files);
        let new = other.columns.into_iter().filter(|column| !self.columns.contains(column));
        let new: Vec<String> = new.collect();
        self.columns.extend(new);
        self.rows += other.rows;
    }
}

impl BronzeWriter {
    pub(crate) fn new(bronze: &Table, table: &TableDefinition, origin: Origin) -> Self {
        Self {
            bronze: bronze.clone(),
            origin,
            content_keys: ContentKeys::new(table),
            current: None,
            done: Vec::new(),
            columns: Vec::new(),
            rows: 0,
        }
    }

    /// What makes the content keys, in tables that have them.
    pub(crate) fn content_keys(&mut self) -> Option<&mut ContentKeys> {
        self.content_keys.as_mut()
    }

    /// Rows written so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) async fn write(&mut self, batch: &SourceBatch) -> Result<(), StageError> {
        let rows = self.with_origin(batch)?;
        if self.current.as_ref().is_some_and(|(schema, _)| *schema != rows.schema()) {
            self.close().await?;
        }
        let writer = match &mut self.current {
            Some((_, writer)) => writer,
            none => {
                let writer = new_file(&self.bronze, &self.origin, self.done.len(), rows.schema())?;
                &mut none.insert((rows.schema(), writer)).1
            }
        };
        writer.write(&rows).await?;
        self.rows += rows.num_rows() as u64;
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<Written, StageError> {
        self.close().await?;
        Ok(Written { files: self.done, columns: self.columns, rows: self.rows })
    }

    async fn close(&mut self) -> Result<(), StageError> {
        if let Some((_, writer)) = self.current.take() {
            self.done.push(writer.finish().await?);
        }
        Ok(())
    }

    /// The batch with the columns that say where its rows came from.
    fn with_origin(&mut self, batch: &SourceBatch) -> Result<RecordBatch, StageError> {
        let rows = batch.line.len();
        let text = |value: &str| Arc::new(StringArray::from(vec![value; rows])) as ArrayRef;
        let ingested_at = self.origin.ingested_at.timestamp_micros();
        let mut fields: Vec<Field> =
            batch.fields.schema_ref().fields().iter().map(|field| field.as_ref().clone()).collect();
        let mut columns: Vec<ArrayRef> = batch.fields.columns().to_vec();
        let mut own: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
        fields.extend(origin_fields());
        columns.extend([
            text(&self.origin.source),
            Arc::new(batch.line.clone()) as ArrayRef,
            Arc::new(TimestampMicrosecondArray::from_value(ingested_at, rows)),
            text(&self.origin.run_id),
            Arc::new(batch.malformed.clone()),
            Arc::new(batch.raw.clone()),
        ]);
        if let Some(keys) = &mut self.content_keys {
            let keys = keys.of(batch);
            own.push(CONTENT_KEY.to_owned());
            fields.push(Field::new(CONTENT_KEY, keys.data_type().clone(), true));
            columns.push(keys);
        }
        for name in own {
            if !self.columns.contains(&name) {
                self.columns.push(name);
            }
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| {
            StageError::engine(format!("preparing rows of {}", self.origin.source), error.into())
        })
    }
}

fn new_file(
    bronze: &Table,
    origin: &Origin,
    number: usize,
    schema: SchemaRef,
) -> Result<DataFileWriter, LakeError> {
    let date = origin.ingested_at.format("%Y-%m-%d").to_string();
    // The unique end keeps two tries of the same load from overwriting each other's bytes.
    let path = format!(
        "{INGESTION_DATE}={date}/{}-{number:04}-{}.parquet",
        origin.stem,
        Uuid::now_v7().simple()
    );
    let partition = BTreeMap::from([(INGESTION_DATE.to_owned(), Some(date))]);
    DataFileWriter::new(bronze, path, partition, schema, &FileLayout::Arrival)
}
