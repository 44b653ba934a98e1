//! Corrections: single rows of silver, put or deleted by hand. They arrive in bronze like any other
//! row and flow through the same expectations and the same merge.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::prelude::lit;
use serde_json::{Map, Value, json};
use smelt_domain::{
    Column, ColumnName, ColumnType, Dataset, RuleName, StepReport, Table as TableDefinition,
    TableMode, shown,
};
use smelt_lake::{Commit, FilesTable, Table, arrow_type};
use smelt_sources::SourceBatch;
use uuid::Uuid;

use crate::bronze::{OPERATION, RECORD};
use crate::clean::is_blank;
use crate::exact_value::holds_exactly;
use crate::follow::{Attempt, Follower, follow};
use crate::ingest::{BronzeWriter, Origin, Written, arrival, report};
use crate::quality::has_all_rows;
use crate::silver::former_corrections::HOLDS_CORRECTIONS;
use crate::silver::plan::exact;
use crate::silver::{follow_bronze, rule_against};
use crate::{Platform, StageError, boxed};

/// `_operation` of a row that gives a key new values by hand.
pub(crate) const PUT: &str = "put";
/// `_operation` of a row that deletes a key by hand.
pub(crate) const DELETE: &str = "delete";
/// `_operation` of a row that deletes a key because its source no longer has it. Unlike one by hand
/// it does not hold against the source.
pub(crate) const VANISHED: &str = "vanished";
/// `_source` of corrections.
const SOURCE: &str = "correction";

/// What happens to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// These columns get these values (`None` = null), the others keep theirs.
    Put(BTreeMap<ColumnName, Option<String>>),
    /// The row disappears.
    Delete,
}

/// Why a correction was not taken; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionError {
    /// The lake could not be read or written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The key has another number of columns.
    #[error("the key of {table} is {columns}: give {expected} in this order, not {found}")]
    Key {
        /// The silver table.
        table: String,
        /// The key's columns.
        columns: String,
        /// How many values it takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// There is no such row.
    #[error(
        "{table} has no row with the key {}; the key is {columns}, and `smelt query` shows those that there are",
        shown(.key)
    )]
    NoSuchRow {
        /// The silver table.
        table: String,
        /// The key's columns.
        columns: String,
        /// The key as given.
        key: String,
    },
    /// A column that is not one of the table's, or one of its key.
    #[error("`{}` cannot be set in {table}; columns that can be are {known}", shown(.column))]
    Column {
        /// The silver table.
        table: String,
        /// The column as given.
        column: String,
        /// The columns that can be set.
        known: String,
    },
    /// A value that is not of the column's type.
    #[error("`{}` is not a value for `{column}`, which is {column_type}", shown(.value))]
    Value {
        /// The value as given.
        value: String,
        /// The column.
        column: String,
        /// Its type.
        column_type: String,
    },
    /// The column holds no value that is exactly this one.
    #[error(
        "`{value}` would be rounded for `{column}`, which is {column_type}; give a value that it holds"
    )]
    Inexact {
        /// The value as given.
        value: String,
        /// The column.
        column: String,
        /// Its type.
        column_type: String,
    },
    /// The row, with this version, would be superseded by the one that is there.
    #[error(
        "`{column}` says which version of a row holds, and {} is before {now}, which the row has: the \
         correction would never hold; leave `{column}` as it is, or give a later one",
        shown(.value)
    )]
    Superseded {
        /// The column that orders versions of a key.
        column: String,
        /// The value as given.
        value: String,
        /// The value that the row has.
        now: String,
    },
    /// The row, with these values, breaks a rule that refuses it.
    #[error("{table} would refuse the row by its rule `{rule}`: {reason}")]
    Rule {
        /// The silver table.
        table: String,
        /// The rule.
        rule: RuleName,
        /// What is wrong with such a row.
        reason: String,
    },
    /// Rows are on their way that the correction might be about.
    #[error("rows of {table} wait in bronze; try again when they are in silver, in a moment")]
    Waiting {
        /// The silver table.
        table: String,
    },
    /// Rows of the table never change.
    #[error("{table} is a table of events (mode append): its rows never change")]
    Append {
        /// The silver table.
        table: String,
    },
}

/// Appends a correction of the row with this key to bronze. What waits there is taken in first: it may
/// have other values, former corrections among them.
#[boxed]
pub async fn correct(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    key: &[String],
    correction: &Correction,
) -> Result<StepReport, CorrectionError> {
    let key = checked_key(dataset, table, key)?;
    follow_bronze(platform, dataset, table).await?;
    append_correction(platform, dataset, table, &key, correction).await
}

/// As [`correct`], but takes nothing in: while rows wait in bronze, it is an error that passes. For those
/// who write to bronze only.
#[boxed]
pub async fn correct_settled(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    key: &[String],
    correction: &Correction,
) -> Result<StepReport, CorrectionError> {
    let key = checked_key(dataset, table, key)?;
    if !has_all_rows(platform, dataset, table).await? {
        let table = dataset.silver_id(&table.name).sql_name();
        return Err(CorrectionError::Waiting { table });
    }
    append_correction(platform, dataset, table, &key, correction).await
}

