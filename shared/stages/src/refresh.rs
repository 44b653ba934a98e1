//! Follows every log of a dataset until nothing is left to do.

use futures::{StreamExt, TryStreamExt};
use smelt_domain::{Dataset, Mart, StepReport};

use crate::gold::follow_silver;
use crate::publish::publish;
use crate::silver::follow_bronze;
use crate::{Platform, StageError};

/// What a refresh did.
#[derive(Debug, Default)]
pub struct RefreshReport {
    /// The commits made, in order of the stages.
    pub steps: Vec<StepReport>,
    /// Tables of which more rows were refused than their definition allows.
    pub refused_too_many: Vec<String>,
}

/// Brings silver, quarantine, gold and the published snapshots of one dataset up to date.
pub async fn refresh_dataset(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<RefreshReport, StageError> {
    let mut report = RefreshReport::default();
    for table in &dataset.tables {
        let followed = follow_bronze(platform, dataset, table).await?;
        report.steps.extend(followed.steps);
        if followed.refused_too_many {
            report.refused_too_many.push(dataset.silver_id(&table.name).sql_name());
        }
    }
    let marts: Vec<Vec<StepReport>> = futures::stream::iter(&dataset.marts)
        .map(|mart| refresh_mart(platform, dataset, mart))
        .buffered(platform.engine.parallelism())
        .try_collect()
        .await?;
    report.steps.extend(marts.into_iter().flatten());
    Ok(report)
}

async fn refresh_mart(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<StepReport>, StageError> {
    let mut steps = follow_silver(platform, dataset, mart).await?;
    steps.extend(publish(platform, dataset, mart).await?);
    Ok(steps)
}
