//! A store that fails on purpose, at one chosen write.
//!
//! [`FaultyStore`] numbers every call that changes what readers can see (put, completed multipart
//! upload, delete, copy, rename) from 0 on. A [`FaultPlan`] names one of these numbers and what
//! goes wrong there. A test first runs without a fault, counts the writes, and then tries every
//! number with every [`Fault`].

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    RenameOptions, RenameTargetMode, Result, UploadPart,
};
use tokio::sync::Semaphore;

const STORE: &str = "FaultyStore";

/// What goes wrong at a write.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The request never arrives: nothing is written.
    FailBefore,
    /// It is written, but the answer is lost.
    LostAnswer,
    /// 409, as S3 answers when requests for one key meet: nothing is written. The S3 client
    /// reports every 409 as *already exists*, although nothing does.
    Conflict409,
    /// 412 to a put that did land: the client had lost the first answer and asked again by itself.
    /// Creating puts report it as *already exists*.
    Precondition412,
    /// 503, the store asks to slow down: nothing is written.
    Unavailable503,
    /// The write takes so long, then goes on.
    Stall(Duration),
    /// The write waits for a test to let it go on.
    Hold(Hold),
    /// The process dies before anything is written.
    KillBefore,
    /// The process dies once it is written.
    KillAfter,
}

/// At which write what goes wrong.
#[derive(Debug, Clone, Default)]
pub struct FaultPlan(Option<(usize, Fault)>);

impl FaultPlan {
    /// Nothing goes wrong; the store only counts.
    pub fn none() -> Self {
        Self(None)
    }

    /// The write with this number, counted from 0, meets the fault; all others go well.
    pub fn at(write: usize, fault: Fault) -> Self {
        Self(Some((write, fault)))
    }
}

/// A gate in the way of a write: tells when the write has arrived and holds it until released.
#[derive(Debug, Clone)]
pub struct Hold {
    arrived: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl Default for Hold {
    fn default() -> Self {
        Self { arrived: Arc::new(Semaphore::new(0)), released: Arc::new(Semaphore::new(0)) }
    }
}

impl Hold {
    /// Waits until the write has arrived.
    pub async fn arrived(&self) {
        // These semaphores are never closed, so there is always a permit in the end.
        let _ = self.arrived.acquire().await;
    }

    /// Lets the write go on.
    pub fn release(&self) {
        self.released.add_permits(1);
    }

    async fn pass(&self) {
        self.arrived.add_permits(1);
        let _ = self.released.acquire().await;
    }
}

/// A write that was tried, whether it met a fault or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// `put`, `create`, `upload`, `delete`, `copy` or `rename`.
    pub kind: &'static str,
    /// The object written to, from the store's root.
    pub path: String,
}

/// An object store that passes everything on, but for the one write that the plan names.
#[derive(Debug, Clone)]
pub struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    plan: FaultPlan,
    journal: Arc<Mutex<Vec<Write>>>,
    unreadable: Option<String>,
}

impl FaultyStore {
    /// Wraps a store.
    pub fn new(inner: Arc<dyn ObjectStore>, plan: FaultPlan) -> Self {
        Self { inner, plan, journal: Arc::default(), unreadable: None }
    }

    /// Reading what lies below a prefix fails from now on, as of a store that does not answer.
    pub fn with_unreadable(self, prefix: &str) -> Self {
        Self { unreadable: Some(prefix.to_owned()), ..self }
    }

    /// The writes tried so far, in order: the write with number `k` is at index `k`.
    pub fn writes(&self) -> Vec<Write> {
        self.journal().clone()
    }

    fn journal(&self) -> MutexGuard<'_, Vec<Write>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a write and tells what happens to it.
    fn number(&self, kind: &'static str, path: &Path) -> Option<Fault> {
        let mut journal = self.journal();
        let number = journal.len();
        journal.push(Write { kind, path: path.to_string() });
        let (at, fault) = self.plan.0.as_ref()?;
        (*at == number).then(|| fault.clone())
    }

    async fn write<T>(
        &self,
        kind: &'static str,
        path: &Path,
        act: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let creates = kind == "create";
        match self.number(kind, path) {
            None => act.await,
            Some(Fault::FailBefore) => Err(io_error("the connection was refused")),
            Some(Fault::LostAnswer) => {
                act.await?;
                Err(io_error("the connection was reset before an answer came"))
            }
            Some(Fault::Conflict409) => Err(already_exists(path, "409 Conflict")),
            Some(Fault::Precondition412) => {
                act.await?;
                Err(match creates {
                    true => already_exists(path, "412 Precondition Failed"),
                    false => Error::Precondition {
                        path: path.to_string(),
                        source: "412 Precondition Failed".into(),
                    },
                })
            }
            Some(Fault::Unavailable503) => {
                Err(Error::Generic { store: STORE, source: "503 Slow Down".into() })
            }
            Some(Fault::Stall(time)) => {
                tokio::time::sleep(time).await;
                act.await
            }
            Some(Fault::Hold(hold)) => {
                hold.pass().await;
                act.await
            }
            Some(Fault::KillBefore) => std::process::abort(),
            Some(Fault::KillAfter) => {
                // Whether it went well or not, nobody will ever hear.
                let _ = act.await;
                std::process::abort()
            }
        }
    }
}

fn io_error(text: &'static str) -> Error {
    let source = io::Error::new(io::ErrorKind::ConnectionReset, text);
    Error::Generic { store: STORE, source: Box::new(source) }
}

fn already_exists(path: &Path, answer: &'static str) -> Error {
    Error::AlreadyExists { path: path.to_string(), source: answer.into() }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{STORE}({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let kind = if matches!(options.mode, PutMode::Create) { "create" } else { "put" };
        self.write(kind, location, self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        // Parts are invisible to readers; the write that counts is the upload's completion.
        let upload = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(FaultyUpload { store: self.clone(), location: location.clone(), upload }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let unreadable = self.unreadable.as_deref();
        if unreadable.is_some_and(|prefix| location.as_ref().starts_with(prefix)) {
            return Err(Error::Generic { store: STORE, source: "503 Slow Down".into() });
        }
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .then(move |location| {
                let store = store.clone();
                async move {
                    let location = location?;
                    store.write("delete", &location, store.inner.delete(&location)).await?;
                    Ok(location)
                }
            })
            .boxed()
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
        let kind = if options.mode == CopyMode::Create { "create" } else { "copy" };
        self.write(kind, to, self.inner.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let kind =
            if options.target_mode == RenameTargetMode::Create { "create" } else { "rename" };
        self.write(kind, to, self.inner.rename_opts(from, to, options)).await
    }
}

/// An upload in parts whose completion is a numbered write.
#[derive(Debug)]
struct FaultyUpload {
    store: FaultyStore,
    location: Path,
    upload: Box<dyn MultipartUpload>,
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Self { store, location, upload } = self;
        store.write("upload", location, upload.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}
