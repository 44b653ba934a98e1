//! The records of uploads under way: what they say while a file is read, and in the end.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use smelt_domain::{
    Dataset, ObjectVersion, Table as TableDefinition, UploadId, UploadRecord, UploadState,
    upload_record_path,
};

use crate::ingest::{FileOutcome, Ingested, Upload, UploadMeter, UploadPhase};
use crate::{Platform, StageError};

/// How often the record of an upload that is being read is written at least, so that it is seen that
/// somebody reads.
const SIGN_EVERY: Duration = Duration::from_secs(15);
/// After so long without a sign nobody reads any more: the run was killed, or lost its machine.
const SILENCE: TimeDelta = TimeDelta::minutes(1);

/// Whether the run that read an upload ended without a word: the record says that it is being read,
/// and has said so for longer than anybody who reads would have.
pub(crate) fn is_abandoned(record: &UploadRecord, now: DateTime<Utc>) -> bool {
    let is_read = matches!(record.state, UploadState::Inspecting | UploadState::Loading);
    is_read && now - record.updated_at > SILENCE
}

/// Which bytes lie under a key, as the store lists them.
pub(crate) fn object_version(object: &ObjectMeta) -> ObjectVersion {
    ObjectVersion { size: object.size, modified: object.last_modified, e_tag: object.e_tag.clone() }
}

/// Writes the records of the uploads of one table.
pub(crate) struct UploadRecords<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    table: &'a TableDefinition,
    /// Uploads that are watched, by their keys.
    watched: BTreeMap<String, Watched>,
}

struct Watched {
    object: ObjectVersion,
    meter: Arc<UploadMeter>,
    /// Phase, bytes and rows as they were noted last.
    noted: (UploadPhase, u64, u64),
    noted_at: Instant,
}

impl<'a> UploadRecords<'a> {
    pub(crate) fn new(
        platform: &'a Platform,
        dataset: &'a Dataset,
        table: &'a TableDefinition,
    ) -> Self {
        Self { platform, dataset, table, watched: BTreeMap::new() }
    }

