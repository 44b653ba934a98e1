//! Schedules as Terraform makes them of the definitions, computed from its files: at the times that a definition says,
//! for the function that it is meant for, and with an input that this one understands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smelt_domain::{Cron, Dataset};
use smelt_runtime::{Event, WakeUp};
use smelt_stages::read_definitions;

use super::rights::{attribute, block};
use super::{evaluated, expression, local, module};
use crate::support::checkout;

/// What `dataset.yaml` says of schedules, as Terraform reads it: as it is written.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Definition {
    #[serde(default)]
    sources: BTreeMap<String, Source>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Source {
    schedule: Option<Written>,
    reconcile: Option<Written>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    cron: String,
    time_zone: String,
}

type Definitions = BTreeMap<String, Definition>;

fn definitions(folder: &Path) -> Definitions {
    let mut definitions = Definitions::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if let Ok(text) = std::fs::read_to_string(entry.path().join("dataset.yaml")) {
            let name = entry.file_name().into_string().unwrap();
            definitions.insert(name, serde_saphyr::from_str(&text).unwrap());
        }
    }
    definitions
}

/// The locals of `modules/definitions/schedules.tf`, with these definitions.
fn translated(definitions: &Definitions) -> Value {
    let path = checkout().join("infrastructure/modules/definitions/schedules.tf");
    let text = std::fs::read_to_string(path).unwrap();
    // A source without a schedule has a null here.
    let (asks, asks_here) = ("if can(source[purpose].cron)", "if source[purpose] != null");
    assert_eq!(text.matches(asks).count(), 1, "schedules.tf asks differently for schedules");
    let body = hcl::parse(&text.replace(asks, asks_here)).unwrap();
    let mut locals = json!({ "definitions": definitions });
    // What is made of others stands behind them.
    for name in
        ["weekdays", "day", "item", "scheduled", "weekday_fields", "expressions", "untranslatable"]
    {
        let names = json!({ "local": locals });
        locals[name] = evaluated::value(&local(&body, name), &names);
    }
    locals
}

/// `local.schedules` of `modules/smelt/schedules.tf`, with these definitions.
fn deployed(definitions: &Definitions) -> BTreeMap<String, Value> {
    let locals = translated(definitions);
    let outputs = module("definitions/outputs.tf");
    let output = |name: &str| {
        let value = attribute(&block(&outputs, "output", &[name]), "value");
        evaluated::value(&value, &json!({ "local": locals }))
    };
    let datasets: Vec<&String> = definitions.keys().collect();
    let of_definitions = json!({
        "sources": output("sources"),
        "reconciled": output("reconciled"),
        "datasets": datasets,
    });
    let variables = json!({
        "train_schedule": "cron(0 6 * * ? *)",
        "maintain_schedule": "cron(0 5 * * ? *)",
        "alert_schedule": "rate(1 hour)",
        "report_schedule": "cron(0 7 1 * ? *)",
        "time_zone": "Europe/Berlin",
    });
    let body = module("smelt/schedules.tf");
    let names = json!({ "var": variables, "module": { "definitions": of_definitions } });
    let of_datasets = evaluated::value(&local(&body, "dataset_schedules"), &names);
    let mut names = names;
    names["local"] = json!({ "dataset_schedules": of_datasets });
    let schedules = evaluated::value(&local(&body, "schedules"), &names);
    serde_json::from_value(schedules).unwrap()
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The values for which a field of a cron or of an expression of the scheduler stands.
fn values(field: &str, (first, last): (usize, usize), names: &[&str]) -> BTreeSet<usize> {
    let value = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        named.map_or_else(|| text.parse().unwrap(), |position| position + first)
    };
    let mut found = BTreeSet::new();
    for part in field.split(',') {
        let (part, step) = part.split_once('/').map_or((part, None), |(it, step)| (it, Some(step)));
        let (from, to) = match part.split_once('-') {
            _ if part == "*" || part == "?" => (first, last),
            Some((from, to)) => (value(from), value(to)),
            None if step.is_some() => (value(part), last),
            None => (value(part), value(part)),
        };
        let step = step.map_or(1, |step| step.parse().unwrap());
        found.extend((from..=to).step_by(step));
    }
    found
}

/// The values of minute, hour, day, month, and the days of the week from Sunday = 0.
fn times(fields: &[&str], first_day: usize) -> [BTreeSet<usize>; 5] {
    let [minute, hour, day, month, weekday] = fields else { panic!("{fields:?}") };
    // A cron counts Sunday twice.
    let last_day = if first_day == 0 { 7 } else { 7 + first_day - 1 };
    let weekdays = values(weekday, (first_day, last_day), &DAYS);
    [
        values(minute, (0, 59), &[]),
        values(hour, (0, 23), &[]),
        values(day, (1, 31), &[]),
        values(month, (1, 12), &MONTHS),
        weekdays.into_iter().map(|day| (day - first_day) % 7).collect(),
    ]
}

