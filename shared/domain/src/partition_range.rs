//! A range of partitions, as it is asked for: days, months, years or numbers, both ends included.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, Months, NaiveDate};

use crate::{ColumnType, Table};

/// One end of a range: a day, a month, or a number (which is a year where partitions are days or
/// months).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionBound {
    /// `2024-03-15`
    Day(NaiveDate),
    /// `2024-03`, as its first day.
    Month(NaiveDate),
    /// `2024`
    Number(i64),
}

/// A text that is no end of a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no day (2024-03-15), month (2024-03), year or number")]
pub struct PartitionBoundError(String);

impl FromStr for PartitionBound {
    type Err = PartitionBoundError;

    fn from_str(text: &str) -> Result<Self, PartitionBoundError> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let month = || day(&format!("{text}-01")).map(Self::Month);
        day(text).map(Self::Day).or_else(month).ok_or_else(|| PartitionBoundError(text.to_owned()))
    }
}

impl fmt::Display for PartitionBound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => formatter.pad(&day.to_string()),
            Self::Month(first) => formatter.pad(&first.format("%Y-%m").to_string()),
            Self::Number(number) => formatter.pad(&number.to_string()),
        }
    }
}

impl PartitionBound {
    /// The first and the last day; `None` of a number that is no year.
    fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        let until = |first: NaiveDate, months: u32| {
            let next = first.checked_add_months(Months::new(months))?;
            Some((first, next.checked_sub_days(Days::new(1))?))
        };
        match self {
            Self::Day(day) => Some((day, day)),
            Self::Month(first) => until(first, 1),
            Self::Number(year) => {
                until(NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, 1, 1)?, 12)
            }
        }
    }
}

/// A range of partitions; an end that is missing is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartitionRange {
    /// Where it begins.
    pub from: Option<PartitionBound>,
    /// Where it ends, itself included: `2024-03` ends on the last of March.
    pub to: Option<PartitionBound>,
}

/// Why a table's partitions cannot be chosen by a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartitionRangeError {
    /// It has no partitions, or they are neither times nor numbers.
    #[error(
        "the partitions of {table} are neither days, months nor numbers; leave out --from and --to"
    )]
    NoOrder {
        /// Name of the table.
        table: String,
    },
    /// The ends are days, the partitions numbers.
    #[error(
        "the partitions of {table} are numbers (`{column}`), and `{bound}` is none; \
         give a number such as 2024"
    )]
    NoNumber {
        /// Name of the table.
        table: String,
        /// Its partition column.
        column: String,
        /// The end as given.
        bound: PartitionBound,
    },
    /// The end lies before the beginning.
    #[error("the range ends at `{to}`, before it begins at `{from}`; give --from first")]
    Backwards {
        /// Where it begins.
        from: PartitionBound,
        /// Where it ends.
        to: PartitionBound,
    },
}

impl PartitionRange {
    /// All partitions, the one of null as well.
    pub const ALL: Self = Self { from: None, to: None };

    /// Whether it leaves out nothing.
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }

    /// The partitions of a table that lie in it.
    pub fn within(self, table: &Table) -> Result<PartitionsInRange, PartitionRangeError> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && ends_before(to, from)
        {
            return Err(PartitionRangeError::Backwards { from, to });
        }
        if self.is_all() {
            return Ok(PartitionsInRange::All);
        }
        let no_order = || PartitionRangeError::NoOrder { table: table.name.to_string() };
        let partition = table.partition.as_ref().ok_or_else(no_order)?;
        let column = table.columns.iter().find(|column| column.name == *partition);
        match column.map(|column| column.column_type) {
            Some(ColumnType::Int | ColumnType::BigInt) => {
                let number = |bound: PartitionBound| match bound {
                    PartitionBound::Number(number) => Ok(number),
                    bound => Err(PartitionRangeError::NoNumber {
                        table: table.name.to_string(),
                        column: partition.to_string(),
                        bound,
                    }),
                };
                Ok(PartitionsInRange::Numbers {
                    first: self.from.map(number).transpose()?,
                    last: self.to.map(number).transpose()?,
                })
            }
            Some(ColumnType::Date | ColumnType::Text) => {
                let days = |bound: PartitionBound| bound.days().ok_or_else(no_order);
                Ok(PartitionsInRange::Days {
                    first: self.from.map(days).transpose()?.map(|(first, _)| first),
                    last: self.to.map(days).transpose()?.map(|(_, last)| last),
                })
            }
            _ => Err(no_order()),
        }
    }
}

fn ends_before(to: PartitionBound, from: PartitionBound) -> bool {
    match (from, to) {
        (PartitionBound::Number(from), PartitionBound::Number(to)) => to < from,
        _ => match (from.days(), to.days()) {
            (Some((first, _)), Some((_, last))) => last < first,
            _ => false,
        },
    }
}

