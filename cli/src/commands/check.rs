use anyhow::Result;
use smelt_lake::Lake;
use smelt_stages::{check_sql, read_definitions};

use crate::arguments::Global;
use crate::exit::Ending;
use crate::output::print;
use crate::session::open_engine;

pub(crate) async fn run(global: &Global) -> Result<Ending> {
    let datasets = read_definitions(&global.datasets)?;
    let engine = open_engine(global, &Lake::in_memory())?;
    check_sql(&engine, &global.datasets, &datasets).await?;
    for dataset in &datasets {
        print(&format!(
            "{}: {} tables and {} marts are fine\n",
            dataset.name,
            dataset.tables.len(),
            dataset.marts.len()
        ))?;
    }
    Ok(Ending::Fine)
}
