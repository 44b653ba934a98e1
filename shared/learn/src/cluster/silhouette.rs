//! How well rows lie in their clusters: Rousseeuw, Silhouettes: a graphical aid to the interpretation
//! and validation of cluster analysis (1987), with Euclidean distances.

/// The silhouette of each row for one assignment to clusters `0..k`: (b - a) / max(a, b), with a the
/// mean distance to the other rows of its own cluster and b that to the rows of the nearest other
/// one. Alone in a cluster it is 0.
pub(super) fn silhouettes(rows: &[&[f64]], assignment: &[usize], k: usize) -> Vec<f64> {
    let mut sizes = vec![0_usize; k];
    for &cluster in assignment {
        sizes[cluster] += 1;
    }
    let of_row = |(row, &own): (&&[f64], &usize)| {
        let mut sums = vec![0.0; k];
        for (other, &cluster) in rows.iter().zip(assignment) {
            sums[cluster] += distance(row, other);
        }
        if sizes[own] < 2 {
            return 0.0;
        }
        let inside = sums[own] / (sizes[own] - 1) as f64;
        let outside = (0..k)
            .filter(|&cluster| cluster != own && sizes[cluster] > 0)
            .map(|cluster| sums[cluster] / sizes[cluster] as f64)
            .fold(f64::INFINITY, f64::min);
        let larger = inside.max(outside);
        if larger > 0.0 && larger.is_finite() { (outside - inside) / larger } else { 0.0 }
    };
    rows.iter().zip(assignment).map(of_row).collect()
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silhouettes_by_hand() {
        let rows: [&[f64]; 4] = [&[0.0], &[2.0], &[10.0], &[14.0]];
        let found = silhouettes(&rows, &[0, 0, 1, 1], 2);
        // Of the first: a = 2, b = (10 + 14) / 2. Of the others the same way.
        let wanted = [10.0 / 12.0, 8.0 / 10.0, 5.0 / 9.0, 9.0 / 13.0];
        for (one, other) in found.iter().zip(wanted) {
            assert!((one - other).abs() < 1e-12, "{found:?}");
        }
        // Of the first: alone. Of the second in the wrong cluster: a = 10, b = 2.
        let found = silhouettes(&rows, &[0, 1, 1, 1], 2);
        assert_eq!((found[0], found[1]), (0.0, -0.8));
    }

    #[test]
    fn equal_rows_in_two_clusters_lie_nowhere() {
        let rows: [&[f64]; 4] = [&[1.0], &[1.0], &[1.0], &[1.0]];
        assert_eq!(silhouettes(&rows, &[0, 0, 1, 1], 2), [0.0; 4]);
    }
}
