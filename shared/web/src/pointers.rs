//! Which snapshots are the newest, asked of the lake at most once a second.

use std::time::Instant;

use quick_cache::sync::Cache;
use smelt_domain::TableId;
use smelt_lake::published::{Latest, latest};
use smelt_lake::{Lake, LakeError};

/// Tables whose pointers are kept.
const KEPT: usize = 1000;

/// The newest snapshots of published tables. What is published is seen within a second.
#[derive(Debug)]
pub(crate) struct Pointers {
    lake: Lake,
    started: Instant,
    /// By the second in which they were read: an old one is asked for no more, and makes room.
    read: Cache<(TableId, u64), Option<Latest>>,
}

impl Pointers {
    pub(crate) fn new(lake: Lake) -> Self {
        Self { lake, started: Instant::now(), read: Cache::new(KEPT) }
    }

    /// The newest snapshot; `None` before the first. Of many who ask at once, one reads.
    pub(crate) async fn latest(&self, table: &TableId) -> Result<Option<Latest>, LakeError> {
        let second = self.started.elapsed().as_secs();
        let read = latest(&self.lake, table);
        self.read.get_or_insert_async(&(table.clone(), second), read).await
    }
}
