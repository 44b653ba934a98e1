//! How long to wait before the next attempt.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::Rng;

/// Exponential back-off with full jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// How often something is tried at most, the first time included.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with every further one.
    pub first: Duration,
    /// The longest wait before any attempt.
    pub longest: Duration,
    /// The longest wait that a server may ask for; beyond it the pull gives up at once.
    pub patience: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            attempts: 6,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            patience: Duration::from_secs(300),
        }
    }
}

impl Backoff {
    /// The wait after the 1-based `attempt` failed: random, so that clients which failed together do
    /// not come again together.
    pub(super) fn wait_after(&self, attempt: u32) -> Duration {
        rand::rng().random_range(Duration::ZERO..=self.longest_wait_after(attempt))
    }

    fn longest_wait_after(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// The wait that a `Retry-After` header asks for: seconds, or a date.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(header).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_doubles_up_to_its_limit() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(5),
            ..Backoff::default()
        };
        let seconds: Vec<u64> =
            [1, 2, 3, 4, 99].map(|attempt| backoff.longest_wait_after(attempt).as_secs()).into();
        assert_eq!(seconds, [1, 2, 4, 5, 5]);
        for attempt in 1..50 {
            assert!(backoff.wait_after(attempt) <= backoff.longest_wait_after(attempt));
        }
    }

    #[test]
    fn a_server_asks_for_seconds_or_for_a_date() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00Z").unwrap().to_utc();
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(37)));
        let past = "Sun, 06 Nov 1994 08:48:00 GMT";
        assert_eq!(retry_after(past, now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
