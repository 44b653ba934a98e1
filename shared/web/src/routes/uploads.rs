//! Files on their way in, and how far each is.

use std::cmp::Reverse;
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::{Stream, stream, try_join};
use serde::{Deserialize, Serialize};
use smelt_domain::{Dataset, DatasetName, TableName, UploadId, UploadState};
use smelt_stages::{
    Misplaced, Platform, StageError, UploadProgress, UploadStage, find_upload, misplaced_uploads,
    upload_progress,
};
use tracing::{Instrument, Span};
use utoipa::{IntoParams, ToSchema};

use crate::api::{Api, Streaming, table};
use crate::extract::{NoParameters, Parameters, Path, limit};
use crate::ports::UploadRequest;
use crate::problem::Problem;
use crate::server_paths::without_server_paths;
use crate::upload_target::announcement;

/// How often an upload that is watched is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How long an upload is watched in one go; whoever watches asks again by itself.
const WATCH_FOR: Duration = Duration::from_secs(15 * 60);
/// How long a browser waits before it asks again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Uploads that are listed where nothing else is asked for, and at most.
const USUAL_UPLOADS: usize = 100;
const MOST_UPLOADS: usize = 1000;

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
    /// When it landed; null while it has not.
    landed_at: Option<DateTime<Utc>>,
    /// `awaited`, `expired` (it did not come in time), `waiting`, `reading`, `interrupted`, `refused`, or the
    /// layer that has its rows: `bronze`, `silver`, `gold`, `published`.
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
    /// Why nothing of it was loaded although nothing is wrong with it: the same content was there already, or
    /// it has no records.
    note: Option<String>,
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
    /// How many of the newest.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// Uploads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Uploads {
    /// Those of all datasets together, the newest first.
    uploads: Vec<Upload>,
    /// What lies where it is never taken in, by key; at most as many.
    misplaced: Vec<MisplacedUpload>,
}

/// A file or folder in `landing/` that is never taken in, as it lies in the folder of no table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MisplacedUpload {
    /// Where it lies in the lake; a folder ends with `/`.
    key: String,
    /// Why it is not taken in, and where it may belong.
    problem: String,
}

impl From<Misplaced> for MisplacedUpload {
    fn from(Misplaced { key, problem }: Misplaced) -> Self {
        Self { key, problem }
    }
}

/// The uploads, and how far each is; and what was put where nothing is taken in
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
    let only = parameters.dataset.as_deref().map(|name| api.dataset(name)).transpose()?;
    let most = limit(parameters.limit, USUAL_UPLOADS, MOST_UPLOADS)?;
    let platform = api.platform();
    let landed = landed(&platform, only.map_or(api.datasets(), std::slice::from_ref), most);
    let (landed, misplaced) = try_join!(landed, misplaced_uploads(&platform, only))?;
    let mut uploads: Vec<Upload> =
        landed.into_iter().filter_map(|progress| Upload::of(&api, progress)).collect();
    uploads.sort_by_key(|upload| Reverse(upload.landed_at));
    uploads.truncate(most);
    let misplaced = misplaced.into_iter().take(most).map(MisplacedUpload::from).collect();
    Ok(Json(Uploads { uploads, misplaced }))
}

/// The newest uploads of each of these datasets.
async fn landed(
    platform: &Platform,
    datasets: &[Dataset],
    most: usize,
) -> Result<Vec<UploadProgress>, StageError> {
    let mut landed = Vec::new();
    for dataset in datasets {
        landed.extend(smelt_stages::uploads(platform, dataset, most).await?);
    }
    Ok(landed)
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
    _: Parameters<NoParameters>,
) -> Result<Json<Upload>, Problem> {
    let watched = find(&api, &upload).await?;
    Ok(Json(look(&api, &watched).await?))
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
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let watched = find(&api, &upload).await?;
    match api.settings().streaming {
        Streaming::Live => {
            let events = Sse::new(progress(api, watched));
            Ok(events.keep_alive(KeepAlive::default()).into_response())
        }
        Streaming::Whole => {
            let now = look(&api, &watched).await?;
            Ok(Sse::new(stream::once(async move { event(&now) })).into_response())
        }
    }
}

/// What is seen of an upload, each time that it has moved on, until it is done.
fn progress(api: Api, watched: Watched) -> impl Stream<Item = Result<Event, Infallible>> {
    enum Seen {
        Nothing,
        This(Box<Upload>),
        Last,
    }
    let until = tokio::time::Instant::now() + WATCH_FOR;
    let request = Span::current();
    let first = (api, watched, request, Seen::Nothing);
    stream::unfold(first, move |(api, watched, request, seen)| async move {
        loop {
            match &seen {
                Seen::Last => return None,
                Seen::This(_) => tokio::time::sleep(LOOK_EVERY).await,
                Seen::Nothing => {}
            }
            if tokio::time::Instant::now() > until {
                return None;
            }
            let now = match look(&api, &watched).instrument(request.clone()).await {
                Ok(now) => now,
                // The log says why. Whoever watches asks again.
                Err(_) => return None,
            };
            if matches!(&seen, Seen::This(before) if **before == now) {
                continue;
            }
            let event = event(&now);
            let seen = if now.is_done { Seen::Last } else { Seen::This(Box::new(now)) };
            return Some((event, (api, watched, request, seen)));
        }
    })
}

