//! `smelt serve`: the API and the dashboard on this machine.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use smelt_access::{
    Access, ApiKeys, KeySet, Limiter, Origins, Rate, RolesClaim, TokenRules, TokenVerifier,
    Verifier,
};
use smelt_stages::{Platform, Silent};
use smelt_web::{
    Api, HttpKeySource, KeySource, Limits, Peer, Settings, Streaming, Telling, router,
};
use tokio::net::TcpListener;

use self::local::{LocalUploads, Worker};
use crate::arguments::{Global, ServeArguments};
use crate::exit::Ending;
use crate::output::{print, say};
use crate::session::open;

mod local;

/// Bytes of a megabyte.
const MEGABYTE: u64 = 1 << 20;
/// How long an announced upload may take to come.
const UPLOAD_TIME: Duration = Duration::from_secs(60 * 60);
/// Of the memory, the part that keeps tables and answers.
const SHARE_KEPT: usize = 4;
/// Callers whose rates are kept, and addresses from which nobody was known.
const MOST_CALLERS: usize = 10_000;
/// The dashboard where it was built, from the root of the project.
const BUILT_DASHBOARD: &str = "dashboard/dist";

/// Serves until it is stopped.
pub(crate) async fn run(global: &Global, arguments: &ServeArguments) -> Result<Ending> {
    let Checked { access, keys } = access(arguments)?;
    let dashboard = dashboard(arguments.dashboard.as_deref())?;
    let platform = open(global)?;
    let is_new = !is_lake(&platform).await;
    let listener = listen(arguments).await?;
    let address = listener.local_addr()?;
    let api = Api::new(
        quiet(&platform),
        Settings {
            only_loopback_names: matches!(access, Access::Open),
            access,
            limiter: limiter(arguments)?,
            origins: Origins::parse(&arguments.cors_origins)?,
            keys,
            uploads: Arc::new(LocalUploads),
            refresher: Arc::new(Worker::start(global, platform)),
            counter: None,
            limits: Limits {
                upload_bytes: arguments.upload_mb * MEGABYTE,
                upload_time: UPLOAD_TIME,
                kept_bytes: (global.memory.0 / SHARE_KEPT) as u64,
            },
            streaming: Streaming::Live,
            receives_uploads: true,
            dashboard: dashboard.clone(),
        },
    )?;
    match &dashboard {
        Some(_) => print(&format!("dashboard  http://{address}/\n"))?,
        None if global.quiet => {}
        None => say(&format!(
            "no dashboard: {BUILT_DASHBOARD} is not there; `make dashboard` builds it"
        )),
    }
    if is_new && !global.quiet {
        say(&format!(
            "no lake at {} yet: it is empty, and uploads will make its tables; --lake names another",
            global.lake
        ));
    }
    print(&format!("API        http://{address}/docs\n"))?;
    if !global.quiet {
        say("Ctrl-C stops it");
    }
    let service = router(api).into_make_service_with_connect_info::<Peer>();
    axum::serve(Telling::new(listener), service).await.context("serving")?;
    Ok(Ending::Fine)
}

/// Whether anything was ever loaded. An empty start is fine, and a mistyped place looks like one. What
/// cannot be read is not told here: answers will say so.
async fn is_lake(platform: &Platform) -> bool {
    platform.lake.has_objects("bronze").await.unwrap_or(true)
}

/// Requests are no runs: what they do is shown in their answers.
fn quiet(platform: &Platform) -> Platform {
    Platform { observer: Arc::new(Silent), ..platform.clone() }
}

async fn listen(arguments: &ServeArguments) -> Result<TcpListener> {
    let address = SocketAddr::new(arguments.host, arguments.port);
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen at {address}; another port may be free: --port 0 takes any")
    })
}

/// Who may ask, and where their keys are.
struct Checked {
    access: Access,
    keys: Option<Arc<dyn KeySource>>,
}

/// Everybody who can reach this machine could do everything, so that only a loopback address is open.
fn access(arguments: &ServeArguments) -> Result<Checked> {
    let api_keys = match &arguments.api_keys {
        Some(path) => api_keys(path)?,
        None => ApiKeys::default(),
    };
    let (tokens, keys) = match &arguments.jwt_issuer {
        Some(issuer) => {
            let (tokens, keys) = tokens(arguments, issuer)?;
            (Some(tokens), keys)
        }
        None => (None, None),
    };
    match Verifier::new(tokens, api_keys) {
        Ok(verifier) => Ok(Checked { access: Access::Checked(verifier), keys }),
        Err(_) if arguments.host.is_loopback() => Ok(Checked { access: Access::Open, keys: None }),
        Err(_) => bail!(
            "{} can be reached from elsewhere, where everybody could change data: give --api-keys FILE, \
             or --jwt-issuer and --jwt-audience, or listen at 127.0.0.1",
            arguments.host
        ),
    }
}

/// The keys of a file. One without any is no wish for a service that is open to everybody.
fn api_keys(path: &Path) -> Result<ApiKeys> {
    let keys = ApiKeys::parse(&read(path)?)
        .with_context(|| format!("{} holds no API keys", path.display()))?;
    if keys.is_empty() {
        bail!("{} has no key in its list: add one, or leave out --api-keys", path.display());
    }
    Ok(keys)
}

/// Tokens are signed with a secret that both sides know, or with keys of the issuer, who publishes their
/// public halves.
fn tokens(
    arguments: &ServeArguments,
    issuer: &str,
) -> Result<(TokenVerifier, Option<Arc<dyn KeySource>>)> {
    let roles = RolesClaim::new(&arguments.jwt_roles_claim, "");
    let rules = TokenRules::new(issuer, &arguments.jwt_audience, roles)?;
    if let Some(path) = &arguments.jwt_secret {
        let secret = read(path)?;
        return Ok((TokenVerifier::with_secret(rules, secret.trim().as_bytes())?, None));
    }
    let keys = match &arguments.jwks_url {
        Some(url) => HttpKeySource::at(url.as_str()).context("--jwks-url cannot be used")?,
        None => HttpKeySource::of_issuer(issuer).context(
            "give --jwks-url, or --jwt-secret: nothing says where the keys of --jwt-issuer are",
        )?,
    };
    Ok((TokenVerifier::with_key_set(rules, KeySet::default()), Some(Arc::new(keys))))
}

fn limiter(arguments: &ServeArguments) -> Result<Option<Limiter>> {
    let Some(rate) = arguments.rate else { return Ok(None) };
    Ok(Some(Limiter::new(Rate::new(rate, arguments.burst)?, MOST_CALLERS)))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// The folder of the dashboard: the one that is named, or the one that was built.
fn dashboard(named: Option<&Path>) -> Result<Option<PathBuf>> {
    let is_dashboard = |folder: &Path| folder.join("index.html").is_file();
    match named {
        Some(folder) if is_dashboard(folder) => Ok(Some(folder.to_owned())),
        Some(folder) => bail!(
            "{} holds no dashboard (no index.html); `make dashboard` builds it in {BUILT_DASHBOARD}",
            folder.display()
        ),
        None => Ok(Some(PathBuf::from(BUILT_DASHBOARD)).filter(|folder| is_dashboard(folder))),
    }
}
