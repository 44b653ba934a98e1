//! Definitions that are right, wrong, and changed.

use std::fs;

use super::{Home, assert_holds, csv_of_keys};

#[test]
fn what_smelt_ships_is_fine() {
    let checked = Home::new().fine(&["check"]);
    assert_holds(&checked, &["nyc311: 1 table and 4 marts are fine\n"]);
}

#[test]
fn a_broken_definition_gives_file_line_problem_and_remedy() {
    for (file, from, to, parts) in [
        (
            "dataset.yaml",
            "    partition: created_month\n",
            "    partitions: created_month\n",
            &["dataset.yaml:", "unknown key `partitions`", "did you mean `partition`?"][..],
        ),
        (
            "dataset.yaml",
            "      city: TEXT\n",
            "      city: TXET\n",
            &["dataset.yaml:", "TXET", "TEXT"],
        ),
        (
            "dataset.yaml",
            "    key: [unique_key]\n",
            "    key: [unique_kee]\n",
            &["dataset.yaml:", "unique_kee", "unique_key"],
        ),
        (
            "silver/requests.sql",
            "SELECT\n  unique_key,",
            "SELEKT\n  unique_key,",
            &["silver/requests.sql:", "SELEKT"],
        ),
        ("silver/requests.sql", "  agency,\n", "  agence,\n", &["silver/requests.sql:", "agence"]),
        (
            "silver/requests.sql",
            ") AS typed\n",
            ") AS typed WHERE unique_key > 5\n",
            &["silver/requests.sql:", "refuse rows by expectations"],
        ),
        (
            "gold/hourly_pattern.sql",
            "  borough,\n",
            "  burrow,\n",
            &["gold/hourly_pattern.sql:", "burrow"],
        ),
        (
            "gold/hourly_pattern.sql",
            "COUNT(*) AS requests",
            "COUNT(*) AS number",
            &["gold/hourly_pattern.sql:", "`number`", "not declared under `columns`"],
        ),
    ] {
        let home = Home::with_own_datasets();
        home.change(&format!("datasets/nyc311/{file}"), from, to);
        let error = home.refused(1, &["check"]);
        assert_holds(&error, parts);
        assert!(error.starts_with("error: "), "{error}");
        for step in ["Error during planning", "SQL error", "sql parser error"] {
            assert!(!error.contains(step), "{step} is the engine's: {error}");
        }
        if from.starts_with("    ") {
            let text = fs::read_to_string(home.path("datasets/nyc311/dataset.yaml")).unwrap();
            let line = text.lines().position(|line| line.trim() == to.trim()).unwrap() + 1;
            assert_holds(&error, &[&format!("dataset.yaml:{line}: ")]);
        }
    }
}

#[test]
fn a_broken_definition_stops_every_command_before_it_starts() {
    let home = Home::with_own_datasets();
    home.write("lake/landing/nyc311/requests/a.csv", csv_of_keys(1..=3));
    home.change("datasets/nyc311/dataset.yaml", "\n    key: [unique_key]\n", "\n");
    for arguments in [&["run"][..], &["status"], &["ingest", "nyc311", "--file", "a.csv"]] {
        assert_holds(&home.refused(1, arguments), &["dataset.yaml", "key"]);
    }
    assert!(!home.path("lake/bronze").exists());
}

#[test]
fn datasets_that_are_not_there() {
    let home = Home::new();
    fs::create_dir(home.path("lake")).unwrap();
    let error = home.refused(1, &["status", "--datasets", "nowhere"]);
    assert_holds(&error, &["nowhere", "name the folder that holds the datasets with --datasets"]);
    home.write("empty/readme.txt", "");
    let error = home.refused(1, &["status", "--datasets", "empty"]);
    assert_holds(&error, &["empty: no folder in it has a dataset.yaml"]);
    for arguments in [
        &["refresh", "nyc"][..],
        &["status", "nyc"],
        &["quarantine", "nyc"],
        &["ingest", "nyc", "--file", "a.csv"],
    ] {
        assert_eq!(
            home.refused(1, arguments),
            "error: there is no dataset `nyc`; known datasets: events, llm_usage, nyc311, restaurant, \
             spending\n"
        );
    }
    let error = home.refused(1, &["ingest", "nyc311", "--table", "orders", "--file", "a.csv"]);
    assert_eq!(error, "error: dataset nyc311 has no table `orders`; it has requests\n");
}

