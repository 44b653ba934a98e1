use std::path::Path;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use smelt_domain::DatasetName;
use smelt_simulate::nyc311::{Nyc311, Truth};

use crate::arguments::{Global, SimulateArguments};
use crate::exit::Ending;
use crate::output::print;

pub(crate) fn run(global: &Global, arguments: &SimulateArguments) -> Result<Ending> {
    require_simulated(&arguments.dataset)?;
    let settings = Nyc311 {
        days: arguments.days,
        rows_per_day: arguments.rows_per_day,
        seed: arguments.seed,
        files: arguments.files,
        ..Nyc311::default()
    };
    let truth = simulate(global, &settings, &arguments.out)?;
    if !global.quiet {
        print(&format!("{truth}"))?;
    }
    Ok(Ending::Fine)
}

fn require_simulated(dataset: &DatasetName) -> Result<()> {
    if dataset.as_str() != "nyc311" {
        bail!("there is no simulator for `{dataset}`; nyc311 has one");
    }
    Ok(())
}

/// Writes simulated files below `out`, with a progress bar on a terminal.
pub(crate) fn simulate(global: &Global, settings: &Nyc311, out: &Path) -> Result<Truth> {
    let rows = u64::from(settings.days) * u64::from(settings.rows_per_day);
    let bar = match global.quiet || global.json {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(rows).with_message("simulating"),
    };
    let truth = settings.write(out, &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    Ok(truth)
}
