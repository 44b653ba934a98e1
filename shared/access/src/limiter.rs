//! How often a caller may ask.
//!
//! A token bucket for each caller: it holds `burst` requests and fills by `rate` a second. What is kept
//! of a bucket is the one time at which it is full again (the virtual scheduling of GCRA), so there is
//! nothing to round and nobody gets more than `burst + rate · t`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;

use crate::Caller;
use crate::access::CallerId;

/// How often each caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Between two requests, in the long run.
    interval: Duration,
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

/// The buckets of callers.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    most_callers: usize,
    full_at: Mutex<HashMap<CallerId, Instant>>,
}

/// The caller has asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests: try again in {} s", .wait.as_secs_f64().ceil())]
pub struct TooMany {
    /// How long until the next request may come.
    pub wait: Duration,
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
}

impl Limiter {
    /// Keeps the buckets of at most so many callers who asked lately. Who comes on top of them waits.
    pub fn new(rate: Rate, most_callers: usize) -> Self {
        Self { rate, most_callers, full_at: Mutex::default() }
    }

    /// Takes a request out of the caller's bucket, if there is one.
    pub fn take(&self, caller: &Caller, now: Instant) -> Result<(), TooMany> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let id = caller.id();
        if let Some(full_at) = full_at.get_mut(&id) {
            *full_at = self.after_one_more(*full_at, now)?;
            return Ok(());
        }
        if full_at.len() >= self.most_callers {
            // A full bucket is as good as none.
            full_at.retain(|_, full_at| *full_at > now);
            if full_at.len() >= self.most_callers {
                let next = full_at.values().min().map(|next| next.duration_since(now));
                return Err(TooMany { wait: next.unwrap_or(self.rate.interval) });
            }
        }
        full_at.insert(id, self.after_one_more(now, now)?);
        Ok(())
    }

    /// When a bucket is full after one more request, or how long that has to wait.
    fn after_one_more(&self, full_at: Instant, now: Instant) -> Result<Instant, TooMany> {
        let wait = full_at.saturating_duration_since(now).saturating_sub(self.rate.ahead);
        if wait.is_zero() {
            Ok(full_at.max(now) + self.rate.interval)
        } else {
            Err(TooMany { wait })
        }
    }
}

impl TooMany {
    /// The header `Retry-After` of the answer: whole seconds, never too few.
    pub fn retry_after(&self) -> HeaderValue {
        let part = u64::from(self.wait.subsec_nanos() > 0);
        HeaderValue::from(self.wait.as_secs().saturating_add(part))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Credential, Role};

    fn caller(name: &str) -> Caller {
        Caller { name: name.to_owned(), role: Role::Reader, credential: Credential::Token }
    }

    fn limiter(per_second: f64, burst: u32, most_callers: usize) -> Limiter {
        Limiter::new(Rate::new(per_second, burst).unwrap(), most_callers)
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let (limiter, start) = (limiter(2.0, 3, 10), Instant::now());
        let ada = caller("ada");
        for _ in 0..3 {
            assert_eq!(limiter.take(&ada, start), Ok(()));
        }
        let refused = limiter.take(&ada, start).unwrap_err();
        assert_eq!(refused.retry_after(), "1");
        assert_eq!(refused.to_string(), "too many requests: try again in 1 s");
        assert_eq!(limiter.take(&ada, start + refused.wait), Ok(()));
        assert!(limiter.take(&ada, start + refused.wait).is_err());
    }

    #[test]
    fn callers_do_not_take_from_each_other() {
        let (limiter, start) = (limiter(1.0, 1, 10), Instant::now());
        assert_eq!(limiter.take(&caller("ada"), start), Ok(()));
        assert_eq!(limiter.take(&caller("bob"), start), Ok(()));
        let key = Caller { credential: Credential::ApiKey, ..caller("ada") };
        assert_eq!(limiter.take(&key, start), Ok(()), "a key of the same name is somebody else");
        assert!(limiter.take(&caller("ada"), start).is_err());
    }

    #[test]
    fn who_comes_on_top_waits_until_another_has_not_asked_for_a_while() {
        let (limiter, start) = (limiter(1.0, 1, 2), Instant::now());
        limiter.take(&caller("ada"), start).unwrap();
        limiter.take(&caller("bob"), start + Duration::from_millis(500)).unwrap();
        let refused = limiter.take(&caller("eve"), start + Duration::from_millis(500)).unwrap_err();
        assert_eq!(
            limiter.take(&caller("eve"), start + Duration::from_millis(500) + refused.wait),
            Ok(())
        );
        assert_eq!(limiter.full_at.lock().unwrap().len(), 2);
    }

    #[test]
    fn rates_are_of_this_world() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert_eq!(Rate::new(rate, 1), Err(RateError::Rate));
        }
        assert_eq!(Rate::new(1.0, 0), Err(RateError::Burst));
        assert!(Rate::new(0.001, 1_000_000).is_ok());
    }

    proptest! {
        /// In every window of time, not only from the start.
        #[test]
        fn nobody_gets_more_than_burst_and_rate(
            per_second in 0.1_f64..200.0,
            burst in 1_u32..20,
            pauses in prop::collection::vec(0_u64..400, 1..150),
        ) {
            let limiter = limiter(per_second, burst, 1);
            let mut now = Instant::now();
            let mut passed = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                if limiter.take(&caller("ada"), now).is_ok() {
                    passed.push(now);
                }
            }
            for (first, start) in passed.iter().enumerate() {
                for (last, end) in passed.iter().enumerate().skip(first) {
                    let let_through = (last - first + 1) as f64;
                    let may = f64::from(burst) + per_second * end.duration_since(*start).as_secs_f64();
                    prop_assert!(let_through <= may + 1e-6, "{let_through} > {may}");
                }
            }
        }

        #[test]
        fn who_waits_as_told_gets_through_and_no_sooner(
            per_second in 0.1_f64..200.0,
            burst in 1_u32..20,
            asked in 1_usize..60,
        ) {
            let limiter = limiter(per_second, burst, 1);
            let now = Instant::now();
            for _ in 0..asked {
                let _ = limiter.take(&caller("ada"), now);
            }
            if let Err(refused) = limiter.take(&caller("ada"), now) {
                let turn = now + refused.wait;
                prop_assert!(limiter.take(&caller("ada"), turn - Duration::from_nanos(1)).is_err());
                prop_assert_eq!(limiter.take(&caller("ada"), turn), Ok(()));
            }
        }

        #[test]
        fn no_more_callers_are_kept_than_told(
            names in prop::collection::vec("[a-z]{1,2}", 1..80),
            most in 1_usize..8,
        ) {
            let limiter = limiter(5.0, 2, most);
            let mut now = Instant::now();
            for name in names {
                now += Duration::from_millis(60);
                let _ = limiter.take(&caller(&name), now);
                prop_assert!(limiter.full_at.lock().unwrap().len() <= most);
            }
        }
    }
}
