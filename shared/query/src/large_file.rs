//! A published file that is too large to be kept: of it only what a question needs is read.
//!
//! Row groups and pages are left out by the bounds that the file has of them, columns by name, and rows by the
//! filters before the other columns are decoded.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::UInt64Type;
use arrow::error::ArrowError;
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, RowFilter, RowSelection,
};
use parquet::file::metadata::PageIndexPolicy;
use smelt_domain::ColumnType;

use crate::chunk::{Chunk, conform, nothing};
use crate::evaluation::Evaluation;
use crate::filter::Bounds;
use crate::parquet_file::{StoredFile, columns_in, unreadable};
use crate::selection::Selection;
use crate::value::Value;
use crate::{Answer, AnswerError, Columns, Query, Snapshot};

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 8 * 1_024;

/// What is known of a file without reading its rows.
#[derive(Debug)]
pub(crate) struct LargeFile {
    store: Arc<dyn ObjectStore>,
    snapshot: Snapshot,
    metadata: ArrowReaderMetadata,
    columns: Columns,
    /// The position in the file of each column of the table.
    places: Vec<usize>,
    row_groups: Vec<Vec<Bounds>>,
}

impl LargeFile {
    /// Reads the footer.
    pub(crate) async fn open(
        store: &Arc<dyn ObjectStore>,
        snapshot: &Snapshot,
        columns: &Columns,
    ) -> Result<Self, AnswerError> {
        let path = &snapshot.path;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let mut reader = reader(store, snapshot);
        let metadata = ArrowReaderMetadata::load_async(&mut reader, options)
            .await
            .map_err(|error| unreadable(path, error))?;
        let places = columns_in(path, metadata.schema(), columns)?;
        let mut file = Self {
            store: Arc::clone(store),
            snapshot: snapshot.clone(),
            metadata,
            columns: columns.clone(),
            places,
            row_groups: Vec::new(),
        };
        file.row_groups = file.bounds_of_row_groups();
        Ok(file)
    }

