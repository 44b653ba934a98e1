//! What lies in `landing/`, in the order in which it arrived.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use smelt_domain::{Dataset, Table as TableDefinition, UploadRecord, UploadState, landing_prefix};
use smelt_lake::Listed;
use tokio::time::{Instant, interval_at};

use crate::ingest::{FileOutcome, Ingested, Upload, ingest_files, known_contents};
use crate::upload_records::{UploadRecords, object_version};
use crate::{Failures, Platform, StageError, boxed};

/// How often the records of uploads under way are written.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// Records that are read at the same time.
const RECORDS_AT_ONCE: usize = 16;
/// Bytes of the files of one commit: so many are loaded in a fifth of a function's longest time, and
/// lie in the smallest scratch space of one.
const ROUND_BYTES: u64 = 512 << 20;
/// Characters of an object's name that its copy keeps: four bytes at most each, of 255 that there are.
const KEPT_OF_NAME: usize = 32;

/// Ingests everything that lies in the landing folder of a table and is not in bronze yet.
///
/// Whoever wakes this up says only *look*: the listing says what arrived, and in which order (time
/// of arrival, then name), so that a late or repeated notice changes nothing. An object under a key that
/// nobody can read keeps no other from being ingested.
#[boxed]
pub async fn sweep_landing(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<Ingested, StageError> {
    let prefix = landing_prefix(&dataset.name, &table.name);
    let Listed { objects, unreadable } = platform.lake.list_readable(&prefix).await?;
    let tell = |_: &StageError| {
        unreadable.iter().for_each(|key| platform.observer.failed(&key.to_string()));
    };
    let mut ingested = take_in(platform, dataset, table, objects).await.inspect_err(tell)?;
    let mut failures = Failures::new(platform);
    let failed = ingested.failed.take().into_iter();
    failed.chain(unreadable.into_iter().map(StageError::from)).for_each(|it| failures.note(it));
    Ok(Ingested { failed: failures.first(), ..ingested })
}

/// Ingests what lies under these keys of the landing folder of a table; a key under which nothing
/// lies any more is left out.
#[boxed]
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
    let (settled, new) = settled(platform, dataset, table, landed).await?;
    let mut ingested = Ingested { files: settled, ..Ingested::default() };
    for round in rounds(new) {
        // What is left has no record, so the next look finds it.
        if platform.is_past_deadline() {
            break;
        }
        match one_round(platform, dataset, table, round).await {
            Ok(loaded) => {
                ingested.files.extend(loaded.files);
                ingested.steps.extend(loaded.steps);
            }
            Err(error) => {
                ingested.failed = Some(error);
                break;
            }
        }
    }
    Ok(ingested)
}

/// Cuts files, in their order, into rounds of a commit each: a deadline, or a disk that holds the
/// copies of one round only, must not keep all of them from being loaded.
fn rounds(landed: Vec<ObjectMeta>) -> Vec<Vec<ObjectMeta>> {
    let mut rounds: Vec<Vec<ObjectMeta>> = Vec::new();
    let mut bytes = 0;
    for object in landed {
        bytes += object.size;
        match rounds.last_mut() {
            Some(round) if bytes <= ROUND_BYTES => round.push(object),
            _ => {
                bytes = object.size;
                rounds.push(vec![object]);
            }
        }
    }
    rounds
}

