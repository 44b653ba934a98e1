//! Models without a backtest: that there is none is told, and they stay behind those that have one.

use smelt_domain::ModelStage;
use smelt_stages::{Refit, refresh_dataset};

use super::{SHOPS, World, YAML, day};

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_a_backtest_never_takes_the_place_of_one_that_has_one() {
    let mut world = World::with_history().await;
    world.train(1, Refit::WhenDue).await;

    // In four weeks without a change nothing can be scored: there is nothing to scale errors by.
    let days = (-27..=0).flat_map(|later| SHOPS.map(|shop| (day(later), shop, 200_i64)));
    world.receive(&days.collect::<Vec<_>>()).await;
    let platform = world.platform(1);
    refresh_dataset(&platform, &platform.datasets[0]).await.unwrap();
    world.yaml = YAML.replace("horizon: 7", "horizon: 7\n      history: 28");
    let trained = world.train(1, Refit::WhenDue).await;
    let [(card, stage, reason)] = trained.fitted.as_slice() else { panic!("{trained:?}") };
    assert_eq!((card.version, *stage), (2, ModelStage::Staging), "{reason}");
    assert!(card.metrics.is_empty(), "{:?}", card.metrics);
    assert_eq!(
        reason,
        "no backtest: too many are missing, or values never change from season to season; \
         not in place of version 1, which has one"
    );
    assert_eq!(world.registry().history().await.unwrap().production(), Some(1));
    let again = world.train(1, Refit::WhenDue).await;
    assert!(again.fitted.is_empty(), "it would be the same: {again:?}");

    // Of another horizon nothing in production forecasts, so that it is better than none.
    world.yaml = YAML.replace("horizon: 7", "horizon: 30\n      history: 28");
    let trained = world.train(1, Refit::WhenDue).await;
    let [(card, stage, reason)] = trained.fitted.as_slice() else { panic!("{trained:?}") };
    assert_eq!((card.version, *stage), (3, ModelStage::Production), "{reason}");
    assert_eq!(
        reason,
        "no backtest: too few values to try it on (28 of 38 needed); \
         version 1 forecasts another horizon, or other series"
    );

    let experiments = "SELECT version, stage, mase, seasonal_naive_mase, metrics \
                       FROM gold.till_experiments WHERE version > 1";
    assert_eq!(
        world.rows(experiments).await,
        ["2 | staging | NULL | NULL | {}", "3 | production | NULL | NULL | {}"]
    );
    let scored = "SELECT DISTINCT version FROM gold.till_forecast_accuracy";
    assert_eq!(world.rows(scored).await, ["1"]);
}
