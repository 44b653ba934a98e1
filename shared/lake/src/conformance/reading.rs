use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use futures::stream;
use object_store::ObjectStoreExt;
use serde_json::{Value, json};
use smelt_domain::published_latest_path;

use super::{PARTITION, assert_lines, keys, partitioned_schema, read, table, written_file};
use crate::{Commit, FileLayout, FilesTable, Lake, LakeError, published};

/// Columns that came later are null in older files, and columns keep their order.
pub async fn a_grown_schema_reads_old_files(lake: &Lake) {
    let table = table(lake, "grown");
    let narrow = Arc::new(Schema::new(vec![Field::new("key", DataType::Int64, true)]));
    let layout = FileLayout::Arrival;
    let old = written_file(&table, "old", &[], vec![("key", keys([1]))], &layout).await;
    let commit = Commit { add: vec![old], schema: Some(narrow), ..Commit::default() };
    table.commit(None, &commit).await.unwrap();
    let base = table.require_snapshot().await.unwrap();

    let text: ArrayRef = Arc::new(StringArray::from(vec!["new"]));
    let columns = vec![("note", text), ("key", keys([2]))];
    let new = written_file(&table, "new", &[], columns, &layout).await;
    let wide = Arc::new(Schema::new(vec![
        Field::new("key", DataType::Int64, true),
        Field::new("note", DataType::Utf8, true),
        Field::new("at", DataType::Date32, true),
    ]));
    let commit = Commit { add: vec![new], schema: Some(Arc::clone(&wide)), ..Commit::default() };
    table.commit(Some(&base), &commit).await.unwrap();

    let grown = table.require_snapshot().await.unwrap();
    assert_eq!(grown.schema().fields(), wide.fields());
    let files = FilesTable::new(table.id(), grown.schema(), &[], grown.files().to_vec());
    let expected = ["| key | note | at |", "| 1 | | |", "| 2 | new | |"];
    assert_lines(&read(lake, files).await, &expected);
}

/// A table may gain a column whose type asks for more of its readers than the table did so far.
pub async fn a_table_may_gain_a_wall_clock(lake: &Lake) {
    let table = table(lake, "gained_wall_clock");
    let key = Field::new("key", DataType::Int64, true);
    let time = Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, None), true);
    let mut base = None;
    for fields in [vec![key.clone()], vec![key.clone(), time], vec![key]] {
        let schema = Arc::new(Schema::new(fields));
        let commit =
            Commit { operation: "TEST", schema: Some(Arc::clone(&schema)), ..Commit::default() };
        table.commit(base.as_ref(), &commit).await.unwrap();
        let snapshot = table.require_snapshot().await.unwrap();
        assert_eq!(snapshot.schema().fields(), schema.fields());
        base = Some(snapshot);
    }
}

/// Every row has its file's partition values and the file's place in the order given.
pub async fn files_are_read_with_partitions_and_ordinals(lake: &Lake) {
    let table = table(lake, "ordinals");
    let columns = [PARTITION.to_owned()];
    let mut files = Vec::new();
    for (number, month) in [Some("2026-04"), None, Some("2026-05")].into_iter().enumerate() {
        let key = 10 * number as i64;
        let rows = vec![("key", keys([key, key + 1]))];
        let path = format!("{number}.parquet");
        let partition = [(PARTITION, month)];
        files.push(written_file(&table, &path, &partition, rows, &FileLayout::Arrival).await);
    }
    files.reverse();
    let files = FilesTable::with_ordinals(table.id(), &partitioned_schema(), &columns, files);
    let expected = [
        "| key | month | _ordinal |",
        "| 0 | 2026-04 | 2 |",
        "| 1 | 2026-04 | 2 |",
        "| 10 | | 1 |",
        "| 11 | | 1 |",
        "| 20 | 2026-05 | 0 |",
        "| 21 | 2026-05 | 0 |",
    ];
    assert_lines(&read(lake, files).await, &expected);
    let none = FilesTable::new(table.id(), &partitioned_schema(), &columns, Vec::new());
    assert_lines(&read(lake, none).await, &[]);
}

