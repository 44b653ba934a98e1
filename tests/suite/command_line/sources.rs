//! Sources that are pulled: a portal and a database, as the command line sees them.

use std::process::Command;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};
use smelt_simulate::restaurant::{Order, OrderDatabase, OrderStatus};
use smelt_simulate::serve::{
    CkanResource, CkanServer, CkanSettings, Column, ColumnKind, Row, SodaResource, SodaServer,
    SodaSettings, fill_order_db, row_id,
};
use tokio::runtime::Runtime;

use super::{Home, Ran, assert_holds};

const RESOURCE: &str = "erm2-nwe9";

/// A portal with so many requests, one a minute, and the runtime that serves them.
struct Portal {
    runtime: Runtime,
    server: SodaServer,
}

impl Portal {
    fn start(requests: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let columns = [("unique_key", ColumnKind::Text), ("created_date", ColumnKind::Time)];
        let resource = SodaResource {
            id: RESOURCE.to_owned(),
            columns: columns.map(|(name, kind)| Column::new(name, kind)).to_vec(),
            rows: (1..=requests).map(|number| request(number, number, "Noise")).collect(),
        };
        let server = runtime.block_on(SodaServer::start([resource], SodaSettings::default()));
        Self { server: server.unwrap(), runtime }
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Row>)) {
        self.server.update(RESOURCE, change);
    }

    fn stop(self) {
        self.runtime.block_on(self.server.stop());
    }
}

/// A request that was updated in this minute.
fn request(number: u64, minute: u64, complaint: &str) -> Row {
    let Value::Object(row) = json!({
        ":id": row_id(number),
        ":updated_at": format!("2026-03-{:02}T{:02}:{:02}:00.000Z", 1 + minute / 1440, minute / 60 % 24, minute % 60),
        "unique_key": number.to_string(),
        "created_date": format!("2026-0{}-14T12:00:00.000", 1 + number % 2),
        "complaint_type": complaint,
        "borough": "BRONX",
    }) else {
        unreachable!("a literal object")
    };
    row
}

fn pulling(home: &Home, portal: &Portal, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command.env("SMELT_NYC311_PORTAL_URL", portal.server.url());
    command
}

#[track_caller]
fn fine(mut command: Command) -> Ran {
    let ran: Ran = command.output().unwrap().into();
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran
}

const COUNT: &str = "SELECT COUNT(*) FROM silver.nyc311_requests";

#[test]
fn what_is_new_at_a_portal_is_pulled_and_what_was_deleted_there_goes() {
    let home = Home::new();
    let portal = Portal::start(100);
    let said = fine(pulling(&home, &portal, &["ingest", "nyc311"])).err;
    assert_holds(&said, &["nyc311.portal: 100 rows"]);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.select(COUNT), ["100"]);

    let before = home.versions();
    let said = fine(pulling(&home, &portal, &["ingest", "nyc311"])).err;
    assert_holds(&said, &["nyc311.portal: nothing new"]);
    assert_eq!(home.versions(), before, "a pull without news commits nothing");

    portal.change(|rows| {
        rows[6] = request(7, 200, "Heat");
        rows.push(request(101, 201, "Noise"));
    });
    let said = fine(pulling(&home, &portal, &["ingest", "nyc311"])).err;
    assert_holds(&said, &["nyc311.portal: 2 rows"]);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.select(COUNT), ["101"]);
    let complaint = "SELECT complaint_type FROM silver.nyc311_requests WHERE unique_key = 7";
    assert_eq!(home.select(complaint), ["Heat"]);

    portal.change(|rows| rows.retain(|row| row["unique_key"] != "8"));
    let said = fine(pulling(&home, &portal, &["sources", "reconcile", "nyc311"])).err;
    assert_holds(&said, &["nyc311.portal: 1 row deleted, found in 2026-01"]);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.select(COUNT), ["100"]);
    let said = fine(pulling(&home, &portal, &["sources", "reconcile", "nyc311"])).err;
    assert_holds(&said, &["nothing was deleted there"]);

    portal.change(|rows| rows.truncate(10));
    let mut command = pulling(&home, &portal, &["sources", "reconcile", "nyc311"]);
    let refused: Ran = command.output().unwrap().into();
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert_holds(&refused.err, &["it has lost 90 of 100 rows", "nothing was deleted here"]);
    portal.stop();
}

