//! The newest rows that were refused, and why.

use std::cmp::Reverse;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use smelt_domain::{Dataset, Table as TableDefinition};

use crate::silver::plan::{MALFORMED_RULE, NO_KEY_RULE};
use crate::{Platform, StageError, boxed};

/// A row in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// The rule that refused it.
    pub rule: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// The file or source that it came from.
    pub source: Option<String>,
    /// The line in it.
    pub line: Option<i64>,
    /// The row as it was received.
    pub raw: Option<String>,
    /// When it was refused.
    pub refused_at: Option<DateTime<Utc>>,
}

/// The rules of a table that a row in quarantine may name: those of its definition, then those that hold for
/// every table.
pub fn known_rules(table: &TableDefinition) -> Vec<&str> {
    let own = table.expectations.iter().map(|expectation| expectation.rule.as_str());
    own.chain([MALFORMED_RULE, NO_KEY_RULE]).collect()
}

/// At most so many rows of the quarantine of a table, those that were refused last first; with a rule,
/// only those that it refused.
#[boxed]
pub async fn refused_rows(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    rule: Option<&str>,
    most: usize,
) -> Result<Vec<RefusedRow>, StageError> {
    let quarantine = platform.lake.table(dataset.quarantine_id(&table.name))?;
    let Some(snapshot) = quarantine.snapshot().await? else { return Ok(Vec::new()) };
    let mut files = snapshot.files().to_vec();
    files.sort_by_key(|file| Reverse(file.arrival.map(|it| (it.version, it.position))));
    let mut found: Vec<RefusedRow> = Vec::new();
    for file in files {
        let mut of_file: Vec<RefusedRow> = Vec::new();
        let mut batches = quarantine.read(&file).await?;
        while let Some(batch) = batches.try_next().await? {
            let rows = rows_of(&batch).map_err(|error| {
                StageError::engine(format!("reading {}", quarantine.id()), error.into())
            })?;
            let is_asked =
                |row: &RefusedRow| rule.is_none_or(|rule| row.rule.as_deref() == Some(rule));
            of_file.extend(rows.into_iter().filter(is_asked));
            // Only the last rows of a file are wanted, however long it is.
            let surplus = of_file.len().saturating_sub(most);
            of_file.drain(..surplus);
        }
        of_file.reverse();
        found.extend(of_file);
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

fn rows_of(batch: &RecordBatch) -> Result<Vec<RefusedRow>, arrow::error::ArrowError> {
    let column = |name: &str| -> Result<ArrayRef, arrow::error::ArrowError> {
        let index = batch.schema().index_of(name)?;
        Ok(batch.column(index).clone())
    };
    let texts = |name: &str| cast(&column(name)?, &DataType::Utf8);
    let (rules, reasons, sources) = (texts("rule")?, texts("reason")?, texts("source")?);
    let (raws, lines, times) = (texts("raw")?, column("line")?, column("refused_at")?);
    let text = |column: &ArrayRef, row: usize| {
        let column = column.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let line = |row: usize| {
        let lines = lines.as_primitive_opt::<Int64Type>()?;
        lines.is_valid(row).then(|| lines.value(row))
    };
    let time = |row: usize| {
        let times = times.as_primitive_opt::<TimestampMicrosecondType>()?;
        times.is_valid(row).then(|| times.value(row)).and_then(DateTime::from_timestamp_micros)
    };
    let rows = (0..batch.num_rows()).map(|row| RefusedRow {
        rule: text(&rules, row),
        reason: text(&reasons, row),
        source: text(&sources, row),
        line: line(row),
        raw: text(&raws, row),
        refused_at: time(row),
    });
    Ok(rows.collect())
}
