use std::io;
use std::path::{Path, PathBuf};

/// Why a simulation could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The settings ask for something that cannot be simulated.
    #[error("cannot simulate: {0}")]
    Settings(String),
    /// The folder already holds simulated files; the truth would not describe the mixture.
    #[error("{0} already holds simulated files; choose an empty folder or remove them first")]
    NotEmpty(PathBuf),
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder in question.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The truth could not be written as JSON.
    #[error("the truth could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl SimulateError {
    /// Adds the path to an input/output error: `.map_err(SimulateError::at(path))`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::File { path: path.to_owned(), source }
    }
}
