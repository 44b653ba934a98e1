//! Sorts, keeps the newest version of each key and writes partitions, in bounded memory.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock};

use arrow::array::{BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{
    SortColumn, SortOptions, concat_batches, filter_record_batch, lexsort_to_indices, not,
    take_record_batch,
};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{EmptyRecordBatchStream, ExecutionPlan};
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use smelt_lake::{DataFile, Table};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::layout::SilverLayout;
use super::newest::NewestOfKey;
use super::partition_writer::PartitionWriter;
use super::router::key_hashes;
use crate::StageError;

/// Batches that may wait before a sorter.
const BATCHES_IN_FLIGHT: usize = 2;

/// Sorters with the writers behind them; rows come in through the channels.
#[derive(Debug)]
pub(crate) struct Merge {
    silver: Table,
    layout: SilverLayout,
    sorters: JoinSet<Result<Merged, StageError>>,
    suspects: Arc<OnceLock<HashSet<u64>>>,
}

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Files written.
    pub files: Vec<DataFile>,
    /// Rows that a newer version replaced.
    pub superseded: u64,
    /// The newest rows, in their partition, of keys that were seen in several partitions.
    suspects: Vec<RecordBatch>,
}

impl Merge {
    /// Starts one sorter per channel.
    pub(crate) fn start(
        session: &SessionContext,
        silver: &Table,
        layout: &SilverLayout,
        sorters: usize,
    ) -> Result<(Self, Vec<mpsc::Sender<RecordBatch>>), StageError> {
        let failed = |error| StageError::engine("sorting silver rows", error);
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..sorters).map(|_| mpsc::channel(BATCHES_IN_FLIGHT)).unzip();
        let inputs = receivers
            .into_iter()
            .map(|receiver| {
                Arc::new(Channel {
                    schema: Arc::clone(&layout.schema),
                    receiver: Mutex::new(Some(receiver)),
                }) as Arc<dyn PartitionStream>
            })
            .collect();
        let input = StreamingTableExec::try_new(
            Arc::clone(&layout.schema),
            inputs,
            None,
            std::iter::empty(),
            false,
            None,
        )
        .map_err(failed)?;
        let sort = SortExec::new(layout.ordering().map_err(failed)?, Arc::new(input))
            .with_preserve_partitioning(true);
        let suspects = Arc::new(OnceLock::new());
        let mut tasks = JoinSet::new();
        for sorter in 0..sorters {
            let sorted = sort.execute(sorter, session.task_ctx()).map_err(failed)?;
            let suspects = Arc::clone(&suspects);
            let writer = PartitionWriter::new(silver.clone(), layout.clone())?;
            tasks.spawn(write_newest(sorted, layout.clone(), suspects, writer));
        }
        let merge =
            Self { silver: silver.clone(), layout: layout.clone(), sorters: tasks, suspects };
        Ok((merge, senders))
    }

    /// Tells which keys were seen in several partitions. To be called before the input ends.
    pub(crate) fn set_suspects(&self, suspects: HashSet<u64>) {
        // Set once, by the one caller.
        let _ = self.suspects.set(suspects);
    }

    /// Waits for the sorters and settles the keys that were seen in several partitions.
    pub(crate) async fn finish(mut self) -> Result<Merged, StageError> {
        let mut all = Merged::default();
        while let Some(joined) = self.sorters.join_next().await {
            let merged = joined.map_err(|error| {
                StageError::engine("sorting silver rows", DataFusionError::External(error.into()))
            })??;
            all.files.extend(merged.files);
            all.superseded += merged.superseded;
            all.suspects.extend(merged.suspects);
        }
        let suspects = std::mem::take(&mut all.suspects);
        if !suspects.is_empty() {
            let (winners, superseded) = settle(&self.layout, &suspects)
                .map_err(|error| StageError::engine("settling moved keys", error.into()))?;
            let mut writer = PartitionWriter::new(self.silver, self.layout)?;
            writer.write(&winners).await?;
            all.files.extend(writer.finish().await?);
            all.superseded += superseded;
        }
        Ok(all)
    }
}

async fn write_newest(
    mut sorted: SendableRecordBatchStream,
    layout: SilverLayout,
    suspects: Arc<OnceLock<HashSet<u64>>>,
    mut writer: PartitionWriter,
) -> Result<Merged, StageError> {
    let failed = |error: ArrowError| StageError::engine("sorting silver rows", error.into());
    let mut newest = NewestOfKey::new(layout.partition_and_key());
    let mut held_back = Vec::new();
    loop {
        let next = sorted.next().await.transpose();
        let next = next.map_err(|error| StageError::engine("sorting silver rows", error))?;
        let batches = match &next {
            Some(batch) => newest.push(batch).map_err(failed)?,
            None => newest.finish().into_iter().collect(),
        };
        for batch in batches {
            let (clear, suspect) = separate(&layout, batch, suspects.get())?;
            writer.write(&clear).await?;
            held_back.extend(suspect);
        }
        if next.is_none() {
            break;
        }
    }
    Ok(Merged { files: writer.finish().await?, superseded: newest.superseded, suspects: held_back })
}

/// Parts rows of suspect keys from the others.
fn separate(
    layout: &SilverLayout,
    batch: RecordBatch,
    suspects: Option<&HashSet<u64>>,
) -> Result<(RecordBatch, Option<RecordBatch>), StageError> {
    let Some(suspects) = suspects.filter(|suspects| !suspects.is_empty()) else {
        return Ok((batch, None));
    };
    let hashes = key_hashes(layout, &batch)?;
    let is_suspect: BooleanArray =
        hashes.iter().map(|hash| Some(suspects.contains(hash))).collect();
    if !is_suspect.has_true() {
        return Ok((batch, None));
    }
    let failed = |error: ArrowError| StageError::engine("settling moved keys", error.into());
    let suspect = filter_record_batch(&batch, &is_suspect).map_err(failed)?;
    let clear = filter_record_batch(&batch, &not(&is_suspect).map_err(failed)?).map_err(failed)?;
    Ok((clear, Some(suspect)))
}

/// The newest row of each key over all partitions, sorted by partition and key.
fn settle(
    layout: &SilverLayout,
    suspects: &[RecordBatch],
) -> Result<(RecordBatch, u64), ArrowError> {
    let rows = sorted_by(&concat_batches(&layout.schema, suspects)?, &layout.key_then_age())?;
    let mut newest = NewestOfKey::new(layout.key.clone());
    let mut winners = newest.push(&rows)?;
    winners.extend(newest.finish());
    let winners = concat_batches(&layout.schema, &winners)?;
    Ok((sorted_by(&winners, &layout.partition_and_key())?, newest.superseded))
}

fn sorted_by(rows: &RecordBatch, columns: &[usize]) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<SortColumn> = columns
        .iter()
        .map(|index| SortColumn {
            values: Arc::clone(rows.column(*index)),
            options: Some(SortOptions { descending: false, nulls_first: true }),
        })
        .collect();
    let order: UInt32Array = lexsort_to_indices(&columns, None)?;
    take_record_batch(rows, &order)
}

/// A channel as an input of the engine.
#[derive(Debug)]
struct Channel {
    schema: SchemaRef,
    receiver: Mutex<Option<mpsc::Receiver<RecordBatch>>>,
}

impl PartitionStream for Channel {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let receiver = self.receiver.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        let Some(receiver) = receiver else {
            return Box::pin(EmptyRecordBatchStream::new(Arc::clone(&self.schema)));
        };
        let batches = futures::stream::unfold(receiver, async |mut receiver| {
            let batch = receiver.recv().await?;
            Some((EngineResult::Ok(batch), receiver))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
