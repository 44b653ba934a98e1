//! A dump of a resource: one answer in CSV that is kept in scratch space and read in batches.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};

use super::dump_value::Written;
use super::portal::{FieldDescription, Portal, ROW_NUMBER, SearchResult, header};
use crate::batch::BatchLimit;
use crate::csv::{CsvDialect, CsvReader, DelimiterChoice, QuotedEmpty};
use crate::http::AnswerBody;
use crate::progress::Progress;
use crate::window::Window;
use crate::{FileError, ReadOptions, SourceBatch, SourceError};

/// What errors of the reader would call the file, which has no name.
const FILE_NAME: &str = "dump";
/// Text read at a time, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// As PostgreSQL writes it, under a header of Python's.
const DIALECT: CsvDialect = CsvDialect {
    delimiter: DelimiterChoice { given: Some(b','), preferred: None },
    header,
    quoted_empty: QuotedEmpty::Text,
};

/// A dump that came whole, as far as a single answer can tell.
pub(super) struct Dump {
    resource: String,
    /// `None` after a batch that could not be read.
    reader: Option<CsvReader>,
    /// How the values of each column are written.
    written: Vec<Written>,
    /// Rows of the resource just before the dump.
    pub(super) total: u64,
}

impl Dump {
    /// Asks for all rows but the first `offset` and keeps them in the folder `scratch`.
    pub(super) async fn fetch(
        portal: &Portal,
        resource: &str,
        offset: u64,
        scratch: &Path,
        deadline: Option<Instant>,
    ) -> Result<Self, SourceError> {
        let body = portal.search(resource, 0, 0, deadline).await?;
        let answer: SearchResult<'_> = portal.result(&body)?;
        let total = portal.counted(resource, &answer)?;
        let mut spool = Spool::new(portal.label(), scratch)?;
        portal.dump(resource, offset, &mut spool, deadline).await?;
        let file = spool.into_file()?;
        let opened = tokio::task::spawn_blocking(move || open(file)).await;
        let reader = match opened {
            Ok(Ok(reader)) => reader,
            Ok(Err(error)) => return Err(unreadable(portal, resource, &error.to_string())),
            Err(error) => return Err(unreadable(portal, resource, &error.to_string())),
        };
        check_headers(portal, resource, reader.headers(), &answer.fields)?;
        let written = answer.fields.iter().map(|field| Written::of_type(&field.kind)).collect();
        Ok(Self { resource: resource.to_owned(), reader: Some(reader), written, total })
    }

    /// The next rows, at most so many; `None` at the end of the dump.
    pub(super) async fn next(
        &mut self,
        portal: &Portal,
        rows: u32,
    ) -> Result<Option<SourceBatch>, SourceError> {
        let failed = |detail: &str| unreadable(portal, &self.resource, detail);
        let limit = BatchLimit { rows: usize::try_from(rows.max(1)).unwrap_or(usize::MAX) };
        let mut reader = self.reader.take().ok_or_else(|| failed("it broke off before"))?;
        let read = tokio::task::spawn_blocking(move || {
            let batch = reader.next_batch(limit);
            (reader, batch)
        });
        let (reader, batch) = read.await.map_err(|error| failed(&error.to_string()))?;
        let Some(batch) = batch.map_err(|error| failed(&error.to_string()))? else {
            self.reader = Some(reader);
            return Ok(None);
        };
        if let Some(reason) = batch.malformed.iter().flatten().next() {
            return Err(failed(reason));
        }
        let fields = self.as_pages_show_them(&batch.fields);
        let fields = fields.map_err(|error| failed(&error.to_string()))?;
        self.reader = Some(reader);
        Ok(Some(SourceBatch { fields, ..batch }))
    }

    /// The texts that the same values have in a page.
    fn as_pages_show_them(
        &self,
        fields: &RecordBatch,
    ) -> Result<RecordBatch, arrow::error::ArrowError> {
        let columns = fields.columns().iter().zip(&self.written).map(|(column, written)| {
            match column.as_string_opt::<i32>() {
                Some(texts) if *written != Written::AsInPages => {
                    let shown = texts.iter().map(|text| written.in_pages(text?));
                    Arc::new(shown.collect::<StringArray>()) as ArrayRef
                }
                _ => Arc::clone(column),
            }
        });
        RecordBatch::try_new(fields.schema(), columns.collect())
    }
}

impl std::fmt::Debug for Dump {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Dump").field("resource", &self.resource).finish_non_exhaustive()
    }
}

fn open(file: File) -> Result<CsvReader, FileError> {
    let path = Path::new(FILE_NAME);
    let window = Window::new(path, Box::new(file), &Progress::default(), BUFFER_BYTES)?;
    CsvReader::open(window, ReadOptions::default().max_record_bytes, DIALECT)
}

/// Columns that came or went since they were asked for would be taken for one another.
fn check_headers(
    portal: &Portal,
    resource: &str,
    headers: &[String],
    fields: &[FieldDescription],
) -> Result<(), SourceError> {
    if headers.iter().eq(fields.iter().map(|field| &field.id)) {
        return Ok(());
    }
    let shown: String = headers.join(", ").chars().take(200).collect();
    if headers.first().is_some_and(|first| first == ROW_NUMBER) {
        let detail = format!("the columns of {resource} changed: its dump has {shown}");
        return Err(portal.unsteady(detail));
    }
    Err(portal.no_dump(format!("what it gives as dump of {resource} is none: {shown}")))
}

fn unreadable(portal: &Portal, resource: &str, reason: &str) -> SourceError {
    portal.unsteady(format!("the dump of {resource} cannot be read ({reason})"))
}

/// A file without a name that takes a dump while it comes.
struct Spool {
    label: String,
    file: File,
    bytes: u64,
    last: Option<u8>,
}

impl Spool {
    fn new(label: &str, folder: &Path) -> Result<Self, SourceError> {
        let scratch = |source| SourceError::Scratch { source_label: label.to_owned(), source };
        let file = tempfile::tempfile_in(folder).map_err(scratch)?;
        Ok(Self { label: label.to_owned(), file, bytes: 0, last: None })
    }

    /// The file, to be read from its beginning.
    fn into_file(mut self) -> Result<File, SourceError> {
        match self.file.rewind() {
            Ok(()) => Ok(self.file),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, source: std::io::Error) -> SourceError {
        SourceError::Scratch { source_label: self.label.clone(), source }
    }
}

impl AnswerBody for Spool {
    fn media_type(&self) -> &'static str {
        "text/csv"
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        (self.bytes, self.last) = (0, None);
        let emptied = self.file.rewind().and_then(|()| self.file.set_len(0));
        emptied.map_err(|error| self.failed(error))
    }

    fn add(&mut self, chunk: &[u8]) -> Result<(), SourceError> {
        // The system takes a chunk into its memory faster than it could be handed to a thread.
        self.file.write_all(chunk).map_err(|error| self.failed(error))?;
        self.bytes += chunk.len() as u64;
        self.last = chunk.last().copied().or(self.last);
        Ok(())
    }

    /// Every row ends with a line end, and so does the header: a text that was cut in its middle
    /// would otherwise look like a shorter one.
    fn defect(&self) -> Option<String> {
        (self.last != Some(b'\n'))
            .then(|| format!("its dump ends early, after {} bytes", self.bytes))
    }
}
