//! What a report says.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use smelt_domain::{DatasetName, Every, OnViolation, RuleName, Severity, TableId};

use crate::Period;

/// What happened in a dataset in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The dataset.
    pub dataset: DatasetName,
    /// What it is, for people.
    pub description: String,
    /// The time that the report is about.
    pub period: Period,
    /// The first day of the period that the data do not reach; `None` if they reach its end.
    pub until: Option<NaiveDate>,
    /// The headline figures.
    pub figures: Vec<Figure>,
    /// The marts with series, over time.
    pub series: Vec<SeriesSection>,
    /// Figures by dimension.
    pub breakdowns: Vec<Breakdown>,
    /// What was not as expected.
    pub anomalies: Anomalies,
    /// What is expected next.
    pub forecasts: Vec<Forecasts>,
    /// How good forecasts are.
    pub accuracy: Vec<Accuracy>,
    /// The rules that rows are to keep.
    pub rules: Vec<Rule>,
    /// What became of the rows that came in.
    pub balances: Vec<Balance>,
    /// What the report was computed from.
    pub tables: Vec<TableVersion>,
    /// When the report was written.
    pub written_at: DateTime<Utc>,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Its name in words: `total cost`.
    pub name: String,
    /// What it is, with its unit: `US dollars; negative when money came back`.
    pub description: Option<String>,
    /// Digits after the point.
    pub decimals: u8,
}

/// A total of the period, beside the totals that it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is.
    pub measure: Measure,
    /// The mart that it is from.
    pub mart: String,
    /// The total of the period; `None` if there are no rows.
    pub value: Option<f64>,
    /// The total of the period before.
    pub before: Option<f64>,
    /// The total of the same period a year before.
    pub year_before: Option<f64>,
    /// The first day of the period that is in none of the three, because it is not over; `None` if
    /// they are totals of whole periods.
    pub until: Option<NaiveDate>,
    /// How it came about, step by step; `None` for a step without rows.
    pub trend: Vec<Option<f64>>,
}

/// A mart with series, over time.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesSection {
    /// The mart, in words.
    pub title: String,
    /// What it is.
    pub description: String,
    /// All of it; `None` if its series are measurements, which do not add up.
    pub total: Option<Chart>,
    /// Single series, those that matter most first.
    pub members: Vec<Chart>,
}

/// Values over time, with what was expected of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What is measured.
    pub measure: Measure,
    /// The step from one point to the next.
    pub every: Every,
    /// The points, the earliest first. A step that is missing is a gap.
    pub points: Vec<Point>,
    /// Points that were not as expected.
    pub marks: Vec<Mark>,
    /// Where the future begins, if the chart goes on into it.
    pub now: Option<NaiveDateTime>,
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When its step began.
    pub time: NaiveDateTime,
    /// What happened.
    pub actual: Option<f64>,
    /// What was expected before.
    pub expected: Option<f64>,
    /// Between which values it was expected.
    pub band: Option<Band>,
}

/// Two bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The lower one.
    pub lo: f64,
    /// The upper one.
    pub hi: f64,
}

/// A point that was not as expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// When its step began.
    pub time: NaiveDateTime,
    /// The value.
    pub value: f64,
    /// The number of its incident among [`Anomalies::listed`]; `None` if it is not listed.
    pub number: Option<usize>,
}

/// A figure by the values of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// What is told apart, in words: `complaint type`.
    pub dimension: String,
    /// The mart, in words.
    pub mart: String,
    /// What is added up.
    pub measure: Measure,
    /// The largest groups, the largest first.
    pub groups: Vec<Group>,
    /// All others together.
    pub others: Option<Others>,
    /// The total of all; `None` if there are no rows.
    pub total: Option<f64>,
    /// The total of all in the period before.
    pub total_before: Option<f64>,
}

/// The part of a total that has one value in a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The value; `None` for rows without one.
    pub name: Option<String>,
    /// Its total.
    pub value: Option<f64>,
    /// Its total in the period before.
    pub before: Option<f64>,
}

/// Groups that are not listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Others {
    /// How many there are.
    pub count: u64,
    /// Their total.
    pub value: Option<f64>,
    /// Their total in the period before.
    pub before: Option<f64>,
}

