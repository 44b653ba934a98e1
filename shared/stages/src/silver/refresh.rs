use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{and, filter_record_batch, not};
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream_partitioned;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use smelt_domain::{OnViolation, PartitionsInRange, RuleName, StageName};
use smelt_lake::{DataFile, Snapshot};
use tokio::task::JoinSet;

use super::Silver;
use super::former_corrections::FormerCorrections;
use super::layout::SilverLayout;
use super::merge::Merge;
use super::newest::BYTES_BESIDE_EACH_ROW;
use super::old_rows::{Gathered, OldRows};
use super::plan::{BREAKS, DELETED, has_corrections};
use super::refused::{RefusedWriter, is_refused};
use super::router::{Origin, Router};
use super::shuffle::{Limits, Shuffle};
use crate::StageError;
use crate::observer::{Ticket, Unit};

/// What a refresh computed; nothing of it is committed yet.
#[derive(Debug)]
pub(crate) struct Refreshed {
    /// Bronze rows taken in.
    pub rows_in: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Rows, new or old, that another row of their key or a newer copy of their source replaced.
    pub superseded: u64,
    /// Of the rows taken in, those that delete a key.
    pub deletes: u64,
    /// Accepted rows that break a rule that only warns.
    pub warned: BTreeMap<RuleName, u64>,
    /// Partitions that the new files replace.
    pub partitions: BTreeSet<Option<String>>,
    /// New silver files.
    pub files: Vec<DataFile>,
    /// Rows of partitions that were computed but not asked for, so that they were not written.
    pub unwritten: u64,
    /// The file of refused rows.
    pub quarantined: Option<DataFile>,
}

/// The bronze files of a refresh.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    /// New files whose rows count.
    pub files: Vec<DataFile>,
    /// Rows of new files that another copy of their source replaces.
    pub replaced_rows: u64,
    /// Files that silver has taken in and whose corrections still stand against what comes later.
    pub former_corrections: Vec<DataFile>,
}

/// Computes silver from new bronze files and the silver rows they touch (`old`: none when silver
/// is computed anew), and writes these partitions of it.
pub(crate) async fn refresh(
    stage: &Silver<'_>,
    bronze: &Snapshot,
    arrived: Arrived,
    old: Option<&Snapshot>,
    writes: PartitionsInRange,
    quarantine_too: bool,
) -> Result<Refreshed, StageError> {
    let failed = |error| StageError::engine(format!("refreshing {}", stage.silver.id()), error);
    let rows_in: u64 = arrived.files.iter().map(DataFile::rows).sum();
    let has_old_rows = old.is_some_and(|old| !old.files().is_empty());
    let has_corrections = has_corrections(bronze.schema());
    let layout = SilverLayout::new(stage.table, has_old_rows, has_corrections).map_err(failed)?;
    let layout = Arc::new(layout);
    let engine = &stage.platform.engine;
    let session = engine.session()?;
    let limits = Limits { bytes: engine.shuffle_bytes(), beside_each_row: BYTES_BESIDE_EACH_ROW };
    let shuffle = Arc::new(Shuffle::new(Arc::clone(&layout.schema), limits, engine.scratch()));
    let router =
        Arc::new(Router::new(Arc::clone(&layout), Arc::clone(&shuffle), engine.scratch().clone()));
    let refused_writer = quarantine_too.then(|| {
        Arc::new(RefusedWriter::new(stage.platform, stage.quarantine.clone(), stage.table))
    });

    let former =
        FormerCorrections::read(stage, &layout, bronze, arrived.former_corrections).await?;
    router.watch(former.keys());
    let judged = take_in(stage, &session, bronze, arrived.files, &router, &refused_writer).await?;
    let brought_again = former.bring_in(&router)?;
    let gathered = match old.filter(|_| has_old_rows) {
        Some(old) => {
            let rows = OldRows { stage, session: &session, layout: &layout, router: &router, old };
            rows.bring_in().await?
        }
        None => Gathered {
            partitions: router.partitions(),
            suspects: router.keys_in_several_partitions()?.into_keys().collect(),
            old_rows: 0,
        },
    };
    let routed = router.gathered();
    drop(router);
    let old_rows = gathered.old_rows;
    let partitions: BTreeSet<Option<String>> = gathered.partitions.keys().cloned().collect();
    let merge = Merge::new(stage.silver.clone(), layout, writes, shuffle, gathered.suspects);
    let merged = merge.run(gathered.partitions, engine.parallelism()).await?;

    // Nobody else writes any more; if somebody did, the sum below would not be right.
    let quarantined = match refused_writer.and_then(Arc::into_inner) {
        Some(writer) => writer.finish().await?,
        None => None,
    };

    let written: u64 = merged.files.iter().map(DataFile::rows).sum();
    let stayed = written + merged.unwritten;
    let set_aside = quarantined.as_ref().map_or(0, DataFile::rows);
    let balances = judged.accepted + judged.refused == rows_in
        && routed == judged.accepted + old_rows + brought_again
        && stayed + merged.superseded + merged.deletes == routed
        && (set_aside == judged.refused || !quarantine_too);
    if !balances {
        return Err(StageError::Unbalanced {
            table: stage.silver.id().sql_name(),
            expected: rows_in + old_rows,
            found: stayed + merged.superseded + set_aside,
        });
    }
    // What is neither in silver nor a delete gave way to another row. Rows that delete count as
    // that, whether they stayed or not, and corrections brought again were counted before.
    let superseded = (judged.accepted + old_rows).saturating_sub(stayed + judged.deletes);
    Ok(Refreshed {
        rows_in: rows_in + arrived.replaced_rows,
        refused: judged.refused,
        superseded: superseded + arrived.replaced_rows,
        deletes: judged.deletes,
        warned: judged.warned,
        partitions,
        files: merged.files,
        unwritten: merged.unwritten,
        quarantined,
    })
}

