//! Whether the rules of a table can judge rows of its types: told before there is a row.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion::prelude::SessionContext;
use smelt_domain::{Expectation, RuleName, Table};

use super::plan::{BRONZE, expectation_scope, parse_condition};
use crate::definitions::engine_words::engine_words;
use crate::definitions::reproducible::{Unsteady, unsteady_call};
use crate::sql_types::sql_type;

/// Why a rule cannot judge rows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnfitRule {
    /// The condition is no SQL, names what is not there, or puts together what does not go together.
    #[error("{0}")]
    NotPlanned(String),
    /// The condition gives something of another type.
    #[error("its condition gives {0}, not true or false")]
    NoCondition(String),
    /// The condition is about more than one row.
    #[error("its condition looks beyond its row, by an aggregate, a window or a subquery")]
    BeyondItsRow,
    /// The condition gives something else every time.
    #[error("its condition {0}")]
    Unsteady(Unsteady),
    /// The condition takes a text for something else.
    #[error(
        "its condition casts a text to {0}, by CAST, by a function such as to_date, or in order to compare \
         it: a text that is none would end the refresh"
    )]
    TextHasToFit(String),
}

impl UnfitRule {
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::NotPlanned(_) => {
                "mend its condition: it may name the declared columns, and source columns as \
                 bronze.<column>, which are texts"
            }
            Self::NoCondition(_) => {
                "write a comparison that is true for a good row, such as amount > 0"
            }
            Self::BeyondItsRow => {
                "a rule is about one row: ask of others in the SQL of a mart, or leave it out"
            }
            Self::Unsteady(_) => Unsteady::REMEDY,
            Self::TextHasToFit(_) => {
                "write TRY_CAST(<the text> AS <type>), which is null where it is none, and a constant \
                 in the notation of its type"
            }
        }
    }
}

impl From<DataFusionError> for UnfitRule {
    fn from(error: DataFusionError) -> Self {
        Self::NotPlanned(engine_words(&error).replace(BRONZE, "bronze."))
    }
}

/// The rules that cannot judge rows, each with the reason.
pub(crate) fn unfit_rules<'a>(
    session: &SessionContext,
    table: &'a Table,
) -> Result<Vec<(&'a RuleName, UnfitRule)>, DataFusionError> {
    let scope = expectation_scope(table)?;
    let unfit = table.expectations.iter().filter_map(|expectation| {
        let why = check_rule(session, expectation, &scope).err()?;
        Some((&expectation.rule, why))
    });
    Ok(unfit.collect())
}

/// Takes the condition as far as it goes without rows: types that fit, and something to compute it by.
fn check_rule(
    session: &SessionContext,
    expectation: &Expectation,
    scope: &DFSchema,
) -> Result<(), UnfitRule> {
    // In parentheses, as where it is computed: what stands behind a whole condition is an error.
    let condition = parse_condition(session, &format!("({})", expectation.condition()), scope)?;
    if condition.exists(|part| Ok(looks_beyond_its_row(part)))? {
        return Err(UnfitRule::BeyondItsRow);
    }
    if let Some(unsteady) = unsteady_call(&condition)? {
        return Err(UnfitRule::Unsteady(unsteady));
    }
    let condition = condition.rewrite(&mut TypeCoercionRewriter::new(scope))?.data;
    let given = condition.get_type(scope)?;
    if given != DataType::Boolean {
        return Err(UnfitRule::NoCondition(sql_type(&given)));
    }
    if let Some(wanted) = text_that_has_to_fit(&condition, scope)? {
        return Err(UnfitRule::TextHasToFit(sql_type(&wanted)));
    }
    session.create_physical_expr(condition, scope)?;
    Ok(())
}

fn looks_beyond_its_row(part: &Expr) -> bool {
    matches!(
        part,
        Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::ScalarSubquery(_)
            | Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::SetComparison(_)
    )
}

