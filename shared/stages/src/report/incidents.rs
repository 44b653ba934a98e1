//! Anomalies of a period, by incident.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, NaiveTime};
use smelt_domain::{AlertId, Dataset, Mart, MartSeries, SeriesTable};
use smelt_report::{Anomalies, Anomaly as Reported, Band, Mark, Period};

use super::measures::measure;
use crate::series::{judged_property, start_of_step};
use crate::{Anomaly, AnomalyStatus, Platform, StageError, anomalies, step_text};

/// Incidents that are listed.
const MOST: usize = 12;
/// Values below which a fraction says something, even of counts.
const SMALL: f64 = 10.0;

/// The anomalies of a period, of all marts.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    /// By mart, with the number of their incident if it is listed.
    found: BTreeMap<String, Vec<(Anomaly, Option<usize>)>>,
    /// As they are told.
    pub(super) told: Anomalies,
}

struct Incident<'a> {
    mart: &'a Mart,
    series: &'a MartSeries,
    rows: Vec<&'a Anomaly>,
}

impl Incidents {
    pub(super) async fn read(
        platform: &Platform,
        dataset: &Dataset,
        period: &Period,
    ) -> Result<Self, StageError> {
        let table = platform.lake.table(dataset.series_id(SeriesTable::Anomalies))?;
        let snapshot = table.snapshot().await?;
        let was_judged = |mart: &Mart| {
            let property = judged_property(mart);
            snapshot.as_ref().is_some_and(|snapshot| snapshot.property(&property).is_some())
        };
        let first = period.first().and_time(NaiveTime::MIN).and_utc().timestamp();
        let end = period.end().and_time(NaiveTime::MIN).and_utc().timestamp();
        let mut are_known = false;
        let mut rows: Vec<(&Mart, &MartSeries, Vec<Anomaly>)> = Vec::new();
        for (mart, series) in dataset.marts_with_series() {
            are_known |= was_judged(mart);
            let mut found = anomalies(platform, dataset, mart).await?;
            found.retain(|one| {
                (first..end).contains(&one.time) && one.status != AnomalyStatus::Withdrawn
            });
            rows.push((mart, series, found));
        }
        let mut incidents = grouped(&rows);
        let more = incidents.len().saturating_sub(MOST) as u64;
        incidents.truncate(MOST);
        let numbers: BTreeMap<AlertId, usize> = incidents
            .iter()
            .enumerate()
            .filter_map(|(position, incident)| {
                Some((incident.rows.first()?.alert_id.clone(), position + 1))
            })
            .collect();
        let listed = incidents.iter().filter_map(Incident::told).collect();
        let told = Anomalies { listed, more, are_known };
        let numbered = |one: Anomaly| {
            let number = numbers.get(&one.alert_id).copied();
            (one, number)
        };
        let found = rows
            .into_iter()
            .map(|(mart, _, found)| {
                (mart.name.to_string(), found.into_iter().map(numbered).collect())
            })
            .collect();
        Ok(Self { found, told })
    }

    /// The series of a mart with anomalies, the worst first.
    pub(super) fn worst_series(&self, mart: &Mart) -> Vec<&str> {
        let mut worst: BTreeMap<&str, f64> = BTreeMap::new();
        for (anomaly, _) in self.of(mart) {
            let weight = weight(anomaly);
            let known = worst.entry(&anomaly.series).or_insert(weight);
            *known = known.max(weight);
        }
        let mut worst: Vec<(&str, f64)> = worst.into_iter().collect();
        worst.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        worst.into_iter().map(|(series, _)| series).collect()
    }

    /// The marks of a series in a chart of its own steps.
    pub(super) fn marks(&self, mart: &Mart, series: &str) -> Vec<Mark> {
        let of_series = self.of(mart).iter().filter(|(anomaly, _)| anomaly.series == series);
        let mark = |(anomaly, number): &(Anomaly, Option<usize>)| {
            Some(Mark {
                time: wall_clock(anomaly.time)?,
                value: anomaly.found.observed,
                number: *number,
            })
        };
        of_series.filter_map(mark).collect()
    }

