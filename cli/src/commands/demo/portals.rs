//! Simulated portals that the demo pulls from, on loopback.

use std::path::Path;

use anyhow::{Context, Result};
use arrow::array::{Array, AsArray, RecordBatch};
use chrono::{NaiveDate, TimeDelta};
use serde_json::Value;
use smelt_simulate::serve::{
    CkanResource, CkanServer, CkanSettings, Column, ColumnKind, Drift, Faults, Row, SodaResource,
    SodaServer, SodaSettings, row_id,
};
use smelt_simulate::spending::CkanTable;
use smelt_sources::{Progress, ReadOptions, inspect, read};

/// The package under which Boston's portal lists its checkbook.
const CHECKBOOK: &str = "checkbook-explorer";
/// The resource of New York's service requests.
const REQUESTS: &str = "erm2-nwe9";

/// Where a portal is served, and what befalls its callers.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    /// 0 for any that is free.
    pub(crate) port: u16,
    pub(crate) faults: Faults,
    pub(crate) drifts: Vec<Drift>,
}

/// Boston's simulated tables that lie in a folder.
pub(crate) fn boston_tables(folder: &Path) -> Result<Vec<CkanTable>> {
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("ckan_") {
            let table = serde_json::from_slice(&std::fs::read(&path)?)
                .with_context(|| format!("reading {}", path.display()))?;
            tables.push(table);
        }
    }
    Ok(tables)
}

/// Boston's portal with these tables, uploaded on this day.
pub(crate) async fn checkbook(
    tables: Vec<CkanTable>,
    last_day: NaiveDate,
    serving: Serving,
) -> Result<CkanServer> {
    let resources = tables.into_iter().map(|table| resource(table, last_day));
    let Serving { port, faults, drifts } = serving;
    let package = CHECKBOOK.to_owned();
    let settings = CkanSettings { package, port, faults, drifts, ..CkanSettings::default() };
    Ok(CkanServer::start(resources, settings).await?)
}

fn resource(table: CkanTable, last_day: NaiveDate) -> CkanResource {
    let columns: Vec<Column> =
        table.fields.iter().map(|name| Column::new(name.as_str(), ColumnKind::Text)).collect();
    let row = |values: Vec<Option<String>>| -> Row {
        let fields = table.fields.iter().cloned().zip(values);
        fields.filter_map(|(name, value)| Some((name, Value::from(value?)))).collect()
    };
    CkanResource {
        id: table.resource_id,
        columns,
        rows: table.rows.into_iter().map(row).collect(),
        last_modified: format!("{last_day}T00:00:00.000000"),
        hash: String::new(),
        is_loading: false,
    }
}

/// New York's portal with these rows, of which each was updated after the one before.
pub(crate) async fn requests_portal(rows: Vec<Row>, serving: Serving) -> Result<SodaServer> {
    let mut columns: Vec<Column> = Vec::new();
    for name in rows.iter().flat_map(Row::keys) {
        if !columns.iter().any(|column| column.name == *name) {
            let kind = if name.ends_with("_date") { ColumnKind::Time } else { ColumnKind::Text };
            columns.push(Column::new(name.as_str(), kind));
        }
    }
    let first = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap_or_default().and_hms_opt(0, 0, 0);
    let updated_at = |number: usize| {
        let moment = first.unwrap_or_default() + TimeDelta::minutes(number as i64);
        Value::from(moment.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
    };
    let rows = rows.into_iter().enumerate().map(|(number, mut row)| {
        row.insert(":id".to_owned(), Value::from(row_id(number as u64)));
        row.insert(":updated_at".to_owned(), updated_at(number));
        row
    });
    let resource = SodaResource { id: REQUESTS.to_owned(), columns, rows: rows.collect() };
    let Serving { port, faults, drifts } = serving;
    let settings = SodaSettings { port, faults, drifts, ..SodaSettings::default() };
    Ok(SodaServer::start([resource], settings).await?)
}

/// The rows of an upload, as a portal has them.
#[derive(Debug, Default)]
pub(crate) struct UploadRows {
    pub(crate) rows: Vec<Row>,
    /// Records that are not even rows: no portal could send them.
    pub(crate) malformed: u64,
}

/// Reads the rows of an upload.
pub(crate) fn upload_rows(path: &Path) -> Result<UploadRows> {
    let progress = Progress::default();
    let inspection = inspect(path, &progress)?;
    let mut rows = Vec::new();
    let options = ReadOptions::default();
    let summary = read(path, &inspection, &options, &progress, &mut |batch| {
        let fine = (0..batch.line.len()).filter(|row| batch.malformed.is_null(*row));
        rows.extend(fine.map(|row| row_of(&batch.fields, row)));
        Ok(())
    })?;
    Ok(UploadRows { rows, malformed: summary.malformed })
}

fn row_of(fields: &RecordBatch, row: usize) -> Row {
    let schema = fields.schema_ref();
    let values = schema.fields().iter().zip(fields.columns()).filter_map(|(field, column)| {
        let texts = column.as_string_opt::<i32>().filter(|texts| texts.is_valid(row))?;
        Some((field.name().clone(), Value::from(texts.value(row))))
    });
    values.collect()
}
