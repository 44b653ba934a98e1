//! Single rows, put right and deleted by hand.

use super::{Home, assert_holds, csv_of_keys};

fn home_with_rows() -> Home {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=10));
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    home.fine(&["refresh", "nyc311"]);
    home
}

#[test]
fn a_row_is_put_right_and_stays_so_when_everything_is_computed_anew() {
    let home = home_with_rows();
    home.fine(&["record", "put", "nyc311", "3", "borough=QUEENS"]);
    home.fine(&["record", "put", "nyc311", "3", "agency=NYPD"]);
    home.fine(&["refresh", "nyc311"]);
    let row =
        "SELECT borough, agency, complaint_type FROM silver.nyc311_requests WHERE unique_key = 3";
    assert_eq!(home.select(row), ["QUEENS,NYPD,Noise"]);
    let boroughs = "SELECT borough, requests FROM gold.nyc311_borough_daily ORDER BY borough";
    assert_eq!(home.select(boroughs), ["BROOKLYN,9", "QUEENS,1"]);
    home.fine(&["record", "put", "nyc311", "3", "agency="]);
    home.fine(&["quarantine", "nyc311", "--replay"]);
    assert_eq!(home.select(row), ["QUEENS,,Noise"]);
    assert_eq!(home.balance(), [13, 10, 3, 0, 0]);
}

#[test]
fn a_deleted_row_is_gone_whatever_of_it_arrives_again() {
    let home = home_with_rows();
    home.fine(&["record", "delete", "nyc311", "3"]);
    home.fine(&["refresh", "nyc311"]);
    let count = "SELECT COUNT(*) FROM silver.nyc311_requests";
    assert_eq!(home.select(count), ["9"]);
    let error = home.refused(1, &["record", "delete", "nyc311", "3"]);
    assert_holds(&error, &["silver.nyc311_requests has no row with the key 3"]);
    home.fine(&["quarantine", "nyc311", "--replay"]);
    assert_eq!(home.select(count), ["9"]);
    let balance = home.status()["balances"][0].take();
    assert_eq!(balance["deleted"], 1);
    // The same version of it comes again in another file: what was said by hand holds.
    home.write("b.csv", csv_of_keys(3..=4));
    home.fine(&["ingest", "nyc311", "--file", "b.csv"]);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.select(count), ["9"]);
    // A newer version is another matter.
    let newer =
        "unique_key,created_date,updated_at\n3,2026-02-14T12:00:00.000,2026-02-15T12:00:00.000\n";
    home.write("c.csv", newer);
    home.fine(&["ingest", "nyc311", "--file", "c.csv"]);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.select(count), ["10"]);
}

#[test]
fn a_version_that_the_row_is_past_is_not_put() {
    let home = Home::new();
    let row = "unique_key,created_date,complaint_type,updated_at\n\
               3,2026-02-14T12:00:00.000,Noise,2026-02-15T12:00:00.000\n";
    home.write("a.csv", row);
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    home.fine(&["refresh", "nyc311"]);
    for (version, told) in [
        ("_updated_at=", "null is before"),
        ("_updated_at=2026-02-15T11:59:59", "11:59:59 is before"),
    ] {
        let error = home.refused(1, &["record", "put", "nyc311", "3", version, "agency=NYPD"]);
        assert_holds(&error, &["`_updated_at` says which version", told, "2026-02-15T12:00:00"]);
    }
    home.fine(&["record", "put", "nyc311", "3", "_updated_at=2026-02-15T12:00:00", "agency=NYPD"]);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.select("SELECT agency FROM silver.nyc311_requests"), ["NYPD"]);
}

#[test]
fn an_amount_is_put_to_the_cent_or_not_at_all() {
    let home = Home::new();
    let payment = "Voucher,Voucher Line,Distribution Line,Entered,Monetary Amount\n\
                   V1,1,1,3/1/2024,12.50\n";
    home.write("a.csv", payment);
    home.fine(&["ingest", "spending", "--file", "a.csv"]);
    home.fine(&["refresh", "spending"]);
    let error = home.refused(1, &["record", "put", "spending", "V1-1-1", "amount=1.239"]);
    assert_holds(&error, &["`1.239` would be rounded for `amount`, which is DECIMAL(18,2)"]);
    for refused in ["amount=", "payment_date=", "city=boston", "city="] {
        let error = home.refused(1, &["record", "put", "spending", "V1-1-1", refused]);
        assert_holds(&error, &["silver.spending_payments would refuse the row by its rule"]);
    }
    home.fine(&["record", "put", "spending", "V1-1-1", "amount=1.230"]);
    // A rule that only warns is none that refuses.
    home.fine(&["record", "put", "spending", "V1-1-1", "vendor="]);
    home.fine(&["refresh", "spending"]);
    assert_eq!(home.select("SELECT amount FROM silver.spending_payments"), ["1.23"]);
    assert_eq!(home.select("SELECT rule FROM quarantine.spending_payments"), [""; 0]);
}

