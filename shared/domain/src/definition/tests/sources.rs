//! Sources: what they speak, when they are pulled.

use super::*;
use crate::{CkanFetch, CkanLoad, ColumnName, SourceKind};

const SOURCES: &str = "\
description: A shop
sources:
  portal:
    description: where orders come from
    table: orders
    schedule: {cron: '0 3 * * *', time_zone: UTC}
    socrata: {url: 'https://data.shop.org/', resource: abcd-1234, time: date, key: [id]}
";

#[track_caller]
fn assert_source_problem(part: &str, replacement: &str, problem: &str) {
    assert!(SOURCES.contains(part), "{part}");
    assert_only("description: A shop\n", &SOURCES.replace(part, replacement), problem);
}

#[test]
fn sources() {
    let dataset = parsed(&RIGHT.replace("description: A shop\n", SOURCES));
    let source = &dataset.sources[0];
    assert_eq!((source.name.as_str(), source.table.as_str()), ("portal", "orders"));
    let SourceKind::Socrata(socrata) = &source.kind else { panic!("{source:?}") };
    assert_eq!(socrata.url, "https://data.shop.org");
    assert_eq!((socrata.page_rows, socrata.overlap_seconds), (50_000, 3_600));

    let schedule = "schedule: {cron: '0 3 * * *', time_zone: UTC}";
    let reconcile = schedule.replace("schedule", "reconcile").replace("* * *", "* * 0");
    let both = SOURCES.replace(schedule, &format!("{schedule}\n    {reconcile}"));
    let dataset = parsed(&RIGHT.replace("description: A shop\n", &both));
    let reconciled = dataset.sources[0].reconcile.as_ref();
    assert_eq!(reconciled.map(|schedule| schedule.cron.as_str()), Some("0 3 * * 0"));
    assert_source_problem(
        schedule,
        "reconcile: {cron: '0 3 * * *'}",
        "7: `reconcile` has no `time_zone`: add `time_zone: America/New_York`",
    );

    assert_source_problem(
        "table: orders",
        "table: order",
        "6: `table` names `order`, which is not a table of this dataset: did you mean `orders`?",
    );
    assert_source_problem(
        "key: [id]",
        "key: [ids]",
        "8: `key` names `ids`, which is no source column of orders: did you mean `id`?",
    );
    assert_source_problem(
        "'0 3 * * *'",
        "daily",
        "7: `cron` is `daily`, which has not five fields: write minute, hour, day of month, month \
         and day of week, such as \"0 3 * * *\"",
    );
    assert_source_problem(
        "0 3 * * *",
        "0 24 * * *",
        "7: `cron` is `0 24 * * *`, whose hour `24` is none: write 0 to 23, a range of these, or * \
         with a step such as */15",
    );
    assert_source_problem(
        "0 3 * * *",
        "10-40/5 3 * * *",
        "7: `cron` is `10-40/5 3 * * *`, whose minute `10-40/5` EventBridge Scheduler has no words for: \
         write a list of values and ranges, such as 0,20,40 or MON-FRI, or * alone, with a step such as \
         */15 unless it is a day of the week",
    );
    assert_source_problem(
        "0 3 * * *",
        "0 3 1 * MON",
        "7: `cron` is `0 3 1 * MON`, which sets both day of month and day of week: write * for one \
         of them: schedulers disagree on what both mean, and some cannot have both",
    );
    assert_source_problem(
        "time_zone: UTC",
        "time_zone: America/New_Yrok",
        "7: `time_zone` is `America/New_Yrok`, which is no time zone: did you mean `America/New_York`?",
    );
    assert_source_problem(
        "time_zone: UTC",
        "time_zone: Midgard",
        "7: `time_zone` is `Midgard`, which is no time zone: write a name of the IANA time zone \
         database, such as America/New_York",
    );
    assert_source_problem(
        "https://data.shop.org/",
        "https://me:secret@data.shop.org",
        "8: `url` has credentials in it: leave them out: secrets come from the environment",
    );
    assert_source_problem(
        "key: [id]",
        "key: [id], app_token: s3cr3t",
        "8: `app_token` is not the name of an environment variable: write a name such as \
         ORDER_DB_URL and put the value into that variable",
    );
    assert_source_problem(
        "key: [id]",
        "key: [id], page_rows: 60000",
        "8: `page_rows` is 60000: write a whole number from 1 to 50000",
    );
}

