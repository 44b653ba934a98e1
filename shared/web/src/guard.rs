//! What stands before and behind every route: who asks, how often, from which page; and the headers that
//! every answer has.

use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use smelt_access::{API_KEY_HEADER, Caller, Role};
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::api::Api;
use crate::origin::Origin;
use crate::peer::Peer;
use crate::problem::Problem;

/// Names a request, in its answer and in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a caller.
const LONGEST_ID: usize = 100;

/// What every answer is sent with unless it says otherwise: none is to be shown within another page, or
/// guessed at, and data loads nothing.
pub(crate) const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// What a page may ask of the API (CORS), beside the method that it asks with.
const METHODS: &str = "GET, POST, PUT, DELETE";
const EXPOSED: &str = "Content-Disposition, Content-Range, ETag, Link, Location, Retry-After, \
                       WWW-Authenticate, X-Request-Id";
/// Seconds for which a browser need not ask again.
const ALLOWED_FOR: &str = "3600";

/// Lets a request through whose caller has at least this role.
pub(crate) async fn require(
    State((api, role)): State<(Api, Role)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let settings = api.settings();
    if let Some(source) = &settings.keys
        && settings.access.wants_keys(request.headers(), Instant::now())
    {
        match source.keys().await {
            Ok(keys) => settings.access.put_keys(keys, Instant::now()),
            // Tokens that are signed with keys which are known still count.
            Err(error) => tracing::warn!(%error, "the issuer's keys were not fetched"),
        }
    }
    let caller = caller(&api, &request)?;
    caller.require(role)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Who asks, unless it is nobody who is known, or somebody who asks too often.
fn caller(api: &Api, request: &Request) -> Result<Caller, Problem> {
    let settings = api.settings();
    let (from, now) = (Peer::of(request), Instant::now());
    let named = settings.access.caller(request.headers(), SystemTime::now());
    if let Some(limiter) = &settings.limiter {
        match &named {
            Ok(caller) => limiter.take(caller, from, now)?,
            Err(_) => limiter.take_refused(from, now)?,
        }
    }
    Ok(named?)
}

/// Gives every request an id and every answer its headers; answers what browsers ask beforehand. What is
/// logged meanwhile has the id that the answer has.
pub(crate) async fn frame(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let origin = request.extensions_mut().remove::<Origin>().unwrap_or_default();
    let id = request_id(request.headers(), &origin);
    request.extensions_mut().insert(origin.or_known_by(&id));
    let span = span(&request, &id);
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asks_before = request.method() == Method::OPTIONS;
    let mut response = if !is_meant_for_us(&api, request.headers()) {
        let detail = "everybody may ask here, but only by a name of this machine: a page of another \
                      name could be anybody's; ask at http://127.0.0.1 or http://localhost";
        Problem::misdirected(detail).into_response()
    } else if asks_before {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).instrument(span).await
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.of_request(&id).into_response();
    }
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    allow_origin(&api, origin, asks_before, headers);
    response
}

/// Where everybody may do everything, only names of this machine are answered: a web page whose name
/// leads to 127.0.0.1 would otherwise ask as if it came from here.
fn is_meant_for_us(api: &Api, headers: &HeaderMap) -> bool {
    if !api.settings().only_loopback_names {
        return true;
    }
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return true;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn allow_origin(
    api: &Api,
    origin: Option<HeaderValue>,
    asks_before: bool,
    headers: &mut HeaderMap,
) {
    let origins = &api.settings().origins;
    if origins.vary() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    let Some(allowed) = origin.and_then(|origin| origins.allowed(&origin)) else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if asks_before {
        let allowed_headers = format!(
            "Authorization, Content-Type, If-None-Match, Last-Event-ID, Range, X-Request-Id, \
             {API_KEY_HEADER}"
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(ALLOWED_FOR));
        if let Ok(value) = HeaderValue::try_from(allowed_headers) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, value);
        }
    }
}

/// The span of a request, by its route as it is declared: paths hold keys of rows, and queries hold values.
/// The id has a name of its own beside the `request_id` of the invocation around it.
fn span(request: &Request, id: &str) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    tracing::info_span!("request", method = request.method().as_str(), route, x_request_id = id)
}

/// The caller's own id where it is one, so that a request can be followed through several services; else
/// the id of whoever handed it over.
fn request_id(headers: &HeaderMap, origin: &Origin) -> String {
    let is_plain = |id: &&str| {
        !id.is_empty()
            && id.len() <= LONGEST_ID
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=:;.".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(is_plain);
    let known = given.or_else(|| origin.request_id().filter(is_plain));
    known.map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}
