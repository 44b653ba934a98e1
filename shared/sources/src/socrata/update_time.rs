//! Update times as a portal writes them.

use chrono::{DateTime, NaiveDateTime, TimeDelta};

/// A moment of `:updated_at`, read from what a portal wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UpdateTime {
    at: NaiveDateTime,
    /// Whether the portal writes a zone, which is always UTC in what is written here.
    zoned: bool,
}

impl UpdateTime {
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Self { at: at.naive_utc(), zoned: true });
        }
        let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        Some(Self { at, zoned: false })
    }

    /// The time so many seconds earlier, or this one at the beginning of time.
    pub(super) fn earlier(self, seconds: u32) -> Self {
        let at = self.at.checked_sub_signed(TimeDelta::seconds(i64::from(seconds)));
        Self { at: at.unwrap_or(self.at), ..self }
    }

    /// The time so many days later; `None` at the end of time.
    pub(super) fn days_later(self, days: u32) -> Option<Self> {
        let at = self.at.checked_add_signed(TimeDelta::days(i64::from(days)))?;
        Some(Self { at, ..self })
    }

    /// As the portal writes it, rounded down to milliseconds.
    pub(super) fn text(self) -> String {
        let zone = if self.zoned { "Z" } else { "" };
        format!("{}{zone}", self.at.format("%Y-%m-%dT%H:%M:%S%.3f"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_were_read() {
        for text in ["2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678"] {
            assert_eq!(UpdateTime::read(text).unwrap().text(), text);
        }
        let time = UpdateTime::read("2024-01-02T00:00:05Z").unwrap();
        assert_eq!(time.earlier(10).text(), "2024-01-01T23:59:55.000Z");
        assert_eq!(time.days_later(30).unwrap().text(), "2024-02-01T00:00:05.000Z");
        assert_eq!(UpdateTime::read("yesterday"), None);
    }
}
