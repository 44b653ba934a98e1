//! Models beside forecasts: fitted from a table and a mart, registered, promoted, asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use smelt_domain::{DefinitionFiles, LearnedModel, ModelStage, SeriesTable, parse_dataset};
use smelt_lake::Lake;
use smelt_lake::published::latest;
use smelt_stages::{
    Engine, EngineSettings, Partly, Platform, Refit, Silent, StageError, Upload, ingest_files,
    predict, refresh_dataset, train,
};

use crate::support::{rows_as_text, selected};

const YAML: &str = "\
dataset: purse
description: What departments pay
tables:
  payments:
    description: one row per payment
    source_columns: [number, day, department, vendor, amount]
    key: [number]
    partition: month
    columns: {number: BIGINT, day: DATE, department: TEXT, vendor: TEXT, amount: DOUBLE, month: TEXT}
marts:
  departments:
    description: departments by year
    from: payments
    reads: everything
    key: [year, department]
    columns: {year: INT, department: TEXT, payments: BIGINT, average: DOUBLE}
models:
  groups:
    description: departments that are alike
    clusters: {from: departments, names: [department], newest: year, features: {payments: log, average: log}}
  high:
    description: high payments
    classifier: {from: payments, texts: [department, vendor], value: amount, time: day}
";
const SILVER: &str = "SELECT TRY_CAST(number AS BIGINT) AS number, TRY_CAST(day AS DATE) AS day, department, \
                      vendor, TRY_CAST(amount AS DOUBLE) AS amount, SUBSTR(day, 1, 7) AS month \
                      FROM bronze.purse_payments";
const GOLD: &str = "SELECT CAST(SUBSTR(month, 1, 4) AS INT) AS year, department, COUNT(*) AS payments, \
                    AVG(amount) AS average FROM silver.purse_payments GROUP BY 1, department";

/// Four departments that pay much seldom, and four that pay little often. High is what builders get.
fn payments() -> String {
    let mut text = "number,day,department,vendor,amount\n".to_owned();
    let mut number = 0;
    for day in 0..200 {
        let date = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + TimeDelta::days(day);
        for department in 0..8 {
            let builds = department < 4;
            for turn in 0..if builds { 1 } else { 5 } {
                number += 1;
                let noise = (number * 7919 % 100) as f64;
                // Offices have a builder now and then.
                let builder = builds || (number + turn) % 11 == 0;
                let vendor = if builder { "Stone and Beam Builders" } else { "Paper Supplies Inc" };
                let amount = if builder { 5_000.0 + noise } else { 20.0 + noise };
                let amount = amount * (1.0 + department as f64 / 20.0);
                text += &format!("{number},{date},department {department},{vendor},{amount}\n");
            }
        }
    }
    text
}

fn platform(lake: &Lake) -> Platform {
    let files =
        [("dataset.yaml", YAML), ("silver/payments.sql", SILVER), ("gold/departments.sql", GOLD)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let dataset = parse_dataset(&DefinitionFiles { folder: "purse".to_owned(), files }).unwrap();
    let settings =
        EngineSettings { memory_bytes: 256 << 20, parallelism: 2, scratch: std::env::temp_dir() };
    let engine = Engine::new(lake, settings).unwrap();
    Platform::new(lake.clone(), engine, vec![dataset], Arc::new(Silent))
}

/// Brings the payments to gold.
async fn load(platform: &Platform) {
    let dataset = &platform.datasets[0];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payments.csv");
    std::fs::write(&path, payments()).unwrap();
    let upload = vec![Upload::local(path)];
    ingest_files(platform, dataset, &dataset.tables[0], upload).await.unwrap();
    refresh_dataset(platform, dataset).await.unwrap();
}

fn model<'a>(platform: &'a Platform, name: &str) -> &'a LearnedModel {
    platform.datasets[0].models.iter().find(|model| model.name.as_str() == name).unwrap()
}

