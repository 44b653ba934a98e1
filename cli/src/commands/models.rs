//! `smelt models`: the registry.

use anyhow::{Context, Result, bail};
use serde_json::json;
use smelt_domain::{DatasetName, ModelCard, ModelKind, ModelStage, TableName};
use smelt_stages::{ModelRegistry, Platform, model_versions};

use crate::arguments::{Global, ModelsCommand, ReportFormat};
use crate::data_size::count_text;
use crate::exit::Ending;
use crate::output::{print, say};
use crate::session::{chosen, open_existing};
use crate::table_text::{Align, TextTable};

pub(crate) async fn run(global: &Global, command: ModelsCommand) -> Result<Ending> {
    let platform = open_existing(global)?;
    match command {
        ModelsCommand::List { dataset, format } => list(&platform, dataset.as_ref(), format).await,
        ModelsCommand::Show { dataset, model, version } => {
            show(&platform, &dataset, &model, version).await
        }
        ModelsCommand::Promote { dataset, model, version, reason } => {
            registry(&platform, &dataset, &model)?.promote(&platform, version, &reason).await?;
            say(&format!("{dataset}/{model}: version {version} is in production"));
            say_next(&dataset)
        }
        ModelsCommand::Rollback { dataset, model, reason } => {
            let registry = registry(&platform, &dataset, &model)?;
            let version = registry.roll_back(&platform, &reason).await?;
            say(&format!("{dataset}/{model}: version {version} is in production again"));
            say_next(&dataset)
        }
    }
}

fn say_next(dataset: &DatasetName) -> Result<Ending> {
    say(&format!("forecasts are made with it from the next `smelt train {dataset}` on"));
    Ok(Ending::Fine)
}

/// The registry of a model that the definitions know.
fn registry(
    platform: &Platform,
    dataset: &DatasetName,
    model: &TableName,
) -> Result<ModelRegistry> {
    let dataset = platform.dataset(dataset)?;
    let known: Vec<&str> = dataset.model_names().map(TableName::as_str).collect();
    if !known.contains(&model.as_str()) {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        bail!("{} has no model `{model}`; its models: {known}", dataset.name);
    }
    Ok(ModelRegistry::new(&platform.lake, &dataset.name, model))
}

async fn list(
    platform: &Platform,
    dataset: Option<&DatasetName>,
    format: ReportFormat,
) -> Result<Ending> {
    let mut found = Vec::new();
    for dataset in chosen(platform, dataset)? {
        found.extend(model_versions(platform, dataset, usize::MAX).await?);
    }
    match format {
        ReportFormat::Table => print(&text(&found))?,
        ReportFormat::Json => {
            let rows = found.iter().map(|(card, stage)| json!({"stage": stage, "card": card}));
            let rows = serde_json::Value::Array(rows.collect());
            print(&format!("{}\n", serde_json::to_string_pretty(&rows)?))?;
        }
    }
    Ok(Ending::Fine)
}

fn text(found: &[(ModelCard, ModelStage)]) -> String {
    let mut table = TextTable::new(&[
        ("MODEL", Align::Left),
        ("VERSION", Align::Right),
        ("STAGE", Align::Left),
        ("FITTED (UTC)", Align::Left),
        ("UP TO", Align::Left),
        ("LEARNT FROM", Align::Right),
        ("HOW GOOD", Align::Left),
    ]);
    for (card, stage) in found {
        table.row(vec![
            format!("{}/{}", card.dataset, card.model),
            card.version.to_string(),
            stage.to_string(),
            card.fitted_at.format("%Y-%m-%d %H:%M").to_string(),
            card.newest.clone(),
            count_text(card.learnt_from),
            how_good(card),
        ]);
    }
    table.to_string()
}

/// The metrics of a model that people ask for first, or that there are none.
pub(crate) fn how_good(card: &ModelCard) -> String {
    let names: &[(&str, &str)] = match card.kind {
        ModelKind::Forecast => &[
            ("mase", "MASE"),
            ("seasonal_naive_mase", "last season's"),
            ("coverage_95", "within 95 %"),
        ],
        ModelKind::Clusters => &[("clusters", "groups"), ("silhouette", "silhouette")],
        ModelKind::Classifier => &[
            ("auc", "AUC"),
            ("accuracy", "accuracy"),
            ("majority_accuracy", "without it"),
            ("precision", "precision"),
            ("recall", "recall"),
        ],
    };
    let known = names.iter().filter_map(|(name, shown)| {
        let value = card.metrics.get(*name)?;
        let digits = if value.fract() == 0.0 && *value > 1.0 { 0 } else { 3 };
        Some(format!("{shown} {value:.digits$}"))
    });
    let known: Vec<String> = known.collect();
    if !known.is_empty() {
        return known.join(", ");
    }
    match card.kind {
        ModelKind::Forecast => "no backtest".to_owned(),
        ModelKind::Clusters | ModelKind::Classifier => "no metrics".to_owned(),
    }
}

async fn show(
    platform: &Platform,
    dataset: &DatasetName,
    model: &TableName,
    version: Option<u64>,
) -> Result<Ending> {
    let registry = registry(platform, dataset, model)?;
    let history = registry.history().await?;
    let version = version.or(history.production()).with_context(|| {
        format!("{dataset}/{model} has no version in production; fit one: smelt train {dataset}")
    })?;
    let Some((card, stage)) = registry.card(version).await?.zip(history.stage(version)) else {
        let known: Vec<String> = history.stages().map(|(version, _)| version.to_string()).collect();
        bail!("{dataset}/{model} has no version {version}; known versions: {}", known.join(", "));
    };
    let events: Vec<_> = history.events().iter().filter(|event| event.version == version).collect();
    let shown = json!({"stage": stage, "card": card, "history": events});
    print(&format!("{}\n", serde_json::to_string_pretty(&shown)?))?;
    Ok(Ending::Fine)
}
