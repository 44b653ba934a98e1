//! How the values of a figure are put together when rows are.

use serde::{Deserialize, Serialize};

use crate::{Column, ColumnType, Mart, Missing};

/// How the values of a figure are put together when rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// They add up: counts, amounts.
    Sum,
    /// They add up over the rows of a time, and are averaged over times: different users of a day.
    Level,
    /// They are averaged over rows: measurements, averages, shares.
    Mean,
    /// Not at all: ranks, versions. Each stands alone.
    #[serde(rename = "none")]
    Nothing,
}

/// Words in a name or a description that say that numbers are of different things.
const DIFFERENT: [&str; 3] = ["different", "distinct", "unique"];
/// Words that say that each number is about some of the others already.
const AVERAGED: [&str; 14] = [
    "average",
    "avg",
    "mean",
    "median",
    "p50",
    "p90",
    "p95",
    "p99",
    "share",
    "rate",
    "ratio",
    "percent",
    "percentage",
    "change",
];
/// Words that say that a number is a place among others, or a name.
const ALONE: [&str; 5] = ["rank", "index", "score", "year", "version"];

impl Aggregate {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 4] =
        [("sum", Self::Sum), ("level", Self::Level), ("mean", Self::Mean), ("none", Self::Nothing)];

    /// How a column of a mart is put together; `None` for what is no figure: texts, times, the key.
    ///
    /// The definition may say so (`aggregate`). Else the value of a series adds up where a step without rows
    /// is zero, and is a measurement where it is unknown. Of the others whole and exact numbers add up, unless
    /// a word in their name or description says otherwise; doubles are averages.
    pub fn of(mart: &Mart, column: &Column) -> Option<Self> {
        let is_of_key = mart.key.contains(&column.name);
        let series = mart.series.as_ref();
        let is_hour = series.and_then(|series| series.hour.as_ref()) == Some(&column.name);
        if !column.column_type.is_numeric() || is_of_key || is_hour {
            return None;
        }
        if let Some(declared) = column.aggregate {
            return Some(declared);
        }
        let series = series.filter(|series| series.value == column.name);
        Some(match series.map(|series| series.missing) {
            Some(Missing::Zero) => Self::Sum,
            Some(Missing::Unknown) => Self::Mean,
            None => Self::by_words(column),
        })
    }

    fn by_words(column: &Column) -> Self {
        let name = column.name.as_str();
        let text = format!("{name} {}", column.description.as_deref().unwrap_or_default());
        let text = text.to_lowercase();
        let says = |known: &[&str]| {
            text.split(|character: char| !character.is_alphanumeric())
                .any(|word| known.contains(&word))
        };
        let is_named = |ending: &str| name.rsplit('_').next() == Some(ending);
        if is_named("id") || is_named("rank") {
            Self::Nothing
        } else if column.column_type == ColumnType::Double {
            Self::Mean
        } else if says(&ALONE) {
            Self::Nothing
        } else if says(&AVERAGED) {
            Self::Mean
        } else if says(&DIFFERENT) || is_named("users") {
            Self::Level
        } else {
            Self::Sum
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_words(name: &str, column_type: &str, description: Option<&str>) -> Aggregate {
        Aggregate::by_words(&Column {
            name: name.parse().unwrap(),
            column_type: column_type.parse().unwrap(),
            description: description.map(str::to_owned),
            aggregate: None,
        })
    }

    #[test]
    fn counts_and_amounts_add_up() {
        for (name, column_type, description) in [
            ("requests", "BIGINT", None),
            ("closed_within_24h", "BIGINT", Some("in at most 24 hours")),
            ("total_cost", "DECIMAL(18,6)", None),
        ] {
            assert_eq!(by_words(name, column_type, description), Aggregate::Sum, "{name}");
        }
    }

    #[test]
    fn averages_different_ones_and_ranks_do_not() {
        for (name, column_type, description, expected) in [
            ("median_hours", "DOUBLE", None, Aggregate::Mean),
            ("price", "DOUBLE", Some("of the year's index"), Aggregate::Mean),
            ("avg_cents", "BIGINT", None, Aggregate::Mean),
            ("readers", "BIGINT", Some("different readers"), Aggregate::Level),
            ("active_users", "BIGINT", None, Aggregate::Level),
            ("rank", "BIGINT", Some("1 sold most"), Aggregate::Nothing),
            ("order_id", "BIGINT", None, Aggregate::Nothing),
            ("fiscal_year", "INT", None, Aggregate::Nothing),
        ] {
            assert_eq!(by_words(name, column_type, description), expected, "{name}");
        }
    }
}
