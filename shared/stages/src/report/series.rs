//! Marts with series over time: all of it, and single series.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, NaiveTime};
use smelt_domain::{ColumnName, Dataset, Every, MartSeries};
use smelt_report::{Chart, Forecasts, Mark, Measure, Point, SeriesSection};

use super::forecasts::{Expected, Forecast};
use super::incidents::Incidents;
use super::mart::{GroupTotals, MartTotals, StepTotals};
use super::measures::measure;
use super::words_of;
use crate::{Platform, StageError};

/// Single series that are drawn.
const MOST_MEMBERS: usize = 4;

/// A mart's series in the period, and what is expected of them next.
pub(super) struct SeriesReport {
    pub(super) section: SeriesSection,
    pub(super) forecasts: Option<Forecasts>,
}

/// `None` if the mart has no series, or no rows in the period.
pub(super) async fn series_report(
    platform: &Platform,
    dataset: &Dataset,
    mart: &MartTotals<'_>,
    incidents: &Incidents,
) -> Result<Option<SeriesReport>, StageError> {
    let Some(series) = &mart.mart.series else { return Ok(None) };
    let value = mart.mart.columns.iter().find(|column| column.name == series.value);
    let (Some(value), Some(newest)) = (value, mart.newest) else { return Ok(None) };
    let every = mart.time.chart_step(mart.period());
    let members = members(mart, series, &series.value, incidents).await?;
    if members.is_empty() {
        return Ok(None);
    }
    let newest = newest_step(mart, series, newest, &members).await?;
    let ids: BTreeSet<String> = members.iter().map(|member| member.id.clone()).collect();
    let from = mart.period().first().and_time(NaiveTime::MIN);
    let forecast = Forecast::read(platform, dataset, mart.mart, from, newest, &ids).await?;
    let drawing = Drawing { mart, series, every, incidents, forecast: &forecast, newest };
    let measure = measure(value);
    let section = drawing.section(&measure, members).await?;
    // Of a period long ago nobody asks what comes next.
    let is_recent = mart.period().before().is_none_or(|before| {
        let length = mart.period().first() - before.first();
        newest.date() < mart.period().end() + length
    });
    let forecasts =
        if is_recent { forecast.next_steps(mart.mart, series, measure, newest) } else { None };
    Ok(Some(SeriesReport { section, forecasts }))
}

/// The newest step of the mart, by the hour where there are hours.
async fn newest_step(
    mart: &MartTotals<'_>,
    series: &MartSeries,
    newest: NaiveDateTime,
    members: &[Member],
) -> Result<NaiveDateTime, StageError> {
    if series.every != Every::Hour || newest.date() >= mart.period().end() {
        return Ok(newest);
    }
    let mut last = newest;
    for member in members {
        let by = &series.by;
        let steps = mart.series_by_step(Every::Hour, &series.value, by, &member.values).await?;
        last = last.max(steps.last().map_or(newest, |step| step.time));
    }
    Ok(last)
}

/// A series of a mart.
struct Member {
    id: String,
    values: Vec<Option<String>>,
}

/// The series with anomalies, the worst first, then the largest.
async fn members(
    mart: &MartTotals<'_>,
    series: &MartSeries,
    value: &ColumnName,
    incidents: &Incidents,
) -> Result<Vec<Member>, StageError> {
    if series.by.is_empty() {
        let totals =
            mart.series_by_step(mart.time.chart_step(mart.period()), value, &[], &[]).await?;
        let only = Member { id: series.id([]), values: Vec::new() };
        return Ok(if totals.is_empty() { Vec::new() } else { vec![only] });
    }
    let worst = incidents.worst_series(mart.mart);
    let worst: Vec<&str> = worst.into_iter().take(MOST_MEMBERS).collect();
    let mut members: Vec<Member> = Vec::new();
    mart.by_group(value, &series.by, |group: GroupTotals| {
        let id = series.id(group.values.iter().map(Option::as_deref));
        let is_large = members.len() < MOST_MEMBERS && group.total.is_some();
        if is_large || worst.contains(&id.as_str()) {
            members.push(Member { id, values: group.values });
        }
    })
    .await?;
    let rank =
        |member: &Member| worst.iter().position(|id| *id == member.id).unwrap_or(worst.len());
    // Stable: those without anomalies stay with the largest first.
    members.sort_by_key(rank);
    members.truncate(MOST_MEMBERS);
    Ok(members)
}

