use std::fmt;
use std::time::Duration;

use smelt_stages::Balance;

use super::finding::Finding;
use crate::commands::status::balance as balance_line;
use crate::data_size::count_text;

/// One dataset of a demo.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) dataset: &'static str,
    pub(crate) sources: Vec<String>,
    pub(crate) balances: Vec<Balance>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) planted: Vec<String>,
    pub(crate) unusual: Vec<String>,
    pub(crate) learnt: Vec<String>,
    pub(crate) in_simulation: Duration,
    pub(crate) in_smelt: Duration,
    pub(crate) in_training: Duration,
}

/// What a demo shows at its end.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) lake: String,
    pub(crate) seed: u64,
    pub(crate) shown: Vec<Shown>,
    pub(crate) elapsed: Duration,
}

impl Shown {
    /// Whether everything is as the simulator knows it to be.
    fn agrees(&self) -> bool {
        self.balances.iter().all(|balance| balance.is_exact)
            && self.findings.iter().all(Finding::agrees)
    }
}

impl Report {
    /// Whether everything is as the simulators know it to be.
    pub(crate) fn agrees(&self) -> bool {
        self.shown.iter().all(Shown::agrees)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agreeing = self.findings.iter().filter(|finding| finding.agrees()).count();
        writeln!(out, "\n{}", self.dataset)?;
        writeln!(
            out,
            "  from     {} (simulated in {:.1} s)",
            self.sources.join(" and "),
            self.in_simulation.as_secs_f64()
        )?;
        writeln!(out, "  to gold  in {:.1} s", self.in_smelt.as_secs_f64())?;
        for balance in &self.balances {
            write!(out, "  rows     {}", balance_line(balance))?;
        }
        let mark = if self.agrees() { "✓" } else { "✗" };
        writeln!(
            out,
            "  checked  {agreeing} of {} answers agree with the simulation  {mark}",
            self.findings.len()
        )?;
        for finding in self.findings.iter().filter(|finding| !finding.agrees()) {
            writeln!(
                out,
                "           ✗ {}: expected {}, found {}",
                finding.what, finding.expected, finding.found
            )?;
        }
        for planted in &self.planted {
            writeln!(out, "  planted  {planted}")?;
        }
        for unusual in &self.unusual {
            writeln!(out, "  unusual  {unusual}")?;
        }
        if !self.learnt.is_empty() {
            writeln!(out, "  learnt   in {:.1} s", self.in_training.as_secs_f64())?;
        }
        for learnt in &self.learnt {
            writeln!(out, "           {learnt}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for shown in &self.shown {
            write!(out, "{shown}")?;
        }
        let lake = match self.lake.as_str() {
            "./lake" => String::new(),
            other => format!("--lake {other} "),
        };
        let dataset = self.shown.first().map_or("nyc311", |shown| shown.dataset);
        writeln!(out, "\nWhere it is: {}", self.lake)?;
        writeln!(out, "  bronze/ silver/ gold/ quarantine/   Delta tables")?;
        writeln!(out, "  published/<dataset>/<mart>/         plain Parquet and latest.json")?;
        writeln!(out, "\nWhat to try next")?;
        writeln!(out, "  smelt {lake}status")?;
        writeln!(out, "  smelt {lake}quarantine {dataset}")?;
        writeln!(out, "  smelt {lake}anomalies {dataset} --all")?;
        writeln!(out, "  smelt {lake}models list")?;
        writeln!(out, "  smelt {lake}query \"SHOW TABLES\"")?;
        if dataset == "nyc311" {
            writeln!(
                out,
                "  smelt {lake}query \"SELECT * FROM gold.nyc311_daily_requests ORDER BY requests DESC LIMIT 10\""
            )?;
        }
        writeln!(out, "  smelt {lake}ingest {dataset} --file your.csv && smelt {lake}refresh")?;
        let answers: usize = self.shown.iter().map(|shown| shown.findings.len()).sum();
        let verdict = match self.agrees() {
            true => "Everything agrees with the truth",
            false => "SOMETHING DIFFERS from the truth; please report it",
        };
        writeln!(
            out,
            "\n{verdict}: {} answers about {} datasets, seed {}, in {:.1} s.",
            count_text(answers as u64),
            self.shown.len(),
            self.seed,
            self.elapsed.as_secs_f64()
        )
    }
}