/// What a text is cast to in a way that fails where the text is none. The engine compares a text with a
/// number by casting the text, so this is seen only when types have been made to fit.
fn text_that_has_to_fit(
    condition: &Expr,
    scope: &DFSchema,
) -> Result<Option<DataType>, DataFusionError> {
    let mut found = None;
    condition.apply(|part| {
        let (value, wanted) = match part {
            Expr::Cast(Cast { expr, field }) => (expr.as_ref(), field.data_type().clone()),
            Expr::ScalarFunction(call) if reads_texts(call.name()) => match call.args.first() {
                Some(value) => (value, part.get_type(scope)?),
                None => return Ok(TreeNodeRecursion::Continue),
            },
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        let is_text = value.get_type(scope)?.is_string() && !wanted.is_string();
        if is_text && !is_constant_of(value, &wanted) {
            found = Some(wanted);
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Whether a function fails at a text that is no date or time: `to_date`, `to_timestamp_seconds` and the like.
fn reads_texts(function: &str) -> bool {
    ["to_date", "to_time", "to_unixtime"].iter().any(|name| function.starts_with(name))
}

/// Whether it is a constant that is good for the type, as in `day >= '2024-01-01'`.
fn is_constant_of(value: &Expr, wanted: &DataType) -> bool {
    matches!(value, Expr::Literal(constant, _) if constant.cast_to(wanted).is_ok())
}

#[cfg(test)]
mod tests {
    use smelt_domain::{Dataset, DefinitionFiles, parse_dataset};
    use smelt_lake::Lake;

    use super::*;
    use crate::{Engine, EngineSettings};

    const YAML: &str = "\
dataset: d
description: d
tables:
  t:
    description: t
    source_columns: [id, day, amount]
    key: [id]
    columns:
      id: BIGINT
      day: DATE
      made_at: TIMESTAMP
      amount: DECIMAL(18,2)
      ratio: DOUBLE
      city: TEXT
      details: TEXT
      is_open: BOOLEAN
    expectations:
";

    fn dataset(expectations: &str) -> Dataset {
        let files = [
            ("dataset.yaml".to_owned(), format!("{YAML}{expectations}")),
            ("silver/t.sql".to_owned(), "SELECT 1".to_owned()),
        ];
        parse_dataset(&DefinitionFiles { folder: "d".to_owned(), files: files.into() }).unwrap()
    }

    fn reasons(expectations: &str) -> Vec<String> {
        let settings = EngineSettings {
            memory_bytes: 256 << 20,
            parallelism: 2,
            scratch: std::env::temp_dir(),
        };
        let session = Engine::new(&Lake::in_memory(), settings).unwrap().session().unwrap();
        let dataset = dataset(expectations);
        let unfit = unfit_rules(&session, &dataset.tables[0]).unwrap();
        unfit.iter().map(|(rule, why)| format!("{rule}: {why}")).collect()
    }

    /// What is said of a rule with this condition.
    fn reason(condition: &str) -> Option<String> {
        reasons(&format!(
            "      - rule: r\n        sql: >-\n          {condition}\n        on_violation: reject\n        \
             reason: x\n"
        ))
        .pop()
    }

    #[test]
    fn conditions_of_every_type_are_fit() {
        for condition in [
            "id > 0",
            "is_open",
            "NOT is_open",
            "amount BETWEEN 0 AND 1000000.5",
            "day >= '2024-01-01'",
            "made_at < TIMESTAMP '2030-01-01 00:00:00'",
            "EXTRACT(YEAR FROM made_at) >= 2000",
            "city IN ('Boston', 'Phoenix') OR bronze.day IS NULL -- either",
            "city IS NOT DISTINCT FROM SUBSTR(CAST(day AS VARCHAR), 1, 7)",
            "TRY_CAST(bronze.amount AS BIGINT) > 5",
            "to_timestamp(id) > made_at AND to_date('2024-01-01') < day",
            "CASE WHEN ratio > 0.5 THEN amount IS NOT NULL ELSE id < 10 END",
        ] {
            assert_eq!(reason(condition), None, "{condition}");
        }
    }

    #[test]
    fn a_condition_is_true_or_false() {
        for (condition, given) in [
            ("id", "BIGINT"),
            ("id + 1", "BIGINT"),
            ("city", "TEXT"),
            ("day", "DATE"),
            ("(NULL)", "NULL"),
        ] {
            let expected = format!("r: its condition gives {given}, not true or false");
            assert_eq!(reason(condition), Some(expected), "{condition}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        for condition in ["made_at > 5", "is_open > 5", "made_at BETWEEN 1 AND 5", "id AND is_open"]
        {
            let reason = reason(condition).unwrap_or_default();
            assert!(reason.starts_with("r: "), "{condition}: {reason}");
            assert!(!reason.contains("DataFusion"), "{condition}: {reason}");
        }
        let misspelt = reason("bronze.days IS NULL").unwrap();
        assert!(misspelt.contains("bronze.days"), "{misspelt}");
        assert!(reason("id > > 5").is_some());
        assert!(reason("id > 5, id").is_some());
    }

    #[test]
    fn a_text_that_is_taken_for_something_else_is_told() {
        for (condition, wanted) in [
            ("city > 5", "BIGINT"),
            ("bronze.amount > 0", "BIGINT"),
            ("CAST(bronze.day AS DATE) IS NOT NULL", "DATE"),
            ("day > 'soon'", "DATE"),
            ("to_date(bronze.day) > day", "DATE"),
            ("to_unixtime(bronze.day) > 0", "BIGINT"),
        ] {
            let reason = reason(condition).unwrap_or_default();
            let expected = format!("r: its condition casts a text to {wanted}, ");
            assert!(reason.starts_with(&expected), "{condition}: {reason}");
        }
    }

    #[test]
    fn a_rule_is_about_one_row() {
        for condition in ["COUNT(*) > 1", "ROW_NUMBER() OVER (ORDER BY id) = 1", "id > (SELECT 1)"]
        {
            let reason = reason(condition).unwrap_or_default();
            assert!(reason.contains("looks beyond its row"), "{condition}: {reason}");
        }
    }

    #[test]
    fn a_rule_refuses_the_same_rows_every_time() {
        for (condition, function) in [
            ("made_at <= now()", "now or current_timestamp"),
            ("day <= CURRENT_DATE", "current_date or today"),
            ("random() < ratio", "random or rand"),
            ("city <> uuid()", "uuid"),
        ] {
            let reason = reason(condition).unwrap_or_default();
            let expected = format!("r: its condition calls {function}, which gives something else");
            assert!(reason.starts_with(&expected), "{condition}: {reason}");
        }
    }

    #[test]
    fn every_other_kind_of_check_is_fit_and_each_rule_is_told_by_itself() {
        let told = reasons(
            "      - {rule: one, sql: city, on_violation: reject, reason: x}
      - {rule: two, not_null: day, on_violation: reject, reason: x}
      - {rule: three, range: {column: amount, min: 0.5, max: 9}, on_violation: warn, reason: x}
      - {rule: four, range: {column: id, min: 1}, on_violation: warn, reason: x}
      - {rule: five, accepted_values: {column: city, values: [a]}, on_violation: fail, reason: x}
      - {rule: six, pattern: {column: city, regex: '[a-z]+'}, on_violation: warn, reason: x}
      - rule: seven
        json_schema: {column: details, by: city, schemas: {a: {url: text}}}
        on_violation: warn
        reason: x
      - {rule: eight, sql: id, on_violation: fail, reason: x}
",
        );
        let rules: Vec<&str> = told.iter().filter_map(|text| text.split(':').next()).collect();
        assert_eq!(rules, ["one", "eight"], "{told:?}");
    }
}
