//! The series of a mart: what is forecast in it, and watched for anomalies.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{ColumnName, ColumnType, DefinitionHash, Holiday, KOfN, TableName};

/// Numbers of a mart over time, one series for each combination of the columns in `by`.
#[derive(Debug, Clone, PartialEq)]
pub struct MartSeries {
    /// The column that is forecast. Rows of a series at the same time are added up.
    pub value: ColumnName,
    /// When: a day, a time, or a month as YYYY-MM.
    pub time: ColumnName,
    /// The hour of the day, where `time` is a day and the mart has a row for each hour.
    pub hour: Option<ColumnName>,
    /// What tells series apart; empty for a mart that is one series.
    pub by: Vec<ColumnName>,
    /// Calls a series for people, with columns in braces: `{complaint_type} in {borough}`.
    pub label: Option<String>,
    /// The step from one value to the next.
    pub every: Every,
    /// What a step without a row means.
    pub missing: Missing,
    /// Steps that are forecast.
    pub horizon: u32,
    /// Steps that are looked back.
    pub history: u32,
    /// Days on which the numbers are others; none where steps are longer than a day.
    pub holidays: Vec<Holiday>,
    /// The most series that are looked at: those with the highest total of late.
    pub most: u32,
    /// What is told of anomalies.
    pub alerts: SeriesAlerts,
    /// Changes when forecasts might.
    pub definition_hash: DefinitionHash,
}

/// What is told of anomalies, and what is not.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesAlerts {
    /// A distance from what was expected below which nothing is an anomaly, in the value's unit.
    pub smallest_effect: f64,
    /// How many steps later a step is judged, as its rows still come or change. 0: once there is a row
    /// of a later one, or a day after its end.
    pub delay: u32,
    /// How many of the last values have to be part of an anomaly before it is one.
    pub k_of_n: KOfN,
    /// Alerts about anomalies of the mart on one day; what comes beyond is told in one summary.
    pub most_per_day: u32,
    /// What is recorded but not told.
    pub mute: Vec<Mute>,
}

/// Anomalies that are recorded but not told: those that fit all that is said here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// Values of columns in `by`.
    pub only: Vec<(ColumnName, String)>,
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
}

/// The step of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A month.
    Month,
}

impl Every {
    /// All steps.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As written in `dataset.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Steps that are looked back where a definition does not say: what models can learn seasons
    /// from, and no more than can be read at each look.
    pub fn usual_history(self) -> u32 {
        match self {
            Self::Hour => 24 * 7 * 8,
            Self::Day => 3 * 366,
            Self::Week => 5 * 53,
            Self::Month => 10 * 12,
        }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What a step without a row means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Nothing happened: of counts and sums.
    #[default]
    Zero,
    /// Nobody knows: of measurements.
    Unknown,
}

impl Missing {
    /// As written in `dataset.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Unknown => "unknown",
        }
    }
}

/// A table about the series of a dataset, or what its models learnt, beside its marts in gold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeriesTable {
    /// What was forecast, when.
    Forecast,
    /// How good the models' forecasts would have been.
    ForecastAccuracy,
    /// Values that were not as expected.
    Anomalies,
    /// What was fitted, and what became of it.
    Experiments,
    /// Which rows look alike, by each model that was fitted for it.
    Clusters,
}

