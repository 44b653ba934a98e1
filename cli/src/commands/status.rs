use anyhow::Result;
use smelt_domain::DatasetName;
use smelt_stages::{Balance, DatasetStatus, TableStatus, dataset_status};

use crate::arguments::{Global, ReportFormat};
use crate::data_size::{bytes_text, count_text};
use crate::exit::Ending;
use crate::output::{print, say};
use crate::session::{chosen, open_existing};
use crate::table_text::{Align, TextTable};

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    format: ReportFormat,
) -> Result<Ending> {
    let platform = open_existing(global)?;
    let mut all = Vec::new();
    for dataset in chosen(&platform, dataset.as_ref())? {
        all.push((dataset.name.to_string(), dataset_status(&platform, dataset).await?));
    }
    let exact = all.iter().flat_map(|(_, status)| &status.balances).all(|balance| balance.is_exact);
    let shown = show(format, all);
    if exact {
        return shown.map(|()| Ending::Fine);
    }
    say("error: a balance is not exact: rows were lost or counted twice; please report this");
    Ok(Ending::Failed)
}

fn show(format: ReportFormat, all: Vec<(String, DatasetStatus)>) -> Result<()> {
    match format {
        ReportFormat::Json => {
            let json: serde_json::Map<String, serde_json::Value> = all
                .into_iter()
                .map(|(name, status)| Ok((name, serde_json::to_value(status)?)))
                .collect::<Result<_>>()?;
            print(&format!("{}\n", serde_json::to_string_pretty(&json)?))
        }
        ReportFormat::Table => all.iter().try_for_each(|(_, status)| print(&text(status))),
    }
}

fn text(status: &DatasetStatus) -> String {
    let mut table = TextTable::new(&[
        ("TABLE", Align::Left),
        ("VERSION", Align::Right),
        ("ROWS", Align::Right),
        ("FILES", Align::Right),
        ("SIZE", Align::Right),
        ("NEWEST", Align::Left),
        ("FOLLOWS", Align::Left),
    ]);
    for status in &status.tables {
        table.row(row(status));
    }
    let balances: Vec<String> = status.balances.iter().map(balance).collect();
    format!("{table}\n{}", balances.concat())
}

fn row(status: &TableStatus) -> Vec<String> {
    let Some(version) = status.version else {
        let mut cells = vec![String::new(); 7];
        cells[0] = status.table.sql_name();
        cells[6] = "not there yet".to_owned();
        return cells;
    };
    let follows = status.follows.as_ref().map(|follows| match (follows.version, follows.lag) {
        (Some(_), 0) => format!("{}, up to date", follows.upstream),
        (_, lag) => format!("{}, {lag} versions behind", follows.upstream),
    });
    vec![
        status.table.sql_name(),
        version.to_string(),
        count_text(status.rows),
        count_text(status.files),
        bytes_text(status.bytes),
        status.newest.as_deref().map(shorten_time).unwrap_or_default(),
        follows.unwrap_or_default(),
    ]
}

/// Microseconds say nothing to people.
fn shorten_time(time: &str) -> String {
    time.split('.').next().unwrap_or(time).replace('T', " ")
}

pub(crate) fn balance(balance: &Balance) -> String {
    let mark = if balance.is_exact { "exact" } else { "NOT EXACT" };
    let waiting = match balance.waiting {
        0 => String::new(),
        rows => format!("; {} bronze rows wait for a refresh", count_text(rows)),
    };
    format!(
        "{}: {} bronze = {} silver + {} superseded + {} deleted + {} quarantined ({mark}{waiting})\n",
        balance.table,
        count_text(balance.bronze),
        count_text(balance.silver),
        count_text(balance.superseded),
        count_text(balance.deleted),
        count_text(balance.quarantined),
    )
}
