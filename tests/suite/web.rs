//! The HTTP API over a lake with a history: what it answers, to whom, and what it changes.

mod access;
mod answers;
mod bad_requests;
mod changes;
mod description;
mod reading;
mod uploads;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use smelt_access::{Access, Limiter, Origins};
use smelt_domain::RunReport;
use smelt_stages::Platform;
use smelt_web::{
    Api, Asked, Limits, PortError, Refresher, RunCounter, Settings, Streaming, UploadGate,
    UploadRequest, UploadTarget, router,
};
use tower::ServiceExt;

use crate::series::World;

/// Notes what it is asked.
#[derive(Debug, Default)]
struct Noted(Mutex<Vec<Asked>>);

#[async_trait]
impl Refresher for Noted {
    async fn refresh(&self, asked: Asked) -> Result<(), PortError> {
        self.0.lock().unwrap().push(asked);
        Ok(())
    }
}

/// Keeps the reports of runs.
#[derive(Debug, Default)]
struct Counted(Mutex<Vec<RunReport>>);

impl RunCounter for Counted {
    fn run_ended(&self, report: &RunReport) {
        self.0.lock().unwrap().push(report.clone());
    }
}

#[derive(Debug)]
struct Here;

#[async_trait]
impl UploadGate for Here {
    async fn open(&self, upload: &UploadRequest) -> Result<UploadTarget, PortError> {
        Ok(UploadTarget::here(upload))
    }
}

/// The API over a world, who is asked to refresh, and who counts runs.
struct Served {
    router: Router,
    noted: Arc<Noted>,
    counted: Arc<Counted>,
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(&name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// Refused with this status, in words that have this.
    #[track_caller]
    fn assert_problem(&self, status: StatusCode, word: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status.as_u16());
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
        assert_eq!(problem["request_id"].as_str().unwrap(), self.headers["x-request-id"]);
    }
}

impl Served {
    fn open(world: &World) -> Self {
        Self::with(world, Access::Open, None)
    }

    fn with(world: &World, access: Access, limiter: Option<Limiter>) -> Self {
        Self::of(world.platform(1), access, limiter, &std::env::temp_dir())
    }

    fn with_dashboard(world: &World, folder: &Path) -> Self {
        Self::of(world.platform(1), Access::Open, None, folder)
    }

    fn on(platform: Platform) -> Self {
        Self::of(platform, Access::Open, None, &std::env::temp_dir())
    }

    fn of(platform: Platform, access: Access, limiter: Option<Limiter>, dashboard: &Path) -> Self {
        let (noted, counted) = (Arc::new(Noted::default()), Arc::new(Counted::default()));
        let settings = Settings {
            only_loopback_names: matches!(access, Access::Open),
            access,
            limiter,
            origins: Origins::parse("https://bi.example.com").unwrap(),
            keys: None,
            uploads: Arc::new(Here),
            refresher: noted.clone(),
            counter: Some(counted.clone()),
            limits: Limits {
                upload_bytes: 1 << 20,
                upload_time: Duration::from_secs(60),
                kept_bytes: 16 << 20,
            },
            streaming: Streaming::Live,
            receives_uploads: true,
            dashboard: Some(dashboard.to_owned()),
        };
        let api = Api::new(platform, settings).unwrap();
        Self { router: router(api), noted, counted }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn with_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
}
