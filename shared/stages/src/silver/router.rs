use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray, UInt32Array,
};
use arrow::datatypes::Int64Type;
use datafusion::error::DataFusionError;

use super::key_log::{KeyEntry, KeyLog};
use super::layout::{SilverLayout, key_hashes};
use super::shuffle::Shuffle;
use crate::StageError;

/// Keys of new rows that are remembered one by one; beyond that only their range is.
const REMEMBERED_KEYS: usize = 4 << 20;

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// They are new.
    Bronze,
    /// Silver has them already.
    Silver,
}

/// Gathers rows by their partitions and remembers which key lies in which partition.
///
/// Shared by all producers.
#[derive(Debug)]
pub(crate) struct Router {
    layout: Arc<SilverLayout>,
    shuffle: Arc<Shuffle>,
    scratch: PathBuf,
    state: Mutex<RouterState>,
}

#[derive(Debug, Default)]
struct RouterState {
    partitions: BTreeMap<Option<String>, u32>,
    keys: Option<KeyLog>,
    /// First key column of new rows, when it is an integer: for finding old copies.
    new_keys: Vec<i64>,
    new_keys_range: Option<(i64, i64)>,
    gathered: u64,
    /// Hashes of keys to look out for among new rows, and those that were seen.
    watched: HashSet<u64>,
    watched_seen: HashSet<u64>,
}

impl Router {
    /// Gathers in `shuffle`, whose buckets are the partitions by their numbers.
    pub(crate) fn new(layout: Arc<SilverLayout>, shuffle: Arc<Shuffle>, scratch: PathBuf) -> Self {
        let state = RouterState { keys: Some(KeyLog::new()), ..RouterState::default() };
        Self { layout, shuffle, scratch, state: Mutex::new(state) }
    }

    /// Gathers the rows of a batch that are not left out, and remembers their keys.
    pub(crate) fn gather(
        &self,
        batch: &RecordBatch,
        left_out: Option<&BooleanArray>,
        origin: Origin,
    ) -> Result<(), StageError> {
        let partitions = self.remember(batch, left_out, origin)?;
        for (partition, rows) in split(&partitions) {
            let rows = self.layout.conform(batch, rows.as_ref()).map_err(routing_error)?;
            self.lock().gathered += rows.num_rows() as u64;
            self.shuffle.push(partition, rows)?;
        }
        Ok(())
    }

    /// Remembers which partitions the keys of rows lie in, without gathering the rows.
    pub(crate) fn note(&self, batch: &RecordBatch) -> Result<(), StageError> {
        self.remember(batch, None, Origin::Silver).map(|_| ())
    }

    /// Looks out for these keys, by their hashes, among the new rows to come.
    pub(crate) fn watch(&self, keys: HashSet<u64>) {
        self.lock().watched = keys;
    }

    /// Of the keys watched, those that new rows have.
    pub(crate) fn watched_keys_seen(&self) -> HashSet<u64> {
        self.lock().watched_seen.clone()
    }

    /// Partitions seen so far, by value, with their numbers.
    pub(crate) fn partitions(&self) -> BTreeMap<Option<String>, u32> {
        self.lock().partitions.clone()
    }

    /// Ends remembering and returns the keys seen in several partitions, with these partitions.
    pub(crate) fn keys_in_several_partitions(&self) -> Result<HashMap<u64, Vec<u32>>, StageError> {
        let keys = self.lock().keys.take();
        keys.map_or_else(|| Ok(HashMap::new()), KeyLog::in_several_partitions)
            .map_err(|source| self.scratch_error(source))
    }

    /// Rows gathered so far.
    pub(crate) fn gathered(&self) -> u64 {
        self.lock().gathered
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

    /// Remembers keys and returns the partition of each row, `None` for those left out.
    fn remember(
        &self,
        batch: &RecordBatch,
        left_out: Option<&BooleanArray>,
        origin: Origin,
    ) -> Result<Vec<Option<u32>>, StageError> {
        let key = self.layout.key_columns(batch).map_err(routing_error)?;
        let hashes = key_hashes(&key).map_err(routing_error)?;
        let values = self.layout.partition_texts(batch).map_err(routing_error)?;
        let mut state = self.lock();
        let partitions = state.partition_numbers(&values, left_out);
        if origin == Origin::Bronze && !state.watched.is_empty() {
            let seen = hashes.iter().filter(|hash| state.watched.contains(*hash));
            let seen: Vec<u64> = seen.copied().collect();
            state.watched_seen.extend(seen);
        }
        if let Some(keys) = &mut state.keys {
            let entries: Vec<KeyEntry> = hashes
                .into_iter()
                .zip(&partitions)
                .filter_map(|(hash, partition)| partition.map(|partition| (hash, partition)))
                .collect();
            keys.append(&entries, &self.scratch).map_err(|source| self.scratch_error(source))?;
        }
        if origin == Origin::Bronze && self.layout.has_old_rows {
            state.remember_keys(&key[0], &partitions);
        }
        Ok(partitions)
    }

    fn scratch_error(&self, source: std::io::Error) -> StageError {
        StageError::Scratch { place: self.scratch.display().to_string(), source }
    }
}

/// The partitions with their rows; `None` when all rows lie in one.
fn split(partitions: &[Option<u32>]) -> Vec<(u32, Option<UInt32Array>)> {
    if let Some(Some(first)) = partitions.first()
        && partitions.iter().all(|partition| *partition == Some(*first))
    {
        return vec![(*first, None)];
    }
    let mut rows_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, partition) in (0..).zip(partitions) {
        if let Some(partition) = partition {
            rows_of.entry(*partition).or_default().push(row);
        }
    }
    rows_of.into_iter().map(|(partition, rows)| (partition, Some(rows.into()))).collect()
}

impl RouterState {
    /// A small number for each row's partition.
    fn partition_numbers(
        &mut self,
        values: &StringViewArray,
        left_out: Option<&BooleanArray>,
    ) -> Vec<Option<u32>> {
        let mut numbers = Vec::with_capacity(values.len());
        // Neighbours mostly lie in the same partition.
        let mut last: Option<(Option<&str>, u32)> = None;
        for (row, value) in values.iter().enumerate() {
            if left_out.is_some_and(|left_out| left_out.value(row)) {
                numbers.push(None);
                continue;
            }
            let number = match last {
                Some((known, number)) if known == value => number,
                _ => {
                    let next = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
                    *self.partitions.entry(value.map(str::to_owned)).or_insert(next)
                }
            };
            last = Some((value, number));
            numbers.push(Some(number));
        }
        numbers
    }

    fn remember_keys(&mut self, first_key: &ArrayRef, partitions: &[Option<u32>]) {
        let Some(keys) = first_key.as_primitive_opt::<Int64Type>() else {
            return;
        };
        for (key, partition) in keys.iter().zip(partitions) {
            let (Some(key), Some(_)) = (key, partition) else { continue };
            let (least, greatest) = self.new_keys_range.unwrap_or((key, key));
            self.new_keys_range = Some((least.min(key), greatest.max(key)));
            if self.new_keys.len() < REMEMBERED_KEYS {
                self.new_keys.push(key);
            }
        }
    }
}

fn routing_error(error: DataFusionError) -> StageError {
    StageError::engine("gathering rows by partition", error)
}
