//! Two who train at once on one lake: both end well, and leave what one after the other would.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use smelt_domain::ModelStage;
use smelt_lake::published::latest;
use smelt_stages::{Platform, Refit, Trained, train};

use super::World;

/// Trains with both platforms at once, on threads of their own.
async fn train_at_once(first: Platform, second: Platform, refit: Refit) -> [Trained; 2] {
    let run = |platform: Platform| {
        tokio::spawn(async move { train(&platform, &platform.datasets[0], refit).await })
    };
    let (first, second) = futures::join!(run(first), run(second));
    [first.unwrap().unwrap(), second.unwrap().unwrap()]
}

/// The platforms of two runs that began a moment apart, so many hours after the morning of a day.
fn two(world: &World, later: i64, hours: i64) -> (Platform, Platform) {
    let (mut first, mut second) = (world.platform(later), world.platform(later));
    first.started_at += TimeDelta::hours(hours);
    second.started_at += TimeDelta::hours(hours) + TimeDelta::milliseconds(1);
    (first, second)
}

/// Every version was registered, noted and scored once, and one of them is in production.
async fn assert_sound(world: &World, versions: u64) {
    let history = world.registry().history().await.unwrap();
    let stages: Vec<_> = history.stages().collect();
    assert_eq!(
        stages.iter().map(|(version, _)| *version).collect::<Vec<_>>(),
        (1..=versions).collect::<Vec<_>>()
    );
    let in_production = stages.iter().filter(|(_, stage)| *stage == ModelStage::Production);
    assert_eq!(in_production.count(), 1, "{stages:?}");
    let experiments = "SELECT COUNT(*), COUNT(DISTINCT version) FROM gold.till_experiments";
    assert_eq!(world.rows(experiments).await, [format!("{versions} | {versions}")]);
    let scored =
        "SELECT version, COUNT(*), COUNT(series) FROM gold.till_forecast_accuracy GROUP BY 1";
    let each: Vec<String> = (1..=versions).map(|version| format!("{version} | 6 | 5")).collect();
    assert_eq!(world.rows(scored).await, each);

    // Whole forecasts, and no row of one twice.
    let whole = "SELECT COUNT(*), COUNT(DISTINCT series), COUNT(DISTINCT target_time) \
                 FROM gold.till_forecast GROUP BY made_at";
    let whole = world.rows(whole).await;
    assert!(!whole.is_empty() && whole.iter().all(|one| one == "35 | 5 | 7"), "{whole:?}");
}

/// The newest forecasts are of the model in production, and are what is published.
async fn assert_settled(world: &World, later: i64) {
    let again = world.train(later, Refit::WhenDue).await;
    assert!(again.steps.is_empty() && again.fitted.is_empty(), "{again:?}");
    let platform = world.platform(later);
    for table in platform.datasets[0].published_series() {
        let id = platform.datasets[0].series_id(table);
        let newest = platform.lake.table(id.clone()).unwrap().require_snapshot().await.unwrap();
        let published = latest(&platform.lake, &id).await.unwrap().unwrap();
        assert_eq!(published.version, newest.version(), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_train_at_once_leave_one_model_in_production() {
    for _ in 0..4 {
        let mut world = World::with_history().await;
        let (first, second) = two(&world, 1, 0);
        let trained = train_at_once(first, second, Refit::WhenDue).await;
        let fitted: BTreeSet<u64> =
            trained.iter().flat_map(|one| &one.fitted).map(|(card, ..)| card.version).collect();
        assert!(!fitted.is_empty());
        assert_sound(&world, fitted.len() as u64).await;
        assert_settled(&world, 1).await;

        // On the next day there is nothing to fit: of the two, one forecasts.
        world.live(1, &[]).await;
        let before = world.rows("SELECT COUNT(*) FROM gold.till_forecast").await;
        let (first, second) = two(&world, 2, 0);
        let trained = train_at_once(first, second, Refit::WhenDue).await;
        assert!(trained.iter().all(|one| one.fitted.is_empty()), "{trained:?}");
        let rows = before[0].parse::<u64>().unwrap() + 35;
        assert_eq!(world.rows("SELECT COUNT(*) FROM gold.till_forecast").await, [rows.to_string()]);
        assert_settled(&world, 2).await;

        // Both are told to fit.
        let (first, second) = two(&world, 2, 1);
        let both = train_at_once(first, second, Refit::Always).await;
        assert!(both.iter().all(|one| one.fitted.len() == 1), "{both:?}");
        assert_sound(&world, fitted.len() as u64 + 2).await;
        assert_settled(&world, 2).await;
    }
}
