//! Whether a model takes the place of the one in production, and when another one is due.

use chrono::{DateTime, Utc};
use serde_json::Value;
use smelt_domain::{Comparison, Every, ModelCard, ModelStage};
use smelt_forecast::{ForecastError, Series, Settings, fit, holdout};

use super::calendar::{parse_step, steps_between};
use super::forecasting::InProduction;
use super::train::DUE;

/// Names of metrics that models are compared by.
pub(super) const MASE: &str = "mase";
pub(super) const NAIVE_MASE: &str = "seasonal_naive_mase";
/// The parameter on a card that counts the series of which a deadline left no time for trials.
pub(super) const HURRIED: &str = "hurried";
/// How much worse a model may be than another on the same steps: what so few of them cannot tell apart.
const NO_WORSE: f64 = 1.02;

/// The model in production, as a new one is compared with it.
#[derive(Debug, Clone)]
pub(super) struct Rival {
    pub model: InProduction,
    /// The newest steps that it was fitted without; `None` where they are too few to compare on.
    pub held_out: Option<usize>,
    /// Whether it has a backtest.
    pub is_tried: bool,
}

/// Why there is no comparison on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uncompared {
    /// Nothing is in production.
    Alone,
    /// This version is, but hardly a step came after its fit.
    TooLittleNew(u64),
    /// This version is, but it cannot be used, or forecasts none of the series.
    NothingInCommon(u64),
    /// This version is, and has a backtest, which the candidate has not.
    Untried(u64),
}

/// Steps that came after the newest one that a model was fitted on. None if that is not known, as where
/// series had another step then: whatever the model may know is nothing to compare it on.
pub(super) fn new_steps(every: Every, card: Option<&ModelCard>, newest: i64) -> usize {
    let known = card.and_then(|card| parse_step(every, &card.newest));
    let steps = known.and_then(|known| steps_between(every, known, newest));
    steps.and_then(|steps| usize::try_from(steps).ok()).unwrap_or(0)
}

/// How many of the newest steps two models are compared on: those that are new to the one in production,
/// and no more than a forecast has. `None` where fewer than half of a horizon are new: chance decides on
/// so few.
pub(super) fn held_out(horizon: usize, new: usize) -> Option<usize> {
    (new >= horizon.div_ceil(2)).then(|| new.min(horizon))
}

/// Both models on the newest steps, which neither knows: the one in production is older, and the
/// candidate here is fitted without them. `None` where too few are new, or no series is long enough.
pub(super) fn compare(
    series: &[Series],
    settings: &Settings,
    rival: &Rival,
) -> Result<Option<Comparison>, ForecastError> {
    let Some(steps) = rival.held_out else { return Ok(None) };
    let before: Vec<Series> =
        series.iter().map(|one| one.prefix(one.values.len().saturating_sub(steps))).collect();
    let candidate = fit(&before, settings)?;
    let production = holdout(&rival.model.fitted, series, steps);
    let errors = production.into_iter().zip(holdout(&candidate, series, steps));
    let (mut count, mut sums) = (0_u64, (0.0, 0.0));
    for (production, candidate) in errors {
        if let Some((production, candidate)) = production.zip(candidate) {
            count += 1;
            sums = (sums.0 + production, sums.1 + candidate);
        }
    }
    let mean = |sum: f64| sum / count as f64;
    Ok((count > 0).then(|| Comparison {
        production_version: rival.model.version,
        measure: MASE.to_owned(),
        production: mean(sums.0),
        candidate: mean(sums.1),
    }))
}