#[test]
fn a_window_brings_its_rows_and_leaves_the_cursor_where_it_is() {
    let home = Home::new();
    let portal = Portal::start(10);
    let window = ["ingest", "nyc311", "--since", "2026-02-01", "--until", "2026-03-01"];
    let said = fine(pulling(&home, &portal, &window)).err;
    assert_holds(&said, &["nyc311.portal: 5 rows"]);
    let said = fine(pulling(&home, &portal, &["ingest", "nyc311"])).err;
    assert_holds(&said, &["nyc311.portal: 10 rows"]);
    let said = fine(pulling(&home, &portal, &["ingest", "nyc311", "--full"])).err;
    assert_holds(&said, &["nyc311.portal: 10 rows"]);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.balance(), [25, 10, 15, 0, 0]);
    portal.stop();
}

#[test]
fn a_window_without_a_moment_in_it_is_an_argument_that_is_wrong() {
    let home = Home::new();
    for window in [
        ["--since", "2026-03-01", "--until", "2026-02-01"],
        ["--since", "2026-03-01", "--until", "2026-03-01T00:00"],
        ["--days-back", "1", "--until", "2026-02-01"],
    ] {
        let error = home.refused(2, &[&["ingest", "nyc311"][..], &window].concat());
        assert_holds(&error, &["no moment lies between", "--until must be later than --since"]);
    }
}

#[test]
fn a_test_of_a_source_says_what_is_there() {
    let home = Home::new();
    let portal = Portal::start(3);
    let found = fine(pulling(&home, &portal, &["sources", "test", "nyc311"])).out;
    assert_holds(
        &found,
        &["nyc311.portal: reachable", "rows     3", "unique_key", "2026-03-01T00:03:00", "missing"],
    );
    assert_holds(&found, &["cursor   :updated_at; nothing was pulled yet"]);
    let json = ["sources", "test", "nyc311", "portal", "--format", "json"];
    let found: Value = serde_json::from_str(&fine(pulling(&home, &portal, &json)).out).unwrap();
    assert_eq!(found[0]["found"]["rows"], 3);
    assert!(!home.path("lake/bronze").exists(), "a look loads nothing");

    fine(pulling(&home, &portal, &["ingest", "nyc311"]));
    portal.change(|rows| rows.push(request(4, 200, "Noise")));
    let found = fine(pulling(&home, &portal, &["sources", "test", "nyc311"])).out;
    let cursor = "cursor   :updated_at; the last pull ended at 2026-03-01T00:03:00.000Z";
    assert_holds(&found, &[cursor, "newest   2026-03-01T03:20:00.000Z"]);
    portal.stop();

    let error = home.refused(1, &["sources", "test", "nyc311", "harbour"]);
    assert_holds(&error, &["nyc311 has no source `harbour`; it has portal"]);
    let error = home.refused(1, &["ingest", "events"]);
    assert_holds(&error, &["events has no source to pull", "--file", "landing/events/"]);
}

#[test]
fn a_database_is_pulled_and_its_url_is_never_told() {
    let home = Home::new();
    let error = home.refused(1, &["ingest", "restaurant"]);
    assert_holds(&error, &["restaurant.orders", "restaurant.order_items", "set ORDER_DB_URL"]);

    home.fine(&["simulate", "restaurant", "--days", "60", "--serve", "--out", "."]);
    let url = format!("sqlite://{}", home.path("order_db.sqlite").display());
    let pull = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("ORDER_DB_URL", &url);
        fine(command)
    };
    let before = std::fs::read(home.path("order_db.sqlite")).unwrap();
    pull(&["ingest", "restaurant"]);
    assert_eq!(std::fs::read(home.path("order_db.sqlite")).unwrap(), before, "only read");
    home.fine(&["refresh", "restaurant"]);
    let of_a_day = "SELECT COUNT(*) FROM gold.restaurant_hourly_orders GROUP BY date";
    assert!(home.select(of_a_day).iter().all(|hours| hours == "24"));
    assert_holds(&pull(&["ingest", "restaurant"]).err, &["restaurant.orders: nothing new"]);
    let found = pull(&["sources", "test", "restaurant", "orders"]).out;
    let of = |name: &str| found.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
    let (cursor, newest) = (of("cursor").trim(), of("newest").trim());
    assert_eq!(cursor, format!("updated_at; the last pull ended at {newest}"));

    let mut command = home.command(&["ingest", "restaurant", "--source", "orders"]);
    command.env("ORDER_DB_URL", "mysql://smelt:s3cr3t@127.0.0.1:1/order_db");
    let refused: Ran = command.output().unwrap().into();
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert_holds(&refused.err, &["restaurant.orders", "run again later"]);
    let runs = home.fine(&["runs", "--format", "json"]);
    for text in [&refused.err, &refused.out, &runs] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

