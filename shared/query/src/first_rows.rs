//! The first rows of an order, from any number of rows in any order.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{SortOptions, is_null, sort_to_indices, take};
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, SortField};
use smelt_domain::ColumnType;

use crate::chunk::Chunk;
use crate::coded;
use crate::filter::{Bounds, Comparison, Test};
use crate::query::Order;
use crate::selection::{Matcher, truth};
use crate::value::{Value, array_of, data_type};

/// Rows that may be held beside those that are kept, before what is not kept is let go.
const SPARE_ROWS: usize = 64 * 1_024;
/// With so many times as many rows as are kept, it pays to look for the first of them by the first column alone.
const MANY: usize = 2;

/// Keeps the first rows that come after a place in an order.
///
/// The first column of the order decides about most rows: what it rules out is never compared whole.
#[derive(Debug)]
pub(crate) struct FirstRows {
    order: Vec<Order>,
    types: Vec<ColumnType>,
    /// Of each column of a chunk, whether it is in the answer or the order.
    needed: Vec<bool>,
    /// How many rows are kept.
    most: usize,
    converter: RowConverter,
    after: Option<After>,
    kept: Vec<Kept>,
    /// Whether `kept` has all rows that are wanted, and the value of the last of them in the first column.
    full: Option<Option<Value>>,
    chunks: Vec<Chunk>,
    held_rows: usize,
}

/// The row before the first one that is wanted.
#[derive(Debug)]
struct After {
    row: OwnedRow,
    first: Option<Value>,
}

/// A row by its place in the order; `key` compares as the rows do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    key: Box<[u8]>,
    chunk: usize,
    row: usize,
}

/// The rows that were kept, first to last.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) rows: Chunk,
    /// Of each row, its values in the columns of the order.
    order: Vec<usize>,
}

impl Sorted {
    /// The values of a row in the columns of the order.
    pub(crate) fn place(&self, row: usize) -> Vec<Option<Value>> {
        self.order.iter().map(|&column| Value::at(&self.rows.columns[column], row)).collect()
    }
}

impl FirstRows {
    /// Keeps `most` rows behind `after`; `needed` says which columns the answer has.
    pub(crate) fn new(
        order: &[Order],
        types: Vec<ColumnType>,
        mut needed: Vec<bool>,
        after: Option<&[Option<Value>]>,
        most: usize,
    ) -> Result<Self, ArrowError> {
        for order in order {
            needed[order.column] = true;
        }
        let fields = order.iter().zip(&types).map(|(order, column_type)| {
            SortField::new_with_options(data_type(*column_type), sort_options(*order))
        });
        let converter = RowConverter::new(fields.collect())?;
        let after = match after {
            None => None,
            Some(values) => Some(After {
                row: row_of(&converter, &types, values)?,
                first: values.first().cloned().flatten(),
            }),
        };
        Ok(Self {
            order: order.to_vec(),
            types,
            needed,
            most,
            converter,
            after,
            kept: Vec::new(),
            full: None,
            chunks: Vec::new(),
            held_rows: 0,
        })
    }