/// A key as it was given, and in its types.
struct CheckedKey<'a> {
    given: &'a [String],
    typed: Vec<(ColumnName, ScalarValue)>,
}

fn checked_key<'a>(
    dataset: &Dataset,
    table: &TableDefinition,
    key: &'a [String],
) -> Result<CheckedKey<'a>, CorrectionError> {
    let name = dataset.silver_id(&table.name).sql_name();
    if table.mode == TableMode::Append {
        return Err(CorrectionError::Append { table: name });
    }
    if key.len() != table.key.len() {
        return Err(CorrectionError::Key {
            table: name,
            columns: key_columns(table),
            expected: table.key.len(),
            found: key.len(),
        });
    }
    Ok(CheckedKey { given: key, typed: typed_key(table, key)? })
}

/// The names of the key's columns, as an error lists them.
fn key_columns(table: &TableDefinition) -> String {
    let columns: Vec<&str> = table.key.iter().map(ColumnName::as_str).collect();
    columns.join(", ")
}

async fn append_correction(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    key: &CheckedKey<'_>,
    correction: &Correction,
) -> Result<StepReport, CorrectionError> {
    let name = dataset.silver_id(&table.name).sql_name();
    let row = current(platform, dataset, table, &key.typed).await?;
    let mut record = row.ok_or_else(|| CorrectionError::NoSuchRow {
        table: name.clone(),
        columns: key_columns(table),
        key: key.given.join(" "),
    })?;
    if let Correction::Put(values) = correction {
        set(table, &name, values, &mut record)?;
        let text = Value::Object(record.clone()).to_string();
        if let Some(broken) = rule_against(platform, dataset, table, &text).await? {
            let (rule, reason) = (broken.rule.clone(), broken.reason.clone());
            return Err(CorrectionError::Rule { table: name, rule, reason });
        }
    }
    let operation = if *correction == Correction::Delete { DELETE } else { PUT };
    Ok(append(platform, dataset, table, operation, vec![record], SOURCE).await?)
}

/// Appends corrections of these rows, all in one commit; `source` is who says so.
pub(crate) async fn append(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    operation: &'static str,
    records: Vec<Map<String, Value>>,
    source: &str,
) -> Result<StepReport, StageError> {
    let started = Instant::now();
    let bronze = platform.lake.table(dataset.bronze_id(&table.name))?;
    let written = write(platform, &bronze, table, operation, records, source).await?;
    let source = source.to_owned();
    let mut arrival = ArrivalOfCorrections { platform, bronze: &bronze, written, source, started };
    let steps = follow(&bronze, platform, &mut arrival).await?;
    let step = steps.into_iter().next();
    Ok(step.unwrap_or_else(|| report(&bronze, &[&arrival.written], started)))
}

/// The key's values in their types.
fn typed_key(
    table: &TableDefinition,
    key: &[String],
) -> Result<Vec<(ColumnName, ScalarValue)>, CorrectionError> {
    let typed = table.key.iter().zip(key).map(|(name, text)| {
        let column = table.columns.iter().find(|column| column.name == *name);
        let column_type = column.map_or(ColumnType::Text, |column| column.column_type);
        Ok((name.clone(), typed(name, &column_type, text)?))
    });
    typed.collect()
}

/// A value in the type of its column, if the column holds exactly what the text says.
fn typed(
    column: &ColumnName,
    column_type: &ColumnType,
    text: &str,
) -> Result<ScalarValue, CorrectionError> {
    let (value, column, data_type) = (text.to_owned(), column.to_string(), arrow_type(column_type));
    let Ok(typed) = ScalarValue::try_from_string(value.clone(), &data_type) else {
        let column_type = column_type.to_string();
        return Err(CorrectionError::Value { value, column, column_type });
    };
    if !holds_exactly(&data_type, text) {
        let column_type = column_type.to_string();
        return Err(CorrectionError::Inexact { value, column, column_type });
    }
    Ok(typed)
}

/// The row as silver has it now, as texts; `None` when there is none.
async fn current(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    key: &[(ColumnName, ScalarValue)],
) -> Result<Option<Map<String, Value>>, StageError> {
    let id = dataset.silver_id(&table.name);
    let silver = platform.lake.table(id.clone())?;
    let Some(snapshot) = silver.snapshot().await? else { return Ok(None) };
    let failed = |error| StageError::engine(format!("looking for a row of {id}"), error);
    let session = platform.engine.session()?;
    let files = FilesTable::new(
        &id,
        snapshot.schema(),
        snapshot.partition_columns(),
        snapshot.files().to_vec(),
    );
    let mut rows = session.read_table(Arc::new(files)).map_err(failed)?;
    for (name, value) in key {
        rows = rows.filter(exact(name.as_str()).eq(lit(value.clone()))).map_err(failed)?;
    }
    let batches = rows.collect().await.map_err(failed)?;
    let found = batches.iter().find(|batch| batch.num_rows() > 0);
    found.map(as_texts).transpose().map_err(|error| failed(error.into()))
}

