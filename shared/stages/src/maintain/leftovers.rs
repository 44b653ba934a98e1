//! What lies outside of the tables and is not needed any more.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use smelt_domain::{
    Dataset, SeriesTable, UPLOAD_ANNOUNCEMENTS, UploadId, landing_prefix, published_prefix,
    uploads_prefix,
};
use smelt_lake::published::latest;

use crate::{Platform, StageError};

/// Deletes snapshots that were replaced longer than the retention ago: whoever was pointed to one has had
/// this long to read it.
pub(super) async fn delete_snapshots(
    platform: &Platform,
    dataset: &Dataset,
    retention: Duration,
) -> Result<(), StageError> {
    let old = older_than(retention);
    let marts = dataset.marts.iter().map(|mart| mart.name.clone());
    for name in marts.chain(SeriesTable::ALL.map(SeriesTable::name)) {
        let Some(newest) = latest(&platform.lake, &dataset.gold_id(&name)).await? else { continue };
        let prefix = published_prefix(&dataset.name, &name);
        let listed = platform.lake.list_objects(&prefix).await?.into_iter();
        let snapshots = listed
            .map(|object| (object.last_modified, object.location.to_string()))
            .filter(|(_, path)| path.ends_with(".parquet"));
        let replaced = replaced(snapshots.collect());
        let paths = replaced.into_iter().filter(|(when, path)| old(*when) && *path != newest.path);
        let paths: Vec<String> = paths.map(|(_, path)| path).collect();
        platform.lake.delete_objects(&paths).await?;
    }
    Ok(())
}

/// Of snapshots with the times at which they were written, those that another came after, with the time
/// of that one.
fn replaced(mut snapshots: Vec<(DateTime<Utc>, String)>) -> Vec<(DateTime<Utc>, String)> {
    snapshots.sort();
    let followers: Vec<DateTime<Utc>> = snapshots.iter().skip(1).map(|(time, _)| *time).collect();
    snapshots.into_iter().zip(followers).map(|((_, path), time)| (time, path)).collect()
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

/// Deletes announcements of uploads: whoever watched one knows by now what became of it.
pub(super) async fn delete_announcements(
    platform: &Platform,
    retention: Duration,
) -> Result<(), StageError> {
    let old = older_than(retention);
    let announced = platform.lake.list_objects(UPLOAD_ANNOUNCEMENTS).await?.into_iter();
    let paths = announced.filter(|object| old(object.last_modified));
    let paths: Vec<String> = paths.map(|object| object.location.to_string()).collect();
    platform.lake.delete_objects(&paths).await?;
    Ok(())
}

fn older_than(retention: Duration) -> impl Fn(DateTime<Utc>) -> bool {
    let retention = chrono::Duration::from_std(retention).unwrap_or(chrono::Duration::MAX);
    let limit = Utc::now().checked_sub_signed(retention);
    move |time| limit.is_some_and(|limit| time < limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_as_old_as_the_one_that_replaced_it_is() {
        let time =
            |day: u32| format!("2026-11-{day:02}T00:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let written = [(time(3), "3"), (time(1), "1"), (time(28), "28")];
        let written = written.map(|(time, name)| (time, name.to_owned()));
        let expected = [(time(3), "1".to_owned()), (time(28), "3".to_owned())];
        assert_eq!(replaced(written.to_vec()), expected);
        assert!(replaced(Vec::new()).is_empty());
        assert!(replaced(vec![(time(1), "1".to_owned())]).is_empty());
    }
}