/// What was not as expected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Anomalies {
    /// The worst incidents, the worst first.
    pub listed: Vec<Anomaly>,
    /// How many more there are.
    pub more: u64,
    /// Whether anybody looked: there is a mart with series, and it was judged.
    pub are_known: bool,
}

/// An incident: values of one or more series that were not as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// What and where: `Noise in BROOKLYN`.
    pub what: String,
    /// Why, in a short sentence.
    pub reason: String,
    /// The step of its first value, as people write it: `2026-10-05`.
    pub from: String,
    /// The step of its last value, if it is another one.
    pub to: Option<String>,
    /// The value that was furthest from what was expected.
    pub observed: f64,
    /// What was expected of it.
    pub expected: f64,
    /// Where 95 in 100 usual values lie.
    pub usual: Band,
    /// Digits after the point of these values.
    pub decimals: u8,
    /// How bad.
    pub severity: Severity,
    /// Where it stands: `open`, `over`, `muted`, `past`.
    pub status: String,
    /// When it was found.
    pub since: DateTime<Utc>,
}

/// What is expected of a mart next.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecasts {
    /// The mart, in words.
    pub mart: String,
    /// What is forecast.
    pub measure: Measure,
    /// When it was forecast.
    pub made_at: DateTime<Utc>,
    /// Some of the next steps.
    pub steps: Vec<ForecastStep>,
    /// Which of them.
    pub listed: Listed,
}

/// Which of the steps that are forecast are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// The next ones.
    Next,
    /// The next one of each of the largest series; so many more series are forecast.
    LargestSeries {
        /// Series that are not listed.
        more: u64,
    },
    /// Those with the highest expectation among so many.
    Highest {
        /// The steps among which they are.
        of: u64,
    },
}

/// What is expected at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastStep {
    /// The series; `None` if the mart has only one.
    pub series: Option<String>,
    /// The step, as people write it.
    pub when: String,
    /// What is expected.
    pub expected: Option<f64>,
    /// Where it lies with 80 %.
    pub interval_80: Option<Band>,
    /// Where it lies with 95 %.
    pub interval_95: Option<Band>,
}

/// How good the forecasts of a mart would have been in the past.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// The mart, in words.
    pub mart: String,
    /// When the model was fitted.
    pub fitted_at: DateTime<Utc>,
    /// Mean absolute scaled error.
    pub mase: Option<f64>,
    /// The same of a forecast that repeats the last season.
    pub seasonal_naive_mase: Option<f64>,
    /// Symmetric mean absolute percentage error.
    pub smape: Option<f64>,
    /// The part (0 to 1) of values that were within the 80 % intervals.
    pub coverage_80: Option<f64>,
    /// The part (0 to 1) of values that were within the 95 % intervals.
    pub coverage_95: Option<f64>,
}

/// A rule that rows are to keep, and how many did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The silver table.
    pub table: TableId,
    /// The rule.
    pub rule: RuleName,
    /// What is wrong with a row that breaks it.
    pub reason: String,
    /// What happens to such a row.
    pub action: OnViolation,
    /// Rows that broke it: those in quarantine now; those that were kept, counted as they were taken in since the
    /// table was last computed anew. `None` if that was not looked at.
    pub rows: Option<u64>,
}

/// *bronze = silver + superseded + deleted + quarantined*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The silver table.
    pub table: TableId,
    /// Bronze rows that were taken in.
    pub bronze: u64,
    /// Silver rows.
    pub silver: u64,
    /// Older versions of rows.
    pub superseded: u64,
    /// Rows that were deleted.
    pub deleted: u64,
    /// Refused rows.
    pub quarantined: u64,
    /// Bronze rows that were not taken in yet.
    pub waiting: u64,
}

impl Balance {
    /// Whether every row is accounted for.
    pub fn is_exact(&self) -> bool {
        self.bronze == self.silver + self.superseded + self.deleted + self.quarantined
    }
}

/// A table that the report was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableVersion {
    /// The table.
    pub table: TableId,
    /// Its version; `None` while it does not exist.
    pub version: Option<u64>,
    /// Its rows.
    pub rows: u64,
    /// When that version was committed.
    pub written_at: Option<DateTime<Utc>>,
    /// Versions of its upstream that it does not know yet; `None` if it follows none.
    pub behind: Option<u64>,
}
