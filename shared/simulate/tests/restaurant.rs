//! The restaurant: two states of one database, and the truth about the second.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use smelt_simulate::DatasetTruth;
use smelt_simulate::restaurant::{Order, OrderStatus, Restaurant};

fn by_key(orders: Vec<Order>) -> BTreeMap<i64, Order> {
    orders.into_iter().map(|order| (order.order_id, order)).collect()
}

#[test]
fn the_seed_decides_every_row() {
    let rows = |seed| {
        let simulated = Restaurant { seed, ..Restaurant::default() }.generate().unwrap();
        (simulated.orders_at_the_end(), simulated.truth)
    };
    assert_eq!(rows(7), rows(7));
    assert_ne!(rows(7), rows(8));
}

#[test]
fn orders_change_between_the_two_states_and_say_so() {
    let simulated = Restaurant::default().generate().unwrap();
    let before = by_key(simulated.orders_on_first_night().orders);
    let after = by_key(simulated.orders_at_the_end().orders);
    assert!(before.keys().all(|key| after.contains_key(key)));
    let newest = before.values().map(|order| order.updated_at).max().unwrap();
    let changed: Vec<(&Order, &Order)> = before
        .iter()
        .map(|(key, before)| (before, &after[key]))
        .filter(|(before, after)| before != after)
        .collect();
    assert!(
        changed
            .iter()
            .all(|(before, after)| { before.status != after.status && after.updated_at > newest })
    );
    let into = |status| changed.iter().filter(|(_, after)| after.status == status).count();
    assert!(into(OrderStatus::Served) > 0);
    assert!(into(OrderStatus::Refunded) > 0);
    assert!(after.len() > before.len());
}

#[test]
fn every_status_and_discounts_occur() {
    let simulated = Restaurant { rows_per_day: 300, ..Restaurant::default() }.generate().unwrap();
    let database = simulated.orders_at_the_end();
    let statuses: BTreeSet<OrderStatus> =
        database.orders.iter().map(|order| order.status).collect();
    assert_eq!(statuses.len(), 5, "{statuses:?}");
    let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
    for item in &database.items {
        *sums.entry(item.order_id).or_default() += item.quantity * item.unit_price;
    }
    let discounted =
        database.orders.iter().filter(|order| order.total_amount < sums[&order.order_id]).count();
    let share = discounted as f64 / database.orders.len() as f64;
    assert!((0.05..0.07).contains(&share), "{share}");
    assert!(database.orders.iter().all(|order| order.total_amount <= sums[&order.order_id]));
}

#[test]
fn rows_and_truth_are_written_for_reference() {
    let out = tempfile::tempdir().unwrap();
    let settings = Restaurant { days: 30, ..Restaurant::default() };
    let mut rows = 0;
    let truth = settings.write(out.path(), &mut |written| rows = written).unwrap();
    let folder = out.path().join("restaurant");
    let json = fs::read(folder.join("truth.json")).unwrap();
    assert_eq!(serde_json::from_slice::<DatasetTruth>(&json).unwrap(), truth);
    let orders = fs::read_to_string(folder.join("orders_the_end.jsonl")).unwrap();
    let orders: Vec<Order> =
        orders.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(orders, settings.generate().unwrap().orders_at_the_end().orders);
    assert_eq!(orders.len() as u64, truth.rows_received["orders"]);
    assert!(rows > truth.rows_received.values().sum());
    assert!(settings.write(out.path(), &mut |_| {}).is_err());
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let refused = |settings: Restaurant| settings.generate().unwrap_err().to_string();
    assert!(refused(Restaurant { days: 3, ..Restaurant::default() }).contains("days"));
    assert!(refused(Restaurant { rows_per_day: 0, ..Restaurant::default() }).contains("rows"));
}
