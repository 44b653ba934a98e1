//! From single values that are not as expected to incidents: what belongs together is one of them.
//!
//! - A run of steps in one series is one incident, until some steps in a row are as expected.
//! - Series that go the same way at the same time are one incident: a type of complaint in all
//!   boroughs, or the whole mart.
//!
//! Rows that were found before keep their incident, so that late data, which are judged once more,
//! give no second message.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use smelt_domain::{AlertId, AlertKind, DatasetName, MartSeries, Severity};

use super::calendar::{day_of, step_after, steps_between};

/// Steps as expected after which an incident is over.
const CALM: i64 = 3;
/// Series that make a group.
const GROUP: usize = 3;

/// Where an anomaly stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnomalyStatus {
    /// Its incident goes on.
    Open,
    /// Its incident has ended.
    Over,
    /// A rule says that it is not to be told.
    Muted,
    /// It was too old to be told when it was found.
    Past,
    /// Late data made it usual after all.
    Withdrawn,
}

impl AnomalyStatus {
    const ALL: [Self; 5] = [Self::Open, Self::Over, Self::Muted, Self::Past, Self::Withdrawn];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Over => "over",
            Self::Muted => "muted",
            Self::Past => "past",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether it is, or was, to be told.
    pub(crate) fn is_told(self) -> bool {
        matches!(self, Self::Open | Self::Over)
    }
}

/// A value that was not as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// Which incident it is part of.
    pub alert_id: AlertId,
    /// The series.
    pub series: String,
    /// When its step began: seconds since 1970 on the wall clock.
    pub time: i64,
    /// What was found in the value.
    pub found: Found,
    /// Where it stands.
    pub status: AnomalyStatus,
    /// When it was found first.
    pub first_seen: DateTime<Utc>,
    /// When its incident was told.
    pub notified_at: Option<DateTime<Utc>>,
}

/// What was found in a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The value.
    pub observed: f64,
    /// What was expected.
    pub expected: f64,
    /// Between these 95 in 100 usual values lie.
    pub lo: f64,
    /// See [`Found::lo`].
    pub hi: f64,
    /// From 0 (as always) to 1.
    pub score: f64,
    /// How bad.
    pub severity: Severity,
    /// Why, in one short sentence.
    pub reason: String,
}

impl Found {
    fn is_above(&self) -> bool {
        self.observed >= self.expected
    }
}

/// What a look at a mart found.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub dataset: &'a DatasetName,
    pub mart: &'a str,
    pub series: &'a MartSeries,
    /// The ids of all series that were looked at.
    pub ids: &'a [String],
    /// The first step that was judged; what was found before stays as it is.
    pub judged_from: i64,
    /// The newest step.
    pub newest: i64,
    /// The first step that is news: older ones are recorded, but not told.
    pub news_from: i64,
    pub now: DateTime<Utc>,
    /// What was found, by series and step.
    pub found: BTreeMap<(String, i64), Found>,
}

