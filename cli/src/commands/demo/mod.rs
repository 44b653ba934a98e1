//! The whole platform on simulated sources, checked against what the simulators know.

mod finding;
mod landed;
mod learnt;
mod nyc311;
pub(crate) mod portals;
mod report;
mod scenes;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use smelt_domain::{Dataset, DatasetName};
use smelt_stages::{Balance, Platform, table_balance};

use self::finding::Finding;
use self::report::{Report, Shown};
use self::scenes::Scene;
use crate::arguments::{DemoArguments, Global};
use crate::exit::Ending;
use crate::output::print;
use crate::run::Run;
use crate::session::open;

pub(crate) async fn run(global: &Global, arguments: &DemoArguments) -> Result<Ending> {
    let run = Run::unwatched(&open(global)?, "demo".to_owned());
    let ended = demonstrate(global, arguments, &run.platform).await;
    run.end(ended).await
}

async fn demonstrate(
    global: &Global,
    arguments: &DemoArguments,
    platform: &Platform,
) -> Result<Ending> {
    let Some(lake) = platform.lake.folder() else {
        bail!("the demo writes simulated files: give --lake a folder");
    };
    let started = Instant::now();
    let mut shown = Vec::new();
    for scene in chosen(platform, &arguments.datasets)? {
        shown.push(show(global, arguments, platform, lake, scene).await?);
    }
    let report = Report {
        lake: platform.lake.location().to_owned(),
        seed: arguments.seed,
        shown,
        elapsed: started.elapsed(),
    };
    let printed = print(&report.to_string());
    if report.agrees() { printed.map(|()| Ending::Fine) } else { Ok(Ending::Failed) }
}

/// The scenes of the datasets named, or of all that are defined.
fn chosen(platform: &Platform, names: &[DatasetName]) -> Result<Vec<Scene>> {
    let known = || Scene::ALL.map(Scene::dataset).join(", ");
    for name in names {
        if !Scene::ALL.iter().any(|scene| scene.dataset() == name.as_str()) {
            bail!("there is no simulator for `{name}`; there are some for {}", known());
        }
        platform.dataset(name)?;
    }
    let is_chosen = |scene: &Scene| match names {
        [] => platform.datasets.iter().any(|dataset| dataset.name.as_str() == scene.dataset()),
        names => names.iter().any(|name| name.as_str() == scene.dataset()),
    };
    let scenes: Vec<Scene> = Scene::ALL.into_iter().filter(is_chosen).collect();
    if scenes.is_empty() {
        bail!("none of the datasets here has a simulator; there are some for {}", known());
    }
    Ok(scenes)
}

/// Simulates the sources of a dataset, brings them to gold and asks the lake.
async fn show(
    global: &Global,
    arguments: &DemoArguments,
    platform: &Platform,
    lake: &Path,
    scene: Scene,
) -> Result<Shown> {
    let name: DatasetName = scene.dataset().parse()?;
    let dataset = platform.dataset(&name)?;
    let started = Instant::now();
    let simulated = scene.simulate(global, arguments, lake).await?;
    let in_simulation = started.elapsed();

    let started = Instant::now();
    let loaded = simulated.load(platform, dataset).await?;
    let in_smelt = started.elapsed();

    let started = Instant::now();
    let learnt = learnt::models(platform, dataset).await?;
    let in_training = started.elapsed();

    let mut findings = vec![Finding::new("uploads that could not be loaded", 0, loaded.failed)];
    findings.extend(simulated.findings(platform).await?);
    Ok(Shown {
        dataset: scene.dataset(),
        sources: loaded.sources,
        balances: balances(platform, dataset).await?,
        findings,
        planted: simulated.planted(),
        unusual: learnt::incidents(platform, dataset).await?,
        learnt,
        in_simulation,
        in_smelt,
        in_training,
    })
}

async fn balances(platform: &Platform, dataset: &Dataset) -> Result<Vec<Balance>> {
    let mut balances = Vec::new();
    for table in &dataset.tables {
        let balance = table_balance(platform, dataset, table).await?;
        balances.push(balance.with_context(|| format!("silver {} is not there", table.name))?);
    }
    Ok(balances)
}
