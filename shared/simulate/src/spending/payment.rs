//! A payment as silver has it.

use std::fmt;

use chrono::{Datelike, NaiveDate};

/// The cities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum City {
    Boston,
    Phoenix,
}

impl fmt::Display for City {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Boston => "Boston",
            Self::Phoenix => "Phoenix",
        })
    }
}

/// A payment, without what is wrong with its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payment {
    pub(super) city: City,
    /// Boston's number of it; Phoenix gives none.
    pub(super) payment_id: Option<String>,
    pub(super) date: NaiveDate,
    pub(super) department: &'static str,
    pub(super) account: &'static str,
    pub(super) vendor: &'static str,
    /// The amount in cents; negative where money came back.
    pub(super) cents: i64,
}

impl Payment {
    /// The fiscal year from July to June, by its end.
    pub(super) fn fiscal_year(&self) -> i32 {
        self.date.year() + i32::from(self.date.month() >= 7)
    }

    /// Such as `2022-01`.
    pub(super) fn month(&self) -> String {
        self.date.format("%Y-%m").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fiscal_years_begin_in_july() {
        let payment = |date: &str| Payment {
            city: City::Boston,
            payment_id: None,
            date: date.parse().unwrap(),
            department: "",
            account: "",
            vendor: "",
            cents: 0,
        };
        assert_eq!(payment("2022-06-30").fiscal_year(), 2022);
        assert_eq!(payment("2022-07-01").fiscal_year(), 2023);
        assert_eq!(payment("2022-07-01").month(), "2022-07");
    }
}
