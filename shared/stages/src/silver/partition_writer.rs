use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use smelt_lake::{DataFile, DataFileWriter, FileLayout, PartitionValues, Table};
use uuid::Uuid;

use super::layout::SilverLayout;
use super::newest::RowOfBatches;
use crate::StageError;
use crate::folders::partition_folder;

/// Rows of one file: a key is found by reading one file of this size at most.
const ROWS_PER_FILE: usize = 1 << 20;
/// Rows that are put in order and written at once.
const ROWS_PER_BATCH: usize = 8192;

/// Writes the files of one partition.
#[derive(Debug)]
pub(crate) struct PartitionWriter {
    silver: Table,
    partition: PartitionValues,
    folder: String,
    stored: Vec<usize>,
    schema: SchemaRef,
    order: FileLayout,
    current: Option<DataFileWriter>,
    rows: usize,
    files: Vec<DataFile>,
}

impl PartitionWriter {
    pub(crate) fn new(
        silver: &Table,
        layout: &SilverLayout,
        partition: Option<String>,
    ) -> Result<Self, StageError> {
        let column = layout.partition.as_deref();
        Ok(Self {
            silver: silver.clone(),
            folder: partition_folder(column, partition.as_deref()),
            partition: column.map(|column| (column.to_owned(), partition)).into_iter().collect(),
            stored: layout.stored.clone(),
            schema: Arc::new(layout.schema.project(&layout.stored).map_err(writing_error)?),
            order: FileLayout::SortedBy(layout.key_names.clone()),
            current: None,
            rows: 0,
            files: Vec::new(),
        })
    }

    /// Writes these rows of these batches; they come in the order of their keys.
    pub(crate) async fn write(
        &mut self,
        batches: &[RecordBatch],
        rows: &[RowOfBatches],
    ) -> Result<(), StageError> {
        let stored: Vec<RecordBatch> = batches
            .iter()
            .map(|batch| batch.project(&self.stored))
            .collect::<Result<_, ArrowError>>()
            .map_err(writing_error)?;
        let stored: Vec<&RecordBatch> = stored.iter().collect();
        for rows in rows.chunks(ROWS_PER_BATCH) {
            let batch = interleave_record_batch(&stored, rows).map_err(writing_error)?;
            self.append(&batch).await?;
        }
        Ok(())
    }

    async fn append(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        if self.rows >= ROWS_PER_FILE {
            self.close().await?;
        }
        let current = match &mut self.current {
            Some(current) => current,
            none => {
                let path = format!("{}/{}.parquet", self.folder, Uuid::now_v7().simple());
                none.insert(DataFileWriter::new(
                    &self.silver,
                    path,
                    self.partition.clone(),
                    Arc::clone(&self.schema),
                    &self.order,
                )?)
            }
        };
        current.write(batch).await?;
        self.rows += batch.num_rows();
        Ok(())
    }

    async fn close(&mut self) -> Result<(), StageError> {
        if let Some(current) = self.current.take() {
            self.files.push(current.finish().await?);
            self.rows = 0;
        }
        Ok(())
    }

    /// Completes the last file and returns all of them.
    pub(crate) async fn finish(mut self) -> Result<Vec<DataFile>, StageError> {
        self.close().await?;
        Ok(self.files)
    }
}

fn writing_error(error: ArrowError) -> StageError {
    StageError::engine("writing silver rows", error.into())
}
