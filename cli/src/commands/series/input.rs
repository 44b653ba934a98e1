//! Rows of a CSV or Parquet file, packed or not, from a path or from standard input.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use smelt_forecast::parse_time;
use smelt_sources::unpack;

const ID: &str = "unique_id";
const TIME: &str = "ds";
const VALUE: &str = "y";
const PARQUET: &[u8] = b"PAR1";

/// Rows of many series.
pub(super) struct Long {
    /// Series, time, and value, if there is one.
    pub(super) rows: Vec<(String, i64, Option<f64>)>,
    pub(super) counted: Counted,
}

/// What times are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Seconds since 1970.
    ByClock,
    /// Numbers of steps, as sets of benchmarks have them.
    ByNumber,
}

/// Reads `unique_id, ds, y`.
pub(super) fn long(path: &Path) -> Result<Long> {
    let table = read(path)?;
    let shown = path.display();
    let ids = text(&column(&table, ID, path)?)?;
    let (times, counted) = times(&column(&table, TIME, path)?, TIME)
        .with_context(|| format!("{shown} cannot be read as series"))?;
    let values = numbers(&column(&table, VALUE, path)?, VALUE)
        .with_context(|| format!("{shown} cannot be read as series"))?;
    let rows = ids.into_iter().zip(times).zip(values);
    let rows = rows.enumerate().map(|(row, ((id, time), value))| match id {
        Some(id) => Ok((id, time, value)),
        None => Err(anyhow!("{shown}: row {}: {ID} is empty", row + 1)),
    });
    Ok(Long { rows: rows.collect::<Result<_>>()?, counted })
}

/// Rows of one series.
pub(super) struct Observations {
    /// Time and value; a value that is missing is NaN.
    pub(super) rows: Vec<(i64, f64)>,
    pub(super) counted: Counted,
    /// The times as they were read, by which rows are known again.
    pub(super) texts: Vec<String>,
}

/// Reads `timestamp, value`.
pub(super) fn observations(path: &Path) -> Result<Observations> {
    let table = read(path)?;
    refuse_several_series(&table, path)?;
    let failed = || format!("{} cannot be read as observations", path.display());
    let timestamps = column(&table, "timestamp", path)?;
    let (times, counted) = times(&timestamps, "timestamp").with_context(failed)?;
    let texts = as_read(&timestamps).with_context(failed)?;
    let values = numbers(&column(&table, "value", path)?, "value").with_context(failed)?;
    let values = values.into_iter().map(|value| value.unwrap_or(f64::NAN));
    Ok(Observations { rows: times.into_iter().zip(values).collect(), counted, texts })
}

/// Values of several series in one order would be judged by one another.
fn refuse_several_series(table: &RecordBatch, path: &Path) -> Result<()> {
    let Some(ids) = table.column_by_name(ID) else { return Ok(()) };
    let ids = text(ids)?;
    let Some(other) = ids.iter().position(|id| Some(id) != ids.first()) else { return Ok(()) };
    bail!(
        "{} has several series: row {} is of another one than row 1, by its {ID}; give each in a \
         file of its own",
        path.display(),
        other + 1
    )
}

/// Reads every row as texts by column; what is not there is empty.
pub(crate) fn texts(path: &Path) -> Result<Vec<BTreeMap<String, String>>> {
    let table = read(path)?;
    let mut rows = vec![BTreeMap::new(); table.num_rows()];
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        for (row, value) in rows.iter_mut().zip(text(column)?) {
            row.insert(field.name().clone(), value.unwrap_or_default());
        }
    }
    Ok(rows)
}

fn read(path: &Path) -> Result<RecordBatch> {
    let cannot = || format!("{} cannot be read", path.display());
    let mut content = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut content).with_context(cannot)?;
    } else {
        content = std::fs::read(path).with_context(cannot)?;
    }
    let content = unpack(path, content)?;
    let (schema, batches) = if content.starts_with(PARQUET) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content))
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .with_context(cannot)?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        (schema, reader.collect::<Result<Vec<_>, _>>().with_context(cannot)?)
    } else {
        csv(content).with_context(cannot)?
    };
    concat_batches(&schema, &batches).with_context(cannot)
}

