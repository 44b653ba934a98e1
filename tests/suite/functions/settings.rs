//! What the READMEs say of settings is what the functions read, and nothing else is taken.

use smelt_alert::AlertContext;
use smelt_api::ApiContext;
use smelt_gold::GoldContext;
use smelt_ingest::IngestContext;
use smelt_maintain::MaintainContext;
use smelt_runtime::{COMMON, Context, build};
use smelt_silver::SilverContext;
use smelt_train::TrainContext;

use super::Home;
use crate::support::checkout;

fn readme_lists_all<C: Context>() {
    let name = C::FUNCTION.name;
    let readme = checkout().join("functions").join(name).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let rows: Vec<String> = COMMON
        .iter()
        .chain(C::VARIABLES)
        .map(|variable| {
            let default = match variable.default {
                None => "must be set".to_owned(),
                Some("") => "empty".to_owned(),
                Some(default) => format!("`{default}`"),
            };
            format!("| `{}` | {default} | {} |", variable.name, variable.meaning)
        })
        .collect();
    let listed: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `SMELT_")).collect();
    assert_eq!(listed, rows, "functions/{name}/README.md");
    for folder in C::FUNCTION.writes {
        assert!(readme.contains(&format!("`{folder}/`")), "{name} writes to {folder}/");
    }
}

#[test]
fn readmes_list_the_variables_that_are_read() {
    readme_lists_all::<IngestContext>();
    readme_lists_all::<SilverContext>();
    readme_lists_all::<GoldContext>();
    readme_lists_all::<TrainContext>();
    readme_lists_all::<AlertContext>();
    readme_lists_all::<ApiContext>();
    readme_lists_all::<MaintainContext>();
}

async fn not_started<C: Context>(home: &Home, name: &str, value: &str) -> String {
    let mut environment = home.environment();
    environment.retain(|(known, _)| known != name);
    environment.push((name.to_owned(), value.to_owned()));
    match build::<C>(environment).await {
        Ok(_) => panic!("{name}={value} was taken"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn wrong_settings_are_told_by_name() {
    let home = Home::new();
    let error = not_started::<SilverContext>(&home, "SMELT_MEMROY", "512M").await;
    assert!(error.starts_with("SMELT_MEMROY mean nothing here; known are SMELT_LAKE,"), "{error}");
    let error = not_started::<SilverContext>(&home, "SMELT_LAKE", "").await;
    assert!(error.starts_with("SMELT_LAKE is not set; set it to where the lake is"), "{error}");
    let error = not_started::<SilverContext>(&home, "SMELT_LAKE", "gs://x").await;
    assert!(error.contains("`gs://x` cannot be used"), "{error}");
    let error = not_started::<SilverContext>(&home, "SMELT_DATASETS", "/nowhere").await;
    assert!(error.contains("/nowhere"), "{error}");
    let error = not_started::<AlertContext>(&home, "SMELT_LOG", "info").await;
    assert!(error.contains("SMELT_ALERT_TOPIC is not set"), "{error}");
    let error = not_started::<MaintainContext>(&home, "SMELT_RETENTION_HOURS", "0").await;
    assert!(
        error.contains("SMELT_RETENTION_HOURS cannot be understood: 0 is not from 24 to 720"),
        "{error}"
    );
    let error = not_started::<SilverContext>(&home, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "64").await;
    assert!(error.contains("at least 128 MB"), "{error}");
}

#[tokio::test]
async fn urls_of_sources_are_known_to_the_function_that_pulls() {
    let home = Home::new();
    let mut environment = home.environment();
    environment.push(("SMELT_NYC311_PORTAL_URL".to_owned(), "http://127.0.0.1:1".to_owned()));
    build::<IngestContext>(environment).await.unwrap();
    let error =
        not_started::<GoldContext>(&home, "SMELT_NYC311_PORTAL_URL", "http://127.0.0.1:1").await;
    assert!(error.contains("SMELT_NYC311_PORTAL_URL mean nothing here"), "{error}");
}

/// Variables of the API as a script sets them: `export NAME=${NAME:-value}`, `environment["NAME"] = "value"`.
fn set_for_the_api(script: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(checkout().join(script)).unwrap();
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let set = lines.filter_map(|line| {
        let line = line.strip_prefix("export ").or_else(|| line.strip_prefix("environment[\""))?;
        let (name, value) = line.split_once('=')?;
        let value = value.rsplit_once(":-").map_or(value, |(_, default)| default);
        let clean = |text: &str| text.trim_matches([' ', '"', ']', '}']).to_owned();
        name.starts_with("SMELT_API_").then(|| (clean(name), clean(value)))
    });
    set.collect()
}

/// Without a word about its callers it would know nobody, and not start.
#[tokio::test]
async fn the_api_starts_as_scripts_start_it() {
    let home = Home::new();
    assert!(build::<ApiContext>(home.environment()).await.is_err());
    for script in ["tools/watch.sh", "bench/coldstart.py"] {
        let set = set_for_the_api(script);
        assert!(!set.is_empty(), "{script}");
        let started = build::<ApiContext>(home.environment().into_iter().chain(set.clone())).await;
        assert!(started.is_ok(), "{script}: {set:?}: {:?}", started.err());
    }
}
