//! What lies in `landing/` where nobody looks for it: in a folder of no dataset, or of no table.

use serde::Serialize;
use smelt_domain::{Dataset, closest, landing_prefix};
use smelt_lake::LakeError;

use crate::{Platform, StageError, boxed};

/// Where files to be ingested are dropped.
const LANDING: &str = "landing";

/// A file or folder that is never taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misplaced {
    /// Its key; that of a folder ends with `/`.
    pub key: String,
    /// Why, and where it may belong.
    pub problem: String,
}

/// What is misplaced in `landing/`, or in the part of it that a dataset has.
///
/// Only folders are listed, one request each: what lies in the folders of tables may be much.
#[boxed]
pub async fn misplaced_uploads(
    platform: &Platform,
    dataset: Option<&Dataset>,
) -> Result<Vec<Misplaced>, StageError> {
    if let Some(dataset) = dataset {
        return of_dataset(platform, dataset).await;
    }
    let level = platform.lake.list_level(LANDING).await?;
    let mut misplaced = Vec::new();
    for folder in level.folders {
        let name = last_part(&folder);
        let known = platform.datasets.iter().find(|dataset| dataset.name.as_str() == name);
        if let Some(dataset) = known {
            misplaced.extend(of_dataset(platform, dataset).await?);
        } else if !is_hidden(name) {
            let advice = advice_for_dataset(&platform.datasets, name);
            let problem = format!("there is no dataset `{name}`: {advice}");
            misplaced.extend(of_folder(platform, &folder, problem).await?);
        }
    }
    misplaced.extend(loose(level.objects, "move it to landing/<dataset>/<table>/"));
    misplaced.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(misplaced)
}

async fn of_dataset(platform: &Platform, dataset: &Dataset) -> Result<Vec<Misplaced>, StageError> {
    let level = platform.lake.list_level(&format!("{LANDING}/{}", dataset.name)).await?;
    let mut misplaced = Vec::new();
    for folder in level.folders {
        let name = last_part(&folder);
        let is_of_table = dataset.tables.iter().any(|table| table.name.as_str() == name);
        if is_of_table || is_hidden(name) {
            continue;
        }
        let advice = advice_for_table(dataset, Some(name));
        let problem = format!("{} has no table `{name}`: {advice}", dataset.name);
        misplaced.extend(of_folder(platform, &folder, problem).await?);
    }
    misplaced.extend(loose(level.objects, &advice_for_table(dataset, None)));
    misplaced.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(misplaced)
}

/// A folder that nobody looks into, unless it is empty. That its keys cannot be read does not make it so.
async fn of_folder(
    platform: &Platform,
    folder: &str,
    problem: String,
) -> Result<Option<Misplaced>, StageError> {
    match platform.lake.has_objects(folder).await {
        Ok(true) | Err(LakeError::BadKey { .. }) => {
            Ok(Some(Misplaced { key: format!("{folder}/"), problem }))
        }
        Ok(false) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Files beside the folders.
fn loose(keys: Vec<String>, advice: &str) -> impl Iterator<Item = Misplaced> + '_ {
    let keys = keys.into_iter().filter(|key| !is_hidden(last_part(key)));
    keys.map(move |key| Misplaced {
        key,
        problem: format!("it lies in the folder of no table: {advice}"),
    })
}

fn advice_for_dataset(datasets: &[Dataset], name: &str) -> String {
    let names = || datasets.iter().map(|dataset| dataset.name.as_str());
    let meant = closest(name, names());
    match datasets.iter().find(|dataset| Some(dataset.name.as_str()) == meant) {
        Some(dataset) => advice_for_table(dataset, None),
        None => format!(
            "move it to landing/<dataset>/<table>/; the datasets are {}",
            names().collect::<Vec<&str>>().join(", ")
        ),
    }
}

/// The folder that is most likely meant, or all that there are.
fn advice_for_table(dataset: &Dataset, name: Option<&str>) -> String {
    let names = dataset.tables.iter().map(|table| table.name.as_str());
    let meant = match (dataset.tables.as_slice(), name) {
        ([table], _) => Some(table),
        (tables, Some(name)) => {
            let meant = closest(name, names);
            tables.iter().find(|table| Some(table.name.as_str()) == meant)
        }
        (_, None) => None,
    };
    let folder = |table: &smelt_domain::Table| landing_prefix(&dataset.name, &table.name) + "/";
    match meant {
        Some(table) => format!("did you mean {}?", folder(table)),
        None => {
            let folders: Vec<String> = dataset.tables.iter().map(folder).collect();
            format!("move it to {}", folders.join(" or "))
        }
    }
}

fn last_part(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// What tools leave behind: `.DS_Store`, parts of a copy under way.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}
