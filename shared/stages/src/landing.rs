//! What lies in `landing/`, in the order in which it arrived.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStoreExt};
use smelt_domain::{Dataset, Table as TableDefinition, UploadRecord, UploadState, landing_prefix};
use smelt_lake::LakeError;
use tokio::time::{Instant, interval_at};

use crate::Platform;
use crate::StageError;
use crate::ingest::{FileOutcome, Ingested, Upload, ingest_files, known_contents};
use crate::upload_records::{UploadRecords, object_version};

/// How often the records of uploads under way are written.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// Records that are read at the same time.
const RECORDS_AT_ONCE: usize = 16;

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
    let landed = platform.lake.list_objects(&prefix).await?;
    take_in(platform, dataset, table, landed).await
}

/// Ingests what lies under these keys of the landing folder of a table; a key under which nothing
/// lies any more is left out.
pub async fn ingest_landed(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    keys: &[String],
) -> Result<Ingested, StageError> {
    let mut landed = Vec::new();
    for key in keys {
        landed.extend(platform.lake.object(key).await?);
    }
    take_in(platform, dataset, table, landed).await
}

async fn take_in(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    mut landed: Vec<ObjectMeta>,
) -> Result<Ingested, StageError> {
    landed.sort_by(|left, right| {
        (left.last_modified, &left.location).cmp(&(right.last_modified, &right.location))
    });
    let mut records = UploadRecords::new(platform, dataset, table);
    let (settled, new) = settled(platform, dataset, table, &records, landed).await?;
    // Objects of a bucket are copied to scratch space first: formats that are read from the end
    // need the whole of them. The folder is removed when this returns.
    let copies = tempfile::tempdir_in(platform.engine.scratch()).map_err(|source| {
        StageError::Scratch { place: platform.engine.scratch().display().to_string(), source }
    })?;
    let mut uploads = Vec::new();
    for object in new {
        let name = object.location.to_string();
        let path = match platform.lake.folder() {
            Some(folder) => folder.join(&name),
            None => download(platform, &name, copies.path(), uploads.len()).await?,
        };
        let upload = Upload::new(path, name);
        records.watch(&upload, object_version(&object));
        uploads.push(upload);
    }
    if uploads.is_empty() {
        return Ok(Ingested { files: settled, step: None });
    }

    let mut ingest = pin!(ingest_files(platform, dataset, table, uploads));
    let mut ticks = interval_at(Instant::now() + NOTE_EVERY, NOTE_EVERY);
    let ended = loop {
        tokio::select! {
            ended = &mut ingest => break ended,
            _ = ticks.tick() => records.note_progress().await,
        }
    };
    match ended {
        Ok(mut ingested) => {
            records.note_outcomes(&ingested).await?;
            ingested.files.splice(..0, settled);
            Ok(ingested)
        }
        Err(error) => {
            records.note_interruption(&error).await;
            Err(error)
        }
    }
}

/// Tells files that need no second look, with what became of them, from the others.
async fn settled(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    records: &UploadRecords<'_>,
    landed: Vec<ObjectMeta>,
) -> Result<(Vec<(String, FileOutcome)>, Vec<ObjectMeta>), StageError> {
    let bronze = platform.lake.table(dataset.bronze_id(&table.name))?;
    let known = known_contents(bronze.snapshot().await?.as_ref());
    let found: Vec<(ObjectMeta, Option<UploadRecord>)> = futures::stream::iter(landed)
        .map(|object| async move {
            let record = records.read(object.location.as_ref()).await?;
            Ok::<_, StageError>((object, record))
        })
        .buffered(RECORDS_AT_ONCE)
        .try_collect()
        .await?;
    let (mut settled, mut new) = (Vec::new(), Vec::new());
    for (object, record) in found {
        let settles = |record: &UploadRecord| {
            record.settles(&object_version(&object), table.definition_hash.as_str())
                // The record is only a receipt: what bronze has, bronze says.
                && record.state.content().is_none_or(|content| known.contains(content))
        };
        match record.filter(settles) {
            Some(record) => settled.push((object.location.to_string(), outcome_of(record.state))),
            None => new.push(object),
        }
    }
    Ok((settled, new))
}

fn outcome_of(state: UploadState) -> FileOutcome {
    match state {
        UploadState::NoRows => FileOutcome::NoRows,
        UploadState::Foreign { problem } | UploadState::Unreadable { problem } => {
            FileOutcome::RefusedBefore { problem }
        }
        _ => FileOutcome::AlreadyLoaded,
    }
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
