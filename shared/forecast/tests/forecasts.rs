//! What must always hold of forecasts and backtests.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use smelt_forecast::{
    Forecast, ForecastError, Frequency, Holiday, Series, Settings, backtest, forecast, parse_time,
};

fn noise(t: usize) -> f64 {
    // A hash's bits: multiples alone would repeat.
    let mixed = (t as u64).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
}

fn daily(id: &str, values: Vec<f64>) -> Series {
    let start = parse_time("2024-01-01").unwrap();
    Series::new(id, values).starting(start, Frequency::Daily)
}

fn one(series: Series, settings: &Settings) -> Result<Forecast, ForecastError> {
    forecast(&[series], settings).unwrap().remove(0)
}

const WEEK: [f64; 7] = [50.0, 52.0, 55.0, 54.0, 70.0, 95.0, 90.0];

fn weekly(days: usize) -> Vec<f64> {
    (0..days).map(|day| WEEK[day % 7] * (1.0 + 0.1 * noise(day))).collect()
}

#[test]
fn a_week_goes_on() {
    let answer = one(daily("a", weekly(210)), &Settings::new(14)).unwrap();
    for (step, value) in answer.mean.iter().enumerate() {
        assert!((value - WEEK[step % 7]).abs() < 8.0, "{step}: {value}");
    }
    assert_eq!(answer.times[0], parse_time("2024-07-29").unwrap());
    assert_eq!(answer.trials.count, 8);
    assert!(answer.trials.mase < answer.trials.seasonal_naive_mase);
    let sum: f64 = answer.parts.iter().map(|part| part.weight).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{:?}", answer.parts);
    assert!(answer.reason.contains("earlier origins"), "{}", answer.reason);
}

#[test]
fn a_glitch_in_the_last_value_is_not_carried_on() {
    let mut values = weekly(210);
    *values.last_mut().unwrap() = 6_000.0;
    let answer = one(daily("a", values), &Settings::new(7)).unwrap();
    for (step, value) in answer.mean[..6].iter().enumerate() {
        assert!((value - WEEK[step]).abs() < 20.0, "{step}: {value}");
    }
}

/// The share of values within the 95 % interval, of many series that are each looked at alone.
fn covered(length: usize, horizon: usize) -> f64 {
    let (mut within, mut count) = (0, 0);
    for number in 0..60 {
        let value = |day: usize| WEEK[day % 7] * (1.0 + 0.4 * noise(1_000 * number + day));
        let values: Vec<f64> = (0..length).map(value).collect();
        let answer = one(daily("a", values), &Settings::new(horizon)).unwrap();
        let widest = answer.intervals.last().unwrap();
        for step in 0..horizon {
            let actual = value(length + step);
            within += usize::from(widest.lo[step] <= actual && actual <= widest.hi[step]);
            count += 1;
        }
    }
    f64::from(u32::try_from(within).unwrap()) / f64::from(u32::try_from(count).unwrap())
}

#[test]
fn intervals_hold_what_comes_after_little_and_one_step_ahead() {
    for (length, horizon) in [(5, 7), (20, 7), (28, 7), (60, 1), (120, 2)] {
        let share = covered(length, horizon);
        assert!(share >= 0.9, "{share:.3} of {length} values, {horizon} ahead");
    }
}

#[test]
fn series_that_are_forecast_exactly_say_nothing_of_others() {
    let around_zero = |number: usize| {
        let values = (0..200).map(|day| 10.0 * noise(1_000 * number + day)).collect();
        daily(&format!("noise {number}"), values)
    };
    let noisy: Vec<Series> = (0..6).map(around_zero).collect();
    let exact = [
        daily("zero", vec![0.0; 200]),
        daily("constant", vec![7.0; 200]),
        daily("week", (0..200).map(|day| WEEK[day % 7]).collect()),
    ];
    let settings = Settings::new(7);
    let mixed: Vec<Series> = noisy.iter().chain(&exact).cloned().collect();
    let widths = |found: Vec<Result<Forecast, ForecastError>>| -> Vec<f64> {
        let widest = |one: Forecast| {
            let interval = one.intervals.last().unwrap().clone();
            interval.hi.iter().zip(&interval.lo).map(|(hi, lo)| hi - lo).collect::<Vec<f64>>()
        };
        found.into_iter().take(6).flat_map(|one| widest(one.unwrap())).collect()
    };
    let alone = widths(forecast(&noisy, &settings).unwrap());
    for (beside, alone) in widths(forecast(&mixed, &settings).unwrap()).iter().zip(&alone) {
        assert!((beside / alone - 1.0).abs() < 0.5, "{beside} {alone}");
    }
}

