//! Where uploads are: in which state they were taken in, and which tables have their rows.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use serde::Serialize;
use smelt_domain::{
    Dataset, Mart, Table as TableDefinition, TableName, UploadId, UploadRecord, UploadState,
    landing_prefix, upload_record_path, uploads_prefix,
};
use smelt_lake::Snapshot;
use smelt_lake::published::latest;

use crate::ingest::arrivals_of_contents;
use crate::upload_records::{is_abandoned, object_version};
use crate::{Platform, StageError, boxed, query};

/// Records that are read at the same time.
const READS_AT_ONCE: usize = 16;

/// How far the rows of an upload have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadStage {
    /// Nobody has looked at the file yet.
    Waiting,
    /// It is being read.
    Reading,
    /// The run that read it ended early, or has given no sign for a minute; the next one takes it up
    /// again.
    Interrupted,
    /// It was refused as a whole; nothing of it was loaded.
    Refused,
    /// Its rows are in bronze.
    Bronze,
    /// They are in silver, or in quarantine.
    Silver,
    /// All marts that read the table have them.
    Gold,
    /// And the newest snapshots of these marts.
    Published,
}

impl std::fmt::Display for UploadStage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Published => "published",
        })
    }
}

/// One upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadProgress {
    /// Which one.
    pub upload: UploadId,
    /// The key under which the file landed.
    pub key: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// When it landed.
    pub landed_at: DateTime<Utc>,
    /// How far its rows have come.
    pub stage: UploadStage,
    /// Of its rows, those in quarantine; null while they are not in silver.
    pub rows_refused: Option<u64>,
    /// What the run that took it in noted; null while none did.
    pub record: Option<UploadRecord>,
}

/// The uploads of a dataset that landed last, the newest first, at most so many.
#[boxed]
pub async fn uploads(
    platform: &Platform,
    dataset: &Dataset,
    most: usize,
) -> Result<Vec<UploadProgress>, StageError> {
    let mut heard = Vec::new();
    for table in &dataset.tables {
        heard.extend(heard_of(platform, dataset, table).await?);
    }
    heard.sort_by(|one, other| (other.at, &other.record).cmp(&(one.at, &one.record)));
    heard.truncate(most);
    let reads: Vec<_> = heard.iter().map(|heard| read_record(platform, &heard.record)).collect();
    let records: Vec<Option<UploadRecord>> =
        futures::stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
    let mut reached = BTreeMap::new();
    let mut uploads = Vec::new();
    for (heard, record) in heard.into_iter().zip(records) {
        let Some(record) = record.filter(|record| heard.is_of_landed(record)) else {
            uploads.extend(heard.landed.as_ref().map(waiting));
            continue;
        };
        // What is not in bronze yet has reached nothing, so that nobody has to look.
        if record.state.content().is_none() {
            uploads.push(Reached::nothing().progress(record));
            continue;
        }
        let reached = match reached.entry(&heard.table.name) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(Reached::read(platform, dataset, heard.table).await?)
            }
        };
        uploads.push(reached.progress(record));
    }
    uploads.sort_by(|one, other| (other.landed_at, &other.key).cmp(&(one.landed_at, &one.key)));
    Ok(uploads)
}

/// The table and the key of the upload with this id, by its record or by the file that landed; `None` where
/// there is neither.
#[boxed]
pub async fn find_upload(
    platform: &Platform,
    dataset: &Dataset,
    upload: &UploadId,
) -> Result<Option<(TableName, String)>, StageError> {
    for table in &dataset.tables {
        let path = upload_record_path(&dataset.name, &table.name, upload);
        if let Some(record) = read_record(platform, &path).await? {
            return Ok(Some((table.name.clone(), record.key)));
        }
    }
    // Nobody has looked at it yet: an id is made of a key, and no key of an id.
    for table in &dataset.tables {
        let prefix = landing_prefix(&dataset.name, &table.name);
        let landed = platform.lake.list_objects(&prefix).await?.into_iter();
        let mut keys = landed.map(|landed| landed.location.to_string());
        if let Some(key) = keys.find(|key| UploadId::of_key(key) == *upload) {
            return Ok(Some((table.name.clone(), key)));
        }
    }
    Ok(None)
}

