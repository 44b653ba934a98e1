//! A dataset: its tables, their marts, and everything the platform needs to know about them.

use crate::{
    Column, ColumnName, DatasetName, DefinitionHash, Expectation, Layer, TableId, TableName,
};

/// A validated dataset definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its name, also the name of its folder.
    pub name: DatasetName,
    /// What it is, for people.
    pub description: String,
    /// Its tables, in the order of the file.
    pub tables: Vec<Table>,
    /// Its marts, in the order of the file.
    pub marts: Vec<Mart>,
}

/// A table: from texts as received (bronze) to typed rows, one per key (silver).
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// What one row is, for people.
    pub description: String,
    /// The bronze columns its SQL may name. One that a file lacks reads as null.
    pub source_columns: Vec<SourceColumn>,
    /// The columns its SQL produces, in that order.
    pub columns: Vec<Column>,
    /// The columns that identify a row.
    pub key: Vec<ColumnName>,
    /// The column whose values divide the table into partitions.
    pub partition: ColumnName,
    /// The column whose greatest value wins among versions of a key; without one, or when it is
    /// null, the later arrival wins.
    pub version: Option<ColumnName>,
    /// The column whose maximum is shown as the newest data time.
    pub newest: Option<ColumnName>,
    /// What its rows should keep.
    pub expectations: Vec<Expectation>,
    /// The share of refused rows (0 to 1) over which a run counts as refused.
    pub refuse_above: Option<f64>,
    /// The text of `silver/<table>.sql`.
    pub sql: String,
    /// Changes when the rows it yields might.
    pub definition_hash: DefinitionHash,
}

/// A column of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceColumn {
    /// Its name in SQL.
    pub name: ColumnName,
    /// Other names the source has used: the first that is not null among the name and these counts.
    pub aliases: Vec<ColumnName>,
}

/// A mart: an aggregate over silver tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Mart {
    /// Its name.
    pub name: TableName,
    /// What one row is, for people.
    pub description: String,
    /// The columns its SQL produces, in that order.
    pub columns: Vec<Column>,
    /// The table it follows partition by partition.
    pub driver: TableName,
    /// Other tables it reads: a change in one recomputes the whole mart.
    pub lookups: Vec<TableName>,
    /// The columns that identify a row.
    pub key: Vec<ColumnName>,
    /// The text of `gold/<mart>.sql`.
    pub sql: String,
    /// Changes when the rows it yields might.
    pub definition_hash: DefinitionHash,
}

impl Dataset {
    /// The table of that name.
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// The mart of that name.
    pub fn mart(&self, name: &TableName) -> Option<&Mart> {
        self.marts.iter().find(|mart| mart.name == *name)
    }

    /// The bronze table of `table`.
    pub fn bronze_id(&self, table: &TableName) -> TableId {
        self.id(Layer::Bronze, table)
    }

    /// The quarantine of `table`.
    pub fn quarantine_id(&self, table: &TableName) -> TableId {
        self.id(Layer::Quarantine, table)
    }

    /// The silver table of `table`.
    pub fn silver_id(&self, table: &TableName) -> TableId {
        self.id(Layer::Silver, table)
    }

    /// The gold table of `mart`.
    pub fn gold_id(&self, mart: &TableName) -> TableId {
        self.id(Layer::Gold, mart)
    }

    fn id(&self, layer: Layer, table: &TableName) -> TableId {
        TableId::new(layer, self.name.clone(), table.clone())
    }
}