/// Partitions of one table, by their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionsInRange {
    /// All of them.
    All,
    /// Days or months that share a day with this time.
    Days {
        /// The first day; `None` from the beginning.
        first: Option<NaiveDate>,
        /// The last day; `None` to the end.
        last: Option<NaiveDate>,
    },
    /// Whole numbers.
    Numbers {
        /// The least; `None` from the beginning.
        first: Option<i64>,
        /// The greatest; `None` to the end.
        last: Option<i64>,
    },
}

impl PartitionsInRange {
    /// Whether the partition of this value, as text, is among them. Null, and what is neither a time
    /// nor a number, lies in no range but that of everything.
    pub fn contains(&self, value: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Days { first, last } => {
                let days = value.and_then(days_of);
                days.is_some_and(|(begin, end)| {
                    first.is_none_or(|first| end >= first) && last.is_none_or(|last| begin <= last)
                })
            }
            Self::Numbers { first, last } => {
                let number: Option<i64> = value.and_then(|value| value.parse().ok());
                number.is_some_and(|number| {
                    first.is_none_or(|first| number >= first)
                        && last.is_none_or(|last| number <= last)
                })
            }
        }
    }
}

/// The first and the last day of a day, a month or a year.
fn days_of(value: &str) -> Option<(NaiveDate, NaiveDate)> {
    value.parse::<PartitionBound>().ok()?.days()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DefinitionFiles, parse_dataset};

    fn table(column_type: &str) -> Table {
        let partition = if column_type.is_empty() { "" } else { "partition: p" };
        let yaml = format!(
            "dataset: d\ndescription: x\ntables:\n  t:\n    description: x\n    \
             source_columns: [p]\n    key: [k]\n    {partition}\n    columns:\n      k: TEXT\n      \
             p: {}\n",
            if column_type.is_empty() { "TEXT" } else { column_type }
        );
        let sql = "SELECT p AS k, p FROM bronze.d_t".to_owned();
        let files = [("dataset.yaml".to_owned(), yaml), ("silver/t.sql".to_owned(), sql)];
        let files = DefinitionFiles { folder: "d".to_owned(), files: files.into() };
        parse_dataset(&files).unwrap().tables.remove(0)
    }

    fn range(from: &str, to: &str) -> PartitionRange {
        let bound = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        PartitionRange { from: bound(from), to: bound(to) }
    }

    fn chosen<'a>(column_type: &str, from: &str, to: &str, values: &[&'a str]) -> Vec<&'a str> {
        let partitions = range(from, to).within(&table(column_type)).unwrap();
        values.iter().copied().filter(|value| partitions.contains(Some(value))).collect()
    }

    #[test]
    fn days_months_and_years_choose_days() {
        let days = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-01"];
        assert_eq!(chosen("DATE", "2024-01-01", "2024-02-29", &days), days[1..3]);
        assert_eq!(chosen("DATE", "2024-02", "2024-02", &days), ["2024-02-29"]);
        assert_eq!(chosen("DATE", "2024", "", &days), days[1..]);
        assert_eq!(chosen("DATE", "", "2023", &days), days[..1]);
    }

    #[test]
    fn a_month_is_chosen_by_any_of_its_days() {
        let months = ["2024-01", "2024-02", "2024-03", "BROOKLYN"];
        assert_eq!(chosen("TEXT", "2024-01-31", "2024-02-01", &months), months[..2]);
        assert_eq!(chosen("TEXT", "2024-02", "", &months), months[1..3]);
        assert_eq!(chosen("TEXT", "2024", "2024", &months), months[..3]);
    }

    #[test]
    fn numbers_are_chosen_by_numbers() {
        assert_eq!(chosen("INT", "9", "10", &["8", "9", "10", "11"]), ["9", "10"]);
        let error = range("2024-01", "").within(&table("INT")).unwrap_err();
        assert!(error.to_string().contains("`2024-01` is none"), "{error}");
    }

    #[test]
    fn only_the_range_of_everything_has_the_null_partition() {
        assert!(PartitionRange::ALL.within(&table("DATE")).unwrap().contains(None));
        assert!(!range("2024", "").within(&table("DATE")).unwrap().contains(None));
        assert!(PartitionRange::ALL.within(&table("")).unwrap().contains(None));
    }

    #[test]
    fn what_cannot_be_chosen_is_said() {
        let error = |column_type, from, to| {
            range(from, to).within(&table(column_type)).unwrap_err().to_string()
        };
        assert!(error("", "2024", "").contains("leave out --from"));
        assert!(error("DATE", "99999999", "").contains("leave out --from"));
        assert!(error("DATE", "2024-03", "2024-02").contains("before it begins"));
        assert!(error("INT", "3", "2").contains("before it begins"));
        assert!("soon".parse::<PartitionBound>().is_err());
        assert!("2024-13".parse::<PartitionBound>().is_err());
    }
}
