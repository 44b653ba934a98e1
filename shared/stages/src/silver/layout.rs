use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use smelt_domain::Table;
use smelt_lake::arrow_type;

use super::plan::ARRIVAL;

/// Where the columns are in rows on their way to silver: the declared columns, then `_arrival`.
#[derive(Debug, Clone)]
pub(crate) struct SilverLayout {
    /// Columns of rows under way.
    pub schema: SchemaRef,
    /// Indices of the key columns.
    pub key: Vec<usize>,
    /// Index of the partition column.
    pub partition: usize,
    /// Index of the source's own version column.
    pub version: Option<usize>,
    /// Index of `_arrival`; -1 in rows that silver already has.
    pub arrival: usize,
    /// Names of the key columns.
    pub key_names: Vec<String>,
    /// Whether silver has rows that new ones may replace.
    pub has_old_rows: bool,
}

impl SilverLayout {
    pub(crate) fn new(table: &Table, has_old_rows: bool) -> Result<Self> {
        let mut fields: Vec<Field> = table
            .columns
            .iter()
            .map(|column| Field::new(column.name.as_str(), arrow_type(&column.column_type), true))
            .collect();
        let arrival = fields.len();
        fields.push(Field::new(ARRIVAL, DataType::Int64, true));
        let schema = Schema::new(fields);
        let index = |name: &str| schema.index_of(name).map_err(DataFusionError::from);
        let key = table.key.iter().map(|name| index(name.as_str())).collect::<Result<_>>()?;
        let partition = index(table.partition.as_str())?;
        let version = table.version.as_ref().map(|name| index(name.as_str())).transpose()?;
        Ok(Self {
            schema: Arc::new(schema),
            key,
            partition,
            version,
            arrival,
            key_names: table.key.iter().map(ToString::to_string).collect(),
            has_old_rows,
        })
    }

    /// Columns that tell one row of a partition from another.
    pub(crate) fn partition_and_key(&self) -> Vec<usize> {
        std::iter::once(self.partition).chain(self.key.iter().copied()).collect()
    }

    /// Key, then from oldest to newest: the source's version (none is oldest), then arrival.
    pub(crate) fn key_then_age(&self) -> Vec<usize> {
        self.key.iter().copied().chain(self.version).chain([self.arrival]).collect()
    }

    /// The order in which partitions are written: partition, key, age.
    pub(crate) fn ordering(&self) -> Result<LexOrdering> {
        let columns = std::iter::once(self.partition).chain(self.key_then_age());
        let expressions = columns.map(|index| {
            let column = Column::new(self.schema.field(index).name(), index);
            PhysicalSortExpr::new(
                Arc::new(column),
                SortOptions { descending: false, nulls_first: true },
            )
        });
        LexOrdering::new(expressions)
            .ok_or_else(|| DataFusionError::Internal("a table without key or partition".to_owned()))
    }

    /// The batch with exactly this layout's columns.
    ///
    /// Text views become plain text: a view keeps the whole page that it was read from in memory,
    /// and rows wait here for a long time.
    pub(crate) fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = self
            .schema
            .fields()
            .iter()
            .map(|field| {
                let column = batch.column_by_name(field.name()).ok_or_else(|| {
                    DataFusionError::Internal(format!("column {} is missing", field.name()))
                })?;
                Ok(cast(column, field.data_type())?)
            })
            .collect::<Result<_>>()?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    /// Columns as stored in data files: without the partition column and `_arrival`.
    pub(crate) fn stored(&self) -> Vec<usize> {
        (0..self.arrival).filter(|index| *index != self.partition).collect()
    }
}
