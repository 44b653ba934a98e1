//! What a model in production says of rows.

use std::collections::BTreeMap;

use smelt_domain::{Dataset, LearnedModel, Task, shown};
use smelt_learn::LearnError;
use smelt_learn::classify::Row;

use super::Learned;
use crate::series::ModelRegistry;
use crate::{Platform, StageError, boxed};

/// What a model says.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// The version that says it.
    pub version: u64,
    /// Names and values, such as `probability` and `is_high`, of each row.
    pub rows: Vec<Vec<(String, serde_json::Value)>>,
}

/// What the model in production says of each of these rows, given as texts by column. Without any rows:
/// what it says of those that it learnt from, where it keeps them.
#[boxed]
pub async fn predict(
    platform: &Platform,
    dataset: &Dataset,
    model: &LearnedModel,
    rows: &[BTreeMap<String, String>],
) -> Result<Predicted, StageError> {
    let registry = ModelRegistry::new(&platform.lake, &dataset.name, &model.name);
    let name = format!("{}/{}", dataset.name, model.name);
    let none = || StageError::Model {
        problem: format!("{name} has no version in production"),
        remedy: format!("fit one: smelt train {}", dataset.name),
    };
    let version = registry.history().await?.production().ok_or_else(none)?;
    let learned: Learned = registry.model(version).await?.ok_or_else(none)?;
    let rows = match (&learned, rows) {
        (Learned::Clusters(clusters), []) => Ok(clusters
            .rows
            .iter()
            .map(|row| {
                vec![
                    ("name".to_owned(), row.name.clone().into()),
                    ("cluster".to_owned(), row.cluster.into()),
                    ("silhouette".to_owned(), row.silhouette.into()),
                ]
            })
            .collect()),
        (_, []) => Err(format!("{name} keeps no rows; give it some")),
        (learned, rows) => rows.iter().map(|row| say(learned, &model.task, row)).collect(),
    };
    let rows = rows.map_err(|problem| StageError::Model {
        problem,
        remedy: format!("its columns: {}", columns(&model.task).join(", ")),
    })?;
    Ok(Predicted { version, rows })
}

/// The columns that a row has to have.
fn columns(task: &Task) -> Vec<&str> {
    match task {
        Task::Clusters(task) => task.features.iter().map(|(name, _)| name.as_str()).collect(),
        Task::Classifier(task) => task.texts.iter().map(|name| name.as_str()).collect(),
    }
}

fn say(
    learned: &Learned,
    task: &Task,
    row: &BTreeMap<String, String>,
) -> Result<Vec<(String, serde_json::Value)>, String> {
    let known = columns(task);
    let is_whole = known.iter().all(|name| row.contains_key(*name));
    // Rows of a file may have other columns as well; but one that is missing may be misspelt.
    if let Some(unknown) = row.keys().find(|name| !is_whole && !known.contains(&name.as_str())) {
        return Err(format!("`{}` is no column that the model knows", shown(unknown)));
    }
    let wrong = |error: LearnError| error.to_string();
    match (learned, task) {
        (Learned::Classifier(classifier), Task::Classifier(_)) => {
            let texts = classifier.fields().texts.iter();
            let texts = texts.map(|name| row.get(name).cloned().unwrap_or_default()).collect();
            let said = classifier.predict(&Row { texts, numbers: Vec::new() }).map_err(wrong)?;
            Ok(vec![
                ("probability".to_owned(), said.probability.into()),
                ("is_high".to_owned(), said.is_high.into()),
            ])
        }
        (Learned::Clusters(clusters), Task::Clusters(task)) => {
            let mut features = Vec::new();
            for (name, scale) in &task.features {
                let value = match row.get(name.as_str()).map(|text| text.trim()) {
                    None | Some("") => f64::NAN,
                    Some(text) => text.parse().map_err(|_| {
                        format!("`{name}` is `{}`, which is no number", shown(text))
                    })?,
                };
                features.push((name.as_str(), scale.of(value)));
            }
            Ok(vec![("cluster".to_owned(), clusters.assign(&features).map_err(wrong)?.into())])
        }
        _ => Err("what is in production was fitted for another task; fit it anew".to_owned()),
    }
}
