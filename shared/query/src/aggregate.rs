//! Groups of rows, and what is told of each.

use smelt_domain::ColumnType;

use crate::bucket::Bucket;

/// Digits of a sum of decimals: the most there are.
const SUM_PRECISION: u8 = 38;

/// A column that rows are grouped by, as it is or by a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupKey {
    /// The position of the column in its table.
    pub(crate) column: usize,
    /// The span, if not the value itself.
    pub(crate) bucket: Option<Bucket>,
}

/// Something told of each group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aggregate {
    /// What.
    pub(crate) function: Function,
    /// Of which column; `None` counts rows.
    pub(crate) column: Option<usize>,
}

/// How many values become one; unknown ones count for none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    Sum,
    Average,
    Least,
    Greatest,
}

impl Function {
    pub(crate) const ALL: [Self; 5] =
        [Self::Count, Self::Sum, Self::Average, Self::Least, Self::Greatest];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Least => "min",
            Self::Greatest => "max",
        }
    }

    /// Whether it is told of columns of that type.
    pub(crate) fn takes(self, column_type: ColumnType) -> bool {
        match self {
            Self::Sum | Self::Average => column_type.is_numeric(),
            Self::Count | Self::Least | Self::Greatest => true,
        }
    }

    /// The type of what is told of a column of that type.
    pub(crate) fn gives(self, column_type: ColumnType) -> ColumnType {
        match (self, column_type) {
            (Self::Count, _) | (Self::Sum, ColumnType::Int) => ColumnType::BigInt,
            (Self::Sum, ColumnType::Decimal { scale, .. }) => {
                ColumnType::Decimal { precision: SUM_PRECISION, scale }
            }
            (Self::Average, _) => ColumnType::Double,
            (Self::Sum | Self::Least | Self::Greatest, same) => same,
        }
    }
}
