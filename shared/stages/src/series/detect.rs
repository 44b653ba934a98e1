//! A mart to the anomalies in its series.
//!
//! The table of anomalies follows the logs of the marts. At each look all series are judged from their
//! beginning, every value by those before it; rows of the last steps are judged anew, as late data may
//! have changed them, and older ones stay as they are.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use smelt_domain::{
    AlertId, AlertStatus, Dataset, Every, KOfN, Mart, MartSeries, SeriesAlerts, SeriesTable,
    Severity, StageName, StepReport,
};
use smelt_forecast::{Detector, DetectorSettings, Holiday, Series, Severity as Judged};
use smelt_lake::{Commit, Snapshot, Table};

use super::anomaly_rows::{files_of, read_anomalies, write_anomalies};
use super::calendar::{DAY, start_of_step, step_after};
use super::forecasting::in_background;
use super::holidays::holidays;
use super::incidents::{Anomaly, Found, Look, siblings};
use super::read::{SeriesRead, definition_of, read_series};
use crate::alert::alerts;
use crate::follow::{Attempt, Follower, follow};
use crate::silver::upstream;
use crate::{Platform, StageError, boxed};

/// Brings the anomalies of a mart up to date; nothing is to do for one without series.
#[boxed]
pub async fn detect(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<StepReport>, StageError> {
    let Some(series) = &mart.series else { return Ok(Vec::new()) };
    let table = platform.lake.table(dataset.series_id(SeriesTable::Anomalies))?;
    let gold = platform.lake.table(dataset.gold_id(&mart.name))?;
    let mut detecting = Detecting { platform, dataset, mart, series, gold, table: table.clone() };
    follow(&table, platform, &mut detecting).await
}

struct Detecting<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    mart: &'a Mart,
    series: &'a MartSeries,
    gold: Table,
    table: Table,
}

/// What a mart was judged by and up to where, as the table of anomalies keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct JudgedUntil {
    definition: String,
    /// The mart's identity: one that was made anew is another.
    mart: u64,
    newest: i64,
    is_settled: bool,
}

impl Follower for Detecting<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let base = self.table.snapshot().await?;
        let Some(mart) = self.gold.snapshot().await? else { return Ok(Attempt::UpToDate) };
        let before = self.judged_until(base.as_ref(), &mart);
        let followed = match &base {
            Some(base) => base.followed(self.gold.id()).await?,
            None => None,
        };
        let is_followed = before.is_some() && followed == Some(mart.version());
        if is_followed && before.as_ref().is_some_and(|before| before.is_settled) {
            return Ok(Attempt::UpToDate);
        }
        let delay = self.series.alerts.delay;
        let read = read_series(self.platform, &self.gold, &mart, self.series, delay).await?;
        let Some(read) = read else { return Ok(Attempt::UpToDate) };
        let until = JudgedUntil {
            definition: self.definition(),
            mart: mart.identity(),
            newest: read.newest,
            is_settled: read.is_settled,
        };
        if is_followed && before.as_ref() == Some(&until) {
            return Ok(Attempt::UpToDate);
        }
        let known = match &base {
            Some(base) => read_anomalies(&self.table, files_of(base, self.mart)).await?,
            None => Vec::new(),
        };
        let anomalies = self.judge(&read, before.as_ref(), known.clone()).await?;
        if anomalies == known && before.as_ref() == Some(&until) {
            return Ok(Attempt::UpToDate);
        }
        let (file, schema) = write_anomalies(&self.table, self.mart, &anomalies).await?;
        let report = StepReport {
            upstream: vec![upstream(self.gold.id(), followed, mart.version())],
            definition_hash: Some(until.definition.clone()),
            rows_in: Some(read.rows),
            rows_out: Some(anomalies.len() as u64),
            files_added: Some(1),
            bytes_written: Some(file.size),
            ..crate::steps::step(StageName::Detect, self.table.id(), started)
        };
        let commit = Commit {
            operation: "DETECT",
            add: vec![file],
            remove: base.as_ref().map(|base| files_of(base, self.mart)).unwrap_or_default(),
            followed: vec![(self.gold.id().clone(), mart.version())],
            schema: base.as_ref().is_none_or(|base| *base.schema() != schema).then_some(schema),
            properties: vec![(self.property(), json!(until).to_string())],
            info: Map::from_iter([
                ("runId".to_owned(), json!(self.platform.run_id)),
                ("mart".to_owned(), json!(self.mart.name)),
            ]),
            ..Commit::default()
        };
        Ok(Attempt::Commit { base, commit, report })
    }
}

/// The property of the table of anomalies that tells up to where a mart was judged.
pub(crate) fn judged_property(mart: &Mart) -> String {
    format!("smelt.detect.{}", mart.name)
}

