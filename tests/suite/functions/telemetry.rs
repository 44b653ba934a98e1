//! What a function says of its work: log lines that name the invocation and the run, and spans for a collector.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use smelt_ingest::IngestContext;
use smelt_runtime::{
    COMMON, Context, Invocation, Settings, Telemetry, Trace, answer_in_span, log_start,
};
use smelt_silver::SilverContext;

use super::Home;

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

#[tokio::test]
async fn settings_are_logged_once_with_the_functions_own_and_without_secrets() {
    let home = Home::new();
    let secrets = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sources";
    let more = [("SMELT_SECRETS", secrets), ("SOCRATA_APP_TOKEN", "hidden")];
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
