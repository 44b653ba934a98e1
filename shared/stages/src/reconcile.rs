//! Deletes at a source: an inventory of the source beside silver. Counts by month tell where to
//! look, keys tell which rows are gone; these are deleted by corrections.

use std::collections::{BTreeMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use serde_json::{Map, Value};
use smelt_domain::{Dataset, SourceDefinition, StepReport, Table as TableDefinition};
use smelt_lake::{Snapshot, arrow_type};
use smelt_sources::{Inventory, Source, SourceError};

use crate::gold::register;
use crate::records::{VANISHED, append, as_texts};
use crate::{Platform, StageError, boxed};

/// A source that seems to have lost a greater part of its rows is taken for broken, not for empty.
const MOST_DELETED: f64 = 0.2;

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Reconciled {
    /// Months whose rows were compared one by one, as their counts differ.
    pub months: Vec<String>,
    /// Rows of silver that the source no longer has.
    pub deleted: u64,
    /// The commit of their deletes.
    pub step: Option<StepReport>,
}

/// Deletes the rows that a source no longer has. `None` when the source cannot tell, or the table
/// does not say by `newest` which time its months go by.
#[boxed]
pub async fn reconcile(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    definition: &SourceDefinition,
    source: &dyn Source,
) -> Result<Option<Reconciled>, StageError> {
    let (Some(inventory), Some(time)) = (source.inventory(), &table.newest) else {
        return Ok(None);
    };
    let id = dataset.silver_id(&table.name);
    let Some(silver) = platform.lake.table(id.clone())?.snapshot().await? else {
        return Ok(Some(Reconciled::default()));
    };
    let comparison = Comparison { platform, dataset, table, time: time.as_str(), silver: &silver };

    let there = inventory.rows_by_month().await?;
    let here = comparison.rows_by_month().await?;
    let differs = |month: &&String| here.get(*month) != there.get(*month);
    let months: Vec<String> = here.keys().filter(differs).cloned().collect();
    let mut kept = HashSet::new();
    for month in there.keys().filter(differs) {
        comparison.note_keys(inventory, month, &mut kept).await?;
    }
    let gone = comparison.rows_without(&months, &kept).await?;

    let rows: u64 = here.values().sum();
    if gone.len() as f64 > MOST_DELETED * rows as f64 {
        return Err(SourceError::Unsteady {
            source_label: source.label().to_owned(),
            detail: format!(
                "it has lost {} of {rows} rows, which is more than a source usually deletes; \
                 nothing was deleted here",
                gone.len()
            ),
        }
        .into());
    }
    let deleted = gone.len() as u64;
    let step = match deleted {
        0 => None,
        _ => {
            let by = format!("{} (reconciliation)", definition.name);
            Some(append(platform, dataset, table, VANISHED, gone, &by).await?)
        }
    };
    Ok(Some(Reconciled { months, deleted, step }))
}

struct Comparison<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    table: &'a TableDefinition,
    time: &'a str,
    silver: &'a Snapshot,
}

impl Comparison<'_> {
    async fn rows_by_month(&self) -> Result<BTreeMap<String, u64>, StageError> {
        let sql = format!(
            "SELECT {} AS month, COUNT(*) AS rows FROM {} GROUP BY 1",
            self.month(),
            self.dataset.silver_id(&self.table.name).sql_name()
        );
        let mut months = BTreeMap::new();
        for batch in self.query(&sql).await? {
            let month = self.texts(&batch, 0)?;
            let rows = self.texts(&batch, 1)?;
            for row in 0..batch.num_rows() {
                let rows = rows.value(row).parse().unwrap_or_default();
                months.insert(month.value(row).to_owned(), rows);
            }
        }
        Ok(months)
    }

    /// Remembers the keys that the source has in a month, in silver's types.
    async fn note_keys(
        &self,
        inventory: &dyn Inventory,
        month: &str,
        kept: &mut HashSet<Vec<ScalarValue>>,
    ) -> Result<(), StageError> {
        let mut pages = inventory.keys_of_month(month).await?;
        while let Some(page) = pages.next().await? {
            for row in 0..page.rows.line.len() {
                let texts = page.rows.fields.columns().iter().map(|column| {
                    let texts = column.as_string_opt::<i32>()?;
                    texts.is_valid(row).then(|| texts.value(row).trim().to_owned())
                });
                let key = texts.zip(&self.table.key).map(|(text, name)| {
                    let column = self.table.columns.iter().find(|column| column.name == *name)?;
                    ScalarValue::try_from_string(text?, &arrow_type(&column.column_type)).ok()
                });
                // A key that is none here is refused here, so there is no row of it.
                if let Some(key) = key.collect::<Option<Vec<_>>>() {
                    kept.insert(key);
                }
            }
        }
        Ok(())
    }

    /// Rows of these months whose keys are not among those kept, as texts.
    async fn rows_without(
        &self,
        months: &[String],
        kept: &HashSet<Vec<ScalarValue>>,
    ) -> Result<Vec<Map<String, Value>>, StageError> {
        let mut gone = Vec::new();
        if months.is_empty() {
            return Ok(gone);
        }
        let list: Vec<String> =
            months.iter().map(|month| format!("'{}'", month.replace('\'', "''"))).collect();
        let sql = format!(
            "SELECT * FROM {} WHERE {} IN ({})",
            self.dataset.silver_id(&self.table.name).sql_name(),
            self.month(),
            list.join(", ")
        );
        for batch in self.query(&sql).await? {
            for row in 0..batch.num_rows() {
                let key = self.table.key.iter().filter_map(|name| {
                    let column = batch.column_by_name(name.as_str())?;
                    ScalarValue::try_from_array(column, row).ok().map(stored)
                });
                if !kept.contains(&key.collect::<Vec<_>>()) {
                    let row = as_texts(&batch.slice(row, 1)).map_err(|error| self.failed(error))?;
                    gone.push(row);
                }
            }
        }
        Ok(gone)
    }

    /// The month of a row as text; empty without a time.
    fn month(&self) -> String {
        format!("COALESCE(SUBSTR(CAST({} AS VARCHAR), 1, 7), '')", self.time)
    }

    async fn query(&self, sql: &str) -> Result<Vec<RecordBatch>, StageError> {
        let failed = |error| StageError::engine("comparing silver with its source", error);
        let session: SessionContext = self.platform.engine.session()?;
        let id = self.dataset.silver_id(&self.table.name);
        let (schema, partitioned) = (self.silver.schema(), self.silver.partition_columns());
        register(&session, &id, schema, partitioned, self.silver.files().to_vec())
            .map_err(failed)?;
        let mut rows =
            session.sql(sql).await.map_err(failed)?.execute_stream().await.map_err(failed)?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.next().await {
            batches.push(batch.map_err(failed)?);
        }
        Ok(batches)
    }

    fn texts(&self, batch: &RecordBatch, column: usize) -> Result<StringArray, StageError> {
        let texts =
            cast(batch.column(column), &DataType::Utf8).map_err(|error| self.failed(error))?;
        Ok(texts.as_string::<i32>().clone())
    }

    fn failed(&self, error: arrow::error::ArrowError) -> StageError {
        StageError::engine("comparing silver with its source", error.into())
    }
}

/// The value in the type in which it is stored: text is computed with as views.
fn stored(value: ScalarValue) -> ScalarValue {
    match value {
        ScalarValue::Utf8View(text) => ScalarValue::Utf8(text),
        other => other,
    }
}
