//! What must always hold of models that are stored and applied later.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use smelt_forecast::metrics::mase;
use smelt_forecast::{
    Fitted, Forecast, Frequency, Holiday, Series, Settings, fit, forecast, holdout,
};

fn noise(t: usize) -> f64 {
    let mixed = (t as u64).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
}

const WEEK: [f64; 7] = [50.0, 52.0, 55.0, 54.0, 70.0, 95.0, 90.0];

fn daily(id: &str, days: usize, value: impl Fn(usize) -> f64) -> Series {
    Series::new(id, (0..days).map(value).collect()).starting(0, Frequency::Daily)
}

fn weekly(id: &str, days: usize) -> Series {
    daily(id, days, |day| WEEK[day % 7] * (1.0 + 0.2 * noise(day + 1_000 * id.len())))
}

/// Everything that data has: gaps, no number at all, too few, huge and tiny ones, two of one name,
/// no clock, another frequency.
fn all_kinds() -> Vec<Series> {
    let gap = |day: usize| if day % 11 == 3 { f64::NAN } else { WEEK[day % 7] + noise(day) };
    vec![
        weekly("plain", 150),
        daily("gaps", 120, gap),
        daily("nothing", 9, |_| f64::NAN),
        daily("", 0, |_| 0.0),
        weekly("short", 9),
        weekly("one", 1),
        daily("zeros", 80, |_| 0.0),
        daily("huge", 90, |day| 1e200 * (WEEK[day % 7] + noise(day))),
        daily("largest", 60, |day| if day % 2 == 0 { f64::MAX } else { f64::MIN }),
        daily("tiny", 90, |day| 1e-200 * (WEEK[day % 7] + noise(day))),
        weekly("two", 100),
        daily("two", 70, |day| 3.0 + noise(day)),
        Series::new("counted", (0..90).map(|t| (t % 12) as f64 + noise(t)).collect()),
        Series::new("plain", (0..99).map(|t| 20.0 + noise(t)).collect())
            .starting(0, Frequency::HOURLY),
    ]
}

fn holidays() -> Vec<Holiday> {
    let days: BTreeSet<i64> = [20, 55, 90, 125, 153].into_iter().collect();
    vec![Holiday { name: "feast".to_owned(), days }]
}

fn read_back(fitted: &Fitted) -> Fitted {
    serde_json::from_str(&serde_json::to_string(fitted).unwrap()).unwrap()
}

#[track_caller]
fn assert_near(a: &Forecast, b: &Forecast) {
    // Gaps are no part of forecasts; of a step that is 0 by chance nothing relative can be said.
    let size = a.mean.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let near = |a: &[f64], b: &[f64]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| a == b || (a - b).abs() <= 1e-9 * a.abs().max(size))
    };
    assert!(near(&a.mean, &b.mean), "{}: {:?} {:?}", a.id, a.mean, b.mean);
    for (one, other) in a.intervals.iter().zip(&b.intervals) {
        assert!(near(&one.lo, &other.lo) && near(&one.hi, &other.hi), "{one:?} {other:?}");
    }
    assert_eq!((&a.times, &a.model, &a.reason), (&b.times, &b.model, &b.reason));
    assert_eq!(a.trials.count, b.trials.count);
}

#[test]
fn a_model_says_of_what_it_was_fitted_on_what_a_forecast_says() {
    let series = all_kinds();
    let plain = Settings::new(10);
    for settings in [
        plain.clone(),
        Settings { holidays: holidays(), ..plain.clone() },
        Settings { deadline: Some(Duration::ZERO), ..plain.clone() },
        Settings { levels: vec![99.0, 50.0, 99.0], seasons: vec![30.4, 7.0], ..plain.clone() },
        Settings { levels: Vec::new(), ..plain },
    ] {
        let fitted = fit(&series, &settings).unwrap();
        let told = fitted.forecast(&series);
        assert_eq!(told, forecast(&series, &settings).unwrap());
        let again = read_back(&fitted).forecast(&series);
        assert_eq!(told.len(), again.len());
        for (one, other) in told.iter().zip(&again) {
            match (one, other) {
                (Ok(one), Ok(other)) => assert_near(one, other),
                (one, other) => assert_eq!(one, other),
            }
        }
    }
}

