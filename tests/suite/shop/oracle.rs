//! What a shop's tables must hold, kept in the most naive way.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::{Order, Step, day_of_click};

/// Day, vendor and amount: what tells a payment from others, but for its repeats.
type Payment = (String, String, i64);

/// Rows as texts, sorted, so that they compare whatever their order.
pub(super) type Rows = Vec<Vec<String>>;

/// An order that arrived, or the delete of one, with what decides between them.
#[derive(Debug, Clone)]
struct Version {
    changed_at: i64,
    /// Whether it was said by hand, which holds against what arrives later in the same version.
    held: bool,
    /// `None`: the order is deleted.
    order: Option<Order>,
}

#[derive(Debug, Default)]
pub(super) struct Oracle {
    payment_files: BTreeSet<String>,
    payments: BTreeMap<Payment, usize>,
    /// By its key, the payment as it arrived, and the amount that it got by hand; `None`: deleted.
    corrected_payments: BTreeMap<String, (Payment, Option<i64>)>,
    click_files: BTreeSet<String>,
    clicks: BTreeMap<usize, u8>,
    order_files: BTreeSet<String>,
    /// In the order of arrival.
    versions: Vec<(i64, Version)>,
    customer_files: BTreeSet<String>,
    customers: BTreeMap<i64, &'static str>,
    /// Rows of the warehouse by state, all that ever came.
    copies: BTreeMap<u8, Vec<(&'static str, i64)>>,
    complete: Option<u8>,
    /// Pieces said by hand, which hold against every copy; `None`: deleted.
    corrected_stock: BTreeMap<&'static str, Option<i64>>,
}

impl Oracle {
    /// Takes a step in; returns whether it is possible.
    pub(super) fn happen(&mut self, step: &Step) -> bool {
        match step {
            Step::Payments(rows) if self.payment_files.insert(format!("{rows:?}")) => {
                let mut counts: BTreeMap<Payment, usize> = BTreeMap::new();
                for (day, vendor, amount) in rows {
                    let key = ((*day).to_owned(), vendor.trim().to_owned(), *amount);
                    *counts.entry(key).or_default() += 1;
                }
                for (row, count) in counts {
                    let known = self.payments.entry(row).or_default();
                    *known = count.max(*known);
                }
            }
            Step::Clicks(rows) if self.click_files.insert(format!("{rows:?}")) => {
                for (number, note) in rows {
                    self.clicks.entry(*number).or_insert(*note);
                }
            }
            Step::Orders(rows) if self.order_files.insert(format!("{rows:?}")) => {
                let good = rows.iter().filter(|order| order.amount >= 0);
                self.versions.extend(good.map(|order| {
                    let (changed_at, order_id) = (order.changed_at, order.order_id);
                    (order_id, Version { changed_at, held: false, order: Some(order.clone()) })
                }));
            }
            Step::Customers(rows) if self.customer_files.insert(format!("{rows:?}")) => {
                self.customers.extend(rows.iter().copied());
            }
            Step::Stock { state, pages, complete } => {
                self.copies.entry(*state).or_default().extend(pages.iter().flatten());
                if *complete && !pages.is_empty() {
                    self.complete = Some(*state);
                }
            }
            Step::Put { order_id, amount } => {
                let orders = self.orders();
                let Some(now) = orders.get(order_id) else { return false };
                let order = Some(Order { amount: *amount, ..now.clone() });
                let version = Version { changed_at: now.changed_at, held: true, order };
                self.versions.push((*order_id, version));
            }
            Step::Delete { order_id } => {
                let orders = self.orders();
                let Some(now) = orders.get(order_id) else { return false };
                let version = Version { changed_at: now.changed_at, held: true, order: None };
                self.versions.push((*order_id, version));
            }
            Step::CorrectStock { item, pieces } => {
                if !self.stock().contains_key(item) {
                    return false;
                }
                self.corrected_stock.insert(*item, *pieces);
            }
            // Only bronze knows the keys of payments, see `correct_payment`.
            Step::CorrectPayment { .. } => {}
            Step::Refresh | Step::Backfill { .. } => {}
            // The same content again.
            Step::Payments(_) | Step::Clicks(_) | Step::Orders(_) | Step::Customers(_) => {}
        }
        true
    }

    /// Takes in that a payment, by its key and as it arrived, gets another amount or is deleted;
    /// returns whether it is there.
    pub(super) fn correct_payment(
        &mut self,
        key: &str,
        as_it_arrived: Payment,
        amount: Option<i64>,
    ) -> bool {
        if let Some((_, None)) = self.corrected_payments.get(key) {
            return false;
        }
        self.corrected_payments.insert(key.to_owned(), (as_it_arrived, amount));
        true
    }

