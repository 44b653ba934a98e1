//! Listings around keys that no path can name.
//!
//! A bucket takes any key (`a//b`, `a/../b`), but the store's client gives out no page of a listing that holds one
//! of these. So the page is asked for in ever smaller parts, until such a key is alone in one; the listing goes on
//! behind it.

use std::sync::Arc;

use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::{Error as PathError, Path};
use object_store::{Error, ObjectMeta};

use crate::LakeError;
use crate::lake::object_path;

/// Keys of a page, as many as S3 gives.
const PAGE: usize = 1_000;
/// Keys, or folders of keys, that no path can name, with which a listing gives up.
const MOST_UNREADABLE: usize = 100;

/// What lies below a prefix.
#[derive(Debug, Default)]
pub struct Listed {
    /// Objects, sorted by path.
    pub objects: Vec<ObjectMeta>,
    /// What is wrong with the keys of the others: one for each key, or for each folder of such keys.
    pub unreadable: Vec<LakeError>,
}

/// A store whose pages can be asked for one by one.
#[derive(Clone)]
pub(crate) struct Pages {
    store: Arc<dyn PaginatedListStore>,
    /// Where the lake is in it.
    root: Path,
}

impl Pages {
    /// Of a store that gives keys in their order, and from any key on.
    pub(crate) fn new(store: impl PaginatedListStore, root: Path) -> Self {
        Self { store: Arc::new(store), root }
    }

    /// Lists what lies below a prefix of the lake.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Listed, LakeError> {
        let folder: Path = self.root.parts().chain(object_path(prefix).parts()).collect();
        let folder = Some(format!("{folder}/")).filter(|folder| folder != "/");
        let mut listed = Listed::default();
        let (mut place, mut size, mut offset) = (Place::Unknown, PAGE, None);
        loop {
            let options = PaginatedListOptions {
                offset: offset.clone(),
                max_keys: Some(size),
                ..PaginatedListOptions::default()
            };
            match self.store.list_paginated(folder.as_deref(), options).await {
                Ok(page) => {
                    let objects = page.result.objects;
                    let Some(next) = last_key(&objects, offset.as_deref()) else { break };
                    place = place.behind(objects.len());
                    listed.objects.extend(objects.into_iter().map(|object| self.of_lake(object)));
                    if page.page_token.is_none() {
                        break;
                    }
                    offset = Some(next);
                    size = place.next_size(size);
                }
                Err(error) => match unreadable_key(&error).map(str::to_owned) {
                    Some(_) if size > 1 => {
                        place = Place::Within(size);
                        size = place.next_size(size);
                    }
                    Some(key) if listed.unreadable.len() < MOST_UNREADABLE => {
                        listed.unreadable.push(LakeError::from_store("read", prefix, error));
                        offset = Some(behind(&key));
                        (place, size) = (Place::Unknown, PAGE);
                    }
                    _ => return Err(LakeError::from_store("read", prefix, error)),
                },
            }
        }
        listed.objects.sort_by(|left, right| {
            let key = |object: &ObjectMeta| (object.last_modified, object.size);
            left.location.cmp(&right.location).then_with(|| key(left).cmp(&key(right)))
        });
        // What a page began with again.
        listed.objects.dedup();
        Ok(listed)
    }

    /// An object by its path in the lake.
    fn of_lake(&self, object: ObjectMeta) -> ObjectMeta {
        let below = object.location.prefix_match(&self.root).map(|parts| parts.collect::<Path>());
        match below {
            Some(location) => ObjectMeta { location, ..object },
            None => object,
        }
    }
}

/// Where the next key lies that no path can name.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Nobody knows.
    Unknown,
    /// Among so many keys from here on.
    Within(usize),
}

impl Place {
    /// The same, from so many keys further on.
    fn behind(self, keys: usize) -> Self {
        match self {
            Self::Within(left) if left > keys => Self::Within(left - keys),
            _ => Self::Unknown,
        }
    }

    /// The size of the next page: powers of two, which halve without a rest.
    fn next_size(self, size: usize) -> usize {
        match self {
            Self::Unknown => PAGE,
            Self::Within(_) => (size / 2).next_power_of_two(),
        }
    }
}

/// The key with which a page ends, to ask for what comes behind it; `None` of an empty page.
///
/// A path has no slash at its end, though its key may have one (the folder that a console shows). If the page
/// began behind this path, then the key was the one with the slash.
fn last_key(page: &[ObjectMeta], began_behind: Option<&str>) -> Option<String> {
    let last = page.iter().map(|object| object.location.as_ref()).max()?;
    match began_behind {
        Some(before) if last <= before => Some(format!("{last}/")),
        _ => Some(last.to_owned()),
    }
}

/// The key that made the store refuse a page.
fn unreadable_key(error: &Error) -> Option<&str> {
    match error {
        Error::InvalidPath {
            source: PathError::EmptySegment { path } | PathError::BadSegment { path, .. },
        } => Some(path),
        _ => None,
    }
}

