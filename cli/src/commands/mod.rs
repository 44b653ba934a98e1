mod alerts;
mod anomalies;
mod backfill;
mod check;
mod completions;
mod cost;
mod demo;
mod ingest;
mod maintain;
mod models;
mod predict;
mod pull;
mod quarantine;
mod query;
mod record;
mod refresh;
mod report;
mod runs;
mod series;
mod serve;
mod simulate;
mod simulated_sources;
mod sources;
mod status;
mod train;
mod uploads;

use anyhow::Result;
use smelt_stages::Refit;

use crate::arguments::{Arguments, Command, SourcesCommand};
use crate::exit::Ending;

/// Runs one command.
pub(crate) async fn run(arguments: Arguments) -> Result<Ending> {
    let global = arguments.global;
    match arguments.command {
        Command::Ingest(arguments) => ingest::run(&global, arguments).await,
        Command::Sources(SourcesCommand::Test { dataset, source, format }) => {
            sources::test(&global, &dataset, source.as_ref(), format).await
        }
        Command::Sources(SourcesCommand::Reconcile { dataset, source }) => {
            sources::run_reconcile(&global, &dataset, source.as_ref()).await
        }
        Command::Record(command) => record::run(&global, &command).await,
        Command::Refresh { dataset } => refresh::run(&global, dataset).await,
        Command::Run { dataset } => refresh::run_landing(&global, dataset).await,
        Command::Plan { range, format } => backfill::plan(&global, &range, format).await,
        Command::Backfill { range } => backfill::run(&global, &range).await,
        Command::Uploads { dataset, format } => uploads::run(&global, dataset, format).await,
        Command::Status { dataset, format } => status::run(&global, dataset, format).await,
        Command::Query(arguments) => query::run(&global, arguments).await,
        Command::Quarantine { dataset, examples, replay } => {
            quarantine::run(&global, dataset, examples, replay).await
        }
        Command::Check => check::run(&global).await,
        Command::Alerts { dataset, check, format } => {
            alerts::run(&global, dataset, check, format).await
        }
        Command::Train { dataset, refit } => {
            let refit = if refit { Refit::Always } else { Refit::WhenDue };
            train::run(&global, dataset, refit).await
        }
        Command::Predict(arguments) => predict::run(&global, arguments).await,
        Command::Models(command) => models::run(&global, command).await,
        Command::Anomalies { dataset, all, format } => {
            anomalies::run(&global, dataset, all, format).await
        }
        Command::Report(arguments) => report::run(&global, arguments).await,
        // They compute and never wait, so they need a thread of their own for Ctrl-C to be heard.
        Command::Forecast(arguments) => {
            tokio::task::spawn_blocking(move || series::forecast(&global, &arguments)).await?
        }
        Command::Backtest(arguments) => {
            tokio::task::spawn_blocking(move || series::backtest(&global, &arguments)).await?
        }
        Command::Detect(arguments) => {
            tokio::task::spawn_blocking(move || series::detect(&global, &arguments)).await?
        }
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Maintain { dataset, retention_hours, target_size } => {
            let upkeep = maintain::upkeep(retention_hours, target_size);
            maintain::run(&global, dataset, upkeep).await
        }
        Command::Runs { last, format } => runs::run(&global, last, format).await,
        // It never waits, so it needs a thread of its own for Ctrl-C to be heard.
        Command::Simulate(arguments) if arguments.serve => {
            simulated_sources::run(&global, &arguments).await
        }
        Command::Simulate(arguments) => {
            tokio::task::spawn_blocking(move || simulate::run(&global, &arguments)).await?
        }
        Command::Serve(arguments) => serve::run(&global, &arguments).await,
        Command::Demo(arguments) => demo::run(&global, &arguments).await,
        Command::Completions { shell } => completions::run(shell),
    }
}
