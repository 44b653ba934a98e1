//! `smelt demo`: what it simulates, checks and leaves behind.

use serde_json::Value;

use super::{Home, assert_holds};

#[test]
fn a_demo_agrees_with_its_truth_and_leaves_no_file_where_none_is_taken_in() {
    let home = Home::new();
    let few = ["demo", "nyc311", "spending", "restaurant", "--days", "30", "--rows-per-day", "40"];
    assert_holds(&home.fine(&few), &["Everything agrees with the truth"]);
    let stages = |uploads: &str| -> Vec<(String, String)> {
        let uploads: Vec<Value> = serde_json::from_str(uploads).unwrap();
        let text = |upload: &Value, name: &str| upload[name].as_str().unwrap().to_owned();
        uploads.iter().map(|upload| (text(upload, "stage"), text(upload, "key"))).collect()
    };
    let uploads = stages(&home.fine(&["uploads", "--format", "json"]));
    assert!(uploads.iter().any(|(stage, _)| stage == "published"), "{uploads:?}");
    assert!(uploads.iter().all(|(stage, _)| stage != "misplaced"), "{uploads:?}");
    // What was simulated is known again, and what was served as well.
    assert_holds(&home.fine(&few), &["Everything agrees with the truth"]);
    let other = [&few[..], &["--seed", "8"]].concat();
    assert_holds(&home.refused(1, &other), &["holds another simulation"]);
}
