//! Reports over a small lake: every number is what a sum over the same rows says, and what is not known
//! is not told.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate};
use smelt_domain::{Dataset, DefinitionFiles, parse_dataset};
use smelt_lake::Lake;
use smelt_report::{Figure, Listed, Period, Report, to_html, to_markdown};
use smelt_stages::{
    Engine, EngineSettings, Platform, Refit, Silent, StageError, Upload, ingest_files,
    latest_report, publish_report, quality, refresh_dataset, report, train,
};

const YAML: &str = "\
dataset: till
description: Sales of a chain of shops
tables:
  sales:
    description: one row per day and shop
    source_columns: [day, shop, sold, revenue]
    key: [day, shop]
    partition: month
    newest: day
    columns: {day: DATE, shop: TEXT, sold: BIGINT, revenue: 'DECIMAL(18,2)', month: TEXT}
    expectations:
      - {rule: sold_is_integer, not_null: sold, on_violation: reject, reason: sold is not an integer}
      - {rule: sold_is_little, range: {column: sold, max: 1000}, on_violation: warn, reason: more than the shop has}
marts:
  daily:
    description: sales by day and shop
    from: sales
    key: [date, shop]
    columns: {date: DATE, shop: TEXT, sold: BIGINT, revenue: 'DECIMAL(18,2)', share: DOUBLE}
    series:
      value: sold
      time: date
      by: [shop]
      label: 'sales of {shop}'
      every: day
      horizon: 7
      alerts: {smallest_effect: 30}

  ranked:
    description: shops by month
    from: sales
    key: [month, shop]
    columns:
      month: TEXT
      shop: TEXT
      days: {type: BIGINT, description: days on which the shop sold anything}
      rank: BIGINT
";
const SILVER: &str = "SELECT TRY_CAST(day AS DATE) AS day, shop, TRY_CAST(sold AS BIGINT) AS sold, \
                      TRY_CAST(revenue AS DECIMAL(18,2)) AS revenue, \
                      SUBSTR(day, 1, 7) AS month FROM bronze.till_sales";
const DAILY: &str = "SELECT day AS date, shop, SUM(sold) AS sold, SUM(revenue) AS revenue, \
                     0.5 AS share FROM silver.till_sales GROUP BY day, shop";
const RANKED: &str = "SELECT month, shop, COUNT(*) AS days, \
                      RANK() OVER (PARTITION BY month ORDER BY SUM(sold) DESC) AS rank \
                      FROM silver.till_sales GROUP BY month, shop";

/// One of them is not a friend.
const SHOPS: [&str; 3] = ["harbour", "market", "<b>|fair"];
const FIRST: &str = "2026-06-20";
/// The last day that is over; the shops have opened on the next one.
const LAST: &str = "2026-10-20";
const SPIKE: &str = "2026-09-15";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn till() -> Dataset {
    let files = [
        ("dataset.yaml", YAML),
        ("silver/sales.sql", SILVER),
        ("gold/daily.sql", DAILY),
        ("gold/ranked.sql", RANKED),
    ];
    let files: BTreeMap<String, String> =
        files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    parse_dataset(&DefinitionFiles { folder: "till".to_owned(), files }).unwrap()
}

fn sold(day: NaiveDate, shop: &str) -> i64 {
    let number = u64::try_from(day.num_days_from_ce()).unwrap() * 31 + shop.len() as u64 * 7;
    let noise = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % 13;
    let weekend = if day.weekday().number_from_monday() > 5 { 60 } else { 0 };
    let spike = if day == self::day(SPIKE) && shop == "harbour" { 5 } else { 1 };
    spike * (200 + weekend + i64::try_from(noise).unwrap())
}

fn days(first: &str, last: &str) -> impl Iterator<Item = NaiveDate> + Clone {
    let last = day(last);
    day(first).iter_days().take_while(move |day| *day <= last)
}

/// What the shops sold in these days, both included.
fn total(first: &str, last: &str) -> f64 {
    let all = days(first, last).flat_map(|day| SHOPS.map(|shop| sold(day, shop)));
    all.sum::<i64>() as f64
}

