use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use axum::Router;
use serde_json::Value;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Renewed, Settings, StartError, Variable,
};
use smelt_stages::{Platform, Silent};
use smelt_web::{Api, Limits, Origin, Streaming, router};

use crate::access::{access, limiter, origins};
use crate::counted::Counted;
use crate::queues::RefreshQueues;
use crate::secrets::Secrets;
use crate::uploads::PresignedUploads;
use crate::{ApiError, handler, variables};

/// Bytes of a megabyte.
const MEGABYTE: u64 = 1 << 20;
/// How long an announced upload may take to come.
const UPLOAD_TIME: Duration = Duration::from_secs(15 * 60);
/// How long a copy of the function goes on with a key that was taken away.
const SECRETS_ARE_READ_EVERY: Duration = Duration::from_secs(5 * 60);
/// Of the engine's memory, the part that keeps tables and answers.
const SHARE_KEPT: u64 = 4;

/// What `api` builds once.
#[derive(Debug)]
pub struct ApiContext {
    pub(crate) shared: FunctionContext,
    settings: Settings,
    config: SdkConfig,
    router: Renewed<Secrets, Router>,
}

impl Context for ApiContext {
    // What is uploaded is written by others, with an address that this function signed.
    const FUNCTION: Function =
        Function { name: "api", writes: &["landing", "bronze", "uploads", "runs"] };
    const VARIABLES: &'static [Variable] = &variables::ALL;
    type Error = ApiError;

    async fn build(shared: FunctionContext, settings: &Settings) -> Result<Self, StartError> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let secrets = Secrets::read(settings, &config).await?;
        let first = router_of(&shared, settings, &config, &secrets)?;
        let router = Renewed::new(secrets, first, SECRETS_ARE_READ_EVERY);
        Ok(Self { shared, settings: settings.clone(), config, router })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, ApiError> {
        let trace_id = invocation.trace.map(|trace| trace.trace_id);
        let name = self.shared.function.name;
        let origin = Origin::of_invocation(name, invocation.request_id, trace_id);
        let read = Box::pin(Secrets::read(&self.settings, &self.config));
        let make =
            |secrets: &Secrets| router_of(&self.shared, &self.settings, &self.config, secrets);
        handler::handle(event, origin, self.router.get(read, make).await).await
    }
}

/// What answers, with callers known by these secrets.
fn router_of(
    shared: &FunctionContext,
    settings: &Settings,
    config: &SdkConfig,
    secrets: &Secrets,
) -> Result<Router, StartError> {
    let wrong = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
    let upload_megabytes: u64 = settings.parsed(variables::UPLOAD_MB)?;
    let checked = access(settings, secrets)?;
    let api_settings = smelt_web::Settings {
        // The gateway has names of its own.
        only_loopback_names: false,
        access: checked.access,
        keys: checked.keys,
        limiter: limiter(settings)?,
        origins: origins(settings)?,
        uploads: Arc::new(PresignedUploads::of(&shared.address, config)),
        refresher: Arc::new(RefreshQueues::read(settings, config)?),
        counter: Some(Arc::new(Counted(shared.metrics.clone()))),
        limits: Limits {
            upload_bytes: upload_megabytes.saturating_mul(MEGABYTE),
            upload_time: UPLOAD_TIME,
            kept_bytes: shared.engine.memory_bytes() as u64 / SHARE_KEPT,
        },
        // The gateway passes an answer on when it is whole.
        streaming: Streaming::Whole,
        receives_uploads: false,
        dashboard: None,
    };
    // A run has an observer and an origin of its own, those of its request.
    let platform = Platform::new(
        shared.lake.clone(),
        shared.engine.clone(),
        shared.datasets.to_vec(),
        Arc::new(Silent),
    );
    let api = Api::new(platform, api_settings).map_err(|error| wrong(&error))?;
    Ok(router(api))
}