#[test]
fn what_only_repeats_is_forecast_exactly() {
    let values: Vec<f64> = (0..70).map(|day| WEEK[day % 7]).collect();
    let answer = one(daily("a", values), &Settings::new(7)).unwrap();
    for (value, wanted) in answer.mean.iter().zip(WEEK) {
        assert!((value - wanted).abs() < 0.2, "{value} {wanted}");
    }
}

#[test]
fn what_never_changes_is_forecast_exactly_in_mean_and_bounds() {
    for value in [5.0, 0.1, -3.7, 0.0, 1e200, 1e-200] {
        let mut values = vec![value; 60];
        values[20] = f64::NAN;
        let answer = one(daily("a", values), &Settings::new(7)).unwrap();
        assert_eq!(answer.mean, [value; 7]);
        for interval in &answer.intervals {
            assert_eq!((&interval.lo[..], &interval.hi[..]), (&[value; 7][..], &[value; 7][..]));
        }
    }
}

#[test]
fn a_single_value_is_no_forecast_and_does_not_stop_others() {
    let series = [daily("new", vec![f64::NAN, 4.0, f64::NAN]), daily("full", weekly(60))];
    let answers = forecast(&series, &Settings::new(3)).unwrap();
    let error = answers[0].as_ref().unwrap_err().to_string();
    assert!(error.starts_with("series new: one value"), "{error}");
    assert!(answers[1].is_ok());
}

#[test]
fn holidays_are_learnt_and_expected() {
    let mut values = weekly(300);
    let start = parse_time("2024-01-01").unwrap() / 86_400;
    let feasts = [30, 90, 150, 210, 303];
    for feast in feasts {
        if let Some(value) = values.get_mut(feast) {
            *value *= 3.0;
        }
    }
    let days: BTreeSet<i64> = feasts.iter().map(|feast| start + *feast as i64).collect();
    let holidays = vec![Holiday { name: "feast".to_owned(), days }];
    let settings = Settings { holidays, ..Settings::new(7) };
    let with = one(daily("a", values.clone()), &settings).unwrap();
    let without = one(daily("a", values), &Settings::new(7)).unwrap();
    assert!(with.mean[3] > 2.0 * without.mean[3], "{:?} {:?}", with.mean, without.mean);
    assert!((with.mean[2] / without.mean[2] - 1.0).abs() < 0.2);
}

#[test]
fn an_empty_series_is_named_and_does_not_stop_others() {
    let series = [daily("void", vec![f64::NAN; 9]), daily("full", weekly(60)), daily("", vec![])];
    let answers = forecast(&series, &Settings::new(3)).unwrap();
    let error = answers[0].as_ref().unwrap_err();
    assert_eq!(error.to_string(), "series void: no usable value among 9");
    assert!(answers[1].is_ok());
    answers[2].as_ref().unwrap_err();
}

#[test]
fn the_deadline_is_kept_and_told() {
    let series: Vec<Series> = (0..200).map(|at| daily(&at.to_string(), weekly(400))).collect();
    let settings = Settings { deadline: Some(Duration::from_millis(1)), ..Settings::new(14) };
    let answers = forecast(&series, &settings).unwrap();
    let last = answers.last().unwrap().as_ref().unwrap();
    assert_eq!(last.model, "seasonal_naive");
    assert!(last.reason.contains("no time"), "{}", last.reason);
    assert!(last.intervals[1].hi[0] > last.mean[0]);
}

#[test]
fn any_number_of_threads_gives_the_same_numbers() {
    let series: Vec<Series> = (0..12)
        .map(|at| {
            daily(&at.to_string(), (0..120).map(|t| WEEK[t % 7] + noise(t + 500 * at)).collect())
        })
        .collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| forecast(&series, &Settings::new(9)).unwrap())
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_backtest_knows_nothing_of_its_windows() {
    let mut values = weekly(200);
    let settings = Settings::new(7);
    let known = one(daily("a", values[..193].to_vec()), &settings).unwrap();
    let before = backtest(&[daily("a", values.clone())], &settings, 1).unwrap();
    let error: f64 =
        values[193..].iter().zip(&known.mean).map(|(y, f)| 200.0 * (y - f).abs() / (y + f)).sum();
    assert!((before.models[0].smape.unwrap() - error / 7.0).abs() < 1e-9);
    // What came later changes the score and not the forecast.
    values[199] = 1e9;
    let after = backtest(&[daily("a", values)], &settings, 1).unwrap();
    assert!(after.models[0].mase.unwrap() > before.models[0].mase.unwrap());
}

