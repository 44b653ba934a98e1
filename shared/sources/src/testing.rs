//! Shared by the tests: packing bytes, reading a file into plain rows, finding real data.

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};

use crate::batch::SourceBatch;
use crate::error::FileError;
use crate::progress::Progress;
use crate::read::{ReadOptions, ReadSummary, read_with_buffer};

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(content, 1).unwrap()
}

/// The folder of real data beside the project, or `None` (said in one line) where it is absent.
pub(crate) fn shared_data() -> Option<PathBuf> {
    // Asked when the test runs: clones share what was compiled.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let folder = Path::new(&manifest).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no real data at {}", folder.display());
    None
}

/// One row as the tests compare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: i64,
    pub(crate) fields: Vec<Option<String>>,
    pub(crate) malformed: Option<String>,
    pub(crate) raw: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    pub(crate) batches: Vec<usize>,
    pub(crate) summary: ReadSummary,
}

impl Rows {
    /// Fields of all rows, null as `~`, joined with `|`; a malformed row as `! reason`.
    pub(crate) fn flat(&self) -> Vec<String> {
        let flat = |row: &Row| match &row.malformed {
            Some(reason) => format!("! {reason}"),
            None => row
                .fields
                .iter()
                .map(|field| field.as_deref().unwrap_or("~"))
                .collect::<Vec<_>>()
                .join("|"),
        };
        self.rows.iter().map(flat).collect()
    }

    pub(crate) fn lines(&self) -> Vec<i64> {
        self.rows.iter().map(|row| row.line).collect()
    }
}

pub(crate) fn rows_of(batch: &SourceBatch) -> Vec<Row> {
    let text = |array: &dyn Array, row: usize| {
        let array = array.as_string::<i32>();
        array.is_valid(row).then(|| array.value(row).to_owned())
    };
    (0..batch.line.len())
        .map(|row| Row {
            line: batch.line.value(row),
            fields: batch.fields.columns().iter().map(|column| text(column, row)).collect(),
            malformed: text(&batch.malformed, row),
            raw: text(&batch.raw, row),
        })
        .collect()
}

/// Reads a file whole, after inspecting it, with an inner buffer of `buffer_bytes`.
pub(crate) fn read_path(
    path: &Path,
    options: &ReadOptions,
    buffer_bytes: usize,
) -> Result<Rows, FileError> {
    let progress = Progress::default();
    let inspection = crate::inspect(path, &progress)?;
    let (mut rows, mut batches) = (Vec::new(), Vec::new());
    let summary =
        read_with_buffer(path, &inspection, options, &progress, buffer_bytes, &mut |batch| {
            assert_eq!(batch.fields.num_rows(), batch.line.len());
            batches.push(batch.line.len());
            rows.extend(rows_of(&batch));
            Ok(())
        })?;
    assert_eq!(summary.rows, rows.len() as u64);
    assert_eq!(summary.malformed, rows.iter().filter(|row| row.malformed.is_some()).count() as u64);
    Ok(Rows { rows, batches, summary })
}

/// Writes `content` to a file called `name` and reads it back with each of several buffer sizes,
/// which must not make a difference.
pub(crate) fn read_content(
    name: &str,
    content: &[u8],
    options: &ReadOptions,
) -> Result<Rows, FileError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let whole = read_path(&path, options, 256 * 1024);
    for buffer_bytes in [1, 2, 3, 7, 64, 100] {
        let other = read_path(&path, options, buffer_bytes);
        match (&whole, other) {
            (Ok(whole), Ok(other)) => {
                assert_eq!(whole.rows, other.rows, "buffer of {buffer_bytes}")
            }
            (Err(whole), Err(other)) => assert_eq!(whole.to_string(), other.to_string()),
            (_, other) => panic!("buffer of {buffer_bytes} makes a difference: {other:?}"),
        }
    }
    whole
}
