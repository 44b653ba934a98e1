//! The pieces in which a mart is computed: what each of them reads, and which of its rows are its
//! own.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate, TimeDelta};
use datafusion::error::DataFusionError;
use smelt_domain::MartReads;
use smelt_lake::DataFile;

use crate::folders::{WHOLE, partition_folder};

/// A partition of the driving table, by its value as text.
pub(crate) type PartitionValue = Option<String>;

/// A part of a mart that is computed at once and lies in one folder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    /// Its folder.
    pub folder: String,
    /// The partition whose rows it keeps, where it reads neighbours as well.
    pub keeps: Option<PartitionValue>,
    /// Files of the driving table that it reads.
    pub reads: Vec<DataFile>,
}

/// The pieces that a change of these partitions of the driving table touches; `None` touches all.
///
/// `files` are the driving table's, by the value of its partition column, if it has one. A piece
/// that has nothing left to read is among them.
pub(crate) fn touched_pieces(
    reads: MartReads,
    column: Option<&str>,
    files: &BTreeMap<PartitionValue, Vec<&DataFile>>,
    touched: Option<&BTreeSet<PartitionValue>>,
) -> Result<Vec<Piece>, DataFusionError> {
    let touched = match touched {
        Some(touched) => touched.clone(),
        None => files.keys().cloned().collect(),
    };
    let (before, after) = match reads {
        MartReads::Everything => {
            let reads = files.values().flatten().map(|file| (*file).clone()).collect();
            return Ok(vec![Piece { folder: WHOLE.to_owned(), keeps: None, reads }]);
        }
        MartReads::Own => (0, 0),
        MartReads::Around { before, after } => (i64::from(before), i64::from(after)),
    };
    // A piece reads up to `after` partitions behind its own, so a change reaches as far forward.
    let mut own = BTreeSet::new();
    for value in &touched {
        own.extend(around(value, after, before)?);
    }
    own.into_iter()
        .map(|value| {
            let read = around(&value, before, after)?;
            Ok(Piece {
                folder: partition_folder(column, value.as_deref()),
                reads: read
                    .iter()
                    .filter_map(|value| files.get(value))
                    .flatten()
                    .map(|file| (*file).clone())
                    .collect(),
                keeps: matches!(reads, MartReads::Around { .. }).then_some(value),
            })
        })
        .collect()
}

/// A partition with so many before and after it; the null partition has no neighbours.
fn around(
    value: &PartitionValue,
    before: i64,
    after: i64,
) -> Result<Vec<PartitionValue>, DataFusionError> {
    let Some(text) = value else { return Ok(vec![None]) };
    (-before..=after)
        .map(|distance| match distance {
            0 => Ok(value.clone()),
            _ => neighbour(text, distance).map(Some).ok_or_else(|| {
                DataFusionError::Plan(format!(
                    "the partition `{text}` has no neighbours, which the mart reads as well; \
                     partitions need to be days, months (YYYY-MM) or whole numbers"
                ))
            }),
        })
        .collect()
}

/// The partition so many days, months or numbers further.
fn neighbour(text: &str, distance: i64) -> Option<String> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return day.checked_add_signed(TimeDelta::try_days(distance)?).map(|day| day.to_string());
    }
    if let Ok(day) = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d") {
        let months = Months::new(u32::try_from(distance.unsigned_abs()).ok()?);
        let other = match distance < 0 {
            true => day.checked_sub_months(months),
            false => day.checked_add_months(months),
        };
        return other.map(|day| day.format("%Y-%m").to_string());
    }
    let number: i64 = text.parse().ok()?;
    number.checked_add(distance).map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> DataFile {
        DataFile {
            path: name.to_owned(),
            size: 1,
            partition: BTreeMap::new(),
            statistics: Default::default(),
            arrival: None,
            tags: Default::default(),
        }
    }

    /// Folder, partition kept and files read of each piece.
    fn pieces(
        reads: MartReads,
        present: &[&str],
        touched: Option<&[&str]>,
    ) -> Vec<(String, Option<PartitionValue>, Vec<String>)> {
        let files: Vec<DataFile> = present.iter().map(|name| file(name)).collect();
        let by_partition = files.iter().map(|file| (Some(file.path.clone()), vec![file])).collect();
        let touched =
            touched.map(|values| values.iter().map(|value| Some((*value).to_owned())).collect());
        touched_pieces(reads, Some("p"), &by_partition, touched.as_ref())
            .unwrap()
            .into_iter()
            .map(|piece| {
                let read = piece.reads.into_iter().map(|file| file.path).collect();
                (piece.folder, piece.keeps, read)
            })
            .collect()
    }

    #[test]
    fn neighbours_of_days_months_and_numbers() {
        assert_eq!(neighbour("2024-02-29", 1).unwrap(), "2024-03-01");
        assert_eq!(neighbour("2024-01-01", -1).unwrap(), "2023-12-31");
        assert_eq!(neighbour("2024-01", -1).unwrap(), "2023-12");
        assert_eq!(neighbour("2024-12", 2).unwrap(), "2025-02");
        assert_eq!(neighbour("2024", 1).unwrap(), "2025");
        assert_eq!(neighbour("9", -10).unwrap(), "-1");
        assert_eq!(neighbour("BROOKLYN", 1), None);
    }

    #[test]
    fn a_piece_of_its_own_partition() {
        let found = pieces(MartReads::Own, &["1", "2"], Some(&["2", "3"]));
        assert_eq!(
            found,
            [("p=2".to_owned(), None, vec!["2".to_owned()]), ("p=3".to_owned(), None, Vec::new()),]
        );
    }

    #[test]
    fn a_change_reaches_the_pieces_that_read_it() {
        let reads = MartReads::Around { before: 1, after: 0 };
        let found = pieces(reads, &["1", "2", "3"], Some(&["1"]));
        let kept = |value: &str| Some(Some(value.to_owned()));
        assert_eq!(
            found,
            [
                ("p=1".to_owned(), kept("1"), vec!["1".to_owned()]),
                ("p=2".to_owned(), kept("2"), vec!["1".to_owned(), "2".to_owned()]),
            ]
        );
    }

    #[test]
    fn all_pieces_include_those_that_only_neighbours_fill() {
        let reads = MartReads::Around { before: 0, after: 1 };
        let folders: Vec<String> =
            pieces(reads, &["2024-01-01", "2024-01-05"], None).into_iter().map(|p| p.0).collect();
        assert_eq!(folders, ["p=2023-12-31", "p=2024-01-01", "p=2024-01-04", "p=2024-01-05"]);
    }

    #[test]
    fn everything_is_one_piece() {
        let found = pieces(MartReads::Everything, &["1", "2"], Some(&["1"]));
        assert_eq!(found, [("whole".to_owned(), None, vec!["1".to_owned(), "2".to_owned()])]);
    }
}
