//! What was forecast of a mart, and how good its forecasts are.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDateTime, Utc};
use smelt_domain::{Dataset, Every, Mart, MartSeries, SeriesTable, TableId};
use smelt_report::{Accuracy, Band, ForecastStep, Forecasts, Listed, Measure};

use super::mart::{numbers, rows, texts, times};
use super::words_of;
use crate::gold::register;
use crate::series::{files_of, step_text};
use crate::{Platform, StageError};

/// Series whose next step is told.
const MOST_SERIES: usize = 6;
/// Steps that are told of a mart with one series.
const MOST_STEPS: usize = 7;
const HOURS_OF_A_DAY: usize = 24;

/// The newest forecast of each step.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    series: BTreeMap<String, BTreeMap<NaiveDateTime, Expected>>,
}

/// What was expected of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    made_at: NaiveDateTime,
    pub(super) mean: Option<f64>,
    pub(super) interval_80: Option<Band>,
    pub(super) interval_95: Option<Band>,
}

impl Forecast {
    /// The steps of a series.
    pub(super) fn of(&self, id: &str) -> Option<&BTreeMap<NaiveDateTime, Expected>> {
        self.series.get(id)
    }

    /// Reads what was forecast of some series from a time on, and of all series after the newest step of
    /// the mart. Forecasts begin after the newest step that they know, so each of them is one of what was
    /// not known then.
    pub(super) async fn read(
        platform: &Platform,
        dataset: &Dataset,
        mart: &Mart,
        from: NaiveDateTime,
        newest: NaiveDateTime,
        ids: &BTreeSet<String>,
    ) -> Result<Self, StageError> {
        let table = dataset.series_id(SeriesTable::Forecast);
        let condition =
            format!("target_time >= arrow_cast('{from:?}', 'Timestamp(Microsecond, None)')");
        let sql = format!(
            "SELECT series, target_time, made_at, mean, lo_80, hi_80, lo_95, hi_95 \
             FROM {} WHERE {condition}",
            table.sql_name()
        );
        let mut forecast = Self::default();
        read_rows(platform, &table, mart, &sql, |batch| {
            for (id, time, expected) in expected_rows(batch)? {
                if time > newest || ids.contains(&id) {
                    forecast.add(id, time, expected);
                }
            }
            Some(())
        })
        .await?;
        Ok(forecast)
    }

    fn add(&mut self, id: String, time: NaiveDateTime, expected: Expected) {
        let known = self.series.entry(id).or_default().entry(time).or_insert(expected);
        if expected.made_at > known.made_at {
            *known = expected;
        }
    }

    /// The next steps after the newest one: of a mart with one series some of them, else the next one of
    /// the largest series.
    pub(super) fn next_steps(
        &self,
        mart: &Mart,
        series: &MartSeries,
        measure: Measure,
        newest: NaiveDateTime,
    ) -> Option<Forecasts> {
        let next = |steps: &BTreeMap<NaiveDateTime, Expected>| {
            steps.range(newest..).find(|(time, _)| **time > newest).map(|(time, it)| (*time, *it))
        };
        let mut first: Vec<(&str, NaiveDateTime, Expected)> = self
            .series
            .iter()
            .filter_map(|(id, steps)| next(steps).map(|(time, it)| (id.as_str(), time, it)))
            .collect();
        let size = |expected: &Expected| expected.mean.unwrap_or(0.0).abs();
        first.sort_by(|a, b| size(&b.2).total_cmp(&size(&a.2)).then_with(|| a.0.cmp(b.0)));
        let made_at = first.iter().map(|(_, _, expected)| expected.made_at).max()?.and_utc();
        let step = |name: Option<String>, time: NaiveDateTime, expected: &Expected| ForecastStep {
            series: name,
            when: step_text(series.every, time.and_utc().timestamp()),
            expected: expected.mean,
            interval_80: expected.interval_80,
            interval_95: expected.interval_95,
        };
        let (steps, listed) = if let [(id, ..)] = first[..] {
            let next = self.of(id)?.range(newest..).filter(|(time, _)| **time > newest);
            let (next, listed) =
                worth_telling(series.every, next.map(|(t, it)| (*t, *it)).collect());
            (next.iter().map(|(time, it)| step(None, *time, it)).collect(), listed)
        } else {
            let told = first.iter().take(MOST_SERIES);
            let name = |id| Some(series.label_of(mart.name.as_str(), &[id]));
            let steps = told.map(|(id, time, expected)| step(name(id), *time, expected)).collect();
            let more = first.len().saturating_sub(MOST_SERIES) as u64;
            (steps, Listed::LargestSeries { more })
        };
        let mart = mart.description.clone();
        Some(Forecasts { mart, measure, made_at, steps, listed })
    }
}

