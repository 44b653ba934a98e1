//! When the keys of an issuer are fetched anew.
//!
//! Issuers change their keys: they publish the new one, then sign with it, then take the old one away. So
//! keys are fetched when a token names one that is not known, and when they are an hour old. Anybody may
//! send a token that names an unknown key, so this happens at most once a minute.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::KeySet;

/// Between two fetches.
const PAUSE: Duration = Duration::from_secs(60);

/// Between two fetches as long as there is no key at all, which keeps everybody out.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(5);

/// Keys that are older are fetched again: one that the issuer has withdrawn must not count forever.
const OLD: Duration = Duration::from_secs(60 * 60);

/// The keys of an issuer as they were last fetched.
#[derive(Debug)]
pub(crate) struct PublishedKeys {
    keys: RwLock<Arc<KeySet>>,
    times: Mutex<Times>,
}

#[derive(Debug, Default)]
struct Times {
    /// When somebody was last told to fetch.
    asked: Option<Instant>,
    /// When keys were last put.
    put: Option<Instant>,
}

impl PublishedKeys {
    pub(crate) fn new(keys: KeySet) -> Self {
        Self { keys: RwLock::new(Arc::new(keys)), times: Mutex::default() }
    }

    pub(crate) fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn put(&self, keys: KeySet, now: Instant) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        self.times.lock().unwrap_or_else(PoisonError::into_inner).put = Some(now);
    }

    /// Whether to fetch now. Who is told so counts as having tried, whatever comes of it.
    pub(crate) fn is_fetch_due(&self, knows_the_key: bool, now: Instant) -> bool {
        let pause = if self.keys().is_empty() { PAUSE_WITHOUT_KEYS } else { PAUSE };
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        // Keys that were given at the start are as old as the first question after them.
        let put = *times.put.get_or_insert(now);
        let is_wanted = !knows_the_key || now.saturating_duration_since(put) >= OLD;
        let is_allowed =
            times.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= pause);
        let is_due = is_wanted && is_allowed;
        if is_due {
            times.asked = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ED25519: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    fn keys() -> KeySet {
        KeySet::parse(ED25519).unwrap()
    }

    #[test]
    fn an_unknown_key_is_fetched_once_a_minute() {
        let (published, start) = (PublishedKeys::new(keys()), Instant::now());
        assert!(!published.is_fetch_due(true, start));
        assert!(published.is_fetch_due(false, start));
        assert!(!published.is_fetch_due(false, start + Duration::from_secs(59)));
        assert!(published.is_fetch_due(false, start + Duration::from_secs(60)));
    }

    #[test]
    fn without_any_key_it_is_tried_every_five_seconds() {
        let (published, start) = (PublishedKeys::new(KeySet::default()), Instant::now());
        assert!(published.is_fetch_due(false, start));
        assert!(!published.is_fetch_due(false, start + Duration::from_secs(4)));
        assert!(published.is_fetch_due(false, start + Duration::from_secs(5)));
        published.put(keys(), start + Duration::from_secs(6));
        assert!(!published.is_fetch_due(false, start + Duration::from_secs(10)));
    }

    #[test]
    fn keys_are_fetched_again_after_an_hour() {
        let (published, start) = (PublishedKeys::new(KeySet::default()), Instant::now());
        published.put(keys(), start);
        assert!(!published.is_fetch_due(true, start + Duration::from_secs(3599)));
        let hour = start + Duration::from_secs(3600);
        assert!(published.is_fetch_due(true, hour));
        assert!(!published.is_fetch_due(true, hour + Duration::from_secs(1)), "one fetches");
        published.put(keys(), hour + Duration::from_secs(2));
        assert!(!published.is_fetch_due(true, hour + Duration::from_secs(120)));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_a_minute_lies_between_two_fetches(
            asked in prop::collection::vec((0_u64..90, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let (published, mut now) = (PublishedKeys::new(keys()), Instant::now());
            let mut last: Option<Instant> = None;
            for (pause, known, answered) in asked {
                now += Duration::from_secs(pause);
                if published.is_fetch_due(known, now) {
                    if let Some(last) = last {
                        prop_assert!(now.duration_since(last) >= PAUSE);
                    }
                    last = Some(now);
                    if answered {
                        published.put(keys(), now);
                    }
                }
            }
        }
    }
}
