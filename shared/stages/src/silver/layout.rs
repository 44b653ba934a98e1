use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::error::{DataFusionError, Result as EngineResult};
use smelt_domain::Table;
use smelt_lake::arrow_type;

use super::plan::ARRIVAL;

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
    /// Indices of the columns that order the versions of a key, the newest being greatest: the
    /// source's own version if it has one (none is oldest), then arrival.
    pub age: Vec<usize>,
    /// Indices of the columns of a data file.
    pub stored: Vec<usize>,
    /// Name of the partition column.
    pub partition: String,
    /// Names of the key columns.
    pub key_names: Vec<String>,
    /// Whether silver has rows that new ones may replace.
    pub has_old_rows: bool,
}

impl SilverLayout {
    pub(crate) fn new(table: &Table, has_old_rows: bool) -> EngineResult<Self> {
        let partition = table.partition.as_str();
        let orders_rows =
            table.key.iter().chain(&table.version).any(|name| *name == table.partition);
        let mut fields: Vec<Field> = table
            .columns
            .iter()
            .filter(|column| orders_rows || column.name.as_str() != partition)
            .map(|column| Field::new(column.name.as_str(), arrow_type(&column.column_type), true))
            .collect();
        let arrival = fields.len();
        fields.push(Field::new(ARRIVAL, DataType::Int64, true));
        let schema = Schema::new(fields);
        let index = |name: &str| schema.index_of(name).map_err(DataFusionError::from);
        let key = table.key.iter().map(|name| index(name.as_str())).collect::<EngineResult<_>>()?;
        let version = table.version.as_ref().map(|name| index(name.as_str())).transpose()?;
        let stored = (0..arrival).filter(|i| schema.field(*i).name() != partition).collect();
        Ok(Self {
            schema: Arc::new(schema),
            key,
            age: version.into_iter().chain([arrival]).collect(),
            stored,
            partition: partition.to_owned(),
            key_names: table.key.iter().map(ToString::to_string).collect(),
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

    /// Makes bytes of these columns that compare as the columns do: ascending, nulls first.
    pub(crate) fn comparable(&self, columns: &[usize]) -> Result<RowConverter, ArrowError> {
        let fields = columns.iter().map(|index| self.schema.field(*index).data_type().clone());
        RowConverter::new(fields.map(SortField::new).collect())
    }

    /// The partition column as text, of a batch that is not yet in this layout.
    pub(crate) fn partition_texts(&self, batch: &RecordBatch) -> EngineResult<StringViewArray> {
        let texts = cast(named(batch, &self.partition)?, &DataType::Utf8View)?;
        Ok(texts.as_string_view().clone())
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
