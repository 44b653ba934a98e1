//! What happens to a shop: uploads, copies of the warehouse, corrections, refreshes.

use proptest::prelude::*;
use proptest::sample::select;

/// Days of payments and clicks; the text that is none is refused.
const DAYS: [&str; 4] = ["2023-12-31", "2024-01-01", "2024-06-30", "someday"];
const VENDORS: [&str; 3] = ["ACME", " ACME ", ""];
/// Orders lie in months with a gap between them.
const MONTHS: [&str; 4] = ["2023-12", "2024-01", "2024-02", "2024-05"];
const REGIONS: [&str; 2] = ["north", "south"];
/// Years, as some partitions are numbers.
const BOUNDS: [Option<&str>; 3] = [None, Some("2023"), Some("2024")];
const ITEMS: [&str; 3] = ["apples", "pears", "plums"];

/// An order as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub order_id: i64,
    pub month: &'static str,
    pub customer_id: i64,
    pub amount: i64,
    pub changed_at: i64,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Payments(Vec<(&'static str, &'static str, i64)>),
    /// Clicks: a number, which tells the day as well, and a note.
    Clicks(Vec<(usize, u8)>),
    Orders(Vec<Order>),
    Customers(Vec<(i64, &'static str)>),
    /// Pages of a copy of the warehouse in this state; complete with the last one or broken off.
    Stock {
        state: u8,
        pages: Vec<Vec<(&'static str, i64)>>,
        complete: bool,
    },
    /// An order gets another amount.
    Put {
        order_id: i64,
        amount: i64,
    },
    Delete {
        order_id: i64,
    },
    /// A payment, counted among all that arrived, gets another amount; `None` deletes it.
    CorrectPayment {
        nth: usize,
        amount: Option<i64>,
    },
    /// There are so many pieces of an item; `None` deletes it.
    CorrectStock {
        item: &'static str,
        pieces: Option<i64>,
    },
    Refresh,
    /// What came is taken in, then the partitions of some time are computed anew.
    Backfill {
        from: Option<&'static str>,
        to: Option<&'static str>,
    },
}

pub(super) fn day_of_click(number: usize) -> &'static str {
    DAYS[number % 3]
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 4..24)
}

fn step() -> impl Strategy<Value = Step> {
    let payment = (select(&DAYS[..]), select(&VENDORS[..]), 0..3i64);
    let order = (1..6i64, select(&MONTHS[..]), 1..4i64, -1..20i64, 0..4i64).prop_map(
        |(order_id, month, customer_id, amount, changed_at)| Order {
            order_id,
            month,
            customer_id,
            amount,
            changed_at,
        },
    );
    let pages =
        prop::collection::vec(prop::collection::vec((select(&ITEMS[..]), 0..5i64), 0..4), 0..3);
    prop_oneof![
        2 => prop::collection::vec(payment, 1..6).prop_map(Step::Payments),
        2 => prop::collection::vec((0..6usize, 0..3u8), 1..6).prop_map(Step::Clicks),
        4 => prop::collection::vec(order, 1..6).prop_map(Step::Orders),
        1 => prop::collection::vec((1..4i64, select(&REGIONS[..])), 1..3).prop_map(Step::Customers),
        2 => (0..3u8, pages, prop::bool::weighted(0.7))
            .prop_map(|(state, pages, complete)| Step::Stock { state, pages, complete }),
        2 => (1..6i64, 0..20i64).prop_map(|(order_id, amount)| Step::Put { order_id, amount }),
        2 => (1..6i64).prop_map(|order_id| Step::Delete { order_id }),
        2 => (0..20usize, prop::option::of(0..5i64))
            .prop_map(|(nth, amount)| Step::CorrectPayment { nth, amount }),
        2 => (select(&ITEMS[..]), prop::option::of(0..9i64))
            .prop_map(|(item, pieces)| Step::CorrectStock { item, pieces }),
        3 => Just(Step::Refresh),
        1 => (select(&BOUNDS[..]), select(&BOUNDS[..]))
            .prop_map(|(one, other)| Step::Backfill { from: one.min(other), to: one.max(other) }),
    ]
}
