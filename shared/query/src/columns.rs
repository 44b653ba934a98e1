//! What a table can be asked about.

use std::sync::Arc;

use smelt_domain::{ColumnType, Mart};

/// The columns of a published table, and which of them identify a row.
///
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Columns(Arc<Described>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Described {
    table: String,
    columns: Vec<(String, ColumnType)>,
    key: Vec<usize>,
}

/// Columns that describe no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// There are none.
    #[error("{table} has no columns; describe at least one")]
    None {
        /// The table.
        table: String,
    },
    /// Two columns have one name.
    #[error("{table} has two columns called `{column}`; name them differently")]
    Twice {
        /// The table.
        table: String,
        /// The name.
        column: String,
    },
    /// The key names a column that is none.
    #[error("the key of {table} names `{column}`, which is none of its columns")]
    Key {
        /// The table.
        table: String,
        /// The name.
        column: String,
    },
}

impl Columns {
    /// The columns of `table` (a name for messages) in their order, and those that identify a row.
    ///
    /// Without a key, all columns are taken to identify a row.
    pub fn new<Name, Key>(
        table: impl Into<String>,
        columns: impl IntoIterator<Item = (Name, ColumnType)>,
        key: impl IntoIterator<Item = Key>,
    ) -> Result<Self, ColumnsError>
    where
        Name: Into<String>,
        Key: AsRef<str>,
    {
        let table = table.into();
        let mut described: Vec<(String, ColumnType)> = Vec::new();
        for (name, column_type) in columns {
            let column = name.into();
            if described.iter().any(|(known, _)| *known == column) {
                return Err(ColumnsError::Twice { table, column });
            }
            described.push((column, column_type));
        }
        if described.is_empty() {
            return Err(ColumnsError::None { table });
        }
        let mut positions = Vec::new();
        for name in key {
            let name = name.as_ref();
            match described.iter().position(|(known, _)| known == name) {
                Some(position) if positions.contains(&position) => {}
                Some(position) => positions.push(position),
                None => return Err(ColumnsError::Key { table, column: name.to_owned() }),
            }
        }
        if positions.is_empty() {
            positions = (0..described.len()).collect();
        }
        Ok(Self(Arc::new(Described { table, columns: described, key: positions })))
    }

    /// The columns of a mart.
    pub fn of_mart(mart: &Mart) -> Result<Self, ColumnsError> {
        let columns = mart.columns.iter().map(|it| (it.name.to_string(), it.column_type));
        Self::new(mart.name.to_string(), columns, &mart.key)
    }

    /// What the table is called in messages.
    pub fn table(&self) -> &str {
        &self.0.table
    }

    /// Names and types, in the table's order.
    pub fn all(&self) -> &[(String, ColumnType)] {
        &self.0.columns
    }

    /// The names, for messages.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The positions of the columns that identify a row.
    pub(crate) fn key(&self) -> &[usize] {
        &self.0.key
    }

    /// The position of a column.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.0.columns.iter().position(|(known, _)| known == name)
    }

    /// The name of the column at a position.
    pub(crate) fn name(&self, position: usize) -> &str {
        &self.0.columns[position].0
    }

    /// The type of the column at a position.
    pub(crate) fn type_of(&self, position: usize) -> ColumnType {
        self.0.columns[position].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_column() {
        let columns = [("a", ColumnType::Int), ("a", ColumnType::Text)];
        let error = Columns::new("t", columns, ["a"]).unwrap_err();
        assert_eq!(error.to_string(), "t has two columns called `a`; name them differently");
    }

    #[test]
    fn a_key_is_made_of_columns() {
        let error = Columns::new("t", [("a", ColumnType::Int)], ["b"]).unwrap_err();
        assert_eq!(error.to_string(), "the key of t names `b`, which is none of its columns");
    }

    #[test]
    fn a_table_has_columns() {
        let none = Vec::<(String, ColumnType)>::new();
        let error = Columns::new("t", none, Vec::<String>::new()).unwrap_err();
        assert_eq!(error.to_string(), "t has no columns; describe at least one");
    }

    #[test]
    fn without_a_key_all_columns_identify_a_row() {
        let columns = [("a", ColumnType::Int), ("b", ColumnType::Text)];
        let columns = Columns::new("t", columns, Vec::<String>::new()).unwrap();
        assert_eq!(columns.key(), [0, 1]);
    }
}
