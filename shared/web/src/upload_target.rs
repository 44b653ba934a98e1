//! Where the bytes of an upload go when no store takes them directly.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStoreExt, WriteMultipart};
use serde::Serialize;
use smelt_domain::{UploadId, upload_announcement_path};
use utoipa::ToSchema;

use crate::api::Api;
use crate::extract::{NoParameters, Parameters, Path};
use crate::ports::{Asked, RefreshMode, UploadRequest};
use crate::problem::Problem;

/// Where to send an upload, and how.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UploadTarget {
    /// The method.
    #[schema(value_type = String)]
    pub method: &'static str,
    /// The address; one that begins with `/` is on this server.
    pub url: String,
    /// Headers to send, exactly as they are.
    pub headers: BTreeMap<String, String>,
}

impl UploadTarget {
    /// On this server, see `PUT /v1/uploads/{upload}/content`.
    pub fn here(upload: &UploadRequest) -> Self {
        let headers = [("content-type".to_owned(), upload.content_type.clone())];
        let url = format!("/v1/uploads/{}/content", upload.upload);
        Self { method: "PUT", url, headers: headers.into() }
    }
}

/// An upload that has come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Received {
    /// Its id.
    upload: String,
    /// Its bytes.
    bytes: u64,
}

/// Sends the bytes of an upload that was announced, where its `url` says so
#[utoipa::path(
    put,
    path = "/v1/uploads/{upload}/content",
    tag = "uploads",
    params(("upload" = String, Path)),
    request_body(content(
        (String = "text/csv"), (String = "application/json"), (String = "application/x-ndjson"),
        (String = "application/vnd.apache.parquet"), (String = "application/gzip"),
        (String = "application/zstd"),
    )),
    responses(
        (status = 200, body = Received),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 410, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn receive(
    State(api): State<Api>,
    Path(upload): Path<String>,
    _: Parameters<NoParameters>,
    request: Request,
) -> Result<Json<Received>, Problem> {
    if !api.settings().receives_uploads {
        return Err(Problem::conflict(
            "uploads are sent to the address that their announcement names",
        ));
    }
    let announced = announced(&api, &upload).await?;
    if announced.expires_at < Utc::now() {
        return Err(Problem::gone("the address of this upload has expired; announce it again"));
    }
    // Of two who send the same at once, one does.
    let Some(_receiving) = api.receive(&announced.upload) else {
        return Err(Problem::conflict("this upload is being sent already"));
    };
    if api.lake().object(&announced.key).await?.is_some() {
        return Err(Problem::conflict("this upload has come already; announce another one"));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if content_type.and_then(|it| it.to_str().ok()) != Some(announced.content_type.as_str()) {
        let detail = format!("send `Content-Type: {}`, as announced", announced.content_type);
        return Err(Problem::wrong_type(detail));
    }
    take_in(&api, &announced, request).await?;
    let dataset = api.dataset(announced.dataset.as_str())?;
    let asked = Asked::of(dataset, RefreshMode::Incremental);
    // It has landed, and the next refresh takes it in whoever starts it.
    if let Err(error) = api.settings().refresher.refresh(asked).await {
        tracing::warn!(%error, "nobody was told of an upload");
    }
    Ok(Json(Received { upload, bytes: announced.bytes }))
}

/// Writes the body under the upload's key, all of it or nothing.
async fn take_in(api: &Api, announced: &UploadRequest, request: Request) -> Result<(), Problem> {
    let place = ObjectPath::parse(&announced.key).map_err(|error| {
        Problem::bad_request(format!("the file's name cannot be a path: {error}"))
    })?;
    let failed = |error: object_store::Error| {
        Problem::from(smelt_lake::LakeError::from_store("write", announced.key.as_str(), error))
    };
    let parts = api.lake().store().put_multipart(&place).await.map_err(failed)?;
    let mut writer = WriteMultipart::new(parts);
    let mut body = request.into_body().into_data_stream();
    let mut bytes = 0;
    let wrong = loop {
        match body.next().await {
            Some(Ok(chunk)) => {
                bytes += chunk.len() as u64;
                if bytes > announced.bytes {
                    let detail = format!("more came than the {} bytes announced", announced.bytes);
                    break Some(Problem::too_large(detail));
                }
                if let Err(error) = writer.wait_for_capacity(2).await {
                    break Some(failed(error));
                }
                writer.put(chunk);
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "an upload broke off");
                break Some(Problem::bad_request("the upload broke off; send it again"));
            }
            None if bytes < announced.bytes => {
                let detail = format!("{bytes} bytes came, and {} were announced", announced.bytes);
                break Some(Problem::bad_request(detail));
            }
            None => break None,
        }
    };
    match wrong {
        None => writer.finish().await.map(drop).map_err(failed),
        Some(problem) => {
            if let Err(error) = writer.abort().await {
                tracing::warn!(%error, "what came of an upload was not deleted");
            }
            Err(problem)
        }
    }
}

/// What was announced under this id.
async fn announced(api: &Api, upload: &str) -> Result<UploadRequest, Problem> {
    let none = || {
        let detail = "no upload of this id was announced; POST /v1/datasets/{dataset}/uploads does";
        Problem::not_found(detail)
    };
    let id = upload.to_owned().try_into().map_err(|_| none())?;
    announcement(api, &id).await?.ok_or_else(none)
}

/// What was announced under this id, if anything was. What cannot be understood counts as nothing.
pub(crate) async fn announcement(
    api: &Api,
    upload: &UploadId,
) -> Result<Option<UploadRequest>, Problem> {
    let bytes = api.lake().get_object(&upload_announcement_path(upload)).await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// When something that is announced now expires.
pub(crate) fn expiry(api: &Api) -> DateTime<Utc> {
    let time = api.settings().limits.upload_time;
    let time = chrono::TimeDelta::from_std(time).unwrap_or(chrono::TimeDelta::hours(1));
    Utc::now() + time
}
