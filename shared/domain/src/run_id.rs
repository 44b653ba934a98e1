//! The id of a run: sorts by time, unique enough without coordination.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// The id of one run, such as `20261122T174903Z-3f9a2c`: the second it started (UTC) and six
/// hexadecimal digits that tell runs of the same second apart. Texts sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// The id of a run started at `time`; the lowest 24 bits of `entropy` are used.
    pub fn new(time: DateTime<Utc>, entropy: u64) -> Self {
        Self(format!("{}-{:06x}", time.format(TIME_FORMAT), entropy & 0xff_ffff))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day the run started (UTC), as `2026-11-22`.
    pub fn date(&self) -> String {
        let part = |range| self.0.get(range).unwrap_or_default();
        format!("{}-{}-{}", part(0..4), part(4..6), part(6..8))
    }
}

/// A text that is not a run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a run id: expected something like 20261122T174903Z-3f9a2c")]
pub struct RunIdError(String);

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        let well_formed = text.split_once('-').is_some_and(|(time, entropy)| {
            time.len() == "20261122T174903Z".len()
                && NaiveDateTime::parse_from_str(time, TIME_FORMAT).is_ok()
                && entropy.len() == 6
                && entropy.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        if well_formed { Ok(Self(text.to_owned())) } else { Err(RunIdError(text.to_owned())) }
    }
}

impl TryFrom<String> for RunId {
    type Error = RunIdError;

    fn try_from(text: String) -> Result<Self, RunIdError> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl AsRef<str> for RunId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn time_then_entropy() {
        let id = RunId::new(time("2026-11-22T17:49:03.9Z"), 0xabcd_ef00_003f_9a2c);
        assert_eq!(id.as_str(), "20261122T174903Z-3f9a2c");
        assert_eq!(id.date(), "2026-11-22");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn sorts_by_time() {
        let early = RunId::new(time("2026-01-31T23:59:59Z"), u64::MAX);
        let late = RunId::new(time("2026-02-01T00:00:00Z"), 0);
        assert!(early < late);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "20261122T174903Z",
            "20261122T174903Z-3f9a2",
            "20261122T174903Z-3F9A2C",
            "20261322T174903Z-3f9a2c",
            "../../etc/passwd",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
