//! A server on loopback that runs until it is stopped or dropped.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::faults::Faults;

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    url: String,
    requests: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// What stands between the requests and their answers.
#[derive(Debug, Clone)]
struct Gate {
    faults: Arc<Faults>,
    requests: Arc<AtomicU64>,
}

impl Server {
    /// Serves the router on a free port of loopback; `port` 0 takes any.
    pub(super) async fn start(router: Router, port: u16, faults: Faults) -> io::Result<Self> {
        let requests = Arc::new(AtomicU64::new(0));
        let gate = Gate { faults: Arc::new(faults), requests: Arc::clone(&requests) };
        let router = router.layer(middleware::from_fn_with_state(gate, pass));
        let address = (Ipv4Addr::LOCALHOST, port);
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let problem = format!("cannot listen at {}:{port} ({error})", Ipv4Addr::LOCALHOST);
            io::Error::new(error.kind(), problem)
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            // An accept that fails ends the server; its clients see that.
            drop(axum::serve(listener, router).with_graceful_shutdown(stopped).await);
        });
        Ok(Self { url, requests, stop: Some(stop), task })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How many requests came so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// Takes no more connections, and waits for the answers that are under way.
    pub(super) async fn stop(mut self) {
        drop(self.stop.take());
        drop(self.task.await);
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let number = gate.requests.fetch_add(1, Ordering::SeqCst) + 1;
    let answer = next.run(request).await;
    match gate.faults.of_request(number) {
        Some(fault) => fault.spoil(answer).await,
        None => answer,
    }
}
