//! Every way to forecast one series from one origin that the choice is made among.

use super::autoregression::{Pooled, alone};
use super::ets::{Season, ets};
use super::intermittent::intermittent;
use super::names::{Model, Wanted};
use super::theta::theta;
use crate::decompose::{Parts, decompose, decompose_some};
use crate::power::Power;

/// What is known at an origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// Values without gaps, outliers drawn in.
    pub(crate) values: &'a [f64],
    /// The same as they were, which is what the seasonal naive model repeats.
    pub(crate) plain: &'a [f64],
    /// Seasons in values, ascending; those that the values are too few for are not used.
    pub(crate) seasons: &'a [f64],
    pub(crate) horizon: usize,
    /// Coefficients from all series of the set.
    pub(crate) pooled: Option<&'a Pooled>,
    /// Whether nothing may be below zero.
    pub(crate) floor: bool,
    /// What is worked out; other models say nothing.
    pub(crate) wanted: &'a Wanted,
}

/// The values ahead by each model, in the order of [`Model::ALL`].
pub(crate) type Candidates = Vec<Option<Vec<f64>>>;

/// The newest values that smoothing models are fitted on; older ones hardly change them.
const SMOOTHED: usize = 800;
/// The longest season that exponential smoothing carries itself.
const SMOOTHED_SEASON: usize = 24;
/// How many of the last seasons have to be zero at a place for it to be always zero.
const ALWAYS: usize = 8;

/// Seasons of which the values have enough: two, and of a long one (a year) one and a half.
fn usable(seasons: &[f64], length: usize) -> Vec<f64> {
    let needed = |season: f64| season * if season > 100.0 { 1.6 } else { 2.0 };
    seasons.iter().copied().filter(|season| needed(*season) <= length as f64).collect()
}

/// What every model that is wanted says. A model that cannot say anything about such values says nothing.
pub(crate) fn candidates(view: View<'_>) -> Candidates {
    let View { values, plain, horizon, wanted, .. } = view;
    let seasons = usable(view.seasons, values.len());
    let whole: Vec<usize> = seasons.iter().map(|season| season.round() as usize).collect();
    let (short, long) = (whole.first().copied(), whole.last().copied());
    let mut found: Candidates = vec![None; Model::ALL.len()];
    let mut put = |model: Model, ahead: &dyn Fn() -> Option<Vec<f64>>| {
        if wanted.has(model) {
            found[model as usize] = ahead();
        }
    };

    put(Model::Naive, &|| repeat(values, 1, horizon));
    put(Model::SeasonalNaive, &|| repeat(plain, short.unwrap_or(1), horizon));
    put(Model::LongNaive, &|| repeat(values, long.unwrap_or(1), horizon));
    put(Model::Theta, &|| theta(newest(values), horizon));
    put(Model::Ets, &|| smoothed(values, horizon));
    put(Model::Ar, &|| alone(values, &[], horizon));
    put(Model::Intermittent, &|| intermittent(values, horizon));

    let power = Power::of(values);
    let bent: Option<(Power, Vec<f64>)> =
        power.map(|power| (power, values.iter().map(|value| power.there(*value)).collect()));
    let adjusted = Adjusted { values, seasons: &seasons, whole: &whole, horizon };
    // Where no transformation applies, what it would change stands for it: the order of models and
    // how many of a kind there are do not depend on the values.
    let (six, bent_six) = match &bent {
        Some((power, bent)) => {
            let six = Adjusted { values: bent, ..adjusted }.six(wanted.each(Model::BENT));
            (adjusted.six(wanted.each(Model::ADJUSTED)), six.map(|ahead| back(*power, ahead)))
        }
        None => {
            let six = adjusted.six(wanted.either(Model::ADJUSTED, Model::BENT));
            (six.clone(), six)
        }
    };
    for (models, six) in [(Model::ADJUSTED, six), (Model::BENT, bent_six)] {
        for (model, ahead) in models.into_iter().zip(six) {
            put(model, &|| ahead.clone());
        }
    }

    let positive = values.iter().all(|value| *value > 0.0);
    let kinds: &[Season] =
        if positive { &[Season::Additive, Season::Multiplicative] } else { &[Season::Additive] };
    let smoothable = short.filter(|season| *season <= SMOOTHED_SEASON);
    let with_long = smoothable
        .filter(|_| seasons.len() > 1 && wanted.has(Model::SeasonalEtsLong))
        .and_then(|season| {
            let parts = decompose_some(values, &seasons, 1, horizon);
            with(&parts, ets(newest(&parts.adjusted), season, horizon, &[Season::Additive]))
        });
    let is_short_wanted = wanted.has(Model::SeasonalEts)
        || (wanted.has(Model::SeasonalEtsLong) && with_long.is_none());
    let seasonal = smoothable
        .filter(|_| is_short_wanted)
        .and_then(|season| ets(newest(values), season, horizon, kinds));
    put(Model::SeasonalEtsLong, &|| with_long.clone().or_else(|| seasonal.clone()));
    put(Model::SeasonalEts, &|| seasonal.clone());

    let is_plain_wanted =
        wanted.has(Model::SeasonalAr) || (bent.is_none() && wanted.has(Model::BentSeasonalAr));
    let plain_ar = if is_plain_wanted { alone(values, &whole, horizon) } else { None };
    put(Model::SeasonalAr, &|| plain_ar.clone());
    put(Model::BentSeasonalAr, &|| match &bent {
        Some((power, bent)) => back(*power, alone(bent, &whole, horizon)),
        None => plain_ar.clone(),
    });

    let is_any_wanted = wanted.has(Model::GlobalAr) || wanted.has(Model::LocalAr);
    if let Some(pooled) = view.pooled.filter(|_| is_any_wanted) {
        let (base, power) = match &bent {
            Some((power, bent)) => (bent.as_slice(), Some(*power)),
            None => (values, None),
        };
        let (all, own) = pooled.ahead(base, horizon);
        let back = |ahead: &Option<Vec<f64>>| match power {
            Some(power) => back(power, ahead.clone()),
            None => ahead.clone(),
        };
        put(Model::GlobalAr, &|| back(&all));
        put(Model::LocalAr, &|| back(&own));
    }

    let zeros = always_zero(values, short.unwrap_or(1));
    for ahead in &mut found {
        if let Some(ahead) = ahead {
            for (step, value) in ahead.iter_mut().enumerate() {
                if view.floor {
                    *value = value.max(0.0);
                }
                if !zeros.is_empty() && zeros[step % zeros.len()] {
                    *value = 0.0;
                }
            }
        }
        if ahead.as_ref().is_some_and(|ahead| !ahead.iter().all(|value| value.is_finite())) {
            *ahead = None;
        }
    }
    found
}

