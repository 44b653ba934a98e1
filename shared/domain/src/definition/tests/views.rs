//! Views: named questions.

use super::*;

const MARTS: &str = "marts:\n  daily:\n";
const VIEWS: &str = "views:
  trend:
    description: orders by month
    from: daily
    ask: group=day.month&aggregate=sum(orders)
marts:
  daily:
";

fn yaml(part: &str, replacement: &str) -> String {
    assert!(VIEWS.contains(part), "{part}");
    RIGHT.replace(MARTS, &VIEWS.replacen(part, replacement, 1))
}

#[test]
fn views() {
    let dataset = parsed(&yaml("", ""));
    let [trend] = dataset.views.as_slice() else { panic!("{:?}", dataset.views) };
    assert_eq!((trend.name.as_str(), trend.table.as_str()), ("trend", "daily"));
    assert_eq!(trend.query, "group=day.month&aggregate=sum(orders)");
    let of_forecast = parsed(&yaml("from: daily", "from: forecast"));
    assert_eq!(of_forecast.views[0].table.as_str(), "forecast");
}

#[test]
fn a_view_asks_something_that_is_there() {
    for (part, replacement, problem) in [
        (
            "from: daily",
            "from: dialy",
            "view `trend` asks `dialy`, which is no mart: did you mean `daily`?",
        ),
        ("    ask: group=day.month&aggregate=sum(orders)\n", "", "view `trend` has no `ask`"),
        ("    description: orders by month\n", "", "view `trend` has no `description`"),
    ] {
        let problems = displayed(&files(&yaml(part, replacement)));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(problem), "{problems:?}");
    }
}
