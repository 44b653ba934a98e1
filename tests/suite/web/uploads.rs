//! Uploads that nobody announced, that never came, or that were refused.

use axum::http::StatusCode;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use smelt_domain::{
    FailureKind, ObjectVersion, Outcome, UploadId, UploadRecord, UploadState,
    upload_announcement_path, upload_record_path,
};
use smelt_stages::{Ended, Platform, write_report};
use smelt_web::UploadRequest;

use super::Served;
use super::changes::refresh;
use crate::series::{World, day};

async fn land(platform: &Platform, key: &str, content: &[u8]) {
    platform.lake.put_object(key, content.to_vec()).await.unwrap();
}

async fn watched(served: &Served, key: &str) -> Value {
    let upload = UploadId::of_key(key);
    let answer = served.get(&format!("/v1/uploads/{upload}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_came_without_a_word_is_found_by_its_id() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let key = "landing/till/sales/dropped.csv";
    let content = format!("day,shop,sold\n{},harbour,7\n", day(-200));
    land(&world.platform(1), key, content.as_bytes()).await;
    let waiting = watched(&served, key).await;
    assert_eq!((&waiting["stage"], &waiting["key"]), (&json!("waiting"), &json!(key)));
    refresh(&world).await;
    let done = watched(&served, key).await;
    assert_eq!((&done["stage"], &done["rows"]), (&json!("published"), &json!(1)), "{done}");
    assert_eq!(served.get("/v1/uploads").await.json()["uploads"], json!([done]));
    let events = served.get(&format!("/v1/uploads/{}/events", UploadId::of_key(key))).await;
    assert!(events.text().starts_with("event: done"), "{}", events.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_brought_nothing_new_says_so() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let content = format!("day,shop,sold\n{},harbour,7\n", day(-200));
    let of = |name: &str| format!("landing/till/sales/{name}.csv");
    let notes = [
        ("first", content.as_str(), Value::Null),
        ("second", content.as_str(), json!("the same content was there already")),
        ("third", "day,shop,sold\n", json!("it has no records")),
    ];
    for (name, content, _) in &notes {
        land(&world.platform(1), &of(name), content.as_bytes()).await;
        refresh(&world).await;
    }
    for (name, _, note) in &notes {
        let done = watched(&served, &of(name)).await;
        assert_eq!((&done["stage"], &done["note"]), (&json!("published"), note), "{done}");
        assert_eq!(done["problem"], Value::Null, "{done}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_all_datasets_come_first() {
    let world = World::with_history().await;
    let mut platform = world.platform(1);
    let mut datasets = platform.datasets.to_vec();
    let mut kiosk = datasets[0].clone();
    kiosk.name = "kiosk".parse().unwrap();
    datasets.push(kiosk);
    platform.datasets = datasets.into();
    let keys = ["till/sales/1.csv", "kiosk/sales/2.csv", "till/sales/3.csv"];
    for key in keys {
        land(&platform, &format!("landing/{key}"), b"day,shop,sold\n").await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let served = Served::on(platform);
    let listed = async |question: &str| {
        let listed = served.get(&format!("/v1/uploads{question}")).await.json();
        listed["uploads"].as_array().unwrap().clone()
    };
    let all = listed("").await;
    let found: Vec<&str> = all.iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(found, [2, 1, 0].map(|at| format!("landing/{}", keys[at])));
    assert!(all.iter().all(|it| it["landed_at"].is_string()), "{all:?}");
    assert_eq!(listed("?limit=2").await, all[..2]);
    assert_eq!(listed("?limit=1&dataset=kiosk").await, all[1..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_came_is_to_be_announced_again() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let key = "landing/till/sales/late.csv";
    let announced = UploadRequest {
        upload: UploadId::of_key(key),
        dataset: "till".parse().unwrap(),
        table: "sales".parse().unwrap(),
        key: key.to_owned(),
        bytes: 7,
        content_type: "text/csv".to_owned(),
        expires_at: Utc::now() - TimeDelta::seconds(1),
    };
    let path = upload_announcement_path(&announced.upload);
    world.platform(1).lake.put_json(&path, &announced).await.unwrap();
    let late = watched(&served, key).await;
    let told = (&late["stage"], &late["is_done"], &late["landed_at"]);
    assert_eq!(told, (&json!("expired"), &json!(true), &Value::Null), "{late}");
    assert!(late["problem"].as_str().unwrap().contains("announce it again"), "{late}");
}

/// Neither the folder of a server, nor where it copies objects to.
#[tokio::test(flavor = "multi_thread")]
async fn who_sent_a_file_is_told_no_path_of_the_server() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let key = "landing/till/sales/picture.csv";
    land(&world.platform(1), key, b"\x89PNG\r\n\x1a\n\0\0").await;
    refresh(&world).await;
    let refused = watched(&served, key).await;
    assert_eq!((&refused["stage"], &refused["is_done"]), (&json!("refused"), &json!(true)));
    let problem = refused["problem"].as_str().unwrap();
    assert!(problem.starts_with(&format!("`{key}` is not a file that can be read")), "{problem}");
}

/// What a run was stopped by may name them, and so may what it was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn errors_of_runs_tell_callers_no_path_of_the_server() {
    let world = World::with_history().await;
    let (served, platform) = (Served::open(&world), world.platform(1));
    let key = "landing/till/sales/a.csv";
    land(&platform, key, b"day,shop,sold\n").await;
    let landed = platform.lake.object(key).await.unwrap().unwrap();
    let problem = "cannot read `/tmp/.tmpX1/0-a.csv`: Input/output error; check the disk";
    let (size, modified, e_tag) = (landed.size, landed.last_modified, landed.e_tag);
    let record = UploadRecord {
        upload: UploadId::of_key(key),
        key: key.to_owned(),
        object: ObjectVersion { size, modified, e_tag },
        state: UploadState::Interrupted { problem: problem.to_owned() },
        bytes_done: 0,
        rows: None,
        malformed: None,
        definition_hash: String::new(),
        run_id: platform.run_id.clone(),
        updated_at: Utc::now(),
    };
    let (dataset, table) = ("till".parse().unwrap(), "sales".parse().unwrap());
    let path = upload_record_path(&dataset, &table, &record.upload);
    platform.lake.put_json(&path, &record).await.unwrap();
    let interrupted = watched(&served, key).await;
    assert_eq!(interrupted["stage"], "interrupted");
    let told = "cannot read `…/0-a.csv`: Input/output error; check the disk";
    assert_eq!(interrupted["problem"], told);
    assert_eq!(served.get("/v1/uploads").await.json()["uploads"], json!([interrupted]));

    let ended = Ended {
        command: "ingest till --file /home/me/a.csv".to_owned(),
        dataset: None,
        outcome: Outcome::Failed,
        failure: Some((FailureKind::Lasting, problem.to_owned())),
        steps: Vec::new(),
    };
    write_report(&platform, &ended.into_report(&platform)).await.unwrap();
    let runs = served.get("/v1/runs").await.json();
    let is_ours = |run: &&Value| run["run_id"] == json!(platform.run_id);
    let run = runs.as_array().unwrap().iter().find(is_ours).unwrap();
    assert_eq!(
        (&run["command"], &run["error"]),
        (&json!("ingest till --file …/a.csv"), &json!(told))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_folder_of_no_table_is_told() {
    let world = World::with_history().await;
    let served = Served::open(&world);
    let misplaced = async |question: &str| {
        let listed = served.get(&format!("/v1/uploads{question}")).await.json();
        assert_eq!(listed["uploads"], json!([]), "it is no upload");
        listed["misplaced"].as_array().unwrap().clone()
    };
    assert!(misplaced("").await.is_empty());
    for key in ["landing/till/slaes/a.csv", "landing/till/slaes/b.csv", "landing/lost.csv"] {
        land(&world.platform(1), key, b"day,shop,sold\n").await;
    }
    let all = misplaced("").await;
    let keys: Vec<&str> = all.iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["landing/lost.csv", "landing/till/slaes/"]);
    let problem = all[1]["problem"].as_str().unwrap();
    assert!(problem.contains("did you mean landing/till/sales/?"), "{problem}");
    assert_eq!(misplaced("?dataset=till").await, all[1..]);
    assert_eq!(misplaced("?limit=1").await, all[..1]);
}
