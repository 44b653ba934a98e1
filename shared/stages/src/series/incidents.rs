//! From single values that are not as expected to incidents: what belongs together is one of them.
//!
//! - A run of steps in one series is one incident, until some steps in a row are as expected.
//! - Series that go the same way at the same time are one incident: a type of complaint in all
//!   boroughs, or the whole mart.
//!
//! Rows that were found before keep their incident, so that late data, which are judged once more,
//! give no second message.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use smelt_domain::{AlertId, AlertKind, DatasetName, MartSeries, Severity};

use super::calendar::{day_of, step_after, steps_between};

/// Steps as expected after which an incident is over.
const CALM: i64 = 3;
/// Series that make a group.
const GROUP: usize = 3;
/// Steps away at which a series still goes the same way as others at the same time.
const BESIDE: i64 = 1;

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
    /// The ids of all series that were looked at, in order.
    pub ids: &'a [String],
    pub siblings: Siblings,
    /// The first step that was judged; what was found before stays as it is.
    pub judged_from: i64,
    /// The newest step.
    pub newest: i64,
    /// The first step that is news: older ones are recorded, but not told.
    pub news_from: i64,
    pub now: DateTime<Utc>,
    /// The score from which on a value begins an incident; what scores less can only go on.
    pub threshold: f64,
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
                let status = match anomaly.notified_at {
                    Some(_) => AnomalyStatus::Over,
                    None => self.status(&anomaly.series, anomaly.time),
                };
                Anomaly { found, status, ..anomaly }
            }
            Some(found) => Anomaly { found, ..anomaly },
            None => Anomaly { status: AnomalyStatus::Withdrawn, ..anomaly },
        }
    }

    /// Adds what was found at one time in one direction.
    fn add(&self, time: i64, found: Vec<(&str, &Found)>, all: &mut Vec<Anomaly>) {
        let Some(above) = found.first().map(|(_, one)| one.is_above()) else { return };
        let mut rest: Vec<(&str, &Found)> = Vec::new();
        for (series, one) in found {
            match self.goes_on(series, time, above, all) {
                Some(alert_id) => all.push(self.anomaly(alert_id, series, time, one)),
                None if one.score >= self.threshold => rest.push((series, one)),
                // Part of something that has been over for us.
                None => {}
            }
        }
        for group in self.groups(rest, &Beside::of(self, time, above, all)) {
            let alert_id = group.joins.unwrap_or_else(|| self.alert_id(&group.key, time, above));
            for (series, one) in group.members {
                all.push(self.anomaly(alert_id.clone(), series, time, one));
            }
        }
    }

    /// The incident that the series is in already.
    fn goes_on(&self, series: &str, time: i64, above: bool, all: &[Anomaly]) -> Option<AlertId> {
        let own = self.near(time, above, CALM, all).filter(|anomaly| anomaly.series == series);
        own.max_by_key(|one| one.time).map(|one| one.alert_id.clone())
    }

    /// Anomalies in one direction of the same time, or but a few steps away.
    fn near<'n>(
        &'n self,
        time: i64,
        above: bool,
        steps: i64,
        all: &'n [Anomaly],
    ) -> impl Iterator<Item = &'n Anomaly> {
        all.iter().filter(move |anomaly| {
            anomaly.found.is_above() == above
                && anomaly.status != AnomalyStatus::Withdrawn
                && steps_between(self.series.every, anomaly.time, time)
                    .is_some_and(|between| between.abs() <= steps)
        })
    }

    /// What goes the same way at the same time, largest groups first; what is in none is a group of one.
    fn groups<'f>(&self, mut found: Vec<(&'f str, &'f Found)>, beside: &Beside) -> Vec<Group<'f>> {
        let mut groups = Vec::new();
        let count = found.len() + beside.at_once.len();
        if !found.is_empty() && count >= GROUP && 2 * count > self.ids.len() {
            let joins = beside.at_once.values().next().cloned();
            return vec![Group { key: "*".to_owned(), members: found, joins }];
        }
        let beside = &beside.near;
        while let Some((key, members)) = self.largest_group(&found, beside) {
            let joins = members.iter().find_map(|series| beside.get(*series)).cloned();
            let (inside, outside): (Vec<_>, Vec<_>) =
                found.iter().partition(|(series, _)| members.contains(series));
            groups.push(Group { key, members: inside, joins });
            found = outside;
        }
        let alone = |one: (&'f str, &'f Found)| Group {
            key: one.0.to_owned(),
            members: vec![one],
            joins: None,
        };
        groups.extend(found.into_iter().map(alone));
        groups
    }

    /// The largest group of series that differ in one column only: at least three, and at least half of
    /// all such series. One of them at least is new.
    fn largest_group<'f>(
        &self,
        found: &[(&'f str, &'f Found)],
        beside: &'f BTreeMap<String, AlertId>,
    ) -> Option<(String, BTreeSet<&'f str>)> {
        let mut best: Option<(String, BTreeSet<&str>)> = None;
        for column in 0..self.series.by.len() {
            let mut buckets: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
            for (series, _) in found {
                let Some(key) = self.key_without(series, column) else { continue };
                buckets.entry(key).or_default().insert(series);
            }
            for series in beside.keys() {
                let Some(key) = self.key_without(series, column) else { continue };
                if let Some(members) = buckets.get_mut(&key) {
                    members.insert(series);
                }
            }
            for (key, members) in buckets {
                let siblings = self.siblings.get(&(column, key.clone())).copied().unwrap_or(0);
                let is_group = members.len() >= GROUP && 2 * members.len() >= siblings;
                if is_group && best.as_ref().is_none_or(|(_, most)| members.len() > most.len()) {
                    best = Some((key, members));
                }
            }
        }
        best
    }

    /// What a series has in common with those that differ in this column only.
    fn key_without(&self, series: &str, column: usize) -> Option<String> {
        key_without(self.series, series, column)
    }

    fn alert_id(&self, key: &str, time: i64, above: bool) -> AlertId {
        let direction = if above { "above" } else { "below" };
        let occasion = [self.mart, key, direction, &time.to_string()];
        AlertId::of(self.dataset, AlertKind::Anomaly, &occasion)
    }

    fn anomaly(&self, alert_id: AlertId, series: &str, time: i64, found: &Found) -> Anomaly {
        Anomaly {
            alert_id,
            series: series.to_owned(),
            time,
            found: found.clone(),
            status: self.status(series, time),
            first_seen: self.now,
            notified_at: None,
        }
    }

    /// Where what is found now stands at first.
    fn status(&self, series: &str, time: i64) -> AnomalyStatus {
        let last = step_after(self.series.every, time, 1).map(|next| next - 1);
        let days = day_of(time).zip(last.and_then(day_of));
        if days.is_some_and(|(first, last)| self.series.is_muted(series, first, last)) {
            AnomalyStatus::Muted
        } else if time < self.news_from {
            AnomalyStatus::Past
        } else {
            AnomalyStatus::Open
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

/// Series that are in an incident already, by id: newcomers that go the same way join it.
struct Beside {
    /// At the very same time.
    at_once: BTreeMap<String, AlertId>,
    /// Then, or a step before or after.
    near: BTreeMap<String, AlertId>,
}

impl Beside {
    fn of(look: &Look<'_>, time: i64, above: bool, all: &[Anomaly]) -> Self {
        let within = |steps| {
            let near = look.near(time, above, steps, all);
            near.map(|one| (one.series.clone(), one.alert_id.clone())).collect()
        };
        Self { at_once: within(0), near: within(BESIDE) }
    }
}

struct Group<'f> {
    /// What the members have in common.
    key: String,
    members: Vec<(&'f str, &'f Found)>,
    /// The incident that others of the group are in.
    joins: Option<AlertId>,
}

/// How many series there are that differ in one column only, by that column and what they share.
pub(super) type Siblings = HashMap<(usize, String), usize>;

/// Counts siblings, once for all steps.
pub(super) fn siblings(series: &MartSeries, ids: &[String]) -> Siblings {
    let mut siblings = Siblings::new();
    for column in 0..series.by.len() {
        for key in ids.iter().filter_map(|id| key_without(series, id, column)) {
            *siblings.entry((column, key)).or_default() += 1;
        }
    }
    siblings
}

fn key_without(series: &MartSeries, id: &str, column: usize) -> Option<String> {
    let mut values = series.values(id)?;
    *values.get_mut(column)? = "*";
    Some(series.id(values.into_iter().map(Some)))
}

#[cfg(test)]
mod tests;
