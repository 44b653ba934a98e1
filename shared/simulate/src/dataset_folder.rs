//! The folder that a dataset's simulated files are written to.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::SimulateError;

const TRUTH: &str = "truth.json";

/// `<out>/<dataset>`, which held no files before.
#[derive(Debug)]
pub(crate) struct DatasetFolder {
    path: PathBuf,
}

impl DatasetFolder {
    /// Files of an earlier simulation would mix with the new ones, and the truth would be wrong:
    /// a folder with files in it, or in one of its tables' folders, is refused.
    pub(crate) fn create(
        out: &Path,
        dataset: &str,
        tables: &[&str],
    ) -> Result<Self, SimulateError> {
        let path = out.join(dataset);
        make(&path, &[])?;
        for table in tables {
            make(&path.join(table), &[])?;
        }
        Ok(Self { path })
    }

    /// For a truth alone, about rows that are served. One of an earlier simulation gives way; files
    /// that this one would not be about are refused.
    pub(crate) fn for_truth(
        out: &Path,
        dataset: &str,
        tables: &[&str],
    ) -> Result<Self, SimulateError> {
        let path = out.join(dataset);
        make(&path, &[TRUTH])?;
        for table in tables.iter().map(|table| path.join(table)).filter(|table| table.exists()) {
            refuse_files(&table, &[])?;
        }
        Ok(Self { path })
    }

    /// Where a file belongs, by its name relative to the dataset's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a whole file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SimulateError> {
        let path = self.file(name);
        fs::write(&path, bytes).map_err(SimulateError::at(&path))
    }

    /// Writes `truth.json`, which comes last: where it is, the files are whole.
    pub(crate) fn write_truth(&self, truth: &impl Serialize) -> Result<(), SimulateError> {
        let mut json = serde_json::to_vec_pretty(truth)?;
        json.push(b'\n');
        self.write(TRUTH, &json)
    }
}

/// Makes a folder, unless it is there; files in it are refused, but for some.
fn make(folder: &Path, but_for: &[&str]) -> Result<(), SimulateError> {
    fs::create_dir_all(folder).map_err(SimulateError::at(folder))?;
    refuse_files(folder, but_for)
}

fn refuse_files(folder: &Path, but_for: &[&str]) -> Result<(), SimulateError> {
    for entry in fs::read_dir(folder).map_err(SimulateError::at(folder))? {
        let entry = entry.map_err(SimulateError::at(folder))?;
        let is_file = entry.file_type().map_err(SimulateError::at(folder))?.is_file();
        if is_file && !but_for.iter().any(|name| entry.file_name() == *name) {
            return Err(SimulateError::NotEmpty(folder.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_files_is_refused() {
        let out = tempfile::tempdir().unwrap();
        let folder = DatasetFolder::create(out.path(), "shop", &["orders"]).unwrap();
        assert!(DatasetFolder::create(out.path(), "shop", &["orders"]).is_ok());
        folder.write("orders/orders_1.csv", b"id\n").unwrap();
        let refused = DatasetFolder::create(out.path(), "shop", &["orders"]).unwrap_err();
        assert!(refused.to_string().contains("already holds simulated files"), "{refused}");
    }

    #[test]
    fn a_truth_alone_replaces_another_one_but_lies_beside_no_files() {
        let out = tempfile::tempdir().unwrap();
        for seed in [1, 2] {
            let folder = DatasetFolder::for_truth(out.path(), "shop", &["orders"]).unwrap();
            folder.write_truth(&seed).unwrap();
            assert_eq!(fs::read_to_string(folder.file(TRUTH)).unwrap(), format!("{seed}\n"));
        }
        let orders = out.path().join("shop/orders");
        fs::create_dir(&orders).unwrap();
        fs::write(orders.join("orders_1.csv"), "id\n").unwrap();
        let refused = DatasetFolder::for_truth(out.path(), "shop", &["orders"]).unwrap_err();
        assert!(matches!(refused, SimulateError::NotEmpty(folder) if folder == orders));
    }
}