#[test]
fn a_value_is_put_in_the_notation_of_silver_or_not_at_all() {
    let home = home_with_rows();
    home.write("orders.csv", "order_id,ordered_at,status,total_amount\n3,2024-01-05,served,10\n");
    home.fine(&["ingest", "restaurant", "--table", "orders", "--file", "orders.csv"]);
    home.fine(&["refresh", "restaurant"]);
    for (dataset, table, value, rule) in [
        ("nyc311", "requests", "borough=ATLANTIS", "borough_is_known"),
        ("nyc311", "requests", "borough=queens", "borough_is_known"),
        ("nyc311", "requests", "borough=", "borough_is_known"),
        ("nyc311", "requests", "incident_zip=1003", "incident_zip_is_five_digits"),
        ("restaurant", "orders", "status=refunded", "status_is_in_capitals"),
    ] {
        let error = home.refused(1, &["record", "put", dataset, "--table", table, "3", value]);
        assert_holds(&error, &[&format!("by its rule `{rule}`")]);
    }
    let values = ["borough= QUEENS ", "incident_zip=10032", "agency= "];
    home.fine(&[&["record", "put", "nyc311", "3"], &values[..]].concat());
    home.fine(&["refresh", "nyc311"]);
    let row = "SELECT borough, incident_zip, agency IS NULL FROM silver.nyc311_requests \
               WHERE unique_key = 3";
    assert_eq!(home.select(row), ["QUEENS,10032,true"]);
}

#[test]
fn a_row_that_would_end_the_refresh_is_not_put() {
    let home = Home::with_own_datasets();
    let warns = "sql: closed_at >= created_at\n        on_violation: warn";
    home.change("datasets/nyc311/dataset.yaml", warns, &warns.replace("warn", "fail"));
    home.write("a.csv", csv_of_keys(1..=3));
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    home.fine(&["refresh", "nyc311"]);
    let error = home.refused(1, &["record", "put", "nyc311", "3", "closed_at=2001-01-01T00:00:00"]);
    assert_holds(&error, &["by its rule `closed_before_created`: closed before it was created"]);
    home.fine(&["refresh", "nyc311"]);
}

#[test]
fn corrections_that_cannot_be_are_refused_and_change_nothing() {
    let home = home_with_rows();
    let before = home.versions();
    for (arguments, parts) in [
        (&["put", "nyc311", "99", "borough=QUEENS"][..], &["no row with the key 99"][..]),
        (
            &["put", "nyc311", "x", "borough=QUEENS"],
            &["`x` is not a value for `unique_key`", "BIGINT"],
        ),
        (&["put", "nyc311", "3", "burrow=QUEENS"], &["`burrow` cannot be set", "borough"]),
        (&["put", "nyc311", "3", "unique_key=4"], &["`unique_key` cannot be set"]),
        (&["put", "nyc311", "3", "latitude=north"], &["`north` is not a value for `latitude`"]),
        (
            &["put", "nyc311", "3", "created_at=2026-02-14T12:00:00.1234567"],
            &["would be rounded for `created_at`, which is TIMESTAMP"],
        ),
        (
            &["put", "nyc311", "3", "borough=QUEENS", "created_at="],
            &["by its rule `created_date_is_readable`: created_date is missing or not a date"],
        ),
        (&["put", "nyc311", "3", "borough"], &["`borough` sets nothing", "column=value"]),
        (&["put", "nyc311", "3", "agency=DOT", "agency=DEP"], &["`agency` is set twice"]),
        (&["put", "nyc311", "3"], &["say what to put"]),
        (&["delete", "nyc311", "3", "4"], &["the key of silver.nyc311_requests is unique_key"]),
        (&["delete", "events", "3"], &["mode append"]),
        (&["delete", "restaurant", "3"], &["say which table with --table"]),
    ] {
        let arguments: Vec<&str> = ["record"].iter().chain(arguments).copied().collect();
        assert_holds(&home.refused(1, &arguments), parts);
    }
    assert_eq!(home.versions(), before);
}
