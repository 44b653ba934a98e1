//! What must always hold of classifiers.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use proptest::prelude::*;
use smelt_learn::LearnError;
use smelt_learn::classify::{
    Classifier, ClassifierSettings, Evaluation, Fields, Row, auc, evaluate, high_values, score,
};

const VENDORS: [&str; 6] = [
    "Big Bridges Inc",
    "Small Tools",
    "Paper & Pens",
    "Bridges of Steel",
    "Tea House",
    "Roads Inc",
];

fn fields() -> Fields {
    Fields { texts: vec!["vendor".into(), "account".into()], numbers: vec!["month".into()] }
}

fn row(vendor: usize, account: usize, month: f64) -> Row {
    let account = ["Supplies", "Construction", "Services"][account % 3];
    Row { texts: vec![VENDORS[vendor % 6].to_owned(), account.to_owned()], numbers: vec![month] }
}

/// Payments in which bridges and roads cost much, mostly.
fn payments(count: usize) -> (Vec<Row>, Vec<f64>, Vec<i64>) {
    let drawn = |n: usize, salt: u64| {
        // A hash's bits: multiples alone would repeat.
        let mixed = (n as u64 + 1 + (salt << 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 40) as usize
    };
    let mut parts = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..count {
        let (vendor, account) = (drawn(n, 1) % 6, drawn(n, 2) % 3);
        let dear = [0, 3, 5].contains(&vendor) != (drawn(n, 3) % 100 < 8);
        parts.0.push(row(vendor, account, (n % 12) as f64));
        parts.1.push(if dear { 5_000.0 } else { 50.0 });
        parts.2.push(n as i64);
    }
    parts
}

fn small() -> ClassifierSettings {
    ClassifierSettings { trees: 8, max_depth: 5, min_leaf: 3, ..ClassifierSettings::default() }
}

fn evaluated(settings: &ClassifierSettings) -> Evaluation {
    let (rows, amounts, times) = payments(800);
    let high = high_values(&amounts, &times, 600, 0.75).unwrap();
    evaluate(&fields(), &rows, &high.labels, &times, 600, settings).unwrap()
}

#[test]
fn words_tell_what_is_dear() {
    let found = evaluated(&ClassifierSettings::default());
    assert_eq!((found.train_rows, found.test_rows), (600, 200));
    assert!(found.accuracy > 0.85 && found.accuracy > found.majority_accuracy, "{found:?}");
    assert!(found.auc.unwrap() > 0.85, "{found:?}");
    let counts = found.confusion;
    assert_eq!(counts.true_high + counts.false_low, (found.base_rate * 200.0).round() as usize);
    assert_eq!(found.importances.len(), 5);
    assert_eq!(found.importances.iter().filter(|one| one.feature == "vendor (words)").count(), 1);
    let sum: f64 = found.importances.iter().map(|one| one.importance).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    let month = found.importances.iter().find(|one| one.feature == "month").unwrap();
    assert!(month.importance < 0.2, "{found:?}");
}

#[test]
fn words_of_unseen_vendors_tell_something() {
    let (rows, amounts, _) = payments(800);
    let labels: Vec<bool> = amounts.iter().map(|amount| *amount > 1_000.0).collect();
    let settings = ClassifierSettings::default();
    let classifier = Classifier::fit(&fields(), &rows, &labels, &settings).unwrap();
    let told = |vendor: &str| {
        let texts = vec![vendor.to_owned(), "Services".to_owned()];
        classifier.predict(&Row { texts, numbers: vec![f64::NAN] }).unwrap().probability
    };
    let (bridges, tools) = (told("Wooden Bridges Inc"), told("Garden Tools"));
    assert!(bridges > tools + 0.05, "{bridges} {tools} {:?}", classifier.importances());
}

#[test]
fn what_cannot_be_learnt_says_why() {
    let (rows, amounts, times) = payments(200);
    let labels: Vec<bool> = amounts.iter().map(|amount| *amount > 1_000.0).collect();
    let fit = |rows: &[Row], labels: &[bool], settings: &ClassifierSettings| {
        Classifier::fit(&fields(), rows, labels, settings).unwrap_err()
    };
    let error = fit(&rows[..20], &labels[..20], &small());
    assert_eq!(error, LearnError::TooFewRows { rows: 20, needed: 50 });
    let error = fit(&rows, &[true; 200], &small());
    assert_eq!(error, LearnError::OneClass { rows: 200, label: "high" });
    assert!(matches!(fit(&rows, &labels[..100], &small()), LearnError::Shape(_)));
    let mut other = rows.clone();
    other[7].texts.pop();
    assert!(fit(&other, &labels, &small()).to_string().starts_with("row 7 has 1 texts"));
    let large = ClassifierSettings { trees: 100, max_depth: 12, ..small() };
    assert!(matches!(fit(&rows, &labels, &large), LearnError::Setting(_)));
    let mut leaking = rows.clone();
    for (row, amount) in leaking.iter_mut().zip(&amounts) {
        row.numbers[0] = -amount;
    }
    assert_eq!(fit(&leaking, &labels, &small()), LearnError::Leak("month".to_owned()));
    let error = evaluate(&fields(), &rows, &labels, &times, 1_000, &small()).unwrap_err();
    assert_eq!(error, LearnError::EmptyPart { train: 200, test: 0 });
    let classifier = Classifier::fit(&fields(), &rows, &labels, &small()).unwrap();
    assert!(matches!(classifier.predict(&Row::default()), Err(LearnError::Shape(_))));
    assert!(score(&classifier, &[], &[]).is_err());
}

#[test]
fn threads_and_the_order_of_rows_do_not_matter() {
    let (mut rows, amounts, _) = payments(300);
    let mut labels: Vec<bool> = amounts.iter().map(|amount| *amount > 1_000.0).collect();
    let on = |threads, rows: &[Row], labels: &[bool]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Classifier::fit(&fields(), rows, labels, &small()).unwrap())
    };
    let first = on(1, &rows, &labels);
    assert_eq!(first, on(4, &rows, &labels));
    rows.reverse();
    labels.reverse();
    assert_eq!(first, on(2, &rows, &labels));
    let other = ClassifierSettings { seed: 2, ..small() };
    assert_ne!(first, Classifier::fit(&fields(), &rows, &labels, &other).unwrap());
}

