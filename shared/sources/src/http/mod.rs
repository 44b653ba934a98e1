//! One client for every source that is pulled over HTTP: it waits, retries and gives up in the same
//! way for all, and no header that it sends is ever seen in an error.

mod answer;
mod backoff;
mod body;
mod client;
mod token;

pub use self::backoff::Backoff;
pub(crate) use self::body::AnswerBody;
pub(crate) use self::client::{HttpClient, HttpRequest, root_url};
pub use self::client::{HttpSettings, RetryListener};
pub(crate) use self::token::Token;
