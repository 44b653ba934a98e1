//! Seeds: one number from the caller, and one of its own for each thing that is drawn.

/// The seed of thing number `number` under `seed`: SplitMix64 (Steele, Lea and Flood 2014), whose
/// neighbours have nothing in common.
pub(crate) fn derived_seed(seed: u64, number: usize) -> u64 {
    let step = (number as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = seed.wrapping_add(step);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_first_numbers_come_out() {
        assert_eq!(derived_seed(1_234_567, 0), 6_457_827_717_110_365_317);
        assert_eq!(derived_seed(1_234_567, 1), 3_203_168_211_198_807_973);
    }
}
