//! Hashes as numbers, the same in every process.

use sha2::{Digest, Sha256};

/// The first eight bytes of a hash.
pub(crate) fn first_half(hash: &[u8]) -> u64 {
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A number for a text.
pub(crate) fn number_of(text: &str) -> u64 {
    first_half(&Sha256::digest(text))
}
