//! Tokens that count, and every kind that does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod claims;
mod issuer;
mod keys;
mod signatures;
