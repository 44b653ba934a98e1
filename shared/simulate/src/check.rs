//! Questions to the lake whose answers are known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How close to a tie a scaled number may come: engines differ in the last bits of a quotient.
const TIE_MARGIN: f64 = 0.02;

/// A question to the lake and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What is asked, in a few words.
    pub what: String,
    /// A query with one row of one column, over tables such as `gold.<dataset>_<mart>`.
    pub sql: String,
    /// The value as text.
    pub expected: String,
}

/// An answer, by how it has to be asked for to compare exactly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// A whole number.
    Whole(i64),
    /// A decimal number, in units of 10 to the power of minus this many digits.
    Decimal(i64, u32),
    /// A floating number, of which at least three digits behind the point are compared.
    Real(f64),
    /// A text.
    Text(String),
    /// A day.
    Date(chrono::NaiveDate),
}

impl Answer {
    /// An amount of money in hundredths.
    pub(crate) fn cents(cents: i64) -> Self {
        Self::Decimal(cents, 2)
    }

    /// A count.
    pub(crate) fn count(count: u64) -> Self {
        Self::Whole(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The expression that gives the answer's text, and that text.
    fn ask(&self, expression: &str) -> (String, String) {
        let scaled =
            |scale: u64| format!("CAST(ROUND(CAST({expression} AS DOUBLE) * {scale}) AS BIGINT)");
        match self {
            Self::Whole(value) => (format!("CAST({expression} AS BIGINT)"), value.to_string()),
            Self::Text(text) => (expression.to_owned(), text.clone()),
            Self::Date(date) => (format!("CAST({expression} AS VARCHAR)"), date.to_string()),
            Self::Decimal(units, digits) => (scaled(10_u64.pow(*digits)), units.to_string()),
            Self::Real(value) => {
                let scale = comparable_scale(*value);
                let rounded = (value * scale as f64).round() as i64;
                (scaled(scale), rounded.to_string())
            }
        }
    }
}

/// The first power of ten that leaves four digits in front of the point and does not bring the
/// number close to a half.
fn comparable_scale(value: f64) -> u64 {
    const LARGEST: u64 = 10_000_000;
    let scales = (0..).map(|digits| 10_u64.pow(digits)).take_while(|scale| *scale < LARGEST);
    let comparable = |scale: &u64| {
        let scaled = value * *scale as f64;
        scaled.abs() >= 1_000.0 && (scaled.rem_euclid(1.0) - 0.5).abs() > TIE_MARGIN
    };
    scales.skip(3).find(comparable).unwrap_or(LARGEST)
}

/// The checks of one mart.
#[derive(Debug)]
pub(crate) struct MartChecks {
    mart: &'static str,
    table: String,
    checks: Vec<Check>,
}

impl MartChecks {
    pub(crate) fn new(dataset: &str, mart: &'static str) -> Self {
        Self { mart, table: format!("gold.{dataset}_{mart}"), checks: Vec::new() }
    }

    /// How many rows the mart has.
    pub(crate) fn rows(&mut self, rows: usize) -> &mut Self {
        self.add("rows".to_owned(), "COUNT(*)", None, &Answer::count(rows as u64))
    }

    /// The sum of a column over all rows.
    pub(crate) fn sum(&mut self, column: &str, answer: Answer) -> &mut Self {
        self.add(format!("sum of {column}"), &format!("SUM({column})"), None, &answer)
    }

    /// How many rows have a value in a column.
    pub(crate) fn values(&mut self, column: &str, rows: usize) -> &mut Self {
        let answer = Answer::count(rows as u64);
        self.add(format!("values of {column}"), &format!("COUNT({column})"), None, &answer)
    }

    /// The value of a column in the one row that meets the conditions, which are of the form
    /// `column = literal`.
    pub(crate) fn cell(&mut self, column: &str, of: &[Condition], answer: Answer) -> &mut Self {
        let conditions: Vec<String> = of.iter().map(ToString::to_string).collect();
        let conditions = conditions.join(" AND ");
        self.add(format!("{column} where {conditions}"), column, Some(&conditions), &answer)
    }

    /// The value of a column in a mart of one row.
    pub(crate) fn only(&mut self, column: &str, answer: Answer) -> &mut Self {
        self.add(column.to_owned(), column, None, &answer)
    }

    pub(crate) fn into_checks(self) -> Vec<Check> {
        self.checks
    }

    fn add(
        &mut self,
        what: String,
        expression: &str,
        conditions: Option<&str>,
        answer: &Answer,
    ) -> &mut Self {
        let (expression, expected) = answer.ask(expression);
        let mut sql = format!("SELECT {expression} FROM {}", self.table);
        if let Some(conditions) = conditions {
            sql.push_str(" WHERE ");
            sql.push_str(conditions);
        }
        self.checks.push(Check { what: format!("{}: {what}", self.mart), sql, expected });
        self
    }
}

/// A condition that a column has one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Text(&'static str, String),
    Whole(&'static str, i64),
    Date(&'static str, chrono::NaiveDate),
    Time(&'static str, chrono::NaiveDateTime),
}

impl Condition {
    pub(crate) fn text(column: &'static str, value: &str) -> Self {
        Self::Text(column, value.to_owned())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(column, text) => {
                write!(formatter, "{column} = '{}'", text.replace('\'', "''"))
            }
            Self::Whole(column, value) => write!(formatter, "{column} = {value}"),
            Self::Date(column, date) => write!(formatter, "{column} = DATE '{date}'"),
            Self::Time(column, time) => {
                let time = time.format("%Y-%m-%d %H:%M:%S%.f");
                write!(formatter, "{column} = TIMESTAMP '{time}'")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_asked_for_in_a_form_that_compares_exactly() {
        let mut checks = MartChecks::new("shop", "daily");
        let of = [Condition::text("owner", "O'Neil"), Condition::Whole("hour", 7)];
        checks.rows(3).sum("amount", Answer::cents(-1_205)).cell("share", &of, Answer::Real(0.25));
        let checks = checks.into_checks();
        assert_eq!(checks[0].sql, "SELECT CAST(COUNT(*) AS BIGINT) FROM gold.shop_daily");
        assert_eq!(
            checks[1].sql,
            "SELECT CAST(ROUND(CAST(SUM(amount) AS DOUBLE) * 100) AS BIGINT) FROM gold.shop_daily"
        );
        assert_eq!(checks[1].expected, "-1205");
        assert!(checks[2].sql.ends_with(" WHERE owner = 'O''Neil' AND hour = 7"));
        assert_eq!(checks[2].expected, "2500");
    }

    #[test]
    fn numbers_are_compared_by_enough_digits_and_never_near_a_tie() {
        assert_eq!(comparable_scale(12.345_6), 1_000);
        assert_eq!(comparable_scale(1.234_5), 10_000);
        assert_eq!(comparable_scale(-1.234_499_999), 10_000);
        assert_eq!(comparable_scale(0.012_34), 100_000);
        assert_eq!(comparable_scale(0.0), 10_000_000);
    }
}
