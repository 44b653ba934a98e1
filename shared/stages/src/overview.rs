//! What a dataset is and where it stands, in one object that readers without an API can read.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use smelt_domain::{Dataset, DatasetDescription, PUBLISHED_CATALOG, published_dataset_path};
use smelt_lake::LakeError;

use crate::quality::{RuleQuality, quality};
use crate::series::{AnomalyStatus, anomalies};
use crate::status::{DatasetStatus, dataset_status};
use crate::{Platform, StageError};

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
pub async fn dataset_overview(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<DatasetOverview, StageError> {
    let status = dataset_status(platform, dataset).await?;
    let quality = quality(platform, dataset).await?;
    let mut open_anomalies = 0;
    for (mart, _) in dataset.marts_with_series() {
        let found = anomalies(platform, dataset, mart).await?;
        open_anomalies +=
            found.iter().filter(|one| one.status == AnomalyStatus::Open).count() as u64;
    }
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
pub async fn publish_overview(platform: &Platform, dataset: &Dataset) -> Result<(), StageError> {
    let path = published_dataset_path(&dataset.name);
    let mut published = read(platform, &path).await?;
    loop {
        let overview = dataset_overview(platform, dataset).await?;
        let found = serde_json::to_value(&overview).map_err(|error| unwritable(&path, &error))?;
        if published.as_ref().is_some_and(|published| says_the_same(published, &found)) {
            break;
        }
        write(platform, &path, &found).await?;
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
    write(platform, PUBLISHED_CATALOG, &catalog).await
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

async fn write(platform: &Platform, path: &str, value: &Value) -> Result<(), StageError> {
    let bytes = serde_json::to_vec(value).map_err(|error| unwritable(path, &error))?;
    Ok(platform.lake.put_object(path, bytes).await?)
}

fn unwritable(path: &str, error: &serde_json::Error) -> StageError {
    let detail = format!("it cannot be written: {error}");
    LakeError::Corrupt { table: path.to_owned(), detail }.into()
}
