//! What every part of smelt agrees on: names, table identity, the definition of a dataset,
//! expectations, object keys and the run report.
//!
//! Nothing here does I/O: definitions arrive as texts, keys and reports leave as values.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod aggregate;
mod alert;
mod column_type;
mod dataset;
mod definition;
mod definition_files;
mod definition_hash;
mod description;
mod expectation;
mod holiday;
mod k_of_n;
mod keys;
mod lake_key;
mod layer;
mod learning;
mod lineage;
mod model;
mod names;
mod occasion;
mod partition_range;
mod problem;
mod report;
mod reserved;
mod run_id;
mod schedule;
mod series;
mod shown;
mod source;
mod table_id;
mod upload;
mod view;

pub use aggregate::Aggregate;
pub use alert::{Alert, AlertId, AlertKind, AlertStatus, Severity};
pub use column_type::{Column, ColumnType, ColumnTypeError};
pub use dataset::{Dataset, MART_PARTITION, Mart, MartReads, SourceColumn, Table, TableMode};
pub use definition::closest;
pub use definition_files::{DATASET_FILE, DefinitionFiles, parse_dataset};
pub use definition_hash::{DefinitionHash, DefinitionHashError};
pub use description::{
    ColumnDescription, DatasetDescription, MartDescription, ModelDescription, SeriesDescription,
    TableDescription, ViewDescription,
};
pub use expectation::{Check, Expectation, FITS_JSON_SCHEMA, JsonProperty, JsonType, OnViolation};
pub use holiday::{Holiday, HolidayDay, HolidayDayError};
pub use k_of_n::{KOfN, KOfNError};
pub use keys::{
    PUBLISHED_CATALOG, failure_path, failures_prefix, landing_prefix, lineage_path,
    published_dataset_path, published_latest_path, published_path, published_prefix,
    report_latest_path, report_path, run_report_path,
};
pub use lake_key::{LakeKey, LakeKeyError};
pub use layer::{Layer, LayerError};
pub use learning::{ClassifierTask, ClusterTask, LearnedModel, ModelKind, Scale, Task};
pub use lineage::lineage_events;
pub use model::{
    Comparison, ModelCard, ModelChange, ModelEvent, ModelHistory, ModelStage, model_card_path,
    model_change_path, model_changes_prefix, model_path, model_prefix,
};
pub use names::{ColumnName, DatasetName, NameError, RuleName, SourceName, TableName};
pub use occasion::Occasion;
pub use partition_range::{
    PartitionBound, PartitionBoundError, PartitionRange, PartitionRangeError, PartitionsInRange,
};
pub use problem::{Problem, Problems};
pub use report::{
    FailureKind, Outcome, RunOrigin, RunReport, StageName, StepReport, UpstreamVersion,
};
pub use run_id::{RunId, RunIdError};
pub use schedule::{Cron, CronError, Schedule, TimeZone};
pub use series::{Every, MartSeries, Missing, Mute, SeriesAlerts, SeriesTable};
pub use shown::shown;
pub use source::{
    Ckan, CkanFetch, CkanLoad, CkanResources, Socrata, SodaApi, SourceDefinition, SourceKind, Sql,
    Tls,
};
pub use table_id::{TableId, TableIdError};
pub use upload::{
    ObjectVersion, UPLOAD_ANNOUNCEMENTS, UploadId, UploadIdError, UploadRecord, UploadState,
    upload_announcement_path, upload_record_path, uploads_prefix,
};
pub use view::View;
