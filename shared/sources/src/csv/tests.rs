//! CSV files read from end to end.

use arrow::array::{Array, AsArray};
use proptest::prelude::*;

use super::{CsvDialect, CsvReader, DelimiterChoice, QuotedEmpty};
use crate::batch::BatchLimit;
use crate::error::FileError;
use crate::progress::Progress;
use crate::read::ReadOptions;
use crate::testing::{Rows, gzip, read_content, read_path, shared_data, zstd};
use crate::window::Window;

fn rows(content: impl AsRef<[u8]>) -> Rows {
    read_content("x.csv", content.as_ref(), &ReadOptions::default()).unwrap()
}

fn rows_up_to(max_record_bytes: usize, content: impl AsRef<[u8]>) -> Rows {
    let options = ReadOptions { max_record_bytes, ..ReadOptions::default() };
    read_content("x.csv", content.as_ref(), &options).unwrap()
}

#[test]
fn line_ends_of_every_kind_may_be_mixed() {
    let seen = rows("\u{feff}Id,Name\r\n1,a\n2,b\r3,c\r\n4,d");
    assert_eq!(seen.summary.columns, ["id", "name"]);
    assert_eq!(seen.flat(), ["1|a", "2|b", "3|c", "4|d"]);
    assert_eq!(seen.lines(), [2, 3, 4, 5]);
}

#[test]
fn quoted_fields_hold_anything() {
    let seen = rows("a;b\n\"x;\"\"y\"\"\";\"1\r\n2\n3\r4\"\n\"\";z\n5\" pipe;\"q\"r\n");
    assert_eq!(seen.flat(), ["x;\"y\"|1\r\n2\n3\r4", "~|z", "5\" pipe|qr"]);
    assert_eq!(seen.lines(), [2, 6, 7]);
}

#[test]
fn a_database_tells_an_empty_text_from_null() {
    let content = b"_id,id,note\r\n1,,\"\"\n\"\",\"a\"\"\",\n\"\"x,\"\",b\n";
    let dialect = CsvDialect {
        delimiter: DelimiterChoice { given: Some(b','), preferred: None },
        header: |text| if text == "_id" { "ckan_id" } else { text },
        quoted_empty: QuotedEmpty::Text,
    };
    for buffer_bytes in [1, 3, 4096] {
        let path = std::path::Path::new("x");
        let window =
            Window::new(path, Box::new(&content[..]), &Progress::default(), buffer_bytes).unwrap();
        let mut reader = CsvReader::open(window, 1000, dialect).unwrap();
        assert_eq!(reader.headers(), ["_id", "id", "note"]);
        assert_eq!(reader.columns, ["ckan_id", "id", "note"]);
        let limit = BatchLimit { rows: 2 };
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_batch(limit).unwrap() {
            assert!(batch.line.len() <= 2);
            for row in 0..batch.line.len() {
                let columns = batch.fields.columns().iter().map(|column| column.as_string::<i32>());
                let value = |column: &arrow::array::StringArray| {
                    column.is_valid(row).then(|| column.value(row).to_owned())
                };
                rows.push(columns.map(value).collect::<Vec<_>>());
            }
        }
        let text = |text: &str| Some(text.to_owned());
        let expected = [
            [text("1"), None, text("")],
            [text(""), text("a\""), None],
            [text("x"), text(""), text("b")],
        ];
        assert_eq!(rows, expected);
    }
}

#[test]
fn blank_lines_are_no_rows() {
    let seen = rows("\n\na,b\n\n1,2\n   \n\t\n,\n\r\n3,4\n\n");
    assert_eq!(seen.flat(), ["1|2", "~|~", "3|4"]);
    assert_eq!(seen.lines(), [5, 8, 10]);
    let one_column = rows("a\n\n1\n  \n\"\"\n");
    assert_eq!(one_column.flat(), ["1", "  ", "~"]);
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    for content in ["a,b", "a,b\n", "a,b\r\n\r\n"] {
        let seen = rows(content);
        assert_eq!((seen.summary.rows, seen.batches.len()), (0, 0));
        assert_eq!(seen.summary.columns, ["a", "b"]);
    }
}

#[test]
fn ragged_rows_are_malformed_with_their_text() {
    let seen = rows("a,b,c\n1,2\n1,2,3\n1,\"2\",3,4\r\n5,6,7\n");
    assert_eq!(
        seen.flat(),
        ["! 3 fields expected, 2 found", "1|2|3", "! 3 fields expected, 4 found", "5|6|7"]
    );
    assert_eq!(seen.rows[0].raw.as_deref(), Some("1,2"));
    assert_eq!(seen.rows[2].raw.as_deref(), Some("1,\"2\",3,4"));
    assert_eq!(seen.rows[0].fields, [None, None, None]);
    assert_eq!(seen.rows[1].raw, None);
}

