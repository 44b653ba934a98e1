//! The HTTP API over a lake with a history: what it answers, to whom, and what it changes.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use smelt_access::{Access, ApiKeyHash, ApiKeys, Limiter, Origins, Rate, Verifier};
use smelt_domain::TableName;
use smelt_stages::{Refit, refresh_dataset, sweep_landing};
use smelt_web::{
    Api, Asked, Limits, PortError, RefreshMode, Refresher, Settings, Streaming, UploadGate,
    UploadRequest, UploadTarget, router,
};
use tower::ServiceExt;

use crate::series::{SHOPS, World, day};

/// Notes what it is asked.
#[derive(Debug, Default)]
struct Noted(Mutex<Vec<Asked>>);

#[async_trait]
impl Refresher for Noted {
    async fn refresh(&self, asked: Asked) -> Result<(), PortError> {
        self.0.lock().unwrap().push(asked);
        Ok(())
    }
}

#[derive(Debug)]
struct Here;

#[async_trait]
impl UploadGate for Here {
    async fn open(&self, upload: &UploadRequest) -> Result<UploadTarget, PortError> {
        Ok(UploadTarget::here(upload))
    }
}

/// The API over a world, and who is asked to refresh.
struct Served {
    router: Router,
    noted: Arc<Noted>,
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(&name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// Refused with this status, in words that have this.
    #[track_caller]
    fn assert_problem(&self, status: StatusCode, word: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status.as_u16());
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
        assert_eq!(problem["request_id"].as_str().unwrap(), self.headers["x-request-id"]);
    }
}

impl Served {
    fn open(world: &World) -> Self {
        Self::with(world, Access::Open, None)
    }

    fn with(world: &World, access: Access, limiter: Option<Limiter>) -> Self {
        Self::of(world, access, limiter, &std::env::temp_dir())
    }

    fn with_dashboard(world: &World, folder: &Path) -> Self {
        Self::of(world, Access::Open, None, folder)
    }

