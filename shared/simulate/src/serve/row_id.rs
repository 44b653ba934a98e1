//! Row ids as Socrata gives them: texts that stand for numbers, sorted by the number.

/// Odd, so that multiplying by it can be undone.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The row id of the row with this number. Its order as a text says nothing about the number.
pub fn row_id(number: u64) -> String {
    let mixed = number.wrapping_mul(FACTOR);
    format!("row-{:08x}.{:08x}", mixed >> 32, mixed & 0xffff_ffff)
}

/// The number that a row id stands for.
pub(super) fn row_number(id: &str) -> Option<u64> {
    let (high, low) = id.strip_prefix("row-")?.split_once('.')?;
    let mixed = u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?;
    Some(mixed.wrapping_mul(inverse()))
}

/// What undoes multiplying by [`FACTOR`], modulo 2^64: each step doubles the bits that are right.
fn inverse() -> u64 {
    (0..5).fold(FACTOR, |inverse, _| {
        inverse.wrapping_mul(2_u64.wrapping_sub(FACTOR.wrapping_mul(inverse)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_for_numbers_and_do_not_sort_like_them() {
        for number in [0, 1, 2, 1_000_000, u64::MAX] {
            assert_eq!(row_number(&row_id(number)), Some(number));
        }
        let ids: Vec<String> = (1..20).map(row_id).collect();
        assert!(!ids.is_sorted());
        assert_eq!(row_number("row-1"), None);
    }
}