#[test]
fn what_is_stored_can_be_read_by_people() {
    let settings = Settings { deadline: Some(Duration::from_secs(3_600)), ..Settings::new(7) };
    let fitted = fit(&all_kinds(), &settings).unwrap();
    assert_eq!(fitted.settings(), &Settings::new(7));
    // Two have no number.
    assert_eq!(fitted.series().len(), all_kinds().len() - 2);
    let plain = fitted.series().next().unwrap();
    assert_eq!((plain.id(), plain.trials().count), ("plain", 6));
    assert!(plain.reason().contains("6 earlier origins"), "{}", plain.reason());
    let parts = plain.parts();
    assert!((parts.iter().map(|part| part.weight).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(parts.is_sorted_by(|a, b| a.weight >= b.weight));
    let stored = serde_json::to_value(&fitted).unwrap();
    assert!(stored["series"][0]["weights"][&parts[0].model].is_number(), "{stored}");
    assert!(stored["settings"]["deadline"].is_null());
}

#[test]
fn what_a_deadline_left_untried_says_so() {
    let settings = Settings::new(7);
    let fitted = fit(&all_kinds(), &settings).unwrap();
    assert!(fitted.series().all(|one| !one.is_hurried()));
    let late = Settings { deadline: Some(Duration::ZERO), ..settings };
    let late = read_back(&fit(&all_kinds(), &late).unwrap());
    assert!(late.series().all(|one| one.is_hurried()));
}

#[test]
fn newer_values_are_forecast_with_the_weights_of_older_ones() {
    let all: Vec<Series> = ["a", "bb", "ccc"].map(|id| weekly(id, 210)).into();
    let older: Vec<Series> = all.iter().map(|one| one.prefix(182)).collect();
    let fitted = fit(&older, &Settings::new(14)).unwrap();
    // Another order, and one that is missing.
    let newer = [all[2].clone(), all[0].clone()];
    let told: Vec<Forecast> = fitted.forecast(&newer).into_iter().map(Result::unwrap).collect();
    for (one, known) in told.iter().zip([2, 0]) {
        let known = fitted.series().nth(known).unwrap();
        assert_eq!(one.id, known.id());
        assert_eq!(one.times[0], 210 * 86_400);
        assert_eq!(one.trials, *known.trials());
        assert_eq!(one.reason, known.reason());
        for (part, wanted) in one.parts.iter().zip(known.parts()) {
            assert!((part.weight - wanted.weight).abs() < 1e-12);
        }
        for (step, value) in one.mean.iter().enumerate() {
            assert!((value - WEEK[step % 7]).abs() < 12.0, "{step}: {value}");
        }
    }
}

#[test]
fn a_unit_that_changes_is_no_other_forecast() {
    let huge =
        |times: f64| daily("huge", 120, move |day| times * 1e70 * (WEEK[day % 7] + noise(day)));
    let mut newer = huge(1.0);
    newer.values.push(2.0 * newer.values[119]);
    let fitted = fit(&[huge(1.0)], &Settings::new(7)).unwrap();
    let width = |series: &Series| {
        let told = fitted.forecast(std::slice::from_ref(series)).remove(0).unwrap();
        told.intervals[1].hi[0] - told.mean[0]
    };
    let ratio = width(&newer) / width(&huge(1.0));
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
    // From huge to usual and the other way round: nothing breaks.
    let usual = weekly("huge", 120);
    assert!(width(&usual).is_finite());
    let other = fit(&[usual], &Settings::new(7)).unwrap();
    let told = other.forecast(&[huge(1e200)]).remove(0).unwrap();
    assert!(told.intervals.iter().all(|one| one.lo.iter().chain(&one.hi).all(|v| v.is_finite())));
}

#[test]
fn what_is_not_known_gets_what_all_others_say() {
    let series: Vec<Series> = ["a", "bb", "ccc"].map(|id| weekly(id, 150)).into();
    let fitted = fit(&series, &Settings::new(7)).unwrap();
    let hourly = weekly("a", 90).starting(0, Frequency::HOURLY);
    let told = fitted.forecast(&[weekly("new", 150), hourly, weekly("void", 0)]);
    for one in told[..2].iter().map(|one| one.as_ref().unwrap()) {
        assert!(one.reason.starts_with("not among"), "{}", one.reason);
        assert_eq!(one.trials.count, 0);
        assert!(one.intervals[1].hi[0] > one.mean[0]);
        assert!((one.parts.iter().map(|part| part.weight).sum::<f64>() - 1.0).abs() < 1e-9);
    }
    told[2].as_ref().unwrap_err();
    let new = told[0].as_ref().unwrap();
    for (step, value) in new.mean.iter().enumerate() {
        assert!((value - WEEK[(150 + step) % 7]).abs() < 15.0, "{step}: {value}");
    }
    let empty = fit(&[], &Settings::new(3)).unwrap();
    assert_eq!(read_back(&empty).forecast(&series).iter().filter(|one| one.is_ok()).count(), 3);
}

#[test]
fn a_holdout_is_what_the_model_would_have_said() {
    let mut series = vec![weekly("a", 160), weekly("bb", 160), weekly("short", 5)];
    series.push(daily("flat", 60, |_| 4.0));
    let before: Vec<Series> =
        series.iter().map(|one| one.prefix(one.values.len().saturating_sub(7))).collect();
    let fitted = fit(&before, &Settings::new(7)).unwrap();
    let scores = holdout(&fitted, &series, 7);
    let told = fitted.forecast(&before);
    for at in 0..2 {
        let (known, actual) = series[at].values.split_at(153);
        let wanted = mase(actual, &told[at].as_ref().unwrap().mean, known, 7);
        assert_eq!(scores[at], wanted);
        assert!(scores[at].unwrap() < 1.5, "{scores:?}");
    }
    assert_eq!(scores[2..], [None, None]);
    // No forecast reaches beyond the horizon, and of no step there is nothing to say.
    assert_eq!(holdout(&fitted, &series, 99), scores);
    assert_eq!(holdout(&fitted, &series, 0), [None; 4]);
    // Fewer steps are the first ones of a forecast from a later origin.
    let later: Vec<Series> = series.iter().map(|one| one.prefix(157)).collect();
    let fewer = holdout(&fitted, &series, 3);
    for (at, told) in fitted.forecast(&later[..2]).into_iter().enumerate() {
        let (known, actual) = series[at].values.split_at(157);
        assert_eq!(fewer[at], mase(actual, &told.unwrap().mean, known, 7));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_model() {
    let series = all_kinds();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fitted = fit(&series, &Settings::new(9)).unwrap();
            let told = fitted.forecast(&series);
            (serde_json::to_string(&fitted).unwrap(), told, holdout(&fitted, &series, 9))
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_stored_model_is_small() {
    let series: Vec<Series> = (0..60)
        .map(|at| daily(&format!("series {at}"), 120, |t| WEEK[t % 7] + 9.0 * noise(t + 500 * at)))
        .collect();
    let stored = serde_json::to_string(&fit(&series, &Settings::new(14)).unwrap()).unwrap();
    assert!(stored.len() < 60 * 1_200, "{} bytes", stored.len());
}

#[test]
fn a_model_of_another_version_says_so() {
    let fitted = fit(&[weekly("a", 60)], &Settings::new(3)).unwrap();
    let stored = serde_json::to_value(&fitted).unwrap();
    let error = |change: &dyn Fn(&mut Value)| {
        let mut stored = stored.clone();
        change(&mut stored);
        serde_json::from_value::<Fitted>(stored).unwrap_err().to_string()
    };
    let other = error(&|stored| stored["series"][0]["weights"] = json!({"oracle": 1.0}));
    assert!(other.contains("no model \"oracle\"") && other.contains("fitted anew"), "{other}");
    let format = error(&|stored| stored["format"] = json!(2));
    assert!(format.contains("stored model: format 2"), "{format}");
    let levels = error(&|stored| stored["settings"]["levels"] = json!([80.0]));
    assert!(levels.contains("widths"), "{levels}");
}

/// The same JSON with one of its numbers, the first being number 0, replaced. Counts down.
fn replace(value: &mut Value, number: &mut i64, by: &Value) {
    match value {
        Value::Number(_) => {
            if *number == 0 {
                *value = by.clone();
            }
            *number -= 1;
        }
        Value::Array(all) => all.iter_mut().for_each(|one| replace(one, number, by)),
        Value::Object(all) => all.values_mut().for_each(|one| replace(one, number, by)),
        _ => {}
    }
}

#[test]
fn whatever_is_read_can_be_followed_or_is_an_error() {
    let series = [daily("a", 40, |t| WEEK[t % 7] + noise(t)), weekly("bb", 45)];
    let fitted = fit(&series, &Settings { holidays: holidays(), ..Settings::new(3) }).unwrap();
    let stored = serde_json::to_value(&fitted).unwrap();
    for by in
        [json!(-1), json!(0), json!(0.5), json!(3), json!(1e300), json!(u64::MAX), json!(null)]
    {
        for number in 0.. {
            let (mut changed, mut left) = (stored.clone(), number);
            replace(&mut changed, &mut left, &by);
            if left >= 0 {
                break;
            }
            let Ok(read) = serde_json::from_value::<Fitted>(changed) else { continue };
            for told in read.forecast(&series) {
                let told = told.unwrap();
                assert!(told.mean.iter().all(|value| value.is_finite()), "{number} {by}");
            }
            holdout(&read, &series, 3);
        }
    }
}

/// Values with everything that data has.
fn values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        6 => -100.0..100.0_f64,
        2 => (0_u32..5).prop_map(f64::from),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX), Just(1e-310)],
    ];
    let regular = (0..120_usize, 0.0..3.0_f64)
        .prop_map(|(n, wild)| (0..n).map(|t| WEEK[t % 7] + wild * noise(t)).collect());
    prop_oneof![prop::collection::vec(value, 0..80), regular]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_model_is_stored_and_applied_to_anything(
        older in prop::collection::vec(values(), 0..4),
        newer in prop::collection::vec(values(), 1..4),
        frequency in prop_oneof![
            Just(Frequency::Daily), Just(Frequency::HOURLY), Just(Frequency::Unknown)
        ],
    ) {
        let series = |all: &[Vec<f64>]| -> Vec<Series> {
            all.iter()
                .map(|values| Series::new("any", values.clone()).starting(0, frequency))
                .collect()
        };
        let (older, newer) = (series(&older), series(&newer));
        let settings = Settings::new(6);
        let fitted = fit(&older, &settings).unwrap();
        prop_assert_eq!(fitted.forecast(&older), forecast(&older, &settings).unwrap());
        let stored = read_back(&fitted);
        for (one, told) in newer.iter().zip(stored.forecast(&newer)) {
            let Ok(told) = told else {
                prop_assert!(one.values.iter().filter(|value| value.is_finite()).count() < 2);
                continue;
            };
            prop_assert_eq!(told.mean.len(), 6);
            for one in &told.intervals {
                for ((lo, mean), hi) in one.lo.iter().zip(&told.mean).zip(&one.hi) {
                    prop_assert!(lo.is_finite() && hi.is_finite() && lo <= mean && mean <= hi);
                }
            }
        }
        prop_assert_eq!(holdout(&stored, &newer, 6).len(), newer.len());
    }
}
