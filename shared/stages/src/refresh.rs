//! Follows every log of a dataset until nothing is left to do.

use smelt_domain::{Dataset, Mart, StepReport, TableId};

use crate::gold::follow_silver;
use crate::overview::publish_overview;
use crate::parallel::in_parallel;
use crate::publish::{publish, publish_series};
use crate::series::detect;
use crate::silver::follow_bronze;
use crate::{Platform, StageError};

/// What a refresh did.
#[derive(Debug, Default)]
pub struct RefreshReport {
    /// The commits made, in order of the stages.
    pub steps: Vec<StepReport>,
    /// Tables of which more rows were refused than their definition allows.
    pub refused_too_many: Vec<TableId>,
}

/// What is wrong with a table of which more rows were refused than it may have, and what to do.
pub fn too_many_refused(table: &TableId) -> String {
    format!(
        "{table}: more rows were refused than the dataset allows in one run (refuse_above); the good \
         rows are in, the others in quarantine: smelt quarantine {}",
        table.dataset
    )
}

/// Brings silver, quarantine, gold, the anomalies of one dataset and all that is published of it up to date;
/// what a deadline leaves undone, the next refresh does.
pub async fn refresh_dataset(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<RefreshReport, StageError> {
    let mut report = RefreshReport::default();
    for table in &dataset.tables {
        let followed = follow_bronze(platform, dataset, table).await?;
        report.steps.extend(followed.steps);
        if followed.refused_too_many {
            report.refused_too_many.push(dataset.silver_id(&table.name));
        }
    }
    let jobs = dataset.marts.iter().map(|mart| {
        let (platform, dataset, mart) = (platform.clone(), dataset.clone(), mart.clone());
        async move { refresh_mart(&platform, &dataset, &mart).await }
    });
    let jobs: Vec<_> = jobs.collect();
    let marts = in_parallel(platform.engine.parallelism(), jobs.into_iter()).await?;
    report.steps.extend(marts.into_iter().flatten());
    if !platform.is_past_deadline() {
        report.steps.extend(publish_series(platform, dataset).await?);
        publish_overview(platform, dataset).await?;
    }
    Ok(report)
}

async fn refresh_mart(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<StepReport>, StageError> {
    let mut steps = Vec::new();
    if !platform.is_past_deadline() {
        steps.extend(follow_silver(platform, dataset, mart).await?);
    }
    if !platform.is_past_deadline() {
        steps.extend(publish(platform, dataset, mart).await?);
    }
    if !platform.is_past_deadline() {
        steps.extend(detect(platform, dataset, mart).await?);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Handlers of functions and servers run the stages as tasks, on any thread.
    #[test]
    fn stages_may_move_between_threads() {
        fn assert_send<T: Send>(_: impl Fn(&'static Platform, &'static Dataset) -> T) {}
        assert_send(refresh_dataset);
    }
}
