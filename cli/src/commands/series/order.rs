//! Whether rows come in the order of time, as each is judged by the ones before it.

use std::collections::HashSet;

/// What is odd about the times of rows, in words: how many rows, the first of them, and what to do.
pub(super) fn oddities(rows: &[(i64, f64)], texts: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let is_repeated = |(row, (time, _)): (usize, &(i64, f64))| (!seen.insert(*time)).then_some(row);
    let repeated = tally(rows.iter().enumerate().filter_map(is_repeated));
    let pairs = rows.windows(2).enumerate();
    let back = tally(pairs.filter(|(_, pair)| pair[1].0 < pair[0].0).map(|(row, _)| row + 1));
    let told = |what: &str, found: Option<(usize, usize)>, remedy: &str| {
        let (first, count) = found?;
        let text = texts.get(first).map_or("", String::as_str);
        Some(format!("{what}: {count}, the first is row {} ({text}); {remedy}", first + 1))
    };
    let all = [
        told(
            "rows with the timestamp of an earlier row",
            repeated,
            "each is judged as one more value: remove what is there twice",
        ),
        told(
            "rows that are earlier than the row before",
            back,
            "rows are judged in their order in the file: sort them by timestamp",
        ),
    ];
    all.into_iter().flatten().collect()
}

/// The first row and how many there are.
fn tally(mut rows: impl Iterator<Item = usize>) -> Option<(usize, usize)> {
    let first = rows.next()?;
    Some((first, 1 + rows.count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[i64]) -> Vec<String> {
        let rows: Vec<(i64, f64)> = times.iter().map(|time| (*time, 1.0)).collect();
        let texts: Vec<String> = times.iter().map(i64::to_string).collect();
        oddities(&rows, &texts)
    }

    #[test]
    fn rows_out_of_order_are_counted_and_the_first_is_named() {
        assert!(of(&[]).is_empty() && of(&[1, 2, 5]).is_empty());
        let twice = of(&[10, 20, 20, 30, 30]);
        assert_eq!(twice.len(), 1);
        assert!(twice[0].contains("earlier row: 2, the first is row 3 (20)"), "{twice:?}");
        // An hour that is there twice.
        let hour = of(&[10, 20, 10, 20, 30]);
        assert_eq!(hour.len(), 2);
        assert!(hour[1].contains("row before: 1, the first is row 3 (10)"), "{hour:?}");
    }
}
