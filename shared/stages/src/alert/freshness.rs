//! How old the newest data of a table is.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use futures::TryStreamExt;
use serde_json::{Map, Value};
use smelt_domain::{Dataset, Table as TableDefinition, TableId};
use smelt_lake::{DataFile, Table};

use super::now;
use crate::{Failures, Panic, Partly, Platform, StageError, boxed};

/// How far ahead of the clock a data time is believed: it is a wall clock of a zone that nobody
/// knows, and the furthest zone is 14 hours ahead.
const WALL_CLOCK_AHEAD: TimeDelta = TimeDelta::days(1);

const MICROSECONDS_OF_A_DAY: i64 = 86_400_000_000;

/// How old the newest data of a table is.
#[derive(Debug, Clone, PartialEq)]
pub struct Freshness {
    /// The table.
    pub table: TableId,
    /// Its newest data up to now.
    pub newest: Newest,
    /// Rows that are dated in the future. They say nothing about how fresh the table is: one that is
    /// dated 2099 would make it fresh for ever.
    pub rows_ahead: u64,
}

impl Freshness {
    /// Seconds since the newest data time; `None` where there is none.
    pub fn age_seconds(&self) -> Option<i64> {
        match self.newest {
            Newest::Row { seconds, .. } => Some(seconds),
            Newest::NoRow { .. } | Newest::NoTable { .. } => None,
        }
    }
}

/// The newest data of a table that is not in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    /// A row.
    Row {
        /// Its data time; wall clocks count as UTC.
        time: NaiveDateTime,
        /// Seconds since then.
        seconds: i64,
    },
    /// No row is dated up to now.
    NoRow {
        /// Seconds since its first data came to bronze.
        seconds: i64,
    },
    /// The table does not exist: nothing of what came was taken in.
    NoTable {
        /// Seconds since its first data came to bronze.
        seconds: i64,
    },
}

/// How old the data of the tables is that promise to be fresh. Tables for which no data came yet are left
/// out; one that cannot be judged keeps no other from being judged.
#[boxed]
pub async fn freshness(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<Vec<Freshness>, Partly<Vec<Freshness>>> {
    let (mut found, mut failures) = (Vec::new(), Failures::new(platform));
    for table in &dataset.tables {
        let name = dataset.silver_id(&table.name).sql_name();
        let judged = Panic::contain(&name, of_table(platform, dataset, table)).await;
        found.extend(failures.unless(judged).flatten());
    }
    failures.end(found)
}

async fn of_table(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<Option<Freshness>, StageError> {
    let (Some(_), Some(column)) = (table.stale_after_hours, &table.newest) else {
        return Ok(None);
    };
    let id = dataset.silver_id(&table.name);
    let silver = platform.lake.table(id.clone())?;
    let now = now();
    let Some(snapshot) = silver.snapshot().await? else {
        let seconds = seconds_in_bronze(platform, dataset, table, now).await?;
        let newest = seconds.map(|seconds| Newest::NoTable { seconds });
        return Ok(newest.map(|newest| Freshness { table: id, newest, rows_ahead: 0 }));
    };
    let wall_clock = now.naive_utc();
    let mut times = Times { limit: wall_clock + WALL_CLOCK_AHEAD, newest: None, rows_ahead: 0 };
    for file in snapshot.files() {
        if !times.add_by_bounds(file, column.as_str()) {
            times.add_rows(&silver, file, column.as_str()).await?;
        }
    }
    let rows_ahead = times.rows_ahead;
    if rows_ahead > 0 {
        tracing::warn!(table = %id.sql_name(), %column, rows_ahead, "rows are dated in the future");
    }
    let newest = match times.newest {
        Some(time) => Newest::Row { time, seconds: (wall_clock - time).num_seconds() },
        None => {
            let seconds = seconds_in_bronze(platform, dataset, table, now).await?;
            Newest::NoRow { seconds: seconds.unwrap_or_default() }
        }
    };
    Ok(Some(Freshness { table: id, newest, rows_ahead }))
}

/// Seconds since the first data of a table came to bronze; `None` if none came, or if nobody knows when.
async fn seconds_in_bronze(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StageError> {
    let bronze = platform.lake.table(dataset.bronze_id(&table.name))?.snapshot().await?;
    let since = bronze.and_then(|bronze| bronze.created_at());
    Ok(since.map(|since| (now - since).num_seconds()))
}

/// The data times seen so far.
#[derive(Debug)]
struct Times {
    limit: NaiveDateTime,
    newest: Option<NaiveDateTime>,
    rows_ahead: u64,
}

impl Times {
    /// Adds the rows of a file by what the log knows of it; `false` if it has rows on both sides of
    /// the limit, so that they have to be read.
    fn add_by_bounds(&mut self, file: &DataFile, column: &str) -> bool {
        let bound = |bounds: &Map<String, Value>| bounds.get(column)?.as_str().and_then(moment);
        let statistics = &file.statistics;
        let Some(greatest) = bound(&statistics.max_values) else { return true };
        if greatest <= self.limit {
            self.newest = self.newest.max(Some(greatest));
            return true;
        }
        let is_ahead = bound(&statistics.min_values).is_some_and(|least| least > self.limit);
        if is_ahead {
            let nulls = statistics.null_count.get(column).and_then(Value::as_u64);
            self.rows_ahead += file.rows().saturating_sub(nulls.unwrap_or(0));
        }
        is_ahead
    }

    async fn add_rows(
        &mut self,
        table: &Table,
        file: &DataFile,
        column: &str,
    ) -> Result<(), StageError> {
        let mut batches = table.read_columns(file, &[column]).await?;
        while let Some(batch) = batches.try_next().await? {
            if let Some(values) = batch.column_by_name(column) {
                times_of(values).for_each(|time| self.add(time));
            }
        }
        Ok(())
    }

    fn add(&mut self, time: NaiveDateTime) {
        if time <= self.limit {
            self.newest = self.newest.max(Some(time));
        } else {
            self.rows_ahead += 1;
        }
    }
}

/// The times of a column of days or of times; those of any other column are none.
fn times_of(values: &dyn Array) -> Box<dyn Iterator<Item = NaiveDateTime> + '_> {
    let time = |microseconds: i64| Some(DateTime::from_timestamp_micros(microseconds)?.naive_utc());
    match values.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, None) => Box::new(
            values.as_primitive::<TimestampMicrosecondType>().iter().flatten().filter_map(time),
        ),
        DataType::Date32 => Box::new(
            values
                .as_primitive::<Date32Type>()
                .iter()
                .flatten()
                .filter_map(move |days| time(i64::from(days) * MICROSECONDS_OF_A_DAY)),
        ),
        _ => Box::new(std::iter::empty()),
    }
}

