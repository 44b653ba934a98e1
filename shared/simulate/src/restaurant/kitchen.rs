//! Orders as they are taken, prepared and served.

use chrono::{Duration, NaiveDateTime, NaiveTime};

use super::history::OrderHistory;
use super::menu::MENU;
use super::opening::{Season, second_of_day};
use super::orders::{OrderItem, OrderStatus};
use super::{Restaurant, RestaurantRates};
use crate::random::{Chance, Random, running_totals};

const RANDOM_STREAM: u64 = 2;

/// The key of the first order, and of the first item.
const FIRST_ID: i64 = 10_001;

/// How many different items an order has, with the weights.
const ITEM_COUNTS: [(u32, u32); 6] = [(1, 12), (2, 26), (3, 27), (4, 19), (5, 11), (6, 5)];
/// How many of an item, with the weights.
const QUANTITIES: [(i64, u32); 4] = [(1, 68), (2, 23), (3, 6), (4, 3)];
/// What is left of a discounted order, in hundredths.
const LEFT_BY_DISCOUNT: [(i64, u32); 3] = [(90, 6), (80, 3), (50, 1)];

/// Everything that happens to all orders.
pub(super) fn histories(settings: &Restaurant, season: &Season) -> Vec<OrderHistory> {
    let mut kitchen = Kitchen::new(settings);
    for number in 0..settings.days {
        let date = settings.day(number);
        let expected = f64::from(settings.rows_per_day) * season.factor(date);
        let mut seconds: Vec<u32> = (0..kitchen.random.count(expected))
            .map(|_| second_of_day(&mut kitchen.random))
            .collect();
        seconds.sort_unstable();
        let midnight = date.and_time(NaiveTime::MIN);
        for second in seconds {
            let ordered_at = midnight + Duration::seconds(i64::from(second));
            kitchen.take(ordered_at, number >= settings.days / 2);
        }
    }
    kitchen.histories
}

/// How an order ends if it is not simply served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Cancelled,
    Refunded,
}

#[derive(Debug)]
struct Kitchen {
    random: Random,
    endings: Vec<(Chance, Ending)>,
    discounted: Chance,
    histories: Vec<OrderHistory>,
    items: i64,
}

impl Kitchen {
    fn new(settings: &Restaurant) -> Self {
        let RestaurantRates { cancelled, refunded, discounted } = settings.rates;
        Self {
            random: Random::new(settings.seed, RANDOM_STREAM),
            endings: running_totals(&[
                (cancelled, Ending::Cancelled),
                (refunded, Ending::Refunded),
            ]),
            discounted: Chance::new(discounted),
            histories: Vec::new(),
            items: 0,
        }
    }

    fn take(&mut self, ordered_at: NaiveDateTime, new_menu: bool) {
        let order_id = FIRST_ID + self.histories.len() as i64;
        let items = self.items(order_id, new_menu);
        let sum: i64 = items.iter().map(|item| item.quantity * item.unit_price).sum();
        let left = if self.random.happens(self.discounted) {
            *self.random.pick(&LEFT_BY_DISCOUNT)
        } else {
            100
        };
        let changes = self.changes(ordered_at);
        let total_amount = sum * left / 100;
        self.histories.push(OrderHistory { order_id, ordered_at, total_amount, changes, items });
    }

    fn items(&mut self, order_id: i64, new_menu: bool) -> Vec<OrderItem> {
        let count = *self.random.pick(&ITEM_COUNTS);
        let mut items: Vec<OrderItem> = Vec::new();
        for _ in 0..count {
            let dish = self.random.pick(&MENU);
            let quantity = *self.random.pick(&QUANTITIES);
            if let Some(same) = items.iter_mut().find(|item| item.item == dish.item) {
                same.quantity += quantity;
                continue;
            }
            items.push(OrderItem {
                order_item_id: FIRST_ID + self.items,
                order_id,
                item: dish.item.to_owned(),
                category: dish.category.to_owned(),
                quantity,
                unit_price: dish.price(new_menu),
            });
            self.items += 1;
        }
        items
    }

    fn changes(&mut self, ordered_at: NaiveDateTime) -> Vec<(NaiveDateTime, OrderStatus)> {
        let ending = self.random.one_of(&self.endings);
        let begun = self.later(ordered_at, 60, 600);
        if ending == Some(Ending::Cancelled) {
            return vec![(begun, OrderStatus::Cancelled)];
        }
        let served = self.later(begun, 480, 1_800);
        let mut changes = vec![(begun, OrderStatus::Preparing), (served, OrderStatus::Served)];
        if ending == Some(Ending::Refunded) {
            // The same evening, or when the guests have slept over it for up to nine days.
            changes.push((self.later(served, 1_800, 9 * 86_400), OrderStatus::Refunded));
        }
        changes
    }

    /// `least` seconds later, or up to `spread` seconds more.
    fn later(&mut self, moment: NaiveDateTime, least: i64, spread: u32) -> NaiveDateTime {
        moment + Duration::seconds(least + i64::from(self.random.below(spread)))
    }
}
