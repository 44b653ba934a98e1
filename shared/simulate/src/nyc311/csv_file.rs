//! One CSV file while it is written.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use crate::SimulateError;

const FLUSH_AT: usize = 1 << 20;

/// Valid texts with letters beyond ASCII that a file needs for each invalid one, so that nobody
/// can take it for anything but UTF-8.
const VALID_PER_INVALID: u64 = 10;

#[derive(Debug)]
pub(super) struct CsvFile {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// Where the row that was written last begins in the buffer.
    row_start: usize,
    repeats: Vec<Repeat>,
    pub(super) line_end: &'static [u8],
    pub(super) rows: u64,
    valid_texts: u64,
    invalid_texts: u64,
}

#[derive(Debug)]
struct Repeat {
    after_row: u64,
    bytes: Vec<u8>,
}

impl CsvFile {
    pub(super) fn create(
        path: PathBuf,
        header: &str,
        line_end: &'static [u8],
        byte_order_mark: bool,
    ) -> Result<Self, SimulateError> {
        let file = File::create(&path).map_err(SimulateError::at(&path))?;
        let mut buffer = Vec::with_capacity(FLUSH_AT + 4_096);
        if byte_order_mark {
            buffer.extend_from_slice("\u{FEFF}".as_bytes());
        }
        buffer.extend_from_slice(header.as_bytes());
        buffer.extend_from_slice(line_end);
        Ok(Self {
            path,
            file,
            buffer,
            row_start: 0,
            repeats: Vec::new(),
            line_end,
            rows: 0,
            valid_texts: 0,
            invalid_texts: 0,
        })
    }

    /// Adds the row that `write` appends, its line end included.
    #[inline]
    pub(super) fn row(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), SimulateError> {
        if self.buffer.len() > FLUSH_AT {
            self.flush()?;
        }
        self.row_start = self.buffer.len();
        write(&mut self.buffer);
        self.rows += 1;
        Ok(())
    }

    /// Repeats the row that was written last, after some more rows.
    pub(super) fn repeat(&mut self, after: u64) {
        let bytes = self.buffer[self.row_start..].to_vec();
        self.repeats.push(Repeat { after_row: self.rows + after, bytes });
    }

    /// Adds the repetitions that are due.
    #[inline]
    pub(super) fn write_repeats(&mut self) {
        if !self.repeats.is_empty() {
            self.write_repeats_due(self.rows);
        }
    }

    fn write_repeats_due(&mut self, row: u64) {
        for repeat in self.repeats.extract_if(.., |repeat| repeat.after_row <= row) {
            self.buffer.extend_from_slice(&repeat.bytes);
            self.rows += 1;
        }
    }

    pub(super) fn empty_line(&mut self) {
        self.buffer.extend_from_slice(self.line_end);
    }

    pub(super) fn note_valid_text(&mut self) {
        self.valid_texts += 1;
    }

    pub(super) fn note_invalid_text(&mut self) {
        self.invalid_texts += 1;
    }

    /// Whether one more invalid text leaves the file recognisable.
    #[inline]
    pub(super) fn bears_invalid_text(&self) -> bool {
        self.valid_texts >= VALID_PER_INVALID * (self.invalid_texts + 1)
    }

    pub(super) fn finish(mut self) -> Result<u64, SimulateError> {
        self.write_repeats_due(u64::MAX);
        self.flush()?;
        Ok(self.rows)
    }

    fn flush(&mut self) -> Result<(), SimulateError> {
        self.file.write_all(&self.buffer).map_err(SimulateError::at(&self.path))?;
        self.buffer.clear();
        self.row_start = 0;
        Ok(())
    }
}
