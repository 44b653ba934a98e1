//! Times written as text, compared as text: the bound that finds every time from a moment on.

use chrono::{NaiveDate, NaiveDateTime, Timelike};

/// Between date and time where nothing says otherwise.
pub(crate) const SPACE: char = ' ';

/// A moment read from a text, and how the text separates date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The wall clock as written; an offset behind it is not looked at.
    pub(crate) time: NaiveDateTime,
    /// A space or a `T`.
    pub(crate) separator: char,
}

impl Moment {
    /// Reads an ISO 8601 date, or date and time, with or without seconds, fraction and offset.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let date: NaiveDate = date.parse().ok()?;
        let mut letters = rest.chars();
        let Some(separator) = letters.next() else {
            return Some(Self { time: date.and_hms_opt(0, 0, 0)?, separator: SPACE });
        };
        if separator != SPACE && separator != 'T' {
            return None;
        }
        let clock = letters.as_str();
        let end = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
        let clock = clock.get(..end)?;
        let time = ["%H:%M:%S%.f", "%H:%M"]
            .iter()
            .find_map(|format| chrono::NaiveTime::parse_from_str(clock, format).ok())?;
        Some(Self { time: date.and_time(time), separator })
    }

    /// The shortest text of the moment. As text it is not greater than any longer way to write the
    /// same moment, so `≥` finds this one and everything after it, and `<` everything before it.
    pub(crate) fn bound(self) -> String {
        let time = self.time;
        let date = time.date();
        let separator = self.separator;
        if time.nanosecond() > 0 {
            let text = format!("{date}{separator}{}", time.format("%H:%M:%S%.f"));
            text.trim_end_matches('0').to_owned()
        } else if time.second() > 0 {
            format!("{date}{separator}{}", time.format("%H:%M:%S"))
        } else if time.hour() > 0 || time.minute() > 0 {
            format!("{date}{separator}{}", time.format("%H:%M"))
        } else {
            date.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_their_spellings() {
        for (text, expected) in [
            ("2024-05-01", "2024-05-01"),
            ("2024-05-01 00:00:00", "2024-05-01"),
            ("2024-05-01 12:30", "2024-05-01 12:30"),
            ("2024-05-01T12:30:05Z", "2024-05-01T12:30:05"),
            ("2024-05-01T12:30:05.250+00:00", "2024-05-01T12:30:05.25"),
            ("2024-05-01 12:30:05.000001", "2024-05-01 12:30:05.000001"),
        ] {
            assert_eq!(Moment::read(text).unwrap().bound(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in
            ["", "17", "2024-13-01", "2024-05-01x", "2024-05-01 25:00", "0000-00-00", "日本"]
        {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_compare_with_every_spelling_as_moments_do() {
        let spellings = |date: &str, clock: &str| {
            ["", ".0", ".000000", "Z", ".000Z", "+00:00"]
                .map(|rest| format!("{date}T{clock}:00{rest}"))
                .into_iter()
                .chain([format!("{date}T{clock}")])
                .collect::<Vec<_>>()
        };
        let bound = Moment::read("2024-05-01T12:30:00.000Z").unwrap().bound();
        assert!(spellings("2024-05-01", "12:30").iter().all(|text| *text >= bound));
        assert!(spellings("2024-05-01", "12:31").iter().all(|text| *text >= bound));
        assert!(spellings("2024-05-01", "12:29").iter().all(|text| *text < bound));
        assert!("2024-05-01" < bound.as_str());
        let midnight = Moment::read("2024-05-02T00:00:00Z").unwrap().bound();
        assert!(spellings("2024-05-02", "00:00").iter().all(|text| *text >= midnight));
        assert!(spellings("2024-05-01", "23:59").iter().all(|text| *text < midnight));
    }
}