/// A definition that is mended brings refused rows into silver, the old ones included.
#[test]
fn replay_judges_all_rows_by_the_mended_definition() {
    let home = Home::with_own_datasets();
    let rows = csv_of_keys(1..=20)
        + "\"1,021\",2026-02-14T12:00:00.000,Noise,BRONX\n\
           \"1,022\",2026-03-14T12:00:00.000,Noise,BRONX\n\
           x,2026-02-14T12:00:00.000,Noise,BRONX\n";
    home.write("lake/landing/nyc311/requests/a.csv", rows);
    home.fine(&["run"]);
    assert_eq!(home.balance(), [23, 20, 0, 3, 0]);
    assert_eq!(
        home.fine(&["quarantine", "nyc311", "--replay"]),
        "nyc311: 3 rows in quarantine before, 3 now; the definition is the one that they were \
         refused by: mend it first\n"
    );

    home.change(
        "datasets/nyc311/silver/requests.sql",
        "CASE WHEN TRANSLATE(unique_key, '+-0123456789', '') = '' THEN TRY_CAST(unique_key AS BIGINT) END",
        "TRY_CAST(REPLACE(unique_key, ',', '') AS BIGINT)",
    );
    assert_eq!(
        home.fine(&["quarantine", "nyc311", "--replay"]),
        "nyc311: 3 rows in quarantine before, 1 now\n"
    );
    assert_eq!(home.balance(), [23, 22, 0, 1, 0]);
    let moved = "SELECT unique_key, created_month FROM silver.nyc311_requests \
                 WHERE unique_key > 1000 ORDER BY 1";
    assert_eq!(home.select(moved), ["1021,2026-02", "1022,2026-03"]);
    assert_eq!(home.select("SELECT COUNT(*) FROM quarantine.nyc311_requests"), ["1"]);
    let march = "SELECT requests FROM gold.nyc311_agency_monthly WHERE month = '2026-03'";
    assert_eq!(home.select(march), ["1"]);

    // A stricter definition takes rows back.
    home.change(
        "datasets/nyc311/dataset.yaml",
        "      - rule: closed_before_created\n",
        "      - rule: key_is_small\n        range: {column: unique_key, max: 1021}\n        \
         on_violation: reject\n        reason: key is over 1021\n      - rule: closed_before_created\n",
    );
    assert_eq!(
        home.fine(&["quarantine", "nyc311", "--replay"]),
        "nyc311: 1 row in quarantine before, 2 now\n"
    );
    assert_eq!(home.balance(), [23, 21, 0, 2, 0]);
    assert_eq!(home.select(march), [""; 0]);
    assert_holds(&home.fine(&["runs"]), &["quarantine nyc311 --replay"]);
}

#[test]
fn a_row_without_a_key_is_refused_by_any_definition() {
    let home = Home::with_own_datasets();
    home.change(
        "datasets/nyc311/dataset.yaml",
        "      - rule: unique_key_is_integer\n        not_null: unique_key\n        \
         on_violation: reject\n        reason: unique_key is not an integer\n",
        "",
    );
    let keyless = ",2026-02-14T12:00:00.000,Noise,BRONX\n".repeat(2);
    home.write("a.csv", csv_of_keys(1..=20) + &keyless);
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    home.fine(&["refresh"]);
    assert_eq!(home.balance(), [22, 20, 0, 2, 0]);
    let rules = home.fine(&["quarantine", "nyc311"]);
    assert_holds(&rules, &["key_is_missing: 2 rows (a column of the key has no value)"]);
}

#[test]
fn a_wrong_condition_is_shown_with_its_rule() {
    let home = Home::with_own_datasets();
    let (file, good) = (
        "datasets/nyc311/dataset.yaml",
        "sql: closed_at >= created_at
",
    );
    for bad in [
        "sql: closed_att >= created_at
",
        "sql: closed_at >= >= created_at
",
    ] {
        home.change(file, good, bad);
        let error = home.refused(1, &["check"]);
        assert_holds(&error, &["dataset.yaml:86: ", "`closed_before_created` of requests"]);
        home.change(file, bad, good);
    }
}

