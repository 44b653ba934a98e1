//! Corrections that silver has taken in before: they still stand against rows of their keys that
//! arrive later.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use datafusion::prelude::{DataFrame, lit};
use smelt_lake::{DataFile, Snapshot};

use super::Silver;
use super::layout::{SilverLayout, key_hashes};
use super::plan::{ARRIVAL, RULE, exact};
use super::router::{Origin, Router};
use crate::StageError;
use crate::bronze::RECORD;

/// Tag of bronze files that hold corrections.
pub(crate) const HOLDS_CORRECTIONS: &str = "smelt.holds_corrections";

/// What is taken off the order of arrival: all of these came before what silver has.
const BEFORE_SILVER: i64 = 1 << 62;

/// The accepted corrections of some bronze files.
#[derive(Debug, Default)]
pub(crate) struct FormerCorrections {
    rows: Vec<RecordBatch>,
    hashes: Vec<Vec<u64>>,
}

impl FormerCorrections {
    /// Reads them; there are few.
    pub(crate) async fn read(
        stage: &Silver<'_>,
        layout: &SilverLayout,
        bronze: &Snapshot,
        files: Vec<DataFile>,
    ) -> Result<Self, StageError> {
        if files.is_empty() {
            return Ok(Self::default());
        }
        let failed = |error| StageError::engine(format!("refreshing {}", stage.silver.id()), error);
        let session = stage.platform.engine.session()?;
        let plan = stage.plan(&session, bronze, files).map_err(failed)?;
        let rows = DataFrame::new(session.state(), plan)
            .filter(exact(RECORD).is_not_null().and(exact(RULE).is_null()))
            .and_then(|rows| rows.with_column(ARRIVAL, exact(ARRIVAL) - lit(BEFORE_SILVER)))
            .map_err(failed)?;
        let rows = rows.collect().await.map_err(failed)?;
        let hashes = rows.iter().map(|rows| key_hashes(&layout.key_columns(rows)?));
        let hashes = hashes.collect::<Result<_, _>>().map_err(failed)?;
        Ok(Self { rows, hashes })
    }

    /// Hashes of their keys.
    pub(crate) fn keys(&self) -> HashSet<u64> {
        self.hashes.iter().flatten().copied().collect()
    }

    /// Gathers those whose keys came again with new rows. Returns how many there were.
    pub(crate) fn bring_in(&self, router: &Arc<Router>) -> Result<u64, StageError> {
        let came_again = router.watched_keys_seen();
        let mut count = 0;
        for (rows, hashes) in self.rows.iter().zip(&self.hashes) {
            let left_out: BooleanArray =
                hashes.iter().map(|hash| Some(!came_again.contains(hash))).collect();
            count += left_out.false_count() as u64;
            if left_out.has_false() {
                router.gather(rows, Some(&left_out), Origin::Silver)?;
            }
        }
        Ok(count)
    }
}
