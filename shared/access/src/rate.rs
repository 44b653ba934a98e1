//! How often something may come.

use std::time::{Duration, Instant};

/// How often each caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Between two requests, in the long run.
    pub(crate) interval: Duration,
    /// How long before the time of its turn a request may come.
    ahead: Duration,
}

/// Why numbers are no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Requests a second out of range.
    #[error("the rate is a number of requests a second, from 0.001 to 1000000")]
    Rate,
    /// No request at once.
    #[error("the burst is a number of requests, from 1 to 1000000")]
    Burst,
}

impl Rate {
    /// So many requests a second in the long run, so many at once.
    pub fn new(per_second: f64, burst: u32) -> Result<Self, RateError> {
        if !(0.001..=1_000_000.0).contains(&per_second) {
            return Err(RateError::Rate);
        }
        if !(1..=1_000_000).contains(&burst) {
            return Err(RateError::Burst);
        }
        // Up to the next nanosecond: rather too slow by that than too fast.
        let interval = Duration::from_secs_f64(1.0 / per_second) + Duration::from_nanos(1);
        Ok(Self { interval, ahead: interval * (burst - 1) })
    }

    /// When a bucket is full after one more request, or how long that has to wait.
    pub(crate) fn after_one_more(
        &self,
        full_at: Instant,
        now: Instant,
    ) -> Result<Instant, Duration> {
        let wait = self.wait(full_at, now);
        if wait.is_zero() { Ok(full_at.max(now) + self.interval) } else { Err(wait) }
    }

    /// How long a request has to wait whose bucket is full at that time.
    pub(crate) fn wait(&self, full_at: Instant, now: Instant) -> Duration {
        full_at.saturating_duration_since(now).saturating_sub(self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_this_world() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert_eq!(Rate::new(rate, 1), Err(RateError::Rate));
        }
        assert_eq!(Rate::new(1.0, 0), Err(RateError::Burst));
        assert!(Rate::new(0.001, 1_000_000).is_ok());
    }
}
