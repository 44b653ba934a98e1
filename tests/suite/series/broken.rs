//! What is wrong with the model of one mart keeps no other from being trained, and is told.

use std::sync::Arc;

use object_store::memory::InMemory;
use smelt_domain::{Dataset, ModelStage, SeriesTable};
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_lake::published::latest;
use smelt_stages::{Observer, Partly, Refit, refresh_dataset, train};

use super::{World, YAML, till_with_marts};
use crate::support::Heard;

/// The same mart once more, under another name.
fn with_two_marts() -> Dataset {
    let (_, mart) = YAML.split_once("marts:\n").unwrap();
    let yaml = format!("{YAML}{}", mart.replace("  daily:", "  shops:"));
    till_with_marts(&yaml, &["daily", "shops"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_registry_keeps_no_other_mart_from_being_trained() {
    let world = World::with_history().await;
    let heard = Arc::new(Heard::default());
    let mut platform = world.platform(1);
    platform.datasets = vec![with_two_marts()].into();
    platform.observer = Arc::clone(&heard) as Arc<dyn Observer>;
    let dataset = &platform.datasets[0];
    refresh_dataset(&platform, dataset).await.unwrap();
    let damage = async |mart: &str| {
        let change = format!("models/till/{mart}/changes/00000001.json");
        platform.lake.put_object(&change, b"{}".to_vec()).await.unwrap();
    };

    damage("daily").await;
    let Partly { done, failed } = train(&platform, dataset, Refit::WhenDue).await.unwrap_err();
    assert!(failed.to_string().contains("models/till/daily/changes"), "{failed}");
    assert!(heard.all().is_empty(), "the first is the caller's to tell: {:?}", heard.all());
    let [(card, stage, _)] = done.fitted.as_slice() else { panic!("{done:?}") };
    assert_eq!((card.model.as_str(), *stage), ("shops", ModelStage::Production));
    let forecast = "SELECT mart, COUNT(*) FROM gold.till_forecast GROUP BY mart";
    assert_eq!(world.rows(forecast).await, ["shops | 35"]);
    let table = dataset.series_id(SeriesTable::Forecast);
    assert_eq!(latest(&platform.lake, &table).await.unwrap().unwrap().rows, 35);

    damage("shops").await;
    let Partly { done, failed } = train(&platform, dataset, Refit::WhenDue).await.unwrap_err();
    assert!(failed.to_string().contains("models/till/daily/changes"), "{failed}");
    let heard = heard.all();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains("models/till/shops/changes"), "{heard:?}");
    assert!(done.fitted.is_empty() && done.steps.is_empty(), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_another_model_cannot_be_fitted_the_one_in_production_forecasts_on() {
    let store = Arc::new(InMemory::new());
    let mut world = World::over(Lake::with_store(store.clone(), "memory")).await;
    world.train(1, Refit::WhenDue).await;
    world.live(1, &[]).await;
    let refit_on = async |store: Arc<FaultyStore>| {
        let platform = World::new(Lake::with_store(store, "memory")).platform(2);
        train(&platform, &platform.datasets[0], Refit::Always).await
    };
    let counted = Arc::new(FaultyStore::new(Arc::new(store.fork()), FaultPlan::none()));
    refit_on(counted.clone()).await.unwrap();
    let model = "models/till/daily/2/model.json";
    let write = counted.writes().iter().position(|write| write.path == model).unwrap();

    let plan = FaultPlan::at(write, Fault::FailBefore);
    let faulty = FaultyStore::new(store.clone(), plan);
    let Partly { done, failed } = refit_on(Arc::new(faulty)).await.unwrap_err();
    assert!(failed.to_string().contains(model), "{failed}");
    assert!(done.fitted.is_empty(), "{done:?}");
    assert_eq!(world.registry().history().await.unwrap().production(), Some(1));
    let forecasts = "SELECT COUNT(DISTINCT made_at) FROM gold.till_forecast";
    assert_eq!(world.rows(forecasts).await, ["2"]);
}