/// The first row of a batch, as texts; nulls are left out.
pub(crate) fn as_texts(
    batch: &RecordBatch,
) -> Result<Map<String, Value>, arrow::error::ArrowError> {
    let mut record = Map::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let texts = cast(&column.slice(0, 1), &DataType::Utf8)?;
        let texts = texts.as_string::<i32>();
        if texts.is_valid(0) {
            record.insert(field.name().clone(), Value::from(texts.value(0)));
        }
    }
    Ok(record)
}

/// Sets columns of a record, after a look at their values.
fn set(
    table: &TableDefinition,
    name: &str,
    values: &BTreeMap<ColumnName, Option<String>>,
    record: &mut Map<String, Value>,
) -> Result<(), CorrectionError> {
    let settable = || table.columns.iter().filter(|column| !table.key.contains(&column.name));
    for (column_name, value) in values {
        let column = settable().find(|column| column.name == *column_name).ok_or_else(|| {
            let known: Vec<&str> = settable().map(|column| column.name.as_str()).collect();
            CorrectionError::Column {
                table: name.to_owned(),
                column: column_name.to_string(),
                known: known.join(", "),
            }
        })?;
        // As fields of a source are: trimmed, and null where nothing is left.
        let given = value.as_deref().map(|value| value.trim_matches(is_blank));
        let given = given.filter(|value| !value.is_empty());
        let typed =
            given.map(|value| typed(column_name, &column.column_type, value)).transpose()?;
        if table.version.as_ref() == Some(column_name) {
            check_version(column, typed.as_ref(), given, record)?;
        }
        match given {
            Some(value) => record.insert(column_name.to_string(), Value::from(value)),
            None => record.remove(column_name.as_str()),
        };
    }
    Ok(())
}

/// A row with an older version than the one that is there, or with none, is taken in and never seen.
fn check_version(
    column: &Column,
    typed: Option<&ScalarValue>,
    given: Option<&str>,
    record: &Map<String, Value>,
) -> Result<(), CorrectionError> {
    let Some(now) = record.get(column.name.as_str()).and_then(Value::as_str) else { return Ok(()) };
    let held = ScalarValue::try_from_string(now.to_owned(), &arrow_type(&column.column_type)).ok();
    if typed.is_some_and(|typed| held.is_none_or(|held| *typed >= held)) {
        return Ok(());
    }
    Err(CorrectionError::Superseded {
        column: column.name.to_string(),
        value: given.unwrap_or("null").to_owned(),
        now: now.to_owned(),
    })
}

async fn write(
    platform: &Platform,
    bronze: &Table,
    table: &TableDefinition,
    operation: &'static str,
    records: Vec<Map<String, Value>>,
    source: &str,
) -> Result<Written, StageError> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let rows = records.len();
    let records = records.into_iter().map(|record| Some(Value::Object(record).to_string()));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![operation; rows])),
        Arc::new(records.collect::<StringArray>()),
    ];
    let schema = Arc::new(Schema::new(vec![text(OPERATION), text(RECORD)]));
    let fields = RecordBatch::try_new(schema, columns)
        .map_err(|error| StageError::engine("preparing a correction", error.into()))?;
    let batch = SourceBatch {
        fields,
        line: Int64Array::from_iter_values(1..=rows as i64),
        malformed: StringArray::new_null(rows),
        raw: StringArray::new_null(rows),
    };
    let origin = Origin {
        source: source.to_owned(),
        stem: format!("{SOURCE}{}", Uuid::now_v7().simple()),
        ingested_at: platform.started_at,
        run_id: platform.run_id.to_string(),
    };
    let mut writer = BronzeWriter::new(bronze, table, origin);
    writer.write(&batch).await?;
    let mut written = writer.finish().await?;
    for file in &mut written.files {
        file.tags.insert(HOLDS_CORRECTIONS.to_owned(), "true".to_owned());
    }
    Ok(written)
}

/// Corrections that are written, on their way into the log.
struct ArrivalOfCorrections<'a> {
    platform: &'a Platform,
    bronze: &'a Table,
    written: Written,
    source: String,
    started: Instant,
}

impl Follower for ArrivalOfCorrections<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let base = self.bronze.snapshot().await?;
        let live = base.as_ref().map_or(&[][..], |base| base.files());
        if self.written.files.iter().all(|ours| live.iter().any(|file| file.path == ours.path)) {
            return Ok(Attempt::UpToDate);
        }
        let commit = Commit {
            operation: "CORRECT",
            ..arrival(
                self.platform,
                base.as_ref(),
                &[&self.written],
                json!([{ "name": self.source }]),
            )
        };
        let report = report(self.bronze, &[&self.written], self.started);
        Ok(Attempt::Commit { base, commit, report })
    }
}
