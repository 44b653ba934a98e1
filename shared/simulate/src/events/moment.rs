//! Moments in UTC, to the millisecond.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

/// Milliseconds since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Moment(pub(super) i64);

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

impl Moment {
    pub(super) fn midnight(date: NaiveDate) -> Self {
        Self(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
    }

    pub(super) fn after(self, milliseconds: i64) -> Self {
        Self(self.0 + milliseconds)
    }

    pub(super) fn time(self) -> NaiveDateTime {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default().naive_utc()
    }

    pub(super) fn date(self) -> NaiveDate {
        self.time().date()
    }

    /// The beginning of its minute.
    pub(super) fn minute(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MINUTE))
    }

    /// Such as `2024-05-06 12:34:56.789`.
    pub(super) fn text(self) -> String {
        self.time().format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_to_the_millisecond() {
        let noon = Moment::midnight(NaiveDate::from_ymd_opt(2024, 5, 6).unwrap()).after(12 * HOUR);
        assert_eq!(noon.text(), "2024-05-06 12:00:00.000");
        assert_eq!(noon.after(MINUTE - 1).text(), "2024-05-06 12:00:59.999");
        assert_eq!(noon.after(MINUTE - 1).minute(), noon);
        assert_eq!(noon.after(DAY).date().to_string(), "2024-05-07");
    }
}
