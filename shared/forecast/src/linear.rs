//! Least squares with a penalty, by Cholesky's decomposition.

/// A symmetric system `A x = b`, summed up row by row.
#[derive(Debug, Clone)]
pub(crate) struct Normal {
    size: usize,
    /// The lower triangle, row by row; the rest is not kept up.
    products: Vec<f64>,
    targets: Vec<f64>,
}

impl Normal {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, products: vec![0.0; size * size], targets: vec![0.0; size] }
    }

    /// One row of features and its target.
    pub(crate) fn add(&mut self, features: &[f64], target: f64, weight: f64) {
        for (row, feature) in features.iter().enumerate().take(self.size) {
            let weighted = feature * weight;
            if weighted == 0.0 {
                continue;
            }
            self.targets[row] += weighted * target;
            let products = &mut self.products[row * self.size..row * self.size + row + 1];
            for (product, other) in products.iter_mut().zip(features) {
                *product += weighted * other;
            }
        }
    }

    /// Another system of the same size, times a weight.
    pub(crate) fn add_system(&mut self, other: &Self, weight: f64) {
        for (mine, theirs) in self.products.iter_mut().zip(&other.products) {
            *mine += weight * theirs;
        }
        for (mine, theirs) in self.targets.iter_mut().zip(&other.targets) {
            *mine += weight * theirs;
        }
    }

    pub(crate) fn diagonal(&self, row: usize) -> f64 {
        self.products[row * self.size + row]
    }

    /// The coefficients that minimise the squared error plus `penalty[i] (x[i] - towards[i])²`.
    /// `None` if the system is singular or not finite.
    pub(crate) fn solve(&self, penalty: &[f64], towards: &[f64]) -> Option<Vec<f64>> {
        let n = self.size;
        let mut lower = self.products.clone();
        let mut x = self.targets.clone();
        for row in 0..n {
            lower[row * n + row] += penalty[row];
            x[row] += penalty[row] * towards[row];
        }
        for column in 0..n {
            for row in column..n {
                let mut sum = lower[row * n + column];
                let (upper_row, this_row) = (column * n, row * n);
                for k in 0..column {
                    sum -= lower[this_row + k] * lower[upper_row + k];
                }
                if row == column {
                    if !(sum > 0.0 && sum.is_finite()) {
                        return None;
                    }
                    lower[this_row + column] = sum.sqrt();
                } else {
                    lower[this_row + column] = sum / lower[upper_row + column];
                }
            }
        }
        for row in 0..n {
            let sum: f64 = (0..row).map(|k| lower[row * n + k] * x[k]).sum();
            x[row] = (x[row] - sum) / lower[row * n + row];
        }
        for row in (0..n).rev() {
            let sum: f64 = (row + 1..n).map(|k| lower[k * n + row] * x[k]).sum();
            x[row] = (x[row] - sum) / lower[row * n + row];
        }
        x.iter().all(|value| value.is_finite()).then_some(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points() {
        let mut system = Normal::new(2);
        for step in 0..10 {
            let x = f64::from(step);
            system.add(&[1.0, x], 3.0 - 0.5 * x, 1.0);
        }
        let found = system.solve(&[0.0; 2], &[0.0; 2]).unwrap();
        assert!((found[0] - 3.0).abs() < 1e-9 && (found[1] + 0.5).abs() < 1e-9);
        // A large penalty pulls the slope to what it is pulled towards.
        let pulled = system.solve(&[0.0, 1e12], &[0.0, 2.0]).unwrap();
        assert!((pulled[1] - 2.0).abs() < 1e-6);
        assert_eq!(Normal::new(1).solve(&[0.0], &[0.0]), None);
    }
}
