//! The keys of requests: nearly in the order of creation, as the city's are.

use crate::random::mix;

/// About the key of the first request of 2024.
const FIRST_KEY: u64 = 59_850_000;

/// Turns running numbers into keys, one to one: within each block the order is shuffled.
#[derive(Debug)]
pub(super) struct Keys {
    seed: u64,
    /// A block's length less one; lengths are powers of two.
    mask: u64,
}

impl Keys {
    /// Keys of a day's half lie in one block.
    pub(super) fn new(seed: u64, rows_per_day: u32) -> Self {
        let length = (rows_per_day / 2).clamp(16, 8_192).next_power_of_two();
        Self { seed, mask: u64::from(length) - 1 }
    }

    pub(super) fn key(&self, sequence: u64) -> u64 {
        let block = sequence & !self.mask;
        let shuffle = mix(self.seed ^ mix(block));
        // Each step maps the block's numbers onto themselves: adding, multiplying by an odd number
        // and folding the upper half onto the lower one.
        let half = self.mask.count_ones() / 2;
        let mut inside = (sequence.wrapping_add(shuffle)) & self.mask;
        inside = inside.wrapping_mul(shuffle >> 20 | 1) & self.mask;
        inside ^= inside >> half;
        inside = inside.wrapping_mul(shuffle >> 40 | 1) & self.mask;
        FIRST_KEY + block + inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_are_unique_and_grow() {
        let keys = Keys::new(7, 5_000);
        let all: Vec<u64> = (0..50_000).map(|sequence| keys.key(sequence)).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert!(!all.is_sorted());
        for (sequence, key) in all.iter().enumerate() {
            assert!(key.abs_diff(FIRST_KEY + sequence as u64) < 4_096);
        }
    }
}
