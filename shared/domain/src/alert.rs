//! What somebody should know: an alert, from the moment it is raised until it was told.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::DatasetName;

/// Which alert: made of what it is about, so that whoever finds the same thing gives it the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(String);

impl AlertId {
    /// The id of an alert of this kind about this occasion, such as a table and a day.
    pub fn of(dataset: &DatasetName, kind: AlertKind, occasion: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in occasion {
            digest.update(part);
            digest.update([0]);
        }
        let digits: String =
            digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{dataset}-{kind}-{digits}"))
    }

    /// The id as text: letters, digits, `-` and `_`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for AlertId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Declares an enum whose values have names in tables, JSON and message attributes.
macro_rules! named {
    ($(#[$documentation:meta])* $name:ident { $($(#[$meaning:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$meaning])* $value,)+ }

        impl $name {
            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                [$(Self::$value),+]
                    .into_iter()
                    .find(|value| value.as_str() == text)
                    .ok_or_else(|| UnknownName(text.to_owned()))
            }
        }
    };
}

/// A text that names no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not known here")]
pub struct UnknownName(String);

named! {
    /// What an alert is about.
    AlertKind {
        /// A number that is not what was to be expected.
        Anomaly = "anomaly",
        /// A run failed.
        Failure = "failure",
        /// A row broke a rule that stops the pipeline.
        Expectation = "expectation",
        /// More rows were refused than the dataset tolerates, or a file as a whole.
        Refused = "refused",
        /// The newest data is older than the dataset promises.
        Stale = "stale",
        /// A report on a period is there to be read.
        Report = "report",
    }
}

named! {
    /// How urgent an alert is.
    Severity {
        /// Worth a look when there is time.
        Info = "info",
        /// Worth a look today.
        Warning = "warning",
        /// Worth waking up for.
        Critical = "critical",
    }
}

named! {
    /// How far an alert has come.
    AlertStatus {
        /// Nobody was told.
        Pending = "pending",
        /// Somebody is about to tell it.
        Sending = "sending",
        /// It was told.
        Sent = "sent",
    }
}

/// Something that somebody should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Which alert.
    pub alert_id: AlertId,
    /// The dataset that it is about.
    pub dataset: DatasetName,
    /// What it is about.
    pub kind: AlertKind,
    /// How urgent it is.
    pub severity: Severity,
    /// One line: what, where, how much.
    pub subject: String,
    /// The same for people, in some lines, with what to do.
    pub message: String,
    /// The same for programs.
    pub details: Value,
    /// When it was found first.
    pub first_seen: DateTime<Utc>,
    /// How far it has come.
    pub status: AlertStatus,
    /// When its status changed.
    pub changed_at: DateTime<Utc>,
    /// When it was told; null while it was not.
    pub notified_at: Option<DateTime<Utc>>,
}

impl Alert {
    /// The incidents that it tells of together, if it is a summary of such.
    pub fn told_together(&self) -> impl Iterator<Item = AlertId> + use<'_> {
        let ids = self.details.get("alert_ids").and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(|id| Some(AlertId(id.as_str()?.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_occasion_has_the_same_id() {
        let dataset: DatasetName = "nyc311".parse().unwrap();
        let id = |kind, occasion: &[&str]| AlertId::of(&dataset, kind, occasion);
        let stale = id(AlertKind::Stale, &["requests", "2026-11-22"]);
        assert_eq!(stale, id(AlertKind::Stale, &["requests", "2026-11-22"]));
        assert_ne!(stale, id(AlertKind::Stale, &["requests2026-11-22"]));
        assert_ne!(stale, id(AlertKind::Failure, &["requests", "2026-11-22"]));
        assert!(stale.as_str().starts_with("nyc311-stale-"), "{stale}");
        assert_eq!(stale.as_str().len(), "nyc311-stale-".len() + 16);
    }

    #[test]
    fn names_round_trip() {
        for kind in ["anomaly", "failure", "expectation", "refused", "stale"] {
            assert_eq!(kind.parse::<AlertKind>().unwrap().to_string(), kind);
            assert_eq!(serde_json::to_value(kind.parse::<AlertKind>().unwrap()).unwrap(), kind);
        }
        assert!("Sent".parse::<AlertStatus>().is_err());
        assert!(Severity::Critical > Severity::Warning);
    }
}
