//! A report with everything in it, about a chain of shops.

use chrono::{DateTime, Days, NaiveDateTime, Utc};
use smelt_domain::{Every, OnViolation, Severity, TableId};
use smelt_report::{
    Accuracy, Anomalies, Anomaly, Balance, Band, Breakdown, Chart, Figure, ForecastStep, Forecasts,
    Group, Listed, Mark, Measure, Others, Point, Report, Rule, SeriesSection, TableVersion,
};

fn time(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn clock(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn table(path: &str) -> TableId {
    path.parse().unwrap()
}

fn measure(name: &str, description: Option<&str>, decimals: u8) -> Measure {
    Measure { name: name.to_owned(), description: description.map(str::to_owned), decimals }
}

/// What is sold on a day: more at weekends, and a spike.
fn sold(step: u64) -> f64 {
    let weekend = if step % 7 == 2 || step % 7 == 3 { 260.0 } else { 0.0 };
    let spike = if step == 13 || step == 14 { 640.0 } else { 0.0 };
    820.0 + weekend + spike + (step * 37 % 90) as f64
}

fn usual(step: u64) -> f64 {
    let weekend = if step % 7 == 2 || step % 7 == 3 { 255.0 } else { 0.0 };
    865.0 + weekend
}

fn chart(title: &str, part: f64) -> Chart {
    let first = time("2026-10-01T00:00:00");
    let point = |step: u64| {
        let is_past = step < 31;
        let width = if is_past { 110.0 } else { 110.0 + 14.0 * (step - 30) as f64 };
        let is_known = step != 22;
        Point {
            time: first + Days::new(step),
            actual: (is_past && is_known).then(|| part * sold(step)),
            expected: Some(part * usual(step)),
            band: Some(Band { lo: part * (usual(step) - width), hi: part * (usual(step) + width) }),
        }
    };
    let mark =
        |step| Mark { time: first + Days::new(step), value: part * sold(step), number: Some(1) };
    Chart {
        title: title.to_owned(),
        measure: measure("sold", None, 0),
        every: Every::Day,
        points: (0..38).map(point).collect(),
        marks: vec![mark(13), mark(14)],
        now: Some(first + Days::new(31)),
    }
}

fn figure(
    name: &str,
    description: Option<&str>,
    decimals: u8,
    numbers: [Option<f64>; 3],
) -> Figure {
    let [value, before, year_before] = numbers;
    Figure {
        measure: measure(name, description, decimals),
        mart: "sales by day and shop".to_owned(),
        value,
        before,
        year_before,
        until: None,
        trend: (0..31).map(|step| (step != 22).then(|| sold(step))).collect(),
    }
}

fn group(name: Option<&str>, value: f64, before: Option<f64>) -> Group {
    Group { name: name.map(str::to_owned), value: Some(value), before }
}

fn steps() -> Vec<ForecastStep> {
    let step = |series: &str, expected: f64| ForecastStep {
        series: Some(series.to_owned()),
        when: "2026-11-01".to_owned(),
        expected: Some(expected),
        interval_80: Some(Band { lo: expected * 0.92, hi: expected * 1.08 }),
        interval_95: Some(Band { lo: expected * 0.87, hi: expected * 1.13 }),
    };
    vec![step("sales of harbour", 342.0), step("sales of market", 301.0)]
}

pub(crate) fn report() -> Report {
    Report {
        dataset: "till".parse().unwrap(),
        description: "Sales of a chain of shops".to_owned(),
        period: "2026-10".parse().unwrap(),
        until: None,
        figures: vec![
            figure("sold", Some("pieces"), 0, [Some(28_412.0), Some(26_900.0), Some(24_011.0)]),
            figure("revenue", Some("euros"), 2, [Some(1_284_211.5), Some(1_310_950.25), None]),
            figure("returns", None, 0, [Some(412.0), Some(0.0), Some(412.0)]),
            Figure { trend: Vec::new(), ..figure("discounts", None, 2, [None, None, None]) },
        ],
        series: vec![SeriesSection {
            title: "daily".to_owned(),
            description: "sales by day and shop".to_owned(),
            total: Some(chart("All of it", 1.0)),
            members: vec![chart("sales of harbour", 0.4), chart("sales of market", 0.34)],
        }],
        breakdowns: vec![Breakdown {
            dimension: "shop".to_owned(),
            mart: "sales by day and shop".to_owned(),
            measure: measure("sold", Some("pieces"), 0),
            groups: vec![
                group(Some("harbour"), 11_400.0, Some(10_200.0)),
                group(Some("market"), 9_811.0, Some(9_950.0)),
                group(None, 3_201.0, None),
            ],
            others: Some(Others { count: 9, value: Some(4_000.0), before: Some(6_750.0) }),
            total: Some(28_412.0),
            total_before: Some(26_900.0),
        }],
        anomalies: Anomalies {
            listed: vec![Anomaly {
                what: "sales of 2 shops".to_owned(),
                reason: "70 % more than expected, two days in a row".to_owned(),
                from: "2026-10-14".to_owned(),
                to: Some("2026-10-15".to_owned()),
                observed: 624.4,
                expected: 346.0,
                usual: Band { lo: 302.0, hi: 390.0 },
                decimals: 0,
                severity: Severity::Critical,
                status: "over".to_owned(),
                since: clock("2026-10-15T06:00:00Z"),
            }],
            more: 2,
            are_known: true,
        },
        forecasts: vec![Forecasts {
            mart: "sales by day and shop".to_owned(),
            measure: measure("sold", Some("pieces"), 0),
            made_at: clock("2026-11-01T05:00:00Z"),
            steps: steps(),
            listed: Listed::LargestSeries { more: 3 },
        }],
        accuracy: vec![Accuracy {
            mart: "daily".to_owned(),
            fitted_at: clock("2026-10-25T05:00:00Z"),
            mase: Some(0.71),
            seasonal_naive_mase: Some(0.98),
            smape: Some(6.2),
            coverage_80: Some(0.81),
            coverage_95: None,
        }],
        rules: vec![
            Rule {
                table: table("silver/till/sales"),
                rule: "sold_is_integer".parse().unwrap(),
                reason: "sold is missing or not an integer".to_owned(),
                action: OnViolation::Reject,
                rows: Some(3),
            },
            Rule {
                table: table("silver/till/sales"),
                rule: "shop_is_known".parse().unwrap(),
                reason: "there is no such shop".to_owned(),
                action: OnViolation::Warn,
                rows: None,
            },
        ],
        balances: vec![Balance {
            table: table("silver/till/sales"),
            bronze: 14_322,
            silver: 14_100,
            superseded: 219,
            deleted: 0,
            quarantined: 3,
            waiting: 0,
        }],
        tables: vec![
            TableVersion {
                table: table("gold/till/daily"),
                version: Some(1_204),
                rows: 5_490,
                written_at: Some(clock("2026-11-01T04:00:12Z")),
                behind: Some(0),
            },
            TableVersion {
                table: table("gold/till/forecast"),
                version: None,
                rows: 0,
                written_at: None,
                behind: None,
            },
        ],
        written_at: clock("2026-11-01T06:30:00Z"),
    }
}