/// How far the upload under a key has come; `None` while there is no such file.
#[boxed]
pub async fn upload_progress(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    key: &str,
) -> Result<Option<UploadProgress>, StageError> {
    let landed = platform.lake.object(key).await?;
    let upload = UploadId::of_key(key);
    let path = upload_record_path(&dataset.name, &table.name, &upload);
    let record = read_record(platform, &path).await?;
    // Another file may lie there by now, and wait.
    let is_of_landed = |record: &UploadRecord| {
        landed.as_ref().is_none_or(|landed| object_version(landed) == record.object)
    };
    match (record.filter(is_of_landed), &landed) {
        // What is not in bronze yet has reached nothing.
        (Some(record), _) if record.state.content().is_none() => {
            Ok(Some(Reached::nothing().progress(record)))
        }
        (Some(record), _) => {
            let reached = Reached::read(platform, dataset, table).await?;
            Ok(Some(reached.progress(record)))
        }
        (None, Some(landed)) => Ok(Some(waiting(landed))),
        (None, None) => Ok(None),
    }
}

/// A record that cannot be understood counts as none; it will be written anew.
async fn read_record(platform: &Platform, path: &str) -> Result<Option<UploadRecord>, StageError> {
    let bytes = platform.lake.get_object(path).await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// An upload by what the store lists of it.
struct Heard<'a> {
    table: &'a TableDefinition,
    /// The path of its record, which may not be there.
    record: String,
    /// The file, unless it is gone.
    landed: Option<ObjectMeta>,
    /// When the file landed; of one that is gone, when its record was written.
    at: DateTime<Utc>,
}

impl Heard<'_> {
    /// Whether a record is of the file that lies there now: another one may, and wait.
    fn is_of_landed(&self, record: &UploadRecord) -> bool {
        self.landed.as_ref().is_none_or(|landed| object_version(landed) == record.object)
    }
}

async fn heard_of<'a>(
    platform: &Platform,
    dataset: &Dataset,
    table: &'a TableDefinition,
) -> Result<Vec<Heard<'a>>, StageError> {
    let mut heard: BTreeMap<String, Heard<'a>> = BTreeMap::new();
    for landed in platform.lake.list_objects(&landing_prefix(&dataset.name, &table.name)).await? {
        let upload = UploadId::of_key(landed.location.as_ref());
        let record = upload_record_path(&dataset.name, &table.name, &upload);
        let at = landed.last_modified;
        heard.insert(record.clone(), Heard { table, record, landed: Some(landed), at });
    }
    for object in platform.lake.list_objects(&uploads_prefix(&dataset.name, &table.name)).await? {
        let (record, at) = (object.location.to_string(), object.last_modified);
        let gone = || Heard { table, record: record.clone(), landed: None, at };
        heard.entry(record.clone()).or_insert_with(gone);
    }
    Ok(heard.into_values().collect())
}

/// A file that nobody has looked at yet.
fn waiting(landed: &ObjectMeta) -> UploadProgress {
    UploadProgress {
        upload: UploadId::of_key(landed.location.as_ref()),
        key: landed.location.to_string(),
        bytes: landed.size,
        landed_at: landed.last_modified,
        stage: UploadStage::Waiting,
        rows_refused: None,
        record: None,
    }
}

/// Up to which version of bronze each layer has the rows of a table.
struct Reached {
    /// When each content arrived in bronze.
    arrivals: BTreeMap<String, u64>,
    silver: Option<u64>,
    gold: Option<u64>,
    published: Option<u64>,
    /// Rows in quarantine by the key of their upload.
    refused: BTreeMap<String, u64>,
}

impl Reached {
    fn nothing() -> Self {
        let (arrivals, refused) = (BTreeMap::new(), BTreeMap::new());
        Self { arrivals, silver: None, gold: None, published: None, refused }
    }

    async fn read(
        platform: &Platform,
        dataset: &Dataset,
        table: &TableDefinition,
    ) -> Result<Self, StageError> {
        let bronze = platform.lake.table(dataset.bronze_id(&table.name))?;
        let silver = platform.lake.table(dataset.silver_id(&table.name))?.snapshot().await?;
        let in_silver = match &silver {
            Some(silver) => silver.followed(bronze.id()).await?,
            None => None,
        };
        let reads = |mart: &&Mart| mart.driver == table.name || mart.lookups.contains(&table.name);
        let (mut gold, mut published) = (in_silver, in_silver);
        for mart in dataset.marts.iter().filter(reads) {
            let (in_gold, in_published) = reached_by(platform, dataset, table, mart).await?;
            gold = gold.min(in_gold);
            published = published.min(in_published);
        }
        Ok(Self {
            arrivals: arrivals_of_contents(bronze.snapshot().await?.as_ref()),
            silver: in_silver,
            gold,
            published,
            refused: refused_by_source(platform, dataset, table).await?,
        })
    }

