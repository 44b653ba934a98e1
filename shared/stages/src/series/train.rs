//! Fits, backtests and registers models of the series of marts, and forecasts with those in production.
//!
//! ```text
//! mart ──▶ fit ──▶ candidate ──no worse than the last season──▶ staging
//!                                                                 │ no worse than production
//!                                                                 ▼ on what is new to both
//!                       archived ◀──another took its place── production ──▶ forecasts, daily
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use smelt_domain::{
    Comparison, Dataset, Mart, MartSeries, ModelCard, ModelChange, ModelHistory, ModelKind,
    ModelStage, SeriesTable, StageName, StepReport,
};
use smelt_forecast::{Backtest, Fitted, ForecastError, Part, Series, Settings, backtest, fit};
use smelt_lake::LakeError;

use super::calendar::step_text;
use super::experiments::{Experiment, append_accuracy, append_experiment};
use super::forecasting::{InProduction, in_background, refresh_forecast};
use super::holidays::holidays;
use super::promotion::{
    HURRIED, MASE, NAIVE_MASE, Rival, Uncompared, compare, held_out, is_due, is_tried, new_steps,
    verdict,
};
use super::read::{SeriesRead, definition_of, read_newest_series};
use super::registry::ModelRegistry;
use crate::learning::learn_all;
use crate::observer::Unit;
use crate::publish::publish_series;
use crate::{Failures, Panic, Partly, Platform, StageError, boxed};

/// What a forecast of several models is called.
const COMBINATION: &str = "combination";
/// Windows of a backtest.
const WINDOWS: usize = 3;

/// When models are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refit {
    /// When the last fit is a week old, had no time for trials of all series, or the definition of the
    /// series has changed.
    WhenDue,
    /// In any case.
    Always,
}

/// What training did.
#[derive(Debug, Default)]
pub struct Trained {
    /// Commits made, in their order.
    pub steps: Vec<StepReport>,
    /// The models that were fitted, and the stage that each has reached.
    pub fitted: Vec<(ModelCard, ModelStage, String)>,
    /// Marts without anything to forecast, and why.
    pub skipped: Vec<(String, String)>,
}

/// Age from which on a model is fitted anew.
pub(crate) const DUE: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// Fits the models of a dataset that are due, and forecasts with those in production; what a deadline
/// leaves undone, the next run does. What is wrong with one mart or model keeps no other from its turn.
#[boxed]
pub async fn train(
    platform: &Platform,
    dataset: &Dataset,
    refit: Refit,
) -> Result<Trained, Partly<Trained>> {
    let (mut trained, mut failures) = (Trained::default(), Failures::new(platform));
    for (mart, series) in dataset.marts_with_series() {
        if platform.is_past_deadline() {
            break;
        }
        let work = train_mart(platform, dataset, mart, series, refit, &mut trained);
        let ended = Panic::contain(&dataset.gold_id(&mart.name).sql_name(), work).await;
        failures.unless(ended);
    }
    learn_all(platform, dataset, refit, &mut trained, &mut failures).await;
    if !platform.is_past_deadline() {
        let published = publish_series(platform, dataset).await;
        trained.steps.extend(failures.done_of(published));
    }
    failures.end(trained)
}

/// Fits the model of a mart's series if one is due, and forecasts with the one in production.
#[boxed]
async fn train_mart(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
    series: &MartSeries,
    refit: Refit,
    trained: &mut Trained,
) -> Result<(), StageError> {
    let gold = dataset.gold_id(&mart.name);
    match read_newest_series(platform, &gold, series).await? {
        Some(read) if !read.series.is_empty() => {
            let training = Training { platform, dataset, mart, series, read };
            training.run(refit, trained).await?;
        }
        Some(read) => {
            let why = format!("none of its {} series is long enough yet", read.left_out);
            trained.skipped.push((mart.name.to_string(), why));
        }
        None => trained.skipped.push((mart.name.to_string(), "it has no rows yet".to_owned())),
    }
    Ok(())
}

struct Training<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    mart: &'a Mart,
    series: &'a MartSeries,
    read: SeriesRead,
}

/// What a fit gave.
struct Fit {
    fitted: Fitted,
    /// `Err` says why there is none.
    backtest: Result<Backtest, String>,
    comparison: Option<Comparison>,
}