#[track_caller]
fn assert_same_times(expression: &str, cron: &str) {
    let inner = expression.strip_prefix("cron(").and_then(|it| it.strip_suffix(')')).unwrap();
    let fields: Vec<&str> = inner.split(' ').collect();
    let (year, fields) = fields.split_last().unwrap();
    assert_eq!(*year, "*", "{expression}");
    // One of the two days is no day, and only one.
    assert_eq!(fields.iter().filter(|field| **field == "?").count(), 1, "{expression}");
    let defined: Vec<&str> = cron.split_whitespace().collect();
    assert_eq!(times(fields, 1), times(&defined, 0), "{expression} for {cron}");
}

/// Schedules of sources by their name there: the function, the schedule, and the input.
fn expected(
    datasets: &[Dataset],
) -> BTreeMap<String, (&'static str, smelt_domain::Schedule, Value)> {
    let mut expected = BTreeMap::new();
    for dataset in datasets {
        for source in &dataset.sources {
            let (name, of) = (format!("{}-{}", dataset.name, source.name), &source.name);
            let input = json!({ "dataset": dataset.name.as_str(), "source": of.as_str() });
            let kinds = [
                ("ingest", "ingest", &source.schedule),
                ("reconcile", "maintain", &source.reconcile),
            ];
            for (kind, function, schedule) in kinds {
                if let Some(schedule) = schedule.clone() {
                    expected.insert(format!("{kind}-{name}"), (function, schedule, input.clone()));
                }
            }
        }
    }
    expected
}

#[test]
fn sources_are_pulled_and_reconciled_when_their_definitions_say() {
    let folder = checkout().join("datasets");
    let expected = expected(&read_definitions(&folder).unwrap());
    let deployed = deployed(&definitions(&folder));
    let is_of_a_source =
        |name: &&String| name.starts_with("ingest-") || name.starts_with("reconcile-");
    let names: Vec<&String> = deployed.keys().filter(is_of_a_source).collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>());
    for kind in ["ingest-", "reconcile-"] {
        assert!(names.iter().any(|name| name.starts_with(kind)), "no {kind}…: {names:?}");
    }
    for (name, (function, schedule, input)) in expected {
        let found = &deployed[&name];
        assert_eq!(found["function"], function, "{name}");
        assert_eq!(found["time_zone"], schedule.time_zone.as_str(), "{name}");
        assert_same_times(found["expression"].as_str().unwrap(), schedule.cron.as_str());
        let sent: Value = serde_json::from_str(found["input"].as_str().unwrap()).unwrap();
        assert_eq!(sent, input, "{name}");
    }
}

#[test]
fn datasets_have_schedules_of_their_own_that_functions_understand() {
    let deployed = deployed(&definitions(&checkout().join("datasets")));
    for (name, schedule) in &deployed {
        let input: Value = serde_json::from_str(schedule["input"].as_str().unwrap()).unwrap();
        let message = Event::read(&input).messages.remove(0);
        let wake_ups = message.content.unwrap_or_else(|error| panic!("{name}: {input}: {error}"));
        assert!(matches!(wake_ups[..], [WakeUp::Asked(_)]), "{name}: {input}");
    }
    for dataset in read_definitions(&checkout().join("datasets")).unwrap() {
        for (kind, function) in
            [("train", "train"), ("maintain", "maintain"), ("alert", "alert"), ("report", "train")]
        {
            let schedule = &deployed[&format!("{kind}-{}", dataset.name)];
            assert_eq!(schedule["function"], function, "{kind} of {}", dataset.name);
            // The function takes the month before by UTC, so the first of a month has to be one there.
            let zone = if kind == "report" { "UTC" } else { "Europe/Berlin" };
            assert_eq!(schedule["time_zone"], zone, "{kind} of {}", dataset.name);
        }
    }
}

#[test]
fn the_scheduler_is_given_what_was_computed() {
    let body = module("smelt/schedules.tf");
    let schedule = block(&body, "resource", &["aws_scheduler_schedule", "this"]);
    let target = block(&schedule, "target", &[]);
    for (found, expected) in [
        (attribute(&schedule, "for_each"), "local.schedules"),
        (attribute(&schedule, "schedule_expression"), "each.value.expression"),
        (attribute(&schedule, "schedule_expression_timezone"), "each.value.time_zone"),
        (attribute(&target, "arn"), "aws_lambda_alias.live[each.value.function].arn"),
        (attribute(&target, "input"), "each.value.input"),
    ] {
        assert_eq!(found, expression(expected));
    }
}

