//! A store that lets a test do something before every single operation: wait, act, or refuse.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What is about to be done to an object or a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Read,
    List,
    Write,
}

/// Called before every operation; an error is the operation's answer.
pub(super) type Watcher =
    Arc<dyn Fn(Operation, String) -> BoxFuture<'static, Result<()>> + Send + Sync>;

#[derive(Clone)]
pub(super) struct WatchedStore {
    inner: Arc<dyn ObjectStore>,
    watcher: Watcher,
}

impl WatchedStore {
    pub(super) fn new(inner: Arc<dyn ObjectStore>, watcher: Watcher) -> Self {
        Self { inner, watcher }
    }

    async fn watch(&self, operation: Operation, path: &Path) -> Result<()> {
        (self.watcher)(operation, path.to_string()).await
    }
}

impl fmt::Debug for WatchedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WatchedStore")
    }
}

impl fmt::Display for WatchedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "watched {}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for WatchedStore {
    async fn put_opts(
        &self,
        path: &Path,
        bytes: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.watch(Operation::Write, path).await?;
        self.inner.put_opts(path, bytes, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.watch(Operation::Write, path).await?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.watch(Operation::Read, path).await?;
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned());
        async move {
            store.watch(Operation::List, &prefix.clone().unwrap_or_default()).await?;
            Result::<_>::Ok(store.inner.list(prefix.as_ref()))
        }
        .into_stream()
        .try_flatten()
        .boxed()
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix, offset) = (self.clone(), prefix.cloned(), offset.clone());
        async move {
            store.watch(Operation::List, &prefix.clone().unwrap_or_default()).await?;
            Result::<_>::Ok(store.inner.list_with_offset(prefix.as_ref(), &offset))
        }
        .into_stream()
        .try_flatten()
        .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.watch(Operation::List, &prefix.cloned().unwrap_or_default()).await?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.watch(Operation::Write, to).await?;
        self.inner.copy_opts(from, to, options).await
    }
}