/// Every column as text: an id may look like a number.
fn csv(content: Vec<u8>) -> Result<(Arc<Schema>, Vec<RecordBatch>)> {
    let format = Format::default().with_header(true);
    let (found, _) = format.infer_schema(Cursor::new(&content), Some(1))?;
    if found.fields().is_empty() {
        bail!("it is empty; expected are a line of names, and rows below it");
    }
    let names = found.fields().iter().map(|field| field.name().trim_start_matches('\u{feff}'));
    let fields: Vec<Field> = names.map(|name| Field::new(name, DataType::Utf8, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let reader =
        ReaderBuilder::new(Arc::clone(&schema)).with_format(format).build(Cursor::new(content))?;
    Ok((schema, reader.collect::<Result<_, _>>()?))
}

fn column(table: &RecordBatch, name: &str, path: &Path) -> Result<ArrayRef> {
    table.column_by_name(name).cloned().with_context(|| {
        let schema = table.schema();
        let names: Vec<&str> =
            schema.fields().iter().map(|field| field.name().as_str()).take(12).collect();
        format!("{} has no column {name}; it has {}", path.display(), names.join(", "))
    })
}

fn text(column: &ArrayRef) -> Result<Vec<Option<String>>> {
    let column = cast(column, &DataType::Utf8)?;
    Ok(column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect())
}

/// Times as text. Those of a zone are told in UTC, whose name every reader knows.
fn as_read(column: &ArrayRef) -> Result<Vec<String>> {
    let texts = match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            text(&cast(column, &DataType::Timestamp(*unit, Some("+00:00".into())))?)?
        }
        _ => text(column)?,
    };
    Ok(texts.into_iter().map(Option::unwrap_or_default).collect())
}

fn times(column: &ArrayRef, name: &str) -> Result<(Vec<i64>, Counted)> {
    let missing = |row: usize| anyhow!("row {}: {name} is empty", row + 1);
    if column.data_type().is_temporal() {
        let seconds = cast(column, &DataType::Timestamp(TimeUnit::Second, None))?;
        let seconds = cast(&seconds, &DataType::Int64)?;
        let seconds = seconds.as_primitive::<Int64Type>().iter().enumerate();
        let seconds = seconds.map(|(row, second)| second.ok_or_else(|| missing(row)));
        return Ok((seconds.collect::<Result<_>>()?, Counted::ByClock));
    }
    let texts = text(column)?;
    let texts = texts.into_iter().enumerate();
    let texts: Vec<String> =
        texts.map(|(row, text)| text.ok_or_else(|| missing(row))).collect::<Result<_>>()?;
    if let Ok(numbers) = texts.iter().map(|text| text.trim().parse()).collect::<Result<_, _>>() {
        return Ok((numbers, Counted::ByNumber));
    }
    let parsed = texts.iter().enumerate().map(|(row, text)| {
        parse_time(text.trim()).with_context(|| format!("row {}: {name}", row + 1))
    });
    Ok((parsed.collect::<Result<_>>()?, Counted::ByClock))
}

