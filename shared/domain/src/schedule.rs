//! When a source is pulled or reconciled.

use std::fmt;
use std::str::FromStr;

use chrono_tz::{TZ_VARIANTS, Tz};

/// When a source is pulled or reconciled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// At which minutes.
    pub cron: Cron,
    /// By which clock.
    pub time_zone: TimeZone,
}

/// Five fields: minute, hour, day of month, month, day of week. Each is `*`, `*` with a step (but for days of
/// the week), or a list of values and ranges: what both cron and the scheduler of the cloud can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron(String);

/// A time zone of the IANA database, such as `America/New_York`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(Tz);

/// Why a text is no [`Cron`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// There are more or fewer fields.
    #[error("`{0}`, which has not five fields")]
    NotFiveFields(String),
    /// A field cannot be read, or is out of its range.
    #[error("`{cron}`, whose {field} `{value}` is none")]
    Field {
        /// The whole text.
        cron: String,
        /// What the field is.
        field: &'static str,
        /// The part of it that is wrong.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A field is one for a cron, but the scheduler that wakes the functions cannot say it.
    #[error("`{cron}`, whose {field} `{value}` EventBridge Scheduler has no words for")]
    NoWords {
        /// The whole text.
        cron: String,
        /// What the field is.
        field: &'static str,
        /// The part of it that cannot be said.
        value: String,
    },
    /// Both the day of the month and the day of the week are restricted.
    #[error("`{0}`, which sets both day of month and day of week")]
    TwoDays(String),
}

/// What a field may hold.
struct Field {
    name: &'static str,
    first: u8,
    last: u8,
    /// Names of the values from the first on.
    names: &'static [&'static str],
    /// Whether `*` may have a step.
    steps: bool,
    expected: &'static str,
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", first: 0, last: 59, names: &[], steps: true, expected: "0 to 59" },
    Field { name: "hour", first: 0, last: 23, names: &[], steps: true, expected: "0 to 23" },
    Field {
        name: "day of month",
        first: 1,
        last: 31,
        names: &[],
        steps: true,
        expected: "1 to 31",
    },
    Field {
        name: "month",
        first: 1,
        last: 12,
        steps: true,
        names: &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
        expected: "1 to 12 or JAN to DEC",
    },
    Field {
        name: "day of week",
        first: 0,
        // Sunday once more.
        last: 7,
        steps: false,
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        expected: "0 to 7 (Sunday is 0 and 7) or SUN to SAT",
    },
];

impl Cron {
    /// The five fields.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let Ok(parts) = <[&str; 5]>::try_from(parts) else {
            return Err(CronError::NotFiveFields(text.to_owned()));
        };
        for (field, part) in FIELDS.iter().zip(parts) {
            if let Some(value) = part.split(',').find(|item| !field.holds(item)) {
                return Err(CronError::Field {
                    cron: text.to_owned(),
                    field: field.name,
                    value: value.to_owned(),
                    expected: field.expected,
                });
            }
            if let Some(value) = field.without_words(part) {
                let (cron, value) = (text.to_owned(), value.to_owned());
                return Err(CronError::NoWords { cron, field: field.name, value });
            }
        }
        let [_, _, day_of_month, _, day_of_week] = parts;
        if day_of_month != "*" && day_of_week != "*" {
            return Err(CronError::TwoDays(text.to_owned()));
        }
        Ok(Self(parts.join(" ")))
    }
}

impl Field {
    /// Whether an item of a list is one of this field.
    fn holds(&self, item: &str) -> bool {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let is_step = |step| number(step).is_some_and(|step| (1..=self.last).contains(&step));
        match range.split_once('-') {
            _ if range == "*" => step.is_none_or(is_step),
            Some((from, to)) => {
                let ends = self.value(from).zip(self.value(to));
                ends.is_some_and(|(from, to)| from <= to) && step.is_none_or(is_step)
            }
            // A step from a single value means different things to different schedulers.
            None => self.value(range).is_some() && step.is_none(),
        }
    }

