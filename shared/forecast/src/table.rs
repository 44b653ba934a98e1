//! Answers as tables, column by column, so that whoever writes files has only to write them.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::backtest::{Accuracy, Backtest};
use crate::detect::Judgement;
use crate::forecast::Forecast;
use crate::frequency::{Frequency, format_time, is_midnight};

/// Values of one column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Column {
    /// Texts.
    Text(Vec<String>),
    /// Seconds since 1970 on the wall clock; as text dates, if all are at midnight.
    Time(Vec<i64>),
    /// Whole numbers.
    Count(Vec<i64>),
    /// Numbers; NaN and infinite ones are empty.
    Number(Vec<f64>),
    /// Yes or no.
    Flag(Vec<bool>),
}

impl Column {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(all) => all.len(),
            Self::Time(all) | Self::Count(all) => all.len(),
            Self::Number(all) => all.len(),
            Self::Flag(all) => all.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Named columns of one length. Serialised it is a sequence of rows by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Names and values.
    pub columns: Vec<(String, Column)>,
}

enum Cell<'a> {
    Text(&'a str),
    Time(String),
    Count(i64),
    Number(f64),
    Empty,
    Flag(bool),
}

impl Table {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// As CSV with a line of names.
    pub fn to_csv(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        let mut text = names.join(",") + "\n";
        self.each_row(|cells| {
            for (number, (_, cell)) in cells.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                match cell {
                    Cell::Text(one) => text.push_str(&quoted(one)),
                    Cell::Time(one) => text.push_str(one),
                    Cell::Count(one) => text.push_str(&one.to_string()),
                    Cell::Number(one) => text.push_str(&one.to_string()),
                    Cell::Empty => {}
                    Cell::Flag(one) => text.push_str(if *one { "true" } else { "false" }),
                }
            }
            text.push('\n');
        });
        text
    }

    /// The same with this column in place of the one of that name, if there is one.
    pub fn with(mut self, name: &str, column: Column) -> Self {
        if let Some((_, own)) = self.columns.iter_mut().find(|(own, _)| own == name) {
            *own = column;
        }
        self
    }

    fn each_row<'a>(&'a self, mut with: impl FnMut(&[(&'a str, Cell<'a>)])) {
        let dates: Vec<bool> = self
            .columns
            .iter()
            .map(|(_, column)| {
                matches!(column, Column::Time(all) if all.iter().copied().all(is_midnight))
            })
            .collect();
        for row in 0..self.rows() {
            let cells: Vec<(&str, Cell<'_>)> = self
                .columns
                .iter()
                .zip(&dates)
                .map(|((name, column), dates)| (name.as_str(), cell(column, row, *dates)))
                .collect();
            with(&cells);
        }
    }

    fn put(&mut self, name: impl Into<String>, column: Column) {
        self.columns.push((name.into(), column));
    }
}

fn cell(column: &Column, row: usize, dates: bool) -> Cell<'_> {
    let found = match column {
        Column::Text(all) => all.get(row).map(|one| Cell::Text(one)),
        Column::Time(all) => all.get(row).map(|one| Cell::Time(written(*one, dates))),
        Column::Count(all) => all.get(row).map(|one| Cell::Count(*one)),
        Column::Number(all) => {
            all.get(row).filter(|one| one.is_finite()).map(|one| Cell::Number(*one))
        }
        Column::Flag(all) => all.get(row).map(|one| Cell::Flag(*one)),
    };
    found.unwrap_or(Cell::Empty)
}

/// In one column all times are written the same way.
fn written(time: i64, dates: bool) -> String {
    let text = format_time(time);
    if dates || !is_midnight(time) { text } else { text + " 00:00:00" }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.rows()))?;
        let mut result = Ok(());
        self.each_row(|cells| {
            if result.is_ok() {
                result = rows.serialize_element(&Row(cells));
            }
        });
        result?;
        rows.end()
    }
}

