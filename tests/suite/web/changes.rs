//! What changes data: uploads and corrections.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use smelt_domain::{FailureKind, Outcome, RunReport};
use smelt_stages::{last_reports, refresh_dataset, sweep_landing};
use smelt_web::{Origin, RefreshMode};

use super::Served;
use crate::series::{World, day};

/// What the refresher of a real server does.
pub(super) async fn refresh(world: &World) {
    let platform = world.platform(1);
    let dataset = &platform.datasets[0];
    sweep_landing(&platform, dataset, &dataset.tables[0]).await.unwrap();
    refresh_dataset(&platform, dataset).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_announced_sent_and_watched() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let content = format!("day,shop,sold\n{},harbour,7\nnever,harbour,7\n", day(-200));
    let announce = async |name: &str, bytes: usize| {
        let body = json!({"file_name": name, "bytes": bytes});
        served.with_json(Method::POST, "/v1/datasets/till/uploads", &body).await
    };
    let send = async |announced: &Value, content: &str| {
        let request = Request::put(announced["url"].as_str().unwrap());
        let kind = announced["headers"]["content-type"].as_str().unwrap();
        let request = request.header(header::CONTENT_TYPE, kind);
        served.send(request.body(Body::from(content.to_owned())).unwrap()).await
    };
    announce("../../a.csv", 10).await.assert_problem(StatusCode::BAD_REQUEST, "file_name");
    announce("a.exe", 10).await.assert_problem(StatusCode::BAD_REQUEST, "file_name");
    announce("a.csv", 2 << 20).await.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "1048576");

    let answer = announce("größe (1) of sales.csv", content.len()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let announced = answer.json();
    let watch = announced["watch"].as_str().unwrap().to_owned();
    assert_eq!(served.get(&watch).await.json()["stage"], "awaited");
    send(&announced, &content[1..]).await.assert_problem(StatusCode::BAD_REQUEST, "announced");
    let more = format!("{content}x");
    send(&announced, &more).await.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "announced");
    assert_eq!(served.get(&watch).await.json()["stage"], "awaited", "nothing of it is there");
    assert_eq!(send(&announced, &content).await.status, StatusCode::OK);
    send(&announced, &content).await.assert_problem(StatusCode::CONFLICT, "already");
    assert_eq!(served.get(&watch).await.json()["stage"], "waiting");
    let asked = served.noted.0.lock().unwrap().clone();
    assert_eq!((asked.len(), asked[0].mode), (1, RefreshMode::Incremental));

    let events = served.get(announced["events"].as_str().unwrap());
    let (events, ()) = tokio::join!(events, refresh(&world));
    let events = events.text();
    assert!(events.starts_with("event: progress"), "{events}");
    let last = events.rsplit("event: done").next().unwrap();
    let data = last.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let done: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&done["stage"], &done["rows"]), (&json!("published"), &json!(2)), "{done}");
    let listed = served.get("/v1/uploads?dataset=till").await.json();
    let listed = listed["uploads"].as_array().unwrap();
    assert_eq!(listed[0], done, "{listed:?}");
    let newest = served.get("/v1/uploads?dataset=till&limit=1").await.json();
    assert_eq!(newest["uploads"], json!([done]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_corrected_through_bronze() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let row = format!("/v1/datasets/till/records/{},harbour", day(0));
    let put = |body: Value| {
        let (served, row) = (&served, &row);
        async move { served.with_json(Method::PUT, row, &body).await }
    };
    put(json!({"values": {}})).await.assert_problem(StatusCode::BAD_REQUEST, "values");
    put(json!({"values": {"colour": "red"}})).await.assert_problem(StatusCode::BAD_REQUEST, "sold");
    put(json!({"values": {"sold": "many"}})).await.assert_problem(StatusCode::BAD_REQUEST, "many");
    put(json!({"values": {"sold": [1]}})).await.assert_problem(StatusCode::BAD_REQUEST, "sold");
    let refused = put(json!({"values": {"sold": null}})).await;
    refused.assert_problem(StatusCode::BAD_REQUEST, "sold is not an integer");
    // More digits than a float has.
    let digits = r#"{"values": {"sold": 9007199254740993}}"#;
    let request = Request::put(&row).header(header::CONTENT_TYPE, "application/json");
    let exact = served.send(request.body(Body::from(digits)).unwrap()).await;
    assert_eq!(exact.status, StatusCode::ACCEPTED, "{}", exact.text());
    refresh(&world).await;
    let silver = format!(
        "SELECT sold FROM silver.till_sales WHERE shop = 'harbour' AND day = DATE '{}'",
        day(0)
    );
    assert_eq!(world.rows(&silver).await, ["9007199254740993"]);
    let taken = put(json!({"values": {"sold": 1234}})).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text());
    refresh(&world).await;
    let sql = format!(
        "SELECT sold FROM gold.till_daily WHERE shop = 'harbour' AND date = DATE '{}'",
        day(0)
    );
    assert_eq!(world.rows(&sql).await, ["1234"]);
    let runs = served.get("/v1/runs?limit=200").await.json();
    let commands: Vec<&str> =
        runs.as_array().unwrap().iter().map(|run| run["command"].as_str().unwrap()).collect();
    assert!(commands.contains(&"record put till --table sales by anybody"), "{commands:?}");

    // One right behind another would not know of it.
    assert_eq!(put(json!({"values": {"sold": 5}})).await.status, StatusCode::ACCEPTED);
    let behind = put(json!({"values": {"sold": 6}})).await;
    behind.assert_problem(StatusCode::CONFLICT, "wait in bronze");
    assert_eq!(behind.header(header::RETRY_AFTER), "5");
    refresh(&world).await;
    let gone = Request::delete(&row).body(Body::empty()).unwrap();
    assert_eq!(served.send(gone).await.status, StatusCode::ACCEPTED);
    refresh(&world).await;
    assert_eq!(world.rows(&sql).await, [""; 0]);
    let again = Request::delete(&row).body(Body::empty()).unwrap();
    served.send(again).await.assert_problem(StatusCode::NOT_FOUND, "no row");
}

