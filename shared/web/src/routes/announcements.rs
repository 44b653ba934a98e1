//! Files that are to come.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use smelt_domain::{UploadId, landing_prefix, shown, upload_announcement_path};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::{Api, table};
use crate::extract::{Body, NoParameters, Parameters, Path};
use crate::ports::UploadRequest;
use crate::problem::Problem;
use crate::upload_target::{UploadTarget, expiry};

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
    _: Parameters<NoParameters>,
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