struct Row<'a>(&'a [(&'a str, Cell<'a>)]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in self.0 {
            match cell {
                Cell::Text(one) => row.serialize_entry(name, one)?,
                Cell::Time(one) => row.serialize_entry(name, one)?,
                Cell::Count(one) => row.serialize_entry(name, one)?,
                Cell::Number(one) => row.serialize_entry(name, one)?,
                Cell::Empty => row.serialize_entry(name, &())?,
                Cell::Flag(one) => row.serialize_entry(name, one)?,
            }
        }
        row.end()
    }
}

/// `unique_id, ds, y_hat, lo_80, hi_80, lo_95, hi_95, model`: one row for each step of each forecast,
/// two columns for each level.
pub fn forecast_table<'a>(forecasts: impl IntoIterator<Item = &'a Forecast>) -> Table {
    let (mut ids, mut times, mut means, mut models) = (vec![], vec![], vec![], vec![]);
    let mut bounds: Vec<(f64, Vec<f64>, Vec<f64>)> = Vec::new();
    let mut counted = true;
    for one in forecasts {
        counted &= one.frequency == Frequency::Unknown;
        for (step, mean) in one.mean.iter().enumerate() {
            ids.push(one.id.clone());
            // Where the calendar ends there is no time to tell.
            times.push(one.times.get(step).copied().unwrap_or(i64::MAX));
            means.push(*mean);
            models.push(one.model.clone());
        }
        for interval in &one.intervals {
            let place = bounds.iter().position(|(level, _, _)| *level == interval.level);
            let place = place.unwrap_or_else(|| {
                bounds.push((interval.level, Vec::new(), Vec::new()));
                bounds.len() - 1
            });
            let (_, lo, hi) = &mut bounds[place];
            let before = means.len() - one.mean.len();
            lo.resize(before, f64::NAN);
            hi.resize(before, f64::NAN);
            lo.extend_from_slice(&interval.lo);
            hi.extend_from_slice(&interval.hi);
        }
    }
    let mut table = Table::default();
    table.put("unique_id", Column::Text(ids));
    table.put("ds", if counted { Column::Count(times) } else { Column::Time(times) });
    let rows = means.len();
    table.put("y_hat", Column::Number(means));
    for (level, mut lo, mut hi) in bounds {
        lo.resize(rows, f64::NAN);
        hi.resize(rows, f64::NAN);
        table.put(format!("lo_{level}"), Column::Number(lo));
        table.put(format!("hi_{level}"), Column::Number(hi));
    }
    table.put("model", Column::Text(models));
    table
}