    /// Memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.metadata.metadata().memory_size()
    }

    pub(crate) async fn answer(&self, query: &Query) -> Result<Answer, AnswerError> {
        let mut evaluation = Evaluation::new(query)?;
        let bounds = |row_group: usize, column: usize| &self.row_groups[row_group][column];
        for row_group in evaluation.route(self.row_groups.len(), bounds) {
            if evaluation.may_change(|column| bounds(row_group, column)) {
                self.read(row_group, query, &mut evaluation).await?;
            }
        }
        evaluation.finish()
    }

    /// Takes the rows of a row group in.
    async fn read(
        &self,
        row_group: usize,
        query: &Query,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<(), AnswerError> {
        let path = &self.snapshot.path;
        let reads = query.reads();
        let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(
            reader(&self.store, &self.snapshot),
            self.metadata.clone(),
        )
        .with_row_groups(vec![row_group])
        .with_batch_size(BATCH_ROWS)
        .with_projection(self.projection(&reads));
        if let Some(selection) = self.pages(row_group, query, evaluation) {
            if !selection.selects_any() {
                return Ok(());
            }
            builder = builder.with_row_selection(selection);
        }
        if let Some(filter) = self.row_filter(query, &reads) {
            builder = builder.with_row_filter(filter);
        }
        let mut batches = builder.build().map_err(|error| unreadable(path, error))?;
        while let Some(batch) = batches.try_next().await.map_err(|error| unreadable(path, error))? {
            let chunk = chunk(&batch, &self.columns, &reads)?;
            evaluation.add(&chunk)?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn projection(&self, reads: &[bool]) -> ProjectionMask {
        let places = self.places.iter().zip(reads).filter(|(_, reads)| **reads);
        ProjectionMask::roots(self.metadata.parquet_schema(), places.map(|(place, _)| *place))
    }

    /// Filters rows by some columns before the others are decoded, if there are others.
    fn row_filter(&self, query: &Query, reads: &[bool]) -> Option<RowFilter> {
        let mut filtered = vec![false; reads.len()];
        for filter in &query.filters {
            filtered[filter.column] = true;
        }
        let has_others = reads.iter().zip(&filtered).any(|(reads, filtered)| *reads && !filtered);
        if query.filters.is_empty() || !has_others {
            return None;
        }
        let columns = self.columns.clone();
        let mut selection = Selection::new(&query.filters, |column| columns.type_of(column));
        let projection = self.projection(&filtered);
        let predicate = ArrowPredicateFn::new(projection, move |batch| {
            let chunk = chunk(&batch, &columns, &filtered)?;
            let selected = selection.select(&chunk.columns)?;
            Ok(match selected {
                Some(selected) => BooleanArray::new(selected, None),
                None => BooleanArray::from(vec![true; chunk.rows]),
            })
        });
        Some(RowFilter::new(vec![Box::new(predicate)]))
    }

    /// The rows of the pages that may matter; `None` if the file knows nothing of its pages.
    fn pages(
        &self,
        row_group: usize,
        query: &Query,
        evaluation: &Evaluation<'_>,
    ) -> Option<RowSelection> {
        let rows = self.metadata.metadata().row_group(row_group).num_rows();
        let rows = usize::try_from(rows).ok()?;
        let mut columns: Vec<usize> = query.filters.iter().map(|filter| filter.column).collect();
        if let crate::query::Shape::Rows(_) = query.shape {
            columns.extend(query.order.first().map(|order| order.column));
        }
        columns.sort_unstable();
        columns.dedup();
        let mut selection: Option<RowSelection> = None;
        for column in columns {
            let Some(pages) = self.bounds_of_pages(row_group, column, rows) else { continue };
            let wanted = pages.into_iter().filter_map(|(rows, bounds)| {
                // Of the other columns, what is known of the whole row group.
                let of_page = |at: usize| {
                    if at == column { &bounds } else { &self.row_groups[row_group][at] }
                };
                evaluation.may_change(of_page).then_some(rows)
            });
            let wanted = RowSelection::from_consecutive_ranges(wanted, rows);
            selection = Some(match selection {
                Some(before) => before.intersection(&wanted),
                None => wanted,
            });
        }
        selection
    }

    fn bounds_of_row_groups(&self) -> Vec<Vec<Bounds>> {
        let row_groups = self.metadata.metadata().row_groups();
        let mut bounds = vec![vec![Bounds::UNKNOWN; self.places.len()]; row_groups.len()];
        for column in 0..self.places.len() {
            let Some(converter) = self.statistics(column) else { continue };
            let (Ok(lows), Ok(highs), Ok(nulls)) = (
                converter.row_group_mins(row_groups),
                converter.row_group_maxes(row_groups),
                converter.row_group_null_counts(row_groups),
            ) else {
                continue;
            };
            let column_type = self.columns.type_of(column);
            for (place, (bounds, row_group)) in bounds.iter_mut().zip(row_groups).enumerate() {
                let rows = u64::try_from(row_group.num_rows()).unwrap_or(u64::MAX);
                bounds[column] = of_statistics(column_type, &lows, &highs, &nulls, place, rows);
            }
        }
        bounds
    }

    /// The rows of each page of a column, and its bounds.
    fn bounds_of_pages(
        &self,
        row_group: usize,
        column: usize,
        rows: usize,
    ) -> Option<Vec<(Range<usize>, Bounds)>> {
        let metadata = self.metadata.metadata();
        let (index, offsets) = (metadata.column_index()?, metadata.offset_index()?);
        let converter = self.statistics(column)?;
        let groups = [row_group];
        let lows = converter.data_page_mins(index, offsets, &groups).ok()?;
        let highs = converter.data_page_maxes(index, offsets, &groups).ok()?;
        let nulls = converter.data_page_null_counts(index, offsets, &groups).ok()?;
        let leaf = converter.parquet_column_index()?;
        let pages = offsets.get(row_group)?.get(leaf)?.page_locations();
        if lows.len() != pages.len() {
            return None;
        }
        let starts: Option<Vec<usize>> =
            pages.iter().map(|page| usize::try_from(page.first_row_index).ok()).collect();
        let starts = starts?;
        let column_type = self.columns.type_of(column);
        let bounds = starts.iter().enumerate().map(|(page, &start)| {
            let end = starts.get(page + 1).copied().unwrap_or(rows);
            let page_rows = end.saturating_sub(start) as u64;
            (start..end, of_statistics(column_type, &lows, &highs, &nulls, page, page_rows))
        });
        Some(bounds.collect())
    }

    fn statistics(&self, column: usize) -> Option<StatisticsConverter<'_>> {
        StatisticsConverter::try_new(
            self.columns.name(column),
            self.metadata.schema(),
            self.metadata.parquet_schema(),
        )
        .ok()
        .map(|converter| converter.with_missing_null_counts_as_zero(false))
    }
}

fn reader(store: &Arc<dyn ObjectStore>, snapshot: &Snapshot) -> StoredFile {
    let path = Path::from(snapshot.path.as_str());
    StoredFile { store: Arc::clone(store), path, bytes: snapshot.bytes }
}

/// The columns of a batch at their positions in the table.
fn chunk(
    batch: &arrow::array::RecordBatch,
    columns: &Columns,
    reads: &[bool],
) -> Result<Chunk, ArrowError> {
    let arrays: Result<Vec<ArrayRef>, ArrowError> = columns
        .all()
        .iter()
        .zip(reads)
        .map(|((name, column_type), reads)| {
            if !reads {
                return Ok(nothing(batch.num_rows()));
            }
            let array = batch
                .column_by_name(name)
                .ok_or_else(|| ArrowError::SchemaError(format!("no column `{name}` was read")))?;
            conform(array, *column_type)
        })
        .collect();
    Ok(Chunk { columns: arrays?, rows: batch.num_rows() })
}

/// Bounds by what a file says of a part of it. Where it says nothing, nothing is known.
fn of_statistics(
    column_type: ColumnType,
    lows: &ArrayRef,
    highs: &ArrayRef,
    nulls: &dyn Array,
    place: usize,
    rows: u64,
) -> Bounds {
    let null_count = nulls.as_primitive_opt::<UInt64Type>().filter(|nulls| nulls.is_valid(place));
    let null_count = null_count.map(|nulls| nulls.value(place));
    let value = |array: &ArrayRef| {
        let one = array.slice(place, 1);
        conform(&one, column_type).ok().and_then(|one| Value::at(&one, 0))
    };
    // NaN is greater than any float, and in no statistic.
    let range = match column_type {
        ColumnType::Double => None,
        _ => value(lows).zip(value(highs)),
    };
    Bounds { range, may_be_null: null_count != Some(0), may_be_known: null_count != Some(rows) }
}
