use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream_partitioned;
use datafusion::prelude::{DataFrame, Expr, SessionContext, lit};
use futures::StreamExt;
use smelt_domain::{OnViolation, RuleName, StageName};
use smelt_lake::{DataFile, FilesTable, LakeError, Snapshot};
use tokio::task::JoinSet;

use super::Silver;
use super::layout::SilverLayout;
use super::merge::Merge;
use super::plan::{ARRIVAL, BREAKS, silver_plan};
use super::refused::{RefusedWriter, is_refused};
use super::router::{Origin, Router};
use crate::StageError;
use crate::observer::{Ticket, Unit};

/// `_arrival` of rows that silver already has: older than anything new.
const ALREADY_HERE: i64 = -1;

/// What a refresh computed; nothing of it is committed yet.
#[derive(Debug)]
pub(crate) struct Refreshed {
    /// Bronze rows taken in.
    pub rows_in: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Rows, new or old, that a newer version replaced.
    pub superseded: u64,
    /// Accepted rows that break a rule that only warns.
    pub warned: BTreeMap<RuleName, u64>,
    /// Partitions that the new files replace.
    pub partitions: BTreeSet<Option<String>>,
    /// New silver files.
    pub files: Vec<DataFile>,
    /// The file of refused rows.
    pub quarantined: Option<DataFile>,
}

/// Computes silver from new bronze files and the silver rows they touch (`old`: none when silver
/// is computed anew).
pub(crate) async fn refresh(
    stage: &Silver<'_>,
    bronze: &Snapshot,
    new_files: Vec<DataFile>,
    old: Option<&Snapshot>,
    quarantine_too: bool,
) -> Result<Refreshed, StageError> {
    let failed = |error| StageError::engine(format!("refreshing {}", stage.silver.id()), error);
    let rows_in = new_files.iter().map(DataFile::rows).sum();
    let has_old_rows = old.is_some_and(|old| !old.files().is_empty());
    let layout = SilverLayout::new(stage.table, has_old_rows).map_err(failed)?;
    let engine = &stage.platform.engine;
    let session = engine.session()?;
    let (merge, senders) = Merge::start(&session, &stage.silver, &layout, engine.parallelism())?;
    let router = Arc::new(Router::new(layout.clone(), senders, engine.scratch().clone()));
    let refused_writer = quarantine_too.then(|| {
        Arc::new(RefusedWriter::new(stage.platform, stage.quarantine.clone(), stage.table))
    });

    let judged =
        take_in(stage, &session, bronze, new_files, &layout, &router, &refused_writer).await?;
    let (partitions, old_rows) = match old.filter(|_| has_old_rows) {
        Some(old) => {
            let rows = OldRows { stage, session: &session, layout: &layout, router: &router, old };
            rows.bring_in(&merge).await?
        }
        None => {
            let moved = router.keys_in_several_partitions()?;
            merge.set_suspects(moved.into_keys().collect());
            (router.partitions().into_values().collect(), 0)
        }
    };
    let routed = router.sent();
    // The sorters see the end of their input when the router, with its channels, is gone.
    drop(router);
    let merged = merge.finish().await?;

    let written: u64 = merged.files.iter().map(DataFile::rows).sum();
    let balances = judged.accepted + judged.refused == rows_in
        && routed == judged.accepted + old_rows
        && written + merged.superseded == routed;
    if !balances {
        return Err(StageError::Unbalanced {
            table: stage.silver.id().sql_name(),
            expected: rows_in + old_rows,
            found: written + merged.superseded + judged.refused,
        });
    }
    let quarantined = match refused_writer.and_then(Arc::into_inner) {
        Some(writer) => writer.finish().await?,
        None => None,
    };
    Ok(Refreshed {
        rows_in,
        refused: judged.refused,
        superseded: merged.superseded,
        warned: judged.warned,
        partitions,
        files: merged.files,
        quarantined,
    })
}

/// Counts over the new rows.
#[derive(Debug, Default)]
struct Judged {
    accepted: u64,
    refused: u64,
    warned: BTreeMap<RuleName, u64>,
}

