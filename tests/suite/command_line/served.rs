//! Portals that `smelt simulate --serve` serves, with everything that may befall their callers.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{Home, Ran, assert_holds};

/// A portal in a process of its own.
struct Served {
    child: Child,
    /// The variable that leads to it, and its URL.
    invitation: (String, String),
    said: Arc<Mutex<Vec<String>>>,
}

impl Served {
    /// Serves a dataset of a few rows until it is dropped.
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.start(&[&["simulate", "--serve"], arguments].concat());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let invitation = lines.find_map(|line| {
            let (variable, rest) = line.trim().split_once('=')?;
            let url = rest.split_whitespace().next()?;
            url.starts_with("http://").then(|| (variable.to_owned(), url.to_owned()))
        });
        let said = Arc::new(Mutex::new(Vec::new()));
        let saying = Arc::clone(&said);
        std::thread::spawn(move || lines.for_each(|line| saying.lock().unwrap().push(line)));
        Self { child, invitation: invitation.expect("it says where it serves"), said }
    }

    fn calling(&self, home: &Home, arguments: &[&str]) -> Command {
        let mut command = home.command(arguments);
        command.env(&self.invitation.0, &self.invitation.1);
        command
    }

    /// Runs what must succeed, and returns what it says.
    #[track_caller]
    fn fine(&self, home: &Home, arguments: &[&str]) -> String {
        let ran: Ran = self.calling(home, arguments).output().unwrap().into();
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        ran.err + &ran.out
    }

    /// What was said of faults.
    fn faults(&self) -> Vec<String> {
        self.said
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.starts_with("request "))
            .cloned()
            .collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// 308 requests of three days; with pages of a hundred, a load asks seven questions.
const REQUESTS: [&str; 5] = ["nyc311", "--days", "3", "--rows-per-day", "100"];
/// 1,837 payments of three fiscal years.
const PAYMENTS: [&str; 5] = ["spending", "--days", "1095", "--rows-per-day", "3"];

/// With pages so small that a load has a middle.
fn home_with_small_pages() -> Home {
    let home = Home::with_own_datasets();
    let resource = "resource: erm2-nwe9";
    let pages = format!("{resource}\n      page_rows: 100");
    home.change("datasets/nyc311/dataset.yaml", resource, &pages);
    home
}

#[test]
fn a_pull_gets_all_rows_of_a_portal_whose_answers_go_wrong() {
    let home = home_with_small_pages();
    let faults = [
        "--fault",
        "429=1@1",
        "--fault",
        "503@3",
        "--fault",
        "broken@5",
        "--fault",
        "early-end@8",
        "--fault",
        "slow=200ms@10..11",
    ];
    let portal = Served::start(&home, &[&REQUESTS[..], &faults].concat());
    let said = portal.fine(&home, &["ingest", "nyc311"]);
    let retry = "nyc311.portal: it answers 503 Service Unavailable; trying again in ";
    assert_holds(&said, &["nyc311.portal: 308 rows", retry]);
    let expected = [
        "request 1: 429=1",
        "request 3: 503",
        "request 5: broken",
        "request 8: early-end",
        "request 10: slow=200ms",
        "request 11: slow=200ms",
    ];
    assert_eq!(portal.faults(), expected);
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.balance()[0], 308);
    let keys = "SELECT COUNT(DISTINCT unique_key) FROM bronze.nyc311_requests";
    let untroubled = Home::new();
    let portal = Served::start(&untroubled, &REQUESTS);
    portal.fine(&untroubled, &["ingest", "nyc311"]);
    assert_eq!(home.select(keys), untroubled.select(keys));
}

#[test]
fn a_wait_for_a_portal_is_told_as_other_progress_is() {
    let home = Home::new();
    let told = |mode: &[&str]| {
        let portal = Served::start(&home, &[&REQUESTS[..], &["--fault", "429=1@1"]].concat());
        let test = [&["sources", "test", "nyc311"][..], mode].concat();
        let ran: Ran = portal.calling(&home, &test).output().unwrap().into();
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        ran.err
    };
    let wait = "it answers 429 Too Many Requests; trying again in 1.0 s (2 of 6)";
    assert_eq!(told(&[]), format!("nyc311.portal: {wait}\n"));
    assert_eq!(told(&["--quiet"]), "");
    let log = told(&["--json"]);
    let mut lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.find(|line| line["message"] == wait).expect("a line about the wait");
    assert_eq!(line["source"], "nyc311.portal");
    assert_eq!(line["wait_ms"], 1000);
}

