//! `smelt simulate --serve`: simulated sources on loopback, over their real protocols.

use std::io::ErrorKind;
use std::path::Path;

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
        "nyc311" => serve_requests(global, arguments).await,
        "spending" => serve_checkbook(global, arguments).await,
        "restaurant" => fill_orders(arguments).await,
        _ => Err(no_simulator(&arguments.dataset)),
    }
}

async fn serve_requests(global: &Global, arguments: &SimulateArguments) -> Result<Ending> {
    let out = folder_of_truth(arguments)?;
    let settings = nyc311(arguments);
    let shown = global.clone();
    let simulated = tokio::task::spawn_blocking(move || {
        let scratch = tempfile::tempdir()?;
        let truth = simulate(&shown, &settings, scratch.path())?;
        let mut rows = Vec::new();
        // A portal has no row twice because a file came twice.
        for file in truth.files.iter().filter(|file| file.duplicate_of.is_none()) {
            let path = scratch.path().join("nyc311/requests").join(&file.name);
            rows.extend(upload_rows(&path)?.rows);
        }
        anyhow::Ok((rows, truth.of_portal()))
    });
    let (rows, truth) = simulated.await??;
    if let Some(out) = out {
        truth.write(out)?;
    }
    let portal = portals::requests_portal(rows, serving(global, arguments)).await;
    let portal = portal.map_err(with_remedy)?;
    say_truth(arguments);
    invite("SMELT_NYC311_PORTAL_URL", portal.url(), "nyc311");
    serve_until_stopped().await
}

async fn serve_checkbook(global: &Global, arguments: &SimulateArguments) -> Result<Ending> {
    let out = folder_of_truth(arguments)?;
    let simulated = spending(arguments).generate()?;
    if let Some(out) = out {
        simulated.write(out, &mut |_| {})?;
    }
    let last_day = simulated.truth.last_day;
    let serving = serving(global, arguments);
    let portal = portals::checkbook(simulated.boston, last_day, serving).await;
    let portal = portal.map_err(with_remedy)?;
    say_truth(arguments);
    if let Some(out) = out {
        let uploads = out.join("spending/payments");
        say(&format!(
            "it is about the portal and the uploads: smelt ingest spending --file {}",
            uploads.display()
        ));
    }
    invite("SMELT_SPENDING_CHECKBOOK_URL", portal.url(), "spending");
    serve_until_stopped().await
}

async fn fill_orders(arguments: &SimulateArguments) -> Result<Ending> {
    let url = match (&arguments.database, &arguments.out) {
        (Some(url), _) => url.clone(),
        (None, Some(out)) => {
            std::fs::create_dir_all(out)?;
            format!("sqlite://{}", out.join("order_db.sqlite").display())
        }
        (None, None) => bail!(
            "give the database to fill with --database mysql://…, or a folder for an SQLite file \
             with --out"
        ),
    };
    let simulated = restaurant(arguments).generate()?;
    if let Some(out) = &arguments.out {
        simulated.truth.write(out)?;
    }
    fill_order_db(&url.parse()?, &simulated.orders_at_the_end())
        .await
        .context("filling the order database")?;
    say_truth(arguments);
    // The URL may hold a password: it is the caller's own, and not repeated.
    match arguments.database {
        Some(_) => say("filled; ORDER_DB_URL=<your URL> smelt ingest restaurant"),
        None => say(&format!(
            "filled; ORDER_DB_URL={url} smelt ingest restaurant && smelt refresh restaurant"
        )),
    }
    Ok(Ending::Fine)
}

/// Where the truth is to be kept, if anywhere. It is about what a portal serves at first.
fn folder_of_truth(arguments: &SimulateArguments) -> Result<Option<&Path>> {
    if arguments.out.is_some() && !arguments.drifts.is_empty() {
        bail!("--drift changes what is served, so there is no truth to keep: leave out --out");
    }
    Ok(arguments.out.as_deref())
}

fn say_truth(arguments: &SimulateArguments) {
    say(&match &arguments.out {
        Some(out) => {
            let truth = out.join(arguments.dataset.as_str()).join("truth.json");
            format!("the truth is in {}", truth.display())
        }
        None => "--out DIR would keep the truth about these rows".to_owned(),
    });
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
    let port = arguments.port.unwrap_or_default();
    Serving { port, faults, drifts: arguments.drifts.clone() }
}

/// What helps where a portal cannot be served.
fn with_remedy(error: anyhow::Error) -> anyhow::Error {
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    match kind {
        Some(ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {
            anyhow::anyhow!("{error}; give another port with --port, or none for any that is free")
        }
        _ => error,
    }
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
