//! Token buckets, by whose they are.
//!
//! A bucket holds `burst` requests and fills by `rate` a second. What is kept of it is the one time at
//! which it is full again (the virtual scheduling of GCRA), so there is nothing to round and nobody gets
//! more than `burst + rate · t`.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use crate::Rate;

/// The buckets of at most so many who took out of them lately.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    rate: Rate,
    most: usize,
    full_at: HashMap<K, Instant>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// All are full.
    pub(crate) fn new(rate: Rate, most: usize) -> Self {
        Self { rate, most, full_at: HashMap::new() }
    }

    /// Takes a request out of a bucket, or says how long until there is one. Who comes on top of those
    /// that are kept waits.
    pub(crate) fn take(&mut self, whose: K, now: Instant) -> Result<(), Duration> {
        if let Some(full_at) = self.full_at.get_mut(&whose) {
            *full_at = self.rate.after_one_more(*full_at, now)?;
            return Ok(());
        }
        let wait = self.wait_for_a_place(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        if self.full_at.len() >= self.most {
            // A full bucket is as good as none.
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        self.full_at.insert(whose, self.rate.after_one_more(now, now)?);
        Ok(())
    }

    /// How long until a request can be taken out of a bucket; zero: now.
    pub(crate) fn wait(&self, whose: &K, now: Instant) -> Duration {
        match self.full_at.get(whose) {
            Some(full_at) => self.rate.wait(*full_at, now),
            None => self.wait_for_a_place(now),
        }
    }

    /// How long until one more can be kept; zero: now.
    fn wait_for_a_place(&self, now: Instant) -> Duration {
        if self.full_at.len() < self.most {
            return Duration::ZERO;
        }
        let next = self.full_at.values().min();
        next.map_or(self.rate.interval, |next| next.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn buckets<K: Eq + Hash>(per_second: f64, burst: u32, most: usize) -> Buckets<K> {
        Buckets::new(Rate::new(per_second, burst).unwrap(), most)
    }

    #[test]
    fn who_comes_on_top_waits_until_another_has_not_asked_for_a_while() {
        let (mut buckets, start) = (buckets(1.0, 1, 2), Instant::now());
        let later = start + Duration::from_millis(500);
        buckets.take("ada", start).unwrap();
        buckets.take("bob", later).unwrap();
        let wait = buckets.take("eve", later).unwrap_err();
        assert_eq!(buckets.take("eve", later + wait), Ok(()));
        assert_eq!(buckets.full_at.len(), 2);
    }

    proptest! {
        /// In every window of time, not only from the start.
        #[test]
        fn nobody_gets_more_than_burst_and_rate(
            per_second in 0.1_f64..200.0,
            burst in 1_u32..20,
            pauses in prop::collection::vec(0_u64..400, 1..150),
        ) {
            let mut buckets = buckets(per_second, burst, 1);
            let mut now = Instant::now();
            let mut passed = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                if buckets.take("ada", now).is_ok() {
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
            let mut buckets = buckets(per_second, burst, 1);
            let now = Instant::now();
            for _ in 0..asked {
                let _ = buckets.take("ada", now);
            }
            let wait = buckets.wait(&"ada", now);
            prop_assert_eq!(buckets.take("ada", now).err().unwrap_or_default(), wait);
            if !wait.is_zero() {
                let turn = now + wait;
                prop_assert!(buckets.take("ada", turn - Duration::from_nanos(1)).is_err());
                prop_assert_eq!(buckets.take("ada", turn), Ok(()));
            }
        }

        #[test]
        fn no_more_are_kept_than_told(
            names in prop::collection::vec("[a-z]{1,2}", 1..80),
            most in 1_usize..8,
        ) {
            let mut buckets = buckets(5.0, 2, most);
            let mut now = Instant::now();
            for name in names {
                now += Duration::from_millis(60);
                let _ = buckets.take(name, now);
                prop_assert!(buckets.full_at.len() <= most);
            }
        }
    }
}
