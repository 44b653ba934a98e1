//! What Terraform sets up is what the functions are: variables, rights, filters of notifications and
//! inputs of schedules, compared with the code.

mod environments;
mod evaluated;
mod rights;
mod schedules;
mod subscriptions;
mod watching;

use std::collections::BTreeSet;
use std::path::PathBuf;

use hcl::expr::{Expression, ObjectKey};
use hcl::{Attribute, Body};
use serde_json::{Value, json};
use smelt_alert::AlertContext;
use smelt_api::ApiContext;
use smelt_domain::{LakeKey, landing_prefix};
use smelt_gold::GoldContext;
use smelt_ingest::IngestContext;
use smelt_maintain::MaintainContext;
use smelt_runtime::{COMMON, Context, Event, WakeUp};
use smelt_silver::SilverContext;
use smelt_stages::read_definitions;
use smelt_train::TrainContext;

use crate::support::checkout;

const FUNCTIONS: [&str; 7] = ["alert", "api", "gold", "ingest", "maintain", "silver", "train"];

fn module(file: &str) -> Body {
    let path: PathBuf = checkout().join("infrastructure/modules").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    hcl::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An expression as it would stand in a file.
fn expression(text: &str) -> Expression {
    let body = hcl::parse(&format!("it = {text}\n")).unwrap_or_else(|e| panic!("{text}: {e}"));
    body.attributes().next().map(Attribute::expr).cloned().unwrap_or_else(|| panic!("{text}"))
}

/// A value of the `locals` of a file.
fn local(body: &Body, name: &str) -> Expression {
    let locals = body.blocks().filter(|block| block.identifier() == "locals");
    let mut attributes = locals.flat_map(|block| block.body().attributes());
    let found = attributes.find(|attribute| attribute.key() == name);
    found.map(Attribute::expr).cloned().unwrap_or_else(|| panic!("there is no local {name}"))
}

fn fields(object: &Expression) -> Vec<(String, Expression)> {
    let Expression::Object(object) = object else { panic!("{object:?} is no object") };
    let name = |key: &ObjectKey| match key {
        ObjectKey::Identifier(name) => name.to_string(),
        other => other.to_string().trim_matches('"').to_owned(),
    };
    object.iter().map(|(key, value)| (name(key), value.clone())).collect()
}

fn field(object: &Expression, name: &str) -> Expression {
    let found = fields(object).into_iter().find(|(found, _)| found == name);
    found.unwrap_or_else(|| panic!("there is no field {name} in {object:?}")).1
}

fn names(object: &Expression) -> BTreeSet<String> {
    fields(object).into_iter().map(|(name, _)| name).collect()
}

fn text(expression: &Expression) -> String {
    match expression {
        Expression::String(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    }
}

fn items(list: &Expression) -> Vec<Expression> {
    let Expression::Array(items) = list else { panic!("{list:?} is no list") };
    items.clone()
}

fn texts(list: &Expression) -> BTreeSet<String> {
    items(list).iter().map(text).collect()
}

/// A function as `local.functions` has it.
struct Declared {
    name: &'static str,
    fields: Expression,
}

impl Declared {
    fn of<C: Context>() -> Self {
        let functions = local(&module("smelt/functions.tf"), "functions");
        Self { name: C::FUNCTION.name, fields: field(&functions, C::FUNCTION.name) }
    }

    fn texts(&self, name: &str) -> BTreeSet<String> {
        texts(&field(&self.fields, name))
    }

    /// Prefix and suffix of the notifications that wake it.
    fn wakes(&self) -> Vec<(String, String)> {
        let wake = |wake: &Expression| (text(&field(wake, "prefix")), text(&field(wake, "suffix")));
        items(&field(&self.fields, "wakes")).iter().map(wake).collect()
    }
}

fn is_as_the_code_has_it<C: Context>() {
    let declared = Declared::of::<C>();
    let name = declared.name;

    let common = names(&local(&module("smelt/functions.tf"), "common_environment"));
    let expected: BTreeSet<String> = COMMON.iter().map(|v| v.name.to_owned()).collect();
    assert_eq!(common, expected, "variables of every function");
    let own = names(&field(&declared.fields, "environment"));
    let expected: BTreeSet<String> = C::VARIABLES.iter().map(|v| v.name.to_owned()).collect();
    assert_eq!(own, expected, "variables of {name}");

    let writes: BTreeSet<String> = C::FUNCTION.writes.iter().map(|f| (*f).to_owned()).collect();
    assert_eq!(declared.texts("writes"), writes, "what {name} writes");
    let deletes = declared.texts("deletes");
    assert!(deletes.is_subset(&writes), "{name} deletes only where it writes");

    for (prefix, _) in declared.wakes() {
        let folder = prefix.trim_end_matches('/');
        assert!(!writes.contains(folder), "{name} would wake itself by writing to {prefix}");
        assert!(declared.texts("reads").contains(folder), "{name} is told of {prefix}");
    }
}

#[test]
fn functions_have_the_rights_and_variables_that_their_code_needs() {
    let declared = names(&local(&module("smelt/functions.tf"), "functions"));
    assert_eq!(declared, FUNCTIONS.map(str::to_owned).into());
    is_as_the_code_has_it::<AlertContext>();
    is_as_the_code_has_it::<ApiContext>();
    is_as_the_code_has_it::<GoldContext>();
    is_as_the_code_has_it::<IngestContext>();
    is_as_the_code_has_it::<MaintainContext>();
    is_as_the_code_has_it::<SilverContext>();
    is_as_the_code_has_it::<TrainContext>();
}

/// Keys that the code makes, and who is to be woken by them.
fn keys() -> Vec<(String, Option<&'static str>)> {
    let mut keys = Vec::new();
    for dataset in read_definitions(&checkout().join("datasets")).unwrap() {
        let commit = |id: smelt_domain::TableId| format!("{}/_delta_log/{:020}.json", id.path(), 7);
        for table in &dataset.tables {
            let landing = landing_prefix(&dataset.name, &table.name);
            keys.push((format!("{landing}/an export.csv.gz"), Some("ingest")));
            keys.push((commit(dataset.bronze_id(&table.name)), Some("silver")));
            keys.push((commit(dataset.silver_id(&table.name)), Some("gold")));
            keys.push((commit(dataset.quarantine_id(&table.name)), None));
            let silver = dataset.silver_id(&table.name).path();
            keys.push((format!("{silver}/x=1/0192.parquet"), None));
            keys.push((format!("{silver}/_delta_log/{:020}.checkpoint.parquet", 19), None));
            keys.push((format!("{silver}/_delta_log/_last_checkpoint"), None));
        }
        for mart in &dataset.marts {
            keys.push((commit(dataset.gold_id(&mart.name)), Some("alert")));
            keys.push((smelt_domain::published_latest_path(&dataset.name, &mart.name), None));
        }
        keys.push((commit(dataset.outbox_id()), None));
    }
    let run = "20261128T030005Z-3f9a2c".parse().unwrap();
    keys.push((smelt_domain::failure_path(&run), Some("alert")));
    keys.push((smelt_domain::run_report_path(&run), None));
    keys.push((smelt_domain::lineage_path(&run), None));
    keys
}

#[test]
fn notifications_wake_the_function_that_a_key_is_for() {
    let declared = [
        Declared::of::<IngestContext>(),
        Declared::of::<SilverContext>(),
        Declared::of::<GoldContext>(),
        Declared::of::<AlertContext>(),
        Declared::of::<TrainContext>(),
        Declared::of::<ApiContext>(),
        Declared::of::<MaintainContext>(),
    ];
    for (key, expected) in keys() {
        let is_woken = |declared: &&Declared| {
            let mut wakes = declared.wakes().into_iter();
            wakes.any(|(prefix, suffix)| key.starts_with(&prefix) && key.ends_with(&suffix))
        };
        let woken: Vec<&str> = declared.iter().filter(is_woken).map(|it| it.name).collect();
        assert_eq!(woken, Vec::from_iter(expected), "{key}");
        let means_something = LakeKey::parse(&key).unwrap() != LakeKey::Other;
        assert!(means_something || expected.is_none(), "{key}");
    }
}

/// The keys of the JSON objects that schedules send.
fn inputs() -> Vec<BTreeSet<String>> {
    let path = checkout().join("infrastructure/modules/smelt/schedules.tf");
    let text = std::fs::read_to_string(path).unwrap();
    let inputs = text.match_indices("jsonencode({").map(|(start, _)| {
        let rest = &text[start + "jsonencode({".len()..];
        let (fields, _) = rest.split_once("})").unwrap();
        let name = |field: &str| field.split_once('=').unwrap().0.trim().to_owned();
        fields.split(',').map(name).collect()
    });
    inputs.collect()
}

#[test]
fn schedules_send_what_functions_understand() {
    let inputs = inputs();
    let expected = "for pulls, for reconciliations, for datasets, for reports";
    assert_eq!(inputs.len(), 4, "{expected}: {inputs:?}");
    for names in inputs {
        let input: Value = names.iter().map(|name| (name.clone(), json!("nyc311"))).collect();
        let message = Event::read(&input).messages.remove(0);
        let wake_ups = message.content.unwrap_or_else(|error| panic!("{input}: {error}"));
        assert!(matches!(wake_ups[..], [WakeUp::Asked(_)]), "{input}");
    }
}

#[test]
fn tables_and_freshness_are_read_from_the_fields_that_definitions_have() {
    let path = checkout().join("infrastructure/modules/definitions/main.tf");
    let text = std::fs::read_to_string(path).unwrap();
    for field in ["tables", "marts", "stale_after_hours"] {
        assert!(text.contains(field), "{field}");
    }
    let datasets = read_definitions(&checkout().join("datasets")).unwrap();
    assert!(datasets.iter().flat_map(|d| &d.tables).any(|t| t.stale_after_hours.is_some()));
}

/// Who looks whether the API lives, or how it is used, has no token; each path needs a route of its own, or falls to
/// the one that asks.
#[test]
fn the_gateway_asks_for_no_token_where_nobody_has_one() {
    let declared = local(&module("smelt/api.tf"), "routes");
    let routes = |checks: bool| {
        evaluated::value(&declared, &json!({ "local": { "gateway_checks": checks } }))
    };
    let checked = routes(true);
    assert_eq!(checked["ANY /{proxy+}"], true);
    for open in ["GET /health", "GET /health/ready", "GET /openapi.json", "GET /docs"] {
        assert_eq!(checked[open], false, "{open}: {checked}");
    }
    let unchecked = routes(false);
    assert!(unchecked.as_object().unwrap().values().all(|asks| *asks == false), "{unchecked}");
}

/// What functions touched when they ran from end to end, as `make e2e` recorded it.
#[test]
fn rights_are_those_that_are_used() {
    let path = checkout().join("infrastructure/touched.json");
    let touched: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let of = |name: &str, what: &str| -> BTreeSet<String> {
        let listed = touched[name][what].as_array().unwrap_or_else(|| panic!("{name}.{what}"));
        listed.iter().map(|folder| folder.as_str().unwrap().to_owned()).collect()
    };
    let functions = local(&module("smelt/functions.tf"), "functions");
    for name in FUNCTIONS {
        let declared = Declared { name, fields: field(&functions, name) };
        let (reads, writes) = (declared.texts("reads"), declared.texts("writes"));
        assert!(of(name, "reads").is_subset(&reads), "{name} reads {:?}", of(name, "reads"));
        assert!(of(name, "writes").is_subset(&writes), "{name} writes {:?}", of(name, "writes"));
        let deletes = declared.texts("deletes");
        assert!(of(name, "deletes").is_subset(&deletes), "{name} deletes");
        let listable: BTreeSet<String> = reads.union(&writes).cloned().collect();
        assert!(of(name, "lists").is_subset(&listable), "{name} lists {:?}", of(name, "lists"));
    }
}
