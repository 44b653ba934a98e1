//! Times by the hour, day, week, month or year.

use smelt_domain::ColumnType;

use crate::calendar::{DAY, HOUR, civil, days};

/// A span of time that rows are grouped by; what is named is its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
    Year,
}

impl Bucket {
    pub(crate) const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Whether values of that type lie in such spans.
    pub(crate) fn divides(self, column_type: ColumnType) -> bool {
        match column_type {
            ColumnType::Date => self != Self::Hour,
            ColumnType::Timestamp => true,
            _ => false,
        }
    }

    /// The first day of the span that a day lies in.
    pub(crate) fn start_of_day(self, day: i64) -> i64 {
        match self {
            Self::Hour | Self::Day => day,
            // 1970-01-01 was a Thursday.
            Self::Week => day - (day + 3).rem_euclid(7),
            Self::Month => day - civil(day).2 + 1,
            Self::Year => days(civil(day).0, 1, 1),
        }
    }

    /// The first microsecond of the span that a moment lies in; the earliest one there is, if that is before it.
    pub(crate) fn start_of_time(self, micros: i64) -> i64 {
        match self {
            Self::Hour => micros.saturating_sub(micros.rem_euclid(HOUR)),
            _ => self.start_of_day(micros.div_euclid(DAY)).saturating_mul(DAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{parse_day, parse_time, write_time};

    fn start(bucket: Bucket, day: &str, time: &str) -> String {
        let micros = parse_day(day).unwrap() * DAY + parse_time(time).unwrap();
        let mut out = Vec::new();
        write_time(&mut out, bucket.start_of_time(micros));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_moment_lies_in_its_hour_day_week_month_and_year() {
        let expected = [
            (Bucket::Hour, "2026-11-01T17:00:00"),
            (Bucket::Day, "2026-11-01T00:00:00"),
            (Bucket::Week, "2026-10-26T00:00:00"),
            (Bucket::Month, "2026-11-01T00:00:00"),
            (Bucket::Year, "2026-01-01T00:00:00"),
        ];
        for (bucket, text) in expected {
            assert_eq!(start(bucket, "2026-11-01", "17:45:30.5"), text);
        }
        assert_eq!(start(Bucket::Week, "1969-12-29", "00:00"), "1969-12-29T00:00:00");
        assert_eq!(start(Bucket::Month, "1969-12-31", "23:59"), "1969-12-01T00:00:00");
    }
}
