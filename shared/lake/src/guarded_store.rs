//! A store that writes only where it may: the part of least privilege that does not wait for a cloud
//! to refuse.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// Passes everything on but writes and deletes outside of some top-level folders.
#[derive(Debug)]
pub(crate) struct GuardedStore {
    inner: Arc<dyn ObjectStore>,
    writable: Arc<[String]>,
}

/// Something tried to write where it may not.
#[derive(Debug, thiserror::Error)]
#[error("only {writable} may be written here")]
struct NotWritable {
    writable: String,
}

impl GuardedStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, writable: &[&str]) -> Self {
        Self { inner, writable: writable.iter().map(|folder| (*folder).to_owned()).collect() }
    }

    fn check(&self, path: &Path) -> Result<()> {
        check(&self.writable, path)
    }
}

fn check(writable: &[String], path: &Path) -> Result<()> {
    let folder = path.parts().next();
    if folder.is_some_and(|folder| writable.iter().any(|allowed| allowed == folder.as_ref())) {
        return Ok(());
    }
    let source = NotWritable { writable: writable.join(", ") };
    Err(Error::PermissionDenied { path: path.to_string(), source: Box::new(source) })
}

impl fmt::Display for GuardedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "guarded {}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for GuardedStore {
    async fn put_opts(
        &self,
        path: &Path,
        bytes: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.check(path)?;
        self.inner.put_opts(path, bytes, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check(path)?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    async fn get_ranges(
        &self,
        path: &Path,
        ranges: &[std::ops::Range<u64>],
    ) -> Result<Vec<bytes::Bytes>> {
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let writable = Arc::clone(&self.writable);
        let checked = paths.map(move |path| {
            let path = path?;
            check(&writable, &path)?;
            Ok(path)
        });
        self.inner.delete_stream(checked.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check(to)?;
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.check(from)?;
        self.check(to)?;
        self.inner.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use crate::{Lake, LakeError};

    #[tokio::test]
    async fn writes_and_deletes_outside_are_refused_and_reads_are_not() {
        let open = Lake::with_store(std::sync::Arc::new(InMemory::new()), "memory");
        open.put_object("landing/a.csv", b"a".to_vec()).await.unwrap();
        let guarded = open.writable_only(&["silver", "runs"]);
        guarded.put_object("silver/x/y", b"1".to_vec()).await.unwrap();
        assert!(guarded.create_object("runs/z", b"1".to_vec()).await.unwrap());
        assert!(guarded.get_object("landing/a.csv").await.unwrap().is_some());
        assert_eq!(guarded.list_objects("").await.unwrap().len(), 3);

        for path in ["landing/b.csv", "silverware/x", "other"] {
            let error = guarded.put_object(path, b"1".to_vec()).await.unwrap_err();
            assert!(matches!(error, LakeError::PermissionDenied { .. }), "{path}: {error:?}");
            assert!(!error.retryable());
        }
        guarded.delete_objects(&["landing/a.csv".to_owned()]).await.unwrap_err();
        assert!(open.get_object("landing/a.csv").await.unwrap().is_some());
        guarded.delete_objects(&["silver/x/y".to_owned()]).await.unwrap();
    }
}