    fn progress(&self, record: UploadRecord) -> UploadProgress {
        let stage = match is_abandoned(&record, Utc::now()) {
            true => UploadStage::Interrupted,
            false => self.stage(&record.state),
        };
        let refused = || self.refused.get(&record.key).copied().unwrap_or_default();
        UploadProgress {
            upload: record.upload.clone(),
            key: record.key.clone(),
            bytes: record.object.size,
            landed_at: record.object.modified,
            stage,
            rows_refused: (stage >= UploadStage::Silver).then(refused),
            record: Some(record),
        }
    }

    fn stage(&self, state: &UploadState) -> UploadStage {
        match state {
            UploadState::Inspecting | UploadState::Loading => UploadStage::Reading,
            UploadState::Interrupted { .. } => UploadStage::Interrupted,
            UploadState::Foreign { .. } | UploadState::Unreadable { .. } => UploadStage::Refused,
            // There is nothing that could be missing anywhere.
            UploadState::NoRows => UploadStage::Published,
            UploadState::Loaded { content, .. } | UploadState::AlreadyLoaded { content } => {
                let Some(arrival) = self.arrivals.get(content).copied() else {
                    return UploadStage::Waiting;
                };
                let has = |version: Option<u64>| version.is_some_and(|version| version >= arrival);
                if has(self.published) {
                    UploadStage::Published
                } else if has(self.gold) {
                    UploadStage::Gold
                } else if has(self.silver) {
                    UploadStage::Silver
                } else {
                    UploadStage::Bronze
                }
            }
        }
    }
}

/// The versions of bronze whose rows a mart and its newest snapshot have.
async fn reached_by(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    mart: &Mart,
) -> Result<(Option<u64>, Option<u64>), StageError> {
    let bronze = dataset.bronze_id(&table.name);
    let silver = platform.lake.table(dataset.silver_id(&table.name))?;
    let gold = platform.lake.table(dataset.gold_id(&mart.name))?;
    let in_bronze = async |of_silver: Option<u64>| match of_silver {
        Some(version) => silver.followed_at(version, &bronze).await,
        None => Ok(None),
    };
    let Some(snapshot) = gold.snapshot().await? else { return Ok((None, None)) };
    let of_silver = snapshot.followed(silver.id()).await?;
    let in_gold = in_bronze(of_silver).await?;
    let published = latest(&platform.lake, gold.id()).await?;
    let published = published.filter(|latest| latest.identity == snapshot.identity());
    let in_published = match published {
        Some(latest) if latest.version == snapshot.version() => in_gold,
        Some(latest) => in_bronze(gold.followed_at(latest.version, silver.id()).await?).await?,
        None => None,
    };
    Ok((in_gold, in_published))
}

async fn refused_by_source(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<BTreeMap<String, u64>, StageError> {
    let id = dataset.quarantine_id(&table.name);
    let there: Option<Snapshot> = platform.lake.table(id.clone())?.snapshot().await?;
    if there.is_none_or(|quarantine| quarantine.rows() == 0) {
        return Ok(BTreeMap::new());
    }
    let sql = format!("SELECT source, COUNT(*) AS refused FROM {id} GROUP BY source");
    let mut refused = BTreeMap::new();
    let mut batches = query(platform, &sql).await?;
    let failed = |error| StageError::engine(format!("counting {id}"), error);
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        let sources = cast(batch.column(0), &DataType::Utf8).map_err(|e| failed(e.into()))?;
        let sources = sources.as_string::<i32>();
        let counts = batch.column(1).as_primitive::<Int64Type>();
        for row in (0..batch.num_rows()).filter(|row| sources.is_valid(*row)) {
            let count = u64::try_from(counts.value(row)).unwrap_or_default();
            refused.insert(sources.value(row).to_owned(), count);
        }
    }
    Ok(refused)
}
