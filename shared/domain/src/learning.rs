//! Models that a dataset declares beside the forecasts of its series.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ColumnName, DefinitionHash, TableName};

/// A model that is learnt from a table or a mart.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedModel {
    /// Its name, which no mart has.
    pub name: TableName,
    /// What it tells, for people.
    pub description: String,
    /// What is learnt from what.
    pub task: Task,
    /// Changes when the model might.
    pub definition_hash: DefinitionHash,
}

/// What is learnt from what.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Rows of a mart that look alike.
    Clusters(ClusterTask),
    /// Whether a row of a table has a high value, by its texts.
    Classifier(ClassifierTask),
}

/// Rows of a mart that look alike.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterTask {
    /// The mart.
    pub mart: TableName,
    /// The columns that name a row.
    pub names: Vec<ColumnName>,
    /// A column of whose values only the greatest counts, such as the year.
    pub newest: Option<ColumnName>,
    /// What rows are compared by.
    pub features: Vec<(ColumnName, Scale)>,
}

/// How values of a feature are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// By their distance.
    Linear,
    /// By their ratio: as logarithms to the base of 10. What is not above zero is not known.
    Log,
}

impl Scale {
    /// As written in `dataset.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
        }
    }

    /// A value on this scale; NaN where there is none.
    pub fn of(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => f64::NAN,
        }
    }
}

/// Whether a row has a high value, by its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifierTask {
    /// The table.
    pub table: TableName,
    /// What it is told by.
    pub texts: Vec<ColumnName>,
    /// The value, which it is not told by.
    pub value: ColumnName,
    /// When: the newest fifth tests what the others taught.
    pub time: ColumnName,
    /// The share of values below which none is high, 0 to 1.
    pub high_from: f64,
}

/// What kind of model something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// It forecasts the series of a mart.
    Forecast,
    /// It tells which rows look alike.
    Clusters,
    /// It tells whether a row has a high value.
    Classifier,
}

impl fmt::Display for ModelKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Forecast => "forecast",
            Self::Clusters => "clusters",
            Self::Classifier => "classifier",
        })
    }
}