#[test]
fn a_portal_that_has_several_rows_of_a_key_can_be_reconciled() {
    let home = home_with_small_pages();
    let portal = Served::start(&home, &["nyc311", "--days", "60", "--rows-per-day", "20"]);
    portal.fine(&home, &["ingest", "nyc311"]);
    home.fine(&["refresh", "nyc311"]);
    let repeated = "SELECT COUNT(*) - COUNT(DISTINCT unique_key) > 0 FROM bronze.nyc311_requests";
    assert_eq!(home.select(repeated), ["true"]);
    let said = portal.fine(&home, &["sources", "reconcile", "nyc311"]);
    assert_holds(&said, &["nyc311.portal: nothing was deleted there"]);
}

#[test]
fn chance_is_the_same_with_the_same_seed() {
    let pulled = |chance: &[&str]| {
        let home = home_with_small_pages();
        let portal = Served::start(&home, &[&REQUESTS[..], &["--seed", "4"], chance].concat());
        portal.fine(&home, &["ingest", "nyc311"]);
        let rows = home.select("SELECT unique_key FROM bronze.nyc311_requests ORDER BY unique_key");
        (rows, portal.faults())
    };
    let (rows, faults) = pulled(&["--fault-rate", "0.3"]);
    assert_eq!(pulled(&[]), (rows.clone(), vec![]));
    assert!(!faults.is_empty());
    assert_eq!(pulled(&["--fault-rate", "0.3"]), (rows, faults));
}

#[test]
fn a_dump_brings_what_pages_bring() {
    let rows = "SELECT * FROM silver.spending_payments ORDER BY payment_id";
    let pulled = |home: &Home, faults: &[&str]| {
        let portal = Served::start(home, &[&PAYMENTS[..], faults].concat());
        let said = portal.fine(home, &["ingest", "spending"]);
        assert_holds(&said, &["spending.checkbook: 1,837 rows"]);
        home.fine(&["refresh", "spending"]);
        let said = portal.fine(home, &["ingest", "spending"]);
        assert_holds(&said, &["spending.checkbook: nothing new"]);
        (home.select(rows), portal.faults())
    };
    let (by_pages, _) = pulled(&Home::new(), &[]);
    assert!(by_pages.len() > 1000, "{}", by_pages.len());
    let home = Home::with_own_datasets();
    let load = "load: snapshot";
    home.change("datasets/spending/dataset.yaml", load, &format!("{load}\n      fetch: dump"));
    // Before the first dump: the package, the state of its first resource, its count.
    let cut = ["--fault", "early-end@4", "--fault", "broken@5"];
    let (by_dump, faults) = pulled(&home, &cut);
    assert_eq!(faults, ["request 4: early-end", "request 5: broken"]);
    assert_eq!(by_dump, by_pages);
}

#[test]
fn columns_that_change_in_the_middle_of_a_load_lose_no_row() {
    let home = home_with_small_pages();
    let drifts = [
        "--drift",
        "new-column=weather@2",
        "--drift",
        "missing-column=borough@3",
        "--drift",
        "retyped-column=complaint_type@4",
    ];
    let portal = Served::start(&home, &[&REQUESTS[..], &drifts].concat());
    let said = portal.fine(&home, &["ingest", "nyc311"]);
    assert_holds(
        &said,
        &[
            "nyc311.portal: 308 rows",
            "warning: nyc311.portal: 108 of 308 rows came without the column `borough`",
            "warning: nyc311.portal: 8 of 308 rows came with objects in the column `complaint_type`",
            "warning: nyc311.portal: no row has the declared columns `agency_name`, `status`,",
        ],
    );
    assert_eq!(said.matches("warning: ").count(), 3, "{said}");
    home.fine(&["refresh", "nyc311"]);
    assert_eq!(home.balance()[0], 308);
    let counted = |what: &str| {
        let counted = home.select(&format!("SELECT {what} FROM bronze.nyc311_requests"));
        counted[0].parse::<u64>().unwrap()
    };
    assert_eq!(counted("COUNT(weather)"), 208);
    let with_borough = counted("COUNT(borough)");
    assert!((150..=200).contains(&with_borough), "{with_borough}");
    assert_eq!(counted("COUNT(*) FILTER (WHERE complaint_type LIKE '{\"value\":%')"), 8);
}

