//! What lies in `landing/`, in the order in which it arrived.

use std::path::Path;

use futures::StreamExt;
use object_store::ObjectStoreExt;
use smelt_domain::{Dataset, Table as TableDefinition, landing_prefix};
use smelt_lake::LakeError;

use crate::Platform;
use crate::StageError;
use crate::ingest::{Ingested, Upload, ingest_files};

/// Ingests everything that lies in the landing folder of a table and is not in bronze yet.
///
/// Whoever wakes this up says only *look*: the listing says what arrived, and in which order (time
/// of arrival, then name), so that a late or repeated notice changes nothing.
pub async fn sweep_landing(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<Ingested, StageError> {
    let prefix = landing_prefix(&dataset.name, &table.name);
    let mut landed = platform.lake.list_objects(&prefix).await?;
    landed.sort_by(|left, right| {
        (left.last_modified, &left.location).cmp(&(right.last_modified, &right.location))
    });
    // Objects of a bucket are copied to scratch space first: formats that are read from the end
    // need the whole of them. The folder is removed when this returns.
    let copies = tempfile::tempdir_in(platform.engine.scratch()).map_err(|source| {
        StageError::Scratch { place: platform.engine.scratch().display().to_string(), source }
    })?;
    let mut uploads = Vec::new();
    for object in landed {
        let name = object.location.to_string();
        let path = match platform.lake.folder() {
            Some(folder) => folder.join(&name),
            None => download(platform, &name, copies.path(), uploads.len()).await?,
        };
        uploads.push(Upload { path, name });
    }
    ingest_files(platform, dataset, table, uploads).await
}

/// Copies an object to a scratch file that keeps its name's ending.
async fn download(
    platform: &Platform,
    name: &str,
    scratch: &Path,
    position: usize,
) -> Result<std::path::PathBuf, StageError> {
    use tokio::io::AsyncWriteExt;

    let ending = name.rsplit('/').next().unwrap_or(name);
    let path = scratch.join(format!("{position}-{ending}"));
    let scratch_error =
        |source| StageError::Scratch { place: scratch.display().to_string(), source };
    let unread = |source: object_store::Error| LakeError::Unavailable {
        action: "read",
        place: name.to_owned(),
        source: Box::new(source),
    };
    let object = platform.lake.store().get(&name.into()).await.map_err(unread)?;
    let mut bytes = object.into_stream();
    let mut file = tokio::fs::File::create(&path).await.map_err(scratch_error)?;
    while let Some(part) = bytes.next().await {
        file.write_all(&part.map_err(unread)?).await.map_err(scratch_error)?;
    }
    file.flush().await.map_err(scratch_error)?;
    Ok(path)
}
