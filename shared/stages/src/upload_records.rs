//! The records of uploads under way: what they say while a file is read, and in the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Utc;
use object_store::ObjectMeta;
use smelt_domain::{
    Dataset, ObjectVersion, Table as TableDefinition, UploadId, UploadRecord, UploadState,
    upload_record_path,
};

use crate::ingest::{FileOutcome, Ingested, Upload, UploadMeter, UploadPhase};
use crate::{Platform, StageError};

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
        self.watched.insert(upload.name.clone(), Watched { object, meter, noted });
    }

    /// Writes the records of uploads that have moved on. It is told for those who watch: that it
    /// could not be written is no reason to stop.
    pub(crate) async fn note_progress(&mut self) {
        let mut moved = Vec::new();
        for (key, watched) in &mut self.watched {
            let meter = &watched.meter;
            let now = (meter.phase(), meter.bytes(), meter.rows());
            if now != watched.noted {
                watched.noted = now;
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
    pub(crate) async fn note_interruption(&self, error: &StageError) {
        for (key, watched) in &self.watched {
            let state = UploadState::Interrupted { problem: error.to_string() };
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