#[test]
fn columns_that_a_whole_load_lacks_are_told() {
    let home = Home::new();
    let drifts = ["--drift", "missing-column=Dept_Name@1", "--drift", "missing-column=Dept Name@1"];
    let portal = Served::start(&home, &[&PAYMENTS[..], &drifts].concat());
    let found = portal.fine(&home, &["sources", "test", "spending"]);
    assert!(!found.contains("missing"), "Phoenix's columns are not Boston's: {found}");
    let said = portal.fine(&home, &["ingest", "spending"]);
    let told =
        "warning: spending.checkbook: no row has the declared columns `dept_name`; they are null";
    assert_holds(&said, &["spending.checkbook: 1,837 rows", told]);
    assert_eq!(said.matches("warning: ").count(), 1, "{said}");
    let found = portal.fine(&home, &["sources", "test", "spending"]);
    assert_holds(&found, &["missing  dept_name (read as null)\n"]);
    assert_eq!(
        portal.fine(&home, &["ingest", "spending", "--full"]).matches("warning: ").count(),
        0
    );

    // Pulled from a portal that has it, then from one that has lost it.
    let home = Home::new();
    let whole = Served::start(&home, &PAYMENTS);
    let said = whole.fine(&home, &["ingest", "spending"]);
    assert_eq!(said.matches("warning: ").count(), 0, "{said}");
    let said = portal.fine(&home, &["ingest", "spending", "--full"]);
    assert_holds(&said, &["the column `dept_name`, which was there before, is gone (in `"]);
    assert_eq!(said.matches("warning: ").count(), 1, "{said}");
    let found = portal.fine(&home, &["sources", "test", "spending"]);
    assert_holds(&found, &["missing  dept_name (read as null, and was there before)"]);
    let said = whole.fine(&home, &["ingest", "spending", "--full"]);
    assert_eq!(said.matches("warning: ").count(), 0, "{said}");
}

#[test]
fn rows_that_come_and_move_under_a_load_are_read_and_those_that_go_are_found() {
    let home = home_with_small_pages();
    let rows = ["--drift", "rows-come=5@3", "--drift", "rows-move=7@4", "--drift", "rows-go=40@4"];
    let portal = Served::start(&home, &[&REQUESTS[..], &rows].concat());
    // The 40 rows that are gone had been read; the moved ones come again behind those that came.
    let said = portal.fine(&home, &["ingest", "nyc311"]);
    assert_holds(&said, &["nyc311.portal: 320 rows"]);
    home.fine(&["refresh", "nyc311"]);
    let keys = "SELECT COUNT(DISTINCT unique_key) FROM bronze.nyc311_requests";
    let untroubled = Home::new();
    Served::start(&untroubled, &REQUESTS).fine(&untroubled, &["ingest", "nyc311"]);
    assert_eq!(home.select(keys), untroubled.select(keys));
    let said = portal.fine(&home, &["sources", "reconcile", "nyc311"]);
    assert_holds(&said, &["rows deleted, found in 2024-01"]);
}

