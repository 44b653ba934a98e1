//! Rows gathered by bucket, in bounded memory.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::common::utils::memory::get_record_batch_memory_size;

use super::scratch_file::{ScratchFile, Segment};
use crate::StageError;

/// Batches with fewer rows are put together: many small ones cost more than their rows.
const SMALL_BATCH_ROWS: usize = 4096;

/// Rows by bucket. What goes beyond the limit is moved to a scratch file; the bucket that holds most
/// goes first.
///
/// Shared by all who bring rows; within a bucket rows have no order.
#[derive(Debug)]
pub(crate) struct Shuffle {
    schema: SchemaRef,
    limits: Limits,
    scratch: ScratchFile,
    /// Bytes of all rows in memory, reservations included.
    held: AtomicUsize,
    buckets: RwLock<Vec<Arc<Bucket>>>,
}

/// What rows may take in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes in memory at a time.
    pub bytes: usize,
    /// Bytes that whoever loads a bucket needs beside the rows, for each of them.
    pub beside_each_row: usize,
}

#[derive(Debug, Default)]
struct Bucket {
    /// Bytes that its rows take in memory; changes only under the lock of `rows`.
    held: AtomicUsize,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    batches: Vec<RecordBatch>,
    small: Vec<RecordBatch>,
    segments: Vec<Segment>,
    /// Bytes that the rows of `segments` take in memory.
    spilled: usize,
    count: usize,
}

impl Shuffle {
    /// Rows of this schema; `scratch` is the folder for what goes beyond the limits.
    pub(crate) fn new(schema: SchemaRef, limits: Limits, scratch: &Path) -> Self {
        let scratch = ScratchFile::new(scratch);
        let (held, buckets) = Default::default();
        Self { schema, limits, scratch, held, buckets }
    }

    /// An empty one beside this one, for rows of this schema, which holds up to `bytes`.
    pub(crate) fn empty(&self, schema: SchemaRef, bytes: usize) -> Self {
        Self::new(schema, Limits { bytes, ..self.limits }, self.scratch.folder())
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Bytes that may be held in memory at a time.
    pub(crate) fn limit_bytes(&self) -> usize {
        self.limits.bytes
    }

    /// Adds rows to a bucket.
    pub(crate) fn push(&self, bucket: u32, batch: RecordBatch) -> Result<(), StageError> {
        let bytes = get_record_batch_memory_size(&batch);
        let bucket = self.bucket(bucket);
        {
            let mut rows = lock(&bucket.rows);
            rows.push(batch, &self.schema)?;
            bucket.held.fetch_add(bytes, Relaxed);
            self.held.fetch_add(bytes, Relaxed);
        }
        self.make_room()
    }

    /// Bytes needed to load a bucket and to work on its rows.
    pub(crate) fn bytes(&self, bucket: u32) -> usize {
        let bucket = self.bucket(bucket);
        let rows = lock(&bucket.rows);
        self.needed(&rows, bucket.held.load(Relaxed))
    }

    fn needed(&self, rows: &Rows, held: usize) -> usize {
        held + rows.spilled + rows.count * self.limits.beside_each_row
    }

    /// Takes all rows of a bucket into memory.
    pub(crate) fn load(self: &Arc<Self>, bucket: u32) -> Result<Loaded, StageError> {
        let (rows, held) = self.bucket(bucket).take();
        // What it holds is part of the reservation from here on.
        self.held.fetch_sub(held, Relaxed);
        let reserved = self.reserve(self.needed(&rows, held))?;
        let mut batches = Vec::new();
        for segment in rows.segments {
            batches.extend(self.scratch.read(segment)?);
        }
        batches.extend(rows.batches);
        batches.extend(rows.small);
        Ok(Loaded { batches, _reserved: reserved })
    }

    /// Counts bytes as held by rows until dropped, so that others make room for them.
    pub(crate) fn reserve(self: &Arc<Self>, bytes: usize) -> Result<Reserved, StageError> {
        self.held.fetch_add(bytes, Relaxed);
        let reserved = Reserved { bytes, shuffle: Arc::clone(self) };
        self.make_room()?;
        Ok(reserved)
    }

    /// Moves a bucket out of memory and returns what reads it from there, as often as needed.
    pub(crate) fn set_aside(self: &Arc<Self>, bucket: u32) -> Result<SetAside, StageError> {
        let (mut rows, held) = self.bucket(bucket).take();
        rows.spill(&self.schema, &self.scratch, held)?;
        self.held.fetch_sub(held, Relaxed);
        Ok(SetAside { segments: rows.segments, shuffle: Arc::clone(self) })
    }

    /// Moves rows out of memory until the limit is kept.
    fn make_room(&self) -> Result<(), StageError> {
        while self.held.load(Relaxed) > self.limits.bytes {
            let fullest = {
                let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
                buckets.iter().max_by_key(|bucket| bucket.held.load(Relaxed)).cloned()
            };
            let Some(fullest) = fullest.filter(|bucket| bucket.held.load(Relaxed) > 0) else {
                // Everything that is held is reserved; who reserved it gives it back.
                return Ok(());
            };
            // Only this bucket is locked: who brings rows to others goes on meanwhile.
            let mut rows = lock(&fullest.rows);
            let held = fullest.held.swap(0, Relaxed);
            rows.spill(&self.schema, &self.scratch, held)?;
            self.held.fetch_sub(held, Relaxed);
        }
        Ok(())
    }

    fn bucket(&self, number: u32) -> Arc<Bucket> {
        let number = number as usize;
        let existing = {
            let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
            buckets.get(number).cloned()
        };
        existing.unwrap_or_else(|| {
            let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
            let count = buckets.len().max(number + 1);
            buckets.resize_with(count, Arc::default);
            Arc::clone(&buckets[number])
        })
    }
}

impl Bucket {
    /// All rows, and the bytes that they took in memory.
    fn take(&self) -> (Rows, usize) {
        let mut rows = lock(&self.rows);
        (std::mem::take(&mut *rows), self.held.swap(0, Relaxed))
    }
}

impl Rows {
    fn push(&mut self, batch: RecordBatch, schema: &SchemaRef) -> Result<(), StageError> {
        self.count += batch.num_rows();
        if batch.num_rows() >= SMALL_BATCH_ROWS {
            self.batches.push(batch);
            return Ok(());
        }
        self.small.push(batch);
        if self.small.iter().map(RecordBatch::num_rows).sum::<usize>() >= SMALL_BATCH_ROWS {
            self.join_small(schema)?;
        }
        Ok(())
    }

