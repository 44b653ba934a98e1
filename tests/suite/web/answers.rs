//! Questions about what is published, and their answers.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use smelt_stages::Refit;

use super::Served;
use crate::series::{SHOPS, World, day};

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

/// Bytes that differ have tags that differ; to compare, they mean the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_answer_has_a_weak_tag() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let question = "/v1/datasets/till/marts/daily";
    let ask = async |encoding: &str, known: Option<&str>| {
        let mut request = Request::get(question).header(header::ACCEPT_ENCODING, encoding);
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        served.send(request.body(Body::empty()).unwrap()).await
    };
    let (plain, gzip) = (ask("identity", None).await, ask("gzip", None).await);
    let (strong, weak) = (plain.header(header::ETAG), gzip.header(header::ETAG));
    assert_eq!(gzip.header(header::CONTENT_ENCODING), "gzip");
    assert!(strong.starts_with('"'), "{strong}");
    assert_eq!(weak, format!("W/{strong}"));
    for known in [strong, weak] {
        for encoding in ["identity", "gzip"] {
            let unchanged = ask(encoding, Some(known)).await;
            assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
            assert_eq!(unchanged.header(header::ETAG), known);
            let vary = unchanged.headers.get_all(header::VARY).iter();
            let vary: Vec<&str> = vary.map(|value| value.to_str().unwrap()).collect();
            assert!(vary.contains(&"accept-encoding") && vary.contains(&"Accept"), "{vary:?}");
        }
    }
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
