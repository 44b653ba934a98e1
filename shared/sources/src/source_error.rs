//! Everything that can go wrong with a source that is pulled, by what the caller can do about it.

use thiserror::Error;

/// Why a source could not be looked at or pulled. No message holds a secret.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It did not answer, answered too late, or asked to come again later; a retry helps.
    #[error("{source_label}: {detail}; run again later")]
    Unavailable {
        /// The source's label.
        source_label: String,
        /// What happened, and how often it was tried.
        detail: String,
    },
    /// What it sent changed or broke off underway; a retry helps.
    #[error("{source_label}: {detail}; nothing of this page was kept, run again")]
    Unsteady {
        /// The source's label.
        source_label: String,
        /// What did not fit together.
        detail: String,
    },
    /// It refuses this caller.
    #[error("{source_label}: access refused ({detail}); {remedy}")]
    Refused {
        /// The source's label.
        source_label: String,
        /// Its answer.
        detail: String,
        /// What to do about it.
        remedy: String,
    },
    /// It does not have what the definition names, or does not understand the question.
    #[error("{source_label}: {detail}; {remedy}")]
    Definition {
        /// The source's label.
        source_label: String,
        /// What does not fit.
        detail: String,
        /// What to change.
        remedy: String,
    },
    /// A setting that it needs is missing or unusable.
    #[error("{source_label}: {detail}; set {variable}")]
    Setting {
        /// The source's label.
        source_label: String,
        /// What is missing or wrong, without the value.
        detail: String,
        /// The environment variable.
        variable: String,
    },
    /// The folder for what does not fit into memory could not be used.
    #[error(
        "{source_label}: scratch space cannot be used ({source}); set TMPDIR to a folder with free \
         space"
    )]
    Scratch {
        /// The source's label.
        source_label: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl SourceError {
    /// Whether the same call may succeed later without anyone changing anything.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Unsteady { .. })
    }
}
