//! Totals of a mart: of a period, by step, and by the values of columns.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use smelt_domain::{ColumnName, Dataset, Every, Mart, Missing, TableId};
use smelt_report::Period;

use super::measures::{Additive, additive};
use super::time::MartTime;
use crate::gold::register;
use crate::series::{DAY, start_of_step, step_after};
use crate::{Platform, StageError};

/// A mart at one version, and the times that a report compares.
pub(super) struct MartTotals<'a> {
    pub(super) mart: &'a Mart,
    pub(super) time: MartTime<'a>,
    pub(super) measures: Vec<Additive<'a>>,
    session: SessionContext,
    id: TableId,
    /// What is reported: the steps of the period that are over.
    pub(super) covered: Range<NaiveDate>,
    /// The same part of the period before, and of the one a year before.
    pub(super) compared: [Option<Range<NaiveDate>>; 2],
    /// When the newest row of the period or after it is, of those that are not in the future.
    pub(super) newest: Option<NaiveDateTime>,
    /// When the first row of all is: before, nobody knows whether anything happened.
    oldest: Option<NaiveDateTime>,
    period: Period,
}

/// More steps than any period has: hours of a week, days of a year.
const MOST_STEPS: usize = 400;

/// A step, with the total of each measure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StepTotals {
    pub(super) time: NaiveDateTime,
    pub(super) totals: Vec<Option<f64>>,
}

/// The totals of a group in the period and in the one before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GroupTotals {
    /// The values of the columns.
    pub(super) values: Vec<Option<String>>,
    pub(super) total: Option<f64>,
    pub(super) before: Option<f64>,
}

impl<'a> MartTotals<'a> {
    /// `None` if the mart does not exist, or tells nothing of such a period.
    pub(super) async fn open(
        platform: &Platform,
        dataset: &Dataset,
        mart: &'a Mart,
        period: Period,
    ) -> Result<Option<Self>, StageError> {
        let time = MartTime::of(mart).filter(|time| time.tells_of(&period));
        let (Some(time), measures) = (time, additive(mart)) else { return Ok(None) };
        let id = dataset.gold_id(&mart.name);
        let Some(snapshot) = platform.lake.table(id.clone())?.snapshot().await? else {
            return Ok(None);
        };
        let session = platform.engine.session()?;
        let (schema, partitioned) = (snapshot.schema(), snapshot.partition_columns());
        register(&session, &id, schema, partitioned, snapshot.files().to_vec())
            .map_err(|error| StageError::engine(format!("reading {id}"), error))?;
        let mut totals = Self {
            mart,
            time,
            measures,
            session,
            id,
            covered: period.days(),
            compared: [None, None],
            newest: None,
            oldest: None,
            period,
        };
        totals.find_ends(platform).await?;
        totals.cover(platform);
        Ok(Some(totals))
    }

    /// Whether there are rows in the period, or after it.
    pub(super) fn has_rows(&self) -> bool {
        self.newest.is_some()
    }

    pub(super) fn period(&self) -> &Period {
        &self.period
    }

