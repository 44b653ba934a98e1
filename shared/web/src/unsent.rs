//! What is answered in place of an answer that cannot be sent.

use axum::http::response::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::guard::{REQUEST_ID, SECURITY_HEADERS};
use crate::problem::Problem;

/// Bytes of a text as a string in JSON, quotes included: what Lambda passes on is JSON, in which a body that
/// is a text is such a string. A body in JSON, or CSV of short lines, becomes a third larger by it.
pub fn bytes_in_json(text: &str) -> usize {
    let escaped = |byte: u8| -> usize {
        match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            // `\u001f`
            0x00..=0x1f => 6,
            _ => 1,
        }
    };
    text.bytes().map(escaped).sum::<usize>() + 2
}

/// What tells a browser which page may read an answer.
const OF_ORIGINS: [HeaderName; 3] =
    [header::ACCESS_CONTROL_ALLOW_ORIGIN, header::ACCESS_CONTROL_EXPOSE_HEADERS, header::VARY];

/// What is answered in place of an answer of the router that has this head, where that is larger than
/// whoever passes it on takes. It has the headers that every answer has: pages of other origins may read
/// it, and the log has the same id.
pub fn too_large_to_send(unsent: &Parts) -> Response {
    let problem = Problem::too_large(
        "the answer is larger than can be sent: ask for fewer rows (limit) or columns (select), or read \
         the file below published/",
    );
    let id = unsent.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let mut response = match id {
        Some(id) => problem.of_request(id).into_response(),
        None => problem.into_response(),
    };
    let security = SECURITY_HEADERS.map(|(name, _)| name);
    for name in OF_ORIGINS.into_iter().chain(security).chain([REQUEST_ID]) {
        for value in unsent.headers.get_all(&name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[test]
    fn a_text_has_as_many_bytes_in_json_as_serde_json_writes() {
        let every_ascii: String = (0..=0x7f_u8).map(char::from).collect();
        let rows = "{\"rows\":[{\"vendor\":\"A \\\"B\\\"\",\"amount\":1.5}]}\r\n";
        for text in ["", "BROOKLYN", rows, "Zürich 🗽 \u{2028}\u{fffd}", &every_ascii] {
            let written = serde_json::to_string(text).unwrap();
            assert_eq!(bytes_in_json(text), written.len(), "{written}");
        }
    }

    #[test]
    fn it_has_the_headers_of_every_answer_and_none_of_the_body() {
        let mut answer = Response::new(axum::body::Body::empty());
        for (name, value) in [
            ("access-control-allow-origin", "https://bi.example.com"),
            ("x-frame-options", "DENY"),
            ("x-request-id", "r1"),
            ("vary", "accept"),
            ("vary", "Origin"),
            ("cache-control", "private"),
            ("content-type", "application/vnd.apache.parquet"),
            ("content-encoding", "gzip"),
            ("etag", "\"1\""),
        ] {
            answer.headers_mut().append(name, HeaderValue::from_static(value));
        }
        let (head, _) = answer.into_parts();
        let instead = too_large_to_send(&head);
        assert_eq!(instead.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let headers = instead.headers();
        assert_eq!(headers["access-control-allow-origin"], "https://bi.example.com");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["x-request-id"], "r1");
        assert_eq!(headers.get_all("vary").iter().count(), 2);
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert!(!headers.contains_key("content-encoding") && !headers.contains_key("etag"));
    }
}
