//! Files on their way in: announced, sent, watched.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use smelt_domain::{UploadId, UploadState, landing_prefix, shown, upload_announcement_path};
use smelt_stages::{UploadProgress, UploadStage, upload_progress};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::{Api, Streaming, table};
use crate::extract::{Body, Parameters, Path, limit};
use crate::ports::UploadRequest;
use crate::problem::Problem;
use crate::upload_target::{UploadTarget, announced, expiry};

/// How often an upload that is watched is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How long an upload is watched in one go; whoever watches asks again by itself.
const WATCH_FOR: Duration = Duration::from_secs(15 * 60);
/// How long a browser waits before it asks again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Uploads of a dataset that are listed where nothing else is asked for, and at most.
const USUAL_UPLOADS: usize = 100;
const MOST_UPLOADS: usize = 1000;
/// Bytes of the longest name.
const LONGEST_NAME: usize = 150;
/// Types of files by the endings of their names.
const TYPES: [(&str, &str); 4] = [
    ("csv", "text/csv"),
    ("json", "application/json"),
    ("jsonl", "application/x-ndjson"),
    ("parquet", "application/vnd.apache.parquet"),
];
/// Types of compressed files.
const COMPRESSED: [(&str, &str); 2] = [("gz", "application/gzip"), ("zst", "application/zstd")];

/// A file that is to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announcement {
    /// The table; need not be named where there is only one.
    table: Option<String>,
    /// Its name, such as `payments-2026-10.csv`: `.csv`, `.jsonl`, `.json` or `.parquet`, and `.gz` or `.zst` behind it.
    file_name: String,
    /// Its size.
    #[schema(minimum = 1)]
    bytes: u64,
}

/// Where to send it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Announced {
    /// The id of the upload.
    upload: String,
    /// Where to send the file, and how.
    #[serde(flatten)]
    target: UploadTarget,
    /// Until when.
    expires_at: DateTime<Utc>,
    /// Where to see how far it is.
    watch: String,
    /// The same as it happens (server-sent events).
    events: String,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Upload {
    /// The id of the upload.
    upload: String,
    /// The dataset.
    dataset: String,
    /// The table.
    table: String,
    /// The file in the lake.
    key: String,
    /// Its size.
    bytes: u64,
    /// `awaited`, `waiting`, `reading`, `interrupted`, `refused`, or the layer that has its rows:
    /// `bronze`, `silver`, `gold`, `published`.
    stage: String,
    /// Bytes that were read.
    bytes_done: Option<u64>,
    /// Rows that were read.
    rows: Option<u64>,
    /// Rows that could not be read.
    rows_malformed: Option<u64>,
    /// Rows in quarantine; null while they are not in silver.
    rows_refused: Option<u64>,
    /// What is wrong with it.
    problem: Option<String>,
    /// Whether nothing more happens to it.
    is_done: bool,
}

/// Which uploads.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadsParameters {
    /// Only those of this dataset.
    dataset: Option<String>,
    /// How many of the newest of each dataset.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// Uploads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Uploads {
    /// Those of each dataset, the newest first.
    uploads: Vec<Upload>,
}

