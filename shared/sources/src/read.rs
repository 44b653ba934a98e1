//! Reading one inspected file to its end.

use std::path::Path;

use crate::batch::{BatchLimit, Delivery, SourceBatch};
use crate::content::{self, OpenFile};
use crate::error::{FileError, SinkClosed};
use crate::format::FileFormat;
use crate::inspect::Inspection;
use crate::progress::Progress;
use crate::window::Window;
use crate::{csv, format, json, parquet_rows};

/// Text read at a time, in bytes: small enough to stay in the processor's cache while it is split.
const BUFFER_BYTES: usize = 256 * 1024;
/// The longest record that offsets of a batch can hold with room to spare, in bytes.
const RECORD_BYTES_CEILING: usize = 512 * 1024 * 1024;

/// How to read a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// Rows per batch at most; batches of very long or very wide rows are shorter.
    pub batch_rows: usize,
    /// The longest record in bytes; a longer one becomes a malformed row. At most 512 MiB count.
    pub max_record_bytes: usize,
    /// The delimiter of a CSV file; `None` detects `,`, `;`, tab or `|` on the header line.
    pub delimiter: Option<u8>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { batch_rows: 8192, max_record_bytes: 16 * 1024 * 1024, delimiter: None }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSummary {
    /// Rows handed over, the malformed ones included.
    pub rows: u64,
    /// Malformed rows among them.
    pub malformed: u64,
    /// Normalised names of all columns, in order of first appearance.
    pub columns: Vec<String>,
}

/// Reads an inspected file and hands its rows to `sink`, batch by batch, in the file's order.
///
/// Every batch has at least one row. The columns of a JSON file may grow from batch to batch; later
/// batches have all columns seen so far. On an error the batches already handed over are to be
/// discarded.
///
/// # Errors
///
/// `NotFound`, `PermissionDenied`, `Io`, `Corrupt`; `Empty` without a header; `HeaderTooLong`;
/// `TooManyColumns`; `Changed` when the file is not the one inspected; `Stopped`; `SinkClosed`.
pub fn read(
    path: &Path,
    inspection: &Inspection,
    options: &ReadOptions,
    progress: &Progress,
    sink: &mut dyn FnMut(SourceBatch) -> Result<(), SinkClosed>,
) -> Result<ReadSummary, FileError> {
    read_with_buffer(path, inspection, options, progress, BUFFER_BYTES, sink)
}

/// [`read`] with the size of the inner buffer, which makes no difference to what is read.
pub(crate) fn read_with_buffer(
    path: &Path,
    inspection: &Inspection,
    options: &ReadOptions,
    progress: &Progress,
    buffer_bytes: usize,
    sink: &mut dyn FnMut(SourceBatch) -> Result<(), SinkClosed>,
) -> Result<ReadSummary, FileError> {
    let limit = BatchLimit { rows: options.batch_rows.max(1) };
    let max_record_bytes = options.max_record_bytes.clamp(1, RECORD_BYTES_CEILING);
    let mut delivery = Delivery::new(sink);
    if inspection.format == FileFormat::Parquet {
        let columns =
            parquet_rows::read(path, inspection.compressed_bytes, limit, progress, &mut delivery)?;
        return Ok(delivery.summary(columns));
    }
    let file = OpenFile::open(path, progress)?;
    if file.size < inspection.compressed_bytes || file.compression != inspection.compression {
        return Err(FileError::Changed { path: path.to_path_buf() });
    }
    let content = file.unpacked(path, inspection.compressed_bytes)?;
    let text = content::as_text(content, inspection.encoding);
    let window = Window::new(path, text, progress, buffer_bytes)?;
    let columns = match inspection.format {
        FileFormat::JsonLines => json::read_lines(window, limit, max_record_bytes, &mut delivery)?,
        FileFormat::JsonArray => json::read_array(window, limit, max_record_bytes, &mut delivery)?,
        FileFormat::Csv | FileFormat::Parquet => {
            let by_ending = (format::ending(path).0 == "tsv").then_some(b'\t');
            let delimiter = csv::DelimiterChoice { given: options.delimiter, preferred: by_ending };
            csv::read(window, limit, max_record_bytes, delimiter, &mut delivery)?
        }
    };
    Ok(delivery.summary(columns))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::inspect;

    fn file(content: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_that_grows_is_read_as_inspected_and_one_that_shrinks_is_refused() {
        let (_folder, path) = file(b"id\n1\n2\n");
        let progress = Progress::default();
        let inspection = inspect(&path, &progress).unwrap();
        fs::write(&path, b"id\n1\n2\n3\n").unwrap();
        let summary =
            read(&path, &inspection, &ReadOptions::default(), &progress, &mut |_| Ok(())).unwrap();
        assert_eq!(summary.rows, 2);
        fs::write(&path, b"id\n1\n").unwrap();
        let error = read(&path, &inspection, &ReadOptions::default(), &progress, &mut |_| Ok(()))
            .unwrap_err();
        assert!(matches!(error, FileError::Changed { .. }) && error.retryable());
    }

    #[test]
    fn a_closed_sink_and_a_stop_end_the_read() {
        let (_folder, path) = file(b"id\n1\n2\n");
        let progress = Progress::default();
        let inspection = inspect(&path, &progress).unwrap();
        let closed =
            read(&path, &inspection, &ReadOptions::default(), &progress, &mut |_| Err(SinkClosed))
                .unwrap_err();
        assert!(matches!(closed, FileError::SinkClosed { .. }));
        progress.stop();
        let stopped = read(&path, &inspection, &ReadOptions::default(), &progress, &mut |_| Ok(()))
            .unwrap_err();
        assert!(matches!(stopped, FileError::Stopped { .. }));
    }
}