/// A time or a day as the log's bounds give it.
fn moment(text: &str) -> Option<NaiveDateTime> {
    let day = || text.parse().ok().map(|day: NaiveDate| day.and_time(NaiveTime::MIN));
    text.trim_end_matches('Z').parse().ok().or_else(day)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow::array::{Date32Array, Int64Array, TimestampMicrosecondArray};
    use serde_json::json;
    use smelt_lake::FileStatistics;

    use super::*;

    fn file(least: &str, greatest: &str) -> DataFile {
        let bounds = |text: &str| Map::from_iter([("at".to_owned(), json!(text))]);
        DataFile {
            path: "x.parquet".to_owned(),
            size: 1,
            partition: BTreeMap::new(),
            statistics: FileStatistics {
                rows: 10,
                min_values: bounds(least),
                max_values: bounds(greatest),
                null_count: Map::from_iter([("at".to_owned(), json!(3))]),
            },
            arrival: None,
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn bounds_of_times_and_days() {
        let text = |bound: &str| moment(bound).unwrap().to_string();
        assert_eq!(text("2024-02-29T23:59:54"), "2024-02-29 23:59:54");
        assert_eq!(text("2024-02-29T23:59:54.123"), "2024-02-29 23:59:54.123");
        assert_eq!(text("2024-02-29"), "2024-02-29 00:00:00");
        assert_eq!(moment("soon"), None);
    }

    #[test]
    fn bounds_decide_unless_the_future_lies_between_them() {
        let limit = moment("2026-11-23T12:00:00").unwrap();
        let mut times = Times { limit, newest: None, rows_ahead: 0 };
        assert!(times.add_by_bounds(&file("2026-11-01", "2026-11-20"), "at"));
        assert!(times.add_by_bounds(&file("2026-10-01", "2026-10-20"), "at"));
        assert!(times.add_by_bounds(&file("2099-01-01", "2099-01-02"), "at"));
        assert!(times.add_by_bounds(&file("2026-11-01", "2026-11-20"), "of no such column"));
        assert!(!times.add_by_bounds(&file("2026-11-01", "2099-01-01"), "at"), "to be read");
        assert_eq!((times.newest, times.rows_ahead), (moment("2026-11-20"), 7), "3 are null");
        times.add(limit);
        times.add(limit + TimeDelta::microseconds(1));
        assert_eq!((times.newest, times.rows_ahead), (Some(limit), 8), "the limit is included");
    }

    #[test]
    fn days_and_times_are_read() {
        let read = |values: &dyn Array| times_of(values).map(|time| time.to_string()).collect();
        let days: Vec<String> = read(&Date32Array::from(vec![Some(1), None]));
        assert_eq!(days, ["1970-01-02 00:00:00"]);
        let times: Vec<String> =
            read(&TimestampMicrosecondArray::from(vec![None, Some(1_500_000)]));
        assert_eq!(times, ["1970-01-01 00:00:01.500"]);
        assert!(times_of(&Int64Array::from(vec![1])).next().is_none());
    }
}