impl Look<'_> {
    /// The anomalies of a mart after this look.
    pub(super) fn update(mut self, known: Vec<Anomaly>) -> Vec<Anomaly> {
        let mut all: Vec<Anomaly> =
            known.into_iter().map(|anomaly| self.judge_again(anomaly)).collect();
        let new: Vec<((String, i64), Found)> =
            std::mem::take(&mut self.found).into_iter().collect();
        let times: BTreeSet<i64> = new.iter().map(|((_, time), _)| *time).collect();
        for time in times {
            for above in [true, false] {
                let at_once = new
                    .iter()
                    .filter(|((_, at), found)| *at == time && found.is_above() == above)
                    .map(|((series, _), found)| (series.as_str(), found));
                self.add(time, at_once.collect(), &mut all);
            }
        }
        self.close(&mut all);
        all.sort_by(|a, b| (a.time, &a.series).cmp(&(b.time, &b.series)));
        all
    }

    /// An anomaly that was found before, as it is judged now.
    fn judge_again(&mut self, anomaly: Anomaly) -> Anomaly {
        let is_looked_at = self.ids.binary_search(&anomaly.series).is_ok();
        if anomaly.time < self.judged_from || !is_looked_at {
            return anomaly;
        }
        match self.found.remove(&(anomaly.series.clone(), anomaly.time)) {
            Some(found) if anomaly.status == AnomalyStatus::Withdrawn => {
                // It comes and goes with late data; whoever was told knows of it.
                Anomaly { found, status: AnomalyStatus::Over, ..anomaly }
            }
            Some(found) => Anomaly { found, ..anomaly },
            None => Anomaly { status: AnomalyStatus::Withdrawn, ..anomaly },
        }
    }

    /// Adds what was found at one time in one direction.
    fn add(&self, time: i64, found: Vec<(&str, &Found)>, all: &mut Vec<Anomaly>) {
        let mut rest: Vec<(&str, &Found)> = Vec::new();
        for (series, one) in found {
            let above = one.is_above();
            let known = self.goes_on(series, time, above, all);
            match known.or_else(|| self.joined(series, time, above, all)) {
                Some(alert_id) => all.push(self.anomaly(alert_id, series, time, one)),
                None => rest.push((series, one)),
            }
        }
        for group in self.groups(rest) {
            let Some((_, first)) = group.members.first() else { continue };
            let alert_id = self.alert_id(&group.key, time, first.is_above());
            for (series, one) in group.members {
                all.push(self.anomaly(alert_id.clone(), series, time, one));
            }
        }
    }

    /// The incident that the series is in already.
    fn goes_on(&self, series: &str, time: i64, above: bool, all: &[Anomaly]) -> Option<AlertId> {
        let own = self.near(time, above, all).filter(|anomaly| anomaly.series == series);
        own.max_by_key(|one| one.time).map(|one| one.alert_id.clone())
    }

    /// The incident of a group that the series belongs to, found before.
    fn joined(&self, series: &str, time: i64, above: bool, all: &[Anomaly]) -> Option<AlertId> {
        let mut groups: BTreeMap<&AlertId, BTreeSet<&str>> = BTreeMap::new();
        for anomaly in self.near(time, above, all) {
            groups.entry(&anomaly.alert_id).or_default().insert(&anomaly.series);
        }
        let is_alike = |members: &BTreeSet<&str>| {
            (0..self.series.by.len()).any(|column| {
                let key = self.key_without(series, column);
                key.is_some() && members.iter().all(|it| self.key_without(it, column) == key)
            })
        };
        let mut groups = groups.into_iter().filter(|(_, members)| members.len() >= GROUP);
        let found =
            groups.find(|(_, members)| is_alike(members) || 2 * members.len() > self.ids.len());
        found.map(|(alert_id, _)| alert_id.clone())
    }

    /// Anomalies in one direction of the same time, or but a few steps away.
    fn near<'n>(
        &'n self,
        time: i64,
        above: bool,
        all: &'n [Anomaly],
    ) -> impl Iterator<Item = &'n Anomaly> {
        all.iter().filter(move |anomaly| {
            anomaly.found.is_above() == above
                && anomaly.status != AnomalyStatus::Withdrawn
                && steps_between(self.series.every, anomaly.time, time)
                    .is_some_and(|steps| steps.abs() <= CALM)
        })
    }

    /// What goes the same way at the same time, largest groups first; what is in none is a group of one.
    fn groups<'f>(&self, mut found: Vec<(&'f str, &'f Found)>) -> Vec<Group<'f>> {
        let mut groups = Vec::new();
        let everything = found.len() >= GROUP && 2 * found.len() > self.ids.len();
        if everything {
            return vec![Group { key: "*".to_owned(), members: found }];
        }
        while let Some((key, members)) = self.largest_group(&found) {
            let (inside, outside) =
                found.into_iter().partition(|(series, _)| members.contains(series));
            groups.push(Group { key, members: inside });
            found = outside;
        }
        let alone = |one: (&'f str, &'f Found)| Group { key: one.0.to_owned(), members: vec![one] };
        groups.extend(found.into_iter().map(alone));
        groups
    }

    /// The largest group of series that differ in one column only: at least three, and at least half of
    /// all such series.
    fn largest_group<'f>(
        &self,
        found: &[(&'f str, &'f Found)],
    ) -> Option<(String, BTreeSet<&'f str>)> {
        let columns = self.series.by.len();
        let mut best: Option<(String, BTreeSet<&str>)> = None;
        for column in 0..columns {
            let mut buckets: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
            for (series, _) in found {
                let Some(key) = self.key_without(series, column) else { continue };
                buckets.entry(key).or_default().insert(series);
            }
            for (key, members) in buckets {
                let siblings = self
                    .ids
                    .iter()
                    .filter(|id| self.key_without(id, column).as_ref() == Some(&key));
                let is_group = members.len() >= GROUP && 2 * members.len() >= siblings.count();
                if is_group && best.as_ref().is_none_or(|(_, most)| members.len() > most.len()) {
                    best = Some((key, members));
                }
            }
        }
        best
    }

    /// What a series has in common with those that differ in this column only.
    fn key_without(&self, series: &str, column: usize) -> Option<String> {
        let mut values = self.series.values(series)?;
        *values.get_mut(column)? = "*";
        Some(self.series.id(values.into_iter().map(Some)))
    }

    fn alert_id(&self, key: &str, time: i64, above: bool) -> AlertId {
        let direction = if above { "above" } else { "below" };
        let occasion = [self.mart, key, direction, &time.to_string()];
        AlertId::of(self.dataset, AlertKind::Anomaly, &occasion)
    }

    fn anomaly(&self, alert_id: AlertId, series: &str, time: i64, found: &Found) -> Anomaly {
        let is_muted = day_of(time).is_some_and(|day| self.series.is_muted(series, day));
        let status = if is_muted {
            AnomalyStatus::Muted
        } else if time < self.news_from {
            AnomalyStatus::Past
        } else {
            AnomalyStatus::Open
        };
        Anomaly {
            alert_id,
            series: series.to_owned(),
            time,
            found: found.clone(),
            status,
            first_seen: self.now,
            notified_at: None,
        }
    }

    /// Ends incidents of which nothing was found for some steps.
    fn close(&self, all: &mut [Anomaly]) {
        let calm_since = step_after(self.series.every, self.newest, -CALM).unwrap_or(i64::MIN);
        let mut last: BTreeMap<AlertId, i64> = BTreeMap::new();
        for anomaly in all.iter().filter(|one| one.status != AnomalyStatus::Withdrawn) {
            let time = last.entry(anomaly.alert_id.clone()).or_insert(anomaly.time);
            *time = (*time).max(anomaly.time);
        }
        for anomaly in all {
            let is_calm = last.get(&anomaly.alert_id).is_none_or(|time| *time <= calm_since);
            if anomaly.status == AnomalyStatus::Open && is_calm {
                anomaly.status = AnomalyStatus::Over;
            } else if anomaly.status == AnomalyStatus::Over && !is_calm {
                anomaly.status = AnomalyStatus::Open;
            }
        }
    }
}

struct Group<'f> {
    /// What the members have in common.
    key: String,
    members: Vec<(&'f str, &'f Found)>,
}

#[cfg(test)]
mod tests;