/// Runs the silver SQL over the new files: accepted rows to the router, refused rows to quarantine.
async fn take_in(
    stage: &Silver<'_>,
    session: &SessionContext,
    bronze: &Snapshot,
    new_files: Vec<DataFile>,
    layout: &SilverLayout,
    router: &Arc<Router>,
    refused: &Option<Arc<RefusedWriter>>,
) -> Result<Judged, StageError> {
    let failed =
        |error| StageError::engine(format!("running the SQL of {}", stage.silver.id()), error);
    let total = new_files.iter().map(DataFile::rows).sum();
    let files = FilesTable::with_ordinals(
        stage.bronze.id(),
        bronze.schema(),
        bronze.partition_columns(),
        new_files,
    );
    let plan = silver_plan(session, stage.dataset, stage.table, files).map_err(failed)?;
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
            layout: layout.clone(),
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
    layout: SilverLayout,
    router: Arc<Router>,
    refused: Option<Arc<RefusedWriter>>,
    ticket: Arc<dyn Ticket>,
}

#[derive(Debug, Default)]
struct Produced {
    accepted: u64,
    refused: u64,
    broken: BTreeMap<String, u64>,
}

impl Producer {
    async fn run(mut self) -> Result<Produced, StageError> {
        let failed = |error| StageError::engine("running the silver SQL", error);
        let mut produced = Produced::default();
        while let Some(batch) = self.rows.next().await {
            let batch = batch.map_err(failed)?;
            let refused = is_refused(&batch).map_err(|error| failed(error.into()))?;
            let accepted = if refused.has_true() {
                let rows = filter_record_batch(&batch, &refused).map_err(|e| failed(e.into()))?;
                produced.refused += rows.num_rows() as u64;
                if let Some(writer) = &self.refused {
                    writer.write(&rows).await?;
                }
                let kept = not(&refused).map_err(|error| failed(error.into()))?;
                filter_record_batch(&batch, &kept).map_err(|error| failed(error.into()))?
            } else {
                batch
            };
            let rows = accepted.num_rows() as u64;
            produced.accepted += rows;
            count_broken(&accepted, &mut produced.broken);
            self.router
                .send(self.layout.conform(&accepted).map_err(failed)?, Origin::Bronze)
                .await?;
            self.ticket.advance(rows);
        }
        Ok(produced)
    }
}

fn count_broken(batch: &RecordBatch, broken: &mut BTreeMap<String, u64>) {
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if let Some(rule) = field.name().strip_prefix(BREAKS)
            && let Some(breaks) = column.as_boolean_opt()
        {
            let rows = breaks.true_count() as u64;
            if rows > 0 {
                *broken.entry(rule.to_owned()).or_default() += rows;
            }
        }
    }
}

/// The rows that silver already has.
struct OldRows<'a> {
    stage: &'a Silver<'a>,
    session: &'a SessionContext,
    layout: &'a SilverLayout,
    router: &'a Arc<Router>,
    old: &'a Snapshot,
}