/// Announces a file; the answer says where to send it
#[utoipa::path(
    post,
    path = "/v1/datasets/{dataset}/uploads",
    tag = "uploads",
    params(("dataset" = String, Path)),
    request_body = Announcement,
    responses(
        (status = 201, body = Announced),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn announce(
    State(api): State<Api>,
    Path(dataset): Path<String>,
    Body(announcement): Body<Announcement>,
) -> Result<Response, Problem> {
    let dataset = api.dataset(&dataset)?;
    let table = table(dataset, announcement.table.as_deref())?;
    let content_type = content_type(&announcement.file_name)?;
    let most = api.settings().limits.upload_bytes;
    if announcement.bytes == 0 {
        return Err(Problem::bad_request("`bytes` is 0: an empty file has nothing to take in"));
    }
    if announcement.bytes > most {
        let detail = format!("`bytes` is {}; an upload has 1 to {most} bytes", announcement.bytes);
        return Err(Problem::too_large(detail));
    }
    // A name of its own: nobody replaces what somebody else has sent.
    let (prefix, name) = (landing_prefix(&dataset.name, &table.name), &announcement.file_name);
    let key = format!("{prefix}/{}-{name}", Uuid::now_v7().simple());
    let request = UploadRequest {
        upload: UploadId::of_key(&key),
        dataset: dataset.name.clone(),
        table: table.name.clone(),
        key,
        bytes: announcement.bytes,
        content_type: content_type.to_owned(),
        expires_at: expiry(&api),
    };
    let target = api.settings().uploads.open(&request).await?;
    let path = upload_announcement_path(&request.upload);
    api.lake().put_json(&path, &request).await?;
    let watch = format!("/v1/uploads/{}", request.upload);
    let events = format!("{watch}/events");
    let place = [(header::LOCATION, watch.clone())];
    let (upload, expires_at) = (request.upload.to_string(), request.expires_at);
    let body = Announced { upload, target, expires_at, watch, events };
    Ok((StatusCode::CREATED, place, Json(body)).into_response())
}

/// The uploads, and how far each is
#[utoipa::path(
    get,
    path = "/v1/uploads",
    tag = "uploads",
    params(UploadsParameters),
    responses(
        (status = 200, body = Uploads),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Parameters(parameters): Parameters<UploadsParameters>,
) -> Result<Json<Uploads>, Problem> {
    let chosen = match &parameters.dataset {
        Some(name) => std::slice::from_ref(api.dataset(name)?),
        None => api.datasets(),
    };
    let most = limit(parameters.limit, USUAL_UPLOADS, MOST_UPLOADS)?;
    let platform = api.platform();
    let mut uploads = Vec::new();
    for dataset in chosen {
        let found = smelt_stages::uploads(&platform, dataset, most).await?;
        uploads.extend(found.into_iter().filter_map(Upload::of));
    }
    Ok(Json(Uploads { uploads }))
}

/// How far an upload is
#[utoipa::path(
    get,
    path = "/v1/uploads/{upload}",
    tag = "uploads",
    params(("upload" = String, Path)),
    responses(
        (status = 200, body = Upload),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn upload(
    State(api): State<Api>,
    Path(upload): Path<String>,
) -> Result<Json<Upload>, Problem> {
    let announced = announced(&api, &upload).await?;
    Ok(Json(look(&api, &announced).await?))
}

/// How far an upload is, as it happens (server-sent events)
///
/// Events are `progress`, and `done` at last; each holds what `/v1/uploads/{upload}` answers.
#[utoipa::path(
    get,
    path = "/v1/uploads/{upload}/events",
    tag = "uploads",
    params(("upload" = String, Path)),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn events(
    State(api): State<Api>,
    Path(upload): Path<String>,
) -> Result<Response, Problem> {
    let announced = announced(&api, &upload).await?;
    match api.settings().streaming {
        Streaming::Live => {
            let events = Sse::new(progress(api, announced));
            Ok(events.keep_alive(KeepAlive::default()).into_response())
        }
        Streaming::Whole => {
            let now = look(&api, &announced).await?;
            Ok(Sse::new(stream::once(async move { event(&now) })).into_response())
        }
    }
}

/// What is seen of an upload, each time that it has moved on, until it is done.
fn progress(api: Api, announced: UploadRequest) -> impl Stream<Item = Result<Event, Infallible>> {
    enum Seen {
        Nothing,
        This(Box<Upload>),
        Last,
    }
    let until = tokio::time::Instant::now() + WATCH_FOR;
    stream::unfold((api, announced, Seen::Nothing), move |(api, announced, seen)| async move {
        loop {
            match &seen {
                Seen::Last => return None,
                Seen::This(_) => tokio::time::sleep(LOOK_EVERY).await,
                Seen::Nothing => {}
            }
            if tokio::time::Instant::now() > until {
                return None;
            }
            let now = match look(&api, &announced).await {
                Ok(now) => now,
                // The log says why. Whoever watches asks again.
                Err(_) => return None,
            };
            if matches!(&seen, Seen::This(before) if **before == now) {
                continue;
            }
            let event = event(&now);
            let seen = if now.is_done { Seen::Last } else { Seen::This(Box::new(now)) };
            return Some((event, (api, announced, seen)));
        }
    })
}

fn event(upload: &Upload) -> Result<Event, Infallible> {
    let name = if upload.is_done { "done" } else { "progress" };
    let data = serde_json::to_string(upload).unwrap_or_default();
    Ok(Event::default().event(name).retry(ASK_AGAIN).data(data))
}

async fn look(api: &Api, announced: &UploadRequest) -> Result<Upload, Problem> {
    let dataset = api.dataset(announced.dataset.as_str())?;
    let table = table(dataset, Some(announced.table.as_str()))?;
    let progress = upload_progress(&api.platform(), dataset, table, &announced.key).await?;
    let awaited = Upload {
        upload: announced.upload.to_string(),
        dataset: announced.dataset.to_string(),
        table: announced.table.to_string(),
        key: announced.key.clone(),
        bytes: announced.bytes,
        stage: "awaited".to_owned(),
        bytes_done: None,
        rows: None,
        rows_malformed: None,
        rows_refused: None,
        problem: None,
        is_done: announced.expires_at < Utc::now(),
    };
    Ok(progress.and_then(Upload::of).unwrap_or(awaited))
}

impl Upload {
    /// `None` for a key that is of no table.
    fn of(progress: UploadProgress) -> Option<Self> {
        let mut parts = progress.key.split('/').skip(1);
        let (dataset, table) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let record = progress.record.as_ref();
        let problem = record.and_then(|record| match &record.state {
            UploadState::Foreign { problem }
            | UploadState::Unreadable { problem }
            | UploadState::Interrupted { problem } => Some(problem.clone()),
            _ => None,
        });
        Some(Self {
            upload: progress.upload.to_string(),
            dataset,
            table,
            bytes: progress.bytes,
            stage: progress.stage.to_string(),
            bytes_done: record.map(|record| record.bytes_done),
            rows: record.and_then(|record| record.rows),
            rows_malformed: record.and_then(|record| record.malformed),
            rows_refused: progress.rows_refused,
            problem,
            is_done: matches!(progress.stage, UploadStage::Refused | UploadStage::Published),
            key: progress.key,
        })
    }
}

/// The type of a file by its name, which must be one that no path can be made of.
fn content_type(name: &str) -> Result<&'static str, Problem> {
    let wrong = |why: &str| {
        let detail = format!("`file_name`: {why}: `{}`; such as payments-2026-10.csv", shown(name));
        Problem::bad_request(detail)
    };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')');
    if name.len() > LONGEST_NAME {
        return Err(wrong("the name is too long"));
    }
    if !name.chars().all(is_plain) || name.starts_with(['.', ' ']) || name.ends_with(' ') {
        return Err(wrong("a name has letters, digits, spaces and . - _ ( ) only"));
    }
    let lower = name.to_ascii_lowercase();
    let ending =
        |name: &str| name.rsplit_once('.').map(|(start, end)| (start.to_owned(), end.to_owned()));
    let (start, end) = ending(&lower).ok_or_else(|| wrong("the name has no ending"))?;
    let of = |known: &[(&'static str, &'static str)], end: &str| {
        known.iter().find(|(name, _)| *name == end).map(|(_, kind)| *kind)
    };
    let compressed = of(&COMPRESSED, &end);
    let inner = if compressed.is_some() { ending(&start).map(|(_, end)| end) } else { Some(end) };
    let plain = inner.and_then(|inner| of(&TYPES, &inner));
    let plain = plain.ok_or_else(|| {
        wrong("the name ends with none of .csv .jsonl .json .parquet, plain or with .gz or .zst")
    })?;
    Ok(compressed.unwrap_or(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_follows_from_the_name() {
        for (name, expected) in [
            ("a.csv", "text/csv"),
            ("A (1).CSV", "text/csv"),
            ("größe.jsonl", "application/x-ndjson"),
            ("a.csv.gz", "application/gzip"),
            ("a.parquet", "application/vnd.apache.parquet"),
        ] {
            assert_eq!(content_type(name).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn no_name_leads_anywhere_else() {
        for name in [
            "",
            "csv",
            ".csv",
            "../a.csv",
            "a/b.csv",
            "a\\b.csv",
            "a\0.csv",
            "a.exe",
            "a.gz",
            "a.csv.exe",
            "a%2fb.csv",
            " a.csv",
            "a\n.csv",
        ] {
            assert!(content_type(name).is_err(), "{name:?}");
        }
        assert!(content_type(&format!("{}.csv", "a".repeat(200))).is_err());
    }
}
