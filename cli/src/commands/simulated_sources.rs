//! `smelt simulate --serve`: simulated sources on loopback, over their real protocols.

use anyhow::{Context, Result, bail};
use smelt_simulate::serve::{Faults, fill_order_db};

use super::demo::portals::{self, Serving, upload_rows};
use super::simulate::{no_simulator, nyc311, restaurant, simulate, spending};
use crate::arguments::{Global, SimulateArguments};
use crate::exit::Ending;
use crate::output::say;

/// Serves the sources of a dataset until it is stopped.
pub(crate) async fn run(global: &Global, arguments: &SimulateArguments) -> Result<Ending> {
    match arguments.dataset.as_str() {
        "nyc311" => {
            let settings = nyc311(arguments);
            let shown = global.clone();
            let rows = tokio::task::spawn_blocking(move || {
                let scratch = tempfile::tempdir()?;
                simulate(&shown, &settings, scratch.path())?;
                let mut rows = Vec::new();
                for file in smelt_sources::find_files(&[scratch.path().join("nyc311/requests")])? {
                    rows.extend(upload_rows(&file)?.rows);
                }
                anyhow::Ok(rows)
            });
            let rows = rows.await??;
            let portal = portals::requests_portal(rows, serving(global, arguments)).await?;
            invite("SMELT_NYC311_PORTAL_URL", portal.url(), "nyc311");
            serve_until_stopped().await
        }
        "spending" => {
            let simulated = spending(arguments).generate()?;
            let last_day = simulated.truth.last_day;
            let serving = serving(global, arguments);
            let portal = portals::checkbook(simulated.boston, last_day, serving).await?;
            invite("SMELT_SPENDING_CHECKBOOK_URL", portal.url(), "spending");
            serve_until_stopped().await
        }
        "restaurant" => {
            if !arguments.leaves_callers_alone() {
                bail!(
                    "--fault, --fault-rate and --drift are for portals (nyc311, spending): a \
                     database that is filled answers by itself"
                );
            }
            let url = match (&arguments.database, &arguments.out) {
                (Some(url), _) => url.clone(),
                (None, Some(out)) => {
                    std::fs::create_dir_all(out)?;
                    format!("sqlite://{}", out.join("order_db.sqlite").display())
                }
                (None, None) => bail!(
                    "give the database to fill with --database mysql://…, or a folder for an \
                     SQLite file with --out"
                ),
            };
            let simulated = restaurant(arguments).generate()?;
            fill_order_db(&url, &simulated.orders_at_the_end())
                .await
                .context("filling the order database")?;
            // The URL may hold a password: it is the caller's own, and not repeated.
            match arguments.database {
                Some(_) => say("filled; ORDER_DB_URL=<your URL> smelt ingest restaurant"),
                None => say(&format!(
                    "filled; ORDER_DB_URL={url} smelt ingest restaurant && smelt refresh restaurant"
                )),
            }
            Ok(Ending::Fine)
        }
        "llm_usage" | "events" => {
            bail!("{} has uploads only: write them with --out", arguments.dataset)
        }
        _ => Err(no_simulator(&arguments.dataset)),
    }
}

/// What the arguments ask for; who serves sees what goes wrong, unless it is to be quiet.
fn serving(global: &Global, arguments: &SimulateArguments) -> Serving {
    let planned = arguments.faults.iter().cloned();
    let mut faults = planned.fold(Faults::none(), Faults::and);
    if let Some(rate) = arguments.fault_rate {
        faults = faults.and_by_chance(rate, arguments.seed);
    }
    if !global.quiet {
        faults = faults.told_to(|request, fault| say(&format!("request {request}: {fault}")));
    }
    Serving { port: arguments.port, faults, drifts: arguments.drifts.clone() }
}

fn invite(variable: &str, url: &str, dataset: &str) {
    say(&format!(
        "serving; in another terminal:\n  {variable}={url} smelt sources test {dataset}\n  \
         {variable}={url} smelt ingest {dataset} && smelt refresh {dataset}"
    ));
}

async fn serve_until_stopped() -> Result<Ending> {
    std::future::pending::<()>().await;
    Ok(Ending::Fine)
}