impl OldRows<'_> {
    /// Sends the old rows of touched partitions to the sorters. A key that came in with another
    /// partition makes the partition of its old copy a touched one as well. Returns the touched
    /// partitions and the rows sent.
    async fn bring_in(&self, merge: &Merge) -> Result<(BTreeSet<Option<String>>, u64), StageError> {
        let mut touched: BTreeSet<Option<String>> =
            self.router.partitions().into_values().collect();
        let mut sent = self.send(self.files_in(&touched)).await?;
        for file in self.old.files() {
            if !touched.contains(&self.partition_of(file)) {
                self.note_candidates(file).await?;
            }
        }

        let moved = self.router.keys_in_several_partitions()?;
        let numbers: BTreeSet<u32> = moved.values().flatten().copied().collect();
        let several: BTreeSet<Option<String>> = self
            .router
            .partitions()
            .into_iter()
            .filter(|(number, _)| numbers.contains(number))
            .map(|(_, value)| value)
            .collect();
        let left: BTreeSet<Option<String>> = several.difference(&touched).cloned().collect();
        merge.set_suspects(moved.into_keys().collect());
        sent += self.send(self.files_in(&left)).await?;
        touched.extend(left);
        Ok((touched, sent))
    }

    fn partition_of(&self, file: &DataFile) -> Option<String> {
        file.partition.get(self.stage.table.partition.as_str()).cloned().flatten()
    }

    fn files_in(&self, partitions: &BTreeSet<Option<String>>) -> Vec<DataFile> {
        let files = self.old.files().iter();
        files.filter(|file| partitions.contains(&self.partition_of(file))).cloned().collect()
    }

    async fn send(&self, files: Vec<DataFile>) -> Result<u64, StageError> {
        let expected: u64 = files.iter().map(DataFile::rows).sum();
        if expected == 0 {
            return Ok(0);
        }
        let failed = |error| self.failed(error);
        let columns = self.stage.table.columns.iter().map(|column| exact(column.name.as_str()));
        let columns: Vec<Expr> = columns.chain([lit(ALREADY_HERE).alias(ARRIVAL)]).collect();
        let rows = self.scan(files)?.select(columns).map_err(failed)?;
        let streams = rows.execute_stream_partitioned().await.map_err(failed)?;
        let mut tasks = JoinSet::new();
        for mut rows in streams {
            let (router, layout) = (Arc::clone(self.router), self.layout.clone());
            tasks.spawn(async move {
                let failed = |error| StageError::engine("reading silver rows", error);
                let mut sent = 0;
                while let Some(batch) = rows.next().await {
                    let batch = batch.map_err(failed)?;
                    sent += batch.num_rows() as u64;
                    router.send(layout.conform(&batch).map_err(failed)?, Origin::Silver).await?;
                }
                Ok::<u64, StageError>(sent)
            });
        }
        let mut sent = 0;
        while let Some(joined) = tasks.join_next().await {
            sent +=
                joined.map_err(|error| self.failed(DataFusionError::External(error.into())))??;
        }
        Ok(sent)
    }

    /// Notes the keys of a file that new rows may have as well: found by the file's bounds, then
    /// read from the pages within them only.
    async fn note_candidates(&self, file: &DataFile) -> Result<(), StageError> {
        let Some(bounds) = self.candidate_bounds(file) else {
            return Ok(());
        };
        let failed = |error| self.failed(error);
        let mut rows = self.scan(vec![file.clone()])?;
        if let Some((low, high)) = bounds {
            let key = exact(&self.layout.key_names[0]);
            rows = rows.filter(key.between(lit(low), lit(high))).map_err(failed)?;
        }
        let columns = self.layout.schema.fields().iter().enumerate().map(|(index, field)| {
            if self.layout.key.contains(&index) || index == self.layout.partition {
                exact(field.name())
            } else {
                lit(ScalarValue::try_from(field.data_type()).unwrap_or(ScalarValue::Null))
                    .alias(field.name())
            }
        });
        let rows = rows.select(columns.collect::<Vec<Expr>>()).map_err(failed)?;
        let mut batches = rows.execute_stream().await.map_err(failed)?;
        while let Some(batch) = batches.next().await {
            self.router.note(&self.layout.conform(&batch.map_err(failed)?).map_err(failed)?)?;
        }
        Ok(())
    }

    /// `None`: the file cannot hold a new key. `Some(bounds)`: it may, within these bounds of the
    /// first key column, if any are known.
    fn candidate_bounds(&self, file: &DataFile) -> Option<Option<(i64, i64)>> {
        let name = &self.layout.key_names[0];
        let is_integer =
            *self.layout.schema.field(self.layout.key[0]).data_type() == DataType::Int64;
        let bound =
            |values: &serde_json::Map<String, serde_json::Value>| values.get(name)?.as_i64();
        let low = bound(&file.statistics.min_values);
        let high = bound(&file.statistics.max_values);
        match (is_integer, low, high) {
            (true, Some(low), Some(high)) => self.router.may_have_new_key(low, high).map(Some),
            _ => Some(None),
        }
    }

    fn scan(&self, files: Vec<DataFile>) -> Result<DataFrame, StageError> {
        let table = FilesTable::new(
            self.stage.silver.id(),
            self.old.schema(),
            self.old.partition_columns(),
            files,
        );
        self.session.read_table(Arc::new(table)).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: DataFusionError) -> StageError {
        let context = format!("reading {}", self.stage.silver.id());
        StageError::Lake(LakeError::from_engine(context, error))
    }
}

fn exact(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}
