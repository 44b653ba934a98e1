//! What a dataset is, and where it stands.

#![expect(dead_code, reason = "only described: see `smelt_domain` and `smelt_stages`")]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

/// What a dataset is.
#[derive(ToSchema)]
pub(crate) struct DatasetDescription {
    /// Its name.
    name: String,
    /// What it is.
    description: String,
    /// Its tables.
    tables: Vec<TableDescription>,
    /// Its marts.
    marts: Vec<MartDescription>,
    /// What is learnt from them beside forecasts.
    models: Vec<ModelDescription>,
    /// Questions that have names.
    views: Vec<ViewDescription>,
}

/// A table.
#[derive(ToSchema)]
pub(crate) struct TableDescription {
    /// Its name.
    name: String,
    /// What one row is.
    description: String,
    /// The columns of its silver rows.
    columns: Vec<ColumnDescription>,
    /// The columns that identify a row.
    key: Vec<String>,
    /// The column with the data time.
    newest: Option<String>,
    /// Hours after the newest data time at which the table is stale.
    stale_after_hours: Option<u32>,
}

/// A mart.
#[derive(ToSchema)]
pub(crate) struct MartDescription {
    /// Its name.
    name: String,
    /// What one row is.
    description: String,
    /// The columns that identify a row; its rows are sorted by them.
    key: Vec<String>,
    /// Its columns.
    columns: Vec<ColumnDescription>,
    /// What is forecast in it, and watched.
    series: Option<SeriesDescription>,
}

/// A column.
#[derive(ToSchema)]
pub(crate) struct ColumnDescription {
    /// Its name.
    name: String,
    /// Its type, as in SQL.
    #[serde(rename = "type")]
    column_type: String,
    /// What it means.
    description: Option<String>,
    /// How its values are put together when rows are: `sum`, `level`, `mean` or `none`; missing where it is no
    /// figure of a mart.
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregate: Option<String>,
}

/// The series of a mart.
#[derive(ToSchema)]
pub(crate) struct SeriesDescription {
    /// The column that is forecast.
    value: String,
    /// When.
    time: String,
    /// The hour of the day, where the time is a day and there is a row for each hour.
    hour: Option<String>,
    /// What tells series apart.
    by: Vec<String>,
    /// What a series is called, with columns in braces.
    label: Option<String>,
    /// The step from one value to the next: `hour`, `day`, `week` or `month`.
    every: String,
    /// What a step without a row means: `zero` or `unknown`.
    missing: String,
    /// Steps that are forecast.
    horizon: u32,
}

/// A named question.
#[derive(ToSchema)]
pub(crate) struct ViewDescription {
    /// Its name.
    name: String,
    /// What it tells.
    description: String,
    /// The mart, or the table about series.
    from: String,
    /// What is asked, as in a URL.
    ask: String,
}

/// A model.
#[derive(ToSchema)]
pub(crate) struct ModelDescription {
    /// Its name.
    name: String,
    /// What it tells.
    description: String,
    /// `clusters` or `classifier`.
    kind: String,
}

/// What a dataset is and where it stands.
#[derive(ToSchema)]
pub(crate) struct DatasetOverview {
    /// What it is.
    #[serde(flatten)]
    description: DatasetDescription,
    /// Where its tables stand.
    status: DatasetStatus,
    /// How many rows broke each of its rules.
    quality: Vec<RuleQuality>,
    /// Anomalies that are not over.
    open_anomalies: u64,
    /// When this was found.
    written_at: DateTime<Utc>,
}

/// Where each dataset stands, by its name.
#[derive(ToSchema)]
pub(crate) struct Status(BTreeMap<String, DatasetStatus>);

/// Where a dataset stands.
#[derive(ToSchema)]
pub(crate) struct DatasetStatus {
    /// Its tables in order of the layers.
    tables: Vec<TableStatus>,
    /// One balance per silver table that exists.
    balances: Vec<Balance>,
}

/// Where a table stands.
#[derive(ToSchema)]
pub(crate) struct TableStatus {
    /// Which one, such as `silver/nyc311/requests`.
    table: String,
    /// Its version; null while it does not exist.
    version: Option<u64>,
    /// Rows in it.
    rows: u64,
    /// Live files.
    files: u64,
    /// Bytes of live files.
    bytes: u64,
    /// Newest data time as the log's bounds tell it.
    newest: Option<String>,
    /// The upstream it follows, how far, and the upstream's version.
    follows: Option<Follows>,
}

/// How far a table follows its upstream.
#[derive(ToSchema)]
pub(crate) struct Follows {
    /// The upstream table.
    upstream: String,
    /// The version that the table is computed from; null while it is computed from none.
    version: Option<u64>,
    /// Versions that it is behind.
    lag: u64,
}

/// *bronze = silver + superseded + deleted + quarantined*, over the bronze rows taken in so far.
#[derive(ToSchema)]
pub(crate) struct Balance {
    /// The silver table.
    table: String,
    /// Bronze rows of the versions that silver follows.
    bronze: u64,
    /// Silver rows.
    silver: u64,
    /// Older versions of keys.
    superseded: u64,
    /// Rows that deletes took away.
    deleted: u64,
    /// Refused rows.
    quarantined: u64,
    /// Rows in the quarantine table; the same as `quarantined` but between its commit and silver's.
    in_quarantine: u64,
    /// Bronze rows not taken in yet.
    waiting: u64,
    /// Whether every row is accounted for.
    is_exact: bool,
}

/// One rule of one table.
#[derive(ToSchema)]
pub(crate) struct RuleQuality {
    /// The table.
    table: String,
    /// The rule: one of the definition, or one that holds for every table (a row can be read, and has a key).
    rule: String,
    /// What is wrong with a row that breaks it.
    reason: String,
    /// What happens to a row that breaks it: `warn`, `reject` or `fail`.
    action: String,
    /// Whether rows broke it: `pass`, `fail` or `not_evaluated`.
    outcome: String,
    /// Rows that broke it. `reject`: in quarantine now. `warn`: counted as they were taken in, since silver was
    /// last computed anew, and kept. `fail`: 0 while all rows are in. Null while nobody looked.
    rows_failed: Option<u64>,
}
