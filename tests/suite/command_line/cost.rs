//! What a month on AWS costs.

use serde_json::Value;

use super::{Home, assert_holds};
use crate::support::checkout;

#[test]
fn a_month_is_paid_for_by_what_was_measured_and_by_ones_own_volumes() {
    let home = Home::new();
    let json = |arguments: &[&str]| -> Value {
        let told = home.fine(&[&["cost", "--format", "json"], arguments].concat());
        serde_json::from_str(&told).unwrap()
    };
    let bill = json(&[]);
    let paid: f64 =
        bill["payers"].as_array().unwrap().iter().map(|p| p["total"].as_f64().unwrap()).sum();
    let total = bill["total"].as_f64().unwrap();
    assert!(total > 0.0 && (paid - total).abs() < 1e-9, "{bill}");
    let volumes = checkout().join("infrastructure/cost/volumes.yaml");
    let volumes = std::fs::read_to_string(volumes).unwrap();
    home.write("mine.yaml", volumes.replace("api_requests: 20000", "api_requests: 2000000"));
    assert!(json(&["--volumes", "mine.yaml"])["total"].as_f64().unwrap() > total);
    let told = home.fine(&["cost"]);
    assert_holds(&told, &["A month in US dollars", "Lambda compute", "units x price"]);
    home.write("wrong.yaml", "datasets: {}\nmoon: 1\n");
    let error = home.refused(1, &["cost", "--volumes", "wrong.yaml"]);
    assert_holds(&error, &["wrong.yaml does not hold the volumes"]);
}
