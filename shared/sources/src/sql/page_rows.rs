//! The rows of a page while they arrive.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::mark::Position;
use super::statement::OrderColumn;
use super::value::{Cell, ValueKind};
use crate::SourceBatch;
use crate::batch::{BatchLimit, RowNotes};

/// Collects a page; one row more than fits tells that there is another page.
#[derive(Debug)]
pub(super) struct PageRows {
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    notes: RowNotes,
    bytes: usize,
    limit: BatchLimit,
    /// Rows of the pull before this page.
    rows_before: u64,
    cursor: OrderColumn,
    key: OrderColumn,
    /// The place of the last row so far, also of the page before.
    pub(super) last: Option<Position>,
    pub(super) end: PageEnd,
}

/// What came behind the rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageEnd {
    /// Nothing: the page is the last one.
    Nothing,
    /// More rows.
    MoreRows,
    /// A row at the same place as the one before it.
    RepeatedPlace,
    /// A row whose place cannot be compared.
    UnorderedPlace,
}

/// What a page is made of.
#[derive(Debug, Clone)]
pub(super) struct PageShape {
    pub(super) schema: SchemaRef,
    pub(super) page_rows: usize,
    pub(super) cursor: OrderColumn,
    pub(super) key: OrderColumn,
}

impl PageRows {
    pub(super) fn new(shape: &PageShape, rows_before: u64, last: Option<Position>) -> Self {
        Self {
            schema: Arc::clone(&shape.schema),
            columns: shape.schema.fields().iter().map(|_| StringBuilder::new()).collect(),
            notes: RowNotes::default(),
            bytes: 0,
            limit: BatchLimit { rows: shape.page_rows },
            rows_before,
            cursor: shape.cursor.clone(),
            key: shape.key.clone(),
            last,
            end: PageEnd::Nothing,
        }
    }

    /// Takes the next row, its cursor and key behind its fields; breaks when no more are wanted.
    pub(super) fn push(&mut self, row: Vec<Option<Cell<'_>>>) -> ControlFlow<()> {
        let place = |index: usize| row.get(self.columns.len() + index).and_then(Option::as_ref);
        let (cursor, key) = (place(0), place(1));
        if [cursor, key].into_iter().flatten().any(|cell| cell.kind == ValueKind::Unordered) {
            self.end = PageEnd::UnorderedPlace;
            return ControlFlow::Break(());
        }
        let position = Position { cursor: self.cursor.place(cursor), key: self.key.place(key) };
        // Had the page ended between the two, the second would have been lost.
        if self.last.as_ref() == Some(&position) {
            self.end = PageEnd::RepeatedPlace;
            return ControlFlow::Break(());
        }
        let row_bytes: usize = row.iter().flatten().map(|cell| cell.text.len()).sum();
        self.bytes += row_bytes;
        if self.rows() > 0 && self.limit.reached(self.rows(), self.columns.len(), self.bytes) {
            self.end = PageEnd::MoreRows;
            return ControlFlow::Break(());
        }
        for (column, cell) in self.columns.iter_mut().zip(&row) {
            column.append_option(cell.as_ref().map(|cell| cell.text.as_ref()));
        }
        self.last = Some(position);
        self.notes.fine(self.rows_before + self.rows() as u64 + 1);
        ControlFlow::Continue(())
    }

    pub(super) fn rows(&self) -> usize {
        self.notes.rows()
    }

    pub(super) fn finish(mut self) -> Result<SourceBatch, ArrowError> {
        let columns = self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let columns = columns.collect();
        self.notes.finish(self.schema, columns)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::batch::text_schema;

    fn page(page_rows: usize) -> PageRows {
        let column = |name: &str| OrderColumn { name: name.to_owned(), kind: None };
        let schema = text_schema(["at", "id", "text"]);
        let shape = PageShape { schema, page_rows, cursor: column("at"), key: column("id") };
        PageRows::new(&shape, 10, None)
    }

    fn row(at: Option<&'static str>, id: &'static str, text: &str) -> Vec<Option<Cell<'static>>> {
        let cell = |text: &str| Cell { kind: ValueKind::Text, text: Cow::Owned(text.to_owned()) };
        let (at, id) = (at.map(cell), Some(cell(id)));
        vec![at.clone(), id.clone(), Some(cell(text)), at, id]
    }

    #[test]
    fn the_row_behind_a_full_page_only_tells_that_there_is_more() {
        let mut page = page(2);
        assert!(page.push(row(None, "1", "a")).is_continue());
        assert!(page.push(row(Some("x"), "2", "b")).is_continue());
        assert!(page.push(row(Some("x"), "3", "c")).is_break());
        assert_eq!(page.end, PageEnd::MoreRows);
        assert_eq!(page.last.as_ref().unwrap().key.as_ref().unwrap().text, "2");
        let batch = page.finish().unwrap();
        assert_eq!(batch.line.values(), &[11, 12]);
        assert_eq!(batch.fields.num_rows(), 2);
    }

    #[test]
    fn large_rows_make_short_pages() {
        let large = "x".repeat(40 * 1024 * 1024);
        let mut page = page(100);
        assert!(page.push(row(None, "1", &large)).is_continue());
        assert!(page.push(row(None, "2", "small")).is_break());
        assert_eq!((page.end, page.rows()), (PageEnd::MoreRows, 1));
    }

    #[test]
    fn rows_at_one_place_are_refused_also_across_pages() {
        let mut first = page(1);
        assert!(first.push(row(Some("x"), "1", "a")).is_continue());
        assert!(first.push(row(Some("x"), "1", "b")).is_break());
        assert_eq!(first.end, PageEnd::RepeatedPlace);
    }
}
