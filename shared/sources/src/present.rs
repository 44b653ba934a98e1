//! Times that a source cannot have reached yet.
//!
//! One row that is dated in the year 2099 would put a cursor behind everything that ever comes. So
//! a time in the future is loaded, but never remembered as the place that the next pull starts from.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::moment::Moment;

/// How far ahead of the clock a wall clock is believed whose zone nobody knows: the furthest zone
/// is 14 hours ahead, and clocks differ.
const WALL_CLOCK_AHEAD: TimeDelta = TimeDelta::days(1);

/// The present by the clock of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Present(DateTime<Utc>);

impl Present {
    pub(crate) fn at(clock: DateTime<Utc>) -> Self {
        Self(clock)
    }

    pub(crate) fn of_this_machine() -> Self {
        Self(Utc::now())
    }

    /// The first second of the future.
    pub(crate) fn end(self) -> i64 {
        self.0.timestamp().saturating_add(1)
    }

    /// The first second that is in the future for every wall clock.
    pub(crate) fn end_on_any_wall(self) -> NaiveDateTime {
        let seconds = TimeDelta::nanoseconds(self.0.timestamp_subsec_nanos().into());
        (self.0 - seconds + WALL_CLOCK_AHEAD).naive_utc()
    }

    /// Whether the text is a time, and in the future for every wall clock.
    pub(crate) fn is_before(self, text: &str) -> bool {
        Moment::read(text).is_some_and(|moment| moment.time >= self.end_on_any_wall())
    }
}

/// What a look at a source says of such a time.
pub(crate) fn note(column: &str) -> String {
    format!(
        "the newest value of `{column}` lies in the future: its rows come again with every pull, \
         until they are corrected"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clocks_may_be_a_day_ahead() {
        let clock = DateTime::parse_from_rfc3339("2026-01-31T12:00:00.5Z").unwrap().to_utc();
        let present = Present::at(clock);
        assert_eq!(present.end(), clock.timestamp() + 1);
        for (text, is_before) in [
            ("2026-01-31 12:00:00", false),
            ("2026-02-01T11:59:59.999Z", false),
            ("2026-02-01 12:00:00", true),
            ("2099-01-01", true),
            ("no time", false),
            ("9999999999", false),
        ] {
            assert_eq!(present.is_before(text), is_before, "{text}");
        }
    }
}
