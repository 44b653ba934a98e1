//! Published files, and what is kept of them in memory.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::task::spawn_blocking;

use crate::large_file::LargeFile;
use crate::table::Table;
use crate::{Answer, AnswerError, Columns, Query};

/// Files up to this share of the memory are kept whole: decoded they are about ten times as large.
const WHOLE_FILE_SHARE: u64 = 64;
/// Tables that are kept in a usual process. Up to 32, the cache does not divide the memory between shards, of
/// which none would keep a table that is larger than its share.
const USUAL_TABLES: usize = 32;

/// A published file. It never changes, so what is kept of it needs no check.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// Its path in the store, as `latest.json` says.
    pub path: String,
    /// The table's identity, as `latest.json` says: a table that is made anew gives its paths out anew.
    pub identity: u64,
    /// Its size, as `latest.json` says.
    pub bytes: u64,
}

/// Answers questions from published files.
///
/// Small files are decoded once and kept in memory; of larger ones only what a question needs is read.
/// One of these serves all requests of a process.
#[derive(Debug)]
pub struct Snapshots {
    store: Arc<dyn ObjectStore>,
    whole_file_bytes: u64,
    kept: Cache<Key, Arc<Kept>, Weight>,
}

/// A file, and the columns as which it was read: a later definition may have others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    snapshot: Snapshot,
    columns: Columns,
}

#[derive(Debug)]
enum Kept {
    Table(Table),
    LargeFile(LargeFile),
}

/// Weighs by the memory that is taken.
#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Key, Arc<Kept>> for Weight {
    fn weight(&self, _key: &Key, kept: &Arc<Kept>) -> u64 {
        let bytes = match kept.as_ref() {
            Kept::Table(table) => table.bytes(),
            Kept::LargeFile(file) => file.bytes(),
        };
        bytes as u64
    }
}

impl Snapshots {
    /// Reads from `store`, and keeps up to `memory` bytes of decoded tables.
    pub fn new(store: Arc<dyn ObjectStore>, memory: u64) -> Self {
        let kept = Cache::with_weighter(USUAL_TABLES, memory, Weight);
        Self { store, whole_file_bytes: memory / WHOLE_FILE_SHARE, kept }
    }

    /// Decodes files up to this size as a whole, instead of a share of the memory.
    pub fn with_whole_files_up_to(mut self, bytes: u64) -> Self {
        self.whole_file_bytes = bytes;
        self
    }

    /// Answers a question from a snapshot of the table that it is about.
    ///
    /// However many ask for a file that is not in memory, it is read once.
    pub async fn answer(&self, query: &Query, snapshot: &Snapshot) -> Result<Answer, AnswerError> {
        let key = Key { snapshot: snapshot.clone(), columns: query.columns().clone() };
        let kept = match self.kept.get(&key) {
            Some(kept) => kept,
            None => {
                let read = self.read(snapshot, query.columns());
                self.kept.get_or_insert_async(&key, read).await?
            }
        };
        match kept.as_ref() {
            Kept::Table(table) => table.answer(query),
            Kept::LargeFile(file) => file.answer(query).await,
        }
    }

    async fn read(&self, snapshot: &Snapshot, columns: &Columns) -> Result<Arc<Kept>, AnswerError> {
        if snapshot.bytes > self.whole_file_bytes {
            let file = LargeFile::open(&self.store, snapshot, columns).await?;
            return Ok(Arc::new(Kept::LargeFile(file)));
        }
        let path = &snapshot.path;
        let failed = |error| AnswerError::from_store(path, error);
        let object = self.store.get(&Path::from(path.as_str())).await.map_err(failed)?;
        let bytes = object.bytes().await.map_err(failed)?;
        let (path, columns) = (path.clone(), columns.clone());
        let decoded = spawn_blocking(move || Table::decode(&path, bytes, &columns)).await;
        let table =
            decoded.map_err(|error| AnswerError::failed("decoding a snapshot", error))??;
        Ok(Arc::new(Kept::Table(table)))
    }
}
