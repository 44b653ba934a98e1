//! What adds up in a mart.

use smelt_domain::{Column, ColumnType, Mart, MartReads, Missing};
use smelt_report::Measure;

/// Words in a name or a description that say that a column does not add up.
const DOES_NOT_ADD_UP: [&str; 22] = [
    "average",
    "avg",
    "mean",
    "median",
    "p50",
    "p90",
    "p95",
    "p99",
    "share",
    "rate",
    "ratio",
    "percent",
    "percentage",
    "rank",
    "index",
    "score",
    "different",
    "distinct",
    "unique",
    "change",
    "year",
    "version",
];

/// A column whose values add up over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Additive<'a> {
    pub(super) column: &'a Column,
    /// Whether the definition says so: it is the value of the mart's series.
    pub(super) is_declared: bool,
}

/// The columns of a mart that add up: the value of its series, unless it is a measurement; then counts and
/// amounts (whole and exact numbers) beside its key, unless a word in their name or description says
/// otherwise. Of marts without series only those count whose rows are each of a time of their own: not
/// those that read neighbours, where something may be in several rows.
pub(super) fn additive(mart: &Mart) -> Vec<Additive<'_>> {
    let value = mart.series.as_ref().map(|series| &series.value);
    let declared = mart.series.as_ref().filter(|series| series.missing == Missing::Zero);
    let declared = declared.and_then(|series| mart.columns.iter().find(|c| c.name == series.value));
    let declared = declared.map(|column| Additive { column, is_declared: true });
    let counts = mart.series.is_some() || mart.reads == MartReads::Own;
    let is_hour =
        |column: &Column| mart.series.as_ref().and_then(|s| s.hour.as_ref()) == Some(&column.name);
    let others = mart.columns.iter().filter(|column| {
        counts
            && value != Some(&column.name)
            && !mart.key.contains(&column.name)
            && !is_hour(column)
            && is_amount(column)
    });
    let others = others.map(|column| Additive { column, is_declared: false });
    declared.into_iter().chain(others).collect()
}

fn is_amount(column: &Column) -> bool {
    let is_exact = matches!(
        column.column_type,
        ColumnType::BigInt | ColumnType::Int | ColumnType::Decimal { .. }
    );
    let description = column.description.as_deref().unwrap_or_default();
    let text = format!("{} {description}", column.name).to_lowercase();
    let mut words = text.split(|character: char| !character.is_alphanumeric());
    is_exact && !words.any(|word| DOES_NOT_ADD_UP.contains(&word))
}

/// A column as reports name it.
pub(super) fn measure(column: &Column) -> Measure {
    Measure {
        name: column.name.as_str().replace('_', " "),
        description: column.description.clone(),
        decimals: decimals(&column.column_type),
    }
}

/// Digits after the point that people read.
fn decimals(column_type: &ColumnType) -> u8 {
    match column_type {
        ColumnType::Decimal { scale, .. } => u8::try_from((*scale).clamp(0, 2)).unwrap_or(0),
        ColumnType::Double => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, column_type: &str, description: Option<&str>) -> Column {
        Column {
            name: name.parse().unwrap(),
            column_type: column_type.parse().unwrap(),
            description: description.map(str::to_owned),
        }
    }

    #[test]
    fn counts_and_amounts_add_up() {
        assert!(is_amount(&column("requests", "BIGINT", None)));
        assert!(is_amount(&column("closed_within_24h", "BIGINT", Some("in at most 24 hours"))));
        assert!(is_amount(&column("total_cost", "DECIMAL(18,6)", None)));
    }

    #[test]
    fn averages_ranks_and_different_ones_do_not() {
        assert!(!is_amount(&column("median_hours", "DOUBLE", None)));
        assert!(!is_amount(&column("avg_cents", "BIGINT", None)));
        assert!(!is_amount(&column("rank", "BIGINT", Some("1 sold most"))));
        assert!(!is_amount(&column("users", "BIGINT", Some("different users"))));
        assert!(!is_amount(&column("fiscal_year", "INT", None)));
        assert!(!is_amount(&column("name", "TEXT", None)));
    }

    #[test]
    fn money_is_read_with_cents() {
        assert_eq!(measure(&column("total_cost", "DECIMAL(18,6)", None)).decimals, 2);
        assert_eq!(measure(&column("total_cost", "DECIMAL(18,6)", None)).name, "total cost");
        assert_eq!(measure(&column("requests", "BIGINT", None)).decimals, 0);
    }
}