impl Training<'_> {
    async fn run(&self, refit: Refit, trained: &mut Trained) -> Result<(), StageError> {
        let registry = ModelRegistry::new(&self.platform.lake, &self.dataset.name, &self.mart.name);
        let history = registry.history().await?;
        let mut production = self.in_production(&registry, &history).await?;
        let is_unusable = production.is_none() && history.production().is_some();
        // Where another one cannot be fitted, the one in production forecasts on.
        let mut failures = Failures::new(self.platform);
        if refit == Refit::Always || is_unusable || self.is_due(&registry, &history).await? {
            let ended =
                self.fit_and_register(&registry, &history, production.as_ref(), trained).await;
            if let Some((card, stage, reason)) = failures.unless(ended) {
                trained.fitted.push((card, stage, reason));
                if stage == ModelStage::Production {
                    production = self.in_production(&registry, &registry.history().await?).await?;
                }
            }
        }
        if let Some(model) = production {
            let (mart, series) = (self.mart, self.series);
            let made =
                refresh_forecast(self.platform, self.dataset, mart, series, &self.read, &model);
            trained.steps.extend(failures.unless(made.await).unwrap_or_default());
        }
        Ok(failures.end(())?)
    }

    /// `None` if there is none, or it cannot be used any more: then another one is due.
    async fn in_production(
        &self,
        registry: &ModelRegistry,
        history: &ModelHistory,
    ) -> Result<Option<InProduction>, StageError> {
        let Some(version) = history.production() else { return Ok(None) };
        let fitted: Option<Fitted> =
            self.if_sound(version, registry.model(version).await, "the model is fitted anew")?;
        // One that was fitted for another horizon forecasts something that nobody asked for any more.
        let fitted = fitted.filter(|fitted| {
            usize::try_from(self.series.horizon).is_ok_and(|it| it == fitted.settings().horizon)
        });
        Ok(fitted.map(|fitted| InProduction { version, fitted }))
    }

    /// What is damaged is as good as none; the log tells what follows from that.
    fn if_sound<T>(
        &self,
        version: u64,
        read: Result<Option<T>, StageError>,
        instead: &str,
    ) -> Result<Option<T>, StageError> {
        match read {
            Err(error @ StageError::Lake(LakeError::Corrupt { .. })) => {
                tracing::warn!(mart = %self.mart.name, version, %error, "{instead}");
                Ok(None)
            }
            read => read,
        }
    }

    async fn is_due(
        &self,
        registry: &ModelRegistry,
        history: &ModelHistory,
    ) -> Result<bool, StageError> {
        let Some((newest, _)) = history.stages().last() else { return Ok(true) };
        let card = registry.card(newest).await;
        let card = self.if_sound(newest, card, "another model is due")?;
        let Some(card) = card else { return Ok(true) };
        let stage = history.stage(newest);
        let production = history.production();
        Ok(is_due(&card, stage, production, &self.definition(), self.platform.started_at))
    }

    fn definition(&self) -> String {
        definition_of(self.mart, self.series)
    }

    async fn fit_and_register(
        &self,
        registry: &ModelRegistry,
        history: &ModelHistory,
        production: Option<&InProduction>,
        trained: &mut Trained,
    ) -> Result<(ModelCard, ModelStage, String), StageError> {
        let started = Instant::now();
        let gold = self.dataset.gold_id(&self.mart.name);
        let count = self.read.series.len() as u64;
        let ticket =
            self.platform.observer.start(StageName::Train, &gold, Unit::Series, Some(count));
        let rival = match production {
            Some(production) => Some(self.rival(registry, production).await?),
            None => None,
        };
        let uncompared = match (history.production(), &rival) {
            (None, _) => Uncompared::Alone,
            (Some(version), Some(Rival { held_out: None, .. })) => {
                Uncompared::TooLittleNew(version)
            }
            (Some(version), _) => Uncompared::NothingInCommon(version),
        };
        let tried = rival.as_ref().filter(|rival| rival.is_tried).map(|rival| rival.model.version);
        let fit = self.fit(rival).await?;
        ticket.advance(count);
        let card = registry
            .register(self.platform, &fit.fitted, self.card(&fit, started.elapsed()))
            .await?;
        let (stage, reason) = match &fit.backtest {
            Ok(_) => verdict(&card, uncompared),
            Err(why) => {
                let uncompared = tried.map_or(uncompared, Uncompared::Untried);
                let (stage, reason) = verdict(&card, uncompared);
                (stage, format!("no backtest: {why}; {reason}"))
            }
        };
        if stage >= ModelStage::Staging {
            registry.change(self.platform, ModelChange::Stage, card.version, &reason).await?;
        }
        let experiment = Experiment { card: &card, stage, reason: &reason };
        let table = self.dataset.series_id(SeriesTable::Experiments);
        trained.steps.extend(append_experiment(self.platform, table, &experiment).await?);
        if let Ok(backtest) = &fit.backtest {
            let table = self.dataset.series_id(SeriesTable::ForecastAccuracy);
            let models = model_by_series(&fit.fitted);
            let made = append_accuracy(self.platform, table, &card, backtest, &models);
            trained.steps.extend(made.await?);
        }
        // Last: what is in production is described by all the other tables.
        if stage == ModelStage::Production {
            registry.change(self.platform, ModelChange::Promote, card.version, &reason).await?;
        }
        Ok((card, stage, reason))
    }

    /// The model in production with the steps that are new to it, by its card.
    async fn rival(
        &self,
        registry: &ModelRegistry,
        production: &InProduction,
    ) -> Result<Rival, StageError> {
        let version = production.version;
        let card = self.if_sound(version, registry.card(version).await, "nothing is compared")?;
        let new = new_steps(self.series.every, card.as_ref(), self.read.newest);
        let held_out = held_out(production.fitted.settings().horizon, new);
        // Of one without a card nobody knows that it was not.
        let is_tried = card.as_ref().is_none_or(is_tried);
        Ok(Rival { model: production.clone(), held_out, is_tried })
    }

    /// On a thread of its own: it computes, and nothing else.
    async fn fit(&self, rival: Option<Rival>) -> Result<Fit, StageError> {
        let series = self.read.series.clone();
        let horizon = usize::try_from(self.series.horizon).unwrap_or(usize::MAX);
        let deadline = self.platform.deadline.map(|deadline| {
            // A third each for the fit, the backtest and the comparison.
            deadline.saturating_duration_since(Instant::now()) / 3
        });
        let holidays = holidays(self.series, self.read.newest);
        let settings = Settings { deadline, holidays, ..Settings::new(horizon) };
        let mart = self.mart.name.to_string();
        let fitted = in_background(move || fit_all(&series, &settings, rival.as_ref())).await?;
        fitted.map_err(|error| StageError::Model {
            problem: format!("{mart} has no model: {error}"),
            remedy: "look at its series in dataset.yaml".to_owned(),
        })
    }

    fn card(&self, fit: &Fit, took: Duration) -> ModelCard {
        let settings = fit.fitted.settings();
        ModelCard {
            dataset: self.dataset.name.clone(),
            model: self.mart.name.clone(),
            kind: ModelKind::Forecast,
            version: 0,
            fitted_at: self.platform.started_at,
            run_id: self.platform.run_id.clone(),
            data_version: self.read.version,
            newest: step_text(self.series.every, self.read.newest),
            definition_hash: self.definition(),
            learnt_from: self.read.series.len() as u64,
            left_out: self.read.left_out as u64,
            metrics: fit.backtest.as_ref().map(metrics).unwrap_or_default(),
            parameters: json!({
                "horizon": settings.horizon,
                "levels": settings.levels,
                "every": self.series.every,
                "series_by_model": series_by_model(&fit.fitted),
                HURRIED: fit.fitted.series().filter(|one| one.is_hurried()).count(),
            }),
            comparison: fit.comparison.clone(),
            seconds: took.as_secs_f64(),
        }
    }
}

