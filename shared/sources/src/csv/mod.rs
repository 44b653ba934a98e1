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
use arrow::error::ArrowError;
use std::sync::Arc;

use self::split::{FieldRange, Split, Splitter, unquote};
use crate::SourceBatch;
use crate::batch::{
    BatchLimit, Delivery, LOOK_AHEAD_BYTES, RowNotes, TextColumn, skip_too_long, text_schema,
};
use crate::error::FileError;
use crate::names::UniqueNames;
use crate::window::Window;

pub(crate) use self::header::DelimiterChoice;

/// How a CSV file is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CsvDialect {
    pub(crate) delimiter: DelimiterChoice,
    /// The header that a text of the first line stands for.
    pub(crate) header: fn(&str) -> &str,
    pub(crate) quoted_empty: QuotedEmpty,
}

/// What two quotes with nothing between them mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuotedEmpty {
    /// Null, as a field of nothing at all: most writers quote without meaning anything by it.
    Null,
    /// A text without letters, as databases write it to tell it from null.
    Text,
}

/// Reads the whole window; the names of its columns.
pub(crate) fn read(
    window: Window,
    limit: BatchLimit,
    max_record_bytes: usize,
    delimiter: DelimiterChoice,
    delivery: &mut Delivery<'_>,
) -> Result<Vec<String>, FileError> {
    let dialect = CsvDialect { delimiter, header: |text| text, quoted_empty: QuotedEmpty::Null };
    let mut reader = CsvReader::open(window, max_record_bytes, dialect)?;
    while let Some(batch) = reader.next_batch(limit)? {
        delivery.deliver(reader.window.path(), Ok(batch))?;
    }
    Ok(reader.columns)
}

/// Reads record by record, from the header on.
pub(crate) struct CsvReader {
    /// The first line, as it is written.
    headers: Vec<String>,
    /// The names of the columns: normalised and unique.
    columns: Vec<String>,
    window: Window,
    splitter: Splitter,
    table: Table,
    /// The physical line at the start of the window, 1-based.
    line: u64,
    max_record_bytes: usize,
}

impl CsvReader {
    /// Reads the header.
    pub(crate) fn open(
        mut window: Window,
        max_record_bytes: usize,
        dialect: CsvDialect,
    ) -> Result<Self, FileError> {
        let header = header::read(&mut window, dialect.delimiter, max_record_bytes)?;
        let mut names = UniqueNames::default();
        let texts = header.texts.iter().zip(1..);
        let columns: Vec<String> =
            texts.map(|(text, position)| names.name((dialect.header)(text), position)).collect();
        let mut splitter = Splitter::new(header.delimiter);
        splitter.seek(window.data(), window.start());
        Ok(Self {
            table: Table::new(&columns, dialect.quoted_empty),
            headers: header.texts,
            columns,
            window,
            splitter,
            line: header.next_line,
            max_record_bytes,
        })
    }

    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The next rows, at least one; `None` at the end of the file.
    pub(crate) fn next_batch(
        &mut self,
        limit: BatchLimit,
    ) -> Result<Option<SourceBatch>, FileError> {
        self.read_records(limit)?;
        if self.table.notes.rows() == 0 {
            return Ok(None);
        }
        let batch = self.table.finish();
        batch.map(Some).map_err(|error| FileError::no_table(self.window.path(), &error))
    }

    /// Reads until the batch is full or the file ends.
    fn read_records(&mut self, limit: BatchLimit) -> Result<(), FileError> {
        while !self.table.is_full(limit) {
            let (start, ended) = (self.window.start(), self.window.ended());
            match self.splitter.split(self.window.data(), start, ended) {
                Split::Record { end, .. } if end - start > self.max_record_bytes => {
                    self.too_long()?
                }
                Split::Record { next, .. } if next == start => break,
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
        Ok(())
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
    quoted_empty: QuotedEmpty,
}

impl Table {
    fn new(names: &[String], quoted_empty: QuotedEmpty) -> Self {
        Self {
            schema: text_schema(names.iter().map(String::as_str)),
            columns: names.iter().map(|_| TextColumn::new()).collect(),
            notes: RowNotes::default(),
            bytes: 0,
            quoted_empty,
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
            } else if self.quoted_empty == QuotedEmpty::Text && field.is_quoted_empty(data) {
                column.push_empty();
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

    /// The batch of what was collected.
    fn finish(&mut self) -> Result<SourceBatch, ArrowError> {
        let columns: Result<Vec<ArrayRef>, _> = self
            .columns
            .iter_mut()
            .map(|column| column.finish().map(|array| Arc::new(array) as ArrayRef))
            .collect();
        self.bytes = 0;
        self.notes.finish(self.schema.clone(), columns?)
    }
}
