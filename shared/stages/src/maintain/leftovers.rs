//! What lies outside of the tables and is not needed any more.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use smelt_domain::{Dataset, UploadId, landing_prefix, published_prefix, uploads_prefix};
use smelt_lake::published::latest;

use crate::{Platform, StageError};

/// Deletes snapshots that are not the newest of their mart and are older than the retention: whoever
/// was pointed to one has had this long to read it.
pub(super) async fn delete_snapshots(
    platform: &Platform,
    dataset: &Dataset,
    retention: Duration,
) -> Result<(), StageError> {
    let old = older_than(retention);
    for mart in &dataset.marts {
        let gold = dataset.gold_id(&mart.name);
        let Some(newest) = latest(&platform.lake, &gold).await? else { continue };
        let listed =
            platform.lake.list_objects(&published_prefix(&dataset.name, &mart.name)).await?;
        let paths = listed.into_iter().filter(|object| old(object.last_modified));
        let paths = paths.map(|object| object.location.to_string());
        let paths: Vec<String> =
            paths.filter(|path| path.ends_with(".parquet") && *path != newest.path).collect();
        platform.lake.delete_objects(&paths).await?;
    }
    Ok(())
}

/// Deletes records of uploads whose files are gone from `landing/`.
pub(super) async fn delete_upload_records(
    platform: &Platform,
    dataset: &Dataset,
    retention: Duration,
) -> Result<(), StageError> {
    let old = older_than(retention);
    for table in &dataset.tables {
        let landed =
            platform.lake.list_objects(&landing_prefix(&dataset.name, &table.name)).await?;
        let landed: HashSet<String> = landed
            .iter()
            .map(|object| format!("{}.json", UploadId::of_key(object.location.as_ref())))
            .collect();
        let records =
            platform.lake.list_objects(&uploads_prefix(&dataset.name, &table.name)).await?;
        let paths: Vec<String> = records
            .into_iter()
            .filter(|record| {
                let name = record.location.filename().unwrap_or_default();
                old(record.last_modified) && !landed.contains(name)
            })
            .map(|record| record.location.to_string())
            .collect();
        platform.lake.delete_objects(&paths).await?;
    }
    Ok(())
}

fn older_than(retention: Duration) -> impl Fn(DateTime<Utc>) -> bool {
    let retention = chrono::Duration::from_std(retention).unwrap_or(chrono::Duration::MAX);
    let limit = Utc::now().checked_sub_signed(retention);
    move |time| limit.is_some_and(|limit| time < limit)
}
