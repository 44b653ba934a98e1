//! Follows every log of a dataset until nothing is left to do.

use std::future::Future;

use smelt_domain::{Dataset, Mart, StepReport, Table as TableDefinition, TableId};

use crate::gold::follow_silver;
use crate::overview::publish_overview;
use crate::parallel::in_parallel;
use crate::publish::{publish, publish_series};
use crate::series::detect;
use crate::silver::{SilverFollowed, follow_bronze};
use crate::{Failures, Panic, Partly, Platform, StageError, boxed};

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

/// What a refresh did that did not do all of its work.
pub type PartlyRefreshed = Partly<RefreshReport>;

/// Brings silver, quarantine, gold, the anomalies of one dataset and all that is published of it up to date;
/// what a deadline leaves undone, the next refresh does. What is wrong with one table or mart keeps no other
/// from being followed.
#[boxed]
pub async fn refresh_dataset(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<RefreshReport, PartlyRefreshed> {
    let mut refreshing = Refreshing::new(platform, dataset);
    for table in &dataset.tables {
        refreshing.silver(table, follow_bronze(platform, dataset, table)).await;
    }
    refreshing.finish().await
}

/// A refresh that is going on.
pub(crate) struct Refreshing<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    done: RefreshReport,
    failures: Failures<'a>,
}

impl<'a> Refreshing<'a> {
    pub(crate) fn new(platform: &'a Platform, dataset: &'a Dataset) -> Self {
        Self {
            platform,
            dataset,
            done: RefreshReport::default(),
            failures: Failures::new(platform),
        }
    }

    /// Does the work on one silver table.
    pub(crate) async fn silver(
        &mut self,
        table: &TableDefinition,
        work: impl Future<Output = Result<SilverFollowed, StageError>>,
    ) {
        let silver = self.dataset.silver_id(&table.name);
        let followed = Panic::contain(&silver.sql_name(), work).await;
        let Some(followed) = self.failures.unless(followed) else { return };
        self.done.steps.extend(followed.steps);
        if followed.refused_too_many {
            self.done.refused_too_many.push(silver);
        }
    }

    /// Does what follows from silver, and ends the refresh.
    pub(crate) async fn finish(mut self) -> Result<RefreshReport, PartlyRefreshed> {
        self.marts().await;
        self.published().await;
        self.failures.end(self.done)
    }

    async fn marts(&mut self) {
        let (platform, dataset) = (self.platform, self.dataset);
        let jobs = dataset.marts.iter().map(|mart| {
            let (platform, dataset, mart) = (platform.clone(), dataset.clone(), mart.clone());
            async move { Ok(refresh_mart(&platform, &dataset, &mart).await) }
        });
        let jobs: Vec<_> = jobs.collect();
        let marts = in_parallel(platform.engine.parallelism(), jobs.into_iter()).await;
        for (steps, ended) in self.failures.unless(marts).unwrap_or_default() {
            self.done.steps.extend(steps);
            self.failures.unless(ended);
        }
    }

    /// What is published of the dataset as a whole.
    async fn published(&mut self) {
        if self.platform.is_past_deadline() {
            return;
        }
        let series = publish_series(self.platform, self.dataset).await;
        self.done.steps.extend(self.failures.done_of(series));
        self.failures.unless(publish_overview(self.platform, self.dataset).await);
    }
}

/// What was done for a mart, and how it ended.
async fn refresh_mart(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> (Vec<StepReport>, Result<(), StageError>) {
    let mut steps = Vec::new();
    let work = follow_mart(platform, dataset, mart, &mut steps);
    let ended = Panic::contain(&dataset.gold_id(&mart.name).sql_name(), work).await;
    (steps, ended)
}

async fn follow_mart(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
    steps: &mut Vec<StepReport>,
) -> Result<(), StageError> {
    if !platform.is_past_deadline() {
        steps.extend(follow_silver(platform, dataset, mart).await?);
    }
    if !platform.is_past_deadline() {
        steps.extend(publish(platform, dataset, mart).await?);
    }
    if !platform.is_past_deadline() {
        steps.extend(detect(platform, dataset, mart).await?);
    }
    Ok(())
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
