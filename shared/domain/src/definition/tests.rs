//! Whole definitions: one that is right, and every way to get it wrong.

mod models;
mod series;
mod sources;
mod views;

use super::*;
use crate::{Aggregate, Check, MartReads, OnViolation, TableMode};

const RIGHT: &str = "\
dataset: shop
description: A shop
tables:
  orders:
    description: one row per order
    source_columns: [id, {name: day, aliases: [date, order_day]}]
    key: [id]
    partition: day
    version: _updated_at
    newest: day
    refuse_above: 0.2
    columns:
      id: BIGINT
      day: {type: DATE, description: as written}
      note: TEXT
      _updated_at: TIMESTAMP
    expectations:
      - {rule: has_id, not_null: id, on_violation: reject, reason: no id}
      - {rule: id_range, range: {column: id, min: 1}, on_violation: warn, reason: odd id}
      - {rule: known, accepted_values: {column: note, values: [a, 'no']}, on_violation: fail, reason: x}
      - {rule: shape, pattern: {column: note, regex: '[a-z]+'}, on_violation: warn, reason: x}
      - {rule: free, sql: bronze.date IS NOT NULL, on_violation: warn, reason: x}
  customers:
    description: one row per customer
    source_columns: [id]
    key: [id]
    partition: id
    columns: {id: BIGINT}
marts:
  daily:
    description: orders by day
    from: orders
    lookups: [customers]
    key: [day]
    columns: {day: DATE, orders: BIGINT, revenue: 'DECIMAL(18,2)'}
";

fn files(yaml: &str) -> DefinitionFiles {
    let sql = |path: &str| (path.to_owned(), "SELECT 1 -- one\n".to_owned());
    let mut files: std::collections::BTreeMap<String, String> =
        ["silver/orders.sql", "silver/customers.sql", "gold/daily.sql"].map(sql).into();
    files.insert(DATASET_FILE.to_owned(), yaml.to_owned());
    files.insert("README.md".to_owned(), "About the shop".to_owned());
    DefinitionFiles { folder: "datasets/shop".to_owned(), files }
}

fn parsed(yaml: &str) -> Dataset {
    parse(&files(yaml)).unwrap()
}

/// The problems after replacing a part of the right definition, each as displayed.
#[track_caller]
fn problems_with(part: &str, replacement: &str) -> Vec<String> {
    assert!(RIGHT.contains(part), "{part}");
    displayed(&files(&RIGHT.replacen(part, replacement, 1)))
}

