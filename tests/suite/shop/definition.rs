//! A dataset with a table of every kind and a mart of every reach.

use std::collections::BTreeMap;

use smelt_domain::{Dataset, DefinitionFiles, parse_dataset};

const YAML: &str = "\
dataset: shop
description: A shop
sources:
  warehouse:
    description: what lies in the warehouse, in full copies
    table: stock
    ckan: {url: 'http://127.0.0.1', package: stock}
  ledger:
    description: payments, in full copies
    table: payments
    ckan: {url: 'http://127.0.0.1', package: ledger}
tables:
  payments:
    description: one row per payment, without a number of its own
    source_columns: [day, vendor, amount]
    content_key: true
    key: [payment_id]
    partition: year
    columns: {payment_id: TEXT, day: DATE, year: INT, vendor: TEXT, amount: BIGINT}
    expectations:
      - {rule: has_day, not_null: day, on_violation: reject, reason: no day}
  clicks:
    description: one row per click
    source_columns: [click_id, day, note]
    mode: append
    key: [click_id]
    partition: day
    columns: {click_id: TEXT, day: DATE, note: TEXT}
  orders:
    description: one row per order
    source_columns: [order_id, month, customer_id, amount, changed_at]
    key: [order_id]
    partition: month
    version: changed_at
    columns: {order_id: BIGINT, month: TEXT, customer_id: BIGINT, amount: BIGINT, changed_at: BIGINT}
    expectations:
      - {rule: amount_is_positive, range: {column: amount, min: 0}, on_violation: reject, reason: negative}
  customers:
    description: one row per customer
    source_columns: [customer_id, region]
    key: [customer_id]
    columns: {customer_id: BIGINT, region: TEXT}
  stock:
    description: one row per item in the warehouse
    source_columns: [item, pieces]
    key: [item]
    columns: {item: TEXT, pieces: BIGINT}
marts:
  regions:
    description: orders by month and region
    from: orders
    lookups: [customers]
    key: [month, region]
    columns: {month: TEXT, region: TEXT, amount: BIGINT}
  changes:
    description: each month beside the month before
    from: orders
    reads: {before: 1}
    key: [month]
    columns: {month: TEXT, amount: BIGINT, amount_before: BIGINT}
  total:
    description: everything in one row
    from: orders
    reads: everything
    key: [orders]
    columns: {orders: BIGINT, amount: BIGINT}
";

const SQL: [(&str, &str); 8] = [
    (
        "silver/payments.sql",
        "SELECT _content_key AS payment_id, day, CAST(EXTRACT(YEAR FROM day) AS INT) AS year, vendor, amount
         FROM (SELECT _content_key, TRY_CAST(day AS DATE) AS day, vendor, TRY_CAST(amount AS BIGINT) AS amount
               FROM bronze.shop_payments) AS typed",
    ),
    ("silver/clicks.sql", "SELECT click_id, TRY_CAST(day AS DATE) AS day, note FROM bronze.shop_clicks"),
    (
        "silver/orders.sql",
        "SELECT TRY_CAST(order_id AS BIGINT) AS order_id, month, TRY_CAST(customer_id AS BIGINT) AS customer_id,
                TRY_CAST(amount AS BIGINT) AS amount, TRY_CAST(changed_at AS BIGINT) AS changed_at
         FROM bronze.shop_orders",
    ),
    (
        "silver/customers.sql",
        "SELECT TRY_CAST(customer_id AS BIGINT) AS customer_id, region FROM bronze.shop_customers",
    ),
    ("silver/stock.sql", "SELECT item, TRY_CAST(pieces AS BIGINT) AS pieces FROM bronze.shop_stock"),
    (
        "gold/regions.sql",
        "SELECT month, COALESCE(region, 'unknown') AS region, SUM(amount) AS amount
         FROM silver.shop_orders AS orders
         LEFT JOIN silver.shop_customers AS customers ON customers.customer_id = orders.customer_id
         GROUP BY month, COALESCE(region, 'unknown')",
    ),
    (
        "gold/changes.sql",
        "SELECT month, amount,
                CASE WHEN LAG(number) OVER (ORDER BY number) = number - 1
                     THEN LAG(amount) OVER (ORDER BY number) END AS amount_before,
                month AS _partition
         FROM (SELECT month, CAST(SUBSTR(month, 1, 4) AS INT) * 12 + CAST(SUBSTR(month, 6, 2) AS INT) AS number,
                      SUM(amount) AS amount
               FROM silver.shop_orders GROUP BY month) AS months",
    ),
    ("gold/total.sql", "SELECT COUNT(*) AS orders, SUM(amount) AS amount FROM silver.shop_orders"),
];

pub(super) fn shop() -> Dataset {
    let mut files: BTreeMap<String, String> =
        SQL.iter().map(|(path, sql)| ((*path).to_owned(), (*sql).to_owned())).collect();
    files.insert("dataset.yaml".to_owned(), YAML.to_owned());
    parse_dataset(&DefinitionFiles { folder: "shop".to_owned(), files }).unwrap()
}
