//! What there is to read beside answers: published files, where a dataset stands, the description, pages.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use smelt_domain::TableName;

use super::Served;
use crate::series::World;

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