/// The promotion rule: how far a model gets beside the version in production, and why.
///
/// Without a comparison it is promoted, as a model that knows the newest steps is worth no less than one
/// that does not. One that a deadline hurried is: it waits for a fit with more time, or for a comparison. One
/// without a backtest never takes the place of one that has one.
pub(super) fn verdict(card: &ModelCard, uncompared: Uncompared) -> (ModelStage, String) {
    let metric = |name: &str| card.metrics.get(name).copied();
    if let Some((own, naive)) = metric(MASE).zip(metric(NAIVE_MASE))
        && own > NO_WORSE * naive
    {
        let why = format!("worse than the last season: MASE {own:.3} against {naive:.3}");
        return (ModelStage::Candidate, why);
    }
    if let Some(both) = &card.comparison {
        let (own, other) = (both.candidate, both.production);
        let against = format!(
            "MASE {own:.3} against {other:.3} of version {} on the newest steps",
            both.production_version
        );
        return if own <= NO_WORSE * other {
            (ModelStage::Production, against)
        } else {
            (ModelStage::Staging, format!("worse than the one in production: {against}"))
        };
    }
    match uncompared {
        Uncompared::Alone => (ModelStage::Production, "there is no other in production".to_owned()),
        Uncompared::NothingInCommon(version) => (
            ModelStage::Production,
            format!("version {version} forecasts another horizon, or other series"),
        ),
        Uncompared::TooLittleNew(version) => {
            let why = format!("too little is new since version {version} to compare on");
            match hurried(card) {
                0 => (ModelStage::Production, why),
                some => (
                    ModelStage::Staging,
                    format!("no time was left for trials of {some} series, and {why}"),
                ),
            }
        }
        Uncompared::Untried(version) => {
            (ModelStage::Staging, format!("not in place of version {version}, which has one"))
        }
    }
}

/// Whether a model has a backtest.
pub(super) fn is_tried(card: &ModelCard) -> bool {
    card.metrics.contains_key(MASE)
}

/// Whether another model is due, by the card of the newest version and the stage that it has reached beside
/// the version in production.
pub(super) fn is_due(
    card: &ModelCard,
    stage: Option<ModelStage>,
    production: Option<u64>,
    definition: &str,
    now: DateTime<Utc>,
) -> bool {
    let is_old = now - card.fitted_at >= DUE;
    // A run that ended early may not have promoted what it fitted. How far that should have got follows
    // from the card alone, but for a hurried one, of which another is due in any case, and one without a
    // backtest, which may have to stay behind the one in production.
    let uncompared = match production {
        Some(version) if !is_tried(card) => Uncompared::Untried(version),
        _ => Uncompared::Alone,
    };
    let is_unfinished = stage < Some(verdict(card, uncompared).0);
    // What somebody took out of production is not what the next run has to make good.
    let is_hurried = hurried(card) > 0 && stage < Some(ModelStage::Archived);
    is_old || is_unfinished || is_hurried || card.definition_hash != definition
}