#[test]
fn a_copy_of_rows_that_change_under_it_is_made_anew() {
    let home = Home::with_own_datasets();
    let package = "package: checkbook-explorer";
    let pages = format!("{package}\n      page_rows: 100");
    home.change("datasets/spending/dataset.yaml", package, &pages);
    let rows = ["--drift", "rows-go=3@2", "--drift", "rows-come=1@4"];
    let portal = Served::start(&home, &[&PAYMENTS[..], &rows].concat());
    let mut attempts = 0;
    loop {
        attempts += 1;
        let pulled: Ran = portal.calling(&home, &["ingest", "spending"]).output().unwrap().into();
        if pulled.code == Some(0) {
            break;
        }
        assert_eq!(pulled.code, Some(1), "{pulled:#?}");
        assert_holds(&pulled.err, &["run again"]);
        assert!(attempts < 5, "{pulled:#?}");
    }
    assert!(attempts > 1, "nothing changed under the first pull");
    home.fine(&["refresh", "spending"]);
    // Whatever was read of a copy that failed does not count.
    let untroubled = Home::new();
    portal.fine(&untroubled, &["ingest", "spending"]);
    untroubled.fine(&["refresh", "spending"]);
    let rows = "SELECT * FROM silver.spending_payments ORDER BY payment_id";
    assert_eq!(home.select(rows), untroubled.select(rows));
}

/// Rows received, in silver, superseded and refused, of the first balance of a dataset.
fn balance_of(home: &Home, dataset: &str) -> [u64; 4] {
    let status = home.fine(&["status", dataset, "--format", "json"]);
    let status: Value = serde_json::from_str(&status).unwrap();
    let balance = &status[dataset]["balances"][0];
    ["bronze", "silver", "superseded", "quarantined"].map(|term| balance[term].as_u64().unwrap())
}

fn truth_of(home: &Home, dataset: &str) -> Value {
    let truth = std::fs::read(home.path(&format!("out/{dataset}/truth.json"))).unwrap();
    serde_json::from_slice(&truth).unwrap()
}

/// Asks all that the truth has answers to.
#[track_caller]
fn assert_checks_agree(home: &Home, truth: &Value) {
    let checks = truth["checks"].as_array().unwrap();
    assert!(checks.len() > 10, "{}", checks.len());
    for check in checks {
        let found = home.select(check["sql"].as_str().unwrap());
        // Of a text with a comma in it, CSV makes one in quotes.
        let found = found.concat().trim_matches('"').replace("\"\"", "\"");
        assert_eq!(found, check["expected"].as_str().unwrap(), "{}", check["what"]);
    }
}

