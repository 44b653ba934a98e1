//! Parquet, row group by row group, every column as text.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Field, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow::util::display::FormatOptions;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::batch::{BatchLimit, Delivery, MAX_COLUMNS, RowNotes, text_schema};
use crate::error::FileError;
use crate::names::UniqueNames;
use crate::progress::Progress;

const WALL_CLOCK: &str = "%Y-%m-%dT%H:%M:%S%.f";
const UTC: &str = "%Y-%m-%dT%H:%M:%S%.fZ";
const DATE: &str = "%Y-%m-%d";

/// Reads all row groups; the names of the columns.
pub(crate) fn read(
    path: &Path,
    inspected_bytes: u64,
    limit: BatchLimit,
    progress: &Progress,
    delivery: &mut Delivery<'_>,
) -> Result<Vec<String>, FileError> {
    let file = File::open(path).map_err(|error| FileError::from_io(path, error))?;
    let size = file.metadata().map_err(|error| FileError::from_io(path, error))?.len();
    if size != inspected_bytes {
        return Err(FileError::Changed { path: path.to_path_buf() });
    }
    let footer_failed =
        |error| FileError::corrupt(path, format!("its Parquet footer cannot be read ({error})"));
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(footer_failed)?;
    let total_rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let names = column_names(path, builder.schema().fields())?;
    let schema = text_schema(names.iter().map(String::as_str));
    let mut share = Share { size, total_rows, rows: 0, counted: 0 };
    let mut notes = RowNotes::default();
    for batch in builder.with_batch_size(limit.rows).build().map_err(footer_failed)? {
        if progress.is_stopped() {
            return Err(FileError::Stopped { path: path.to_path_buf() });
        }
        let first = delivery.rows() + 1;
        let failed = |error: ArrowError| {
            FileError::corrupt(path, format!("its rows from {first} on cannot be read ({error})"))
        };
        let batch = batch.map_err(failed)?;
        let rows = batch.num_rows() as u64;
        let columns: Result<Vec<ArrayRef>, ArrowError> = batch
            .columns()
            .iter()
            .map(|column| Ok(Arc::new(as_text(column)?) as ArrayRef))
            .collect();
        let columns = columns.map_err(failed)?;
        (first..first + rows).for_each(|line| notes.fine(line));
        delivery.deliver(path, notes.finish(schema.clone(), columns))?;
        progress.add(share.of_rows(rows));
    }
    progress.add(size.saturating_sub(share.counted));
    Ok(names)
}

fn column_names(path: &Path, fields: &[Arc<Field>]) -> Result<Vec<String>, FileError> {
    if fields.len() > MAX_COLUMNS {
        return Err(FileError::TooManyColumns {
            path: path.to_path_buf(),
            line: 1,
            limit: MAX_COLUMNS,
        });
    }
    let mut unique = UniqueNames::default();
    Ok(fields
        .iter()
        .enumerate()
        .map(|(index, field)| unique.name(field.name(), index + 1))
        .collect())
}

/// Spreads the bytes of the file evenly over its rows, for the progress.
struct Share {
    size: u64,
    total_rows: u64,
    rows: u64,
    counted: u64,
}

impl Share {
    fn of_rows(&mut self, rows: u64) -> u64 {
        self.rows += rows;
        let due = (u128::from(self.size) * u128::from(self.rows)
            / u128::from(self.total_rows.max(1))) as u64;
        let new = due.min(self.size).saturating_sub(self.counted);
        self.counted += new;
        new
    }
}

/// Any column as text.
fn as_text(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => formatted(&in_utc(column, *unit), UTC),
        DataType::Timestamp(_, None) | DataType::Date64 => formatted(column, WALL_CLOCK),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => binary_as_text(column),
        DataType::Dictionary(_, values) => as_text(&cast(column, values)?),
        kind if kind.is_nested() => nested_as_json(column),
        _ => formatted(column, WALL_CLOCK),
    }
}