/// Series of which a deadline left no time for trials.
fn hurried(card: &ModelCard) -> u64 {
    card.parameters.get(HURRIED).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use ModelStage::{Archived, Candidate, Production, Staging};
    use chrono::TimeDelta;
    use serde_json::json;
    use smelt_domain::ModelKind;

    use super::super::calendar::step_text;
    use super::*;

    const DAY: i64 = super::super::calendar::DAY;

    fn fitted_at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_764_000_000, 0).unwrap()
    }

    fn card(newest: &str, hurried: u64) -> ModelCard {
        ModelCard {
            dataset: "till".parse().unwrap(),
            model: "daily".parse().unwrap(),
            kind: ModelKind::Forecast,
            version: 2,
            fitted_at: fitted_at(),
            run_id: "20261122T174903Z-3f9a2c".parse().unwrap(),
            data_version: 1,
            newest: newest.to_owned(),
            definition_hash: "same".to_owned(),
            learnt_from: 5,
            left_out: 0,
            metrics: [(MASE.to_owned(), 0.8), (NAIVE_MASE.to_owned(), 0.9)].into(),
            parameters: json!({ HURRIED: hurried }),
            comparison: None,
            seconds: 1.0,
        }
    }

    fn compared(production: f64, candidate: f64) -> ModelCard {
        let measure = MASE.to_owned();
        let comparison = Comparison { production_version: 1, measure, production, candidate };
        ModelCard { comparison: Some(comparison), ..card("2026-11-22", 0) }
    }

    #[test]
    fn models_are_compared_on_what_is_new_to_both() {
        assert_eq!(held_out(7, 0), None);
        assert_eq!(held_out(7, 3), None);
        assert_eq!(held_out(7, 4), Some(4));
        assert_eq!(held_out(7, 7), Some(7));
        assert_eq!(held_out(7, 400), Some(7), "a forecast reaches no further");
        assert_eq!(held_out(1, 0), None);
        assert_eq!(held_out(1, 1), Some(1));
        assert_eq!(held_out(usize::MAX, 9), None);
    }

    #[test]
    fn what_is_new_is_counted_from_the_newest_step_of_the_fit() {
        let newest = parse_step(Every::Day, "2026-11-29").unwrap();
        let new = |text: &str| new_steps(Every::Day, Some(&card(text, 0)), newest);
        assert_eq!(new("2026-11-22"), 7);
        assert_eq!(new("2026-11-29"), 0);
        assert_eq!(new("2026-12-05"), 0, "newer than what is read now");
        // Of a month no day is known, and nothing of other texts.
        assert_eq!((new("2026-11"), new("soon"), new("")), (0, 0, 0));
        assert_eq!(new_steps(Every::Day, None, newest), 0);
        for every in Every::ALL {
            let known = card(&step_text(every, newest - newest.rem_euclid(28 * DAY)), 0);
            let later = super::super::calendar::step_after(every, newest, 3).unwrap();
            let (now, then) =
                (new_steps(every, Some(&known), newest), new_steps(every, Some(&known), later));
            assert_eq!(then, now + 3, "{every}");
        }
    }

    #[test]
    fn no_worse_than_the_last_season_and_production_is_promoted() {
        let stage = |card: &ModelCard| verdict(card, Uncompared::Alone).0;
        assert_eq!(stage(&compared(0.80, 0.80)), Production);
        assert_eq!(stage(&compared(0.80, 0.81)), Production, "within what chance does");
        assert_eq!(stage(&compared(0.80, 0.82)), Staging);
        let mut poor = compared(0.80, 0.70);
        poor.metrics.insert(MASE.to_owned(), 0.95);
        assert_eq!(stage(&poor), Candidate);
    }

    #[test]
    fn why_nothing_was_compared_is_told() {
        let said = |hurried, why| verdict(&card("2026-11-22", hurried), why);
        let (stage, reason) = said(0, Uncompared::TooLittleNew(3));
        assert_eq!(
            (stage, reason.as_str()),
            (Production, "too little is new since version 3 to compare on")
        );
        let (stage, reason) = said(0, Uncompared::NothingInCommon(3));
        assert_eq!(
            (stage, reason.as_str()),
            (Production, "version 3 forecasts another horizon, or other series")
        );
        // A fit without trials does not take the place of one that had them.
        assert_eq!(said(2, Uncompared::TooLittleNew(3)).0, Staging);
        assert_eq!(said(2, Uncompared::NothingInCommon(3)).0, Production, "better than none");
        assert_eq!(said(2, Uncompared::Alone).0, Production);
    }

    #[test]
    fn one_without_a_backtest_stays_behind_one_that_has_one() {
        let untried = ModelCard { metrics: Default::default(), ..card("2026-11-22", 0) };
        assert!(is_tried(&card("2026-11-22", 0)) && !is_tried(&untried));
        let told = (Staging, "not in place of version 1, which has one".to_owned());
        assert_eq!(verdict(&untried, Uncompared::Untried(1)), told);
        // It forecasts where nothing else does.
        assert_eq!(verdict(&untried, Uncompared::Alone).0, Production);
        assert_eq!(verdict(&untried, Uncompared::NothingInCommon(1)).0, Production);

        // Each run would fit the same again, and leave it where it is.
        let due = |stage, production, days| {
            let now = fitted_at() + TimeDelta::days(days);
            is_due(&untried, Some(stage), production, "same", now)
        };
        assert!(!due(Staging, Some(1), 6));
        assert!(due(Staging, Some(1), 7));
        assert!(due(Candidate, Some(1), 0), "it was to be staged");
        assert!(due(Staging, None, 0), "it was to be promoted");
        assert!(!due(Production, Some(2), 6));
    }

    #[test]
    fn another_is_due_when_one_is_old_unfinished_hurried_or_of_something_else() {
        let due = |card: &ModelCard, stage, days| {
            is_due(card, Some(stage), Some(1), "same", fitted_at() + TimeDelta::days(days))
        };
        let (sound, hurried) = (card("2026-11-22", 0), card("2026-11-22", 1));
        assert!(!due(&sound, Production, 6));
        assert!(due(&sound, Production, 7));
        assert!(due(&sound, Staging, 0), "it was to be promoted");
        assert!(!due(&compared(0.8, 0.9), Staging, 6), "it was not");
        assert!(due(&hurried, Production, 0) && due(&hurried, Staging, 0));
        assert!(!due(&hurried, Archived, 6), "somebody took it out of production");
        assert!(is_due(&sound, Some(Production), Some(2), "other", fitted_at()));
        // Cards of earlier versions do not say.
        assert!(!due(&ModelCard { parameters: json!({}), ..sound }, Production, 6));
    }
}
