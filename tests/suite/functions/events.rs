//! Each file in `events/` is a case: what the function answers, and whether it did anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smelt_alert::AlertContext;
use smelt_api::ApiContext;
use smelt_gold::GoldContext;
use smelt_ingest::IngestContext;
use smelt_maintain::MaintainContext;
use smelt_runtime::{Context, Invocation, build};
use smelt_silver::SilverContext;
use smelt_train::TrainContext;

use super::Home;
use crate::support::checkout;

/// What comes of an event.
#[derive(Debug, PartialEq)]
enum Ended {
    /// These messages (counted from 1) have to come again or end with the dead letters.
    Queue(Vec<usize>),
    /// Answered, with so many runs.
    Direct(usize),
    /// The function fails with this `errorType`.
    Failed(String),
    /// An HTTP answer with this status.
    Status(u64),
}

use Ended::{Direct, Queue, Status};

fn failed(error_type: &str) -> Ended {
    Ended::Failed(error_type.to_owned())
}

/// What every function that a queue wakes makes of the events that all of them have. `true`: it did
/// what it is there for.
fn of_every_queue(direct_runs: usize) -> Vec<(&'static str, Ended, bool)> {
    vec![
        ("notification", Queue(vec![]), true),
        ("duplicated", Queue(vec![]), true),
        ("came_again", Queue(vec![]), true),
        ("direct", Direct(direct_runs), true),
        ("through_sns", Queue(vec![]), true),
        ("event_bridge", Queue(vec![]), true),
        ("test_event", Queue(vec![]), false),
        ("deleted", Queue(vec![]), false),
        ("malformed", Queue(vec![1, 3]), true),
        ("malformed_direct", failed("Permanent.Event"), false),
        // A folder takes events about any bucket; what a lake in a bucket makes of it is below.
        ("foreign_bucket", Queue(vec![]), true),
        ("foreign_layer", Queue(vec![1]), true),
        ("unknown_dataset", Queue(vec![1]), true),
        ("unknown_dataset_by_hand", failed("Permanent.NotDefined"), false),
        ("empty_batch", Direct(0), false),
    ]
}

fn of_ingest() -> Vec<(&'static str, Ended, bool)> {
    let own = [
        ("odd_keys", Queue(vec![]), true),
        ("not_utf8_key", Queue(vec![1]), false),
        ("folder_marker", Queue(vec![]), false),
        ("too_short_key", Queue(vec![1]), false),
        ("gone", Queue(vec![]), false),
        // The portal is not there: nobody answers at this address.
        ("schedule", failed("Retryable.Source"), true),
        ("schedule_source", failed("Retryable.Source"), false),
        ("schedule_unknown_source", failed("Permanent.NotDefined"), false),
        ("schedule_misspelt", failed("Permanent.Event"), false),
    ];
    of_every_queue(1).into_iter().chain(own).collect()
}

fn of_silver() -> Vec<(&'static str, Ended, bool)> {
    let own = [
        ("schedule", Direct(1), true),
        ("other_objects", Queue(vec![]), false),
        ("unknown_table", Queue(vec![1]), false),
        ("anew", Direct(1), true),
    ];
    of_every_queue(1).into_iter().chain(own).collect()
}

fn of_gold() -> Vec<(&'static str, Ended, bool)> {
    let own = [
        ("schedule", Direct(5), true),
        ("other_objects", Queue(vec![]), false),
        ("one_mart", Direct(2), true),
        ("not_taken", failed("Permanent.NotTaken"), false),
        ("unknown_mart", failed("Permanent.NotDefined"), false),
    ];
    of_every_queue(5).into_iter().chain(own).collect()
}

fn of_alert() -> Vec<(&'static str, Ended, bool)> {
    let own = [
        ("schedule", Direct(1), false),
        ("other_objects", Queue(vec![]), false),
        ("failure", Queue(vec![]), false),
    ];
    // There is nothing to tell in this lake.
    let all = of_every_queue(1).into_iter().chain(own);
    all.map(|(name, ended, _)| (name, ended, false)).collect()
}

fn of_schedule(does: bool) -> Vec<(&'static str, Ended, bool)> {
    vec![
        ("schedule", Direct(1), does),
        ("unknown_dataset", failed("Permanent.NotDefined"), false),
        ("malformed", failed("Permanent.Event"), false),
        ("test_event", Direct(0), false),
        ("notification", failed("Permanent.ForeignLayer"), false),
    ]
}

fn of_api() -> Vec<(&'static str, Ended, bool)> {
    vec![
        ("health", Status(200), false),
        ("ready", Status(200), false),
        ("datasets", Status(200), false),
        ("dataset", Status(200), false),
        ("unknown_dataset", Status(404), false),
        ("path_traversal", Status(404), false),
        // As an HTTP API hands it over.
        ("path_traversal_decoded", Status(404), false),
        ("status", Status(200), false),
        ("runs", Status(200), false),
        ("runs_bad_limit", Status(400), false),
        ("query_not_encoded", Status(400), false),
        ("no_route", Status(404), false),
        ("wrong_method", Status(405), false),
        ("preflight", Status(204), false),
        ("openapi", Status(200), false),
        // Nothing is published in this lake yet.
        ("mart_question", Status(404), false),
        ("mart_as_parquet", Status(404), false),
        ("view", Status(404), false),
        ("mart_unknown_column", Status(400), false),
        // A folder takes no uploads with signed addresses, and has no queues behind it.
        ("upload", Status(409), false),
        ("refresh", Status(409), false),
        ("upload_path_traversal", Status(400), false),
        ("upload_too_large", Status(413), false),
        ("uploads", Status(200), false),
        ("unknown_upload", Status(404), false),
        ("unknown_upload_events", Status(404), false),
        ("quarantine", Status(200), false),
        ("models", Status(200), false),
        ("predict_nothing_known", Status(404), false),
        ("predict_before_training", Status(400), false),
        // Rows wait in bronze.
        ("correction_of_no_row", Status(409), false),
        ("deletion_of_no_row", Status(409), false),
        ("malformed", failed("Permanent.NoRequest"), false),
    ]
}

