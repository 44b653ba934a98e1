//! The rows that silver already has and new rows may replace.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, Expr, SessionContext, lit};
use futures::StreamExt;
use smelt_lake::{DataFile, FilesTable, LakeError, Snapshot};
use tokio::task::JoinSet;

use super::Silver;
use super::layout::SilverLayout;
use super::plan::{ARRIVAL, DELETED, HELD, exact};
use super::router::{Origin, Router};
use crate::StageError;

/// `_arrival` of rows that silver already has: older than anything new.
const ALREADY_HERE: i64 = -1;

/// What lies gathered before the merge.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The partitions that new files replace, by value, with their numbers.
    pub partitions: BTreeMap<Option<String>, u32>,
    /// Hashes of keys that were seen in several partitions.
    pub suspects: HashSet<u64>,
    /// Rows that silver had already.
    pub old_rows: u64,
}

/// The rows that silver already has.
pub(crate) struct OldRows<'a> {
    pub stage: &'a Silver<'a>,
    pub session: &'a SessionContext,
    pub layout: &'a SilverLayout,
    pub router: &'a Arc<Router>,
    pub old: &'a Snapshot,
}

impl OldRows<'_> {
    /// Gathers the old rows of touched partitions. A key that came in with another partition makes
    /// the partition of its old copy a touched one as well.
    pub(crate) async fn bring_in(&self) -> Result<Gathered, StageError> {
        let mut touched: BTreeSet<Option<String>> = self.router.partitions().into_keys().collect();
        let mut old_rows = self.gather(self.files_in(&touched)).await?;
        for file in self.old.files() {
            if !touched.contains(file.partition_value()) {
                self.note_candidates(file).await?;
            }
        }

        let moved = self.router.keys_in_several_partitions()?;
        let numbers: BTreeSet<u32> = moved.values().flatten().copied().collect();
        let mut partitions = self.router.partitions();
        let left: BTreeSet<Option<String>> = partitions
            .iter()
            .filter(|(value, number)| numbers.contains(number) && !touched.contains(*value))
            .map(|(value, _)| value.clone())
            .collect();
        old_rows += self.gather(self.files_in(&left)).await?;
        touched.extend(left);
        partitions.retain(|value, _| touched.contains(value));
        Ok(Gathered { partitions, suspects: moved.into_keys().collect(), old_rows })
    }

    fn files_in(&self, partitions: &BTreeSet<Option<String>>) -> Vec<DataFile> {
        let files = self.old.files().iter();
        files.filter(|file| partitions.contains(file.partition_value())).cloned().collect()
    }

    async fn gather(&self, files: Vec<DataFile>) -> Result<u64, StageError> {
        let expected: u64 = files.iter().map(DataFile::rows).sum();
        if expected == 0 {
            return Ok(0);
        }
        let failed = |error| self.failed(error);
        let columns = self.stage.table.columns.iter().map(|column| exact(column.name.as_str()));
        let no = |name: &str| lit(false).alias(name);
        let added = [lit(ALREADY_HERE).alias(ARRIVAL), no(DELETED), no(HELD)];
        let columns: Vec<Expr> = columns.chain(added).collect();
        let rows = self.scan(files)?.select(columns).map_err(failed)?;
        let streams = rows.execute_stream_partitioned().await.map_err(failed)?;
        let mut tasks = JoinSet::new();
        for mut rows in streams {
            let router = Arc::clone(self.router);
            tasks.spawn(async move {
                let failed = |error| StageError::engine("reading silver rows", error);
                let mut sent = 0;
                while let Some(batch) = rows.next().await {
                    let batch = batch.map_err(failed)?;
                    sent += batch.num_rows() as u64;
                    router.gather(&batch, None, Origin::Silver)?;
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
        let partition = &self.layout.partition;
        let key = self.layout.key_names.iter().filter(|name| Some(*name) != partition.as_ref());
        let columns: Vec<Expr> = key.chain(partition).map(|name| exact(name)).collect();
        let rows = rows.select(columns).map_err(failed)?;
        let mut batches = rows.execute_stream().await.map_err(failed)?;
        while let Some(batch) = batches.next().await {
            self.router.note(&batch.map_err(failed)?)?;
        }
        Ok(())
    }

    /// `None`: the file cannot hold a new key. `Some(bounds)`: it may, within these bounds of the
    /// first key column, if any are known.
    fn candidate_bounds(&self, file: &DataFile) -> Option<Option<(i64, i64)>> {
        let name = &self.layout.key_names[0];
        let is_integer = *self.layout.first_key_type() == DataType::Int64;
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
