//! Models that learn from tables and marts.

use super::*;
use crate::{Scale, Task};

const MARTS: &str = "marts:\n  daily:\n";
const MODELS: &str = "models:
  alike:
    description: notes that are alike
    clusters: {from: daily, names: [note], features: {orders: log, revenue: linear}}
  high:
    description: high orders
    classifier: {from: orders, texts: [note], value: id, time: day}
marts:
  daily:
";
const COLUMNS: &str = "columns: {day: DATE, orders: BIGINT,";

fn yaml(part: &str, replacement: &str) -> String {
    assert!(MODELS.contains(part), "{part}");
    let with_note = RIGHT.replace(COLUMNS, "columns: {day: DATE, note: TEXT, orders: BIGINT,");
    with_note.replace(MARTS, &MODELS.replacen(part, replacement, 1))
}

#[track_caller]
fn assert_model_problem(part: &str, replacement: &str, problem: &str) {
    let problems = displayed(&files(&yaml(part, replacement)));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].ends_with(problem), "{problems:?}");
}

#[test]
fn models() {
    let dataset = parsed(&yaml("", ""));
    let [alike, high] = dataset.models.as_slice() else { panic!("{:?}", dataset.models) };
    let Task::Clusters(clusters) = &alike.task else { panic!("{alike:?}") };
    assert_eq!(clusters.features[0].1, Scale::Log);
    assert_eq!(clusters.newest, None);
    let Task::Classifier(classifier) = &high.task else { panic!("{high:?}") };
    assert_eq!((classifier.value.as_str(), classifier.high_from), ("id", 0.75));
    let other = parsed(&yaml("orders: log", "orders: linear"));
    assert_ne!(alike.definition_hash, other.models[0].definition_hash);
    assert_eq!(high.definition_hash, other.models[1].definition_hash);
    assert_eq!(Scale::Log.of(100.0), 2.0);
    assert!(Scale::Log.of(0.0).is_nan());
}

#[test]
fn wrong_models() {
    assert_model_problem(
        "  alike:",
        "  daily:",
        "model `daily` has the name of a mart: choose another: forecasts are called as their marts are",
    );
    assert_model_problem(
        "from: daily",
        "from: dayly",
        "`from` names `dayly`, which is not a mart of this dataset: did you mean `daily`?",
    );
    assert_model_problem(
        "names: [note]",
        "names: [orders]",
        "`names` names `orders`, which is BIGINT: name a column that is TEXT",
    );
    assert_model_problem(
        "orders: log",
        "orders: logarithm",
        "`orders` is `logarithm`: expected one of linear, log",
    );
    assert_model_problem(
        "texts: [note]",
        "texts: [nots]",
        "`texts` names the column `nots`, which is not declared: did you mean `note`?",
    );
    assert_model_problem(
        "time: day",
        "time: note",
        "`time` names `note`, which is TEXT: name a column that is a DATE or a TIMESTAMP",
    );
    assert_model_problem(
        "time: day}",
        "time: day, high_from: 75}",
        "`high_from` is 75: write a share from 0.01 to 0.99",
    );
    assert_model_problem(
        "    clusters: {from: daily, names: [note], features: {orders: log, revenue: linear}}\n",
        "",
        "model `alike` is not one of `clusters` and `classifier`: write exactly one of them",
    );
}
