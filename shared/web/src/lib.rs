//! The HTTP API over a lake, as one router: the function `api` answers with it behind a gateway, and
//! `smelt serve` on a laptop.
//!
//! [`router`] is all of it. What differs between the two is passed in as [`Api`]: who may ask
//! ([`smelt_access::Access`]), where uploads are sent ([`UploadGate`]) and who does the work of a refresh
//! ([`Refresher`]).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answers;
mod api;
mod etag;
mod extract;
mod guard;
mod http_key_source;
mod misread;
mod openapi;
mod origin;
mod peer;
mod pointers;
mod ports;
mod problem;
mod router;
mod routes;
mod run;
mod schemas;
mod server_paths;
mod site;
mod unread;
mod unsent;
mod upload_target;

pub use api::{Api, ApiError, Limits, Settings, Streaming, check_views_of};
pub use http_key_source::{HttpKeySource, KeySourceError};
pub use origin::Origin;
pub use peer::Peer;
pub use ports::{
    Asked, KeySource, PortError, RefreshMode, Refresher, RunCounter, UploadGate, UploadRequest,
};
pub use router::router;
pub use unread::{Telling, Told};
pub use unsent::{bytes_in_json, too_large_to_send};
pub use upload_target::UploadTarget;
