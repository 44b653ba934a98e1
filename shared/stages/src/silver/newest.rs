use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows};

use super::layout::SilverLayout;

/// A row among those of some batches: the batch, and the row within it.
pub(crate) type RowOfBatches = (usize, usize);

/// Bytes for each row that finding the newest ones takes beside the rows: an entry, a result, the
/// comparable key and the comparable age. Keys and versions are taken for numbers; longer ones take
/// more.
pub(crate) const BYTES_BESIDE_EACH_ROW: usize = 96;

/// Which of some rows are the newest of their key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    /// These rows, in the order of their keys.
    pub rows: Vec<RowOfBatches>,
    /// How many rows a newer one replaces.
    pub superseded: u64,
}

/// Finds the newest row of each key.
pub(crate) fn newest_of_key(
    layout: &SilverLayout,
    batches: &[RecordBatch],
) -> Result<Newest, ArrowError> {
    let keys = comparable(&layout.comparable_keys()?, &layout.key, batches)?;
    let ages = comparable(&layout.comparable_ages()?, &layout.age, batches)?;
    let mut order = entries(batches, &keys);
    order.sort_unstable_by(|left, right| {
        left.key
            .cmp(&right.key)
            .then_with(|| keys.row(left.number()).cmp(&keys.row(right.number())))
            .then_with(|| ages.row(left.number()).cmp(&ages.row(right.number())))
    });

    let same_key = |left: &Entry, right: &Entry| {
        left.key == right.key && keys.row(left.number()) == keys.row(right.number())
    };
    let mut newest = Newest { rows: Vec::with_capacity(order.len()), superseded: 0 };
    for (position, entry) in order.iter().enumerate() {
        if order.get(position + 1).is_some_and(|next| same_key(entry, next)) {
            newest.superseded += 1;
        } else {
            newest.rows.push((entry.batch as usize, entry.row as usize));
        }
    }
    Ok(newest)
}

/// A row on its way through the sort.
#[derive(Debug)]
struct Entry {
    /// The first bytes of the comparable key: they decide nearly always, without a look elsewhere.
    key: u128,
    batch: u32,
    row: u32,
    number: u32,
}

impl Entry {
    /// The row's number among those of all batches.
    fn number(&self) -> usize {
        self.number as usize
    }
}

fn entries(batches: &[RecordBatch], keys: &Rows) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(keys.num_rows());
    for (batch, rows) in (0..).zip(batches) {
        for row in 0..rows.num_rows() as u32 {
            let number = entries.len() as u32;
            let key = first_bytes(keys.row(number as usize).as_ref());
            entries.push(Entry { key, batch, row, number });
        }
    }
    entries
}

fn first_bytes(bytes: &[u8]) -> u128 {
    let mut first = [0; 16];
    let length = bytes.len().min(first.len());
    first[..length].copy_from_slice(&bytes[..length]);
    u128::from_be_bytes(first)
}

/// These columns of all batches, comparable.
fn comparable(
    converter: &RowConverter,
    columns: &[usize],
    batches: &[RecordBatch],
) -> Result<Rows, ArrowError> {
    let count = batches.iter().map(RecordBatch::num_rows).sum();
    let mut rows = converter.empty_rows(count, 0);
    for batch in batches {
        let columns: Vec<ArrayRef> =
            columns.iter().map(|index| Arc::clone(batch.column(*index))).collect();
        converter.append(&mut rows, &columns)?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use proptest::prelude::*;
    use smelt_domain::TableMode;

    use super::*;

    type Row = (Option<String>, Option<i64>, Option<i64>, i64);

    /// Rows with a key of two columns, a version and an arrival.
    fn layout() -> SilverLayout {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let schema = Schema::new(vec![
            field("name", DataType::Utf8),
            field("number", DataType::Int64),
            field("version", DataType::Int64),
            field("_arrival", DataType::Int64),
        ]);
        SilverLayout {
            schema: Arc::new(schema),
            key: vec![0, 1],
            age: vec![2, 3],
            stored: vec![0, 1, 2],
            mode: TableMode::Upsert,
            partition: Some("month".to_owned()),
            key_names: vec!["name".to_owned(), "number".to_owned()],
            deleted: None,
            has_old_rows: false,
        }
    }

    fn batch(rows: &[Row]) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|row| row.0.clone()).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| Some(row.3)).collect::<Int64Array>()),
        ];
        RecordBatch::try_new(layout().schema, columns).unwrap()
    }

    /// Few values, so that keys meet; long names that differ only after what is compared first.
    fn any_row() -> impl Strategy<Value = Row> {
        let name = prop_oneof![
            Just(None),
            "[ab]?".prop_map(Some),
            "[ab]".prop_map(|end| Some(format!("a name of over sixteen bytes {end}")))
        ];
        (name, prop::option::of(-2..3i64), prop::option::of(0..3i64), Just(0))
    }

    proptest! {
        #[test]
        fn the_newest_row_of_each_key_in_order_of_keys(
            mut batches in prop::collection::vec(prop::collection::vec(any_row(), 0..40), 0..4),
        ) {
            for (arrival, row) in (0..).zip(batches.iter_mut().flatten()) {
                row.3 = arrival;
            }
            let mut rows: Vec<&Row> = batches.iter().flatten().collect();
            rows.sort();
            let count = rows.len();
            rows.reverse();
            rows.dedup_by(|older, newer| (&older.0, older.1) == (&newer.0, newer.1));
            rows.reverse();

            let arrow: Vec<RecordBatch> = batches.iter().map(|rows| batch(rows)).collect();
            let newest = newest_of_key(&layout(), &arrow).unwrap();
            let found: Vec<&Row> =
                newest.rows.iter().map(|(batch, row)| &batches[*batch][*row]).collect();
            prop_assert_eq!(&found, &rows);
            prop_assert_eq!(newest.superseded as usize, count - rows.len());
        }
    }
}
