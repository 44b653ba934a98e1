//! The series of a mart, as far back as its definition says.
//!
//! Read without the engine, so that the function that trains need not contain it.

use std::collections::HashMap;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use futures::TryStreamExt;
use smelt_domain::{Every, Mart, MartSeries, Missing, TableId};
use smelt_forecast::Series;
use smelt_lake::{DataFile, LakeError, Snapshot, Table};

use super::calendar::{DAY, frequency, parse_month, start_of_step, step_after, steps_between};
use super::newest_step::Steps;
use crate::{Platform, StageError};

/// The series of a mart at one version.
#[derive(Debug, Clone)]
pub(crate) struct SeriesRead {
    /// The mart's version.
    pub version: u64,
    /// Rows that were read.
    pub rows: u64,
    /// The newest step that is over, and of which no more is to be expected.
    pub newest: i64,
    /// Whether there is nothing after that step, so that time alone changes nothing.
    pub is_settled: bool,
    /// The series, by id; all of them end with the newest step.
    pub series: Vec<Series>,
    /// Series with too few values, or beyond the most that are looked at.
    pub left_out: usize,
}

/// Reads the series of the mart at this version. `None` while there is no step that is over.
///
/// A step is over when there is a row of a later one, or a day after its end. With a delay it takes a value so
/// many steps later, or as many steps, and at least a day, by the clock. Rows that are dated more than a day
/// ahead of the clock do not count, nor do lone ones ahead of it: they would end everything before.
pub(crate) async fn read_series(
    platform: &Platform,
    gold: &Table,
    snapshot: &Snapshot,
    series: &MartSeries,
    delay: u32,
) -> Result<Option<SeriesRead>, StageError> {
    let now = platform.started_at.timestamp();
    let limit = now + DAY;
    let mut cells = Cells { ids: HashMap::new(), all: Vec::new(), held: HELD };
    let mut rows = 0;
    for file in recent_files(snapshot, series, delay, limit) {
        rows += file.rows();
        cells.read(gold, file, series, limit).await?;
    }
    let all = cells.summed();
    let is_value = |cell: &&Cell| series.missing != Missing::Zero || cell.value != 0.0;
    let steps = Steps {
        every: series.every,
        rows: all.iter().map(|cell| cell.step).collect(),
        values: all.iter().filter(is_value).map(|cell| cell.step).collect(),
    };
    let Some((newest, is_settled)) = steps.newest(delay, now) else { return Ok(None) };
    let (chosen, left_out) = cells.choose(&all, newest, series);
    if chosen.is_empty() && left_out == 0 {
        return Ok(None);
    }
    Ok(Some(SeriesRead {
        version: snapshot.version(),
        rows,
        newest,
        is_settled,
        series: chosen,
        left_out,
    }))
}

/// The version and the series of a mart; `None` while the mart does not exist, or has no step.
pub(crate) async fn read_newest_series(
    platform: &Platform,
    id: &TableId,
    series: &MartSeries,
) -> Result<Option<SeriesRead>, StageError> {
    let gold = platform.lake.table(id.clone())?;
    match gold.snapshot().await? {
        Some(snapshot) => read_series(platform, &gold, &snapshot, series, 0).await,
        None => Ok(None),
    }
}

/// What a mart's series are computed by, as text: its own definition, and that of the series.
pub(crate) fn definition_of(mart: &Mart, series: &MartSeries) -> String {
    format!("{}-{}", mart.definition_hash, series.definition_hash)
}

/// Files that may hold rows as far back as the series look, by what the log knows of them.
fn recent_files<'a>(
    snapshot: &'a Snapshot,
    series: &MartSeries,
    delay: u32,
    limit: i64,
) -> impl Iterator<Item = &'a DataFile> {
    let greatest = |file: &DataFile| {
        let bound = file.statistics.max_values.get(series.time.as_str())?;
        bound_time(bound.as_str()?)
    };
    // A bound in the future says nothing about the rows before it.
    let newest = snapshot.files().iter().filter_map(greatest).filter(|time| *time <= limit).max();
    // By the clock, the newest step that counts may be two days behind the newest row.
    let behind = if series.every == Every::Hour { 48 } else { 2 };
    let back = i64::from(series.history) + i64::from(delay) + behind;
    let first = newest
        .and_then(|newest| start_of_step(series.every, newest))
        .and_then(|newest| step_after(series.every, newest, -back));
    snapshot.files().iter().filter(move |file| match (first, greatest(file)) {
        (Some(first), Some(greatest)) => greatest >= first,
        _ => true,
    })
}