fn formatted(column: &ArrayRef, timestamp: &str) -> Result<StringArray, ArrowError> {
    let format_options = FormatOptions::new()
        .with_timestamp_format(Some(timestamp))
        .with_datetime_format(Some(WALL_CLOCK))
        .with_date_format(Some(DATE));
    let options = CastOptions { safe: false, format_options };
    Ok(cast_with_options(column, &DataType::Utf8, &options)?.as_string::<i32>().clone())
}

/// A timestamp with a zone as the wall clock of UTC: only the label goes, values are UTC already.
fn in_utc(column: &ArrayRef, unit: TimeUnit) -> ArrayRef {
    match unit {
        TimeUnit::Second => Arc::new(
            column
                .as_primitive::<TimestampSecondType>()
                .clone()
                .with_timezone_opt(None::<Arc<str>>),
        ),
        TimeUnit::Millisecond => Arc::new(
            column
                .as_primitive::<TimestampMillisecondType>()
                .clone()
                .with_timezone_opt(None::<Arc<str>>),
        ),
        TimeUnit::Microsecond => Arc::new(
            column
                .as_primitive::<TimestampMicrosecondType>()
                .clone()
                .with_timezone_opt(None::<Arc<str>>),
        ),
        TimeUnit::Nanosecond => Arc::new(
            column
                .as_primitive::<TimestampNanosecondType>()
                .clone()
                .with_timezone_opt(None::<Arc<str>>),
        ),
    }
}

/// Bytes as the text they are; values that are none as `\x` and hex digits.
fn binary_as_text(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let column = cast(column, &DataType::LargeBinary)?;
    let values = column.as_binary::<i64>();
    let mut texts = StringBuilder::with_capacity(values.len(), values.value_data().len());
    for value in values {
        match value.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
            Some((_, Ok(text))) => texts.append_value(text),
            Some((bytes, Err(_))) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                texts.append_value(format!("\\x{hex}"));
            }
            None => texts.append_null(),
        }
    }
    Ok(texts.finish())
}

