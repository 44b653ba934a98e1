//! What happens to an order from the moment it is taken.

use chrono::NaiveDateTime;

use super::orders::{Order, OrderDatabase, OrderItem, OrderStatus};

/// An order with all that ever happens to it.
#[derive(Debug, Clone)]
pub(super) struct OrderHistory {
    pub(super) order_id: i64,
    pub(super) ordered_at: NaiveDateTime,
    pub(super) total_amount: i64,
    /// When the order reached each status after PENDING, in order of time.
    pub(super) changes: Vec<(NaiveDateTime, OrderStatus)>,
    pub(super) items: Vec<OrderItem>,
}

impl OrderHistory {
    /// The order's row at a moment; `None` before it was taken.
    fn as_of(&self, moment: NaiveDateTime) -> Option<Order> {
        if self.ordered_at > moment {
            return None;
        }
        let last = self.changes.iter().rev().find(|(at, _)| *at <= moment).copied();
        let (updated_at, status) = last.unwrap_or((self.ordered_at, OrderStatus::Pending));
        Some(Order {
            order_id: self.order_id,
            ordered_at: self.ordered_at,
            status,
            total_amount: self.total_amount,
            updated_at,
        })
    }
}

/// The database at a moment.
pub(super) fn database_as_of(histories: &[OrderHistory], moment: NaiveDateTime) -> OrderDatabase {
    let mut database = OrderDatabase::default();
    for history in histories {
        if let Some(order) = history.as_of(moment) {
            database.orders.push(order);
            database.items.extend_from_slice(&history.items);
        }
    }
    database
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        format!("2024-03-01T{text}:00").parse().unwrap()
    }

    #[test]
    fn an_order_is_what_happened_to_it_last() {
        let history = OrderHistory {
            order_id: 1,
            ordered_at: at("19:00"),
            total_amount: 1_000,
            changes: vec![
                (at("19:05"), OrderStatus::Preparing),
                (at("19:30"), OrderStatus::Served),
            ],
            items: Vec::new(),
        };
        let status = |time| history.as_of(at(time)).map(|order| (order.status, order.updated_at));
        assert_eq!(status("18:59"), None);
        assert_eq!(status("19:00"), Some((OrderStatus::Pending, at("19:00"))));
        assert_eq!(status("19:29"), Some((OrderStatus::Preparing, at("19:05"))));
        assert_eq!(status("23:00"), Some((OrderStatus::Served, at("19:30"))));
    }
}
