//! What goes wrong on request: a script by request number.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::stream;

/// How one request goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429, with this `Retry-After` if there is one.
    TooManyRequests {
        /// Seconds or an HTTP date.
        retry_after: Option<String>,
    },
    /// Another status, such as 500 or 503.
    Status(u16),
    /// The connection breaks when half of the answer is sent.
    BrokenConnection,
    /// The answer ends in its middle and says that this is all.
    EarlyEnd,
    /// The answer comes after this time.
    Slow(Duration),
}

/// Which requests go wrong, counted from 1 over all requests of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    by_request: BTreeMap<u64, Fault>,
}

impl Faults {
    /// Everything goes well.
    pub fn none() -> Self {
        Self::default()
    }

    /// The request of this number, too, goes wrong.
    #[must_use]
    pub fn and_at(mut self, request: u64, fault: Fault) -> Self {
        self.by_request.insert(request, fault);
        self
    }

    /// All of these requests, too, go wrong in the same way.
    #[must_use]
    pub fn and_during(mut self, requests: std::ops::RangeInclusive<u64>, fault: &Fault) -> Self {
        self.by_request.extend(requests.map(|request| (request, fault.clone())));
        self
    }

    pub(super) fn of_request(&self, request: u64) -> Option<&Fault> {
        self.by_request.get(&request)
    }
}

impl Fault {
    /// What becomes of an answer.
    pub(super) async fn spoil(self, answer: Response) -> Response {
        match self {
            Self::TooManyRequests { retry_after } => {
                let mut response = status_only(StatusCode::TOO_MANY_REQUESTS);
                if let Some(value) = retry_after.and_then(|text| text.parse().ok()) {
                    response.headers_mut().insert(header::RETRY_AFTER, value);
                }
                response
            }
            Self::Status(status) => status_only(
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            ),
            Self::Slow(time) => {
                tokio::time::sleep(time).await;
                answer
            }
            Self::BrokenConnection => {
                let (whole, half) = halves(answer).await;
                let broken = io::Error::new(io::ErrorKind::ConnectionReset, "cut");
                let parts = stream::iter([Ok::<Bytes, io::Error>(half), Err(broken)]);
                let mut response = Response::new(Body::from_stream(parts));
                response.headers_mut().insert(header::CONTENT_LENGTH, whole.into());
                response
            }
            Self::EarlyEnd => Response::new(Body::from(halves(answer).await.1)),
        }
    }
}

/// The length of an answer and its first half.
async fn halves(answer: Response) -> (usize, Bytes) {
    let whole = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap_or_default();
    (whole.len(), whole.slice(..whole.len() / 2))
}

fn status_only(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
