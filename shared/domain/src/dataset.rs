//! A dataset: its tables, their marts, and everything the platform needs to know about them.

use crate::{
    Column, ColumnName, DatasetName, DefinitionHash, Expectation, Layer, LearnedModel, MartSeries,
    OnViolation, RuleName, SeriesTable, SourceDefinition, SourceName, TableId, TableName, Task,
    View,
};

/// A validated dataset definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its name, also the name of its folder.
    pub name: DatasetName,
    /// What it is, for people.
    pub description: String,
    /// What its tables are pulled from, in the order of the file; files may be uploaded always.
    pub sources: Vec<SourceDefinition>,
    /// Its tables, in the order of the file.
    pub tables: Vec<Table>,
    /// Its marts, in the order of the file.
    pub marts: Vec<Mart>,
    /// What is learnt from them beside forecasts, in the order of the file.
    pub models: Vec<LearnedModel>,
    /// Named questions to what it publishes, in the order of the file.
    pub views: Vec<View>,
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
    /// Which of several rows of a key stays.
    pub mode: TableMode,
    /// Whether bronze gives each row a key made of its content, as `_content_key`.
    pub content_key: bool,
    /// The column whose values divide the table into partitions; `None` for a small table that is
    /// written whole.
    pub partition: Option<ColumnName>,
    /// The column whose greatest value wins among versions of a key; without one, or when it is
    /// null, the later arrival wins.
    pub version: Option<ColumnName>,
    /// The column whose maximum is shown as the newest data time.
    pub newest: Option<ColumnName>,
    /// Hours after its newest data time at which the table counts as stale, and somebody is told.
    pub stale_after_hours: Option<u32>,
    /// What its rows should keep.
    pub expectations: Vec<Expectation>,
    /// The share of refused rows (0 to 1) over which a run counts as refused.
    pub refuse_above: Option<f64>,
    /// The text of `silver/<table>.sql`.
    pub sql: String,
    /// Changes when the rows it yields might.
    pub definition_hash: DefinitionHash,
}

/// Which of several rows of a key stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TableMode {
    /// The newest version: rows are states of a thing.
    #[default]
    Upsert,
    /// The first to arrive: rows are events, which never change.
    Append,
}

impl TableMode {
    /// All modes.
    pub const ALL: [Self; 2] = [Self::Upsert, Self::Append];

    /// As written in `dataset.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Append => "append",
        }
    }
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
    /// Other tables it reads: a change in one recomputes the whole mart. One that does not exist
    /// yet reads as empty.
    pub lookups: Vec<TableName>,
    /// The partitions of the driving table that one partition of the mart is computed from.
    pub reads: MartReads,
    /// The columns that identify a row.
    pub key: Vec<ColumnName>,
    /// What is forecast in it, and watched for anomalies.
    pub series: Option<MartSeries>,
    /// The text of `gold/<mart>.sql`.
    pub sql: String,
    /// Changes when the rows it yields might.
    pub definition_hash: DefinitionHash,
}

/// The partitions of the driving table that one partition of a mart is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MartReads {
    /// The same one.
    #[default]
    Own,
    /// The same one and so many before and after it, by the calendar or by number. The SQL selects
    /// the partition that a row belongs to as `_partition`.
    Around {
        /// Partitions before.
        before: u32,
        /// Partitions after.
        after: u32,
    },
    /// All of them: the mart is one piece.
    Everything,
}

/// What a mart with neighbours calls the partition that a row belongs to.
pub const MART_PARTITION: &str = "_partition";

impl Table {
    /// The rules that only warn, in the order of the file.
    pub fn warning_rules(&self) -> impl Iterator<Item = &RuleName> {
        let warns = |rule: &&Expectation| rule.on_violation == OnViolation::Warn;
        self.expectations.iter().filter(warns).map(|expectation| &expectation.rule)
    }
}

impl Dataset {
    /// The source of that name.
    pub fn source(&self, name: &SourceName) -> Option<&SourceDefinition> {
        self.sources.iter().find(|source| source.name == *name)
    }

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

    /// A table about the series of all marts of the dataset.
    pub fn series_id(&self, table: SeriesTable) -> TableId {
        self.id(Layer::Gold, &table.name())
    }

    /// What is published of its series, and of what its models learnt.
    pub fn published_series(&self) -> impl Iterator<Item = SeriesTable> {
        let has_series = self.marts_with_series().next().is_some();
        let has_clusters = self.models.iter().any(|model| matches!(model.task, Task::Clusters(_)));
        SeriesTable::PUBLISHED.into_iter().filter(move |table| match table {
            SeriesTable::Clusters => has_clusters,
            _ => has_series,
        })
    }

    /// The marts that have series.
    pub fn marts_with_series(&self) -> impl Iterator<Item = (&Mart, &MartSeries)> {
        self.marts.iter().filter_map(|mart| Some((mart, mart.series.as_ref()?)))
    }

    /// The names of all its models: those of forecasts are called as their marts.
    pub fn model_names(&self) -> impl Iterator<Item = &TableName> {
        let forecasts = self.marts_with_series().map(|(mart, _)| &mart.name);
        forecasts.chain(self.models.iter().map(|model| &model.name))
    }

    /// The table of alerts about the dataset, see [`crate::Alert`].
    pub fn outbox_id(&self) -> TableId {
        self.id(Layer::Alerts, &TableName::outbox())
    }

    fn id(&self, layer: Layer, table: &TableName) -> TableId {
        TableId::new(layer, self.name.clone(), table.clone())
    }
}
