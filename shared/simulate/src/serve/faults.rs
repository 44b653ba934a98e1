//! What goes wrong on request: a script by request number, and chance.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::stream;

use crate::random::{Chance, Random};

/// What chance makes of a request, each as often as its weight says.
const RANDOM_FAULTS: [(RandomFault, u32); 6] = [
    (RandomFault::TooManyRequests, 3),
    (RandomFault::ComeAgain, 1),
    (RandomFault::Unavailable, 3),
    (RandomFault::BrokenConnection, 2),
    (RandomFault::EarlyEnd, 2),
    (RandomFault::Slow, 1),
];

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

/// A fault and the requests that it hits, as `429@3` or `slow=2s@5..8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFault {
    /// The requests, counted from 1.
    pub requests: RangeInclusive<u64>,
    /// How they go wrong.
    pub fault: Fault,
}

/// How often something happens by chance: a share from 0 to 1, as `0.1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultRate(pub(super) f64);

/// Which requests go wrong, counted from 1 over all requests of a server.
#[derive(Clone, Default)]
pub struct Faults {
    /// The last one that fits counts.
    planned: Vec<PlannedFault>,
    by_chance: Option<ByChance>,
    listener: Option<Listener>,
}

#[derive(Debug, Clone, Copy)]
struct ByChance {
    chance: Chance,
    seed: u64,
}

/// Is told the number of each request that goes wrong.
type Listener = Arc<dyn Fn(u64, &Fault) + Send + Sync>;

#[derive(Debug, Clone, Copy)]
enum RandomFault {
    TooManyRequests,
    ComeAgain,
    Unavailable,
    BrokenConnection,
    EarlyEnd,
    Slow,
}

impl Faults {
    /// Everything goes well.
    pub fn none() -> Self {
        Self::default()
    }

    /// The request of this number, too, goes wrong.
    #[must_use]
    pub fn and_at(self, request: u64, fault: Fault) -> Self {
        self.and(PlannedFault { requests: request..=request, fault })
    }

    /// All of these requests, too, go wrong in the same way.
    #[must_use]
    pub fn and_during(self, requests: RangeInclusive<u64>, fault: &Fault) -> Self {
        self.and(PlannedFault { requests, fault: fault.clone() })
    }

    /// This, too, goes wrong.
    #[must_use]
    pub fn and(mut self, planned: PlannedFault) -> Self {
        self.planned.push(planned);
        self
    }

    /// Each other request goes wrong this often, in one way or another; the same seed does the same
    /// to a request of the same number.
    #[must_use]
    pub fn and_by_chance(self, rate: FaultRate, seed: u64) -> Self {
        let by_chance = ByChance { chance: Chance::new(rate.0), seed };
        Self { by_chance: Some(by_chance), ..self }
    }

    /// Tells the listener the number of each request that goes wrong, and how.
    #[must_use]
    pub fn told_to(self, listener: impl Fn(u64, &Fault) + Send + Sync + 'static) -> Self {
        Self { listener: Some(Arc::new(listener)), ..self }
    }

    pub(super) fn of_request(&self, request: u64) -> Option<Fault> {
        let planned = self.planned.iter().rfind(|planned| planned.requests.contains(&request));
        let fault = match planned {
            Some(planned) => planned.fault.clone(),
            None => self.by_chance?.of_request(request)?,
        };
        if let Some(listener) = &self.listener {
            listener(request, &fault);
        }
        Some(fault)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Faults")
            .field("planned", &self.planned)
            .field("by_chance", &self.by_chance)
            .finish_non_exhaustive()
    }
}

impl ByChance {
    fn of_request(self, request: u64) -> Option<Fault> {
        let mut random = Random::new(self.seed, request);
        random.happens(self.chance).then(|| match random.pick(&RANDOM_FAULTS) {
            RandomFault::TooManyRequests => Fault::TooManyRequests { retry_after: None },
            RandomFault::ComeAgain => Fault::TooManyRequests { retry_after: Some("1".to_owned()) },
            RandomFault::Unavailable => Fault::Status(503),
            RandomFault::BrokenConnection => Fault::BrokenConnection,
            RandomFault::EarlyEnd => Fault::EarlyEnd,
            RandomFault::Slow => Fault::Slow(Duration::from_secs(1)),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_plan_counts_and_chance_is_for_the_rest() {
        let always = FaultRate(1.0);
        let faults = Faults::none()
            .and_during(2..=4, &Fault::Status(500))
            .and_at(3, Fault::EarlyEnd)
            .and_by_chance(always, 7);
        assert_eq!(faults.of_request(2), Some(Fault::Status(500)));
        assert_eq!(faults.of_request(3), Some(Fault::EarlyEnd));
        assert!(faults.of_request(5).is_some());
        assert_eq!(Faults::none().and_at(2, Fault::EarlyEnd).of_request(1), None);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_and_as_often_as_asked() {
        let of = |seed: u64, rate: f64| -> Vec<Option<Fault>> {
            let faults = Faults::none().and_by_chance(FaultRate(rate), seed);
            (1..=1000).map(|request| faults.of_request(request)).collect()
        };
        assert_eq!(of(7, 0.1), of(7, 0.1));
        assert_ne!(of(7, 0.1), of(8, 0.1));
        let wrong = of(7, 0.1).into_iter().flatten().count();
        assert!((60..140).contains(&wrong), "{wrong}");
        assert_eq!(of(7, 0.0).into_iter().flatten().count(), 0);
    }

    #[test]
    fn a_listener_hears_of_what_goes_wrong_only() {
        let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        let faults = Faults::none().and_at(2, Fault::Status(503)).told_to(move |request, fault| {
            hearing.lock().unwrap().push(format!("{request}: {fault}"));
        });
        for request in 1..=3 {
            faults.of_request(request);
        }
        assert_eq!(*heard.lock().unwrap(), ["2: 503"]);
    }
}
