use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::{SortOptions, cast, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::error::{DataFusionError, Result as EngineResult};
use smelt_domain::{ColumnName, Table, TableMode};
use smelt_lake::arrow_type;

use super::plan::{ARRIVAL, DELETED, HELD};

/// Where the columns are in rows on their way to silver: the declared columns, then `_arrival`.
///
/// The partition column is missing, since rows are kept by partition, unless a row's key or version
/// needs it.
#[derive(Debug, Clone)]
pub(crate) struct SilverLayout {
    /// Columns of rows under way.
    pub schema: SchemaRef,
    /// Indices of the key columns.
    pub key: Vec<usize>,
    /// Indices of the columns that order the rows of a key: the source's own version if it has one
    /// (none is oldest), then whether a correction holds, then arrival.
    pub age: Vec<usize>,
    /// Which of the rows of a key stays: the last by age, or the first.
    pub mode: TableMode,
    /// Indices of the columns of a data file.
    pub stored: Vec<usize>,
    /// Name of the partition column; `None` where the table is one partition.
    pub partition: Option<String>,
    /// Names of the key columns.
    pub key_names: Vec<String>,
    /// Index of the column that says whether a row deletes its key, in tables with corrections.
    pub deleted: Option<usize>,
    /// Whether silver has rows that new ones may replace.
    pub has_old_rows: bool,
}

impl SilverLayout {
    pub(crate) fn new(
        table: &Table,
        has_old_rows: bool,
        has_corrections: bool,
    ) -> EngineResult<Self> {
        let partition = table.partition.as_ref().map(ColumnName::as_str);
        let orders_rows =
            table.key.iter().chain(&table.version).any(|name| Some(name.as_str()) == partition);
        let mut fields: Vec<Field> = table
            .columns
            .iter()
            .filter(|column| orders_rows || Some(column.name.as_str()) != partition)
            .map(|column| Field::new(column.name.as_str(), arrow_type(&column.column_type), true))
            .collect();
        let arrival = fields.len();
        fields.push(Field::new(ARRIVAL, DataType::Int64, true));
        let deleted = has_corrections.then_some(fields.len());
        if has_corrections {
            fields.push(Field::new(DELETED, DataType::Boolean, true));
            fields.push(Field::new(HELD, DataType::Boolean, true));
        }
        let held = deleted.map(|deleted| deleted + 1);
        let schema = Schema::new(fields);
        let index = |name: &str| schema.index_of(name).map_err(DataFusionError::from);
        let key = table.key.iter().map(|name| index(name.as_str())).collect::<EngineResult<_>>()?;
        let version = table.version.as_ref().map(|name| index(name.as_str())).transpose()?;
        let is_stored = |index: &usize| Some(schema.field(*index).name().as_str()) != partition;
        let stored = (0..arrival).filter(is_stored).collect();
        Ok(Self {
            schema: Arc::new(schema),
            key,
            age: version.into_iter().chain(held).chain([arrival]).collect(),
            stored,
            mode: table.mode,
            partition: partition.map(str::to_owned),
            key_names: table.key.iter().map(ToString::to_string).collect(),
            deleted,
            has_old_rows,
        })
    }

    /// These rows of a batch, in this layout.
    ///
    /// Text views become plain text: a view keeps the whole page that it was read from in memory,
    /// and rows wait here for a long time.
    pub(crate) fn conform(
        &self,
        batch: &RecordBatch,
        rows: Option<&UInt32Array>,
    ) -> EngineResult<RecordBatch> {
        let columns = self
            .schema
            .fields()
            .iter()
            .map(|field| {
                let column = named(batch, field.name())?;
                Ok(match rows {
                    Some(rows) => cast(&take(column, rows, None)?, field.data_type())?,
                    None => cast(column, field.data_type())?,
                })
            })
            .collect::<EngineResult<_>>()?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    /// The key columns of a batch, which need not be in this layout.
    pub(crate) fn key_columns(&self, batch: &RecordBatch) -> EngineResult<Vec<ArrayRef>> {
        let fields = self.key.iter().map(|index| self.schema.field(*index));
        fields.map(|field| Ok(cast(named(batch, field.name())?, field.data_type())?)).collect()
    }

    /// Makes bytes of keys that compare as the keys do: ascending, nulls first.
    pub(crate) fn comparable_keys(&self) -> Result<RowConverter, ArrowError> {
        self.comparable(&self.key, SortOptions { descending: false, nulls_first: true })
    }

    /// Makes bytes of ages of which the greatest are those of the rows that stay.
    pub(crate) fn comparable_ages(&self) -> Result<RowConverter, ArrowError> {
        let descending = self.mode == TableMode::Append;
        self.comparable(&self.age, SortOptions { descending, nulls_first: true })
    }

    fn comparable(
        &self,
        columns: &[usize],
        options: SortOptions,
    ) -> Result<RowConverter, ArrowError> {
        let fields = columns.iter().map(|index| self.schema.field(*index).data_type().clone());
        RowConverter::new(
            fields.map(|data_type| SortField::new_with_options(data_type, options)).collect(),
        )
    }

    /// The partition column as text, of a batch that is not yet in this layout.
    pub(crate) fn partition_texts(&self, batch: &RecordBatch) -> EngineResult<StringViewArray> {
        let Some(partition) = &self.partition else {
            return Ok(StringViewArray::new_null(batch.num_rows()));
        };
        let texts = cast(named(batch, partition)?, &DataType::Utf8View)?;
        Ok(texts.as_string_view().clone())
    }

    /// Whether a row, of a batch in this layout, deletes its key.
    pub(crate) fn deletes(&self, batch: &RecordBatch, row: usize) -> bool {
        let column = self.deleted.and_then(|index| batch.column(index).as_boolean_opt());
        column.is_some_and(|deleted| deleted.is_valid(row) && deleted.value(row))
    }

    /// The type of the first key column.
    pub(crate) fn first_key_type(&self) -> &DataType {
        self.schema.field(self.key[0]).data_type()
    }
}

/// The hash of each row's key, from its key columns.
pub(crate) fn key_hashes(key: &[ArrayRef]) -> EngineResult<Vec<u64>> {
    let mut hashes = vec![0; key.first().map_or(0, |column| column.len())];
    create_hashes(key, &RandomState::with_seed(311), &mut hashes)?;
    Ok(hashes)
}

fn named<'a>(batch: &'a RecordBatch, name: &str) -> EngineResult<&'a ArrayRef> {
    batch
        .column_by_name(name)
        .ok_or_else(|| DataFusionError::Internal(format!("column {name} is missing")))
}
