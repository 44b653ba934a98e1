//! Who may ask what over HTTP.
//!
//! [`Access`] names the caller of a request by its headers: by a token (JWT) or by an API key, each with
//! a [`Role`]. [`Limiter`] says whether the caller may ask again already, or whoever is refused;
//! [`Origins`] which web pages may.
//!
//! No input or output and no clock: keys, secrets and times are passed in. Nothing that is secret is
//! shown, neither by `Debug` nor in an error.

mod access;
mod api_keys;
mod buckets;
mod key_set;
mod limiter;
mod origins;
mod published_keys;
mod rate;
mod refused;
mod role;
mod roles_claim;
mod token;

pub use access::{Access, Caller, Credential, NobodyKnown, Verifier};
pub use api_keys::{API_KEY_HEADER, ApiKeyHash, ApiKeys, ApiKeysError};
pub use key_set::{KeySet, KeySetError};
pub use limiter::{Limiter, TooMany};
pub use origins::{Origins, OriginsError};
pub use rate::{Rate, RateError};
pub use refused::{Accepts, Refused};
pub use role::{Role, RoleError};
pub use roles_claim::RolesClaim;
pub use token::{TokenRules, TokenRulesError, TokenVerifier};
