//! The datasets that smelt ships with are valid.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use smelt_domain::{ColumnName, Dataset, DefinitionFiles, parse_dataset};

fn shipped(name: &str) -> Dataset {
    // Asked when the test runs: clones share what was compiled.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the test");
    let folder = Path::new(&manifest).join("../../datasets").join(name);
    let mut files = BTreeMap::new();
    for part in ["", "silver", "gold"] {
        for entry in fs::read_dir(folder.join(part)).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_file() {
                let relative = path.strip_prefix(&folder).expect("the entry is in the folder");
                let text = fs::read_to_string(&path).expect("the file is UTF-8");
                files.insert(relative.to_string_lossy().replace('\\', "/"), text);
            }
        }
    }
    parse_dataset(&DefinitionFiles { folder: format!("datasets/{name}"), files })
        .unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn nyc311() {
    let nyc311 = shipped("nyc311");
    let requests = nyc311.table(&"requests".parse().expect("a name")).expect("the table");
    assert_eq!(requests.columns.len(), 23);
    assert_eq!(requests.key.len(), 1);
    assert_eq!(requests.partition.as_ref().map(ColumnName::as_str), Some("created_month"));
    let predicates: Vec<String> =
        requests.expectations.iter().map(|rule| rule.predicate()).collect();
    assert_eq!(predicates[0], "unique_key IS NOT NULL");
    assert_eq!(predicates[2], "COALESCE((closed_at >= created_at\n), TRUE)");
    let marts: Vec<&str> = nyc311.marts.iter().map(|mart| mart.name.as_str()).collect();
    assert_eq!(marts, ["daily_requests", "borough_daily", "hourly_pattern", "agency_monthly"]);
    assert!(
        nyc311.marts.iter().all(|mart| mart.driver == requests.name && mart.lookups.is_empty())
    );
}
