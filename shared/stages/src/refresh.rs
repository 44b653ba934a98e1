//! Follows every log of a dataset until nothing is left to do.

use smelt_domain::{Dataset, Mart, StepReport, TableId};

use crate::gold::follow_silver;
use crate::overview::publish_overview;
use crate::parallel::in_parallel;
use crate::publish::{publish, publish_series};
use crate::series::detect;
use crate::silver::follow_bronze;
use crate::{Panic, Platform, StageError, boxed};

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

/// What a refresh did that did not do all of its work. What is wrong with one table or mart kept no other
/// from being followed.
#[derive(Debug)]
pub struct PartlyRefreshed {
    /// What was done.
    pub done: RefreshReport,
    /// What failed first, in order of the stages; the observer was told of all that failed after it.
    pub failed: StageError,
}

impl From<PartlyRefreshed> for StageError {
    fn from(partly: PartlyRefreshed) -> Self {
        partly.failed
    }
}

/// Brings silver, quarantine, gold, the anomalies of one dataset and all that is published of it up to date;
/// what a deadline leaves undone, the next refresh does.
#[boxed]
pub async fn refresh_dataset(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<RefreshReport, PartlyRefreshed> {
    let mut done = RefreshReport::default();
    let mut failures = Failures { platform, first: None };
    for table in &dataset.tables {
        let silver = dataset.silver_id(&table.name);
        let follow = follow_bronze(platform, dataset, table);
        let followed = Panic::contain(&silver.sql_name(), follow).await;
        let Some(followed) = failures.unless(followed) else { continue };
        done.steps.extend(followed.steps);
        if followed.refused_too_many {
            done.refused_too_many.push(silver);
        }
    }
    let jobs = dataset.marts.iter().map(|mart| {
        let (platform, dataset, mart) = (platform.clone(), dataset.clone(), mart.clone());
        async move { Ok(refresh_mart(&platform, &dataset, &mart).await) }
    });
    let jobs: Vec<_> = jobs.collect();
    let marts = in_parallel(platform.engine.parallelism(), jobs.into_iter()).await;
    for (steps, ended) in failures.unless(marts).unwrap_or_default() {
        done.steps.extend(steps);
        failures.unless(ended);
    }
    if !platform.is_past_deadline() {
        let published = failures.unless(publish_series(platform, dataset).await);
        done.steps.extend(published.unwrap_or_default());
        failures.unless(publish_overview(platform, dataset).await);
    }
    match failures.first {
        None => Ok(done),
        Some(failed) => Err(PartlyRefreshed { done, failed }),
    }
}

/// Keeps what failed first, for whoever asked, and tells the observer of the others.
struct Failures<'a> {
    platform: &'a Platform,
    first: Option<StageError>,
}

impl Failures<'_> {
    /// The outcome, unless it is a failure.
    fn unless<T>(&mut self, outcome: Result<T, StageError>) -> Option<T> {
        match outcome {
            Ok(outcome) => return Some(outcome),
            Err(error) if self.first.is_none() => self.first = Some(error),
            Err(error) => self.platform.observer.failed(&error.to_string()),
        }
        None
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