    /// Whether a part of the table may have rows that are wanted still.
    pub(crate) fn may_want<'a>(&self, bounds: impl Fn(usize) -> &'a Bounds) -> bool {
        let Some(first) = self.order.first() else { return self.full.is_none() };
        let bounds = bounds(first.column);
        let not_behind = self.not_behind().is_none_or(|test| bounds.may_match(&test));
        let (from, or_null) = self.from();
        let not_before =
            from.is_none_or(|test| bounds.may_match(&test)) || or_null && bounds.may_be_null;
        not_behind && not_before
    }

    /// What is true of the first column of all rows that are not behind those that are kept.
    fn not_behind(&self) -> Option<Test> {
        let last = self.full.as_ref()?.clone()?;
        let descending = self.order.first()?.descending;
        let comparison =
            if descending { Comparison::GreaterOrEqual } else { Comparison::LessOrEqual };
        Some(Test::Compare(comparison, last))
    }

    /// What is true of the first column of all rows that come after; and whether it may be unknown as well.
    fn from(&self) -> (Option<Test>, bool) {
        let Some((after, order)) = self.after.as_ref().zip(self.order.first()) else {
            return (None, true);
        };
        match &after.first {
            None => (Some(Test::Null(true)), true),
            Some(value) => {
                let comparison = if order.descending {
                    Comparison::LessOrEqual
                } else {
                    Comparison::GreaterOrEqual
                };
                (Some(Test::Compare(comparison, value.clone())), true)
            }
        }
    }

    /// Adds the selected rows of a chunk.
    pub(crate) fn add(
        &mut self,
        chunk: &Chunk,
        selected: Option<BooleanBuffer>,
    ) -> Result<(), ArrowError> {
        let candidates = self.candidates(chunk, selected)?;
        if candidates.is_empty() {
            return Ok(());
        }
        let columns: Result<Vec<ArrayRef>, ArrowError> = self
            .order
            .iter()
            .map(|order| coded::decode(&take(&chunk.columns[order.column], &candidates, None)?))
            .collect();
        let mut added = false;
        let rows = match self.order.is_empty() {
            // Without an order there is one row at most.
            true => None,
            false => Some(self.converter.convert_columns(&columns?)?),
        };
        let after = self.after.as_ref().map(|after| after.row.as_ref());
        for (place, &row) in candidates.values().iter().enumerate() {
            let key: &[u8] = match &rows {
                None => &[],
                Some(rows) => {
                    let key = rows.row(place).data();
                    if after.is_some_and(|after| key <= after) {
                        continue;
                    }
                    key
                }
            };
            self.kept.push(Kept { key: key.into(), chunk: self.chunks.len(), row: row as usize });
            added = true;
        }
        if added {
            self.chunks.push(chunk.slice(0, chunk.rows, &self.needed));
            self.held_rows += chunk.rows;
            self.let_go()?;
        }
        Ok(())
    }

    /// The rows that may be among the first, as far as the first column of the order tells.
    fn candidates(
        &self,
        chunk: &Chunk,
        selected: Option<BooleanBuffer>,
    ) -> Result<UInt32Array, ArrowError> {
        let mut selected = selected;
        let Some(order) = self.order.first().copied() else { return Ok(indices(selected, chunk)) };
        let first = &chunk.columns[order.column];
        if let Some(test) = self.not_behind() {
            narrow(&mut selected, Matcher::new(self.types[0], test).matches(first)?);
        }
        let mut ties = 0;
        if let (Some(test), _) = self.from() {
            let mut wanted = Matcher::new(self.types[0], test.clone()).matches(first)?;
            if let Test::Compare(_, value) = test {
                wanted = &wanted | &truth(is_null(first)?);
                let same = Test::AnyOf(vec![value]);
                ties = Matcher::new(self.types[0], same).matches(first)?.count_set_bits();
            } else {
                ties = chunk.rows;
            }
            narrow(&mut selected, wanted);
        }
        let rows = indices(selected, chunk);
        // Rows that equal the place in the first column may come before it: as many more are needed.
        let most = self.most + ties;
        if rows.len() <= most * MANY {
            return Ok(rows);
        }
        first_of(first, order, self.types[0], rows, most)
    }

    /// Lets go of rows that are not among the first.
    fn let_go(&mut self) -> Result<(), ArrowError> {
        if self.kept.len() >= self.most {
            self.kept.select_nth_unstable(self.most - 1);
            self.kept.truncate(self.most);
            let last = &self.kept[self.most - 1];
            self.full = self
                .order
                .first()
                .map(|order| Value::at(&self.chunks[last.chunk].columns[order.column], last.row));
        }
        if self.held_rows > self.kept.len() + SPARE_ROWS {
            let held = self.gather()?;
            for (row, kept) in self.kept.iter_mut().enumerate() {
                (kept.chunk, kept.row) = (0, row);
            }
            self.held_rows = held.rows;
            self.chunks = vec![held];
        }
        Ok(())
    }

    fn gather(&self) -> Result<Chunk, ArrowError> {
        let picks: Vec<(usize, usize)> =
            self.kept.iter().map(|kept| (kept.chunk, kept.row)).collect();
        Chunk::gather(&self.chunks, &picks, &self.needed)
    }

    /// The rows, first to last; `None` if there are none.
    pub(crate) fn finish(mut self) -> Result<Option<Sorted>, ArrowError> {
        if self.kept.is_empty() {
            return Ok(None);
        }
        self.kept.sort_unstable();
        let mut rows = self.gather()?;
        for column in &mut rows.columns {
            *column = coded::decode(column)?;
        }
        Ok(Some(Sorted { rows, order: self.order.iter().map(|order| order.column).collect() }))
    }
}

fn sort_options(order: Order) -> SortOptions {
    SortOptions { descending: order.descending, nulls_first: false }
}

fn row_of(
    converter: &RowConverter,
    types: &[ColumnType],
    values: &[Option<Value>],
) -> Result<OwnedRow, ArrowError> {
    let columns: Result<Vec<ArrayRef>, ArrowError> = types
        .iter()
        .zip(values)
        .map(|(column_type, value)| array_of(*column_type, std::slice::from_ref(value)))
        .collect();
    Ok(converter.convert_columns(&columns?)?.row(0).owned())
}

fn narrow(selected: &mut Option<BooleanBuffer>, more: BooleanBuffer) {
    *selected = Some(match selected.take() {
        Some(before) => &before & &more,
        None => more,
    });
}

fn indices(selected: Option<BooleanBuffer>, chunk: &Chunk) -> UInt32Array {
    match selected {
        None => (0..chunk.rows as u32).collect(),
        Some(selected) => selected.set_indices().map(|row| row as u32).collect(),
    }
}

/// Of these rows those that are not behind the first `most` of them by their first column alone.
fn first_of(
    column: &ArrayRef,
    order: Order,
    column_type: ColumnType,
    rows: UInt32Array,
    most: usize,
) -> Result<UInt32Array, ArrowError> {
    let values = take(column, &rows, None)?;
    // Codes compare as their texts.
    let comparable = match coded::parts(&values) {
        Some((codes, _)) => std::sync::Arc::new(codes.clone()) as ArrayRef,
        None => values.clone(),
    };
    let first = sort_to_indices(&comparable, Some(sort_options(order)), Some(most))?;
    let Some(last) = first.values().last() else { return Ok(rows) };
    let Some(last) = Value::at(&values, *last as usize) else { return Ok(rows) };
    let comparison =
        if order.descending { Comparison::GreaterOrEqual } else { Comparison::LessOrEqual };
    let mut not_behind = Matcher::new(column_type, Test::Compare(comparison, last));
    let wanted = not_behind.matches(&values)?;
    Ok(wanted.set_indices().map(|place| rows.value(place)).collect())
}
