//! How far the reading of one file has come, for those who watch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use smelt_sources::Progress;

/// What is being done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum UploadPhase {
    /// Its turn has not come.
    #[default]
    Waiting,
    /// It is looked over for the first time.
    Inspecting,
    /// Its rows are being written.
    Loading,
}

/// Counts what was read of one file; shared between the reader and whoever watches.
#[derive(Debug, Default)]
pub struct UploadMeter {
    phase: Mutex<UploadPhase>,
    content: Mutex<Option<String>>,
    rows: AtomicU64,
    pub(super) inspecting: Progress,
    pub(super) loading: Progress,
}

impl UploadMeter {
    /// What is being done.
    pub fn phase(&self) -> UploadPhase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of the file read in this phase.
    pub fn bytes(&self) -> u64 {
        match self.phase() {
            UploadPhase::Waiting => 0,
            UploadPhase::Inspecting => self.inspecting.done(),
            UploadPhase::Loading => self.loading.done(),
        }
    }

    /// Records written so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// The hash of the content, once the file was looked over.
    pub fn content(&self) -> Option<String> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn enter(&self, phase: UploadPhase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    pub(super) fn note_content(&self, content: String) {
        *self.content.lock().unwrap_or_else(PoisonError::into_inner) = Some(content);
    }

    pub(super) fn note_rows(&self, rows: u64) {
        self.rows.store(rows, Ordering::Relaxed);
    }
}
