use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use object_store::buffered::BufWriter;
use parquet::arrow::AsyncArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};

use crate::lake::object_path;
use crate::parquet_statistics::file_statistics;
use crate::{DataFile, LakeError, PartitionValues, Table};

/// Rows of one row group: large enough to compress well, small enough to be held while encoded.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// A column whose dictionary grows past this is written plainly: its values hardly repeat.
const DICTIONARY_BYTES: usize = 256 * 1024;
/// Objects up to this size are one put; larger ones are uploaded in parts of it.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// How the rows of a file are laid out.
#[derive(Debug, Clone)]
pub enum FileLayout {
    /// As they came: no column is worth a statistic beyond the row count (bronze).
    Arrival,
    /// Sorted by these columns; with column bounds and a page index so that readers skip.
    SortedBy(Vec<String>),
}

impl FileLayout {
    /// Parquet properties of a file in this layout.
    pub(crate) fn properties(&self, schema: &SchemaRef) -> WriterProperties {
        let builder = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_created_by(concat!("smelt ", env!("CARGO_PKG_VERSION")).to_owned());
        self.with_statistics(builder, schema).build()
    }

    fn with_statistics(
        &self,
        builder: WriterPropertiesBuilder,
        schema: &SchemaRef,
    ) -> WriterPropertiesBuilder {
        match self {
            Self::Arrival => builder.set_statistics_enabled(EnabledStatistics::None),
            Self::SortedBy(columns) => {
                let sorting = columns
                    .iter()
                    .filter_map(|column| schema.index_of(column).ok())
                    .filter_map(|index| i32::try_from(index).ok())
                    .map(|column_idx| SortingColumn {
                        column_idx,
                        descending: false,
                        nulls_first: true,
                    })
                    .collect();
                builder
                    .set_statistics_enabled(EnabledStatistics::Page)
                    .set_sorting_columns(Some(sorting))
            }
        }
    }
}

/// Writes one Parquet file of a table, streaming finished row groups to the store.
///
/// The file is invisible to everyone until a commit names it. Dropping an unfinished writer leaves
/// nothing that a reader can see.
pub struct DataFileWriter {
    writer: AsyncArrowWriter<BufWriter>,
    schema: SchemaRef,
    place: String,
    path: String,
    partition: PartitionValues,
}

impl std::fmt::Debug for DataFileWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DataFileWriter").field("place", &self.place).finish_non_exhaustive()
    }
}

impl DataFileWriter {
    /// Starts the file `path` (relative to the table) with these columns, partition columns
    /// excluded.
    pub fn new(
        table: &Table,
        path: String,
        partition: PartitionValues,
        schema: SchemaRef,
        layout: &FileLayout,
    ) -> Result<Self, LakeError> {
        let place = table.path(&path);
        let writer = parquet_writer(table.lake(), &place, &schema, layout, Vec::new())?;
        Ok(Self { writer, schema, place, path, partition })
    }

    /// Appends rows; their columns must be the file's.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        self.writer
            .write(batch)
            .await
            .map_err(|error| LakeError::from_parquet(self.place.as_str(), error))
    }

    /// Bytes held in memory for the row group under way.
    pub fn buffered_bytes(&self) -> usize {
        self.writer.memory_size()
    }

    /// Completes the upload.
    pub async fn finish(mut self) -> Result<DataFile, LakeError> {
        let metadata = self
            .writer
            .finish()
            .await
            .map_err(|error| LakeError::from_parquet(self.place.as_str(), error))?;
        let size = self.writer.bytes_written() as u64;
        Ok(DataFile {
            path: self.path,
            size,
            partition: self.partition,
            statistics: file_statistics(&metadata, &self.schema),
            arrival: None,
            tags: Default::default(),
        })
    }
}

/// A streaming Parquet writer to a path of the lake.
pub(crate) fn parquet_writer(
    lake: &crate::Lake,
    place: &str,
    schema: &SchemaRef,
    layout: &FileLayout,
    key_values: Vec<KeyValue>,
) -> Result<AsyncArrowWriter<BufWriter>, LakeError> {
    let upload = BufWriter::with_capacity(Arc::clone(lake.store()), object_path(place), PART_BYTES);
    let mut properties = layout.properties(schema);
    if !key_values.is_empty() {
        properties = properties.into_builder().set_key_value_metadata(Some(key_values)).build();
    }
    AsyncArrowWriter::try_new(upload, Arc::clone(schema), Some(properties))
        .map_err(|error| LakeError::from_parquet(place, error))
}
