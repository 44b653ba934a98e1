//! Rows that do not fit into memory at once, in ranges of keys that do.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::row::{OwnedRow, RowConverter, Rows};
use datafusion::error::Result as EngineResult;

use super::layout::SilverLayout;
use super::shuffle::{Reserved, SetAside, Shuffle};
use crate::StageError;

/// Of so many rows one is looked at to find the bounds of the ranges.
const SAMPLE_EVERY: usize = 64;

/// A bucket in parts, each of which can be loaded: the keys of a part are greater than those of the
/// parts before it.
pub(crate) struct Parts {
    pub rows: Arc<Shuffle>,
    /// The parts' buckets in `rows`.
    pub buckets: Range<u32>,
    _reserved: Option<Reserved>,
}

/// The bucket itself, if it can be loaded within `share` bytes; else ranges of its keys.
pub(crate) fn in_parts(
    layout: &SilverLayout,
    rows: &Arc<Shuffle>,
    bucket: u32,
    share: usize,
) -> Result<Parts, StageError> {
    let bytes = rows.bytes(bucket);
    if bytes <= share {
        let rows = Arc::clone(rows);
        return Ok(Parts { rows, buckets: bucket..bucket + 1, _reserved: None });
    }
    let aside = rows.set_aside(bucket)?;
    let reserved = rows.reserve(share)?;
    let ranges = Arc::new(rows.empty(Arc::clone(rows.schema()), share));
    // Sampled bounds are not exact: a range is planned at half of what it may take.
    let planned = 2 * bytes / share.max(1) + 1;
    let count = split_by_key(layout, &aside, planned, &ranges)?;
    Ok(Parts { rows: ranges, buckets: 0..count, _reserved: Some(reserved) })
}

/// Splits rows into about `ranges` buckets of about the same size. Returns how many buckets there
/// are.
fn split_by_key(
    layout: &SilverLayout,
    rows: &SetAside,
    ranges: usize,
    into: &Shuffle,
) -> Result<u32, StageError> {
    let failed = |error| StageError::engine("splitting rows by key", error);
    let keys = Keys::new(layout).map_err(failed)?;
    let mut sample: Vec<OwnedRow> = Vec::new();
    for batch in rows.read() {
        let keys = keys.of(&batch?).map_err(failed)?;
        sample.extend((0..keys.num_rows()).step_by(SAMPLE_EVERY).map(|row| keys.row(row).owned()));
    }
    sample.sort_unstable();
    let mut bounds: Vec<OwnedRow> = (1..ranges)
        .filter_map(|range| sample.get(range * sample.len() / ranges).cloned())
        .collect();
    bounds.dedup();

    for batch in rows.read() {
        let batch = batch?;
        let keys = keys.of(&batch).map_err(failed)?;
        let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); bounds.len() + 1];
        for (number, key) in (0..).zip(keys.iter()) {
            rows_of[bounds.partition_point(|bound| bound.row() <= key)].push(number);
        }
        for (range, rows) in (0..).zip(rows_of) {
            if !rows.is_empty() {
                let rows = take_record_batch(&batch, &UInt32Array::from(rows));
                into.push(range, rows.map_err(|error| failed(error.into()))?)?;
            }
        }
    }
    Ok(bounds.len() as u32 + 1)
}

/// Makes keys comparable.
struct Keys<'a> {
    layout: &'a SilverLayout,
    converter: RowConverter,
}

impl<'a> Keys<'a> {
    fn new(layout: &'a SilverLayout) -> EngineResult<Self> {
        Ok(Self { layout, converter: layout.comparable_keys()? })
    }

    fn of(&self, batch: &RecordBatch) -> EngineResult<Rows> {
        Ok(self.converter.convert_columns(&self.layout.key_columns(batch)?)?)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use smelt_domain::TableMode;

    use super::super::shuffle::Limits;
    use super::*;

    fn layout() -> SilverLayout {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        SilverLayout {
            schema: Arc::new(Schema::new(vec![field("number"), field("_arrival")])),
            key: vec![0],
            age: vec![1],
            stored: vec![0],
            mode: TableMode::Upsert,
            partition: Some("month".to_owned()),
            key_names: vec!["number".to_owned()],
            deleted: None,
            has_old_rows: false,
        }
    }

    fn shuffle(bytes: usize) -> Arc<Shuffle> {
        let limits = Limits { bytes, beside_each_row: 0 };
        Arc::new(Shuffle::new(layout().schema, limits, &std::env::temp_dir()))
    }

    /// 100,000 rows of 50,000 keys, null among them, in no order.
    fn shuffled() -> (Arc<Shuffle>, Vec<Option<i64>>) {
        let shuffle = shuffle(100_000);
        let keys: Vec<Option<i64>> =
            (0..100_000i64).map(|n| Some(n * 7_919 % 50_000).filter(|key| *key != 3)).collect();
        for keys in keys.chunks(3_000) {
            let columns: Vec<arrow::array::ArrayRef> = vec![
                Arc::new(Int64Array::from(keys.to_vec())),
                Arc::new(Int64Array::from_iter_values(0..keys.len() as i64)),
            ];
            shuffle.push(0, RecordBatch::try_new(layout().schema, columns).unwrap()).unwrap();
        }
        (shuffle, keys)
    }

    fn keys_of(parts: &Parts) -> Vec<Vec<Option<i64>>> {
        let keys_of = |bucket| {
            let loaded = parts.rows.load(bucket).unwrap();
            let batches = loaded.batches.iter();
            let keys = batches.flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().iter());
            let mut keys: Vec<Option<i64>> = keys.collect();
            keys.sort_unstable();
            keys
        };
        parts.buckets.clone().map(keys_of).collect()
    }

    #[test]
    fn ranges_follow_each_other_share_no_key_and_lose_no_row() {
        let (shuffle, mut expected) = shuffled();
        let share = shuffle.bytes(0) / 4;
        let parts = in_parts(&layout(), &shuffle, 0, share).unwrap();
        let ranges = keys_of(&parts);
        assert_eq!(ranges.len(), 9);
        assert!(ranges.iter().all(|keys| keys.len() < 100_000 / 4), "each fits into its share");
        assert!(ranges.windows(2).all(|pair| pair[0].last() < pair[1].first()));
        expected.sort_unstable();
        assert_eq!(ranges.concat(), expected);
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let (shuffle, expected) = shuffled();
        let parts = in_parts(&layout(), &shuffle, 0, shuffle.bytes(0)).unwrap();
        let ranges = keys_of(&parts);
        assert_eq!((ranges.len(), ranges[0].len()), (1, expected.len()));
    }

    #[test]
    fn nothing_is_one_empty_part() {
        let parts = in_parts(&layout(), &shuffle(0), 0, 0).unwrap();
        assert_eq!(keys_of(&parts), [vec![]]);
    }
}