async fn one_round(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    round: Vec<ObjectMeta>,
) -> Result<Ingested, StageError> {
    let mut records = UploadRecords::new(platform, dataset, table);
    // Objects of a bucket are copied to scratch space first: formats that are read from the end
    // need the whole of them. The folder is removed when this returns.
    let copies = tempfile::tempdir_in(platform.engine.scratch()).map_err(|source| {
        StageError::Scratch { place: platform.engine.scratch().display().to_string(), source }
    })?;
    let mut uploads = Vec::new();
    for object in round {
        let name = object.location.to_string();
        let path = match platform.lake.folder() {
            Some(folder) => Some(folder.join(&name)),
            None => download(platform, &object, copies.path(), uploads.len()).await?,
        };
        // Gone since it was listed; or a folder that a console shows, which is listed as a file.
        let Some(path) = path else { continue };
        let upload = Upload::new(path, name);
        records.watch(&upload, object_version(&object));
        uploads.push(upload);
    }
    if uploads.is_empty() {
        return Ok(Ingested::default());
    }

    let mut ingest = pin!(ingest_files(platform, dataset, table, uploads));
    let mut ticks = interval_at(Instant::now() + NOTE_EVERY, NOTE_EVERY);
    let mut stop = platform.stop.listen();
    let ended = loop {
        tokio::select! {
            ended = &mut ingest => break ended,
            () = stop.heard() => {
                records.note_interruption(&"the run was stopped").await;
                // Whoever asked drops all of this as soon as nobody listens any more.
                drop(stop);
                break std::future::pending().await;
            }
            _ = ticks.tick() => records.note_progress().await,
        }
    };
    match ended {
        Ok(mut ingested) => {
            // By its key: the path is where this machine has it, or a copy of it.
            let files = ingested.files.into_iter();
            let by_key = files.map(|(key, outcome)| (key.clone(), outcome.called(&key)));
            ingested.files = by_key.collect();
            records.note_outcomes(&ingested).await?;
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
    landed: Vec<ObjectMeta>,
) -> Result<(Vec<(String, FileOutcome)>, Vec<ObjectMeta>), StageError> {
    let records = &UploadRecords::new(platform, dataset, table);
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

/// Copies an object to a scratch file; `None` if there is none under this key.
async fn download(
    platform: &Platform,
    object: &ObjectMeta,
    scratch: &Path,
    position: usize,
) -> Result<Option<PathBuf>, StageError> {
    use tokio::io::AsyncWriteExt;

    let name = object.location.as_ref();
    let path = scratch.join(scratch_name(name, position));
    let scratch_error =
        |source| StageError::Scratch { place: scratch.display().to_string(), source };
    let Some(mut bytes) = platform.lake.object_bytes(object).await? else { return Ok(None) };
    let mut file = tokio::fs::File::create(&path).await.map_err(scratch_error)?;
    while let Some(part) = bytes.next().await {
        file.write_all(&part?).await.map_err(scratch_error)?;
    }
    file.flush().await.map_err(scratch_error)?;
    Ok(Some(path))
}

/// A name that any file system takes; its ending, which may tell the format, is that of the object.
fn scratch_name(key: &str, position: usize) -> String {
    let name = key.rsplit('/').next().unwrap_or(key);
    let skipped = name.chars().count().saturating_sub(KEPT_OF_NAME);
    let ending: String = name.chars().skip(skipped).collect();
    format!("{position}-{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, size: u64) -> ObjectMeta {
        let location = object_store::path::Path::parse(format!("landing/d/t/{name}")).unwrap();
        ObjectMeta { location, last_modified: chrono::Utc::now(), size, e_tag: None, version: None }
    }

    fn sizes(rounds: &[Vec<ObjectMeta>]) -> Vec<Vec<u64>> {
        rounds.iter().map(|round| round.iter().map(|object| object.size).collect()).collect()
    }

    #[test]
    fn a_round_holds_what_fits_and_at_least_one_file() {
        let of = |sizes: &[u64]| rounds(sizes.iter().map(|size| object("x", *size)).collect());
        assert!(of(&[]).is_empty());
        assert_eq!(sizes(&of(&[1, 2, 3])), [[1, 2, 3]]);
        let (half, whole) = (ROUND_BYTES / 2, ROUND_BYTES);
        assert_eq!(sizes(&of(&[half, half, 1])), [vec![half, half], vec![1]]);
        assert_eq!(sizes(&of(&[1, whole, 1])), [vec![1], vec![whole], vec![1]]);
        assert_eq!(sizes(&of(&[2 * whole, 0, 1])), [vec![2 * whole], vec![0, 1]]);
    }

    #[test]
    fn the_longest_name_becomes_one_that_a_disk_takes() {
        let name = format!("{}.csv.gz", "ü".repeat(120));
        let short = scratch_name(&format!("landing/d/t/{name}"), 12);
        assert!(short.starts_with("12-") && short.ends_with("ü.csv.gz"), "{short}");
        assert!(short.len() < 100, "{short}");
        assert_eq!(scratch_name("landing/d/t/a.csv", 0), "0-a.csv");
    }
}