const TRACE: &str = "5759e988bd862e3fe1be46a994272793";

/// Corrects a row, as the function `api` hands such a request over.
async fn correct(served: &Served, id: &str, value: Value) -> super::Answer {
    let row = format!("/v1/datasets/till/records/{},harbour", day(0));
    let body = Body::from(json!({"values": {"sold": value}}).to_string());
    let request = Request::put(row).header(header::CONTENT_TYPE, "application/json");
    let mut request = request.body(body).unwrap();
    let origin = Origin::of_invocation("api", id.to_owned(), Some(TRACE.to_owned()));
    request.extensions_mut().insert(origin);
    served.send(request).await
}

/// The only run that was counted; its report is the one that lies in the lake.
async fn only_run(world: &World, served: &Served) -> RunReport {
    let counted = served.counted.0.lock().unwrap().clone();
    let [report] = counted.as_slice() else { panic!("{counted:?}") };
    let written = last_reports(&world.platform(1).lake, 200).await.unwrap();
    let written = written.iter().find(|written| written.run_id == report.run_id).unwrap();
    assert_eq!((&written.origin, written.outcome), (&report.origin, report.outcome));
    report.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_a_run_that_is_counted_and_names_its_request() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    // What cannot be done as it was asked for is no run.
    let refused = correct(&served, "request-6", json!("many")).await;
    refused.assert_problem(StatusCode::BAD_REQUEST, "many");
    assert!(served.counted.0.lock().unwrap().is_empty());

    let taken = correct(&served, "request-7", json!(1234)).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text());
    assert_eq!(taken.headers["x-request-id"], "request-7");
    let report = only_run(&world, &served).await;
    assert_eq!(report.outcome, Outcome::Succeeded);
    assert_eq!(report.origin.function.as_deref(), Some("api"));
    assert_eq!(report.origin.request_id.as_deref(), Some("request-7"));
    assert_eq!(report.origin.trace_id.as_deref(), Some(TRACE));
    let steps: Vec<_> = report.steps.iter().map(|step| step.table.path()).collect();
    assert_eq!(steps, ["bronze/till/sales"]);
    assert_eq!(taken.json()["bronze_version"], json!(report.steps[0].version));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_the_lake_does_not_take_leaves_a_report_of_its_failure() {
    let world = World::with_history().await;
    let mut platform = world.platform(1);
    platform.lake = platform.lake.writable_only(&["uploads", "runs"]);
    let served = Served::on(platform);
    let failed = correct(&served, "request-8", json!(1234)).await;
    failed.assert_problem(StatusCode::INTERNAL_SERVER_ERROR, "the log of the server says why");
    assert_eq!(failed.json()["request_id"], "request-8");
    let report = only_run(&world, &served).await;
    assert_eq!((report.outcome, report.failure), (Outcome::Failed, Some(FailureKind::Lasting)));
    assert_eq!(report.origin.request_id.as_deref(), Some("request-8"));
    let error = report.error.unwrap();
    assert!(error.contains("no permission") && error.contains("bronze/till/sales"), "{error}");
    assert!(report.steps.is_empty());
}
