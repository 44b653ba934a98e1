use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use smelt_domain::TableId;

use crate::DataFile;
use crate::lake::engine_url;

/// Column that [`FilesTable::with_ordinals`] adds: the file's place in the order of arrival.
pub const ORDINAL_COLUMN: &str = "_ordinal";

/// Bytes read from a file's end in one go to get its footer and page index.
const FOOTER_BYTES: usize = 64 * 1024;

/// A chosen set of a table's data files, readable by the engine.
///
/// Columns that a file does not have read as null. Text is read as `Utf8View`.
#[derive(Debug, Clone)]
pub struct FilesTable {
    root: String,
    schema: SchemaRef,
    scan_schema: TableSchema,
    files: Vec<DataFile>,
}

impl FilesTable {
    /// The files of a table, with the table's columns in order (partition columns included).
    pub fn new(
        table: &TableId,
        schema: &Schema,
        partition_columns: &[String],
        files: Vec<DataFile>,
    ) -> Self {
        Self::build(table, schema, partition_columns, files, false)
    }

    /// As [`FilesTable::new`], with the column `_ordinal` (BIGINT): the file's place in `files`.
    pub fn with_ordinals(
        table: &TableId,
        schema: &Schema,
        partition_columns: &[String],
        files: Vec<DataFile>,
    ) -> Self {
        Self::build(table, schema, partition_columns, files, true)
    }

    fn build(
        table: &TableId,
        schema: &Schema,
        partition_columns: &[String],
        files: Vec<DataFile>,
        ordinals: bool,
    ) -> Self {
        let mut fields: Vec<FieldRef> =
            schema.fields().iter().map(|field| Arc::new(as_view(field))).collect();
        let is_partition = |field: &FieldRef| partition_columns.contains(field.name());
        let stored: Vec<FieldRef> = fields.iter().filter(|f| !is_partition(f)).cloned().collect();
        // Constant per file: the Delta partition columns, in the order given, then the ordinal.
        let mut constants: Vec<FieldRef> = partition_columns
            .iter()
            .filter_map(|column| fields.iter().find(|field| field.name() == column).cloned())
            .collect();
        if ordinals {
            let ordinal = Arc::new(Field::new(ORDINAL_COLUMN, DataType::Int64, false));
            constants.push(Arc::clone(&ordinal));
            fields.push(ordinal);
        }
        Self {
            root: table.path(),
            schema: Arc::new(Schema::new(fields)),
            scan_schema: TableSchema::builder(Arc::new(Schema::new(stored)))
                .with_table_partition_cols(constants)
                .build(),
            files,
        }
    }

    fn partitioned_file(&self, ordinal: usize, file: &DataFile) -> Result<PartitionedFile> {
        let mut scanned = PartitionedFile::new(format!("{}/{}", self.root, file.path), file.size)
            .with_metadata_size_hint(FOOTER_BYTES);
        scanned.partition_values = self
            .scan_schema
            .table_partition_cols()
            .iter()
            .map(|field| constant(ordinal, file, field))
            .collect::<Result<_>>()?;
        Ok(scanned)
    }
}

impl FilesTable {
    /// How much there is, by which joins choose the side that they hold in memory.
    fn statistics(&self) -> Statistics {
        let sum = |of: fn(&DataFile) -> u64| {
            let sum: u64 = self.files.iter().map(of).sum();
            usize::try_from(sum).map_or(Precision::Absent, Precision::Inexact)
        };
        Statistics::new_unknown(self.scan_schema.table_schema())
            .with_num_rows(sum(DataFile::rows))
            .with_total_byte_size(sum(|file| file.size))
    }
}

fn constant(ordinal: usize, file: &DataFile, field: &Field) -> Result<ScalarValue> {
    if field.name() == ORDINAL_COLUMN {
        let ordinal = i64::try_from(ordinal)
            .map_err(|_| DataFusionError::Internal("too many files".to_owned()))?;
        return Ok(ScalarValue::Int64(Some(ordinal)));
    }
    match file.partition.get(field.name()).cloned().flatten() {
        Some(text) => ScalarValue::try_from_string(text, field.data_type()),
        None => ScalarValue::try_from(field.data_type()),
    }
}

/// Text columns are read as views: slicing, sorting and routing rows then copies no text.
fn as_view(field: &Field) -> Field {
    match field.data_type() {
        DataType::Utf8 => field.clone().with_data_type(DataType::Utf8View),
        _ => field.clone(),
    }
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let parallelism = state.config().target_partitions().max(1);
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); parallelism];
        for (ordinal, file) in self.files.iter().enumerate() {
            groups[ordinal % parallelism].push(self.partitioned_file(ordinal, file)?);
        }
        let groups: Vec<FileGroup> =
            groups.into_iter().filter(|group| !group.is_empty()).map(FileGroup::new).collect();

        let scan_schema = self.scan_schema.table_schema();
        let wanted: Vec<usize> = match projection {
            Some(indices) => indices.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let scanned: Vec<usize> = wanted
            .iter()
            .map(|index| scan_schema.index_of(self.schema.field(*index).name()))
            .collect::<std::result::Result<_, _>>()?;

        // A scan without files has no partition at all, which a sort above it does not take.
        if groups.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&wanted)?))));
        }
        let source = ParquetSource::new(self.scan_schema.clone());
        let config = FileScanConfigBuilder::new(engine_url(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(self.statistics())
            .with_projection_indices(Some(scanned))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
