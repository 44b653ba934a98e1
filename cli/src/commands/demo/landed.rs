//! Simulated uploads in the landing folder, which appear when they are whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

/// The truth about a dataset's uploads, which marks them as simulated.
const TRUTH: &str = "truth.json";

/// Where the uploads of a dataset lie.
pub(crate) fn folder(lake: &Path, dataset: &str) -> PathBuf {
    lake.join("landing").join(dataset)
}

/// Lets `simulate` write into an empty folder and moves the outcome to the landing folder; or takes
/// what an earlier demo left there, if it is the `same`.
pub(crate) fn landed<T: DeserializeOwned>(
    lake: &Path,
    dataset: &str,
    simulate: impl FnOnce(&Path) -> Result<()>,
    same: impl FnOnce(&T) -> bool,
) -> Result<T> {
    let folder = folder(lake, dataset);
    if !holds_anything(&folder)? {
        let making = lake.join("landing").join(".simulating");
        if making.exists() {
            fs::remove_dir_all(&making)?;
        }
        simulate(&making)?;
        if folder.exists() {
            fs::remove_dir(&folder)?;
        }
        fs::rename(making.join(dataset), &folder)?;
        fs::remove_dir_all(&making)?;
    }
    // A second demo on the same lake finds everything done, which is worth seeing; but only if it
    // is the same simulation.
    let marker = folder.join(TRUTH);
    let text = fs::read(&marker).with_context(|| {
        format!(
            "{} holds files that no demo made; give the demo a lake of its own: \
             smelt demo --lake demo-lake",
            folder.display()
        )
    })?;
    let truth: T = serde_json::from_slice(&text).with_context(|| {
        format!("{} cannot be read; remove the lake to start anew", marker.display())
    })?;
    if !same(&truth) {
        bail!(
            "{} holds another simulation; remove the lake or give another: \
             smelt demo --lake other-lake",
            folder.display()
        );
    }
    Ok(truth)
}

fn holds_anything(folder: &Path) -> Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("reading {}", folder.display())),
    }
}