fn numbers(column: &ArrayRef, name: &str) -> Result<Vec<Option<f64>>> {
    let infinite = |row: usize, value: &str| {
        anyhow!("row {}: {name} is `{value}`, which is no number; leave it empty", row + 1)
    };
    if column.data_type().is_numeric() {
        let column = cast(column, &DataType::Float64)?;
        let values: Vec<Option<f64>> = column.as_primitive::<Float64Type>().iter().collect();
        let found = values.iter().enumerate().find_map(|(row, value)| {
            value.filter(|value| value.is_infinite()).map(|value| infinite(row, &value.to_string()))
        });
        return found.map_or(Ok(values), Err);
    }
    let texts = text(column)?;
    let parsed = texts.into_iter().enumerate().map(|(row, text)| {
        let text = text.unwrap_or_default();
        match text.trim() {
            "" | "NA" | "NaN" | "nan" | "null" => Ok(None),
            number => match number.parse::<f64>() {
                Ok(value) if value.is_infinite() => Err(infinite(row, number)),
                Ok(number) => Ok(Some(number)),
                Err(_) => bail!("row {}: {name} is `{number}`, which is no number", row + 1),
            },
        }
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use arrow::array::Int64Array;

    use super::*;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let file = file("y,ds,unique_id\n1.5,2026-01-01,007\n,2026-01-02,007\n");
        let long = long(file.path()).unwrap();
        assert_eq!(long.counted, Counted::ByClock);
        let day = 20_454 * 86_400;
        assert_eq!(
            long.rows,
            [("007".to_owned(), day, Some(1.5)), ("007".to_owned(), day + 86_400, None)]
        );
    }

    #[test]
    fn times_are_kept_as_they_were_read() {
        let texts = |content: &str| observations(file(content).path()).unwrap().texts;
        assert_eq!(texts("timestamp,value\n2026-01-01T00:00:00Z,1\n"), ["2026-01-01T00:00:00Z"]);
        assert_eq!(texts("value,timestamp\n1,1700000000\n2,01700000060\n")[1], "01700000060");
        let column = |values: Int64Array, of: DataType| {
            let values: ArrayRef = Arc::new(values);
            as_read(&cast(&values, &of).unwrap()).unwrap()
        };
        let seconds = || Int64Array::from(vec![1_767_225_600]);
        let zone = |name: &str| DataType::Timestamp(TimeUnit::Second, Some(name.into()));
        let plain = DataType::Timestamp(TimeUnit::Second, None);
        assert_eq!(column(seconds(), plain), ["2026-01-01T00:00:00"]);
        assert_eq!(column(seconds(), zone("+02:00")), ["2026-01-01T00:00:00Z"]);
        assert_eq!(column(seconds(), zone("Europe/Berlin")), ["2026-01-01T00:00:00Z"]);
        assert_eq!(column(seconds(), DataType::Int64), ["1767225600"]);
    }

    #[test]
    fn several_series_are_no_observations() {
        let error = |content: &str| observations(file(content).path()).err();
        let one = "unique_id,timestamp,value\na,2026-01-01,1\na,2026-01-02,2\n";
        assert!(error(one).is_none());
        let told = format!("{:#}", error(&format!("{one}b,2026-01-01,3\n")).unwrap());
        assert!(told.contains("row 3") && told.contains("file of its own"), "{told}");
    }

    #[test]
    fn steps_may_be_counted_without_a_clock() {
        let file = file("unique_id,ds,y\nW1,1,10\nW1,2,20\n");
        let long = long(file.path()).unwrap();
        assert_eq!(long.counted, Counted::ByNumber);
        assert_eq!(long.rows[1], ("W1".to_owned(), 2, Some(20.0)));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let error = |content: &str| format!("{:#}", long(file(content).path()).err().unwrap());
        assert!(error("").contains("it is empty"), "{}", error(""));
        let other = error("id,ds,y\na,2026-01-01,1\n");
        assert!(other.contains("has no column unique_id; it has id, ds, y"), "{other}");
        let no_number = error("unique_id,ds,y\na,2026-01-01,1\na,2026-01-02,many\n");
        assert!(no_number.contains("row 2: y is `many`"), "{no_number}");
        let endless = error("unique_id,ds,y\na,2026-01-01,-inf\n");
        assert!(endless.contains("row 1: y is `-inf`, which is no number"), "{endless}");
        let no_time = error("unique_id,ds,y\na,soon,1\n");
        assert!(no_time.contains("row 1: ds"), "{no_time}");
        let no_id = error("unique_id,ds,y\n,2026-01-01,1\n");
        assert!(no_id.contains("row 1: unique_id is empty"), "{no_id}");
    }
}