/// Where to go on behind such a key: if it is a folder that no path can name, behind all that lies in it.
fn behind(key: &str) -> String {
    let mut folders = key.match_indices('/').map(|(end, _)| &key[..=end]);
    match folders.find(|folder| Path::parse(folder).is_err()) {
        Some(folder) => format!("{folder}{}", char::MAX),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use chrono::DateTime;
    use object_store::ListResult;
    use object_store::list::PaginatedListResult;

    use super::*;

    /// A bucket that refuses pages as the client of S3 does.
    struct Bucket {
        /// In their order.
        keys: Vec<String>,
        asked: Arc<AtomicUsize>,
    }

    #[async_trait]
    impl PaginatedListStore for Bucket {
        async fn list_paginated(
            &self,
            prefix: Option<&str>,
            options: PaginatedListOptions,
        ) -> object_store::Result<PaginatedListResult> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let (prefix, offset) = (prefix.unwrap_or_default(), options.offset.unwrap_or_default());
            let mut keys = self.keys.iter().filter(|key| key.starts_with(prefix) && **key > offset);
            let page: Vec<&String> = keys.by_ref().take(options.max_keys.unwrap_or(PAGE)).collect();
            let page_token = keys.next().map(|_| "more".to_owned());
            let mut objects = Vec::new();
            for key in page {
                objects.push(ObjectMeta {
                    location: Path::parse(key)?,
                    last_modified: DateTime::UNIX_EPOCH,
                    size: key.len() as u64,
                    e_tag: None,
                    version: None,
                });
            }
            let result = ListResult { common_prefixes: Vec::new(), objects };
            Ok(PaginatedListResult { result, page_token })
        }
    }

    /// Paths found below `landing/d/t`, what is unreadable, and how many pages were asked for.
    async fn listed(root: &str, keys: impl IntoIterator<Item = String>) -> (Listed, usize) {
        let mut keys: Vec<String> = keys.into_iter().collect();
        keys.sort();
        let asked = Arc::new(AtomicUsize::new(0));
        let bucket = Bucket { keys, asked: Arc::clone(&asked) };
        let pages = Pages::new(bucket, Path::from(root));
        let listed = pages.list("landing/d/t").await.unwrap();
        (listed, asked.load(Ordering::Relaxed))
    }

    fn paths(listed: &Listed) -> Vec<&str> {
        listed.objects.iter().map(|object| object.location.as_ref()).collect()
    }

    #[tokio::test]
    async fn every_key_but_the_unreadable_ones_is_listed() {
        let keys = [
            "landing/d/t/",
            "landing/d/t//a.csv",
            "landing/d/t//b/c.csv",
            "landing/d/t/../x.csv",
            "landing/d/t/0.csv",
            "landing/d/t/a!",
            "landing/d/t/a.csv",
            "landing/d/t/a/",
            "landing/d/t/a\u{1}.csv",
            "landing/d/t/z.csv",
            "landing/d/u/a.csv",
        ];
        for root in ["", "in/bucket"] {
            let of_bucket = |key: &str| format!("{root}/{key}").trim_start_matches('/').to_owned();
            let (listed, _) = listed(root, keys.map(of_bucket)).await;
            let expected = ["", "/0.csv", "/a", "/a!", "/a.csv", "/z.csv"];
            assert_eq!(paths(&listed), expected.map(|path| format!("landing/d/t{path}")));
            let told: Vec<String> = listed.unreadable.iter().map(ToString::to_string).collect();
            assert_eq!(told.len(), 3, "{told:?}");
            for (told, key) in told.iter().zip(["t/../x.csv", "t//a.csv", "t/a\u{1}.csv"]) {
                assert!(told.contains(key) && told.contains("rename or delete"), "{told}");
            }
        }
    }

    #[tokio::test]
    async fn an_unreadable_key_costs_few_pages() {
        let of = |number: usize| format!("landing/d/t/{number:05}.csv");
        for odd in [0, 1, 511, 512, 999, 1_000, 2_499] {
            let unreadable = format!("landing/d/t/{odd:05}.csv/./x");
            let (listed, asked) = listed("", (0..2_500).map(of).chain([unreadable])).await;
            assert_eq!((listed.objects.len(), listed.unreadable.len()), (2_500, 1), "{odd}");
            assert!(asked < 24, "{asked} pages for one that comes after {odd}");
        }
    }

    #[tokio::test]
    async fn a_bucket_of_unreadable_keys_is_given_up() {
        let keys = (0..MOST_UNREADABLE + 1).map(|number| format!("landing/d/t/{number:03}\u{1}"));
        let bucket = Bucket { keys: keys.collect(), asked: Arc::default() };
        let error = Pages::new(bucket, Path::default()).list("landing/d/t").await.unwrap_err();
        assert!(matches!(error, LakeError::BadKey { .. }), "{error:?}");
    }
}
