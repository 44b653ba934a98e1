//! The source of chance.
//!
//! SplitMix64 and plain arithmetic, written here and not taken from a crate, so that a seed gives
//! the same bytes for ever. Functions of the platform's mathematics library (`exp`, `ln`, `sin`)
//! are avoided for the same reason: their last bit differs between platforms. Addition,
//! multiplication, division and square root do not.

/// The golden ratio as a 64-bit fraction: SplitMix64's step.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

/// A probability, ready to be compared with a random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(probability: f64) -> Self {
        // The cast saturates: 0 for negative numbers, the largest integer from 1 on.
        Self((probability * 18_446_744_073_709_551_616.0) as u64)
    }
}

impl Random {
    /// Streams with different numbers are independent of each other.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self { state: mix(mix(seed.wrapping_add(STEP)) ^ mix(stream.wrapping_mul(STEP))) }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A whole number from 0 to `bound` - 1.
    #[inline]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number from 0 to 1, 1 excluded.
    #[inline]
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    #[inline]
    pub(crate) fn happens(&mut self, chance: Chance) -> bool {
        self.next() < chance.0
    }

    /// Which of several exclusive events happens; `up_to` holds their running totals.
    #[inline]
    pub(crate) fn one_of<T: Copy>(&mut self, up_to: &[(Chance, T)]) -> Option<T> {
        let drawn = self.next();
        if drawn >= up_to.last()?.0.0 {
            return None;
        }
        up_to.iter().find(|(chance, _)| drawn < chance.0).map(|(_, event)| *event)
    }

    /// Bell-shaped, mean 0, standard deviation 1: the sum of twelve fractions.
    pub(crate) fn bell(&mut self) -> f64 {
        let mut sum = 0.0;
        for _ in 0..12 {
            sum += self.fraction();
        }
        sum - 6.0
    }

    /// One of several values, each as often as its weight says. There must be at least one.
    #[inline]
    pub(crate) fn pick<'a, T>(&mut self, weighted: &'a [(T, u32)]) -> &'a T {
        let total = weighted.iter().map(|(_, weight)| weight).sum();
        let mut remaining = self.below(total);
        for (value, weight) in weighted {
            if remaining < *weight {
                return value;
            }
            remaining -= weight;
        }
        &weighted[0].0
    }

    /// A positive number with a heavy tail: its logarithm is bell-shaped around that of the median,
    /// with a standard deviation of `spread`, which is at most 2.
    pub(crate) fn heavy_tailed(&mut self, median: f64, spread: f64) -> f64 {
        const E_TO_THE_12TH: f64 = 162_754.791_419_003_92;
        median * E_TO_THE_12TH * exponential_of_minus(12.0 - spread.min(2.0) * self.bell())
    }

    /// A Poisson-distributed count.
    pub(crate) fn count(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 30.0 {
            let count = mean + mean.sqrt() * self.bell();
            return (count + 0.5).max(0.0) as u32;
        }
        let mut remaining = self.fraction();
        let mut probability = exponential_of_minus(mean);
        let mut count = 0;
        while remaining >= probability && count < 200 {
            remaining -= probability;
            count += 1;
            probability *= mean / f64::from(count);
        }
        count
    }
}

/// Exclusive events with the running totals of their probabilities, for [`Random::one_of`].
pub(crate) fn running_totals<T: Copy>(events: &[(f64, T)]) -> Vec<(Chance, T)> {
    let mut total = 0.0;
    events
        .iter()
        .map(|(probability, event)| {
            total += probability.max(0.0);
            (Chance::new(total), *event)
        })
        .collect()
}

/// SplitMix64's finisher: spreads every input bit over the whole output.
#[inline]
pub(crate) fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// e to the power of `-value`, for 0 to 30: a short series for a 64th of it, squared six times.
fn exponential_of_minus(value: f64) -> f64 {
    let small = -value / 64.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for index in 1..=10 {
        term *= small / f64::from(index);
        sum += term;
    }
    for _ in 0..6 {
        sum *= sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_never_change() {
        let mut random = Random::new(311, 1);
        let drawn = [random.next(), random.next(), random.next()];
        let expected =
            [3_357_016_435_905_448_905, 6_742_626_691_584_844_848, 7_839_656_364_112_051_149];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn counts_have_the_mean_and_the_variance_of_poisson() {
        let mut random = Random::new(1, 1);
        for mean in [0.3, 4.0, 25.0, 400.0] {
            let counts: Vec<f64> = (0..20_000).map(|_| f64::from(random.count(mean))).collect();
            let average = counts.iter().sum::<f64>() / 20_000.0;
            let variance =
                counts.iter().map(|count| (count - average).powi(2)).sum::<f64>() / 20_000.0;
            assert!((average / mean - 1.0).abs() < 0.03, "mean {average} for {mean}");
            assert!((variance / mean - 1.0).abs() < 0.06, "variance {variance} for {mean}");
        }
    }

    #[test]
    fn heavy_tails_have_the_median_and_the_spread() {
        let mut random = Random::new(1, 4);
        let mut drawn: Vec<f64> = (0..20_000).map(|_| random.heavy_tailed(250.0, 1.2)).collect();
        drawn.sort_by(f64::total_cmp);
        let at = |share: f64| drawn[(share * 20_000.0) as usize];
        assert!((240.0..260.0).contains(&at(0.5)), "{}", at(0.5));
        // One standard deviation above the median: a factor of e to the power of the spread.
        let factor = at(0.841_3) / at(0.5);
        assert!((3.1..3.55).contains(&factor), "{factor}");
    }

    #[test]
    fn picks_follow_the_weights() {
        let mut random = Random::new(1, 5);
        let picked = (0..10_000).filter(|_| *random.pick(&[('a', 1), ('b', 3), ('c', 0)]) == 'b');
        assert!((7_300..7_700).contains(&picked.count()));
    }

    #[test]
    fn chances_are_kept() {
        let mut random = Random::new(1, 2);
        let chance = Chance::new(0.25);
        let happened = (0..100_000).filter(|_| random.happens(chance)).count();
        assert!((24_000..26_000).contains(&happened), "{happened}");
        assert!(!random.happens(Chance::new(0.0)));
        assert!(random.happens(Chance::new(1.0)));
    }

    #[test]
    fn exclusive_events_share_one_draw() {
        let mut random = Random::new(1, 3);
        let events = running_totals(&[(0.1, 'a'), (0.0, 'b'), (0.2, 'c')]);
        let drawn: Vec<_> = (0..100_000).filter_map(|_| random.one_of(&events)).collect();
        let share = |event| drawn.iter().filter(|drawn| **drawn == event).count();
        assert!((9_500..10_500).contains(&share('a')));
        assert_eq!(share('b'), 0);
        assert!((19_500..20_500).contains(&share('c')));
    }

    #[test]
    fn the_series_agrees_with_the_library() {
        for value in [0.0, 0.01, 1.0, 7.5, 30.0] {
            let relative = exponential_of_minus(value) / f64::exp(-value) - 1.0;
            assert!(relative.abs() < 1e-9, "{value}: {relative}");
        }
    }
}
