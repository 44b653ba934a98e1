//! What a function says of its work: log lines that name the invocation and the run, and spans for a collector.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use smelt_api::ApiContext;
use smelt_domain::RunReport;
use smelt_ingest::IngestContext;
use smelt_runtime::{
    COMMON, Context, FunctionContext, Invocation, Metrics, Settings, Telemetry, Trace,
    answer_in_span, log_start,
};
use smelt_silver::SilverContext;
use smelt_stages::read_definitions;

use super::{Home, walkdir};
use crate::support::checkout;

/// Takes what is written, as standard output does.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// What a function logs and sends, told of an event.
async fn told<C: Context>(home: &Home, more: &[(&str, &str)], event: Value) -> Vec<Value> {
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = home.environment().into_iter().chain(more);
    let variables: Vec<_> = COMMON.iter().chain(C::VARIABLES).copied().collect();
    let settings = Settings::read(environment, &variables);
    let context: C = home.context().await;
    let written = Written::default();
    let writer = written.clone();
    let (telemetry, subscriber) =
        Telemetry::to(move || writer.clone(), C::FUNCTION.name, &settings).unwrap();
    let guard = tracing::subscriber::set_default(subscriber);
    log_start(context.shared(), &settings, 12.5);
    let trace = Trace::of_x_ray(
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
    );
    let invocation = Invocation { trace, ..Invocation::local("request-7") };
    // An answer or an error: both are told.
    let _ = answer_in_span(&context, event, invocation).await;
    telemetry.flush().await;
    drop(guard);
    written.lines()
}

fn said<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["message"] == message);
    found.unwrap_or_else(|| panic!("nobody said {message}: {lines:#?}"))
}

#[tokio::test]
async fn lines_name_the_invocation_the_run_and_what_it_is_about() {
    let home = Home::new();
    let event = json!({ "dataset": "nyc311", "table": "requests" });
    let lines = told::<IngestContext>(&home, &[], event).await;
    let committed = said(&lines, "committed");
    assert_eq!(committed["request_id"], "request-7");
    assert_eq!(committed["cold_start"], true);
    assert_eq!(committed["trace_id"], "5759e988bd862e3fe1be46a994272793");
    assert_eq!(committed["dataset"], "nyc311");
    assert_eq!(committed["table"], "bronze.nyc311_requests");
    assert_eq!(committed["rows_in"], 20);
    assert_eq!((&committed["files_added"], &committed["files_removed"]), (&json!(1), &json!(0)));
    let run_id = committed["run_id"].as_str().unwrap();
    assert!(home.lake().join("runs").exists(), "{run_id}");
    for message in ["run started", "run ended"] {
        let line = said(&lines, message);
        for field in ["run_id", "request_id", "cold_start", "dataset", "table", "function"] {
            assert_eq!(line[field], committed[field], "{message}: {field}");
        }
    }
    for line in &lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
}

#[tokio::test]
async fn a_failure_names_its_invocation() {
    let lines = told::<SilverContext>(&Home::new(), &[], json!({ "dataset": "moon" })).await;
    let failed = said(&lines, "invocation failed");
    assert_eq!(failed["error_type"], "Permanent.NotDefined");
    assert_eq!((&failed["level"], &failed["request_id"]), (&json!("ERROR"), &json!("request-7")));
}

/// A lake with rows in silver.
async fn with_rows() -> Home {
    let home = Home::new();
    let event = json!({ "dataset": "nyc311", "table": "requests" });
    home.ask::<IngestContext>(event).await.unwrap();
    home.ask::<SilverContext>(json!({ "dataset": "nyc311" })).await.unwrap();
    home
}

/// A request that deletes the row with the key 7.
fn deletion() -> Value {
    let file = checkout().join("events/api/deletion_of_no_row.json");
    let mut event: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    event["rawPath"] = json!("/v1/datasets/nyc311/records/7");
    event
}