/// The next steps; of hours the highest of the next day, as nobody asks for the night.
fn worth_telling(
    every: Every,
    mut next: Vec<(NaiveDateTime, Expected)>,
) -> (Vec<(NaiveDateTime, Expected)>, Listed) {
    if every != Every::Hour || next.len() <= MOST_STEPS {
        next.truncate(MOST_STEPS);
        return (next, Listed::Next);
    }
    next.truncate(HOURS_OF_A_DAY);
    let of = next.len() as u64;
    let height = |step: &(NaiveDateTime, Expected)| step.1.mean.unwrap_or(f64::NEG_INFINITY);
    next.sort_by(|a, b| height(b).total_cmp(&height(a)));
    next.truncate(MOST_STEPS);
    next.sort_by_key(|(time, _)| *time);
    (next, Listed::Highest { of })
}

fn expected_rows(batch: &RecordBatch) -> Option<Vec<(String, NaiveDateTime, Expected)>> {
    let column = |name: &str| batch.column_by_name(name);
    let number = |name: &str| numbers(column(name)?);
    let ids = texts(column("series")?)?;
    let (targets, made) = (times(column("target_time")?)?, times(column("made_at")?)?);
    let mean = number("mean")?;
    let (lo_80, hi_80, lo_95, hi_95) =
        (number("lo_80")?, number("hi_80")?, number("lo_95")?, number("hi_95")?);
    let band = |lo: Option<f64>, hi: Option<f64>| Some(Band { lo: lo?, hi: hi? });
    let row = |row: usize| {
        let expected = Expected {
            made_at: made[row]?,
            mean: mean[row],
            interval_80: band(lo_80[row], hi_80[row]),
            interval_95: band(lo_95[row], hi_95[row]),
        };
        Some((ids[row].clone()?, targets[row]?, expected))
    };
    Some((0..batch.num_rows()).filter_map(row).collect())
}

/// How good the newest fit of the mart's model is, over all series.
pub(super) async fn accuracy(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Option<Accuracy>, StageError> {
    let table = dataset.series_id(SeriesTable::ForecastAccuracy);
    let sql = format!(
        "SELECT fitted_at, mase, seasonal_naive_mase, smape, coverage_80, coverage_95 \
         FROM {} WHERE series IS NULL ORDER BY fitted_at DESC LIMIT 1",
        table.sql_name()
    );
    let mut found = None;
    read_rows(platform, &table, mart, &sql, |batch| {
        let number = |name: &str| numbers(batch.column_by_name(name)?)?.first().copied();
        let fitted_at = times(batch.column_by_name("fitted_at")?)?.first().copied()??;
        found = Some(Accuracy {
            mart: words_of(mart.name.as_str()),
            fitted_at: utc(fitted_at),
            mase: number("mase")?,
            seasonal_naive_mase: number("seasonal_naive_mase")?,
            smape: number("smape")?,
            coverage_80: number("coverage_80")?,
            coverage_95: number("coverage_95")?,
        });
        Some(())
    })
    .await?;
    Ok(found)
}

fn utc(time: NaiveDateTime) -> DateTime<Utc> {
    time.and_utc()
}

/// Runs a query over the rows that a table about series has of a mart; over none while there are none.
async fn read_rows(
    platform: &Platform,
    table: &TableId,
    mart: &Mart,
    sql: &str,
    read: impl FnMut(&RecordBatch) -> Option<()>,
) -> Result<(), StageError> {
    let Some(snapshot) = platform.lake.table(table.clone())?.snapshot().await? else {
        return Ok(());
    };
    let files = files_of(&snapshot, mart);
    if files.is_empty() {
        return Ok(());
    }
    let session = platform.engine.session()?;
    register(&session, table, snapshot.schema(), snapshot.partition_columns(), files)
        .map_err(|error| StageError::engine(format!("reading {table}"), error))?;
    rows(&session, table, sql, Vec::new(), read).await
}