    fn of(world: &World, access: Access, limiter: Option<Limiter>, dashboard: &Path) -> Self {
        let noted = Arc::new(Noted::default());
        let settings = Settings {
            only_loopback_names: matches!(access, Access::Open),
            access,
            limiter,
            origins: Origins::parse("https://bi.example.com").unwrap(),
            keys: None,
            uploads: Arc::new(Here),
            refresher: noted.clone(),
            limits: Limits {
                upload_bytes: 1 << 20,
                upload_time: Duration::from_secs(60),
                kept_bytes: 16 << 20,
            },
            streaming: Streaming::Live,
            receives_uploads: true,
            dashboard: Some(dashboard.to_owned()),
        };
        let api = Api::new(world.platform(1), settings).unwrap();
        Self { router: router(api), noted }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn with_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_to_marts_are_answered_and_tagged() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let question = "/v1/datasets/till/marts/daily?shop=harbour&order=date.desc&limit=2";
    let first = served.get(question).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let page = first.json();
    assert_eq!(page["dataset"], "till");
    assert_eq!(page["rows"].as_array().unwrap().len(), 2);
    assert_eq!(page["rows"][0]["date"], day(0).to_string());
    assert_eq!(page["rows"][0]["shop"], "harbour");

    let next = page["next"].as_str().unwrap();
    let second = served.get(&format!("{question}&cursor={next}")).await.json();
    assert_eq!(second["rows"][0]["date"], day(-2).to_string());

    let tag = first.header(header::ETAG).to_owned();
    let known = Request::get(question).header(header::IF_NONE_MATCH, &tag);
    let known = served.send(known.body(Body::empty()).unwrap()).await;
    assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));

    let sums = "/v1/datasets/till/marts/daily?group=shop&aggregate=count,sum(sold)&order=shop";
    let sums = served.get(sums).await.json();
    let shops: Vec<&str> =
        sums["rows"].as_array().unwrap().iter().map(|row| row["shop"].as_str().unwrap()).collect();
    assert_eq!(shops, SHOPS);
    assert_eq!(sums["rows"][0]["count"], 121);

    let csv = Request::get("/v1/datasets/till/marts/daily?select=shop,sold&limit=1");
    let csv = csv.header(header::ACCEPT, "text/csv").body(Body::empty()).unwrap();
    let csv = served.send(csv).await;
    assert!(csv.text().starts_with("shop,sold"), "{}", csv.text());
    assert!(csv.header(header::LINK).ends_with("rel=\"next\""));
    let parquet = served.get("/v1/datasets/till/marts/daily?format=parquet").await;
    assert_eq!(&parquet.body[..4], b"PAR1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_changes_with_the_table() {
    let mut world = World::with_history().await;
    let question = "/v1/datasets/till/marts/daily?aggregate=count";
    let served = Served::open(&world);
    let before = served.get(question).await;
    world.live(1, &[]).await;
    // What is published is seen within a second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let after = served.get(question).await;
    assert_ne!(before.header(header::ETAG), after.header(header::ETAG));
    assert_eq!(after.json()["rows"][0]["count"], 5 * 121 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn series_are_answered_where_there_are_some() {
    let mut world = World::with_history().await;
    let nothing = Served::open(&world).get("/v1/datasets/till/forecast").await;
    nothing.assert_problem(StatusCode::NOT_FOUND, "no rows yet");
    world.train(1, Refit::WhenDue).await;
    world.live(1, &[("harbour", 3.0)]).await;
    let served = Served::open(&world);
    let forecast = "/v1/datasets/till/forecast?mart=daily&series=harbour&order=target_time&limit=3";
    let forecast = served.get(forecast).await.json();
    assert_eq!(forecast["rows"].as_array().unwrap().len(), 3, "{forecast}");
    let anomalies = served.get("/v1/datasets/till/anomalies?status=open").await.json();
    assert_eq!(anomalies["rows"][0]["series"], "harbour", "{anomalies}");
    let models = served.get("/v1/models?dataset=till").await.json();
    assert_eq!(models["models"][0]["stage"], "production");
    let outliers = served.get("/v1/datasets/till/outliers").await;
    outliers.assert_problem(StatusCode::NOT_FOUND, "anomalies");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_told_what_is_wrong() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let mart = "/v1/datasets/till/marts/daily";
    for (path, status, word) in [
        ("/v1/datasets/tell", 404, "there are till"),
        ("/v1/datasets/till/marts/weekly", 404, "there are daily"),
        (&format!("{mart}?colour=red"), 400, "colour"),
        (&format!("{mart}?sold.like=3"), 400, "like"),
        (&format!("{mart}?sold.gt=many"), 400, "many"),
        (&format!("{mart}?limit=0"), 400, "limit"),
        (&format!("{mart}?limit=10001"), 400, "limit"),
        (&format!("{mart}?cursor=abc"), 400, "cursor"),
        (&format!("{mart}?format=xml"), 400, "format"),
        (&format!("{mart}?select=shop;drop"), 400, "select"),
        (&format!("{mart}?shop={}", "a".repeat(40_000)), 413, "parameters"),
        ("/v1/datasets/till/views/none", 404, "view"),
        ("/v1/uploads/0123456789abcdef", 404, "announced"),
        ("/v1/uploads/..%2f..%2fetc%2fpasswd", 404, "announced"),
        ("/v1/datasets/till/quarantine?limit=0", 400, "limit"),
        ("/v1/runs?limit=0", 400, "limit"),
        ("/v1/models?limit=1001", 400, "limit"),
        ("/v1/uploads?limit=1001", 400, "limit"),
        ("/v1/datasets/%ff", 400, "path"),
        (
            "/published/..%2fbronze/till/sales/_delta_log/00000000000000000000.json",
            404,
            "published",
        ),
        ("/published/%2e%2e/bronze", 404, "published"),
    ] {
        let answer = served.get(path).await;
        answer.assert_problem(StatusCode::from_u16(status).unwrap(), word);
    }
    // What looks like SQL is a text that no shop has.
    let sql = served.get(&format!("{mart}?shop=x'%20OR%201%3D1%20--")).await.json();
    assert_eq!(sql["rows"], json!([]));
    let accept =
        Request::get(mart).header(header::ACCEPT, "image/png").body(Body::empty()).unwrap();
    served.send(accept).await.assert_problem(StatusCode::NOT_ACCEPTABLE, "Accept");
    let wrong_method = Request::post(mart).body(Body::empty()).unwrap();
    served.send(wrong_method).await.assert_problem(StatusCode::METHOD_NOT_ALLOWED, "methods");
    let no_json = Request::post("/v1/datasets/till/refresh").body(Body::from("{}")).unwrap();
    served.send(no_json).await.assert_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "JSON");
    let body = json!({"mode": "everything"});
    let refresh = served.with_json(Method::POST, "/v1/datasets/till/refresh", &body).await;
    refresh.assert_problem(StatusCode::BAD_REQUEST, "everything");
    let body = json!({"padding": "a".repeat(2 << 20)});
    let refresh = served.with_json(Method::POST, "/v1/datasets/till/refresh", &body).await;
    refresh.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "");
    assert!(served.noted.0.lock().unwrap().is_empty(), "nothing was started");
}