fn event(upload: &Upload) -> Result<Event, Infallible> {
    let name = if upload.is_done { "done" } else { "progress" };
    let data = serde_json::to_string(upload).unwrap_or_default();
    Ok(Event::default().event(name).retry(ASK_AGAIN).data(data))
}

/// An upload that somebody asks about.
struct Watched {
    dataset: DatasetName,
    table: TableName,
    key: String,
    /// What was announced; nothing of a file that came without a word, or so long ago that it was deleted.
    announced: Option<UploadRequest>,
}

/// The upload of this id: announced, or found where files land.
async fn find(api: &Api, upload: &str) -> Result<Watched, Problem> {
    let id: UploadId = upload.to_owned().try_into().map_err(|_| no_upload())?;
    if let Some(announced) = announcement(api, &id).await? {
        let (dataset, table) = (announced.dataset.clone(), announced.table.clone());
        let key = announced.key.clone();
        return Ok(Watched { dataset, table, key, announced: Some(announced) });
    }
    let platform = api.platform();
    for dataset in api.datasets() {
        if let Some((table, key)) = find_upload(&platform, dataset, &id).await? {
            return Ok(Watched { dataset: dataset.name.clone(), table, key, announced: None });
        }
    }
    Err(no_upload())
}

fn no_upload() -> Problem {
    let detail = "no file of this id has landed, nor was one announced; \
                  POST /v1/datasets/{dataset}/uploads announces one";
    Problem::not_found(detail)
}

async fn look(api: &Api, watched: &Watched) -> Result<Upload, Problem> {
    let dataset = api.dataset(watched.dataset.as_str())?;
    let table = table(dataset, Some(watched.table.as_str()))?;
    let progress = upload_progress(&api.platform(), dataset, table, &watched.key).await?;
    if let Some(upload) = progress.and_then(|progress| Upload::of(api, progress)) {
        return Ok(upload);
    }
    let announced = watched.announced.as_ref().ok_or_else(no_upload)?;
    let is_late = announced.expires_at < Utc::now() && !api.is_receiving(&announced.upload);
    Ok(Upload::to_come(announced, is_late))
}

impl Upload {
    /// One that has not landed.
    fn to_come(announced: &UploadRequest, is_late: bool) -> Self {
        let too_late = "it did not come before its address expired; announce it again";
        Self {
            upload: announced.upload.to_string(),
            dataset: announced.dataset.to_string(),
            table: announced.table.to_string(),
            key: announced.key.clone(),
            bytes: announced.bytes,
            landed_at: None,
            stage: if is_late { "expired" } else { "awaited" }.to_owned(),
            bytes_done: None,
            rows: None,
            rows_malformed: None,
            rows_refused: None,
            problem: is_late.then(|| too_late.to_owned()),
            note: None,
            is_done: is_late,
        }
    }

    /// `None` for a key that is of no table.
    fn of(api: &Api, progress: UploadProgress) -> Option<Self> {
        let mut parts = progress.key.split('/').skip(1);
        let (dataset, table) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let record = progress.record.as_ref();
        let problem = record.and_then(|record| match &record.state {
            UploadState::Foreign { problem }
            | UploadState::Unreadable { problem }
            | UploadState::Interrupted { problem } => {
                Some(without_server_paths(problem, api.lake().folder()))
            }
            _ => None,
        });
        Some(Self {
            upload: progress.upload.to_string(),
            dataset,
            table,
            bytes: progress.bytes,
            landed_at: Some(progress.landed_at),
            stage: progress.stage.to_string(),
            bytes_done: record.map(|record| record.bytes_done),
            rows: record.and_then(|record| record.rows),
            rows_malformed: record.and_then(|record| record.malformed),
            rows_refused: progress.rows_refused,
            problem,
            note: record.and_then(|record| note(&record.state)).map(str::to_owned),
            is_done: matches!(progress.stage, UploadStage::Refused | UploadStage::Published),
            key: progress.key,
        })
    }
}

/// What is to be known of an upload that is done beside that it is.
fn note(state: &UploadState) -> Option<&'static str> {
    match state {
        UploadState::AlreadyLoaded { .. } => Some("the same content was there already"),
        UploadState::NoRows => Some("it has no records"),
        _ => None,
    }
}
