//! CSV: a header, then one record per line, or more lines where a quoted field holds line ends.
//!
//! Records are split in place, in a window of the file, and copied once: into the columns.

mod header;
mod scan;
mod split;
#[cfg(test)]
mod tests;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use std::sync::Arc;

use self::split::{FieldRange, Split, Splitter, unquote};
use crate::batch::{
    BatchLimit, Delivery, LOOK_AHEAD_BYTES, RowNotes, TextColumn, skip_too_long, text_schema,
};
use crate::error::FileError;
use crate::window::Window;

pub(crate) use self::header::DelimiterChoice;

/// Reads the whole window; the names of its columns.
pub(crate) fn read(
    mut window: Window,
    limit: BatchLimit,
    max_record_bytes: usize,
    choice: DelimiterChoice,
    delivery: &mut Delivery<'_>,
) -> Result<Vec<String>, FileError> {
    let header = header::read(&mut window, choice, max_record_bytes)?;
    let mut reader = CsvReader {
        splitter: Splitter::new(header.delimiter),
        table: Table::new(&header.columns),
        line: header.next_line,
        window,
        max_record_bytes,
    };
    reader.splitter.seek(reader.window.data(), reader.window.start());
    while reader.read_records(limit)? {
        reader.table.deliver(&reader.window, delivery)?;
    }
    if reader.table.notes.rows() > 0 {
        reader.table.deliver(&reader.window, delivery)?;
    }
    Ok(header.columns)
}

struct CsvReader {
    window: Window,
    splitter: Splitter,
    table: Table,
    /// The physical line at the start of the window, 1-based.
    line: u64,
    max_record_bytes: usize,
}

impl CsvReader {
    /// Reads until the batch is full (true) or the file ends (false).
    fn read_records(&mut self, limit: BatchLimit) -> Result<bool, FileError> {
        while !self.table.is_full(limit) {
            let (start, ended) = (self.window.start(), self.window.ended());
            match self.splitter.split(self.window.data(), start, ended) {
                Split::Record { end, .. } if end - start > self.max_record_bytes => {
                    self.too_long()?
                }
                Split::Record { next, .. } if next == start => return Ok(false),
                Split::Record { end, next, lines } => {
                    self.table.accept(&self.window, end, self.splitter.fields(), self.line);
                    self.window.consume_to(next);
                    self.line += lines;
                }
                Split::Unfinished
                    if self.window.unread().len() <= self.max_record_bytes + LOOK_AHEAD_BYTES =>
                {
                    self.window.refill()?;
                    self.splitter.seek(self.window.data(), self.window.start());
                }
                Split::StrayQuote { at } if at - start <= self.max_record_bytes => {
                    self.stray_quote()?
                }
                Split::Unfinished | Split::StrayQuote { .. } => self.too_long()?,
            }
        }
        Ok(true)
    }

    fn too_long(&mut self) -> Result<(), FileError> {
        skip_too_long(&mut self.window, &mut self.table.notes, self.line, self.max_record_bytes)?;
        self.go_on_at_next_line()
    }

    /// A stray quote costs its own line only: reading goes on behind the line it stands on.
    fn stray_quote(&mut self) -> Result<(), FileError> {
        let raw = self.window.line_excerpt(self.max_record_bytes)?;
        self.table.notes.malformed(self.line, "a quote is opened but never closed".to_owned(), raw);
        self.window.skip_line()?;
        self.go_on_at_next_line()
    }

    fn go_on_at_next_line(&mut self) -> Result<(), FileError> {
        self.line += 1;
        self.table.keep_step();
        self.splitter.seek(self.window.data(), self.window.start());
        Ok(())
    }
}

/// The columns of the batch that is being collected.
struct Table {
    schema: SchemaRef,
    columns: Vec<TextColumn>,
    notes: RowNotes,
    /// Bytes of records in this batch.
    bytes: usize,
}

impl Table {
    fn new(names: &[String]) -> Self {
        Self {
            schema: text_schema(names.iter().map(String::as_str)),
            columns: names.iter().map(|_| TextColumn::new()).collect(),
            notes: RowNotes::default(),
            bytes: 0,
        }
    }

    fn is_full(&self, limit: BatchLimit) -> bool {
        limit.reached(self.notes.rows(), self.columns.len(), self.bytes + self.notes.bytes())
    }

    /// Takes over the record that starts with the window and ends at `end`.
    #[inline]
    fn accept(&mut self, window: &Window, end: usize, fields: &[FieldRange], line: u64) {
        let (data, start) = (window.data(), window.start());
        let blank = fields.len() == 1 && data[start..end].trim_ascii().is_empty();
        if blank && (start == end || self.columns.len() > 1) {
            return;
        }
        if !window.is_text(start..end) {
            return self.reject(&data[start..end], "not valid UTF-8".to_owned(), line);
        }
        if fields.len() != self.columns.len() {
            let reason = format!("{} fields expected, {} found", self.columns.len(), fields.len());
            return self.reject(&data[start..end], reason, line);
        }
        for (column, field) in self.columns.iter_mut().zip(fields) {
            if field.quoted {
                unquote(&data[field.start..field.end], column.bytes());
                column.end_value();
            } else {
                column.push(data, field.start..field.end);
            }
        }
        self.bytes += end - start;
        self.notes.fine(line);
    }

    fn reject(&mut self, record: &[u8], reason: String, line: u64) {
        self.notes.malformed(line, reason, String::from_utf8_lossy(record).into_owned());
        self.keep_step();
    }

    /// Gives every column a null for each malformed row just noted.
    fn keep_step(&mut self) {
        self.columns.iter_mut().for_each(TextColumn::end_value);
    }

    fn deliver(&mut self, window: &Window, delivery: &mut Delivery<'_>) -> Result<(), FileError> {
        let columns: Result<Vec<ArrayRef>, _> = self
            .columns
            .iter_mut()
            .map(|column| column.finish().map(|array| Arc::new(array) as ArrayRef))
            .collect();
        self.bytes = 0;
        let batch = columns.and_then(|columns| self.notes.finish(self.schema.clone(), columns));
        delivery.deliver(window.path(), batch)
    }
}
