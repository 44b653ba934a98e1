//! Training as people see it: what fails, what is done beside it, and what is known of models.

use chrono::{Days, Utc};
use serde_json::{Value, json};

use super::{Home, assert_holds};

const YAML: &str = "\
dataset: till
description: Sales of a shop
tables:
  sales:
    description: one row per day
    source_columns: [day, sold]
    key: [day]
    partition: month
    columns: {day: DATE, sold: BIGINT, month: TEXT}
marts:
  daily:
    description: sales by day
    from: sales
    key: [date]
    columns: {date: DATE, sold: BIGINT}
    series: {value: sold, time: date, every: day, horizon: 30}
  total:
    description: sales by day, once more
    from: sales
    key: [date]
    columns: {date: DATE, sold: BIGINT}
    series: {value: sold, time: date, every: day, horizon: 30}
";
const SILVER: &str = "SELECT TRY_CAST(day AS DATE) AS day, TRY_CAST(sold AS BIGINT) AS sold, \
                      SUBSTR(day, 1, 7) AS month FROM bronze.till_sales";
const GOLD: &str = "SELECT day AS date, SUM(sold) AS sold FROM silver.till_sales GROUP BY day";

/// A shop that opened four weeks ago: enough for forecasts of 30 days, and not for a backtest of them.
fn home_of_a_new_shop() -> Home {
    let home = Home::with_own_datasets();
    home.write("datasets/till/dataset.yaml", YAML);
    home.write("datasets/till/silver/sales.sql", SILVER);
    for mart in ["daily", "total"] {
        home.write(&format!("datasets/till/gold/{mart}.sql"), GOLD);
    }
    let today = Utc::now().date_naive();
    let rows = (3..=30).map(|ago| format!("{},{}\n", today - Days::new(ago), 100 + ago % 9));
    home.write("sales.csv", format!("day,sold\n{}", rows.collect::<String>()));
    home.fine(&["ingest", "till", "--file", "sales.csv"]);
    home.fine(&["refresh", "till"]);
    home
}

#[test]
fn a_mart_that_fails_ends_with_1_and_the_others_are_trained() {
    let home = home_of_a_new_shop();
    home.write("lake/models/till/daily/changes/00000001.json", "{}");
    let ran = home.run(&["train", "till"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_civil();
    assert_holds(&ran.err, &["error: ", "models/till/daily/changes/00000001.json is damaged"]);
    assert_holds(&ran.out, &["till/total", "production"]);
    assert!(!ran.out.contains("till/daily"), "{}", ran.out);
    let forecast = "SELECT mart, COUNT(*) FROM gold.till_forecast GROUP BY mart";
    assert_eq!(home.select(forecast), ["total,30"]);
    assert!(home.path("lake/published/till/forecast/latest.json").exists());
}

#[test]
fn that_a_model_has_no_backtest_is_told_wherever_it_is_shown() {
    let home = home_of_a_new_shop();
    let trained = home.fine(&["train", "till"]);
    let why = "no backtest: too few values to try it on (28 of 38 needed)";
    assert_holds(&trained, &["till/daily", why, "there is no other in production"]);

    let listed = home.fine(&["models", "list", "till"]);
    for line in listed.lines().skip(1) {
        assert!(line.ends_with("  no backtest"), "{listed}");
    }
    let shown: Value =
        serde_json::from_str(&home.fine(&["models", "show", "till", "daily"])).unwrap();
    assert_eq!(shown["card"]["metrics"], json!({}));
    let events = shown["history"].as_array().unwrap();
    assert_holds(events.last().unwrap()["reason"].as_str().unwrap(), &[why]);
    let experiments = "SELECT model, stage, mase, seasonal_naive_mase FROM gold.till_experiments \
                       ORDER BY model";
    assert_eq!(home.select(experiments), ["daily,production,,", "total,production,,"]);
}
