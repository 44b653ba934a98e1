//! What lies outside of the tables and is not needed any more.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use smelt_domain::{
    Dataset, DatasetName, StageName, StepReport, TableId, TableName, UPLOAD_ANNOUNCEMENTS,
    UploadId, landing_prefix, published_prefix, uploads_prefix,
};
use smelt_lake::published::latest;

use crate::{Platform, StageError};

/// Deletes snapshots of a table that were replaced longer than the retention ago: whoever was pointed to one
/// has had this long to read it.
pub(super) async fn delete_snapshots(
    platform: &Platform,
    table: &TableId,
    retention: Duration,
) -> Result<Option<StepReport>, StageError> {
    let old = older_than(retention);
    let Some(newest) = latest(&platform.lake, table).await? else { return Ok(None) };
    let prefix = published_prefix(&table.dataset, &table.table);
    let listed = platform.lake.list_objects(&prefix).await?.into_iter();
    let snapshots = listed
        .map(|object| (object.last_modified, object.location.to_string()))
        .filter(|(_, path)| path.ends_with(".parquet"));
    let replaced = replaced(snapshots.collect());
    let paths = replaced.into_iter().filter(|(when, path)| old(*when) && *path != newest.path);
    let paths: Vec<String> = paths.map(|(_, path)| path).collect();
    delete(platform, table, &paths).await
}

/// Of snapshots with the times at which they were written, those that another came after, with the time
/// of that one.
fn replaced(mut snapshots: Vec<(DateTime<Utc>, String)>) -> Vec<(DateTime<Utc>, String)> {
    snapshots.sort();
    let followers: Vec<DateTime<Utc>> = snapshots.iter().skip(1).map(|(time, _)| *time).collect();
    snapshots.into_iter().zip(followers).map(|((_, path), time)| (time, path)).collect()
}

/// Deletes records of uploads into a table whose files are gone from `landing/`. They tell of bronze.
pub(super) async fn delete_upload_records(
    platform: &Platform,
    bronze: &TableId,
    retention: Duration,
) -> Result<Option<StepReport>, StageError> {
    let old = older_than(retention);
    let (dataset, table) = (&bronze.dataset, &bronze.table);
    // Objects under keys that nobody can read have no records; the sweep tells them.
    let landed = platform.lake.list_readable(&landing_prefix(dataset, table)).await?;
    let landed: HashSet<String> = landed
        .objects
        .iter()
        .map(|object| format!("{}.json", UploadId::of_key(object.location.as_ref())))
        .collect();
    let records = platform.lake.list_objects(&uploads_prefix(dataset, table)).await?;
    let paths: Vec<String> = records
        .into_iter()
        .filter(|record| {
            let name = record.location.filename().unwrap_or_default();
            old(record.last_modified) && !landed.contains(name)
        })
        .map(|record| record.location.to_string())
        .collect();
    delete(platform, bronze, &paths).await
}

/// Whose an announcement is.
#[derive(Deserialize)]
struct Announced {
    dataset: DatasetName,
    table: TableName,
}

/// Deletes announcements of uploads into the tables of a dataset: whoever watched one knows by now what became
/// of it. Those of tables that are not defined any more go with the first one, as nobody else sees to them.
pub(super) async fn delete_announcements(
    platform: &Platform,
    dataset: &Dataset,
    retention: Duration,
) -> Result<Vec<StepReport>, StageError> {
    let old = older_than(retention);
    let announced = platform.lake.list_objects(UPLOAD_ANNOUNCEMENTS).await?.into_iter();
    let mut expired: BTreeMap<TableId, Vec<String>> = BTreeMap::new();
    for object in announced.filter(|object| old(object.last_modified)) {
        let path = object.location.to_string();
        let Some(bytes) = platform.lake.get_object(&path).await? else { continue };
        let announced = serde_json::from_slice::<Announced>(&bytes).ok();
        let of = announced.and_then(|it| {
            let dataset = platform.datasets.iter().find(|known| known.name == it.dataset)?;
            dataset.table(&it.table).map(|table| dataset.bronze_id(&table.name))
        });
        let first = || dataset.tables.first().map(|table| dataset.bronze_id(&table.name));
        if let Some(table) = of.or_else(first).filter(|table| table.dataset == dataset.name) {
            expired.entry(table).or_default().push(path);
        }
    }
    let mut steps = Vec::new();
    for (table, paths) in expired {
        steps.extend(delete(platform, &table, &paths).await?);
    }
    Ok(steps)
}

/// Deletes what is not needed of a table any more; nothing is no step.
async fn delete(
    platform: &Platform,
    table: &TableId,
    paths: &[String],
) -> Result<Option<StepReport>, StageError> {
    let started = Instant::now();
    let files = platform.lake.delete_objects(paths).await?;
    if files == 0 {
        return Ok(None);
    }
    let step = StepReport {
        files_removed: Some(files),
        ..crate::steps::step(StageName::Vacuum, table, started)
    };
    platform.observer.committed(&step);
    Ok(Some(step))
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
