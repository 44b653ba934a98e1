//! Which rows the portal has, month by month.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{Months, NaiveDate, NaiveTime};

use super::keyset::Keyset;
use super::reader::PageReader;
use super::soql::Soql;
use super::window_pages::{QuestionPages, floating};
use super::{MOST_PAGE_ROWS, SocrataSource};
use crate::{Inventory, Pages, Source, SourceError};

#[async_trait]
impl Inventory for SocrataSource {
    async fn rows_by_month(&self) -> Result<BTreeMap<String, u64>, SourceError> {
        let month = format!("date_trunc_ym({})", self.definition.time);
        let question = Soql::select(format!("{month} AS month, count(*) AS rows"))
            .group_by(month)
            .limit(MOST_PAGE_ROWS);
        let mut counts = BTreeMap::new();
        for record in self.portal.records(&question, None).await? {
            let month = record.get("month").cloned().flatten().unwrap_or_default();
            let month: String = month.chars().take("YYYY-MM".len()).collect();
            let rows = record.get("rows").cloned().flatten();
            let Some(rows) = rows.as_deref().and_then(|rows| rows.parse::<u64>().ok()) else {
                return Err(SourceError::Unsteady {
                    source_label: self.label().to_owned(),
                    detail: format!("it gives no count for the month `{month}`"),
                });
            };
            *counts.entry(month).or_default() += rows;
        }
        Ok(counts)
    }

    async fn keys_of_month(&self, month: &str) -> Result<Box<dyn Pages>, SourceError> {
        let columns: Vec<String> = self.definition.key.iter().map(ToString::to_string).collect();
        if columns.is_empty() {
            return Err(self.not_possible("no `key` columns are named", "name them"));
        }
        let time = &self.definition.time;
        let mut question = Soql::select(columns.join(", "));
        // A row without a key is refused here, so there is nothing to compare it with.
        for column in &columns {
            question = question.only(format!("{column} IS NOT NULL"));
        }
        question = if month.is_empty() {
            question.only(format!("{time} IS NULL"))
        } else {
            let (first, next) = bounds(month).ok_or_else(|| {
                self.not_possible(&format!("`{month}` is no month"), "write YYYY-MM")
            })?;
            question.only(format!("{time} >= {first}")).only(format!("{time} < {next}"))
        };
        let reader = PageReader::new(Arc::clone(&self.portal), self.definition.page_rows, None);
        Ok(Box::new(QuestionPages::new(reader, question, Keyset::of_values(columns))))
    }
}

impl SocrataSource {
    fn not_possible(&self, detail: &str, remedy: &str) -> SourceError {
        SourceError::Definition {
            source_label: self.label().to_owned(),
            detail: detail.to_owned(),
            remedy: remedy.to_owned(),
        }
    }
}

/// Literals of the first moment of a month and of the month behind it.
fn bounds(month: &str) -> Option<(String, String)> {
    let first = NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d").ok()?;
    let next = first.checked_add_months(Months::new(1))?;
    Some((floating(first.and_time(NaiveTime::MIN)), floating(next.and_time(NaiveTime::MIN))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_one_begins() {
        let (first, next) = bounds("2023-12").unwrap();
        assert_eq!(first, "'2023-12-01T00:00:00.000'");
        assert_eq!(next, "'2024-01-01T00:00:00.000'");
        assert_eq!(bounds("2023-13"), None);
    }
}