#[test]
fn a_backtest_tells_of_models_series_and_what_was_left_out() {
    let series = [daily("a", weekly(120)), daily("short", vec![1.0; 5])];
    let found = backtest(&series, &Settings::new(7), 3).unwrap();
    assert_eq!(found.models[0].model, "smelt");
    assert_eq!(found.models[0].windows, 3);
    let naive2 = found.models.iter().find(|one| one.model == "naive2").unwrap();
    assert!((naive2.owa.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(found.models[0].coverage.len(), 2);
    assert_eq!(found.series.len(), 1);
    assert_eq!(found.left_out[0].0, "short");
    backtest(&series[1..], &Settings::new(7), 3).unwrap_err();
    backtest(&series, &Settings::new(7), 0).unwrap_err();
}

/// Values with everything that data has.
fn values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        6 => -100.0..100.0_f64,
        2 => (0_u32..5).prop_map(f64::from),
        1 => Just(f64::NAN),
        1 => prop_oneof![
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(f64::MAX),
            Just(f64::MIN),
            Just(1e-310),
            Just(-0.0)
        ],
    ];
    let regular = (0..120_usize, 0.0..3.0_f64)
        .prop_map(|(n, wild)| (0..n).map(|t| WEEK[t % 7] + wild * noise(t)).collect());
    prop_oneof![
        prop::collection::vec(value, 0..90),
        prop::collection::vec((0_u32..3).prop_map(f64::from), 0..90),
        (0..60_usize, -5.0..5.0_f64).prop_map(|(n, value)| vec![value; n]),
        regular,
    ]
}

fn frequency() -> impl Strategy<Value = Frequency> {
    prop_oneof![
        Just(Frequency::Daily),
        Just(Frequency::HOURLY),
        Just(Frequency::Monthly),
        Just(Frequency::Unknown),
        Just(Frequency::Seconds(7)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bounds_are_finite_and_in_order(
        all in prop::collection::vec(values(), 1..4),
        frequency in frequency(),
        horizon in 1_usize..20,
    ) {
        let series: Vec<Series> = all
            .iter()
            .map(|values| Series::new("any", values.clone()).starting(0, frequency))
            .collect();
        let answers = forecast(&series, &Settings::new(horizon)).unwrap();
        prop_assert_eq!(answers.len(), series.len());
        for (answer, values) in answers.iter().zip(&all) {
            let Ok(answer) = answer else {
                prop_assert!(values.iter().filter(|value| value.is_finite()).count() < 2);
                continue;
            };
            prop_assert_eq!(answer.mean.len(), horizon);
            let counts = values.iter().all(|value| !value.is_finite() || *value >= 0.0);
            let (narrow, wide) = (&answer.intervals[0], &answer.intervals[1]);
            for (step, mean) in answer.mean.iter().copied().enumerate() {
                let in_order = [wide.lo[step], narrow.lo[step], mean, narrow.hi[step], wide.hi[step]];
                prop_assert!(in_order.iter().all(|value| value.is_finite()), "{:?}", in_order);
                prop_assert!(in_order.is_sorted(), "{:?}", in_order);
                prop_assert!(!counts || wide.lo[step] >= 0.0, "{:?}", in_order);
            }
        }
        let _ = backtest(&series, &Settings::new(horizon), 2);
    }

    #[test]
    fn the_unit_does_not_matter(values in prop::collection::vec(1.0..100.0_f64, 30..60)) {
        let times = 1024.0;
        let small = one(daily("a", values.clone()), &Settings::new(5)).unwrap();
        let large =
            one(daily("a", values.iter().map(|v| v * times).collect()), &Settings::new(5)).unwrap();
        for (a, b) in small.mean.iter().zip(&large.mean) {
            prop_assert!((a * times - b).abs() <= 1e-3 * b.abs() + 1e-6, "{} {}", a * times, b);
        }
    }
}
