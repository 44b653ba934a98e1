//! The proleptic Gregorian calendar, for any number of days: chrono's ends at year 262,143.

/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000;
/// Microseconds of an hour.
pub(crate) const HOUR: i64 = 3_600_000_000;

/// Days of 400 years.
const DAYS_OF_ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// Year, month and day of so many days since 1970-01-01.
///
/// Years begin in March here, so that the leap day is the last of its year.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_EPOCH;
    let era = days.div_euclid(DAYS_OF_ERA);
    let day_of_era = days.rem_euclid(DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since 1970-01-01 of a year, month and day.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_OF_ERA + day_of_era - DAYS_TO_EPOCH
}

/// Days since 1970-01-01 of `2026-10-31`.
pub(crate) fn parse_day(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    let parsed = days(year, month, day);
    // 2026-02-30 would be read as a day of March.
    (civil(parsed) == (year, month, day)).then_some(parsed)
}

/// Microseconds since midnight of `17:45`, `17:45:30` or `17:45:30.123456`.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "00"));
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    if fraction.len() > 6 {
        return None;
    }
    let micros = digits(fraction, fraction.len())? * 10_i64.pow(6 - fraction.len() as u32);
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    let exists = hour < 24 && minute < 60 && second < 60;
    exists.then_some((hour * 3_600 + minute * 60 + second) * 1_000_000 + micros)
}

/// The number that exactly so many digits are.
fn digits(text: &str, length: usize) -> Option<i64> {
    let only_digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits { text.parse().ok() } else { None }
}

/// Writes `2026-10-31`; years beyond four digits with their sign, as ISO 8601 does.
pub(crate) fn write_day(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = civil(days);
    if (0..=9999).contains(&year) {
        write_digits(out, year, 4);
    } else {
        out.push(if year < 0 { b'-' } else { b'+' });
        write_digits(out, year.abs(), if year.abs() > 999_999 { 7 } else { 6 });
    }
    out.push(b'-');
    write_digits(out, month, 2);
    out.push(b'-');
    write_digits(out, day, 2);
}

/// Writes `2026-10-31T17:45:30`, with six digits of the second if there are any.
pub(crate) fn write_time(out: &mut Vec<u8>, micros: i64) {
    write_day(out, micros.div_euclid(DAY));
    let of_day = micros.rem_euclid(DAY);
    let seconds = of_day / 1_000_000;
    out.push(b'T');
    write_digits(out, seconds / 3_600, 2);
    out.push(b':');
    write_digits(out, seconds / 60 % 60, 2);
    out.push(b':');
    write_digits(out, seconds % 60, 2);
    let fraction = of_day % 1_000_000;
    if fraction != 0 {
        out.push(b'.');
        write_digits(out, fraction, 6);
    }
}

fn write_digits(out: &mut Vec<u8>, number: i64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(b'0' + (number / 10_i64.pow(place) % 10) as u8);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn days_are_those_of_another_calendar(days in -95_000_000_i64..95_000_000) {
            let there = NaiveDate::default() + TimeDelta::days(days);
            let expected = (i64::from(there.year()), i64::from(there.month()), i64::from(there.day()));
            prop_assert_eq!(civil(days), expected);
            prop_assert_eq!(super::days(expected.0, expected.1, expected.2), days);
        }

        #[test]
        fn times_are_written_as_they_are_read(micros in -62_000_000_000_000_000_i64..253_000_000_000_000_000) {
            let mut out = Vec::new();
            write_time(&mut out, micros);
            let text = String::from_utf8(out).unwrap();
            let there = DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
            let expected = there.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
            prop_assert_eq!(&text, expected.trim_end_matches(".000000"));
            let (day, time) = text.split_once('T').unwrap();
            prop_assert_eq!(parse_day(day).unwrap() * DAY + parse_time(time).unwrap(), micros);
        }
    }

    #[test]
    fn only_days_and_times_that_exist_are_read() {
        for text in
            ["2026-02-29", "2026-13-01", "2026-00-01", "2026-1-1", "26-01-01", "2026-01", ""]
        {
            assert_eq!(parse_day(text), None, "{text}");
        }
        assert!(parse_day("2024-02-29").is_some());
        for text in ["24:00", "12:60", "12:00:60", "12", "1:00", "12:00:00.", "12:00:00.1234567"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!(parse_time("12:00:00.5"), Some(12 * HOUR + 500_000));
    }

    #[test]
    fn years_beyond_four_digits_have_a_sign() {
        let written = |days| {
            let mut out = Vec::new();
            write_day(&mut out, days);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(i64::from(i32::MAX)), "+5881580-07-11");
        assert_eq!(written(super::days(-1, 12, 31)), "-000001-12-31");
    }
}
