//! The rows of a table to an answer, chunk by chunk.

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use std::sync::Arc;

use crate::chunk::Chunk;
use crate::cursor::encode_cursor;
use crate::filter::Bounds;
use crate::first_rows::FirstRows;
use crate::groups::Groups;
use crate::query::Shape;
use crate::selection::Selection;
use crate::value::data_type;
use crate::{Answer, AnswerError, Query};

/// An answer on its way. Memory is held for groups, or for as many rows as a page has, not for the table.
#[derive(Debug)]
pub(crate) struct Evaluation<'query> {
    query: &'query Query,
    selection: Selection,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    Rows(FirstRows),
    Groups(Groups),
}

impl<'query> Evaluation<'query> {
    pub(crate) fn new(query: &'query Query) -> Result<Self, AnswerError> {
        let columns = query.columns();
        let progress = match &query.shape {
            Shape::Rows(select) => {
                let mut needed = vec![false; columns.all().len()];
                for &position in select {
                    needed[position] = true;
                }
                Progress::Rows(first_rows(query, needed)?)
            }
            Shape::Groups { keys, aggregates } => {
                Progress::Groups(Groups::new(keys, aggregates, columns))
            }
        };
        let selection = Selection::new(&query.filters, |column| columns.type_of(column));
        Ok(Self { query, selection, progress })
    }

    /// Whether a part of the table, of whose columns these bounds are known, can change the answer.
    pub(crate) fn may_change<'a>(&self, bounds: impl Fn(usize) -> &'a Bounds) -> bool {
        let is_wanted = match &self.progress {
            Progress::Rows(rows) => rows.may_want(&bounds),
            Progress::Groups(_) => true,
        };
        is_wanted && self.selection.may_match(bounds)
    }

    /// In which order to look at the parts of a table: those that may have the first rows come first.
    ///
    /// For groups it is the order of the file, in which floats are summed.
    pub(crate) fn route<'a>(
        &self,
        parts: usize,
        bounds: impl Fn(usize, usize) -> &'a Bounds,
    ) -> Vec<usize> {
        let mut route: Vec<usize> = (0..parts).collect();
        if let (Progress::Rows(_), Some(first)) = (&self.progress, self.query.order.first()) {
            // What is not known may come first; what is null comes last.
            route.sort_by(|&this, &that| {
                let this = bounds(this, first.column);
                let that = bounds(that, first.column);
                let nulls = that.may_be_known.cmp(&this.may_be_known);
                nulls.then_with(|| match (&this.range, &that.range) {
                    (Some(this), Some(that)) if first.descending => that.1.cmp(&this.1),
                    (Some(this), Some(that)) => this.0.cmp(&that.0),
                    (this, that) => this.is_some().cmp(&that.is_some()),
                })
            });
        }
        route
    }

    /// Takes more rows in.
    pub(crate) fn add(&mut self, chunk: &Chunk) -> Result<(), AnswerError> {
        let selected = self.selection.select(&chunk.columns)?;
        if selected.as_ref().is_some_and(|selected| selected.count_set_bits() == 0) {
            return Ok(());
        }
        match &mut self.progress {
            Progress::Rows(rows) => Ok(rows.add(chunk, selected)?),
            Progress::Groups(groups) => groups.add(chunk, selected),
        }
    }

    /// The answer.
    pub(crate) fn finish(self) -> Result<Answer, AnswerError> {
        let query = self.query;
        let columns = query.answer_columns();
        let (rows, positions): (FirstRows, Vec<usize>) = match (self.progress, &query.shape) {
            (Progress::Rows(rows), Shape::Rows(select)) => (rows, select.clone()),
            (Progress::Rows(rows), Shape::Groups { .. }) => (rows, Vec::new()),
            (Progress::Groups(groups), _) => {
                let mut rows = first_rows(query, vec![true; columns.len()])?;
                rows.add(&groups.finish(&columns)?, None)?;
                (rows, (0..columns.len()).collect())
            }
        };
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column_type)| Field::new(name, data_type(*column_type), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let Some(sorted) = rows.finish()? else {
            return Ok(Answer::new(columns, RecordBatch::new_empty(schema), None));
        };
        let shown = sorted.rows.rows.min(query.limit());
        let has_more = sorted.rows.rows > shown;
        let next = has_more.then(|| encode_cursor(query, &sorted.place(shown - 1)));
        let arrays =
            positions.iter().map(|&position| sorted.rows.columns[position].slice(0, shown));
        let rows = RecordBatch::try_new(schema, arrays.collect())?;
        Ok(Answer::new(columns, rows, next))
    }
}

/// One row more than the page has tells whether there is a next one.
fn first_rows(query: &Query, needed: Vec<bool>) -> Result<FirstRows, AnswerError> {
    let (order, after) = (&query.order, query.after.as_deref());
    Ok(FirstRows::new(order, query.order_types(), needed, after, query.limit() + 1)?)
}
