//! Who may ask, and how often.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use smelt_access::{Access, ApiKeyHash, ApiKeys, Limiter, Rate, Verifier};
use smelt_web::{Peer, too_large_to_send};
use tower::ServiceExt;

use super::Served;
use crate::series::World;

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

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_waits_and_keeps_nobody_else_out() {
    let world = World::with_history().await;
    let limiter = Limiter::new(Rate::new(0.01, 2).unwrap(), 10);
    let served = Served::with(&world, with_keys(), Some(limiter));
    let ask = async |address: &str, key: &str| {
        let request = Request::get("/v1/datasets").header("x-api-key", key);
        let mut request = request.body(Body::empty()).unwrap();
        let peer = Peer::at(address.parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(peer));
        served.send(request).await
    };
    let (here, there) = ("203.0.113.7", "203.0.113.8");
    assert_eq!(ask(here, "bi").await.status, StatusCode::OK);
    for guess in ["guess", "another"] {
        ask(here, guess).await.assert_problem(StatusCode::UNAUTHORIZED, "not known");
    }
    for guess in ["a third", "shop"] {
        let waits = ask(here, guess).await;
        waits.assert_problem(StatusCode::TOO_MANY_REQUESTS, "from this address were refused");
        assert!(waits.header(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);
    }
    assert_eq!(ask(here, "bi").await.status, StatusCode::OK, "who came from here before");
    assert_eq!(ask(there, "shop").await.status, StatusCode::OK, "who comes from elsewhere");
    ask(there, "guess").await.assert_problem(StatusCode::UNAUTHORIZED, "not known");
}

/// A page that may ask has to be able to read why it got nothing.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_headers_of_every_answer() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let page = "https://bi.example.com";
    let from_page = |method: Method, path: &str, body: String| {
        let request = Request::builder().method(method).uri(path).header(header::ORIGIN, page);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(body)).unwrap()
    };
    let large = json!({"padding": "a".repeat(2 << 20)}).to_string();
    for (method, path, body, status) in [
        (Method::GET, "/v1/nothing", String::new(), StatusCode::NOT_FOUND),
        (Method::POST, "/v1/datasets", String::new(), StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/v1/datasets/till/refresh", large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let refused = served.send(from_page(method, path, body)).await;
        refused.assert_problem(status, "");
        assert_eq!(refused.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), page);
        assert_eq!(refused.header(header::X_FRAME_OPTIONS), "DENY");
    }
    // Where an answer is too large for whoever passes it on.
    let request = from_page(Method::GET, "/v1/datasets", String::new());
    let (unsent, _) = served.router.clone().oneshot(request).await.unwrap().into_parts();
    let instead = too_large_to_send(&unsent);
    assert_eq!(instead.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(instead.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], page);
    assert_eq!(instead.headers()[header::X_FRAME_OPTIONS], "DENY");
    assert_eq!(instead.headers()["x-request-id"], unsent.headers["x-request-id"]);
}
