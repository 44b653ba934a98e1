//! Published snapshots: one immutable Parquet file per mart version and a small `latest.json`,
//! for dashboards and readers that know no Delta.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::{Stream, StreamExt};
use parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};
use smelt_domain::{TableId, published_latest_path, published_path};

use crate::writer::parquet_writer;
use crate::{FileLayout, Lake, LakeError, Snapshot};

/// What `latest.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latest {
    /// Version of the mart that the file holds.
    pub version: u64,
    /// The mart's identity: one that was dropped and made anew counts its versions anew.
    #[serde(default)]
    pub identity: u64,
    /// The file's path from the lake's root.
    pub path: String,
    /// Rows in the file.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// When the snapshot was written, RFC 3339, UTC.
    pub published_at: String,
}

/// Reads `latest.json`; `None` before the first publication.
///
/// One that cannot be read counts as absent: it is derived, and the next publication replaces it.
pub async fn latest(lake: &Lake, mart: &TableId) -> Result<Option<Latest>, LakeError> {
    let path = published_latest_path(&mart.dataset, &mart.table);
    let Some(bytes) = lake.get_object(&path).await? else { return Ok(None) };
    Ok(serde_json::from_slice(&bytes).ok())
}

/// Writes the snapshot file of one version; writing it again gives the same content.
pub async fn write_snapshot(
    lake: &Lake,
    mart: &TableId,
    snapshot: &Snapshot,
    schema: SchemaRef,
    sorted_by: Vec<String>,
    mut rows: impl Stream<Item = Result<RecordBatch, LakeError>> + Unpin,
) -> Result<Latest, LakeError> {
    let version = snapshot.version();
    let identity = snapshot.identity();
    let path = published_path(&mart.dataset, &mart.table, version, identity);
    let origin = KeyValue::new("smelt.table_version".to_owned(), version.to_string());
    let layout = FileLayout::SortedBy(sorted_by);
    let mut writer = parquet_writer(lake, &path, &schema, &layout, vec![origin])?;
    let mut count = 0;
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        writer
            .write(&batch)
            .await
            .map_err(|error| LakeError::from_parquet(path.as_str(), error))?;
    }
    writer.finish().await.map_err(|error| LakeError::from_parquet(path.as_str(), error))?;
    Ok(Latest {
        version,
        identity,
        rows: count,
        bytes: writer.bytes_written() as u64,
        published_at: chrono::Utc::now().to_rfc3339(),
        path,
    })
}

/// Points `latest.json` at a snapshot.
pub async fn point_latest(lake: &Lake, mart: &TableId, latest: &Latest) -> Result<(), LakeError> {
    let path = published_latest_path(&mart.dataset, &mart.table);
    let bytes = serde_json::to_vec_pretty(latest).map_err(|error| LakeError::Corrupt {
        table: mart.sql_name(),
        detail: format!("latest.json cannot be written: {error}"),
    })?;
    lake.put_object(&path, bytes).await
}