fn nested_as_json(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let field = Arc::new(Field::new("value", column.data_type().clone(), true));
    let options = EncoderOptions::default();
    let mut encoder = make_encoder(&field, column.as_ref(), &options)?;
    let mut texts = StringBuilder::new();
    let mut json = Vec::new();
    for row in 0..column.len() {
        if encoder.is_null(row) {
            texts.append_null();
            continue;
        }
        json.clear();
        encoder.encode(row, &mut json);
        texts.append_value(String::from_utf8_lossy(&json));
    }
    Ok(texts.finish())
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array,
        Int32Array, Int64Array, LargeStringArray, ListArray, RecordBatch, StructArray,
        Time64MicrosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
        TimestampNanosecondArray, TimestampSecondArray,
    };
    use arrow::datatypes::{Int32Type, Schema};
    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::read::ReadOptions;
    use crate::testing::{Rows, read_path, shared_data};

    /// Writes the columns as Parquet and reads them back.
    fn through_parquet(columns: Vec<(&str, ArrayRef)>, batch_rows: usize) -> Rows {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
            .collect();
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        read_path(&path, &ReadOptions { batch_rows, ..ReadOptions::default() }, 1).unwrap()
    }

    fn texts(column: ArrayRef) -> Vec<String> {
        through_parquet(vec![("value", column)], 8192).flat()
    }

    #[test]
    fn numbers_and_truth_values() {
        assert_eq!(
            texts(Arc::new(Float64Array::from(vec![Some(10032.0), None, Some(0.1)]))),
            ["10032.0", "~", "0.1"]
        );
        assert_eq!(texts(Arc::new(Int64Array::from(vec![-5, 7]))), ["-5", "7"]);
        assert_eq!(texts(Arc::new(BooleanArray::from(vec![true, false]))), ["true", "false"]);
        let decimals =
            Decimal128Array::from(vec![12345, -5]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(texts(Arc::new(decimals)), ["123.45", "-0.05"]);
    }

    #[test]
    fn dates_and_times() {
        let micros = 1_704_112_496_789_000;
        assert_eq!(
            texts(Arc::new(TimestampMicrosecondArray::from(vec![
                micros,
                micros + 1,
                1_704_112_496_000_000
            ]))),
            ["2024-01-01T12:34:56.789", "2024-01-01T12:34:56.789001", "2024-01-01T12:34:56"]
        );
        assert_eq!(
            texts(Arc::new(TimestampNanosecondArray::from(vec![1_704_112_496_000_000_001]))),
            ["2024-01-01T12:34:56.000000001"]
        );
        for zone in ["UTC", "+02:00", "America/New_York"] {
            let zoned =
                TimestampMillisecondArray::from(vec![1_704_112_496_789]).with_timezone(zone);
            assert_eq!(texts(Arc::new(zoned)), ["2024-01-01T12:34:56.789Z"]);
        }
        assert_eq!(
            texts(Arc::new(TimestampSecondArray::from(vec![1_704_112_496]))),
            ["2024-01-01T12:34:56"]
        );
        assert_eq!(
            texts(Arc::new(Date32Array::from(vec![19_723, -1]))),
            ["2024-01-01", "1969-12-31"]
        );
        assert_eq!(
            texts(Arc::new(Time64MicrosecondArray::from(vec![45_296_000_000]))),
            ["12:34:56"]
        );
    }

    #[test]
    fn texts_of_other_kinds() {
        assert_eq!(
            texts(Arc::new(LargeStringArray::from(vec![Some("é"), Some(""), None]))),
            ["é", "", "~"]
        );
        let dictionary: DictionaryArray<Int32Type> =
            vec![Some("a"), None, Some("a")].into_iter().collect();
        assert_eq!(texts(Arc::new(dictionary)), ["a", "~", "a"]);
        let binary = BinaryArray::from_opt_vec(vec![Some(b"ab"), Some(b"\xff\x00"), None]);
        assert_eq!(texts(Arc::new(binary)), ["ab", "\\xff00", "~"]);
    }

    #[test]
    fn nested_values_are_json() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
            Some(vec![Some(1), None]),
            None,
        ]);
        assert_eq!(texts(Arc::new(list)), ["[1,null]", "~"]);
        let name = (
            Arc::new(Field::new("n", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec!["a\"b"])) as ArrayRef,
        );
        let number = (
            Arc::new(Field::new("i", DataType::Int32, true)),
            Arc::new(Int32Array::from(vec![5])) as ArrayRef,
        );
        assert_eq!(
            texts(Arc::new(StructArray::from(vec![name, number]))),
            ["{\"n\":\"a\\\"b\",\"i\":5}"]
        );
    }

    #[test]
    fn rows_are_numbered_and_names_unique() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]));
        let seen = through_parquet(vec![("A b", numbers.clone()), ("a_b", numbers)], 2);
        assert_eq!(seen.summary.columns, ["a_b", "a_b_2"]);
        assert_eq!(seen.lines(), [1, 2, 3, 4, 5]);
        assert_eq!(seen.batches, [2, 2, 1]);
    }

    #[test]
    fn progress_counts_the_whole_file() {
        let mut share = Share { size: 100, total_rows: 3, rows: 0, counted: 0 };
        assert_eq!([share.of_rows(1), share.of_rows(1), share.of_rows(1)], [33, 33, 34]);
    }

    #[test]
    fn real_elevators() {
        let Some(data) = shared_data() else { return };
        let seen =
            read_path(&data.join("nyc311/elevator_2024.parquet"), &ReadOptions::default(), 1)
                .unwrap();
        assert_eq!(
            (seen.summary.rows, seen.summary.malformed, seen.summary.columns.len()),
            (22_504, 0, 42)
        );
        let column = |name: &str| seen.summary.columns.iter().position(|column| column == name);
        let created = column("created_date").unwrap();
        assert!(seen.rows[0].fields[created].as_ref().unwrap().starts_with("2024-"));
        let zip = column("incident_zip").unwrap();
        assert_eq!(seen.rows[0].fields[zip].as_deref(), Some("10032"));
    }
}
