use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::error::DataFusionError;
use tokio::sync::mpsc;

use super::key_log::{KeyEntry, KeyLog};
use super::layout::SilverLayout;
use crate::StageError;

/// Keys of new rows that are remembered one by one; beyond that only their range is.
const REMEMBERED_KEYS: usize = 4 << 20;

/// Where rows on their way to the sorters come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// They are new.
    Bronze,
    /// Silver has them already.
    Silver,
}

/// Sends rows to the sorter of their partition and remembers which key lies in which partition.
///
/// Shared by all producers.
#[derive(Debug)]
pub(crate) struct Router {
    layout: SilverLayout,
    senders: Vec<mpsc::Sender<RecordBatch>>,
    scratch: PathBuf,
    state: Mutex<RouterState>,
}

#[derive(Debug, Default)]
struct RouterState {
    partitions: HashMap<Option<String>, u32>,
    keys: Option<KeyLog>,
    /// First key column of new rows, when it is an integer: for finding old copies.
    new_keys: Vec<i64>,
    new_keys_range: Option<(i64, i64)>,
    sent: u64,
}

impl Router {
    pub(crate) fn new(
        layout: SilverLayout,
        senders: Vec<mpsc::Sender<RecordBatch>>,
        scratch: PathBuf,
    ) -> Self {
        let state = RouterState { keys: Some(KeyLog::new()), ..RouterState::default() };
        Self { layout, senders, scratch, state: Mutex::new(state) }
    }

    /// Sends rows to their sorters and remembers their keys.
    pub(crate) async fn send(&self, rows: RecordBatch, origin: Origin) -> Result<(), StageError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let partitions = self.remember(&rows, origin)?;
        self.lock().sent += rows.num_rows() as u64;
        for (sorter, rows) in self.split(rows, &partitions)? {
            if self.senders[sorter].send(rows).await.is_err() {
                // The sorter has failed; its own error is reported by whoever waits for it.
                return Ok(());
            }
        }
        Ok(())
    }

    /// Remembers which partitions the keys of rows lie in, without sending the rows anywhere.
    pub(crate) fn note(&self, rows: &RecordBatch) -> Result<(), StageError> {
        self.remember(rows, Origin::Silver).map(|_| ())
    }

    /// Partitions seen so far, as text, by their numbers.
    pub(crate) fn partitions(&self) -> HashMap<u32, Option<String>> {
        let state = self.lock();
        state.partitions.iter().map(|(value, number)| (*number, value.clone())).collect()
    }

    /// Ends remembering and returns the keys seen in several partitions, with these partitions.
    pub(crate) fn keys_in_several_partitions(&self) -> Result<HashMap<u64, Vec<u32>>, StageError> {
        let keys = self.lock().keys.take();
        keys.map_or_else(|| Ok(HashMap::new()), KeyLog::in_several_partitions)
            .map_err(|source| self.scratch_error(source))
    }

    /// Rows sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.lock().sent
    }

    /// Whether a new row may have a key within these bounds of the first key column.
    pub(crate) fn may_have_new_key(&self, low: i64, high: i64) -> Option<(i64, i64)> {
        let mut state = self.lock();
        let (least, greatest) = state.new_keys_range?;
        if greatest < low || least > high {
            return None;
        }
        if state.new_keys.len() >= REMEMBERED_KEYS {
            return Some((least.max(low), greatest.min(high)));
        }
        if !state.new_keys.is_sorted() {
            state.new_keys.sort_unstable();
        }
        let from = state.new_keys.partition_point(|key| *key < low);
        let to = state.new_keys.partition_point(|key| *key <= high);
        (from < to).then(|| (state.new_keys[from], state.new_keys[to - 1]))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, RouterState> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn remember(&self, rows: &RecordBatch, origin: Origin) -> Result<Vec<u32>, StageError> {
        let hashes = key_hashes(&self.layout, rows)?;
        let values = partition_texts(&self.layout, rows)?;
        let mut state = self.lock();
        let partitions = state.partition_numbers(&values);
        if let Some(keys) = &mut state.keys {
            let entries: Vec<KeyEntry> =
                hashes.into_iter().zip(partitions.iter().copied()).collect();
            keys.append(&entries, &self.scratch).map_err(|source| self.scratch_error(source))?;
        }
        if origin == Origin::Bronze && self.layout.has_old_rows {
            state.remember_key(rows.column(self.layout.key[0]));
        }
        Ok(partitions)
    }

    fn scratch_error(&self, source: std::io::Error) -> StageError {
        StageError::Scratch { place: self.scratch.display().to_string(), source }
    }

    /// Splits rows by sorter: a partition's rows all go to the same one.
    fn split(
        &self,
        rows: RecordBatch,
        partitions: &[u32],
    ) -> Result<Vec<(usize, RecordBatch)>, StageError> {
        let sorters = self.senders.len();
        let sorter_of = |partition: u32| partition as usize % sorters;
        let first = sorter_of(partitions[0]);
        if partitions.iter().all(|partition| sorter_of(*partition) == first) {
            return Ok(vec![(first, rows)]);
        }
        let mut split = Vec::new();
        for sorter in 0..sorters {
            let own: UInt32Array = (0u32..)
                .zip(partitions)
                .filter(|(_, partition)| sorter_of(**partition) == sorter)
                .map(|(row, _)| row)
                .collect();
            if !own.is_empty() {
                let rows = take_record_batch(&rows, &own).map_err(routing_error)?;
                split.push((sorter, rows));
            }
        }
        Ok(split)
    }
}

impl RouterState {
    /// A small number for each row's partition.
    fn partition_numbers(&mut self, values: &StringViewArray) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(values.len());
        // Neighbours mostly lie in the same partition.
        let mut last: Option<(Option<&str>, u32)> = None;
        for value in values {
            let number = match last {
                Some((known, number)) if known == value => number,
                _ => {
                    let next = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
                    *self.partitions.entry(value.map(str::to_owned)).or_insert(next)
                }
            };
            last = Some((value, number));
            numbers.push(number);
        }
        numbers
    }

    fn remember_key(&mut self, first_key: &ArrayRef) {
        let Some(keys) = first_key.as_primitive_opt::<Int64Type>() else {
            return;
        };
        for key in keys.iter().flatten() {
            let (least, greatest) = self.new_keys_range.unwrap_or((key, key));
            self.new_keys_range = Some((least.min(key), greatest.max(key)));
            if self.new_keys.len() < REMEMBERED_KEYS {
                self.new_keys.push(key);
            }
        }
    }
}

/// The hash of each row's key.
pub(crate) fn key_hashes(
    layout: &SilverLayout,
    rows: &RecordBatch,
) -> Result<Vec<u64>, StageError> {
    let mut hashes = vec![0; rows.num_rows()];
    let columns: Vec<&ArrayRef> = layout.key.iter().map(|index| rows.column(*index)).collect();
    create_hashes(columns, &RandomState::with_seed(311), &mut hashes)
        .map_err(|error| StageError::engine("hashing keys", error))?;
    Ok(hashes)
}

/// The partition column as text.
pub(crate) fn partition_texts(
    layout: &SilverLayout,
    rows: &RecordBatch,
) -> Result<StringViewArray, StageError> {
    let column = rows.column(layout.partition);
    let texts = cast(column, &DataType::Utf8View).map_err(routing_error)?;
    Ok(texts.as_string_view().clone())
}

fn routing_error(error: arrow::error::ArrowError) -> StageError {
    StageError::engine("routing rows to partitions", DataFusionError::from(error))
}
