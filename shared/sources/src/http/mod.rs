//! One client for every source that is pulled over HTTP: it waits, retries and gives up in the same
//! way for all, and no header that it sends is ever seen in an error.

mod answer;
mod backoff;
mod client;

pub use self::backoff::Backoff;
pub use self::client::HttpSettings;
pub(crate) use self::client::{HttpClient, HttpRequest, root_url};