fn row(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_learnt_and_asked() {
    let lake = Lake::in_memory();
    let platform = platform(&lake);
    let dataset = &platform.datasets[0];
    let nothing = train(&platform, dataset, Refit::WhenDue).await.unwrap();
    assert_eq!(nothing.skipped.len(), 2, "{nothing:?}");
    let error =
        predict(&platform, dataset, model(&platform, "high"), &[row(&[("vendor", "x")])]).await;
    assert!(matches!(error, Err(StageError::Model { .. })), "{error:?}");

    load(&platform).await;
    let trained = train(&platform, dataset, Refit::WhenDue).await.unwrap();
    let stages: Vec<_> =
        trained.fitted.iter().map(|(card, stage, _)| (card.model.as_str(), *stage)).collect();
    assert_eq!(stages, [("groups", ModelStage::Production), ("high", ModelStage::Production)]);
    let high = &trained.fitted[1].0;
    assert!(high.metrics["auc"] > 0.95, "{:?}", high.metrics);
    assert!(high.metrics["accuracy"] > high.metrics["majority_accuracy"], "{:?}", high.metrics);
    assert_eq!(trained.fitted[0].0.metrics["clusters"], 2.0);
    let again = train(&platform, dataset, Refit::WhenDue).await.unwrap();
    assert!(again.fitted.is_empty() && again.steps.is_empty(), "{again:?}");
    let rows = selected(&platform, "SELECT model, kind, stage FROM gold.purse_experiments").await;
    assert_eq!(
        rows_as_text(&rows.unwrap()),
        ["groups | clusters | production", "high | classifier | production"]
    );

    // Which departments look alike is a table, and published.
    let groups = "SELECT cluster, COUNT(*), MIN(size), MIN(name), MIN(newest), MIN(stage), MIN(version), \
                  COUNT(DISTINCT centroid) FROM gold.purse_clusters WHERE silhouette > 0.5 GROUP BY 1";
    let rows = rows_as_text(&selected(&platform, groups).await.unwrap());
    assert_eq!(
        rows,
        [
            "0 | 4 | 4 | department 0 | 2026 | production | 1 | 1",
            "1 | 4 | 4 | department 4 | 2026 | production | 1 | 1"
        ]
    );
    let clusters = dataset.series_id(SeriesTable::Clusters);
    assert_eq!(latest(&lake, &clusters).await.unwrap().unwrap().rows, 8);
    train(&platform, dataset, Refit::Always).await.unwrap();
    let fits = "SELECT version, COUNT(*) FROM gold.purse_clusters GROUP BY 1";
    let rows = rows_as_text(&selected(&platform, fits).await.unwrap());
    assert_eq!(rows, ["1 | 8", "2 | 8"], "each fit is kept");
    assert_eq!(latest(&lake, &clusters).await.unwrap().unwrap().rows, 8, "the newest is published");

    let rows = [
        row(&[("vendor", "Beam Builders"), ("department", "department 9")]),
        row(&[("vendor", "Paper Supplies Inc"), ("department", "department 9"), ("amount", "9")]),
    ];
    let said = predict(&platform, dataset, model(&platform, "high"), &rows).await.unwrap();
    let is_high: Vec<_> = said.rows.iter().map(|row| row[1].1.clone()).collect();
    assert_eq!(is_high, [true, false]);
    let groups = predict(&platform, dataset, model(&platform, "groups"), &[]).await.unwrap();
    let of: BTreeMap<String, String> = groups
        .rows
        .iter()
        .map(|row| (row[0].1.as_str().unwrap().to_owned(), row[1].1.to_string()))
        .collect();
    assert_eq!(of.len(), 8);
    assert_eq!(of["department 0"], of["department 3"]);
    assert_eq!(of["department 4"], of["department 7"]);
    assert_ne!(of["department 0"], of["department 4"]);
    let like_a_builder = [row(&[("payments", "200"), ("average", "5500")])];
    let said = predict(&platform, dataset, model(&platform, "groups"), &like_a_builder).await;
    assert_eq!(said.unwrap().rows[0][0].1.to_string(), of["department 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_keeps_no_other_from_being_learnt() {
    let lake = Lake::in_memory();
    let platform = platform(&lake);
    load(&platform).await;
    let damaged = "models/purse/groups/changes/00000001.json";
    lake.put_object(damaged, b"{}".to_vec()).await.unwrap();
    let ended = train(&platform, &platform.datasets[0], Refit::WhenDue).await;
    let Partly { done, failed } = ended.unwrap_err();
    assert!(failed.to_string().contains(damaged), "{failed}");
    let [(card, stage, _)] = done.fitted.as_slice() else { panic!("{done:?}") };
    assert_eq!((card.model.as_str(), *stage), ("high", ModelStage::Production));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_said() {
    let lake = Lake::in_memory();
    let platform = platform(&lake);
    let dataset = &platform.datasets[0];
    load(&platform).await;
    train(&platform, dataset, Refit::WhenDue).await.unwrap();
    let ask = async |name: &str, rows: &[BTreeMap<String, String>]| {
        predict(&platform, dataset, model(&platform, name), rows).await.unwrap_err().to_string()
    };
    assert_eq!(
        ask("high", &[row(&[("vender", "x")])]).await,
        "`vender` is no column that the model knows; its columns: department, vendor"
    );
    assert!(ask("high", &[]).await.contains("keeps no rows"));
    let error = ask("groups", &[row(&[("payments", "many"), ("average", "1")])]).await;
    assert!(error.contains("`payments` is `many`, which is no number"), "{error}");
}