fn with_keys() -> Access {
    let key = |name: &str, role: &str| json!({"name": name, "role": role, "sha256": ApiKeyHash::of(name.as_bytes()).to_string()});
    let keys = json!([key("bi", "reader"), key("shop", "uploader"), key("desk", "operator")]);
    let keys = ApiKeys::parse(&keys.to_string()).unwrap();
    Access::Checked(Verifier::new(None, keys).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_needs_its_role() {
    let world = World::with_history().await;
    let served = Served::with(&world, with_keys(), None);
    let announce = json!({"file_name": "a.csv", "bytes": 10});
    let asks: [(Method, &str, Value, &str); 8] = [
        (Method::GET, "/v1/datasets", Value::Null, "bi"),
        (Method::GET, "/v1/datasets/till/marts/daily", Value::Null, "bi"),
        (Method::GET, "/v1/runs", Value::Null, "bi"),
        (Method::GET, "/published/catalog.json", Value::Null, "bi"),
        (Method::POST, "/v1/datasets/till/uploads", announce, "shop"),
        (Method::GET, "/v1/datasets/till/quarantine", Value::Null, "shop"),
        (Method::POST, "/v1/datasets/till/refresh", json!({}), "desk"),
        (Method::DELETE, "/v1/datasets/till/records/2020-01-01,harbour", Value::Null, "desk"),
    ];
    let keys = ["bi", "shop", "desk"];
    for (method, path, body, least) in &asks {
        let ask = async |key: Option<&str>| {
            let mut request = Request::builder().method(method).uri(*path);
            request = request.header(header::CONTENT_TYPE, "application/json");
            if let Some(key) = key {
                request = request.header("x-api-key", key);
            }
            served.send(request.body(Body::from(body.to_string())).unwrap()).await
        };
        ask(None).await.assert_problem(StatusCode::UNAUTHORIZED, "X-Api-Key");
        ask(Some("guessed")).await.assert_problem(StatusCode::UNAUTHORIZED, "not known");
        let enough = keys.iter().position(|key| key == least).unwrap();
        for (position, key) in keys.iter().enumerate() {
            let status = ask(Some(key)).await.status;
            if position < enough {
                assert_eq!(status, StatusCode::FORBIDDEN, "{key} {path}");
            } else {
                let refused = [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED];
                assert!(!refused.contains(&status), "{key} {path}: {status}");
            }
        }
    }
    for open in ["/health", "/health/ready", "/openapi.json"] {
        assert_eq!(served.get(open).await.status, StatusCode::OK, "{open}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_pages_of_others_are_kept_out() {
    let world = World::with_history().await;
    let limiter = Limiter::new(Rate::new(0.01, 2).unwrap(), 10);
    let served = Served::with(&world, Access::Open, Some(limiter));
    for _ in 0..2 {
        assert_eq!(served.get("/v1/datasets").await.status, StatusCode::OK);
    }
    let third = served.get("/v1/datasets").await;
    third.assert_problem(StatusCode::TOO_MANY_REQUESTS, "try again");
    assert!(third.header(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);

    let from = async |origin: &str| {
        let request = Request::options("/v1/datasets").header(header::ORIGIN, origin);
        served.send(request.body(Body::empty()).unwrap()).await.headers
    };
    let allowed = from("https://bi.example.com").await;
    assert_eq!(allowed[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://bi.example.com");
    assert!(
        !from("https://evil.example.com").await.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
    // A page whose name leads here would ask as if it came from this machine.
    for (host, status) in
        [("127.0.0.1:8360", 200), ("localhost", 200), ("[::1]:80", 200), ("evil.example", 421)]
    {
        let request = Request::get("/health").header(header::HOST, host);
        let answer = served.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{host}");
    }
    let health = served.get("/health").await;
    assert_eq!(health.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(health.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
}

/// What the refresher of a real server does.
async fn refresh(world: &World) {
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

#[tokio::test(flavor = "multi_thread")]
async fn published_files_are_served_in_parts() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let pointer = served.get("/published/till/daily/latest.json").await.json();
    let path = format!("/{}", pointer["path"].as_str().unwrap());
    let whole = served.get(&path).await;
    assert_eq!(whole.body.len() as u64, pointer["bytes"].as_u64().unwrap());
    assert_eq!(whole.header(header::ACCEPT_RANGES), "bytes");
    let part = async |range: &str| {
        let request = Request::get(&path).header(header::RANGE, range);
        served.send(request.body(Body::empty()).unwrap()).await
    };
    let last = part("bytes=-8").await;
    assert_eq!(last.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(last.body, whole.body[whole.body.len() - 8..]);
    assert_eq!(part("bytes=4-9").await.body, whole.body[4..10]);
    part("bytes=99999999-").await.assert_problem(StatusCode::RANGE_NOT_SATISFIABLE, "bytes");
    let tag = whole.header(header::ETAG);
    let known = Request::get(&path).header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
    assert_eq!(served.send(known).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_says_where_it_stands_and_what_it_is_made_of() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let overview = served.get("/v1/datasets/till").await.json();
    assert_eq!(overview["status"]["balances"][0]["is_exact"], true);
    let lineage = served.get("/v1/datasets/till/lineage").await.json();
    let edge = json!({"from": "silver.till_sales", "to": "gold.till_daily"});
    let edges = lineage["edges"].as_array().unwrap();
    let found = edges.iter().find(|it| it["from"] == edge["from"] && it["to"] == edge["to"]);
    assert_eq!(found.unwrap()["lag"], 0, "{lineage}");
    let quality = served.get("/v1/datasets/till/quality").await.json();
    assert!(quality["rules"].is_array());
    let name: TableName = "sales".parse().unwrap();
    assert_eq!(overview["tables"][0]["name"], name.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_route() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let description = served.get("/openapi.json").await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
    for path in [
        "/v1/datasets/{dataset}/marts/{mart}",
        "/v1/datasets/{dataset}/uploads",
        "/v1/datasets/{dataset}/records/{key}",
        "/v1/models/{model}/predict",
    ] {
        assert!(paths.iter().any(|known| *known == path), "{path}");
    }
    let docs = served.get("/docs/").await;
    assert!(docs.text().contains("swagger"), "{}", docs.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_did_not_change_keeps_its_policy() {
    let world = World::with_history().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
    let served = Served::with_dashboard(&world, folder.path());
    let first = served.get("/").await;
    assert_eq!(first.status, StatusCode::OK);
    let modified = first.header(header::LAST_MODIFIED).to_owned();
    let again = Request::get("/").header(header::IF_MODIFIED_SINCE, modified);
    let again = served.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    for name in [header::CONTENT_SECURITY_POLICY, header::CACHE_CONTROL] {
        assert_eq!(again.header(name.clone()), first.header(name));
    }
}
