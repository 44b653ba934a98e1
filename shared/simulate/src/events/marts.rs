//! The marts over the accepted events, computed one by one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::event::{Event, EventKind};
use super::funnel::{Reached, funnel};
use super::moment::Moment;
use super::visits::{Visit, visits};
use super::windows::{Counts, windows};

/// A country's day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Activity {
    users: BTreeSet<u32>,
    sessions: BTreeSet<u32>,
    pub(super) events: u64,
}

impl Activity {
    pub(super) fn users(&self) -> u64 {
        self.users.len() as u64
    }

    pub(super) fn sessions(&self) -> u64 {
        self.sessions.len() as u64
    }
}

/// All marts.
#[derive(Debug)]
pub(super) struct Marts {
    pub(super) minute_counts: BTreeMap<(Moment, EventKind), Counts>,
    pub(super) sliding_5m: BTreeMap<(Moment, EventKind), Counts>,
    pub(super) sessions: Vec<Visit>,
    pub(super) daily_active: BTreeMap<(NaiveDate, &'static str), Activity>,
    pub(super) funnel: BTreeMap<NaiveDate, Reached>,
}

impl Marts {
    pub(super) fn of(events: &[Event]) -> Self {
        Self {
            minute_counts: windows(events, 1),
            sliding_5m: windows(events, 5),
            sessions: visits(events),
            daily_active: daily_active(events),
            funnel: funnel(events),
        }
    }
}

fn daily_active(events: &[Event]) -> BTreeMap<(NaiveDate, &'static str), Activity> {
    let mut days: BTreeMap<(NaiveDate, &'static str), Activity> = BTreeMap::new();
    for event in events {
        let day = days.entry((event.at.date(), event.country)).or_default();
        day.users.insert(event.user);
        day.sessions.insert(event.session);
        day.events += 1;
    }
    days
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::events::moment::DAY;

    /// An event some milliseconds after 1970 began.
    pub(in crate::events) fn event(
        id: u64,
        kind: EventKind,
        user: u32,
        milliseconds: i64,
    ) -> Event {
        let (at, session) = (Moment(milliseconds), user / 2);
        Event { id, kind, user, session, at, platform: "web", country: "CH" }
    }

    #[test]
    fn days_count_users_sessions_and_events() {
        let events = [
            event(1, EventKind::Search, 2, 0),
            event(2, EventKind::Search, 3, DAY - 1),
            event(3, EventKind::Search, 3, DAY - 1),
            event(4, EventKind::Search, 3, DAY),
        ];
        let counts: Vec<_> = daily_active(&events)
            .into_values()
            .map(|day| (day.users(), day.sessions(), day.events))
            .collect();
        assert_eq!(counts, [(2, 1, 3), (1, 1, 1)]);
    }
}
