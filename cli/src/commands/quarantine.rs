use anyhow::Result;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use futures::TryStreamExt;
use smelt_domain::{Dataset, DatasetName, TableId};
use smelt_stages::{Platform, table_balance};

use super::refresh::refresh;
use crate::arguments::Global;
use crate::data_size::{count_text, counted};
use crate::exit::Ending;
use crate::output::print;
use crate::run::Run;
use crate::session::open_existing;

/// Characters of a raw row that are shown.
const RAW_SHOWN: usize = 160;

pub(crate) async fn run(
    global: &Global,
    name: DatasetName,
    examples: usize,
    replay: bool,
) -> Result<Ending> {
    let platform = open_existing(global)?;
    let dataset = platform.dataset(&name)?;
    if replay {
        let run = Run::about(&platform, dataset, format!("quarantine {name} --replay"));
        let ended = self::replay(&run, dataset).await;
        return run.end(ended).await;
    }
    for table in &dataset.tables {
        let id = dataset.quarantine_id(&table.name);
        if platform.lake.table(id.clone())?.snapshot().await?.is_none() {
            print(&format!("{id}: nothing was refused yet\n"))?;
            continue;
        }
        print(&rules(&platform, &id, examples).await?)?;
    }
    Ok(Ending::Fine)
}

/// Silver and quarantine follow a changed definition by themselves; this does it now and says what
/// it changed.
async fn replay(run: &Run, dataset: &Dataset) -> Result<Ending> {
    let platform = &run.platform;
    let (before, ending) = (refused(platform, dataset).await?, refresh(platform, dataset).await?);
    let note = if run.is_idle() {
        "; the definition is the one that they were refused by: mend it first"
    } else {
        ""
    };
    print(&format!(
        "{}: {} in quarantine before, {} now{note}\n",
        dataset.name,
        counted(before, "row"),
        count_text(refused(platform, dataset).await?)
    ))?;
    Ok(ending)
}

async fn refused(platform: &Platform, dataset: &Dataset) -> Result<u64> {
    let mut rows = 0;
    for table in &dataset.tables {
        let balance = table_balance(platform, dataset, table).await?;
        rows += balance.map_or(0, |balance| balance.quarantined);
    }
    Ok(rows)
}

async fn rules(platform: &Platform, id: &TableId, examples: usize) -> Result<String> {
    let sql = format!(
        "SELECT rule, MIN(reason) AS reason, COUNT(*) AS refused FROM {id} \
         GROUP BY rule ORDER BY refused DESC, rule"
    );
    let counts = fetch(platform, &sql).await?;
    let mut text = String::new();
    for batch in &counts {
        let (rule, reason) = (texts(batch, 0)?, texts(batch, 1)?);
        let refused = batch.column(2).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let rule = rule[row].clone().unwrap_or_default();
            text.push_str(&format!(
                "{rule}: {} ({})\n",
                counted(u64::try_from(refused.value(row)).unwrap_or_default(), "row"),
                reason[row].as_deref().unwrap_or("no reason given")
            ));
            text.push_str(&self::examples(platform, id, &rule, examples).await?);
        }
    }
    if text.is_empty() {
        text = format!("{id}: no row is in quarantine\n");
    }
    Ok(text)
}

async fn examples(platform: &Platform, id: &TableId, rule: &str, count: usize) -> Result<String> {
    let sql = format!(
        "SELECT source, line, raw FROM {id} WHERE rule = '{}' ORDER BY source, line LIMIT {count}",
        rule.replace('\'', "''")
    );
    let mut text = String::new();
    for batch in fetch(platform, &sql).await? {
        let (source, raw) = (texts(&batch, 0)?, texts(&batch, 2)?);
        let line = batch.column(1).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let raw: String = raw[row].as_deref().unwrap_or_default().escape_debug().collect();
            let shown: String = raw.replace("\\\"", "\"").chars().take(RAW_SHOWN).collect();
            let cut = if shown.chars().count() == RAW_SHOWN { "…" } else { "" };
            let source = source[row].as_deref().unwrap_or("?");
            text.push_str(&format!("    {source}:{}  {shown}{cut}\n", line.value(row)));
        }
    }
    Ok(text)
}

async fn fetch(platform: &Platform, sql: &str) -> Result<Vec<RecordBatch>> {
    Ok(smelt_stages::query(platform, sql).await?.try_collect().await?)
}

fn texts(batch: &RecordBatch, column: usize) -> Result<Vec<Option<String>>> {
    let texts = cast(batch.column(column), &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    Ok((0..texts.len())
        .map(|row| texts.is_valid(row).then(|| texts.value(row).to_owned()))
        .collect())
}
