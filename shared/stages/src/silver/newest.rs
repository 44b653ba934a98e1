use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::compute::kernels::boolean::or;
use arrow::compute::kernels::cmp::distinct;
use arrow::error::ArrowError;

/// Keeps the last row of every run of equal keys in a sorted stream.
///
/// Rows come sorted by the key columns, then from oldest to newest.
#[derive(Debug)]
pub(crate) struct NewestOfKey {
    key: Vec<usize>,
    /// The last row seen: whether it is the newest of its key is known with the next one.
    last: Option<RecordBatch>,
    /// Rows that a newer one replaced.
    pub(crate) superseded: u64,
}

impl NewestOfKey {
    /// By the columns with these indices.
    pub(crate) fn new(key: Vec<usize>) -> Self {
        Self { key, last: None, superseded: 0 }
    }

    /// Takes the next rows and returns those that are known to be the newest of their key.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(Vec::new());
        }
        let mut newest = Vec::new();
        if let Some(last) = self.last.take() {
            if self.differ(&last, batch)?.value(0) {
                newest.push(last);
            } else {
                self.superseded += 1;
            }
        }
        if rows > 1 {
            let head = batch.slice(0, rows - 1);
            let is_newest = self.differ(&head, &batch.slice(1, rows - 1))?;
            let replaced = is_newest.len() - is_newest.true_count();
            self.superseded += replaced as u64;
            newest.push(if replaced == 0 { head } else { filter_record_batch(&head, &is_newest)? });
        }
        self.last = Some(batch.slice(rows - 1, 1));
        Ok(newest)
    }

    /// The last row of the stream.
    pub(crate) fn finish(&mut self) -> Option<RecordBatch> {
        self.last.take()
    }

    /// Whether the keys differ, row by row, over the shorter of the two.
    fn differ(&self, left: &RecordBatch, right: &RecordBatch) -> Result<BooleanArray, ArrowError> {
        let rows = left.num_rows().min(right.num_rows());
        let mut differ = BooleanArray::from(vec![false; rows]);
        for column in &self.key {
            let left = left.column(*column).slice(0, rows);
            let right = right.column(*column).slice(0, rows);
            differ = or(&differ, &distinct(&left, &right)?)?;
        }
        Ok(differ)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int64Array};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn batch(keys: &[Option<i64>], versions: &[i64]) -> RecordBatch {
        let keys: ArrayRef = Arc::new(Int64Array::from(keys.to_vec()));
        let versions: ArrayRef = Arc::new(Int64Array::from(versions.to_vec()));
        RecordBatch::try_from_iter_with_nullable([("k", keys, true), ("v", versions, true)])
            .unwrap()
    }

    fn run(batches: &[RecordBatch]) -> (Vec<i64>, u64) {
        let mut newest = NewestOfKey::new(vec![0]);
        let mut kept = Vec::new();
        for batch in batches {
            kept.extend(newest.push(batch).unwrap());
        }
        kept.extend(newest.finish());
        let versions = kept
            .iter()
            .flat_map(|b| b.column(1).as_primitive::<Int64Type>().values().to_vec())
            .collect();
        (versions, newest.superseded)
    }

    #[test]
    fn keeps_the_last_of_each_run_across_batches() {
        let one = batch(&[None, None, Some(1), Some(2)], &[1, 2, 3, 4]);
        let two = batch(&[Some(2)], &[5]);
        let three = batch(&[Some(2), Some(3)], &[6, 7]);
        assert_eq!(run(&[one, two, three]), (vec![2, 3, 6, 7], 3));
    }

    #[test]
    fn nothing_in_nothing_out() {
        assert_eq!(run(&[batch(&[], &[])]), (vec![], 0));
    }
}
