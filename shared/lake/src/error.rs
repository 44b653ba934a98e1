use std::error::Error as StdError;

/// What went wrong in the lake, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The lake's location cannot be understood.
    #[error(
        "lake location `{location}` cannot be used: {detail}; give a folder or an s3://bucket/prefix URL"
    )]
    BadLocation {
        /// The location as given.
        location: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A lake that is only read is not there.
    #[error(
        "there is no lake at {location}; give its place with --lake or SMELT_LAKE, or load data first \
         (`smelt ingest`, `smelt run`)"
    )]
    NoLake {
        /// The location as given.
        location: String,
    },
    /// A table that must exist does not.
    #[error("table {table} does not exist yet in this lake; load data first (`smelt ingest`)")]
    NoSuchTable {
        /// SQL name of the table.
        table: String,
    },
    /// The store refused access; a retry does not help.
    #[error("no permission to {action} {place}; check the access rights of the lake")]
    PermissionDenied {
        /// `read` or `write`.
        action: &'static str,
        /// Path inside the lake.
        place: String,
        /// The store's own answer.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The disk is full; nothing was committed.
    #[error(
        "no space left while writing {place}; nothing of this step was committed, free some space and run again"
    )]
    NoSpace {
        /// Path inside the lake.
        place: String,
        /// The store's own answer.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The store did not answer, or asked to slow down; a retry helps.
    #[error("the store did not {action} {place}: {source}; run again later")]
    Unavailable {
        /// `read` or `write`.
        action: &'static str,
        /// Path inside the lake.
        place: String,
        /// The store's own answer.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// An object has a key that no path can name: an empty part, `..`, a control character.
    #[error("{source}: a key below {place} that nobody can read; rename or delete the object")]
    BadKey {
        /// Path inside the lake.
        place: String,
        /// The key, and what is wrong with it.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A table's log or a file of it cannot be understood.
    #[error("table {table} is damaged: {detail}")]
    Corrupt {
        /// SQL name of the table.
        table: String,
        /// What could not be read.
        detail: String,
    },
    /// Other writers kept winning until the retries were used up.
    #[error(
        "table {table} is being changed by others: gave up after {attempts} attempts; run again"
    )]
    Contended {
        /// SQL name of the table.
        table: String,
        /// Commit attempts made.
        attempts: u32,
    },
    /// A computation needs more memory than it may have.
    #[error("{context}: it needs more memory than it may have; allow more ({source})")]
    OutOfMemory {
        /// What was being computed.
        context: String,
        /// The engine's error.
        #[source]
        source: Box<datafusion::error::DataFusionError>,
    },
    /// The query engine failed.
    #[error("{context}: {source}")]
    Engine {
        /// What was being computed.
        context: String,
        /// The engine's error.
        #[source]
        source: Box<datafusion::error::DataFusionError>,
    },
    /// Data could not be encoded to or decoded from Parquet.
    #[error("{place} could not be encoded or decoded as Parquet: {source}")]
    Parquet {
        /// Path inside the lake.
        place: String,
        /// The codec's error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl LakeError {
    /// Whether the same call may succeed later without anyone changing anything.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Contended { .. })
    }

    /// Classifies an error of the log's library: a store's answer inside it stays a store's answer.
    pub(crate) fn from_log(
        table: String,
        place: String,
        error: deltalake::DeltaTableError,
    ) -> Self {
        // Where the library hides the store's answer it says at least in words that there was one.
        let words = error.to_string();
        let of_the_store = causes(&error).any(|cause| cause.is::<object_store::Error>())
            || words.contains("Error interacting with object store");
        if of_the_store {
            return Self::classified("read or write", place, Box::new(error));
        }
        Self::Corrupt { table, detail: words }
    }

    /// Classifies an answer of the object store.
    pub fn from_store(
        action: &'static str,
        place: impl Into<String>,
        error: object_store::Error,
    ) -> Self {
        Self::classified(action, place.into(), Box::new(error))
    }

    fn classified(
        action: &'static str,
        place: String,
        source: Box<dyn StdError + Send + Sync>,
    ) -> Self {
        if is_bad_key(source.as_ref()) {
            return Self::BadKey { place, source };
        }
        if is_denied(source.as_ref()) {
            return Self::PermissionDenied { action, place, source };
        }
        match io_kind(source.as_ref()) {
            Some(std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem) => {
                Self::PermissionDenied { action, place, source }
            }
            Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) => {
                Self::NoSpace { place, source }
            }
            _ => Self::Unavailable { action, place, source },
        }
    }

    /// Classifies an error of the query engine: a store's answer inside it stays a store's answer.
    pub fn from_engine(
        context: impl Into<String>,
        error: datafusion::error::DataFusionError,
    ) -> Self {
        use datafusion::error::DataFusionError;
        use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, StorageFull};

        let context = context.into();
        if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) {
            return Self::OutOfMemory { context, source: Box::new(error) };
        }
        let of_the_store = causes(&error).any(|cause| cause.is::<object_store::Error>())
            || matches!(io_kind(&error), Some(PermissionDenied | QuotaExceeded | StorageFull));
        if of_the_store {
            return Self::classified("read", format!("files for {context}"), Box::new(error));
        }
        Self::Engine { context, source: Box::new(error) }
    }

    /// Classifies an error of reading Parquet: a store's answer inside it stays a store's answer.
    pub(crate) fn unread_parquet(
        place: impl Into<String>,
        error: parquet::errors::ParquetError,
    ) -> Self {
        let place = place.into();
        match error {
            parquet::errors::ParquetError::External(inner) => {
                Self::classified("read", place, inner)
            }
            other => Self::Parquet { place, source: Box::new(other) },
        }
    }

    /// Classifies an error of the Parquet codec: a store's answer inside it stays a store's answer.
    pub(crate) fn from_parquet(
        place: impl Into<String>,
        error: parquet::errors::ParquetError,
    ) -> Self {
        let place = place.into();
        match error {
            parquet::errors::ParquetError::External(inner) => {
                Self::classified("write", place, inner)
            }
            other => Self::Parquet { place, source: Box::new(other) },
        }
    }
}

