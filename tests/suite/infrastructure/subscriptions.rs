//! Severities that somebody may subscribe to are those that alerts have: a filter by another name matches none, and
//! whoever has it is never told.

use std::collections::BTreeSet;

use smelt_domain::Severity;

use super::{field, items, module, names, texts};
use crate::support::checkout;

#[test]
fn only_severities_of_alerts_are_taken() {
    let body = module("smelt/variables_access.tf");
    let variable = body.blocks().find(|it| it.labels()[0].as_str() == "alert_subscriptions");
    let validations = variable.unwrap().body().blocks();
    let conditions =
        validations.map(|it| it.body().attributes().next().unwrap().expr().to_string());
    let condition = conditions.filter(|it| it.contains("severities")).collect::<String>();
    let quoted = condition.split('"').skip(1).step_by(2);
    let taken: BTreeSet<String> = quoted.map(str::to_owned).collect();
    let severities = [Severity::Info, Severity::Warning, Severity::Critical];
    assert_eq!(taken, severities.map(|it| it.to_string()).into(), "{condition}");
}

#[test]
fn examples_subscribe_to_severities_of_alerts() {
    for file in [
        "infrastructure/environments/dev/terraform.tfvars.example",
        "infrastructure/environments/prod/terraform.tfvars.example",
        "tools/terraform/scenarios/most.tfvars",
    ] {
        let text = std::fs::read_to_string(checkout().join(file)).unwrap();
        let values = hcl::parse(&text).unwrap();
        let given = values.attributes().find(|it| it.key() == "alert_subscriptions").unwrap();
        let subscriptions = items(given.expr());
        let with = subscriptions.iter().filter(|it| names(it).contains("severities"));
        let severities: Vec<String> = with.flat_map(|it| texts(&field(it, "severities"))).collect();
        assert!(!severities.is_empty(), "{file} shows no filter");
        for severity in severities {
            assert!(severity.parse::<Severity>().is_ok(), "{file}: {severity}");
        }
    }
}