#[test]
fn columns_of_a_source() {
    let with = |columns: &str| {
        let table = "    table: orders\n";
        let columns = format!("{table}    columns: {columns}\n");
        RIGHT.replace("description: A shop\n", &SOURCES.replace(table, &columns))
    };
    let [id, day]: [ColumnName; 2] = ["id", "day"].map(|name| name.parse().unwrap());
    let all = parsed(&RIGHT.replace("description: A shop\n", SOURCES));
    assert!(all.sources[0].has_column(&id) && all.sources[0].has_column(&day));
    let some = parsed(&with("[id]"));
    assert!(some.sources[0].has_column(&id) && !some.sources[0].has_column(&day));
    // Under whatever name the source has it.
    assert!(parsed(&with("[id, order_day]")).sources[0].has_column(&day));
    for (columns, problem) in [
        (
            "[id, dya]",
            "`columns` names `dya`, which is no source column of orders: did you mean `day`?",
        ),
        (
            "[]",
            "`columns` is empty: list the source columns of the table that the source has, or \
             remove it",
        ),
    ] {
        let problem = format!("datasets/shop/dataset.yaml:7: {problem}");
        assert_eq!(displayed(&files(&with(columns))), [problem]);
    }
}

/// They number equal rows, which needs all of them at once.
#[test]
fn content_keys_are_for_files_and_whole_copies() {
    let socrata =
        "socrata: {url: 'https://data.shop.org/', resource: abcd-1234, time: date, key: [id]}";
    let from = |source: &str| {
        assert!(SOURCES.contains(socrata));
        let keyed = RIGHT.replace(
            "    key: [id]\n    partition: day\n",
            "    key: [id]\n    content_key: true\n    partition: day\n",
        );
        assert_ne!(keyed, RIGHT);
        keyed.replace("description: A shop\n", &SOURCES.replace(socrata, source))
    };
    let ckan = "ckan: {url: 'https://data.shop.org', package: orders, load: ";
    parsed(&from(&format!("{ckan}snapshot}}")));
    for source in [
        socrata.to_owned(),
        format!("{ckan}incremental, cursor: updated_at}}"),
        format!("{ckan}incremental, cursor: updated_at, overlap_seconds: 0}}"),
        "sql: {url: ORDER_DB_URL, query: SELECT id FROM orders, cursor: id, key: id}".to_owned(),
    ] {
        let problems = displayed(&files(&from(&source)));
        let [problem] = problems.as_slice() else { panic!("{source}: {problems:?}") };
        let (told, remedy) =
            ("dataset.yaml:6: `table` names `orders`, whose `content_key`", "`load: snapshot`");
        assert!(problem.contains(told) && problem.contains(remedy), "{source}: {problem}");
    }
}

#[test]
fn ckan_sources() {
    let ckan = |keys: &str| {
        let socrata =
            "socrata: {url: 'https://data.shop.org/', resource: abcd-1234, time: date, key: [id]}";
        let ckan = format!("ckan: {{url: 'https://data.shop.org', package: orders{keys}}}");
        assert!(SOURCES.contains(socrata));
        RIGHT.replace("description: A shop\n", &SOURCES.replace(socrata, &ckan))
    };
    let read = |keys: &str| match parsed(&ckan(keys)).sources[0].kind.clone() {
        SourceKind::Ckan(ckan) => ckan,
        other => panic!("{other:?}"),
    };
    assert_eq!(read("").load, CkanLoad::Snapshot(CkanFetch::Pages));
    assert_eq!(read(", load: snapshot, fetch: dump").load, CkanLoad::Snapshot(CkanFetch::Dump));
    let incremental = read(", load: incremental, cursor: updated_at, token: PORTAL_TOKEN");
    let behind = |overlap_seconds| CkanLoad::Incremental {
        cursor: "updated_at".to_owned(),
        overlap_seconds,
    };
    assert_eq!(incremental.load, behind(3600));
    let exactly = read(", load: incremental, cursor: updated_at, overlap_seconds: 0");
    assert_eq!(exactly.load, behind(0));
    assert_eq!(incremental.token.as_deref(), Some("PORTAL_TOKEN"));
    for (keys, problem) in [
        (", fetch: dmup", "`fetch` is `dmup`: did you mean `dump`?"),
        (
            ", load: incremental, cursor: updated_at, fetch: dump",
            "`fetch` in a source whose load is incremental: remove it: rows behind a cursor come \
             page by page",
        ),
        (", load: incremental", "`ckan` has no `cursor`: add `cursor: updated_at`"),
        (
            ", cursor: updated_at",
            "`cursor` in a source whose load is a snapshot: remove it, or add `load: incremental`",
        ),
        (
            ", overlap_seconds: 60",
            "`overlap_seconds` in a source whose load is a snapshot: remove it, or add `load: \
             incremental`",
        ),
        (
            ", token: s3cr3t",
            "`token` is not the name of an environment variable: write a name such as \
             ORDER_DB_URL and put the value into that variable",
        ),
    ] {
        let problems = displayed(&files(&ckan(keys)));
        assert_eq!(problems, [format!("datasets/shop/dataset.yaml:8: {problem}")]);
    }
}
