//! What must always hold of judgements, and anomalies that have to be found.

use proptest::prelude::*;
use smelt_forecast::{Detector, DetectorSettings, Holiday, Judgement, Severity, detect};

fn noise(t: usize) -> f64 {
    let mixed = (t as u64).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
}

fn hourly(t: usize) -> f64 {
    let day = (t % 24) as f64;
    100.0 + 40.0 * (day / 24.0 * std::f64::consts::TAU).sin() + 10.0 * noise(t)
}

fn judge(values: &[f64]) -> Vec<Judgement> {
    let mut detector = Detector::default();
    values.iter().enumerate().map(|(t, value)| detector.push(3_600 * t as i64, *value)).collect()
}

#[test]
fn planted_anomalies_are_found_and_little_else() {
    let usual: Vec<f64> = (0..2_000).map(hourly).collect();
    let false_ones = judge(&usual).iter().filter(|one| one.is_anomaly).count();
    assert!(false_ones <= 4, "{false_ones}");
    type Plant = fn(usize, f64) -> f64;
    let planted: [(&str, Plant); 4] = [
        ("spike", |t, value| if t == 1_500 { value + 250.0 } else { value }),
        ("drop", |t, value| if t == 1_500 { value - 250.0 } else { value }),
        ("outage", |t, value| if (1_500..1_512).contains(&t) { 0.0 } else { value }),
        ("shift", |t, value| if t >= 1_500 { value + 120.0 } else { value }),
    ];
    for (name, plant) in planted {
        let values: Vec<f64> = usual.iter().enumerate().map(|(t, v)| plant(t, *v)).collect();
        let judged = judge(&values);
        let first = (1_500..1_520).find(|t| judged[*t].is_anomaly);
        assert!(first.is_some_and(|t| t <= 1_503), "{name}: {first:?}");
        let before = judged[..1_500].iter().filter(|one| one.is_anomaly).count();
        assert!(before <= 4, "{name}: {before}");
        let found = &judged[first.unwrap_or(0)];
        assert!(found.severity > Severity::None && !found.reason.is_empty(), "{found:?}");
    }
}

#[test]
fn a_line_without_end_is_calm() {
    assert!(judge(&[45.0; 3_000]).iter().all(|one| !one.is_anomaly));
    assert!(judge(&[]).is_empty());
}

#[test]
fn several_have_to_be_anomalies_before_one_is_reported() {
    let mut values: Vec<f64> = (0..600).map(hourly).collect();
    values[500] = 900.0;
    let run = |at_least: usize, of: usize| {
        let settings = DetectorSettings { at_least, of, ..DetectorSettings::default() };
        let mut detector = Detector::new(settings);
        let all = values.iter().enumerate();
        all.filter(|(t, value)| detector.push(3_600 * *t as i64, **value).is_anomaly)
            .any(|(t, _)| t == 500)
    };
    assert!(run(1, 1));
    assert!(!run(2, 3));
}

#[test]
fn the_last_of_several_tells_what_they_were_together() {
    // Two values high up, one as usual between them; and another one alone.
    let mut values: Vec<f64> = (0..800).map(hourly).collect();
    for at in [500, 502, 700] {
        values[at] += 600.0;
    }
    let run = |at_least: usize, of: usize| {
        let mut detector = Detector::new(DetectorSettings { at_least, of, ..Default::default() });
        let judge = |(t, value): (usize, &f64)| detector.push(3_600 * t as i64, *value);
        values.iter().enumerate().map(judge).collect::<Vec<_>>()
    };
    let flagged = |judged: &[Judgement]| -> Vec<usize> {
        (490..800).filter(|t| judged[*t].is_anomaly).collect()
    };
    let (each, some, more) = (run(1, 1), run(2, 3), run(3, 3));
    assert_eq!(flagged(&each), [500, 502, 700]);
    assert_eq!(flagged(&some), [502]);
    assert_eq!(flagged(&more), [0; 0]);
    assert!(some[502].score >= each[500].score, "{:?} {:?}", some[502], each[500]);
    assert!(some[502].score >= DetectorSettings::default().threshold);
    assert_eq!(some[502].reason, each[500].reason);
    assert_eq!(some[502].severity, each[500].severity);
    // Until something is reported, scores are the same.
    assert_eq!(some[500].score, each[500].score);
}

