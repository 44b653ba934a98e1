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
        (&["put", "nyc311", "3", "borough"], &["`borough` sets nothing", "column=value"]),
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
