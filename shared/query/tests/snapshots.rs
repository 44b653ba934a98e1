//! What is read from the store, how often, and what is said when it cannot be.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use futures::future::join_all;
use object_store::ObjectStore;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde_json::{Map, Value, json};
use smelt_domain::ColumnType;
use smelt_query::{AnswerError, Columns, Format, Query, Snapshot, Snapshots};

use support::{columns, publish, rows};

fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn what_is_in_memory_is_not_read_again_even_if_many_ask_at_once() {
    let table = publish(&rows(7, 5_000)).await;
    let query = Query::parse([("aggregate", "count")], &columns()).unwrap();
    // A server answers on any of its threads.
    fn is_send<Future: Send>(future: Future) -> Future {
        future
    }
    let answers =
        join_all((0..50).map(|_| is_send(table.whole.answer(&query, &table.snapshot)))).await;
    assert!(answers.iter().all(|answer| answer.is_ok()));
    assert_eq!(table.store.reads_of(&table.snapshot.path), 1);
}

#[tokio::test]
async fn of_a_large_file_only_what_is_needed_is_read() {
    let table = publish(&rows(7, 20_000)).await;
    let query = Query::parse([("id", "1"), ("day", "2026-01-01"), ("select", "n")], &columns());
    let answer = table.in_parts.answer(&query.unwrap(), &table.snapshot).await.unwrap();
    assert!(answer.rows().num_rows() <= 1);
    let read = table.store.bytes_of(&table.snapshot.path);
    assert!(read < table.snapshot.bytes, "{read} of {}", table.snapshot.bytes);
}

#[tokio::test]
async fn a_file_that_is_gone_or_damaged_or_has_other_columns_is_told() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    store.put(&Path::from("broken.parquet"), "not Parquet at all".into()).await.unwrap();
    let query = Query::parse(Vec::<(&str, &str)>::new(), &columns()).unwrap();
    for whole in [0, u64::MAX] {
        let snapshots = Snapshots::new(Arc::clone(&store), 1_000).with_whole_files_up_to(whole);
        let snapshot = |path: &str| Snapshot { path: path.to_owned(), identity: 0, bytes: 18 };
        let gone = snapshots.answer(&query, &snapshot("gone.parquet")).await.unwrap_err();
        assert!(matches!(gone, AnswerError::Gone { .. }) && gone.retryable(), "{gone}");
        let broken = snapshots.answer(&query, &snapshot("broken.parquet")).await.unwrap_err();
        assert!(matches!(broken, AnswerError::Failed { .. }) && !broken.retryable(), "{broken}");
    }
    let table = publish(&rows(7, 10)).await;
    let other = Columns::new("things", [("colour", ColumnType::Text)], ["colour"]).unwrap();
    let query = Query::parse(Vec::<(&str, &str)>::new(), &other).unwrap();
    for snapshots in [&table.whole, &table.in_parts] {
        let error = snapshots.answer(&query, &table.snapshot).await.unwrap_err();
        assert!(error.to_string().contains("there is no column `colour`"), "{error}");
    }
}

#[tokio::test]
async fn a_sum_that_is_too_large_is_an_error_not_another_number() {
    use arrow::array::{Decimal128Array, Int64Array, RecordBatch};
    let large = Decimal128Array::from(vec![99_999_999_999_999_999_999_999_999_999_999_999_999; 2]);
    let large = large.with_precision_and_scale(38, 0).unwrap();
    let batch = RecordBatch::try_from_iter([
        ("n", Arc::new(Int64Array::from(vec![i64::MAX, 1])) as _),
        ("amount", Arc::new(large) as _),
    ])
    .unwrap();
    let table = support::publish_batch(&batch).await;
    let types = [("n", "BIGINT"), ("amount", "DECIMAL(38,0)")];
    let columns = types.map(|(name, column_type)| (name, column_type.parse().unwrap()));
    let columns = Columns::new("sums", columns, ["n"]).unwrap();
    for column in ["n", "amount"] {
        let query = Query::parse([("aggregate", format!("sum({column})"))], &columns).unwrap();
        let error = table.whole.answer(&query, &table.snapshot).await.unwrap_err();
        let expected = format!("expected `sum_{column}` of at most");
        assert!(matches!(error, AnswerError::Query(_)), "{error}");
        assert!(error.to_string().contains(&expected), "{error}");
        let query = Query::parse([("aggregate", format!("avg({column})"))], &columns).unwrap();
        assert!(table.whole.answer(&query, &table.snapshot).await.is_ok());
    }
}

#[tokio::test]
async fn every_format_has_the_rows() {
    let table = publish(&rows(7, 3)).await;
    let query = parameters(&[("select", "id,place,amount,share"), ("order", "id"), ("limit", "2")]);
    let answer = table.answer(&query).await.unwrap();
    let about: Map<String, Value> =
        json!({ "dataset": "x", "mart": "things" }).as_object().unwrap().clone();
    let json: Value =
        serde_json::from_slice(&answer.encode(Format::Json, &about).unwrap()).unwrap();
    assert_eq!(json["dataset"], "x");
    assert_eq!(json["columns"][2], json!({ "name": "amount", "type": "DECIMAL(12,2)" }));
    assert_eq!(json["rows"].as_array().unwrap().len(), 2);
    assert_eq!(json["next"].as_str(), answer.next());
    assert!(answer.next().is_some());

    let csv = answer.encode(Format::Csv, &about).unwrap();
    let mut csv = csv::Reader::from_reader(csv.as_slice());
    assert_eq!(csv.headers().unwrap(), vec!["id", "place", "amount", "share"]);
    for (line, row) in csv.records().zip(json["rows"].as_array().unwrap()) {
        let place = row["place"].as_str().unwrap_or("");
        assert_eq!(&line.unwrap()[1], place);
    }

    let parquet = bytes::Bytes::from(answer.encode(Format::Parquet, &about).unwrap());
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(parquet, 10);
    let batches: Vec<_> = reader.unwrap().map(Result::unwrap).collect();
    assert_eq!(batches[0].columns(), answer.rows().columns());
    let arrow = answer.encode(Format::Arrow, &about).unwrap();
    let reader = arrow::ipc::reader::StreamReader::try_new(arrow.as_slice(), None);
    let batches: Vec<_> = reader.unwrap().map(Result::unwrap).collect();
    assert_eq!(batches[0], *answer.rows());
}

#[tokio::test]
async fn csv_quotes_what_would_break_a_line_and_leaves_the_rest() {
    use arrow::array::{RecordBatch, StringArray};
    let places = StringArray::from(vec![Some("=1+1"), Some("a,b\"c\r\n"), Some(" x "), None]);
    let batch = RecordBatch::try_from_iter([("place", Arc::new(places) as _)]).unwrap();
    let table = support::publish_batch(&batch).await;
    let columns = Columns::new("t", [("place", ColumnType::Text)], ["place"]).unwrap();
    let query = Query::parse(Vec::<(&str, &str)>::new(), &columns).unwrap();
    let answer = table.whole.answer(&query, &table.snapshot).await.unwrap();
    let csv = String::from_utf8(answer.encode(Format::Csv, &Map::new()).unwrap()).unwrap();
    assert_eq!(csv, "place\r\n x \r\n=1+1\r\n\"a,b\"\"c\r\n\"\r\n\"\"\r\n");
}
