//! The column of a mart that says when, and periods as conditions on it.

use std::ops::Range;

use chrono::NaiveDate;
use smelt_domain::{Column, ColumnName, ColumnType, Every, Mart};
use smelt_report::{Length, Period};

/// When the rows of a mart are.
#[derive(Debug, Clone, Copy)]
pub(super) struct MartTime<'a> {
    column: &'a ColumnName,
    kind: Kind,
    /// The hour of the day, where the column is a day and there is a row for each hour.
    hour: Option<&'a ColumnName>,
    /// The step from one row to the next.
    pub(super) every: Every,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Day,
    Moment,
    /// A text, YYYY-MM.
    Month,
}

impl<'a> MartTime<'a> {
    /// By the series of the mart, or the first column of its key that is a time: a day, a time, or a
    /// text that is called `month` or described as YYYY-MM. `None` if there is none.
    pub(super) fn of(mart: &'a Mart) -> Option<Self> {
        if let Some(series) = &mart.series {
            let column = mart.columns.iter().find(|column| column.name == series.time)?;
            let kind = kind_of(column)?;
            let hour = series.hour.as_ref();
            return Some(Self { column: &column.name, kind, hour, every: series.every });
        }
        let in_key = |column: &&Column| mart.key.contains(&column.name);
        mart.columns.iter().filter(in_key).find_map(|column| {
            let kind = kind_of(column)?;
            let every = match kind {
                Kind::Day | Kind::Moment => Every::Day,
                Kind::Month => Every::Month,
            };
            Some(Self { column: &column.name, kind, hour: None, every })
        })
    }

    /// Whether rows tell what happened in a period of this length: a month does not tell of its weeks.
    pub(super) fn tells_of(&self, period: &Period) -> bool {
        match period.length() {
            Length::Year | Length::Quarter | Length::Month => true,
            Length::Week => self.every != Every::Month,
            Length::Day => matches!(self.every, Every::Hour | Every::Day),
        }
    }

    /// The step of a chart of the period: at most some hundreds of them.
    pub(super) fn chart_step(&self, period: &Period) -> Every {
        match (self.every, period.length()) {
            (Every::Hour, Length::Year | Length::Quarter | Length::Month) => Every::Day,
            (every, _) => every,
        }
    }

    /// The condition that a row is in these days, in SQL.
    pub(super) fn within(&self, days: &Range<NaiveDate>) -> String {
        let column = self.column;
        let bound = |day: NaiveDate| match self.kind {
            Kind::Day => format!("arrow_cast('{day}', 'Date32')"),
            Kind::Moment => format!("arrow_cast('{day}T00:00:00', '{MOMENT}')"),
            // The months that begin in these days.
            Kind::Month => format!("'{}'", first_month_from(day)),
        };
        format!("(\"{column}\" >= {} AND \"{column}\" < {})", bound(days.start), bound(days.end))
    }

    /// The start of a row's step, in SQL.
    pub(super) fn step(&self, every: Every) -> String {
        let column = self.column;
        let moment = match self.kind {
            Kind::Day => format!("arrow_cast(\"{column}\", '{MOMENT}')"),
            Kind::Moment => format!("\"{column}\""),
            Kind::Month => format!("TRY_CAST(concat(\"{column}\", '-01') AS TIMESTAMP)"),
        };
        format!("date_trunc('{every}', {moment})")
    }

    /// Hours to be added to a step, in SQL.
    pub(super) fn hours(&self, every: Every) -> String {
        match self.hour {
            Some(hour) if every == Every::Hour => format!("CAST(\"{hour}\" AS BIGINT)"),
            _ => "CAST(0 AS BIGINT)".to_owned(),
        }
    }
}

/// A time as the lake holds it. The engine's own is in nanoseconds, which end in 2262.
const MOMENT: &str = "Timestamp(Microsecond, None)";

fn kind_of(column: &Column) -> Option<Kind> {
    match column.column_type {
        ColumnType::Date => Some(Kind::Day),
        ColumnType::Timestamp => Some(Kind::Moment),
        ColumnType::Text => {
            let is_described =
                column.description.as_ref().is_some_and(|text| text.contains("YYYY-MM"));
            (column.name.as_str() == "month" || is_described).then_some(Kind::Month)
        }
        _ => None,
    }
}

/// The first month that begins on this day or later, as YYYY-MM.
fn first_month_from(day: NaiveDate) -> String {
    use chrono::{Datelike, Months};
    let month = match day.day() {
        1 => Some(day),
        _ => day.checked_add_months(Months::new(1)),
    };
    month.unwrap_or(day).format("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_that_begin_in_a_time() {
        assert_eq!(first_month_from(day("2026-10-01")), "2026-10");
        assert_eq!(first_month_from(day("2026-10-02")), "2026-11");
        assert_eq!(first_month_from(day("2026-12-31")), "2027-01");
    }
}
