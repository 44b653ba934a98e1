use smelt_domain::Dataset;
use smelt_runtime::{Fact, Metrics};
use smelt_stages::{Causes, Failures, Notifier, Partly, Platform, StageError, alert, freshness};

/// Measures how old the tables of a dataset are, and tells what there is to tell about it.
///
/// What was measured is emitted first: if nobody can be told, the alarms on old data must not go off
/// as well. And what cannot be measured keeps nothing from being told.
pub async fn watch(
    platform: &Platform,
    dataset: &Dataset,
    causes: Causes<'_>,
    metrics: &Metrics,
    notifier: &dyn Notifier,
) -> Result<(), StageError> {
    let (ages, unmeasured) = Partly::split(freshness(platform, dataset).await);
    for found in &ages {
        // Without an age there is no metric: the alarm goes off for want of one.
        if let Some(seconds) = found.age_seconds() {
            metrics.emit(&Fact::Freshness { table: &found.table, seconds });
        }
    }
    let causes = Causes { ages: &ages, ..causes };
    let mut failures = Failures::new(platform);
    failures.unless(alert(platform, dataset, &causes, notifier).await);
    if let Some(error) = unmeasured {
        failures.note(error);
    }
    Ok(failures.end(())?)
}
