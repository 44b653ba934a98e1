//! What a dataset is and where it stands, in one object that readers without an API can read.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use smelt_domain::{Dataset, DatasetDescription, PUBLISHED_CATALOG, published_dataset_path};
use smelt_lake::LakeError;

use crate::quality::{RuleQuality, quality};
use crate::series::count_open_anomalies;
use crate::status::{DatasetStatus, dataset_status};
use crate::{Platform, StageError, boxed};

/// What a dataset is and where it stands.
#[derive(Debug, Clone, Serialize)]
pub struct DatasetOverview {
    /// What it is.
    #[serde(flatten)]
    pub description: DatasetDescription,
    /// Where its tables stand.
    pub status: DatasetStatus,
    /// How many rows broke each of its rules.
    pub quality: Vec<RuleQuality>,
    /// Anomalies that are not over.
    pub open_anomalies: u64,
    /// When this was found.
    pub written_at: DateTime<Utc>,
}

/// Reads where a dataset stands.
#[boxed]
pub async fn dataset_overview(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<DatasetOverview, StageError> {
    let status = dataset_status(platform, dataset).await?;
    let quality = quality(platform, dataset).await?;
    let open_anomalies = count_open_anomalies(platform, dataset).await?;
    Ok(DatasetOverview {
        description: DatasetDescription::of(dataset),
        status,
        quality,
        open_anomalies,
        written_at: Utc::now(),
    })
}

/// Publishes what a dataset is and where it stands, and that it is there.
///
/// Two publishers may overtake each other, so each looks again after writing, as with snapshots.
#[boxed]
pub async fn publish_overview(platform: &Platform, dataset: &Dataset) -> Result<(), StageError> {
    let path = published_dataset_path(&dataset.name);
    let mut published = read(platform, &path).await?;
    loop {
        let overview = dataset_overview(platform, dataset).await?;
        let found = serde_json::to_value(&overview).map_err(|error| LakeError::Corrupt {
            table: path.clone(),
            detail: format!("it cannot be written: {error}"),
        })?;
        if published.as_ref().is_some_and(|published| says_the_same(published, &found)) {
            break;
        }
        platform.lake.put_json(&path, &found).await?;
        published = Some(found);
    }
    publish_catalog(platform).await
}

async fn publish_catalog(platform: &Platform) -> Result<(), StageError> {
    let datasets = platform.datasets.iter().map(|dataset| {
        serde_json::json!({
            "name": dataset.name,
            "description": dataset.description,
            "path": published_dataset_path(&dataset.name),
        })
    });
    let catalog = serde_json::json!({ "datasets": datasets.collect::<Vec<Value>>() });
    if read(platform, PUBLISHED_CATALOG).await?.as_ref() == Some(&catalog) {
        return Ok(());
    }
    Ok(platform.lake.put_json(PUBLISHED_CATALOG, &catalog).await?)
}

/// Whether nothing but the time at which it was found differs.
fn says_the_same(left: &Value, right: &Value) -> bool {
    let without_time = |value: &Value| {
        let mut value = value.clone();
        if let Some(object) = value.as_object_mut() {
            object.remove("written_at");
        }
        value
    };
    without_time(left) == without_time(right)
}

/// One that cannot be read counts as none: it is derived, and written anew.
async fn read(platform: &Platform, path: &str) -> Result<Option<Value>, StageError> {
    let bytes = platform.lake.get_object(path).await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}