#[test]
fn the_model_stays_small() {
    // Every text is another, and as long as can be.
    let text = |n: usize| format!("{n:0>50} {:0>200}", n * n);
    let rows: Vec<Row> =
        (0..20_000).map(|n| Row { texts: vec![text(n)], numbers: vec![n as f64] }).collect();
    let labels: Vec<bool> = (0..20_000).map(|n| n * 7 % 11 < 5).collect();
    let fields = Fields { texts: vec!["text".into()], numbers: vec!["n".into()] };
    let settings = ClassifierSettings { min_leaf: 1, trees: 16, ..ClassifierSettings::default() };
    let classifier = Classifier::fit(&fields, &rows, &labels, &settings).unwrap();
    let json = serde_json::to_vec(&classifier).unwrap();
    assert!(json.len() < 3_000_000, "{}", json.len());
}

fn any_history() -> impl Strategy<Value = Vec<(usize, usize, f64, bool)>> {
    let month = prop_oneof![9 => 1.0..13.0, 1 => Just(f64::NAN)];
    proptest::collection::vec((0_usize..6, 0_usize..3, month, any::<bool>()), 60..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn probabilities_are_probabilities_also_after_storing(
        history in any_history(),
        vendor in "\\PC{0,30}",
        number in any::<f64>(),
    ) {
        let rows: Vec<Row> = history.iter().map(|(v, a, m, _)| row(*v, *a, *m)).collect();
        let labels: Vec<bool> = history.iter().map(|(_, _, _, label)| *label).collect();
        let Ok(classifier) = Classifier::fit(&fields(), &rows, &labels, &small()) else {
            return Ok(());
        };
        let json = serde_json::to_string(&classifier).unwrap();
        let stored: Classifier = serde_json::from_str(&json).unwrap();
        let unseen = Row { texts: vec![vendor, String::new()], numbers: vec![number] };
        for row in rows.iter().chain([&unseen]) {
            let told = classifier.predict(row).unwrap();
            prop_assert!((0.0..=1.0).contains(&told.probability));
            prop_assert_eq!(told.is_high, told.probability >= 0.5);
            prop_assert_eq!(stored.predict(row).unwrap(), told);
        }
        prop_assert_eq!(classifier.predict_all(&rows), stored.predict_all(&rows));
    }

    #[test]
    fn the_area_counts_pairs(pairs in proptest::collection::vec((0_u8..12, any::<bool>()), 0..60)) {
        let scores: Vec<f64> = pairs.iter().map(|(score, _)| f64::from(*score) / 11.0).collect();
        let labels: Vec<bool> = pairs.iter().map(|(_, label)| *label).collect();
        let (mut won, mut all) = (0.0, 0.0);
        for (high, _) in pairs.iter().filter(|(_, label)| *label) {
            for (low, _) in pairs.iter().filter(|(_, label)| !*label) {
                all += 1.0;
                won += if high > low { 1.0 } else if high == low { 0.5 } else { 0.0 };
            }
        }
        match auc(&scores, &labels) {
            Some(area) => prop_assert!((area - won / all).abs() < 1e-12),
            None => prop_assert_eq!(all, 0.0),
        }
    }
}