    /// The value of the mart's series, if it adds up.
    pub(super) fn declared(&self) -> Option<Additive<'a>> {
        self.measures.first().filter(|measure| measure.is_declared).copied()
    }

    /// What a step without rows has: nothing where the series of the mart say so.
    pub(super) fn empty_step(&self) -> Option<f64> {
        let missing = self.mart.series.as_ref().map(|series| series.missing);
        (missing == Some(Missing::Zero)).then_some(0.0)
    }

    /// The steps of the period, as far as the data reach, with a value for each.
    pub(super) fn filled(
        &self,
        every: Every,
        steps: &[StepTotals],
        of: impl Fn(&StepTotals) -> Option<f64>,
    ) -> Vec<(NaiveDateTime, Option<f64>)> {
        let known: BTreeMap<NaiveDateTime, Option<f64>> =
            steps.iter().map(|step| (step.time, of(step))).collect();
        let first = self.period.first().and_time(NaiveTime::MIN).and_utc().timestamp();
        // A week that began before the period.
        let first = start_of_step(every, first);
        let last = self.period.end().min(self.reached()).and_time(NaiveTime::MIN);
        let times = std::iter::successors(first, |time| step_after(every, *time, 1));
        times
            .filter_map(|time| Some(DateTime::from_timestamp(time, 0)?.naive_utc()))
            .take_while(|time| *time < last)
            .take(MOST_STEPS)
            .map(|time| {
                let empty = self.empty_step().filter(|_| self.oldest.is_some_and(|it| it <= time));
                (time, known.get(&time).copied().unwrap_or(empty))
            })
            .collect()
    }

    /// The day after the newest rows.
    fn reached(&self) -> NaiveDate {
        let newest = self.newest.map(|newest| newest.date());
        newest.and_then(|day| day.succ_opt()).unwrap_or(self.period.first())
    }

    /// Whether the covered part is not the whole period.
    pub(super) fn is_partial(&self) -> bool {
        self.covered.end < self.period.end()
    }

    /// The newest row is at most a day ahead of the clock: one that is dated 2099 would end all steps before.
    async fn find_ends(&mut self, platform: &Platform) -> Result<(), StageError> {
        let today = platform.started_at.date_naive();
        let limit = today.checked_add_days(Days::new(2)).unwrap_or(today);
        let within = self.time.within(&(self.period.first()..limit));
        let step = self.time.step(self.time.every);
        let sql = format!(
            "SELECT MAX({step}) FILTER (WHERE {within}) AS newest, MIN({step}) AS oldest FROM {}",
            self.id.sql_name()
        );
        let (mut newest, mut oldest) = (None, None);
        self.rows(&sql, |batch| {
            newest = times(batch.column(0))?.first().copied().flatten();
            oldest = times(batch.column(1))?.first().copied().flatten();
            Some(())
        })
        .await?;
        (self.newest, self.oldest) = (newest, oldest);
        Ok(())
    }

    /// A step is over when there are rows of a later one, or a day after its end.
    fn cover(&mut self, platform: &Platform) {
        let every = self.day_or_longer();
        if let Some(newest) = self.newest.filter(|newest| newest.date() < self.period.end()) {
            let start = start_of_step(every, newest.and_utc().timestamp());
            let end = start.and_then(|start| step_after(every, start, 1));
            let is_over = end.is_some_and(|end| platform.started_at.timestamp() >= end + DAY);
            self.cover_until(if is_over { end } else { start });
        } else {
            self.cover_until(None);
        }
    }

    /// A month is not over for as long as other marts of the dataset do not reach its end.
    pub(super) fn cover_no_more_than(&mut self, until: NaiveDate) {
        if until < self.covered.end {
            let until = until.and_time(NaiveTime::MIN).and_utc().timestamp();
            self.cover_until(start_of_step(self.day_or_longer(), until));
        }
    }

    /// Whole days are compared, also of hours.
    fn day_or_longer(&self) -> Every {
        match self.time.every {
            Every::Hour => Every::Day,
            every => every,
        }
    }

    /// `None`: to the end of the period.
    fn cover_until(&mut self, until: Option<i64>) {
        let period = self.period;
        let until = until.and_then(|until| DateTime::from_timestamp(until, 0));
        let until = until.map_or(period.end(), |until| until.date_naive());
        let until = until.clamp(period.first(), period.end());
        if until == period.first() {
            // No step is over: what there is is told, and compared with nothing.
            (self.covered, self.compared) = (period.days(), [None, None]);
            return;
        }
        self.covered = period.first()..until;
        let compared = |other: Period| {
            let days = period.same_part_of(&other, until);
            // With a part of the time there is no comparison.
            self.oldest.is_some_and(|oldest| oldest.date() <= days.start).then_some(days)
        };
        let (before, year_before) = period.comparisons();
        self.compared = [before.and_then(compared), year_before.and_then(compared)];
    }

    /// The totals of all measures: in the covered time, in the period before, and a year before.
    pub(super) async fn totals(&self) -> Result<Vec<[Option<f64>; 3]>, StageError> {
        let times =
            [Some(self.covered.clone()), self.compared[0].clone(), self.compared[1].clone()];
        let conditions: Vec<Option<String>> =
            times.iter().map(|days| days.as_ref().map(|days| self.time.within(days))).collect();
        let columns = self.measures.iter().flat_map(|measure| {
            let name = &measure.column.name;
            conditions.iter().map(move |condition| match condition {
                Some(condition) => format!("{} FILTER (WHERE {condition})", sum(name)),
                None => "NULL".to_owned(),
            })
        });
        let columns: Vec<String> = columns
            .enumerate()
            .map(|(position, column)| format!("CAST({column} AS DOUBLE) AS total_{position}"))
            .collect();
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let any: Vec<String> = conditions.into_iter().flatten().collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {}",
            columns.join(", "),
            self.id.sql_name(),
            any.join(" OR ")
        );
        let mut found = vec![[None; 3]; self.measures.len()];
        self.rows(&sql, |batch| {
            for (position, column) in batch.columns().iter().enumerate() {
                found.get_mut(position / 3)?[position % 3] = numbers(column)?.first()?.to_owned();
            }
            Some(())
        })
        .await?;
        Ok(found)
    }

    /// The totals of all measures by step of the period, the earliest first; steps without rows are left
    /// out. Of only some series, if the condition says so.
    pub(super) async fn by_step(&self, every: Every) -> Result<Vec<StepTotals>, StageError> {
        let names: Vec<&ColumnName> =
            self.measures.iter().map(|measure| &measure.column.name).collect();
        self.steps(every, &names, "TRUE".to_owned(), Vec::new()).await
    }

    /// The value of one series by step of the period.
    pub(super) async fn series_by_step(
        &self,
        every: Every,
        value: &ColumnName,
        by: &[ColumnName],
        values: &[Option<String>],
    ) -> Result<Vec<StepTotals>, StageError> {
        let mut bound = Vec::new();
        let mut conditions = vec!["TRUE".to_owned()];
        for (column, value) in by.iter().zip(values) {
            match value {
                Some(value) => {
                    bound.push(value.clone());
                    conditions.push(format!("{} = ${}", text(column), bound.len()));
                }
                None => conditions.push(format!("\"{column}\" IS NULL")),
            }
        }
        self.steps(every, &[value], conditions.join(" AND "), bound).await
    }

    async fn steps(
        &self,
        every: Every,
        measures: &[&ColumnName],
        condition: String,
        bound: Vec<String>,
    ) -> Result<Vec<StepTotals>, StageError> {
        let sums: String = measures
            .iter()
            .map(|name| format!(", CAST({} AS DOUBLE) AS \"total_{name}\"", sum(name)))
            .collect();
        let sql = format!(
            "SELECT {} AS step, {} AS hours{sums} FROM {} WHERE {} AND {condition} \
             GROUP BY 1, 2 ORDER BY 1, 2",
            self.time.step(every),
            self.time.hours(every),
            self.id.sql_name(),
            self.time.within(&self.period.days()),
        );
        let mut found = Vec::new();
        self.bound_rows(&sql, bound, |batch| {
            let steps = times(batch.column(0))?;
            let hours = cast(batch.column(1), &DataType::Int64).ok()?;
            let hours = hours.as_primitive_opt::<Int64Type>()?;
            let sums: Option<Vec<Vec<Option<f64>>>> =
                batch.columns().iter().skip(2).map(numbers).collect();
            let sums = sums?;
            for (row, step) in steps.into_iter().enumerate() {
                let hour = hours.is_valid(row).then(|| hours.value(row));
                let (Some(step), Some(hour)) = (step, hour.filter(|hour| (0..24).contains(hour)))
                else {
                    continue;
                };
                let time = step + chrono::TimeDelta::hours(hour);
                found.push(StepTotals { time, totals: sums.iter().map(|sum| sum[row]).collect() });
            }
            Some(())
        })
        .await?;
        Ok(found)
    }

    /// The totals of a measure by the values of some columns, the largest first, one by one to whoever
    /// keeps them: there may be many.
    pub(super) async fn by_group(
        &self,
        measure: &ColumnName,
        by: &[ColumnName],
        mut keep: impl FnMut(GroupTotals),
    ) -> Result<(), StageError> {
        let now = self.time.within(&self.covered);
        let before = self.compared[0].as_ref().map(|days| self.time.within(days));
        let sum = sum(measure);
        let groups: Vec<String> =
            by.iter().map(|column| format!("{} AS \"{column}\"", text(column))).collect();
        let groups = groups.join(", ");
        let positions: Vec<String> = (1..=by.len()).map(|position| position.to_string()).collect();
        let positions = positions.join(", ");
        let (total_before, or_before) = match &before {
            Some(before) => (format!("{sum} FILTER (WHERE {before})"), format!(" OR {before}")),
            None => ("NULL".to_owned(), String::new()),
        };
        let total = by.len() + 1;
        let sql = format!(
            "SELECT {groups}, CAST({sum} FILTER (WHERE {now}) AS DOUBLE) AS \"the total\", \
             CAST({total_before} AS DOUBLE) AS \"the total before\" \
             FROM {} WHERE {now}{or_before} GROUP BY {positions} \
             ORDER BY {total} DESC NULLS LAST, {positions}",
            self.id.sql_name(),
        );
        self.rows(&sql, |batch| {
            let (columns, sums) = batch.columns().split_at(by.len());
            let texts: Option<Vec<Vec<Option<String>>>> = columns.iter().map(texts).collect();
            let (texts, totals) = (texts?, numbers(sums.first()?)?);
            let befores = numbers(sums.get(1)?)?;
            for row in 0..batch.num_rows() {
                let values = texts.iter().map(|column| column[row].clone()).collect();
                keep(GroupTotals { values, total: totals[row], before: befores[row] });
            }
            Some(())
        })
        .await
    }

    async fn rows(
        &self,
        sql: &str,
        read: impl FnMut(&RecordBatch) -> Option<()>,
    ) -> Result<(), StageError> {
        self.bound_rows(sql, Vec::new(), read).await
    }

    /// Runs a query over the mart, with texts in place of `$1`, `$2` and so on.
    async fn bound_rows(
        &self,
        sql: &str,
        bound: Vec<String>,
        read: impl FnMut(&RecordBatch) -> Option<()>,
    ) -> Result<(), StageError> {
        rows(&self.session, &self.id, sql, bound, read).await
    }
}

