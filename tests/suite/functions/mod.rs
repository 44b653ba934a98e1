//! The handlers of the functions, called as the runtime calls them, on a lake in a folder.

mod events;
mod panics;
mod reconcile;
mod settings;
mod signed_addresses;
mod telemetry;
mod work;

use std::path::Path;

use serde_json::Value;
use smelt_runtime::{Context, FunctionError, Invocation, build};
use tempfile::TempDir;

use crate::support::checkout;

/// A lake in a folder, and a file that landed there.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        home.land("requests.csv", &rows(1..=20));
        home
    }

    fn lake(&self) -> &Path {
        self.folder.path()
    }

    fn land(&self, name: &str, content: &str) {
        let folder = self.lake().join("landing/nyc311/requests");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), content).unwrap();
    }

    fn environment(&self) -> Vec<(String, String)> {
        let datasets = checkout().join("datasets");
        [
            ("SMELT_LAKE", self.lake().display().to_string()),
            ("SMELT_DATASETS", datasets.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    async fn context<C: Context>(&self) -> C {
        let mut environment = self.environment();
        if C::FUNCTION.name == "alert" {
            let topic = "arn:aws:sns:eu-central-1:123456789012:alerts".to_owned();
            environment.push(("SMELT_ALERT_TOPIC".to_owned(), topic));
        }
        if C::FUNCTION.name == "api" {
            environment.push(("SMELT_API_ACCESS".to_owned(), "open".to_owned()));
        }
        build(environment).await.unwrap()
    }

    /// The answer to an event, or the `errorType`.
    async fn ask<C: Context>(&self, event: Value) -> Result<Value, String> {
        self.ask_within::<C>(event, Invocation::local("request-1")).await
    }

    async fn ask_within<C: Context>(
        &self,
        event: Value,
        invocation: Invocation,
    ) -> Result<Value, String> {
        let context: C = self.context().await;
        let answer = context.handle(event, invocation).await;
        answer.map_err(|error| error.diagnostic().error_type)
    }

    /// Objects of the lake but for reports, by path.
    fn objects(&self) -> Vec<String> {
        let mut paths: Vec<String> = walkdir(self.lake())
            .into_iter()
            .filter(|path| !path.starts_with("runs/") && !path.starts_with("failures/"))
            .collect();
        paths.sort();
        paths
    }
}

fn walkdir(root: &Path) -> Vec<String> {
    let (mut found, mut pending) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    found
}

/// Service requests of yesterday, so that nothing is stale.
fn rows(keys: std::ops::RangeInclusive<u32>) -> String {
    let yesterday = chrono::Utc::now() - chrono::TimeDelta::days(1);
    let time = yesterday.format("%Y-%m-%dT%H:%M:%S.000");
    let rows = keys.map(|key| format!("{key},{time},Noise - Residential,BROOKLYN\n"));
    format!("unique_key,created_date,complaint_type,borough\n{}", rows.collect::<String>())
}
