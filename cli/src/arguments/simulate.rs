//! Arguments of simulated data.

use std::path::PathBuf;

use clap::Args;
use smelt_domain::DatasetName;
use smelt_simulate::serve::{Drift, FaultRate, OrderDbUrl, PlannedFault};

pub(crate) const SIMULATE_EXAMPLES: &str = "\
Examples:
  smelt simulate nyc311 --days 730 --rows-per-day 3000 --seed 7 --out simulated
  smelt simulate spending --serve --out simulated    a CKAN portal; nyc311: a Socrata portal
  smelt simulate restaurant --serve --out simulated  an SQLite order database
  smelt simulate nyc311 --serve --fault 429=2@3 --fault 503@5..8 --fault slow=2s@9
  smelt simulate nyc311 --serve --fault-rate 0.1 --seed 7
  smelt simulate nyc311 --serve --drift new-column=weather@2 --drift missing-column=borough@4

Writes OUT/<dataset>/<table>/* and OUT/<dataset>/truth.json; the same seed gives the same bytes.
With --serve, the truth is about what is served, together with the uploads that the dataset has
beside (spending). A database that was filled before is filled anew; tables of others are left alone.

A served portal does what is asked of it to its callers. --fault FAULT@REQUEST or
FAULT@FIRST..LAST, counted from 1 over all requests; the answers that go wrong are said here:
  429         too many requests; 429=SECONDS asks to come again then
  STATUS      another status from 400 to 599, such as 503
  broken      the connection breaks in the middle of the answer
  early-end   the answer ends in its middle and says that this is all
  slow=TIME   the answer comes late, such as slow=2s or slow=500ms
--drift CHANGE=COLUMN@PAGE, counted from 1 over all answers with whole rows; from that page on
  new-column      there is a column more
  missing-column  the column is gone
  retyped-column  its values are objects
--drift CHANGE=COUNT@PAGE, for a page that changes under the caller: from that page on
  rows-come       so many rows are new, and come last
  rows-go         so many of the first rows are gone
  rows-move       so many of the first rows come last, as if they had just changed";

#[derive(Debug, Clone, Args)]
pub(crate) struct SimulateArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// Days of data (for spending, in whole fiscal years).
    #[arg(long)]
    pub(crate) days: Option<u32>,
    /// Rows a day on average.
    #[arg(long)]
    pub(crate) rows_per_day: Option<u32>,
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of CSV files (nyc311).
    #[arg(long)]
    pub(crate) files: Option<u32>,
    /// Folder to write to; with --serve, for the truth and what the portal does not have.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Serve the dataset's source over its real protocol, on loopback, until Ctrl-C; or fill its
    /// database.
    #[arg(long)]
    pub(crate) serve: bool,
    /// Port to serve on; any that is free if not given.
    #[arg(long, requires = "serve")]
    pub(crate) port: Option<u16>,
    /// Requests that go wrong, such as 503@3 or 429@5..8 (nyc311, spending); see below.
    #[arg(long = "fault", value_name = "FAULT@REQUEST", requires = "serve")]
    pub(crate) faults: Vec<PlannedFault>,
    /// Share of requests that go wrong in one way or another, by the seed.
    #[arg(long, value_name = "SHARE", requires = "serve")]
    pub(crate) fault_rate: Option<FaultRate>,
    /// Columns or rows that change in the middle of a load, such as new-column=weather@2 or
    /// rows-go=5@2; see below.
    #[arg(long = "drift", value_name = "CHANGE=WHAT@PAGE", requires = "serve")]
    pub(crate) drifts: Vec<Drift>,
    /// Database to fill (restaurant), such as mysql://user:password@127.0.0.1:3306/order_db; what another
    /// simulation filled it with goes.
    #[arg(long, value_name = "URL", requires = "serve")]
    pub(crate) database: Option<String>,
}

impl SimulateArguments {
    /// Refuses options that have no meaning for the dataset. The URL of a database is not repeated: it
    /// may hold a password.
    pub(crate) fn check(&self) -> Result<(), String> {
        let dataset = self.dataset.as_str();
        let has_portal = matches!(dataset, "nyc311" | "spending");
        let is_known = has_portal || matches!(dataset, "restaurant" | "llm_usage" | "events");
        if !is_known {
            return Ok(());
        }
        if self.serve && matches!(dataset, "llm_usage" | "events") {
            return Err(format!(
                "--serve is for nyc311, spending and restaurant: {dataset} has uploads only, write \
                 them with --out"
            ));
        }
        if self.files.is_some() && dataset != "nyc311" {
            return Err(format!(
                "--files is for nyc311; {dataset} has the files that its days give"
            ));
        }
        let of_portals = [
            ("--port", self.port.is_some()),
            ("--fault", !self.faults.is_empty()),
            ("--fault-rate", self.fault_rate.is_some()),
            ("--drift", !self.drifts.is_empty()),
        ];
        if let Some((option, _)) = of_portals.iter().find(|(_, given)| *given && !has_portal) {
            return Err(format!(
                "{option} is for portals (nyc311, spending): a database that is filled answers by \
                 itself"
            ));
        }
        match &self.database {
            Some(_) if dataset != "restaurant" => {
                Err(format!("--database is for restaurant: {dataset} is served by a portal"))
            }
            Some(url) => {
                url.parse::<OrderDbUrl>().map(|_| ()).map_err(|error| format!("--database {error}"))
            }
            None => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArguments {
    /// Only these datasets.
    // An id of its own: `datasets` is the global option.
    #[arg(id = "only", value_name = "DATASET")]
    pub(crate) datasets: Vec<DatasetName>,
    /// Days of service requests.
    #[arg(long, default_value_t = 365)]
    pub(crate) days: u32,
    /// Service requests a day on average.
    #[arg(long, default_value_t = 1000)]
    pub(crate) rows_per_day: u32,
    /// Same seed, same data.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
}
