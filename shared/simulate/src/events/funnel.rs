//! How far users come on a day, from looking to buying.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::event::{Event, EventKind};
use super::moment::Moment;

/// The steps in their order.
pub(super) const STEPS: [&str; 4] = ["view", "add_to_cart", "checkout", "purchase"];

/// Users per step.
pub(super) type Reached = [u64; STEPS.len()];

/// The step that an event is, as an index into [`STEPS`].
fn step(kind: EventKind) -> Option<usize> {
    match kind {
        EventKind::PageView | EventKind::ProductView => Some(0),
        EventKind::AddToCart => Some(1),
        EventKind::Checkout => Some(2),
        EventKind::Purchase => Some(3),
        EventKind::Search | EventKind::Signup | EventKind::Error => None,
    }
}

/// How many users reach each step on each day.
pub(super) fn funnel(events: &[Event]) -> BTreeMap<NaiveDate, Reached> {
    let mut times: BTreeMap<(NaiveDate, u32), [Vec<Moment>; STEPS.len()]> = BTreeMap::new();
    for event in events {
        if let Some(step) = step(event.kind) {
            times.entry((event.at.date(), event.user)).or_default()[step].push(event.at);
        }
    }
    let mut reached: BTreeMap<NaiveDate, Reached> = BTreeMap::new();
    for ((date, _), times) in times {
        let day = reached.entry(date).or_default();
        for users in day.iter_mut().take(steps_in_order(&times)) {
            *users += 1;
        }
    }
    reached
}

/// How many steps were taken, each at the time of the one before it or later.
fn steps_in_order(times: &[Vec<Moment>; STEPS.len()]) -> usize {
    let mut since = Moment(i64::MIN);
    for (step, times) in times.iter().enumerate() {
        match times.iter().filter(|time| **time >= since).min() {
            Some(first) => since = *first,
            None => return step,
        }
    }
    STEPS.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::marts::tests::event;
    use crate::events::moment::DAY;

    #[test]
    fn steps_count_in_order_of_time_on_one_day() {
        use EventKind::{AddToCart, Checkout, PageView, ProductView, Purchase};
        let events = [
            // All steps; the first cart came too early, the last two steps at once.
            event(1, AddToCart, 1, 5),
            event(2, ProductView, 1, 10),
            event(3, AddToCart, 1, 20),
            event(4, Checkout, 1, 30),
            event(5, Purchase, 1, 30),
            // A checkout before the cart.
            event(6, PageView, 2, 0),
            event(7, Checkout, 2, 1),
            event(8, AddToCart, 2, 2),
            // Never looked.
            event(9, AddToCart, 3, 0),
            // On the next day.
            event(10, PageView, 4, 0),
            event(11, AddToCart, 4, DAY),
        ];
        let funnel = funnel(&events);
        let days: Vec<Reached> = funnel.into_values().collect();
        assert_eq!(days, [[3, 2, 1, 1], [0, 0, 0, 0]]);
    }
}
