//! Visits as the pauses between a user's events tell them.

use super::event::{Event, EventKind};
use super::moment::{MINUTE, Moment};

/// A longer pause ends a visit.
const LONGEST_PAUSE: i64 = 30 * MINUTE;

/// Events of one user without a long pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visit {
    pub(super) user_id: String,
    pub(super) start: Moment,
    pub(super) end: Moment,
    pub(super) events: u64,
    pub(super) entry: EventKind,
    pub(super) exit: EventKind,
}

impl Visit {
    pub(super) fn milliseconds(&self) -> i64 {
        self.end.0 - self.start.0
    }
}

/// All visits, by user and time.
pub(super) fn visits(events: &[Event]) -> Vec<Visit> {
    let mut sorted: Vec<&Event> = events.iter().collect();
    sorted.sort_unstable_by_key(|event| (event.user, event.at, event.id));
    sorted
        .chunk_by(|event, next| event.user == next.user && next.at.0 - event.at.0 <= LONGEST_PAUSE)
        .filter_map(|visit| {
            let (first, last) = (visit.first()?, visit.last()?);
            Some(Visit {
                user_id: first.user_id(),
                start: first.at,
                end: last.at,
                events: visit.len() as u64,
                entry: first.kind,
                exit: last.kind,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::marts::tests::event;

    #[test]
    fn half_an_hour_belongs_to_a_visit_and_a_millisecond_more_ends_it() {
        let events = [
            event(9, EventKind::Search, 1, 60 * MINUTE + 1),
            event(5, EventKind::PageView, 1, 0),
            event(7, EventKind::Checkout, 1, 30 * MINUTE),
            event(6, EventKind::AddToCart, 1, 30 * MINUTE),
            event(8, EventKind::Error, 2, 31 * MINUTE),
        ];
        let visits = visits(&events);
        let told: Vec<_> = visits
            .iter()
            .map(|visit| (visit.user_id.as_str(), visit.events, visit.milliseconds() / MINUTE))
            .collect();
        assert_eq!(told, [("user_000001", 3, 30), ("user_000001", 1, 0), ("user_000002", 1, 0)]);
        // Of two at once, the greater id is the later one.
        assert_eq!((visits[0].entry, visits[0].exit), (EventKind::PageView, EventKind::Checkout));
    }
}
