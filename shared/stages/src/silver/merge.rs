//! Writes the gathered partitions: the newest version of each key, in order of the keys.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{DataType, Field, SchemaBuilder, UInt32Type};
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use smelt_domain::PartitionsInRange;
use smelt_lake::{DataFile, Table};

use super::key_ranges::in_parts;
use super::layout::{SilverLayout, key_hashes};
use super::newest::{Newest, RowOfBatches, newest_of_key};
use super::partition_writer::PartitionWriter;
use super::shuffle::Shuffle;
use crate::StageError;
use crate::parallel::in_parallel;

/// Column of rows that are held back: the number of their partition.
const PARTITION: &str = "_partition";
/// Of what the shuffle may hold, rows that are held back may take one part in so many.
const HELD_BACK_PART: usize = 8;

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Files written.
    pub files: Vec<DataFile>,
    /// Rows that stayed in partitions that are not written.
    pub unwritten: u64,
    /// Rows that another row of their key replaced.
    pub superseded: u64,
    /// Rows that stayed and delete their key, so that nothing is written of it.
    pub deletes: u64,
}

impl Merged {
    fn add(&mut self, other: Merged) {
        self.files.extend(other.files);
        self.unwritten += other.unwritten;
        self.superseded += other.superseded;
        self.deletes += other.deletes;
    }
}

/// The gathered rows and what is to become of them.
#[derive(Debug, Clone)]
pub(crate) struct Merge {
    silver: Table,
    layout: Arc<SilverLayout>,
    /// Partitions that are written; of the others only the counts are of interest.
    writes: PartitionsInRange,
    /// The rows; the buckets are partitions.
    rows: Arc<Shuffle>,
    /// Hashes of keys that were seen in several partitions: only one of these keeps the key.
    suspects: Arc<HashSet<u64>>,
    /// The newest rows of suspect keys from each partition; one bucket.
    held_back: Arc<Shuffle>,
}

impl Merge {
    pub(crate) fn new(
        silver: Table,
        layout: Arc<SilverLayout>,
        writes: PartitionsInRange,
        rows: Arc<Shuffle>,
        suspects: HashSet<u64>,
    ) -> Self {
        let mut fields = SchemaBuilder::from(layout.schema.as_ref().clone());
        fields.push(Field::new(PARTITION, DataType::UInt32, false));
        let limit = rows.limit_bytes() / HELD_BACK_PART;
        let held_back = rows.empty(Arc::new(fields.finish()), limit);
        let (suspects, held_back) = (Arc::new(suspects), Arc::new(held_back));
        Self { silver, layout, writes, rows, suspects, held_back }
    }

    /// Writes the partitions (by value, with their buckets), so many at a time, then settles the
    /// keys that were seen in several of them.
    pub(crate) async fn run(
        self,
        partitions: BTreeMap<Option<String>, u32>,
        parallelism: usize,
    ) -> Result<Merged, StageError> {
        let share = self.rows.limit_bytes() / parallelism.max(1);
        let jobs = partitions.clone().into_iter().map(|(value, bucket)| {
            let merge = self.clone();
            async move { merge.partition(value, bucket, share).await }
        });
        let mut merged = Merged::default();
        for partition in in_parallel(parallelism, jobs).await? {
            merged.add(partition);
        }
        let values = partitions.into_iter().map(|(value, bucket)| (bucket, value)).collect();
        merged.add(self.settle(values).await?);
        Ok(merged)
    }

    /// Writes the newest rows of a partition, except those of suspect keys, which are held back.
    async fn partition(
        self,
        value: Option<String>,
        bucket: u32,
        share: usize,
    ) -> Result<Merged, StageError> {
        let mut writer = self.writer(value)?;
        let mut merged = Merged::default();
        let parts = in_parts(&self.layout, &self.rows, bucket, share)?;
        for part in parts.buckets.clone() {
            let loaded = parts.rows.load(part)?;
            let newest = newest_of_key(&self.layout, &loaded.batches).map_err(merging_error)?;
            merged.superseded += newest.superseded;
            let mut clear = self.hold_back(&loaded.batches, newest, bucket)?;
            merged.deletes += self.take_deletes(&loaded.batches, &mut clear);
            match &mut writer {
                Some(writer) => writer.write(&loaded.batches, &clear).await?,
                None => merged.unwritten += clear.len() as u64,
            }
        }
        if let Some(writer) = writer {
            merged.files = writer.finish().await?;
        }
        Ok(merged)
    }