    /// The part of a field that the scheduler cannot say: a step anywhere but behind `*` alone, `*` among
    /// others, or a range from a number to a name. `infrastructure/modules/definitions/schedules.tf`
    /// translates all that is left.
    fn without_words<'a>(&self, part: &'a str) -> Option<&'a str> {
        let is_alone = !part.contains(',');
        let is_name = |text: &str| number(text).is_none();
        let has_words = |item: &str| match item.split_once('/') {
            Some((range, _)) => range == "*" && is_alone && self.steps,
            None if item == "*" => is_alone,
            None => item.split_once('-').is_none_or(|(from, to)| is_name(from) == is_name(to)),
        };
        part.split(',').find(|item| !has_words(item))
    }

    fn value(&self, text: &str) -> Option<u8> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        match named.and_then(|position| u8::try_from(position).ok()) {
            Some(position) => Some(self.first + position),
            None => number(text).filter(|value| (self.first..=self.last).contains(value)),
        }
    }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl CronError {
    /// What to write instead.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotFiveFields(_) => {
                "write minute, hour, day of month, month and day of week, such \
                                       as \"0 3 * * *\""
                    .to_owned()
            }
            Self::Field { expected, .. } => {
                format!("write {expected}, a range of these, or * with a step such as */15")
            }
            Self::NoWords { .. } => {
                "write a list of values and ranges, such as 0,20,40 or MON-FRI, or * alone, with a step \
                 such as */15 unless it is a day of the week"
                    .to_owned()
            }
            Self::TwoDays(_) => "write * for one of them: schedulers disagree on what both mean, \
                                 and some cannot have both"
                .to_owned(),
        }
    }
}

impl TimeZone {
    /// The zone of this name; `None` when there is none.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_hold_values_ranges_steps_and_lists() {
        for text in [
            "* * * * *",
            "0 3 * * *",
            "*/15 8-18,22 1,15,31 JAN-mar *",
            "0 */2 */3 */6 *",
            "59 23 * 12 MON-FRI",
            "0 7 * * MON-WED,sat",
            "0 0 * * 0,7",
        ] {
            assert_eq!(text.parse::<Cron>().unwrap().as_str(), text);
        }
        assert_eq!(" 0  3 * * * ".parse::<Cron>().unwrap().as_str(), "0 3 * * *");
    }

    #[test]
    fn what_no_scheduler_would_run_is_refused() {
        for (text, field, value) in [
            ("60 * * * *", "minute", "60"),
            ("* 24 * * *", "hour", "24"),
            ("* * 0 * *", "day of month", "0"),
            ("* * * 13 *", "month", "13"),
            ("* * * * 8", "day of week", "8"),
            ("* * * * MONDAY", "day of week", "MONDAY"),
            ("1,,2 * * * *", "minute", ""),
            ("5-1 * * * *", "minute", "5-1"),
            ("*/0 * * * *", "minute", "*/0"),
            ("5/15 * * * *", "minute", "5/15"),
            ("-1 * * * *", "minute", "-1"),
            ("+1 * * * *", "minute", "+1"),
            ("* * ? * *", "day of month", "?"),
            ("* * L * *", "day of month", "L"),
        ] {
            match text.parse::<Cron>() {
                Err(CronError::Field { field: of, value: wrong, .. }) => {
                    assert_eq!((of, wrong.as_str()), (field, value), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for (text, field, value) in [
            ("10-40/5 * * * *", "minute", "10-40/5"),
            ("0 0-23/2 * * *", "hour", "0-23/2"),
            ("*/15,50 * * * *", "minute", "*/15"),
            ("0 *,5 * * *", "hour", "*"),
            ("0 3 * 1-MAR *", "month", "1-MAR"),
            ("0 3 * * */2", "day of week", "*/2"),
            ("0 3 * * 1-FRI", "day of week", "1-FRI"),
            ("0 3 * * MON-5", "day of week", "MON-5"),
        ] {
            let (cron, value) = (text.to_owned(), value.to_owned());
            assert_eq!(text.parse::<Cron>(), Err(CronError::NoWords { cron, field, value }));
        }
        for text in ["", "daily", "0 3 * *", "0 3 * * * *"] {
            assert_eq!(text.parse::<Cron>(), Err(CronError::NotFiveFields(text.to_owned())));
        }
        for text in ["0 3 1 * MON", "0 3 */2 * 1"] {
            assert_eq!(text.parse::<Cron>(), Err(CronError::TwoDays(text.to_owned())));
        }
    }

    #[test]
    fn zones_are_those_of_the_database() {
        for name in ["UTC", "America/New_York", "Asia/Kolkata", "Europe/Kyiv"] {
            assert_eq!(TimeZone::named(name).unwrap().as_str(), name);
            assert!(TimeZone::names().any(|known| known == name));
        }
        for name in ["America/New_Yrok", "america/new_york", "EST5", "+02:00", ""] {
            assert_eq!(TimeZone::named(name), None, "{name}");
        }
    }
}