#[track_caller]
fn displayed(files: &DefinitionFiles) -> Vec<String> {
    parse(files).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_only(part: &str, replacement: &str, expected: &str) {
    let expected = format!("datasets/shop/dataset.yaml:{expected}");
    assert_eq!(problems_with(part, replacement), [expected]);
}

#[test]
fn a_right_definition() {
    let shop = parsed(RIGHT);
    let orders = shop.table(&"orders".parse().unwrap()).unwrap();
    assert_eq!(shop.silver_id(&orders.name).to_string(), "silver.shop_orders");
    assert_eq!(orders.source_columns[1].aliases.len(), 2);
    assert_eq!(orders.columns[1].description.as_deref(), Some("as written"));
    assert_eq!(orders.version.as_ref().unwrap().as_str(), "_updated_at");
    assert_eq!(orders.refuse_above, Some(0.2));
    assert_eq!(orders.expectations.len(), 5);
    assert_eq!(orders.expectations[0].on_violation, OnViolation::Reject);
    assert!(matches!(&orders.expectations[2].check,
        Check::AcceptedValues { values, .. } if values == &["a", "no"]));
    let daily = shop.mart(&"daily".parse().unwrap()).unwrap();
    assert_eq!(daily.driver, orders.name);
    assert_eq!(daily.lookups.len(), 1);
    assert_eq!(daily.columns[2].column_type.to_string(), "DECIMAL(18,2)");
    assert!(daily.sql.starts_with("SELECT 1"));
}

#[test]
fn the_hash_follows_what_decides_the_rows() {
    let hash = |yaml: &str| parsed(yaml).tables[0].definition_hash.clone();
    let right = hash(RIGHT);
    for (part, replacement) in [
        ("one row per order", "an order"),
        ("as written", "as typed"),
        ("reason: no id", "reason: id is missing"),
        ("refuse_above: 0.2", "refuse_above: 0.3"),
        ("    newest: day\n", ""),
        ("    newest: day\n", "    newest: day\n    stale_after_hours: 48\n"),
        ("  orders:\n", "  orders: # the orders\n"),
    ] {
        assert_eq!(hash(&RIGHT.replacen(part, replacement, 1)), right, "{replacement}");
    }
    for (part, replacement) in [
        ("note: TEXT", "remark: TEXT"),
        ("id: BIGINT", "id: INT"),
        ("key: [id]", "key: [id, day]"),
        ("aliases: [date, order_day]", "aliases: [order_day, date]"),
        ("on_violation: reject", "on_violation: warn"),
        ("min: 1", "min: 2"),
    ] {
        let changed =
            RIGHT.replacen(part, replacement, 1).replace("column: note", "column: remark");
        let changed =
            if part == "note: TEXT" { changed } else { RIGHT.replacen(part, replacement, 1) };
        assert_ne!(hash(&changed), right, "{replacement}");
    }
    let mut other_sql = files(RIGHT);
    other_sql.files.insert("silver/orders.sql".to_owned(), "SELECT 2".to_owned());
    assert_ne!(parse(&other_sql).unwrap().tables[0].definition_hash, right);
}

#[test]
fn keys_of_the_file() {
    let problems = problems_with("tables:", "tabels:");
    assert_eq!(
        problems[0],
        "datasets/shop/dataset.yaml:1: the dataset has no `tables`: add `tables: {…}`"
    );
    assert!(problems.contains(
        &"datasets/shop/dataset.yaml:3: unknown key `tabels`: did you mean `tables`?".to_owned()
    ));
    assert_only(
        "    newest: day",
        "    newset: day",
        "10: unknown key `newset`: did you mean `newest`?",
    );
    assert_only(
        "    newest: day",
        "    key: [day]",
        "10: `key` appears twice in table `orders`: remove or rename one, the first is on line 7",
    );
    assert_only(
        "dataset: shop",
        "dataset: store",
        "1: the dataset is named `store`, its folder `shop`: give both the same name",
    );
    assert_only(
        "description: as written",
        "description: as written, by hand",
        "14: unknown key `by hand`: a comma in {…} ends a text: put the text before it in quotes",
    );
    assert_only(
        "description: A shop",
        "description:",
        "2: `description` of the dataset is empty: expected a text",
    );
    assert_only(
        "refuse_above: 0.2",
        "refuse_above: 20",
        "11: `refuse_above` is 20: write a share between 0 and 1, such as 0.2 for one row in five",
    );
}

#[test]
fn columns() {
    assert_only("note: TEXT", "note: STRING", "15: `STRING` is not a column type: write TEXT");
    assert_only(
        "note: TEXT",
        "note: TIMESTMAP",
        "15: `TIMESTMAP` is not a column type: did you mean `TIMESTAMP`?",
    );
    assert_only(
        "note: TEXT",
        "note: TEXT\n      id: INT",
        "16: `id` appears twice in the columns of table `orders`: remove or rename one, the first is on line 13",
    );
    assert_only(
        "note: TEXT",
        "note: TEXT\n      _source: TEXT",
        "16: column `_source` starts with an underscore: columns that start with _ belong to the platform, only the column named by `version` may; choose another name",
    );
    assert_only(
        "note: TEXT",
        "note: TEXT\n      order: TEXT",
        "16: column `order` is a reserved word of SQL: choose a name that needs no quotes in any engine",
    );
    assert_only(
        "note: TEXT",
        "note: TEXT\n      Net Price: DOUBLE",
        "16: column name `Net Price` contains 'N': only a-z, 0-9 and underscore are allowed: write `net_price`",
    );
    assert_only(
        "revenue: 'DECIMAL(18,2)'",
        "revenue: DECIMAL",
        "35: `DECIMAL` is not a column type: write DECIMAL(18,2)",
    );
    assert_only(
        "source_columns: [id, {",
        "source_columns: [id, _source, {",
        "6: source column `_source` is reserved for the platform: bronze adds the columns that start with _ and ingestion_date; remove it",
    );
    assert_only(
        "source_columns: [id, {",
        "source_columns: [id, date, {",
        "6: `date` appears twice in the source columns of table `orders`: remove one, the first is on line 6",
    );
}

#[test]
fn promises_of_freshness() {
    let hours = |hours: &str| {
        let promise = format!("newest: day\n    stale_after_hours: {hours}");
        RIGHT.replacen("newest: day", &promise, 1)
    };
    assert_eq!(parsed(&hours("48")).tables[0].stale_after_hours, Some(48));
    for wrong in ["0", "1.5", "90000"] {
        assert_only(
            "newest: day",
            &format!("newest: day\n    stale_after_hours: {wrong}"),
            &format!("11: `stale_after_hours` is {wrong}: write whole hours, 1 to 87600"),
        );
    }
    assert_only(
        "newest: day",
        "stale_after_hours: 48",
        "10: `stale_after_hours` without `newest`, so nobody knows how old the data is: name the \
         column of the newest data time as `newest`",
    );
}

#[test]
fn aggregates() {
    let column = |orders: &str| {
        RIGHT.replacen("orders: BIGINT, revenue", &format!("orders: {orders}, revenue"), 1)
    };
    let of = |yaml: &str| {
        let mart = parsed(yaml).marts.remove(0);
        mart.columns.iter().map(|column| Aggregate::of(&mart, column)).collect::<Vec<_>>()
    };
    assert_eq!(of(RIGHT), [None, Some(Aggregate::Sum), Some(Aggregate::Sum)]);
    let level = column("{type: BIGINT, aggregate: level}");
    assert_eq!(of(&level), [None, Some(Aggregate::Level), Some(Aggregate::Sum)]);
    assert_eq!(parsed(&level).marts[0].definition_hash, parsed(RIGHT).marts[0].definition_hash);
    for (wrong, problem) in [
        ("{type: BIGINT, aggregate: sums}", "unknown aggregate `sums`: did you mean `sum`?"),
        (
            "{type: TEXT, aggregate: sum}",
            "`aggregate` of column `orders`, which holds no numbers: leave it out",
        ),
    ] {
        let problem = format!("35: {problem}");
        assert_only("orders: BIGINT", &format!("orders: {wrong}"), &problem);
    }
    let of_a_table = "unknown key `aggregate`: expected one of type, description";
    assert_only(
        "id: BIGINT\n",
        "id: {type: BIGINT, aggregate: sum}\n",
        &format!("13: {of_a_table}"),
    );
}

#[test]
fn roles() {
    assert_only(
        "partition: day",
        "partition: dya",
        "8: `partition` names the column `dya`, which is not declared: did you mean `day`?",
    );
    assert_only(
        "partition: day",
        "partition: _updated_at",
        "8: `partition` names the column `_updated_at`, which is TIMESTAMP: name a column that is TEXT, DATE, INT or BIGINT: its values become folders",
    );
    assert_only(
        "newest: day",
        "newest: created",
        "10: `newest` names the column `created`, which is not declared: declare it under `columns`",
    );
    assert_only(
        "key: [id]",
        "key: [id, id]",
        "7: the key of table `orders` names `id` twice: remove one",
    );
    assert_only(
        "key: [id]",
        "key: []",
        "7: the key of table `orders` is empty: name the columns that identify a row",
    );
    assert_only(
        "key: [id]",
        "key: id",
        "7: the key of table `orders` is the text `id`: expected a list (`[a, b]`)",
    );
}

#[test]
fn expectations() {
    assert_only(
        "not_null: id",
        "not_null: ib",
        "18: `not_null` names the column `ib`, which is not declared: did you mean `id`?",
    );
    assert_only(
        "on_violation: reject",
        "on_violation: rejct",
        "18: `on_violation` is `rejct`: did you mean `reject`?",
    );
    assert_only(
        "not_null: id, ",
        "",
        "18: an expectation of table `orders` checks nothing: add one of not_null, range, accepted_values, pattern, json_schema, sql",
    );
    assert_only(
        "not_null: id",
        "not_null: id, sql: id > 0",
        "18: an expectation of table `orders` has both `not_null` and `sql`: write one expectation for each, with rules of their own",
    );
    assert_only(
        "rule: id_range",
        "rule: has_id",
        "19: table `orders` has two rules named `has_id`: rename one, the first is on line 18",
    );
    assert_only("min: 1", "min: 1, max: 0", "19: `min` 1 is above `max` 0: swap them");
    assert_only(", min: 1", "", "19: `range` has no bounds: add `min`, `max` or both");
    assert_only(
        "column: id, min",
        "column: note, min",
        "19: column `note` is TEXT, this check needs a number: use another column, or a check of kind `sql`",
    );
    assert_only(
        "[a, 'no']",
        "[a, 1]",
        "20: an accepted value is the number 1: expected a text (put it in quotes)",
    );
    assert_only(
        "'[a-z]+'",
        "'[a-z'",
        "21: `[a-z` is not a regular expression (unclosed character class): use the syntax of RE2, without look-around and back-references",
    );
    assert_only(
        "sql: bronze.date IS NOT NULL",
        "sql: ''",
        "22: `sql` of an expectation of table `orders` is the text ``: expected a text",
    );
}

#[test]
fn marts() {
    assert_only(
        "from: orders",
        "from: order",
        "32: `from` names `order`, which is not a table of this dataset: did you mean `orders`?",
    );
    assert_only(
        "lookups: [customers]",
        "lookups: [orders]",
        "33: `lookups` names `orders`, which the mart already reads: remove it",
    );
    assert_only(
        "key: [day]",
        "key: [days]",
        "34: the key of mart `daily` names the column `days`, which is not declared: did you mean `day`?",
    );
    assert_only(
        "orders: BIGINT",
        "_orders: BIGINT",
        "35: column `_orders` starts with an underscore: columns that start with _ belong to the platform, only the column named by `version` may; choose another name",
    );
}

#[test]
fn sql_files() {
    let mut folder = files(RIGHT);
    let sql = folder.files.remove("silver/orders.sql").unwrap();
    folder.files.insert("silver/order.sql".to_owned(), sql);
    folder.files.insert("gold/weekly_revenue.sql".to_owned(), "SELECT 1".to_owned());
    folder.files.insert("gold/daily.sql".to_owned(), "-- nothing yet\n".to_owned());
    assert_eq!(
        displayed(&folder),
        [
            "datasets/shop/dataset.yaml:4: table `orders` has no SQL: add the file silver/orders.sql",
            "datasets/shop/gold/daily.sql: there is no SQL in this file: write the SELECT of mart `daily`",
            "datasets/shop/gold/weekly_revenue.sql: no table or mart uses this file: remove it, or declare its table or mart in dataset.yaml",
            "datasets/shop/silver/order.sql: no table or mart uses this file: did you mean silver/orders.sql?",
        ]
    );
}

#[test]
fn no_file_or_no_yaml() {
    let empty = DefinitionFiles { folder: "datasets/shop".to_owned(), ..Default::default() };
    assert_eq!(
        displayed(&empty),
        [
            "datasets/shop/dataset.yaml: the file is missing: add this file: every dataset folder has one"
        ]
    );
    let problems = problems_with("tables:\n", "tables: [\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("datasets/shop/dataset.yaml:"), "{problems:?}");
    assert!(problems[0].contains("not readable as YAML"), "{problems:?}");
    assert!(parse(&files("")).is_err());
    assert!(parse(&files("- a\n- b\n")).is_err());
}

#[test]
fn one_mistake_is_one_problem_and_all_are_found() {
    // The type of `id` is wrong; its four mentions are not.
    assert_eq!(problems_with("id: BIGINT", "id: BIGNUM").len(), 1);
    let broken = RIGHT.replace("newest: day", "newest: dai").replace("from: orders", "from: x");
    assert_eq!(displayed(&files(&broken)).len(), 2);
}

#[test]
fn modes_and_reach() {
    let dataset = parsed(&RIGHT.replace("    partition: id\n", "    mode: append\n"));
    assert_eq!(dataset.tables[1].mode, TableMode::Append);
    assert_eq!(dataset.tables[1].partition, None);
    let around = RIGHT.replace("    key: [day]\n", "    key: [day]\n    reads: {before: 2}\n");
    assert_eq!(parsed(&around).marts[0].reads, MartReads::Around { before: 2, after: 0 });
    assert_only(
        "    version: _updated_at\n",
        "    version: _updated_at\n    mode: append\n",
        "9: `version` in a table whose mode is append, where the first arrival stays: remove it, \
         or make the mode upsert",
    );
    assert_only(
        "    key: [day]\n",
        "    key: [day]\n    reads: all\n",
        "35: `reads` is the text `all`: expected `everything`, or partitions such as {before: 1}",
    );
}
