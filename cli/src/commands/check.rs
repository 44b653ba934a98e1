use anyhow::Result;
use smelt_lake::Lake;
use smelt_stages::{check_sql, read_definitions};

use crate::arguments::Global;
use crate::data_size::counted;
use crate::exit::Ending;
use crate::output::print;
use crate::session::open_engine;

pub(crate) async fn run(global: &Global) -> Result<Ending> {
    let datasets = read_definitions(&global.datasets)?;
    let engine = open_engine(global, &Lake::in_memory())?;
    check_sql(&engine, &global.datasets, &datasets).await?;
    smelt_web::check_views_of(&datasets)?;
    for dataset in &datasets {
        print(&format!(
            "{}: {} and {} are fine\n",
            dataset.name,
            counted(dataset.tables.len() as u64, "table"),
            counted(dataset.marts.len() as u64, "mart")
        ))?;
    }
    Ok(Ending::Fine)
}
