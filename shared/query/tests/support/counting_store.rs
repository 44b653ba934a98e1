//! A store that remembers what was read.

use std::collections::HashMap;
use std::sync::Mutex;

use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Of each object, how often it was read and how many bytes.
#[derive(Debug, Default)]
pub struct CountingStore {
    store: InMemory,
    reads: Mutex<HashMap<String, (usize, u64)>>,
}

impl CountingStore {
    pub fn reads_of(&self, path: &str) -> usize {
        self.reads.lock().unwrap().get(path).map_or(0, |(reads, _)| *reads)
    }

    pub fn bytes_of(&self, path: &str) -> u64 {
        self.reads.lock().unwrap().get(path).map_or(0, |(_, bytes)| *bytes)
    }
}

impl std::fmt::Display for CountingStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CountingStore")
    }
}

#[async_trait::async_trait]
impl ObjectStore for CountingStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        // Others get their turn, as with a store that is not in memory.
        tokio::task::yield_now().await;
        let result = self.store.get_opts(location, options).await?;
        let mut reads = self.reads.lock().unwrap();
        let (count, bytes) = reads.entry(location.to_string()).or_default();
        *count += 1;
        *bytes += result.range.end - result.range.start;
        drop(reads);
        Ok(result)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}