/// A rule of a wrong type would only be found by the first rows, and end their refresh.
#[test]
fn a_condition_that_cannot_judge_rows_is_refused_before_there_are_any() {
    let home = Home::with_own_datasets();
    let (file, good) = ("datasets/nyc311/dataset.yaml", "sql: closed_at >= created_at\n");
    for (bad, parts) in [
        ("sql: resolution_hours\n", &["gives DOUBLE, not true or false: write a comparison"][..]),
        ("sql: agency\n", &["gives TEXT, not true or false"]),
        ("sql: is_weekend > 5\n", &["Boolean > Int64", ": mend its condition"]),
        ("sql: bronze.incident_zip > 10000\n", &["casts a text to BIGINT", "write TRY_CAST("]),
        ("sql: created_date > 'soon'\n", &["casts a text to DATE"]),
        ("sql: COUNT(*) > 0\n", &["looks beyond its row", "in the SQL of a mart"]),
        ("sql: created_at < now()\n", &["calls now or current_timestamp", "take times from"]),
    ] {
        home.change(file, good, bad);
        let error = home.refused(1, &["check"]);
        assert_holds(
            &error,
            &["dataset.yaml:86: the expectation `closed_before_created` of requests"],
        );
        assert_holds(&error, parts);
        assert_eq!(error.lines().count(), 1, "{error}");
        home.change(file, bad, good);
    }
    home.fine(&["check"]);
}

/// A backfill has to give again what is there.
#[test]
fn sql_that_gives_something_else_in_every_run_is_refused() {
    for (file, from, to, function) in [
        (
            "silver/requests.sql",
            "  latitude,\n",
            "  latitude + random() AS latitude,\n",
            "random or rand",
        ),
        ("silver/requests.sql", "  agency,\n", "  uuid() AS agency,\n", "uuid"),
        (
            "silver/requests.sql",
            "  CAST(created_at AS DATE) AS created_date",
            "  COALESCE(CAST(created_at AS DATE), CURRENT_DATE) AS created_date",
            "current_date or today",
        ),
        (
            "gold/hourly_pattern.sql",
            "COUNT(*) AS requests",
            "COUNT(*) + (SELECT CAST(random() AS BIGINT)) AS requests",
            "random or rand",
        ),
        (
            "gold/hourly_pattern.sql",
            "FROM silver.nyc311_requests\n",
            "FROM silver.nyc311_requests\nWHERE created_at < now()\n",
            "now or current_timestamp",
        ),
    ] {
        let home = Home::with_own_datasets();
        home.change(&format!("datasets/nyc311/{file}"), from, to);
        let error = home.refused(1, &["check"]);
        let calls = format!("nyc311/{file}: the SQL calls {function}, which gives something else");
        assert_holds(&error, &[&calls, "take times from columns of the data"]);
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_column_of_a_type_that_cannot_be_cast_is_named() {
    for (file, from, to, column) in [
        (
            "silver/requests.sql",
            "  CAST(created_at AS DATE) AS created_date",
            "  TRUE AS created_date",
            "created_date",
        ),
        (
            "gold/borough_daily.sql",
            "  created_date AS date",
            "  created_date IS NULL AS date",
            "date",
        ),
    ] {
        let home = Home::with_own_datasets();
        home.change(&format!("datasets/nyc311/{file}"), from, to);
        let error = home.refused(1, &["check"]);
        let told =
            format!("column `{column}` is declared as DATE, but the SQL selects it as BOOLEAN");
        assert_holds(&error, &[file, &told]);
    }
}

/// The engine compares types of some places only when it plans to the end.
#[test]
fn types_that_do_not_fit_anywhere_in_the_sql_are_found() {
    let home = Home::with_own_datasets();
    let fits = "  open_data_channel_type AS channel,\n";
    let does_not = "  CASE WHEN created_at > 5 THEN agency END AS channel,\n";
    home.change("datasets/nyc311/silver/requests.sql", fits, does_not);
    assert_holds(&home.refused(1, &["check"]), &["silver/requests.sql: ", "Timestamp"]);
}
