//! Faults and drifts as people write them.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::drift::{Change, Drift};
use super::faults::{Fault, FaultRate, PlannedFault};

/// A text that is no fault, drift or rate; the message says what is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}: {expected}")]
pub struct NotUnderstood {
    problem: String,
    expected: &'static str,
}

const FAULTS: &str = "expected one of 429, 429=SECONDS (asks to come again then), another status from \
                      400 to 599, broken, early-end, slow=TIME (such as slow=2s or slow=500ms)";
const PLACES: &str = "expected FAULT@REQUEST, such as 503@3, or FAULT@FIRST..LAST, such as 503@5..8 for requests 5 to 8";
const DRIFTS: &str = "expected one of new-column=NAME@PAGE, missing-column=NAME@PAGE, \
                      retyped-column=NAME@PAGE, rows-come=COUNT@PAGE, rows-go=COUNT@PAGE, \
                      rows-move=COUNT@PAGE";
const RATES: &str = "expected a share from 0 to 1, such as 0.1 for one request in ten";

fn not_understood(problem: impl fmt::Display, expected: &'static str) -> NotUnderstood {
    NotUnderstood { problem: problem.to_string(), expected }
}

impl FromStr for Fault {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        let unknown = || not_understood(format_args!("`{text}` is no fault"), FAULTS);
        Ok(match text.split_once('=') {
            Some(("429", seconds)) => {
                seconds.parse::<u32>().map_err(|_| unknown())?;
                Self::TooManyRequests { retry_after: Some(seconds.to_owned()) }
            }
            Some(("slow", time)) => Self::Slow(duration(time).ok_or_else(unknown)?),
            Some(_) => return Err(unknown()),
            None => match text {
                "429" => Self::TooManyRequests { retry_after: None },
                "broken" => Self::BrokenConnection,
                "early-end" => Self::EarlyEnd,
                status => match status.parse() {
                    Ok(status) if (400..600).contains(&status) => Self::Status(status),
                    _ => return Err(unknown()),
                },
            },
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRequests { retry_after: None } => formatter.write_str("429"),
            Self::TooManyRequests { retry_after: Some(wait) } => write!(formatter, "429={wait}"),
            Self::Status(status) => write!(formatter, "{status}"),
            Self::BrokenConnection => formatter.write_str("broken"),
            Self::EarlyEnd => formatter.write_str("early-end"),
            Self::Slow(time) if time.subsec_millis() == 0 => {
                write!(formatter, "slow={}s", time.as_secs())
            }
            Self::Slow(time) => write!(formatter, "slow={}ms", time.as_millis()),
        }
    }
}

impl FromStr for PlannedFault {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        let (fault, place) = text.rsplit_once('@').ok_or_else(|| {
            // Most likely to be wrong in a text without a place is the place.
            not_understood(format_args!("`{text}` does not say which requests"), PLACES)
        })?;
        let fault = fault.parse()?;
        let requests = requests(place).ok_or_else(|| {
            not_understood(format_args!("`{place}` is no request, counted from 1"), PLACES)
        })?;
        Ok(Self { requests, fault })
    }
}

impl FromStr for FaultRate {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        match text.parse() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self(share)),
            _ => Err(not_understood(format_args!("`{text}` is no rate"), RATES)),
        }
    }
}

impl FromStr for Drift {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        let unknown = || not_understood(format_args!("`{text}` is no drift"), DRIFTS);
        let (change, page) = text.rsplit_once('@').ok_or_else(unknown)?;
        let (kind, of) = change.split_once('=').ok_or_else(unknown)?;
        let column = || Some(of.to_owned()).filter(|column| !column.is_empty());
        let count = || of.parse::<usize>().ok().filter(|count| *count > 0);
        let change = match kind {
            "new-column" => column().map(Change::NewColumn),
            "missing-column" => column().map(Change::MissingColumn),
            "retyped-column" => column().map(Change::RetypedColumn),
            "rows-come" => count().map(Change::RowsCome),
            "rows-go" => count().map(Change::RowsGo),
            "rows-move" => count().map(Change::RowsMove),
            _ => None,
        };
        let page = page.parse().ok().filter(|page| *page > 0);
        let (Some(change), Some(page)) = (change, page) else { return Err(unknown()) };
        Ok(Self { change, page })
    }
}

/// `3`, or `5..8`, both ends included.
fn requests(text: &str) -> Option<RangeInclusive<u64>> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first > 0 && first <= last).then_some(first..=last)
}

/// `2s` or `500ms`.
fn duration(text: &str) -> Option<Duration> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return milliseconds.parse::<u32>().ok().map(|ms| Duration::from_millis(ms.into()));
    }
    let seconds = text.strip_suffix('s')?.parse::<u32>().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_told() {
        for text in ["429", "429=30", "503", "404", "broken", "early-end", "slow=2s", "slow=500ms"]
        {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        let planned: PlannedFault = "slow=2s@5..8".parse().unwrap();
        assert_eq!((planned.requests, planned.fault), (5..=8, Fault::Slow(Duration::from_secs(2))));
        assert_eq!("503@3".parse::<PlannedFault>().unwrap().requests, 3..=3);
    }

    #[test]
    fn what_is_no_fault_is_told_what_is_one() {
        for (text, told) in [
            ("503", "`503` does not say which requests: expected FAULT@REQUEST"),
            ("503@", "`` is no request"),
            ("503@0", "`0` is no request"),
            ("503@8..5", "`8..5` is no request"),
            ("200@1", "`200` is no fault: expected one of 429,"),
            ("429=soon@1", "`429=soon` is no fault"),
            ("slow@1", "`slow` is no fault"),
            ("slow=2@1", "such as slow=2s"),
            ("brocken@1", "broken, early-end"),
        ] {
            let error = text.parse::<PlannedFault>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn rates_are_shares() {
        assert_eq!("0.1".parse(), Ok(FaultRate(0.1)));
        for text in ["10", "-0.1", "NaN", "10%", ""] {
            assert!(text.parse::<FaultRate>().is_err(), "{text}");
        }
    }

    #[test]
    fn drifts_name_a_column_or_a_number_of_rows_and_a_page() {
        let drift: Drift = "missing-column=borough@2".parse().unwrap();
        assert_eq!(drift, Drift { change: Change::MissingColumn("borough".to_owned()), page: 2 });
        let drift: Drift = "rows-go=12@3".parse().unwrap();
        assert_eq!(drift, Drift { change: Change::RowsGo(12), page: 3 });
        for text in [
            "new-column@2",
            "new-column=a",
            "new-column=@2",
            "new-column=a@0",
            "gone=a@1",
            "rows-go=a@1",
            "rows-move=0@1",
            "rows-come=2",
        ] {
            let error = text.parse::<Drift>().unwrap_err().to_string();
            assert!(error.contains("retyped-column=NAME@PAGE"), "{error}");
        }
    }
}