#[test]
fn the_truth_about_a_portal_is_about_its_rows() {
    let home = Home::new();
    // Days enough for a file that comes twice, dirt enough for records that are no rows.
    let many = ["nyc311", "--days", "90", "--rows-per-day", "200", "--seed", "3"];
    home.fine(&[&["simulate"], &many[..], &["--out", "files"]].concat());
    let of_files = std::fs::read(home.path("files/nyc311/truth.json")).unwrap();
    let of_files: Value = serde_json::from_slice(&of_files).unwrap();
    let malformed = of_files["rows_refused"]["malformed"].as_u64().unwrap();
    assert!(malformed > 0 && of_files.to_string().contains("_copy.csv"), "{of_files}");

    let portal = Served::start(&home, &[&many[..], &["--out", "out"]].concat());
    assert!(!home.path("out/nyc311/requests").exists(), "the portal has what uploads had");
    portal.fine(&home, &["ingest", "nyc311"]);
    home.fine(&["refresh", "nyc311"]);
    let truth = truth_of(&home, "nyc311");
    let number = |name: &str| truth[name].as_u64().unwrap();
    let refused: u64 =
        truth["rows_refused"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(number("rows_received") + malformed, of_files["rows_received"].as_u64().unwrap());
    assert_eq!(
        balance_of(&home, "nyc311"),
        [number("rows_received"), number("rows_silver"), number("rows_superseded"), refused]
    );
    let daily = &truth["marts"]["daily_requests"];
    let counted = "SELECT COUNT(*), SUM(requests), SUM(closed) FROM gold.nyc311_daily_requests";
    let expected = format!("{},{},{}", daily["rows"], daily["requests"], daily["closed"]);
    assert_eq!(home.select(counted), [expected]);
}

#[test]
fn the_truth_about_a_portal_counts_the_uploads_beside_it() {
    let home = Home::new();
    let portal = Served::start(&home, &[&PAYMENTS[..], &["--out", "out"]].concat());
    portal.fine(&home, &["ingest", "spending"]);
    portal.fine(&home, &["ingest", "spending", "--file", "out/spending/payments"]);
    home.fine(&["refresh", "spending"]);
    assert_checks_agree(&home, &truth_of(&home, "spending"));
}

#[test]
fn the_truth_about_a_database_is_about_its_rows() {
    let home = Home::new();
    let url = format!("sqlite://{}", home.path("orders.sqlite").display());
    let kept_nowhere = ["--serve", "--days", "30", "--seed", "2", "--database", &url];
    let said = home.run(&[&["simulate", "restaurant"], &kept_nowhere[..]].concat()).err;
    assert_holds(&said, &["--out DIR would keep the truth"]);
    // What was simulated before goes.
    let filled = ["--serve", "--days", "30", "--out", "out", "--database", &url];
    home.fine(&[&["simulate", "restaurant"], &filled[..]].concat());
    assert!(!home.path("out/order_db.sqlite").exists(), "it is filled where it was told to be");
    let mut pull = home.command(&["ingest", "restaurant"]);
    let pulled: Ran = pull.env("ORDER_DB_URL", &url).output().unwrap().into();
    assert_eq!(pulled.code, Some(0), "{pulled:#?}");
    home.fine(&["refresh", "restaurant"]);
    assert_checks_agree(&home, &truth_of(&home, "restaurant"));
}

#[test]
fn what_cannot_go_wrong_is_told() {
    let home = Home::new();
    let serve = ["simulate", "nyc311", "--serve"];
    for (arguments, told) in [
        (["--fault", "200@1"], "`200` is no fault: expected one of 429"),
        (["--fault", "503"], "such as 503@5..8"),
        (["--fault-rate", "10"], "a share from 0 to 1"),
        (["--drift", "lost-column=borough@1"], "missing-column=NAME@PAGE"),
        (["--drift", "rows-go=some@1"], "rows-go=COUNT@PAGE"),
    ] {
        assert_holds(&home.refused(2, &[&serve[..], &arguments].concat()), &[told]);
    }
    let without_serve = ["simulate", "nyc311", "--out", "out", "--fault", "503@1"];
    assert_holds(&home.refused(2, &without_serve), &["--serve"]);
    let few = ["--days", "1", "--rows-per-day", "10", "--drift", "missing-column=weather@1"];
    let error = home.refused(1, &[&serve[..], &few].concat());
    assert_holds(&error, &["the portal has no column `weather`; it has", "unique_key"]);
    let drifting = ["--out", "out", "--drift", "missing-column=borough@1"];
    let error = home.refused(1, &[&serve[..], &drifting].concat());
    assert_holds(&error, &["there is no truth to keep: leave out --out"]);
}

#[test]
fn options_that_mean_nothing_for_a_dataset_are_arguments_that_are_wrong() {
    let home = Home::new();
    let for_portals = "is for portals (nyc311, spending)";
    for (arguments, told) in [
        (&["restaurant", "--serve", "--out", "out", "--fault", "503@1"][..], for_portals),
        (&["restaurant", "--serve", "--out", "out", "--port", "1234"], for_portals),
        (&["nyc311", "--serve", "--database", "sqlite://a.db"], "--database is for restaurant"),
        (&["spending", "--serve", "--files", "3"], "--files is for nyc311"),
        (&["events", "--out", "out", "--files", "3"], "--files is for nyc311"),
        (&["events", "--serve"], "events has uploads only"),
        (&["restaurant", "--serve", "--database", "postgres://u:s3cr3t@h/d"], "mariadb://"),
    ] {
        let error = home.refused(2, &[&["simulate"], arguments].concat());
        assert_holds(&error, &[told]);
        assert!(!error.contains("s3cr3t"), "{error}");
    }
    let url = "mariadb://smelt:s3cr3t@127.0.0.1:1/order_db";
    let error = home.refused(1, &["simulate", "restaurant", "--serve", "--database", url]);
    assert_holds(&error, &["filling the order database"]);
    assert!(!error.contains("unable to open") && !error.contains("s3cr3t"), "{error}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let few = ["simulate", "nyc311", "--serve", "--days", "1", "--rows-per-day", "10"];
    let error = home.refused(1, &[&few[..], &["--port", &port]].concat());
    let address = format!("cannot listen at 127.0.0.1:{port} (");
    assert_holds(&error, &[&address, "give another port with --port"]);
}
