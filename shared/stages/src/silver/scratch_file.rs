//! A temporary file that holds rows which do not fit into memory.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::buffer::{Buffer, MutableBuffer};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;

use crate::StageError;

/// Written to the file at once.
const WRITE_BYTES: usize = 1 << 20;

/// One file for all rows that leave memory, so that their number costs no file descriptors. It has
/// no name: the system removes it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct ScratchFile {
    folder: PathBuf,
    file: Mutex<Option<File>>,
}

/// Where some rows lie in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    start: u64,
    bytes: usize,
}

impl ScratchFile {
    /// A file in this folder; made when it is first written to.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: Mutex::default() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends rows.
    pub(crate) fn write(
        &self,
        schema: &SchemaRef,
        batches: &[RecordBatch],
    ) -> Result<Segment, StageError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *file {
            Some(file) => file,
            none => none
                .insert(tempfile::tempfile_in(&self.folder).map_err(|error| self.failed(error))?),
        };
        let start = file.seek(SeekFrom::End(0)).map_err(|error| self.failed(error))?;
        self.append(file, schema, batches).map_err(|error| match error {
            ArrowError::IoError(_, error) => self.failed(error),
            other => StageError::engine("writing rows to scratch space", other.into()),
        })?;
        let end = file.stream_position().map_err(|error| self.failed(error))?;
        Ok(Segment { start, bytes: (end - start) as usize })
    }

    fn append(
        &self,
        file: &mut File,
        schema: &SchemaRef,
        batches: &[RecordBatch],
    ) -> Result<(), ArrowError> {
        let mut buffered = BufWriter::with_capacity(WRITE_BYTES, file);
        let mut writer = StreamWriter::try_new(&mut buffered, schema)?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish()?;
        drop(writer);
        Ok(buffered.flush()?)
    }

    /// Reads rows back.
    pub(crate) fn read(&self, segment: Segment) -> Result<Vec<RecordBatch>, StageError> {
        let mut bytes = MutableBuffer::from_len_zeroed(segment.bytes);
        {
            let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(file) = &*file {
                file.read_exact_at(bytes.as_slice_mut(), segment.start)
                    .map_err(|error| self.failed(error))?;
            }
        }
        let mut bytes = Buffer::from(bytes);
        let mut decoder = StreamDecoder::new();
        let mut batches = Vec::new();
        while !bytes.is_empty() {
            let batch = decoder.decode(&mut bytes).map_err(|error| {
                StageError::engine("reading rows from scratch space", error.into())
            })?;
            batches.extend(batch);
        }
        Ok(batches)
    }

    fn failed(&self, source: std::io::Error) -> StageError {
        StageError::Scratch { place: self.folder.display().to_string(), source }
    }
}
