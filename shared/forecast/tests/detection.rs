//! What must always hold of judgements, and anomalies that have to be found.

use proptest::prelude::*;
use smelt_forecast::{Detector, DetectorSettings, Judgement, Severity};

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
    ) {
        let mut detector = Detector::default();
        for (t, value) in values.iter().enumerate() {
            let time = if step > 0 { step * t as i64 } else { times[t] };
            let one = detector.push(time, *value);
            prop_assert!((0.0..=1.0).contains(&one.score), "{:?}", one);
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
