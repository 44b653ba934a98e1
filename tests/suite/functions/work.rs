//! How functions work: in any order, against deadlines, with poison among the messages; and what they
//! leave in reports.

use std::time::Instant;

use async_trait::async_trait;
use serde_json::{Value, json};
use smelt_alert::AlertContext;
use smelt_api::ApiContext;
use smelt_domain::{Alert, FailureKind, Outcome, RunId, RunReport};
use smelt_gold::GoldContext;
use smelt_ingest::IngestContext;
use smelt_lake::Lake;
use smelt_runtime::{Invocation, Trace};
use smelt_silver::SilverContext;
use smelt_stages::{Causes, Ended, NotTold, Notifier, RecentFailures, alert, write_failure};
use smelt_train::TrainContext;

use super::{Home, rows};
use crate::support::{checkout, nyc311, platform};

fn landed(names: &[&str]) -> Value {
    let keys: Vec<String> =
        names.iter().map(|name| format!("landing/nyc311/requests/{name}")).collect();
    created(&keys.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A message for each object that was created, numbered from 1.
pub(super) fn created(keys: &[&str]) -> Value {
    let records: Vec<Value> = (1..)
        .zip(keys)
        .map(|(number, key)| {
            let body = json!({ "Records": [{
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "bucket": { "name": "lake" },
                    "object": { "key": key },
                },
            }]});
            json!({
                "messageId": number.to_string(),
                "eventSource": "aws:sqs",
                "body": body.to_string(),
            })
        })
        .collect();
    json!({ "Records": records })
}

pub(super) fn failures(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    failures.map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

pub(super) fn reports(home: &Home, folder: &str) -> Vec<RunReport> {
    let mut paths: Vec<String> = super::walkdir(home.lake())
        .into_iter()
        .filter(|path| path.starts_with(folder) && path.ends_with(".json"))
        .collect();
    paths.sort();
    let read = |path: &String| std::fs::read(home.lake().join(path)).unwrap();
    paths.iter().map(|path| serde_json::from_slice(&read(path)).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_table_arrive_in_one_commit() {
    let home = Home::new();
    home.land("b.csv", &rows(21..=30));
    home.land("c.csv", &rows(31..=40));
    let answer = home.ask::<IngestContext>(landed(&["requests.csv", "b.csv", "c.csv"])).await;
    assert!(failures(&answer.unwrap()).is_empty());
    let reports = reports(&home, "runs/");
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].command, "ingest nyc311 requests");
    let steps: Vec<_> = reports[0].steps.iter().map(|step| (step.version, step.rows_in)).collect();
    assert_eq!(steps, [(Some(0), Some(40))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_told_and_holds_up_nobody() {
    let home = Home::new();
    home.land("sales.csv", "product,price\nball,3\n");
    let event = || landed(&["sales.csv", "requests.csv"]);
    let answer = home.ask::<IngestContext>(event()).await.unwrap();
    assert!(failures(&answer).is_empty(), "it would be refused again, so it need not come again");
    let failed = reports(&home, "failures/");
    assert_eq!(failed.len(), 1);
    let error = failed[0].error.as_deref().unwrap();
    assert!(error.contains("sales.csv: none of its columns is one that"), "{error}");
    // Whoever asks again may not have been heard the first time; `alert` tells the same thing once.
    home.ask::<IngestContext>(event()).await.unwrap();
    let again = reports(&home, "failures/");
    assert_eq!(again.len(), 2);
    assert_eq!(again[1].error, again[0].error);
    // A look at the whole folder finds what was refused long ago every time.
    let look = json!({ "dataset": "nyc311", "table": "requests" });
    home.ask::<IngestContext>(look).await.unwrap();
    assert_eq!(reports(&home, "failures/").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_time_is_over_the_rest_comes_again() {
    let home = Home::new();
    let late = Invocation { work_until: Some(Instant::now()), ..Invocation::local("r") };
    let answer = home.ask_within::<IngestContext>(landed(&["requests.csv"]), late.clone()).await;
    assert_eq!(failures(&answer.unwrap()), ["1"]);
    assert!(reports(&home, "runs/").is_empty(), "nothing was begun");
    let by_hand = json!({ "dataset": "nyc311" });
    let answer = home.ask_within::<SilverContext>(by_hand, late).await.unwrap();
    assert_eq!(answer, json!({ "runs": [], "unfinished": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_where_it_came_from_and_what_was_made_of_what() {
    let home = Home::new();
    home.ask::<IngestContext>(landed(&["requests.csv"])).await.unwrap();
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let invocation =
        Invocation { trace: Trace::of_x_ray(header), ..Invocation::local("request-7") };
    let event = json!({ "dataset": "nyc311" });
    let answer = home.ask_within::<SilverContext>(event, invocation).await.unwrap();
    assert_eq!(answer["runs"][0]["steps"][0]["rows_in"], 20);
    // Runs of the same second have no order.
    let mut reports = reports(&home, "runs/").into_iter();
    let of_silver = |report: &RunReport| report.origin.function.as_deref() == Some("silver");
    let report = reports.find(of_silver).unwrap();
    assert_eq!(report.origin.request_id.as_deref(), Some("request-7"));
    assert_eq!(report.origin.trace_id.as_deref(), Some("5759e988bd862e3fe1be46a994272793"));
    assert_eq!(report.dataset.as_ref().unwrap().as_str(), "nyc311");

    let lineage = smelt_domain::lineage_path(&report.run_id);
    let lineage = std::fs::read_to_string(home.lake().join(lineage)).unwrap();
    let event: Value = serde_json::from_str(lineage.lines().next().unwrap()).unwrap();
    assert_eq!(event["inputs"][0]["name"], "bronze/nyc311/requests");
    assert_eq!(event["outputs"][0]["name"], "silver/nyc311/requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_do_leaves_nothing() {
    let home = Home::new();
    home.ask::<IngestContext>(landed(&["requests.csv"])).await.unwrap();
    for _ in 0..2 {
        home.ask::<SilverContext>(json!({ "dataset": "nyc311" })).await.unwrap();
        home.ask::<GoldContext>(json!({ "dataset": "nyc311" })).await.unwrap();
    }
    let commands: Vec<String> =
        reports(&home, "runs/").into_iter().map(|report| report.command).collect();
    assert_eq!(commands.len(), 6, "one ingest, one silver, four marts: {commands:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_without_data_fails_only_who_asks_for_it_by_name() {
    let home = Home::new();
    let before = home.objects();
    let report = |period: &str| json!({ "dataset": "nyc311", "report": period });
    let answer = home.ask::<TrainContext>(report("last_month")).await.unwrap();
    assert_eq!(answer["runs"][0]["outcome"], "succeeded");
    assert_eq!((reports(&home, "runs/").len(), reports(&home, "failures/").len()), (0, 0));

    let error = home.ask::<TrainContext>(report("2019-01")).await.unwrap_err();
    assert_eq!(error, "Permanent.Stage");
    let failed = reports(&home, "failures/");
    let told = failed[0].error.as_deref().unwrap();
    assert!(told.starts_with("nyc311 has no data of January 2019; "), "{told}");
    assert_eq!(home.objects(), before, "nothing is published");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mart_that_cannot_be_trained_fails_the_run_and_is_told() {
    let home = Home::new();
    let log = home.lake().join("gold/nyc311/daily_requests/_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    std::fs::write(log.join("00000000000000000000.json"), "no log").unwrap();
    let answer = home.ask::<TrainContext>(json!({ "dataset": "nyc311" })).await;
    assert!(answer.unwrap_err().ends_with(".Lake"));
    let failed = reports(&home, "failures/");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].command, "train nyc311");
    let error = failed[0].error.as_deref().unwrap();
    assert!(error.contains("daily_requests"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_the_gateway_decoded_is_decoded_no_further() {
    let home = Home::new();
    let file = checkout().join("events/api/deletion_of_no_row.json");
    let mut event: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for key in ["50% off", "50%20off", "a%2Cb, c", "Zürich <1> {2}|`3`^\\4", "?#"] {
        event["rawPath"] = json!(format!("/v1/datasets/spending/records/{key}"));
        let answer = home.ask::<ApiContext>(event.clone()).await.unwrap();
        assert_eq!(answer["statusCode"], 404);
        let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("no row with the key {key};")), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_cannot_write_where_it_is_woken() {
    use smelt_runtime::Context;
    let home = Home::new();
    let silver: SilverContext = home.context().await;
    let lake = &silver.shared().lake;
    let error = lake.put_object("bronze/nyc311/x", b"x".to_vec()).await.unwrap_err();
    assert!(error.to_string().contains("no permission to write bronze/nyc311/x"), "{error}");
    assert!(!error.retryable());
}

/// Tells everything, to nobody.
struct Nobody;

#[async_trait]
impl Notifier for Nobody {
    async fn tell(&self, _: &Alert) -> Result<(), NotTold> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_an_unknown_dataset_is_refused_alone() {
    let home = Home::new();
    let platform = platform(Lake::open_folder(home.lake()).unwrap(), 1);
    let mut keys = Vec::new();
    for (number, dataset) in (0..).zip(["a_dataset_that_is_gone", "nyc311"]) {
        let ended = Ended {
            command: format!("silver {dataset} requests"),
            dataset: Some(dataset.parse().unwrap()),
            outcome: Outcome::Failed,
            failure: Some((FailureKind::Lasting, "damaged".to_owned())),
            steps: Vec::new(),
        };
        let run_id = RunId::new(platform.started_at, number);
        let report = RunReport { run_id, ..ended.into_report(&platform) };
        write_failure(&platform, &report).await.unwrap();
        keys.push(report.failure_path());
    }
    // The topic of this test is nowhere, so that what it would be told is told before.
    let recent = RecentFailures::default();
    let causes = Causes { recent: Some(&recent), ..Causes::default() };
    let told = alert(&platform, nyc311(&platform), &causes, &Nobody).await.unwrap().told;
    assert_eq!(told.len(), 1);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let answer = home.ask::<AlertContext>(created(&keys)).await.unwrap();
    assert_eq!(failures(&answer), ["1"]);
}
