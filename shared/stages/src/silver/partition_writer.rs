use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::compute::partition;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use smelt_lake::{DataFile, DataFileWriter, FileLayout, Table};
use uuid::Uuid;

use super::layout::SilverLayout;
use super::router::partition_texts;
use crate::StageError;
use crate::folders::partition_folder;

/// Rows of one file: a key is found by reading one file of this size at most.
const ROWS_PER_FILE: u64 = 1 << 20;

/// Writes rows that come sorted by partition and key into files of their partitions.
#[derive(Debug)]
pub(crate) struct PartitionWriter {
    silver: Table,
    layout: SilverLayout,
    partition_name: String,
    stored_schema: SchemaRef,
    current: Option<Current>,
    files: Vec<DataFile>,
}

#[derive(Debug)]
struct Current {
    partition: Option<String>,
    rows: u64,
    writer: DataFileWriter,
}

impl PartitionWriter {
    pub(crate) fn new(silver: Table, layout: SilverLayout) -> Result<Self, StageError> {
        let stored_schema = layout.schema.project(&layout.stored()).map_err(writing_error)?;
        let partition_name = layout.schema.field(layout.partition).name().clone();
        Ok(Self {
            silver,
            layout,
            partition_name,
            stored_schema: Arc::new(stored_schema),
            current: None,
            files: Vec::new(),
        })
    }

    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let texts = partition_texts(&self.layout, batch)?;
        let runs = partition(&[Arc::new(texts.clone())]).map_err(writing_error)?;
        let stored = batch.project(&self.layout.stored()).map_err(writing_error)?;
        for run in runs.ranges() {
            let value = texts.is_valid(run.start).then(|| texts.value(run.start));
            let rows = stored.slice(run.start, run.end - run.start);
            self.write_to(value, &rows).await?;
        }
        Ok(())
    }

    async fn write_to(
        &mut self,
        value: Option<&str>,
        rows: &RecordBatch,
    ) -> Result<(), StageError> {
        let fits = self
            .current
            .as_ref()
            .is_some_and(|c| c.partition.as_deref() == value && c.rows < ROWS_PER_FILE);
        if !fits {
            self.close().await?;
        }
        let current = match &mut self.current {
            Some(current) => current,
            none => {
                let value = value.map(str::to_owned);
                let folder = partition_folder(&self.partition_name, value.as_deref());
                let writer = DataFileWriter::new(
                    &self.silver,
                    format!("{folder}/{}.parquet", Uuid::now_v7().simple()),
                    BTreeMap::from([(self.partition_name.clone(), value.clone())]),
                    Arc::clone(&self.stored_schema),
                    &FileLayout::SortedBy(self.layout.key_names.clone()),
                )?;
                none.insert(Current { partition: value, rows: 0, writer })
            }
        };
        current.writer.write(rows).await?;
        current.rows += rows.num_rows() as u64;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), StageError> {
        if let Some(current) = self.current.take() {
            self.files.push(current.writer.finish().await?);
        }
        Ok(())
    }

    /// Completes the last file and returns all of them.
    pub(crate) async fn finish(mut self) -> Result<Vec<DataFile>, StageError> {
        self.close().await?;
        Ok(self.files)
    }
}

fn writing_error(error: arrow::error::ArrowError) -> StageError {
    StageError::engine("writing silver rows", DataFusionError::from(error))
}
