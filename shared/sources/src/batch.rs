//! Rows collected into Arrow batches of strings.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::error::{FileError, SinkClosed};
use crate::read::ReadSummary;
use crate::window::Window;

/// A batch is handed over early when its text reaches this size, in bytes.
const BATCH_BYTES: usize = 32 * 1024 * 1024;
/// A batch is handed over early when it has this many cells: very wide tables get short batches.
const BATCH_CELLS: usize = 4 * 1024 * 1024;
/// Raw text kept of a record that is too long to keep whole, in bytes.
pub(crate) const EXCERPT_BYTES: usize = 1024;
/// Bytes behind the longest record that have to be seen to know that it ended: CR LF, or a quote.
pub(crate) const LOOK_AHEAD_BYTES: usize = 2;
/// More columns than any table has; field names beyond this are data.
pub(crate) const MAX_COLUMNS: usize = 10_000;

/// Rows of one file, every field as a string. All arrays have one entry per row.
#[derive(Debug, Clone)]
pub struct SourceBatch {
    /// One nullable Utf8 column per source column, under normalised names. All null in malformed rows.
    pub fields: RecordBatch,
    /// 1-based physical line on which the record starts; the 1-based row for JSON arrays and Parquet.
    pub line: Int64Array,
    /// Why the row could not be read; null when it is fine.
    pub malformed: StringArray,
    /// The raw text of a malformed row; null when the row is fine.
    pub raw: StringArray,
}

/// Fields up to this many bytes are copied without a call, see [`TextColumn::push`].
const SHORT: usize = 16;

/// When a batch is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimit {
    pub(crate) rows: usize,
}

impl BatchLimit {
    pub(crate) fn reached(self, rows: usize, columns: usize, bytes: usize) -> bool {
        rows >= self.rows || bytes >= BATCH_BYTES || rows * columns >= BATCH_CELLS
    }
}

/// The column of strings that CSV is read into: appending is two plain copies. Empty stands for
/// null, except where it was pushed as a text.
#[derive(Debug)]
pub(crate) struct TextColumn {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    /// Rows whose text is empty and not null, ascending.
    empty_texts: Vec<usize>,
}

impl TextColumn {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), offsets: vec![0], empty_texts: Vec::new() }
    }

    /// Appends a range of `data`, which must be valid UTF-8, or [`finish`](Self::finish) fails.
    #[inline]
    pub(crate) fn push(&mut self, data: &[u8], range: Range<usize>) {
        // Most fields are short: copying a fixed size and cutting it back needs no call to copy.
        let short =
            (range.len() <= SHORT).then(|| data[range.start..].first_chunk::<SHORT>()).flatten();
        match short {
            Some(chunk) => {
                let end = self.bytes.len() + range.len();
                self.bytes.extend_from_slice(chunk);
                self.bytes.truncate(end);
            }
            None => self.bytes.extend_from_slice(&data[range]),
        }
        self.end_value();
    }

    /// Ends the value that was written to [`bytes`](Self::bytes).
    #[inline]
    pub(crate) fn end_value(&mut self) {
        // Batches end long before their bytes outgrow an i32.
        self.offsets.push(self.bytes.len() as i32);
    }

    /// Appends a text without letters, which is not null.
    pub(crate) fn push_empty(&mut self) {
        self.empty_texts.push(self.offsets.len() - 1);
        self.end_value();
    }

    /// Where a value may be written piece by piece before [`end_value`](Self::end_value).
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn finish(&mut self) -> Result<StringArray, ArrowError> {
        // The next batch will be about as large as this one.
        let next_bytes = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 8);
        let mut next_offsets = Vec::with_capacity(self.offsets.len());
        next_offsets.push(0);
        let bytes = std::mem::replace(&mut self.bytes, next_bytes);
        let offsets = std::mem::replace(&mut self.offsets, next_offsets);
        let empty_texts = std::mem::take(&mut self.empty_texts);
        let present = BooleanBuffer::collect_bool(offsets.len() - 1, |row| {
            offsets[row] != offsets[row + 1] || empty_texts.binary_search(&row).is_ok()
        });
        let nulls = Some(NullBuffer::new(present)).filter(|nulls| nulls.null_count() > 0);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)
    }
}

/// What is said about rows beside their fields: their lines, and which are malformed.
#[derive(Debug, Default)]
pub(crate) struct RowNotes {
    lines: Vec<i64>,
    malformed: Vec<MalformedRow>,
    malformed_bytes: usize,
}

#[derive(Debug)]
struct MalformedRow {
    row: usize,
    reason: String,
    raw: String,
}

impl RowNotes {
    #[inline]
    pub(crate) fn fine(&mut self, line: u64) {
        self.lines.push(line as i64);
    }

    pub(crate) fn malformed(&mut self, line: u64, reason: String, raw: String) {
        self.malformed_bytes += reason.len() + raw.len();
        self.malformed.push(MalformedRow { row: self.lines.len(), reason, raw });
        self.lines.push(line as i64);
    }

    pub(crate) fn rows(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.malformed_bytes
    }

