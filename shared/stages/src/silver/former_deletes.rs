//! Deletes that silver has taken in before: they leave no row in it, but still stand against older
//! versions of their keys that arrive later.

use std::sync::Arc;

use datafusion::prelude::{DataFrame, lit};
use futures::StreamExt;
use smelt_lake::{DataFile, FilesTable, Snapshot};

use super::Silver;
use super::plan::{ARRIVAL, DELETED, RULE, exact, silver_plan};
use super::router::{Origin, Router};
use crate::StageError;

/// Tag of bronze files that hold deletes.
pub(crate) const HOLDS_DELETES: &str = "smelt.holds_deletes";

/// `_arrival` of these rows: a silver row of the same version has survived them.
const BEFORE_SILVER: i64 = -2;

/// Gathers the accepted deletes of these bronze files. Returns how many there were.
pub(crate) async fn bring_in_deletes(
    stage: &Silver<'_>,
    bronze: &Snapshot,
    files: Vec<DataFile>,
    router: &Arc<Router>,
) -> Result<u64, StageError> {
    if files.is_empty() {
        return Ok(0);
    }
    let failed = |error| StageError::engine(format!("refreshing {}", stage.silver.id()), error);
    let files = FilesTable::with_ordinals(
        stage.bronze.id(),
        bronze.schema(),
        bronze.partition_columns(),
        files,
    );
    let session = stage.platform.engine.session()?;
    let plan = silver_plan(&session, stage.dataset, stage.table, files).map_err(failed)?;
    let rows = DataFrame::new(session.state(), plan)
        .filter(exact(DELETED).is_true().and(exact(RULE).is_null()))
        .and_then(|rows| rows.with_column(ARRIVAL, lit(BEFORE_SILVER)))
        .map_err(failed)?;
    let mut batches = rows.execute_stream().await.map_err(failed)?;
    let mut count = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(failed)?;
        count += batch.num_rows() as u64;
        router.gather(&batch, None, Origin::Silver)?;
    }
    Ok(count)
}