    fn join_small(&mut self, schema: &SchemaRef) -> Result<(), StageError> {
        if !self.small.is_empty() {
            let joined = concat_batches(schema, &std::mem::take(&mut self.small))
                .map_err(|error| StageError::engine("gathering rows", error.into()))?;
            self.batches.push(joined);
        }
        Ok(())
    }

    /// Writes the rows in memory, which take so many bytes, to scratch space.
    fn spill(
        &mut self,
        schema: &SchemaRef,
        scratch: &ScratchFile,
        bytes: usize,
    ) -> Result<(), StageError> {
        self.join_small(schema)?;
        let batches = std::mem::take(&mut self.batches);
        if !batches.is_empty() {
            self.segments.push(scratch.write(schema, &batches)?);
        }
        self.spilled += bytes;
        Ok(())
    }
}

fn lock(rows: &Mutex<Rows>) -> MutexGuard<'_, Rows> {
    rows.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All rows of a bucket in memory.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub batches: Vec<RecordBatch>,
    _reserved: Reserved,
}

/// Bytes that count as held until this is dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    bytes: usize,
    shuffle: Arc<Shuffle>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.shuffle.held.fetch_sub(self.bytes, Relaxed);
    }
}

/// A bucket that lies in scratch space.
#[derive(Debug)]
pub(crate) struct SetAside {
    segments: Vec<Segment>,
    shuffle: Arc<Shuffle>,
}

impl SetAside {
    /// Reads the rows; the order is the same every time.
    pub(crate) fn read(&self) -> impl Iterator<Item = Result<RecordBatch, StageError>> {
        self.segments.iter().flat_map(|segment| match self.shuffle.scratch.read(*segment) {
            Ok(batches) => batches.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};

    use super::*;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]))
    }

    fn rows(numbers: std::ops::Range<i64>) -> RecordBatch {
        RecordBatch::try_new(schema(), vec![Arc::new(Int64Array::from_iter_values(numbers))])
            .unwrap()
    }

    fn numbers(batches: &[RecordBatch]) -> Vec<i64> {
        let mut numbers: Vec<i64> = batches
            .iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// Three buckets of 30,000 rows each, brought in batches of all sizes.
    fn filled(limit_bytes: usize) -> Arc<Shuffle> {
        let limits = Limits { bytes: limit_bytes, beside_each_row: 0 };
        let shuffle = Arc::new(Shuffle::new(schema(), limits, &std::env::temp_dir()));
        let mut from = 0;
        for size in [1, 10, 100, 1000, 5000].into_iter().cycle() {
            let to = (from + size).min(30_000);
            for bucket in [0, 2, 5] {
                shuffle.push(bucket, rows(from..to)).unwrap();
            }
            from = to;
            if from == 30_000 {
                return shuffle;
            }
        }
        unreachable!()
    }

    #[test]
    fn every_row_comes_back_from_its_bucket_whatever_fits_into_memory() {
        for limit_bytes in [0, 100_000, 10_000_000] {
            let shuffle = filled(limit_bytes);
            for bucket in [0, 2, 5] {
                assert!(shuffle.bytes(bucket) >= 30_000 * 8);
                let loaded = shuffle.load(bucket).unwrap();
                assert_eq!(numbers(&loaded.batches), Vec::from_iter(0..30_000));
            }
            assert!(shuffle.load(1).unwrap().batches.is_empty());
            assert_eq!(shuffle.held.load(Relaxed), 0);
        }
    }

    #[test]
    fn the_limit_is_kept() {
        let shuffle = filled(300_000);
        assert!(shuffle.held.load(Relaxed) <= 300_000);
        let loaded = shuffle.load(0).unwrap();
        assert!(shuffle.held.load(Relaxed) <= 300_000, "loading makes others leave");
        drop(loaded);
        let buckets = shuffle.buckets.read().unwrap();
        let spilled: usize = buckets.iter().map(|bucket| lock(&bucket.rows).spilled).sum();
        assert!(spilled >= 2 * 30_000 * 8 - 300_000);
    }

    #[test]
    fn rows_that_leave_memory_while_others_are_loaded_are_not_lost() {
        for _ in 0..20 {
            let shuffle = filled(400_000);
            std::thread::scope(|scope| {
                for bucket in [0, 2, 5] {
                    let shuffle = &shuffle;
                    scope.spawn(move || {
                        let loaded = shuffle.load(bucket).unwrap();
                        assert_eq!(numbers(&loaded.batches), Vec::from_iter(0..30_000));
                    });
                }
            });
        }
    }

    #[test]
    fn a_bucket_set_aside_is_read_as_often_as_needed() {
        let shuffle = filled(300_000);
        let aside = shuffle.set_aside(2).unwrap();
        for _ in 0..2 {
            let batches: Vec<RecordBatch> = aside.read().collect::<Result<_, _>>().unwrap();
            assert_eq!(numbers(&batches), Vec::from_iter(0..30_000));
        }
        assert!(shuffle.load(2).unwrap().batches.is_empty());
    }
}