    /// The record of what landed under a key. One that cannot be understood counts as none.
    pub(crate) async fn read(&self, key: &str) -> Result<Option<UploadRecord>, StageError> {
        let bytes = self.platform.lake.get_object(&self.path(key)).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(crate) fn watch(&mut self, upload: &Upload, object: ObjectVersion) {
        let meter = Arc::clone(&upload.meter);
        let noted = (UploadPhase::Waiting, 0, 0);
        let watched = Watched { object, meter, noted, noted_at: Instant::now() };
        self.watched.insert(upload.name.clone(), watched);
    }

    /// Writes the records of uploads that have moved on, or were not heard of for long. It is told for
    /// those who watch: that it could not be written is no reason to stop.
    pub(crate) async fn note_progress(&mut self) {
        let mut moved = Vec::new();
        for (key, watched) in &mut self.watched {
            let meter = &watched.meter;
            let now = (meter.phase(), meter.bytes(), meter.rows());
            if now != watched.noted || watched.noted_at.elapsed() >= SIGN_EVERY {
                watched.noted = now;
                watched.noted_at = Instant::now();
                moved.push((key.clone(), now));
            }
        }
        for (key, (phase, bytes, rows)) in moved {
            let state = match phase {
                UploadPhase::Waiting => continue,
                UploadPhase::Inspecting => UploadState::Inspecting,
                UploadPhase::Loading => UploadState::Loading,
            };
            let rows = (phase == UploadPhase::Loading).then_some(rows);
            self.write_or_warn(&key, state, bytes, rows, None).await;
        }
    }

    /// Writes what became of every upload.
    pub(crate) async fn note_outcomes(&self, ingested: &Ingested) -> Result<(), StageError> {
        let committed = ingested.steps.last().and_then(|step| step.version);
        for (key, outcome) in &ingested.files {
            let Some(watched) = self.watched.get(key) else { continue };
            let content = watched.meter.content().unwrap_or_default();
            let state = match outcome {
                FileOutcome::Loaded { .. } => {
                    let bronze_version = match committed {
                        Some(version) => version,
                        None => self.bronze_version().await?,
                    };
                    UploadState::Loaded { content, bronze_version }
                }
                FileOutcome::AlreadyLoaded => UploadState::AlreadyLoaded { content },
                FileOutcome::NoRows => UploadState::NoRows,
                FileOutcome::Foreign { .. } => {
                    UploadState::Foreign { problem: outcome.problem().unwrap_or_default() }
                }
                FileOutcome::Unreadable(error) if error.is_of_the_content() => {
                    UploadState::Unreadable { problem: error.to_string() }
                }
                // The file may be whole by the next time, or the machine another one.
                FileOutcome::Unreadable(error) => {
                    UploadState::Interrupted { problem: error.to_string() }
                }
                FileOutcome::RefusedBefore { .. } => continue,
            };
            let (rows, malformed) = match outcome {
                FileOutcome::Loaded { rows, malformed } => (Some(*rows), Some(*malformed)),
                FileOutcome::NoRows => (Some(0), Some(0)),
                _ => (None, None),
            };
            self.write_or_warn(key, state, watched.object.size, rows, malformed).await;
        }
        Ok(())
    }

    /// Writes that the run ended before it was done with the uploads.
    pub(crate) async fn note_interruption(&self, problem: &impl Display) {
        for (key, watched) in &self.watched {
            let state = UploadState::Interrupted { problem: problem.to_string() };
            self.write_or_warn(key, state, watched.meter.bytes(), None, None).await;
        }
    }

    async fn write_or_warn(
        &self,
        key: &str,
        state: UploadState,
        bytes_done: u64,
        rows: Option<u64>,
        malformed: Option<u64>,
    ) {
        let Some(watched) = self.watched.get(key) else { return };
        let record = UploadRecord {
            upload: UploadId::of_key(key),
            key: key.to_owned(),
            object: watched.object.clone(),
            state,
            bytes_done,
            rows,
            malformed,
            definition_hash: self.table.definition_hash.as_str().to_owned(),
            run_id: self.platform.run_id.clone(),
            updated_at: Utc::now(),
        };
        let bytes = serde_json::to_vec_pretty(&record).unwrap_or_default();
        if let Err(error) = self.platform.lake.put_object(&self.path(key), bytes).await {
            tracing::warn!(key, %error, "the record of an upload was not written");
        }
    }

    async fn bronze_version(&self) -> Result<u64, StageError> {
        let bronze = self.platform.lake.table(self.dataset.bronze_id(&self.table.name))?;
        Ok(bronze.require_snapshot().await?.version())
    }

    fn path(&self, key: &str) -> String {
        upload_record_path(&self.dataset.name, &self.table.name, &UploadId::of_key(key))
    }
}

#[cfg(test)]
mod tests {
    use smelt_domain::RunId;

    use super::*;

    #[test]
    fn a_reading_that_gives_no_sign_is_abandoned() {
        let at = |state: UploadState, seconds: i64| {
            let record = serde_json::json!({
                "upload": UploadId::of_key("landing/d/t/a.csv"), "key": "landing/d/t/a.csv",
                "object": {"size": 1, "modified": "2026-01-01T00:00:00Z", "e_tag": null},
                "state": "loading", "bytes_done": 0, "rows": null, "malformed": null,
                "definition_hash": "0", "run_id": RunId::new(Utc::now(), 7),
                "updated_at": "2026-01-01T00:00:00Z",
            });
            let record: UploadRecord = serde_json::from_value(record).unwrap();
            let now = record.updated_at + TimeDelta::seconds(seconds);
            is_abandoned(&UploadRecord { state, ..record }, now)
        };
        assert!(!at(UploadState::Loading, 60));
        assert!(at(UploadState::Loading, 61) && at(UploadState::Inspecting, 61));
        assert!(!at(UploadState::NoRows, 3600));
    }
}