/// The only report of a run of `api`.
fn report_of_api(home: &Home) -> RunReport {
    let paths = walkdir(&home.lake().join("runs")).into_iter().filter(|it| it.ends_with(".json"));
    let read = |path: String| std::fs::read(home.lake().join("runs").join(path)).unwrap();
    let reports = paths.map(|path| serde_json::from_slice::<RunReport>(&read(path)).unwrap());
    let mut of_api = reports.filter(|report| report.origin.function.as_deref() == Some("api"));
    let report = of_api.next().unwrap();
    assert!(of_api.next().is_none());
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_logged_as_any_run_is_and_by_the_id_of_its_answer() {
    let home = with_rows().await;
    let mut event = deletion();
    event["headers"]["x-request-id"] = json!("asked-1");
    let lines = told::<ApiContext>(&home, &[], event).await;
    let report = report_of_api(&home);
    let committed = said(&lines, "committed");
    assert_eq!(committed["table"], "bronze.nyc311_requests");
    assert_eq!(committed["method"], "DELETE");
    assert_eq!(committed["route"], "/v1/datasets/{dataset}/records/{key}");
    for message in ["committed", "run ended", "nobody was told of a correction"] {
        let line = said(&lines, message);
        assert_eq!(
            (&line["request_id"], &line["x_request_id"]),
            (&json!("request-7"), &json!("asked-1"))
        );
        assert_eq!(line["trace_id"], "5759e988bd862e3fe1be46a994272793");
    }
    assert_eq!(committed["run_id"], json!(report.run_id));
    assert_eq!(report.origin.request_id.as_deref(), Some("request-7"));
    assert_eq!(report.origin.trace_id.as_deref(), Some("5759e988bd862e3fe1be46a994272793"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_answered_is_found_by_the_id_that_the_caller_has() {
    let home = with_rows().await;
    let log = home.lake().join("silver/nyc311/requests/_delta_log/00000000000000000000.json");
    std::fs::write(log, "no commit").unwrap();
    let lines = told::<ApiContext>(&home, &[], deletion()).await;
    // Without an id of his own the caller is given the one of the invocation.
    let hidden = said(&lines, "a request could not be answered");
    assert_eq!((&hidden["level"], &hidden["x_request_id"]), (&json!("ERROR"), &json!("request-7")));
    let failed = said(&lines, "run failed");
    let report = report_of_api(&home);
    assert_eq!(failed["run_id"], json!(report.run_id));
    assert_eq!(report.error.as_deref(), failed["error"].as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_counted_as_any_run_is() {
    let home = with_rows().await;
    let access = ("SMELT_API_ACCESS".to_owned(), "open".to_owned());
    let environment = home.environment().into_iter().chain([access]);
    let variables: Vec<_> = COMMON.iter().chain(ApiContext::VARIABLES).copied().collect();
    let settings = Settings::read(environment, &variables);
    let datasets = read_definitions(&checkout().join("datasets")).unwrap();
    let mut shared = FunctionContext::new(ApiContext::FUNCTION, &settings, datasets).unwrap();
    let written = Written::default();
    let writer = written.clone();
    let sink = move |line: &str| writer.clone().write_all(format!("{line}\n").as_bytes()).unwrap();
    shared.metrics = Metrics::to_sink("smelt/test".to_owned(), "api", Arc::new(sink));
    let api = ApiContext::build(shared, &settings).await.unwrap();
    let answer = api.handle(deletion(), Invocation::local("request-7")).await.unwrap();
    assert_eq!(answer["statusCode"], 202, "{answer}");
    let lines = written.lines();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line["function"], &line["dataset"]), (&json!("api"), &json!("nyc311")));
    assert!(line["DurationMs"].is_number() && line["BytesWritten"].is_number(), "{line}");
}

#[tokio::test]
async fn settings_are_logged_once_with_the_functions_own_and_without_secrets() {
    let home = Home::new();
    let secrets = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sources";
    let portal = "https://me:hidden@portal.example.org/?token=hidden";
    let more = [
        ("SMELT_SECRETS", secrets),
        ("SOCRATA_APP_TOKEN", "hidden"),
        ("SMELT_NYC311_PORTAL_URL", portal),
    ];
    let lines = told::<IngestContext>(&home, &more, json!({ "dataset": "moon" })).await;
    let started: Vec<&Value> = lines.iter().filter(|line| line.get("settings").is_some()).collect();
    assert_eq!(started.len(), 1, "{lines:#?}");
    let settings: Value = serde_json::from_str(started[0]["settings"].as_str().unwrap()).unwrap();
    let listed: Vec<&String> = settings.as_object().unwrap().keys().collect();
    for variable in COMMON.iter().chain(IngestContext::VARIABLES) {
        assert!(listed.iter().any(|name| *name == variable.name), "{}", variable.name);
    }
    assert_eq!(settings["SMELT_SECRETS"], secrets);
    assert_eq!(settings["SMELT_LOG"], "info", "the default is shown");
    assert_eq!(settings["SMELT_NYC311_PORTAL_URL"], "https://portal.example.org/");
    assert!(!format!("{lines:?}").contains("hidden"));
}

/// Takes one request and answers it: its first line, and its body.
fn collect(listener: &TcpListener) -> (String, Vec<u8>) {
    let (mut connection, _) = listener.accept().unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length = length.lines().next().unwrap().trim().parse().unwrap();
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    answer(connection);
    (head.lines().next().unwrap().to_owned(), body)
}

fn answer(mut connection: TcpStream) {
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
    connection.write_all(answer.as_bytes()).unwrap();
}

#[tokio::test]
async fn spans_reach_a_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    let collector = std::thread::spawn(move || collect(&listener));
    let home = Home::new();
    let event = json!({ "dataset": "nyc311", "table": "requests" });
    let lines = told::<IngestContext>(&home, &[("SMELT_OTLP_ENDPOINT", &endpoint)], event).await;
    assert!(lines.iter().all(|line| line["message"] != "traces were not sent"), "{lines:#?}");
    let (request, body) = collector.join().unwrap();
    assert!(request.starts_with("post /v1/traces "), "{request}");
    let holds = |bytes: &[u8]| body.windows(bytes.len()).any(|window| window == bytes);
    for text in ["smelt-ingest", "invocation", "request-7", "nyc311"] {
        assert!(holds(text.as_bytes()), "no {text} in what was sent");
    }
    // The trace of whoever called, as bytes.
    assert!(holds(&0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793_u128.to_be_bytes()));
}