impl Detecting<'_> {
    fn property(&self) -> String {
        judged_property(self.mart)
    }

    /// `None` where the mart was not judged yet, or was another, or by another definition.
    fn judged_until(&self, base: Option<&Snapshot>, mart: &Snapshot) -> Option<JudgedUntil> {
        let until: JudgedUntil = serde_json::from_str(base?.property(&self.property())?).ok()?;
        let is_same = until.definition == self.definition() && until.mart == mart.identity();
        is_same.then_some(until)
    }

    /// What judgements depend on beside the rows.
    fn definition(&self) -> String {
        let SeriesAlerts { smallest_effect, k_of_n, .. } = &self.series.alerts;
        let definition = format!("{} {smallest_effect}", definition_of(self.mart, self.series));
        // What was judged before there was such a rule was judged by the usual one.
        if *k_of_n == KOfN::default() { definition } else { format!("{definition} {k_of_n}") }
    }

    /// The anomalies after judging what was read.
    async fn judge(
        &self,
        read: &SeriesRead,
        before: Option<&JudgedUntil>,
        known: Vec<Anomaly>,
    ) -> Result<Vec<Anomaly>, StageError> {
        let every = self.series.every;
        let back = |from: i64, steps: i64| step_after(every, from, -steps).unwrap_or(i64::MIN);
        let judged_from = match before {
            _ if known.is_empty() => i64::MIN,
            Some(before) => back(before.newest.min(read.newest), late_steps(every)),
            // By another definition all is judged anew that there is enough before.
            None => back(read.newest, i64::from(self.series.history / 2)),
        };
        // Many steps at once are a history that is being loaded.
        let looked_at = before.map(|before| before.newest.min(read.newest));
        let looked_at = looked_at.filter(|from| *from >= back(read.newest, late_steps(every)));
        let news_from = back(looked_at.unwrap_or(read.newest), 1)
            .max(news_by_the_clock(self.series, self.platform.started_at));
        let settings = settings(&self.series.alerts);
        let holidays = holidays(self.series, read.newest);
        let (all, newest, now) = (read.series.clone(), read.newest, self.platform.started_at);
        let (dataset, mart, series) =
            (self.dataset.name.clone(), self.mart.name.clone(), self.series.clone());
        let judge = move || {
            let ids: Vec<String> = all.iter().map(|one| one.id.clone()).collect();
            let look = Look {
                dataset: &dataset,
                mart: mart.as_str(),
                series: &series,
                ids: &ids,
                siblings: siblings(&series, &ids),
                judged_from,
                newest,
                news_from,
                now,
                threshold: settings.threshold,
                found: judge_all(&all, settings, &holidays, judged_from),
            };
            look.update(known)
        };
        let mut anomalies = in_background(judge).await?;
        let told = self.told().await?;
        for anomaly in &mut anomalies {
            anomaly.notified_at = told.get(&anomaly.alert_id).copied();
        }
        Ok(anomalies)
    }

    /// When each alert of the dataset was told.
    async fn told(&self) -> Result<BTreeMap<AlertId, DateTime<Utc>>, StageError> {
        let mut when = BTreeMap::new();
        for alert in alerts(self.platform, self.dataset).await? {
            let Some(at) = alert.notified_at.filter(|_| alert.status == AlertStatus::Sent) else {
                continue;
            };
            when.extend(alert.told_together().map(|id| (id, at)));
            when.insert(alert.alert_id, at);
        }
        Ok(when)
    }
}

fn settings(alerts: &SeriesAlerts) -> DetectorSettings {
    DetectorSettings {
        smallest: alerts.smallest_effect,
        at_least: alerts.k_of_n.k(),
        of: alerts.k_of_n.n(),
        ..DetectorSettings::default()
    }
}

/// Steps that late data may change.
fn late_steps(every: Every) -> i64 {
    match every {
        Every::Hour => 48,
        Every::Day => 14,
        Every::Week => 4,
        Every::Month => 3,
    }
}

/// The first step that is news: of the last seven days, or the last three steps before those that a delay
/// leaves out.
fn news_by_the_clock(series: &MartSeries, now: DateTime<Utc>) -> i64 {
    let (every, now) = (series.every, now.timestamp());
    let back = 3 + i64::from(series.alerts.delay);
    let steps = start_of_step(every, now).and_then(|step| step_after(every, step, -back));
    steps.unwrap_or(now).min(now - 7 * DAY)
}

/// What is not as expected in each series from a time on.
fn judge_all(
    series: &[Series],
    settings: DetectorSettings,
    holidays: &[Holiday],
    from: i64,
) -> BTreeMap<(String, i64), Found> {
    let mut found = BTreeMap::new();
    for one in series {
        let mut detector = Detector::new(settings).with_holidays(holidays.to_vec());
        for (position, value) in one.values.iter().enumerate() {
            let Some(time) = one.time(position) else { break };
            let judged = detector.push(time, *value);
            // In an incident that goes on, what hardly differs is no part of it.
            let matters = (value - judged.expected).abs() >= settings.smallest;
            if judged.is_anomaly && matters && time >= from {
                let severity = match judged.severity {
                    Judged::Critical => Severity::Critical,
                    Judged::Warning | Judged::None => Severity::Warning,
                };
                let anomaly = Found {
                    observed: *value,
                    expected: judged.expected,
                    lo: judged.lo,
                    hi: judged.hi,
                    score: judged.score,
                    severity,
                    reason: judged.reason,
                };
                found.insert((one.id.clone(), time), anomaly);
            }
        }
    }
    found
}
