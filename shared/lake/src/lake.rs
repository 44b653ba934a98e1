use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use smelt_domain::TableId;
use url::Url;

use crate::guarded_store::GuardedStore;
use crate::listing::{Listed, Pages};
use crate::{LakeError, Table};

/// Scheme under which every lake is known to the engine, whatever the store behind it.
const ENGINE_URL: &str = "smelt://lake";
/// With what names of buckets of S3 Express end.
const EXPRESS: &str = "--x-s3";

/// One storage root that holds every table, published snapshot and run report.
#[derive(Clone)]
pub struct Lake {
    store: Arc<dyn ObjectStore>,
    location: String,
    folder: Option<PathBuf>,
    /// By which keys that no path can name are listed around; `None` where they cannot be.
    pages: Option<Pages>,
}

impl fmt::Debug for Lake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lake").field("location", &self.location).finish()
    }
}

impl Lake {
    /// Opens a folder (created when absent) or an `s3://bucket/prefix` URL.
    ///
    /// S3 credentials, region and endpoint come from the given options (names as in the AWS
    /// environment variables); the caller decides where they are read from.
    pub fn open(
        location: &str,
        s3_options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LakeError> {
        match (Url::parse(location), local_folder(location)?) {
            (_, Some(folder)) => Self::open_folder(&folder),
            (Ok(url), None) => Self::open_s3(location, &url, s3_options),
            (Err(error), None) => Err(bad_location(location, &error.to_string())),
        }
    }

    /// Opens a lake that must be there: a folder is not created. Whether a bucket has anything under a
    /// prefix is not asked.
    pub fn open_existing(
        location: &str,
        s3_options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LakeError> {
        let folder = local_folder(location)?.filter(|_| !location.is_empty());
        match folder.map(std::fs::metadata) {
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(LakeError::NoLake { location: location.to_owned() })
            }
            Some(Err(error)) => Err(bad_location(location, &error.to_string())),
            Some(Ok(_)) | None => Self::open(location, s3_options),
        }
    }

    /// Opens a local folder as a lake, creating it when absent.
    pub fn open_folder(folder: &FilePath) -> Result<Self, LakeError> {
        let location = folder.display().to_string();
        std::fs::create_dir_all(folder).map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                LakeError::PermissionDenied {
                    action: "create",
                    place: location.clone(),
                    source: Box::new(error),
                }
            }
            _ => bad_location(&location, &error.to_string()),
        })?;
        let folder =
            folder.canonicalize().map_err(|error| bad_location(&location, &error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| bad_location(&location, &error.to_string()))?;
        Ok(Self { store: Arc::new(store), location, folder: Some(folder), pages: None })
    }

    fn open_s3(
        location: &str,
        url: &Url,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LakeError> {
        let mut builder = AmazonS3Builder::new()
            .with_url(location)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        for (name, value) in options {
            if let Ok(key) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        let store = builder.build().map_err(|error| bad_location(location, &error.to_string()))?;
        let prefix = Path::parse(url.path().trim_matches('/'))
            .map_err(|error| bad_location(location, &error.to_string()))?;
        // One of S3 Express gives keys in no order.
        let has_order = url.host_str().is_none_or(|bucket| !bucket.ends_with(EXPRESS));
        let pages = has_order.then(|| Pages::new(store.clone(), prefix.clone()));
        Ok(Self {
            store: Arc::new(PrefixStore::new(store, prefix)),
            location: location.to_owned(),
            folder: None,
            pages,
        })
    }

    /// A lake in memory, for tests and short computations.
    pub fn in_memory() -> Self {
        Self::with_store(Arc::new(InMemory::new()), "memory")
    }

    /// A lake over any object store (for instance one that injects faults).
    pub fn with_store(store: Arc<dyn ObjectStore>, location: &str) -> Self {
        Self { store, location: location.to_owned(), folder: None, pages: None }
    }

    /// The same lake, in which only these top-level folders can be written: everything else answers
    /// [`LakeError::PermissionDenied`].
    #[must_use]
    pub fn writable_only(&self, folders: &[&str]) -> Self {
        let store = GuardedStore::new(Arc::clone(&self.store), folders);
        Self { store: Arc::new(store), ..self.clone() }
    }

    /// Where the lake is, as given when it was opened.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The lake as OpenLineage names stores: the bucket with its scheme, or `file`.
    pub fn namespace(&self) -> String {
        match Url::parse(&self.location) {
            Ok(url) if url.scheme() == "s3" => {
                format!("s3://{}", url.host_str().unwrap_or_default())
            }
            _ => "file".to_owned(),
        }
    }

    /// The lake's absolute folder, when it is one.
    pub fn folder(&self) -> Option<&FilePath> {
        self.folder.as_deref()
    }

    /// The store, rooted at the lake.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The table's handle; nothing is read yet, and the table need not exist.
    pub fn table(&self, id: TableId) -> Result<Table, LakeError> {
        Table::new(self.clone(), id)
    }

    /// Makes the lake's files readable for the engine.
    pub fn register(&self, runtime: &RuntimeEnv) {
        let url = engine_url();
        runtime.register_object_store(url.as_ref(), Arc::clone(&self.store));
    }

    /// Writes an object that must not exist yet; `false` when it already does.
    pub async fn create_object(&self, path: &str, bytes: Vec<u8>) -> Result<bool, LakeError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let location = object_path(path);
        match self.store.put_opts(&location, PutPayload::from(bytes), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(LakeError::from_store("write", path, error)),
        }
    }

    /// Writes or replaces an object.
    pub async fn put_object(&self, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        self.store
            .put(&object_path(path), PutPayload::from(bytes))
            .await
            .map_err(|error| LakeError::from_store("write", path, error))?;
        Ok(())
    }

    /// Writes or replaces an object that holds a value as JSON.
    pub async fn put_json(
        &self,
        path: &str,
        value: &(impl serde::Serialize + Sync),
    ) -> Result<(), LakeError> {
        let bytes = serde_json::to_vec(value).map_err(|error| LakeError::Corrupt {
            table: path.to_owned(),
            detail: format!("it cannot be written: {error}"),
        })?;
        self.put_object(path, bytes).await
    }

    /// Reads a whole small object; `None` when it does not exist.
    pub async fn get_object(&self, path: &str) -> Result<Option<Vec<u8>>, LakeError> {
        let read = |error| LakeError::from_store("read", path, error);
        match self.store.get(&object_path(path)).await {
            Ok(answer) => Ok(Some(answer.bytes().await.map_err(read)?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(read(error)),
        }
    }

    /// What the store knows of an object; `None` when it does not exist.
    pub async fn object(&self, path: &str) -> Result<Option<ObjectMeta>, LakeError> {
        match self.store.head(&object_path(path)).await {
            Ok(object) => Ok(Some(object)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(LakeError::from_store("read", path, error)),
        }
    }

    /// The bytes of an object that was listed; `None` when it is gone.
    ///
    /// By its location: its text would be encoded once more, and name another object.
    pub async fn object_bytes(
        &self,
        object: &ObjectMeta,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, LakeError>>>, LakeError> {
        let place = object.location.to_string();
        let unread = move |error| LakeError::from_store("read", &place, error);
        match self.store.get(&object.location).await {
            Ok(found) => Ok(Some(found.into_stream().map_err(unread).boxed())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unread(error)),
        }
    }

    /// Deletes objects; those that are gone already count as deleted. Returns how many there were.
    pub async fn delete_objects(&self, paths: &[String]) -> Result<u64, LakeError> {
        let place = format!("{} objects", paths.len());
        let paths: Vec<_> = paths.iter().map(|path| Ok(object_path(path))).collect();
        let mut outcomes = self.store.delete_stream(futures::stream::iter(paths).boxed());
        let mut deleted = 0;
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(_) => deleted += 1,
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(LakeError::from_store("delete", place, error)),
            }
        }
        Ok(deleted)
    }

    /// The folders right below a prefix, sorted by path.
    pub async fn list_folders(&self, prefix: &str) -> Result<Vec<String>, LakeError> {
        Ok(self.list_level(prefix).await?.folders)
    }

    /// What lies right below a prefix.
    pub async fn list_level(&self, prefix: &str) -> Result<Level, LakeError> {
        let prefix_path = object_path(prefix);
        let listed = self.store.list_with_delimiter(Some(&prefix_path)).await;
        let listed = listed.map_err(|error| LakeError::from_store("read", prefix, error))?;
        let folders = listed.common_prefixes.iter();
        // A folder that a console shows is an object of its own name.
        let objects = listed.objects.iter().map(|object| &object.location);
        let objects = objects.filter(|location| **location != prefix_path);
        let mut level = Level {
            folders: folders.map(ToString::to_string).collect(),
            objects: objects.map(ToString::to_string).collect(),
        };
        level.folders.sort();
        level.objects.sort();
        Ok(level)
    }

    /// Whether any object lies below a prefix.
    pub async fn has_objects(&self, prefix: &str) -> Result<bool, LakeError> {
        let prefix_path = object_path(prefix);
        let mut listed = self.store.list(Some(&prefix_path));
        while let Some(object) = listed.next().await {
            let object = object.map_err(|error| LakeError::from_store("read", prefix, error))?;
            if object.location != prefix_path {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lists objects below a prefix around those whose keys no path can name: anybody may have put one where
    /// files are dropped. Only a bucket can be listed so; in a folder a file with such a name is a failure.
    pub async fn list_readable(&self, prefix: &str) -> Result<Listed, LakeError> {
        match (self.list_objects(prefix).await, &self.pages) {
            (Err(LakeError::BadKey { .. }), Some(pages)) => pages.list(prefix).await,
            (listed, _) => Ok(Listed { objects: listed?, unreadable: Vec::new() }),
        }
    }

    /// Lists objects below a prefix, sorted by path.
    pub async fn list_objects(&self, prefix: &str) -> Result<Vec<ObjectMeta>, LakeError> {
        let mut found: Vec<ObjectMeta> = self
            .store
            .list(Some(&object_path(prefix)))
            .try_collect()
            .await
            .map_err(|error| LakeError::from_store("read", prefix, error))?;
        found.sort_by(|left, right| left.location.cmp(&right.location));
        Ok(found)
    }
}

/// What lies right below a prefix: paths, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Level {
    /// What has something below it.
    pub folders: Vec<String>,
    /// Objects.
    pub objects: Vec<String>,
}

/// The folder that a location names; `None` of a bucket.
fn local_folder(location: &str) -> Result<Option<PathBuf>, LakeError> {
    match Url::parse(location) {
        Ok(url) if url.scheme() == "s3" => Ok(None),
        Ok(url) if url.scheme() == "file" => match url.to_file_path() {
            Ok(folder) => Ok(Some(folder)),
            Err(()) => Err(bad_location(location, "not a local path")),
        },
        Ok(url) if url.scheme().len() > 1 => {
            Err(bad_location(location, &format!("unknown scheme `{}`", url.scheme())))
        }
        Err(error) if location.contains("://") => Err(bad_location(location, &error.to_string())),
        // A relative path, or a single letter that is a drive and not a scheme.
        _ => Ok(Some(PathBuf::from(location))),
    }
}

/// The URL that stands for the lake inside the engine.
pub(crate) fn engine_url() -> ObjectStoreUrl {
    // The constant always parses; the fallback keeps this free of panics.
    ObjectStoreUrl::parse(ENGINE_URL).unwrap_or_else(|_| ObjectStoreUrl::local_filesystem())
}

/// A path inside the lake as the store wants it; path segments are taken as they are.
pub(crate) fn object_path(path: &str) -> Path {
    Path::parse(path).unwrap_or_else(|_| Path::from(path))
}

fn bad_location(location: &str, detail: &str) -> LakeError {
    LakeError::BadLocation { location: location.to_owned(), detail: detail.to_owned() }
}