const DAY: i64 = 86_400;

fn weekly(t: usize) -> f64 {
    if t % 7 < 5 { 300.0 } else { 200.0 }
}

fn daily(t: usize) -> f64 {
    weekly(t) + 40.0 * noise(t)
}

#[test]
fn holidays_are_judged_by_those_that_have_been() {
    // Closed on one feast, three times as busy on another.
    let (closed, busy) = ([100, 250, 400, 550, 700], [180, 330, 480, 630, 780]);
    let kind = |name: &str, days: [i64; 5]| Holiday { name: name.to_owned(), days: days.into() };
    let holidays = vec![kind("closed", closed), kind("busy", busy)];
    let value = |t: usize| match t as i64 {
        // An outage on a busy day, and business on a day on which all is closed.
        780 => 10.0,
        700 => daily(t),
        day if closed.contains(&day) => 0.0,
        day if busy.contains(&day) => 2.0 * weekly(t) + daily(t),
        _ => daily(t),
    };
    let rows: Vec<(i64, f64)> = (0..800).map(|t| (t as i64 * DAY, value(t))).collect();
    let on = |judged: &[Judgement], days: &[i64]| -> Vec<bool> {
        days.iter().map(|day| judged[*day as usize].is_anomaly).collect()
    };
    let told = detect(&rows, DetectorSettings::default(), holidays);
    assert_eq!(on(&told, &closed), [false, false, false, false, true]);
    assert_eq!(on(&told, &busy), [false, false, false, false, true]);
    assert!(told[550].expected.abs() < 60.0, "{:?}", told[550]);
    assert!((600.0..1_200.0).contains(&told[630].expected), "{:?}", told[630]);
    assert!(told[630].lo <= told[630].expected && told[630].expected <= told[630].hi);
    let false_ones = told[..700].iter().filter(|one| one.is_anomaly).count();
    let not_told = detect(&rows, DetectorSettings::default(), Vec::new());
    let without = not_told[..700].iter().filter(|one| one.is_anomaly).count();
    assert!(on(&not_told, &closed).contains(&true) && on(&not_told, &busy).contains(&true));
    assert!(false_ones < without && false_ones <= 2, "{false_ones} instead of {without}");
}

/// Values by the day with days of rest, and one bad day.
fn with_rest(days: &[usize], seed: usize) -> Vec<f64> {
    let busy = [0.9, 1.0, 0.8, 0.9, 1.1, 1.5, 1.2];
    let value = |t: usize| {
        let usual = 200.0 * busy[t % 7] * (1.0 + 0.8 * noise(t + 1_000 * seed));
        match t {
            _ if days.contains(&(t % 7)) => 0.0,
            150 => 0.15 * usual,
            _ => usual,
        }
    };
    (0..200).map(value).collect()
}

fn judge_days(values: &[f64]) -> Vec<Judgement> {
    let rows: Vec<(i64, f64)> = (0_i64..).zip(values).map(|(t, v)| (t * DAY, *v)).collect();
    detect(&rows, DetectorSettings::default(), Vec::new())
}

#[test]
fn days_of_rest_hide_no_bad_days() {
    for days in [&[4][..], &[5, 6]] {
        let mut found = 0;
        for seed in 0..20 {
            let judged = judge_days(&with_rest(days, seed));
            found += usize::from(judged[150].is_anomaly);
            for (t, one) in judged.iter().enumerate().filter(|(t, _)| days.contains(&(t % 7))) {
                assert!(!one.is_anomaly, "{t}: {one:?}");
            }
            let rest = &judged[102 + days[0] - 4];
            assert_eq!((rest.lo, rest.expected, rest.hi), (0.0, 0.0, 0.0));
        }
        assert!(found >= 8, "{days:?}: {found} of 20");
    }
}

#[test]
fn what_comes_on_a_day_of_rest_once_changes_nothing() {
    for (seed, value) in [(1, 150.0), (2, 3.0), (3, -4.0)] {
        let mut values = with_rest(&[4], seed);
        values[158] = value;
        let judged = judge_days(&values);
        assert!(!judged[158].is_anomaly && !judged[165].is_anomaly, "{value}");
        values[158] = 5_000.0;
        assert!(judge_days(&values)[158].is_anomaly);
    }
}

