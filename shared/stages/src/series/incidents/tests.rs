//! Incidents: what is one, when it is over, and what late data do to it.

use std::fmt::Write;

use proptest::prelude::*;
use smelt_domain::{DefinitionHash, Every, KOfN, Missing, SeriesAlerts};

use super::super::calendar::DAY;
use super::*;

const IDS: [&str; 6] = [
    "BRONX / Heat",
    "BRONX / Noise",
    "BROOKLYN / Heat",
    "BROOKLYN / Noise",
    "QUEENS / Heat",
    "QUEENS / Noise",
];

fn series() -> MartSeries {
    let definition: DefinitionHash =
        serde_json::from_value(serde_json::json!("0".repeat(64))).unwrap();
    MartSeries {
        value: "requests".parse().unwrap(),
        time: "date".parse().unwrap(),
        hour: None,
        by: ["borough", "complaint_type"].map(|name| name.parse().unwrap()).to_vec(),
        label: None,
        every: Every::Day,
        missing: Missing::Zero,
        horizon: 14,
        history: 1098,
        most: 200,
        holidays: Vec::new(),
        alerts: SeriesAlerts {
            delay: 0,
            k_of_n: KOfN::default(),
            smallest_effect: 5.0,
            most_per_day: 5,
            mute: vec![smelt_domain::Mute {
                only: vec![("borough".parse().unwrap(), "BRONX".to_owned())],
                from: None,
                until: "1970-01-31".parse().ok(),
            }],
        },
        definition_hash: definition,
    }
}

/// Found on these days, as `day:series` with `-` for what is below; judged from day 0 on.
fn look(
    known: Vec<Anomaly>,
    newest: i64,
    news_from: i64,
    found: &[(i64, &str, bool)],
) -> Vec<Anomaly> {
    look_again(known, 0, newest, news_from, found)
}

fn look_again(
    known: Vec<Anomaly>,
    judged_from: i64,
    newest: i64,
    news_from: i64,
    found: &[(i64, &str, bool)],
) -> Vec<Anomaly> {
    let (series, dataset) = (series(), "nyc311".parse().unwrap());
    let ids = IDS.map(str::to_owned);
    let found = found.iter().map(|(day, id, above)| {
        let observed = if *above { 90.0 } else { 10.0 };
        let found = Found {
            observed,
            expected: 50.0,
            lo: 40.0,
            hi: 60.0,
            score: 0.9,
            severity: Severity::Warning,
            reason: "far".to_owned(),
        };
        (((*id).to_owned(), day * DAY), found)
    });
    let look = Look {
        dataset: &dataset,
        mart: "daily_requests",
        series: &series,
        ids: &ids,
        siblings: siblings(&series, &ids),
        judged_from: judged_from * DAY,
        newest: newest * DAY,
        news_from: news_from * DAY,
        now: DateTime::from_timestamp(newest * DAY, 0).unwrap(),
        threshold: 0.5,
        found: found.collect(),
    };
    look.update(known)
}

/// A line for each anomaly; incidents are numbered as they appear.
fn table(anomalies: &[Anomaly]) -> String {
    let mut incidents: Vec<&AlertId> = Vec::new();
    let mut text = String::new();
    for one in anomalies {
        let known = incidents.iter().position(|id| **id == one.alert_id);
        let number = known.unwrap_or_else(|| {
            incidents.push(&one.alert_id);
            incidents.len() - 1
        });
        let sign = if one.found.is_above() { '+' } else { '-' };
        let status = one.status.as_str();
        writeln!(text, "{} {sign} {} #{number} {status}", one.time / DAY, one.series).unwrap();
    }
    text
}

#[test]
fn a_run_of_days_is_one_incident_until_it_is_over() {
    let noise = "QUEENS / Noise";
    let first = look(Vec::new(), 50, 49, &[(50, noise, true)]);
    assert_eq!(table(&first), "50 + QUEENS / Noise #0 open\n");
    let days = [(50, noise, true), (52, noise, true), (53, noise, true)];
    let later = look(first, 53, 49, &days);
    let open =
        "50 + QUEENS / Noise #0 open\n52 + QUEENS / Noise #0 open\n53 + QUEENS / Noise #0 open\n";
    assert_eq!(table(&later), open);
    let calm = look(later.clone(), 55, 54, &days);
    assert_eq!(table(&calm), open, "two calm days may be chance");
    let over = look(calm, 56, 55, &days);
    assert_eq!(table(&over), open.replace("open", "over"));
    let again = [days[0], days[1], days[2], (57, noise, true)];
    let again = table(&look(over, 57, 56, &again));
    assert!(again.ends_with("57 + QUEENS / Noise #1 open\n"), "{again}");
}

