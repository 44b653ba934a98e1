use std::fmt;
use std::time::Duration;

use smelt_stages::Balance;

use super::status::balance as balance_line;
use crate::data_size::{bytes_text, count_text};

/// Characters of the longest bar.
const BAR: u64 = 32;

/// One number that the simulator knows and the lake must have.
#[derive(Debug)]
pub(crate) struct Finding {
    what: String,
    expected: u64,
    found: u64,
}

impl Finding {
    pub(crate) fn new(what: &str, expected: u64, found: u64) -> Self {
        Self { what: what.to_owned(), expected, found }
    }

    fn agrees(&self) -> bool {
        self.expected == self.found
    }
}

/// What a demo shows at its end.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) arguments: String,
    pub(crate) lake: String,
    pub(crate) files: usize,
    pub(crate) landed_bytes: u64,
    pub(crate) findings: Vec<Finding>,
    pub(crate) balance: Balance,
    pub(crate) anomalies: Vec<String>,
    pub(crate) busiest: Vec<(String, u64)>,
    pub(crate) simulated: Duration,
    pub(crate) processed: Duration,
}

impl Report {
    /// Whether everything is as the simulator knows it to be.
    pub(crate) fn agrees(&self) -> bool {
        self.balance.is_exact() && self.findings.iter().all(Finding::agrees)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.processed.as_secs_f64();
        writeln!(out, "\nWhat went in ({})", self.arguments)?;
        writeln!(
            out,
            "  {} simulated CSV files, {}, in {:.1} s: duplicates, late corrections and dirt of \
             every kind included",
            self.files,
            bytes_text(self.landed_bytes),
            self.simulated.as_secs_f64()
        )?;
        writeln!(out, "\nWhat came out (files to published in {seconds:.1} s)")?;
        write!(out, "  {}", balance_line(&self.balance))?;

        writeln!(out, "\nRequests by borough")?;
        let most = self.busiest.first().map_or(1, |(_, requests)| (*requests).max(1));
        for (borough, requests) in &self.busiest {
            let bar = "█".repeat(usize::try_from(requests * BAR / most).unwrap_or_default());
            writeln!(out, "  {borough:<14} {:>10}  {bar}", count_text(*requests))?;
        }

        writeln!(out, "\nChecked against the truth of the simulation")?;
        writeln!(out, "  {:<42} {:>12} {:>12}", "", "EXPECTED", "FOUND")?;
        for finding in &self.findings {
            let mark = if finding.agrees() { "✓" } else { "✗ DIFFERS" };
            writeln!(
                out,
                "  {:<42} {:>12} {:>12}  {mark}",
                finding.what,
                count_text(finding.expected),
                count_text(finding.found)
            )?;
        }
        if !self.anomalies.is_empty() {
            writeln!(out, "\nPlanted for you to find")?;
            for anomaly in &self.anomalies {
                writeln!(out, "  {anomaly}")?;
            }
        }

        let lake = match self.lake.as_str() {
            "./lake" => String::new(),
            other => format!("--lake {other} "),
        };
        writeln!(out, "\nWhere it is: {}", self.lake)?;
        writeln!(out, "  bronze/ silver/ gold/ quarantine/   Delta tables")?;
        writeln!(out, "  published/nyc311/<mart>/            plain Parquet and latest.json")?;
        writeln!(out, "\nWhat to try next")?;
        writeln!(out, "  smelt {lake}status")?;
        writeln!(out, "  smelt {lake}quarantine nyc311")?;
        writeln!(
            out,
            "  smelt {lake}query \"SELECT * FROM gold.nyc311_daily_requests ORDER BY requests DESC LIMIT 10\""
        )?;
        writeln!(out, "  smelt {lake}ingest nyc311 --file your.csv && smelt {lake}refresh")?;
        let verdict = match self.agrees() {
            true => "Everything agrees with the truth.",
            false => "SOMETHING DIFFERS from the truth; please report it.",
        };
        writeln!(out, "\n{verdict}")
    }
}