/// A day, a time or a month as the log's bounds give it.
fn bound_time(text: &str) -> Option<i64> {
    let day = || text.get(..10)?.parse::<chrono::NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    let time = text.trim_end_matches('Z').parse::<chrono::NaiveDateTime>().ok().or_else(day);
    time.map(|time| time.and_utc().timestamp()).or_else(|| parse_month(text))
}

/// The sum of a series in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    series: u32,
    step: i64,
    value: f64,
}

struct Cells {
    /// Ids of series, by number.
    ids: HashMap<String, u32>,
    all: Vec<Cell>,
    /// How many may be held before those of one step are added up.
    held: usize,
}

/// The least of [`Cells::held`].
const HELD: usize = 1 << 18;

impl Cells {
    async fn read(
        &mut self,
        gold: &Table,
        file: &DataFile,
        series: &MartSeries,
        limit: i64,
    ) -> Result<(), StageError> {
        let mut columns = vec![series.value.as_str(), series.time.as_str()];
        columns.extend(series.hour.iter().chain(&series.by).map(|column| column.as_str()));
        let mut batches = gold.read_columns(file, &columns).await?;
        while let Some(batch) = batches.try_next().await? {
            self.add(&batch, series, limit).ok_or_else(|| LakeError::Corrupt {
                table: gold.id().sql_name(),
                detail: format!("{} has not the columns of its series", file.path),
            })?;
            if self.all.len() > self.held {
                self.add_up();
                self.held = HELD.max(2 * self.all.len());
            }
        }
        Ok(())
    }

    /// `None` if a column is missing or of another type.
    fn add(&mut self, batch: &RecordBatch, series: &MartSeries, limit: i64) -> Option<()> {
        let column = |name: &str| batch.column_by_name(name);
        let values = cast(column(series.value.as_str())?, &DataType::Float64).ok()?;
        let values = values.as_primitive_opt::<Float64Type>()?;
        let times = Times::of(column(series.time.as_str())?)?;
        let hours = match &series.hour {
            Some(hour) => Some(cast(column(hour.as_str())?, &DataType::Int64).ok()?),
            None => None,
        };
        let by: Option<Vec<ArrayRef>> = series
            .by
            .iter()
            .map(|name| cast(column(name.as_str())?, &DataType::Utf8).ok())
            .collect();
        let by = by?;
        for row in 0..batch.num_rows() {
            let Some(mut time) = times.at(row).filter(|_| values.is_valid(row)) else { continue };
            if let Some(hours) = &hours {
                let hours = hours.as_primitive_opt::<Int64Type>()?;
                if hours.is_null(row) || !(0..24).contains(&hours.value(row)) {
                    continue;
                }
                time += 3_600 * hours.value(row);
            }
            let Some(step) = start_of_step(series.every, time).filter(|_| time <= limit) else {
                continue;
            };
            let value = values.value(row);
            if !value.is_finite() {
                continue;
            }
            let id = series.id(by.iter().map(|column| {
                let texts = column.as_string::<i32>();
                texts.is_valid(row).then(|| texts.value(row))
            }));
            let next = u32::try_from(self.ids.len()).ok()?;
            let series = *self.ids.entry(id).or_insert(next);
            self.all.push(Cell { series, step, value });
        }
        Some(())
    }

    /// One cell for each series and step, in this order.
    fn add_up(&mut self) {
        // Stable, so that sums are the same whatever else is there.
        self.all.sort_by_key(|cell| (cell.series, cell.step));
        self.all.dedup_by(|next, sum| {
            let same = (next.series, next.step) == (sum.series, sum.step);
            if same {
                sum.value += next.value;
            }
            same
        });
    }

    fn summed(&mut self) -> Vec<Cell> {
        self.add_up();
        std::mem::take(&mut self.all)
    }

