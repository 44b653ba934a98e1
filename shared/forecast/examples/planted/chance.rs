//! Random numbers that are the same each time: `SplitMix64` (Steele, Lea and Flood: Fast splittable
//! pseudorandom number generators, 2014), and what is drawn from it.

/// A source of random numbers.
pub(crate) struct Chance(u64);

impl Chance {
    /// Sources with different numbers in any place have nothing to do with each other.
    pub(crate) fn new(seed: u64, places: &[usize]) -> Self {
        let mut chance = Self(seed);
        for place in places {
            chance.0 = chance.next() ^ (*place as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        }
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Above 0 and below 1.
    pub(crate) fn part(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.part()
    }

    /// One of `count` numbers from 0 on.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.part() * count as f64) as usize
    }

    /// Normal with mean 0 and variance 1 (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.part().ln()).sqrt() * (std::f64::consts::TAU * self.part()).cos()
    }

    /// Gamma with mean `shape`, which is at least 1 (Marsaglia and Tsang, 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.part().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Poisson: how many arrivals there are in a time of `mean`.
    fn poisson(&mut self, mean: f64) -> f64 {
        let (mut count, mut time) = (0.0, -self.part().ln());
        while time < mean {
            count += 1.0;
            time -= self.part().ln();
        }
        count
    }

    /// Counts of variance `mean + extra * mean^2`: negative binomial, as Poisson with a mean that varies.
    pub(crate) fn count(&mut self, mean: f64, extra: f64) -> f64 {
        let varied = mean * extra * self.gamma(1.0 / extra);
        self.poisson(varied)
    }
}
