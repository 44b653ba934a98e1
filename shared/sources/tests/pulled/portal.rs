//! Simulated portals, definitions that point at them, and the rows that a pull brings.

use std::collections::BTreeSet;
use std::time::Duration;

use arrow::array::AsArray;
use serde_json::{Value, json};
use smelt_domain::{Socrata, SodaApi};
use smelt_simulate::serve::{
    Column, ColumnKind, Faults, Row, SodaResource, SodaServer, SodaSettings, row_id,
};
use smelt_sources::socrata::{self, SocrataSource};
use smelt_sources::{
    Backoff, Cursor, HttpSettings, Page, PullRequest, PullScope, Secret, Source, SourceError,
};

pub(crate) const RESOURCE: &str = "erm2-nwe9";
pub(crate) const TOKEN: &str = "a-token-nobody-may-see";

/// A row that changed this many seconds after the start of 2024.
pub(crate) fn row(number: u64, second: u32) -> Row {
    let Value::Object(row) = json!({
        ":id": row_id(number),
        ":created_at": "2023-01-01T00:00:00.000Z",
        ":updated_at": time(second) + "Z",
        "unique_key": number.to_string(),
        "created_date": format!("2023-{:02}-01T10:00:00.000", number % 12 + 1),
        "id": format!("own-{number}"),
        "place": {"latitude": "40.7", "longitude": "-73.9"},
    }) else {
        unreachable!("a literal object")
    };
    row
}

/// Milliseconds precision without a zone.
pub(crate) fn time(second: u32) -> String {
    let start = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    let time = start + chrono::TimeDelta::seconds(i64::from(second));
    time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

pub(crate) fn rows(count: u64, rows_per_second: u64) -> Vec<Row> {
    (0..count).map(|number| row(number, (number / rows_per_second) as u32)).collect()
}

pub(crate) fn resource(rows: Vec<Row>) -> SodaResource {
    SodaResource {
        id: RESOURCE.to_owned(),
        columns: vec![
            Column::new("unique_key", ColumnKind::Text),
            Column::new("created_date", ColumnKind::Time),
            Column::new("id", ColumnKind::Text),
            Column::new("place", ColumnKind::Text),
        ],
        rows,
    }
}

pub(crate) async fn serve(rows: Vec<Row>) -> SodaServer {
    serve_with(rows, SodaSettings::default()).await
}

pub(crate) async fn serve_with(rows: Vec<Row>, settings: SodaSettings) -> SodaServer {
    SodaServer::start([resource(rows)], settings).await.unwrap()
}

pub(crate) fn failing(faults: Faults) -> SodaSettings {
    SodaSettings { faults, ..SodaSettings::default() }
}

pub(crate) fn definition(page_rows: u32, overlap_seconds: u32) -> Socrata {
    Socrata {
        url: "https://nowhere.invalid".to_owned(),
        resource: RESOURCE.to_owned(),
        api: SodaApi::V2,
        time: "created_date".parse().unwrap(),
        key: vec!["unique_key".parse().unwrap()],
        page_rows,
        overlap_seconds,
        window_days: 30,
        app_token: Some("SOCRATA_APP_TOKEN".to_owned()),
    }
}

/// Waits that nobody notices.
pub(crate) fn hasty() -> HttpSettings {
    HttpSettings {
        backoff: Backoff {
            attempts: 4,
            first: Duration::from_millis(1),
            longest: Duration::from_millis(5),
            patience: Duration::from_secs(5),
        },
        ..HttpSettings::default()
    }
}

pub(crate) fn open(server: &SodaServer, definition: &Socrata) -> SocrataSource {
    let token = Some(Secret::new(TOKEN));
    let url = Some(server.url().to_owned());
    socrata::open(definition, "portal".to_owned(), url, token, hasty()).unwrap()
}

pub(crate) fn since(cursor: Option<Cursor>) -> PullRequest {
    PullRequest { scope: PullScope::New(cursor), ..PullRequest::default() }
}

/// All pages of a pull.
pub(crate) async fn pull(
    source: &dyn Source,
    request: PullRequest,
) -> Result<Vec<Page>, SourceError> {
    let mut pages = source.pull(request).await?;
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        all.push(page);
    }
    Ok(all)
}

/// The values of a column over all pages; null is `~`.
pub(crate) fn values(pages: &[Page], column: &str) -> Vec<String> {
    let of_page = |page: &Page| -> Vec<String> {
        match page.rows.fields.column_by_name(column) {
            None => vec!["~".to_owned(); page.rows.line.len()],
            Some(array) => array
                .as_string::<i32>()
                .iter()
                .map(|value| value.unwrap_or("~").to_owned())
                .collect(),
        }
    };
    pages.iter().flat_map(of_page).collect()
}

pub(crate) fn keys(pages: &[Page]) -> Vec<String> {
    values(pages, "unique_key")
}

/// The keys of the rows that came, which must not come twice.
pub(crate) fn keys_once(pages: &[Page]) -> BTreeSet<u64> {
    let keys = keys(pages);
    let distinct: BTreeSet<u64> = keys.iter().map(|key| key.parse().unwrap()).collect();
    assert_eq!(distinct.len(), keys.len(), "rows came twice");
    distinct
}

pub(crate) fn last_cursor(pages: &[Page]) -> Option<Cursor> {
    pages.last().and_then(|page| page.cursor.clone())
}
