//! Whether SQL gives the same from the same rows, whenever it is asked: a backfill computes again what is there,
//! and so does a refresh after a crash.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan, ScalarUDF, Volatility};

/// A function that does not.
#[derive(Debug, thiserror::Error)]
#[error(
    "calls {function}, which gives something else in every run: a backfill would change what is there"
)]
pub(crate) struct Unsteady {
    /// By its name and its other ones: whoever wrote `current_timestamp` does not know it as `now`.
    function: String,
}

impl Unsteady {
    pub(crate) const REMEDY: &str = "take times from columns of the data, and leave out chance";

    fn new(function: &ScalarUDF) -> Self {
        let names = std::iter::once(function.name());
        let names = names.chain(function.aliases().iter().map(String::as_str));
        Self { function: names.collect::<Vec<_>>().join(" or ") }
    }
}

/// The first such function in a plan, its subqueries included. The plan must not have been optimised: to the
/// optimiser the time is a constant.
pub(crate) fn unsteady_function(plan: &LogicalPlan) -> Result<Option<Unsteady>, DataFusionError> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            found = unsteady_call(expression)?;
            Ok(stop_if(found.is_some()))
        })
    })?;
    Ok(found)
}

/// The first such function in an expression, without its subqueries.
pub(crate) fn unsteady_call(expression: &Expr) -> Result<Option<Unsteady>, DataFusionError> {
    let mut found = None;
    expression.apply(|part| {
        // What is only stable, such as `now`, stays the same within one run, but not from run to run.
        found = match part {
            Expr::ScalarFunction(call)
                if call.func.signature().volatility != Volatility::Immutable =>
            {
                Some(Unsteady::new(&call.func))
            }
            _ => None,
        };
        Ok(stop_if(found.is_some()))
    })?;
    Ok(found)
}

fn stop_if(found: bool) -> TreeNodeRecursion {
    if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;

    async fn found(sql: &str) -> Option<String> {
        let session = SessionContext::new();
        let plan = session.state().create_logical_plan(sql).await.unwrap();
        unsteady_function(&plan).unwrap().map(|unsteady| unsteady.function)
    }

    #[tokio::test]
    async fn time_and_chance_are_found_wherever_they_stand() {
        for (sql, function) in [
            ("SELECT now()", "now or current_timestamp"),
            ("SELECT CURRENT_TIMESTAMP", "now or current_timestamp"),
            ("SELECT current_date", "current_date or today"),
            ("SELECT current_time", "current_time"),
            ("SELECT 1 + ABS(random())", "random or rand"),
            ("SELECT x FROM (SELECT uuid() AS x) AS inside", "uuid"),
            ("SELECT 1 WHERE 0.5 > (SELECT random())", "random or rand"),
            ("SELECT 1 WHERE EXISTS (SELECT 1 WHERE random() < 0.5)", "random or rand"),
            ("WITH a AS (SELECT random() AS x) SELECT SUM(x) FROM a GROUP BY x", "random or rand"),
        ] {
            assert_eq!(found(sql).await.as_deref(), Some(function), "{sql}");
        }
    }

    #[tokio::test]
    async fn functions_of_the_data_are_fine() {
        for sql in [
            "SELECT 1",
            "SELECT to_timestamp('2024-01-01'), to_date('2024-01-01')",
            "SELECT date_trunc('day', TIMESTAMP '2024-01-01')",
            "SELECT COALESCE(x, UPPER('a')) FROM (SELECT SUBSTR('abc', 2) AS x) AS inside",
        ] {
            assert_eq!(found(sql).await, None, "{sql}");
        }
    }
}