/// Values whose seasons are taken out.
#[derive(Clone, Copy)]
struct Adjusted<'a> {
    values: &'a [f64],
    seasons: &'a [f64],
    whole: &'a [usize],
    horizon: usize,
}

impl Adjusted<'_> {
    /// Three models on values without their first season, and without all: those that are wanted, or
    /// the same as one that is.
    fn six(self, wanted: [bool; 6]) -> [Option<Vec<f64>>; 6] {
        let [a, b, c, d, e, f] = wanted;
        if self.seasons.len() > 1 {
            let [a, b, c] = self.three(&self.seasons[..1], [a, b, c]);
            let [d, e, f] = self.three(self.seasons, [d, e, f]);
            return [a, b, c, d, e, f];
        }
        // All seasons are the first one.
        let [a, b, c] = self.three(self.seasons, [a || d, b || e, c || f]);
        [a.clone(), b.clone(), c.clone(), a, b, c]
    }

    fn three(self, seasons: &[f64], wanted: [bool; 3]) -> [Option<Vec<f64>>; 3] {
        if wanted == [false; 3] {
            return [None, None, None];
        }
        let horizon = self.horizon;
        let parts = decompose(self.values, seasons, horizon);
        let lags = &self.whole[..self.whole.len().min(1)];
        let [by_theta, by_ets, by_ar] = wanted;
        let own = |is_wanted: bool, ahead: &dyn Fn() -> Option<Vec<f64>>| {
            if is_wanted { with(&parts, ahead()) } else { None }
        };
        [
            own(by_theta, &|| theta(newest(&parts.adjusted), horizon)),
            own(by_ets, &|| smoothed(&parts.adjusted, horizon)),
            own(by_ar, &|| alone(&parts.adjusted, lags, horizon)),
        ]
    }
}

