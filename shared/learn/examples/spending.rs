//! What learning makes of a city's payments: `spending MOMENT FILE...`, where MOMENT is the first day
//! to test on, as month/day/year, and files are CSV with the columns date, department, vendor,
//! account, amount. Figures go to the standard output. SETTINGS in the environment, as JSON, are other
//! settings of the classifier.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::Instant;

use smelt_learn::classify::{
    Classifier, ClassifierSettings, Fields, Row, high_values, quantile, score, split_at,
};
use smelt_learn::cluster::{ClusterSettings, Clusters, Features, cluster};

struct Payment {
    day: i64,
    department: String,
    vendor: String,
    account: String,
    amount: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (moment, files) = args.split_first().ok_or("a moment and files are needed")?;
    let moment = day_number(moment).ok_or("the moment is no month/day/year")?;
    let mut payments = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let bytes = std::fs::read(file)?;
        if !seen.insert(bytes.clone()) {
            println!("{file} is the same as one before: left out");
            continue;
        }
        payments.extend(read_payments(&bytes)?);
    }
    println!("{} payments", payments.len());
    departments(&payments)?;
    classes(&payments, moment)?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}

/// Rows with a date and an amount; others are totals. Lines may end with a lone CR.
fn read_payments(bytes: &[u8]) -> Result<Vec<Payment>, Box<dyn Error>> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let mut payments = Vec::new();
    for record in csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes()).records() {
        let record = record?;
        let field = |number: usize| record.get(number).unwrap_or_default().trim();
        let (Some(day), Some(amount)) = (day_number(field(0)), parse_amount(field(4))) else {
            continue;
        };
        let text = |number: usize| field(number).to_owned();
        let (department, vendor, account) = (text(1), text(2), text(3));
        payments.push(Payment { day, department, vendor, account, amount });
    }
    Ok(payments)
}

fn parse_amount(text: &str) -> Option<f64> {
    let negative = text.starts_with('(') || text.starts_with('-');
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let amount: f64 = digits.parse().ok()?;
    Some(if negative { -amount } else { amount })
}

/// A number that grows by days, and by gaps at the ends of months.
fn day_number(text: &str) -> Option<i64> {
    let parts: Option<Vec<i64>> = text.split('/').map(|part| part.parse().ok()).collect();
    match parts?[..] {
        [month, day, year] => Some((year * 12 + month - 1) * 31 + day - 1),
        _ => None,
    }
}

fn departments(payments: &[Payment]) -> Result<(), Box<dyn Error>> {
    let mut by_department: BTreeMap<&str, Vec<&Payment>> = BTreeMap::new();
    for payment in payments {
        by_department.entry(&payment.department).or_default().push(payment);
    }
    let names = [
        "log10 total",
        "log10 payments",
        "log10 median",
        "share of largest vendor",
        "log10 vendors",
        "monthly variation",
        "share negative",
    ];
    let rows: Result<Vec<_>, _> = by_department
        .iter()
        .map(|(name, paid)| pattern(paid).map(|values| ((*name).to_owned(), values)))
        .collect();
    let features = Features { names: names.map(str::to_owned).to_vec(), rows: rows? };
    let began = Instant::now();
    let found = cluster(&features, &ClusterSettings::default())?;
    println!("\n{} departments in {:.3} s", by_department.len(), began.elapsed().as_secs_f64());
    tell_clusters(&found);
    Ok(())
}

/// The spending pattern of a department; what has no logarithm is unknown.
fn pattern(paid: &[&Payment]) -> Result<Vec<f64>, Box<dyn Error>> {
    let amounts: Vec<f64> = paid.iter().map(|payment| payment.amount).collect();
    let sums = |key: &dyn Fn(&Payment) -> String| {
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        for payment in paid {
            *sums.entry(key(payment)).or_default() += payment.amount;
        }
        sums.into_values().collect::<Vec<f64>>()
    };
    let vendors = sums(&|payment| payment.vendor.clone());
    let months = sums(&|payment| (payment.day / 31).to_string());
    let mean = months.iter().sum::<f64>() / months.len() as f64;
    let squares: f64 = months.iter().map(|month| (month - mean).powi(2)).sum();
    let positive: f64 = vendors.iter().filter(|sum| **sum > 0.0).sum();
    let largest = vendors.iter().copied().fold(0.0, f64::max);
    let negative = amounts.iter().filter(|amount| **amount < 0.0).count();
    Ok(vec![
        amounts.iter().sum::<f64>().log10(),
        (paid.len() as f64).log10(),
        quantile(&amounts, 0.5)?.log10(),
        largest / positive,
        (vendors.len() as f64).log10(),
        if months.len() > 1 { (squares / months.len() as f64).sqrt() / mean } else { f64::NAN },
        negative as f64 / paid.len() as f64,
    ])
}

fn tell_clusters(found: &Clusters) {
    println!("silhouettes {:.3?}", found.silhouettes);
    for feature in found.features.iter().filter(|feature| feature.unknown > 0) {
        println!("{} is unknown in {} rows", feature.name, feature.unknown);
    }
    println!("dropped {:?}, left out {:?}", found.dropped, found.left_out);
    for (number, group) in found.clusters.iter().enumerate() {
        println!("cluster {number}: {} departments", group.size);
        for (feature, value) in found.features.iter().zip(&group.centroid) {
            println!("  {}: {value:.2}", feature.name);
        }
        let members = found.rows.iter().filter(|row| row.cluster == number);
        println!("  {:?}", members.map(|row| row.name.as_str()).collect::<Vec<_>>());
    }
}

fn classes(payments: &[Payment], moment: i64) -> Result<(), Box<dyn Error>> {
    let settings: ClassifierSettings = match std::env::var("SETTINGS") {
        Ok(json) => serde_json::from_str(&json)?,
        Err(_) => ClassifierSettings::default(),
    };
    let amounts: Vec<f64> = payments.iter().map(|payment| payment.amount).collect();
    let days: Vec<i64> = payments.iter().map(|payment| payment.day).collect();
    let high = high_values(&amounts, &days, moment, 0.75)?;
    let split = split_at(&days, moment)?;
    let part = |rows: &[usize]| -> (Vec<Row>, Vec<bool>) {
        rows.iter().map(|&row| (text_row(&payments[row]), high.labels[row])).unzip()
    };
    let ((train, train_labels), (test, test_labels)) = (part(&split.train), part(&split.test));
    let names = ["vendor", "department", "account"].map(str::to_owned).to_vec();
    let fields = Fields { texts: names, numbers: Vec::new() };
    let began = Instant::now();
    let classifier = Classifier::fit(&fields, &train, &train_labels, &settings)?;
    let fitted = began.elapsed().as_secs_f64();
    println!(
        "\nhigh from {:.2}; {} rows learnt from in {fitted:.1} s",
        high.threshold,
        train.len()
    );
    let began = Instant::now();
    let evaluation = score(&classifier, &test, &test_labels)?;
    println!("{} rows told in {:.2} s", test.len(), began.elapsed().as_secs_f64());
    println!("{}", serde_json::to_string_pretty(&evaluation)?);
    println!("model: {:.2} MB of JSON", serde_json::to_vec(&classifier)?.len() as f64 / 1e6);
    Ok(())
}

fn text_row(payment: &Payment) -> Row {
    let texts = [&payment.vendor, &payment.department, &payment.account];
    Row { texts: texts.map(String::clone).to_vec(), numbers: Vec::new() }
}