/// On the morning after the last day.
fn platform(lake: &Lake) -> Platform {
    let settings =
        EngineSettings { memory_bytes: 256 << 20, parallelism: 2, scratch: std::env::temp_dir() };
    let engine = Engine::new(lake, settings).unwrap();
    let mut platform = Platform::new(lake.clone(), engine, vec![till()], Arc::new(Silent));
    let morning = day(LAST) + Days::new(1);
    platform.started_at = morning.and_hms_opt(6, 0, 0).unwrap().and_utc();
    platform
}

async fn lake() -> Lake {
    let lake = Lake::in_memory();
    let platform = platform(&lake);
    let mut csv = "day,shop,sold,revenue\n2026-09-01,harbour,many,1\n".to_owned();
    for day in days(FIRST, LAST) {
        for shop in SHOPS {
            let sold = sold(day, shop);
            csv.push_str(&format!("{day},{shop},{sold},{}.50\n", 2 * sold));
        }
    }
    csv.push_str("2026-10-21,harbour,1,2.50\n");
    take_in(&platform, &csv).await;
    lake
}

async fn take_in(platform: &Platform, csv: &str) {
    let dataset = &platform.datasets[0];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sales.csv");
    std::fs::write(&path, csv).unwrap();
    ingest_files(platform, dataset, &dataset.tables[0], vec![Upload::local(path)]).await.unwrap();
    refresh_dataset(platform, dataset).await.unwrap();
}

async fn reported(lake: &Lake, period: &str) -> Report {
    let platform = platform(lake);
    report(&platform, &platform.datasets[0], period.parse().unwrap()).await.unwrap()
}

