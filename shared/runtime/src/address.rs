//! Where the lake is, as notifications name it.

use url::Url;

/// The bucket and the prefix of a lake; a folder has neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeAddress {
    bucket: Option<String>,
    /// Without a slash at either end.
    prefix: String,
}

/// Why an object does not belong to the lake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOfTheLake {
    /// It lies in another bucket.
    #[error(
        "the object lies in the bucket `{found}`, the lake in `{expected}`; correct the notification"
    )]
    ForeignBucket {
        /// Its bucket.
        found: String,
        /// The lake's.
        expected: String,
    },
    /// It lies beside the lake in its bucket.
    #[error(
        "the key `{key}` does not start with the lake's prefix `{prefix}/`; correct the notification"
    )]
    OutsidePrefix {
        /// The key.
        key: String,
        /// The lake's prefix.
        prefix: String,
    },
}

impl LakeAddress {
    /// The address of the lake at a location: `s3://bucket/prefix`, or a folder.
    pub fn of(location: &str) -> Self {
        match Url::parse(location) {
            Ok(url) if url.scheme() == "s3" => Self {
                bucket: url.host_str().map(str::to_owned),
                prefix: url.path().trim_matches('/').to_owned(),
            },
            _ => Self { bucket: None, prefix: String::new() },
        }
    }

    /// The bucket, and the key in it of what has this path from the lake's root; `None` of a folder.
    pub fn in_bucket(&self, path: &str) -> Option<(String, String)> {
        let bucket = self.bucket.clone()?;
        let key = if self.prefix.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.prefix)
        };
        Some((bucket, key))
    }

    /// The key from the lake's root. A folder on a laptop takes events about any bucket.
    pub fn relative(&self, bucket: &str, key: &str) -> Result<String, NotOfTheLake> {
        if let Some(expected) = &self.bucket
            && expected != bucket
        {
            let (found, expected) = (bucket.to_owned(), expected.clone());
            return Err(NotOfTheLake::ForeignBucket { found, expected });
        }
        if self.prefix.is_empty() {
            return Ok(key.to_owned());
        }
        let rest = key.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('/'));
        rest.map(str::to_owned).ok_or_else(|| NotOfTheLake::OutsidePrefix {
            key: key.to_owned(),
            prefix: self.prefix.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_of_the_lake_count() {
        let lake = LakeAddress::of("s3://lake/data/");
        assert_eq!(lake.relative("lake", "data/landing/x"), Ok("landing/x".to_owned()));
        assert!(matches!(
            lake.relative("lake", "database/landing/x"),
            Err(NotOfTheLake::OutsidePrefix { .. })
        ));
        assert!(matches!(
            lake.relative("pond", "data/landing/x"),
            Err(NotOfTheLake::ForeignBucket { .. })
        ));
        let whole = LakeAddress::of("s3://lake");
        assert_eq!(whole.relative("lake", "landing/x"), Ok("landing/x".to_owned()));
        let folder = LakeAddress::of("./lake");
        assert_eq!(folder.relative("any", "landing/x"), Ok("landing/x".to_owned()));
    }
}
