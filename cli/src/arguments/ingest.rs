//! Arguments of what brings rows into bronze.

use std::path::PathBuf;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use clap::Args;
use smelt_domain::{DatasetName, SourceName, TableName};

pub(crate) const INGEST_EXAMPLES: &str = "\
Examples:
  smelt ingest nyc311 --file export.csv more/ day.jsonl.gz
  smelt ingest nyc311 --file snapshots/ && smelt refresh nyc311
  smelt ingest nyc311                              what is new at its sources
  smelt ingest nyc311 --days-back 7                the last seven days once more
  smelt ingest nyc311 --since 2026-01-01 --until 2026-02-01
  smelt ingest nyc311 --full                       everything once more

Without --file the dataset's sources are pulled, each from where its last pull ended. A window
(--since, --until, --days-back) is by the source's own time column and leaves that place alone.

CSV, JSON lines, JSON arrays and Parquet, plain, .gz or .zst; folders are searched. Content that is
in bronze already, under whatever name, changes nothing.";

#[derive(Debug, Args)]
pub(crate) struct IngestArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// The table, where the dataset has several.
    #[arg(long)]
    pub(crate) table: Option<TableName>,
    /// Files or folders, in the order of arrival.
    #[arg(long = "file", num_args = 1.., value_name = "PATH",
          conflicts_with_all = ["source", "since", "until", "days_back", "full"])]
    pub(crate) files: Vec<PathBuf>,
    /// Only this source.
    #[arg(long, conflicts_with = "table")]
    pub(crate) source: Option<SourceName>,
    /// From this moment on, such as 2026-01-31 or 2026-01-31T12:00.
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) since: Option<NaiveDateTime>,
    /// Before this moment.
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) until: Option<NaiveDateTime>,
    /// From the start of the day so many days ago on.
    #[arg(long, value_name = "DAYS", conflicts_with = "since")]
    pub(crate) days_back: Option<u16>,
    /// Everything, whatever was pulled before.
    #[arg(long, conflicts_with_all = ["since", "until", "days_back"])]
    pub(crate) full: bool,
}

impl IngestArguments {
    /// The first moment of the window.
    pub(crate) fn first_moment(&self) -> Option<NaiveDateTime> {
        let first_day = |days: u16| Utc::now().date_naive() - TimeDelta::days(i64::from(days));
        self.since.or_else(|| Some(first_day(self.days_back?).and_time(NaiveTime::MIN)))
    }

    /// A window without a moment in it would bring nothing, and look as if there were nothing.
    pub(super) fn check_window(&self) -> Result<(), String> {
        match (self.first_moment(), self.until) {
            (Some(since), Some(until)) if until <= since => Err(format!(
                "no moment lies between {since} and {until}: --until must be later than --since"
            )),
            _ => Ok(()),
        }
    }
}

/// A day, or a moment of one.
fn parse_moment(text: &str) -> Result<NaiveDateTime, String> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(day.and_time(NaiveTime::MIN));
    }
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .ok_or_else(|| "expected a day such as 2026-01-31, or 2026-01-31T12:00".to_owned())
}