#[test]
fn what_goes_the_same_way_at_once_is_one_incident() {
    let all = ["BRONX / Noise", "BROOKLYN / Noise", "QUEENS / Noise"];
    let found = all.map(|id| (50, id, true));
    let city = look(Vec::new(), 50, 49, &found);
    let expected =
        "50 + BRONX / Noise #0 open\n50 + BROOKLYN / Noise #0 open\n50 + QUEENS / Noise #0 open\n";
    assert_eq!(table(&city), expected);
    let opposite = [found[0], found[1], (50, all[2], false)];
    let opposite = table(&look(Vec::new(), 50, 49, &opposite));
    assert!(opposite.ends_with("50 - QUEENS / Noise #2 open\n"), "{opposite}");
    let everything =
        look(Vec::new(), 50, 49, &IDS[..4].iter().map(|id| (50, *id, true)).collect::<Vec<_>>());
    assert!(everything.iter().all(|one| one.alert_id == everything[0].alert_id));
}

#[test]
fn late_data_join_the_incident_that_was_told() {
    let group = ["BRONX / Noise", "BROOKLYN / Noise", "QUEENS / Noise"].map(|id| (50, id, true));
    let told = look(Vec::new(), 50, 49, &group);
    let next = [group[0], group[1], group[2], (51, "BROOKLYN / Noise", true)];
    let next = look(told, 51, 49, &next);
    assert!(next.iter().all(|one| one.alert_id == next[0].alert_id), "{}", table(&next));
    // One of another type is none of theirs.
    let other = [group[0], group[1], group[2], (51, "BROOKLYN / Heat", true)];
    let other = look(next, 51, 49, &other);
    let table = table(&other);
    assert!(table.contains("51 + BROOKLYN / Heat #1 open"), "{table}");
    assert!(table.contains("51 + BROOKLYN / Noise #0 withdrawn"), "{table}");
}

#[test]
fn what_is_no_news_is_recorded_and_not_told() {
    let found =
        [(20, "BRONX / Heat", true), (40, "QUEENS / Heat", false), (50, "QUEENS / Heat", true)];
    let expected =
        "20 + BRONX / Heat #0 muted\n40 - QUEENS / Heat #1 past\n50 + QUEENS / Heat #2 open\n";
    assert_eq!(table(&look(Vec::new(), 50, 49, &found)), expected);
}

#[test]
fn what_is_older_than_what_was_judged_stays() {
    let known =
        look(Vec::new(), 50, 49, &[(30, "QUEENS / Heat", true), (50, "QUEENS / Heat", true)]);
    let again = look_again(known, 40, 50, 49, &[]);
    assert_eq!(table(&again), "30 + QUEENS / Heat #0 past\n50 + QUEENS / Heat #1 withdrawn\n");
}

#[test]
fn who_comes_later_joins_those_who_were_told() {
    let noise = ["BRONX / Noise", "BROOKLYN / Noise", "QUEENS / Noise"];
    // One of three at first, and the others with late data: no second message.
    let first = look(Vec::new(), 50, 49, &[(50, noise[1], true)]);
    let later = look(first.clone(), 50, 49, &noise.map(|id| (50, id, true)));
    assert!(later.iter().all(|one| one.alert_id == first[0].alert_id), "{}", table(&later));
    // One since yesterday, and today all three.
    let today = noise.map(|id| (51, id, true));
    let all = [(50, noise[1], true), today[0], today[1], today[2]];
    let later = look(first.clone(), 51, 50, &all);
    assert!(later.iter().all(|one| one.alert_id == first[0].alert_id), "{}", table(&later));
}

#[test]
fn what_is_not_told_stays_so_when_it_comes_back() {
    let found = [(20, "BRONX / Heat", true), (40, "QUEENS / Heat", true)];
    let first = look(Vec::new(), 50, 49, &found);
    let gone = look(first.clone(), 50, 49, &[]);
    assert!(table(&gone).contains("#0 withdrawn"), "{}", table(&gone));
    assert_eq!(table(&look(gone, 50, 49, &found)), table(&first));
}

proptest! {
    /// Whatever comes when: looking at once, and again and again, finds the same anomalies; and
    /// looking once more at the same changes nothing.
    #[test]
    fn looking_twice_changes_nothing(
        days in prop::collection::btree_set((40..60_i64, 0..6_usize, any::<bool>()), 0..40),
        steps in prop::collection::vec(40..60_i64, 0..4),
    ) {
        let mut unique = BTreeMap::new();
        for (day, series, above) in days {
            unique.insert((day, series), above);
        }
        let found: Vec<(i64, &str, bool)> =
            unique.into_iter().map(|((day, series), above)| (day, IDS[series], above)).collect();
        let mut steps = steps;
        steps.sort_unstable();
        steps.push(60);
        let mut known = Vec::new();
        for newest in steps {
            let so_far: Vec<_> = found.iter().filter(|(day, ..)| *day <= newest).copied().collect();
            known = look(known, newest, newest - 1, &so_far);
            prop_assert_eq!(known.len(), so_far.len());
            let again = look(known.clone(), newest, newest - 1, &so_far);
            prop_assert_eq!(&again, &known);
        }
    }
}
