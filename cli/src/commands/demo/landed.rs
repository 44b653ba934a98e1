//! Simulated uploads in the landing folder, which appear when they are whole. What is no upload (the truth,
//! and what portals and databases serve) is kept beside the tables of the lake, in `simulated/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

/// The truth about a dataset's uploads, which marks them as simulated.
const TRUTH: &str = "truth.json";

/// Where a dataset's truth is kept, and what is served of it.
pub(crate) fn folder(lake: &Path, dataset: &str) -> PathBuf {
    lake.join("simulated").join(dataset)
}

/// Lets `simulate` write into an empty folder and moves the uploads among the outcome to the landing folder;
/// or takes what an earlier demo left, if it is the `same`.
pub(crate) fn landed<T: DeserializeOwned>(
    lake: &Path,
    dataset: &str,
    simulate: impl FnOnce(&Path) -> Result<()>,
    same: impl FnOnce(&T) -> bool,
) -> Result<T> {
    let (folder, landing) = (folder(lake, dataset), lake.join("landing").join(dataset));
    let marker = folder.join(TRUTH);
    if !marker.exists() {
        if holds_anything(&landing)? {
            bail!(
                "{} holds files that this demo did not make; give the demo a lake of its own: \
                 smelt demo --lake demo-lake",
                landing.display()
            );
        }
        make(lake, dataset, &folder, simulate)?;
    }
    // Where an earlier demo was stopped in between, the rest is moved now.
    land_tables(&folder, &landing)?;
    // A second demo on the same lake finds everything done, which is worth seeing; but only if it
    // is the same simulation.
    let text = fs::read(&marker).with_context(|| format!("reading {}", marker.display()))?;
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

/// Simulates beside the folder, which appears when all is written.
fn make(
    lake: &Path,
    dataset: &str,
    folder: &Path,
    simulate: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let making = lake.join("simulated").join(".making");
    if making.exists() {
        fs::remove_dir_all(&making)?;
    }
    simulate(&making)?;
    fs::rename(making.join(dataset), folder)
        .with_context(|| format!("moving what was simulated to {}", folder.display()))?;
    fs::remove_dir_all(&making)?;
    Ok(())
}

/// Moves the folders of tables to where uploads land.
fn land_tables(folder: &Path, landing: &Path) -> Result<()> {
    fs::create_dir_all(landing)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let to = landing.join(entry.file_name());
            fs::rename(entry.path(), &to).with_context(|| {
                format!("moving {} to {}", entry.path().display(), to.display())
            })?;
        }
    }
    Ok(())
}

fn holds_anything(folder: &Path) -> Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("reading {}", folder.display())),
    }
}