#[test]
fn another_outage_is_told_as_the_first_one_was() {
    for later in [5, 7, 14, 60] {
        let mut values: Vec<f64> = (0..400).map(daily).collect();
        (values[250], values[250 + later]) = (0.0, 0.0);
        let judged = judge_days(&values);
        assert!(judged[250].is_anomaly && judged[250 + later].is_anomaly, "{later} days later");
    }
}

#[test]
fn an_outage_after_six_weeks_is_found() {
    let busy = [0.2, 0.3, 0.5, 0.6, 0.9, 1.5, 1.2];
    let value = |t: usize| if t == 40 { 0.0 } else { 200.0 * busy[t % 7] * (1.0 + 0.3 * noise(t)) };
    let judged = judge_days(&(0..=40).map(value).collect::<Vec<f64>>());
    let found: Vec<usize> = (0..=40).filter(|t| judged[*t].is_anomaly).collect();
    assert_eq!(found, [40], "{:?}", judged[40]);
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -50.0..50.0_f64,
        1 => Just(f64::NAN),
        1 => prop_oneof![
            Just(f64::INFINITY), Just(f64::MAX), Just(f64::MIN), Just(0.0), Just(1e-300)
        ],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn judgements_are_sound(
        values in prop::collection::vec(value(), 0..300),
        times in prop::collection::vec(any::<i64>(), 300),
        step in prop::sample::select(vec![0, 3_600_i64, 86_400, 2_629_800]),
        days in prop::collection::btree_set(0..300_i64, 0..30),
    ) {
        let holidays = vec![Holiday { name: "feast".to_owned(), days }];
        let mut detector = Detector::default().with_holidays(holidays);
        for (t, value) in values.iter().enumerate() {
            let time = if step > 0 { step * t as i64 } else { times[t] };
            let one = detector.push(time, *value);
            prop_assert!((0.0..=1.0).contains(&one.score), "{:?}", one);
            // Before the first value nothing is expected.
            if one.expected.is_nan() {
                prop_assert!(one.lo.is_nan() && one.hi.is_nan() && !one.is_anomaly, "{:?}", one);
                continue;
            }
            prop_assert!(one.lo <= one.expected && one.expected <= one.hi, "{:?}", one);
            prop_assert!(one.lo.is_finite() && one.hi.is_finite(), "{:?}", one);
            prop_assert_eq!(one.is_anomaly, one.severity > Severity::None);
        }
    }

    #[test]
    fn a_stored_state_goes_on_and_nothing_is_known_ahead(
        values in prop::collection::vec(-50.0..50.0_f64, 2..200),
        cut in 0.0..1.0_f64,
    ) {
        let whole = judge(&values);
        let cut = (cut * values.len() as f64) as usize;
        prop_assert_eq!(&judge(&values[..cut])[..], &whole[..cut]);
        let mut detector = Detector::default();
        for (t, value) in values[..cut].iter().enumerate() {
            detector.push(3_600 * t as i64, *value);
        }
        let stored = serde_json::to_string(&detector).unwrap();
        let mut again: Detector = serde_json::from_str(&stored).unwrap();
        for (t, value) in values.iter().enumerate().skip(cut) {
            let one = again.push(3_600 * t as i64, *value);
            // Text may lose the last bit of a number, which may change places with its equals.
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
            prop_assert!((one.score - whole[t].score).abs() < 0.1, "{:?} {:?}", one, whole[t]);
            prop_assert!(near(one.expected, whole[t].expected), "{:?} {:?}", one, whole[t]);
        }
    }
}

#[test]
fn a_holiday_on_which_less_comes_than_on_the_last_makes_nothing_negative() {
    let days = [100, 200].into();
    let holidays = vec![Holiday { name: "feast".to_owned(), days }];
    let mut detector = Detector::default().with_holidays(holidays);
    for day in 0..300 {
        let value = if day == 100 { 200.0 } else { f64::from(u8::from(day % 9 == 4)) };
        let judged = detector.push(day * 86_400, value);
        let is_sound = |number: f64| number >= 0.0 || number.is_nan();
        assert!(
            [judged.expected, judged.lo, judged.hi].into_iter().all(is_sound),
            "{day}: {judged:?}"
        );
    }
}