fn is_bad_key(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| {
        let answer = cause.downcast_ref::<object_store::Error>();
        matches!(answer, Some(object_store::Error::InvalidPath { .. }))
    })
}

/// Whether the store refused access. It says so only in words when it refuses a listing.
fn is_denied(error: &(dyn StdError + 'static)) -> bool {
    let refusal = ["status code: 401 ", "status code: 403 "];
    causes(error).any(|cause| match cause.downcast_ref::<object_store::Error>() {
        Some(
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. },
        ) => true,
        Some(other) => {
            let words = other.to_string();
            refusal.iter().any(|status| words.contains(status))
        }
        None => false,
    })
}

/// The kind of the innermost I/O error: outer ones only carry others along.
fn io_kind(error: &(dyn StdError + 'static)) -> Option<std::io::ErrorKind> {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .last()
        .map(|io| io.kind())
}

/// An error and what is behind it, from the outside in.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error: &'a (dyn StdError + 'static) = *error;
        // An I/O error that carries another error along hides it from `source`.
        let carried = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        match carried {
            Some(carried) => Some(carried as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn generic(source: impl Into<Box<dyn StdError + Send + Sync>>) -> object_store::Error {
        object_store::Error::Generic { store: "test", source: source.into() }
    }

    #[test]
    fn a_key_that_no_path_can_name_is_nothing_to_wait_for() {
        let source = object_store::path::Path::parse("landing/a//b").unwrap_err();
        let error = LakeError::from_store("read", "landing", source.into());
        assert!(matches!(error, LakeError::BadKey { .. }) && !error.retryable(), "{error:?}");
        assert!(error.to_string().contains("landing/a//b"), "{error}");
    }

    #[test]
    fn a_full_disk_is_seen_through_all_that_wraps_it() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let plain = LakeError::from_store("write", "a", generic(full()));
        assert!(matches!(plain, LakeError::NoSpace { .. }));
        let wrapped =
            parquet::errors::ParquetError::External(Box::new(io::Error::other(generic(full()))));
        let through_parquet = LakeError::from_parquet("a", wrapped);
        assert!(matches!(through_parquet, LakeError::NoSpace { .. }), "{through_parquet:?}");
    }

    #[test]
    fn a_refused_listing_is_no_passing_fault() {
        let refused = generic("Server returned non-2xx status code: 403 Forbidden: no");
        let error = LakeError::from_store("read", "a", refused);
        assert!(matches!(error, LakeError::PermissionDenied { .. }) && !error.retryable());
        let busy = generic("Server returned non-2xx status code: 503 Service Unavailable: no");
        assert!(LakeError::from_store("read", "a", busy).retryable());
    }
}
