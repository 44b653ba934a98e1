//! What a definition tells those who read a dataset: its tables, marts and series, without what computes
//! them.

use serde::Serialize;

use crate::{
    Aggregate, Column, ColumnName, ColumnType, Dataset, DatasetName, Every, Mart, MartSeries,
    Missing, ModelKind, TableName, Task,
};

/// A dataset, for readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetDescription {
    /// Its name.
    pub name: DatasetName,
    /// What it is.
    pub description: String,
    /// Its tables.
    pub tables: Vec<TableDescription>,
    /// Its marts.
    pub marts: Vec<MartDescription>,
    /// What is learnt from them beside forecasts.
    pub models: Vec<ModelDescription>,
    /// Questions that have names.
    pub views: Vec<ViewDescription>,
}

/// A table, for readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableDescription {
    /// Its name.
    pub name: TableName,
    /// What one row is.
    pub description: String,
    /// The columns of its silver rows.
    pub columns: Vec<ColumnDescription>,
    /// The columns that identify a row.
    pub key: Vec<ColumnName>,
    /// The column with the data time.
    pub newest: Option<ColumnName>,
    /// Hours after the newest data time at which the table is stale.
    pub stale_after_hours: Option<u32>,
}

/// A mart, for readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MartDescription {
    /// Its name.
    pub name: TableName,
    /// What one row is.
    pub description: String,
    /// The columns that identify a row; its rows are sorted by them.
    pub key: Vec<ColumnName>,
    /// Its columns.
    pub columns: Vec<ColumnDescription>,
    /// What is forecast in it, and watched.
    pub series: Option<SeriesDescription>,
}

/// A column, for readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnDescription {
    /// Its name.
    pub name: ColumnName,
    /// Its type, as in SQL.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// What it means.
    pub description: Option<String>,
    /// How its values are put together when rows are; missing where it is no figure of a mart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Aggregate>,
}

/// The series of a mart, for readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesDescription {
    /// The column that is forecast.
    pub value: ColumnName,
    /// When.
    pub time: ColumnName,
    /// The hour of the day, where the time is a day and there is a row for each hour.
    pub hour: Option<ColumnName>,
    /// What tells series apart.
    pub by: Vec<ColumnName>,
    /// What a series is called, with columns in braces.
    pub label: Option<String>,
    /// The step from one value to the next.
    pub every: Every,
    /// What a step without a row means.
    pub missing: Missing,
    /// Steps that are forecast.
    pub horizon: u32,
}

/// A named question, for readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewDescription {
    /// Its name.
    pub name: TableName,
    /// What it tells.
    pub description: String,
    /// The mart, or the table about series.
    pub from: TableName,
    /// What is asked, as in a URL.
    pub ask: String,
}

/// A model, for readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelDescription {
    /// Its name.
    pub name: TableName,
    /// What it tells.
    pub description: String,
    /// What kind it is.
    pub kind: ModelKind,
}

impl DatasetDescription {
    /// What the definition tells.
    pub fn of(dataset: &Dataset) -> Self {
        let tables = dataset.tables.iter().map(|table| TableDescription {
            name: table.name.clone(),
            description: table.description.clone(),
            columns: table.columns.iter().map(|column| describe(column, None)).collect(),
            key: table.key.clone(),
            newest: table.newest.clone(),
            stale_after_hours: table.stale_after_hours,
        });
        let models = dataset.models.iter().map(|model| ModelDescription {
            name: model.name.clone(),
            description: model.description.clone(),
            kind: match model.task {
                Task::Clusters(_) => ModelKind::Clusters,
                Task::Classifier(_) => ModelKind::Classifier,
            },
        });
        let views = dataset.views.iter().map(|view| ViewDescription {
            name: view.name.clone(),
            description: view.description.clone(),
            from: view.table.clone(),
            ask: view.query.clone(),
        });
        Self {
            name: dataset.name.clone(),
            description: dataset.description.clone(),
            tables: tables.collect(),
            marts: dataset.marts.iter().map(MartDescription::of).collect(),
            models: models.collect(),
            views: views.collect(),
        }
    }
}

impl MartDescription {
    /// What the definition tells of a mart.
    pub fn of(mart: &Mart) -> Self {
        let columns =
            mart.columns.iter().map(|column| describe(column, Aggregate::of(mart, column)));
        Self {
            name: mart.name.clone(),
            description: mart.description.clone(),
            key: mart.key.clone(),
            columns: columns.collect(),
            series: mart.series.as_ref().map(SeriesDescription::of),
        }
    }
}

impl SeriesDescription {
    fn of(series: &MartSeries) -> Self {
        Self {
            value: series.value.clone(),
            time: series.time.clone(),
            hour: series.hour.clone(),
            by: series.by.clone(),
            label: series.label.clone(),
            every: series.every,
            missing: series.missing,
            horizon: series.horizon,
        }
    }
}

fn describe(column: &Column, aggregate: Option<Aggregate>) -> ColumnDescription {
    ColumnDescription {
        name: column.name.clone(),
        column_type: column.column_type,
        description: column.description.clone(),
        aggregate,
    }
}
