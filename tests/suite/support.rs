//! What the suites share: simulated input, a platform over any lake, and all that a run leaves
//! behind, as text that can be compared row for row.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use smelt_domain::{Dataset, StageName, StepReport, TableId};
use smelt_lake::{Lake, published};
use smelt_simulate::nyc311::{DirtRates, Nyc311, Shape};
use smelt_stages::{
    Engine, EngineSettings, Observer, Platform, Silent, StageError, Ticket, Unit, Upload,
    dataset_status, query, read_definitions,
};
use tempfile::TempDir;

/// The checkout that is tested. Asked when the test runs: clones share what was compiled.
pub fn checkout() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("..")
}

/// Simulated source files; the folder is removed with this.
pub struct Input {
    folder: TempDir,
    /// In the order of arrival.
    pub files: Vec<PathBuf>,
}

impl Input {
    /// Small and dirty: corrections into other months, rows of every refused kind, and (from three
    /// files on) one file's content twice.
    pub fn simulate(days: u32, rows_per_day: u32, files: u32) -> Self {
        let dirt = DirtRates {
            ragged: 0.01,
            unique_key: 0.01,
            created_date: 0.01,
            exact_duplicates: 0.01,
            ..DirtRates::default()
        };
        let shape = Shape { month_corrections: 0.005, ..Shape::default() };
        let settings = Nyc311 {
            days,
            rows_per_day,
            seed: 7,
            files: Some(files),
            dirt,
            shape,
            ..Nyc311::default()
        };
        let folder = tempfile::tempdir().unwrap();
        settings.write(folder.path(), &mut |_| {}).unwrap();
        let files = files_in(folder.path());
        Self { folder, files }
    }

    /// Where `nyc311/requests/*.csv` lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Simulated files below a folder, in the order of arrival.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("nyc311/requests")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Files as uploads, each called by its own name.
pub fn uploads(files: &[PathBuf]) -> Vec<Upload> {
    files.iter().cloned().map(Upload::local).collect()
}

/// A platform over the lake, as a process that starts now would have it.
///
/// With a parallelism of one, the order in which a run writes is always the same.
pub fn platform(lake: Lake, parallelism: usize) -> Platform {
    platform_within(lake, parallelism, 256 << 20)
}

/// As [`platform`], with so many bytes of memory for the engine.
pub fn platform_within(lake: Lake, parallelism: usize, memory_bytes: usize) -> Platform {
    static DATASETS: OnceLock<Vec<Dataset>> = OnceLock::new();
    let datasets = DATASETS.get_or_init(|| read_definitions(&checkout().join("datasets")).unwrap());
    let settings = EngineSettings { memory_bytes, parallelism, scratch: std::env::temp_dir() };
    let engine = Engine::new(&lake, settings).unwrap();
    Platform::new(lake, engine, datasets.clone(), Arc::new(Silent))
}

/// The dataset that the suites run on.
pub fn nyc311(platform: &Platform) -> &Dataset {
    platform.dataset(&"nyc311".parse().unwrap()).unwrap()
}

/// Hears what failed.
#[derive(Debug, Default)]
pub struct Heard(Mutex<Vec<String>>);

impl Heard {
    /// What it has heard so far.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Heard {
    fn start(&self, _: StageName, _: &TableId, _: Unit, _: Option<u64>) -> Arc<dyn Ticket> {
        Arc::new(Silent)
    }

    fn committed(&self, _: &StepReport) {}

    fn failed(&self, problem: &str) {
        self.0.lock().unwrap().push(problem.to_owned());
    }
}

/// All that must be the same however a lake came about: rows, never versions, files or times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What it is (`silver`, `quarantine`, `gold <mart>`, `published <mart>`) → its rows, sorted.
    rows: BTreeMap<String, Vec<String>>,
}

impl Contents {
    /// Reads everything, and requires on the way that the balance is exact, that nothing waits and
    /// that every published snapshot is of the mart's newest version.
    pub async fn read(platform: &Platform) -> Self {
        let dataset = nyc311(platform);
        let mut rows = BTreeMap::new();
        let sql = async |sql: String| rows_as_text(&selected(platform, &sql).await.unwrap());
        for table in &dataset.tables {
            let silver = dataset.silver_id(&table.name).sql_name();
            rows.insert("silver".to_owned(), sql(format!("SELECT * FROM {silver}")).await);
            let quarantine = dataset.quarantine_id(&table.name).sql_name();
            let refused = sql(format!("SELECT rule, source, line FROM {quarantine}")).await;
            rows.insert("quarantine".to_owned(), refused);
        }
        for mart in &dataset.marts {
            let gold = dataset.gold_id(&mart.name);
            let select = format!("SELECT * FROM {}", gold.sql_name());
            rows.insert(format!("gold {}", mart.name), sql(select).await);

            let latest = published::latest(&platform.lake, &gold).await.unwrap().unwrap();
            let table = platform.lake.table(gold).unwrap();
            assert_eq!(latest.version, table.require_snapshot().await.unwrap().version());
            let file = platform.lake.get_object(&latest.path).await.unwrap().unwrap();
            let published = parquet_rows(file);
            assert_eq!(latest.rows, published.len() as u64, "rows that latest.json tells");
            rows.insert(format!("published {}", mart.name), published);
        }
        assert_balanced(platform).await;
        Self { rows }
    }

    /// Rows of one of the things read.
    pub fn rows(&self, of: &str) -> &[String] {
        &self.rows[of]
    }

    /// The first difference in words; `None` when there is none.
    pub fn difference(&self, expected: &Self) -> Option<String> {
        for (what, wanted) in &expected.rows {
            let found = self.rows.get(what).map_or(&[][..], Vec::as_slice);
            if found != wanted {
                let surplus = found.iter().find(|row| !wanted.contains(row));
                let missing = wanted.iter().find(|row| !found.contains(row));
                return Some(format!(
                    "{what}: {} rows, expected {}; surplus: {surplus:?}; missing: {missing:?}",
                    found.len(),
                    wanted.len()
                ));
            }
        }
        None
    }
}

/// Requires that every bronze row is accounted for and that every table is up to date.
pub async fn assert_balanced(platform: &Platform) {
    let status = dataset_status(platform, nyc311(platform)).await.unwrap();
    for balance in &status.balances {
        assert!(balance.is_exact, "{balance:?}");
        assert_eq!(balance.in_quarantine, balance.quarantined, "{balance:?}");
        assert_eq!(balance.waiting, 0, "{balance:?}");
    }
    for table in &status.tables {
        assert!(table.follows.as_ref().is_none_or(|follows| follows.lag == 0), "{table:?}");
    }
}

/// The rows of a query.
pub async fn selected(platform: &Platform, sql: &str) -> Result<Vec<RecordBatch>, StageError> {
    let batches = query(platform, sql).await?;
    Ok(batches.try_collect().await.unwrap())
}

/// Rows as text, sorted.
pub fn rows_as_text(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> =
                columns.iter().map(|column| column.value(row).to_string()).collect();
            rows.push(values.join(" | "));
        }
    }
    rows.sort();
    rows
}

fn parquet_rows(file: Vec<u8>) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
    rows_as_text(&batches)
}

/// Prints a line that the test harness does not swallow: what was tried belongs to the result.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
