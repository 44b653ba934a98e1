//! The rows of the order database.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// A row of the table `orders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its key; later orders have greater ones.
    pub order_id: i64,
    /// When the guests ordered; the restaurant's wall clock.
    pub ordered_at: NaiveDateTime,
    /// How far it has come.
    pub status: OrderStatus,
    /// What the guests pay, in cents; less than the items' sum where there was a discount.
    pub total_amount: i64,
    /// When the row changed last.
    pub updated_at: NaiveDateTime,
}

/// A row of the table `order_items`, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    /// Its key.
    pub order_item_id: i64,
    /// The order that it belongs to.
    pub order_id: i64,
    /// What was ordered.
    pub item: String,
    /// The part of the menu, such as `Mains`.
    pub category: String,
    /// How many.
    pub quantity: i64,
    /// The price of one, in cents.
    pub unit_price: i64,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderStatus {
    /// Taken, and not yet begun.
    Pending,
    /// In the kitchen.
    Preparing,
    /// On the table, and paid for: the only status that counts as revenue.
    Served,
    /// Given up before it was served.
    Cancelled,
    /// Served, but the money was given back.
    Refunded,
}

impl OrderStatus {
    /// As the database has it, such as `SERVED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Preparing => "PREPARING",
            Self::Served => "SERVED",
            Self::Cancelled => "CANCELLED",
            Self::Refunded => "REFUNDED",
        }
    }
}

/// All rows at one moment, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderDatabase {
    /// The table `orders`.
    pub orders: Vec<Order>,
    /// The table `order_items`.
    pub items: Vec<OrderItem>,
}
