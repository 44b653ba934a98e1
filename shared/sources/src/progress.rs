//! How far a long read has come, and the flag that ends it early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A shared counter of bytes done and a stop flag; clones share both.
///
/// Bytes are bytes of the files on disk (compressed where the file is compressed), so the counter can
/// be compared with file sizes. Every pass counts: a file inspected and then read counts twice.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    done: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Progress {
    /// Bytes read from disk so far, over all files and passes that share this progress.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Asks whatever is reading to end soon with [`FileError::Stopped`](crate::FileError::Stopped).
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether [`stop`](Self::stop) was called.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_counter_and_the_flag() {
        let progress = Progress::default();
        let clone = progress.clone();
        clone.add(7);
        clone.stop();
        assert_eq!(progress.done(), 7);
        assert!(progress.is_stopped());
    }
}