fn fit_all(
    series: &[Series],
    settings: &Settings,
    rival: Option<&Rival>,
) -> Result<Fit, ForecastError> {
    let fitted = fit(series, settings)?;
    // Too short a history for a window is no error here: the accuracy is not known, then.
    let backtest = match backtest(series, settings, WINDOWS) {
        Ok(backtest) => Ok(backtest),
        Err(ForecastError::Short { .. }) => Err(why_untried(series, settings.horizon)),
        Err(error) => return Err(error),
    };
    let comparison = match rival {
        Some(rival) if backtest.is_ok() || !rival.is_tried => compare(series, settings, rival)?,
        _ => None,
    };
    Ok(Fit { fitted, backtest, comparison })
}

/// Why no window of a backtest could be scored. One needs a horizon of values, and before it more than the
/// season that errors are scaled by.
fn why_untried(series: &[Series], horizon: usize) -> String {
    let values = series.iter().map(|one| one.values.len()).max().unwrap_or(0);
    let season = series.first().map_or(1, |one| one.frequency.scoring_season());
    let needed = horizon + season + 1;
    if values < needed {
        format!("too few values to try it on ({values} of {needed} needed)")
    } else {
        "too many are missing, or values never change from season to season".to_owned()
    }
}

/// Of all series of a backtest together.
fn metrics(backtest: &Backtest) -> BTreeMap<String, f64> {
    let Some(choice) = backtest.models.first() else { return BTreeMap::new() };
    let naive = backtest.models.iter().find(|model| model.model == "seasonal_naive");
    let coverage = |level: f64| {
        choice.coverage.iter().find(|(known, _)| *known == level).map(|(_, share)| *share)
    };
    let all = [
        (MASE, choice.mase),
        ("smape", choice.smape),
        ("owa", choice.owa),
        ("coverage_80", coverage(80.0)),
        ("coverage_95", coverage(95.0)),
        (NAIVE_MASE, naive.and_then(|naive| naive.mase)),
        ("n_backtests", Some(choice.windows as f64)),
    ];
    let known = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    known.filter(|(_, value)| value.is_finite()).collect()
}

/// Of each series the model that it is forecast with.
fn model_by_series(fitted: &Fitted) -> BTreeMap<String, String> {
    let model = |parts: Vec<Part>| match parts.as_slice() {
        [one] => one.model.clone(),
        _ => COMBINATION.to_owned(),
    };
    fitted.series().map(|one| (one.id().to_owned(), model(one.parts()))).collect()
}

/// Of how many series each model has a part.
fn series_by_model(fitted: &Fitted) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for part in fitted.series().flat_map(|one| one.parts()) {
        *counts.entry(part.model).or_default() += 1;
    }
    counts
}