#[test]
fn an_unclosed_quote_costs_its_own_line_only() {
    let seen = rows("a,b\n1,x\n2,\"y\n3,z\n4,\"\"\n5,w");
    assert_eq!(seen.flat(), ["1|x", "! a quote is opened but never closed", "3|z", "4|~", "5|w"]);
    assert_eq!(seen.rows[1].raw.as_deref(), Some("2,\"y"));
    assert_eq!(seen.lines(), [2, 3, 4, 5, 6]);
}

#[test]
fn a_stray_quote_before_a_quoted_field_costs_its_own_line_only() {
    let seen = rows("a,b\n1,\"x\n2,y\n3,\"q,r\"\n4,z\n");
    assert_eq!(seen.flat(), ["! a quote is opened but never closed", "2|y", "3|q,r", "4|z"]);
}

#[test]
fn a_stray_quote_does_not_swallow_more_than_a_record_may_hold() {
    let mut content = "a,b\n1,\"x\n".to_owned();
    (0..100).for_each(|number| content.push_str(&format!("{number},y\n")));
    let seen = rows_up_to(64, &content);
    assert_eq!(seen.flat()[0], "! record longer than 64 bytes");
    assert_eq!(seen.rows[0].raw.as_deref(), Some("1,\"x"));
    assert_eq!(seen.flat()[1], "0|y");
    assert_eq!((seen.summary.rows, seen.summary.malformed), (101, 1));
    assert_eq!(seen.lines()[100], 102);
}

#[test]
fn long_lines_are_passed_over() {
    let long = "x".repeat(5000);
    let seen = rows_up_to(64, format!("a,b\n1,{long}\r\n2,y\n3,\"{long}\n{long}\"\n4,z\n5,{long}"));
    let too_long = "! record longer than 64 bytes";
    assert_eq!(seen.flat(), [too_long, "2|y", too_long, too_long, "4|z", too_long]);
    assert_eq!(seen.rows[0].raw.as_deref().unwrap().len(), 1024);
    assert_eq!(seen.lines(), [2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_line_of_200_mb_is_read_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv.zst");
    let long = "x".repeat(200_000_000);
    std::fs::write(&path, zstd(format!("a,b\n1,{long}\n2,y\n").as_bytes())).unwrap();
    let seen = read_path(&path, &ReadOptions::default(), 256 * 1024).unwrap();
    assert_eq!(seen.flat(), ["! record longer than 16 MiB", "2|y"]);
    std::fs::write(&path, zstd(long.as_bytes())).unwrap();
    let error = read_path(&path, &ReadOptions::default(), 256 * 1024).unwrap_err();
    assert!(matches!(error, FileError::HeaderTooLong { line: 1, .. }));
}

#[test]
fn encodings() {
    assert_eq!(rows(b"name\ncaf\xe9\n\x80 5\n").flat(), ["café", "€ 5"]);
    let mixed = rows(b"name\ncaf\xc3\xa9\ncaf\xe9\nok\n");
    assert_eq!(mixed.flat(), ["café", "! not valid UTF-8", "ok"]);
    assert_eq!(mixed.rows[1].raw.as_deref(), Some("caf\u{fffd}"));
    assert_eq!(rows(b"a,b\n1,x\0y\n").flat(), ["1|x\0y"]);
}

#[test]
fn delimiters_can_be_given_and_endings_help() {
    let options = ReadOptions { delimiter: Some(b';'), ..ReadOptions::default() };
    let given = read_content("x.csv", b"a,b;c\n1;2\n", &options).unwrap();
    assert_eq!(given.summary.columns, ["a_b", "c"]);
    let tabs = read_content("x.tsv", b"a, b, c\td\n1\t2\n", &ReadOptions::default()).unwrap();
    assert_eq!(tabs.flat(), ["1|2"]);
}

#[test]
fn packed_files_read_like_plain_ones() {
    let content = b"a,b\n1,x\n2,y\n";
    let two_members = [gzip(&content[..6]), gzip(&content[6..])].concat();
    for packed in [gzip(content), zstd(content), two_members] {
        assert_eq!(rows(packed).flat(), ["1|x", "2|y"]);
    }
}

#[test]
fn batches_have_at_most_as_many_rows_as_asked() {
    let options = ReadOptions { batch_rows: 3, ..ReadOptions::default() };
    let seen = read_content("x.csv", b"a\n1\n2\n3\n4\n5\n6\n7\n", &options).unwrap();
    assert_eq!(seen.batches, [3, 3, 1]);
    assert_eq!(seen.flat(), ["1", "2", "3", "4", "5", "6", "7"]);
}

/// How one field is written: its text, and whether it is quoted without need.
fn any_field() -> impl Strategy<Value = (String, bool)> {
    let letters = prop_oneof![
        Just(','),
        Just('"'),
        Just('\n'),
        Just('\r'),
        Just(' '),
        Just('é'),
        Just('漢'),
        Just('😀'),
        Just('\0'),
        proptest::char::range('a', 'z'),
    ];
    (proptest::collection::vec(letters, 0..12).prop_map(String::from_iter), any::<bool>())
}

fn write_field((text, quote_anyway): &(String, bool)) -> String {
    if *quote_anyway || text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.clone()
}

fn few_cases() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn what_was_written_is_read(
        table in (2_usize..6).prop_flat_map(|columns| {
            proptest::collection::vec(proptest::collection::vec(any_field(), columns), 1..20)
        }),
        line_ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 21),
        batch_rows in 1_usize..9,
    ) {
        let columns = table[0].len();
        let header: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        let mut content = header.join(",") + line_ends[20];
        for (row, line_end) in table.iter().zip(&line_ends) {
            content += &row.iter().map(write_field).collect::<Vec<_>>().join(",");
            content += line_end;
        }
        let expected: Vec<Vec<Option<String>>> = table.iter()
            .map(|row| row.iter().map(|(text, _)| Some(text.clone()).filter(|text| !text.is_empty())).collect())
            .collect();
        let options = ReadOptions { batch_rows, ..ReadOptions::default() };
        let seen = read_content("x.csv", content.as_bytes(), &options).unwrap();
        let fields: Vec<Vec<Option<String>>> = seen.rows.iter().map(|row| row.fields.clone()).collect();
        prop_assert_eq!(fields, expected);
        prop_assert_eq!(seen.summary.malformed, 0);
    }

    #[test]
    fn no_content_panics_or_depends_on_the_buffer(
        content in proptest::collection::vec(
            prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b'a'), Just(0xc3), Just(0xa9), Just(b' ')],
            0..120,
        ),
        max_record_bytes in prop_oneof![Just(20_usize), Just(1 << 20)],
    ) {
        let options = ReadOptions { max_record_bytes, ..ReadOptions::default() };
        let _ = read_content("x.csv", &content, &options);
    }
}