    /// The writer of a partition; `None` of one that is not written.
    fn writer(&self, value: Option<String>) -> Result<Option<PartitionWriter>, StageError> {
        let is_written = self.writes.contains(value.as_deref());
        is_written.then(|| PartitionWriter::new(&self.silver, &self.layout, value)).transpose()
    }

    /// Takes out the rows that delete their key and returns how many there were.
    fn take_deletes(&self, batches: &[RecordBatch], rows: &mut Vec<RowOfBatches>) -> u64 {
        if self.layout.deleted.is_none() {
            return 0;
        }
        let before = rows.len();
        rows.retain(|(batch, row)| !self.layout.deletes(&batches[*batch], *row));
        (before - rows.len()) as u64
    }

    /// Holds back the rows of suspect keys and returns the others.
    fn hold_back(
        &self,
        batches: &[RecordBatch],
        newest: Newest,
        partition: u32,
    ) -> Result<Vec<RowOfBatches>, StageError> {
        if self.suspects.is_empty() {
            return Ok(newest.rows);
        }
        let hashes = batches.iter().map(|batch| key_hashes(&self.layout.key_columns(batch)?));
        let hashes: Vec<Vec<u64>> = hashes
            .collect::<Result<_, DataFusionError>>()
            .map_err(|error| StageError::engine("merging silver rows", error))?;
        let (suspect, clear): (Vec<_>, Vec<_>) = newest
            .rows
            .into_iter()
            .partition(|(batch, row)| self.suspects.contains(&hashes[*batch][*row]));
        if !suspect.is_empty() {
            let rows = self.with_partition(batches, &suspect, partition).map_err(merging_error)?;
            self.held_back.push(0, rows)?;
        }
        Ok(clear)
    }

    fn with_partition(
        &self,
        batches: &[RecordBatch],
        rows: &[RowOfBatches],
        partition: u32,
    ) -> Result<RecordBatch, ArrowError> {
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        let rows = interleave_record_batch(&batches, rows)?;
        let partition: ArrayRef = Arc::new(UInt32Array::from_value(partition, rows.num_rows()));
        let columns = rows.columns().iter().cloned().chain([partition]).collect();
        RecordBatch::try_new(Arc::clone(self.held_back.schema()), columns)
    }

    /// Of the rows that were held back, writes the newest of each key over all partitions.
    async fn settle(&self, values: HashMap<u32, Option<String>>) -> Result<Merged, StageError> {
        let mut merged = Merged::default();
        let share = self.held_back.limit_bytes();
        let parts = in_parts(&self.layout, &self.held_back, 0, share)?;
        for part in parts.buckets.clone() {
            let loaded = parts.rows.load(part)?;
            let mut newest = newest_of_key(&self.layout, &loaded.batches).map_err(merging_error)?;
            merged.superseded += newest.superseded;
            merged.deletes += self.take_deletes(&loaded.batches, &mut newest.rows);
            for (partition, rows) in by_partition(&loaded.batches, &newest.rows) {
                let value = values.get(&partition).cloned().flatten();
                let Some(mut writer) = self.writer(value)? else {
                    merged.unwritten += rows.len() as u64;
                    continue;
                };
                writer.write(&loaded.batches, &rows).await?;
                merged.files.extend(writer.finish().await?);
            }
        }
        Ok(merged)
    }
}

/// Rows by the number of their partition, each in the order given.
fn by_partition(
    batches: &[RecordBatch],
    rows: &[RowOfBatches],
) -> BTreeMap<u32, Vec<RowOfBatches>> {
    let column = |batch: &RecordBatch| {
        batch.column(batch.num_columns() - 1).as_primitive::<UInt32Type>().clone()
    };
    let partitions: Vec<UInt32Array> = batches.iter().map(column).collect();
    let mut by_partition: BTreeMap<u32, Vec<RowOfBatches>> = BTreeMap::new();
    for (batch, row) in rows {
        by_partition.entry(partitions[*batch].value(*row)).or_default().push((*batch, *row));
    }
    by_partition
}

fn merging_error(error: ArrowError) -> StageError {
    StageError::engine("merging silver rows", error.into())
}