/// The log knows the bounds and null counts of every type that it can, in the form that other
/// readers of Delta expect, and leaves out what it does not know.
pub async fn statistics_tell_bounds_of_every_type(lake: &Lake) {
    let table = table(lake, "statistics");
    let decimal = Decimal128Array::from(vec![Some(-150), None, Some(1234)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bigint", Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]))),
        ("int", Arc::new(Int32Array::from(vec![Some(-7), Some(3), None]))),
        ("double", Arc::new(Float64Array::from(vec![Some(-0.5), None, Some(1e300)]))),
        ("endless", Arc::new(Float64Array::from(vec![Some(1.0), Some(f64::INFINITY), None]))),
        ("decimal", Arc::new(decimal.with_precision_and_scale(10, 2).unwrap())),
        ("text", Arc::new(StringArray::from(vec![Some("ß"), Some("a"), None]))),
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("date", Arc::new(Date32Array::from(vec![Some(-1), Some(20_000), None]))),
        ("time", Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), Some(1_000_001), None]))),
        ("nothing", Arc::new(Int64Array::new_null(3))),
    ];
    let schema = Schema::new(
        columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
            .collect::<Vec<_>>(),
    );
    let layout = FileLayout::SortedBy(vec!["bigint".to_owned()]);
    let file = written_file(&table, "all.parquet", &[], columns, &layout).await;
    let commit = Commit {
        operation: "REFRESH",
        add: vec![file.clone()],
        schema: Some(Arc::new(schema)),
        ..Commit::default()
    };
    table.commit(None, &commit).await.unwrap();

    let found = &table.require_snapshot().await.unwrap().files()[0].statistics.clone();
    assert_eq!(*found, file.statistics);
    assert_eq!(found.rows, 3);
    let bounds = |name: &str| {
        let of = |values: &serde_json::Map<String, Value>| values.get(name).cloned();
        (of(&found.min_values), of(&found.max_values))
    };
    let known = |low: Value, high: Value| (Some(low), Some(high));
    assert_eq!(bounds("bigint"), known(json!(i64::MIN), json!(i64::MAX)));
    assert_eq!(bounds("int"), known(json!(-7), json!(3)));
    assert_eq!(bounds("double"), known(json!(-0.5), json!(1e300)));
    assert_eq!(bounds("endless"), (None, None));
    assert_eq!(bounds("decimal"), (None, None));
    assert_eq!(bounds("text"), known(json!("a"), json!("ß")));
    assert_eq!(bounds("boolean"), (None, None));
    assert_eq!(bounds("date"), known(json!("1969-12-31"), json!("2024-10-04")));
    assert_eq!(
        bounds("time"),
        known(json!("1969-12-31T23:59:59.999999"), json!("1970-01-01T00:00:01.000001"))
    );
    assert_eq!(bounds("nothing"), (None, None));
    for (name, nulls) in &found.null_count {
        assert_eq!(*nulls, json!(if name == "nothing" { 3 } else { 1 }), "{name}");
    }
    assert_eq!(found.null_count.len(), 10);
}

/// A file that is too large for one put is uploaded in parts and is whole afterwards.
pub async fn a_large_file_is_uploaded_in_parts(lake: &Lake) {
    const ROWS: i64 = 3_000_000;
    let table = table(lake, "large");
    // Numbers without a pattern that would compress: 24 MB are three parts.
    let random = |row: i64| row.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ (row << 17);
    let columns = vec![("key", keys((0..ROWS).map(random)))];
    let file = written_file(&table, "large.parquet", &[], columns, &FileLayout::Arrival).await;
    assert!(file.size > 17_000_000, "{} bytes are less than three parts", file.size);
    let place = table.path(&file.path).as_str().into();
    assert_eq!(lake.store().head(&place).await.unwrap().size, file.size);
    assert_eq!(file.rows(), ROWS as u64);
    let schema = Schema::new(vec![Field::new("key", DataType::Int64, true)]);
    let files = FilesTable::new(table.id(), &schema, &[], vec![file]);
    assert_eq!(super::count(lake, files).await, ROWS);
}

/// A published snapshot is what `latest.json` names, one that cannot be read counts as absent, and
/// pointing again replaces it.
pub async fn latest_names_the_published_snapshot(lake: &Lake) {
    let gold = lake.table("gold/conformance/published".parse().unwrap()).unwrap();
    let mart = gold.id();
    assert_eq!(published::latest(lake, mart).await.unwrap(), None);
    for (version, values) in [(0, vec![1, 2]), (1, vec![])] {
        let batch = RecordBatch::try_from_iter([("key", keys(values.clone()))]).unwrap();
        let schema = batch.schema();
        let base = gold.snapshot().await.unwrap();
        let commit = Commit { schema: Some(Arc::clone(&schema)), ..Commit::default() };
        gold.commit(base.as_ref(), &commit).await.unwrap();
        let snapshot = gold.require_snapshot().await.unwrap();

        let rows = stream::iter([Ok::<_, LakeError>(batch)]);
        let sorted_by = vec!["key".to_owned()];
        let written =
            published::write_snapshot(lake, mart, &snapshot, schema, sorted_by, rows).await;
        let written = written.unwrap();
        assert_eq!((written.version, written.rows), (version, values.len() as u64));
        published::point_latest(lake, mart, &written).await.unwrap();

        let latest = published::latest(lake, mart).await.unwrap().unwrap();
        assert_eq!(latest, written);
        let file = lake.get_object(&latest.path).await.unwrap().unwrap();
        assert_eq!(file.len() as u64, latest.bytes);
        assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    }
    let path = published_latest_path(&mart.dataset, &mart.table);
    lake.put_object(&path, b"{\"version\": 1,".to_vec()).await.unwrap();
    assert_eq!(published::latest(lake, mart).await.unwrap(), None);
}
