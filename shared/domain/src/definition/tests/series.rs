//! The series of a mart.

use super::*;
use crate::{Every, KOfN, Missing};

const SERIES: &str =
    "    columns: {day: DATE, region: TEXT, orders: BIGINT, revenue: 'DECIMAL(18,2)'}
    series:
      value: orders
      time: day
      by: [region]
      label: 'orders in {region}'
      every: day
      horizon: 14
      alerts:
        smallest_effect: 20
        mute: [{region: north, until: '2026-11-30'}]
";
const COLUMNS: &str = "    columns: {day: DATE, orders: BIGINT, revenue: 'DECIMAL(18,2)'}\n";

#[track_caller]
fn assert_series_problem(part: &str, replacement: &str, problem: &str) {
    assert!(SERIES.contains(part), "{part}");
    assert_only(COLUMNS, &SERIES.replacen(part, replacement, 1), problem);
}

#[test]
fn series() {
    let dataset = parsed(&RIGHT.replace(COLUMNS, SERIES));
    let without = parsed(RIGHT);
    let (mart, series) = dataset.marts_with_series().next().unwrap();
    assert_eq!((series.every, series.missing, series.horizon), (Every::Day, Missing::Zero, 14));
    assert_eq!((series.history, series.most, series.alerts.most_per_day), (1098, 200, 5));
    assert_eq!(series.alerts.smallest_effect, 20.0);
    assert_eq!(series.alerts.k_of_n, KOfN::default());
    assert_eq!(series.alerts.delay, 0);
    assert!(series.holidays.is_empty());
    assert_eq!(series.alerts.mute[0].until, "2026-11-30".parse().ok());
    assert_eq!(without.marts_with_series().count(), 0);
    let columns = RIGHT.replace(COLUMNS, SERIES.split_inclusive('\n').next().unwrap());
    assert_eq!(mart.definition_hash, parsed(&columns).marts[0].definition_hash, "the same rows");
}

#[test]
fn what_does_not_change_forecasts_does_not_change_their_hash() {
    let hash = |part: &str, other: &str| {
        let dataset = parsed(&RIGHT.replace(COLUMNS, &SERIES.replace(part, other)));
        dataset.marts[0].series.as_ref().unwrap().definition_hash.clone()
    };
    let as_is = hash("", "");
    assert_eq!(as_is, hash("until: '2026-11-30'", "until: '2026-12-31'"));
    assert_eq!(as_is, hash("orders in {region}", "{region}"));
    assert_eq!(as_is, hash("smallest_effect: 20", "k_of_n: 2 of 3"));
    assert_ne!(as_is, hash("horizon: 14", "horizon: 7"));
    assert_eq!(as_is, hash("smallest_effect: 20", "delay: 2"));
    assert_ne!(as_is, hash("horizon: 14", "horizon: 14\n      holidays: [12-25]"));
}

#[test]
fn a_delay_is_a_number_of_steps() {
    let delayed = SERIES.replace("smallest_effect: 20", "delay: 2");
    let dataset = parsed(&RIGHT.replace(COLUMNS, &delayed));
    assert_eq!(dataset.marts[0].series.as_ref().map(|series| series.alerts.delay), Some(2));
}

#[test]
fn holidays_and_the_k_of_n_rule() {
    let with = |holidays: &str| {
        let series = SERIES
            .replace("horizon: 14", &format!("horizon: 14\n      holidays: {holidays}"))
            .replace("smallest_effect: 20", "k_of_n: 2 of 3");
        let dataset = parsed(&RIGHT.replace(COLUMNS, &series));
        dataset.marts[0].series.clone().unwrap()
    };
    let unnamed = with("[12-25, 2026-11-26]");
    assert_eq!((unnamed.alerts.k_of_n.k(), unnamed.alerts.k_of_n.n()), (2, 3));
    assert_eq!(unnamed.holidays, ["12-25,2026-11-26".parse().unwrap()]);
    let named = with("{christmas: [12-25, 12-26], thanksgiving: [2025-11-27, 2026-11-26]}");
    assert_eq!(
        named.holidays,
        [
            "christmas=12-25,12-26".parse().unwrap(),
            "thanksgiving=2025-11-27,2026-11-26".parse().unwrap()
        ]
    );
    assert_ne!(unnamed.definition_hash, named.definition_hash);
}

#[test]
fn wrong_series() {
    assert_series_problem(
        "value: orders",
        "value: region",
        "37: `value` names `region`, which is no number: name a number",
    );
    assert_series_problem(
        "every: day",
        "every: daily",
        "41: `every` is `daily`: expected one of hour, day, week, month",
    );
    assert_series_problem(
        "every: day",
        "every: hour",
        "37: `time` is a day, which does not tell the hour: add `hour`, the column with the hour \
         (0 to 23)",
    );
    assert_series_problem(
        "time: day",
        "time: region",
        "38: `time` names `region`, a text: only months may be text, as YYYY-MM: name a DATE, a \
         TIMESTAMP, or a TEXT with `every: month`",
    );
    assert_series_problem(
        "by: [region]",
        "by: [regions]",
        "39: `by` names the column `regions`, which is not declared: did you mean `region`?",
    );
    assert_series_problem(
        "{region}'",
        "region'",
        "40: `label` does not name `region`, by which series are told apart: write `{region}` \
         somewhere in it",
    );
    assert_series_problem(
        "{region: north,",
        "{borough: north,",
        "45: `mute` names `borough`, which is not in `by`: expected one of region, from, until",
    );
    assert_series_problem(
        "'2026-11-30'",
        "November",
        "45: `November` is not a day: write it as 2026-11-30",
    );
    assert_series_problem(
        "      horizon: 14\n",
        "",
        "37: the series of mart `daily` has no `horizon`: add `horizon: 14`",
    );
    assert_series_problem(
        "horizon: 14",
        "horizon: 0",
        "42: `horizon` is 0: write a whole number from 1 to 1000",
    );
}

#[test]
fn wrong_holidays_and_rules() {
    assert_series_problem(
        "horizon: 14",
        "horizon: 14\n      holidays: [12-25, Christmas]",
        "43: `Christmas` is not a day: write it as 2026-12-25, or as 12-25 for that of each year",
    );
    assert_series_problem(
        "horizon: 14",
        "horizon: 14\n      holidays: {leap: [02-30]}",
        "43: `02-30` is not a day: write it as 2026-12-25, or as 12-25 for that of each year",
    );
    assert_series_problem(
        "horizon: 14",
        "horizon: 14\n      holidays: {none: []}",
        "43: `none` of `holidays` is empty: name days, or remove it",
    );
    assert_series_problem(
        "every: day",
        "every: week\n      holidays: [12-25]",
        "42: `holidays` says nothing here: remove it: a week or a month is no holiday",
    );
    assert_series_problem(
        "smallest_effect: 20",
        "k_of_n: 4 of 3",
        "44: `4 of 3` is not a rule such as 2 of 3, with 1 to 100 values: write how many of how \
         many, such as 2 of 3",
    );
}

#[test]
fn tables_of_the_platform_are_no_marts() {
    let yaml = RIGHT.replace("  daily:", "  anomalies:");
    let mut named = files(&yaml);
    let sql = named.files.remove("gold/daily.sql").unwrap();
    named.files.insert("gold/anomalies.sql".to_owned(), sql);
    let problems = displayed(&named);
    assert!(problems[0].contains("table that smelt itself writes"), "{problems:?}");
}