fn newest(values: &[f64]) -> &[f64] {
    &values[values.len().saturating_sub(SMOOTHED)..]
}

fn smoothed(values: &[f64], horizon: usize) -> Option<Vec<f64>> {
    ets(newest(values), 1, horizon, &[Season::None])
}

fn with(parts: &Parts, ahead: Option<Vec<f64>>) -> Option<Vec<f64>> {
    Some(ahead?.iter().zip(&parts.ahead).map(|(level, season)| level + season).collect())
}

fn back(power: Power, ahead: Option<Vec<f64>>) -> Option<Vec<f64>> {
    Some(ahead?.iter().map(|value| power.back(*value)).collect())
}

fn repeat(values: &[f64], period: usize, horizon: usize) -> Option<Vec<f64>> {
    let last = values.get(values.len().checked_sub(period)?..)?;
    (!last.is_empty()).then(|| (0..horizon).map(|step| last[step % period]).collect())
}

/// Places in the season ahead at which the last values were all zero: closed on Sundays, no sun at
/// night.
fn always_zero(values: &[f64], period: usize) -> Vec<bool> {
    let n = values.len();
    if period < 2 || n < ALWAYS * period {
        return Vec::new();
    }
    let always = |place: usize| (1..=ALWAYS).all(|back| values[n + place - back * period] == 0.0);
    (0..period).map(always).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<'a>(values: &'a [f64], seasons: &'a [f64]) -> View<'a> {
        View {
            values,
            plain: values,
            seasons,
            horizon: 14,
            pooled: None,
            floor: true,
            wanted: &Wanted::EVERY,
        }
    }

    #[test]
    fn a_clear_season_is_seen_by_all_models_that_know_seasons() {
        let week = [5.0, 6.0, 7.0, 6.0, 9.0, 20.0, 18.0];
        let values: Vec<f64> = (0..140).map(|day| week[day % 7]).collect();
        let found = candidates(view(&values, &[7.0]));
        let seasonal = [Model::SeasonalNaive, Model::SeasonalEts].into_iter();
        for model in seasonal.chain(Model::ADJUSTED).chain(Model::BENT) {
            let ahead = found[model as usize].as_ref().unwrap();
            for (step, value) in ahead.iter().enumerate() {
                let wanted = week[step % 7];
                assert!((value - wanted).abs() < 1.0, "{model:?} {step}: {value} for {wanted}");
            }
        }
    }

    #[test]
    fn what_one_says_does_not_depend_on_who_else_is_asked() {
        let noise = |day: usize| (day * 7919 % 13) as f64;
        let lists = [
            (0..140).map(|day| 30.0 + noise(day) + (day % 7) as f64).collect(),
            (0..140).map(|day| noise(day) - 6.0).collect::<Vec<f64>>(),
        ];
        for values in &lists {
            for seasons in [&[7.0][..], &[7.0, 30.0], &[]] {
                let every = candidates(view(values, seasons));
                for model in Model::ALL {
                    let mut weights = [0.0; Model::ALL.len()];
                    weights[model as usize] = 0.5;
                    let wanted = Wanted::weighted(&weights);
                    let one = candidates(View { wanted: &wanted, ..view(values, seasons) });
                    assert_eq!(one[model as usize], every[model as usize], "{model:?}");
                    assert!(one.iter().flatten().count() <= 1);
                }
            }
        }
    }

    #[test]
    fn closed_on_sundays() {
        let noise = |day: usize| (day * 7919 % 13) as f64;
        let values: Vec<f64> =
            (0..140).map(|day| if day % 7 == 6 { 0.0 } else { 20.0 + noise(day) }).collect();
        for ahead in candidates(view(&values, &[7.0])).iter().flatten() {
            assert_eq!((ahead[6], ahead[13]), (0.0, 0.0));
        }
    }

    #[test]
    fn few_values_are_no_reason_to_stop() {
        for length in 1..40 {
            let values: Vec<f64> = (0..length).map(f64::from).collect();
            let found = candidates(view(&values, &[7.0, 365.25]));
            assert!(found[Model::Naive as usize].is_some());
            assert!(found[Model::SeasonalNaive as usize].is_some());
        }
        assert!(candidates(view(&[], &[7.0])).iter().all(Option::is_none));
    }
}