#[test]
fn real_snapshots() {
    let Some(data) = shared_data() else { return };
    let mut count = 0;
    for path in crate::find_files(&[data.join("nyc311/snapshots")]).unwrap() {
        let seen = read_path(&path, &ReadOptions::default(), 256 * 1024).unwrap();
        assert_eq!(
            (seen.summary.rows, seen.summary.malformed, seen.summary.columns.len()),
            (10_000, 0, 12)
        );
        count += 1;
    }
    assert_eq!(count, 7);
    let wide =
        read_path(&data.join("nyc311/all_columns_2021-09-21.csv"), &ReadOptions::default(), 1000)
            .unwrap();
    assert_eq!(
        (wide.summary.rows, wide.summary.malformed, wide.summary.columns.len()),
        (7012, 0, 43)
    );
    let packed = data.join("nyc311/noise_residential_brooklyn_2023.csv.gz");
    let noise = read_path(&packed, &ReadOptions::default(), 256 * 1024).unwrap();
    assert_eq!((noise.summary.rows, noise.summary.malformed), (86_040, 0));
}

#[test]
fn real_payments_with_lone_carriage_returns() {
    let Some(data) = shared_data() else { return };
    let mut last_rows = Vec::new();
    for path in crate::find_files(&[data.join("spending/phoenix")]).unwrap() {
        let seen = read_path(&path, &ReadOptions::default(), 256 * 1024).unwrap();
        assert_eq!(
            (seen.summary.malformed, seen.summary.columns.len()),
            (0, 5),
            "{}",
            path.display()
        );
        last_rows.push((
            path.file_stem().unwrap().to_str().unwrap().to_owned(),
            seen.flat().pop().unwrap(),
        ));
    }
    assert_eq!(last_rows.len(), 8);
    // Grand totals stand in a row of their own.
    for total in
        [("june-2018", "~|~|~|~|639,423,536.77"), ("october-2017", "~|~|~|~|147396361.90 ")]
    {
        assert!(last_rows.contains(&(total.0.to_owned(), total.1.to_owned())), "{last_rows:?}");
    }
}

/// Run with `cargo test -p smelt-sources --release -- --ignored --nocapture`.
#[test]
#[ignore = "takes its time and only prints figures"]
fn speed() {
    let Some(data) = shared_data() else { return };
    for name in [
        "nyc311/snapshots/2026-05-18_0f131a5.csv",
        "nyc311/all_columns_2021-09-21.csv",
        "spending/phoenix/june-2018.csv",
    ] {
        let once = std::fs::read(data.join(name)).unwrap();
        let header_end = 1 + once.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap();
        let mut content = once.clone();
        while content.len() < 300_000_000 {
            content.extend_from_slice(&once[header_end..]);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, &content).unwrap();
        let progress = crate::Progress::default();
        let megabytes = content.len() as f64 / 1e6;
        let started = std::time::Instant::now();
        let inspection = crate::inspect(&path, &progress).unwrap();
        println!("{name}: inspect {:.0} MB/s", megabytes / started.elapsed().as_secs_f64());
        for _ in 0..3 {
            let started = std::time::Instant::now();
            let summary =
                crate::read(&path, &inspection, &ReadOptions::default(), &progress, &mut |batch| {
                    std::hint::black_box(&batch);
                    Ok(())
                })
                .unwrap();
            println!(
                "{name}: read {:.0} MB/s ({} rows)",
                megabytes / started.elapsed().as_secs_f64(),
                summary.rows
            );
        }
    }
}
