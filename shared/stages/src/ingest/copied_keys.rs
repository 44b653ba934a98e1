//! The content keys of a copy that takes several commits, or several pulls: its equal rows are numbered as those
//! of one load, whatever it was cut into.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use futures::StreamExt;
use smelt_domain::SourceName;
use smelt_lake::{FilesTable, Table};
use smelt_sources::SnapshotPart;

use super::content_key::ContentKeys;
use crate::bronze::CONTENT_KEY;
use crate::silver::plan::exact;
use crate::{Platform, StageError, snapshots};

/// Takes in the keys of the rows of this copy that are in bronze already.
pub(super) async fn go_on_behind_copy(
    platform: &Platform,
    bronze: &Table,
    source: &SourceName,
    part: &SnapshotPart,
    keys: &mut ContentKeys,
) -> Result<(), StageError> {
    let Some(snapshot) = bronze.snapshot().await? else { return Ok(()) };
    let files = snapshots::files_of(&snapshot, source, part);
    if files.is_empty() || snapshot.schema().column_with_name(CONTENT_KEY).is_none() {
        return Ok(());
    }
    let failed = |error: DataFusionError| {
        StageError::engine(format!("reading the keys of {}", bronze.id()), error)
    };
    let session = platform.engine.session()?;
    let files =
        FilesTable::new(bronze.id(), snapshot.schema(), snapshot.partition_columns(), files);
    let rows = session.read_table(Arc::new(files)).map_err(failed)?;
    let rows = rows.select(vec![exact(CONTENT_KEY)]).map_err(failed)?;
    let mut batches = rows.execute_stream().await.map_err(failed)?;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(failed)?;
        let texts = cast(batch.column(0), &DataType::Utf8).map_err(|error| failed(error.into()))?;
        keys.go_on_behind(texts.as_string::<i32>().iter().flatten());
    }
    Ok(())
}
