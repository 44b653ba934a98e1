//! Requests that cannot be answered are told why, in few words, and change nothing.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::Served;
use crate::series::{World, day};

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
        ("/v1/datasets/till/forecast", 404, "`smelt train till`"),
        ("/v1/datasets/till/forecast-accuracy", 404, "`smelt train till`"),
        ("/v1/uploads/0123456789abcdef", 404, "announced"),
        ("/v1/uploads/..%2f..%2fetc%2fpasswd", 404, "announced"),
        ("/v1/datasets/till/quarantine?limit=0", 400, "limit"),
        (
            "/v1/datasets/till/quarantine?rule=nonesuch",
            400,
            "there are sold_is_integer, malformed, key_is_missing",
        ),
        ("/v1/datasets?foo=1", 400, "`foo` is not known here; this takes no parameters"),
        ("/v1/datasets/till?foo=1", 400, "foo"),
        ("/v1/datasets/till/quality?foo=1", 400, "foo"),
        ("/v1/datasets/till/lineage?foo=1", 400, "foo"),
        ("/v1/status?foo=1", 400, "foo"),
        ("/v1/uploads/0123456789abcdef?foo=1", 400, "foo"),
        ("/v1/uploads/0123456789abcdef/events?foo=1", 400, "foo"),
        ("/v1/uploads/0123456789abcdef/events", 404, "announced"),
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
        ("/published/till/dataset.json/more", 404, "published"),
        ("/docs/more", 404, "/docs"),
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

/// A field that is missing, unknown, of another type or out of range is named, with what was expected.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_by_its_field() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let row = format!("/v1/datasets/till/records/{},harbour", day(0));
    let uploads = "/v1/datasets/till/uploads";
    let refresh = "/v1/datasets/till/refresh";
    for (method, path, body, told) in [
        ("POST", uploads, "{}", "`file_name` is missing"),
        (
            "POST",
            uploads,
            r#"{"file_name": "a.csv", "bytes": "ten"}"#,
            "`bytes`: expected a whole number, 0 or more, got the text `ten`",
        ),
        (
            "POST",
            uploads,
            r#"{"file_name": {}, "bytes": 1}"#,
            "`file_name`: expected a text, got an object",
        ),
        ("POST", uploads, r#"[null, "a.csv", 10]"#, "the body: expected an object, got a list"),
        ("POST", refresh, "", "the body is empty: send a JSON object"),
        ("POST", refresh, "{} {}", "the body is no JSON: it cannot be read at line 1, column 4"),
        ("POST", refresh, r#"{"force": true}"#, "`force` is not known here; expected `mode`"),
        ("PUT", &row, r#"{"values": []}"#, "`values`: expected an object, got a list"),
        ("GET", "/v1/runs?limit=half", "", "`limit`: expected a whole number, 0 or more"),
        ("GET", "/v1/runs?last=5", "", "`last` is not known here; expected `limit`"),
        ("GET", "/v1/datasets/%ff", "", "`dataset` in the path is no UTF-8"),
        (
            "GET",
            "/v1/datasets/till/marts/daily?shop=%ff",
            "",
            "`shop` in the parameters is no UTF-8",
        ),
        ("GET", "/v1/datasets/till/marts/daily?%ff=a", "", "the name of a parameter is no UTF-8"),
        ("GET", "/v1/models?dataset=a%C3", "", "`dataset` in the parameters is no UTF-8"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let answer = served.send(request.body(Body::from(body)).unwrap()).await;
        answer.assert_problem(StatusCode::BAD_REQUEST, told);
    }
}

/// However much was sent, a message shows 80 characters of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_shown_cut() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let long = "x".repeat(900);
    let mart = "/v1/datasets/till/marts/daily";
    let row = format!("/v1/datasets/till/records/{},harbour", day(0));
    let records = "/v1/datasets/till/records";
    let uploads = "/v1/datasets/till/uploads";
    for (method, path, body) in [
        ("GET", format!("/{long}"), Value::Null),
        ("POST", format!("/v1/datasets/{long}"), Value::Null),
        ("GET", format!("/{}", "x/".repeat(2_000)), Value::Null),
        ("GET", format!("/published/{long}"), Value::Null),
        ("GET", format!("/published/{}x", "x/".repeat(2_000)), Value::Null),
        ("GET", format!("/v1/uploads/{long}"), Value::Null),
        ("PUT", format!("/v1/uploads/{long}/content"), Value::Null),
        ("GET", format!("/v1/datasets/{long}"), Value::Null),
        ("GET", format!("/v1/datasets/till/marts/{long}"), Value::Null),
        ("GET", format!("/v1/datasets/till/views/{long}"), Value::Null),
        ("GET", format!("/v1/datasets/till/quarantine?table={long}"), Value::Null),
        ("GET", format!("/v1/models?dataset={long}"), Value::Null),
        ("GET", format!("/v1/runs?limit={long}"), Value::Null),
        ("GET", format!("/v1/runs?{long}=1"), Value::Null),
        ("GET", format!("{mart}?{long}=1"), Value::Null),
        ("GET", format!("{mart}?sold.{long}=1"), Value::Null),
        ("GET", format!("{mart}?sold={long}"), Value::Null),
        ("GET", format!("{mart}?select={long}"), Value::Null),
        ("GET", format!("{mart}?order=sold.{long}"), Value::Null),
        ("GET", format!("{mart}?group=date.{long}"), Value::Null),
        ("GET", format!("{mart}?aggregate={long}(sold)"), Value::Null),
        ("GET", format!("{mart}?limit={long}"), Value::Null),
        ("GET", format!("{mart}?format={long}"), Value::Null),
        ("DELETE", format!("{records}/{long},harbour"), Value::Null),
        ("DELETE", format!("{records}/2020-01-01,{long}"), Value::Null),
        ("PUT", row.clone(), json!({"values": {&long: "1"}})),
        ("PUT", row.clone(), json!({"values": {"sold": &long}})),
        ("PUT", row, json!({"values": {format!("X{long}"): "1"}})),
        ("POST", uploads.to_owned(), json!({"file_name": &long, "bytes": 1})),
        ("POST", uploads.to_owned(), json!({"file_name": "a.csv", "bytes": &long})),
        ("POST", uploads.to_owned(), json!({"file_name": "a.csv", "bytes": 1, "table": &long})),
        ("POST", "/v1/datasets/till/refresh".to_owned(), json!({"mode": &long})),
        ("POST", format!("/v1/models/{long}/predict"), json!({"rows": []})),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = served.with_json(method.clone(), &path, &body).await;
        let about = format!("{method} {path} {body}: {}", answer.text());
        assert!(answer.status.is_client_error(), "{about}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.len() < 500
                && !detail.contains(&"x".repeat(81))
                && !detail.contains(&"x/".repeat(41)),
            "{about}"
        );
    }
}