fn order(order_id: i64, year: i32, day: u32) -> Order {
    let noon: Option<NaiveDateTime> =
        NaiveDate::from_ymd_opt(year, 5, day).and_then(|day| day.and_hms_opt(12, 0, 0));
    let updated_at = noon.unwrap();
    let ordered_at = NaiveDate::from_ymd_opt(2024, 5, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
    Order { order_id, ordered_at, status: OrderStatus::Served, total_amount: 1250, updated_at }
}

#[test]
fn an_order_of_the_year_2099_is_loaded_and_hides_no_other() {
    let home = Home::new();
    let url = format!("sqlite://{}", home.path("orders.sqlite").display());
    let runtime = Runtime::new().unwrap();
    let fill = |orders: &[Order]| {
        let state = OrderDatabase { orders: orders.to_vec(), items: Vec::new() };
        runtime.block_on(fill_order_db(&url.parse().unwrap(), &state)).unwrap();
    };
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("ORDER_DB_URL", &url);
        let ran = fine(command);
        ran.err + &ran.out
    };
    let pull = || run(&["ingest", "restaurant", "--source", "orders"]);
    fill(&[order(1, 2024, 1), order(2, 2099, 1)]);
    assert_holds(&pull(), &["restaurant.orders: 2 rows"]);
    assert_holds(&pull(), &["restaurant.orders: nothing new"]);
    fill(&[order(1, 2024, 1), order(2, 2099, 1), order(3, 2024, 2)]);
    assert_holds(&pull(), &["restaurant.orders: 1 row"]);
    assert_holds(&pull(), &["restaurant.orders: nothing new"]);
    let note = "the newest value of `updated_at` lies in the future";
    assert_holds(&run(&["sources", "test", "restaurant", "orders"]), &["rows     3", note]);
    home.fine(&["refresh", "restaurant"]);
    assert_eq!(home.select("SELECT COUNT(*) FROM silver.restaurant_orders"), ["3"]);
}

/// A fiscal year of so many payments.
fn fiscal_year(id: &str, payments: u32) -> CkanResource {
    let names = ["Voucher", "Voucher_Line", "Distribution_Line", "Entered", "Monetary_Amount"];
    let payment = |number: u32| {
        let Value::Object(row) = json!({
            "Voucher": format!("{id}{number}"), "Voucher_Line": "1", "Distribution_Line": "1",
            "Entered": "2024-03-01", "Monetary_Amount": "12.50",
        }) else {
            unreachable!("a literal object")
        };
        row
    };
    CkanResource {
        id: id.to_owned(),
        columns: names.map(|name| Column::new(name, ColumnKind::Text)).to_vec(),
        rows: (0..payments).map(payment).collect(),
        last_modified: "2024-07-01T00:00:00".to_owned(),
        ..CkanResource::default()
    }
}

#[test]
fn a_resource_that_left_its_package_counts_no_more_until_it_is_back() {
    let home = Home::new();
    let runtime = Runtime::new().unwrap();
    let settings =
        CkanSettings { package: "checkbook-explorer".to_owned(), ..CkanSettings::default() };
    let years = [fiscal_year("fy23", 2), fiscal_year("fy24", 3)];
    let server = runtime.block_on(CkanServer::start(years, settings)).unwrap();
    let pull = |arguments: &[&str]| {
        let mut command = home.command(&[&["ingest", "spending"], arguments].concat());
        command.env("SMELT_SPENDING_CHECKBOOK_URL", server.url());
        let said = fine(command).err;
        home.fine(&["refresh", "spending"]);
        // Ends with 1 when a row is not accounted for.
        home.fine(&["status", "spending"]);
        (said, home.select("SELECT COUNT(*) FROM silver.spending_payments").concat())
    };
    let (said, rows) = pull(&[]);
    assert_holds(&said, &["spending.checkbook: 5 rows"]);
    assert_eq!(rows, "5");
    server.remove("fy23");
    let (said, rows) = pull(&["--full"]);
    assert_holds(&said, &["spending.checkbook: 3 rows; gone there, and counted no more: fy23"]);
    assert_eq!(rows, "3");
    let (said, _) = pull(&[]);
    assert!(said.contains("spending.checkbook: nothing new\n"), "{said}");
    server.add(fiscal_year("fy23", 2));
    let (said, rows) = pull(&[]);
    assert_holds(&said, &["spending.checkbook: 2 rows"]);
    assert_eq!(rows, "5");
    server.remove("fy24");
    let (said, rows) = pull(&[]);
    assert_holds(
        &said,
        &["spending.checkbook: nothing new; gone there, and counted no more: fy24"],
    );
    assert_eq!(rows, "2");
    runtime.block_on(server.stop());
}