    fn payments(&self) -> Vec<Payment> {
        let mut left = self.payments.clone();
        let mut payments = Vec::new();
        for ((day, vendor, arrived), amount) in self.corrected_payments.values() {
            if let Some(count) = left.get_mut(&(day.clone(), vendor.clone(), *arrived)) {
                *count -= 1;
            }
            payments.extend(amount.map(|amount| (day.clone(), vendor.clone(), amount)));
        }
        for (payment, count) in left {
            payments.extend(std::iter::repeat_n(payment, count));
        }
        payments.retain(|(day, _, _)| day != "someday");
        payments
    }

    fn stock(&self) -> BTreeMap<&'static str, i64> {
        let mut stock: BTreeMap<&str, i64> = match self.complete {
            Some(state) => self.copies[&state].iter().copied().collect(),
            None => BTreeMap::new(),
        };
        for (item, pieces) in &self.corrected_stock {
            match pieces {
                Some(pieces) => stock.insert(*item, *pieces),
                None => stock.remove(item),
            };
        }
        stock
    }

    fn orders(&self) -> BTreeMap<i64, Order> {
        let mut newest: BTreeMap<i64, &Version> = BTreeMap::new();
        for (order_id, version) in &self.versions {
            match newest.get(order_id) {
                Some(known)
                    if (known.changed_at, known.held) > (version.changed_at, version.held) => {}
                _ => drop(newest.insert(*order_id, version)),
            }
        }
        newest.into_iter().filter_map(|(id, version)| Some((id, version.order.clone()?))).collect()
    }

    /// The rows of every table and mart, by name.
    pub(super) fn tables(&self) -> BTreeMap<&'static str, Rows> {
        let orders = self.orders();
        let mut by_month: BTreeMap<&str, i64> = BTreeMap::new();
        let mut by_region: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for order in orders.values() {
            *by_month.entry(order.month).or_default() += order.amount;
            let region = self.customers.get(&order.customer_id).copied().unwrap_or("unknown");
            *by_region.entry((order.month, region)).or_default() += order.amount;
        }
        let total: i64 = orders.values().map(|order| order.amount).sum();
        let stock = self.stock();
        let payments = self.payments();
        let payments = payments
            .iter()
            .map(|(day, vendor, amount)| vec![day.clone(), or_null(vendor), amount.to_string()]);
        let clicks = self.clicks.iter().map(|(number, note)| {
            vec![number.to_string(), day_of_click(*number).to_owned(), note.to_string()]
        });
        let order_rows = orders.values().map(|order| {
            let Order { order_id, month, customer_id, amount, changed_at } = order;
            vec![
                order_id.to_string(),
                (*month).to_owned(),
                customer_id.to_string(),
                amount.to_string(),
                changed_at.to_string(),
            ]
        });
        let changes = by_month.iter().map(|(month, amount)| {
            let before = month_before(month).and_then(|before| by_month.get(before));
            let before = before.map_or("NULL".to_owned(), ToString::to_string);
            vec![(*month).to_owned(), amount.to_string(), before]
        });
        let sorted = |rows: &mut dyn Iterator<Item = Vec<String>>| {
            let mut rows: Rows = rows.collect();
            rows.sort();
            rows
        };
        let total = (!orders.is_empty()).then(|| vec![orders.len().to_string(), total.to_string()]);
        BTreeMap::from([
            ("payments", sorted(&mut payments.into_iter())),
            ("clicks", sorted(&mut clicks.into_iter())),
            ("orders", sorted(&mut order_rows.into_iter())),
            (
                "customers",
                sorted(
                    &mut self
                        .customers
                        .iter()
                        .map(|(id, region)| vec![id.to_string(), (*region).to_owned()]),
                ),
            ),
            (
                "stock",
                sorted(&mut stock.iter().map(|(item, n)| vec![(*item).to_owned(), n.to_string()])),
            ),
            (
                "regions",
                sorted(&mut by_region.iter().map(|((month, region), amount)| {
                    vec![(*month).to_owned(), (*region).to_owned(), amount.to_string()]
                })),
            ),
            ("changes", sorted(&mut changes.into_iter())),
            ("total", sorted(&mut total.into_iter())),
        ])
    }
}

fn or_null(text: &str) -> String {
    if text.is_empty() { "NULL".to_owned() } else { text.to_owned() }
}

fn month_before(month: &str) -> Option<&'static str> {
    match month {
        "2024-01" => Some("2023-12"),
        "2024-02" => Some("2024-01"),
        _ => None,
    }
}
