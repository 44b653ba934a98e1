//! How concentrated spending is on few vendors.

/// Shares of the positive totals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Concentration {
    /// Vendors with a positive total.
    pub(super) vendors: usize,
    /// Herfindahl-Hirschman index: the sum of squared percentages, up to 10,000 for one vendor.
    pub(super) hhi: f64,
    /// The share of the largest vendor, from 0 to 1.
    pub(super) top1_share: f64,
    /// The share of the five largest.
    pub(super) top5_share: f64,
    /// The share of the ten largest.
    pub(super) top10_share: f64,
}

impl Concentration {
    /// Of the vendors' totals in cents, of which only the positive count; `None` without any.
    pub(super) fn of(totals: impl IntoIterator<Item = i64>) -> Option<Self> {
        let mut totals: Vec<i64> = totals.into_iter().filter(|total| *total > 0).collect();
        if totals.is_empty() {
            return None;
        }
        totals.sort_unstable_by_key(|total| -total);
        let sum = totals.iter().sum::<i64>() as f64;
        let top = |vendors| totals.iter().take(vendors).sum::<i64>() as f64 / sum;
        let squared_percentage = |total: &i64| (100.0 * *total as f64 / sum).powi(2);
        Some(Self {
            vendors: totals.len(),
            hhi: totals.iter().map(squared_percentage).sum(),
            top1_share: top(1),
            top5_share: top(5),
            top10_share: top(10),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_and_five_tenths_by_hand() {
        let found = Concentration::of([-700, 10, 10, 50, 10, 10, 10, 0]).unwrap();
        assert_eq!(found.vendors, 6);
        // 50² + 5 · 10²
        assert!((found.hhi - 3_000.0).abs() < 1e-9);
        assert_eq!((found.top1_share, found.top5_share, found.top10_share), (0.5, 0.9, 1.0));
    }

    #[test]
    fn one_vendor_is_a_monopoly_and_none_is_nothing() {
        assert_eq!(Concentration::of([5]).unwrap().hhi, 10_000.0);
        assert_eq!(Concentration::of([-5, 0]), None);
    }
}