    /// The steps in which anything of a mart was not as expected, with the number of the worst.
    pub(super) fn steps(
        &self,
        mart: &Mart,
        every: smelt_domain::Every,
    ) -> BTreeMap<NaiveDateTime, Option<usize>> {
        let mut steps = BTreeMap::new();
        for (anomaly, number) in self.of(mart) {
            let Some(time) = start_of_step(every, anomaly.time).and_then(wall_clock) else {
                continue;
            };
            let known = steps.entry(time).or_insert(*number);
            // The lower number is the worse one; one without a number is not listed.
            *known = match (*known, *number) {
                (Some(known), Some(number)) => Some(known.min(number)),
                (known, number) => known.or(number),
            };
        }
        steps
    }

    fn of(&self, mart: &Mart) -> &[(Anomaly, Option<usize>)] {
        self.found.get(mart.name.as_str()).map_or(&[], Vec::as_slice)
    }
}

/// The incidents of all marts, the worst first.
fn grouped<'a>(rows: &'a [(&'a Mart, &'a MartSeries, Vec<Anomaly>)]) -> Vec<Incident<'a>> {
    let mut incidents: BTreeMap<&str, Incident<'_>> = BTreeMap::new();
    for (mart, series, found) in rows {
        for anomaly in found {
            let none = || Incident { mart, series, rows: Vec::new() };
            incidents.entry(anomaly.alert_id.as_str()).or_insert_with(none).rows.push(anomaly);
        }
    }
    let mut incidents: Vec<Incident<'_>> = incidents.into_values().collect();
    let weight = |incident: &Incident<'_>| {
        incident.rows.iter().map(|anomaly| weight(anomaly)).fold(0.0, f64::max)
    };
    incidents.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    incidents
}

/// What makes one worse than another: its severity, then how unusual it is.
fn weight(anomaly: &Anomaly) -> f64 {
    let severity = match anomaly.found.severity {
        smelt_domain::Severity::Critical => 2.0,
        smelt_domain::Severity::Warning => 1.0,
        smelt_domain::Severity::Info => 0.0,
    };
    severity * 10.0 + anomaly.found.score
}

impl Incident<'_> {
    fn told(&self) -> Option<Reported> {
        let distance = |one: &Anomaly| (one.found.observed - one.found.expected).abs();
        let furthest = self.rows.iter().max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let worst = self.rows.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
        let first = self.rows.iter().map(|one| one.time).min()?;
        let last = self.rows.iter().map(|one| one.time).max()?;
        let mut ids: Vec<&str> = self.rows.iter().map(|one| one.series.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let label = |ids: &[&str]| self.series.label_of(self.mart.name.as_str(), ids);
        let found = &furthest.found;
        let reason = match ids.len() {
            1 => found.reason.clone(),
            _ => format!("the most in {}: {}", label(&[&furthest.series]), found.reason),
        };
        let text = |time| step_text(self.series.every, time);
        let value = self.mart.columns.iter().find(|column| column.name == self.series.value);
        let decimals = value.map_or(0, |column| measure(column).decimals);
        let is_small = found.observed.abs().max(found.expected.abs()) < SMALL;
        Some(Reported {
            what: label(&ids),
            reason,
            from: text(first),
            to: (last > first).then(|| text(last)),
            observed: found.observed,
            expected: found.expected,
            usual: Band { lo: found.lo, hi: found.hi },
            decimals: if is_small { decimals.max(1) } else { decimals },
            severity: worst.found.severity,
            status: worst.status.as_str().to_owned(),
            since: self.rows.iter().map(|one| one.first_seen).min()?,
        })
    }
}

fn wall_clock(time: i64) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp(time, 0)?.naive_utc())
}
