//! What readers without an API find: snapshots of tables about series, and where a dataset stands.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use smelt_domain::SeriesTable;
use smelt_lake::published::latest;
use smelt_stages::{Partly, Platform, Refit, publish_overview, publish_series};

use crate::series::{World, day};

async fn object(platform: &Platform, path: &str) -> Value {
    let bytes = platform.lake.get_object(path).await.unwrap();
    serde_json::from_slice(&bytes.unwrap_or_else(|| panic!("no {path}"))).unwrap()
}

/// The newest snapshot of a table about series, by its version.
async fn snapshot(platform: &Platform, table: SeriesTable) -> (u64, RecordBatch) {
    let id = platform.datasets[0].series_id(table);
    let newest = latest(&platform.lake, &id).await.unwrap().expect("published");
    let bytes = platform.lake.get_object(&newest.path).await.unwrap().expect("is there");
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build();
    let batches: Vec<RecordBatch> = reader.unwrap().map(Result::unwrap).collect();
    let schema = batches.first().expect("rows").schema();
    (newest.version, arrow::compute::concat_batches(&schema, &batches).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_each_time_the_forecast_before_it_is_published() {
    let mut world = World::with_history().await;
    world.train(1, Refit::WhenDue).await;
    world.live(1, &[]).await;
    world.train(2, Refit::WhenDue).await;
    let platform = world.platform(2);
    let (_, forecast) = snapshot(&platform, SeriesTable::Forecast).await;
    // Five shops; seven days forecast from the first morning, and the eighth from the second.
    assert_eq!(forecast.num_rows(), 5 * 8);
    let column = |name: &str| forecast.column_by_name(name).unwrap();
    let target = column("target_time").as_primitive::<TimestampMicrosecondType>();
    let horizon = column("horizon").as_primitive::<Int64Type>();
    let (lo, hi) = (
        column("lo_95").as_primitive::<Float64Type>(),
        column("hi_95").as_primitive::<Float64Type>(),
    );
    for row in 0..forecast.num_rows() {
        let target = chrono::DateTime::from_timestamp_micros(target.value(row)).unwrap();
        let later = (target.date_naive() - day(0)).num_days();
        // The first day was forecast once; the others twice, and a step less far away.
        assert_eq!(horizon.value(row), if later == 1 { 1 } else { later - 1 }, "day {later}");
        assert!(lo.value(row) < hi.value(row));
    }
    let (_, accuracy) = snapshot(&platform, SeriesTable::ForecastAccuracy).await;
    assert_eq!(accuracy.num_rows(), 5 + 1, "each shop, and all of them");
    world.train(2, Refit::Always).await;
    let (_, again) = snapshot(&platform, SeriesTable::ForecastAccuracy).await;
    assert_eq!(again.num_rows(), 5 + 1, "only those of the newest fit");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_dataset_stands_is_published_with_its_anomalies() {
    let mut world = World::with_history().await;
    let platform = world.platform(1);
    let catalog = object(&platform, "published/catalog.json").await;
    let entry = json!({"name": "till", "description": "Sales of a chain of shops",
                       "path": "published/till/dataset.json"});
    assert_eq!(catalog, json!({ "datasets": [entry] }));
    let overview = object(&platform, "published/till/dataset.json").await;
    assert_eq!(overview["open_anomalies"], 0);
    let series = json!({"value": "sold", "time": "date", "hour": null, "by": ["shop"],
                        "label": "sales of {shop}", "every": "day", "missing": "zero",
                        "horizon": 7});
    assert_eq!(overview["marts"][0]["series"], series);
    let aggregate = |column: &Value| (column["name"].clone(), column["aggregate"].clone());
    let columns = overview["marts"][0]["columns"].as_array().unwrap().iter().map(aggregate);
    let figures: Vec<(Value, Value)> = columns.filter(|(_, how)| !how.is_null()).collect();
    assert_eq!(figures, [(json!("sold"), json!("sum"))]);
    assert_eq!(overview["tables"][0]["stale_after_hours"], Value::Null);
    assert_eq!(overview["status"]["balances"][0]["is_exact"], true);
    assert_eq!(overview["status"]["balances"][0]["silver"], 5 * 120 + 1);

    world.live(1, &[("harbour", 3.0)]).await;
    let overview = object(&platform, "published/till/dataset.json").await;
    assert_eq!(overview["open_anomalies"], 1);
    let (_, anomalies) = snapshot(&platform, SeriesTable::Anomalies).await;
    let statuses = cast(anomalies.column_by_name("status").unwrap(), &DataType::Utf8).unwrap();
    assert!(statuses.as_string::<i32>().iter().flatten().any(|status| status == "open"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_written_again_only_when_it_changed() {
    let world = World::with_history().await;
    let platform = world.platform(1);
    let dataset = &platform.datasets[0];
    let before = object(&platform, "published/till/dataset.json").await;
    publish_overview(&platform, dataset).await.unwrap();
    assert!(publish_series(&platform, dataset).await.unwrap().is_empty());
    assert_eq!(object(&platform, "published/till/dataset.json").await, before);
    // One that cannot be read is written anew.
    let path = "published/till/dataset.json";
    platform.lake.put_object(path, b"{\"name\": ".to_vec()).await.unwrap();
    publish_overview(&platform, dataset).await.unwrap();
    assert_eq!(object(&platform, path).await["status"], before["status"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_read_keeps_no_other_from_being_published() {
    let mut world = World::with_history().await;
    world.live(1, &[("harbour", 3.0)]).await;
    let platform = world.platform(2);
    let dataset = &platform.datasets[0];
    let forecast = dataset.series_id(SeriesTable::Forecast);
    let log = format!("{}/_delta_log/00000000000000000000.json", forecast.path());
    platform.lake.put_object(&log, b"no log".to_vec()).await.unwrap();
    let pointer = "published/till/anomalies/latest.json".to_owned();
    assert_eq!(platform.lake.delete_objects(&[pointer]).await.unwrap(), 1);

    let Partly { done, failed } = publish_series(&platform, dataset).await.unwrap_err();
    assert!(failed.to_string().contains("forecast"), "{failed}");
    let published: Vec<_> = done.iter().map(|step| &step.table).collect();
    assert_eq!(published, [&dataset.series_id(SeriesTable::Anomalies)]);
}