    /// The series that are looked at, and how many are not.
    fn choose(&self, all: &[Cell], newest: i64, series: &MartSeries) -> (Vec<Series>, usize) {
        let every = series.every;
        let first = step_after(every, newest, 1 - i64::from(series.history)).unwrap_or(i64::MIN);
        let ids: HashMap<u32, &str> =
            self.ids.iter().map(|(id, number)| (*number, id.as_str())).collect();
        let mut known: Vec<(f64, &str, &[Cell])> = Vec::new();
        let mut left_out = 0;
        for cells in all.chunk_by(|a, b| a.series == b.series) {
            let from = cells.partition_point(|cell| cell.step < first);
            let to = cells.partition_point(|cell| cell.step <= newest);
            let cells = &cells[from..to.max(from)];
            let Some(id) = cells.first().and_then(|cell| ids.get(&cell.series)) else { continue };
            if is_long_enough(every, cells, newest) {
                known.push((recent_total(every, cells, newest), id, cells));
            } else {
                left_out += 1;
            }
        }
        let most = usize::try_from(series.most).unwrap_or(usize::MAX);
        known.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        left_out += known.len().saturating_sub(most);
        known.truncate(most);
        known.sort_by_key(|(_, id, _)| *id);
        let chosen =
            known.iter().filter_map(|(_, id, cells)| one_series(id, cells, newest, series));
        (chosen.collect(), left_out)
    }
}

/// Steps from the first value on that a series needs before anything is said about it, and over which
/// series are compared: some of its shortest season.
fn span(every: Every) -> i64 {
    match every {
        Every::Hour => 4 * 24,
        Every::Day => 4 * 7,
        Every::Week => 13,
        Every::Month => 12,
    }
}

fn is_long_enough(every: Every, cells: &[Cell], newest: i64) -> bool {
    let Some(first) = cells.first() else { return false };
    let steps = steps_between(every, first.step, newest).unwrap_or(0) + 1;
    let filled = cells.iter().filter(|cell| cell.value != 0.0).count();
    steps >= span(every) && i64::try_from(filled).is_ok_and(|filled| 4 * filled >= span(every))
}

fn recent_total(every: Every, cells: &[Cell], newest: i64) -> f64 {
    let since = step_after(every, newest, -span(every)).unwrap_or(i64::MIN);
    let recent = cells.iter().filter(|cell| cell.step > since);
    recent.map(|cell| cell.value.abs()).sum()
}

fn one_series(id: &str, cells: &[Cell], newest: i64, series: &MartSeries) -> Option<Series> {
    let first = cells.first()?.step;
    let length = usize::try_from(steps_between(series.every, first, newest)? + 1).ok()?;
    let empty = match series.missing {
        Missing::Zero => 0.0,
        Missing::Unknown => f64::NAN,
    };
    let mut values = vec![empty; length];
    for cell in cells {
        let position = usize::try_from(steps_between(series.every, first, cell.step)?).ok()?;
        *values.get_mut(position)? = cell.value;
    }
    Some(Series::new(id, values).starting(first, frequency(series.every)))
}

/// The times of a column of days, times or months.
enum Times {
    Days(Date32Array),
    Moments(TimestampMicrosecondArray),
    Months(StringArray),
}

impl Times {
    fn of(column: &ArrayRef) -> Option<Self> {
        match column.data_type() {
            DataType::Date32 => column.as_primitive_opt::<Date32Type>().cloned().map(Self::Days),
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                column.as_primitive_opt::<TimestampMicrosecondType>().cloned().map(Self::Moments)
            }
            // The engine writes texts in one of several forms.
            _ => {
                let texts = cast(column, &DataType::Utf8).ok()?;
                texts.as_string_opt::<i32>().cloned().map(Self::Months)
            }
        }
    }

    fn at(&self, row: usize) -> Option<i64> {
        match self {
            Self::Days(days) => days.is_valid(row).then(|| i64::from(days.value(row)) * DAY),
            Self::Moments(times) => {
                times.is_valid(row).then(|| times.value(row).div_euclid(1_000_000))
            }
            Self::Months(months) => {
                months.is_valid(row).then(|| parse_month(months.value(row))).flatten()
            }
        }
    }
}
