//! Which table: layer, dataset and name; where it lies and what SQL calls it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DatasetName, Layer, TableName};

/// The identity of one Delta table.
///
/// In JSON it is its path (`"silver/nyc311/requests"`): unlike the SQL name, a path reads back
/// unambiguously when a dataset's name contains an underscore.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableId {
    /// The layer it belongs to.
    pub layer: Layer,
    /// The dataset it belongs to.
    pub dataset: DatasetName,
    /// Its name, or the mart's.
    pub table: TableName,
}

impl TableId {
    /// The table `table` of `dataset` in `layer`.
    pub fn new(layer: Layer, dataset: DatasetName, table: TableName) -> Self {
        Self { layer, dataset, table }
    }

    /// Where it lies in the lake, without a slash at either end: `silver/nyc311/requests`.
    pub fn path(&self) -> String {
        format!("{}/{}/{}", self.layer, self.dataset, self.table)
    }

    /// What SQL calls it: `silver.nyc311_requests`.
    pub fn sql_name(&self) -> String {
        format!("{}.{}", self.layer, self.sql_table())
    }

    /// Its name within the layer's schema: `nyc311_requests`.
    pub fn sql_table(&self) -> String {
        format!("{}_{}", self.dataset, self.table)
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.sql_name())
    }
}

/// A text that is not the path of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{path}` is not the path of a table ({reason}): expected something like silver/nyc311/requests"
)]
pub struct TableIdError {
    path: String,
    reason: String,
}

impl FromStr for TableId {
    type Err = TableIdError;

    fn from_str(path: &str) -> Result<Self, TableIdError> {
        let error = |reason: String| TableIdError { path: path.to_owned(), reason };
        let parts: Vec<&str> = path.split('/').collect();
        let [layer, dataset, table] = parts.as_slice() else {
            return Err(error(format!("{} parts instead of 3", parts.len())));
        };
        Ok(Self {
            layer: layer.parse().map_err(|cause| error(format!("{cause}")))?,
            dataset: dataset.parse().map_err(|cause| error(format!("{cause}")))?,
            table: table.parse().map_err(|cause| error(format!("{cause}")))?,
        })
    }
}

impl TryFrom<String> for TableId {
    type Error = TableIdError;

    fn try_from(path: String) -> Result<Self, TableIdError> {
        path.parse()
    }
}

impl From<TableId> for String {
    fn from(table: TableId) -> String {
        table.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> TableId {
        TableId::new(Layer::Silver, "llm_usage".parse().unwrap(), "users".parse().unwrap())
    }

    #[test]
    fn path_and_sql_names() {
        assert_eq!(users().path(), "silver/llm_usage/users");
        assert_eq!(users().sql_table(), "llm_usage_users");
        assert_eq!(users().sql_name(), "silver.llm_usage_users");
        assert_eq!(users().to_string(), users().sql_name());
    }

    #[test]
    fn json_is_the_path() {
        let json = serde_json::to_string(&users()).unwrap();
        assert_eq!(json, "\"silver/llm_usage/users\"");
        assert_eq!(serde_json::from_str::<TableId>(&json).unwrap(), users());
        assert!("silver/nyc311".parse::<TableId>().is_err());
        assert!("copper/nyc311/requests".parse::<TableId>().is_err());
    }
}
