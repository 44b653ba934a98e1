//! What an object of a lake is, by its key: the part of a notification that says where to look.

use crate::{DatasetName, RunId, TableId, TableName};

/// An object of a lake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LakeKey {
    /// A file that was dropped to be ingested: `landing/nyc311/requests/export.csv`.
    Landed {
        /// The dataset that it is for.
        dataset: DatasetName,
        /// The table that it is for.
        table: TableName,
        /// The whole key.
        key: String,
    },
    /// A commit of a table: `silver/nyc311/requests/_delta_log/00000000000000000007.json`.
    Commit {
        /// The table.
        table: TableId,
        /// The version that the commit made.
        version: u64,
    },
    /// The report of a run that somebody has to look at: `failures/2026-11-22/<run-id>.json`.
    Failure {
        /// The run.
        run: RunId,
    },
    /// Anything else that lies in a lake: data files, checkpoints, snapshots, reports. It wakes nobody.
    Other,
}

/// Why a key is none of a lake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is no key of a lake: {reason}")]
pub struct LakeKeyError {
    key: String,
    reason: String,
}

const COMMIT_DIGITS: usize = 20;

impl LakeKey {
    /// What lies under a key, from the lake's root.
    pub fn parse(key: &str) -> Result<Self, LakeKeyError> {
        let error = |reason: String| LakeKeyError { key: key.to_owned(), reason };
        let parts: Vec<&str> = key.split('/').collect();
        if let Some(part) = parts.iter().rev().skip(1).rev().find(|part| !is_readable(part)) {
            return Err(error(format!("no path can name the part {part:?}; rename the object")));
        }
        match parts.as_slice() {
            ["landing", .., ""] => Ok(Self::Other),
            ["landing", .., name] if !is_readable(name) => {
                Err(error(format!("no path can name {name:?}; rename the object")))
            }
            ["landing", dataset, table, rest @ ..] if !rest.is_empty() => Ok(Self::Landed {
                dataset: dataset.parse().map_err(|cause| error(format!("{cause}")))?,
                table: table.parse().map_err(|cause| error(format!("{cause}")))?,
                key: key.to_owned(),
            }),
            ["landing", ..] => {
                Err(error("expected landing/<dataset>/<table>/<name of the file>".to_owned()))
            }
            [layer, dataset, table, "_delta_log", name] => match commit_version(name) {
                Some(version) => {
                    let path = format!("{layer}/{dataset}/{table}");
                    let table = path.parse().map_err(|cause| error(format!("{cause}")))?;
                    Ok(Self::Commit { table, version })
                }
                None => Ok(Self::Other),
            },
            ["failures", _, name] => match name.strip_suffix(".json").map(str::parse) {
                Some(Ok(run)) => Ok(Self::Failure { run }),
                _ => Ok(Self::Other),
            },
            _ => Ok(Self::Other),
        }
    }
}

/// Whether stores can be asked for a part of a key.
fn is_readable(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.bytes().any(|byte| byte.is_ascii_control())
}

/// The version of a commit by the name of its file; checkpoints and the like have none.
fn commit_version(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    let all_digits =
        digits.len() == COMMIT_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(key: &str) -> LakeKey {
        LakeKey::parse(key).unwrap()
    }

    #[test]
    fn landed_files_commits_and_failures() {
        let key = "landing/nyc311/requests/2026/an export (1).csv";
        let landed = LakeKey::Landed {
            dataset: "nyc311".parse().unwrap(),
            table: "requests".parse().unwrap(),
            key: key.to_owned(),
        };
        assert_eq!(parsed(key), landed);
        let commit = "silver/nyc311/requests/_delta_log/00000000000000000007.json";
        let table = "silver/nyc311/requests".parse().unwrap();
        assert_eq!(parsed(commit), LakeKey::Commit { table, version: 7 });
        let run: RunId = "20261122T174903Z-3f9a2c".parse().unwrap();
        assert_eq!(parsed(&crate::failure_path(&run)), LakeKey::Failure { run });
    }

    #[test]
    fn everything_else_wakes_nobody() {
        for key in [
            "silver/nyc311/requests/created_month=2026-04/x.parquet",
            "silver/nyc311/requests/_delta_log/00000000000000000020.checkpoint.parquet",
            "silver/nyc311/requests/_delta_log/_last_checkpoint",
            "silver/nyc311/requests/_delta_log/7.json",
            "published/nyc311/daily_requests/latest.json",
            "runs/2026-11-22/20261122T174903Z-3f9a2c.json",
            "failures/2026-11-22/notes.txt",
            "landing/nyc311/requests/",
            "",
        ] {
            assert_eq!(parsed(key), LakeKey::Other, "{key}");
        }
    }

    #[test]
    fn what_is_named_wrongly_is_said() {
        let error = |key: &str| LakeKey::parse(key).unwrap_err().to_string();
        assert!(error("landing/x.csv").contains("landing/<dataset>/<table>"));
        assert!(error("landing/NYC/requests/x.csv").contains("'N'"));
        let copper = "copper/nyc311/requests/_delta_log/00000000000000000007.json";
        assert!(error(copper).contains("unknown layer `copper`"));
        for name in ["/x.csv", "2026//x.csv", "../x.csv", "a\nb.csv", "..", "2026/./x.csv"] {
            let key = format!("landing/nyc311/requests/{name}");
            assert!(error(&key).contains("rename the object"), "{key}");
        }
    }
}
