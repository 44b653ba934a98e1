//! What the module can be told, `terraform.tfvars` of an environment can say: a lever that an environment does not
//! pass on is one that nobody can pull.

use std::collections::{BTreeMap, BTreeSet};

use hcl::Body;
use hcl::expr::Expression;

use super::rights::block;
use super::{expression, text};
use crate::support::checkout;

const ENVIRONMENTS: [&str; 2] = ["dev", "prod"];

/// What makes an environment one, and stands in its `main.tf` or is the module's own: names, folders of the checkout,
/// and for how long things are kept.
const OF_THE_ENVIRONMENT: [&str; 9] = [
    "project",
    "environment",
    "datasets_dir",
    "log_level",
    "log_days",
    "report_days",
    "access_log_days",
    "noncurrent_days",
    "secret_recovery_days",
];

/// Where a folder is not told, it is one of the checkout.
const FOLDERS: [&str; 2] = ["functions_dir", "dashboard_dir"];

/// What only an environment has: of its provider.
const OF_THE_PROVIDER: [&str; 2] = ["region", "account_ids"];

/// A variable as it is declared.
#[derive(Debug)]
struct Variable {
    kind: Option<Expression>,
    default: Option<Expression>,
}

/// All files of a folder below `infrastructure/`, as one.
fn folder(name: &str) -> Body {
    let mut paths: Vec<_> = std::fs::read_dir(checkout().join("infrastructure").join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "tf"))
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    hcl::parse(&paths.iter().map(read).collect::<String>()).unwrap()
}

fn variables(folder: &Body) -> BTreeMap<String, Variable> {
    let blocks = folder.blocks().filter(|block| block.identifier() == "variable");
    let variables = blocks.map(|block| {
        let attribute = |name: &str| {
            let mut attributes = block.body().attributes();
            attributes.find(|attribute| attribute.key() == name).map(|it| it.expr().clone())
        };
        let variable = Variable { kind: attribute("type"), default: attribute("default") };
        (block.labels()[0].as_str().to_owned(), variable)
    });
    variables.collect()
}

/// What an environment gives the module.
fn given(environment: &Body) -> BTreeMap<String, Expression> {
    let call = block(environment, "module", &["smelt"]);
    call.attributes().map(|it| (it.key().to_owned(), it.expr().clone())).collect()
}

#[test]
fn environments_pass_on_what_the_module_can_be_told() {
    let of_the_module = variables(&folder("modules/smelt"));
    assert!(of_the_module.len() > 40, "{}", of_the_module.len());
    for environment in ENVIRONMENTS {
        let body = folder(&format!("environments/{environment}"));
        let (declared, given) = (variables(&body), given(&body));
        for (name, of_module) in &of_the_module {
            if OF_THE_ENVIRONMENT.contains(&name.as_str()) {
                assert!(!declared.contains_key(name), "{environment}: {name} is in the list");
                continue;
            }
            let found = declared.get(name).unwrap_or_else(|| panic!("{environment} has no {name}"));
            assert_eq!(found.kind, of_module.kind, "{environment}: type of {name}");
            if let Some(default) = &of_module.default {
                assert_eq!(found.default.as_ref(), Some(default), "{environment}: {name}");
            }
            let passed = given.get(name).unwrap_or_else(|| panic!("{environment}: {name} is lost"));
            let own = expression(&format!("var.{name}"));
            let is_folder = FOLDERS.contains(&name.as_str());
            let is_own = *passed == own || (is_folder && passed.to_string().contains("var."));
            assert!(is_own, "{environment}: {name} is {passed}");
        }
        let names: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
        let known =
            |name: &&&str| of_the_module.contains_key(**name) || OF_THE_PROVIDER.contains(name);
        let unknown: Vec<_> = names.iter().filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "{environment}: {unknown:?} are told to nobody");
    }
}

#[test]
fn environments_are_called_as_they_are() {
    for environment in ENVIRONMENTS {
        let given = given(&folder(&format!("environments/{environment}")));
        assert_eq!(text(&given["environment"]), environment);
    }
}

/// The words in backticks of a document, up to what is no letter of a name; `true` where a value is given.
fn named(document: &str) -> BTreeSet<(String, bool)> {
    let text = std::fs::read_to_string(checkout().join(document)).unwrap();
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let name = |span: &str| {
        let end = span.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_');
        let (name, rest) = span.split_at(end.unwrap_or(span.len()));
        (name.to_owned(), rest.starts_with(" = "))
    };
    spans.map(name).collect()
}

#[test]
fn what_documents_say_to_set_can_be_set() {
    let of_the_module = variables(&folder("modules/smelt"));
    for environment in ENVIRONMENTS {
        let body = folder(&format!("environments/{environment}"));
        let (declared, given) = (variables(&body), given(&body));
        for document in ["docs/runbook.md", "docs/cost.md"] {
            let named = named(document);
            assert!(named.iter().any(|(_, is_set)| *is_set), "{document} sets nothing");
            for (name, is_set) in named {
                // Some are only mentioned, and are as `main.tf` says.
                let is_there =
                    declared.contains_key(&name) || (!is_set && given.contains_key(&name));
                let is_meant = is_set || of_the_module.contains_key(&name);
                assert!(is_there || !is_meant, "{document}: {name} cannot be set in {environment}");
            }
        }
    }
}