struct Drawing<'a> {
    mart: &'a MartTotals<'a>,
    series: &'a MartSeries,
    every: Every,
    incidents: &'a Incidents,
    forecast: &'a Forecast,
    newest: NaiveDateTime,
}

impl Drawing<'_> {
    async fn section(
        &self,
        measure: &Measure,
        members: Vec<Member>,
    ) -> Result<SeriesSection, StageError> {
        let has_one = members.len() == 1;
        let mut charts = Vec::new();
        for member in &members {
            let by = &self.series.by;
            let value = &self.series.value;
            let steps = self.mart.series_by_step(self.every, value, by, &member.values).await?;
            charts.push(self.member(measure, member, &steps));
        }
        let total = match (has_one, self.mart.declared()) {
            // All of it is one series.
            (true, _) => charts.pop(),
            (false, Some(_)) => Some(self.total(measure).await?),
            // Measurements of different things do not add up.
            (false, None) => None,
        };
        Ok(SeriesSection {
            title: words_of(self.mart.mart.name.as_str()),
            description: self.mart.mart.description.clone(),
            total,
            members: charts,
        })
    }

    async fn total(&self, measure: &Measure) -> Result<Chart, StageError> {
        let steps = self.mart.by_step(self.every).await?;
        let filled = self.mart.filled(self.every, &steps, |step| step.totals[0]);
        let marked = self.incidents.steps(self.mart.mart, self.every);
        let mark = |(time, value): &(NaiveDateTime, Option<f64>)| {
            Some(Mark { time: *time, value: (*value)?, number: *marked.get(time)? })
        };
        let marks = filled.iter().filter_map(mark).collect();
        let title = format!("{} in all", words_of(&measure.name));
        Ok(self.chart(title, measure, points(filled, None), marks, None))
    }

    fn member(&self, measure: &Measure, member: &Member, steps: &[StepTotals]) -> Chart {
        let mart = self.mart.mart;
        let filled = self.mart.filled(self.every, steps, |step| step.totals[0]);
        let title = self.series.label_of(mart.name.as_str(), &[&member.id]);
        // Hours are not forecast as days.
        if self.every != self.series.every {
            let marked = self.incidents.steps(mart, self.every);
            let of_series = self.incidents.marks(mart, &member.id);
            let is_marked =
                |time: &NaiveDateTime| of_series.iter().any(|mark| mark.time.date() == time.date());
            let mark = |(time, value): &(NaiveDateTime, Option<f64>)| {
                let value = value.filter(|_| is_marked(time))?;
                Some(Mark { time: *time, value, number: marked.get(time).copied().flatten() })
            };
            let marks = filled.iter().filter_map(mark).collect();
            return self.chart(title, measure, points(filled, None), marks, None);
        }
        let expected = self.forecast.of(&member.id);
        let is_open = self.newest.date() < self.mart.period().end();
        let last = filled.last().map(|(time, _)| *time);
        let mut drawn = points(filled, expected);
        let now = match (is_open, last, expected) {
            (true, Some(last), Some(expected)) => {
                let future = expected.range(last..).filter(|(time, _)| **time > last);
                let future: Vec<Point> =
                    future.map(|(time, expected)| point(*time, None, Some(expected))).collect();
                let now = future.first().map(|point| point.time);
                drawn.extend(future);
                now
            }
            _ => None,
        };
        self.chart(title, measure, drawn, self.incidents.marks(mart, &member.id), now)
    }

    fn chart(
        &self,
        title: String,
        measure: &Measure,
        points: Vec<Point>,
        marks: Vec<Mark>,
        now: Option<NaiveDateTime>,
    ) -> Chart {
        Chart { title, measure: measure.clone(), every: self.every, points, marks, now }
    }
}

fn points(
    filled: Vec<(NaiveDateTime, Option<f64>)>,
    expected: Option<&BTreeMap<NaiveDateTime, Expected>>,
) -> Vec<Point> {
    let expected_of = |time: &NaiveDateTime| expected.and_then(|expected| expected.get(time));
    filled.into_iter().map(|(time, actual)| point(time, actual, expected_of(&time))).collect()
}

fn point(time: NaiveDateTime, actual: Option<f64>, expected: Option<&Expected>) -> Point {
    Point {
        time,
        actual,
        expected: expected.and_then(|expected| expected.mean),
        band: expected.and_then(|expected| expected.interval_95),
    }
}