impl SeriesTable {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Forecast,
        Self::ForecastAccuracy,
        Self::Anomalies,
        Self::Experiments,
        Self::Clusters,
    ];

    /// The table's name, which no mart may have.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forecast => "forecast",
            Self::ForecastAccuracy => "forecast_accuracy",
            Self::Anomalies => "anomalies",
            Self::Experiments => "experiments",
            Self::Clusters => "clusters",
        }
    }

    /// Those that are published, as marts are.
    pub const PUBLISHED: [Self; 4] =
        [Self::Forecast, Self::ForecastAccuracy, Self::Anomalies, Self::Clusters];

    /// Names and types of what is published of it; nothing of others.
    pub fn columns(self) -> &'static [(&'static str, ColumnType)] {
        use ColumnType::{BigInt, Double, Text, Timestamp};
        match self {
            Self::Forecast => &[
                ("mart", Text),
                ("series", Text),
                ("made_at", Timestamp),
                ("target_time", Timestamp),
                ("horizon", BigInt),
                ("mean", Double),
                ("lo_80", Double),
                ("hi_80", Double),
                ("lo_95", Double),
                ("hi_95", Double),
                ("model", Text),
            ],
            Self::ForecastAccuracy => &[
                ("mart", Text),
                ("series", Text),
                ("model", Text),
                ("mase", Double),
                ("smape", Double),
                ("owa", Double),
                ("coverage_80", Double),
                ("coverage_95", Double),
                ("seasonal_naive_mase", Double),
                ("n_backtests", BigInt),
                ("fitted_at", Timestamp),
                ("version", BigInt),
            ],
            Self::Anomalies => &[
                ("alert_id", Text),
                ("mart", Text),
                ("series", Text),
                ("time", Timestamp),
                ("observed", Double),
                ("expected", Double),
                ("lo_95", Double),
                ("hi_95", Double),
                ("score", Double),
                ("severity", Text),
                ("reason", Text),
                ("status", Text),
                ("first_seen", Timestamp),
                ("notified_at", Timestamp),
            ],
            Self::Clusters => &[
                ("model", Text),
                ("name", Text),
                ("cluster", BigInt),
                ("size", BigInt),
                ("silhouette", Double),
                ("centroid", Text),
                ("newest", Text),
                ("stage", Text),
                ("fitted_at", Timestamp),
                ("version", BigInt),
            ],
            Self::Experiments => &[],
        }
    }

    /// What identifies a row of what is published; its rows are sorted by that.
    pub fn key(self) -> &'static [&'static str] {
        match self {
            Self::Forecast => &["mart", "series", "target_time"],
            Self::ForecastAccuracy => &["mart", "series"],
            Self::Anomalies => &["mart", "time", "series"],
            Self::Clusters => &["model", "name"],
            Self::Experiments => &[],
        }
    }

    /// The table's name.
    pub fn name(self) -> TableName {
        TableName::of_platform(self.as_str())
    }
}

/// Between the values of a series' id.
const SEPARATOR: &str = " / ";
/// The id of a mart's only series.
const ALL: &str = "all";
/// A null among the values of an id.
const NONE: &str = "(none)";

impl MartSeries {
    /// The id of the series with these values of the columns in `by`.
    pub fn id<'a>(&self, values: impl IntoIterator<Item = Option<&'a str>>) -> String {
        let values: Vec<String> =
            values.into_iter().map(|value| part_of_id(value.unwrap_or(NONE))).collect();
        if values.is_empty() { ALL.to_owned() } else { values.join(SEPARATOR) }
    }

    /// The values of the columns in `by`, from an id; `None` if they cannot be told apart.
    pub fn values<'a>(&self, id: &'a str) -> Option<Vec<&'a str>> {
        if self.by.is_empty() {
            return Some(Vec::new());
        }
        if self.by.len() == 1 {
            return Some(vec![id]);
        }
        let values: Vec<&str> = id.split(SEPARATOR).collect();
        (values.len() == self.by.len()).then_some(values)
    }

    /// What people call the series with these ids together: a column in which they differ is
    /// counted (`Noise in 5 boroughs`).
    pub fn label_of(&self, mart: &str, ids: &[&str]) -> String {
        let rows: Option<Vec<Vec<&str>>> = ids.iter().map(|id| self.values(id)).collect();
        let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
            return ids.join(", ");
        };
        let words: Vec<String> = self
            .by
            .iter()
            .enumerate()
            .map(|(position, column)| {
                let mut values: Vec<&str> = rows.iter().map(|row| row[position]).collect();
                values.sort_unstable();
                values.dedup();
                match values.as_slice() {
                    [one] => (*one).to_owned(),
                    many => format!("{} {}", many.len(), plural(column.as_str())),
                }
            })
            .collect();
        match &self.label {
            Some(label) => {
                let mut label = label.clone();
                for (column, word) in self.by.iter().zip(&words) {
                    label = label.replace(&format!("{{{column}}}"), word);
                }
                label
            }
            None if words.is_empty() => mart.replace('_', " "),
            None => format!("{} of {}", mart.replace('_', " "), words.join(SEPARATOR)),
        }
    }

    /// Whether an anomaly of this series in a step from this day to that one is not to be told.
    pub fn is_muted(&self, id: &str, first: NaiveDate, last: NaiveDate) -> bool {
        let values = self.values(id).unwrap_or_default();
        let value_of = |column: &ColumnName| {
            let position = self.by.iter().position(|by| by == column)?;
            values.get(position).copied()
        };
        self.alerts.mute.iter().any(|mute| {
            mute.only.iter().all(|(column, value)| value_of(column) == Some(&part_of_id(value)))
                && mute.from.is_none_or(|from| last >= from)
                && mute.until.is_none_or(|until| first <= until)
        })
    }
}

