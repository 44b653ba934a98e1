use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::lake::object_path;
use crate::{DataFile, LakeError, Table};

/// Bytes read from a file's end in one go to get its footer.
const FOOTER_BYTES: usize = 64 * 1024;
const BATCH_ROWS: usize = 8192;

impl Table {
    /// The rows of one data file, in its own columns (partition columns are not among them), without
    /// the engine.
    pub async fn read(
        &self,
        file: &DataFile,
    ) -> Result<BoxStream<'static, Result<RecordBatch, LakeError>>, LakeError> {
        self.read_some(file, None).await
    }

    /// As [`Table::read`], but only of these columns; the bytes of the others are not fetched.
    pub async fn read_columns(
        &self,
        file: &DataFile,
        columns: &[&str],
    ) -> Result<BoxStream<'static, Result<RecordBatch, LakeError>>, LakeError> {
        self.read_some(file, Some(columns)).await
    }

    async fn read_some(
        &self,
        file: &DataFile,
        columns: Option<&[&str]>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, LakeError>>, LakeError> {
        let place = self.path(&file.path);
        let reader = StoredFile {
            store: Arc::clone(self.lake().store()),
            path: object_path(&place),
            size: file.size,
        };
        let unreadable = move |error| LakeError::unread_parquet(place.as_str(), error);
        let mut builder =
            ParquetRecordBatchStreamBuilder::new(reader).await.map_err(unreadable.clone())?;
        if let Some(columns) = columns {
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        let batches = builder.with_batch_size(BATCH_ROWS).build().map_err(unreadable.clone())?;
        Ok(batches.map_err(unreadable).boxed())
    }
}

/// A Parquet file in the lake's store.
struct StoredFile {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

impl AsyncFileReader for StoredFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let bytes = self.store.get_range(&self.path, range);
        bytes.map_err(|error| ParquetError::External(Box::new(error))).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            let bytes = self.store.get_ranges(&self.path, &ranges).await;
            bytes.map_err(|error| ParquetError::External(Box::new(error)))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let footer = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER_BYTES));
            Ok(Arc::new(footer.load_and_finish(self, size).await?))
        }
        .boxed()
    }
}