/// Tries every file of a function on a lake of its own that is prepared so that it has something to do.
async fn every_file<C: Context>(
    expected: Vec<(&'static str, Ended, bool)>,
    prepare: impl AsyncFn(&Home),
) {
    let mut expected: BTreeMap<&str, (Ended, bool)> =
        expected.into_iter().map(|(name, ended, does)| (name, (ended, does))).collect();
    let folder = checkout().join("events").join(C::FUNCTION.name);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let Some((ended, does)) = expected.remove(name.as_str()) else {
            panic!("{} is no case yet", path.display());
        };
        let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let home = Home::new();
        prepare(&home).await;
        let before = home.objects();
        let found = ended_as(home.ask::<C>(event).await);
        assert_eq!(found, ended, "{}", path.display());
        assert_eq!(home.objects() != before, does, "{}: did it do anything?", path.display());
    }
    assert!(expected.is_empty(), "cases without a file: {expected:?}");
}

fn ended_as(answer: Result<Value, String>) -> Ended {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error_type) => return Ended::Failed(error_type),
    };
    if let Some(status) = answer["statusCode"].as_u64() {
        return Status(status);
    }
    if let Some(runs) = answer["runs"].as_array() {
        return Direct(runs.len());
    }
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    let number = |failure: &Value| {
        failure["itemIdentifier"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap()
    };
    Queue(failures.map(number).collect())
}

async fn by_hand<C: Context>(home: &Home) {
    home.ask::<C>(json!({ "dataset": "nyc311" })).await.unwrap();
}

async fn landed(home: &Home) {
    let event = json!({ "dataset": "nyc311", "table": "requests" });
    home.ask::<IngestContext>(event).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_function_ingest() {
    let prepare = async |home: &Home| {
        let names = ["an export (1).csv", "Zürich+1.csv", "encoded.csv"];
        for (number, name) in (1..).zip(names) {
            home.land(name, &super::rows(number * 100..=number * 100 + 9));
        }
    };
    every_file::<IngestContext>(of_ingest(), prepare).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_function_silver() {
    every_file::<SilverContext>(of_silver(), landed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_function_gold() {
    let prepare = async |home: &Home| {
        landed(home).await;
        by_hand::<SilverContext>(home).await;
    };
    every_file::<GoldContext>(of_gold(), prepare).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_function_alert() {
    let prepare = async |home: &Home| {
        landed(home).await;
        by_hand::<SilverContext>(home).await;
        by_hand::<GoldContext>(home).await;
    };
    every_file::<AlertContext>(of_alert(), prepare).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_functions_that_schedules_wake() {
    let mut of_train = of_schedule(false);
    of_train.push(("report_of_no_period", failed("Permanent.Stage"), false));
    // There is nothing of the month before in this lake, which is no failure: a schedule asks for every dataset.
    of_train.push(("report", Direct(1), false));
    every_file::<TrainContext>(of_train, async |_: &Home| ()).await;
    let mut of_maintain = of_schedule(true);
    // Nothing is in silver yet that a source could have deleted.
    of_maintain.push(("schedule_source", Direct(1), false));
    every_file::<MaintainContext>(of_maintain, async |_: &Home| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_function_api() {
    every_file::<ApiContext>(of_api(), landed).await;
}

/// A lake in the bucket that the events name as its own, at an address where nobody answers.
async fn in_the_bucket<C: Context>() -> C {
    let datasets = checkout().join("datasets").display().to_string();
    let mut environment = vec![
        ("SMELT_LAKE", "s3://smelt-dev-data"),
        ("SMELT_DATASETS", datasets.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ALLOW_HTTP", "true"),
    ];
    if C::FUNCTION.name == "alert" {
        environment.push(("SMELT_ALERT_TOPIC", "arn:aws:sns:eu-central-1:123456789012:alerts"));
    }
    let environment = environment.into_iter();
    build(environment.map(|(name, value)| (name.to_owned(), value.to_owned()))).await.unwrap()
}

/// The first message of the file is about another bucket. Alone it is refused without any look at the lake.
async fn refuses_the_foreign_bucket<C: Context>() {
    let name = C::FUNCTION.name;
    let path = checkout().join("events").join(name).join("foreign_bucket.json");
    let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let messages = event["Records"].as_array_mut().unwrap();
    messages.truncate(1);
    assert!(messages[0]["body"].as_str().unwrap().contains("somebody-elses"), "{name}");
    let context: C = in_the_bucket().await;
    let answer = context.handle(event, Invocation::local("request-1")).await;
    assert_eq!(answer.unwrap()["batchItemFailures"].as_array().unwrap().len(), 1, "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_in_a_bucket_refuses_events_about_another_bucket() {
    refuses_the_foreign_bucket::<IngestContext>().await;
    refuses_the_foreign_bucket::<SilverContext>().await;
    refuses_the_foreign_bucket::<GoldContext>().await;
    refuses_the_foreign_bucket::<AlertContext>().await;
}
