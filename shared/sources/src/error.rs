//! Everything that can go wrong with a file, each with its place and its remedy.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The receiver of the batches does not want any more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the receiver of the rows has stopped")]
pub struct SinkClosed;

/// Why a file (or a folder of files) could not be found, inspected or read to its end.
///
/// Single bad rows are not errors: they arrive as malformed rows.
#[derive(Debug, Error)]
pub enum FileError {
    /// Nothing exists at the path.
    #[error("`{}` does not exist; check the path", path.display())]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// The path exists, but this process may not read it.
    #[error("no permission to read `{}`; give this user read access to it", path.display())]
    PermissionDenied {
        /// The path as given.
        path: PathBuf,
    },
    /// A folder was given that holds no file with a known ending.
    #[error("the folder `{}` has no data file in it ({found}); understood are {understood}, each also as .gz or .zst (Parquet only as it is)", folder.display())]
    NoDataFiles {
        /// The folder as given.
        folder: PathBuf,
        /// What was found instead, for example "found 3 .png, 1 .docx".
        found: String,
        /// The endings that are understood, for example ".csv, .jsonl".
        understood: String,
    },
    /// Zero bytes, or nothing but blank lines.
    #[error("`{}` is empty: it holds no line with anything in it; export it again or leave it out", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The content is not of a format that can be read.
    #[error("`{}` is not a file that can be read: it looks like {guess}; {remedy}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What the first bytes look like, for example "a PNG picture".
        guess: String,
        /// What to do about it.
        remedy: String,
    },
    /// The file is damaged or cut off.
    #[error("`{}` is damaged: {detail}; fetch or export it again", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is damaged, and where.
        detail: String,
    },
    /// The first line never ended within the longest record allowed.
    #[error("the header of `{}`, line {line}, is longer than {limit_bytes} bytes or opens a quote that is never closed; check that it is a text file with one record per line", path.display())]
    HeaderTooLong {
        /// The file.
        path: PathBuf,
        /// 1-based physical line on which the header starts.
        line: u64,
        /// The longest record allowed, in bytes.
        limit_bytes: usize,
    },
    /// More distinct columns than a table can sensibly have.
    #[error("`{}`, line {line}: more than {limit} columns; the field names look like data, so turn them into rows before loading", path.display())]
    TooManyColumns {
        /// The file.
        path: PathBuf,
        /// 1-based line (or row) at which the limit was passed.
        line: u64,
        /// The most columns allowed.
        limit: usize,
    },
    /// The file is not the one that was inspected.
    #[error("`{}` has changed since it was inspected; wait until its writer is done and try again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// [`Progress::stop`](crate::Progress::stop) was called.
    #[error("stopped on request while reading `{}`; nothing of it counts as loaded, so run it again", path.display())]
    Stopped {
        /// The file being read.
        path: PathBuf,
    },
    /// The sink refused a batch.
    #[error("the receiver of the rows of `{}` has stopped; its own error says why", path.display())]
    SinkClosed {
        /// The file being read.
        path: PathBuf,
    },
    /// The operating system failed to read.
    #[error("cannot read `{}`: {source}; check the disk or the network share it is on", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl FileError {
    /// Whether it is the content that is at fault: the same bytes can be read nowhere. Other errors are
    /// of the machine that reads.
    pub fn is_of_the_content(&self) -> bool {
        matches!(
            self,
            Self::Empty { .. }
                | Self::UnknownFormat { .. }
                | Self::Corrupt { .. }
                | Self::HeaderTooLong { .. }
                | Self::TooManyColumns { .. }
        )
    }

    /// The same of a file that is called otherwise where the error is told: whoever sent a file knows no
    /// path of this machine.
    pub fn called(mut self, name: &str) -> Self {
        let path = match &mut self {
            Self::NotFound { path }
            | Self::PermissionDenied { path }
            | Self::NoDataFiles { folder: path, .. }
            | Self::Empty { path }
            | Self::UnknownFormat { path, .. }
            | Self::Corrupt { path, .. }
            | Self::HeaderTooLong { path, .. }
            | Self::TooManyColumns { path, .. }
            | Self::Changed { path }
            | Self::Stopped { path }
            | Self::SinkClosed { path }
            | Self::Io { path, .. } => path,
        };
        *path = PathBuf::from(name);
        self
    }

    /// Whether the same call may succeed later without anybody repairing the file.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Changed { .. } => true,
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::Interrupted
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::WouldBlock
                    | io::ErrorKind::ResourceBusy
                    | io::ErrorKind::StaleNetworkFileHandle
                    | io::ErrorKind::NetworkDown
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::ConnectionReset
            ),
            Self::NotFound { .. }
            | Self::PermissionDenied { .. }
            | Self::NoDataFiles { .. }
            | Self::Empty { .. }
            | Self::UnknownFormat { .. }
            | Self::Corrupt { .. }
            | Self::HeaderTooLong { .. }
            | Self::TooManyColumns { .. }
            | Self::Stopped { .. }
            | Self::SinkClosed { .. } => false,
        }
    }

    /// An error of the operating system at `path`, as the variant that says most.
    pub(crate) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { path },
            _ => Self::Io { path, source },
        }
    }

    /// An error while reading content. Decompressors report damage as errors that did not come from
    /// the operating system, which is how the two are told apart.
    pub(crate) fn from_content(path: &Path, source: io::Error) -> Self {
        if source.raw_os_error().is_some() {
            return Self::from_io(path, source);
        }
        let detail = match source.kind() {
            io::ErrorKind::UnexpectedEof => "the compressed content ends too early".to_owned(),
            _ => format!("the compressed content cannot be unpacked ({source})"),
        };
        Self::corrupt(path, detail)
    }

    pub(crate) fn no_table(path: &Path, error: &arrow::error::ArrowError) -> Self {
        Self::corrupt(path, format!("its rows form no table ({error})"))
    }

    pub(crate) fn corrupt(path: &Path, detail: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_path_buf(), detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_errors_become_the_variant_that_says_most() {
        let path = Path::new("a.csv");
        let missing = FileError::from_io(path, io::Error::from(io::ErrorKind::NotFound));
        assert!(matches!(missing, FileError::NotFound { .. }));
        let denied = FileError::from_io(path, io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(denied, FileError::PermissionDenied { .. }));
        let timeout = FileError::from_io(path, io::Error::from(io::ErrorKind::TimedOut));
        assert!(timeout.retryable());
        assert!(!missing.retryable());
    }

    #[test]
    fn a_file_is_called_as_whoever_sent_it_knows_it() {
        let error = FileError::corrupt(Path::new("/tmp/scratch/0-a.csv"), "it ends too early");
        assert_eq!(
            error.called("landing/d/t/a.csv").to_string(),
            "`landing/d/t/a.csv` is damaged: it ends too early; fetch or export it again"
        );
    }

    #[test]
    fn a_cut_off_archive_is_damage_and_not_a_disk_failure() {
        let cut = FileError::from_content(
            Path::new("a.gz"),
            io::Error::from(io::ErrorKind::UnexpectedEof),
        );
        assert_eq!(
            cut.to_string(),
            "`a.gz` is damaged: the compressed content ends too early; fetch or export it again"
        );
    }
}
