//! Counts in windows of time.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Event, EventKind};
use super::moment::{MINUTE, Moment};

/// Events and the users behind them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) events: u64,
    pub(super) users: u64,
}

/// Windows that begin every minute and last some minutes, without those in which nothing occurs.
/// Windows of one minute do not overlap.
pub(super) fn windows(events: &[Event], minutes: i64) -> BTreeMap<(Moment, EventKind), Counts> {
    let mut seen: BTreeMap<(Moment, EventKind), (u64, BTreeSet<u32>)> = BTreeMap::new();
    for event in events {
        for earlier in 0..minutes {
            let start = event.at.minute().after(-earlier * MINUTE);
            let (events, users) = seen.entry((start, event.kind)).or_default();
            *events += 1;
            users.insert(event.user);
        }
    }
    seen.into_iter()
        .map(|(key, (events, users))| (key, Counts { events, users: users.len() as u64 }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::marts::tests::event;

    #[test]
    fn an_event_is_in_one_tumbling_and_in_five_sliding_windows() {
        let events = [
            event(1, EventKind::Search, 1, 0),
            event(2, EventKind::Search, 1, 4 * MINUTE + 59_999),
            event(3, EventKind::Search, 2, 5 * MINUTE),
            event(4, EventKind::Error, 2, 5 * MINUTE),
        ];
        let tumbling = windows(&events, 1);
        assert_eq!(tumbling.len(), 4);
        let sliding = windows(&events, 5);
        let counts = |minute: i64| sliding.get(&(Moment(minute * MINUTE), EventKind::Search));
        assert_eq!(counts(-5), None);
        assert_eq!(counts(-4), Some(&Counts { events: 1, users: 1 }));
        assert_eq!(counts(0), Some(&Counts { events: 2, users: 1 }));
        assert_eq!(counts(1), Some(&Counts { events: 2, users: 2 }));
        assert_eq!(counts(5), Some(&Counts { events: 1, users: 1 }));
        assert_eq!(counts(6), None);
        // Minutes -4 to 5 for searches, 1 to 5 for the error.
        assert_eq!(sliding.len(), 10 + 5);
    }
}
