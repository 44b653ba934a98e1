//! What the readers of whole files and of parts of files share.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::new_empty_array;
use arrow::datatypes::Schema;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::chunk::conform;
use crate::{AnswerError, Columns};

/// What is read first: footer and page index of most files are smaller, which saves two requests.
const FOOTER_BYTES: usize = 64 * 1_024;

/// The position in a file of each column of a table, if the file has them with types that fit.
pub(crate) fn columns_in(
    path: &str,
    file: &Schema,
    columns: &Columns,
) -> Result<Vec<usize>, AnswerError> {
    let other = |problem: String| AnswerError::OtherColumns { path: path.to_owned(), problem };
    columns
        .all()
        .iter()
        .map(|(name, column_type)| {
            let (position, field) = file
                .column_with_name(name)
                .ok_or_else(|| other(format!("there is no column `{name}`")))?;
            conform(&new_empty_array(field.data_type()), *column_type)
                .map_err(|error| other(format!("column `{name}`: {error}")))?;
            Ok(position)
        })
        .collect()
}

/// A file that could not be read: what the store said inside the reader's error stays the store's answer.
pub(crate) fn unreadable(path: &str, error: ParquetError) -> AnswerError {
    match error {
        ParquetError::External(source) => match source.downcast::<object_store::Error>() {
            Ok(store) => AnswerError::from_store(path, *store),
            Err(source) => {
                AnswerError::Failed { context: format!("reading snapshot {path}"), source }
            }
        },
        error => AnswerError::failed(format!("reading snapshot {path}"), error),
    }
}

/// A file of a store, read in ranges.
#[derive(Debug)]
pub(crate) struct StoredFile {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) path: Path,
    pub(crate) bytes: u64,
}

impl AsyncFileReader for StoredFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        self.store.get_range(&self.path, range).map_err(external).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        async move { self.store.get_ranges(&self.path, &ranges).await.map_err(external) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            let bytes = self.bytes;
            let reader = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_BYTES));
            Ok(Arc::new(reader.load_and_finish(self, bytes).await?))
        }
        .boxed()
    }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
