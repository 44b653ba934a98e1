//! Gold → published: an immutable snapshot of the whole mart, then `latest.json`.

use std::sync::Arc;
use std::time::Instant;

use arrow::datatypes::Schema;
use datafusion::common::Column;
use datafusion::prelude::{Expr, SessionContext};
use futures::StreamExt;
use smelt_domain::{Dataset, Mart, StageName, StepReport};
use smelt_lake::published::{latest, point_latest, write_snapshot};
use smelt_lake::{FilesTable, Snapshot};

use crate::silver::upstream;
use crate::{Platform, StageError};

/// Publishes until `latest.json` names the mart's newest version.
///
/// Two publishers may overtake each other, so each looks again after writing: whoever writes last
/// sees whether the mart has moved on, or an older version was put in its place.
pub async fn publish(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<StepReport>, StageError> {
    let gold = platform.lake.table(dataset.gold_id(&mart.name))?;
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
        let written =
            engine.in_turn(|session| write(session, platform, mart, &gold, &snapshot)).await?;
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
    mart: &Mart,
    gold: &smelt_lake::Table,
    snapshot: &Snapshot,
) -> Result<smelt_lake::published::Latest, StageError> {
    let failed = |error| StageError::engine(format!("publishing {}", gold.id()), error);
    let table = FilesTable::new(gold.id(), snapshot.schema(), &[], snapshot.files().to_vec());
    let key: Vec<String> = mart.key.iter().map(ToString::to_string).collect();
    let order = key.iter().map(|name| Expr::Column(Column::new_unqualified(name)).sort(true, true));
    let sorted = session
        .read_table(Arc::new(table))
        .and_then(|rows| rows.sort(order.collect()))
        .map_err(failed)?;
    let schema: Arc<Schema> = Arc::new(sorted.schema().as_arrow().clone());
    let place = gold.id().clone();
    let rows = sorted.execute_stream().await.map_err(failed)?.map(move |batch| {
        batch.map_err(|error| {
            smelt_lake::LakeError::from_engine(format!("publishing {place}"), error)
        })
    });
    Ok(write_snapshot(&platform.lake, gold.id(), snapshot, schema, key, rows).await?)
}