/// A value as it stands in an id, where values have to be told apart.
fn part_of_id(value: &str) -> String {
    value.replace(SEPARATOR, "/")
}

/// `boroughs`, `cities`, `complaint types`.
fn plural(column: &str) -> String {
    let words = column.replace('_', " ");
    match words.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if words.ends_with('s') => words,
        _ => format!("{words}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(by: &[&str], label: Option<&str>, mute: Vec<Mute>) -> MartSeries {
        MartSeries {
            value: "requests".parse().unwrap(),
            time: "date".parse().unwrap(),
            hour: None,
            by: by.iter().map(|name| name.parse().unwrap()).collect(),
            label: label.map(str::to_owned),
            every: Every::Day,
            missing: Missing::Zero,
            horizon: 14,
            history: 1098,
            most: 200,
            holidays: Vec::new(),
            alerts: SeriesAlerts {
                smallest_effect: 5.0,
                delay: 0,
                k_of_n: KOfN::default(),
                most_per_day: 5,
                mute,
            },
            definition_hash: DefinitionHash::of(&serde_json::json!({}), ""),
        }
    }

    #[test]
    fn ids_and_their_values() {
        let both = series(&["borough", "complaint_type"], None, Vec::new());
        let id = both.id([Some("BROOKLYN"), Some("Noise")]);
        assert_eq!(id, "BROOKLYN / Noise");
        assert_eq!(both.values(&id), Some(vec!["BROOKLYN", "Noise"]));
        assert_eq!(both.values("A / B / C"), None, "whose slash is it?");
        assert_eq!(both.id([None, Some("Noise")]), "(none) / Noise");
        assert_eq!(
            both.id([Some("A / B"), Some("C")]),
            "A/B / C",
            "two values, whatever is in them"
        );
        assert_eq!(series(&["vendor"], None, Vec::new()).values("A / B"), Some(vec!["A / B"]));
        assert_eq!(series(&[], None, Vec::new()).id([]), "all");
    }

    #[test]
    fn labels() {
        let label = Some("{complaint_type} in {borough}");
        let named = series(&["borough", "complaint_type"], label, Vec::new());
        let of = |ids: &[&str]| named.label_of("daily_requests", ids);
        assert_eq!(of(&["BROOKLYN / Noise"]), "Noise in BROOKLYN");
        assert_eq!(of(&["BROOKLYN / Noise", "QUEENS / Noise"]), "Noise in 2 boroughs");
        assert_eq!(of(&["BRONX / A", "BRONX / B"]), "2 complaint types in BRONX");
        assert_eq!(of(&["A / B / C"]), "A / B / C");
        let plain = series(&["city"], None, Vec::new());
        assert_eq!(plain.label_of("monthly_spending", &["Boston"]), "monthly spending of Boston");
        assert_eq!(plain.label_of("m", &["Boston", "Phoenix"]), "m of 2 cities");
        assert_eq!(
            series(&[], None, Vec::new()).label_of("daily_revenue", &["all"]),
            "daily revenue"
        );
    }

    #[test]
    fn muted_is_what_fits_all_of_a_rule() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mute = Mute {
            only: vec![("borough".parse().unwrap(), "BRONX".to_owned())],
            from: Some(day("2026-11-01")),
            until: Some(day("2026-11-30")),
        };
        let muted = series(&["borough", "complaint_type"], None, vec![mute]);
        let on = |id: &str, text: &str| muted.is_muted(id, day(text), day(text));
        assert!(on("BRONX / Noise", "2026-11-01"));
        assert!(on("BRONX / Heat", "2026-11-30"));
        assert!(!on("BRONX / Noise", "2026-12-01"));
        assert!(!on("QUEENS / Noise", "2026-11-10"));
        assert!(muted.is_muted("BRONX / Heat", day("2026-11-26"), day("2026-12-02")), "a week");
    }
}