#[track_caller]
fn figure<'a>(report: &'a Report, name: &str) -> &'a Figure {
    let found = report.figures.iter().find(|figure| figure.measure.name == name);
    found.unwrap_or_else(|| panic!("{name} is not among {:?}", report.figures))
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_sums_and_stand_beside_the_period_before() {
    let report = reported(&lake().await, "2026-09").await;
    assert_eq!(report.until, None);
    let names: Vec<&str> = report.figures.iter().map(|it| it.measure.name.as_str()).collect();
    assert_eq!(names, ["sold", "revenue", "days"], "no share, no rank");

    let sold = figure(&report, "sold");
    assert_eq!(sold.value, Some(total("2026-09-01", "2026-09-30")));
    assert_eq!(sold.before, Some(total("2026-08-01", "2026-08-31")));
    assert_eq!(sold.year_before, None, "there was nothing a year before");
    assert_eq!(sold.trend.len(), 30);
    let revenue = figure(&report, "revenue");
    assert_eq!(revenue.value, sold.value.map(|sold| 2.0 * sold + 0.5 * 90.0));
    assert_eq!(figure(&report, "days").value, Some(90.0));

    let [shops] = report.breakdowns.as_slice() else { panic!("{:?}", report.breakdowns) };
    assert_eq!((shops.dimension.as_str(), shops.groups.len()), ("shop", 3));
    assert_eq!(
        shops.groups.iter().filter_map(|group| group.value).sum::<f64>(),
        sold.value.unwrap()
    );
    assert_eq!(shops.total_before, sold.before);

    let [balance] = report.balances.as_slice() else { panic!("{:?}", report.balances) };
    assert!(balance.is_exact() && balance.quarantined == 1, "{balance:?}");
    let daily = report.tables.iter().find(|table| table.table.sql_name() == "gold.till_daily");
    let daily = daily.unwrap();
    assert!(daily.version.is_some() && daily.written_at.is_some() && daily.behind == Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_counted_as_everywhere() {
    let lake = lake().await;
    let platform = platform(&lake);
    // A run that brings nothing of the kind takes nothing back.
    take_in(&platform, "day,shop,sold,revenue\n2026-10-21,market,1,2.50\n").await;
    let sales = days(FIRST, LAST).flat_map(|day| SHOPS.map(|shop| sold(day, shop)));
    let too_many = sales.filter(|sold| *sold > 1000).count() as u64;
    assert!(too_many > 0);
    let report = reported(&lake, "2026-09").await;
    let told: Vec<_> = report.rules.iter().map(|it| (it.rule.to_string(), it.rows)).collect();
    let expected = [("sold_is_integer", Some(1)), ("sold_is_little", Some(too_many))];
    assert_eq!(told, expected.map(|(rule, rows)| (rule.to_owned(), rows)));
    let known = quality(&platform, &platform.datasets[0]).await.unwrap();
    let known: Vec<_> = known.into_iter().map(|it| (it.rule, it.rows_failed)).collect();
    assert_eq!(told, known);
    let page = to_html(&report);
    assert!(page.contains("counted as they were taken in"), "it says what is counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_with_a_part_of_a_period_is_none() {
    let lake = lake().await;
    // The shops opened on 20 June.
    let july = reported(&lake, "2026-07").await;
    assert_eq!(figure(&july, "sold").before, None);
    let june = reported(&lake, "2026-06").await;
    let trend = &figure(&june, "sold").trend;
    assert_eq!(trend.iter().filter(|value| value.is_none()).count(), 19, "closed is not zero");
    assert_eq!(figure(&june, "sold").value, Some(total("2026-06-20", "2026-06-30")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_period_that_is_not_over_the_days_that_are_count() {
    let lake = lake().await;
    let report = reported(&lake, "2026-10").await;
    assert_eq!(report.until, Some(day("2026-10-21")), "the day goes on");
    let sold = figure(&report, "sold");
    assert_eq!(sold.value, Some(total("2026-10-01", "2026-10-20")));
    assert_eq!(sold.before, Some(total("2026-09-01", "2026-09-20")), "the same days");
    assert_eq!(sold.until, Some(day("2026-10-21")));
    // A month that goes on cannot be cut: it is compared with nothing.
    assert_eq!(figure(&report, "days").before, None);
    let week = reported(&lake, "2026-W42").await;
    assert_eq!(figure(&week, "sold").value, Some(total("2026-10-12", "2026-10-18")));
    assert_eq!(figure(&week, "sold").before, Some(total("2026-10-05", "2026-10-11")));
    assert!(
        week.figures.iter().all(|figure| figure.measure.name != "days"),
        "months have no weeks"
    );
    let quarter = reported(&lake, "2026-Q3").await;
    assert_eq!(figure(&quarter, "sold").value, Some(total("2026-07-01", "2026-09-30")));
    let one = reported(&lake, "2026-10-20").await;
    assert_eq!(figure(&one, "sold").value, Some(total("2026-10-20", "2026-10-20")));
    assert_eq!(figure(&one, "sold").before, Some(total("2026-10-19", "2026-10-19")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_unusual_is_listed_and_marked() {
    let lake = lake().await;
    let report = reported(&lake, "2026-09").await;
    assert!(report.anomalies.are_known);
    let spike = &report.anomalies.listed[0];
    assert_eq!((spike.what.as_str(), spike.from.as_str()), ("sales of harbour", SPIKE));
    assert_eq!(spike.observed, sold(day(SPIKE), "harbour") as f64);
    assert!(spike.expected < 400.0 && spike.usual.hi < spike.observed, "{spike:?}");

    let [section] = report.series.as_slice() else { panic!("{:?}", report.series) };
    let harbour = &section.members[0];
    assert_eq!(harbour.title, "sales of harbour", "the one with the anomaly comes first");
    let mark = harbour.marks.iter().find(|mark| mark.time.date() == day(SPIKE)).unwrap();
    assert_eq!((mark.value, mark.number), (spike.observed, Some(1)));
    let all = section.total.as_ref().unwrap();
    let mark = all.marks.iter().find(|mark| mark.time.date() == day(SPIKE)).unwrap();
    assert_eq!(mark.value, SHOPS.map(|shop| sold(day(SPIKE), shop)).iter().sum::<i64>() as f64);

    let calm = reported(&lake, "2026-08").await;
    assert!(calm.anomalies.are_known && calm.anomalies.listed.is_empty(), "{:?}", calm.anomalies);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_next_is_told_after_the_newest_day() {
    let lake = lake().await;
    let before = reported(&lake, "2026-10").await;
    assert!(before.forecasts.is_empty() && before.accuracy.is_empty(), "nothing was fitted");

    let platform = platform(&lake);
    train(&platform, &platform.datasets[0], Refit::WhenDue).await.unwrap();
    let report = reported(&lake, "2026-10").await;
    let [forecasts] = report.forecasts.as_slice() else { panic!("{:?}", report.forecasts) };
    assert_eq!(forecasts.listed, Listed::LargestSeries { more: 0 });
    assert_eq!(forecasts.steps.len(), 3);
    for step in &forecasts.steps {
        assert_eq!(step.when, "2026-10-22", "after the newest row");
        let (expected, band) = (step.expected.unwrap(), step.interval_95.unwrap());
        assert!((150.0..350.0).contains(&expected), "{step:?}");
        assert!(band.lo <= expected && expected <= band.hi, "{step:?}");
    }
    let chart = &report.series[0].members[0];
    let now = chart.now.unwrap();
    assert!(chart.points.iter().any(|point| point.time >= now && point.band.is_some()));
    assert!(chart.points.iter().filter(|point| point.time >= now).all(|it| it.actual.is_none()));
    assert!(report.accuracy[0].mase.is_some());
    let long_ago = reported(&lake, "2026-07").await;
    assert!(long_ago.forecasts.is_empty(), "nobody asks July what comes next");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_say_what_was_gathered_and_no_text_breaks_out() {
    let report = reported(&lake().await, "2026-09").await;
    let (html, markdown) = (to_html(&report), to_markdown(&report));
    let sum = total("2026-09-01", "2026-09-30") as u64;
    let sum = format!("{},{:03}", sum / 1000, sum % 1000);
    for page in [&html, &markdown] {
        assert!(page.contains(&sum), "{sum} in {page}");
        assert!(page.contains("September 2026") && page.contains("sales of harbour"));
    }
    assert!(html.contains("&lt;b&gt;|fair") && !html.contains("<b>|fair"));
    assert!(markdown.contains(r"\<b\>\|fair"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reported_is_refused_with_a_remedy() {
    let lake = lake().await;
    let platform = platform(&lake);
    let refused = async |period: &str| {
        let period: Period = period.parse().unwrap();
        report(&platform, &platform.datasets[0], period).await.unwrap_err().to_string()
    };
    assert_eq!(
        refused("2026-11").await,
        "November 2026 lies in the future; today is 2026-10-21; ask for a period that has begun"
    );
    let empty = refused("2025").await;
    let reach = "`smelt status till` shows how far its marts reach";
    assert_eq!(empty, format!("till has no data of 2025; {reach}"));
    let by_month = "; a mart by month tells nothing of weeks and days";
    assert_eq!(
        refused("2025-W03").await,
        format!("till has no data of week 3 of 2025; {reach}{by_month}")
    );
    assert!(refused("2025-01-05").await.ends_with(by_month));
    let nothing = Lake::in_memory();
    let empty = self::platform(&nothing);
    let period = "2026-09".parse().unwrap();
    let error = report(&empty, &empty.datasets[0], period).await.unwrap_err();
    assert!(error.to_string().starts_with("till has no data of September 2026"), "{error}");
    assert!(matches!(error, StageError::NothingToReport { .. }), "{error:?}");
    assert!(!error.retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn published_reports_are_pages_and_the_pointer_goes_forward() {
    let lake = lake().await;
    let platform = platform(&lake);
    let dataset = &platform.datasets[0];
    assert_eq!(latest_report(&platform, &dataset.name).await.unwrap(), None);
    let publish = async |period: &str| {
        publish_report(&platform, dataset, period.parse().unwrap()).await.unwrap()
    };
    let september = publish("2026-09").await;
    assert_eq!(september.path, "published/reports/till/2026-09.html");
    let page = lake.get_object(&september.path).await.unwrap().unwrap();
    assert_eq!(page.len() as u64, september.bytes);
    assert_eq!(String::from_utf8(page).unwrap(), to_html(&reported(&lake, "2026-09").await));
    assert!(september.summary[0].starts_with("Sold: "), "{:?}", september.summary);
    assert_eq!(latest_report(&platform, &dataset.name).await.unwrap(), Some(september.clone()));

    let august = publish("2026-08").await;
    assert!(lake.get_object(&august.path).await.unwrap().is_some());
    assert_eq!(latest_report(&platform, &dataset.name).await.unwrap(), Some(september));
    let october = publish("2026-10").await;
    assert_eq!(latest_report(&platform, &dataset.name).await.unwrap(), Some(october));

    // A pointer that nobody can read is as good as none.
    lake.put_object("published/reports/till/latest.json", b"{".to_vec()).await.unwrap();
    assert_eq!(latest_report(&platform, &dataset.name).await.unwrap(), None);
    let august = publish("2026-08").await;
    assert_eq!(latest_report(&platform, &dataset.name).await.unwrap(), Some(august));
}
