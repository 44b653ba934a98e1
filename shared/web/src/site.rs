//! The dashboard and what it reads, where no store serves them: files of a folder, and of `published/`.

use std::error::Error;
use std::io::ErrorKind;
use std::path::Path as FilePath;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectStore};
use smelt_access::Role;
use smelt_domain::shown;
use smelt_lake::LakeError;
use tower_http::services::ServeDir;

use crate::api::Api;
use crate::etag::ETag;
use crate::extract::Path;
use crate::guard;
use crate::problem::Problem;
use crate::router::no_route;

/// The page's own scripts and styles only; data from here.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
/// Names below here hold a hash of their content.
const ASSETS: &str = "/assets/";

/// Bytes of the longest name in a file system, and of the longest key in a store.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 1024;

/// The routes with the dashboard at the root, and `published/` beside it.
pub(crate) fn with_dashboard(routes: Router<Api>, api: &Api, folder: &FilePath) -> Router<Api> {
    let needs_reader = from_fn_with_state((api.clone(), Role::Reader), guard::require);
    let pages = Router::new()
        .fallback_service(
            ServeDir::new(folder)
                .call_fallback_on_method_not_allowed(true)
                .fallback(axum::handler::HandlerWithoutStateExt::into_service(no_route)),
        )
        .layer(from_fn(as_page));
    let published = get(published).route_layer(needs_reader);
    routes.route("/published/{*path}", published).fallback_service(pages)
}

async fn as_page(
    uri: Uri,
    method: Method,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    if cannot_be(uri.path()) {
        return no_route(uri).await.into_response();
    }
    let mut response = next.run(request).await;
    // A browser takes the headers of a 304 over into the page that it keeps.
    let is_page = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    if is_page && (method == Method::GET || method == Method::HEAD) {
        let is_asset = uri.path().starts_with(ASSETS);
        let kept = if is_asset { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    }
    response
}

/// Whether no file can have that name: a store that is asked fails, rather than to say that there is none.
fn cannot_be(path: &str) -> bool {
    path.len() > LONGEST_PATH || path.split('/').any(|name| name.len() > LONGEST_NAME)
}

/// Whether a store says that there is nothing; a folder, also that what should be a folder is a file.
fn is_nowhere(error: &object_store::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if kind == Some(ErrorKind::NotADirectory) {
            return true;
        }
        cause = error.source();
    }
    matches!(error, object_store::Error::NotFound { .. })
}

/// A published file, or a part of it.
async fn published(
    State(api): State<Api>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("published/{path}");
    let none = || Problem::not_found(format!("`{}` is not published", shown(&path)));
    let place = ObjectPath::parse(&path).map_err(|_| none())?;
    if cannot_be(place.as_ref()) {
        return Err(none());
    }
    let is_json = path.ends_with(".json");
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    // A compressed part would be a part of nothing.
    let range = range.filter(|_| !is_json).and_then(asked_range);
    // In one go, so that its size is that of what is sent.
    let options = GetOptions { range: range.clone(), ..GetOptions::default() };
    let found = match api.lake().store().get_opts(&place, options).await {
        Ok(found) => found,
        Err(error) if is_nowhere(&error) => return Err(none()),
        Err(error) => match (api.lake().object(place.as_ref()).await?, &range) {
            (None, _) => return Err(none()),
            (Some(object), Some(range)) if range.as_range(object.size).is_err() => {
                return Err(Problem::no_range(object.size));
            }
            _ => return Err(LakeError::from_store("read", path.as_str(), error).into()),
        },
    };
    let (size, modified) = (found.meta.size, found.meta.last_modified.timestamp_micros());
    let tag = ETag::of(&[path.as_bytes(), &size.to_le_bytes(), &modified.to_le_bytes()]);
    if tag.is_known_by(&headers) {
        return Ok(described(StatusCode::NOT_MODIFIED.into_response(), &tag, &path));
    }
    let part = found.range.clone();
    if range.is_some() && part.is_empty() {
        return Err(Problem::no_range(size));
    }
    let body = axum::body::Body::from_stream(found.into_stream());
    let mut response = body.into_response();
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let text = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
        let value = HeaderValue::try_from(text).ok();
        response.headers_mut().extend(value.map(|value| (header::CONTENT_RANGE, value)));
    }
    let length = HeaderValue::from(part.end - part.start);
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    if !is_json {
        response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    Ok(described(response, &tag, &path))
}

fn described(mut response: Response, tag: &ETag, path: &str) -> Response {
    let kind = match path.rsplit('.').next() {
        Some("json") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        Some("md") => "text/markdown; charset=utf-8",
        _ => "application/vnd.apache.parquet",
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // A lake that is made anew gives its names out anew, at the same address: the tag tells.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.extend(tag.header().map(|tag| (header::ETAG, tag)));
    if path.ends_with(".html") {
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    response
}

/// A range of bytes as readers of Parquet ask for it: one, with a start, or the last so many. Others
/// are answered with the whole file, which is allowed (RFC 9110, 14.2).
fn asked_range(text: &str) -> Option<GetRange> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", last) => Some(GetRange::Suffix(last.parse().ok()?)),
        (first, "") => Some(GetRange::Offset(first.parse().ok()?)),
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then(|| GetRange::Bounded(first..last.saturating_add(1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_readers_of_parquet_ask_for_them() {
        assert_eq!(asked_range("bytes=0-7"), Some(GetRange::Bounded(0..8)));
        assert_eq!(asked_range("bytes=8-"), Some(GetRange::Offset(8)));
        assert_eq!(asked_range("bytes=-8"), Some(GetRange::Suffix(8)));
        for other in ["", "bytes=", "bytes=7-0", "bytes=0-1,3-4", "rows=0-7", "bytes=a-b"] {
            assert_eq!(asked_range(other), None, "{other}");
        }
    }
}
