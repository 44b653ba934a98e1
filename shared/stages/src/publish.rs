//! Gold → published: an immutable snapshot of a whole table, then `latest.json`.

use std::sync::Arc;
use std::time::Instant;

use arrow::datatypes::Schema;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use smelt_domain::{Dataset, Mart, SeriesTable, StageName, StepReport, TableId};
use smelt_lake::published::{Latest, latest, point_latest, write_snapshot};
use smelt_lake::{FilesTable, LakeError, Snapshot};

use crate::silver::upstream;
use crate::{Failures, Panic, Partly, Platform, StageError, boxed};

/// Publishes a mart, all of it.
#[boxed]
pub async fn publish(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<StepReport>, StageError> {
    let key: Vec<String> = mart.key.iter().map(ToString::to_string).collect();
    publish_table(platform, dataset.gold_id(&mart.name), key, EVERY_ROW).await
}

/// Publishes what readers want of the tables about the series of a dataset, and of what its models learnt. What
/// is wrong with one table keeps no other from being published.
#[boxed]
pub async fn publish_series(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<Vec<StepReport>, Partly<Vec<StepReport>>> {
    let (mut steps, mut failures) = (Vec::new(), Failures::new(platform));
    for table in dataset.published_series() {
        let key = table.key().iter().map(|&column| column.to_owned()).collect();
        let rows = match table {
            SeriesTable::Forecast => NEWEST_FORECASTS,
            SeriesTable::ForecastAccuracy => NEWEST_ACCURACY,
            SeriesTable::Clusters => NEWEST_CLUSTERS,
            SeriesTable::Anomalies | SeriesTable::Experiments => EVERY_ROW,
        };
        let id = dataset.series_id(table);
        let name = id.sql_name();
        let published = Panic::contain(&name, publish_table(platform, id, key, rows)).await;
        steps.extend(failures.unless(published).unwrap_or_default());
    }
    failures.end(steps)
}

/// Selects every row of the table that is published.
const EVERY_ROW: &str = "SELECT * FROM published";

/// Of each time the forecast that was made last before it, for 13 months: a forecast of the next step
/// is newer than one of the step after it, whenever it was computed.
const NEWEST_FORECASTS: &str = "\
    SELECT mart, series, made_at, target_time, horizon, mean, lo_80, hi_80, lo_95, hi_95, model \
    FROM (SELECT *, row_number() OVER (PARTITION BY mart, series, target_time \
                                       ORDER BY horizon, made_at DESC) AS newest, \
                 max(target_time) OVER () AS last \
          FROM published) \
    WHERE newest = 1 AND target_time > last - INTERVAL '13 months'";

/// Of each mart what its newest model would have been worth.
const NEWEST_ACCURACY: &str = "\
    SELECT * EXCEPT (newest) \
    FROM (SELECT *, max(version) OVER (PARTITION BY mart) AS newest FROM published) \
    WHERE version = newest";

/// Of each model the groups of the newest fit that got into production.
const NEWEST_CLUSTERS: &str = "\
    SELECT * EXCEPT (in_use) \
    FROM (SELECT *, max(version) OVER (PARTITION BY model) AS in_use \
          FROM published WHERE stage = 'production') \
    WHERE version = in_use";

/// Publishes until `latest.json` names the table's newest version.
///
/// Two publishers may overtake each other, so each looks again after writing: whoever writes last
/// sees whether the table has moved on, or an older version was put in its place.
async fn publish_table(
    platform: &Platform,
    id: TableId,
    key: Vec<String>,
    rows: &str,
) -> Result<Vec<StepReport>, StageError> {
    let gold = platform.lake.table(id)?;
    let mut steps = Vec::new();
    loop {
        let started = Instant::now();
        let Some(snapshot) = gold.snapshot().await? else {
            return Ok(steps);
        };
        let published = latest(&platform.lake, gold.id()).await?;
        if published.as_ref().is_some_and(|latest| {
            latest.version == snapshot.version() && latest.identity == snapshot.identity()
        }) {
            return Ok(steps);
        }
        let engine = &platform.engine;
        let written = engine
            .in_turn(|session| write(session, platform, &gold, &snapshot, &key, rows))
            .await?;
        point_latest(&platform.lake, gold.id(), &written).await?;
        let step = StepReport {
            upstream: vec![upstream(
                gold.id(),
                published.map(|latest| latest.version),
                snapshot.version(),
            )],
            version: Some(written.version),
            rows_in: Some(snapshot.rows()),
            rows_out: Some(written.rows),
            files_added: Some(1),
            bytes_written: Some(written.bytes),
            ..crate::steps::step(StageName::Publish, gold.id(), started)
        };
        platform.observer.committed(&step);
        steps.push(step);
    }
}

async fn write(
    session: SessionContext,
    platform: &Platform,
    gold: &smelt_lake::Table,
    snapshot: &Snapshot,
    key: &[String],
    rows: &str,
) -> Result<Latest, StageError> {
    let failed = |error| StageError::engine(format!("publishing {}", gold.id()), error);
    let table = FilesTable::new(gold.id(), snapshot.schema(), &[], snapshot.files().to_vec());
    session.register_table("published", Arc::new(table)).map_err(failed)?;
    let order: Vec<String> = key.iter().map(|name| format!("\"{name}\" NULLS FIRST")).collect();
    let sql = format!("SELECT * FROM ({rows}) ORDER BY {}", order.join(", "));
    let sorted = session.sql(&sql).await.map_err(failed)?;
    let schema: Arc<Schema> = Arc::new(sorted.schema().as_arrow().clone());
    let place = gold.id().clone();
    let rows = sorted.execute_stream().await.map_err(failed)?.map(move |batch| {
        batch.map_err(|error| LakeError::from_engine(format!("publishing {place}"), error))
    });
    Ok(write_snapshot(&platform.lake, gold.id(), snapshot, schema, key.to_vec(), rows).await?)
}