/// Runs a query over a table, and gives each batch of the answer to a reader, which answers `None` if it
/// is not what it expects.
pub(super) async fn rows(
    session: &SessionContext,
    table: &TableId,
    sql: &str,
    bound: Vec<String>,
    mut read: impl FnMut(&RecordBatch) -> Option<()>,
) -> Result<(), StageError> {
    let failed = |error| StageError::engine(format!("reporting {table}"), error);
    let mut query = session.sql(sql).await.map_err(failed)?;
    if !bound.is_empty() {
        let bound: Vec<datafusion::common::ScalarValue> =
            bound.into_iter().map(Into::into).collect();
        query = query.with_param_values(bound).map_err(failed)?;
    }
    let mut batches = query.execute_stream().await.map_err(failed)?;
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        if batch.num_rows() > 0 && read(&batch).is_none() {
            let detail = "its columns are not of the declared types".to_owned();
            return Err(smelt_lake::LakeError::Corrupt { table: table.sql_name(), detail }.into());
        }
    }
    Ok(())
}

fn sum(column: &ColumnName) -> String {
    format!("SUM(\"{column}\")")
}

fn text(column: &ColumnName) -> String {
    format!("CAST(\"{column}\" AS VARCHAR)")
}

/// A column as numbers; what is not finite is not known.
pub(super) fn numbers(column: &ArrayRef) -> Option<Vec<Option<f64>>> {
    let column = cast(column, &DataType::Float64).ok()?;
    let column = column.as_primitive_opt::<Float64Type>()?;
    Some(column.iter().map(|value| value.filter(|value| value.is_finite())).collect())
}

/// A column as texts.
pub(super) fn texts(column: &ArrayRef) -> Option<Vec<Option<String>>> {
    let column = cast(column, &DataType::Utf8).ok()?;
    let column = column.as_string_opt::<i32>()?;
    Some(column.iter().map(|value| value.map(str::to_owned)).collect())
}

/// A column as times.
pub(super) fn times(column: &ArrayRef) -> Option<Vec<Option<NaiveDateTime>>> {
    let column = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?;
    let column = column.as_primitive_opt::<TimestampMicrosecondType>()?;
    let time = |micros| Some(DateTime::from_timestamp_micros(micros)?.naive_utc());
    Some(column.iter().map(|value| value.and_then(time)).collect())
}
