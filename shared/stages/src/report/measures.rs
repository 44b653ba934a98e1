//! What adds up in a mart.

use smelt_domain::{Aggregate, Column, ColumnType, Mart, MartReads};
use smelt_report::Measure;

/// A column whose values add up over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Additive<'a> {
    pub(super) column: &'a Column,
    /// Whether the definition says so: it is the value of the mart's series.
    pub(super) is_declared: bool,
}

/// The columns of a mart that add up ([`Aggregate::Sum`]), the value of its series first. Of marts without
/// series only those count whose rows are each of a time of their own: not those that read neighbours, where
/// something may be in several rows.
pub(super) fn additive(mart: &Mart) -> Vec<Additive<'_>> {
    let counts = mart.series.is_some() || mart.reads == MartReads::Own;
    let is_declared =
        |column: &Column| mart.series.as_ref().is_some_and(|series| series.value == column.name);
    let adds_up = |column: &&Column| Aggregate::of(mart, column) == Some(Aggregate::Sum);
    let columns = mart.columns.iter().filter(|column| counts && adds_up(column));
    let columns = columns.map(|column| Additive { column, is_declared: is_declared(column) });
    let (declared, others): (Vec<_>, Vec<_>) = columns.partition(|additive| additive.is_declared);
    declared.into_iter().chain(others).collect()
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
            aggregate: None,
        }
    }

    #[test]
    fn money_is_read_with_cents() {
        assert_eq!(measure(&column("total_cost", "DECIMAL(18,6)", None)).decimals, 2);
        assert_eq!(measure(&column("total_cost", "DECIMAL(18,6)", None)).name, "total cost");
        assert_eq!(measure(&column("requests", "BIGINT", None)).decimals, 0);
    }
}
