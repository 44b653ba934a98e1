//! A dataset's folder as texts, and how it becomes a dataset.

use std::collections::BTreeMap;

use crate::{Dataset, Problems, definition};

/// The file that every dataset folder has.
pub const DATASET_FILE: &str = "dataset.yaml";

/// The texts of one dataset folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefinitionFiles {
    /// The folder, as problems should name it: `datasets/nyc311`.
    pub folder: String,
    /// The text of every file in it, by its path relative to the folder, `/` separated.
    pub files: BTreeMap<String, String>,
}

/// Reads and validates a dataset folder.
///
/// # Errors
/// Every problem found, in the order of file and line, not only the first.
pub fn parse_dataset(files: &DefinitionFiles) -> Result<Dataset, Problems> {
    definition::parse(files)
}