/// Crons, and what the scheduler is told; nothing where it has no words for them.
const CRONS: [(&str, Option<&str>); 37] = [
    ("* * * * *", Some("cron(* * * * ? *)")),
    ("0 3 * * *", Some("cron(0 3 * * ? *)")),
    ("*/15 */2 * */3 *", Some("cron(0/15 0/2 * 1/3 ? *)")),
    ("0 0 */2 * *", Some("cron(0 0 1/2 * ? *)")),
    ("30 6 1,15 * *", Some("cron(30 6 1,15 * ? *)")),
    ("0,20,40 8-18,22 1-7 * *", Some("cron(0,20,40 8-18,22 1-7 * ? *)")),
    ("0 7 * * 1-5", Some("cron(0 7 ? * MON,TUE,WED,THU,FRI *)")),
    ("0 7 * * 0", Some("cron(0 7 ? * SUN *)")),
    ("0 7 * * 7", Some("cron(0 7 ? * SUN *)")),
    ("0 7 * * 6,7", Some("cron(0 7 ? * SAT,SUN *)")),
    ("0 7 * * 6-7", Some("cron(0 7 ? * SAT,SUN *)")),
    ("0 7 * * 0-7", Some("cron(0 7 ? * SUN,MON,TUE,WED,THU,FRI,SAT *)")),
    ("0 7 * JAN MON-WED,sat", Some("cron(0 7 ? JAN MON-WED,sat *)")),
    ("0 7 * jan-mar,12 *", Some("cron(0 7 * jan-mar,12 ? *)")),
    ("0 7 * */6 SUN-SAT", Some("cron(0 7 ? 1/6 SUN-SAT *)")),
    ("59 23 31 12 *", Some("cron(59 23 31 12 ? *)")),
    // Steps, but for those of everything.
    ("10-40/5 * * * *", None),
    ("3/7 * * * *", None),
    ("0 0-23/2 * * *", None),
    ("*/15,50 * * * *", None),
    ("50,*/15 * * * *", None),
    ("0 0 1-31/2 * *", None),
    ("*/0 * * * *", None),
    ("0 3 * * */2", None),
    ("0 3 * * 1-5/2", None),
    // Everything and something else.
    ("0 *,5 * * *", None),
    ("0 3 * * *,1", None),
    // From a number to a name, and backwards.
    ("0 3 * 1-MAR *", None),
    ("0 3 * JAN-3 *", None),
    ("0 3 * * 1-FRI", None),
    ("0 3 * * MON-5", None),
    ("0 3 * * 5-1", None),
    ("0 3 * * FRI-MON", None),
    ("0 3 * * SAT-SUN", None),
    // Both days.
    ("0 3 1 * 1", None),
    ("0 3 */2 * MON", None),
    // Words of other schedulers.
    ("0 3 * * MON#1", None),
];

fn source(cron: &str) -> Source {
    let written = Written { cron: cron.to_owned(), time_zone: "UTC".to_owned() };
    Source { schedule: Some(written), reconcile: None }
}

#[test]
fn a_definition_takes_what_the_scheduler_can_say() {
    let numbered = CRONS.iter().enumerate();
    let sources = numbered.map(|(number, (cron, _))| (format!("s{number}"), source(cron)));
    let definition = Definition { sources: sources.collect() };
    let locals = translated(&Definitions::from([("late".to_owned(), definition)]));
    let untranslatable = locals["untranslatable"].as_array().unwrap();
    for (number, (cron, expected)) in CRONS.iter().enumerate() {
        let told = json!(format!("late.s{number}: {cron}"));
        assert_eq!(untranslatable.contains(&told), expected.is_none(), "Terraform: {cron}");
        let parsed = cron.parse::<Cron>();
        assert_eq!(parsed.is_ok(), expected.is_some(), "smelt check: {cron}: {parsed:?}");
        if let Some(expected) = expected {
            let found = &locals["expressions"][format!("schedule-late-s{number}")];
            assert_eq!(found, expected, "{cron}");
            assert_same_times(expected, cron);
        }
    }
}

#[test]
fn definitions_of_the_modules_own_tests_are_refused_and_taken_as_there() {
    let tests = checkout().join("infrastructure/modules/definitions/tests");
    let crons = |folder: &str| {
        let definitions = definitions(&tests.join(folder)).into_values();
        let sources = definitions.flat_map(|definition| definition.sources.into_values());
        let written = sources.flat_map(|source| [source.schedule, source.reconcile]).flatten();
        written.map(|written| written.cron).collect::<Vec<_>>()
    };
    let (taken, refused) = (crons("datasets"), crons("untranslatable"));
    assert!(taken.len() > 5 && refused.len() > 1, "{taken:?}, {refused:?}");
    for cron in taken {
        assert!(cron.parse::<Cron>().is_ok(), "{cron}");
    }
    for cron in refused {
        assert!(cron.parse::<Cron>().is_err(), "{cron}");
    }
}