    /// The batch of these rows and their columns.
    pub(crate) fn finish(
        &mut self,
        schema: SchemaRef,
        columns: Vec<ArrayRef>,
    ) -> Result<SourceBatch, ArrowError> {
        let rows = self.lines.len();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let fields = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let next = Self { lines: Vec::with_capacity(rows), ..Self::default() };
        let notes = std::mem::replace(self, next);
        let column = |text: fn(&MalformedRow) -> &str| {
            if notes.malformed.is_empty() {
                return StringArray::new_null(rows);
            }
            let mut values = vec![None; rows];
            notes
                .malformed
                .iter()
                .for_each(|malformed| values[malformed.row] = Some(text(malformed)));
            StringArray::from(values)
        };
        Ok(SourceBatch {
            malformed: column(|row| &row.reason),
            raw: column(|row| &row.raw),
            line: Int64Array::from(notes.lines),
            fields,
        })
    }
}

/// Hands batches to the caller's sink and counts what went through.
pub(crate) struct Delivery<'a> {
    sink: &'a mut dyn FnMut(SourceBatch) -> Result<(), SinkClosed>,
    rows: u64,
    malformed: u64,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(sink: &'a mut dyn FnMut(SourceBatch) -> Result<(), SinkClosed>) -> Self {
        Self { sink, rows: 0, malformed: 0 }
    }

    /// Rows handed over so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn deliver(
        &mut self,
        path: &std::path::Path,
        batch: Result<SourceBatch, ArrowError>,
    ) -> Result<(), FileError> {
        use arrow::array::Array;
        let batch = batch.map_err(|error| FileError::no_table(path, &error))?;
        self.rows += batch.line.len() as u64;
        self.malformed += (batch.malformed.len() - batch.malformed.null_count()) as u64;
        (self.sink)(batch).map_err(|SinkClosed| FileError::SinkClosed { path: path.to_path_buf() })
    }

    pub(crate) fn summary(self, columns: Vec<String>) -> ReadSummary {
        ReadSummary { rows: self.rows, malformed: self.malformed, columns }
    }
}

/// The schema of nullable strings under these names.
pub(crate) fn text_schema<'a>(names: impl IntoIterator<Item = &'a str>) -> SchemaRef {
    let fields: Vec<Field> =
        names.into_iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    Arc::new(Schema::new(fields))
}

/// The record at the start of the window is too long: notes its first line as malformed and skips it.
pub(crate) fn skip_too_long(
    window: &mut Window,
    notes: &mut RowNotes,
    line: u64,
    limit_bytes: usize,
) -> Result<(), FileError> {
    let raw = window.line_excerpt(EXCERPT_BYTES)?;
    notes.malformed(line, format!("record longer than {}", readable(limit_bytes)), raw);
    window.skip_line()
}

/// For example "16 MiB".
fn readable(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;

    use super::*;

    #[test]
    fn empty_text_is_null_unless_it_was_pushed_as_text() {
        let mut column = TextColumn::new();
        let data = format!("aé{}", "x".repeat(40));
        column.push(data.as_bytes(), 0..1);
        column.push(data.as_bytes(), 1..1);
        column.push(data.as_bytes(), 1..3);
        column.push(data.as_bytes(), 3..43);
        column.push(data.as_bytes(), 42..43);
        let array = column.finish().unwrap();
        assert_eq!(
            array.iter().collect::<Vec<_>>(),
            [Some("a"), None, Some("é"), Some(&data[3..]), Some("x")]
        );
        column.push(b"b", 0..1);
        column.push_empty();
        column.push(b"", 0..0);
        let next = column.finish().unwrap();
        assert_eq!(next.iter().collect::<Vec<_>>(), [Some("b"), Some(""), None]);
        column.push(b"", 0..0);
        assert_eq!(column.finish().unwrap().null_count(), 1);
    }

    #[test]
    fn notes_stand_beside_rows_even_without_columns() {
        let mut notes = RowNotes::default();
        notes.fine(1);
        notes.malformed(2, "bad".to_owned(), "x".to_owned());
        let batch = notes.finish(text_schema([]), Vec::new()).unwrap();
        assert_eq!(batch.fields.num_rows(), 2);
        assert_eq!(batch.malformed.iter().collect::<Vec<_>>(), [None, Some("bad")]);
        assert_eq!(batch.raw.iter().collect::<Vec<_>>(), [None, Some("x")]);
        assert_eq!(batch.line.values(), &[1, 2]);
        assert_eq!(notes.rows(), 0);
    }

    #[test]
    fn batches_are_limited_by_rows_bytes_and_cells() {
        let limit = BatchLimit { rows: 10 };
        assert!(!limit.reached(9, 5, 100));
        assert!(limit.reached(10, 5, 100));
        assert!(limit.reached(1, 5, BATCH_BYTES));
        assert!(limit.reached(5, BATCH_CELLS, 1));
    }

    #[test]
    fn sizes_are_readable() {
        assert_eq!(readable(16 * 1024 * 1024), "16 MiB");
        assert_eq!(readable(100), "100 bytes");
    }
}