fn number(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn put_accuracy(table: &mut Table, all: &[&Accuracy]) {
    let mut put = |name: String, of: &dyn Fn(&Accuracy) -> Option<f64>| {
        table.put(name, Column::Number(all.iter().map(|one| number(of(one))).collect()));
    };
    put("smape".to_owned(), &|one| one.smape);
    put("mase".to_owned(), &|one| one.mase);
    put("owa".to_owned(), &|one| one.owa);
    let levels: Vec<f64> =
        all.first().map(|one| one.coverage.iter().map(|(l, _)| *l).collect()).unwrap_or_default();
    for level in levels {
        put(format!("coverage_{level}"), &|one| {
            one.coverage.iter().find(|(l, _)| *l == level).map(|(_, share)| *share)
        });
    }
    put("msis".to_owned(), &|one| one.msis);
    let windows = all.iter().map(|one| one.windows as i64).collect();
    table.put("windows", Column::Count(windows));
}

/// `model, smape, mase, owa, coverage_80, coverage_95, msis, windows`: the choice first, then every
/// model.
pub fn accuracy_table(backtest: &Backtest) -> Table {
    let all: Vec<&Accuracy> = backtest.models.iter().collect();
    let mut table = Table::default();
    table.put("model", Column::Text(all.iter().map(|one| one.model.clone()).collect()));
    put_accuracy(&mut table, &all);
    table
}

/// The same for each series, with `unique_id` and `seasonal_naive_mase`.
pub fn series_accuracy_table(backtest: &Backtest) -> Table {
    let all: Vec<&Accuracy> = backtest.series.iter().map(|one| &one.accuracy).collect();
    let of = |value: &dyn Fn(&crate::SeriesAccuracy) -> String| {
        Column::Text(backtest.series.iter().map(value).collect())
    };
    let mut table = Table::default();
    table.put("unique_id", of(&|one| one.id.clone()));
    table.put("model", of(&|one| one.accuracy.model.clone()));
    put_accuracy(&mut table, &all);
    let naive = backtest.series.iter().map(|one| number(one.seasonal_naive_mase)).collect();
    table.put("seasonal_naive_mase", Column::Number(naive));
    table
}

/// `timestamp, value, score, lo, hi, is_anomaly`, and if `all` is wanted `expected, severity, reason`.
pub fn judgement_table(rows: &[(i64, f64)], judgements: &[Judgement], all: bool) -> Table {
    let numbers =
        |of: &dyn Fn(&Judgement) -> f64| Column::Number(judgements.iter().map(of).collect());
    let texts =
        |of: &dyn Fn(&Judgement) -> String| Column::Text(judgements.iter().map(of).collect());
    let mut table = Table::default();
    table.put("timestamp", Column::Time(rows.iter().map(|(time, _)| *time).collect()));
    table.put("value", Column::Number(rows.iter().map(|(_, value)| *value).collect()));
    table.put("score", numbers(&|one| one.score));
    table.put("lo", numbers(&|one| one.lo));
    table.put("hi", numbers(&|one| one.hi));
    let flags = judgements.iter().map(|one| one.is_anomaly).collect();
    table.put("is_anomaly", Column::Flag(flags));
    if all {
        table.put("expected", numbers(&|one| one.expected));
        table.put("severity", texts(&|one| one.severity.to_string()));
        table.put("reason", texts(&|one| one.reason.clone()));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Series, Settings, detect, forecast};

    #[test]
    fn forecasts_as_rows() {
        let values: Vec<f64> = (0..60).map(|day| f64::from(day % 7)).collect();
        let series = [
            Series::new("a, \"b\"", values.clone()).starting(0, Frequency::Daily),
            Series::new("c", values).starting(0, Frequency::Daily),
        ];
        let found = forecast(&series, &Settings::new(2)).unwrap();
        let table = forecast_table(found.iter().flatten());
        let text = table.to_csv();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("unique_id,ds,y_hat,lo_80,hi_80,lo_95,hi_95,model"));
        assert!(lines.next().unwrap().starts_with("\"a, \"\"b\"\"\",1970-03-02,"));
        assert_eq!((table.rows(), text.lines().count()), (4, 5));
        let rows = serde_json::to_value(&table).unwrap();
        assert_eq!(rows[3]["ds"], "1970-03-03");
        assert!(rows[3]["hi_95"].as_f64() >= rows[3]["y_hat"].as_f64());
    }

    #[test]
    fn judgements_as_rows() {
        let rows = [(0, 1.0), (3_600, f64::NAN)];
        let judged = detect(&rows, crate::DetectorSettings::default(), Vec::new());
        let text = judgement_table(&rows, &judged, false).to_csv();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("timestamp,value,score,lo,hi,is_anomaly"));
        assert_eq!(lines.next(), Some("1970-01-01 00:00:00,1,0,1,1,false"));
        assert_eq!(lines.next(), Some("1970-01-01 01:00:00,,0,1,1,false"));
        let as_read = Column::Text(["1,5", "2026-01-01T00:00:00Z"].map(str::to_owned).into());
        let text = judgement_table(&rows, &judged, false).with("timestamp", as_read).to_csv();
        let mut lines = text.lines().skip(1);
        assert_eq!(lines.next(), Some("\"1,5\",1,0,1,1,false"));
        assert_eq!(lines.next(), Some("2026-01-01T00:00:00Z,,0,1,1,false"));
    }

    #[test]
    fn where_nothing_is_known_nothing_is_said() {
        let rows = [(0, f64::NAN), (3_600, 1.0)];
        let judged = detect(&rows, crate::DetectorSettings::default(), Vec::new());
        let table = judgement_table(&rows, &judged, true);
        let text = table.to_csv();
        let mut lines = text.lines().skip(1);
        assert_eq!(lines.next(), Some("1970-01-01 00:00:00,,0,,,false,,none,"));
        let written = serde_json::to_value(&table).unwrap();
        assert!(written[0]["lo"].is_null() && written[0]["hi"].is_null(), "{written}");
    }
}
