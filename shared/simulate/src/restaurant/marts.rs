//! The marts over an order database, computed row by row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Days, NaiveDate, Timelike};

use super::orders::{Order, OrderDatabase, OrderStatus};

/// Orders and the money that they brought, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Takings {
    pub(super) orders: u64,
    pub(super) revenue: i64,
}

/// An item's sales in a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ItemSales {
    pub(super) quantity: i64,
    /// In cents.
    pub(super) revenue: i64,
    /// 1 for the item that sold most.
    pub(super) rank: usize,
}

/// The restaurant in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) as_of: NaiveDate,
    pub(super) today: Takings,
    pub(super) yesterday: Takings,
    pub(super) last_7_days: Takings,
    pub(super) last_30_days: Takings,
}

/// All marts. Only served orders count.
#[derive(Debug)]
pub(super) struct Marts {
    pub(super) daily_revenue: BTreeMap<NaiveDate, Takings>,
    pub(super) hourly_orders: BTreeMap<(NaiveDate, u32), u64>,
    pub(super) top_items: BTreeMap<(String, String), ItemSales>,
    /// `None` before the first served order.
    pub(super) summary: Option<Summary>,
}

impl Marts {
    pub(super) fn of(database: &OrderDatabase) -> Self {
        let served: Vec<&Order> =
            database.orders.iter().filter(|order| order.status == OrderStatus::Served).collect();
        let mut daily_revenue: BTreeMap<NaiveDate, Takings> = BTreeMap::new();
        for order in &served {
            let day = daily_revenue.entry(order.ordered_at.date()).or_default();
            day.orders += 1;
            day.revenue += order.total_amount;
        }
        Self {
            hourly_orders: hourly_orders(&served),
            top_items: top_items(&served, database),
            summary: summary(&daily_revenue),
            daily_revenue,
        }
    }
}

/// Every hour of every day from the first to the last order, the quiet ones included.
fn hourly_orders(served: &[&Order]) -> BTreeMap<(NaiveDate, u32), u64> {
    let days = served.iter().map(|order| order.ordered_at.date());
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return BTreeMap::new();
    };
    let days = first.iter_days().take_while(|day| *day <= last);
    let mut hours: BTreeMap<(NaiveDate, u32), u64> =
        days.flat_map(|day| (0..24).map(move |hour| ((day, hour), 0))).collect();
    for order in served {
        *hours.entry((order.ordered_at.date(), order.ordered_at.hour())).or_default() += 1;
    }
    hours
}

fn top_items(served: &[&Order], database: &OrderDatabase) -> BTreeMap<(String, String), ItemSales> {
    let months: HashMap<i64, String> = served
        .iter()
        .map(|order| (order.order_id, order.ordered_at.format("%Y-%m").to_string()))
        .collect();
    let mut sales: BTreeMap<(String, String), ItemSales> = BTreeMap::new();
    for item in &database.items {
        let Some(month) = months.get(&item.order_id) else { continue };
        let sold = sales.entry((month.clone(), item.item.clone())).or_default();
        sold.quantity += item.quantity;
        sold.revenue += item.quantity * item.unit_price;
    }
    let months: BTreeSet<String> = months.into_values().collect();
    for month in months {
        let mut of_month: Vec<(&String, &mut ItemSales)> = sales
            .iter_mut()
            .filter(|((sold_in, _), _)| *sold_in == month)
            .map(|((_, item), sold)| (item, sold))
            .collect();
        of_month.sort_by_key(|(item, sold)| (-sold.quantity, (*item).clone()));
        for (index, (_, sold)) in of_month.into_iter().enumerate() {
            sold.rank = index + 1;
        }
    }
    sales
}

/// Windows end with the day of the newest order and include it.
fn summary(daily: &BTreeMap<NaiveDate, Takings>) -> Option<Summary> {
    let as_of = *daily.last_key_value()?.0;
    let window = |newest_age: u64, days: u64| {
        let mut takings = Takings::default();
        for age in newest_age..newest_age + days {
            let day = as_of.checked_sub_days(Days::new(age)).and_then(|day| daily.get(&day));
            if let Some(day) = day {
                takings.orders += day.orders;
                takings.revenue += day.revenue;
            }
        }
        takings
    };
    Some(Summary {
        as_of,
        today: window(0, 1),
        yesterday: window(1, 1),
        last_7_days: window(0, 7),
        last_30_days: window(0, 30),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restaurant::OrderItem;

    fn order(order_id: i64, at: &str, status: OrderStatus, total_amount: i64) -> Order {
        let ordered_at = at.parse().unwrap();
        Order { order_id, ordered_at, status, total_amount, updated_at: ordered_at }
    }

    fn item(order_id: i64, item: &str, quantity: i64, unit_price: i64) -> OrderItem {
        let (item, category) = (item.to_owned(), "Mains".to_owned());
        OrderItem { order_item_id: 0, order_id, item, category, quantity, unit_price }
    }

    fn small() -> Marts {
        Marts::of(&OrderDatabase {
            orders: vec![
                order(1, "2024-02-01T12:00:00", OrderStatus::Served, 900),
                order(2, "2024-02-29T19:59:59", OrderStatus::Served, 2_000),
                order(3, "2024-03-01T12:30:00", OrderStatus::Served, 500),
                order(4, "2024-03-01T12:31:00", OrderStatus::Served, 700),
                order(5, "2024-03-01T13:00:00", OrderStatus::Refunded, 9_000),
                order(6, "2024-03-02T13:00:00", OrderStatus::Pending, 9_000),
            ],
            items: vec![
                item(1, "Soup", 2, 500),
                item(2, "Pizza", 1, 1_500),
                item(2, "Soup", 1, 500),
                item(3, "Pizza", 1, 500),
                item(4, "Beer", 1, 700),
                item(5, "Soup", 9, 1_000),
            ],
        })
    }

    #[test]
    fn days_and_hours_are_those_of_served_orders() {
        let marts = small();
        assert_eq!(marts.daily_revenue.len(), 3);
        let march = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap();
        assert_eq!(marts.daily_revenue[&march], Takings { orders: 2, revenue: 1_200 });
        assert_eq!(marts.hourly_orders.len(), 30 * 24);
        assert_eq!(marts.hourly_orders[&(march, 12)], 2);
        assert_eq!(marts.hourly_orders[&(march, 13)], 0);
        assert_eq!(marts.hourly_orders.values().sum::<u64>(), 4);
    }

    #[test]
    fn items_are_ranked_by_quantity_and_then_by_name() {
        let marts = small();
        let sales = |month: &str, item: &str| marts.top_items[&(month.to_owned(), item.to_owned())];
        let (quantity, revenue) = (3, 1_500);
        assert_eq!(sales("2024-02", "Soup"), ItemSales { quantity, revenue, rank: 1 });
        assert_eq!(sales("2024-02", "Pizza").rank, 2);
        assert_eq!((sales("2024-03", "Beer").rank, sales("2024-03", "Pizza").rank), (1, 2));
        assert_eq!(marts.top_items.len(), 4);
    }

    #[test]
    fn windows_end_with_the_newest_served_order() {
        let summary = small().summary.unwrap();
        assert_eq!(summary.as_of.to_string(), "2024-03-01");
        assert_eq!(summary.today.revenue, 1_200);
        assert_eq!(summary.yesterday, Takings { orders: 1, revenue: 2_000 });
        assert_eq!(summary.last_7_days.revenue, 3_200);
        // The first of February is thirty days away, counted with both ends.
        assert_eq!(summary.last_30_days, Takings { orders: 4, revenue: 4_100 });
    }
}