/// Counts over the new rows.
#[derive(Debug, Default)]
struct Judged {
    accepted: u64,
    refused: u64,
    deletes: u64,
    warned: BTreeMap<RuleName, u64>,
}

/// Runs the silver SQL over the new files: accepted rows to the router, refused rows to quarantine.
async fn take_in(
    stage: &Silver<'_>,
    session: &SessionContext,
    bronze: &Snapshot,
    new_files: Vec<DataFile>,
    router: &Arc<Router>,
    refused: &Option<Arc<RefusedWriter>>,
) -> Result<Judged, StageError> {
    let failed =
        |error| StageError::engine(format!("running the SQL of {}", stage.silver.id()), error);
    let total = new_files.iter().map(DataFile::rows).sum();
    let plan = stage.plan(session, bronze, new_files).map_err(failed)?;
    let physical = session.state().create_physical_plan(&plan).await.map_err(failed)?;
    let streams = execute_stream_partitioned(physical, session.task_ctx()).map_err(failed)?;

    let ticket = stage.platform.observer.start(
        StageName::Silver,
        stage.silver.id(),
        Unit::Rows,
        Some(total),
    );
    let mut tasks = JoinSet::new();
    for rows in streams {
        let producer = Producer {
            rows,
            router: Arc::clone(router),
            refused: refused.clone(),
            ticket: Arc::clone(&ticket),
        };
        tasks.spawn(producer.run());
    }
    let mut judged = Judged::default();
    let mut broken: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        let produced =
            joined.map_err(|error| failed(DataFusionError::External(error.into())))??;
        judged.accepted += produced.accepted;
        judged.refused += produced.refused;
        judged.deletes += produced.deletes;
        for (rule, rows) in produced.broken {
            *broken.entry(rule).or_default() += rows;
        }
    }
    judged.warned = warned_or_failed(stage, broken)?;
    Ok(judged)
}

/// Parts broken rules into warnings and those that stop the run.
fn warned_or_failed(
    stage: &Silver<'_>,
    broken: BTreeMap<String, u64>,
) -> Result<BTreeMap<RuleName, u64>, StageError> {
    let mut warned = BTreeMap::new();
    for expectation in &stage.table.expectations {
        let Some(rows) = broken.get(expectation.rule.as_str()).filter(|rows| **rows > 0) else {
            continue;
        };
        if expectation.on_violation == OnViolation::Fail {
            return Err(StageError::Expectation {
                table: stage.silver.id().sql_name(),
                rule: expectation.rule.clone(),
                rows: *rows,
                reason: expectation.reason.clone(),
            });
        }
        warned.insert(expectation.rule.clone(), *rows);
    }
    Ok(warned)
}

/// Takes the rows of one stream.
struct Producer {
    rows: SendableRecordBatchStream,
    router: Arc<Router>,
    refused: Option<Arc<RefusedWriter>>,
    ticket: Arc<dyn Ticket>,
}

#[derive(Debug, Default)]
struct Produced {
    accepted: u64,
    refused: u64,
    deletes: u64,
    broken: BTreeMap<String, u64>,
}

impl Producer {
    async fn run(mut self) -> Result<Produced, StageError> {
        let failed = |error| StageError::engine("running the silver SQL", error);
        let mut produced = Produced::default();
        while let Some(batch) = self.rows.next().await {
            let batch = batch.map_err(failed)?;
            let refused = is_refused(&batch).map_err(|error| failed(error.into()))?;
            let refused = Some(refused).filter(BooleanArray::has_true);
            let mut accepted = batch.num_rows();
            if let Some(refused) = &refused {
                let rows = filter_record_batch(&batch, refused).map_err(|e| failed(e.into()))?;
                accepted -= rows.num_rows();
                produced.refused += rows.num_rows() as u64;
                if let Some(writer) = &self.refused {
                    writer.write(&rows).await?;
                }
            }
            produced.accepted += accepted as u64;
            produced.deletes +=
                deletes(&batch, refused.as_ref()).map_err(|error| failed(error.into()))?;
            produced
                .count_broken(&batch, refused.as_ref())
                .map_err(|error| failed(error.into()))?;
            self.router.gather(&batch, refused.as_ref(), Origin::Bronze)?;
            self.ticket.advance(batch.num_rows() as u64);
        }
        Ok(produced)
    }
}

/// Accepted rows of a batch that delete their key.
fn deletes(batch: &RecordBatch, refused: Option<&BooleanArray>) -> Result<u64, ArrowError> {
    let Some(deleted) = batch.column_by_name(DELETED).and_then(|c| c.as_boolean_opt()) else {
        return Ok(0);
    };
    let rows = match refused {
        Some(refused) => and(deleted, &not(refused)?)?.true_count(),
        None => deleted.true_count(),
    };
    Ok(rows as u64)
}

impl Produced {
    /// Counts the accepted rows that break a rule which warns or fails.
    fn count_broken(
        &mut self,
        batch: &RecordBatch,
        refused: Option<&BooleanArray>,
    ) -> Result<(), ArrowError> {
        let accepted = refused.map(not).transpose()?;
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let Some(rule) = field.name().strip_prefix(BREAKS) else { continue };
            let Some(breaks) = column.as_boolean_opt() else { continue };
            let rows = match &accepted {
                Some(accepted) => and(breaks, accepted)?.true_count(),
                None => breaks.true_count(),
            };
            if rows > 0 {
                *self.broken.entry(rule.to_owned()).or_default() += rows as u64;
            }
        }
        Ok(())
    }
}
